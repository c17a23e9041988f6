/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What goes wrong between here and the server: which verdict, which words, and how it goes on when the trouble is over. */

#include "ferry-error.h"
#include "ferry-test-case.h"
#include "ferry-test-certificate.h"

#include <string.h>

#define ASKS FERRY_STATE_NEEDS_YOU
#define WAITS FERRY_STATE_WAITING
#define FAILED FERRY_STATE_FAILED
#define DONE FERRY_STATE_DONE, 0, "file.bin", 0, 1000

static const FerryTestCase cases[] = {
  { "/errors/401", "/file.bin?status=401", ASKS, FERRY_ERROR_UNAUTHORIZED, NULL, 0, 0, 1 },
  { "/errors/401-basic", "/file.bin?size=1&auth=basic:me:word", ASKS, FERRY_ERROR_UNAUTHORIZED,
    NULL, 0, 0, 1 },
  { "/errors/403", "/file.bin?status=403", ASKS, FERRY_ERROR_FORBIDDEN, NULL, 0, 0, 1 },
  { "/errors/404", "/file.bin?status=404", ASKS, FERRY_ERROR_NOT_FOUND, NULL, 0, 0, 1 },
  { "/errors/407", "/file.bin?status=407", ASKS, FERRY_ERROR_PROXY_UNAUTHORIZED },
  { "/errors/410", "/file.bin?status=410", ASKS, FERRY_ERROR_GONE, NULL, 0, 0, 1 },
  { "/errors/408", "/file.bin?status=408", WAITS, FERRY_ERROR_BUSY },
  { "/errors/418", "/file.bin?status=418", FAILED, FERRY_ERROR_HTTP_STATUS, NULL, 0, 0, 1 },
  { "/errors/425", "/file.bin?status=425", WAITS, FERRY_ERROR_BUSY, NULL, 0, 0, 1 },
  { "/errors/429", "/file.bin?status=429", WAITS, FERRY_ERROR_BUSY, NULL, 0, 0, 1 },
  { "/errors/500", "/file.bin?status=500", WAITS, FERRY_ERROR_SERVER, NULL, 0, 0, 1 },
  { "/errors/502", "/file.bin?status=502", WAITS, FERRY_ERROR_SERVER, NULL, 0, 0, 1 },
  { "/errors/503", "/file.bin?status=503", WAITS, FERRY_ERROR_BUSY, NULL, 0, 0, 1 },
  { "/errors/599", "/file.bin?status=599", WAITS, FERRY_ERROR_SERVER, NULL, 0, 0, 1 },
  /* A success that brings no file is none. */
  { "/errors/201", "/file.bin?status=201", FAILED, FERRY_ERROR_PROTOCOL },
  { "/errors/206-unasked", "/file.bin?status=206", FAILED, FERRY_ERROR_PROTOCOL },
  { "/errors/300", "/file.bin?status=300", FAILED, FERRY_ERROR_HTTP_STATUS, NULL, 0, 0, 1 },
  { "/errors/302-nowhere", "/file.bin?status=302", FAILED, FERRY_ERROR_HTTP_STATUS, NULL, 0, 0, 1 },
  { "/errors/500-endless", "/file.bin?status=500&body=endless", WAITS, FERRY_ERROR_SERVER, NULL, 0,
    0, 1 },
  { "/errors/404-endless", "/file.bin?status=404&body=endless", ASKS, FERRY_ERROR_NOT_FOUND, NULL,
    0, 0, 1 },

  { "/errors/redirect-loop", "/file.bin?redirect=self", FAILED, FERRY_ERROR_TOO_MANY_REDIRECTS },
  { "/errors/redirect-forever", "/file.bin?redirect=/file.bin%3Fredirect=self", FAILED,
    FERRY_ERROR_TOO_MANY_REDIRECTS },
  { "/errors/redirect-scheme", "/file.bin?redirect=ftp://127.0.0.1/file.bin", FAILED,
    FERRY_ERROR_UNSUPPORTED_SCHEME, NULL, 0, 0, 1 },
  { "/errors/redirect-file", "/file.bin?redirect=file:///etc/passwd", FAILED,
    FERRY_ERROR_UNSUPPORTED_SCHEME, NULL, 0, 0, 1 },
  { "/errors/redirect-nonsense", "/file.bin?redirect=http://[::bad/file.bin", FAILED,
    FERRY_ERROR_PROTOCOL, NULL, 0, 0, 1 },
  { "/errors/redirect-404", "/file.bin?redirect=/gone.bin%3Fstatus=404", ASKS,
    FERRY_ERROR_NOT_FOUND, NULL, 0, 0, 2 },
  { "/errors/redirect-endless-body", "/file.bin?redirect=/there/file.bin%3Fsize=1000&body=endless",
    DONE, 2 },

  { "/errors/page", "/file.bin?html=1", ASKS, FERRY_ERROR_WEB_PAGE, NULL, 0, 0, 1 },
  { "/errors/page-after-redirect", "/file.bin?redirect=/login%3Fhtml=1", ASKS, FERRY_ERROR_WEB_PAGE,
    NULL, 0, 0, 2 },
  { "/errors/page-xhtml", "/file.iso?size=1000&type=application/xhtml%2Bxml;charset=x", ASKS,
    FERRY_ERROR_WEB_PAGE, NULL, 0, 0, 1 },

  /* Trouble that ends. */
  { "/errors/500-then-fine", "/file.bin?size=1000&status=500&times=3", DONE, 4 },
  { "/errors/503-then-fine", "/file.bin?size=1000&status=503&times=1", DONE, 2 },
  { "/errors/429-then-fine", "/file.bin?size=1000&status=429&times=2&retry_after=7200", DONE, 3 },
  { "/errors/no-answer-then-fine", "/file.bin?size=1000&drop=3", DONE },
};

