/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What a receiver answers, right and wrong: nothing but a sound answer is taken, and no bytes do harm. */

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

/* ---- created ---- */

#define CREATED(id, size, total)                                                                   \
  "{\"uploadId\":" id ",\"chunkSize\":" size ",\"totalChunks\":" total ",\"transport\":"           \
  "\"direct\"}"

typedef struct
{
  const char *json;
  guint64 size;
  guint64 chunk_size; /* 0: refused */
  guint64 total;
  gint64 expires;
} Created;

static const Created created_cases[] = {
  { CREATED ("\"a\"", "10", "10"), 100, 10, 10, 0 },
  { CREATED ("\"a\"", "10", "11"), 101, 10, 11, 0 },
  { CREATED ("\"a\"", "10", "0"), 0, 10, 0, 0 },
  { CREATED ("\"a\"", "1", "1"), 1, 1, 1, 0 },
  { CREATED ("\"a\"", "9223372036854775807", "1"), 5, G_MAXINT64, 1, 0 },
  { CREATED ("\"a\"", "1", "4294967296"), FERRY_CHUNK_API_MAX_CHUNKS, 1, FERRY_CHUNK_API_MAX_CHUNKS,
    0 },
  { " \r\n\t{ \"uploadId\" : \"a\\\"[[[{{{/*\\\\\", \"chunkSize\" : 10, \"totalChunks\" : 1,"
    " \"transport\" : \"direct\", \"expires\" : \"2026-01-02T03:04:05Z\", \"new\" : [{}] } ",
    7, 10, 1, 1767323045 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":1,\"transport\":\"direct\","
    "\"expires\":null}",
    7, 10, 1, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":1,\"transport\":\"direct\","
    "\"expires\":\"soon\"}",
    7, 10, 1, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":1,\"transport\":\"direct\","
    "\"expires\":\"1900-01-01T00:00:00Z\"}",
    7, 10, 1, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":1,\"transport\":\"direct\","
    "\"expires\":17}",
    7, 10, 1, 0 },

  { "", 100, 0, 0, 0 },
  { " ", 100, 0, 0, 0 },
  { "null", 100, 0, 0, 0 },
  { "[]", 100, 0, 0, 0 },
  { "17", 100, 0, 0, 0 },
  { "\"a\"", 100, 0, 0, 0 },
  { "{}", 100, 0, 0, 0 },
  { "{", 100, 0, 0, 0 },
  { "<html><body>Sign in</body></html>", 100, 0, 0, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":10,\"transport\":\"direct\"", 100, 0, 0,
    0 },
  { CREATED ("\"a\"", "10", "10") "x", 100, 0, 0, 0 },
  { "/**/" CREATED ("\"a\"", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("\"\"", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("null", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("7", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("[\"a\"]", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("{}", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("\"\xff\"", "10", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "0", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "-10", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "\"10\"", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "10.0", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "true", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "null", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "[10]", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "9223372036854775808", "1"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "18446744073709551615", "1"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "18446744073709551626", "10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "99999999999999999999999999999999999999", "1"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "10", "9"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "10", "11"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "10", "1"), 0, 0, 0, 0 },
  { CREATED ("\"a\"", "10", "-10"), 100, 0, 0, 0 },
  { CREATED ("\"a\"", "1", "4294967297"), FERRY_CHUNK_API_MAX_CHUNKS + 1, 0, 0, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":10}", 100, 0, 0, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":10,\"transport\":\"carrier pigeon\"}",
    100, 0, 0, 0 },
  { "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":10,\"transport\":null}", 100, 0, 0, 0 },
};

static void
test_created (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (created_cases); i++)
    {
      const Created *expected = &created_cases[i];
      g_autoptr (GBytes) json = bytes (expected->json);
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryChunkCreated) created
          = ferry_chunk_api_parse_created (json, expected->size, &error);

      g_test_message ("case %zu", i);
      g_assert_cmpint (created != NULL, ==, expected->chunk_size != 0);
      assert_error (created != NULL, error);
      if (created == NULL)
        continue;
      g_assert_cmpstr (created->upload_id, !=, "");
      g_assert_cmpuint (created->chunk_size, ==, expected->chunk_size);
      g_assert_cmpuint (created->total_chunks, ==, expected->total);
      g_assert_cmpint (created->expires, ==, expected->expires);
    }
}

static void
test_transport (void)
{
  static const char *const names[] = { "direct", "presigned" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *text = g_strdup_printf (
          "{\"uploadId\":\"a\",\"chunkSize\":10,\"totalChunks\":10,\"transport\":\"%s\"}",
          names[i]);
      g_autoptr (GBytes) json = bytes (text);
      g_autoptr (FerryChunkCreated) created = ferry_chunk_api_parse_created (json, 100, NULL);

      g_assert_nonnull (created);
      g_assert_cmpint (created->transport, ==, (FerryTransport) i);
    }
}

static void
test_id_length (void)
{
  for (guint length = 255; length <= 257; length++)
    {
      g_autofree char *id = g_strnfill (length, 'i');
      g_autofree char *text = g_strdup_printf (CREATED ("\"%s\"", "10", "10"), id);
      g_autoptr (GBytes) json = bytes (text);
      g_autoptr (FerryChunkCreated) created = ferry_chunk_api_parse_created (json, 100, NULL);

      g_assert_cmpint (created != NULL, ==, length <= 256);
    }
}

/* ---- status ---- */

#define STATUS(size, chunk, total, received, state)                                                \
  "{\"uploadId\":\"a\",\"name\":\"n\",\"size\":" size ",\"chunkSize\":" chunk                      \
  ",\"totalChunks\":" total ",\"receivedChunks\":" received                                        \
  ",\"nextExpectedChunk\":0,\"status\":" state "}"

typedef struct
{
  const char *json;
  const char *received; /* "0-42 44-45 "; NULL: refused */
  FerryChunkState state;
} Status;

static const Status status_cases[] = {
  { STATUS ("100", "1", "100", "[]", "\"in_progress\""), "", FERRY_CHUNK_IN_PROGRESS },
  { STATUS ("100", "1", "100", "[[0,41],[44,44]]", "\"in_progress\""), "0-42 44-45 ",
    FERRY_CHUNK_IN_PROGRESS },
  { STATUS ("100", "1", "100", "[[0,99]]", "\"complete\""), "0-100 ", FERRY_CHUNK_COMPLETE },
  { STATUS ("100", "1", "100", "[[99,99]]", "\"expired\""), "99-100 ", FERRY_CHUNK_EXPIRED },
  { STATUS ("0", "1", "0", "[]", "\"complete\""), "", FERRY_CHUNK_COMPLETE },

  { STATUS ("100", "1", "100", "[[0,100]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("0", "1", "0", "[[0,0]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[5,4]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,5],[5,6]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,5],[6,7]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[8,9],[0,1]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[-1,1]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,1,2]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[0,1]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[null]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[{\"0\":1}]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[\"0\",\"1\"]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,1.5]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,18446744073709551615]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[[0,18446744073709551617]]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "{}", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "null", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "\"0-41\"", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[]", "\"done\""), NULL, 0 },
  { STATUS ("100", "1", "100", "[]", "null"), NULL, 0 },
  { STATUS ("100", "1", "100", "[]", "0"), NULL, 0 },
  { STATUS ("100", "0", "100", "[]", "\"in_progress\""), NULL, 0 },
  { STATUS ("100", "1", "99", "[]", "\"in_progress\""), NULL, 0 },
  { STATUS ("-1", "1", "0", "[]", "\"in_progress\""), NULL, 0 },
  { STATUS ("null", "1", "0", "[]", "\"in_progress\""), NULL, 0 },
  { STATUS ("9223372036854775807", "1", "9223372036854775807", "[]", "\"in_progress\""), NULL, 0 },
  { "{\"size\":1,\"chunkSize\":1,\"totalChunks\":1,\"status\":\"in_progress\"}", NULL, 0 },
  { "{}", NULL, 0 },
  { "[]", NULL, 0 },
  { "", NULL, 0 },
};

static char *
list_ranges (const FerryRanges *ranges)
{
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < ferry_ranges_get_n (ranges); i++)
    {
      FerryRange range = ferry_ranges_get (ranges, i);
      g_string_append_printf (text, "%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT " ", range.start,
                              range.end);
    }
  return g_string_free (text, FALSE);
}

static void
test_status (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (status_cases); i++)
    {
      const Status *expected = &status_cases[i];
      g_autoptr (GBytes) json = bytes (expected->json);
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryChunkStatus) status = ferry_chunk_api_parse_status (json, &error);
      g_autofree char *received = status != NULL ? list_ranges (status->received) : NULL;

      g_test_message ("case %zu", i);
      g_assert_cmpstr (received, ==, expected->received);
      assert_error (status != NULL, error);
      if (status != NULL)
        g_assert_cmpint (status->state, ==, expected->state);
    }
}

/* ---- result, chunk, missing, problem ---- */

#define RESULT(state, size, sha, url)                                                              \
  "{\"status\":" state ",\"name\":\"n\",\"size\":" size ",\"sha256\":" sha ",\"url\":" url "}"

static const struct
{
  const char *json;
  gboolean good;
} result_cases[] = {
  { RESULT ("\"complete\"", "7", "\"" SHA "\"", "\"/files/x\""), TRUE },
  { RESULT ("\"complete\"", "7", "\"" SHA_UPPER "\"", "\"/files/x\""), TRUE },
  { RESULT ("\"in_progress\"", "7", "\"" SHA "\"", "\"/files/x\""), FALSE },
  { RESULT ("null", "7", "\"" SHA "\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "-7", "\"" SHA "\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "\"7\"", "\"" SHA "\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "7", "\"" SHA "0\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "7", "\"\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "7", "\"x" SHA "\"", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "7", "null", "\"/files/x\""), FALSE },
  { RESULT ("\"complete\"", "7", "\"" SHA "\"", "null"), FALSE },
  { RESULT ("\"complete\"", "7", "\"" SHA "\"", "[]"), FALSE },
  { "{}", FALSE },
  { "[]", FALSE },
  { "", FALSE },
};

static void
test_result (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (result_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (result_cases[i].json);
      g_autoptr (GError) error = NULL;
      g_autoptr (FerryChunkResult) result
          = ferry_chunk_api_parse_result (json, FERRY_TRANSPORT_DIRECT, &error);

      g_test_message ("case %zu", i);
      g_assert_cmpint (result != NULL, ==, result_cases[i].good);
      assert_error (result != NULL, error);
      if (result == NULL)
        continue;
      g_assert_cmpuint (result->size, ==, 7);
      g_assert_cmpstr (result->sha256, ==, SHA);
      g_assert_cmpstr (result->url, ==, "/files/x");
    }
}

static void
test_long_url (void)
{
  for (guint length = 16383; length <= 16385; length++)
    {
      g_autofree char *url = g_strnfill (length, 'u');
      g_autofree char *text
          = g_strdup_printf (RESULT ("\"complete\"", "7", "\"" SHA "\"", "\"%s\""), url);
      g_autoptr (GBytes) json = bytes (text);
      g_autoptr (FerryChunkResult) result
          = ferry_chunk_api_parse_result (json, FERRY_TRANSPORT_DIRECT, NULL);

      g_assert_cmpint (result != NULL, ==, length <= 16384);
    }
}

static const struct
{
  const char *json;
  gboolean good;
} chunk_cases[] = {
  { "{\"chunk\":7}", TRUE },
  { "{\"chunk\":7,\"more\":[1]}", TRUE },
  { "{\"chunk\":8}", FALSE },
  { "{\"chunk\":\"7\"}", FALSE },
  { "{\"chunk\":-7}", FALSE },
  { "{\"chunk\":7.0}", FALSE },
  { "{\"chunk\":null}", FALSE },
  { "{\"chunk\":18446744073709551623}", FALSE },
  { "{}", FALSE },
  { "[7]", FALSE },
  { "7", FALSE },
  { "", FALSE },
  { "<html></html>", FALSE },
  { "{\"chunk\":7", FALSE },
};

static void
test_chunk (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (chunk_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (chunk_cases[i].json);
      g_autoptr (GError) error = NULL;
      gboolean good = ferry_chunk_api_parse_chunk (json, 7, &error);

      g_test_message ("case %zu", i);
      g_assert_cmpint (good, ==, chunk_cases[i].good);
      assert_error (good, error);
    }
}

static const char *const missing_cases[][2] = {
  { "{\"missing\":[[42,99]]}", "42-100 " },
  { "{\"missing\":[[0,0],[2,2]],\"title\":\"x\"}", "0-1 2-3 " },
  { "{\"missing\":[]}", "" },
  { "{\"missing\":[[42,100]]}", NULL },
  { "{\"missing\":[[42,41]]}", NULL },
  { "{\"missing\":[42]}", NULL },
  { "{\"missing\":null}", NULL },
  { "{\"missing\":{}}", NULL },
  { "{\"title\":\"x\"}", NULL },
  { "[[42,99]]", NULL },
  { "", NULL },
};

static void
test_missing (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (missing_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (missing_cases[i][0]);
      g_autoptr (FerryRanges) missing = ferry_chunk_api_parse_missing (json, 100);
      g_autofree char *list = missing != NULL ? list_ranges (missing) : NULL;

      g_test_message ("case %zu", i);
      g_assert_cmpstr (list, ==, missing_cases[i][1]);
    }
}

static const char *const problem_cases[][2] = {
  { "{\"title\":\"No room\",\"detail\":\"Free some.\"}", "Free some." },
  { "{\"title\":\"No room\"}", "No room" },
  { "{\"title\":\"No room\",\"detail\":7}", "No room" },
  { "{\"detail\":\"gr\xc3\xbc\xc3\x9f\"}", "gr\xc3\xbc\xc3\x9f" },
  { "{\"detail\":\"\"}", NULL },
  { "{\"detail\":\"a\\nb\"}", NULL },
  /* Escapes that make bytes which are no text. */
  { "{\"detail\":\"a\\377b\"}", NULL },
  { "{\"title\":\"a\\ud800b\"}", NULL },
  { "{\"detail\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
  { "{\"detail\":\"a\\u001b[31mb\"}", NULL },
  { "{\"detail\":\"a\\u202eb\"}", NULL },
  { "{\"title\":null}", NULL },
  { "{}", NULL },
  { "\"No room\"", NULL },
  { "", NULL },
};

static void
test_problem (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (problem_cases); i++)
    {
      g_autoptr (GBytes) json = bytes (problem_cases[i][0]);
      g_autofree char *text = ferry_chunk_api_parse_problem (json);

      g_test_message ("case %zu", i);
      g_assert_cmpstr (text, ==, problem_cases[i][1]);
    }
}

/* ---- bodies ---- */

static void
test_bodies (void)
{
  g_autofree char *plain = ferry_chunk_api_create_body ("a.bin", 7, 1767323045);
  g_autofree char *odd = ferry_chunk_api_create_body ("\"a\\\n\xc3\xbc", G_MAXINT64, -1);
  g_autofree char *far = ferry_chunk_api_create_body ("a", 0, G_MAXINT64);
  g_autofree char *complete = ferry_chunk_api_complete_body (SHA);

  g_assert_cmpstr (plain, ==,
                   "{\"name\":\"a.bin\",\"size\":7,\"modified\":\"2026-01-02T03:04:05Z\"}");
  g_assert_nonnull (strstr (odd, "\"\\\"a\\\\\\n"));
  g_assert_nonnull (strstr (odd, "\"size\":9223372036854775807"));
  g_assert_nonnull (strstr (odd, "\"modified\":\"1969-12-31T23:59:59Z\""));
  g_assert_cmpstr (far, ==, "{\"name\":\"a\",\"size\":0}");
  g_assert_cmpstr (complete, ==, "{\"sha256\":\"" SHA "\"}");
}

/* ---- any bytes ---- */

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
check_any (GBytes *json)
{
  GError *errors[4] = { NULL };
  g_autoptr (FerryChunkCreated) created = ferry_chunk_api_parse_created (json, 100, &errors[0]);
  g_autoptr (FerryChunkStatus) status = ferry_chunk_api_parse_status (json, &errors[1]);
  g_autoptr (FerryChunkResult) result
      = ferry_chunk_api_parse_result (json, FERRY_TRANSPORT_DIRECT, &errors[2]);
  gboolean chunk = ferry_chunk_api_parse_chunk (json, 7, &errors[3]);
  g_autoptr (FerryRanges) missing = ferry_chunk_api_parse_missing (json, 100);
  g_autofree char *problem = ferry_chunk_api_parse_problem (json);

  assert_error (created != NULL, errors[0]);
  assert_error (status != NULL, errors[1]);
  assert_error (result != NULL, errors[2]);
  assert_error (chunk, errors[3]);
  if (created != NULL)
    g_assert_cmpuint ((100 + created->chunk_size - 1) / created->chunk_size, ==,
                      created->total_chunks);
  if (status != NULL)
    check_ranges (status->received, status->total_chunks);
  if (result != NULL)
    g_assert_cmpuint (strlen (result->sha256), ==, 64);
  if (missing != NULL)
    check_ranges (missing, 100);
  if (problem != NULL)
    g_assert_cmpuint (strlen (problem), <=, 300);
  for (gsize i = 0; i < G_N_ELEMENTS (errors); i++)
    g_clear_error (&errors[i]);
}

/* Whatever is put before the brackets, the parser must not follow a million of them. */
static void
test_nesting (void)
{
  static const char *const before[] = { "",     "{\"a\":",  "/*\"*/",        "//\"\n", "#\"\n",
                                        "'\"'", "\"\\\"\"", "{/*\"*/\"a\":", "\"",     "{'\"':" };
  g_autofree char *arrays = g_strnfill (1000000, '[');
  g_autoptr (GString) objects = g_string_new (NULL);

  for (guint i = 0; i < 200000; i++)
    g_string_append (objects, "{\"a\":");
  for (gsize i = 0; i < G_N_ELEMENTS (before); i++)
    {
      g_autofree char *first = g_strconcat (before[i], arrays, NULL);
      g_autofree char *second = g_strconcat (before[i], objects->str, NULL);
      g_autoptr (GBytes) first_json = bytes (first);
      g_autoptr (GBytes) second_json = bytes (second);

      g_test_message ("case %zu", i);
      check_any (first_json);
      check_any (second_json);
      g_assert_null (ferry_chunk_api_parse_missing (first_json, 1));
      g_assert_null (ferry_chunk_api_parse_missing (second_json, 1));
    }
}

/* Depth, as long as it is not absurd, is nobody's business. */
static void
test_shallow (void)
{
  g_autoptr (GBytes) good = bytes ("{\"chunk\":7,\"a\":[[[[[[[]]]]]]]}");
  g_autoptr (GBytes) deep = bytes ("{\"chunk\":7,\"a\":[[[[[[[[]]]]]]]]}");

  g_assert_true (ferry_chunk_api_parse_chunk (good, 7, NULL));
  g_assert_false (ferry_chunk_api_parse_chunk (deep, 7, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/chunk-api/created", test_created);
  g_test_add_func ("/chunk-api/transport", test_transport);
  g_test_add_func ("/chunk-api/id-length", test_id_length);
  g_test_add_func ("/chunk-api/status", test_status);
  g_test_add_func ("/chunk-api/result", test_result);
  g_test_add_func ("/chunk-api/long-url", test_long_url);
  g_test_add_func ("/chunk-api/chunk", test_chunk);
  g_test_add_func ("/chunk-api/missing", test_missing);
  g_test_add_func ("/chunk-api/problem", test_problem);
  g_test_add_func ("/chunk-api/bodies", test_bodies);
  g_test_add_func ("/chunk-api/nesting", test_nesting);
  g_test_add_func ("/chunk-api/shallow", test_shallow);
  return g_test_run ();
}
