/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryReceiveThread:
 *
 * A receiver that listens on loopback, on a thread of its own: neither its start nor its end makes the main thread wait. Main
 * thread only; what the getters give does not change.
 */
typedef struct _FerryReceiveThread FerryReceiveThread;

/**
 * ferry_receive_thread_start_async:
 * @folder: where files go
 * @make_folder: whether to make it when it is missing
 * @state: the receiver's state folder
 * @port: to listen at; 0: 8470, or any that is free when that is taken
 *
 * Errors of finish: G_IO_ERROR_ADDRESS_IN_USE when another program has @port, those of ferry_receiver_start ().
 */
void ferry_receive_thread_start_async (const char *folder,
                                       gboolean make_folder,
                                       const char *state,
                                       guint port,
                                       GAsyncReadyCallback callback,
                                       gpointer user_data);
/* (transfer full): ends with ferry_receive_thread_stop_async () */
FerryReceiveThread *ferry_receive_thread_start_finish (GAsyncResult *result, GError **error);

/* Chunks that are all here are confirmed, clients are dropped. Takes @self; it is gone when @callback is called. */
void ferry_receive_thread_stop_async (FerryReceiveThread *self,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);

const char *ferry_receive_thread_get_folder (FerryReceiveThread *self);
const char *ferry_receive_thread_get_address (FerryReceiveThread *self);
guint ferry_receive_thread_get_port (FerryReceiveThread *self);
/* Keep it secret. */
const char *ferry_receive_thread_get_token (FerryReceiveThread *self);
const char *ferry_receive_thread_get_token_path (FerryReceiveThread *self);
/* (nullable): a damaged database that was renamed at the start */
const char *ferry_receive_thread_get_set_apart (FerryReceiveThread *self);

G_END_DECLS
