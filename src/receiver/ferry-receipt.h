/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-ranges.h"
#include "ferry-s3.h"

G_BEGIN_DECLS

/* What the client told of the parts it sent to the store, held against what the store tells. Pure; any thread. */

#define FERRY_MD5_SIZE 16

/**
 * FerryReceipt:
 * @chunk: its number; that of the part is one more
 * @etag: as the store gave it to the client, without quotes
 * @sha256: of the bytes that the client sent
 * @md5: the same, if @has_md5
 */
typedef struct
{
  guint64 chunk;
  char *etag;
  guint8 sha256[FERRY_SHA256_SIZE];
  gboolean has_md5;
  guint8 md5[FERRY_MD5_SIZE];
} FerryReceipt;

void ferry_receipt_clear (FerryReceipt *self);
void ferry_receipt_free (FerryReceipt *self);

/* What vouches for a finished object besides its size. The numbers are stored: append, never reorder. */
typedef enum
{
  FERRY_PROOF_NONE,
  FERRY_PROOF_ETAG,
  FERRY_PROOF_SHA256
} FerryProof;

/* "none", "etag", "sha256" */
const char *ferry_proof_to_string (FerryProof proof);

/**
 * ferry_receipts_compare:
 * @receipts: (element-type FerryReceipt): of all chunks, ascending
 * @parts: (element-type FerryS3Part): of the store, ascending; those behind the last chunk do not count
 * @chunk_size: bytes of each chunk but the last
 * @size: of the file
 * @proof: (out): what the parts prove when all are right
 *
 * Returns: (transfer full): the chunks whose part is not there, or is not the one that the client sent
 */
FerryRanges *ferry_receipts_compare (
    GPtrArray *receipts, GPtrArray *parts, guint64 chunk_size, guint64 size, FerryProof *proof);

/* As the store should list them: what the receipts say. (transfer full) (element-type FerryS3Part) */
GPtrArray *ferry_receipts_to_parts (GPtrArray *receipts, guint64 chunk_size, guint64 size);

/**
 * ferry_receipts_judge:
 * @parts: (element-type FerryS3Part): what the object was made of
 * @proof: (inout): that of the parts, afterwards of the whole
 *
 * FALSE when the object was surely made of something else: another size, or another digest in the form that it must have.
 */
gboolean ferry_receipts_judge (GPtrArray *parts,
                               const FerryS3Object *object,
                               guint64 size,
                               FerryProof *proof);

/* The smallest size of chunks for a store: whole MiB, not less than @wanted, few enough for 10,000. 0: the file is too big. */
guint64 ferry_receipts_chunk_size (guint64 wanted, guint64 size);

G_END_DECLS
