/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What receipts, parts and objects of a store say about each other. */
#include "ferry-receipt.h"

#include "ferry-broker-keys.h"
#include "ferry-request.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define CHUNK (5 * MIB)
#define SIZE (2 * CHUNK + 7)

static void
test_chunk_sizes (void)
{
  static const struct
  {
    guint64 wanted;
    guint64 size;
    guint64 chunk_size;
  } cases[] = {
    { 0, 0, 5 * MIB },
    { 1024, 1, 5 * MIB },
    { 5 * MIB, 50000 * MIB, 5 * MIB },
    { 5 * MIB, 50000 * MIB + 1, 6 * MIB },
    { 5 * MIB + 1, 1, 6 * MIB },
    { GIB, 1, GIB },
    { GIB, 10000 * GIB + 1, GIB + MIB },
    { 5 * MIB, 10000 * (5 * GIB - MIB) + 1, 5 * GIB },
    { 5 * MIB, 10000 * 5 * GIB, 5 * GIB },
    { 5 * MIB, 10000 * 5 * GIB + 1, 0 },
    { 5 * MIB, FERRY_UPLOAD_SIZE_MAX, 0 },
    { 5 * MIB, G_MAXUINT64, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      guint64 found = ferry_receipts_chunk_size (cases[i].wanted, cases[i].size);

      g_assert_cmpuint (found, ==, cases[i].chunk_size);
      if (found > 0)
        g_assert_cmpuint (cases[i].size / found + (cases[i].size % found > 0), <=,
                          FERRY_S3_MAX_PARTS);
    }
}

/* Three chunks whose digests are 1, 2 and 3 all over. */
static GPtrArray *
make_receipts (gboolean md5)
{
  GPtrArray *receipts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_receipt_free);

  for (guint i = 0; i < 3; i++)
    {
      FerryReceipt *receipt = g_new0 (FerryReceipt, 1);

      receipt->chunk = i;
      receipt->etag = g_strnfill (32, (char) ('1' + i));
      memset (receipt->sha256, (int) i + 1, FERRY_SHA256_SIZE);
      receipt->has_md5 = md5;
      memset (receipt->md5, (int) ((i + 1) * 17), FERRY_MD5_SIZE);
      g_ptr_array_add (receipts, receipt);
    }
  return receipts;
}

/* Which of the chunks differ, as a bit each. */
static guint
compare (GPtrArray *receipts, GPtrArray *parts, FerryProof *proof)
{
  g_autoptr (FerryRanges) differing = ferry_receipts_compare (receipts, parts, CHUNK, SIZE, proof);
  guint bits = 0;

  for (guint i = 0; i < 3; i++)
    bits |= ferry_ranges_contain (differing, i, i + 1) ? 1u << i : 0;
  g_assert_cmpuint (ferry_ranges_get_total (differing), <=, 3);
  return bits;
}

static FerryS3Part *
part_at (GPtrArray *parts, guint i)
{
  return g_ptr_array_index (parts, i);
}

static void
forget_sums (GPtrArray *parts)
{
  for (guint i = 0; i < parts->len; i++)
    part_at (parts, i)->has_sha256 = FALSE;
}

static void
test_compare (void)
{
  g_autoptr (GPtrArray) receipts = make_receipts (TRUE);
  g_autoptr (GPtrArray) parts = ferry_receipts_to_parts (receipts, CHUNK, SIZE);
  FerryProof proof = FERRY_PROOF_NONE;

  g_assert_cmpuint (part_at (parts, 2)->size, ==, 7);
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 0);
  g_assert_cmpint (proof, ==, FERRY_PROOF_SHA256);

  part_at (parts, 0)->sha256[31] ^= 1;
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 1);
  part_at (parts, 0)->has_sha256 = FALSE;
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 0);
  g_assert_cmpint (proof, ==, FERRY_PROOF_ETAG);

  part_at (parts, 1)->size--;
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 2);
  part_at (parts, 1)->size++;
  part_at (parts, 2)->etag[0] = 'x';
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 4);
  part_at (parts, 2)->etag[0] = '3';
  part_at (parts, 1)->number = 9;
  g_assert_cmpuint (compare (receipts, parts, &proof) & 2, ==, 2);
  g_ptr_array_set_size (parts, 0);
  g_assert_cmpuint (compare (receipts, parts, &proof), ==, 7);
  g_assert_cmpint (proof, !=, FERRY_PROOF_SHA256);
}

