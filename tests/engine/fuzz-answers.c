/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds foreign bytes to everything that takes a receiver's answers apart, bare and inside of what is nearly right. */
#include "ferry-chunk-api.h"

#include "ferry-address.h"
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
check_result (GBytes *json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryChunkResult) result = ferry_chunk_api_parse_result (json, &error);
  g_autofree char *address = NULL;

  if (result == NULL)
    {
      check_refused (error);
      return;
    }
  g_assert_cmpuint (strlen (result->sha256), ==, 64);
  g_assert_cmpuint (strspn (result->sha256, "0123456789abcdef"), ==, 64);
  address = ferry_address_resolve ("http://127.0.0.1:8470/", result->url, NULL);
  if (address != NULL)
    g_assert_true (g_str_has_prefix (address, "http://") || g_str_has_prefix (address, "https://"));
}

static void
check_problem (GBytes *json)
{
  g_autofree char *text = ferry_chunk_api_parse_problem (json);
  g_autofree char *type = ferry_chunk_api_parse_problem_type (json);

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
  check_result (json);
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

  check_all (data, size);
  check_inside ("{\"size\":10000,\"chunkSize\":1024,\"totalChunks\":10,\"status\":\"in_progress\","
                "\"receivedChunks\":[",
                text, "]}");
  check_inside ("{\"uploadId\":\"", text,
                "\",\"chunkSize\":1024,\"totalChunks\":10,\"transport\":\"direct\"}");
  check_inside ("{\"status\":\"complete\",\"size\":1,\"sha256\":\"" SHA256 "\",\"url\":\"", text,
                "\"}");
  check_inside ("{\"detail\":\"", text, "\"}");
  check_inside ("{\"chunk\":", text, "}");
  check_inside ("{\"missing\":[", text, "]}");
  check_fields (text);
  return 0;
}
