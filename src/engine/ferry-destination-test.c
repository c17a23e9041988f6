/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. The receiver is asked how far an upload is that nobody has ever begun. A receiver looks at the token before anything
 * else, and then says, in the form in which it says everything that is wrong (RFC 9457), that there is no such upload: that
 * answer alone means that all is well. Any other web server has a page for what it does not have.
 */
#include "ferry-config.h"

#include "ferry-destination.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-chunk-api.h"
#include "ferry-destination-check.h"
#include "ferry-destination-private.h"
#include "ferry-engine-private.h"
#include "ferry-error.h"
#include "ferry-http.h"
#include "ferry-secrets.h"

#define TIMEOUT_SECONDS 20
#define MAX_ANSWER (64 * 1024)
#define PROBLEM_TYPE "application/problem+json"
#define OUR_PROBLEMS "urn:ferry:problem:"
#define NOTHING_AT_ADDRESS OUR_PROBLEMS "not-found"

typedef struct
{
  char *address;
  char *token; /* (nullable) */
  char *host;
} Test;

static void
test_free (gpointer data)
{
  Test *test = data;

  g_free (test->address);
  g_free (test->token);
  g_free (test->host);
  g_free (test);
}

static gboolean
set_no_receiver (const Test *test, GError **error)
{
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
               _ ("What answers at %s is no Ferry receiver. Check the address."), test->host);
  return FALSE;
}

static gboolean
set_unauthorized (const Test *test, GError **error)
{
  if (test->token != NULL)
    g_set_error (
        error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED,
        _ ("The receiver at %s does not accept this token. Copy it anew from the receiver."),
        test->host);
  else
    g_set_error (
        error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED,
        _ ("The receiver at %s asks for its token. Copy it from the receiver and give it too."),
        test->host);
  return FALSE;
}

/* The kind of problem, as a receiver names it. (nullable): this is no receiver's answer. */
static char *
read_problem (FerryResponse *response, GCancellable *cancellable)
{
  const char *media_type = ferry_response_get_header (response, "Content-Type");
  g_autoptr (GBytes) body = NULL;
  g_autofree char *type = NULL;

  if (media_type == NULL
      || g_ascii_strncasecmp (media_type, PROBLEM_TYPE, sizeof PROBLEM_TYPE - 1) != 0)
    return NULL;
  body = ferry_response_read_all (response, MAX_ANSWER, cancellable, NULL);
  if (body != NULL)
    type = ferry_chunk_api_parse_problem_type (body);
  return type != NULL && g_str_has_prefix (type, OUR_PROBLEMS) ? g_steal_pointer (&type) : NULL;
}

static gboolean
judge (const Test *test, FerryResponse *response, GCancellable *cancellable, GError **error)
{
  unsigned status = ferry_response_get_status (response);
  g_autofree char *problem = read_problem (response, cancellable);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  /* A proxy before the receiver speaks for itself. */
  if (status == 407 || status == 429 || status >= 500)
    {
      ferry_error_from_status (error, status, test->host);
      return FALSE;
    }
  if (problem == NULL)
    return set_no_receiver (test, error);
  if (status == 401)
    return set_unauthorized (test, error);
  if (status < 400)
    return set_no_receiver (test, error);
  if (!g_str_equal (problem, NOTHING_AT_ADDRESS))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
               _ ("There is a receiver at %s, but not at this address. Leave out what follows the "
                  "name of its computer."),
               test->host);
  return FALSE;
}

/* Says what can be done about it where the general sentence does not. */
static void
explain (const Test *test, GError *cause, GError **error)
{
  g_autoptr (GError) held = cause;
  gboolean secure = g_str_has_prefix (test->address, "https:");

  if (g_error_matches (held, FERRY_ERROR, FERRY_ERROR_REFUSED))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_REFUSED,
                 _ ("Nobody listens at %s. Start the receiver there, or check the address and the "
                    "number after its colon."),
                 test->host);
  else if (secure
           && (g_error_matches (held, FERRY_ERROR, FERRY_ERROR_NETWORK)
               || g_error_matches (held, FERRY_ERROR, FERRY_ERROR_PROTOCOL)))
    g_set_error (error, FERRY_ERROR, held->code,
                 _ ("No secure connection to %s can be made. If the receiver there has no "
                    "certificate, its address begins with http://, not https://."),
                 test->host);
  else
    g_propagate_error (error, g_steal_pointer (&held));
}

static gboolean
ask (Test *test, GCancellable *cancellable, GError **error)
{
  g_autoptr (GTlsDatabase) trust = ferry_engine_load_trust ();
  g_autoptr (FerryHttp) http = ferry_http_new (trust, TIMEOUT_SECONDS);
  g_autoptr (GCancellable) stop
      = cancellable != NULL ? g_object_ref (cancellable) : g_cancellable_new ();
  g_autofree char *base = ferry_destination_address_key (test->address);
  g_autofree char *id = ferry_destination_random_id ();
  g_autofree char *address = g_strconcat (base, "/status?id=", id, NULL);
  const FerryUpward request
      = { .method = "GET", .address = address, .token = test->token, .fd = -1 };
  GError *cause = NULL;
  g_autoptr (FerryResponse) response = ferry_http_send (http, &request, stop, &cause);

  if (response != NULL)
    return judge (test, response, stop, error);
  explain (test, cause, error);
  return FALSE;
}

static void
test_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Test *test = data;
  g_autoptr (GError) local = NULL;
  GError *error = NULL;

  if (test->token == NULL)
    test->token = ferry_secrets_lookup (test->address, cancellable, &local);
  if (local != NULL)
    g_debug ("keyring: %s", local->message);
  if (ask (test, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else if (g_error_matches (error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED) && local != NULL)
    {
      /* The token may well be known, and nobody can get at it. */
      g_error_free (error);
      g_task_return_error (task, g_steal_pointer (&local));
    }
  else
    g_task_return_error (task, error);
}

void
ferry_destination_test_async (const char *address,
                              const char *token,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Test *test = g_new0 (Test, 1);
  GError *error = NULL;

  g_return_if_fail (address != NULL);

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, ferry_destination_test_async);
  g_task_set_task_data (task, test, test_free);
  test->address = ferry_destination_check_address (address, &error);
  if (test->address == NULL || !ferry_destination_check_token (token, &error))
    {
      g_task_return_error (task, error);
      return;
    }
  test->token = g_strdup (token);
  test->host = ferry_address_host (test->address);
  g_task_run_in_thread (task, test_thread);
}

gboolean
ferry_destination_test_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
