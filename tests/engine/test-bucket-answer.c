/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What stores say to a part, and what is made of it. */

#include "ferry-bucket-answer.h"

#include <string.h>

#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static const char *const code_cases[][2] = {
  { XML "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>",
    "AccessDenied" },
  { "<Error><Code>\n  SlowDown </Code></Error>", "SlowDown" },
  { "<Error xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Message>m</Message>"
    "<Code>InvalidPart</Code><Code>Other</Code></Error>",
    "InvalidPart" },
  { "<!-- c --><Error><!-- d --><Code>Access<!-- e -->Denied</Code></Error>", "AccessDenied" },
  { "<Error><Code>A.B</Code><Resource>/b/&amp;</Resource></Error>", "A.B" },
  { "<Error><Detail><Code>Inner</Code></Detail></Error>", NULL },
  { "<ListPartsResult><Code>AccessDenied</Code></ListPartsResult>", NULL },
  { "<Error><Code></Code></Error>", NULL },
  { "<Error><Code>two words</Code></Error>", NULL },
  { "<Error><Code>\xc3\xbc</Code></Error>", NULL },
  { "<Error><Code>Access", NULL },
  { "<Error><Code>AccessDenied</Code>", NULL },
  { "<Error><Code>AccessDenied</Code></Error><Error/>", "AccessDenied" },
  { "<Error><Code>\xff</Code></Error>", NULL },
  { "<Error/>", NULL },
  { "<html><body>Forbidden</body></html>", NULL },
  { "{\"code\":\"AccessDenied\"}", NULL },
  { "", NULL },
};

static void
test_codes (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (code_cases); i++)
    {
      g_autoptr (GBytes) xml = g_bytes_new_static (code_cases[i][0], strlen (code_cases[i][0]));
      g_autofree char *code = ferry_bucket_parse_code (xml);

      g_test_message ("case %zu", i);
      g_assert_cmpstr (code, ==, code_cases[i][1]);
    }
}

static void
test_bounds (void)
{
  for (guint length = FERRY_BUCKET_MAX_CODE; length <= FERRY_BUCKET_MAX_CODE + 1; length++)
    {
      g_autofree char *letters = g_strnfill (length, 'A');
      char *text = g_strconcat ("<Error><Code>", letters, "</Code></Error>", NULL);
      g_autoptr (GBytes) xml = g_bytes_new_take (text, strlen (text));
      g_autofree char *code = ferry_bucket_parse_code (xml);

      g_assert_cmpint (code != NULL, ==, length == FERRY_BUCKET_MAX_CODE);
    }
  for (guint size = 64 * 1024; size <= 64 * 1024 + 1; size++)
    {
      static const char head[] = "<Error><Code>A</Code></Error>";
      char *text = g_strnfill (size, ' ');
      g_autoptr (GBytes) xml = NULL;
      g_autofree char *code = NULL;

      memcpy (text, head, strlen (head));
      xml = g_bytes_new_take (text, size);
      code = ferry_bucket_parse_code (xml);
      g_assert_cmpint (code != NULL, ==, size == 64 * 1024);
    }
}

static void
test_nesting (void)
{
  g_autoptr (GString) text = g_string_new ("<Error><Code>A</Code>");
  g_autoptr (GBytes) xml = NULL;

  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "<a>");
  for (guint i = 0; i < 10000; i++)
    g_string_append (text, "</a>");
  g_string_append (text, "</Error>");
  g_string_truncate (text, 64 * 1024);
  xml = g_bytes_new (text->str, text->len);
  g_assert_null (ferry_bucket_parse_code (xml));
}

