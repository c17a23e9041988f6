/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Downloads that stop half way and go on: what is asked for, what of the answer is believed, and that the file on disk is
 * always the one the server has. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#include <string.h>

#define SIZE (1024 * 1024)
#define HELD (512 * 1024) /* two chunks: where the first answer stalls */
#define OVERLAP (64 * 1024)
#define SEED 3

/* How the bytes that were there before must have been treated. */
typedef enum
{
  KEPT,   /* fetched again at most a little */
  DROPPED /* started over */
} Before;

/* How the second request must be guarded (RFC 9110 section 13.1). */
typedef enum
{
  ANY_GUARD,
  IF_MATCH,
  IF_UNMODIFIED,
  NO_GUARD
} Guard;

/**
 * Case:
 *
 * A file of SIZE bytes that is paused at HELD bytes and resumed.
 *
 * @script: what the server does besides
 * @changed: the content is another from the second request on
 * @size: of the file in the end, 0: SIZE
 * @says: (nullable): words of its history
 */
typedef struct
{
  const char *name;
  const char *script;
  Guard guard;
  Before before;
  gboolean changed;
  guint64 size;
  const char *says;
} Case;

static const Case cases[] = {
  /* Validators that guard. */
  { "strong-etag", "", IF_MATCH, KEPT },
  { "strong-etag-only", "&lm=none", IF_MATCH, KEPT },
  { "weak-etag", "&etag=weak", IF_UNMODIFIED, KEPT },
  { "modified-strong", "&etag=none", IF_UNMODIFIED, KEPT },
  /* Validators that do not: the overlap is what proves. */
  { "weak-etag-only", "&etag=weak&lm=none", NO_GUARD, KEPT },
  { "modified-weak", "&etag=none&lm=weak", NO_GUARD, KEPT },
  { "modified-without-date", "&etag=none&date=none", NO_GUARD, KEPT },
  { "modified-nonsense", "&etag=none&lm=yesterday", NO_GUARD, KEPT },
  { "etag-unquoted", "&etag=abc&lm=none", NO_GUARD, KEPT },
  { "no-validator", "&etag=none&lm=none", NO_GUARD, KEPT },
  { "nothing-said", "&etag=none&lm=none&date=none&ranges=none-header&type=none", NO_GUARD, KEPT },

  /* Servers that answer oddly about the very same file. */
  { "etag-changes-each-time", "&etag=changing", IF_MATCH, KEPT },
  { "etag-changes-preconditions-ignored", "&etag=changing&precond=ignored", IF_MATCH, KEPT },
  { "precondition-fails-falsely", "&precond=412always", IF_MATCH, KEPT },
  { "precondition-fails-falsely-by-date", "&precond=412always&etag=none", IF_UNMODIFIED, KEPT },
  { "preconditions-ignored", "&precond=ignored", IF_MATCH, KEPT },

  /* The file really changed. */
  { "changed", "&change_after=1", IF_MATCH, DROPPED, TRUE, 0, "changed" },
  { "changed-by-date", "&change_after=1&etag=none", IF_UNMODIFIED, DROPPED, TRUE, 0, "changed" },
  { "changed-preconditions-ignored", "&change_after=1&precond=ignored", IF_MATCH, DROPPED, TRUE, 0,
    "changed" },
  { "changed-by-date-preconditions-ignored", "&change_after=1&precond=ignored&etag=none",
    IF_UNMODIFIED, DROPPED, TRUE, 0, "changed" },
  { "changed-no-validator", "&change_after=1&etag=none&lm=none", NO_GUARD, DROPPED, TRUE, 0,
    "changed" },
  { "changed-validators-kept", "&change_after=1&keep_validators=1", IF_MATCH, DROPPED, TRUE, 0,
    "changed" },
  { "changed-weak-kept", "&change_after=1&keep_validators=1&etag=weak&lm=none", NO_GUARD, DROPPED,
    TRUE, 0, "changed" },
  { "changed-grown", "&change_after=1&changed_size=1500000&etag=none&lm=none", NO_GUARD, DROPPED,
    TRUE, 1500000, "changed" },
  { "changed-shrunk", "&change_after=1&changed_size=700000&etag=none&lm=none", NO_GUARD, DROPPED,
    TRUE, 700000 },
  { "changed-shrunk-below", "&change_after=1&changed_size=1000&etag=none&lm=none", NO_GUARD,
    DROPPED, TRUE, 1000 },
  { "changed-shrunk-below-416-bare",
    "&change_after=1&changed_size=1000&etag=none&lm=none&416=without", NO_GUARD, DROPPED, TRUE,
    1000 },
  { "changed-empty", "&change_after=1&changed_size=0&etag=none&lm=none", NO_GUARD, DROPPED, TRUE,
    G_MAXUINT64 /* nothing */ },

  /* 200 to a range. */
  { "range-ignored", "&ranges=ignore", IF_MATCH, DROPPED, FALSE, 0, "cannot resume" },
  { "no-ranges", "&ranges=no", ANY_GUARD, DROPPED },
  { "range-ignored-and-changed", "&ranges=ignore&change_after=1&precond=ignored", IF_MATCH, DROPPED,
    TRUE },
  { "range-ignored-length-untold", "&ranges=ignore&length=none", ANY_GUARD, DROPPED },

  /* 416 to a range that is there. */
  { "416-always", "&416=always", ANY_GUARD, DROPPED },
  { "416-always-same-size", "&416=always:1048576", ANY_GUARD, DROPPED },
  { "416-always-other-size", "&416=always:99", ANY_GUARD, DROPPED },

  /* Each way a 206 can be wrong, once and always; never a wrong byte. */
  { "206-earlier-once", "&range206=earlier&faults=1", ANY_GUARD, KEPT },
  { "206-later-once", "&range206=later&faults=1", ANY_GUARD, KEPT },
  { "206-multipart-once", "&range206=multipart&faults=1", ANY_GUARD, KEPT },
  { "206-multipart-with-range-once", "&range206=multipartcr&faults=1", ANY_GUARD, KEPT },
  { "206-gzip-slice-once", "&range206=gzipslice&faults=1", ANY_GUARD, KEPT },
  { "206-no-content-range-once", "&range206=nocr&faults=1", ANY_GUARD, KEPT },
  { "206-bad-content-range-once", "&range206=badcr&faults=1", ANY_GUARD, KEPT },
  { "206-other-unit-once", "&range206=unit&faults=1", ANY_GUARD, KEPT },
  { "206-shorter-once", "&range206=shorter&faults=1", ANY_GUARD, KEPT },
  { "206-shorter", "&range206=shorter&faults=4", ANY_GUARD, KEPT },
  { "206-total-untold", "&range206=nototal", ANY_GUARD, KEPT },
  { "206-other-total-once", "&range206=othertotal&faults=1", ANY_GUARD, KEPT },
  { "206-other-etag-once", "&range206=otheretag&faults=1", ANY_GUARD, KEPT },
  { "206-earlier", "&range206=earlier", ANY_GUARD, DROPPED },
  { "206-later", "&range206=later", ANY_GUARD, DROPPED },
  { "206-multipart", "&range206=multipart", ANY_GUARD, DROPPED },
  { "206-gzip-slice", "&range206=gzipslice", ANY_GUARD, DROPPED },
  { "206-no-content-range", "&range206=nocr", ANY_GUARD, DROPPED },
  { "206-bad-content-range", "&range206=badcr", ANY_GUARD, DROPPED },
  { "206-other-unit", "&range206=unit", ANY_GUARD, DROPPED },
  { "206-other-total", "&range206=othertotal", ANY_GUARD, DROPPED },
  { "206-other-date", "&range206=otherlm", ANY_GUARD, DROPPED },
  { "206-empty", "&range206=empty", ANY_GUARD, DROPPED },
  { "206-other-bytes-than-it-says", "&range206=lie", IF_MATCH, DROPPED },
  { "206-other-bytes-no-validator", "&range206=lie&etag=none&lm=none", NO_GUARD, DROPPED },

  /* Shapes of the body. */
  { "http10", "&http10=1", IF_MATCH, KEPT },
  { "chunked", "&length=chunked", IF_MATCH, KEPT },
  { "close-delimited", "&length=none", IF_MATCH, KEPT },
  { "digest", "&digest=good", IF_MATCH, KEPT },
};

