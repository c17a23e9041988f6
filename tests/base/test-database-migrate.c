/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ferry-test-database.h"

static void
test_migrate (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = beside (fixture, ".before-v1");
  FerryDatabase *database = open_as (fixture, version_1);

  execute (database, "INSERT INTO box VALUES (2, 'two')");
  ferry_database_close (database);
  database = open_as (fixture, version_2);
  assert_query (database, "SELECT sum (weight) FROM box", "14");
  assert_query (database, "PRAGMA user_version", "2");
  ferry_database_close (database);

  /* The copy is the whole of what was there before, and as private. */
  assert_mode (copy, 0600);

  Fixture copied = { .folder = fixture->folder, .path = copy };

  database = open_as (&copied, version_1);
  assert_query (database, "SELECT group_concat (label) FROM box", "one,two");
  assert_query (database, "PRAGMA user_version", "1");
  ferry_database_close (database);
  g_assert_cmpuint (count_files (fixture), ==, 2);
}

static void
test_migrate_keeps_older_copies (Fixture *fixture, gconstpointer data)
{
  g_autofree char *copy = beside (fixture, ".before-v1");

  write_file (copy, "precious", 8);
  make (fixture, version_1);
  make (fixture, version_2);
  g_assert_true (is_there (fixture, ".before-v1-2"));

  g_autoptr (GBytes) kept = read_file (copy);

  g_assert_cmpmem (g_bytes_get_data (kept, NULL), g_bytes_get_size (kept), "precious", 8);
}

static void
test_fresh_leaves_no_copy (Fixture *fixture, gconstpointer data)
{
  make (fixture, version_2);
  g_assert_cmpuint (count_files (fixture), ==, 1);
}

static void
test_failed_migration (Fixture *fixture, gconstpointer data)
{
  make (fixture, version_2);
  for (guint i = 0; i < 3; i++)
    assert_open_fails (fixture, version_3_broken, FERRY_ERROR_STORE);
  /* No heap of copies that are the same as the database. */
  g_assert_false (is_there (fixture, ".before-v2"));

  g_autoptr (FerryDatabase) database = open_as (fixture, version_2);

  assert_query (database, "SELECT label || weight FROM box", "one7");
  assert_query (database, "PRAGMA user_version", "2");
}

static void
test_failed_second_migration (Fixture *fixture, gconstpointer data)
{
  make (fixture, version_1);
  assert_open_fails (fixture, version_3_broken, FERRY_ERROR_STORE);
  g_assert_true (is_there (fixture, ".before-v1"));

  g_autoptr (FerryDatabase) database = open_as (fixture, version_2);

  assert_query (database, "SELECT label || weight FROM box", "one7");
}

static const char *const parents_1[]
    = { "CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (parent INTEGER "
        "REFERENCES parent (id) ON DELETE CASCADE); INSERT INTO parent VALUES (1); "
        "INSERT INTO child VALUES (1)",
        NULL };

/* The only way to change a column in SQLite is to rebuild its table. */
static void
test_rebuilt_table_keeps_children (Fixture *fixture, gconstpointer data)
{
  const char *const rebuilt[]
      = { parents_1[0],
          "CREATE TABLE other (id INTEGER PRIMARY KEY, more TEXT); INSERT INTO other SELECT id, "
          "'x' FROM parent; DROP TABLE parent; ALTER TABLE other RENAME TO parent",
          NULL };

  make (fixture, parents_1);

  g_autoptr (FerryDatabase) database = open_as (fixture, rebuilt);

  assert_query (database, "SELECT count (*) FROM child JOIN parent ON parent.id = child.parent",
                "1");
  execute (database, "DELETE FROM parent");
  assert_query (database, "SELECT count (*) FROM child", "0");
}

static void
test_migration_that_orphans (Fixture *fixture, gconstpointer data)
{
  const char *const orphaning[] = { parents_1[0], "DELETE FROM parent", NULL };

  make (fixture, parents_1);
  assert_open_fails (fixture, orphaning, FERRY_ERROR_STORE);

  g_autoptr (FerryDatabase) database = open_as (fixture, parents_1);

  assert_query (database, "SELECT count (*) FROM parent", "1");
}

/* Room to open it, but not for a copy of it. */
static void
child_full_disk_migration (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *filler = g_build_filename (fixture->folder, "filler", NULL);
  FerryDatabase *database;
  struct stat info;

  ferry_test_child_mount (fixture->folder, "size=2m");
  database = open_as (fixture, version_1);
  execute (database, "INSERT INTO box VALUES (2, hex (randomblob (200000)))");
  ferry_database_close (database);
  ferry_test_child_fill (fixture->folder);
  g_assert_no_errno (stat (filler, &info));
  g_assert_no_errno (truncate (filler, info.st_size - (100 << 10)));
  assert_open_fails (fixture, version_2, FERRY_ERROR_NO_SPACE);
  g_assert_false (is_there (fixture, ".before-v1"));
  /* As it was. */
  make (fixture, version_1);
}

static void
test_full_disk_migration (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_full_disk_migration, fixture);
}

static void
test_set_apart (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  static const char *const suffixes[] = { "", "-wal", "-shm" };
  char *targets[2];

  for (guint round = 0; round < 2; round++)
    {
      for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
        {
          g_autofree char *path = beside (fixture, suffixes[i]);

          write_file (path, suffixes[i], strlen (suffixes[i]));
        }
      targets[round] = ferry_database_set_apart (fixture->path, &error);
      g_assert_no_error (error);
      g_assert_true (g_str_has_prefix (targets[round], fixture->path));
      g_assert_nonnull (strstr (targets[round], ".damaged-2"));
      for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
        {
          g_autofree char *moved = g_strconcat (targets[round], suffixes[i], NULL);
          g_autoptr (GBytes) content = read_file (moved);

          g_assert_false (is_there (fixture, suffixes[i]));
          g_assert_cmpmem (g_bytes_get_data (content, NULL), g_bytes_get_size (content),
                           suffixes[i], strlen (suffixes[i]));
        }
    }
  /* In the same second, too. */
  g_assert_cmpstr (targets[0], !=, targets[1]);
  g_assert_cmpuint (count_files (fixture), ==, 6);
  g_free (targets[0]);
  g_free (targets[1]);
}

static void
test_set_apart_nothing (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ferry_database_set_apart (fixture->path, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_FOLDER);
  g_assert_cmpuint (count_files (fixture), ==, 0);
}

static void
child_set_apart_read_only (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;

  ferry_test_child_mount (fixture->folder, "size=1m");
  write_file (fixture->path, "x", 1);
  ferry_test_child_remount_read_only (fixture->folder);
  g_assert_null (ferry_database_set_apart (fixture->path, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE);
  g_assert_true (is_there (fixture, ""));
}

static void
test_set_apart_read_only (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_set_apart_read_only, fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/database/migrate", test_migrate);
  add ("/database/migrate/keeps-older-copies", test_migrate_keeps_older_copies);
  add ("/database/migrate/fresh-leaves-no-copy", test_fresh_leaves_no_copy);
  add ("/database/migrate/failed", test_failed_migration);
  add ("/database/migrate/second-failed", test_failed_second_migration);
  add ("/database/migrate/rebuilt-table-keeps-children", test_rebuilt_table_keeps_children);
  add ("/database/migrate/that-orphans", test_migration_that_orphans);
  add ("/database/migrate/full-disk", test_full_disk_migration);
  add ("/database/set-apart", test_set_apart);
  add ("/database/set-apart/nothing", test_set_apart_nothing);
  add ("/database/set-apart/read-only", test_set_apart_read_only);
  return g_test_run ();
}
