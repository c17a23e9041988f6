/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-http-headers.h"

#include <string.h>

#define DAY_S (24 * 60 * 60)

static void
test_content_range (void)
{
  static const struct
  {
    const char *value;
    guint64 first;
    guint64 last;
    gint64 complete;
  } cases[] = {
    { "bytes 0-0/1", 0, 0, 1 },
    { "bytes 42-1233/1234", 42, 1233, 1234 },
    { "bytes 42-1233/*", 42, 1233, -1 },
    { "BYTES 1-2/3", 1, 2, 3 },
    { " \tbytes 1-2/3 \t", 1, 2, 3 },
    { "bytes 007-008/0009", 7, 8, 9 },
    { "bytes 0-9223372036854775806/9223372036854775807", 0, G_MAXINT64 - 1, G_MAXINT64 },
    { "bytes 9223372036854775807-9223372036854775807/*", G_MAXINT64, G_MAXINT64, -1 },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      FerryContentRange range = { 99, 99, 99 };
      g_test_message ("%s", cases[i].value);
      g_assert_true (ferry_http_parse_content_range (cases[i].value, &range));
      g_assert_cmpuint (range.first, ==, cases[i].first);
      g_assert_cmpuint (range.last, ==, cases[i].last);
      g_assert_cmpint (range.complete, ==, cases[i].complete);
    }
}

static void
test_bad_content_range (void)
{
  static const char *const values[] = {
    NULL,
    "",
    " ",
    "bytes",
    "bytes ",
    "bytes */5",
    "bytes 0-0",
    "bytes 0-0/",
    "bytes 0-/1",
    "bytes -0/1",
    "bytes 5-4/10",
    "bytes 0-10/10",
    "bytes 0-9/9",
    "bytes 0-9/10 x",
    "bytes 0-9/10,",
    "bytes 0-9/10, bytes 0-9/10",
    "bytes 0-9/**",
    "bytes 0-9/-1",
    "bytes +0-9/10",
    "bytes 0 - 9/10",
    "bytes  0-9/10",
    "bytes\t0-9/10",
    "bytes=0-9/10",
    "bytes: 0-9/10",
    "byte 0-9/10",
    "items 0-9/10",
    "0-9/10",
    "bytes 0x0-9/10",
    "bytes 0-9/9223372036854775808",
    "bytes 9223372036854775808-9223372036854775809/*",
    "bytes 0-18446744073709551616/*",
    "bytes 0-99999999999999999999999999999999/*",
    "bytes \xff-9/10",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      FerryContentRange range = { 1, 2, 3 };
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_false (ferry_http_parse_content_range (values[i], &range));
      g_assert_true (range.first == 1 && range.last == 2 && range.complete == 3);
    }
}

static void
test_unsatisfied_range (void)
{
  static const char *const bad[]
      = { NULL,           "",          "bytes */",  "bytes */*",
          "bytes 0-1/2",  "bytes */x", "items */5", "bytes */9223372036854775808",
          "bytes */5 -1", "bytes * /5" };
  guint64 complete = 7;
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ferry_http_parse_unsatisfied_range (bad[i], &complete));
  g_assert_cmpuint (complete, ==, 7);
  g_assert_true (ferry_http_parse_unsatisfied_range ("bytes */0", &complete));
  g_assert_cmpuint (complete, ==, 0);
  g_assert_true (ferry_http_parse_unsatisfied_range ("Bytes */9223372036854775807 ", &complete));
  g_assert_cmpuint (complete, ==, G_MAXINT64);
}

