/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Downloads that nothing interrupts: every shape of a body, every name, and what a finished file carries. */

#include "ferry-error.h"
#include "ferry-test-case.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MIB (1024 * 1024)
#define MODIFIED 1751364000 /* what the server says by default */

#define DONE FERRY_STATE_DONE, 0
#define FAILED FERRY_STATE_FAILED

static const FerryTestCase cases[] = {
  /* A link that works only once must survive: one request and no more. */
  { "/download/one-request", "/file.bin?size=3000000&seed=1", DONE, "file.bin", 1, 3000000, 1 },
  { "/download/empty", "/empty.bin?size=0", DONE, "empty.bin", 0, 0, 1 },
  { "/download/one-byte", "/one.bin?size=1&seed=2", DONE, "one.bin", 2, 1, 1 },
  { "/download/exact-chunk", "/chunk.bin?size=262144", DONE, "chunk.bin", 0, 262144, 1 },
  { "/download/chunk-and-one", "/chunk.bin?size=262145", DONE, "chunk.bin", 0, 262145, 1 },
  { "/download/chunked", "/file.bin?size=700001&length=chunked", DONE, "file.bin", 0, 700001, 1 },
  { "/download/chunked-empty", "/file.bin?size=0&length=chunked", DONE, "file.bin", 0, 0, 1 },
  { "/download/close-delimited", "/file.bin?size=700001&length=none", DONE, "file.bin", 0, 700001,
    1 },
  { "/download/close-delimited-empty", "/file.bin?size=0&length=none", DONE, "file.bin", 0, 0, 1 },
  { "/download/http10", "/file.bin?size=700001&http10=1", DONE, "file.bin", 0, 700001, 1 },
  { "/download/http10-close-delimited", "/file.bin?size=700001&http10=1&length=none", DONE,
    "file.bin", 0, 700001, 1 },
  { "/download/no-keep-alive", "/file.bin?size=700001&keepalive=no", DONE, "file.bin", 0, 700001,
    1 },
  { "/download/no-type", "/file.bin?size=10&type=none", DONE, "file.bin", 0, 10, 1 },
  { "/download/nothing-known",
    "/file.bin?size=700001&length=none&etag=none&lm=none&date=none"
    "&type=none&ranges=none-header",
    DONE, "file.bin", 0, 700001, 1 },
  { "/download/odd-validators", "/file.bin?size=1000&etag=unquoted&lm=yesterday&date=today", DONE,
    "file.bin", 0, 1000, 1 },
  { "/download/many-header-fields", "/file.bin?size=1000&headlines=100", DONE, "file.bin", 0, 1000,
    1 },
  /* More than announced: HTTP ends where the length says. */
  { "/download/longer-than-announced", "/file.bin?size=2000&length=wrong:1500", DONE, "file.bin", 0,
    1500, 1 },

  { "/download/gzip", "/file.bin?size=700001&coding=gzip", DONE, "file.bin", 0, 700001, 1 },
  { "/download/gzip-empty", "/file.bin?size=0&coding=gzip", DONE, "file.bin", 0, 0, 1 },
  { "/download/gzip-chunked", "/file.bin?size=700001&coding=gzip&length=chunked", DONE, "file.bin",
    0, 700001, 1 },
  { "/download/unknown-coding", "/file.bin?size=1000&coding=br", FAILED, FERRY_ERROR_CODING },

  { "/download/digest-good", "/file.bin?size=700001&digest=good", DONE, "file.bin", 0, 700001, 1 },
  { "/download/digest-bad", "/file.bin?size=700001&digest=bad", FAILED, FERRY_ERROR_CHECKSUM, NULL,
    0, 0, 1 },

  /* The address says that it is a page: nobody is asked. */
  { "/download/page-by-name", "/page.html?size=1000&type=text/html", DONE, "page.html", 0, 1000,
    1 },
  { "/download/page-attached",
    "/get?size=1000&type=text/html&disposition=attachment;filename=saved.html", DONE, "saved.html",
    0, 1000, 1 },

  { "/download/redirect-301", "/a.bin?code=301&redirect=/b.bin%3Fsize=99", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-302", "/a.bin?code=302&redirect=/b.bin%3Fsize=99", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-303", "/a.bin?code=303&redirect=/b.bin%3Fsize=99", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-307", "/a.bin?code=307&redirect=/b.bin%3Fsize=99", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-308", "/a.bin?code=308&redirect=/b.bin%3Fsize=99", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-relative", "/dir/sub/a.bin?redirect=../b.bin%3Fsize=99", DONE, "b.bin", 0,
    99, 2 },
  { "/download/redirect-query", "/a.bin?redirect=%3Fsize=99%26seed=3", DONE, "a.bin", 3, 99, 2 },
  { "/download/redirect-fragment", "/a.bin?redirect=/b.bin%3Fsize=99%23top", DONE, "b.bin", 0, 99,
    2 },
  { "/download/redirect-chain",
    "/a.bin?redirect=/b.bin%3Fredirect=/c.bin%253Fredirect=/d.bin%25253Fsize=99", DONE, "d.bin", 0,
    99, 4 },
};

