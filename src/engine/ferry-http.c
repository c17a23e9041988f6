/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-http.h"

#include <glib/gi18n-lib.h>
#include <libsoup/soup.h>

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-slice.h"

#define MAX_REDIRECTS 20
/* A buffer is handed on after this long even when it is not full, so that a slow link shows progress. */
#define FILL_MICROSECONDS (G_USEC_PER_SEC / 5)

struct _FerryHttp
{
  GMainContext *context;
  SoupSession *session;
};

struct _FerryResponse
{
  SoupMessage *message;
  GInputStream *body;
  char *address;
};

static const char *
certificate_problem (GTlsCertificateFlags flags)
{
  if (flags & G_TLS_CERTIFICATE_EXPIRED)
    return _ ("it has expired");
  if (flags & G_TLS_CERTIFICATE_BAD_IDENTITY)
    return _ ("it belongs to another server");
  if (flags & G_TLS_CERTIFICATE_NOT_ACTIVATED)
    return _ ("it is not valid yet; is this computer’s clock right?");
  if (flags & G_TLS_CERTIFICATE_REVOKED)
    return _ ("it was revoked");
  if (flags & G_TLS_CERTIFICATE_UNKNOWN_CA)
    return _ ("nobody this computer trusts vouches for it");
  return _ ("it is not secure");
}

static void
set_io_error (GError **error, const GError *cause, const char *host)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_REFUSED,
                 _ ("The server %s does not accept connections right now."), host);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_TIMED_OUT, _ ("The server %s stopped answering."),
                 host);
  else if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_HOST_UNREACHABLE)
           || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NETWORK_UNREACHABLE))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNREACHABLE,
                 _ ("There is no way to the server %s right now."), host);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK, _ ("The connection to %s broke off."),
                 host);
}

static void
set_session_error (GError **error, const GError *cause, const char *host)
{
  if (g_error_matches (cause, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_PARSING)
      || g_error_matches (cause, SOUP_SESSION_ERROR, SOUP_SESSION_ERROR_ENCODING))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                 _ ("The server %s gives an answer that makes no sense. Check the link."), host);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK, _ ("The connection to %s broke off."),
                 host);
}

/* Foreign errors become sentences here and nowhere else. */
static void
translate_error (GError **error,
                 const GError *cause,
                 SoupMessage *message,
                 GCancellable *cancellable)
{
  GUri *uri = soup_message_get_uri (message);
  const char *host = g_uri_get_host (uri);

  g_debug ("%s: %s %d: %s", host, g_quark_to_string (cause->domain), cause->code, cause->message);

  if (g_cancellable_is_cancelled (cancellable)
      || g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
  else if (cause->domain == G_RESOLVER_ERROR && cause->code == G_RESOLVER_ERROR_NOT_FOUND)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NO_SUCH_HOST,
                 _ ("There is no server called “%s”. Check the address."), host);
  else if (cause->domain == G_RESOLVER_ERROR)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNREACHABLE,
                 _ ("The server %s cannot be looked up right now."), host);
  else if (g_error_matches (cause, G_TLS_ERROR, G_TLS_ERROR_BAD_CERTIFICATE))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_CERTIFICATE,
                 _ ("The certificate of %s cannot be trusted: %s."), host,
                 certificate_problem (soup_message_get_tls_peer_certificate_errors (message)));
  else if (cause->domain == SOUP_SESSION_ERROR)
    set_session_error (error, cause, host);
  else
    set_io_error (error, cause, host);
}