static void
assert_guard (FerryTestBed *bed, const Case *test, guint n)
{
  g_autofree char *match = ferry_test_bed_get_field (bed, "/file.bin", n, "if-match");
  g_autofree char *since = ferry_test_bed_get_field (bed, "/file.bin", n, "if-unmodified-since");
  g_autofree char *range = ferry_test_bed_get_field (bed, "/file.bin", n, "if-range");

  g_assert_null (range);
  if (test->guard == ANY_GUARD)
    return;
  if (test->guard == IF_MATCH)
    g_assert_cmpint (*match, ==, '"');
  else
    g_assert_null (match);
  if (test->guard == IF_UNMODIFIED)
    g_assert_cmpstr (since, ==, "Tue, 01 Jul 2025 10:00:00 GMT");
  else
    g_assert_null (since);
}

/* Whatever goes wrong, only one range is ever asked for, from bytes that are held, and never anything coded. */
static void
assert_requests (FerryTestBed *bed, const Case *test)
{
  guint n = ferry_test_server_count (bed->server, "/file.bin");

  g_assert_cmpuint (n, >=, 2);
  g_assert_cmpuint (n, <=, 12);
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *coding = ferry_test_bed_get_field (bed, "/file.bin", i, "accept-encoding");
      g_autofree char *range = ferry_test_bed_get_field (bed, "/file.bin", i, "range");

      g_assert_cmpstr (coding, ==, "identity");
      if (range == NULL)
        continue;
      g_assert_true (g_str_has_prefix (range, "bytes="));
      g_assert_null (strchr (range, ','));
    }
  if (test->guard != ANY_GUARD)
    {
      g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), >=, HELD - OVERLAP);
      g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), <=, HELD);
    }
  assert_guard (bed, test, 2);
}

