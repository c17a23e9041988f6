/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ferry-test-database.h"

/* The file of a database with enough rows for some pages. (transfer full) */
static GBytes *
make_big (Fixture *fixture)
{
  FerryDatabase *database = open_as (fixture, version_1);

  execute (database,
           "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 600) "
           "INSERT INTO box SELECT i, printf ('%.40c', 'x') FROM n");
  ferry_database_close (database);
  return read_file (fixture->path);
}

static void
test_fresh (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDatabase) database = open_as (fixture, version_1);
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  assert_query (database, "SELECT label FROM box", "one");
  assert_query (database, "PRAGMA user_version", "1");
  assert_query (database, "PRAGMA journal_mode", "wal");
  assert_query (database, "PRAGMA synchronous", "2");
  assert_query (database, "PRAGMA foreign_keys", "1");
  assert_query (database, "PRAGMA trusted_schema", "0");
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = beside (fixture, suffixes[i]);

      assert_mode (path, 0600);
    }
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  /* SQLite itself may leave one byte of a database that holds nothing yet. */
  for (gsize length = 0; length <= 1; length++)
    {
      write_file (fixture->path, "", length);

      g_autoptr (FerryDatabase) database = open_as (fixture, version_1);

      assert_query (database, "SELECT label FROM box", "one");
    }
}

static void
test_again (Fixture *fixture, gconstpointer data)
{
  FerryDatabase *database = open_as (fixture, version_1);

  execute (database, "INSERT INTO box VALUES (2, 'two')");
  ferry_database_close (database);
  database = open_as (fixture, version_1);
  assert_query (database, "SELECT count (*) FROM box", "2");
  ferry_database_close (database);
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_statements (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryDatabase) database = open_as (fixture, version_1);
  static const char insert[] = "INSERT INTO box (label) VALUES (?)";
  sqlite3_stmt *statement = ferry_database_prepare (database, insert, &error);

  sqlite3_bind_text (statement, 1, "bound", -1, SQLITE_STATIC);
  g_assert_true (ferry_database_step (database, statement, &error));
  /* The same one again, and what was bound is gone. */
  g_assert_true (statement == ferry_database_prepare (database, insert, &error));
  g_assert_true (ferry_database_step (database, statement, &error));
  g_assert_no_error (error);
  assert_query (database, "SELECT group_concat (ifnull (label, 'null')) FROM box",
                "one,bound,null");

  statement = ferry_database_prepare (database, "SELECT id FROM box ORDER BY id", &error);
  for (int i = 1; i <= 3; i++)
    {
      g_assert_cmpint (ferry_database_next (database, statement, &error), ==, 1);
      g_assert_cmpint (sqlite3_column_int (statement, 0), ==, i);
    }
  g_assert_cmpint (ferry_database_next (database, statement, &error), ==, 0);
  g_assert_cmpint (ferry_database_next (database, statement, &error), ==, 1);
  sqlite3_reset (statement);
  g_assert_no_error (error);
}

static void
test_statement_errors (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDatabase) database = open_as (fixture, version_1);
  g_autoptr (GError) prepare_error = NULL;
  g_autoptr (GError) step_error = NULL;
  g_autoptr (GError) execute_error = NULL;

  g_assert_null (ferry_database_prepare (database, "SELECT nonsense", &prepare_error));
  g_assert_error (prepare_error, FERRY_ERROR, FERRY_ERROR_STORE);
  g_assert_false (ferry_database_execute (database, "nonsense", &execute_error));
  g_assert_error (execute_error, FERRY_ERROR, FERRY_ERROR_STORE);

  sqlite3_stmt *statement
      = ferry_database_prepare (database, "INSERT INTO box VALUES (1, 'again')", NULL);

  g_assert_false (ferry_database_step (database, statement, &step_error));
  g_assert_error (step_error, FERRY_ERROR, FERRY_ERROR_STORE);
  /* No SQL and no numbers for people. */
  g_assert_null (strstr (step_error->message, "UNIQUE"));
  assert_query (database, "SELECT label FROM box", "one");
}

