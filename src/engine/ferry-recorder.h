/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-job.h"
#include "ferry-ranges.h"

G_BEGIN_DECLS

#define FERRY_BUFFER_SIZE (256 * 1024)

/**
 * FerryRecorder:
 *
 * Takes a download's bytes from the lane to the disk and into the journal. The lane writes; a second thread hashes;
 * a third makes what is hashed durable about once a second and then records it. Lane's thread only, but for its own two.
 */
typedef struct _FerryRecorder FerryRecorder;

/* @part stays the caller's and outlives the recorder. @held: bytes the journal already vouches for; copied. */
FerryRecorder *ferry_recorder_new (FerryJob *job, FerryPartFile *part, const FerryRanges *held);

/* Ends the threads; what was not flushed is not recorded. */
void ferry_recorder_free (FerryRecorder *self);

/**
 * ferry_recorder_begin:
 * @offset: bytes from the start of the file where the next bytes go
 *
 * Starts a run of bytes. In the middle of a chunk the bytes before @offset are held, and are read again to go on
 * with its digest. The run before must have been flushed.
 */
gboolean ferry_recorder_begin (FerryRecorder *self, guint64 offset, GError **error);

/* A buffer of FERRY_BUFFER_SIZE bytes to read into; waits for the hashing thread when all are in use. Give it back by
 * ferry_recorder_write (). */
guint8 *ferry_recorder_take_buffer (FerryRecorder *self);

/* Writes @length bytes of @buffer from @skip on where the run stands, and hands them on to be hashed and recorded. */
gboolean ferry_recorder_write (
    FerryRecorder *self, guint8 *buffer, gsize skip, gsize length, GError **error);

/* Waits until all that was written is hashed, durable and recorded. */
gboolean ferry_recorder_flush (FerryRecorder *self, GError **error);

/* What the journal vouches for; after a flush. (transfer none) */
const FerryRanges *ferry_recorder_get_held (FerryRecorder *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryRecorder, ferry_recorder_free)

G_END_DECLS
