/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a receiver answers that has files sent to a store: addresses and proofs, right and wrong. */

#include "ferry-chunk-api.h"
#include "ferry-error.h"

#include <string.h>

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SHA_UPPER "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"

static GBytes *
bytes (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

/* A sentence, or none where it is understood. */
static void
assert_error (gboolean understood, const GError *error)
{
  g_assert_true (understood == (error == NULL));
  if (error == NULL)
    return;
  g_assert_cmpint (error->domain, ==, FERRY_ERROR);
  g_assert_cmpint (error->code, ==, FERRY_ERROR_PROTOCOL);
  g_assert_true (g_str_has_suffix (error->message, "."));
}

#define STORED(sha, proof, etag)                                                                   \
  "{\"status\":\"complete\",\"size\":7,\"url\":\"/files/x\",\"sha256\":" sha ",\"proof\":" proof   \
  ",\"etag\":" etag "}"

static const struct
{
  const char *json;
  gboolean good;
  const char *sha256;
  FerryChunkProof proof;
  const char *etag;
} stored_cases[] = {
  { STORED ("\"" SHA_UPPER "\"", "\"sha256\"", "\"abc-1\""), TRUE, SHA, FERRY_CHUNK_PROOF_SHA256,
    "abc-1" },
  { STORED ("null", "\"etag\"", "\"\\\"abc-1\\\"\""), TRUE, NULL, FERRY_CHUNK_PROOF_ETAG, "abc-1" },
  { STORED ("null", "\"none\"", "null"), TRUE, NULL, FERRY_CHUNK_PROOF_NONE, NULL },
  { STORED ("null", "\"blake3\"", "7"), TRUE, NULL, FERRY_CHUNK_PROOF_NONE, NULL },
  { "{\"status\":\"complete\",\"size\":7,\"url\":\"/files/x\",\"proof\":\"etag\"}", TRUE, NULL,
    FERRY_CHUNK_PROOF_ETAG, NULL },
  { STORED ("null", "null", "null"), FALSE, NULL, 0, NULL },
  { STORED ("null", "1", "null"), FALSE, NULL, 0, NULL },
  { STORED ("\"abc\"", "\"etag\"", "null"), FALSE, NULL, 0, NULL },
  { STORED ("7", "\"etag\"", "null"), FALSE, NULL, 0, NULL },
  { STORED ("[]", "\"etag\"", "null"), FALSE, NULL, 0, NULL },
  { "{\"status\":\"complete\",\"size\":7,\"url\":\"/files/x\",\"sha256\":null}", FALSE, NULL, 0,
    NULL },
};

static void
test_stored (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (stored_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (stored_cases[i].json);
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryChunkResult) result
          = ferry_chunk_api_parse_result (json, FERRY_TRANSPORT_PRESIGNED, &error);
      g_autoptr (FerryChunkResult) direct
          = ferry_chunk_api_parse_result (json, FERRY_TRANSPORT_DIRECT, NULL);

      g_test_message ("case %zu", i);
      g_assert_cmpint (result != NULL, ==, stored_cases[i].good);
      assert_error (result != NULL, error);
      /* A receiver that has the file itself knows its SHA-256. */
      g_assert_cmpint (direct != NULL, ==, stored_cases[i].sha256 != NULL);
      if (result == NULL)
        continue;
      g_assert_cmpstr (result->sha256, ==, stored_cases[i].sha256);
      g_assert_cmpint (result->proof, ==, stored_cases[i].proof);
      g_assert_cmpstr (result->etag, ==, stored_cases[i].etag);
    }
}

#define URLS(inside) "{\"urls\":[" inside "]}"
#define ADDRESS(chunk, url, headers)                                                               \
  "{\"chunk\":" chunk ",\"url\":" url ",\"headers\":" headers                                      \
  ",\"expires\":\"2026-01-02T03:04:05Z\"}"
#define GOOD_URL "\"https://s3.example:9000/b/k%20%C3%BC?partNumber=1&X-Amz-Signature=ab%2F\""

