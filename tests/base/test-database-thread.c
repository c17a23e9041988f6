/* SPDX-License-Identifier: GPL-3.0-or-later */

/* One thread, operations in order, one transaction for those that wait together, and none that takes others with it. */

#include "ferry-database-thread.h"

#include "ferry-test-database.h"

#define N 20

typedef struct
{
  FerryDatabaseThread *thread;
  GMutex mutex;
  GCond cond;
  gboolean held;
  gboolean released;
  guint n_freed;
  guint n_failures;
} Bed;

/* One insertion. */
typedef struct
{
  Bed *bed;
  gint64 id;
  gboolean bad;
  guint n_runs;
} Row;

static FerryDatabaseThread *
open_thread (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;
  FerryDatabaseThread *thread
      = ferry_database_thread_open ("test", fixture->path, version_1, &set_apart, &error);

  g_assert_no_error (error);
  g_assert_nonnull (thread);
  g_assert_null (set_apart);
  return thread;
}

static void
bed_init (Bed *bed, Fixture *fixture)
{
  *bed = (Bed){ 0 };
  g_mutex_init (&bed->mutex);
  g_cond_init (&bed->cond);
  bed->thread = open_thread (fixture);
}

static void
bed_clear (Bed *bed)
{
  ferry_database_thread_close (bed->thread);
  g_mutex_clear (&bed->mutex);
  g_cond_clear (&bed->cond);
}

static gboolean
run_insert (FerryDatabase *database, gpointer data, GError **error)
{
  Row *row = data;
  sqlite3_stmt *statement
      = ferry_database_prepare (database, "INSERT INTO box (id, label) VALUES (?1, 'x')", error);

  row->n_runs++;
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, row->id);
  if (!ferry_database_step (database, statement, error))
    return FALSE;
  if (row->bad)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_STORE, "bad %d", (int) row->id);
  return !row->bad;
}

static gboolean
run_count (FerryDatabase *database, gpointer data, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (database, "SELECT count(*) FROM box", error);

  if (statement == NULL || ferry_database_next (database, statement, error) != 1)
    return FALSE;
  *(gint64 *) data = sqlite3_column_int64 (statement, 0);
  return ferry_database_next (database, statement, error) == 0;
}

/* With the one that every box begins with. */
static void
assert_count (FerryDatabaseThread *thread, gint64 wanted)
{
  g_autoptr (GError) error = NULL;
  gint64 n = -1;

  g_assert_true (ferry_database_thread_call (thread, run_count, &n, &error));
  g_assert_no_error (error);
  g_assert_cmpint (n, ==, wanted);
}

static gboolean
run_hold (FerryDatabase *database, gpointer data, GError **error)
{
  Bed *bed = data;

  g_mutex_lock (&bed->mutex);
  bed->held = TRUE;
  g_cond_broadcast (&bed->cond);
  while (!bed->released)
    g_cond_wait (&bed->cond, &bed->mutex);
  g_mutex_unlock (&bed->mutex);
  return TRUE;
}

/* What is given until release () waits together. */
static void
hold (Bed *bed)
{
  ferry_database_thread_post (bed->thread, run_hold, bed, NULL);
  g_mutex_lock (&bed->mutex);
  while (!bed->held)
    g_cond_wait (&bed->cond, &bed->mutex);
  g_mutex_unlock (&bed->mutex);
}

static void
release (Bed *bed)
{
  g_mutex_lock (&bed->mutex);
  bed->released = TRUE;
  g_cond_broadcast (&bed->cond);
  g_mutex_unlock (&bed->mutex);
}

static void
freed_cb (gpointer data)
{
  ((Row *) data)->bed->n_freed++;
}

static void
failed_cb (const GError *error, gpointer user_data)
{
  Bed *bed = user_data;

  g_assert_error ((GError *) error, FERRY_ERROR, FERRY_ERROR_STORE);
  bed->n_failures++;
}

static void
post_rows (Bed *bed, Row *rows, guint bad)
{
  for (guint i = 0; i < N; i++)
    {
      rows[i] = (Row){ .bed = bed, .id = 100 + i, .bad = i == bad };
      ferry_database_thread_post (bed->thread, run_insert, &rows[i], freed_cb);
    }
}

