/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds foreign bytes to everything that takes requests apart, bare and inside of what is nearly right. */
#include "ferry-request.h"

#include "ferry-broker-keys.h"
#include "ferry-digest.h"
#include "fuzz-driver.h"
#include "receiver-options.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"
#define SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *const seeds[] = {
  "/uploads/" ID "/chunks/42",
  "/uploads/" ID "/complete",
  "/files/" ID "/a%20b%C3%BC.txt",
  "id=" ID,
  "x=1&id=" ID "&y",
  "{\"name\":\"a.txt\",\"size\":1234567890123}",
  "{\"name\":\"\\u00fc\\ud83d\\ude00\\n/\",\"size\":0,\"modified\":\"2031-05-03T14:02:00Z\","
  "\"sha256\":\"" SHA256 "\"}",
  "{\"name\":\"b\",\"size\":1,\"modified\":784111777,\"x\":[[[{\"y\":[null,true,-1.5e3]}]]]}",
  "{\"sha256\":\"" SHA256 "\"}",
  "{\"sha256\":null}",
  "/uploads/" ID "/urls",
  "/uploads/" ID "/chunks/42/receipt",
  "{\"chunks\":[[0,3],[7,7],[90,99]]}",
  "{\"chunks\":[[5,5]],\"sha256\":[\"" SHA256 "\"]}",
  "{\"etag\":\"\\\"d41d8cd98f00b204e9800998ecf8427e\\\"\",\"sha256\":\"" SHA256
  "\",\"md5\":\"d41d8cd98f00b204e9800998ecf8427e\"}",
  "[default]\naws_access_key_id = AKID\n# x\naws_secret_access_key=b/c+d\naws_session_token "
  "=t\n[x]\n",
  "POST /uploads HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\nAuthorization: Bearer a-b_c\r\n\r\n",
  "PUT /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
  "0-499",
  "-500",
  "9223372036854775807-",
  "\"0123\", W/\"0123\", \"x,y\"",
  "5MiB",
  "7d",
  NULL,
};

static const char *const pieces[] = {
  "\"name\":",
  "\"size\":",
  "\"modified\":",
  "\"sha256\":",
  "\"chunks\":",
  "\"etag\":",
  "\"md5\":",
  "/urls",
  "/receipt",
  "[default]",
  "aws_access_key_id",
  " = ",
  "null",
  "\\u0000",
  "\\ud800",
  "\\",
  "{",
  "}",
  "[",
  "]",
  ",",
  "\r\n\r\n",
  "\r\n ",
  "Content-Length: 1\r\n",
  "Transfer-Encoding: chunked\r\n",
  "bytes=",
  "Bearer ",
  "/chunks/",
  "/complete",
  "&id=",
  "W/",
  "*",
  NULL,
};

const char *const *const fuzz_seeds = seeds;
const char *const *const fuzz_pieces = pieces;

static void
check_route (const char *method, const char *path, const char *query)
{
  FerryRoute route;

  ferry_route_parse (method, path, query, &route);
  g_assert_cmpint (route.kind, >=, FERRY_ROUTE_NONE);
  g_assert_cmpint (route.kind, <=, FERRY_ROUTE_FILE);
  g_assert_true (route.id[0] == '\0' || strlen (route.id) == FERRY_UPLOAD_ID_LENGTH);
  g_assert_cmpuint (strspn (route.id, "0123456789abcdef"), ==, strlen (route.id));
  if (route.kind != FERRY_ROUTE_NONE)
    g_assert_nonnull (route.allow);
  if (route.name != NULL)
    g_assert_null (strchr (route.name, '/'));
  /* Each upload and each chunk has one address. */
  if (route.kind == FERRY_ROUTE_CHUNK)
    {
      g_autofree char *same
          = g_strdup_printf ("/uploads/%s/chunks/%" G_GUINT64_FORMAT, route.id, route.chunk);

      g_assert_cmpstr (path, ==, same);
    }
  if (route.kind == FERRY_ROUTE_DISCARD)
    g_assert_cmpint (strncmp (path, "/uploads/", 9) | strcmp (path + 9, route.id), ==, 0);
  ferry_route_clear (&route);
}

