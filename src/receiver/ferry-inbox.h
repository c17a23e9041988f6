/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ferry-ranges.h"
#include "ferry-request.h"
#include "ferry-upload-rows.h"

G_BEGIN_DECLS

/**
 * FerryInbox:
 *
 * The uploads: rows in a database and data files in the target folder. All calls block: worker
 * threads only, any number at once. Errors are FERRY_PROBLEM_ERROR, FERRY_ERROR and G_IO_ERROR_CANCELLED.
 */
typedef struct _FerryInbox FerryInbox;

/**
 * FerryInboxOptions:
 * @folder: (nullable): absolute path of where files go; NULL only with @store
 * @state: folder of the database, which the caller owns
 * @chunk_size: bytes; doubled for files that would have too many chunks
 * @max_size: of a file in bytes, 0: no limit
 * @max_uploads: open at the same time
 * @expire: seconds after which an untouched upload is removed
 * @store: (nullable): what the bytes of new uploads go to instead of @folder
 */
typedef struct
{
  const char *folder;
  const char *state;
  guint64 chunk_size;
  guint64 max_size;
  guint64 max_uploads;
  gint64 expire;
  const char *store;
} FerryInboxOptions;

/* @set_apart: (out) (nullable): path of a damaged database that was renamed and replaced by an empty one */
FerryInbox *ferry_inbox_open (const FerryInboxOptions *options, char **set_apart, GError **error);
void ferry_inbox_close (FerryInbox *self);

/* The upload of @key, made when there is none. @made: (out): whether it was. (transfer full) */
FerryUpload *ferry_inbox_initiate (FerryInbox *self,
                                   const char *key,
                                   const FerryInitiate *initiate,
                                   gboolean *made,
                                   GError **error);

/* (transfer full): NULL with NO_SUCH_UPLOAD */
FerryUpload *ferry_inbox_load (FerryInbox *self, const char *id, GError **error);

/* The upload and which of its chunks are confirmed: what a crash at this moment would leave. */
gboolean ferry_inbox_status (
    FerryInbox *self, const char *id, FerryUpload **upload, FerryRanges **received, GError **error);

/* When the upload is removed unless something happens (seconds since 1970). */
gint64 ferry_inbox_expires (FerryInbox *self, const FerryUpload *upload);

/**
 * FerryChunkPlan:
 * @length: bytes of the chunk
 * @confirmed: the chunk is there already: the bytes are compared with @sha256 and not written
 * @proven: ferry_chunk_plan_confirm () gave TRUE: a client may be told
 *
 * What is to become of the body of a chunk.
 */
typedef struct
{
  FerryInbox *inbox;
  FerryUpload *upload;
  guint64 chunk;
  guint64 offset;
  guint64 length;
  gboolean confirmed;
  gboolean proven;
  guint8 sha256[FERRY_SHA256_SIZE];
  guint64 n_taken;     /* bytes */
  FerryDigest *digest; /* of them */
  gpointer part;       /* FerryInboxPart */
} FerryChunkPlan;

/* @sha256: that the client says the chunk has. (transfer full) */
FerryChunkPlan *ferry_inbox_plan_chunk (FerryInbox *self,
                                        const char *id,
                                        guint64 chunk,
                                        guint64 length,
                                        const guint8 sha256[FERRY_SHA256_SIZE],
                                        GError **error);
void ferry_chunk_plan_free (FerryChunkPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkPlan, ferry_chunk_plan_free)

/* The next bytes of the chunk: into the page cache, and into the digest of what is stored. One call at a time for a plan. */
gboolean
ferry_chunk_plan_take (FerryChunkPlan *plan, const void *data, gsize length, GError **error);

/* All is taken: compares, syncs and records. TRUE: a crash cannot take it back. For a confirmed one: that it still is. */
gboolean ferry_chunk_plan_confirm (FerryChunkPlan *plan, GError **error);

/**
 * ferry_inbox_complete:
 * @sha256: (nullable): that the client says the file has
 * @missing: (out) (nullable): chunks to send (again), with the error MISSING
 *
 * Of a direct upload: reads the whole file back, and gives it its name. Not twice at once for one upload.
 *
 * Returns: (transfer full): the complete upload
 */
FerryUpload *ferry_inbox_complete (FerryInbox *self,
                                   const char *id,
                                   const guint8 *sha256,
                                   GCancellable *cancellable,
                                   FerryRanges **missing,
                                   GError **error);

/* Not while it is being completed. */
gboolean ferry_inbox_discard (FerryInbox *self, const char *id, GError **error);

/* Removes what nobody touched for too long. */
gboolean ferry_inbox_expire (FerryInbox *self, GError **error);

/* The finished file, opened for reading; -1 when it is not there, or is not what was received any more. */
int ferry_inbox_open_file (
    FerryInbox *self, const char *id, const char *name, FerryUpload **upload, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryInbox, ferry_inbox_close)

G_END_DECLS
