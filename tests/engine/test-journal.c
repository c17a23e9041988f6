/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is written comes back. */

#include "ferry-test-journal.h"

#define NOBODY "ffffffffffffffffffffffffffffffff"

static gint64
query_number (Fixture *fixture, const char *sql)
{
  sqlite3 *handle = NULL;
  sqlite3_stmt *statement = NULL;

  g_assert_cmpint (sqlite3_open (fixture->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (handle, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);

  gint64 number = sqlite3_column_int64 (statement, 0);

  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
  return number;
}

/* Everything has a value of its own. */
static void
fill_download (FerryProgress *progress)
{
  ferry_progress_reset (progress);
  progress->final_address = g_strdup ("https://cdn.example.org/final");
  progress->name = g_strdup ("name \n✓");
  progress->part_name = g_strdup ("name.part");
  progress->size = G_MAXINT64;
  progress->chunk_size = 16 << 20;
  progress->confirmed = G_MAXINT64 - 1;
  progress->etag = g_strdup ("\"\xff bytes\"");
  progress->last_modified = g_strdup ("modified");
  progress->date = g_strdup ("date");
  progress->coding = g_strdup ("br");
  progress->media_type = g_strdup ("text/plain");
  progress->server_sha256 = g_strnfill (64, 'c');
  progress->resume = FERRY_RESUME_YES;
  progress->stamp = (FerryPartStamp){ G_MAXUINT64, (guint64) G_MAXINT64 + 1, 3, -4, G_MAXINT64 };
  progress->publishing = g_strdup ("name (2)");
  progress->verified = g_strdup ("server-sha256");
  progress->transport = FERRY_TRANSPORT_PRESIGNED;
}

static FerryRecord *
full_record (void)
{
  FerryRecord *record = new_record ("full");

  record->spec->folder = (g_free (record->spec->folder), g_strdup ("/srv/\xff not UTF-8"));
  record->spec->name = g_strdup ("wanted");
  record->spec->sha256 = g_strnfill (64, 'd');
  record->spec->headers = g_strsplit ("User-Agent: a|Accept: b", "|", -1);
  record->spec->referrer = g_strdup ("https://example.org/");
  record->spec->exact = TRUE;
  record->wanted = FERRY_WANTED_PAUSE;
  record->outcome = FERRY_OUTCOME_NEEDS_YOU;
  record->error_code = FERRY_ERROR_WEB_PAGE;
  record->error_message = g_strdup ("A sentence.");
  record->position = 7;
  record->finished = 1700000000;
  record->removed = TRUE;
  record->path = g_strdup ("/srv/\xfe");
  fill_download (record->progress);
  return record;
}

static void
test_add (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = full_record ();
  g_autoptr (FerryRecord) bare = new_record ("bare");

  bare->position = -5;
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_add (fixture->store, bare);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpuint (records->len, ==, 2);
  assert_record_equal (at (records, 0), bare);
  assert_record_equal (at (records, 1), record);
}

/* What is posted is as it was then, not as it is when it is written. */
static void
test_posts_are_copies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");

  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  record->spec->address[8] = 'X';
  g_clear_pointer (&record->spec->folder, g_free);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpstr (at (records, 0)->spec->address, ==, "https://example.org/a");
}

static void
test_update (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (FerryRecord) other = new_record ("b");
  g_autoptr (FerryRecord) full = full_record ();

  other->position = 9;
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_add (fixture->store, other);
  g_free (full->id);
  full->id = g_strdup (record->id);
  ferry_store_post_update (fixture->store, full);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  FerryRecord *updated = at (records, 0);

  g_assert_cmpint (updated->wanted, ==, full->wanted);
  g_assert_cmpint (updated->outcome, ==, full->outcome);
  g_assert_cmpint (updated->error_code, ==, full->error_code);
  g_assert_cmpstr (updated->error_message, ==, full->error_message);
  g_assert_cmpint (updated->finished, ==, full->finished);
  g_assert_true (updated->removed);
  g_assert_cmpstr (updated->path, ==, full->path);
  /* The lane's part, the spec and all other rows stay. */
  assert_spec_equal (updated->spec, record->spec);
  assert_download_equal (updated->progress, record->progress);
  g_assert_cmpint (updated->position, ==, record->position);
  assert_record_equal (at (records, 1), other);
}

static void
test_spec (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (FerryRecord) full = full_record ();

  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  g_free (full->id);
  full->id = g_strdup (record->id);
  ferry_store_post_spec (fixture->store, full);
  open_store (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  assert_spec_equal (at (records, 0)->spec, full->spec);
  g_assert_cmpint (at (records, 0)->wanted, ==, record->wanted);
  assert_download_equal (at (records, 0)->progress, record->progress);
}

static void
test_save_progress (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (FerryProgress) progress = ferry_progress_new ();
  g_autoptr (GError) error = NULL;

  fill_download (progress);
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  g_assert_true (ferry_store_save_progress (fixture->store, record->id, progress, &error));
  g_assert_no_error (error);

  g_autoptr (GPtrArray) records = load (fixture);

  assert_download_equal (at (records, 0)->progress, progress);
  g_assert_cmpint (at (records, 0)->wanted, ==, record->wanted);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) a = new_record ("a");
  g_autoptr (FerryRecord) b = new_record ("b");
  g_autoptr (FerryRecord) c = new_record ("c");
  const char *const ids[] = { c->id, NOBODY, a->id, b->id, NULL };
  const char *const none[] = { NULL };

  open_store (fixture);
  ferry_store_post_add (fixture->store, a);
  ferry_store_post_add (fixture->store, b);
  ferry_store_post_add (fixture->store, c);
  ferry_store_post_order (fixture->store, ids);
  ferry_store_post_order (fixture->store, none);
  flush (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpstr (at (records, 0)->id, ==, c->id);
  g_assert_cmpstr (at (records, 1)->id, ==, a->id);
  g_assert_cmpstr (at (records, 2)->id, ==, b->id);
  g_assert_cmpint (at (records, 0)->position, ==, 0);
}

static void
test_remove (Fixture *fixture, gconstpointer data)
{
  make_from_fixture (fixture);
  open_store (fixture);
  ferry_store_post_remove (fixture->store, TWO);
  flush (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpuint (records->len, ==, 5);
  g_clear_pointer (&fixture->store, ferry_store_close);
  g_assert_cmpint (query_number (fixture, "SELECT count (*) FROM chunk"), ==, 0);
  g_assert_cmpint (query_number (fixture, "SELECT count (*) FROM event"), ==, 2);
}

/* An event of a row that is just gone is no trouble for anybody. */
static void
test_posts_for_nobody (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");

  open_store (fixture);
  ferry_store_post_update (fixture->store, record);
  ferry_store_post_spec (fixture->store, record);
  ferry_store_post_remove (fixture->store, record->id);
  ferry_store_post_event (fixture->store, record->id, 1, "Nothing.");
  flush (fixture);

  g_autoptr (GPtrArray) records = load (fixture);
  g_autoptr (GPtrArray) history = load_history (fixture, record->id);

  g_assert_cmpuint (records->len, ==, 0);
  g_assert_cmpuint (history->len, ==, 0);
}

static void
clear_not_found (GError **error)
{
  g_assert_error (*error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE);
  g_clear_error (error);
}

/* A lane must learn that what it proves is written nowhere. */
static void
test_lanes_of_nobody (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryProgress) progress = ferry_progress_new ();
  g_autoptr (GError) error = NULL;
  const FerryChunk chunk = { .index = 0, .length = 1 };
  const FerryPartStamp stamp = { 1, 2, 3, 4, 5 };
  const guint64 index = 0;

  open_store (fixture);
  g_assert_false (ferry_store_save_progress (fixture->store, NOBODY, progress, &error));
  clear_not_found (&error);
  g_assert_false (ferry_store_save_chunks (fixture->store, NOBODY, &chunk, 1, 1, &error));
  clear_not_found (&error);
  g_assert_false (ferry_store_settle (fixture->store, NOBODY, &stamp, &error));
  clear_not_found (&error);
  g_assert_false (ferry_store_start_over (fixture->store, NOBODY, progress, &error));
  clear_not_found (&error);
  g_assert_false (ferry_store_drop_chunks (fixture->store, NOBODY, &index, 1, 0, &error));
  clear_not_found (&error);

  g_autoptr (GArray) chunks = load_chunks (fixture, NOBODY);

  g_assert_cmpuint (chunks->len, ==, 0);
}

static void
test_chunks (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (FerryRecord) other = new_record ("b");
  g_autoptr (GError) error = NULL;
  const FerryChunk first[] = { chunk_of (1, 10, 1), chunk_of (0, 10, 2), chunk_of (2, 5, 3) };
  const FerryChunk second[] = { chunk_of (2, 10, 4), chunk_of (G_MAXINT64, 1, 5) };
  const FerryPartStamp stamp = { 1, 2, 3, 4, 5 };
  const guint64 dropped[] = { 0, 77, G_MAXINT64 };

  other->position = 1;
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_add (fixture->store, other);
  g_assert_true (ferry_store_save_chunks (fixture->store, record->id, first, 3, 25, &error));
  g_assert_true (ferry_store_save_chunks (fixture->store, other->id, first, 1, 10, &error));
  assert_chunks (fixture, record->id, "0:10:2:0 1:10:1:0 2:5:3:0");
  g_assert_cmpuint (confirmed_of (fixture, 0), ==, 25);
  g_assert_true (ferry_store_settle (fixture->store, record->id, &stamp, &error));
  assert_chunks (fixture, record->id, "0:10:2:1 1:10:1:1 2:5:3:1");
  assert_chunks (fixture, other->id, "1:10:1:0");
  /* Written again is touched again. */
  g_assert_true (ferry_store_save_chunks (fixture->store, record->id, second, 2, 31, &error));
  assert_chunks (fixture, record->id, "0:10:2:1 1:10:1:1 2:10:4:0 9223372036854775807:1:5:0");
  g_assert_true (ferry_store_drop_chunks (fixture->store, record->id, dropped, 3, 20, &error));
  assert_chunks (fixture, record->id, "1:10:1:1 2:10:4:0");
  g_assert_cmpuint (confirmed_of (fixture, 0), ==, 20);
  g_assert_true (ferry_store_save_chunks (fixture->store, record->id, NULL, 0, 21, &error));
  g_assert_cmpuint (confirmed_of (fixture, 0), ==, 21);
  g_assert_no_error (error);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_true (ferry_part_stamp_equal (&at (records, 0)->progress->stamp, &stamp));
}

static void
test_start_over (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryProgress) progress = ferry_progress_new ();
  g_autoptr (GError) error = NULL;

  make_from_fixture (fixture);
  open_store (fixture);
  g_assert_true (ferry_store_start_over (fixture->store, TWO, progress, &error));
  g_assert_no_error (error);
  assert_chunks (fixture, TWO, "");

  g_autoptr (GPtrArray) records = load (fixture);

  assert_download_equal (at (records, 1)->progress, progress);
}

static void
test_history (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (FerryRecord) other = new_record ("b");

  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_add (fixture->store, other);
  ferry_store_post_event (fixture->store, other->id, 5, "Other.");
  for (gint64 i = 0; i < FERRY_JOURNAL_MAX_HISTORY + 10; i++)
    {
      g_autofree char *sentence = g_strdup_printf ("Line %" G_GINT64_FORMAT ".", i);

      ferry_store_post_event (fixture->store, record->id, i, sentence);
    }

  g_autoptr (GPtrArray) history = load_history (fixture, record->id);
  g_autoptr (GPtrArray) short_one = load_history (fixture, other->id);

  g_assert_cmpuint (history->len, ==, FERRY_JOURNAL_MAX_HISTORY);
  for (guint i = 0; i < history->len; i++)
    g_assert_cmpint (((FerryHistoryLine *) history->pdata[i])->when, ==, i + 10);
  g_assert_cmpstr (((FerryHistoryLine *) history->pdata[0])->sentence, ==, "Line 10.");
  g_assert_cmpuint (short_one->len, ==, 1);
}

static gboolean
file_contains (Fixture *fixture, const char *suffix, const char *text)
{
  g_autofree char *path = g_strconcat (fixture->path, suffix, NULL);
  g_autofree char *contents = NULL;
  gsize length = 0;

  return g_file_get_contents (path, &contents, &length, NULL)
         && memmem (contents, length, text, strlen (text)) != NULL;
}

static void
test_secrets_stay_out (Fixture *fixture, gconstpointer data)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  g_autoptr (FerryRecord) record = new_record ("a");

  record->spec->headers
      = g_strsplit ("Authorization: Bearer Geheimnis1|Cookie: Geheimnis2|Accept: shown/type|"
                    "X-Key: Geheimnis3|User-Agent: x\nCookie: Geheimnis4",
                    "|", -1);
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_spec (fixture->store, record);
  ferry_store_post_update (fixture->store, record);
  flush (fixture);
  g_assert_true (file_contains (fixture, "-wal", "shown/type"));
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    g_assert_false (file_contains (fixture, suffixes[i], "Geheimnis"));

  g_autoptr (GPtrArray) records = load (fixture);

  assert_headers (at (records, 0)->spec->headers, "Accept: shown/type");
  g_clear_pointer (&fixture->store, ferry_store_close);
  g_assert_true (file_contains (fixture, "", "shown/type"));
  g_assert_false (file_contains (fixture, "", "Geheimnis"));
}

