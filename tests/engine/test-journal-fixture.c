/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A queue of each released schema opens as it was left. */

#include "ferry-test-journal.h"

#define NOBODY "ffffffffffffffffffffffffffffffff"

static void
test_fixture_finished (Fixture *fixture, gconstpointer data)
{
  make_from_fixture (fixture);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  FerryRecord *record = at (records, 0);
  g_auto (GStrv) headers = g_strsplit ("Referer: https://example.org/|User-Agent: Ferry", "|", -1);
  FerrySpec spec = {
    .address = (char *) "https://example.org/start?a=1",
    .folder = (char *) "/home/ada/Downloads",
    .name = (char *) "wanted name.iso",
    .sha256 = (char *) "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    .headers = headers,
    .referrer = (char *) "https://example.org/page",
    .exact = TRUE,
  };
  FerryProgress progress = {
    .final_address = (char *) "https://cdn.example.org/a.iso",
    .name = (char *) "wanted name.iso",
    .part_name = (char *) "wanted name.iso.11111111.part",
    .size = 5000000,
    .chunk_size = 1048576,
    .confirmed = 5000000,
    .etag = (char *) "\"abc\"",
    .last_modified = (char *) "Sun, 06 Nov 1994 08:49:37 GMT",
    .date = (char *) "Sun, 06 Nov 1994 09:49:37 GMT",
    .coding = (char *) "gzip",
    .media_type = (char *) "application/x-iso9660-image",
    .server_sha256 = (char *) "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
    .resume = FERRY_RESUME_YES,
    .stamp = { 64769, 1234567, 5000000, 1700000099123456789, 1700000099987654321 },
    .publishing = (char *) "wanted name (2).iso",
    .verified = (char *) "sha256",
  };
  const FerryRecord expected = {
    .id = (char *) ONE,
    .spec = &spec,
    .wanted = FERRY_WANTED_RUN,
    .outcome = FERRY_OUTCOME_DONE,
    .error_code = -1,
    .position = 0,
    .added = 1700000000,
    .finished = 1700000100,
    .path = (char *) "/home/ada/Downloads/wanted name (2).iso",
    .progress = &progress,
  };

  g_assert_cmpuint (records->len, ==, 6);
  assert_record_equal (record, &expected);
}

static void
test_fixture_running (Fixture *fixture, gconstpointer data)
{
  make_from_fixture (fixture);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  FerrySpec spec
      = { .address = (char *) "http://example.org/b", .folder = (char *) "/home/ada/Übung" };
  FerryProgress progress = {
    .final_address = (char *) "http://example.org/b",
    .name = (char *) "b",
    .part_name = (char *) "b.22222222.part",
    .size = 1000000,
    .chunk_size = 262144,
    .confirmed = 624288,
    .etag = (char *) "W/\"weak\"",
    .media_type = (char *) "text/plain",
    .resume = FERRY_RESUME_NO,
    .stamp = { G_MAXUINT64, G_MAXUINT64 - 1, 1000000, 1700000002000000000, 1700000002000000000 },
  };
  const FerryRecord expected = {
    .id = (char *) TWO,
    .spec = &spec,
    .wanted = FERRY_WANTED_RUN,
    .outcome = FERRY_OUTCOME_NONE,
    .error_code = -1,
    .position = 1,
    .added = 1700000001,
    .progress = &progress,
  };

  assert_record_equal (at (records, 1), &expected);
}

/* Those that know nothing of their file yet differ in main's part alone. */
static void
test_fixture_others (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *id;
    const char *address;
    const char *name;
    FerryWanted wanted;
    FerryOutcome outcome;
    int error_code;
    const char *error_message;
    gint64 position;
    gint64 added;
    gint64 finished;
    gboolean removed;
  } rows[] = {
    { "33333333333333333333333333333333", "https://example.org/c", NULL, FERRY_WANTED_PAUSE,
      FERRY_OUTCOME_NONE, -1, NULL, 2, 1700000002, 0, FALSE },
    { "55555555555555555555555555555555", "https://example.org/e", NULL, FERRY_WANTED_RUN,
      FERRY_OUTCOME_FAILED, FERRY_ERROR_NOT_FOUND, "This link no longer works.", 3, 1700000004,
      1700000005, FALSE },
    { "44444444444444444444444444444444", "https://example.org/d", NULL, FERRY_WANTED_RUN,
      FERRY_OUTCOME_NEEDS_YOU, FERRY_ERROR_UNAUTHORIZED, "example.org wants a name and a password.",
      4, 1700000003, 0, FALSE },
    { "66666666666666666666666666666666", "https://example.org/f", "f", FERRY_WANTED_PAUSE,
      FERRY_OUTCOME_NONE, -1, NULL, 5, 1700000005, 0, TRUE },
  };
  g_autoptr (FerryProgress) progress = ferry_progress_new ();

  make_from_fixture (fixture);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      FerrySpec spec = { .address = (char *) rows[i].address,
                         .folder = (char *) "/srv",
                         .name = (char *) rows[i].name };
      const FerryRecord expected = { .id = (char *) rows[i].id,
                                     .spec = &spec,
                                     .wanted = rows[i].wanted,
                                     .outcome = rows[i].outcome,
                                     .error_code = rows[i].error_code,
                                     .error_message = (char *) rows[i].error_message,
                                     .position = rows[i].position,
                                     .added = rows[i].added,
                                     .finished = rows[i].finished,
                                     .removed = rows[i].removed,
                                     .progress = progress };

      assert_record_equal (at (records, 2 + i), &expected);
    }
}

