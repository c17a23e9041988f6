/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * libsoup's server waits for a client without an end. So every connection has a time by which it must have got on: a request's
 * headers must be complete, and a body must have moved on by some bytes. One that waits for our own work is let be.
 * Dropping shuts the socket down; libsoup sees the end of the stream and cleans up as it would anyway.
 */
#include "ferry-guard.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* So much must move in each time-out: far below any network, far above what costs a client nothing. */
#define MIN_PROGRESS (16 * 1024)

#define KEY "ferry-guarded"

struct _FerryGuard
{
  guint max_connections;
  gint64 timeout; /* microseconds */
  GSource *timer;
  GHashTable *connections; /* set of FerryGuarded */
};

struct _FerryGuarded
{
  FerryGuard *guard; /* (nullable): gone */
  GSocket *socket;
  guint n_refs;
  FerryGuardState state;
  gint64 since;
  guint64 bytes;
  guint64 bytes_since;
  int unsent;
};

FerryGuarded *
ferry_guarded_ref (FerryGuarded *self)
{
  self->n_refs++;
  return self;
}

void
ferry_guarded_unref (FerryGuarded *self)
{
  if (--self->n_refs > 0)
    return;
  g_object_unref (self->socket);
  g_free (self);
}

void
ferry_guarded_drop (FerryGuarded *self)
{
  const struct linger linger = { .l_onoff = 1, .l_linger = 0 };

  if (g_socket_is_closed (self->socket))
    return;
  /* Closing it then resets the connection: a client in the middle of sending fails at once instead of hanging. */
  setsockopt (g_socket_get_fd (self->socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_socket_shutdown (self->socket, TRUE, TRUE, NULL);
}

/* What the kernel has taken from us and the client has not: it moves when a slow client reads, long before more can be
 * written. */
static int
unsent_bytes (FerryGuarded *self)
{
  int n = 0;

  if (g_socket_is_closed (self->socket) || ioctl (g_socket_get_fd (self->socket), SIOCOUTQ, &n) < 0)
    return 0;
  return n;
}

static void
start_period (FerryGuarded *self, gint64 now)
{
  self->since = now;
  self->bytes_since = self->bytes;
}

void
ferry_guarded_set_state (FerryGuarded *self, FerryGuardState state)
{
  self->state = state;
  start_period (self, g_get_monotonic_time ());
}

void
ferry_guarded_count (FerryGuarded *self, gsize bytes)
{
  self->bytes += bytes;
}

static gboolean
has_moved (FerryGuarded *self)
{
  int unsent = unsent_bytes (self);
  gboolean drained = self->state == FERRY_GUARD_WRITING && unsent != self->unsent;

  self->unsent = unsent;
  return drained || self->bytes - self->bytes_since >= MIN_PROGRESS;
}

static void
check (FerryGuarded *self, gint64 now)
{
  if (self->state == FERRY_GUARD_WORKING || now - self->since < self->guard->timeout)
    return;
  if (self->state != FERRY_GUARD_WAITING && has_moved (self))
    start_period (self, now);
  else
    ferry_guarded_drop (self);
}

static gboolean
timer_cb (gpointer user_data)
{
  FerryGuard *self = user_data;
  gint64 now = g_get_monotonic_time ();
  g_autoptr (GList) all = g_hash_table_get_keys (self->connections);

  for (GList *l = all; l != NULL; l = l->next)
    check (l->data, now);
  return G_SOURCE_CONTINUE;
}

FerryGuard *
ferry_guard_new (GMainContext *context, guint max_connections, guint timeout_ms)
{
  FerryGuard *self = g_new0 (FerryGuard, 1);

  self->max_connections = max_connections;
  self->timeout = (gint64) timeout_ms * 1000;
  self->connections = g_hash_table_new (NULL, NULL);
  self->timer = g_timeout_source_new (CLAMP (timeout_ms / 4, 10, 5000));
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, context);
  return self;
}

void
ferry_guard_free (FerryGuard *self)
{
  if (self == NULL)
    return;

  g_autoptr (GList) all = g_hash_table_get_keys (self->connections);

  for (GList *l = all; l != NULL; l = l->next)
    {
      FerryGuarded *connection = l->data;

      ferry_guarded_drop (connection);
      connection->guard = NULL;
    }
  g_hash_table_unref (self->connections);
  g_source_destroy (self->timer);
  g_source_unref (self->timer);
  g_free (self);
}

static void
gone_cb (gpointer data)
{
  FerryGuarded *self = data;

  if (self->guard != NULL)
    g_hash_table_remove (self->guard->connections, self);
  ferry_guarded_unref (self);
}

static void
turn_away (GSocket *socket, gboolean plain)
{
  static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n"
                               "Content-Length: 0\r\nConnection: close\r\n\r\n";

  /* A new socket has room for this, and it does not matter if not. */
  if (plain)
    g_socket_send_with_blocking (socket, answer, strlen (answer), FALSE, NULL, NULL);
  g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

gboolean
ferry_guard_add (FerryGuard *self, GSocket *socket, GSocketAddress *remote, gboolean plain)
{
  if (g_hash_table_size (self->connections) >= self->max_connections)
    {
      turn_away (socket, plain);
      return FALSE;
    }

  FerryGuarded *connection = g_new0 (FerryGuarded, 1);

  connection->guard = self;
  connection->socket = g_object_ref (socket);
  connection->n_refs = 1;
  ferry_guarded_set_state (connection, FERRY_GUARD_WAITING);
  g_hash_table_add (self->connections, connection);
  g_object_set_data_full (G_OBJECT (remote), KEY, connection, gone_cb);
  return TRUE;
}

FerryGuarded *
ferry_guard_find (GSocketAddress *remote)
{
  return remote != NULL ? g_object_get_data (G_OBJECT (remote), KEY) : NULL;
}
