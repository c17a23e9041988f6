/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Tokens in a keyring: libsecret's own in a file, a real GNOME Keyring that is there, locked, started anew or hung, and none. */

#include "ferry-error.h"
#include "ferry-secrets.h"
#include "ferry-test-keyring.h"

#define HOME "https://home.example/ferry/"
#define OTHER "https://other.example/"

static void
store (const char *address, const char *token)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_secrets_store (address, token, NULL, &error));
  g_assert_no_error (error);
}

static void
assert_token (const char *address, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = ferry_secrets_lookup (address, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (token, ==, expected);
}

static void
clear (const char *address)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_secrets_clear (address, NULL, &error));
  g_assert_no_error (error);
}

/* What any keyring has to do. */
static void
use_it (void)
{
  g_autofree char *longest = g_strnfill (4096, 'x');

  assert_token (HOME, NULL);
  clear (HOME);
  store (HOME, "first");
  assert_token (HOME, "first");
  /* One receiver, however its address was typed. */
  assert_token ("https://home.example/ferry", "first");
  assert_token (OTHER, NULL);
  assert_token ("http://home.example/ferry/", NULL);
  assert_token ("https://home.example/", NULL);

  store ("https://home.example/ferry", "second");
  assert_token (HOME, "second");
  store (OTHER, longest);
  assert_token (OTHER, longest);
  clear (HOME);
  assert_token (HOME, NULL);
  assert_token (OTHER, longest);
  clear (OTHER);
  assert_token (OTHER, NULL);
}

/* libsecret loses a few bytes each time it writes such a file: not in this process. */
static void
use_file (gpointer data)
{
  char *folder = ferry_test_folder_new ();
  g_autofree char *content = NULL;
  g_autofree char *path = g_build_filename (folder, "test.keyring", NULL);
  gsize length;

  ferry_test_keyring_use_file (folder);
  use_it ();
  store (HOME, "kept-under-lock-and-key");
  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  g_assert_null (memmem (content, length, "kept-under", 10));
  ferry_test_folder_free (folder);
}

static void
test_file (void)
{
  ferry_test_in_child (use_file, NULL);
}

static void
assert_no_keyring (GError **error)
{
  g_assert_error (*error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);
  g_assert_nonnull (strstr ((*error)->message, "no keyring"));
  g_assert_nonnull (strstr ((*error)->message, "--token-file"));
  g_assert_nonnull (strstr ((*error)->message, "FERRY_TOKEN"));
  g_clear_error (error);
}

static void
test_none (void)
{
  g_autoptr (GError) error = NULL;

  g_autofree char *bus = g_strdup (g_getenv ("DBUS_SESSION_BUS_ADDRESS"));

  ferry_test_keyring_use_none ();
  g_assert_false (ferry_secrets_store (HOME, "token", NULL, &error));
  assert_no_keyring (&error);
  g_assert_null (ferry_secrets_lookup (HOME, NULL, &error));
  assert_no_keyring (&error);
  /* Nothing is there to be cleared. */
  clear (HOME);
  if (bus != NULL)
    g_setenv ("DBUS_SESSION_BUS_ADDRESS", bus, TRUE);
}

/* ---- a real one ---- */

static FerryTestKeyring *real;

static void
begin (FerryTestKeyring **keyring, gconstpointer data)
{
  *keyring = real;
  ferry_test_keyring_begin (real);
}

static void
end (FerryTestKeyring **keyring, gconstpointer data)
{
  ferry_test_keyring_end (real);
}

static void
test_bus_without_keyring (FerryTestKeyring **keyring, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  ferry_test_keyring_stop_daemon (*keyring);
  g_assert_false (ferry_secrets_store (HOME, "token", NULL, &error));
  assert_no_keyring (&error);
  g_assert_null (ferry_secrets_lookup (HOME, NULL, &error));
  assert_no_keyring (&error);
  clear (HOME);
}

static void
test_gnome_keyring (FerryTestKeyring **keyring, gconstpointer data)
{
  use_it ();
}

