/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the pure parts make of requests, where going through a socket would take too long or cannot reach. */
#include "ferry-request.h"

#include "ferry-problem.h"
#include "receiver-options.h"

#include <string.h>

#define ID "0123456789abcdef0123456789abcdef"

static void
test_routes (void)
{
  static const struct
  {
    const char *method;
    const char *path;
    const char *query;
    FerryRouteKind kind;
    const char *allow;
    guint64 chunk;
  } cases[] = {
    { "POST", "/uploads", NULL, FERRY_ROUTE_INITIATE, "POST", 0 },
    { "post", "/uploads", NULL, FERRY_ROUTE_NONE, "POST", 0 },
    { "GET", "/status", "id=" ID, FERRY_ROUTE_STATUS, "GET", 0 },
    { "GET", "/status", "x=1&id=" ID "&y", FERRY_ROUTE_STATUS, "GET", 0 },
    { "DELETE", "/uploads/" ID, NULL, FERRY_ROUTE_DISCARD, "DELETE", 0 },
    { "POST", "/uploads/" ID "/complete", NULL, FERRY_ROUTE_COMPLETE, "POST", 0 },
    { "PUT", "/uploads/" ID "/chunks/0", NULL, FERRY_ROUTE_CHUNK, "PUT", 0 },
    { "POST", "/uploads/" ID "/urls", NULL, FERRY_ROUTE_URLS, "POST", 0 },
    { "GET", "/uploads/" ID "/urls", NULL, FERRY_ROUTE_NONE, "POST", 0 },
    { "POST", "/uploads/" ID "/urls/", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "POST", "/uploads/" ID "/chunks/7/receipt", NULL, FERRY_ROUTE_RECEIPT, "POST", 7 },
    { "PUT", "/uploads/" ID "/chunks/7/receipt", NULL, FERRY_ROUTE_NONE, "POST", 0 },
    { "POST", "/uploads/" ID "/chunks/7/receipts", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "POST", "/uploads/" ID "/chunks/07/receipt", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "POST", "/uploads/" ID "/chunks/receipt", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "PUT", "/uploads/" ID "/chunks/123456789012345678", NULL, FERRY_ROUTE_CHUNK, "PUT",
      G_GUINT64_CONSTANT (123456789012345678) },
    { "PUT", "/uploads/" ID "/chunks/1234567890123456789", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "HEAD", "/files/" ID "/a%20b", NULL, FERRY_ROUTE_FILE, "GET, HEAD", 0 },
    { "GET", "/files/" ID "/a%2fb", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "GET", "/files/" ID "/a/b", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "GET", "", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { NULL, "/uploads", NULL, FERRY_ROUTE_NONE, NULL, 0 },
    { "GET", NULL, NULL, FERRY_ROUTE_NONE, NULL, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FerryRoute route;

      ferry_route_parse (cases[i].method, cases[i].path, cases[i].query, &route);
      g_assert_cmpint (route.kind, ==, cases[i].kind);
      g_assert_cmpstr (route.allow, ==, cases[i].allow);
      if (route.kind == FERRY_ROUTE_CHUNK || route.kind == FERRY_ROUTE_RECEIPT)
        g_assert_cmpuint (route.chunk, ==, cases[i].chunk);
      if (route.kind != FERRY_ROUTE_NONE && route.kind != FERRY_ROUTE_INITIATE)
        g_assert_cmpstr (route.id, ==, ID);
      if (route.kind == FERRY_ROUTE_FILE)
        g_assert_cmpstr (route.name, ==, "a b");
      ferry_route_clear (&route);
    }
}

static void
test_heads (void)
{
  static const struct
  {
    const char *head;
    unsigned status;
  } cases[] = {
    { "GET / HTTP/1.1\r\n\r\n", 0 },
    { "GET / HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n", 0 },
    { "PUT / HTTP/1.1\r\ncontent-length:5\r\n\r\n", 0 },
    { "PUT / HTTP/1.1\r\nTransfer-Encoding: Chunked \r\n\r\n", 0 },
    { "PUT / HTTP/1.1\r\nContent-Length: 123456789012345678\r\n\r\n", 0 },
    { "PUT / HTTP/1.1\r\nContent-Length: 1234567890123456789\r\n\r\n", 400 },
    { "PUT / HTTP/1.1\r\nContent-Length: \r\n\r\n", 400 },
    { "PUT / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\n", 400 },
    { "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400 },
    { "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400 },
    { "PUT / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n", 501 },
    { "GET / HTTP/1.1\r\nX: a\r\n b\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\n X: a\r\n\r\n", 400 },
    { "GET / HTTP/1.1\nX: a\r\n\r\n", 400 },
    { "GET / HTTP/1.1\rX: a\r\n\r\n", 400 },
    { "\r\nGET / HTTP/1.1\r\n\r\n", 400 },
    { "\r\n\r\n", 400 },
    { "PATCH / HTTP/1.1\r\n\r\n", 0 },
    { "CONNECT a:1 HTTP/1.1\r\n\r\n", 0 },
    { "BREW / HTTP/1.1\r\n\r\n", 501 },
    { "get / HTTP/1.1\r\n\r\n", 501 },
    { "GETS / HTTP/1.1\r\n\r\n", 501 },
    { "GET\t/ HTTP/1.1\r\n\r\n", 501 },
    { " GET / HTTP/1.1\r\n\r\n", 400 },
    { "GET\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\n", 400 },
    { "", 400 },
    /* libsoup takes none of these for a blank. */
    { "GET / HTTP/1.1\r\nContent-Length: 6\f\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nContent-Length: \v6\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\f\r\n\r\n", 400 },
    { "GET /\f HTTP/1.1\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nX: \x7f\r\n\r\n", 400 },
    { "GET / HTTP/1.1\r\nX:\ta\tb\t\r\nContent-Length:\t6\t\r\n\r\n", 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (ferry_request_check_head (cases[i].head, strlen (cases[i].head)), ==,
                      cases[i].status);
  g_assert_cmpuint (ferry_request_check_head ("GET /\0 HTTP/1.1\r\n\r\n", 19), ==, 400);
}

static void
test_plain_json (void)
{
  static const struct
  {
    const char *text;
    gboolean plain;
  } cases[] = {
    { "{}", TRUE },
    { "{\"a\":[1,-2.5e3,true,null,\"x\\\"]}\"]}", TRUE },
    { "[[[[[[[[]]]]]]]]", TRUE },
    { "[[[[[[[[[]]]]]]]]]", FALSE },
    { "\"[[[[[[[[[[[[\"", TRUE },
    { "{", FALSE },
    { "}", FALSE },
    { "\"", FALSE },
    { "\"\\", FALSE },
    { "\"\\337\"", FALSE },
    { "\"\\u00fc\\n\\/\"", TRUE },
    { "\"\n\"", FALSE },
    { "'a'", FALSE },
    { "{/**/}", FALSE },
    { "# x", FALSE },
    { "var x = 1", FALSE },
    { "\xff", FALSE },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (ferry_request_json_is_plain (cases[i].text, strlen (cases[i].text)), ==,
                     cases[i].plain);

  g_autofree char *big = g_strnfill (FERRY_REQUEST_JSON_MAX + 1, ' ');

  g_assert_true (ferry_request_json_is_plain (big, FERRY_REQUEST_JSON_MAX));
  g_assert_false (ferry_request_json_is_plain (big, FERRY_REQUEST_JSON_MAX + 1));
  g_assert_false (ferry_request_json_is_plain ("\"\0\"", 3));
}

static void
test_initiate_digest (void)
{
  static const char *const bodies[] = {
    "{\"name\":\"a\",\"size\":12}",
    "{\"name\":\"2 a\",\"size\":1}",
    "{\"name\":\"a\",\"size\":1,\"modified\":2}",
    "{\"name\":\"a\",\"size\":1,\"modified\":\"1970-01-01T00:00:03Z\"}",
    ("{\"name\":\"a\",\"size\":1,\"sha256\":"
     "\"0000000000000000000000000000000000000000000000000000000000000000\"}"),
    "{\"name\":\"A\",\"size\":12}",
  };
  guint8 digests[G_N_ELEMENTS (bodies)][FERRY_SHA256_SIZE];

  for (gsize i = 0; i < G_N_ELEMENTS (bodies); i++)
    {
      FerryInitiate initiate;

      g_assert_null (ferry_initiate_parse (bodies[i], strlen (bodies[i]), &initiate));
      ferry_initiate_digest (&initiate, digests[i]);
      for (gsize j = 0; j < i; j++)
        g_assert_true (memcmp (digests[i], digests[j], FERRY_SHA256_SIZE) != 0);
      ferry_initiate_clear (&initiate);
    }
}

/* Each combination of preconditions, against the order of RFC 9110 section 13.2.2 spelled out. */
static void
test_conditions (void)
{
  static const char etag[] = "\"x\"";
  static const char *const tags[] = { NULL, "\"x\"", "\"y\"" };
  static const char *const dates[]
      = { NULL, "Sun, 09 Sep 2001 01:46:39 GMT", "Sun, 09 Sep 2001 01:46:40 GMT",
          "Sun, 09 Sep 2001 01:46:41 GMT" };
  const gint64 modified = 1000000000;

  for (int i = 0; i < 3 * 4 * 3 * 4 * 3; i++)
    {
      int match = i % 3, unmodified = i / 3 % 4, none = i / 12 % 3, since = i / 36 % 4;
      int range = i / 144 % 3;
      FerryConditions conditions
          = { tags[match], dates[unmodified], tags[none], dates[since], tags[range] };
      gboolean failed = match == 2 || (match == 0 && unmodified == 1);
      gboolean unchanged = none == 1 || (none == 0 && since >= 2);
      gboolean use_range = TRUE;
      FerryConditionsVerdict verdict
          = ferry_conditions_evaluate (&conditions, etag, modified, &use_range);

      g_assert_cmpint (verdict, ==,
                       failed      ? FERRY_CONDITIONS_FAILED
                       : unchanged ? FERRY_CONDITIONS_NOT_MODIFIED
                                   : FERRY_CONDITIONS_MET);
      g_assert_cmpint (use_range, ==, verdict == FERRY_CONDITIONS_MET && range != 2);
    }
}

static void
test_sizes_and_times (void)
{
  guint64 value = 0;

  g_assert_true (receiver_options_parse_size ("5MiB", &value) && value == 5 * 1024 * 1024);
  g_assert_true (receiver_options_parse_size ("5 mib", &value) && value == 5 * 1024 * 1024);
  g_assert_true (receiver_options_parse_size ("2GB", &value) && value == 2000000000);
  g_assert_true (receiver_options_parse_size ("0", &value) && value == 0);
  g_assert_false (receiver_options_parse_size ("4611686018427387904", &value));
  g_assert_false (receiver_options_parse_size ("4194304TiB", &value));
  g_assert_false (receiver_options_parse_size ("MiB", &value));
  g_assert_false (receiver_options_parse_size ("1 M", &value));
  g_assert_true (receiver_options_parse_time ("7d", &value) && value == 7 * 24 * 3600);
  g_assert_true (receiver_options_parse_time ("90m", &value) && value == 5400);
  g_assert_false (receiver_options_parse_time ("0d", &value));
  g_assert_false (receiver_options_parse_time ("7", &value));
  g_assert_false (receiver_options_parse_time ("4000d", &value));
}

static void
test_problems (void)
{
  for (FerryProblem i = 0; i < FERRY_N_PROBLEMS; i++)
    {
      g_autoptr (JsonObject) object = ferry_problem_to_json (i, NULL);

      g_assert_cmpuint (ferry_problem_status (i), >=, 400);
      g_assert_cmpuint (ferry_problem_status (i), ==,
                        (guint) json_object_get_int_member (object, "status"));
      g_assert_true (
          g_str_has_prefix (json_object_get_string_member (object, "type"), "urn:ferry:problem:"));
      g_assert_true (g_str_has_suffix (json_object_get_string_member (object, "hint"), "."));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/request/routes", test_routes);
  g_test_add_func ("/request/heads", test_heads);
  g_test_add_func ("/request/plain-json", test_plain_json);
  g_test_add_func ("/request/initiate-digest", test_initiate_digest);
  g_test_add_func ("/request/conditions", test_conditions);
  g_test_add_func ("/request/sizes-and-times", test_sizes_and_times);
  g_test_add_func ("/request/problems", test_problems);
  return g_test_run ();
}