static const struct
{
  const char *json;
  const char *expected; /* "CHUNK EXPIRES [HEADERS] …"; NULL: refused */
} urls_cases[] = {
  { URLS (""), "" },
  { URLS (ADDRESS ("0", GOOD_URL, "{}")), "0 1767323045 []" },
  { URLS (ADDRESS ("0", GOOD_URL, "null")), "0 1767323045 []" },
  { URLS ("{\"chunk\":5,\"url\":\"http://h/\"}"), "5 0 []" },
  { URLS (ADDRESS ("7", GOOD_URL, "{\"x-amz-checksum-sha256\":\"a+b/c=\"}") "," ADDRESS (
        "9", "\"HTTP://127.0.0.1/\"", "{\"Content-Type\":\"a/b; c=d\",\"x_y\":\"\"}")),
    "7 1767323045 [x-amz-checksum-sha256: a+b/c=] 9 1767323045 [Content-Type: a/b; c=d|x_y: ]" },

  { "{}", NULL },
  { "[]", NULL },
  { "{\"urls\":{}}", NULL },
  { "{\"urls\":null}", NULL },
  { URLS ("null"), NULL },
  { URLS ("[]"), NULL },
  { URLS ("{}"), NULL },
  { URLS (ADDRESS ("-1", GOOD_URL, "{}")), NULL },
  { URLS (ADDRESS ("\"0\"", GOOD_URL, "{}")), NULL },
  { URLS (ADDRESS ("0", "null", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"/b/k\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"//h/b/k\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"ftp://h/b/k\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"file:///b/k\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http:///b/k\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://a:b@h/\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://a@h/\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://h/#f\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://h/a b\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://h/\\r\\nX: y\"", "{}")), NULL },
  { URLS (ADDRESS ("0", "\"http://h/\xc3\xbc\"", "{}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "[]")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x\":1}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x\":null}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x y\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x:\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x\":\"a\\nb\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"x\":\"\xc3\xbc\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"AUTHORIZATION\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"Proxy-Authorization\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"cookie\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"host\":\"a\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"Content-Length\":\"1\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"Transfer-Encoding\":\"chunked\"}")), NULL },
  { URLS (ADDRESS ("0", GOOD_URL, "{\"Expect\":\"100-continue\"}")), NULL },
  /* One that is bad spoils them all. */
  { URLS (ADDRESS ("0", GOOD_URL, "{}") "," ADDRESS ("1", "\"x\"", "{}")), NULL },
};

static char *
list_addresses (GPtrArray *addresses)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < addresses->len; i++)
    {
      const FerryChunkAddress *address = addresses->pdata[i];
      g_autofree char *headers = g_strjoinv ("|", address->headers);

      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " [%s]",
                              i > 0 ? " " : "", address->chunk, address->expires, headers);
      g_assert_true (g_ascii_strncasecmp (address->url, "http", 4) == 0);
    }
  return g_string_free (text, FALSE);
}

static void
test_urls (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (urls_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (urls_cases[i].json);
      g_autoptr (GError) error = NULL;
      g_autoptr (GPtrArray) addresses = ferry_chunk_api_parse_urls (json, &error);
      g_autofree char *list = addresses != NULL ? list_addresses (addresses) : NULL;

      g_test_message ("case %zu: %s", i, urls_cases[i].json);
      g_assert_cmpstr (list, ==, urls_cases[i].expected);
      assert_error (addresses != NULL, error);
    }
}

static void
test_many_urls (void)
{
  for (guint n = 100; n <= 101; n++)
    {
      g_autoptr (GString) text = g_string_new ("{\"urls\":[");
      g_autoptr (GBytes) json = NULL;
      g_autoptr (GPtrArray) addresses = NULL;

      for (guint i = 0; i < n; i++)
        g_string_append_printf (text, "%s{\"chunk\":%u,\"url\":\"http://h/\"}", i > 0 ? "," : "",
                                i);
      g_string_append (text, "]}");
      json = bytes (text->str);
      addresses = ferry_chunk_api_parse_urls (json, NULL);
      g_assert_cmpint (addresses != NULL, ==, n == 100);
    }
}

static void
test_store_bodies (void)
{
  static const guint64 indexes[] = { 0, 1, 2, 5, 7, 8 };
  static const char *const digests[] = { "a", "b", "c", "d", "e", "f" };
  g_autofree char *urls = ferry_chunk_api_urls_body (indexes, digests, 6);
  g_autofree char *one = ferry_chunk_api_urls_body (indexes + 3, digests + 3, 1);
  g_autofree char *receipt = ferry_chunk_api_receipt_body ("e\\-1", SHA, "0123");
  g_autofree char *bare = ferry_chunk_api_receipt_body ("e", SHA, NULL);

  g_assert_cmpstr (
      urls, ==,
      "{\"chunks\":[[0,2],[5,5],[7,8]],\"sha256\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\"]}");
  g_assert_cmpstr (one, ==, "{\"chunks\":[[5,5]],\"sha256\":[\"d\"]}");
  g_assert_cmpstr (receipt, ==, "{\"etag\":\"e\\\\-1\",\"sha256\":\"" SHA "\",\"md5\":\"0123\"}");
  g_assert_cmpstr (bare, ==, "{\"etag\":\"e\",\"sha256\":\"" SHA "\"}");
}

static void
test_hint (void)
{
  g_autoptr (GBytes) good = bytes ("{\"title\":\"a\",\"hint\":\"Check the keys.\"}");
  g_autoptr (GBytes) odd = bytes ("{\"title\":\"a\",\"hint\":\"a\\nb\"}");
  g_autoptr (GBytes) none = bytes ("{\"title\":\"a\"}");
  g_autofree char *hint = ferry_chunk_api_parse_hint (good);

  g_assert_cmpstr (hint, ==, "Check the keys.");
  g_assert_null (ferry_chunk_api_parse_hint (odd));
  g_assert_null (ferry_chunk_api_parse_hint (none));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunk-store/stored", test_stored);
  g_test_add_func ("/chunk-store/urls", test_urls);
  g_test_add_func ("/chunk-store/many-urls", test_many_urls);
  g_test_add_func ("/chunk-store/store-bodies", test_store_bodies);
  g_test_add_func ("/chunk-store/hint", test_hint);
  return g_test_run ();
}