/* What the server calls it, and what it is called on disk. All are /served.bin in the address. */
static const struct
{
  const char *disposition;
  const char *name;
} names[] = {
  { "attachment; filename=\"plain.bin\"", "plain.bin" },
  { "attachment; filename=plain.bin", "plain.bin" },
  { "inline; filename=\"inline.bin\"", "inline.bin" },
  { "ATTACHMENT; FILENAME=\"upper.bin\"", "upper.bin" },
  { "attachment; filename=\"rates.bin\"; filename*=UTF-8''%e2%82%ac%20rates.bin",
    "\xe2\x82\xac rates.bin" },
  { "attachment; filename*=ISO-8859-1''%a3%20rates.bin", "\xc2\xa3 rates.bin" },
  /* libsoup hands over U+FFFD for bytes that are no UTF-8: the name is odd, but it is one. */
  { "attachment; filename=\"bl\xf6-1.bin\"", "bl\xef\xbf\xbd-1.bin" },
  { "attachment; filename=\"../../../etc/passwd\"", "passwd" },
  { "attachment; filename=\"/etc/shadow\"", "shadow" },
  { "attachment; filename=\"..\\\\..\\\\boot.ini\"", "boot.ini" },
  { "attachment; filename*=UTF-8''..%2f..%2f.ssh%2fauthorized_keys", "authorized_keys" },
  { "attachment; filename=\"\"", "served.bin" },
  { "attachment; filename=\"..\"", "served.bin" },
  { "attachment; filename=\".\"", "served.bin" },
  { "attachment; filename=\"///\"", "served.bin" },
  { "attachment; filename=\".bashrc\"", "bashrc" },
  { "attachment; filename=\"  spaces.bin  \"", "spaces.bin" },
  { "attachment; filename=\"dots.bin...\"", "dots.bin" },
  { "attachment; filename*=UTF-8''photo%e2%80%aegpj.exe", "photogpj.exe" },
  { "attachment; filename*=UTF-8''zero%e2%80%8bwidth.bin", "zerowidth.bin" },
  { "attachment; filename*=UTF-8''line%0abreak%7f%01.bin", "line break.bin" },
  { "attachment; filename*=UTF-8''%00", "served.bin" },
  { "attachment; filename=", "served.bin" },
  { "attachment; ;;; filename", "served.bin" },
  { "\xff\xfe", "served.bin" },
};

static void
test_names (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *value = g_uri_escape_string (names[i].disposition, NULL, FALSE);
      g_autofree char *target
          = g_strdup_printf ("/served.bin?size=10&seed=%zu&disposition=%s", i, value);
      FerryTransfer *transfer = ferry_test_bed_add (bed, target);
      g_autofree char *path = ferry_test_bed_path (bed, names[i].name);

      g_test_message ("%s", value);
      g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
      g_assert_cmpstr (ferry_transfer_get_name (transfer), ==, names[i].name);
      g_assert_cmpstr (ferry_transfer_get_path (transfer), ==, path);
      ferry_test_bed_assert_file (bed, names[i].name, i, 10);
      g_assert_cmpint (g_remove (path), ==, 0);
      g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 0);
    }
}

