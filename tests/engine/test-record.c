/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ferry-error.h"
#include "ferry-record.h"

static FerrySpec *
new_spec (const char *address)
{
  g_autoptr (GError) error = NULL;
  FerrySpec *spec = ferry_spec_new (address, "/srv", &error);

  g_assert_no_error (error);
  g_assert_nonnull (spec);
  return spec;
}

static void
assert_headers (FerrySpec *spec, const char *expected)
{
  g_autofree char *joined = spec->headers != NULL ? g_strjoinv ("|", spec->headers) : g_strdup ("");

  g_assert_cmpstr (joined, ==, expected);
}

static void
test_spec (void)
{
  g_autoptr (FerrySpec) spec = new_spec (" HTTPS://Example.ORG/a ");

  g_assert_cmpstr (spec->address, ==, "https://example.org/a");
  g_assert_cmpstr (spec->folder, ==, "/srv");
  g_assert_null (spec->name);
  g_assert_false (spec->paused);
  assert_headers (spec, "");
}

static void
test_spec_refused (void)
{
  g_autoptr (GError) address_error = NULL;
  g_autoptr (GError) scheme_error = NULL;

  g_assert_null (ferry_spec_new ("", "/srv", &address_error));
  g_assert_error (address_error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS);
  g_assert_null (ferry_spec_new ("gopher://example.org/", "/srv", &scheme_error));
  g_assert_error (scheme_error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME);
}

