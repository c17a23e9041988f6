/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database.h"
#include "ferry-digest.h"
#include "ferry-ranges.h"
#include "ferry-receipt.h"
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

/* Where the bytes go. The numbers are stored: append, never reorder. */
typedef enum
{
  FERRY_TRANSPORT_DIRECT,
  FERRY_TRANSPORT_PRESIGNED
} FerryTransport;

/* What is left to do at the store after an upload ended. The numbers are stored: append, never reorder. */
typedef enum
{
  FERRY_CLEANING_DONE,
  FERRY_CLEANING_AGAIN, /* once more, later: what was under way then may have landed since */
  FERRY_CLEANING_DUE
} FerryCleaning;

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
 * @folder: where the file goes; "" where it goes to a store
 * @name: the name it is to have, safe on disk
 * @modified: seconds since 1970, -1: not told
 * @sha256: that the client told at first, if @has_sha256
 * @touched: when anything last changed (seconds since 1970)
 * @published: (nullable): the name it has, or is being given while in progress
 * @whole: SHA-256 of the whole file, if @has_whole: as read back, or as told by the client where a store vouches for it
 * @stamp: of the file; valid with @published of a direct one
 * @store: (nullable): which store, of a presigned one
 * @multipart: (nullable): its upload there; NULL: none, or one whose id was never told
 * @completing: the store was told to complete it, so an object may be there
 * @proof: what the store vouches for; valid with @completing
 * @etag: (nullable): of the finished object, without quotes
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
  gboolean has_whole;
  guint8 whole[FERRY_SHA256_SIZE];
  FerryUploadStamp stamp;
  FerryTransport transport;
  char *store;
  char *multipart;
  gboolean completing;
  FerryProof proof;
  char *etag;
  FerryCleaning cleaning;
} FerryUpload;

void ferry_upload_free (FerryUpload *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryUpload, ferry_upload_free)

guint64 ferry_upload_n_chunks (const FerryUpload *self);
guint64 ferry_upload_row_chunk_length (const FerryUpload *self, guint64 chunk);

/* Rows of the receiver's database. Blocks; the store's thread only, inside a transaction. */

/* For ferry_database_open (). */
extern const char *const ferry_upload_migrations[];

/* Its first parameter is the number of an upload, or whatever number @sql has there. (nullable) (transfer none) */
sqlite3_stmt *
ferry_upload_rows_prepare (FerryDatabase *database, const char *sql, gint64 number, GError **error);
/* @changed: whether any row was. */
gboolean ferry_upload_rows_step (FerryDatabase *database,
                                 sqlite3_stmt *statement,
                                 gboolean *changed,
                                 GError **error);

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
/* What @statement, with its parameters, gives of these columns. NULL with an error, also where @statement is. */
#define FERRY_UPLOAD_COLUMNS                                                                       \
  "number, id, key, request, folder, name, size, chunk_size, modified, sha256, status, touched, "  \
  "published, whole, stamp_inode, stamp_size, stamp_mtime, transport, store, multipart, "          \
  "completing, proof, etag, cleaning"
GPtrArray *
ferry_upload_rows_collect (FerryDatabase *database, sqlite3_stmt *statement, GError **error);

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
/* Discarded or expired: without chunk rows and key; the store is to be cleaned of a presigned one. Not while it is being published. */
gboolean ferry_upload_rows_end (FerryDatabase *database,
                                gint64 number,
                                FerryUploadStatus status,
                                gint64 now,
                                gboolean *changed,
                                GError **error);
/* Forgets discarded and expired ones that ended before @before and left nothing to clean. */
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
