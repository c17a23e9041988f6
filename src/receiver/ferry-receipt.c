/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receipt.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)

void
ferry_receipt_clear (FerryReceipt *self)
{
  g_clear_pointer (&self->etag, g_free);
}

void
ferry_receipt_free (FerryReceipt *self)
{
  if (self == NULL)
    return;
  ferry_receipt_clear (self);
  g_free (self);
}

const char *
ferry_proof_to_string (FerryProof proof)
{
  switch (proof)
    {
    case FERRY_PROOF_SHA256:
      return "sha256";
    case FERRY_PROOF_ETAG:
      return "etag";
    case FERRY_PROOF_NONE:
    default:
      return "none";
    }
}

guint64
ferry_receipts_chunk_size (guint64 wanted, guint64 size)
{
  guint64 least = size / FERRY_S3_MAX_PARTS + (size % FERRY_S3_MAX_PARTS > 0 ? 1 : 0);
  guint64 bytes = MAX (MAX (wanted, least), FERRY_S3_MIN_PART);
  guint64 whole = (bytes / MIB + (bytes % MIB > 0 ? 1 : 0)) * MIB;

  return whole <= FERRY_S3_MAX_PART ? whole : 0;
}

static guint64
length_of (guint64 chunk, guint64 chunk_size, guint64 size)
{
  return MIN (chunk_size, size - chunk * chunk_size);
}

/* Whether the ETag is the MD5 that the client told. */
static gboolean
is_md5 (const FerryReceipt *receipt)
{
  char hex[2 * FERRY_MD5_SIZE + 1];

  if (!receipt->has_md5)
    return FALSE;
  for (guint i = 0; i < FERRY_MD5_SIZE; i++)
    g_snprintf (hex + 2 * i, 3, "%02x", receipt->md5[i]);
  return g_ascii_strcasecmp (hex, receipt->etag) == 0;
}

static gboolean
is_part_of (const FerryReceipt *receipt, const FerryS3Part *part, guint64 length)
{
  return part->size == length && strcmp (part->etag, receipt->etag) == 0
         && (!part->has_sha256 || memcmp (part->sha256, receipt->sha256, FERRY_SHA256_SIZE) == 0);
}

static const FerryS3Part *
find_part (GPtrArray *parts, guint64 number, guint *at)
{
  while (*at < parts->len && ((FerryS3Part *) g_ptr_array_index (parts, *at))->number < number)
    (*at)++;

  const FerryS3Part *part = *at < parts->len ? g_ptr_array_index (parts, *at) : NULL;

  return part != NULL && part->number == number ? part : NULL;
}

FerryRanges *
ferry_receipts_compare (
    GPtrArray *receipts, GPtrArray *parts, guint64 chunk_size, guint64 size, FerryProof *proof)
{
  FerryRanges *differing = ferry_ranges_new ();
  gboolean all_sha256 = receipts->len > 0, all_md5 = receipts->len > 0;
  guint at = 0;

  for (guint i = 0; i < receipts->len; i++)
    {
      const FerryReceipt *receipt = g_ptr_array_index (receipts, i);
      const FerryS3Part *part = find_part (parts, receipt->chunk + 1, &at);

      if (part == NULL || !is_part_of (receipt, part, length_of (receipt->chunk, chunk_size, size)))
        ferry_ranges_add (differing, receipt->chunk, receipt->chunk + 1);
      all_sha256 = all_sha256 && part != NULL && part->has_sha256;
      all_md5 = all_md5 && is_md5 (receipt);
    }
  *proof = all_sha256 ? FERRY_PROOF_SHA256 : all_md5 ? FERRY_PROOF_ETAG : FERRY_PROOF_NONE;
  return differing;
}

GPtrArray *
ferry_receipts_to_parts (GPtrArray *receipts, guint64 chunk_size, guint64 size)
{
  GPtrArray *parts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_s3_part_free);

  for (guint i = 0; i < receipts->len; i++)
    {
      const FerryReceipt *receipt = g_ptr_array_index (receipts, i);
      FerryS3Part *part = g_new0 (FerryS3Part, 1);

      part->number = (guint) receipt->chunk + 1;
      part->etag = g_strdup (receipt->etag);
      part->size = length_of (receipt->chunk, chunk_size, size);
      part->has_sha256 = TRUE;
      memcpy (part->sha256, receipt->sha256, FERRY_SHA256_SIZE);
      g_ptr_array_add (parts, part);
    }
  return parts;
}

/* Of the form that a digest over the digests of @n parts has. */
static gboolean
is_composite (const char *text, guint n)
{
  const char *dash = text != NULL ? strrchr (text, '-') : NULL;
  guint64 told = 0;

  return dash != NULL && g_ascii_string_to_unsigned (dash + 1, 10, 1, G_MAXUINT, &told, NULL)
         && told == n;
}

/* 32 hex digits before the dash, as only an MD5 over MD5s has. */
static gboolean
is_composite_md5 (const char *etag, guint n)
{
  return is_composite (etag, n) && strspn (etag, "0123456789abcdefABCDEF") == 2 * FERRY_MD5_SIZE
         && etag[2 * FERRY_MD5_SIZE] == '-';
}

gboolean
ferry_receipts_judge (GPtrArray *parts,
                      const FerryS3Object *object,
                      guint64 size,
                      FerryProof *proof)
{
  g_autofree char *etag = ferry_s3_composite_etag (parts);
  g_autofree char *sha256 = ferry_s3_composite_sha256 (parts);
  gboolean same_etag = etag != NULL && g_ascii_strcasecmp (etag, object->etag) == 0;
  gboolean same_sha256 = sha256 != NULL && g_strcmp0 (sha256, object->sha256) == 0;

  if (object->size != size)
    return FALSE;
  /* Where nothing vouches for the parts, their ETags may be of a kind that is not composed in this way. */
  if (*proof == FERRY_PROOF_SHA256 && is_composite (object->sha256, parts->len) && !same_sha256)
    return FALSE;
  if (*proof == FERRY_PROOF_ETAG && is_composite_md5 (object->etag, parts->len) && !same_etag)
    return FALSE;
  /* As good as the SHA-256 of each: it is a digest over all of them. */
  if (same_sha256)
    *proof = FERRY_PROOF_SHA256;
  else if (*proof == FERRY_PROOF_NONE && same_etag)
    *proof = FERRY_PROOF_ETAG;
  return TRUE;
}
