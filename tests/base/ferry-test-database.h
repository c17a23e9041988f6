/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the database share. */

#include <string.h>

#include "ferry-database.h"
#include "ferry-error.h"

#include "../support/ferry-test-child.h"

G_BEGIN_DECLS

static const char *const version_1[]
    = { "CREATE TABLE box (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO box VALUES (1, 'one')",
        NULL };
static const char *const version_2[]
    = { "CREATE TABLE box (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO box VALUES (1, 'one')",
        "ALTER TABLE box ADD COLUMN weight INTEGER NOT NULL DEFAULT 7", NULL };
static const char *const version_3_broken[]
    = { "CREATE TABLE box (id INTEGER PRIMARY KEY, label TEXT); INSERT INTO box VALUES (1, 'one')",
        "ALTER TABLE box ADD COLUMN weight INTEGER NOT NULL DEFAULT 7",
        "DELETE FROM box; INSERT INTO no_such_table VALUES (1)", NULL };

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = ferry_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "a.db", NULL);
}

static inline void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->path);
  ferry_test_folder_free (fixture->folder);
}

static inline FerryDatabase *
open_as (Fixture *fixture, const char *const *migrations)
{
  g_autoptr (GError) error = NULL;
  FerryDatabase *database = ferry_database_open (fixture->path, migrations, &error);

  g_assert_no_error (error);
  g_assert_nonnull (database);
  return database;
}

static inline void
make (Fixture *fixture, const char *const *migrations)
{
  ferry_database_close (open_as (fixture, migrations));
}

static inline void
assert_open_fails (Fixture *fixture, const char *const *migrations, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ferry_database_open (fixture->path, migrations, &error));
  g_assert_error (error, FERRY_ERROR, code);
  g_assert_nonnull (strstr (error->message, "a.db"));
}

static inline void
execute (FerryDatabase *database, const char *sql)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_database_execute (database, sql, &error));
  g_assert_no_error (error);
}

static inline char *
query (FerryDatabase *database, const char *sql)
{
  g_autoptr (GError) error = NULL;
  sqlite3_stmt *statement = ferry_database_prepare (database, sql, &error);
  char *text = NULL;

  g_assert_no_error (error);
  if (ferry_database_next (database, statement, &error) > 0)
    text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
  g_assert_no_error (error);
  sqlite3_reset (statement);
  return text;
}

static inline void
assert_query (FerryDatabase *database, const char *sql, const char *expected)
{
  g_autofree char *text = query (database, sql);

  g_assert_cmpstr (text, ==, expected);
}

static inline GBytes *
read_file (const char *path)
{
  g_autoptr (GError) error = NULL;
  char *contents = NULL;
  gsize length = 0;

  g_file_get_contents (path, &contents, &length, &error);
  g_assert_no_error (error);
  return g_bytes_new_take (contents, length);
}

static inline void
write_file (const char *path, gconstpointer data, gsize length)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents (path, length > 0 ? data : "", (gssize) length, &error);
  g_assert_no_error (error);
}

static inline char *
beside (Fixture *fixture, const char *suffix)
{
  return g_strconcat (fixture->path, suffix, NULL);
}

static inline gboolean
is_there (Fixture *fixture, const char *suffix)
{
  g_autofree char *path = beside (fixture, suffix);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static inline guint
count_files (Fixture *fixture)
{
  g_autoptr (GDir) dir = g_dir_open (fixture->folder, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

static inline void
assert_mode (const char *path, mode_t mode)
{
  struct stat info;

  g_assert_no_errno (stat (path, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, mode);
}

static inline void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

G_END_DECLS
