/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the S3 client knows without asking a store. */
#include <string.h>

#include "ferry-error.h"
#include "ferry-s3-xml.h"
#include "ferry-s3.h"

#define MD5_A "0cc175b9c0f1b6a831c399e269772661"
#define MD5_B "92eb5ffee6ae2fec3ad71c777531578f"
/* Of both together, computed elsewhere. */
#define COMPOSITE_ETAG "96e024ba2074fe77e8e965ba43a704be-2"
#define COMPOSITE_SHA256 "5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2"

static FerryS3 *
new_store (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  FerryS3Options options = { .endpoint = endpoint,
                             .bucket = "bucket",
                             .region = "region-1",
                             .access_key = "AKIAIOSFODNN7EXAMPLE",
                             .secret_key = "SECRETwJalrXUtnFEMI/K7MDENG" };
  FerryS3 *store = ferry_s3_new (&options, &error);

  g_assert_no_error (error);
  return store;
}

static GPtrArray *
new_parts (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_s3_part_free);
}

static void
add_part (GPtrArray *parts, guint number, const char *etag, const char *sha256)
{
  FerryS3Part *part = g_new0 (FerryS3Part, 1);

  part->number = number;
  part->etag = g_strdup (etag);
  part->has_sha256 = sha256 != NULL;
  if (sha256 != NULL)
    g_assert_true (ferry_sha256_from_hex (sha256, part->sha256));
  g_ptr_array_add (parts, part);
}

static void
test_options (void)
{
  static const struct
  {
    const char *endpoint, *bucket, *region, *access_key, *secret_key, *session_token;
    gboolean good;
  } cases[] = {
    { "https://s3.example", "b", "r", "a", "s", NULL, TRUE },
    { "http://[::1]:7480/", "My_bucket.1", "us-east-1", "test:tester", "s/+=", "t/+=", TRUE },
    { "HTTPS://S3.Example:443", "b", "r", "a", "s", NULL, TRUE },
    { NULL, "b", "r", "a", "s", NULL, FALSE },
    { "", "b", "r", "a", "s", NULL, FALSE },
    { "ftp://s3.example", "b", "r", "a", "s", NULL, FALSE },
    { "https://s3.example/path", "b", "r", "a", "s", NULL, FALSE },
    { "https://s3.example?x", "b", "r", "a", "s", NULL, FALSE },
    { "https://me:pass@s3.example", "b", "r", "a", "s", NULL, FALSE },
    { "https://s3.example", "", "r", "a", "s", NULL, FALSE },
    { "https://s3.example", NULL, "r", "a", "s", NULL, FALSE },
    { "https://s3.example", "a/b", "r", "a", "s", NULL, FALSE },
    { "https://s3.example", "..", "r", "a", "s", NULL, FALSE },
    { "https://s3.example", "b", "r 1", "a", "s", NULL, FALSE },
    { "https://s3.example", "b", NULL, "a", "s", NULL, FALSE },
    { "https://s3.example", "b", "r", "a/b", "s", NULL, FALSE },
    { "https://s3.example", "b", "r", "a\n", "s", NULL, FALSE },
    { "https://s3.example", "b", "r", NULL, "s", NULL, FALSE },
    { "https://s3.example", "b", "r", "a", "", NULL, FALSE },
    { "https://s3.example", "b", "r", "a", NULL, NULL, FALSE },
    { "https://s3.example", "b", "r", "a", "s", "t\r\nX: y", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FerryS3Options options = { cases[i].endpoint,
                                 cases[i].bucket,
                                 cases[i].region,
                                 cases[i].access_key,
                                 cases[i].secret_key,
                                 cases[i].session_token,
                                 NULL };
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryS3) store = ferry_s3_new (&options, &error);

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_true ((store != NULL) == cases[i].good);
      if (cases[i].good)
        continue;
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
      g_assert_true (g_str_has_suffix (error->message, "."));
    }
}