static void
test_transactions (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryDatabase) database = open_as (fixture, version_1);

  g_assert_true (ferry_database_begin (database, &error));
  execute (database, "INSERT INTO box VALUES (2, 'two')");
  ferry_database_rollback (database);
  assert_query (database, "SELECT count (*) FROM box", "1");
  /* Without a transaction there is nothing to roll back. */
  ferry_database_rollback (database);
  g_assert_true (ferry_database_begin (database, &error));
  execute (database, "INSERT INTO box VALUES (2, 'two')");
  g_assert_true (ferry_database_commit (database, &error));
  g_assert_no_error (error);
  assert_query (database, "SELECT count (*) FROM box", "2");
  g_assert_false (ferry_database_commit (database, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
}

static void
assert_damaged (Fixture *fixture, gconstpointer content, gsize length)
{
  g_autoptr (GBytes) before = g_bytes_new (content, length);

  write_file (fixture->path, content, length);
  assert_open_fails (fixture, version_1, FERRY_ERROR_STORE_DAMAGED);

  g_autoptr (GBytes) after = read_file (fixture->path);

  g_assert_true (g_bytes_equal (before, after));
}

static void
test_garbage (Fixture *fixture, gconstpointer data)
{
  static const gsize lengths[] = { 2, 16, 99, 100, 511, 512, 1024, 4095, 4096, 4097, 100000 };
  g_autofree guint8 *garbage = g_malloc (100000);

  for (gsize i = 0; i < 100000; i++)
    garbage[i] = (guint8) g_test_rand_int ();
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    assert_damaged (fixture, garbage, lengths[i]);
  memset (garbage, 0, 100000);
  for (gsize i = 0; i < G_N_ELEMENTS (lengths); i++)
    assert_damaged (fixture, garbage, lengths[i]);
  assert_damaged (fixture, "<!DOCTYPE html>", 15);
}

static void
test_truncated (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) whole = make_big (fixture);
  gsize size = g_bytes_get_size (whole);
  gconstpointer content = g_bytes_get_data (whole, NULL);

  g_assert_cmpuint (size, >=, 8 * 4096);
  for (gsize length = 4096; length < size; length += 4096)
    {
      assert_damaged (fixture, content, length - 1);
      assert_damaged (fixture, content, length);
      assert_damaged (fixture, content, length + 1);
    }
  assert_damaged (fixture, content, 2);
  assert_damaged (fixture, content, 100);
  assert_damaged (fixture, content, 512);
  /* And whole it opens. */
  write_file (fixture->path, content, size);
  make (fixture, version_1);
}

/* Whatever is flipped, it opens or says why it does not. */
static void
test_flipped (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GBytes) whole = make_big (fixture);
  gsize size = g_bytes_get_size (whole);
  guint n_refused = 0;

  for (guint round = 0; round < 200; round++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree guint8 *content = g_memdup2 (g_bytes_get_data (whole, NULL), size);
      /* Half of them in the header, where most depends on each. */
      gsize at = (gsize) g_test_rand_int_range (0, round % 2 ? 100 : (gint32) size);

      content[at] ^= (guint8) g_test_rand_int_range (1, 256);
      write_file (fixture->path, content, size);

      g_autoptr (FerryDatabase) database = ferry_database_open (fixture->path, version_1, &error);

      g_assert_true ((database == NULL) == (error != NULL));
      if (error != NULL)
        g_assert_true (error->domain == FERRY_ERROR);
      n_refused += database == NULL;
    }
  g_assert_cmpuint (n_refused, >, 0);
}

static void
test_foreign (Fixture *fixture, gconstpointer data)
{
  FerryDatabase *database = open_as (fixture, version_1);

  execute (database, "PRAGMA user_version = 0");
  ferry_database_close (database);
  assert_open_fails (fixture, version_1, FERRY_ERROR_STORE_DAMAGED);
  g_assert_false (is_there (fixture, ".before-v0"));
}

/* Whoever reads such a row can say so of that row alone. */
static void
test_row_against_a_check (Fixture *fixture, gconstpointer data)
{
  const char *const checked[]
      = { "CREATE TABLE box (id INTEGER PRIMARY KEY CHECK (id > 0))", NULL };
  FerryDatabase *database = open_as (fixture, checked);

  execute (database, "PRAGMA ignore_check_constraints = ON; INSERT INTO box VALUES (-1)");
  ferry_database_close (database);
  database = open_as (fixture, checked);
  assert_query (database, "SELECT id FROM box", "-1");
  /* And none is written. */
  g_assert_false (ferry_database_execute (database, "INSERT INTO box VALUES (-2)", NULL));
  ferry_database_close (database);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  make (fixture, version_2);

  g_autoptr (GBytes) before = read_file (fixture->path);

  assert_open_fails (fixture, version_1, FERRY_ERROR_STORE_NEWER);

  g_autoptr (GBytes) after = read_file (fixture->path);

  g_assert_true (g_bytes_equal (before, after));
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_folder_in_the_way (Fixture *fixture, gconstpointer data)
{
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  assert_open_fails (fixture, version_1, FERRY_ERROR_NOT_WRITABLE);
}

static void
test_no_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "gone", "a.db", NULL);

  g_assert_null (ferry_database_open (path, version_1, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_FOLDER);
}

static void
child_read_only (gpointer data)
{
  Fixture *fixture = data;

  ferry_test_child_become_nobody ();
  make (fixture, version_1);
  g_assert_no_errno (chmod (fixture->path, 0400));
  assert_open_fails (fixture, version_1, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (fixture->path, 0000));
  assert_open_fails (fixture, version_1, FERRY_ERROR_NOT_WRITABLE);
}

