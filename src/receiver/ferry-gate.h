/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Longest head of a request: line and fields. */
#define FERRY_GATE_HEAD_MAX (32 * 1024)

/**
 * ferry_gate_read:
 * @stream: a new connection
 *
 * Reads the head of the request that the connection carries and looks whether it is fit to be parsed. What is not is answered
 * here.
 */
void ferry_gate_read (GIOStream *stream,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);

/* (transfer full): a stream that gives the head again and then the rest; NULL when there is nothing more to do. */
GIOStream *ferry_gate_read_finish (GIOStream *stream, GAsyncResult *result, GError **error);

G_END_DECLS