static void
test_receiver_refused (void)
{
  static const char *const addresses[] = {
    "http://h/?", "http://h/?a=b", "http://h/#", "http://h/a#top", "http://me@h/", "http://me:a@h/",
  };
  g_autoptr (FerrySpec) spec = NULL;
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_assert_null (ferry_spec_new_upload ("/srv/a", addresses[i], NULL, NULL, &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
      g_clear_error (&error);
    }
  g_assert_null (ferry_spec_new_upload ("/srv/a", "http://h/", NULL, "two words", &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  g_assert_null (ferry_spec_new_upload ("a", "http://h/", NULL, NULL, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  g_clear_error (&error);
  spec = ferry_spec_new_upload ("/srv/a#?", "http://h/", NULL, "token", &error);
  g_assert_no_error (error);
  g_assert_cmpstr (spec->source, ==, "/srv/a#?");
}

/* The examples of RFC 7617, and what must be decoded first. */
static void
test_credentials (void)
{
  static const struct
  {
    const char *address;
    const char *header;
  } cases[] = {
    { "http://Aladdin:open%20sesame@example.org/",
      "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" },
    { "http://test:123%C2%A3@example.org/", "Authorization: Basic dGVzdDoxMjPCow==" },
    { "http://ada@example.org/", "Authorization: Basic YWRhOg==" },
    { "http://ada:a:b@example.org/", "Authorization: Basic YWRhOmE6Yg==" },
    /* Decoded once, not twice. */
    { "http://ada:%2541@example.org/", "Authorization: Basic YWRhOiU0MQ==" },
    { "http://:secret@example.org/", "Authorization: Basic OnNlY3JldA==" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (FerrySpec) spec = new_spec (cases[i].address);

      assert_headers (spec, cases[i].header);
      g_assert_cmpstr (spec->address, ==, "http://example.org/");
      g_assert_false (ferry_spec_header_is_public (spec->headers[0]));
    }
}

static void
test_credentials_refused (void)
{
  static const char *const addresses[] = {
    "http://a%0Ab:c@example.org/", "http://a%3Ab:c@example.org/", "http://a:b%00c@example.org/",
    "http://a:b%0D@example.org/",  "http://%7f:b@example.org/",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (addresses); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ferry_spec_new (addresses[i], "/srv", &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS);
    }
}

static void
test_headers_accepted (void)
{
  g_autoptr (FerrySpec) spec = new_spec ("https://example.org/");
  g_autoptr (GError) error = NULL;
  static const char *const headers[]
      = { "X-A: b", "Cookie:a=b; c=d", "x-b:   spaced  ", "X-Empty:", "Hostile: 1", "X-Ü: 1" };

  for (gsize i = 0; i < 5; i++)
    {
      g_assert_true (ferry_spec_add_header (spec, headers[i], &error));
      g_assert_no_error (error);
    }
  g_assert_true (ferry_spec_add_header (spec, "X-Text: grüß: dich", &error));
  assert_headers (spec,
                  "X-A: b|Cookie: a=b; c=d|x-b: spaced|X-Empty: |Hostile: 1|X-Text: grüß: dich");
  g_assert_false (ferry_spec_add_header (spec, headers[5], &error));
}

static void
test_headers_refused (void)
{
  static const char *const headers[] = {
    "",
    ":",
    ": value",
    "name",
    "na me: value",
    " name: value",
    "name : value",
    "name\t: value",
    "na(me: value",
    "n\"ame: value",
    "name: val\nue",
    "name: val\rue",
    "name: value\r\nOther: x",
    "name: value\n",
    "name: \x01",
    "name: \x7f",
    "name: \x1b[0m",
    "name: \xff\xfe",
    "n\xc3\xa4me: x",
    "Range: bytes=0-",
    "range: bytes=0-",
    "IF-MATCH: *",
    "If-Range: x",
    "If-None-Match: x",
    "If-Modified-Since: x",
    "If-Unmodified-Since: x",
    "Host: x",
    "Connection: x",
    "Content-Length: 1",
    "Transfer-Encoding: chunked",
    "TE: x",
    "Trailer: x",
    "Upgrade: x",
    "Keep-Alive: 1",
    "Proxy-Connection: x",
    "Accept-Encoding: gzip",
    "Expect: 100-continue",
  };
  g_autoptr (FerrySpec) spec = new_spec ("https://example.org/");

  for (gsize i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *escaped = g_strescape (headers[i], NULL);

      g_test_message ("%s", escaped);
      g_assert_false (ferry_spec_add_header (spec, headers[i], &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
    }
  assert_headers (spec, "");
}

static void
test_headers_bounded (void)
{
  g_autoptr (FerrySpec) spec = new_spec ("https://example.org/");
  g_autoptr (GError) length_error = NULL;
  g_autoptr (GError) number_error = NULL;
  g_autofree char *value = g_strnfill (17 * 1024, 'x');
  g_autofree char *huge = g_strconcat ("X-A: ", value, NULL);
  guint n = 0;

  g_assert_false (ferry_spec_add_header (spec, huge, &length_error));
  g_assert_error (length_error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  while (n < 1000 && ferry_spec_add_header (spec, "X-A: b", &number_error))
    n++;
  g_assert_error (number_error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  g_assert_cmpuint (n, ==, 100);
  g_assert_cmpuint (g_strv_length (spec->headers), ==, 100);
}

/* Two of them would be one too many for any server. */
static void
test_one_authorization (void)
{
  g_autoptr (FerrySpec) spec = new_spec ("https://ada:secret@example.org/");
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_spec_add_header (spec, "X-A: 1", &error));
  g_assert_true (ferry_spec_add_header (spec, "authorization: Bearer t", &error));
  assert_headers (spec, "X-A: 1|authorization: Bearer t");
  g_assert_true (ferry_spec_add_header (spec, "X-A: 2", &error));
  g_assert_no_error (error);
  assert_headers (spec, "X-A: 1|authorization: Bearer t|X-A: 2");
}

static void
test_public_headers (void)
{
  static const char *const shown[]
      = { "Referer: x", "user-agent: x", "ACCEPT:x", "Accept-Language: x" };
  static const char *const hidden[] = { "Authorization: x",      "Cookie: x",    "X-Api-Key: x",
                                        "Accept-Encoding: x",    "Referer",      "",
                                        "Referer : x",           "X-Referer: x", "Refererer: x",
                                        "Proxy-Authorization: x" };

  for (gsize i = 0; i < G_N_ELEMENTS (shown); i++)
    g_assert_true (ferry_spec_header_is_public (shown[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (hidden); i++)
    g_assert_false (ferry_spec_header_is_public (hidden[i]));
}

static void
test_spec_copy (void)
{
  g_autoptr (FerrySpec) spec = new_spec ("https://ada:b@example.org/");

  spec->name = g_strdup ("name");
  spec->sha256 = g_strdup ("sha256");
  spec->referrer = g_strdup ("referrer");
  spec->paused = TRUE;
  spec->exact = TRUE;

  g_autoptr (FerrySpec) copy = ferry_spec_copy (spec);

  g_assert_cmpstr (copy->address, ==, spec->address);
  g_assert_true (copy->address != spec->address);
  g_assert_cmpstr (copy->folder, ==, "/srv");
  g_assert_cmpstr (copy->name, ==, "name");
  g_assert_cmpstr (copy->sha256, ==, "sha256");
  g_assert_cmpstr (copy->referrer, ==, "referrer");
  g_assert_true (copy->paused && copy->exact);
  assert_headers (copy, "Authorization: Basic YWRhOmI=");
}

static FerryProgress *
full_download (void)
{
  FerryProgress *progress = ferry_progress_new ();

  progress->final_address = g_strdup ("final");
  progress->name = g_strdup ("name");
  progress->part_name = g_strdup ("part");
  progress->size = 5;
  progress->chunk_size = 4;
  progress->confirmed = 3;
  progress->etag = g_strdup ("etag");
  progress->last_modified = g_strdup ("modified");
  progress->date = g_strdup ("date");
  progress->coding = g_strdup ("coding");
  progress->media_type = g_strdup ("type");
  progress->server_sha256 = g_strdup ("sha256");
  progress->resume = FERRY_RESUME_NO;
  progress->stamp = (FerryPartStamp){ 1, 2, 3, 4, 5 };
  progress->publishing = g_strdup ("publishing");
  progress->verified = g_strdup ("verified");
  progress->transport = FERRY_TRANSPORT_PRESIGNED;
  return progress;
}

static void
test_download_copy (void)
{
  g_autoptr (FerryProgress) progress = full_download ();
  g_autoptr (FerryProgress) copy = ferry_progress_copy (progress);

  g_assert_cmpstr (copy->final_address, ==, "final");
  g_assert_true (copy->final_address != progress->final_address);
  g_assert_cmpstr (copy->name, ==, "name");
  g_assert_cmpstr (copy->part_name, ==, "part");
  g_assert_cmpint (copy->size, ==, 5);
  g_assert_cmpuint (copy->chunk_size, ==, 4);
  g_assert_cmpuint (copy->confirmed, ==, 3);
  g_assert_cmpstr (copy->etag, ==, "etag");
  g_assert_cmpstr (copy->last_modified, ==, "modified");
  g_assert_cmpstr (copy->date, ==, "date");
  g_assert_cmpstr (copy->coding, ==, "coding");
  g_assert_cmpstr (copy->media_type, ==, "type");
  g_assert_cmpstr (copy->server_sha256, ==, "sha256");
  g_assert_cmpint (copy->resume, ==, FERRY_RESUME_NO);
  g_assert_true (ferry_part_stamp_equal (&copy->stamp, &progress->stamp));
  g_assert_cmpstr (copy->publishing, ==, "publishing");
  g_assert_cmpstr (copy->verified, ==, "verified");
  g_assert_cmpint (copy->transport, ==, FERRY_TRANSPORT_PRESIGNED);
}

static void
test_download_reset (void)
{
  g_autoptr (FerryProgress) progress = full_download ();
  g_autoptr (FerryProgress) fresh = ferry_progress_new ();

  ferry_progress_reset (progress);
  g_assert_cmpmem (progress, sizeof *progress, fresh, sizeof *fresh);
  g_assert_cmpint (progress->size, ==, -1);
}

static void
test_record (void)
{
  g_autoptr (FerryRecord) record = ferry_record_new (new_spec ("https://example.org/"));
  FerrySpec *paused = new_spec ("https://example.org/");
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;

  paused->paused = TRUE;

  g_autoptr (FerryRecord) other = ferry_record_new (paused);

  g_assert_cmpuint (strlen (record->id), ==, 32);
  g_assert_cmpuint (strspn (record->id, "0123456789abcdef"), ==, 32);
  g_assert_cmpstr (record->id, !=, other->id);
  g_assert_cmpint (record->wanted, ==, FERRY_WANTED_RUN);
  g_assert_cmpint (other->wanted, ==, FERRY_WANTED_PAUSE);
  g_assert_cmpint (record->outcome, ==, FERRY_OUTCOME_NONE);
  g_assert_cmpint (record->error_code, ==, -1);
  g_assert_cmpint (record->added, <=, now);
  g_assert_cmpint (record->added, >, now - 100);
  g_assert_cmpint (record->finished, ==, 0);
  g_assert_cmpint (record->progress->size, ==, -1);
}

static void
test_chunk_size (void)
{
  static const guint64 kib = 1024, mib = 1024 * 1024;
  const struct
  {
    gint64 size;
    guint64 chunk;
  } cases[] = {
    { -1, mib },
    { G_MININT64, mib },
    { 0, 256 * kib },
    { 1, 256 * kib },
    { (gint64) (256 * mib), 256 * kib },
    { (gint64) (256 * mib) + 1024, 512 * kib },
    { (gint64) (1024 * mib), mib },
    { (gint64) (2048 * mib), 2 * mib },
    { (gint64) (3000 * mib), 4 * mib },
    { (gint64) (16384 * mib), 16 * mib },
    { (gint64) (16384 * mib) + 1024, 16 * mib },
    { G_MAXINT64, 16 * mib },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpuint (ferry_chunk_size_for (cases[i].size), ==, cases[i].chunk);
  for (guint bit = 0; bit < 63; bit++)
    {
      guint64 chunk = ferry_chunk_size_for (G_GINT64_CONSTANT (1) << bit);

      g_assert_cmpuint (chunk & (chunk - 1), ==, 0);
      g_assert_cmpuint (chunk, >=, 256 * kib);
      g_assert_cmpuint (chunk, <=, 16 * mib);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record/spec", test_spec);
  g_test_add_func ("/record/spec/refused", test_spec_refused);
  g_test_add_func ("/record/spec/copy", test_spec_copy);
  g_test_add_func ("/record/receiver-refused", test_receiver_refused);
  g_test_add_func ("/record/credentials", test_credentials);
  g_test_add_func ("/record/credentials/refused", test_credentials_refused);
  g_test_add_func ("/record/headers/accepted", test_headers_accepted);
  g_test_add_func ("/record/headers/refused", test_headers_refused);
  g_test_add_func ("/record/headers/bounded", test_headers_bounded);
  g_test_add_func ("/record/headers/one-authorization", test_one_authorization);
  g_test_add_func ("/record/headers/public", test_public_headers);
  g_test_add_func ("/record/download/copy", test_download_copy);
  g_test_add_func ("/record/download/reset", test_download_reset);
  g_test_add_func ("/record/new", test_record);
  g_test_add_func ("/record/chunk-size", test_chunk_size);
  return g_test_run ();
}
