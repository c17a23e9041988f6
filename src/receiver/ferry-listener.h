/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-guard.h"

G_BEGIN_DECLS

/**
 * FerryListener:
 *
 * Accepts connections, with TLS where there is a certificate. One thread: that of its context, whose default it is.
 */
typedef struct _FerryListener FerryListener;

/* A client that is connected, and the head of its one request has come. @remote: ferry_guard_find () knows the connection by this very object. */
typedef void (*FerryListenerFunc) (GIOStream *stream,
                                   GSocketAddress *local,
                                   GSocketAddress *remote,
                                   gpointer user_data);

/* @certificate: (nullable). @guard outlives the listener. Errors: G_IO_ERROR. */
FerryListener *ferry_listener_new (GMainContext *context,
                                   GSocketAddress *address,
                                   GTlsCertificate *certificate,
                                   FerryGuard *guard,
                                   FerryListenerFunc func,
                                   gpointer user_data,
                                   GError **error);

/* Nobody is told of any more. */
void ferry_listener_close (FerryListener *self);

/* Where it listens, with its real port. (transfer full) */
GSocketAddress *ferry_listener_get_address (FerryListener *self);

G_END_DECLS