static void
check_routes (const char *text)
{
  g_autofree char *upload = g_strconcat ("/uploads/", text, NULL);
  g_autofree char *chunk = g_strconcat ("/uploads/" ID "/chunks/", text, NULL);
  g_autofree char *file = g_strconcat ("/files/" ID "/", text, NULL);
  g_autofree char *query = g_strconcat ("id=" ID, text, NULL);

  check_route (text, "/uploads", NULL);
  check_route ("GET", text, text);
  check_route ("DELETE", upload, NULL);
  check_route ("PUT", chunk, NULL);
  check_route ("GET", file, NULL);
  check_route ("GET", "/status", text);
  check_route ("GET", "/status", query);
}

/* Said again in our words, it means the same. */
static void
check_same_initiate (const FerryInitiate *initiate, const guint8 *sha256)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *text = NULL;
  g_autofree char *hex = ferry_sha256_to_hex (initiate->sha256);
  FerryInitiate again;
  guint8 same[FERRY_SHA256_SIZE];

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, initiate->name);
  json_builder_set_member_name (builder, "size");
  json_builder_add_int_value (builder, (gint64) initiate->size);
  if (initiate->modified >= 0)
    {
      json_builder_set_member_name (builder, "modified");
      json_builder_add_int_value (builder, initiate->modified);
    }
  if (initiate->has_sha256)
    {
      json_builder_set_member_name (builder, "sha256");
      json_builder_add_string_value (builder, hex);
    }
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  text = json_to_string (root, FALSE);
  g_assert_null (ferry_initiate_parse (text, strlen (text), &again));
  ferry_initiate_digest (&again, same);
  g_assert_cmpmem (sha256, FERRY_SHA256_SIZE, same, FERRY_SHA256_SIZE);
  ferry_initiate_clear (&again);
}

static void
check_initiate (const char *data, gsize length)
{
  FerryInitiate initiate;
  const char *wrong = ferry_initiate_parse (data, length, &initiate);
  guint8 sha256[FERRY_SHA256_SIZE];

  g_assert_true ((wrong == NULL) == (initiate.name != NULL));
  if (wrong == NULL)
    {
      g_assert_true (g_utf8_validate (initiate.name, -1, NULL));
      g_assert_cmpuint (strlen (initiate.name), <=, FERRY_REQUEST_NAME_MAX);
      g_assert_cmpuint (initiate.size, <=, G_MAXINT64);
      g_assert_cmpint (initiate.modified, >=, -1);
      ferry_initiate_digest (&initiate, sha256);
      g_assert_true (ferry_request_json_is_plain (data, length));
      check_same_initiate (&initiate, sha256);
    }
  else
    g_assert_true (g_str_has_suffix (wrong, "."));
  ferry_initiate_clear (&initiate);
}

static void
check_urls (const char *data, gsize length)
{
  FerryUrlsRequest request;
  const char *wrong = ferry_urls_parse (data, length, &request);

  g_assert_cmpuint (request.n, <=, FERRY_URLS_MAX);
  for (guint i = 1; i < request.n; i++)
    g_assert_cmpuint (request.chunks[i - 1], <, request.chunks[i]);
  if (wrong == NULL)
    g_assert_cmpuint (request.n, >, 0);
  else
    g_assert_true (g_str_has_suffix (wrong, "."));
}

static void
check_receipt (const char *data, gsize length)
{
  FerryReceipt receipt;
  const char *wrong = ferry_receipt_parse (data, length, &receipt);

  g_assert_true ((wrong == NULL) == (receipt.etag != NULL));
  if (wrong == NULL)
    {
      g_assert_cmpuint (strlen (receipt.etag), >, 0);
      g_assert_cmpuint (strlen (receipt.etag), <=, FERRY_ETAG_MAX);
      g_assert_null (strpbrk (receipt.etag, "\"<>& \r\n"));
    }
  else
    g_assert_true (g_str_has_suffix (wrong, "."));
  ferry_receipt_clear (&receipt);
}

static void
check_keys (const char *text)
{
  g_auto (FerryBrokerKeys) keys = { 0 };
  g_autofree char *section = g_strconcat ("[default]\n", text, NULL);
  g_auto (FerryBrokerKeys) more = { 0 };

  if (ferry_broker_keys_parse (&keys, text))
    {
      g_assert_null (strpbrk (keys.access_key, " \t\r\n"));
      g_assert_null (strpbrk (keys.secret_key, " \t\r\n"));
    }
  ferry_broker_keys_parse (&more, section);
}

