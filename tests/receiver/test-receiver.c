/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receiver inside another program: in a thread with a context of its own. */
#include "ferry-receiver.h"

#include "ferry-error.h"

#include "../support/ferry-test-folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *root;
  char *directory;
  char *state;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->root = ferry_test_folder_new ();
  fixture->directory = g_build_filename (fixture->root, "inbox", NULL);
  fixture->state = g_build_filename (fixture->root, "deep", "state", NULL);
  g_assert_cmpint (g_mkdir (fixture->directory, 0700), ==, 0);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ferry_test_folder_free (fixture->root);
  g_free (fixture->directory);
  g_free (fixture->state);
}

static FerryReceiver *
make (Fixture *fixture, GMainContext *context)
{
  const FerryReceiverOptions options = {
    .directory = fixture->directory,
    .state = fixture->state,
    .listen = "127.0.0.1:0",
    .context = context,
  };

  return ferry_receiver_new (&options);
}

/* What a client that blocks gets; "" when the connection fails. */
static char *
ask (const char *address, const char *token, const char *request)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect_to_host (client, strstr (address, "//") + 2, 0, NULL, NULL);
  g_autofree char *text = g_strdup_printf (
      "%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 0\r\n\r\n", request,
      token);
  GString *answer = g_string_new (NULL);
  char block[1024];
  gssize n = 0;

  if (connection == NULL)
    return g_string_free (answer, FALSE);
  g_assert_true (
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), text,
                                 strlen (text), NULL, NULL, NULL));
  do
    {
      n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), block,
                               sizeof block, NULL, NULL);
      if (n > 0)
        g_string_append_len (answer, block, n);
    }
  while (n > 0);
  return g_string_free (answer, FALSE);
}

static void
assert_answers (const char *address, const char *token)
{
  g_autofree char *good = ask (address, token, "GET /nothing");
  g_autofree char *bad = ask (address, "x", "GET /nothing");

  g_assert_true (g_str_has_prefix (good, "HTTP/1.1 404"));
  g_assert_true (g_str_has_prefix (bad, "HTTP/1.1 401"));
}

/* A stranger cannot fill the table of names that lives as long as the process. */
static void
assert_forgets_methods (const char *address)
{
  g_autofree char *known = ask (address, "x", "PATCH /nothing");
  g_autofree char *unknown = ask (address, "x", "FERRY-BREW /nothing");

  g_assert_true (g_str_has_prefix (known, "HTTP/1.1 401"));
  g_assert_true (g_str_has_prefix (unknown, "HTTP/1.1 501"));
  g_assert_cmpuint (g_quark_try_string ("PATCH"), !=, 0);
  g_assert_cmpuint (g_quark_try_string ("FERRY-BREW"), ==, 0);
}

typedef struct
{
  Fixture *fixture;
  GMainContext *context;
  GMainLoop *loop;
  GMutex mutex;
  GCond cond;
  char *address;
  char *token;
} Host;

static gpointer
host_thread (gpointer data)
{
  Host *host = data;
  g_autoptr (FerryReceiver) receiver = make (host->fixture, host->context);
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (host->context);
  g_assert_true (ferry_receiver_start (receiver, &error));
  g_assert_no_error (error);
  g_mutex_lock (&host->mutex);
  host->token = g_strdup (ferry_receiver_get_token (receiver));
  host->address = g_strdup (ferry_receiver_get_address (receiver));
  g_cond_signal (&host->cond);
  g_mutex_unlock (&host->mutex);
  g_main_loop_run (host->loop);
  ferry_receiver_stop (receiver);
  g_assert_null (ferry_receiver_get_address (receiver));
  g_main_context_pop_thread_default (host->context);
  return NULL;
}

static void
test_thread (Fixture *fixture, gconstpointer data)
{
  Host host = { .fixture = fixture, .context = g_main_context_new () };

  host.loop = g_main_loop_new (host.context, FALSE);
  g_mutex_init (&host.mutex);
  g_cond_init (&host.cond);

  GThread *thread = g_thread_new ("host", host_thread, &host);

  g_mutex_lock (&host.mutex);
  while (host.address == NULL)
    g_cond_wait (&host.cond, &host.mutex);
  g_mutex_unlock (&host.mutex);
  assert_answers (host.address, host.token);
  assert_forgets_methods (host.address);
  g_main_loop_quit (host.loop);
  g_thread_join (thread);

  g_autofree char *after = ask (host.address, host.token, "GET /");

  g_assert_cmpstr (after, ==, "");
  g_main_loop_unref (host.loop);
  g_main_context_unref (host.context);
  g_mutex_clear (&host.mutex);
  g_cond_clear (&host.cond);
  g_free (host.address);
  g_free (host.token);
}

