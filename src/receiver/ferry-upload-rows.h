/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database.h"
#include "ferry-digest.h"
#include "ferry-ranges.h"
#include "ferry-request.h"

G_BEGIN_DECLS

/* The numbers are stored: append, never reorder. */
typedef enum
{
  FERRY_UPLOAD_IN_PROGRESS,
  FERRY_UPLOAD_COMPLETE,
  FERRY_UPLOAD_DISCARDED,
  FERRY_UPLOAD_EXPIRED
} FerryUploadStatus;

/* What tells whether somebody touched a file since; what a restored backup or another mount changes is left out. */
typedef struct
{
  guint64 inode;
  gint64 size;
  gint64 mtime_ns;
} FerryUploadStamp;

/**
 * FerryUpload:
 * @number: of the row
 * @key: (nullable): its idempotency key, as long as a new request with it means this upload
 * @request: what ferry_initiate_digest () made of the request
 * @folder: where the file goes
 * @name: the name it is to have, safe on disk
 * @modified: seconds since 1970, -1: not told
 * @sha256: that the client told at first, if @has_sha256
 * @touched: when anything last changed (seconds since 1970)
 * @published: (nullable): the name it has, or is being given while in progress
 * @whole: SHA-256 of the whole file as read back; valid with @published
 * @stamp: of the file; valid with @published
 */
typedef struct
{
  gint64 number;
  char id[FERRY_UPLOAD_ID_LENGTH + 1];
  char *key;
  guint8 request[FERRY_SHA256_SIZE];
  char *folder;
  char *name;
  guint64 size;
  guint64 chunk_size;
  gint64 modified;
  gboolean has_sha256;
  guint8 sha256[FERRY_SHA256_SIZE];
  FerryUploadStatus status;
  gint64 touched;
  char *published;
  guint8 whole[FERRY_SHA256_SIZE];
  FerryUploadStamp stamp;
} FerryUpload;

void ferry_upload_free (FerryUpload *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryUpload, ferry_upload_free)

guint64 ferry_upload_n_chunks (const FerryUpload *self);
guint64 ferry_upload_row_chunk_length (const FerryUpload *self, guint64 chunk);

/* Rows of the receiver's database. Blocks; the store's thread only, inside a transaction. */

/* For ferry_database_open (). */
extern const char *const ferry_upload_migrations[];

/* Sets the number. */
gboolean ferry_upload_rows_add (FerryDatabase *database, FerryUpload *upload, GError **error);
/* TRUE with *upload NULL where there is none. */
gboolean ferry_upload_rows_load (FerryDatabase *database,
                                 const char *id,
                                 FerryUpload **upload,
                                 GError **error);
gboolean ferry_upload_rows_load_by_key (FerryDatabase *database,
                                        const char *key,
                                        FerryUpload **upload,
                                        GError **error);
/* In progress: all whose name is about to be given; all untouched since @before. (element-type FerryUpload) */
GPtrArray *ferry_upload_rows_load_publishing (FerryDatabase *database, GError **error);
GPtrArray *ferry_upload_rows_load_stale (FerryDatabase *database, gint64 before, GError **error);
gboolean ferry_upload_rows_count_open (FerryDatabase *database, guint64 *n, GError **error);

/* The ones below change only an upload in progress; @changed tells whether it was. */
gboolean
ferry_upload_rows_touch (FerryDatabase *database, gint64 number, gint64 now, GError **error);
/* @upload's published, whole and stamp; NULL takes the name back. */
gboolean ferry_upload_rows_set_publishing (FerryDatabase *database,
                                           const FerryUpload *upload,
                                           gboolean *changed,
                                           GError **error);
/* Complete. Its chunk rows stay, so that a chunk that comes again is still known. */
gboolean ferry_upload_rows_set_complete (
    FerryDatabase *database, gint64 number, gint64 now, gboolean *changed, GError **error);
/* Discarded or expired: without chunk rows and key. Not while it is being published. */
gboolean ferry_upload_rows_end (FerryDatabase *database,
                                gint64 number,
                                FerryUploadStatus status,
                                gint64 now,
                                gboolean *changed,
                                GError **error);
/* Forgets discarded and expired ones that ended before @before. */
gboolean ferry_upload_rows_forget (FerryDatabase *database, gint64 before, GError **error);

gboolean ferry_upload_rows_add_chunk (FerryDatabase *database,
                                      gint64 number,
                                      guint64 chunk,
                                      const guint8 sha256[FERRY_SHA256_SIZE],
                                      GError **error);
/* @found: whether it is confirmed. */
gboolean ferry_upload_rows_load_chunk (FerryDatabase *database,
                                       gint64 number,
                                       guint64 chunk,
                                       gboolean *found,
                                       guint8 sha256[FERRY_SHA256_SIZE],
                                       GError **error);
/* (transfer full): which are confirmed */
FerryRanges *ferry_upload_rows_load_ranges (FerryDatabase *database, gint64 number, GError **error);
/* The SHA-256 of each confirmed chunk, by number, one behind the other. (transfer full) */
GByteArray *ferry_upload_rows_load_digests (FerryDatabase *database, gint64 number, GError **error);
gboolean ferry_upload_rows_drop_chunks (FerryDatabase *database,
                                        gint64 number,
                                        const FerryRanges *chunks,
                                        GError **error);
gboolean ferry_upload_rows_drop_all_chunks (FerryDatabase *database, gint64 number, GError **error);

G_END_DECLS