static void
assert_kept_or_dropped (FerryTestBed *bed, const Case *test)
{
  guint n = ferry_test_server_count (bed->server, "/file.bin");
  guint whole = 0;

  for (guint i = 2; i <= n; i++)
    if (ferry_test_bed_get_range (bed, "/file.bin", i) < 0)
      whole++;
  if (test->before == DROPPED)
    return;
  if (whole > 0)
    ferry_test_bed_dump (bed);
  g_assert_cmpuint (whole, ==, 0);
}

static FerryTransfer *
start_and_pause (FerryTestBed *bed, const char *script)
{
  g_autofree char *target
      = g_strdup_printf ("/file.bin?size=%d&seed=%d&stall=%d&stalls=1%s", SIZE, SEED, HELD, script);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  ferry_test_bed_pause_at (bed, transfer, HELD);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, HELD);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/file.bin"), ==, 1);
  return transfer;
}

static void
finish_case (FerryTestBed *bed, const Case *test, FerryTransfer *transfer)
{
  guint64 size = test->size == G_MAXUINT64 ? 0 : test->size != 0 ? test->size : SIZE;
  g_autofree char *history = NULL;

  ferry_engine_resume (bed->engine, transfer);
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_DONE, -1);
  ferry_test_bed_assert_file (bed, "file.bin", SEED + (test->changed ? 1 : 0), size);
  assert_requests (bed, test);
  assert_kept_or_dropped (bed, test);
  if (test->says == NULL)
    return;
  history = ferry_test_bed_history (bed, transfer);
  g_test_message ("%s", history);
  g_assert_nonnull (strstr (history, test->says));
}

static void
test_resume (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  finish_case (bed, test, start_and_pause (bed, test->script));
}

/* The same after the program ended and began again: all that counts is in the journal. */
static void
test_resume_reopened (gconstpointer data)
{
  const Case *test = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer;

  start_and_pause (bed, test->script);
  ferry_test_bed_reopen (bed);
  transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, HELD);
  finish_case (bed, test, transfer);
}

/* Changed only where nothing is compared: the validators alone tell, also where the server ignores preconditions. */
static void
test_changed_unseen (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *script = g_strdup_printf (
      "&change_after=1&change_from=100000&change_to=150000%s", (const char *) data);
  FerryTransfer *transfer = start_and_pause (bed, script);
  g_autofree char *bytes = NULL;
  g_autofree char *expected = g_malloc (SIZE);
  gsize length;

  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_true (g_file_get_contents (ferry_transfer_get_path (transfer), &bytes, &length, NULL));
  ferry_test_content_fill (SEED, 0, expected, SIZE);
  ferry_test_content_fill (SEED + 1, 100000, expected + 100000, 50000);
  g_assert_cmpmem (bytes, length, expected, SIZE);
}

