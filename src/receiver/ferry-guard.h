/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryGuard:
 *
 * Counts connections and drops those that make no progress. One thread: that of its context.
 */
typedef struct _FerryGuard FerryGuard;

/* One connection; goes away with the address it is known by. */
typedef struct _FerryGuarded FerryGuarded;

typedef enum
{
  FERRY_GUARD_WAITING, /* for a request: its headers must come within the time */
  FERRY_GUARD_READING, /* a body: must go on */
  FERRY_GUARD_WORKING, /* it waits for us */
  FERRY_GUARD_WRITING  /* an answer: must go on */
} FerryGuardState;

/* @timeout_ms: without progress */
FerryGuard *ferry_guard_new (GMainContext *context, guint max_connections, guint timeout_ms);
/* Drops all. */
void ferry_guard_free (FerryGuard *self);

/* A new connection, known by the object @remote from now on and as long as that lives. FALSE when there are too many and it
 * was turned away. @plain: whether an answer can be written to it. */
gboolean
ferry_guard_add (FerryGuard *self, GSocket *socket, GSocketAddress *remote, gboolean plain);

/* The connection that was added with @remote. (transfer none) (nullable) */
FerryGuarded *ferry_guard_find (GSocketAddress *remote);

FerryGuarded *ferry_guarded_ref (FerryGuarded *self);
void ferry_guarded_unref (FerryGuarded *self);

void ferry_guarded_set_state (FerryGuarded *self, FerryGuardState state);
void ferry_guarded_count (FerryGuarded *self, gsize bytes);

/* Ends it at once, in both directions. */
void ferry_guarded_drop (FerryGuarded *self);

G_END_DECLS
