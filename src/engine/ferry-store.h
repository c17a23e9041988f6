/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destination.h"
#include "ferry-record.h"

G_BEGIN_DECLS

/**
 * FerryStore:
 *
 * The journal: SQLite on its own thread. Calls from other threads are queued in order; what waits at the same time shares one
 * transaction (FULL synchronous). "post" calls return at once; a failed one reaches the error handler. The
 * others block until the transaction is on disk: lanes only, never main (open, close and load apart).
 */
typedef struct _FerryStore FerryStore;

/* On the store's thread; hop to where it is needed. @error is owned by the caller of the handler. */
typedef void (*FerryStoreErrorFunc) (const GError *error, gpointer user_data);

/**
 * ferry_store_open:
 * @folder: the state folder; made with mode 0700 (parents too)
 * @set_apart: (out) (nullable): path of a damaged database that was renamed and replaced by an empty one
 *
 * The caller owns the folder already (FerryOwner). Database: "queue.db". Errors: those of ferry_database_open () but
 * DAMAGED. Blocks; any thread.
 */
FerryStore *ferry_store_open (const char *folder, char **set_apart, GError **error);

/* Writes what is queued, ends the thread, closes. Blocks. */
void ferry_store_close (FerryStore *self);

void ferry_store_set_error_func (FerryStore *self, FerryStoreErrorFunc func, gpointer user_data);

/* All rows by position. (transfer full) (element-type FerryRecord) */
GPtrArray *ferry_store_load (FerryStore *self, GError **error);

/* The places that uploads go to; what cannot be one is left out. (transfer full) (element-type FerryDestination) */
GPtrArray *ferry_store_load_destinations (FerryStore *self, GError **error);

/* Blocks until everything queued before is on disk. */
gboolean ferry_store_flush (FerryStore *self, GError **error);

/* ---- main's part ---- */

/* A new row, whole (public headers only). Copies @record. */
void ferry_store_post_add (FerryStore *self, const FerryRecord *record);
/* wanted, outcome, error_*, finished, removed, path. Copies. */
void ferry_store_post_update (FerryStore *self, const FerryRecord *record);
/* As add where the row is not there yet (the disk was full when it was added), else as update. Copies. */
void ferry_store_post_ensure (FerryStore *self, const FerryRecord *record);
/* A new address, folder or name in the spec. Copies. */
void ferry_store_post_spec (FerryStore *self, const FerryRecord *record);
/* Position of @ids, in that order, from 0. */
void ferry_store_post_order (FerryStore *self, const char *const *ids);
/* The row, its chunks and events. */
void ferry_store_post_remove (FerryStore *self, const char *id);
/* A line of the row's history: when (seconds since 1970) and a plain sentence. */
void ferry_store_post_event (FerryStore *self, const char *id, gint64 when, const char *sentence);

/* All of them, in place of those that were there, but for the receiver inside Ferry. Copies. (element-type FerryDestination) */
void ferry_store_post_destinations (FerryStore *self, GPtrArray *destinations);

/* ---- a lane's part ---- */

/* The download's columns. */
gboolean ferry_store_save_progress (FerryStore *self,
                                    const char *id,
                                    const FerryProgress *progress,
                                    GError **error);
/* Chunk rows (insert or replace, unsettled) and the download's confirmed bytes, one transaction. */
gboolean ferry_store_save_chunks (FerryStore *self,
                                  const char *id,
                                  const FerryChunk *chunks,
                                  gsize n,
                                  guint64 confirmed,
                                  GError **error);
/* A clean stop: all chunks settled, @stamp recorded. */
gboolean
ferry_store_settle (FerryStore *self, const char *id, const FerryPartStamp *stamp, GError **error);
/* Start over: no chunks, download columns as given. */
gboolean ferry_store_start_over (FerryStore *self,
                                 const char *id,
                                 const FerryProgress *progress,
                                 GError **error);
/* Forgets the given chunks (found damaged). */
gboolean ferry_store_drop_chunks (FerryStore *self,
                                  const char *id,
                                  const guint64 *indexes,
                                  gsize n,
                                  guint64 confirmed,
                                  GError **error);
/* By index. (transfer full) (element-type FerryChunk) */
GArray *ferry_store_load_chunks (FerryStore *self, const char *id, GError **error);

typedef struct
{
  gint64 when;
  char *sentence;
} FerryHistoryLine;

/* Oldest first. (transfer full) (element-type FerryHistoryLine) with a free function set. */
GPtrArray *ferry_store_load_history (FerryStore *self, const char *id, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryStore, ferry_store_close)

G_END_DECLS
