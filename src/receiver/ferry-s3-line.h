/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-s3-xml.h"
#include "ferry-sigv4.h"

G_BEGIN_DECLS

struct _FerryS3
{
  char *origin; /* "https://host:port" */
  char *host;   /* "host:port" */
  char *bucket;
  char *access_key;
  char *secret_key;
  char *session_token;
  char *region;
  GTlsDatabase *tls;
  FerrySigv4Keys keys; /* of the above */
  /* The store has said that it knows no SHA-256 of parts. Atomic. */
  gint plain;
};

/* "/bucket" or "/bucket/key". (transfer full) */
char *ferry_s3_path (FerryS3 *self, const char *key);

/**
 * FerryS3Ask:
 * @what: the operation, for the log
 * @key: (nullable): NULL asks the bucket
 * @query, @headers: (nullable): names and values in turn; all are signed
 * @body: (nullable)
 */
typedef struct
{
  const char *what;
  const char *method;
  const char *key;
  const char *const *query;
  const char *const *headers;
  const char *body;
} FerryS3Ask;

/**
 * FerryS3Answer:
 * @document: (nullable): the body is none
 * @etag, @sha256: (nullable): the header fields ETag without quotes, and x-amz-checksum-sha256
 * @length: Content-Length, -1 where it is not told
 */
typedef struct
{
  guint status;
  FerryS3Document *document;
  char *etag;
  char *sha256;
  gint64 length;
} FerryS3Answer;

void ferry_s3_answer_free (FerryS3Answer *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryS3Answer, ferry_s3_answer_free)

/**
 * FerryS3Line:
 *
 * A connection to the store for some requests in a row, of the thread that makes it. What never came to an answer is
 * FERRY_S3_ERROR_UNREACHABLE.
 */
typedef struct _FerryS3Line FerryS3Line;

/* @seconds: how long the store may say nothing */
FerryS3Line *ferry_s3_line_new (FerryS3 *store, guint seconds);
void ferry_s3_line_free (FerryS3Line *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryS3Line, ferry_s3_line_free)

/* Signs, sends, reads to the end. Any status is an answer. Blocks. (transfer full) */
FerryS3Answer *ferry_s3_line_ask (FerryS3Line *self,
                                  const FerryS3Ask *ask,
                                  GCancellable *cancellable,
                                  GError **error);

/* The same where only a success is an answer. */
FerryS3Answer *ferry_s3_line_call (FerryS3Line *self,
                                   const FerryS3Ask *ask,
                                   GCancellable *cancellable,
                                   GError **error);

G_END_DECLS
