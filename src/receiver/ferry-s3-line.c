/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-s3-line.h"

#include "ferry-config.h"

#include <string.h>

#include <libsoup/soup.h>

#include "ferry-http-headers.h"

/* Longer than any store needs to put 10,000 parts together: it sends blanks meanwhile, which no idle time-out notices. */
#define ANSWER_SECONDS (20 * 60)

struct _FerryS3Line
{
  FerryS3 *store;
  GMainContext *context;
  SoupSession *session;
};

FerryS3Line *
ferry_s3_line_new (FerryS3 *store, guint seconds)
{
  FerryS3Line *self = g_new0 (FerryS3Line, 1);

  self->store = store;
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->session = soup_session_new_with_options ("user-agent", "ferry-receiver/" FERRY_VERSION,
                                                 "timeout", seconds, NULL);
  if (store->tls != NULL)
    soup_session_set_tls_database (self->session, store->tls);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  return self;
}

void
ferry_s3_line_free (FerryS3Line *self)
{
  soup_session_abort (self->session);
  g_object_unref (self->session);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_free (self);
}

void
ferry_s3_answer_free (FerryS3Answer *self)
{
  if (self == NULL)
    return;
  ferry_s3_document_free (self->document);
  g_free (self->etag);
  g_free (self->sha256);
  g_free (self);
}

char *
ferry_s3_path (FerryS3 *self, const char *key)
{
  return key != NULL ? g_strdup_printf ("/%s/%s", self->bucket, key)
                     : g_strdup_printf ("/%s", self->bucket);
}

/* Encoded as it was signed, in any order. */
static char *
ask_address (FerryS3 *store, const FerryS3Ask *ask, const char *path)
{
  g_autofree char *encoded = ferry_sigv4_encode (path, TRUE);
  GString *address = g_string_new (store->origin);

  g_string_append (address, encoded);
  for (gsize i = 0; ask->query != NULL && ask->query[i] != NULL; i += 2)
    {
      g_autofree char *name = ferry_sigv4_encode (ask->query[i], FALSE);
      g_autofree char *value = ferry_sigv4_encode (ask->query[i + 1], FALSE);

      g_string_append_printf (address, "%c%s=%s", i == 0 ? '?' : '&', name, value);
    }
  return g_string_free (address, FALSE);
}

static char *
body_sha256 (const char *body)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];

  if (body != NULL)
    ferry_digest_update (digest, body, strlen (body));
  ferry_digest_finish (digest, sha256);
  return ferry_sha256_to_hex (sha256);
}

static void
add_headers (SoupMessage *message, const char *const *headers)
{
  SoupMessageHeaders *fields = soup_message_get_request_headers (message);

  for (gsize i = 0; headers != NULL && headers[i] != NULL; i += 2)
    soup_message_headers_replace (fields, headers[i], headers[i + 1]);
}

static SoupMessage *
make_message (FerryS3Line *self, const FerryS3Ask *ask, GError **error)
{
  FerryS3 *store = self->store;
  g_autofree char *path = ferry_s3_path (store, ask->key);
  g_autofree char *address = ask_address (store, ask, path);
  g_autofree char *sha256 = body_sha256 (ask->body);
  g_autoptr (GUri) uri = g_uri_parse (address, SOUP_HTTP_URI_FLAGS, error);
  g_auto (GStrv) fields = NULL;
  SoupMessage *message;

  if (uri == NULL)
    return NULL;
  fields = ferry_sigv4_sign (&store->keys, &(FerrySigv4Request){
                                               .method = ask->method,
                                               .host = store->host,
                                               .path = path,
                                               .query = ask->query,
                                               .headers = ask->headers,
                                               .payload_sha256 = sha256,
                                               .time = g_get_real_time () / G_USEC_PER_SEC,
                                           });
  message = soup_message_new_from_uri (ask->method, uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  add_headers (message, ask->headers);
  add_headers (message, (const char *const *) fields);
  if (ask->body != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new (ask->body, strlen (ask->body));

      /* No Content-Type: it would have to be signed, and means nothing here. */
      soup_message_set_request_body_from_bytes (message, NULL, bytes);
    }
  return message;
}

typedef struct
{
  gboolean done;
  GInputStream *body;
  GError *error;
} Sending;

static void
sent_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Sending *sending = data;

  sending->body = soup_session_send_finish (SOUP_SESSION (source), result, &sending->error);
  sending->done = TRUE;
}

/*
 * What waits in this thread's context is cancelled in this thread: GLib before 2.76 may leave the source of a cancellable
 * behind when it is cancelled elsewhere at the moment it is taken apart.
 */
typedef struct
{
  GMainContext *context;
  GCancellable *local;
} Relay;

static gboolean
cancel_local_cb (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
cancelled_elsewhere_cb (GCancellable *cancellable, Relay *relay)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, cancel_local_cb, g_object_ref (relay->local), g_object_unref);
  g_source_attach (source, relay->context);
}

