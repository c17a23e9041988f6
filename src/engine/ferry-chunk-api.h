/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-ranges.h"

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

typedef struct
{
  char *sha256; /* 64 lower-case hex digits */
  char *url;    /* as sent: absolute or relative */
  guint64 size;
} FerryChunkResult;

/* The body of POST /uploads. (transfer full) */
char *ferry_chunk_api_create_body (const char *name, guint64 size, gint64 modified);
/* The body of POST …/complete. (transfer full) */
char *ferry_chunk_api_complete_body (const char *sha256);

/* @size: of the file, to check the numbers against. */
FerryChunkCreated *ferry_chunk_api_parse_created (GBytes *json, guint64 size, GError **error);
FerryChunkStatus *ferry_chunk_api_parse_status (GBytes *json, GError **error);
FerryChunkResult *ferry_chunk_api_parse_result (GBytes *json, GError **error);
/* The answer to a chunk names it: what a page of some network on the way says does not. */
gboolean ferry_chunk_api_parse_chunk (GBytes *json, guint64 index, GError **error);
/* The "missing" of a 409 to complete, as chunk indexes; NULL when there is none. (nullable) (transfer full) */
FerryRanges *ferry_chunk_api_parse_missing (GBytes *json, guint64 total_chunks);
/* The sentence of an RFC 9457 problem: its detail, else its title; one line of printable text. (nullable) (transfer full) */
char *ferry_chunk_api_parse_problem (GBytes *json);
/* The type of an RFC 9457 problem. (nullable): it is none, or has none. (transfer full) */
char *ferry_chunk_api_parse_problem_type (GBytes *json);

void ferry_chunk_created_free (FerryChunkCreated *self);
void ferry_chunk_status_free (FerryChunkStatus *self);
void ferry_chunk_result_free (FerryChunkResult *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkCreated, ferry_chunk_created_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkStatus, ferry_chunk_status_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryChunkResult, ferry_chunk_result_free)

G_END_DECLS