static void
test_length (void)
{
  static const char *const bad[] = { NULL,
                                     "",
                                     " ",
                                     "-1",
                                     "+1",
                                     "1.0",
                                     "0x10",
                                     "1e3",
                                     "1 2",
                                     "1,1",
                                     "1, 1",
                                     "\xb2",
                                     "1\n",
                                     "9223372036854775808",
                                     "18446744073709551617" };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (ferry_http_parse_length (bad[i]), ==, -1);
  g_assert_cmpint (ferry_http_parse_length ("0"), ==, 0);
  g_assert_cmpint (ferry_http_parse_length (" 1234\t"), ==, 1234);
  g_assert_cmpint (ferry_http_parse_length ("0000000000000000000000005"), ==, 5);
  g_assert_cmpint (ferry_http_parse_length ("9223372036854775807"), ==, G_MAXINT64);
}

static void
test_etag_strength (void)
{
  static const char *const strong[]
      = { "\"\"", "\"x\"", "\"a-b:c/d\\e'\"", "\"\xff\x80\"", "\"W/\"" };
  static const char *const not_strong[]
      = { NULL,       "",         "x",         "W/\"x\"",  "w/\"x\"",      "\"",
          "\"x",      "x\"",      "\"x\"y",    "\"x\" ",   " \"x\"",       "\"a b\"",
          "\"a\tb\"", "\"a\"b\"", "\"a\x7f\"", "\"a\nb\"", "\"a\r\nX: y\"" };
  for (gsize i = 0; i < G_N_ELEMENTS (strong); i++)
    g_assert_true (ferry_http_etag_is_strong (strong[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (not_strong); i++)
    g_assert_false (ferry_http_etag_is_strong (not_strong[i]));
}

static void
test_etag_matches (void)
{
  g_assert_true (ferry_http_etag_matches ("\"1\"", "\"1\""));
  g_assert_true (ferry_http_etag_matches ("W/\"1\"", "\"1\""));
  g_assert_true (ferry_http_etag_matches ("\"1\"", "W/\"1\""));
  g_assert_true (ferry_http_etag_matches ("W/\"1\"", "W/\"1\""));
  g_assert_true (ferry_http_etag_matches ("bare", "bare"));
  g_assert_false (ferry_http_etag_matches ("W/\"1\"", "W/\"2\""));
  g_assert_false (ferry_http_etag_matches ("\"a\"", "\"A\""));
  g_assert_false (ferry_http_etag_matches ("\"1\"", "1"));
  g_assert_false (ferry_http_etag_matches (NULL, "\"1\""));
  g_assert_false (ferry_http_etag_matches ("\"1\"", NULL));
  g_assert_false (ferry_http_etag_matches (NULL, NULL));
  g_assert_false (ferry_http_etag_matches ("", ""));
  g_assert_false (ferry_http_etag_matches ("W/", ""));
}

static void
test_date (void)
{
  static const struct
  {
    const char *value;
    gint64 seconds;
  } cases[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Sun Nov 06 08:49:37 1994", 784111777 },
    { "Sun Nov 16 08:49:37 1994", 784975777 },
    { " sun, 06 nov 1994 08:49:37 gmt\t", 784111777 },
    { "Mon, 06 Nov 1994 08:49:37 GMT", 784111777 }, /* the day's name is not believed */
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },
    { "Thu, 29 Feb 2024 23:59:59 GMT", 1709251199 },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 }, /* a leap second */
    { "Fri, 31 Dec 9999 23:59:59 GMT", G_GINT64_CONSTANT (253402300799) },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("%s", cases[i].value);
      g_assert_cmpint (ferry_http_parse_date (cases[i].value), ==, cases[i].seconds);
    }
}