static void
test_recovers_after_asking (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target
      = g_strdup_printf ("/file.bin?size=1000&status=%s&times=1", (const char *) data);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
  g_assert_cmpint (ferry_transfer_get_error_code (transfer), ==, -1);
  g_assert_null (ferry_transfer_get_error_message (transfer));
}

/* Nobody presses anything: the back-off ends by itself. */
static void
test_tries_again_by_itself (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?size=1000&status=503&times=1");

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
  g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), ==, 2);
}

static void
test_retry_after (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/file.bin?size=1000&status=429&times=1&retry_after=2");
  gint64 start;

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  start = g_get_monotonic_time ();
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  /* The answer came a moment before it was seen here. */
  g_assert_cmpint (g_get_monotonic_time () - start, >, 1800 * 1000);
}

/* A long Retry-After is kept, whatever else happens in the queue. */
static void
test_retry_after_is_kept (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/busy.bin?size=1000&status=503&times=1&retry_after=7200");
  FerryTransfer *other;

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  other = ferry_test_bed_add (bed, "/file.bin?size=1000");
  g_assert_cmpint (ferry_test_bed_settle (bed, other), ==, FERRY_STATE_DONE);
  for (guint i = 0; i < 10; i++)
    ferry_engine_reconcile (bed->engine);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_WAITING);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/busy.bin"), ==, 1);
  g_assert_false (ferry_engine_get_quiet (bed->engine));
}

static void
test_accepts_page (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?html=1");
  g_autofree char *text = NULL;

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_engine_accept_web_page (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_true (g_file_get_contents (ferry_transfer_get_path (transfer), &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "<!DOCTYPE html>"));
}

/* The page went away: signed in elsewhere, say. */
static void
test_page_goes_away (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?size=1000&html=1&times=1");

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
}

/* TRUE when @secret stands in any file of the state folder. */
static gboolean
is_stored (FerryTestBed *bed, const char *secret)
{
  g_autoptr (GDir) dir = g_dir_open (bed->state_folder, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (bed->state_folder, name, NULL);
      g_autofree char *text = NULL;
      gsize length;

      if (g_file_get_contents (path, &text, &length, NULL)
          && memmem (text, length, secret, strlen (secret)) != NULL)
        return TRUE;
    }
  return FALSE;
}

static void
test_sign_in (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/file.bin?size=1000&auth=basic:gl%C3%B6ckner:quasimodo");

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_engine_sign_in (bed->engine, transfer, "glöckner", "esmeralda");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_NEEDS_YOU, FERRY_ERROR_UNAUTHORIZED);
  ferry_engine_sign_in (bed->engine, transfer, "glöckner", "quasimodo");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
}