static void
test_fixture_chunks_and_history (Fixture *fixture, gconstpointer data)
{
  static const guint64 lengths[] = { 262144, 262144, 100000 };

  make_from_fixture (fixture);
  open_store (fixture);

  g_autoptr (GArray) chunks = load_chunks (fixture, TWO);
  g_autoptr (GArray) none = load_chunks (fixture, ONE);
  g_autoptr (GPtrArray) history = load_history (fixture, TWO);
  g_autoptr (GPtrArray) other = load_history (fixture, ONE);

  g_assert_cmpuint (none->len, ==, 0);
  g_assert_cmpuint (chunks->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      guint8 sha256[FERRY_SHA256_SIZE];

      memset (sha256, (int) i + 1, sizeof sha256);
      g_assert_cmpuint (chunk->index, ==, i);
      g_assert_cmpuint (chunk->length, ==, lengths[i]);
      g_assert_cmpmem (chunk->sha256, FERRY_SHA256_SIZE, sha256, sizeof sha256);
      g_assert_cmpint (chunk->settled, ==, i < 2);
    }
  g_assert_cmpuint (history->len, ==, 2);
  g_assert_cmpint (((FerryHistoryLine *) history->pdata[0])->when, ==, 1700000001);
  g_assert_cmpstr (((FerryHistoryLine *) history->pdata[0])->sentence, ==, "Added.");
  /* As it happened, whatever the clock said. */
  g_assert_cmpint (((FerryHistoryLine *) history->pdata[1])->when, ==, 1600000000);
  g_assert_cmpuint (other->len, ==, 2);
  g_assert_cmpstr (((FerryHistoryLine *) other->pdata[1])->sentence, ==,
                   "Finished: every byte is proven. ✓");
}

/* The text of each table and index, without its white space. */
static char *
read_schema (Fixture *fixture)
{
  sqlite3 *handle = NULL;
  sqlite3_stmt *statement = NULL;
  GString *text = g_string_new (NULL);

  g_assert_cmpint (sqlite3_open (fixture->path, &handle), ==, SQLITE_OK);
  sqlite3_prepare_v2 (handle, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
                      -1, &statement, NULL);
  while (sqlite3_step (statement) == SQLITE_ROW)
    for (const char *at = (const char *) sqlite3_column_text (statement, 0); *at != '\0'; at++)
      if (!g_ascii_isspace (*at))
        g_string_append_c (text, *at);
  sqlite3_finalize (statement);
  sqlite3_close (handle);
  return g_string_free (text, FALSE);
}

static void
test_fixture_upload_in_the_middle (Fixture *fixture, gconstpointer data)
{
  FerrySpec spec = {
    .direction = FERRY_UPLOAD,
    .address = (char *) "https://home.example/ferry/",
    .folder = (char *) "/home/ada/Übung",
    .name = (char *) "film.mkv",
    .source = (char *) "/home/ada/Übung/film.mkv",
    .destination = (char *) "Home",
  };
  FerryProgress progress = {
    .size = 12000000,
    .chunk_size = 5242880,
    .confirmed = 10485760,
    .resume = FERRY_RESUME_YES,
    .stamp = { 64769, 1234567, 12000000, 1700000002000000000, 1700000002000000001 },
    .upload_id = (char *) "upload-7",
    .upload_key = (char *) "key-7",
    .expires = 1800000000,
  };
  const FerryRecord expected = {
    .id = (char *) TWO,
    .spec = &spec,
    .error_code = -1,
    .position = 1,
    .added = 1700000001,
    .progress = &progress,
  };

  make_from (fixture, "queue-v2.sql");
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpuint (records->len, ==, 4);
  assert_record_equal (at (records, 1), &expected);
  assert_chunks (fixture, TWO, "0:5242880:1:1 1:5242880:2:0");
}

