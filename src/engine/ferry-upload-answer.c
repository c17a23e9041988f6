/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking a receiver, and what its answers mean. */
#include "ferry-config.h"

#include "ferry-upload-private.h"
#include "ferry-upload-token.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-error.h"

/* An answer that lists chunks may be long; one of ours stays far below. */
#define MAX_ANSWER (4 * 1024 * 1024)

char *
ferry_upload_join_address (const char *base, const char *rest)
{
  gsize length = strlen (base);

  while (length > 0 && base[length - 1] == '/')
    length--;
  return g_strdup_printf ("%.*s%s", (int) length, base, rest);
}

char *
ferry_upload_address (FerryJob *job, const char *rest)
{
  g_autofree char *escaped = g_uri_escape_string (job->progress->upload_id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/uploads/", escaped, rest, NULL);

  return ferry_upload_join_address (job->spec->address, path);
}

void
ferry_upload_set_no_receiver (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                       _ ("The other end does not answer like a Ferry receiver. Check the "
                          "destination’s address."));
}

/* What any server may say about any request. */
static gboolean
is_for_anybody (unsigned status)
{
  return status == 407 || status == 408 || status == 425 || status == 429 || status >= 500;
}

static void
set_refused (unsigned status, const char *host, const char *problem, GError **error)
{
  /* What is sent goes to the server that the person named and to no other, and its token with it. */
  if (status < 400)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                 _ ("The server %s sends Ferry on to another address. Ask for the receiver’s own, "
                    "and change the destination’s address."),
                 host);
  else if (status == 403)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_FORBIDDEN,
                 _ ("The receiver at %s does not let you send files there. Ask whoever runs it."),
                 host);
  else if (problem != NULL)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
                 /* Translators: the second %s is what the receiver says, often in English */
                 _ ("The receiver at %s refuses what Ferry sends: %s"), host, problem);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
                 _ ("The receiver at %s refuses what Ferry sends (%u). Check the destination’s "
                    "address, and whether both are up to date."),
                 host, status);
}

/* The receiver answers for a store that it cannot use. */
static gboolean
set_store_error (unsigned status, const char *host, GBytes *body, GError **error)
{
  g_autofree char *type = body != NULL ? ferry_chunk_api_parse_problem_type (body) : NULL;
  g_autofree char *hint = NULL;

  if (g_strcmp0 (type, "urn:ferry:problem:store") != 0)
    return FALSE;
  hint = ferry_chunk_api_parse_hint (body);
  if (status == 503 || hint == NULL)
    g_set_error (error, FERRY_ERROR, status == 503 ? FERRY_ERROR_BUSY : FERRY_ERROR_SERVER,
                 _ ("The receiver at %s cannot reach its store right now."), host);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_SERVER,
                 /* Translators: the second %s is a sentence of the receiver's, often in English */
                 _ ("The receiver at %s cannot use its store. Tell whoever runs it: %s"), host,
                 hint);
  return TRUE;
}

void
ferry_upload_set_error (FerryJob *job,
                        FerryResponse *response,
                        GCancellable *cancellable,
                        GError **error)
{
  unsigned status = ferry_response_get_status (response);
  g_autofree char *host = ferry_address_host (job->spec->address);
  g_autoptr (GBytes) body = ferry_response_read_all (response, 64 * 1024, cancellable, NULL);
  g_autofree char *problem = body != NULL ? ferry_chunk_api_parse_problem (body) : NULL;

  g_debug ("%u: %s", status, problem != NULL ? problem : "");
  if (status == 401)
    ferry_upload_set_unauthorized (job, host, error);
  else if (status == 404 || status == 410)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE,
                 _ ("The receiver at %s no longer knows this upload."), host);
  else if (status == 409)
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SOURCE_CHANGED,
                         _ ("The file changed after a part of it was sent. Start again to send it "
                            "as it is now."));
  else if (status == 413)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_TOO_LARGE,
                 _ ("The receiver at %s does not take files as large as this one."), host);
  else if (status == 422)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK,
                 _ ("What arrives at %s is damaged on the way."), host);
  else if (status == 507)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_BUSY,
                 _ ("The receiver at %s has no room for this file. It goes on when there is some."),
                 host);
  else if (status >= 500 && set_store_error (status, host, body, error))
    return;
  else if (is_for_anybody (status))
    ferry_error_from_status (error, status, host);
  else if (status >= 300)
    set_refused (status, host, problem, error);
  else
    ferry_upload_set_no_receiver (error);
}

void
ferry_upload_take_refusal (FerryJob *job,
                           FerryResponse *response,
                           GCancellable *cancellable,
                           GError **error)
{
  const char *retry_after = ferry_response_get_header (response, "Retry-After");

  __atomic_store_n (&job->retry_after,
                    ferry_http_parse_retry_after (retry_after, g_get_real_time () / G_USEC_PER_SEC),
                    __ATOMIC_RELAXED);
  ferry_upload_set_error (job, response, cancellable, error);
}

GBytes *
ferry_upload_ask (Upload *self,
                  FerryHttp *http,
                  const FerryQuestion *question,
                  unsigned *status,
                  gint64 *date,
                  GError **error)
{
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", question->key, NULL);
  const char *const headers[] = { question->key != NULL ? key : NULL, NULL };
  const FerryUpward request = {
    .method = question->method,
    .address = question->address,
    .headers = headers,
    .token = self->job->spec->token,
    .json = question->json,
    .fd = -1,
  };
  g_autoptr (FerryResponse) response = ferry_http_send (http, &request, self->cancellable, error);

  if (response == NULL)
    return NULL;
  *status = ferry_response_get_status (response);
  if (date != NULL)
    *date = ferry_http_parse_date (ferry_response_get_header (response, "Date"));
  if (*status == question->wanted || *status == question->other)
    return ferry_response_read_all (response, MAX_ANSWER, self->cancellable, error);
  ferry_upload_take_refusal (self->job, response, self->cancellable, error);
  return NULL;
}