static void
test_addresses (void)
{
  static const char *const endpoints[][2] = {
    { "https://S3.example:443/", "https://s3.example/bucket/" },
    { "http://s3.example:443", "http://s3.example:443/bucket/" },
    { "http://[::1]:7480", "http://[::1]:7480/bucket/" },
    { "http://b\303\274cher.example", "http://xn--bcher-kva.example/bucket/" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (endpoints); i++)
    {
      g_autoptr (FerryS3) store = new_store (endpoints[i][0]);
      g_autofree char *part = ferry_s3_presign_part (store, "k", "id", 1, NULL, 604800, NULL);
      g_autofree char *get = ferry_s3_presign_get (store, "k", "a;\".txt", 1);

      g_assert_true (g_str_has_prefix (part, endpoints[i][1]));
      g_assert_nonnull (strstr (part, "X-Amz-Expires=604800&X-Amz-SignedHeaders=host&"));
      g_assert_true (g_str_has_prefix (get, endpoints[i][1]));
      g_assert_nonnull (
          strstr (get, "&response-content-disposition=attachment%3B%20filename%2A%3DUTF-8%27%27a"
                       "%253B%2522.txt&"));
      g_assert_null (strstr (part, "SECRET"));
    }
}

static void
test_composites (void)
{
  /* The SHA-256s of "a" and "b". */
  static const char *const a = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";
  static const char *const b = "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d";
  g_autoptr (GPtrArray) parts = new_parts ();
  g_autofree char *etag = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *body = NULL;

  g_assert_null (ferry_s3_composite_etag (parts));
  g_assert_null (ferry_s3_composite_sha256 (parts));
  add_part (parts, 1, MD5_A, a);
  add_part (parts, 2, MD5_B, b);
  etag = ferry_s3_composite_etag (parts);
  sha256 = ferry_s3_composite_sha256 (parts);
  body = ferry_s3_complete_body (parts);
  g_assert_cmpstr (etag, ==, COMPOSITE_ETAG);
  g_assert_cmpstr (sha256, ==, COMPOSITE_SHA256);
  g_assert_nonnull (strstr (body, "&quot;</ETag><ChecksumSHA256>ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB"
                                  "3ha/uSLs=</ChecksumSHA256></Part>"));
  add_part (parts, 3, "not-an-md5", NULL);
  g_assert_null (ferry_s3_composite_etag (parts));
  g_assert_null (ferry_s3_composite_sha256 (parts));
}

static void
test_fields (void)
{
  static const char *const etags[][2] = {
    { "\"abc\"", "abc" },
    { "abc", "abc" },
    { "\"\"", NULL },
    { "", NULL },
    { "\"", NULL },
    { "\"a\"b\"", NULL },
    { "a b", NULL },
    { "a\nb", NULL },
    { NULL, NULL },
    { "\"\303\274\"", NULL },
    { "abc-10000", "abc-10000" },
  };
  guint8 sha256[FERRY_SHA256_SIZE];
  g_autofree char *longest = g_strnfill (256, 'a');
  g_autofree char *too_long = g_strnfill (257, 'a');
  g_autofree char *kept = ferry_s3_parse_etag (longest);

  for (gsize i = 0; i < G_N_ELEMENTS (etags); i++)
    {
      g_autofree char *etag = ferry_s3_parse_etag (etags[i][0]);

      g_assert_cmpstr (etag, ==, etags[i][1]);
    }
  g_assert_cmpstr (kept, ==, longest);
  g_assert_null (ferry_s3_parse_etag (too_long));
  g_assert_true (ferry_s3_parse_sha256 ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", sha256));
  g_assert_false (ferry_s3_parse_sha256 ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=", sha256));
  g_assert_false (ferry_s3_parse_sha256 ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU", sha256));
  g_assert_false (ferry_s3_parse_sha256 ("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSu==!", sha256));
  g_assert_false (ferry_s3_parse_sha256 (NULL, sha256));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/s3-pure/options", test_options);
  g_test_add_func ("/s3-pure/addresses", test_addresses);
  g_test_add_func ("/s3-pure/composites", test_composites);
  g_test_add_func ("/s3-pure/fields", test_fields);
  return g_test_run ();
}
