/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"
#include "ferry-file-walk.h"

G_BEGIN_DECLS

/**
 * FerryUploadsReview:
 *
 * What the queue has of some files for one receiver.
 *
 * @unfinished: in it and not sent yet: adding them again means to go on
 * @finished: sent already
 */
typedef struct
{
  guint unfinished;
  guint finished;
} FerryUploadsReview;

/* @files: (element-type FerryFoundFile). @address: the receiver's, normalized. */
FerryUploadsReview
ferry_uploads_review (FerryEngine *engine, GPtrArray *files, const char *address);

/* Uploads in the queue to the server at @address that are not finished. */
guint ferry_uploads_count_unfinished (FerryEngine *engine, const char *address);

/**
 * FerryUploadsAdded:
 *
 * @added: (element-type FerryTransfer): new in the queue
 * @known: (element-type FerryTransfer): were in it; they go on, or are sent again
 * @sentence: (nullable): why the first one that could not be added could not
 */
typedef struct
{
  GPtrArray *added;
  GPtrArray *known;
  char *sentence;
} FerryUploadsAdded;

/**
 * FerryUploadBatch:
 *
 * Files on their way into the queue, a few for each turn of the main loop: ten thousand at once would freeze the window.
 * A file that is in the queue for the same receiver is not added: it goes on if it is not finished.
 */
typedef struct _FerryUploadBatch FerryUploadBatch;

typedef void (*FerryUploadBatchDone) (FerryUploadBatch *batch,
                                      const FerryUploadsAdded *result,
                                      gpointer user_data);

/**
 * ferry_upload_batch_start:
 * @found: (transfer full)
 * @address: the receiver's, normalized
 * @destination: what the person calls it
 * @again: send those again that are finished
 * @done: called once, when all are in the queue; the batch is still there
 */
FerryUploadBatch *ferry_upload_batch_start (FerryEngine *engine,
                                            FerryFoundFiles *found,
                                            const char *address,
                                            const char *destination,
                                            gboolean again,
                                            FerryUploadBatchDone done,
                                            gpointer user_data);
/* Puts the rest into the queue at once, without @done, and frees it. */
void ferry_upload_batch_end (FerryUploadBatch *self);

G_END_DECLS
