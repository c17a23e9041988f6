/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asking a receiver whether it is one and takes the token: every way in which it may not be. */

#include "ferry-destination.h"
#include "ferry-secrets.h"
#include "ferry-test-certificate.h"
#include "ferry-test-keyring.h"
#include "ferry-test-upload.h"

#define PROBLEM(type) "{\"type\":\"urn:ferry:problem:" type "\",\"title\":\"t\",\"detail\":\"d\"}"
#define PROBLEM_FIELD "Content-Type: application/problem+json\r\n"

static FerryTestKeyring *keyring;

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
ask (const char *address, const char *token, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ferry_destination_test_async (address, token, NULL, done_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return ferry_destination_test_finish (result, error);
}

static void
assert_well (const char *address, const char *token)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ask (address, token, &error));
  g_assert_no_error (error);
}

static void
assert_trouble (const char *address, const char *token, int code, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ask (address, token, &error));
  g_test_message ("%s: %s", address, error->message);
  g_assert_error (error, FERRY_ERROR, code);
  ferry_test_assert_sentence (error->message);
  g_assert_nonnull (strstr (error->message, words));
}

/* The receiver answers the one question with @status, @fields and @text. */
static void
answer (FerryTestReceiver *receiver, guint status, const char *fields, const char *text)
{
  const FerryTestFault fault = { .step = FERRY_TEST_STATUS,
                                 .kind = FERRY_TEST_ANSWER,
                                 .status = status,
                                 .fields = fields,
                                 .text = text };

  ferry_test_receiver_clear_faults (receiver);
  ferry_test_receiver_add_fault (receiver, &fault);
}

static void
test_answers (void)
{
  static const struct
  {
    guint status;
    const char *fields;
    const char *text;
    int code; /* -1: all is well */
    const char *words;
  } cases[] = {
    { 404, PROBLEM_FIELD, PROBLEM ("no-such-upload"), -1, NULL },
    { 404, "Content-Type: application/problem+json; charset=utf-8\r\n", PROBLEM ("no-such-upload"),
      -1, NULL },
    { 410, PROBLEM_FIELD, PROBLEM ("gone"), -1, NULL },
    { 400, PROBLEM_FIELD, PROBLEM ("bad-request"), -1, NULL },
    { 404, PROBLEM_FIELD, PROBLEM ("not-found"), FERRY_ERROR_NOT_FOUND, "not at this address" },
    { 401, PROBLEM_FIELD, PROBLEM ("unauthorized"), FERRY_ERROR_UNAUTHORIZED, "not accept" },
    { 401, "WWW-Authenticate: Basic realm=\"x\"\r\n", "", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 401, "Content-Type: text/html\r\n", "<html>", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 404, "Content-Type: text/html\r\n", "<html>", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 404, PROBLEM_FIELD, "{\"type\":\"about:blank\",\"title\":\"t\"}", FERRY_ERROR_PROTOCOL,
      "no Ferry" },
    { 404, PROBLEM_FIELD, "{\"type\":7}", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 404, PROBLEM_FIELD, "[[[[[[[[[[[[", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 404, PROBLEM_FIELD, "", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 200, "Content-Type: text/html\r\n", "<html>", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 200, PROBLEM_FIELD, PROBLEM ("no-such-upload"), FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 200, "", "{}", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 302, "Location: http://127.0.0.1:1/\r\n", "", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 403, "", "", FERRY_ERROR_PROTOCOL, "no Ferry" },
    { 500, "", "", FERRY_ERROR_SERVER, "problem" },
    { 502, "", "", FERRY_ERROR_SERVER, "behind" },
    { 503, PROBLEM_FIELD, PROBLEM ("stopping"), FERRY_ERROR_BUSY, "busy" },
    { 429, "", "", FERRY_ERROR_BUSY, "fewer" },
  };
  g_autoptr (FerryTestReceiver) receiver = ferry_test_receiver_new (1024, FERRY_TEST_TOKEN);
  const char *address = ferry_test_receiver_get_address (receiver);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%u %s%s", cases[i].status, cases[i].fields, cases[i].text);
      answer (receiver, cases[i].status, cases[i].fields, cases[i].text);
      if (cases[i].code < 0)
        assert_well (address, FERRY_TEST_TOKEN);
      else
        assert_trouble (address, FERRY_TEST_TOKEN, cases[i].code, cases[i].words);
    }
  g_assert_cmpuint (ferry_test_receiver_count (receiver, FERRY_TEST_STATUS), ==,
                    G_N_ELEMENTS (cases));
  g_assert_cmpuint (ferry_test_receiver_count_uploads (receiver), ==, 0);
}

