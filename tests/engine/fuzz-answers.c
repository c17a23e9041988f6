/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds foreign bytes to everything that takes a receiver's answers apart, bare and inside of what is nearly right. */
#include "ferry-chunk-api.h"

#include "ferry-address.h"
#include "ferry-bucket-answer.h"
#include "ferry-digest.h"
#include "ferry-error.h"
#include "ferry-http-headers.h"

#include "../base/fuzz-driver.h"

#include <string.h>

#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SIZE 10000

static const char *const seeds[] = {
  "{\"uploadId\":\"0123456789abcdef\",\"chunkSize\":1024,\"totalChunks\":10,\"transport\":"
  "\"direct\","
  "\"expires\":\"2031-05-03T14:02:00Z\"}",
  "{\"uploadId\":\"u/+\",\"chunkSize\":10000,\"totalChunks\":1,\"transport\":\"presigned\"}",
  "{\"uploadId\":\"u\",\"name\":\"a\",\"size\":10000,\"chunkSize\":1024,\"totalChunks\":10,"
  "\"receivedChunks\":[[0,3],[5,5],[8,9]],\"nextExpectedChunk\":4,\"status\":\"in_progress\"}",
  "{\"size\":0,\"chunkSize\":1,\"totalChunks\":0,\"receivedChunks\":[],\"nextExpectedChunk\":null,"
  "\"status\":\"complete\",\"expires\":null}",
  "{\"size\":9223372036854775807,\"chunkSize\":4611686018427387904,\"totalChunks\":2,"
  "\"receivedChunks\":[[0,1]],\"status\":\"expired\"}",
  "{\"status\":\"complete\",\"name\":\"a\",\"size\":10000,\"sha256\":\"" SHA256
  "\",\"url\":\"/files/u/a\"}",
  "{\"chunk\":7}",
  "{\"missing\":[[0,0],[2,4],[9,9]]}",
  "{\"type\":\"urn:ferry:problem:no-space\",\"title\":\"No room\",\"status\":507,"
  "\"detail\":\"The disk has room for 5.\",\"hint\":\"Make room.\"}",
  "{\"title\":\"\\u202e\\u0007\\ud83d\\ude00\"}",
  "{\"status\":\"complete\",\"name\":\"a\",\"size\":10000,\"sha256\":null,\"url\":\"/files/u/a\","
  "\"proof\":\"etag\",\"etag\":\"\\\"0123456789abcdef0123456789abcdef-10\\\"\"}",
  "{\"urls\":[{\"chunk\":0,\"url\":\"https://s3.example/b/"
  "k?partNumber=1&uploadId=2~x\",\"headers\":{"
  "\"x-amz-checksum-sha256\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"},\"expires\":"
  "\"2031-05-03T14:02:00Z\"}]}",
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>AccessDenied</Code><Message>Request "
  "has "
  "expired</Message><RequestId>1</RequestId></Error>",
  "\"0123456789abcdef0123456789abcdef\"",
  "[0,3],[5,5],[8,9]",
  "/files/0123/a%20b.txt",
  "http://other.example:8080/files/x",
  "120",
  NULL,
};

static const char *const pieces[] = {
  "\"uploadId\":",
  "\"chunkSize\":",
  "\"totalChunks\":",
  "\"receivedChunks\":",
  "\"status\":",
  "\"complete\"",
  "\"expired\"",
  "\"in_progress\"",
  "\"size\":",
  "\"sha256\":",
  "\"url\":",
  "\"chunk\":",
  "\"missing\":",
  "\"detail\":",
  "\"title\":",
  "\"type\":",
  "\"hint\":",
  "\"urls\":",
  "\"headers\":",
  "\"proof\":",
  "\"etag\":",
  "Authorization",
  "\\r\\n",
  "<Error>",
  "</Error>",
  "<Code>",
  "</Code>",
  "<![CDATA[",
  "]]>",
  "<!--",
  "&amp;",
  "&#0;",
  "<!DOCTYPE a [",
  "W/\"",
  "null",
  "true",
  "[[0,9]]",
  "[0,0],",
  "[1,1],",
  "{",
  "}",
  "[",
  "]",
  ",",
  "\\u0000",
  "\\ud800",
  "\\u202e",
  "//",
  "/*",
  "'",
  "1.0",
  "1e999",
  "NaN",
  "\xef\xbb\xbf",
  "2031-05-03",
  NULL,
};

const char *const *const fuzz_seeds = seeds;
const char *const *const fuzz_pieces = pieces;

/* What a server sends is the server's fault, said in a sentence. */
static void
check_refused (const GError *error)
{
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL);
  g_assert_true (g_str_has_suffix (error->message, "."));
}

