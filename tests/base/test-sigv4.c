/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ferry-digest.h"
#include "ferry-sigv4.h"

/* What AWS's documentation signs as an example: 24 May 2013, midnight. */
#define HOST "examplebucket.s3.amazonaws.com"
#define MIDNIGHT G_GINT64_CONSTANT (1369353600)
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define WELCOME "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"
#define SCOPE "20130524/us-east-1/s3/aws4_request"

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const FerrySigv4Keys keys = {
  .access_key = "AKIAIOSFODNN7EXAMPLE",
  .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  .region = "us-east-1",
};

static const FerrySigv4Keys passing_keys = {
  .access_key = "AKIAIOSFODNN7EXAMPLE",
  .secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
  .session_token = "tok/en+==",
  .region = "us-east-1",
};

static const char *
field (char **fields, const char *name)
{
  for (gsize i = 0; fields[i] != NULL; i += 2)
    {
      g_assert_nonnull (fields[i + 1]);
      if (strcmp (fields[i], name) == 0)
        return fields[i + 1];
    }
  return NULL;
}

static void
assert_signed (const FerrySigv4Request *request, const char *names, const char *signature)
{
  g_auto (GStrv) fields = ferry_sigv4_sign (&keys, request);
  g_autofree char *expected
      = g_strdup_printf ("AWS4-HMAC-SHA256 Credential=%s/" SCOPE ", SignedHeaders=%s, Signature=%s",
                         keys.access_key, names, signature);

  g_assert_cmpuint (g_strv_length (fields), ==, 6);
  g_assert_cmpstr (field (fields, "x-amz-date"), ==, "20130524T000000Z");
  g_assert_cmpstr (field (fields, "x-amz-content-sha256"), ==, request->payload_sha256);
  g_assert_cmpstr (field (fields, "Authorization"), ==, expected);
}