static void
test_proof_of_parts (void)
{
  g_autoptr (GPtrArray) receipts = make_receipts (TRUE);
  g_autoptr (GPtrArray) parts = ferry_receipts_to_parts (receipts, CHUNK, SIZE);
  FerryProof proof = FERRY_PROOF_SHA256;

  forget_sums (parts);
  compare (receipts, parts, &proof);
  g_assert_cmpint (proof, ==, FERRY_PROOF_ETAG);
  /* An ETag that is another MD5: of a store that encrypts, say. */
  ((FerryReceipt *) g_ptr_array_index (receipts, 1))->md5[0] ^= 1;
  compare (receipts, parts, &proof);
  g_assert_cmpint (proof, ==, FERRY_PROOF_NONE);
  ((FerryReceipt *) g_ptr_array_index (receipts, 1))->has_md5 = FALSE;
  compare (receipts, parts, &proof);
  g_assert_cmpint (proof, ==, FERRY_PROOF_NONE);
}

static gboolean
judge (GPtrArray *parts, const char *etag, const char *sha256, guint64 size, FerryProof *proof)
{
  const FerryS3Object object = { .etag = (char *) etag, .sha256 = (char *) sha256, .size = size };

  return ferry_receipts_judge (parts, &object, SIZE, proof);
}

static void
test_judge (void)
{
  static const char other_etag[] = "0123456789abcdef0123456789abcdef-3";
  static const char other_sha256[] = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=-3";
  g_autoptr (GPtrArray) receipts = make_receipts (TRUE);
  g_autoptr (GPtrArray) parts = ferry_receipts_to_parts (receipts, CHUNK, SIZE);
  g_autofree char *etag = ferry_s3_composite_etag (parts);
  g_autofree char *sha256 = ferry_s3_composite_sha256 (parts);
  const struct
  {
    FerryProof proof;
    const char *etag;
    const char *sha256;
    guint64 size;
    gboolean good;
    FerryProof after;
  } cases[] = {
    { FERRY_PROOF_SHA256, etag, sha256, SIZE, TRUE, FERRY_PROOF_SHA256 },
    { FERRY_PROOF_SHA256, "opaque", NULL, SIZE, TRUE, FERRY_PROOF_SHA256 },
    { FERRY_PROOF_SHA256, etag, other_sha256, SIZE, FALSE, 0 },
    /* Of the whole object, not of its parts: nothing to compare with. */
    { FERRY_PROOF_SHA256, etag, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", SIZE, TRUE,
      FERRY_PROOF_SHA256 },
    { FERRY_PROOF_ETAG, etag, NULL, SIZE, TRUE, FERRY_PROOF_ETAG },
    { FERRY_PROOF_ETAG, other_etag, NULL, SIZE, FALSE, 0 },
    { FERRY_PROOF_ETAG, "0123456789abcdef0123456789abcdef-2", NULL, SIZE, TRUE, FERRY_PROOF_ETAG },
    { FERRY_PROOF_ETAG, "opaque-3", NULL, SIZE, TRUE, FERRY_PROOF_ETAG },
    { FERRY_PROOF_ETAG, etag, sha256, SIZE, TRUE, FERRY_PROOF_SHA256 },
    { FERRY_PROOF_NONE, etag, NULL, SIZE, TRUE, FERRY_PROOF_ETAG },
    { FERRY_PROOF_NONE, other_etag, other_sha256, SIZE, TRUE, FERRY_PROOF_NONE },
    { FERRY_PROOF_NONE, other_etag, sha256, SIZE, TRUE, FERRY_PROOF_SHA256 },
    { FERRY_PROOF_SHA256, etag, sha256, SIZE - 1, FALSE, 0 },
    { FERRY_PROOF_NONE, "", NULL, SIZE + 1, FALSE, 0 },
  };

  g_assert_nonnull (etag);
  g_assert_nonnull (sha256);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FerryProof proof = cases[i].proof;

      g_assert_true (judge (parts, cases[i].etag, cases[i].sha256, cases[i].size, &proof)
                     == cases[i].good);
      if (cases[i].good)
        g_assert_cmpint (proof, ==, cases[i].after);
    }
}

static void
test_keys (void)
{
  static const char *const good[] = {
    "[default]\naws_access_key_id=A\naws_secret_access_key=b/+=c\naws_session_token=t",
    "\r\n\r\n# x\r\n[profile a]\r\naws_access_key_id=Z\r\n [default] \r\n\taws_access_key_id\t=  A "
    "\r\n"
    "aws_secret_access_key = b/+=c\r\naws_session_token = t\r\nregion = "
    "x\r\nnothing\r\n[b]\r\naws_access_key_id=Y",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_auto (FerryBrokerKeys) keys = { 0 };

      g_assert_true (ferry_broker_keys_parse (&keys, good[i]));
      g_assert_cmpstr (keys.access_key, ==, "A");
      g_assert_cmpstr (keys.secret_key, ==, "b/+=c");
      g_assert_cmpstr (keys.session_token, ==, "t");
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/receipt/chunk-sizes", test_chunk_sizes);
  g_test_add_func ("/receipt/compare", test_compare);
  g_test_add_func ("/receipt/proof-of-parts", test_proof_of_parts);
  g_test_add_func ("/receipt/judge", test_judge);
  g_test_add_func ("/receipt/keys", test_keys);
  return g_test_run ();
}