static void
test_call (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDatabaseThread) thread = open_thread (fixture);
  g_autoptr (GError) error = NULL;
  Row row = { .id = 7 };

  g_assert_true (ferry_database_thread_call (thread, run_insert, &row, &error));
  g_assert_no_error (error);
  assert_count (thread, 2);
  /* The same once more breaks the key, and leaves what was there. */
  g_assert_false (ferry_database_thread_call (thread, run_insert, &row, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  assert_count (thread, 2);
}

static void
test_together (Fixture *fixture, gconstpointer data)
{
  Row rows[N];
  Bed bed;

  bed_init (&bed, fixture);
  ferry_database_thread_set_error_func (bed.thread, failed_cb, &bed);
  hold (&bed);
  post_rows (&bed, rows, N);
  release (&bed);
  g_assert_true (ferry_database_thread_flush (bed.thread, NULL));
  assert_count (bed.thread, 1 + N);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (rows[i].n_runs, ==, 1);
  g_assert_cmpuint (bed.n_freed, ==, N);
  g_assert_cmpuint (bed.n_failures, ==, 0);
  bed_clear (&bed);
}

/* It is tried with the others, up to it, and then each alone. */
static void
test_one_bad (Fixture *fixture, gconstpointer data)
{
  const guint bad = N / 2;
  g_autoptr (GError) error = NULL;
  Row rows[N];
  Bed bed;

  bed_init (&bed, fixture);
  ferry_database_thread_set_error_func (bed.thread, failed_cb, &bed);
  hold (&bed);
  post_rows (&bed, rows, bad);
  release (&bed);
  /* Told once. */
  g_assert_false (ferry_database_thread_flush (bed.thread, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  g_assert_true (ferry_database_thread_flush (bed.thread, NULL));
  assert_count (bed.thread, N);
  for (guint i = 0; i < N; i++)
    g_assert_cmpuint (rows[i].n_runs, ==, i <= bad ? 2 : 1);
  g_assert_cmpuint (bed.n_freed, ==, N);
  g_assert_cmpuint (bed.n_failures, ==, 1);
  bed_clear (&bed);
}

static gpointer
call_thread (gpointer data)
{
  Row *row = data;

  return GINT_TO_POINTER (ferry_database_thread_call (row->bed->thread, run_insert, row, NULL));
}

/* Each caller hears of its own. */
static void
test_callers (Fixture *fixture, gconstpointer data)
{
  GThread *threads[N];
  Row rows[N];
  Bed bed;

  bed_init (&bed, fixture);
  hold (&bed);
  for (guint i = 0; i < N; i++)
    {
      rows[i] = (Row){ .bed = &bed, .id = 100 + i, .bad = i % 5 == 0 };
      threads[i] = g_thread_new ("caller", call_thread, &rows[i]);
    }
  release (&bed);
  for (guint i = 0; i < N; i++)
    g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (threads[i])), ==, !rows[i].bad);
  assert_count (bed.thread, 1 + N - N / 5);
  bed_clear (&bed);
}

/* Also what is queued and has not begun. */
static void
test_close (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDatabaseThread) again = NULL;
  Row rows[N];
  Bed bed;

  bed_init (&bed, fixture);
  post_rows (&bed, rows, N);
  bed_clear (&bed);
  g_assert_cmpuint (bed.n_freed, ==, N);
  again = open_thread (fixture);
  assert_count (again, 1 + N);
}

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDatabaseThread) thread = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;

  g_assert_true (
      g_file_set_contents (fixture->path, "This is no database, and long enough.", -1, &error));
  thread = ferry_database_thread_open ("test", fixture->path, version_1, &set_apart, &error);
  g_assert_no_error (error);
  g_assert_nonnull (set_apart);
  g_assert_true (g_file_test (set_apart, G_FILE_TEST_IS_REGULAR));
  assert_count (thread, 1);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;
  FerryDatabaseThread *thread
      = ferry_database_thread_open ("test", fixture->path, version_2, &set_apart, &error);

  g_assert_no_error (error);
  ferry_database_thread_close (thread);
  thread = ferry_database_thread_open ("test", fixture->path, version_1, &set_apart, &error);
  g_assert_null (thread);
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_NEWER);
  g_assert_null (set_apart);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/database-thread/call", test_call);
  add ("/database-thread/together", test_together);
  add ("/database-thread/one-bad", test_one_bad);
  add ("/database-thread/callers", test_callers);
  add ("/database-thread/close", test_close);
  add ("/database-thread/damaged", test_damaged);
  add ("/database-thread/newer", test_newer);
  return g_test_run ();
}