static void
test_many (Fixture *fixture, gconstpointer data)
{
  gint64 started;

  make_from_fixture (fixture);
  run_sql (fixture,
           "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
           "INSERT INTO transfer SELECT i + 100, printf ('%032x', i), 1000000 - i, "
           "'https://example.org/' || i, folder, 'name ' || i, sha256, headers, referrer, exact, "
           "wanted, outcome, error_code, error_message, added, finished, removed, path, "
           "final_address, file_name, part_name, size, chunk_size, confirmed, etag, last_modified, "
           "server_date, coding, media_type, server_sha256, resume, stamp_device, stamp_inode, "
           "stamp_size, stamp_mtime, stamp_ctime, publishing, verified "
           "FROM n, transfer WHERE transfer.number = 1");
  started = g_get_monotonic_time ();
  open_store (fixture);

  gint64 opened = g_get_monotonic_time ();
  g_autoptr (GPtrArray) records = load (fixture);
  gint64 loaded = g_get_monotonic_time ();

  g_test_message ("100,000 transfers: opened in %" G_GINT64_FORMAT
                  " ms, loaded in %" G_GINT64_FORMAT " ms",
                  (opened - started) / 1000, (loaded - opened) / 1000);
  g_assert_cmpuint (records->len, ==, 100006);
  g_assert_cmpstr (at (records, 6)->spec->address, ==, "https://example.org/100000");
  g_assert_cmpstr (at (records, 100005)->spec->address, ==, "https://example.org/1");
  for (guint i = 1; i < records->len; i++)
    g_assert_cmpint (at (records, i - 1)->position, <, at (records, i)->position);
}

