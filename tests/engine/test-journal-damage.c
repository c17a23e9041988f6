/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values that cannot be do no harm. */

#include "ferry-test-journal.h"

#define NOBODY "ffffffffffffffffffffffffffffffff"

/* A chunk that cannot be is refused, and the rest of its batch with it. */
static void
test_impossible_chunks_refused (Fixture *fixture, gconstpointer data)
{
  const FerryChunk chunks[] = { chunk_of (0, 10, 1), chunk_of (G_MAXUINT64, 10, 1) };
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (GError) error = NULL;

  open_store (fixture);
  ferry_store_post_add (fixture->store, record);
  g_assert_false (ferry_store_save_chunks (fixture->store, record->id, chunks, 2, 20, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  assert_chunks (fixture, record->id, "");
  g_assert_cmpuint (confirmed_of (fixture, 0), ==, 0);
}

static void
replace (GString *sql, const char *what, const char *with)
{
  g_assert_cmpuint (g_string_replace (sql, what, with, 0), >, 0);
}

/* The fixture's tables without anything that keeps values possible. */
static void
make_lax (Fixture *fixture)
{
  g_autofree char *text = read_fixture ("queue-v1.sql");
  g_autoptr (GRegex) check = g_regex_new (" CHECK \\([^\\n]*\\)(?=,\\n)", 0, 0, NULL);
  g_autofree char *unchecked = g_regex_replace_literal (check, text, -1, 0, "", 0, NULL);
  g_autoptr (GString) sql = g_string_new (unchecked);

  replace (sql, " STRICT, WITHOUT ROWID", "");
  replace (sql, " STRICT", "");
  replace (sql, " NOT NULL", "");
  replace (sql, "sha256 BLOB", "sha256");
  g_assert_null (strstr (sql->str, "CHECK"));
  run_sql (fixture, sql->str);
}

static const char *const impossible_values[] = {
  "address = NULL",
  "address = ''",
  "address = x'0102'",
  "address = CAST (x'ff' AS TEXT)",
  "folder = NULL",
  "folder = 'relative'",
  "wanted = 2",
  "wanted = -1",
  "wanted = NULL",
  "wanted = 'run'",
  "wanted = 4294967296",
  "outcome = 4",
  "outcome = 1e300",
  "outcome = -9223372036854775808",
  "error_code = -2",
  "error_code = 1000",
  "error_message = CAST (x'ff' AS TEXT)",
  "error_message = x'00'",
  "position = 'first'",
  "added = -1",
  "finished = NULL",
  "removed = 2",
  "exact = 2",
  "sha256 = 'abc'",
  "server_sha256 = 'zz'",
  "headers = x'01'",
  "size = -2",
  "size = NULL",
  "size = -9223372036854775808",
  "size = 'big'",
  "chunk_size = -1",
  "chunk_size = 3",
  "chunk_size = 2147483648",
  "chunk_size = 5368709121",
  "chunk_size = 9223372036854775807",
  "confirmed = -1",
  "resume = 3",
  "stamp_inode = 'x'",
  "file_name = '../../.bashrc'",
  "file_name = ''",
  "file_name = '..'",
  "part_name = '/etc/passwd'",
  "publishing = '.'",
  "verified = x'01'",
  "transport = 2",
};

static void
assert_damaged_row (Fixture *fixture, const char *value)
{
  g_autoptr (GPtrArray) records = load (fixture);
  FerryRecord *record = NULL;

  g_assert_cmpuint (records->len, ==, 6);
  for (guint i = 0; i < records->len; i++)
    {
      if (g_str_equal (at (records, i)->id, TWO))
        record = at (records, i);
      /* And no other row is the worse for it. */
      else
        g_assert_cmpint (at (records, i)->error_code, !=, FERRY_ERROR_STORE);
    }
  g_test_message ("%s", value);
  g_assert_nonnull (record);
  g_assert_cmpint (record->outcome, ==, FERRY_OUTCOME_FAILED);
  g_assert_cmpint (record->error_code, ==, FERRY_ERROR_STORE);
  g_assert_true (g_str_has_suffix (record->error_message, "."));
  g_assert_nonnull (record->spec->address);
  g_assert_nonnull (record->spec->folder);
  g_assert_true (g_utf8_validate (record->spec->address, -1, NULL));
  g_assert_cmpint (record->wanted, <, FERRY_N_WANTED);
  g_assert_cmpint (record->progress->size, >=, -1);
  g_assert_cmpint (record->progress->resume, <=, FERRY_RESUME_NO);
  g_assert_true (record->progress->name == NULL || strchr (record->progress->name, '/') == NULL);
  g_assert_true (record->progress->part_name == NULL
                 || strchr (record->progress->part_name, '/') == NULL);
}

static void
test_impossible_values (Fixture *fixture, gconstpointer data)
{
  make_lax (fixture);
  /* Migrated first: the copy must have all columns. */
  open_store (fixture);
  g_clear_pointer (&fixture->store, ferry_store_close);
  run_sql (fixture, "CREATE TABLE kept AS SELECT * FROM transfer WHERE number = 2");
  for (gsize i = 0; i < G_N_ELEMENTS (impossible_values); i++)
    {
      g_autofree char *sql
          = g_strdup_printf ("DELETE FROM transfer WHERE number = 2; INSERT INTO transfer SELECT * "
                             "FROM kept; UPDATE transfer SET %s WHERE number = 2",
                             impossible_values[i]);

      g_clear_pointer (&fixture->store, ferry_store_close);
      run_sql (fixture, sql);
      open_store (fixture);
      assert_damaged_row (fixture, impossible_values[i]);
    }
}

/* Such a row can be dealt with as any other. */
static void
test_damaged_row_can_go (Fixture *fixture, gconstpointer data)
{
  make_lax (fixture);
  run_sql (fixture, "UPDATE transfer SET size = -7, id = 'short' WHERE number = 2;"
                    "UPDATE transfer SET id = NULL WHERE number = 3");
  open_store (fixture);
  ferry_store_post_remove (fixture->store, "short");
  flush (fixture);

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpuint (records->len, ==, 5);
}

static void
test_impossible_chunks (Fixture *fixture, gconstpointer data)
{
  static const char *const values[]
      = { "sha256 = x'01'", "sha256 = NULL",  "sha256 = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
          "sha256 = x''",   "length = -1",    "length = 'long'",
          "length = NULL",  "settled = 2",    "settled = NULL",
          "idx = -1",       "idx = 'second'", "length = 1e300" };

  make_lax (fixture);
  /* Migrated first: the copy must have all columns. */
  open_store (fixture);
  g_clear_pointer (&fixture->store, ferry_store_close);
  run_sql (fixture, "CREATE TABLE kept AS SELECT * FROM chunk");
  for (gsize i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_autofree char *sql = g_strdup_printf ("DELETE FROM chunk; INSERT INTO chunk SELECT * FROM "
                                              "kept; UPDATE chunk SET %s WHERE idx = 1",
                                              values[i]);

      g_test_message ("%s", values[i]);
      g_clear_pointer (&fixture->store, ferry_store_close);
      run_sql (fixture, sql);
      open_store (fixture);
      assert_chunks (fixture, TWO, "0:262144:1:1 2:100000:3:0");
    }
}

static void
test_impossible_history (Fixture *fixture, gconstpointer data)
{
  make_lax (fixture);
  run_sql (fixture, "UPDATE event SET sentence = NULL, at = 'noon' WHERE number = 1;"
                    "UPDATE event SET sentence = CAST (x'41ff42' AS TEXT) WHERE number = 4");
  open_store (fixture);

  g_autoptr (GPtrArray) history = load_history (fixture, TWO);

  g_assert_cmpuint (history->len, ==, 2);
  g_assert_cmpstr (((FerryHistoryLine *) history->pdata[0])->sentence, ==, "");
  g_assert_cmpstr (((FerryHistoryLine *) history->pdata[1])->sentence, ==,
                   "A\xef\xbf\xbd"
                   "B");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/journal/impossible/values", test_impossible_values);
  add ("/journal/impossible/row-can-go", test_damaged_row_can_go);
  add ("/journal/impossible/chunks", test_impossible_chunks);
  add ("/journal/impossible/chunks-refused", test_impossible_chunks_refused);
  add ("/journal/impossible/history", test_impossible_history);
  return g_test_run ();
}
