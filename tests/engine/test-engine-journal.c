/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The engine on a journal that is broken, newer, read-only or somebody else's: said in a sentence, and nothing lost. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#define HELD (512 * 1024)

static void
start_and_pause (FerryTestBed *bed)
{
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/file.bin?size=1048576&seed=5&stall=524288&stalls=1");

  ferry_test_bed_pause_at (bed, transfer, HELD);
}

static void
test_journal_read_only (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autofree char *database = g_build_filename (bed->state_folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;

  if (!ferry_test_bed_become_nobody (bed))
    {
      g_test_skip ("Runs as root and may not become anybody else");
      return;
    }
  ferry_test_bed_open (bed);
  start_and_pause (bed);
  ferry_test_bed_close (bed);
  g_assert_cmpint (g_chmod (database, 0400), ==, 0);
  g_assert_cmpint (g_chmod (bed->state_folder, 0500), ==, 0);
  g_assert_false (ferry_test_bed_try_open (bed, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE);
  ferry_test_assert_sentence (error->message);

  g_assert_cmpint (g_chmod (bed->state_folder, 0700), ==, 0);
  g_assert_cmpint (g_chmod (database, 0600), ==, 0);
  ferry_test_bed_open (bed);
  g_assert_cmpuint (ferry_transfer_get_received (ferry_test_bed_get (bed, 0)), ==, HELD);
  ferry_test_bed_close (bed);
  ferry_test_become_root_again ();
}

static guint
count_set_apart (FerryTestBed *bed)
{
  g_autoptr (GDir) dir = g_dir_open (bed->state_folder, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    if (strstr (name, ".damaged-") != NULL && !g_str_has_suffix (name, "-wal")
        && !g_str_has_suffix (name, "-shm"))
      n++;
  return n;
}

static void
truncate_database (const char *path)
{
  g_assert_cmpint (truncate (path, 3000), ==, 0);
}

static void
scribble_over_database (const char *path)
{
  static const char text[] = "This is no database at all, or is one no longer.";
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, text, strlen (text), 0), ==, (gssize) strlen (text));
  close (fd);
}

/* A broken journal is kept, an empty one takes its place, and the person is told where the old one is. */
static void
test_journal_broken (gconstpointer data)
{
  void (*breaks) (const char *path) = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *database = g_build_filename (bed->state_folder, "queue.db", NULL);
  FerryTransfer *transfer;

  start_and_pause (bed);
  ferry_test_bed_close (bed);
  breaks (database);
  ferry_test_bed_open (bed);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 0);
  g_assert_nonnull (ferry_engine_get_set_apart (bed->engine));
  g_assert_true (g_file_test (ferry_engine_get_set_apart (bed->engine), G_FILE_TEST_EXISTS));
  g_assert_cmpuint (count_set_apart (bed), ==, 1);

  transfer = ferry_test_bed_add (bed, "/other.bin?size=1000");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_reopen (bed);
  g_assert_null (ferry_engine_get_set_apart (bed->engine));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 1);
}

static void
set_user_version (const char *path, int version)
{
  sqlite3 *database = NULL;
  g_autofree char *sql = g_strdup_printf ("PRAGMA user_version = %d", version);

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (database, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (database), ==, SQLITE_OK);
}

static int
get_user_version (const char *path)
{
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  int version;

  g_assert_cmpint (sqlite3_open (path, &database), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (database, "PRAGMA user_version", -1, &statement, NULL), ==,
                   SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  version = sqlite3_column_int (statement, 0);
  sqlite3_finalize (statement);
  g_assert_cmpint (sqlite3_close (database), ==, SQLITE_OK);
  return version;
}

static void
test_journal_newer (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *database = g_build_filename (bed->state_folder, "queue.db", NULL);
  g_autoptr (GError) error = NULL;
  int version;

  start_and_pause (bed);
  ferry_test_bed_close (bed);
  version = get_user_version (database);
  g_assert_cmpint (version, >, 0);
  set_user_version (database, 999);
  g_assert_false (ferry_test_bed_try_open (bed, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_NEWER);
  ferry_test_assert_sentence (error->message);
  g_assert_cmpint (get_user_version (database), ==, 999);
  g_assert_cmpuint (count_set_apart (bed), ==, 0);

  set_user_version (database, version);
  ferry_test_bed_open (bed);
  g_assert_cmpuint (ferry_transfer_get_received (ferry_test_bed_get (bed, 0)), ==, HELD);
}

static void
test_journal_owned (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryEngine *first = g_steal_pointer (&bed->engine);
  g_autoptr (GError) error = NULL;
  g_autofree char *pid = g_strdup_printf ("%d", (int) getpid ());

  g_assert_false (ferry_test_bed_try_open (bed, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY);
  g_assert_nonnull (strstr (error->message, "ferry-test"));
  g_assert_nonnull (strstr (error->message, pid));
  bed->engine = first;
  ferry_test_bed_reopen (bed);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine-journal/read-only", test_journal_read_only);
  g_test_add_data_func ("/engine-journal/truncated", truncate_database, test_journal_broken);
  g_test_add_data_func ("/engine-journal/scribbled", scribble_over_database, test_journal_broken);
  g_test_add_func ("/engine-journal/newer", test_journal_newer);
  g_test_add_func ("/engine-journal/owned", test_journal_owned);
  return g_test_run ();
}