static void
check_json (const char *data, gsize length, const char *text)
{
  gboolean has_sha256 = FALSE;
  guint8 sha256[FERRY_SHA256_SIZE];
  g_autofree char *name = g_strdup_printf ("{\"name\":\"%s\",\"size\":1}", text);
  g_autofree char *size = g_strdup_printf ("{\"name\":\"a\",\"size\":%s}", text);
  g_autofree char *modified
      = g_strdup_printf ("{\"name\":\"a\",\"size\":1,\"modified\":\"%s\"}", text);
  g_autofree char *other = g_strdup_printf ("{\"sha256\":%s}", text);
  g_autofree char *ranges = g_strdup_printf ("{\"chunks\":[%s]}", text);
  g_autofree char *etag = g_strdup_printf ("{\"etag\":\"%s\",\"sha256\":\"%s\"}", text, SHA256);

  check_initiate (data, length);
  check_initiate (name, strlen (name));
  check_initiate (size, strlen (size));
  check_initiate (modified, strlen (modified));
  ferry_complete_parse (data, length, &has_sha256, sha256);
  ferry_complete_parse (other, strlen (other), &has_sha256, sha256);
  check_urls (data, length);
  check_urls (ranges, strlen (ranges));
  check_receipt (data, length);
  check_receipt (etag, strlen (etag));
  check_keys (text);
}

static void
check_range (const char *text)
{
  static const guint64 sizes[] = { 0, 1, 1000, G_GUINT64_CONSTANT (1) << 62 };

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      guint64 first = G_MAXUINT64, last = G_MAXUINT64;

      if (ferry_request_parse_range (text, sizes[i], &first, &last) != FERRY_RANGE_PART)
        continue;
      g_assert_cmpuint (first, <=, last);
      g_assert_cmpuint (last, <, sizes[i]);
    }
}

static void
check_head (const char *data, gsize length, const char *text)
{
  g_autofree char *field = g_strdup_printf ("GET / HTTP/1.1\r\n%s\r\n\r\n", text);
  g_autofree char *size = g_strdup_printf ("GET / HTTP/1.1\r\nContent-Length: %s\r\n\r\n", text);

  /* Every line of what is fit to be parsed ends in one way, and none is empty but the last. */
  if (ferry_request_check_head (data, length) == 0)
    {
      g_auto (GStrv) lines = g_strsplit (text, "\r\n", -1);
      guint n = g_strv_length (lines);

      g_assert_cmpuint (strlen (text), ==, length);
      g_assert_cmpuint (n, >=, 3);
      for (guint i = 0; i < n; i++)
        {
          for (const char *p = lines[i]; *p != '\0'; p++)
            g_assert_true (*p == '\t' || !g_ascii_iscntrl (*p));
          g_assert_true ((lines[i][0] == '\0') == (i >= n - 2));
        }
    }
  ferry_request_check_head (field, strlen (field));
  if (ferry_request_check_head (size, strlen (size)) == 0)
    g_assert_true (
        g_ascii_isdigit (*g_strchug (size + strlen ("GET / HTTP/1.1\r\nContent-Length:"))));
}

static void
check_fields (const char *text)
{
  FerryConditions conditions = { text, text, text, text, text };
  g_autofree char *range = g_strconcat ("bytes=", text, NULL);
  g_autofree char *bearer = g_strconcat ("Bearer ", text, NULL);
  const char *token = ferry_request_parse_bearer (bearer);
  gboolean use_range = FALSE;
  guint64 value = 0;

  if (token != NULL)
    g_assert_null (strpbrk (token, " \t\r\n"));
  ferry_request_parse_bearer (text);
  if (ferry_request_key_is_valid (text))
    g_assert_cmpuint (strlen (text), <=, FERRY_REQUEST_KEY_MAX);
  check_range (text);
  check_range (range);
  ferry_conditions_evaluate (&conditions, "\"0123\"", 784111777, &use_range);
  conditions.if_match = NULL;
  conditions.if_none_match = NULL;
  ferry_conditions_evaluate (&conditions, "\"0123\"", 784111777, &use_range);
  if (receiver_options_parse_size (text, &value))
    g_assert_cmpuint (value, <, G_GUINT64_CONSTANT (1) << 62);
  receiver_options_parse_time (text, &value);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);

  check_routes (text);
  check_json (size > 0 ? (const char *) data : "", size, text);
  check_head (size > 0 ? (const char *) data : "", size, text);
  check_fields (text);
  return 0;
}