/* Asynchronously, because only then all addresses of a host are tried at once. */
static GInputStream *
send_and_wait (FerryS3Line *self, SoupMessage *message, GCancellable *cancellable, GError **error)
{
  g_autoptr (GCancellable) local = g_cancellable_new ();
  Relay relay = { self->context, local };
  Sending sending = { 0 };
  gulong handler = 0;

  if (cancellable != NULL)
    handler
        = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_elsewhere_cb), &relay, NULL);
  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, local, sent_cb, &sending);
  while (!sending.done)
    g_main_context_iteration (self->context, TRUE);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
  if (sending.error != NULL)
    g_propagate_error (error, sending.error);
  return sending.body;
}

/* NULL with an error where it breaks off, takes too long, or is too long. */
static GString *
read_body (GInputStream *stream, GCancellable *cancellable, GError **error)
{
  g_autoptr (GString) body = g_string_new (NULL);
  gint64 end = g_get_monotonic_time () + ANSWER_SECONDS * G_USEC_PER_SEC;
  char block[16 * 1024];

  while (TRUE)
    {
      gssize n = g_input_stream_read (stream, block, sizeof block, cancellable, error);

      if (n < 0)
        return NULL;
      if (n == 0)
        return g_steal_pointer (&body);
      g_string_append_len (body, block, n);
      if (body->len > FERRY_S3_ANSWER_MAX)
        {
          g_set_error_literal (error, FERRY_S3_ERROR, FERRY_S3_ERROR_PROTOCOL,
                               "the answer has no end");
          return NULL;
        }
      if (g_get_monotonic_time () > end)
        {
          g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "the answer does not end");
          return NULL;
        }
    }
}

/* No message of libsoup or GLib has more of the address in it than the host. */
static void
translate_error (const FerryS3Ask *ask,
                 const GError *cause,
                 GCancellable *cancellable,
                 GError **error)
{
  FerryS3Error code = FERRY_S3_ERROR_UNREACHABLE;

  if (g_cancellable_is_cancelled (cancellable))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "cancelled");
      return;
    }
  /* Waiting makes no certificate good. */
  if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE)
      || (cause->domain == FERRY_S3_ERROR && cause->code == FERRY_S3_ERROR_PROTOCOL)
      || g_error_matches (cause, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_PARSING)
      || g_error_matches (cause, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_ENCODING))
    code = FERRY_S3_ERROR_PROTOCOL;
  g_set_error (error, FERRY_S3_ERROR, code, "%s: %s", ask->what, cause->message);
}

/* A body that ends before its Content-Length does so without an error where the connection just closes. */
static gboolean
is_whole (SoupMessage *message, const GString *body)
{
  SoupMessageHeaders *fields = soup_message_get_response_headers (message);

  return g_str_equal (soup_message_get_method (message), "HEAD")
         || soup_message_headers_get_encoding (fields) != SOUP_ENCODING_CONTENT_LENGTH
         || soup_message_headers_get_content_length (fields) == (goffset) body->len;
}

static FerryS3Answer *
make_answer (SoupMessage *message, const GString *body)
{
  FerryS3Answer *answer = g_new0 (FerryS3Answer, 1);
  SoupMessageHeaders *fields = soup_message_get_response_headers (message);

  answer->status = soup_message_get_status (message);
  answer->document = ferry_s3_document_parse (body->str, body->len);
  answer->etag = ferry_s3_parse_etag (soup_message_headers_get_one (fields, "ETag"));
  answer->sha256 = g_strdup (soup_message_headers_get_one (fields, "x-amz-checksum-sha256"));
  answer->length
      = ferry_http_parse_length (soup_message_headers_get_one (fields, "Content-Length"));
  return answer;
}

FerryS3Answer *
ferry_s3_line_ask (FerryS3Line *self,
                   const FerryS3Ask *ask,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (GError) cause = NULL;
  g_autoptr (SoupMessage) message = make_message (self, ask, &cause);
  g_autoptr (GInputStream) stream = NULL;
  g_autoptr (GString) body = NULL;

  if (message != NULL)
    stream = send_and_wait (self, message, cancellable, &cause);
  if (stream != NULL)
    body = read_body (stream, cancellable, &cause);
  if (body == NULL)
    {
      translate_error (ask, cause, cancellable, error);
      return NULL;
    }
  if (!is_whole (message, body))
    {
      g_set_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE, "%s: the answer breaks off",
                   ask->what);
      return NULL;
    }
  g_debug ("store: %s: %u", ask->what, soup_message_get_status (message));
  return make_answer (message, body);
}

FerryS3Answer *
ferry_s3_line_call (FerryS3Line *self,
                    const FerryS3Ask *ask,
                    GCancellable *cancellable,
                    GError **error)
{
  g_autoptr (FerryS3Answer) answer = ferry_s3_line_ask (self, ask, cancellable, error);

  if (answer == NULL || !ferry_s3_check_answer (ask->what, answer->status, answer->document, error))
    return NULL;
  return g_steal_pointer (&answer);
}