static void
check_ranges (const FerryRanges *ranges, guint64 total)
{
  guint64 next = 0;

  for (gsize i = 0; i < ferry_ranges_get_n (ranges); i++)
    {
      FerryRange range = ferry_ranges_get (ranges, i);

      g_assert_cmpuint (range.start, >=, next);
      g_assert_cmpuint (range.end, >, range.start);
      g_assert_cmpuint (range.end, <=, total);
      next = range.end + 1;
    }
}

static void
check_layout (guint64 size, guint64 chunk_size, guint64 total)
{
  g_assert_cmpuint (chunk_size, >, 0);
  g_assert_cmpuint (total, <=, FERRY_CHUNK_API_MAX_CHUNKS);
  g_assert_cmpuint (size / chunk_size + (size % chunk_size > 0), ==, total);
}

static void
check_created (GBytes *json, guint64 size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryChunkCreated) created = ferry_chunk_api_parse_created (json, size, &error);

  if (created == NULL)
    {
      check_refused (error);
      return;
    }
  g_assert_no_error (error);
  g_assert_true (g_utf8_validate (created->upload_id, -1, NULL));
  g_assert_cmpuint (strlen (created->upload_id), >, 0);
  g_assert_cmpuint (strlen (created->upload_id), <=, 1024);
  g_assert_cmpint (created->expires, >=, 0);
  check_layout (size, created->chunk_size, created->total_chunks);
}

static void
check_status (GBytes *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryChunkStatus) status = ferry_chunk_api_parse_status (json, &error);

  if (status == NULL)
    {
      check_refused (error);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpint (status->state, >=, FERRY_CHUNK_IN_PROGRESS);
  g_assert_cmpint (status->state, <=, FERRY_CHUNK_EXPIRED);
  g_assert_cmpint (status->expires, >=, 0);
  check_layout (status->size, status->chunk_size, status->total_chunks);
  check_ranges (status->received, status->total_chunks);
}

static void
check_hex (const char *sha256)
{
  g_assert_cmpuint (strlen (sha256), ==, 64);
  g_assert_cmpuint (strspn (sha256, "0123456789abcdef"), ==, 64);
}

static void
check_result (GBytes *json, FerryTransport transport)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryChunkResult) result = ferry_chunk_api_parse_result (json, transport, &error);
  g_autofree char *address = NULL;

  if (result == NULL)
    {
      check_refused (error);
      return;
    }
  if (result->sha256 != NULL || transport == FERRY_TRANSPORT_DIRECT)
    check_hex (result->sha256);
  if (result->etag != NULL)
    g_assert_cmpuint (strlen (result->etag), <=, 256);
  address = ferry_address_resolve ("http://127.0.0.1:8470/", result->url, NULL);
  if (address != NULL)
    g_assert_true (g_str_has_prefix (address, "http://") || g_str_has_prefix (address, "https://"));
}

static void
check_header (const char *line)
{
  const char *colon = strchr (line, ':');

  g_assert_nonnull (colon);
  g_assert_cmpuint (colon - line, >, 0);
  g_assert_true (g_ascii_strncasecmp (line, "authorization:", 14) != 0);
  g_assert_true (g_ascii_strncasecmp (line, "host:", 5) != 0);
  for (const char *p = line; *p != '\0'; p++)
    g_assert_true (*p >= ' ' && *p <= '~');
}

static void
check_urls (GBytes *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) addresses = ferry_chunk_api_parse_urls (json, &error);

  if (addresses == NULL)
    {
      check_refused (error);
      return;
    }
  g_assert_cmpuint (addresses->len, <=, FERRY_CHUNK_API_MAX_ADDRESSES);
  for (guint i = 0; i < addresses->len; i++)
    {
      const FerryChunkAddress *address = addresses->pdata[i];
      g_autoptr (GUri) uri = g_uri_parse (address->url, G_URI_FLAGS_ENCODED, NULL);

      g_assert_nonnull (uri);
      g_assert_true (g_str_has_prefix (g_uri_get_scheme (uri), "http"));
      g_assert_null (g_uri_get_userinfo (uri));
      g_assert_null (strpbrk (address->url, " \t\r\n"));
      g_assert_cmpint (address->expires, >=, 0);
      for (guint n = 0; address->headers[n] != NULL; n++)
        check_header (address->headers[n]);
    }
}