static void
test_published_get (void)
{
  FerrySigv4Request request = { .method = "GET",
                                .host = HOST,
                                .path = "/test.txt",
                                .headers = PAIRS ("Range", "bytes=0-9"),
                                .payload_sha256 = EMPTY,
                                .time = MIDNIGHT };

  assert_signed (&request, "host;range;x-amz-content-sha256;x-amz-date",
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  /* Blanks round a value and runs of them inside do not count. */
  request.headers = PAIRS ("RANGE", "  bytes=0-9 \t");
  assert_signed (&request, "host;range;x-amz-content-sha256;x-amz-date",
                 "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
}

static void
test_published_put (void)
{
  FerrySigv4Request request = { .method = "PUT",
                                .host = HOST,
                                .path = "/test$file.text",
                                .headers = PAIRS ("x-amz-storage-class", "REDUCED_REDUNDANCY",
                                                  "Date", "Fri, 24  May 2013 00:00:00 GMT"),
                                .payload_sha256 = WELCOME,
                                .time = MIDNIGHT };

  assert_signed (&request, "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
                 "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

static void
test_published_query (void)
{
  FerrySigv4Request request = { .method = "GET",
                                .host = HOST,
                                .path = "/",
                                .query = PAIRS ("lifecycle", ""),
                                .payload_sha256 = EMPTY,
                                .time = MIDNIGHT };

  assert_signed (&request, "host;x-amz-content-sha256;x-amz-date",
                 "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  request.query = PAIRS ("prefix", "J", "max-keys", "2");
  assert_signed (&request, "host;x-amz-content-sha256;x-amz-date",
                 "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

static void
test_published_presigned (void)
{
  FerrySigv4Request request
      = { .method = "GET", .host = HOST, .path = "/test.txt", .time = MIDNIGHT };
  g_autofree char *address = ferry_sigv4_presign (&keys, &request, 86400);

  g_assert_cmpstr (address, ==,
                   "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
                   "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_"
                   "request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
                   "&X-Amz-SignedHeaders=host&X-Amz-Signature="
                   "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

/* The signatures of these were made by a program in another language that a real store believes. */
static void
test_encoded (void)
{
  FerrySigv4Request request = { .method = "PUT",
                                .host = "localhost:7480",
                                .path = "/bucket/a b+\303\274~/\303\244%2F&=?#.txt",
                                .query = PAIRS ("uploadId", "2~x/y+z= \303\274", "partNumber", "3"),
                                .time = MIDNIGHT };
  g_autofree char *address = ferry_sigv4_presign (&keys, &request, 3600);

  g_assert_cmpstr (
      address, ==,
      "/bucket/a%20b%2B%C3%BC~/%C3%A4%252F%26%3D%3F%23.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
      "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=3600&X-Amz-SignedHeaders=host"
      "&partNumber=3&uploadId=2~x%2Fy%2Bz%3D%20%C3%BC&X-Amz-Signature="
      "9d694f82e477dfe082cc2aace9160a82581e7c5d02f984a6d4c07d1aa40ad24b");
}

static void
test_signed_header (void)
{
  FerrySigv4Request request = { .method = "PUT",
                                .host = "localhost:7480",
                                .path = "/bucket/k",
                                .query = PAIRS ("uploadId", "u"),
                                .headers = PAIRS ("X-Amz-Checksum-Sha256",
                                                  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
                                .time = MIDNIGHT };
  g_autofree char *address = ferry_sigv4_presign (&keys, &request, 1);

  g_assert_nonnull (strstr (address, "&X-Amz-SignedHeaders=host%3Bx-amz-checksum-sha256&"));
  g_assert_true (g_str_has_suffix (
      address,
      "&X-Amz-Signature=1f5e11ec67d969c0eca67cf39ac604b91304c37051263f77e78ea2e5a7ac78e3"));
}

static void
test_session_token (void)
{
  FerrySigv4Request request
      = { .method = "GET", .host = "store.example", .path = "/bucket/k", .time = MIDNIGHT };
  g_autofree char *address = ferry_sigv4_presign (&passing_keys, &request, FERRY_SIGV4_MAX_EXPIRES);
  g_auto (GStrv) fields = ferry_sigv4_sign (&passing_keys, &request);

  g_assert_nonnull (
      strstr (address, "&X-Amz-Security-Token=tok%2Fen%2B%3D%3D&X-Amz-SignedHeaders=host&"));
  g_assert_true (g_str_has_suffix (
      address,
      "&X-Amz-Signature=44e11bcc8db79eb81564a04d880dbff3e1d595bdeae745d1f414b78fcb24ba07"));
  g_assert_cmpstr (field (fields, "x-amz-security-token"), ==, passing_keys.session_token);
  g_assert_cmpstr (field (fields, "x-amz-content-sha256"), ==, "UNSIGNED-PAYLOAD");
  g_assert_nonnull (
      strstr (field (fields, "Authorization"),
              "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, "));
}

static void
test_other_region (void)
{
  FerrySigv4Keys other = keys;
  FerrySigv4Request request
      = { .method = "GET", .host = "store.example", .path = "/bucket/k", .time = MIDNIGHT };
  g_autofree char *address = NULL;

  other.region = "eu-central-1";
  address = ferry_sigv4_presign (&other, &request, 60);
  g_assert_true (g_str_has_suffix (
      address,
      "&X-Amz-Signature=5cf0cbdb46c77daba4186288095c72bf309078f786206aa9c3972480759b5486"));
}

static void
test_query_order (void)
{
  /* By the bytes of what is encoded: capitals first, one name's values in order, a name before a longer one. */
  FerrySigv4Request request = { .method = "GET",
                                .host = "store.example",
                                .path = "/",
                                .query = PAIRS ("b", "", "a", "2", "a-", "0", "a", "10", "B", "x",
                                                "\303\274", "1", "z", ""),
                                .time = MIDNIGHT };
  g_autofree char *address = ferry_sigv4_presign (&keys, &request, 60);

  g_assert_true (g_str_has_prefix (address, "/?%C3%BC=1&B=x&X-Amz-Algorithm="));
  g_assert_nonnull (
      strstr (address, "&X-Amz-SignedHeaders=host&a=10&a=2&a-=0&b=&z=&X-Amz-Signature="));
}

/* Everything that is signed changes the signature. */
static void
test_what_counts (void)
{
  FerrySigv4Keys others[] = { keys, keys };
  FerrySigv4Request request
      = { .method = "GET", .host = "h", .path = "/k", .payload_sha256 = EMPTY, .time = MIDNIGHT };
  FerrySigv4Request variants[] = { request, request, request, request, request, request, request };
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  variants[1].method = "HEAD";
  variants[2].host = "h:80";
  variants[3].path = "/K";
  variants[4].query = PAIRS ("a", "");
  variants[5].payload_sha256 = WELCOME;
  variants[6].time += 1;
  others[0].region = "us-east-2";
  others[1].secret_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEz";
  for (gsize i = 0; i < G_N_ELEMENTS (variants) + G_N_ELEMENTS (others); i++)
    {
      const FerrySigv4Keys *by = i < G_N_ELEMENTS (others) ? &others[i] : &keys;
      const FerrySigv4Request *what
          = i < G_N_ELEMENTS (others) ? &request : &variants[i - G_N_ELEMENTS (others)];
      g_autofree char *address = ferry_sigv4_presign (by, what, 60);

      g_assert_true (g_hash_table_add (seen, g_strdup (strrchr (address, '=') + 1)));
    }
}

static void
test_encode (void)
{
  g_autofree char *all = ferry_sigv4_encode ("aZ09-._~ /+%\303\274\t", FALSE);
  g_autofree char *path = ferry_sigv4_encode ("/a b//~", TRUE);
  g_autofree char *empty = ferry_sigv4_encode ("", FALSE);

  g_assert_cmpstr (all, ==, "aZ09-._~%20%2F%2B%25%C3%BC%09");
  g_assert_cmpstr (path, ==, "/a%20b//~");
  g_assert_cmpstr (empty, ==, "");
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sigv4/published-get", test_published_get);
  g_test_add_func ("/sigv4/published-put", test_published_put);
  g_test_add_func ("/sigv4/published-query", test_published_query);
  g_test_add_func ("/sigv4/published-presigned", test_published_presigned);
  g_test_add_func ("/sigv4/encoded", test_encoded);
  g_test_add_func ("/sigv4/signed-header", test_signed_header);
  g_test_add_func ("/sigv4/session-token", test_session_token);
  g_test_add_func ("/sigv4/other-region", test_other_region);
  g_test_add_func ("/sigv4/query-order", test_query_order);
  g_test_add_func ("/sigv4/what-counts", test_what_counts);
  g_test_add_func ("/sigv4/encode", test_encode);
  return g_test_run ();
}