/* Cut by the server twice; every byte that arrived counts. */
static void
test_cut (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target = g_strdup_printf ("/file.bin?size=%d&seed=%d&cut=300000&cuts=2&%s", SIZE,
                                             SEED, (const char *) data);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);
  gboolean lossless = strstr (data, "reset") == NULL;

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), ==, 3);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), <=, 300000);
  if (lossless)
    {
      g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), ==, 300000 - OVERLAP);
      g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 3), ==,
                       300000 - OVERLAP + 300000 - OVERLAP);
    }
}

/* The first bytes never come: there is nothing to go on from. */
static void
test_cut_before_anything (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?size=1000&cut=0&cuts=1");

  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
}

/* A server that promises more than it has must never make a finished file. */
static void
test_promised_more (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/file.bin?size=1000&length=wrong:2000");
  g_autofree char *path = ferry_test_bed_path (bed, "file.bin");

  for (guint i = 0; i < 4; i++)
    {
      ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      ferry_engine_resume (bed->engine, transfer);
      g_assert_cmpint (ferry_transfer_get_state (transfer), !=, FERRY_STATE_WAITING);
    }
}

/* All bytes of a file whose length nobody told are there, but its end was not seen: 416 tells. */
static void
test_complete_at_416 (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target
      = g_strdup_printf ("/file.bin?size=%d&seed=%d&length=chunked&stall=%d&stalls=1%s", HELD, SEED,
                         HELD, (const char *) data);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  ferry_test_bed_pause_at (bed, transfer, HELD);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, -1);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, HELD);
}

/* Coded content is never resumed: the bytes of one gzip do not go on another. */
static void
test_gzip_not_resumed (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = start_and_pause (bed, "&coding=gzip");

  g_assert_cmpint (ferry_transfer_get_resume (transfer), ==, FERRY_RESUME_NO);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), ==, -1);
}

/* That a pause costs everything is said before. */
static void
test_says_whether_it_can_resume (void)
{
  static const struct
  {
    const char *script;
    FerryResume resume;
  } expected[] = {
    { "", FERRY_RESUME_YES },
    { "&ranges=no", FERRY_RESUME_NO },
    { "&ranges=none-header", FERRY_RESUME_UNKNOWN },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
      g_autofree char *target = g_strdup_printf ("/file.bin?size=%d&stall=%d&stalls=1%s", SIZE,
                                                 HELD, expected[i].script);
      FerryTransfer *transfer = ferry_test_bed_add (bed, target);

      ferry_test_bed_wait_received (bed, transfer, HELD);
      g_assert_cmpint (ferry_transfer_get_resume (transfer), ==, expected[i].resume);
    }
}

/* The token in the address after a redirect ran out: back to the original once, which gives a new one. */
static void
test_token_expires (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target = g_strdup_printf (
      "/file.bin?redirect=/t-{n}/file.bin%%3Fsize=%d%%26seed=%d%%26expire_after=1%%26expired=%s"
      "%%26stall=%d%%26stalls=1",
      SIZE, SEED, (const char *) data, HELD);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  ferry_test_bed_pause_at (bed, transfer, HELD);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle_released (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/file.bin"), ==, 2);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/t-1/file.bin"), ==, 2);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/t-2/file.bin"), ==, 1);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/t-2/file.bin", 1), >=, HELD - OVERLAP);
}

/* The new address must prove itself on what is held: here each one leads to another file. */
static void
test_token_leads_elsewhere (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target
      = g_strdup_printf ("/file.bin?redirect=/t-{n}/file.bin%%3Fsize=%d%%26seed={n}%%26etag=none"
                         "%%26lm=none%%26expire_after=1%%26stall=%d%%26stalls=1",
                         SIZE, HELD);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  ferry_test_bed_pause_at (bed, transfer, HELD);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle_released (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 3, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/t-3/file.bin", 1), ==, -1);
}
/* The link is dead for good: asked about, not asked for over and over, and nothing that is held is lost. */
static void
test_link_dies (gconstpointer data)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *script = g_strdup_printf ("&expire_after=1&expired=%s", (const char *) data);
  FerryTransfer *transfer = start_and_pause (bed, script);

  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), <=, 3);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, HELD);
  /* As if the server had changed its mind. */
  ferry_test_server_reset (bed->server);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle_released (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 1), >=, HELD - OVERLAP);
}

