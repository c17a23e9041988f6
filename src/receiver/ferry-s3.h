/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ferry-digest.h"

G_BEGIN_DECLS

/* Parts are numbered from 1. */
#define FERRY_S3_MAX_PARTS 10000
#define FERRY_S3_MIN_PART (G_GUINT64_CONSTANT (5) << 20)
#define FERRY_S3_MAX_PART (G_GUINT64_CONSTANT (5) << 30)

/**
 * FerryS3Error:
 * @UNREACHABLE: no answer, or one that promises to be better later (500, 503, SlowDown); try again
 * @REFUSED: the keys or the region are wrong, or they do not allow this
 * @CLOCK: this machine's clock is too far off
 * @NO_BUCKET: there is none of this name
 * @NO_SUCH_UPLOAD: completed, aborted, or never there
 * @BAD_PARTS: some part is missing, too small, or not the one that was named
 * @PROTOCOL: an answer that makes no sense
 */
typedef enum
{
  FERRY_S3_ERROR_UNREACHABLE,
  FERRY_S3_ERROR_REFUSED,
  FERRY_S3_ERROR_CLOCK,
  FERRY_S3_ERROR_NO_BUCKET,
  FERRY_S3_ERROR_NO_SUCH_UPLOAD,
  FERRY_S3_ERROR_BAD_PARTS,
  FERRY_S3_ERROR_PROTOCOL
} FerryS3Error;

#define FERRY_S3_ERROR (ferry_s3_error_quark ())
GQuark ferry_s3_error_quark (void);

/**
 * FerryS3:
 *
 * One bucket of an S3-compatible store. Immutable; all calls but those that sign block: worker threads only, any number at once.
 * Errors are FERRY_S3_ERROR, with a message for the log that names no key and no signature, and G_IO_ERROR_CANCELLED.
 */
typedef struct _FerryS3 FerryS3;

/**
 * FerryS3Options:
 * @endpoint: "http://" or "https://" and host, perhaps with a port; the bucket is put in the path
 * @session_token: (nullable)
 * @tls: (nullable): certificate authorities to trust instead of the system's
 */
typedef struct
{
  const char *endpoint;
  const char *bucket;
  const char *region;
  const char *access_key;
  const char *secret_key;
  const char *session_token;
  GTlsDatabase *tls;
} FerryS3Options;

/* NULL with FERRY_ERROR_INVALID_ARGUMENT, whose message is a sentence for a person. */
FerryS3 *ferry_s3_new (const FerryS3Options *options, GError **error);
void ferry_s3_free (FerryS3 *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryS3, ferry_s3_free)

/* Whether the bucket is there and the keys are good for it. */
gboolean ferry_s3_check (FerryS3 *self, GCancellable *cancellable, GError **error);

/* CreateMultipartUpload that asks for a SHA-256 of each part. @file_name: what a browser is to call the object, and @modified
 * (seconds since 1970, -1: not known) kept as metadata. (transfer full): its upload id */
char *ferry_s3_create (FerryS3 *self,
                       const char *key,
                       const char *file_name,
                       gint64 modified,
                       GCancellable *cancellable,
                       GError **error);

/* Ids of all uploads of exactly this key that were created and neither completed nor aborted (ListMultipartUploads, all pages).
 * (transfer full) (array zero-terminated=1) */
char **
ferry_s3_list_uploads (FerryS3 *self, const char *key, GCancellable *cancellable, GError **error);

/* Sends part 1 without a byte in it, with its SHA-256: the only part of an empty object. */
gboolean ferry_s3_put_empty_part (FerryS3 *self,
                                  const char *key,
                                  const char *upload_id,
                                  GCancellable *cancellable,
                                  GError **error);

/* A complete address to PUT one part to, with nothing but the header @checksum: where @sha256 is not NULL,
 * "x-amz-checksum-sha256" with this value (transfer full); NULL, too, where the store has said that it knows no such
 * thing. (transfer full) */
char *ferry_s3_presign_part (FerryS3 *self,
                             const char *key,
                             const char *upload_id,
                             guint number,
                             const guint8 *sha256,
                             guint expires,
                             char **checksum);

/* A complete address to GET the object, as a download called @file_name. (transfer full) */
char *ferry_s3_presign_get (FerryS3 *self, const char *key, const char *file_name, guint expires);

/**
 * FerryS3Part:
 * @etag: without quotes
 * @has_sha256: the store took and tells the SHA-256 of the part
 */
typedef struct
{
  guint number;
  char *etag;
  guint64 size;
  gboolean has_sha256;
  guint8 sha256[FERRY_SHA256_SIZE];
} FerryS3Part;

void ferry_s3_part_free (FerryS3Part *self);

/* All pages. (transfer full) (element-type FerryS3Part): ascending */
GPtrArray *ferry_s3_list_parts (FerryS3 *self,
                                const char *key,
                                const char *upload_id,
                                GCancellable *cancellable,
                                GError **error);

/**
 * FerryS3Object:
 * @etag: without quotes
 * @sha256: (nullable): as the store tells it: base64, perhaps with "-N" behind it for N parts
 */
typedef struct
{
  char *etag;
  guint64 size;
  char *sha256;
} FerryS3Object;

void ferry_s3_object_free (FerryS3Object *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryS3Object, ferry_s3_object_free)

/* CompleteMultipartUpload with @parts (element-type FerryS3Part), ascending. An error inside a 200 is an error. NO_SUCH_UPLOAD
 * may mean that an earlier try came through: ask head (). */
gboolean ferry_s3_complete (FerryS3 *self,
                            const char *key,
                            const char *upload_id,
                            GPtrArray *parts,
                            GCancellable *cancellable,
                            GError **error);

/* Again and again until no part is listed any more; TRUE where the upload is not there (any more). */
gboolean ferry_s3_abort (FerryS3 *self,
                         const char *key,
                         const char *upload_id,
                         GCancellable *cancellable,
                         GError **error);

/* TRUE with *object NULL where there is none. */
gboolean ferry_s3_head (FerryS3 *self,
                        const char *key,
                        FerryS3Object **object,
                        GCancellable *cancellable,
                        GError **error);

gboolean
ferry_s3_delete (FerryS3 *self, const char *key, GCancellable *cancellable, GError **error);

/* What the ETag of an object of these parts is where part ETags are MD5s (hex, "-N" behind it). (nullable): they are none.
 * (transfer full) */
char *ferry_s3_composite_etag (GPtrArray *parts);
/* base64 of SHA-256 over the parts' SHA-256s, "-N" behind it. (nullable): not all parts have one. (transfer full) */
char *ferry_s3_composite_sha256 (GPtrArray *parts);

G_END_DECLS