/* Neither a password nor a token ever reaches the journal. */
static void
test_secrets_are_not_stored (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *address
      = g_strdup_printf ("http://me:pass-phrase@%s/file.bin?size=1000",
                         ferry_test_server_get_address (bed->server) + strlen ("http://"));
  g_autoptr (FerrySpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *coded = g_base64_encode ((const guchar *) "me:pass-phrase", 14);
  FerryTransfer *transfer;

  spec = ferry_spec_new (address, bed->folder, &error);
  g_assert_no_error (error);
  g_assert_true (ferry_spec_add_header (spec, "X-Token: token-value", &error));
  g_assert_true (ferry_spec_add_header (spec, "Accept-Language: tlh-public", &error));
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_close (bed);
  g_assert_false (is_stored (bed, "pass-phrase"));
  g_assert_false (is_stored (bed, coded));
  g_assert_false (is_stored (bed, "token-value"));
  g_assert_true (is_stored (bed, "tlh-public"));
  g_assert_true (is_stored (bed, "/file.bin"));
}

static void
test_refused (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerryTestServer) gone = ferry_test_server_new ();
  g_autofree char *address = ferry_test_server_locate (gone, "/file.bin");
  FerryTransfer *transfer;

  ferry_test_server_free (g_steal_pointer (&gone));
  transfer = ferry_test_bed_add (bed, address);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_REFUSED);
}

static void
test_certificate (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate = ferry_test_certificate_new ("127.0.0.1", &error);
  g_autoptr (FerryTestServer) server = NULL;
  g_autofree char *address = NULL;
  FerryTransfer *transfer;

  g_assert_no_error (error);
  server = ferry_test_server_new_full (0, certificate, &error);
  g_assert_no_error (error);
  address = ferry_test_server_locate (server, "/file.bin?size=1000");
  transfer = ferry_test_bed_add (bed, address);
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_NEEDS_YOU, FERRY_ERROR_CERTIFICATE);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 0);
  /* Nothing was told to a server that could not prove who it is. */
  g_assert_cmpuint (ferry_test_server_count (server, NULL), ==, 0);
}

static void
test_plain_server_on_https (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *address = g_strdup_printf (
      "https://%s/file.bin", ferry_test_server_get_address (bed->server) + strlen ("http://"));
  FerryTransfer *transfer = ferry_test_bed_add (bed, address);

  /* Which of the two it is is TLS's to say; never a finished file, always a sentence. */
  while (ferry_transfer_get_error_message (transfer) == NULL)
    g_main_context_iteration (NULL, TRUE);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_cmpint (ferry_transfer_get_state (transfer), !=, FERRY_STATE_DONE);
}

/* What is no HTTP, or never ends, must neither finish nor hang. */
static void
test_not_http (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, data);

  while (ferry_transfer_get_error_message (transfer) == NULL)
    g_main_context_iteration (NULL, TRUE);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_cmpint (ferry_transfer_get_state (transfer), !=, FERRY_STATE_DONE);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 0);
}

/* A body that never ends can be stopped, and thrown away. */
static void
test_endless_body (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?body=endless&rate=20000000");

  ferry_test_bed_wait_received (bed, transfer, 3000000);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, -1);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), ==, -1);
  ferry_engine_pause (bed->engine, transfer);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_forget (bed->engine, transfer);
  while (ferry_test_bed_count_files (bed) > 0)
    g_main_context_iteration (NULL, FALSE);
}