/* A page to sign in comes instead of the rest: what is held stays as it is. */
static void
test_page_on_resume (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = start_and_pause (bed, "&html_after=1");
  g_autofree char *part = ferry_test_bed_find_part (bed);
  g_autofree char *bytes = NULL;
  g_autofree guint8 *expected = g_malloc (HELD);
  gsize length;

  ferry_engine_resume (bed->engine, transfer);
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_NEEDS_YOU, FERRY_ERROR_WEB_PAGE);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, HELD);
  g_assert_true (g_file_get_contents (part, &bytes, &length, NULL));
  g_assert_cmpuint (length, >=, HELD);
  ferry_test_content_fill (SEED, 0, expected, HELD);
  g_assert_cmpmem (bytes, HELD, expected, HELD);
}

/* Twice paused, twice ended, and each byte fetched about once. */
static void
test_resume_often (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/file.bin?size=5000000&seed=9&cut=1000000&cutmode=keepalive");
  guint n = 0;

  while (ferry_transfer_get_state (transfer) != FERRY_STATE_DONE)
    {
      g_assert_cmpuint (n++, <, 8);
      if (ferry_test_bed_settle (bed, transfer) == FERRY_STATE_DONE)
        break;
      ferry_test_bed_reopen (bed);
      transfer = ferry_test_bed_get (bed, 0);
    }
  ferry_test_bed_assert_file (bed, "file.bin", 9, 5000000);
  g_assert_cmpuint (ferry_test_server_get_sent (bed->server, NULL), <=, 5000000 + 6 * OVERLAP);
}

int
main (int argc, char **argv)
{
  static const char *const cuts[]
      = { "cutmode=close", "cutmode=keepalive", "cutmode=reset", "cutmode=close&http10=1" };

  static const char *const unseen[] = { "",
                                        "&etag=none",
                                        "&lm=none",
                                        "&precond=ignored",
                                        "&precond=ignored&etag=none",
                                        "&precond=ignored&lm=none",
                                        "&precond=ignored&etag=weak" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/resume/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_resume);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strdup_printf ("/resume/reopened/%s", cases[i].name);

      g_test_add_data_func (path, &cases[i], test_resume_reopened);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (unseen); i++)
    {
      g_autofree char *path = g_strdup_printf ("/resume/changed-unseen/%zu", i);

      g_test_add_data_func (path, unseen[i], test_changed_unseen);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autofree char *path = g_strdup_printf ("/resume/cut/%s", cuts[i]);

      g_test_add_data_func (path, cuts[i], test_cut);
    }
  g_test_add_func ("/resume/cut/before-anything", test_cut_before_anything);
  g_test_add_func ("/resume/promised-more", test_promised_more);
  g_test_add_data_func ("/resume/complete-at-416", "", test_complete_at_416);
  g_test_add_data_func ("/resume/complete-at-416-bare", "&416=without", test_complete_at_416);
  g_test_add_func ("/resume/gzip", test_gzip_not_resumed);
  g_test_add_func ("/resume/says-whether-it-can", test_says_whether_it_can_resume);
  g_test_add_data_func ("/resume/token-expires-403", "403", test_token_expires);
  g_test_add_data_func ("/resume/token-expires-404", "404", test_token_expires);
  g_test_add_data_func ("/resume/token-expires-410", "410", test_token_expires);
  g_test_add_func ("/resume/token-leads-elsewhere", test_token_leads_elsewhere);
  g_test_add_data_func ("/resume/link-dies-403", "403", test_link_dies);
  g_test_add_data_func ("/resume/link-dies-404", "404", test_link_dies);
  g_test_add_data_func ("/resume/link-dies-410", "410", test_link_dies);
  g_test_add_func ("/resume/page-on-resume", test_page_on_resume);
  g_test_add_func ("/resume/often", test_resume_often);
  return g_test_run ();
}
