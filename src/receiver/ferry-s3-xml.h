/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-s3.h"

G_BEGIN_DECLS

/* What an S3 store answers, taken apart: pure, bounded, for any bytes, fuzzed. */

/* The most bytes of an answer that are looked at: a page of 1,000 parts has about 0.4 MiB. */
#define FERRY_S3_ANSWER_MAX (4 * 1024 * 1024)

/**
 * FerryS3Document:
 * @root: name of the root element, without the namespace
 * @fields: (element-type utf8 utf8): texts of the root's children that have no children
 * @groups: (element-type FerryS3Group): the root's children that have some
 */
typedef struct
{
  char *root;
  GHashTable *fields;
  GPtrArray *groups;
} FerryS3Document;

typedef struct
{
  char *name;
  GHashTable *fields;
} FerryS3Group;

/* (transfer full) (nullable): it is not XML, or too deep or too long */
FerryS3Document *ferry_s3_document_parse (const char *data, gsize length);
void ferry_s3_document_free (FerryS3Document *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryS3Document, ferry_s3_document_free)

/**
 * ferry_s3_check_answer:
 * @what: the operation, for the log
 * @status: of HTTP
 * @document: (nullable): the body, where it could be parsed
 *
 * TRUE for a 2xx whose body is no <Error>; otherwise a FERRY_S3_ERROR that names the store's code and region and nothing
 * else of what it says.
 */
gboolean ferry_s3_check_answer (const char *what,
                                guint status,
                                const FerryS3Document *document,
                                GError **error);

/* A page of ListParts is added to @parts (element-type FerryS3Part). *next: where the next page begins, 0 after the last. FALSE
 * when it makes no sense. */
gboolean ferry_s3_document_get_parts (const FerryS3Document *self, GPtrArray *parts, guint *next);

/* Of a page of ListMultipartUploads, the ids of uploads of @key are added to @ids. *next_key, *next_id: (transfer full): where
 * the next page begins, NULL after the last. */
gboolean ferry_s3_document_get_uploads (
    const FerryS3Document *self, const char *key, GPtrArray *ids, char **next_key, char **next_id);

/* Of CreateMultipartUpload. (transfer full) (nullable) */
char *ferry_s3_document_get_upload_id (const FerryS3Document *self);

/* The body of CompleteMultipartUpload, with SHA-256s where all @parts (element-type FerryS3Part) have one. (transfer full) */
char *ferry_s3_complete_body (GPtrArray *parts);

/* Without the quotes round it. (transfer full) (nullable): NULL, empty, not printable ASCII, or longer than 256 */
char *ferry_s3_parse_etag (const char *text);

/* base64 of 32 bytes. */
gboolean ferry_s3_parse_sha256 (const char *text, guint8 sha256[FERRY_SHA256_SIZE]);

G_END_DECLS