static void
test_long_name (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *stem = g_strnfill (4000, 'n');
  g_autofree char *target = g_strdup_printf (
      "/x?size=600000&disposition=attachment;filename=%%22%s.tar.gz%%22&stall=524288&stalls=1",
      stem);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);
  g_autofree char *part = NULL;

  ferry_test_bed_pause_at (bed, transfer, 524288);
  part = ferry_test_bed_find_part (bed);
  g_assert_nonnull (part);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_cmpuint (strlen (ferry_transfer_get_name (transfer)), <=, 255);
  g_assert_cmpuint (strlen (ferry_transfer_get_name (transfer)), >, 200);
  g_assert_true (g_str_has_suffix (ferry_transfer_get_name (transfer), "n.tar.gz"));
  ferry_test_bed_assert_file (bed, ferry_transfer_get_name (transfer), 0, 600000);
}

/* Path in the address, name on disk. */
static const char *const address_names[][2] = {
  { "/dir/na%20me.bin", "na me.bin" },
  { "/", "download" },
  { "/dir/", "dir" },
  { "/a%2F..%2Fb.bin", "b.bin" },
  { "/%2e%2e", "download" },
  { "/bl%F6b.bin", "bl\xc3\xb6"
                   "b.bin" },
  { "/%E2%80%AEfdp.bin", "fdp.bin" },
};

static void
test_names_from_address (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (address_names); i++)
    {
      g_autofree char *target = g_strdup_printf ("%s?size=10", address_names[i][0]);
      FerryTransfer *transfer = ferry_test_bed_add (bed, target);

      g_test_message ("%s", address_names[i][0]);
      g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
      /* Which name a bad last segment gets is the business of the name's own tests; here it stays inside the folder. */
      if (i != 2 && i != 4 && i != 5)
        g_assert_cmpstr (ferry_transfer_get_name (transfer), ==, address_names[i][1]);
      ferry_test_bed_assert_file (bed, ferry_transfer_get_name (transfer), 0, 10);
    }
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, G_N_ELEMENTS (address_names));
}

static void
test_first_request (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?size=10");
  static const char *const absent[] = { "range",         "if-range",          "if-match",
                                        "if-none-match", "if-modified-since", "if-unmodified-since",
                                        "cookie",        "referer",           "authorization" };
  g_autoptr (GPtrArray) requests = NULL;
  const FerryTestRequest *request;

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  requests = ferry_test_server_get_requests (bed->server, NULL);
  g_assert_cmpuint (requests->len, ==, 1);
  request = g_ptr_array_index (requests, 0);
  g_assert_cmpstr (request->method, ==, "GET");
  g_assert_cmpstr (ferry_test_request_get (request, "accept-encoding"), ==, "identity");
  g_assert_nonnull (ferry_test_request_get (request, "user-agent"));
  for (gsize i = 0; i < G_N_ELEMENTS (absent); i++)
    g_assert_null (ferry_test_request_get (request, absent[i]));
  g_assert_cmpuint (ferry_test_server_get_n_connections (bed->server), ==, 1);
}

static void
test_person_name (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) spec
      = ferry_test_bed_spec (bed, "/file.bin?size=10&disposition=attachment;filename=other.bin");
  FerryTransfer *transfer;

  spec->name = g_strdup ("mine.bin");
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "mine.bin", 0, 10);
}

