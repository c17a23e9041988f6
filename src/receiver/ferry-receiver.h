/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FERRY_TYPE_RECEIVER (ferry_receiver_get_type ())
G_DECLARE_FINAL_TYPE (FerryReceiver, ferry_receiver, FERRY, RECEIVER, GObject)

/**
 * FerryReceiverOptions:
 * @directory: where files go; must be there. NULL only with a store
 * @listen: "127.0.0.1:8470", "[::1]:0" and their like; port 0 is any free one. NULL: 127.0.0.1:8470
 * @state: folder of the database; made with mode 0700. NULL: $XDG_STATE_HOME/ferry-receiver
 * @token_file: made when it is missing. NULL: "token" in @state
 * @chunk_size: bytes, 0: 5 MiB
 * @max_size: of a file in bytes, 0: no limit
 * @expire: seconds after which an upload that nobody touched is removed, 0: seven days
 * @tls_certificate: (nullable): PEM files, both or none
 * @tls_key: (nullable)
 * @s3_endpoint: (nullable): "https://HOST"; with @s3_bucket and @s3_region: the bytes of new uploads go from the client to this store
 * @s3_keys_file: (nullable): its keys, as in a credentials file of AWS; NULL: those of the environment
 * @s3_expire: seconds that an address at the store is good for, 0: one hour
 * @context: (nullable): whose thread serves; NULL: the thread's default. The thread that runs it has it as its default
 *   (g_main_context_push_thread_default ())
 * @max_connections: 0: 256
 * @max_uploads: open at the same time, 0: 10,000
 * @idle_timeout: milliseconds after which a client that makes no progress is dropped, 0: one minute
 */
typedef struct
{
  const char *directory;
  const char *listen;
  const char *state;
  const char *token_file;
  guint64 chunk_size;
  guint64 max_size;
  guint64 expire;
  const char *tls_certificate;
  const char *tls_key;
  GMainContext *context;
  guint max_connections;
  guint64 max_uploads;
  guint idle_timeout;
  const char *s3_endpoint;
  const char *s3_bucket;
  const char *s3_region;
  const char *s3_keys_file;
  guint s3_expire;
} FerryReceiverOptions;

/* Copies @options. */
FerryReceiver *ferry_receiver_new (const FerryReceiverOptions *options);

/**
 * ferry_receiver_start:
 *
 * Opens the state folder and listens. Blocks for a moment; the thread of the context.
 *
 * Errors: FERRY_ERROR_STORE_BUSY when another receiver has the state folder, G_IO_ERROR_ADDRESS_IN_USE when another program
 * listens there, FERRY_ERROR_INVALID_ARGUMENT for options that cannot be, others of FERRY_ERROR, each with a sentence for a
 * person. After one, start () may be tried again.
 */
gboolean ferry_receiver_start (FerryReceiver *self, GError **error);

/* Lets chunks that are all here be confirmed, cancels reading files back, drops every client. Blocks; the thread of the
 * context. Start () may follow. */
void ferry_receiver_stop (FerryReceiver *self);

/* A sentence for the owner of a receiver that runs. The thread of the context. */
typedef void (*FerryReceiverNoticeFunc) (const char *sentence, gpointer user_data);
/* Who is told when, soon after the start, the store turns out not to answer, or not to take the keys. Before start (). */
void ferry_receiver_set_notice_func (FerryReceiver *self,
                                     FerryReceiverNoticeFunc func,
                                     gpointer user_data);

/* "http://127.0.0.1:8470". (nullable): not started */
const char *ferry_receiver_get_address (FerryReceiver *self);
/* (nullable): not started */
const char *ferry_receiver_get_token_path (FerryReceiver *self);
/* (nullable): not started. Keep it secret. */
const char *ferry_receiver_get_token (FerryReceiver *self);
/* TRUE when other computers can reach it and nothing is encrypted. */
gboolean ferry_receiver_is_exposed (FerryReceiver *self);
/* (nullable): a damaged database that was renamed at the start */
const char *ferry_receiver_get_set_apart (FerryReceiver *self);

G_END_DECLS
