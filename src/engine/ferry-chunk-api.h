/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-ranges.h"
#include "ferry-record.h"

G_BEGIN_DECLS

/* The answers of a Ferry receiver (the chunk protocol, version 1), from JSON to plain data. Pure; foreign bytes: everything is
 * checked and bounded, and what does not fit is FERRY_ERROR_PROTOCOL. */

/* More would be a list of chunks that no server of ours hands out. */
#define FERRY_CHUNK_API_MAX_CHUNKS (G_GUINT64_CONSTANT (1) << 32)

typedef struct
{
  char *upload_id;
  guint64 chunk_size;   /* bytes, 1 or more */
  guint64 total_chunks; /* what @size needs */
  gint64 expires;       /* seconds since 1970, 0: never */
  FerryTransport transport;
} FerryChunkCreated;

typedef enum
{
  FERRY_CHUNK_IN_PROGRESS,
  FERRY_CHUNK_COMPLETE,
  FERRY_CHUNK_EXPIRED
} FerryChunkState;

typedef struct
{
  FerryChunkState state;
  guint64 size;
  guint64 chunk_size;
  guint64 total_chunks;
  gint64 expires;
  FerryRanges *received; /* of chunk indexes, half-open */
} FerryChunkStatus;

/* How a receiver knows what a store has. */
typedef enum
{
  FERRY_CHUNK_PROOF_NONE,  /* by its size alone */
  FERRY_CHUNK_PROOF_ETAG,  /* by each part's ETag */
  FERRY_CHUNK_PROOF_SHA256 /* the store told the SHA-256 of each part */
} FerryChunkProof;

/**
 * FerryChunkResult:
 * @sha256: 64 lower-case hex digits; (nullable) of an upload to a store
 * @url: as sent: absolute or relative
 * @proof, @etag: of an upload to a store; @etag (nullable): the object's, without quotes
 */
typedef struct
{
  char *sha256;
  char *url;
  guint64 size;
  FerryChunkProof proof;
  char *etag;
} FerryChunkResult;

/* More chunks are never asked for at once. */
#define FERRY_CHUNK_API_MAX_ADDRESSES 100

/**
 * FerryChunkAddress:
 *
 * Where a chunk is PUT at a store, with nothing but @headers.
 *
 * @headers: "Name: value" strings that are part of the signature
 * @expires: seconds since 1970 by the receiver's clock, 0: it does not say
 */
typedef struct
{
  guint64 chunk;
  char *url;
  char **headers;
  gint64 expires;
} FerryChunkAddress;

/* The body of POST /uploads. (transfer full) */
char *ferry_chunk_api_create_body (const char *name, guint64 size, gint64 modified);
/* The body of POST …/complete. (transfer full) */
char *ferry_chunk_api_complete_body (const char *sha256);
/* The body of POST …/urls for @n chunks, @indexes ascending, @sha256 64 hex digits of each. (transfer full) */
char *ferry_chunk_api_urls_body (const guint64 *indexes, const char *const *sha256, gsize n);
/* The body of POST …/receipt. @md5: (nullable): 32 hex digits. (transfer full) */
char *ferry_chunk_api_receipt_body (const char *etag, const char *sha256, const char *md5);

/* @size: of the file, to check the numbers against. */
FerryChunkCreated *ferry_chunk_api_parse_created (GBytes *json, guint64 size, GError **error);
FerryChunkStatus *ferry_chunk_api_parse_status (GBytes *json, GError **error);
FerryChunkResult *
ferry_chunk_api_parse_result (GBytes *json, FerryTransport transport, GError **error);
/* Addresses that are no http or https address, or want a header that is not a signature's business, are FERRY_ERROR_PROTOCOL.
 * (transfer full) (element-type FerryChunkAddress) */
GPtrArray *ferry_chunk_api_parse_urls (GBytes *json, GError **error);
/* The answer to a chunk names it: what a page of some network on the way says does not. */
gboolean ferry_chunk_api_parse_chunk (GBytes *json, guint64 index, GError **error);
/* The "missing" of a 409 to complete, as chunk indexes; NULL when there is none. (nullable) (transfer full) */
FerryRanges *ferry_chunk_api_parse_missing (GBytes *json, guint64 total_chunks);
/* The sentence of an RFC 9457 problem: its detail, else its title; one line of printable text. (nullable) (transfer full) */
char *ferry_chunk_api_parse_problem (GBytes *json);
/* The type of an RFC 9457 problem. (nullable): it is none, or has none. (transfer full) */
char *ferry_chunk_api_parse_problem_type (GBytes *json);

/* What an RFC 9457 problem of ours says that helps; one line of printable text. (nullable) (transfer full) */
char *ferry_chunk_api_parse_hint (GBytes *json);

void ferry_chunk_address_free (FerryChunkAddress *self);
void ferry_chunk_created_free (FerryChunkCreated *self);
void ferry_chunk_status_free (FerryChunkStatus *self);
void ferry_chunk_result_free (FerryChunkResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkAddress, ferry_chunk_address_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkCreated, ferry_chunk_created_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkStatus, ferry_chunk_status_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkResult, ferry_chunk_result_free)

G_END_DECLS