static void
test_read_only_file (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_read_only, fixture);
}

static void
child_read_only_folder (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *folder = g_build_filename (fixture->folder, "in", NULL);
  Fixture inner = { .folder = folder, .path = g_build_filename (folder, "a.db", NULL) };

  ferry_test_child_become_nobody ();
  g_assert_no_errno (g_mkdir (folder, 0700));
  g_assert_no_errno (chmod (folder, 0500));
  assert_open_fails (&inner, version_1, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (folder, 0700));
  make (&inner, version_1);
  g_assert_no_errno (chmod (folder, 0500));
  assert_open_fails (&inner, version_1, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (folder, 0700));
  make (&inner, version_1);
  g_free (inner.path);
}

static void
test_read_only_folder (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_read_only_folder, fixture);
}

static void
child_read_only_mount (gpointer data)
{
  Fixture *fixture = data;

  ferry_test_child_mount (fixture->folder, "size=4m");
  make (fixture, version_1);
  ferry_test_child_remount_read_only (fixture->folder);
  assert_open_fails (fixture, version_1, FERRY_ERROR_NOT_WRITABLE);
}

static void
test_read_only_mount (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_read_only_mount, fixture);
}

static void
child_full_disk (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *filler = g_build_filename (fixture->folder, "filler", NULL);

  ferry_test_child_mount (fixture->folder, "size=1m");
  ferry_test_child_fill (fixture->folder);
  assert_open_fails (fixture, version_1, FERRY_ERROR_NO_SPACE);
  g_assert_no_errno (g_unlink (filler));

  FerryDatabase *database = open_as (fixture, version_1);

  g_assert_true (ferry_database_begin (database, &error));
  g_assert_false (
      ferry_database_execute (database,
                              "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) "
                              "INSERT INTO box SELECT i, hex (randomblob (4000)) FROM n",
                              &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  ferry_database_rollback (database);
  /* What was there is there, also for the next to open it. */
  assert_query (database, "SELECT count (*) FROM box", "1");
  ferry_database_close (database);
  database = open_as (fixture, version_1);
  assert_query (database, "SELECT count (*) FROM box", "1");
  ferry_database_close (database);
}

static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_full_disk, fixture);
}

static void
test_locked (Fixture *fixture, gconstpointer data)
{
  sqlite3 *other = NULL;

  make (fixture, version_1);
  g_assert_cmpint (sqlite3_open (fixture->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  assert_open_fails (fixture, version_1, FERRY_ERROR_STORE_BUSY);
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  make (fixture, version_1);
  g_assert_cmpint (sqlite3_exec (other,
                                 "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; "
                                 "INSERT INTO box VALUES (2, 'two'); COMMIT",
                                 NULL, NULL, NULL),
                   ==, SQLITE_OK);
  assert_open_fails (fixture, version_1, FERRY_ERROR_STORE_BUSY);
  sqlite3_close (other);
  make (fixture, version_1);
}

/* Damage that shows only later, under a database that is open. */
static void
test_damaged_while_open (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) whole = make_big (fixture);
  g_autoptr (FerryDatabase) database = open_as (fixture, version_1);
  gsize size = g_bytes_get_size (whole);
  g_autofree char *zeros = g_malloc0 (size);
  int fd = open (fixture->path, O_WRONLY | O_CLOEXEC);
  sqlite3_stmt *statement
      = ferry_database_prepare (database, "SELECT sum (length (label)) FROM box", &error);

  /* Checking has read all of it: forget that. */
  execute (database, "PRAGMA shrink_memory");
  g_assert_cmpint (pwrite (fd, zeros, size - 4096, 4096), ==, (gssize) size - 4096);
  g_assert_cmpint (ferry_database_next (database, statement, &error), ==, -1);
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_DAMAGED);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/database/fresh", test_fresh);
  add ("/database/empty", test_empty);
  add ("/database/again", test_again);
  add ("/database/statements", test_statements);
  add ("/database/statements/errors", test_statement_errors);
  add ("/database/transactions", test_transactions);
  add ("/database/damaged/garbage", test_garbage);
  add ("/database/damaged/truncated", test_truncated);
  add ("/database/damaged/flipped", test_flipped);
  add ("/database/damaged/foreign", test_foreign);
  add ("/database/damaged/while-open", test_damaged_while_open);
  add ("/database/row-against-a-check", test_row_against_a_check);
  add ("/database/newer", test_newer);
  add ("/database/folder-in-the-way", test_folder_in_the_way);
  add ("/database/no-folder", test_no_folder);
  add ("/database/read-only/file", test_read_only_file);
  add ("/database/read-only/folder", test_read_only_folder);
  add ("/database/read-only/mount", test_read_only_mount);
  add ("/database/full-disk", test_full_disk);
  add ("/database/locked", test_locked);
  return g_test_run ();
}
