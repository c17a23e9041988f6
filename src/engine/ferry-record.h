/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-digest.h"
#include "ferry-http-headers.h"
#include "ferry-part-file.h"
#include "ferry-state.h"

G_BEGIN_DECLS

/* Stored: append, never reorder. */
typedef enum
{
  FERRY_DOWNLOAD,
  FERRY_UPLOAD,
  FERRY_N_DIRECTIONS
} FerryDirection;

/**
 * FerrySpec:
 *
 * What a person asked for. Plain data; copied where it crosses a thread.
 *
 * @direction: which way
 * @address: normalized, without user information; of an upload: the receiver's
 * @folder: absolute path; of an upload: the source's
 * @name: (nullable): the name the person wants; NULL: the server's. Of an upload never NULL: the name it gets there
 * @source: (nullable): absolute path of the file to upload
 * @destination: (nullable): what the person calls the receiver
 * @token: (nullable): the receiver's bearer token; a secret that lives only in memory
 * @sha256: (nullable): 64 hex digits the whole file must have
 * @headers: (nullable): "Name: value" strings to send to @address's origin only. Referer, User-Agent, Accept and
 *   Accept-Language are kept in the journal; all others may be secrets and live only in memory
 * @referrer: (nullable): where the link was found
 * @paused: add it without starting it
 * @exact: (ferryctl --output) fail instead of numbering when the name is taken
 */
typedef struct
{
  FerryDirection direction;
  char *address;
  char *folder;
  char *name;
  char *sha256;
  char **headers;
  char *referrer;
  char *source;
  char *destination;
  char *token;
  gboolean paused;
  gboolean exact;
} FerrySpec;

/**
 * ferry_spec_new:
 * @address: as typed; normalized here; user information becomes an Authorization header (RFC 7617)
 * @folder: absolute path
 *
 * Returns: (transfer full): or NULL with the sentence of ferry_address_normalize ()
 */
FerrySpec *ferry_spec_new (const char *address, const char *folder, GError **error);

/**
 * ferry_spec_new_upload:
 * @source: absolute path of the file
 * @address: the receiver's, as typed; normalized here
 * @destination: (nullable): what the person calls it
 * @token: (nullable): its bearer token
 *
 * Returns: (transfer full): or NULL with the sentence of ferry_address_normalize () or FERRY_ERROR_INVALID_ARGUMENT: also
 *   for an address with a user, a query or a fragment, and for a token that cannot be one
 */
FerrySpec *ferry_spec_new_upload (const char *source,
                                  const char *address,
                                  const char *destination,
                                  const char *token,
                                  GError **error);
/* The most bytes of a token. */
#define FERRY_TOKEN_MAX 4096
/* TRUE for what can be a bearer token: printable ASCII without spaces, not too long. */
gboolean ferry_token_is_valid (const char *token);
FerrySpec *ferry_spec_copy (const FerrySpec *self);
void ferry_spec_free (FerrySpec *self);

/* Refuses with FERRY_ERROR_INVALID_ARGUMENT what is not "Name: value" with a token name (RFC 9110 section 5.1) and a value
 * without control characters, and the fields Ferry sets itself (Range, If-Match, Host, …). */
gboolean ferry_spec_add_header (FerrySpec *self, const char *header, GError **error);

/* TRUE for the header fields that may be stored. */
gboolean ferry_spec_header_is_public (const char *header);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerrySpec, ferry_spec_free)

/* How an upload's bytes travel: to the receiver itself, or to a store by addresses that the receiver signs. Stored: append, never
 * reorder. */
typedef enum
{
  FERRY_TRANSPORT_DIRECT,
  FERRY_TRANSPORT_PRESIGNED,
  FERRY_N_TRANSPORTS
} FerryTransport;

/**
 * FerryProgress:
 *
 * How far a transfer is and what is known of the other end: the lane's part of the journal row. Only a lane writes it.
 */
typedef struct
{
  char *final_address; /* (nullable) after redirects */
  char *name;          /* (nullable) chosen, safe; may be numbered when published */
  char *part_name;     /* (nullable) of the .part file */
  gint64 size;         /* bytes, -1: unknown */
  guint64 chunk_size;  /* bytes, 0: not yet chosen; then frozen */
  guint64 confirmed;   /* bytes the journal vouches for */
  char *etag;          /* (nullable) as sent, quotes and W/ kept */
  char *last_modified; /* (nullable) as sent */
  char *date;          /* (nullable) Date of the answer Last-Modified came with */
  char *coding;        /* (nullable) Content-Encoding: never resumed */
  char *media_type;    /* (nullable) */
  char *server_sha256; /* (nullable) hex, from Repr-Digest */
  FerryResume resume;
  FerryPartStamp stamp; /* of the part at the last clean stop or when publishing; inode 0: none */
  char *publishing;     /* (nullable) final name about to be taken */
  char *upload_id;      /* (nullable) the receiver's name for an upload */
  char *upload_key;     /* (nullable) the Idempotency-Key it was registered with */
  gint64 expires;       /* seconds since 1970 when the receiver forgets it, 0: never or not known */
  FerryTransport transport; /* of an upload that is registered */
  /* (nullable) how the finished file was proven: "sha256", "server-sha256", "size", "unknown-size"; of an upload to a
   * store: "store-sha256", "store-etag", "none" */
  char *verified;
} FerryProgress;

FerryProgress *ferry_progress_new (void);
FerryProgress *ferry_progress_copy (const FerryProgress *self);
void ferry_progress_free (FerryProgress *self);
/* Forgets all but nothing of the spec: as after ferry_progress_new (). */
void ferry_progress_reset (FerryProgress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryProgress, ferry_progress_free)

/**
 * FerryRecord:
 *
 * One row of the table transfer. Main's part of it: @spec, @wanted, @outcome, @error_*, @position, times.
 */
typedef struct
{
  char *id; /* 32 hex digits */
  FerrySpec *spec;
  FerryWanted wanted;
  FerryOutcome outcome;
  int error_code;      /* FerryErrorCode of the last stop that was no success, -1: none */
  char *error_message; /* (nullable) its sentence */
  gint64 position;     /* order in the queue, ascending */
  gint64 added;        /* seconds since 1970 */
  gint64 finished;     /* seconds since 1970, 0: not */
  gboolean removed;    /* taken out of the list; undo is still possible */
  char *path;          /* (nullable) of the finished file */
  FerryProgress *progress;
} FerryRecord;

/* A new row with a random id, QUEUED or PAUSED by spec->paused. Takes @spec. */
FerryRecord *ferry_record_new (FerrySpec *spec);
void ferry_record_free (FerryRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryRecord, ferry_record_free)

/**
 * FerryChunk:
 *
 * One row of the table chunk. @length is less than the chunk's full length for a checkpoint in its middle;
 * @sha256 is of those @length bytes. @settled: not touched since the last clean stop. Of a part that is at a store: @receipt
 * (nullable), its ETag without quotes, and its MD5 where @has_md5.
 */
typedef struct
{
  guint64 index;
  guint64 length;
  guint8 sha256[FERRY_SHA256_SIZE];
  gboolean settled;
  gboolean has_md5;
  guint8 md5[FERRY_MD5_SIZE];
  char *receipt;
} FerryChunk;

/* An empty array of FerryChunk that owns the receipts. (transfer full) */
GArray *ferry_chunk_array_new (void);

/* The chunk size for a file of @size bytes (-1: unknown): a power of two from 256 KiB to 16 MiB. */
guint64 ferry_chunk_size_for (gint64 size);

G_END_DECLS