static void
test_bad_date (void)
{
  static const char *const values[] = {
    NULL,
    "",
    "0",
    "-1",
    "Sun, 06 Nov 1994",
    "Sun, 06 Nov 1994 08:49:37",
    "Sun, 06 Nov 1994 08:49:37 PST",
    "Sun, 06 Nov 1994 08:49:37 +0100",
    "Sun, 06 Nov 1994 08:49:37 GMT x",
    "Sun 06 Nov 1994 08:49:37 GMT",
    "06 Nov 1994 08:49:37 GMT",
    "Foo, 06 Nov 1994 08:49:37 GMT",
    "Sun, 6 Nov 1994 08:49:37 GMT",
    "Sun, 06 Foo 1994 08:49:37 GMT",
    "Sun, 06 ovD 1994 08:49:37 GMT",
    "Sun, 00 Nov 1994 08:49:37 GMT",
    "Sun, 31 Nov 1994 08:49:37 GMT",
    "Sun, 29 Feb 1900 08:49:37 GMT",
    "Wed, 29 Feb 2023 08:49:37 GMT",
    "Mon, 29 Feb 2100 08:49:37 GMT",
    "Sun, 06 Nov 1994 24:00:00 GMT",
    "Sun, 06 Nov 1994 08:60:00 GMT",
    "Sun, 06 Nov 1994 08:49:61 GMT",
    "Sun, 06 Nov 94 08:49:37 GMT",
    "Sun, 06-Nov-94 08:49:37 GMT",
    "Sunday, 06-Nov-1994 08:49:37 GMT",
    "Sunday, 06 Nov 94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994 GMT",
    "Sun Nov 6 08:49:37 1994",
    "Sun Nov   6 08:49:37 1994",
    "Wed, 31 Dec 1969 23:59:59 GMT",
    "Sat, 01 Jan 0000 00:00:00 GMT",
    "1994-11-06T08:49:37Z",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (ferry_http_parse_date (values[i]), ==, -1);
    }
}

/* @years from now, on the first of March at noon, as an rfc850-date and in seconds since 1970. */
static char *
two_digit_date (int years, gint64 *seconds)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  int year = g_date_time_get_year (now) + years;
  g_autoptr (GDateTime) date = g_date_time_new_utc (year, 3, 1, 12, 0, 0);
  *seconds = g_date_time_to_unix (date);
  return g_strdup_printf ("Monday, 01-Mar-%02d 12:00:00 GMT", year % 100);
}

/* RFC 9110 section 5.6.7: more than 50 years ahead means the past. */
static void
test_two_digit_years (void)
{
  static const int near_years[] = { -40, -1, 0, 1, 30, 49 };
  for (gsize i = 0; i < G_N_ELEMENTS (near_years); i++)
    {
      gint64 seconds;
      g_autofree char *text = two_digit_date (near_years[i], &seconds);
      /* Before 1970 there are no seconds to count. */
      g_assert_cmpint (ferry_http_parse_date (text), ==, MAX (seconds, -1));
    }
  gint64 ahead;
  g_autofree char *far_text = two_digit_date (51, &ahead);
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (ahead);
  g_autoptr (GDateTime) past = g_date_time_add_years (date, -100);
  g_assert_cmpint (ferry_http_parse_date (far_text), ==, MAX (g_date_time_to_unix (past), -1));
}

static void
test_format_date (void)
{
  static const gint64 seconds[]
      = { 0, 784111777, 951825600, 1709251199, G_MAXINT32, 4102444800, 253402300799 };
  for (gsize i = 0; i < G_N_ELEMENTS (seconds); i++)
    {
      g_autofree char *text = ferry_http_format_date (seconds[i]);
      g_assert_cmpint (ferry_http_parse_date (text), ==, seconds[i]);
    }
  g_autofree char *known = ferry_http_format_date (784111777);
  g_assert_cmpstr (known, ==, "Sun, 06 Nov 1994 08:49:37 GMT");
  g_autofree char *early = ferry_http_format_date (G_MININT64);
  g_assert_cmpstr (early, ==, "Thu, 01 Jan 1970 00:00:00 GMT");
  g_autofree char *late = ferry_http_format_date (G_MAXINT64);
  g_assert_cmpstr (late, ==, "Fri, 31 Dec 9999 23:59:59 GMT");
}

/* GLib's calendar, which writes the date, is the judge: a day at a time over 400 years. */
static void
test_every_day (void)
{
  for (guint day = 0; day < 400 * 366; day++)
    {
      gint64 seconds = (gint64) day * DAY_S + 3723;
      g_autofree char *text = ferry_http_format_date (seconds);
      g_assert_cmpint (ferry_http_parse_date (text), ==, seconds);
    }
}