static gpointer
ask_thread (gpointer data)
{
  char **arguments = data;

  return ask (arguments[0], arguments[1], arguments[2]);
}

static void
test_again (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryReceiver) receiver = make (fixture, NULL);

  for (int i = 0; i < 3; i++)
    {
      g_assert_true (ferry_receiver_start (receiver, &error));
      g_assert_no_error (error);
      g_assert_nonnull (ferry_receiver_get_token_path (receiver));
      g_assert_false (ferry_receiver_is_exposed (receiver));

      /* Copies: the client may ask after the receiver has stopped. */
      g_autofree char *address = g_strdup (ferry_receiver_get_address (receiver));
      g_autofree char *token = g_strdup (ferry_receiver_get_token (receiver));
      const char *arguments[] = { address, token, "GET /nothing" };
      GThread *thread = g_thread_new ("client", ask_thread, arguments);
      /* Stopped while a client may be connecting, waiting or answered, and served to the end in the last round. */
      for (int n = 0; n < i * 3; n++)
        g_main_context_iteration (NULL, FALSE);
      ferry_receiver_stop (receiver);
      g_free (g_thread_join (thread));
    }
}

static void
test_one_owner (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryReceiver) receiver = make (fixture, NULL);
  g_autoptr (FerryReceiver) other = make (fixture, NULL);
  GStatBuf info;

  g_assert_true (ferry_receiver_start (receiver, &error));
  g_assert_false (ferry_receiver_start (other, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY);
  g_assert_cmpint (g_stat (fixture->state, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  ferry_receiver_stop (receiver);
  g_clear_error (&error);
  g_assert_true (ferry_receiver_start (other, &error));
  g_assert_no_error (error);
}

/* The code tells it from what other options would cure, and the next try may be at once. */
static void
test_address_in_use (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryReceiver) receiver = make (fixture, NULL);
  g_autofree char *state = g_build_filename (fixture->root, "other", NULL);
  g_autoptr (FerryReceiver) other = NULL;

  g_assert_true (ferry_receiver_start (receiver, &error));

  const char *listen = strstr (ferry_receiver_get_address (receiver), "//") + 2;
  const FerryReceiverOptions options
      = { .directory = fixture->directory, .state = state, .listen = listen };

  other = ferry_receiver_new (&options);
  g_assert_false (ferry_receiver_start (other, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_assert_nonnull (strstr (error->message, listen));
  g_clear_error (&error);
  ferry_receiver_stop (receiver);
  g_assert_true (ferry_receiver_start (other, &error));
  g_assert_no_error (error);
}

static void
test_bad_options (Fixture *fixture, gconstpointer data)
{
  const FerryReceiverOptions options[] = {
    { .directory = "/nowhere", .state = fixture->state, .listen = "127.0.0.1:0" },
    { .directory = fixture->directory, .state = fixture->state, .listen = "nowhere" },
    { .directory = fixture->directory, .state = fixture->state, .listen = "192.0.2.1:0" },
    { .directory = fixture->directory,
      .state = fixture->state,
      .listen = "127.0.0.1:0",
      .tls_certificate = "/nowhere" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryReceiver) receiver = ferry_receiver_new (&options[i]);

      g_assert_false (ferry_receiver_start (receiver, &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
      g_assert_null (ferry_receiver_get_address (receiver));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/receiver/thread", Fixture, NULL, set_up, test_thread, tear_down);
  g_test_add ("/receiver/again", Fixture, NULL, set_up, test_again, tear_down);
  g_test_add ("/receiver/one-owner", Fixture, NULL, set_up, test_one_owner, tear_down);
  g_test_add ("/receiver/address-in-use", Fixture, NULL, set_up, test_address_in_use, tear_down);
  g_test_add ("/receiver/bad-options", Fixture, NULL, set_up, test_bad_options, tear_down);
  return g_test_run ();
}
