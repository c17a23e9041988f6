/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

#include "ferry-digest.h"
#include "ferry-receipt.h"

G_BEGIN_DECLS

/* What clients send, taken apart. Pure, bounded, any bytes; NULL counts as absent. Every one is fuzzed. */

#define FERRY_UPLOAD_ID_LENGTH 32
#define FERRY_REQUEST_JSON_MAX (64 * 1024)
#define FERRY_REQUEST_JSON_DEPTH 8
#define FERRY_REQUEST_NAME_MAX 4096
#define FERRY_REQUEST_KEY_MAX 255

/* No file is bigger; the sum of two sizes still fits. */
#define FERRY_UPLOAD_SIZE_MAX (G_GUINT64_CONSTANT (1) << 62)

typedef enum
{
  FERRY_ROUTE_NONE,
  FERRY_ROUTE_INITIATE,
  FERRY_ROUTE_CHUNK,
  FERRY_ROUTE_STATUS,
  FERRY_ROUTE_COMPLETE,
  FERRY_ROUTE_DISCARD,
  FERRY_ROUTE_URLS,
  FERRY_ROUTE_RECEIPT,
  FERRY_ROUTE_FILE
} FerryRouteKind;

/**
 * FerryRoute:
 * @kind: NONE when nothing is there, or when the method is none of @allow
 * @allow: (nullable): the methods of this path
 * @id: of the upload; 32 lower-case hex digits or ""
 * @chunk: its number
 * @name: (nullable): of the file, percent-decoded; any bytes
 */
typedef struct
{
  FerryRouteKind kind;
  const char *allow;
  char id[FERRY_UPLOAD_ID_LENGTH + 1];
  guint64 chunk;
  char *name;
} FerryRoute;

void ferry_route_parse (const char *method, const char *path, const char *query, FerryRoute *route);
void ferry_route_clear (FerryRoute *route);

/**
 * ferry_request_check_head:
 * @head: request line and fields with the empty line at their end
 *
 * Whether nobody can be of two minds about where the request ends (RFC 9112 sections 5 and 6), and HTTP knows its method
 * (RFC 9110 section 9.1).
 *
 * Returns: 0, or the status to refuse it with
 */
unsigned ferry_request_check_head (const char *head, gsize length);

/* The token of "Bearer TOKEN" (RFC 6750 section 2.1). (transfer none) (nullable) */
const char *ferry_request_parse_bearer (const char *authorization);

/* An idempotency key: 1 to FERRY_REQUEST_KEY_MAX visible ASCII characters. */
gboolean ferry_request_key_is_valid (const char *key);

/* JSON without comments, single quotes or what else lax parsers accept, and nested at most FERRY_REQUEST_JSON_DEPTH deep.
 * Says nothing about the grammar beyond that. */
gboolean ferry_request_json_is_plain (const char *data, gsize length);

/**
 * FerryInitiate:
 * @name: as sent
 * @modified: seconds since 1970, -1: not told
 */
typedef struct
{
  char *name;
  guint64 size;
  gint64 modified;
  gboolean has_sha256;
  guint8 sha256[FERRY_SHA256_SIZE];
} FerryInitiate;

/* Reads {"name","size","modified"?,"sha256"?}. NULL, or what is wrong as a sentence. (transfer none) */
const char *ferry_initiate_parse (const char *data, gsize length, FerryInitiate *initiate);
void ferry_initiate_clear (FerryInitiate *initiate);

/* What two requests with the same idempotency key must have in common. */
void ferry_initiate_digest (const FerryInitiate *initiate, guint8 sha256[FERRY_SHA256_SIZE]);

/* Reads {"sha256"?}, or nothing at all. NULL, or what is wrong as a sentence. (transfer none) */
const char *ferry_complete_parse (const char *data,
                                  gsize length,
                                  gboolean *has_sha256,
                                  guint8 sha256[FERRY_SHA256_SIZE]);

/* Addresses that one request may ask for. */
#define FERRY_URLS_MAX 100

/**
 * FerryUrlsRequest:
 * @chunks: their numbers, ascending
 * @has_sha256: @sha256 has that of each
 */
typedef struct
{
  guint n;
  guint64 chunks[FERRY_URLS_MAX];
  gboolean has_sha256;
  guint8 sha256[FERRY_URLS_MAX][FERRY_SHA256_SIZE];
} FerryUrlsRequest;

/* Reads {"chunks":[[0,3]],"sha256"?:["HEX"]}. NULL, or what is wrong as a sentence. (transfer none) */
const char *ferry_urls_parse (const char *data, gsize length, FerryUrlsRequest *request);

#define FERRY_ETAG_MAX 256

/* Reads {"etag","sha256","md5"?}; all but the number of the chunk. NULL, or what is wrong as a sentence. (transfer none) */
const char *ferry_receipt_parse (const char *data, gsize length, FerryReceipt *receipt);

typedef enum
{
  FERRY_RANGE_WHOLE, /* none, one that means nothing, or several */
  FERRY_RANGE_PART,
  FERRY_RANGE_UNSATISFIABLE
} FerryRangeVerdict;

/* A Range field (RFC 9110 section 14.2) against @size bytes; @first and @last (inclusive) are set for a part. */
FerryRangeVerdict
ferry_request_parse_range (const char *value, guint64 size, guint64 *first, guint64 *last);

typedef struct
{
  const char *if_match;
  const char *if_unmodified_since;
  const char *if_none_match;
  const char *if_modified_since;
  const char *if_range;
} FerryConditions;

typedef enum
{
  FERRY_CONDITIONS_MET,
  FERRY_CONDITIONS_NOT_MODIFIED,
  FERRY_CONDITIONS_FAILED
} FerryConditionsVerdict;

/**
 * ferry_conditions_evaluate:
 * @etag: the strong entity tag, with its quotes
 * @modified: Last-Modified in seconds since 1970
 * @use_range: (out): whether a Range may be honoured
 *
 * The preconditions of a GET or HEAD in the order of RFC 9110 section 13.2.2.
 */
FerryConditionsVerdict ferry_conditions_evaluate (const FerryConditions *conditions,
                                                  const char *etag,
                                                  gint64 modified,
                                                  gboolean *use_range);

/* "2031-05-03T14:02:00Z". (transfer full) */
char *ferry_request_format_time (gint64 seconds);

G_END_DECLS