static void
test_last_modified_strength (void)
{
  const char *earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  const char *later = "Sun, 06 Nov 1994 08:49:37 GMT";
  g_assert_true (ferry_http_last_modified_is_strong (earlier, later));
  g_assert_true (ferry_http_last_modified_is_strong (earlier, "Sunday, 06-Nov-94 08:49:37 GMT"));
  g_assert_false (ferry_http_last_modified_is_strong (later, later));
  g_assert_false (ferry_http_last_modified_is_strong (later, earlier));
  g_assert_false (ferry_http_last_modified_is_strong (NULL, later));
  g_assert_false (ferry_http_last_modified_is_strong (earlier, NULL));
  g_assert_false (ferry_http_last_modified_is_strong ("x", later));
  g_assert_false (ferry_http_last_modified_is_strong (earlier, "x"));
}

static void
test_retry_after (void)
{
  const gint64 now = 784111777;
  static const char *const bad[] = { NULL, "", " ", "-1", "1.5", "soon", "1 2", "5s", "0x5" };
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_cmpint (ferry_http_parse_retry_after (bad[i], now), ==, -1);
  g_assert_cmpint (ferry_http_parse_retry_after ("0", now), ==, 0);
  g_assert_cmpint (ferry_http_parse_retry_after (" 120 ", now), ==, 120);
  g_assert_cmpint (ferry_http_parse_retry_after ("99999999999999999999999", now), ==, G_MAXINT64);
  g_assert_cmpint (ferry_http_parse_retry_after ("Sun, 06 Nov 1994 08:50:37 GMT", now), ==, 60);
  g_assert_cmpint (ferry_http_parse_retry_after ("Sun, 06 Nov 1994 08:49:37 GMT", now), ==, 0);
  g_assert_cmpint (ferry_http_parse_retry_after ("Sun Nov  6 07:00:00 1994", now), ==, 0);
}