static gint64
read_number (const char *path, const char *sql)
{
  sqlite3 *handle = NULL;
  sqlite3_stmt *statement = NULL;
  gint64 number;

  g_assert_cmpint (sqlite3_open (path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  number = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (handle);
  return number;
}

/* What went to a receiver before there were stores still goes there. */
static void
test_fixture_before_stores (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = g_strconcat (fixture->path, ".before-v3", NULL);

  make_from (fixture, "queue-v3.sql");
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  g_autoptr (GPtrArray) destinations = load_destinations (fixture);
  g_autoptr (GArray) chunks = load_chunks (fixture, TWO);

  g_assert_cmpuint (records->len, ==, 4);
  g_assert_cmpuint (destinations->len, ==, 1);
  g_assert_cmpint (at (records, 1)->progress->transport, ==, FERRY_TRANSPORT_DIRECT);
  assert_chunks (fixture, TWO, "0:5242880:1:1 1:5242880:2:0");
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);

      g_assert_null (chunk->receipt);
      g_assert_false (chunk->has_md5);
    }
  g_clear_pointer (&fixture->store, ferry_store_close);
  g_assert_cmpint (read_number (copy, "PRAGMA user_version"), ==, 3);
}

static void
test_fixture_uploads (Fixture *fixture, gconstpointer data)
{
  make_from (fixture, "queue-v2.sql");
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  const FerryRecord *download = at (records, 0);
  const FerryRecord *done = at (records, 2);
  const FerryRecord *asking = at (records, 3);

  g_assert_cmpint (download->spec->direction, ==, FERRY_DOWNLOAD);
  g_assert_cmpint (done->outcome, ==, FERRY_OUTCOME_DONE);
  g_assert_cmpstr (done->spec->destination, ==, NULL);
  g_assert_cmpstr (done->progress->final_address, ==,
                   "http://127.0.0.1:8470/files/upload-8/notes.txt");
  g_assert_cmpint (asking->outcome, ==, FERRY_OUTCOME_NEEDS_YOU);
  g_assert_cmpint (asking->error_code, ==, FERRY_ERROR_UNAUTHORIZED);
  g_assert_cmpstr (asking->spec->token, ==, NULL);
}

static void
test_fixture_is_copied_first (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = g_strconcat (fixture->path, ".before-v2", NULL);

  make_from (fixture, "queue-v2.sql");
  open_store (fixture);

  g_autoptr (GPtrArray) destinations = load_destinations (fixture);

  g_assert_cmpuint (destinations->len, ==, 0);
  g_clear_pointer (&fixture->store, ferry_store_close);
  g_assert_cmpint (read_number (fixture->path, "PRAGMA user_version"), ==, 4);
  g_assert_cmpint (read_number (copy, "PRAGMA user_version"), ==, 2);
  g_assert_cmpint (read_number (copy, "SELECT count (*) FROM transfer"), ==, 4);
  g_assert_cmpint (
      read_number (copy, "SELECT count (*) FROM sqlite_schema WHERE name = 'destination'"), ==, 0);
}

static void
becomes_the_newest (Fixture *fixture, const char *name)
{
  Fixture fresh = { 0 };

  set_up (&fresh, NULL);
  open_store (&fresh);
  g_clear_pointer (&fresh.store, ferry_store_close);
  make_from (fixture, name);
  open_store (fixture);
  g_clear_pointer (&fixture->store, ferry_store_close);

  g_autofree char *expected = read_schema (&fresh);
  g_autofree char *schema = read_schema (fixture);

  g_assert_cmpstr (schema, ==, expected);
  g_assert_cmpuint (strlen (schema), >, 1000);
  tear_down (&fresh, NULL);
}

static void
test_fixture_1_becomes_the_newest (Fixture *fixture, gconstpointer data)
{
  becomes_the_newest (fixture, "queue-v1.sql");
}

static void
test_fixture_2_becomes_the_newest (Fixture *fixture, gconstpointer data)
{
  becomes_the_newest (fixture, "queue-v2.sql");
}

static void
test_fixture_3_becomes_the_newest (Fixture *fixture, gconstpointer data)
{
  becomes_the_newest (fixture, "queue-v3.sql");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/journal/fixture/finished", test_fixture_finished);
  add ("/journal/fixture/running", test_fixture_running);
  add ("/journal/fixture/others", test_fixture_others);
  add ("/journal/fixture/chunks-and-history", test_fixture_chunks_and_history);
  add ("/journal/fixture/upload-in-the-middle", test_fixture_upload_in_the_middle);
  add ("/journal/fixture/before-stores", test_fixture_before_stores);
  add ("/journal/fixture/uploads", test_fixture_uploads);
  add ("/journal/fixture/is-copied-first", test_fixture_is_copied_first);
  add ("/journal/fixture/1-becomes-the-newest", test_fixture_1_becomes_the_newest);
  add ("/journal/fixture/2-becomes-the-newest", test_fixture_2_becomes_the_newest);
  add ("/journal/fixture/3-becomes-the-newest", test_fixture_3_becomes_the_newest);
  return g_test_run ();
}