FerryHttp *
ferry_http_new (GTlsDatabase *tls, guint timeout)
{
  FerryHttp *self = g_new0 (FerryHttp, 1);
  g_autoptr (SoupCookieJar) jar = soup_cookie_jar_new ();

  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  self->session = soup_session_new_with_options ("user-agent", "Ferry/" FERRY_VERSION, "timeout",
                                                 timeout, "idle-timeout", 30, NULL);
  if (tls != NULL)
    soup_session_set_tls_database (self->session, tls);
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_CONTENT_DECODER);
  /* Credentials are the person's to give: no answer to a challenge is made up here. */
  soup_session_remove_feature_by_type (self->session, SOUP_TYPE_AUTH_MANAGER);
  /* Some sites set a cookie and redirect to themselves; it lives as long as this run. */
  soup_session_add_feature (self->session, SOUP_SESSION_FEATURE (jar));
  return self;
}

void
ferry_http_free (FerryHttp *self)
{
  soup_session_abort (self->session);
  g_object_unref (self->session);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
add_range (SoupMessageHeaders *headers, const FerryRequest *request)
{
  g_autofree char *range = NULL;

  if (request->range_start < 0)
    return;
  if (request->range_end < 0)
    range = g_strdup_printf ("bytes=%" G_GINT64_FORMAT "-", request->range_start);
  else
    range = g_strdup_printf ("bytes=%" G_GINT64_FORMAT "-%" G_GINT64_FORMAT, request->range_start,
                             request->range_end);
  soup_message_headers_replace (headers, "Range", range);
}

static void
add_persons_headers (SoupMessageHeaders *headers, const FerryRequest *request, const char *address)
{
  if (request->headers == NULL || !ferry_address_same_origin (address, request->headers_for))
    return;
  for (gsize i = 0; request->headers[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (request->headers[i], ":", 2);
      if (g_strv_length (pair) == 2)
        soup_message_headers_replace (headers, g_strstrip (pair[0]), g_strstrip (pair[1]));
    }
}

static SoupMessage *
make_message (const FerryRequest *request, const char *address, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (address, SOUP_HTTP_URI_FLAGS, NULL);
  SoupMessage *message;
  SoupMessageHeaders *headers;

  if (uri == NULL || g_uri_get_host (uri) == NULL)
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS,
                   _ ("“%s” is not an address that can be downloaded."), address);
      return NULL;
    }
  message = soup_message_new_from_uri (SOUP_METHOD_GET, uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  headers = soup_message_get_request_headers (message);
  /* Ranges count coded bytes: nothing but the plain file will do (RFC 9110 section 12.5.3). */
  soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  if (request->referrer != NULL && ferry_address_same_origin (address, request->headers_for))
    soup_message_headers_replace (headers, "Referer", request->referrer);
  add_persons_headers (headers, request, address);
  add_range (headers, request);
  if (request->if_match != NULL)
    soup_message_headers_replace (headers, "If-Match", request->if_match);
  if (request->if_unmodified_since != NULL)
    soup_message_headers_replace (headers, "If-Unmodified-Since", request->if_unmodified_since);
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

static void
send_and_wait (FerryHttp *self, SoupMessage *message, GCancellable *cancellable, Sending *sending)
{
  g_autoptr (GCancellable) local = g_cancellable_new ();
  Relay relay = { self->context, local };
  gulong handler
      = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_elsewhere_cb), &relay, NULL);

  soup_session_send_async (self->session, message, G_PRIORITY_DEFAULT, local, sent_cb, sending);
  while (!sending->done)
    g_main_context_iteration (self->context, TRUE);
  g_cancellable_disconnect (cancellable, handler);
}

static FerryResponse *
send_once (FerryHttp *self,
           const FerryRequest *request,
           const char *address,
           GCancellable *cancellable,
           GError **error)
{
  g_autoptr (SoupMessage) message = make_message (request, address, error);
  g_autoptr (GError) cause = NULL;
  Sending sending = { 0 };
  FerryResponse *response;

  if (message == NULL)
    return NULL;
  send_and_wait (self, message, cancellable, &sending);
  if (sending.body == NULL)
    {
      cause = sending.error;
      translate_error (error, cause, message, cancellable);
      return NULL;
    }
  response = g_new0 (FerryResponse, 1);
  response->message = g_steal_pointer (&message);
  response->body = sending.body;
  response->address = g_strdup (address);
  return response;
}