static void
test_accept_ranges (void)
{
  static const struct
  {
    const char *value;
    FerryResume resume;
  } cases[] = {
    { NULL, FERRY_RESUME_UNKNOWN },       { "", FERRY_RESUME_UNKNOWN },
    { ",", FERRY_RESUME_UNKNOWN },        { "bytes", FERRY_RESUME_YES },
    { " Bytes ", FERRY_RESUME_YES },      { "none", FERRY_RESUME_NO },
    { "NONE", FERRY_RESUME_NO },          { "items", FERRY_RESUME_UNKNOWN },
    { "items, bytes", FERRY_RESUME_YES }, { "items,,\tbytes", FERRY_RESUME_YES },
    { "bytesx", FERRY_RESUME_UNKNOWN },   { "xbytes", FERRY_RESUME_UNKNOWN },
    { "nonesuch", FERRY_RESUME_UNKNOWN }, { "\xff\xfe", FERRY_RESUME_UNKNOWN },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (ferry_http_parse_accept_ranges (cases[i].value), ==, cases[i].resume);
}

static void
test_media_type (void)
{
  static const char *const html[] = { "text/html",
                                      "TEXT/HTML",
                                      " text/html",
                                      "text/html;charset=x",
                                      "text/html ; charset=x",
                                      "text/html\t",
                                      "application/xhtml+xml",
                                      "text/html, text/html" };
  static const char *const other[]
      = { NULL,         "",           "text/htm",   "text/htmlx",     "text/plain",
          "xtext/html", "text/ html", ";text/html", "application/xml" };
  for (gsize i = 0; i < G_N_ELEMENTS (html); i++)
    g_assert_true (ferry_http_media_type_is_html (html[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (other); i++)
    g_assert_false (ferry_http_media_type_is_html (other[i]));
}

/* SHA-256 of nothing. */
static const guint8 empty_sha256[32]
    = { 0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
        0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
        0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55 };
#define EMPTY ":47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
#define ZEROS ":AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"

static void
test_repr_digest (void)
{
  static const char *const values[] = {
    "sha-256=" EMPTY,
    " sha-256=" EMPTY " ",
    "sha-512=:AAAA:, sha-256=" EMPTY,
    "sha-256=" EMPTY ",\tmd5=:AAAA:",
    "sha-256=" EMPTY ";q=1;b;s=\"a, sha-256=\\\"x\"",
    "sha-256=" ZEROS ",sha-256=" EMPTY,
    "a=1, b=-2.5, c=tok/en:x, d=?1, e, f=(1 \"x\" :AA==:;p=1);q, g=(), sha-256=" EMPTY,
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU:", /* no padding */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      guint8 sha256[32] = { 0 };
      g_test_message ("%s", values[i]);
      g_assert_true (ferry_http_parse_repr_digest (values[i], sha256));
      g_assert_cmpmem (sha256, 32, empty_sha256, 32);
    }
}

static void
test_bad_repr_digest (void)
{
  static const char *const values[] = {
    NULL,
    "",
    "sha-512=:AAAA:",
    "sha-256",
    "sha-256=",
    "sha-256=1",
    "sha-256=?1",
    "sha-256=(" EMPTY ")",
    "SHA-256=" EMPTY,
    "Sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha-256=47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha-256 = " EMPTY,
    "sha-256= " EMPTY,
    "sha-256=::",
    "sha-256=:",
    "sha-256=:AAAA:",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU==:",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuF=U:",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFUA:",
    "sha-256=:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=:",
    "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    "sha-256=" EMPTY ",",
    "sha-256=" EMPTY ",,a",
    "sha-256=" EMPTY " a",
    "sha-256=" EMPTY ", sha-256",
    "sha-256=" EMPTY ", sha-256=:AAAA:",
    "sha-256=" EMPTY ", A=1",
    "sha-256=" EMPTY ", a=\"\xc3\xa4\"",
    "sha-256=" EMPTY ", a=\"x",
    "sha-256=" EMPTY ", a=\"\\",
    "sha-256=" EMPTY ", a=\"\\x\"",
    "sha-256=" EMPTY ", a=(1",
    "sha-256=" EMPTY ", a=(1,2)",
    "sha-256=" EMPTY ", a=1.",
    "sha-256=" EMPTY ", a=1.2345",
    "sha-256=" EMPTY ", a=-",
    "sha-256=" EMPTY ", a=1234567890123456",
    "sha-256=" EMPTY ", a=?2",
    "sha-256=" EMPTY ";",
    "sha-256=" EMPTY ";Q",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      guint8 sha256[32] = { 42 };
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_false (ferry_http_parse_repr_digest (values[i], sha256));
      g_assert_cmpuint (sha256[0], ==, 42);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/content-range", test_content_range);
  g_test_add_func ("/http/content-range/bad", test_bad_content_range);
  g_test_add_func ("/http/unsatisfied-range", test_unsatisfied_range);
  g_test_add_func ("/http/length", test_length);
  g_test_add_func ("/http/etag/strength", test_etag_strength);
  g_test_add_func ("/http/etag/matches", test_etag_matches);
  g_test_add_func ("/http/date", test_date);
  g_test_add_func ("/http/date/bad", test_bad_date);
  g_test_add_func ("/http/date/two-digit-years", test_two_digit_years);
  g_test_add_func ("/http/date/format", test_format_date);
  g_test_add_func ("/http/date/every-day", test_every_day);
  g_test_add_func ("/http/last-modified-strength", test_last_modified_strength);
  g_test_add_func ("/http/retry-after", test_retry_after);
  g_test_add_func ("/http/accept-ranges", test_accept_ranges);
  g_test_add_func ("/http/media-type", test_media_type);
  g_test_add_func ("/http/repr-digest", test_repr_digest);
  g_test_add_func ("/http/repr-digest/bad", test_bad_repr_digest);
  return g_test_run ();
}