/* What a store says. */
static void
check_store (GBytes *xml, const char *text)
{
  g_autofree char *code = ferry_bucket_parse_code (xml);
  g_autofree char *etag = ferry_bucket_parse_etag (text);

  if (code != NULL)
    {
      g_assert_cmpuint (strlen (code), >, 0);
      g_assert_cmpuint (strlen (code), <=, FERRY_BUCKET_MAX_CODE);
      for (const char *p = code; *p != '\0'; p++)
        g_assert_true (g_ascii_isalnum (*p) || *p == '.');
    }
  for (unsigned status = 301; status < 600; status += 51)
    g_assert_cmpint (ferry_bucket_judge (status, code), !=, FERRY_BUCKET_STORED);
  if (etag != NULL)
    {
      g_assert_cmpuint (strlen (etag), >, 0);
      g_assert_null (strpbrk (etag, "\" \r\n"));
    }
}

static void
check_problem (GBytes *json)
{
  g_autofree char *text = ferry_chunk_api_parse_problem (json);
  g_autofree char *type = ferry_chunk_api_parse_problem_type (json);
  g_autofree char *hint = ferry_chunk_api_parse_hint (json);

  g_assert_true (hint == NULL || g_utf8_validate (hint, -1, NULL));
  g_assert_true (type == NULL || g_utf8_validate (type, -1, NULL));
  if (text == NULL)
    return;
  g_assert_cmpuint (strlen (text), >, 0);
  g_assert_cmpuint (strlen (text), <=, 300);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_true (g_unichar_isprint (g_utf8_get_char (p)));
}

static void
check_all (const void *data, gsize length)
{
  g_autoptr (GBytes) json = g_bytes_new (data, length);
  g_autoptr (FerryRanges) missing = ferry_chunk_api_parse_missing (json, 10);
  g_autoptr (GError) error = NULL;

  check_created (json, SIZE);
  check_created (json, 0);
  check_created (json, G_MAXINT64);
  check_status (json);
  check_result (json, FERRY_TRANSPORT_DIRECT);
  check_result (json, FERRY_TRANSPORT_PRESIGNED);
  check_urls (json);
  check_problem (json);
  if (missing != NULL)
    check_ranges (missing, 10);
  if (!ferry_chunk_api_parse_chunk (json, 7, &error))
    check_refused (error);
}

static void
check_inside (const char *format_start, const char *text, const char *format_end)
{
  g_autofree char *whole = g_strconcat (format_start, text, format_end, NULL);

  check_all (whole, strlen (whole));
}

static void
check_inside_xml (const char *text)
{
  g_autofree char *whole
      = g_strconcat ("<Error><Code>", text, "</Code><Message>", text, "</Message></Error>", NULL);
  g_autoptr (GBytes) xml = g_bytes_new (whole, strlen (whole));

  check_store (xml, text);
}

static void
check_fields (const char *text)
{
  g_autofree char *next = ferry_address_resolve ("https://a.example/base/", text, NULL);

  g_assert_cmpint (ferry_http_parse_retry_after (text, 784111777), >=, -1);
  if (next != NULL)
    {
      g_autofree char *host = ferry_address_host (next);

      g_assert_cmpuint (strlen (host), >, 0);
      g_assert_null (strpbrk (next, " \t\r\n"));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);

  g_autoptr (GBytes) all = g_bytes_new (data, size);

  check_all (data, size);
  check_store (all, text);
  check_inside ("{\"size\":10000,\"chunkSize\":1024,\"totalChunks\":10,\"status\":\"in_progress\","
                "\"receivedChunks\":[",
                text, "]}");
  check_inside ("{\"uploadId\":\"", text,
                "\",\"chunkSize\":1024,\"totalChunks\":10,\"transport\":\"direct\"}");
  check_inside ("{\"status\":\"complete\",\"size\":1,\"sha256\":\"" SHA256 "\",\"url\":\"", text,
                "\"}");
  check_inside ("{\"detail\":\"", text, "\"}");
  check_inside ("{\"urls\":[{\"chunk\":0,\"url\":\"http://h/", text, "\",\"headers\":{}}]}");
  check_inside ("{\"urls\":[{\"chunk\":0,\"url\":\"http://h/\",\"headers\":{", text, "}}]}");
  check_inside ("{\"urls\":[{\"chunk\":0,\"url\":\"http://h/\",\"headers\":{\"", text,
                "\":\"a\"}}]}");
  check_inside (
      "{\"status\":\"complete\",\"size\":1,\"sha256\":null,\"url\":\"/\",\"proof\":\"etag\","
      "\"etag\":\"",
      text, "\"}");
  check_inside_xml (text);
  check_inside ("{\"chunk\":", text, "}");
  check_inside ("{\"missing\":[", text, "]}");
  check_fields (text);
  return 0;
}