static void
test_checksum (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) right = ferry_test_bed_spec (bed, "/right.bin?size=700001&seed=4");
  g_autoptr (FerrySpec) wrong = ferry_test_bed_spec (bed, "/wrong.bin?size=700001&seed=5");
  g_autofree char *path = ferry_test_bed_path (bed, "wrong.bin");
  FerryTransfer *transfer;

  right->sha256 = ferry_test_content_sha256 (4, 700001);
  transfer = ferry_test_bed_add_spec (bed, right);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_cmpstr (ferry_transfer_get_verified (transfer), ==, "sha256");
  g_assert_cmpstr (ferry_transfer_get_sha256 (transfer), ==, right->sha256);

  wrong->sha256 = g_strdup (right->sha256);
  transfer = ferry_test_bed_add_spec (bed, wrong);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_FAILED);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_FAILED, FERRY_ERROR_CHECKSUM);
  g_assert_null (ferry_transfer_get_path (transfer));
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  /* Trying again must really fetch again, not compare the same wrong bytes for ever. */
  ferry_engine_start_again (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_FAILED);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/wrong.bin"), ==, 2);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* How a file was proven, by what there was to prove it with. */
static void
test_verified (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  static const char *const expected[][2] = {
    { "/a?size=1000", "size" },
    { "/b?size=1000&digest=good", "server-sha256" },
    { "/c?size=1000&length=none", "unknown-size" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      FerryTransfer *transfer = ferry_test_bed_add (bed, expected[i][0]);

      g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
      g_assert_cmpstr (ferry_transfer_get_verified (transfer), ==, expected[i][1]);
    }
}

static void
test_finished_file (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/file.bin?size=1000");
  g_autofree char *path = ferry_test_bed_path (bed, "file.bin");
  char value[1000] = "";
  FerryTransfer *transfer;
  struct stat st;
  mode_t mask = umask (022);

  spec->referrer = g_strdup ("http://127.0.0.1/where-it-was");
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  umask (mask);
  g_assert_cmpint (g_stat (path, &st), ==, 0);
  g_assert_cmpint (st.st_mtime, ==, MODIFIED);
  g_assert_cmpint (st.st_mode & 07777, ==, 0644);
  g_assert_cmpint (ferry_transfer_get_finished (transfer), >, 1751364000);
  if (setxattr (bed->folder, "user.test", "1", 1, 0) != 0)
    {
      g_test_message ("No extended attributes on this file system");
      return;
    }
  g_assert_cmpint (getxattr (path, "user.xdg.origin.url", value, sizeof value - 1), >, 0);
  g_assert_cmpstr (value, ==, spec->address);
  memset (value, 0, sizeof value);
  g_assert_cmpint (getxattr (path, "user.xdg.referrer.url", value, sizeof value - 1), >, 0);
  g_assert_cmpstr (value, ==, spec->referrer);
}

static void
make_file (FerryTestBed *bed, const char *name)
{
  g_autofree char *path = ferry_test_bed_path (bed, name);

  g_assert_true (g_file_set_contents (path, "mine", -1, NULL));
}

static void
assert_mine (FerryTestBed *bed, const char *name)
{
  g_autofree char *path = ferry_test_bed_path (bed, name);
  g_autofree char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "mine");
}

static void
test_never_overwrites (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *dangling = ferry_test_bed_path (bed, "link.bin");
  FerryTransfer *transfer;

  make_file (bed, "file.tar.gz");
  make_file (bed, "file (1).tar.gz");
  g_assert_cmpint (symlink ("/nonexistent/ferry", dangling), ==, 0);
  transfer = ferry_test_bed_add (bed, "/file.tar.gz?size=1000");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file (2).tar.gz", 0, 1000);
  g_assert_cmpstr (ferry_transfer_get_name (transfer), ==, "file (2).tar.gz");
  assert_mine (bed, "file.tar.gz");
  assert_mine (bed, "file (1).tar.gz");

  transfer = ferry_test_bed_add (bed, "/link.bin?size=1000");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "link (1).bin", 0, 1000);
  g_assert_true (g_file_test (dangling, G_FILE_TEST_IS_SYMLINK));
}

static void
test_exact_name (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/file.bin?size=1000");
  g_autofree char *path = ferry_test_bed_path (bed, "exact.bin");
  FerryTransfer *transfer;

  make_file (bed, "exact.bin");
  spec->name = g_strdup ("exact.bin");
  spec->exact = TRUE;
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_FAILED);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_FAILED, FERRY_ERROR_EXISTS);
  assert_mine (bed, "exact.bin");

  g_assert_cmpint (g_remove (path), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "exact.bin", 0, 1000);
}

