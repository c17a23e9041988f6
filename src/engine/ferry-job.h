/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-store.h"

G_BEGIN_DECLS

/* What a lane is doing, for the caption. */
typedef enum
{
  FERRY_STAGE_CONNECTING,
  FERRY_STAGE_CHECKING, /* re-reading what is on disk before going on */
  FERRY_STAGE_RECEIVING,
  FERRY_STAGE_SENDING,
  FERRY_STAGE_VERIFYING, /* the whole file against a checksum */
  FERRY_STAGE_PUBLISHING
} FerryStage;

/**
 * FerryJob:
 *
 * One run of one transfer on a lane: all that main and the lane share. Reference-counted.
 *
 * Constant from the start: @id, @spec, @store, @tls, @timeout, @accept_web_page, @start_over, @cancellable.
 * The lane's alone until it ends, then main's: @progress, @error, @retry_after, @path, @n_broken.
 * Anyone's: the atomics behind the functions, and the snapshot and history lines under a lock.
 */
typedef struct
{
  gatomicrefcount refs;

  char *id;
  FerrySpec *spec;
  FerryStore *store; /* (not owned) outlives the lanes */
  GTlsDatabase *tls; /* (nullable) */
  guint timeout;     /* seconds without a byte */
  gboolean accept_web_page;
  gboolean start_over;
  GCancellable *cancellable;

  FerryProgress *progress;
  GError *error;
  gint64 retry_after; /* seconds the server asked for, -1 */
  char *path;         /* (nullable) of the finished file */
  guint
      n_broken; /* (inout) of an upload: runs in a row in which the other end lacked what it had confirmed */
  char *
      token_problem; /* (nullable) of an upload: why the keyring could not be asked for its token */

  /* private */
  int stage;
  guint64 received;
  guint64 confirmed;
  guint64 checked;
  guint64 under_way; /* bytes of an upload that are sent and not confirmed; atomic */
  guint serial;
  GMutex lock;
  FerryProgress *snapshot;
  GPtrArray *history;
} FerryJob;

/* @download is copied: what the journal knows. */
FerryJob *ferry_job_new (const char *id,
                         const FerrySpec *spec,
                         const FerryProgress *progress,
                         FerryStore *store,
                         GTlsDatabase *tls);
FerryJob *ferry_job_ref (FerryJob *self);
void ferry_job_unref (FerryJob *self);

void ferry_job_set_stage (FerryJob *self, FerryStage stage);
FerryStage ferry_job_get_stage (FerryJob *self);

/* Bytes held on disk, whether or not in the journal yet. */
void ferry_job_set_received (FerryJob *self, guint64 bytes);
guint64 ferry_job_get_received (FerryJob *self);

/* Bytes this run brought into the journal: more than none makes the back-off start afresh. */
void ferry_job_add_confirmed (FerryJob *self, guint64 bytes);
guint64 ferry_job_get_confirmed (FerryJob *self);

/* Bytes re-read in the stages CHECKING and VERIFYING. */
void ferry_job_set_checked (FerryJob *self, guint64 bytes);
guint64 ferry_job_get_checked (FerryJob *self);

/* Bytes of an upload that were handed to connections and are not confirmed. */
guint64 ferry_job_get_under_way (FerryJob *self);

/* The lane shows main a new state of job->progress. */
void ferry_job_publish_progress (FerryJob *self);

/* Main: a copy of what the lane last showed when it is newer than @serial, which is brought up to date. (transfer full)
 * (nullable) */
FerryProgress *ferry_job_take_progress (FerryJob *self, guint *serial);

/* A sentence for the row's history. Takes @sentence. */
void ferry_job_take_note (FerryJob *self, char *sentence);

/* Main: the sentences since the last call. (transfer full) (element-type utf8) */
GPtrArray *ferry_job_steal_notes (FerryJob *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryJob, ferry_job_unref)

G_END_DECLS