/* What somebody else put there is no token: it is as if there was none. */
static void
test_no_token (FerryTestKeyring **keyring, gconstpointer data)
{
  store (HOME, "two words");
  assert_token (HOME, NULL);
  store (HOME, "line\n");
  assert_token (HOME, NULL);
}

/* As after the person logged in again: what was kept is there, and the process that runs on finds it. */
static void
test_started_again (FerryTestKeyring **keyring, gconstpointer data)
{
  store (HOME, "kept");
  ferry_test_keyring_stop_daemon (*keyring);
  ferry_test_keyring_start_daemon (*keyring, TRUE);
  assert_token (HOME, "kept");
}

/* Nobody is there to type the password, so unlocking fails as when a person dismisses the question. */
static void
test_locked (FerryTestKeyring **keyring, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  store (HOME, "kept");
  ferry_test_keyring_stop_daemon (*keyring);
  ferry_test_keyring_start_daemon (*keyring, FALSE);

  g_assert_null (ferry_secrets_lookup (HOME, NULL, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);
  g_assert_nonnull (strstr (error->message, "locked"));
  g_clear_error (&error);
  g_assert_false (ferry_secrets_store (HOME, "other", NULL, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);
  g_assert_nonnull (strstr (error->message, "locked"));
  g_clear_error (&error);
  g_assert_false (ferry_secrets_clear (HOME, NULL, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);
  g_assert_nonnull (strstr (error->message, "locked"));

  ferry_test_keyring_stop_daemon (*keyring);
  ferry_test_keyring_start_daemon (*keyring, TRUE);
  assert_token (HOME, "kept");
}

/* ---- a keyring that does not answer ---- */

typedef struct
{
  GCancellable *cancellable;
  GError *error;
} Lookup;

static gpointer
look_up_thread (gpointer data)
{
  Lookup *lookup = data;

  g_assert_null (ferry_secrets_lookup (HOME, lookup->cancellable, &lookup->error));
  return NULL;
}

/* One waits for the keyring and the others for their turn: all stop when they are told to. */
static void
test_cancel (FerryTestKeyring **keyring, gconstpointer data)
{
  Lookup lookups[4] = { 0 };
  GThread *threads[G_N_ELEMENTS (lookups)];

  store (HOME, "kept");
  kill ((*keyring)->daemon, SIGSTOP);
  for (gsize i = 0; i < G_N_ELEMENTS (lookups); i++)
    {
      lookups[i].cancellable = g_cancellable_new ();
      threads[i] = g_thread_new ("look-up", look_up_thread, &lookups[i]);
    }
  for (gsize i = G_N_ELEMENTS (lookups); i > 0; i--)
    {
      Lookup *lookup = &lookups[i - 1];

      g_cancellable_cancel (lookup->cancellable);
      g_thread_join (threads[i - 1]);
      g_assert_error (lookup->error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
      g_clear_error (&lookup->error);
      g_object_unref (lookup->cancellable);
    }
  kill ((*keyring)->daemon, SIGCONT);
  assert_token (HOME, "kept");
}

static void
test_not_installed (void)
{
  g_test_skip ("gnome-keyring-daemon or dbus-daemon is not installed");
}

static void
add (const char *path, void (*func) (FerryTestKeyring **, gconstpointer))
{
  if (real->real)
    g_test_add (path, FerryTestKeyring *, NULL, begin, func, end);
  else
    g_test_add_func (path, test_not_installed);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/secrets/file", test_file);
  g_test_add_func ("/secrets/none", test_none);
  real = ferry_test_keyring_new ();
  add ("/secrets/real/bus-without-keyring", test_bus_without_keyring);
  add ("/secrets/real/gnome-keyring", test_gnome_keyring);
  add ("/secrets/real/no-token", test_no_token);
  add ("/secrets/real/started-again", test_started_again);
  add ("/secrets/real/locked", test_locked);
  add ("/secrets/real/cancel", test_cancel);
  status = g_test_run ();
  ferry_test_keyring_free (real);
  return status;
}