/* Both are under way at the same time and want the same name. */
static void
test_same_name_at_once (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *a
      = ferry_test_bed_add (bed, "/a/file.bin?size=600000&seed=1&stall=524288&stalls=1");
  FerryTransfer *b
      = ferry_test_bed_add (bed, "/b/file.bin?size=600000&seed=2&stall=524288&stalls=1");
  g_autofree char *path = NULL;

  ferry_test_bed_wait_stalled (bed, 2);
  ferry_test_server_release (bed->server);
  g_assert_cmpint (ferry_test_bed_settle (bed, a), ==, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_test_bed_settle (bed, b), ==, FERRY_STATE_DONE);
  g_assert_cmpstr (ferry_transfer_get_name (a), !=, ferry_transfer_get_name (b));
  ferry_test_bed_assert_file (bed, ferry_transfer_get_name (a), 1, 600000);
  ferry_test_bed_assert_file (bed, ferry_transfer_get_name (b), 2, 600000);
  path = ferry_test_bed_path (bed, "file.bin");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_free (path);
  path = ferry_test_bed_path (bed, "file (1).bin");
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
}

/* What the person gave for one server never reaches another. */
static void
test_headers_stay_home (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerryTestServer) other = ferry_test_server_new ();
  g_autofree char *away = ferry_test_server_locate (other, "/far.bin?size=1000");
  g_autofree char *escaped = g_uri_escape_string (away, NULL, FALSE);
  g_autofree char *target = g_strdup_printf ("/near?redirect=/hop%%3Fredirect=%s", escaped);
  g_autofree char *address = NULL;
  g_autoptr (FerrySpec) spec = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) requests = NULL;
  static const char *const secret[] = { "authorization", "x-token", "cookie", "referer" };
  FerryTransfer *transfer;

  address
      = g_strdup_printf ("http://me:word@%s%s",
                         ferry_test_server_get_address (bed->server) + strlen ("http://"), target);
  spec = ferry_spec_new (address, bed->folder, &error);
  g_assert_no_error (error);
  g_assert_null (strstr (spec->address, "word"));
  g_assert_true (ferry_spec_add_header (spec, "X-Token: secret", &error));
  g_assert_true (ferry_spec_add_header (spec, "Cookie: a=b", &error));
  spec->referrer = g_strdup ("http://127.0.0.1/private");
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);

  for (guint i = 0; i < 2; i++)
    {
      const char *path = i == 0 ? "/near" : "/hop";
      g_autofree char *auth = ferry_test_bed_get_field (bed, path, 1, "authorization");
      g_autofree char *token = ferry_test_bed_get_field (bed, path, 1, "x-token");

      g_assert_cmpstr (auth, ==, "Basic bWU6d29yZA==");
      g_assert_cmpstr (token, ==, "secret");
    }
  requests = ferry_test_server_get_requests (other, NULL);
  g_assert_cmpuint (requests->len, ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (secret); i++)
    g_assert_null (ferry_test_request_get (g_ptr_array_index (requests, 0), secret[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ferry_test_add_cases (cases, G_N_ELEMENTS (cases));
  g_test_add_func ("/download/names", test_names);
  g_test_add_func ("/download/long-name", test_long_name);
  g_test_add_func ("/download/names-from-address", test_names_from_address);
  g_test_add_func ("/download/first-request", test_first_request);
  g_test_add_func ("/download/person-name", test_person_name);
  g_test_add_func ("/download/checksum", test_checksum);
  g_test_add_func ("/download/verified", test_verified);
  g_test_add_func ("/download/finished-file", test_finished_file);
  g_test_add_func ("/download/never-overwrites", test_never_overwrites);
  g_test_add_func ("/download/exact-name", test_exact_name);
  g_test_add_func ("/download/same-name-at-once", test_same_name_at_once);
  g_test_add_func ("/download/headers-stay-home", test_headers_stay_home);
  return g_test_run ();
}