/* A resolver that knows no name, so that the test needs no network to fail in. */
typedef GResolver NoResolver;
typedef GResolverClass NoResolverClass;
GType no_resolver_get_type (void);
G_DEFINE_TYPE (NoResolver, no_resolver, G_TYPE_RESOLVER)

static GList *
no_name (GResolver *resolver, const char *name, GCancellable *cancellable, GError **error)
{
  g_set_error (error, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "No such host: %s", name);
  return NULL;
}

static GList *
no_name_with_flags (GResolver *resolver,
                    const char *name,
                    GResolverNameLookupFlags flags,
                    GCancellable *cancellable,
                    GError **error)
{
  return no_name (resolver, name, cancellable, error);
}

static void
no_name_async (GResolver *resolver,
               const char *name,
               GCancellable *cancellable,
               GAsyncReadyCallback callback,
               gpointer user_data)
{
  GTask *task = g_task_new (resolver, cancellable, callback, user_data);

  g_task_return_new_error (task, G_RESOLVER_ERROR, G_RESOLVER_ERROR_NOT_FOUND, "No such host: %s",
                           name);
  g_object_unref (task);
}

static void
no_name_with_flags_async (GResolver *resolver,
                          const char *name,
                          GResolverNameLookupFlags flags,
                          GCancellable *cancellable,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  no_name_async (resolver, name, cancellable, callback, user_data);
}

static GList *
no_name_finish (GResolver *resolver, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
no_resolver_class_init (NoResolverClass *klass)
{
  klass->lookup_by_name = no_name;
  klass->lookup_by_name_async = no_name_async;
  klass->lookup_by_name_finish = no_name_finish;
  klass->lookup_by_name_with_flags = no_name_with_flags;
  klass->lookup_by_name_with_flags_async = no_name_with_flags_async;
  klass->lookup_by_name_with_flags_finish = no_name_finish;
}

static void
no_resolver_init (NoResolver *self)
{
}

static void
test_no_such_host (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  GResolver *before = g_resolver_get_default ();
  g_autoptr (GResolver) resolver = g_object_new (no_resolver_get_type (), NULL);
  FerryTransfer *transfer;

  g_resolver_set_default (resolver);
  transfer = ferry_test_bed_add (bed, "http://host.example/file.bin");
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_NEEDS_YOU, FERRY_ERROR_NO_SUCH_HOST);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "host.example"));
  g_resolver_set_default (before);
  g_object_unref (before);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ferry_test_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_data_func ("/errors/401-recovers", "401", test_recovers_after_asking);
  g_test_add_data_func ("/errors/403-recovers", "403", test_recovers_after_asking);
  g_test_add_data_func ("/errors/404-recovers", "404", test_recovers_after_asking);
  g_test_add_data_func ("/errors/410-recovers", "410", test_recovers_after_asking);
  g_test_add_func ("/errors/tries-again-by-itself", test_tries_again_by_itself);
  g_test_add_func ("/errors/retry-after", test_retry_after);
  g_test_add_func ("/errors/retry-after-is-kept", test_retry_after_is_kept);
  g_test_add_func ("/errors/accepts-page", test_accepts_page);
  g_test_add_func ("/errors/page-goes-away", test_page_goes_away);
  g_test_add_func ("/errors/sign-in", test_sign_in);
  g_test_add_func ("/errors/secrets-are-not-stored", test_secrets_are_not_stored);
  g_test_add_func ("/errors/refused", test_refused);
  g_test_add_func ("/errors/certificate", test_certificate);
  g_test_add_func ("/errors/plain-server-on-https", test_plain_server_on_https);
  g_test_add_data_func ("/errors/garbage", "/file.bin?garbage=1", test_not_http);
  g_test_add_data_func ("/errors/never-answers", "/file.bin?drop=1000", test_not_http);
  g_test_add_data_func ("/errors/endless-header", "/file.bin?headers=endless", test_not_http);
  g_test_add_func ("/errors/endless-body", test_endless_body);
  g_test_add_func ("/errors/no-such-host", test_no_such_host);
  return g_test_run ();
}