static void
test_token_from_keyring (void)
{
  g_autoptr (FerryTestReceiver) receiver = ferry_test_receiver_new (1024, NULL);
  const char *address = ferry_test_receiver_get_address (receiver);

  ferry_test_keyring_begin (keyring);
  answer (receiver, 401, PROBLEM_FIELD, PROBLEM ("unauthorized"));
  assert_trouble (address, NULL, FERRY_ERROR_UNAUTHORIZED, "asks for its token");
  g_assert_true (ferry_secrets_store (address, "kept", NULL, NULL));
  assert_trouble (address, NULL, FERRY_ERROR_UNAUTHORIZED, "does not accept");
  ferry_test_keyring_end (keyring);
  assert_trouble (address, NULL, FERRY_ERROR_NO_KEYRING, "no keyring");
  assert_trouble (address, "given", FERRY_ERROR_UNAUTHORIZED, "does not accept");
  answer (receiver, 404, PROBLEM_FIELD, PROBLEM ("no-such-upload"));
  assert_well (address, NULL);
}

static void
test_nobody (void)
{
  g_autoptr (FerryTestReceiver) receiver = ferry_test_receiver_new (1024, NULL);
  g_autofree char *address = g_strdup (ferry_test_receiver_get_address (receiver));
  FerryTestServer *server = ferry_test_server_new ();
  g_autofree char *secure
      = g_strconcat ("https", ferry_test_server_get_address (server) + strlen ("http"), NULL);

  assert_trouble (ferry_test_server_get_address (server), "t", FERRY_ERROR_PROTOCOL, "no Ferry");
  assert_trouble (secure, "t", FERRY_ERROR_NETWORK, "http://");
  ferry_test_server_free (server);
  assert_trouble ("http://host.invalid/", "t", FERRY_ERROR_NO_SUCH_HOST, "host.invalid");
  g_clear_pointer (&receiver, ferry_test_receiver_free);
  assert_trouble (address, "t", FERRY_ERROR_REFUSED, "Nobody listens");
  assert_trouble ("", "t", FERRY_ERROR_INVALID_ADDRESS, "no address");
  assert_trouble ("http://me:word@h/", "t", FERRY_ERROR_INVALID_ARGUMENT, "password");
  assert_trouble (address, "two words", FERRY_ERROR_INVALID_ARGUMENT, "no token");
  assert_trouble (address, "", FERRY_ERROR_INVALID_ARGUMENT, "no token");
}

static void
test_certificate (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GTlsCertificate) certificate = ferry_test_certificate_new ("127.0.0.1", &error);
  FerryTestServer *server = ferry_test_server_new_full (0, certificate, &error);

  g_assert_no_error (error);
  assert_trouble (ferry_test_server_get_address (server), "t", FERRY_ERROR_CERTIFICATE,
                  "cannot be trusted");
  ferry_test_server_free (server);
}

static void
test_cancel (void)
{
  g_autoptr (FerryTestReceiver) receiver = ferry_test_receiver_new (1024, NULL);
  const FerryTestFault fault = { .step = FERRY_TEST_STATUS, .kind = FERRY_TEST_SILENCE };
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  ferry_test_receiver_add_fault (receiver, &fault);
  ferry_destination_test_async (ferry_test_receiver_get_address (receiver), "t", cancellable,
                                done_cb, &result);
  while (ferry_test_receiver_count_silent (receiver) == 0)
    g_main_context_iteration (NULL, FALSE);
  g_cancellable_cancel (cancellable);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (ferry_destination_test_finish (result, &error));
  g_assert_cmpint (ferry_error_get_code (error), ==, FERRY_ERROR_CANCELLED);
  ferry_test_receiver_release (receiver);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  keyring = ferry_test_keyring_new ();
  g_test_add_func ("/destination-test/answers", test_answers);
  g_test_add_func ("/destination-test/token-from-keyring", test_token_from_keyring);
  g_test_add_func ("/destination-test/nobody", test_nobody);
  g_test_add_func ("/destination-test/certificate", test_certificate);
  g_test_add_func ("/destination-test/cancel", test_cancel);
  status = g_test_run ();
  ferry_test_keyring_free (keyring);
  return status;
}