/* What a store said of a part stays with it, and goes with another reading of the chunk. */
static void
test_receipts (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (GError) error = NULL;
  FerryChunk chunks[] = { chunk_of (0, 10, 1), chunk_of (1, 10, 2), chunk_of (2, 10, 3) };
  const FerryChunk again = chunk_of (0, 10, 4);
  const FerryChunk *loaded;

  chunks[0].receipt = (char *) "0123456789abcdef0123456789abcdef";
  chunks[0].has_md5 = chunks[1].has_md5 = TRUE;
  memset (chunks[0].md5, 5, sizeof chunks[0].md5);
  memset (chunks[1].md5, 6, sizeof chunks[1].md5);
  chunks[2].receipt = (char *) "ö-1";
  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  g_assert_true (ferry_store_save_chunks (fixture->store, record->id, chunks, 3, 30, &error));

  g_autoptr (GArray) first = load_chunks (fixture, record->id);

  g_assert_cmpuint (first->len, ==, 3);
  loaded = (const FerryChunk *) (const void *) first->data;
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpstr (loaded[i].receipt, ==, chunks[i].receipt);
      g_assert_cmpint (loaded[i].has_md5, ==, chunks[i].has_md5);
      g_assert_cmpmem (loaded[i].md5, FERRY_MD5_SIZE, chunks[i].md5, FERRY_MD5_SIZE);
    }
  g_assert_true (ferry_store_save_chunks (fixture->store, record->id, &again, 1, 30, &error));

  g_autoptr (GArray) second = load_chunks (fixture, record->id);

  g_assert_cmpuint (second->len, ==, 3);
  loaded = (const FerryChunk *) (const void *) second->data;
  g_assert_null (loaded[0].receipt);
  g_assert_false (loaded[0].has_md5);
  g_assert_cmpstr (loaded[2].receipt, ==, "ö-1");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/journal/add", test_add);
  add ("/journal/posts-are-copies", test_posts_are_copies);
  add ("/journal/update", test_update);
  add ("/journal/spec", test_spec);
  add ("/journal/save-progress", test_save_progress);
  add ("/journal/order", test_order);
  add ("/journal/remove", test_remove);
  add ("/journal/nobody/posts", test_posts_for_nobody);
  add ("/journal/nobody/lanes", test_lanes_of_nobody);
  add ("/journal/chunks", test_chunks);
  add ("/journal/start-over", test_start_over);
  add ("/journal/history", test_history);
  add ("/journal/secrets-stay-out", test_secrets_stay_out);
  add ("/journal/many", test_many);
  add ("/journal/receipts", test_receipts);
  return g_test_run ();
}
