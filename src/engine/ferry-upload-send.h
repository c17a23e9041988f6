/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-upload-addresses.h"
#include "ferry-upload-private.h"

G_BEGIN_DECLS

/* A chunk that is hashed and may go out. */
typedef struct
{
  guint64 index;
  guint8 sha256[FERRY_SHA256_SIZE];
  gboolean has_md5;
  guint8 md5[FERRY_MD5_SIZE];
} FerryReady;

/* A chunk that arrives damaged more often than this is not the line's bad luck. */
#define FERRY_SENDING_MAX_DAMAGED 3
/* Chunks that are hashed ahead. */
#define FERRY_SENDING_MAX_READY 4

/* What the threads of one sending share; what is not constant, under the lock. */
typedef struct
{
  Upload *upload;
  FerryAddresses *addresses; /* (nullable): the bytes go to the receiver itself */

  GMutex lock;
  GCond changed;
  FerryRanges *unhashed; /* chunk indexes */
  GQueue ready;          /* of FerryReady */
  gboolean all_hashed;
  gboolean rehashed; /* a chunk went out as another reading than the whole file's digest has */
  gboolean stop;     /* nothing new is begun */
  GError *error;     /* the first */
  guint64 journaled; /* bytes */

  GArray *pending; /* of FerryChunk: confirmed, and not in the journal */
  guint64 n_asked; /* chunks that are or were in it */
  guint64 n_saved; /* those that are in the journal */
  gboolean saving;
  GError *save_error;
} FerrySending;

/* @receipt: (nullable): the store's. In the journal first, then in what is shown. */
gboolean ferry_sending_confirm (FerrySending *self,
                                const FerryReady *ready,
                                const char *receipt,
                                GError **error);

/* A chunk that arrives damaged may have been written to since it was hashed. */
gboolean ferry_sending_hash_again (FerrySending *self, FerryReady *ready, GError **error);

/* Copies of up to @max of those that wait to go out, in their order. */
guint ferry_sending_peek (FerrySending *self, FerryReady *copies, guint max);

/* One chunk to a store, and its receipt to the receiver. The thread of @http. */
gboolean
ferry_sending_send_part (FerrySending *self, FerryHttp *http, FerryReady *ready, GError **error);

G_END_DECLS