static gboolean
is_redirect (unsigned status)
{
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

FerryResponse *
ferry_http_get (FerryHttp *self,
                const FerryRequest *request,
                GCancellable *cancellable,
                GError **error)
{
  g_autofree char *address = g_strdup (request->address);
  g_autofree char *host = ferry_address_host (address);

  for (guint hops = 0; hops <= MAX_REDIRECTS; hops++)
    {
      g_autoptr (FerryResponse) response = NULL;
      g_autofree char *next = NULL;
      const char *location;

      response = send_once (self, request, address, cancellable, error);
      if (response == NULL)
        return NULL;
      location = ferry_response_get_header (response, "Location");
      if (!is_redirect (ferry_response_get_status (response)) || location == NULL)
        return g_steal_pointer (&response);

      next = ferry_address_resolve (address, location, error);
      if (next == NULL)
        return NULL;
      g_debug ("redirect: %u", ferry_response_get_status (response));
      g_free (address);
      address = g_steal_pointer (&next);
    }
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_TOO_MANY_REDIRECTS,
               _ ("The server %s sends Ferry round in a circle. Look for another link."), host);
  return NULL;
}

/* ---- upward ---- */

typedef struct
{
  const FerryUpward *request;
  GBytes *json;
} UpwardBody;

/*
 * libsoup sends a request again by itself when a kept connection turns out to be gone, and then with an empty body: it
 * must be attached anew.
 */
static void
attach_body (SoupMessage *message, UpwardBody *body)
{
  const FerryUpward *request = body->request;

  if (body->json != NULL)
    soup_message_set_request_body_from_bytes (message, "application/json", body->json);
  else if (request->fd >= 0)
    {
      g_autoptr (GInputStream) slice
          = ferry_slice_new (request->fd, request->offset, request->length, request->sent);
      soup_message_set_request_body (message, NULL, slice, (gssize) request->length);
    }
}

static SoupMessage *
make_upward (const FerryUpward *request, GError **error)
{
  g_autoptr (GUri) uri = g_uri_parse (request->address, SOUP_HTTP_URI_FLAGS, NULL);
  SoupMessage *message;
  SoupMessageHeaders *headers;

  if (uri == NULL || g_uri_get_host (uri) == NULL)
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS,
                   _ ("“%s” is not an address that can be used."), request->address);
      return NULL;
    }
  message = soup_message_new_from_uri (request->method, uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  headers = soup_message_get_request_headers (message);
  if (request->bare)
    soup_message_disable_feature (message, SOUP_TYPE_COOKIE_JAR);
  else
    soup_message_headers_replace (headers, "Accept-Encoding", "identity");
  if (request->expect)
    soup_message_headers_set_expectations (headers, SOUP_EXPECTATION_CONTINUE);
  if (request->token != NULL && !request->bare)
    {
      g_autofree char *value = g_strconcat ("Bearer ", request->token, NULL);
      soup_message_headers_replace (headers, "Authorization", value);
    }
  for (gsize i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
    {
      g_auto (GStrv) pair = g_strsplit (request->headers[i], ":", 2);
      if (g_strv_length (pair) == 2)
        soup_message_headers_replace (headers, g_strstrip (pair[0]), g_strstrip (pair[1]));
    }
  return message;
}

FerryResponse *
ferry_http_send (FerryHttp *self,
                 const FerryUpward *request,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (SoupMessage) message = make_upward (request, error);
  g_autoptr (GBytes) json = NULL;
  g_autoptr (GError) cause = NULL;
  UpwardBody body = { .request = request };
  FerryResponse *response;
  GInputStream *stream;

  if (message == NULL)
    return NULL;
  if (request->json != NULL)
    json = g_bytes_new (request->json, strlen (request->json));
  body.json = json;
  attach_body (message, &body);
  g_signal_connect (message, "restarted", G_CALLBACK (attach_body), &body);
  /* Blocking: sending a stream asynchronously takes several times as long. */
  stream = soup_session_send (self->session, message, cancellable, &cause);
  g_signal_handlers_disconnect_by_data (message, &body);
  if (stream == NULL)
    {
      translate_error (error, cause, message, cancellable);
      return NULL;
    }
  response = g_new0 (FerryResponse, 1);
  response->message = g_steal_pointer (&message);
  response->body = stream;
  response->address = g_strdup (request->address);
  return response;
}

/* libsoup takes the end of a connection that was to be closed for the end of the body, and even of the head, whose lengths are
 * lost then. @length: bytes of the body that came */
static gboolean
is_whole (FerryResponse *self, gsize length)
{
  gint64 announced = ferry_response_get_length (self);

  if (announced >= 0)
    return length >= (guint64) announced;
  return length > 0 || ferry_response_is_chunked (self)
         || ferry_response_get_status (self) == SOUP_STATUS_NO_CONTENT;
}

static void
set_broke_off (FerryResponse *self, GError **error)
{
  g_autofree char *host = ferry_address_host (self->address);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK, _ ("The connection to %s broke off."),
               host);
}

