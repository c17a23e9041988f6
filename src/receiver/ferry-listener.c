/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * libsoup's own listener is deaf for good after one failed accept, forgets a socket for each connection, and does not tell of a
 * connection's end. So connections are accepted here, and libsoup gets the stream alone.
 */
#include "ferry-listener.h"

#include "ferry-gate.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

/* After a failed accept (no descriptors left, for one) trying at once would only spin. */
#define PAUSE_MS 100
#define BACKLOG 128

struct _FerryListener
{
  gatomicrefcount n_refs;
  GMainContext *context;
  GSocket *socket;
  GTlsCertificate *certificate;
  GCancellable *cancellable;
  FerryGuard *guard;
  FerryListenerFunc func; /* NULL: closed */
  gpointer user_data;
  GSource *source;
};

typedef struct
{
  FerryListener *listener;
  GSocketAddress *local;
  GSocketAddress *remote;
} Arrival;

static void
unref (FerryListener *self)
{
  if (!g_atomic_ref_count_dec (&self->n_refs))
    return;
  g_clear_object (&self->socket);
  g_clear_object (&self->certificate);
  g_clear_object (&self->cancellable);
  g_main_context_unref (self->context);
  g_free (self);
}

static void
arrival_free (Arrival *handshake)
{
  unref (handshake->listener);
  g_object_unref (handshake->local);
  g_object_unref (handshake->remote);
  g_free (handshake);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Arrival, arrival_free)

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Arrival) arrival = user_data;
  FerryListener *self = arrival->listener;
  g_autoptr (GError) error = NULL;
  g_autoptr (GIOStream) stream = ferry_gate_read_finish (G_IO_STREAM (source), result, &error);

  if (stream == NULL)
    g_debug ("request: %s", error->message);
  else if (self->func != NULL)
    self->func (stream, arrival->local, arrival->remote, self->user_data);
}

static void
handshake_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Arrival) arrival = user_data;
  GCancellable *cancellable = arrival->listener->cancellable;
  g_autoptr (GError) error = NULL;

  if (g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, &error))
    ferry_gate_read (G_IO_STREAM (source), cancellable, read_cb, g_steal_pointer (&arrival));
  else
    g_debug ("handshake: %s", error->message);
}

static void
start_handshake (FerryListener *self, GIOStream *stream, Arrival *arrival)
{
  g_autoptr (GIOStream) tls = g_tls_server_connection_new (stream, self->certificate, NULL);
  g_autoptr (Arrival) owned = arrival;

  if (tls == NULL)
    return;
  /* Every length is told in HTTP, so a client that just leaves cuts nothing off unseen. */
  g_tls_connection_set_require_close_notify (G_TLS_CONNECTION (tls), FALSE);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, self->cancellable,
                                    handshake_cb, g_steal_pointer (&owned));
}

static void
welcome (FerryListener *self, GSocket *socket)
{
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (socket, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_get_remote_address (socket, NULL);

  /* A client that has left already has no address. */
  if (local == NULL || remote == NULL
      || !ferry_guard_add (self->guard, socket, remote, self->certificate == NULL))
    return;

  g_autoptr (GSocketConnection) connection = g_socket_connection_factory_create_connection (socket);
  Arrival *arrival = g_new0 (Arrival, 1);

  g_atomic_ref_count_inc (&self->n_refs);
  arrival->listener = self;
  arrival->local = g_steal_pointer (&local);
  arrival->remote = g_steal_pointer (&remote);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, TRUE, NULL);
  if (self->certificate != NULL)
    start_handshake (self, G_IO_STREAM (connection), arrival);
  else
    ferry_gate_read (G_IO_STREAM (connection), self->cancellable, read_cb, arrival);
}

static void watch (FerryListener *self);

static gboolean
again_cb (gpointer user_data)
{
  watch (user_data);
  return G_SOURCE_REMOVE;
}

static void
set_source (FerryListener *self, GSource *source)
{
  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_source_unref (self->source);
    }
  self->source = source;
  if (source != NULL)
    g_source_attach (source, self->context);
}

static gboolean
incoming_cb (GSocket *listening, GIOCondition condition, gpointer user_data)
{
  FerryListener *self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_accept (listening, NULL, &error);

  if (socket != NULL)
    {
      welcome (self, socket);
      return G_SOURCE_CONTINUE;
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    return G_SOURCE_CONTINUE;
  g_debug ("accept: %s", error->message);

  GSource *pause = g_timeout_source_new (PAUSE_MS);

  g_source_set_callback (pause, again_cb, self, NULL);
  set_source (self, pause);
  return G_SOURCE_REMOVE;
}

static void
watch (FerryListener *self)
{
  GSource *source = g_socket_create_source (self->socket, G_IO_IN, NULL);

  g_source_set_callback (source, G_SOURCE_FUNC (incoming_cb), self, NULL);
  set_source (self, source);
}

FerryListener *
ferry_listener_new (GMainContext *context,
                    GSocketAddress *address,
                    GTlsCertificate *certificate,
                    FerryGuard *guard,
                    FerryListenerFunc func,
                    gpointer user_data,
                    GError **error)
{
  g_autoptr (GSocket) socket = g_socket_new (g_socket_address_get_family (address),
                                             G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, error);

  if (socket == NULL)
    return NULL;
  g_socket_set_blocking (socket, FALSE);
  g_socket_set_listen_backlog (socket, BACKLOG);
  if (!g_socket_bind (socket, address, TRUE, error) || !g_socket_listen (socket, error))
    return NULL;

  FerryListener *self = g_new0 (FerryListener, 1);

  g_atomic_ref_count_init (&self->n_refs);
  self->context = g_main_context_ref (context);
  self->socket = g_steal_pointer (&socket);
  g_set_object (&self->certificate, certificate);
  self->cancellable = g_cancellable_new ();
  self->guard = guard;
  self->func = func;
  self->user_data = user_data;
  watch (self);
  return self;
}

void
ferry_listener_close (FerryListener *self)
{
  if (self == NULL)
    return;
  self->func = NULL;
  g_cancellable_cancel (self->cancellable);
  set_source (self, NULL);
  g_socket_close (self->socket, NULL);
  unref (self);
}

GSocketAddress *
ferry_listener_get_address (FerryListener *self)
{
  return g_socket_get_local_address (self->socket, NULL);
}