static const struct
{
  unsigned status;
  const char *code;
  FerryBucketVerdict verdict;
} verdict_cases[] = {
  { 200, NULL, FERRY_BUCKET_STORED },
  { 200, "AccessDenied", FERRY_BUCKET_STORED },
  { 201, NULL, FERRY_BUCKET_REFUSED },
  { 204, "AccessDenied", FERRY_BUCKET_REFUSED },
  { 301, "PermanentRedirect", FERRY_BUCKET_REDIRECT },
  { 307, NULL, FERRY_BUCKET_REDIRECT },
  { 403, "AccessDenied", FERRY_BUCKET_OLD_ADDRESS },
  { 403, "RequestExpired", FERRY_BUCKET_OLD_ADDRESS },
  { 400, "ExpiredToken", FERRY_BUCKET_OLD_ADDRESS },
  { 403, NULL, FERRY_BUCKET_OLD_ADDRESS },
  { 403, "Whatever", FERRY_BUCKET_OLD_ADDRESS },
  { 403, "SignatureDoesNotMatch", FERRY_BUCKET_BAD_SIGNATURE },
  { 403, "InvalidAccessKeyId", FERRY_BUCKET_BAD_SIGNATURE },
  { 400, "AuthorizationQueryParametersError", FERRY_BUCKET_BAD_SIGNATURE },
  { 403, "RequestTimeTooSkewed", FERRY_BUCKET_CLOCK },
  { 400, "BadDigest", FERRY_BUCKET_DAMAGED },
  { 400, "InvalidDigest", FERRY_BUCKET_DAMAGED },
  { 400, "XAmzContentSHA256Mismatch", FERRY_BUCKET_DAMAGED },
  { 404, "NoSuchUpload", FERRY_BUCKET_NO_UPLOAD },
  { 400, "EntityTooSmall", FERRY_BUCKET_BAD_PART },
  { 400, "InvalidPart", FERRY_BUCKET_BAD_PART },
  { 404, "NoSuchBucket", FERRY_BUCKET_NO_BUCKET },
  { 404, NULL, FERRY_BUCKET_REFUSED },
  { 404, "NoSuchKey", FERRY_BUCKET_REFUSED },
  { 400, NULL, FERRY_BUCKET_REFUSED },
  { 400, "EntityTooLarge", FERRY_BUCKET_TOO_LARGE },
  { 413, NULL, FERRY_BUCKET_TOO_LARGE },
  { 400, "RequestTimeout", FERRY_BUCKET_BROKEN },
  { 400, "IncompleteBody", FERRY_BUCKET_BROKEN },
  { 403, "QuotaExceeded", FERRY_BUCKET_NO_ROOM },
  { 507, NULL, FERRY_BUCKET_NO_ROOM },
  { 503, "SlowDown", FERRY_BUCKET_BUSY },
  { 503, NULL, FERRY_BUCKET_BUSY },
  { 500, "InternalError", FERRY_BUCKET_BUSY },
  { 429, NULL, FERRY_BUCKET_BUSY },
  { 409, "OperationAborted", FERRY_BUCKET_BUSY },
};

static void
test_verdicts (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (verdict_cases); i++)
    {
      g_test_message ("%u %s", verdict_cases[i].status, verdict_cases[i].code);
      g_assert_cmpint (ferry_bucket_judge (verdict_cases[i].status, verdict_cases[i].code), ==,
                       verdict_cases[i].verdict);
    }
}

static const char *const etag_cases[][2] = {
  { "\"abc\"", "abc" },     { "abc", "abc" },     { "W/\"abc-1\"", "abc-1" },
  { "\"\"", NULL },         { "", NULL },         { "\"", NULL },
  { "\"a", NULL },          { "\"a\"b\"", NULL }, { "\"a b\"", NULL },
  { "\"\xc3\xbc\"", NULL }, { NULL, NULL },
};

static void
test_etags (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (etag_cases); i++)
    {
      g_autofree char *etag = ferry_bucket_parse_etag (etag_cases[i][0]);

      g_test_message ("case %zu", i);
      g_assert_cmpstr (etag, ==, etag_cases[i][1]);
    }
  for (guint length = 256; length <= 257; length++)
    {
      g_autofree char *field = g_strnfill (length, 'a');
      g_autofree char *etag = ferry_bucket_parse_etag (field);

      g_assert_cmpint (etag != NULL, ==, length == 256);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bucket-answer/codes", test_codes);
  g_test_add_func ("/bucket-answer/bounds", test_bounds);
  g_test_add_func ("/bucket-answer/nesting", test_nesting);
  g_test_add_func ("/bucket-answer/verdicts", test_verdicts);
  g_test_add_func ("/bucket-answer/etags", test_etags);
  return g_test_run ();
}