GBytes *
ferry_response_read_all (FerryResponse *self,
                         gsize limit,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autofree guint8 *piece = g_malloc (64 * 1024);
  gboolean at_end = FALSE;

  while (!at_end)
    {
      g_autoptr (GError) local = NULL;
      gsize n = ferry_response_read (self, piece, 64 * 1024, &at_end, cancellable, &local);
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return NULL;
        }
      if (n > limit - all->len)
        {
          g_autofree char *host = ferry_address_host (self->address);
          g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                       _ ("The server %s gives an answer that makes no sense. Check the link."),
                       host);
          return NULL;
        }
      g_byte_array_append (all, piece, (guint) n);
    }
  if (!is_whole (self, all->len))
    {
      set_broke_off (self, error);
      return NULL;
    }
  return g_byte_array_free_to_bytes (g_steal_pointer (&all));
}

void
ferry_response_free (FerryResponse *self)
{
  /* Closing by dropping: reading the rest of a body nobody wants would cost more than a new connection. */
  g_clear_object (&self->body);
  g_clear_object (&self->message);
  g_free (self->address);
  g_free (self);
}

unsigned
ferry_response_get_status (FerryResponse *self)
{
  return soup_message_get_status (self->message);
}

const char *
ferry_response_get_address (FerryResponse *self)
{
  return self->address;
}

const char *
ferry_response_get_header (FerryResponse *self, const char *name)
{
  return soup_message_headers_get_one (soup_message_get_response_headers (self->message), name);
}

gint64
ferry_response_get_length (FerryResponse *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);

  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH)
    return -1;
  return soup_message_headers_get_content_length (headers);
}

gboolean
ferry_response_is_chunked (FerryResponse *self)
{
  SoupMessageHeaders *headers = soup_message_get_response_headers (self->message);

  return soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CHUNKED;
}

gsize
ferry_response_read (FerryResponse *self,
                     void *buffer,
                     gsize length,
                     gboolean *at_end,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GError) cause = NULL;
  gint64 first_byte = 0;
  gsize filled = 0;

  *at_end = FALSE;
  while (filled < length)
    {
      gssize n = g_input_stream_read (self->body, (guint8 *) buffer + filled, length - filled,
                                      cancellable, &cause);
      if (n < 0)
        {
          translate_error (error, cause, self->message, cancellable);
          return filled;
        }
      if (n == 0)
        {
          *at_end = TRUE;
          return filled;
        }
      filled += (gsize) n;
      if (first_byte == 0)
        first_byte = g_get_monotonic_time ();
      else if (g_get_monotonic_time () - first_byte > FILL_MICROSECONDS)
        return filled;
    }
  return filled;
}
