/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the store promises about time: what a caller was told is on disk, whatever happens next and whoever else calls. */
#include <string.h>

#include "ferry-database.h"
#include "ferry-error.h"
#include "ferry-store.h"

#include "../support/ferry-test-child.h"

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = ferry_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "queue.db", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->path);
  ferry_test_folder_free (fixture->folder);
}

static FerryStore *
open_store (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;
  FerryStore *store = ferry_store_open (fixture->folder, &set_apart, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  g_assert_null (set_apart);
  return store;
}

static void
assert_open_fails (const char *folder, int code)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;

  g_assert_null (ferry_store_open (folder, &set_apart, &error));
  g_assert_error (error, FERRY_ERROR, code);
  g_assert_null (set_apart);
}

static FerryRecord *
new_record (void)
{
  FerrySpec *spec = g_new0 (FerrySpec, 1);

  spec->address = g_strdup ("https://example.org/a");
  spec->folder = g_strdup ("/srv");
  return ferry_record_new (spec);
}

/* (transfer full): the id */
static char *
add_record (FerryStore *store)
{
  g_autoptr (FerryRecord) record = new_record ();

  ferry_store_post_add (store, record);
  return g_strdup (record->id);
}

static guint
count_records (FerryStore *store)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records = ferry_store_load (store, &error);

  g_assert_no_error (error);
  return records->len;
}

static guint
count_history (FerryStore *store, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) lines = ferry_store_load_history (store, id, &error);

  g_assert_no_error (error);
  return lines->len;
}

static void
flush (FerryStore *store)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_store_flush (store, &error));
  g_assert_no_error (error);
}

static void
test_makes_its_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *parent = g_build_filename (fixture->folder, "a", NULL);
  g_autofree char *folder = g_build_filename (parent, "b", NULL);
  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (FerryStore) store = ferry_store_open (folder, NULL, &error);
  struct stat info;

  g_assert_no_error (error);
  g_assert_nonnull (store);
  g_assert_no_errno (stat (parent, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0700);
  g_assert_no_errno (stat (folder, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0700);
  g_assert_no_errno (stat (path, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
}

static void
test_close_writes_what_waits (Fixture *fixture, gconstpointer data)
{
  FerryStore *store = open_store (fixture);
  g_autofree char *id = add_record (store);

  for (gint64 i = 0; i < 900; i++)
    ferry_store_post_event (store, id, i, "Line.");
  ferry_store_close (store);
  store = open_store (fixture);
  g_assert_cmpuint (count_history (store, id), ==, 900);
  ferry_store_close (store);
}

static void
test_damaged_is_set_apart (Fixture *fixture, gconstpointer data)
{
  static const char garbage[] = "This was a queue once. Then came the power cut.";
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;
  g_autofree char *kept = NULL;

  g_assert_true (g_file_set_contents (fixture->path, garbage, -1, NULL));

  g_autoptr (FerryStore) store = ferry_store_open (fixture->folder, &set_apart, &error);

  g_assert_no_error (error);
  g_assert_nonnull (store);
  g_assert_nonnull (set_apart);
  g_assert_true (g_str_has_prefix (set_apart, fixture->path));
  g_assert_true (g_file_get_contents (set_apart, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, garbage);

  g_free (add_record (store));
  flush (store);
  g_assert_cmpuint (count_records (store), ==, 1);
}

static void
run_sql (Fixture *fixture, const char *sql)
{
  sqlite3 *handle = NULL;

  g_assert_cmpint (sqlite3_open (fixture->path, &handle), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (handle, sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
}

static void
test_newer (Fixture *fixture, gconstpointer data)
{
  ferry_store_close (open_store (fixture));
  run_sql (fixture, "PRAGMA user_version = 1000");
  assert_open_fails (fixture->folder, FERRY_ERROR_STORE_NEWER);
  run_sql (fixture, "PRAGMA user_version = 4");
  ferry_store_close (open_store (fixture));
}

static void
test_locked (Fixture *fixture, gconstpointer data)
{
  sqlite3 *other = NULL;

  ferry_store_close (open_store (fixture));
  g_assert_cmpint (sqlite3_open (fixture->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  assert_open_fails (fixture->folder, FERRY_ERROR_STORE_BUSY);
  sqlite3_close (other);
}

static void
test_folder_in_the_way (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->folder, "file", NULL);

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  assert_open_fails (file, FERRY_ERROR_NO_FOLDER);
  g_assert_no_errno (g_mkdir (fixture->path, 0700));
  assert_open_fails (fixture->folder, FERRY_ERROR_NOT_WRITABLE);
}

static void
child_not_writable (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *folder = g_build_filename (fixture->folder, "in", NULL);
  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  FerryStore *store;

  ferry_test_child_become_nobody ();
  store = ferry_store_open (folder, NULL, NULL);
  g_assert_nonnull (store);
  ferry_store_close (store);
  g_assert_no_errno (chmod (path, 0400));
  assert_open_fails (folder, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (path, 0600));
  g_assert_no_errno (chmod (folder, 0500));
  assert_open_fails (folder, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (folder, 0700));
}

static void
test_not_writable (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_not_writable, fixture);
}

typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean held;    /* the handler waits until this is FALSE */
  gboolean reached; /* the handler was called */
  guint n_errors;
  int last_code;
} Handler;

static void
handler_cb (const GError *error, gpointer user_data)
{
  Handler *handler = user_data;

  g_mutex_lock (&handler->mutex);
  g_assert_true (error->domain == FERRY_ERROR);
  g_assert_cmpstr (error->message, !=, "");
  handler->n_errors++;
  handler->last_code = error->code;
  handler->reached = TRUE;
  g_cond_signal (&handler->cond);
  while (handler->held)
    g_cond_wait (&handler->cond, &handler->mutex);
  g_mutex_unlock (&handler->mutex);
}

static void
handler_hold (Handler *handler)
{
  g_mutex_lock (&handler->mutex);
  handler->held = TRUE;
  handler->reached = FALSE;
  g_mutex_unlock (&handler->mutex);
}

static void
handler_wait_reached (Handler *handler)
{
  g_mutex_lock (&handler->mutex);
  while (!handler->reached)
    g_cond_wait (&handler->cond, &handler->mutex);
  g_mutex_unlock (&handler->mutex);
}

static void
handler_let_go (Handler *handler)
{
  g_mutex_lock (&handler->mutex);
  handler->held = FALSE;
  g_cond_signal (&handler->cond);
  g_mutex_unlock (&handler->mutex);
}

/* The thread is held in the error handler, so that what is posted meanwhile is one batch for certain. */
static void
test_bad_one_takes_none_along (Fixture *fixture, gconstpointer data)
{
  Handler handler = { 0 };
  FerryStore *store = open_store (fixture);
  g_autoptr (FerryRecord) twice = new_record ();
  g_autoptr (FerryRecord) good = new_record ();
  g_autoptr (GError) error = NULL;

  ferry_store_set_error_func (store, handler_cb, &handler);
  ferry_store_post_add (store, twice);
  flush (store);
  handler_hold (&handler);
  ferry_store_post_add (store, twice);
  handler_wait_reached (&handler);
  ferry_store_post_event (store, twice->id, 1, "Before.");
  ferry_store_post_add (store, twice);
  ferry_store_post_add (store, good);
  ferry_store_post_event (store, good->id, 2, "Between.");
  ferry_store_post_add (store, twice);
  ferry_store_post_event (store, twice->id, 3, "After.");
  handler_let_go (&handler);
  /* Not all of what was posted is on disk, and that is what it says. */
  g_assert_false (ferry_store_flush (store, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  flush (store);
  g_assert_cmpuint (handler.n_errors, ==, 3);
  g_assert_cmpint (handler.last_code, ==, FERRY_ERROR_STORE);
  g_assert_cmpuint (count_records (store), ==, 2);
  g_assert_cmpuint (count_history (store, twice->id), ==, 2);
  g_assert_cmpuint (count_history (store, good->id), ==, 1);
  ferry_store_close (store);
}

static void
test_waiting_caller_gets_its_own_error (Fixture *fixture, gconstpointer data)
{
  Handler handler = { 0 };
  FerryStore *store = open_store (fixture);
  g_autofree char *id = add_record (store);
  const FerryChunk bad = { .index = G_MAXUINT64, .length = 1 };
  const FerryChunk good = { .index = 0, .length = 1 };
  g_autoptr (GError) error = NULL;

  ferry_store_set_error_func (store, handler_cb, &handler);
  ferry_store_post_event (store, id, 1, "Posted.");
  g_assert_false (ferry_store_save_chunks (store, id, &bad, 1, 1, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  g_assert_true (ferry_store_save_chunks (store, id, &good, 1, 1, NULL));
  flush (store);
  g_assert_cmpuint (handler.n_errors, ==, 0);
  g_assert_cmpuint (count_history (store, id), ==, 1);
  ferry_store_close (store);
}

static void
child_full_disk (gpointer data)
{
  Fixture *fixture = data;
  Handler handler = { 0 };
  g_autofree char *filler = g_build_filename (fixture->folder, "filler", NULL);
  g_autofree char *sentence = g_strnfill (100000, 'x');
  g_autoptr (GError) error = NULL;
  const FerryChunk chunk = { .index = 0, .length = 1 };

  ferry_test_child_mount (fixture->folder, "size=2m");

  FerryStore *store = open_store (fixture);
  g_autofree char *id = add_record (store);

  flush (store);
  ferry_test_child_fill (fixture->folder);
  ferry_store_set_error_func (store, handler_cb, &handler);
  for (guint i = 0; i < 3; i++)
    ferry_store_post_event (store, id, i, sentence);
  g_assert_false (ferry_store_flush (store, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  g_assert_cmpuint (handler.n_errors, ==, 3);
  g_assert_cmpint (handler.last_code, ==, FERRY_ERROR_NO_SPACE);
  g_clear_error (&error);
  /* The lane is told by its own call, and what was there can still be read. */
  g_assert_false (ferry_store_save_chunks (store, id, &chunk, 1, 1, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  g_assert_cmpuint (handler.n_errors, ==, 3);
  g_assert_cmpuint (count_records (store), ==, 1);
  g_assert_cmpuint (count_history (store, id), ==, 0);
  /* Room again: it goes on. */
  g_assert_no_errno (g_unlink (filler));
  ferry_store_post_event (store, id, 9, "Room again.");
  flush (store);
  g_assert_true (ferry_store_save_chunks (store, id, &chunk, 1, 1, NULL));
  g_assert_cmpuint (count_history (store, id), ==, 1);
  ferry_store_close (store);
}

static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_full_disk, fixture);
}

/* Its failures are told once, and not one second late each. */
static void
test_locked_while_open (Fixture *fixture, gconstpointer data)
{
  Handler handler = { 0 };
  FerryStore *store = open_store (fixture);
  g_autofree char *id = add_record (store);
  g_autoptr (GError) error = NULL;
  sqlite3 *other = NULL;

  flush (store);
  g_assert_cmpint (sqlite3_open (fixture->path, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  ferry_store_set_error_func (store, handler_cb, &handler);
  for (guint i = 0; i < 200; i++)
    ferry_store_post_event (store, id, i, "Lost.");
  g_assert_false (ferry_store_flush (store, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY);
  g_assert_cmpuint (handler.n_errors, ==, 200);
  sqlite3_close (other);
  ferry_store_post_event (store, id, 1, "Written.");
  flush (store);
  g_assert_cmpuint (count_history (store, id), ==, 1);
  ferry_store_close (store);
}

#define N_LANES 8
#define N_SAVES 40

typedef struct
{
  FerryStore *store;
  char *id;
} Lane;

static gpointer
lane_cb (gpointer data)
{
  Lane *lane = data;

  for (guint64 i = 0; i < N_SAVES; i++)
    {
      const FerryChunk chunk = { .index = i, .length = i + 1 };
      g_autoptr (GError) error = NULL;

      ferry_store_save_chunks (lane->store, lane->id, &chunk, 1, i + 1, &error);
      g_assert_no_error (error);

      /* What was just saved is what is read. */
      g_autoptr (GArray) chunks = ferry_store_load_chunks (lane->store, lane->id, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (chunks->len, ==, i + 1);
    }
  return NULL;
}

static void
test_many_lanes (Fixture *fixture, gconstpointer data)
{
  FerryStore *store = open_store (fixture);
  Lane lanes[N_LANES];
  GThread *threads[N_LANES];

  for (guint i = 0; i < N_LANES; i++)
    lanes[i] = (Lane){ store, add_record (store) };
  for (guint i = 0; i < N_LANES; i++)
    threads[i] = g_thread_new ("lane", lane_cb, &lanes[i]);
  for (gint64 i = 0; i < 100; i++)
    ferry_store_post_event (store, lanes[i % N_LANES].id, i, "Main.");
  for (guint i = 0; i < N_LANES; i++)
    g_thread_join (threads[i]);
  ferry_store_close (store);
  store = open_store (fixture);
  for (guint i = 0; i < N_LANES; i++)
    {
      g_autoptr (GArray) chunks = ferry_store_load_chunks (store, lanes[i].id, NULL);

      g_assert_cmpuint (chunks->len, ==, N_SAVES);
      g_assert_cmpuint (count_history (store, lanes[i].id), ==,
                        100 / N_LANES + (i < 100 % N_LANES));
      g_free (lanes[i].id);
    }
  ferry_store_close (store);
}

static void
test_speed (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryStore) store = open_store (fixture);
  g_autofree char *id = add_record (store);
  FerryChunk chunks[16] = { 0 };
  gint64 started;

  flush (store);
  started = g_get_monotonic_time ();
  for (guint64 round = 0; round < 200; round++)
    {
      for (guint64 i = 0; i < 16; i++)
        chunks[i] = (FerryChunk){ .index = round * 16 + i, .length = 1 << 20 };
      g_assert_true (ferry_store_save_chunks (store, id, chunks, 16, round, NULL));
    }
  g_test_message ("16 chunks saved in %.3f ms",
                  (double) (g_get_monotonic_time () - started) / 200 / 1000);

  g_autoptr (GArray) loaded = ferry_store_load_chunks (store, id, NULL);

  g_assert_cmpuint (loaded->len, ==, 3200);
}

#define N_KILLS 30
#define PER_BATCH 4

static FerryChunk
proof (guint64 index)
{
  FerryChunk chunk = { .index = index, .length = 1000 + index };

  for (guint i = 0; i < FERRY_SHA256_SIZE; i++)
    chunk.sha256[i] = (guint8) (index * 31 + i);
  return chunk;
}

/* Never returns. Posts a line, saves a batch, and tells its number when it was told that the batch is on disk. */
static void
save_until_killed (Fixture *fixture, const char *id, guint32 batch, int fd)
{
  FerryStore *store = open_store (fixture);
  const FerryPartStamp stamp = { 1, 2, 3, 4, 5 };

  for (; TRUE; batch++)
    {
      FerryChunk chunks[PER_BATCH];

      for (guint i = 0; i < PER_BATCH; i++)
        chunks[i] = proof ((guint64) batch * PER_BATCH + i);
      ferry_store_post_event (store, id, batch, "Posted before.");
      g_assert_true (ferry_store_save_chunks (store, id, chunks, PER_BATCH,
                                              (guint64) (batch + 1) * PER_BATCH, NULL));
      if (batch % 5 == 4)
        g_assert_true (ferry_store_settle (store, id, &stamp, NULL));
      g_assert_cmpint (write (fd, &batch, sizeof batch), ==, sizeof batch);
    }
}

/* Kills a child at some moment after it has told of @n batches; the last batch it told of. */
static guint32
kill_after (Fixture *fixture, const char *id, guint32 first, guint n)
{
  int ends[2];
  guint32 told = first;
  pid_t child;

  g_assert_no_errno (pipe (ends));
  child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    save_until_killed (fixture, id, first, ends[1]);
  close (ends[1]);
  for (guint i = 0; i < n; i++)
    g_assert_cmpint (read (ends[0], &told, sizeof told), ==, sizeof told);
  g_assert_no_errno (kill (child, SIGKILL));
  /* What it told between the last one read and its death counts too. */
  while (read (ends[0], &told, sizeof told) == sizeof told)
    continue;
  g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
  close (ends[0]);
  return told;
}

/* Everything up to and with batch @told is there, and nothing is half there. */
static guint32
assert_survived (Fixture *fixture, const char *id, guint32 told)
{
  g_autoptr (FerryStore) store = open_store (fixture);
  g_autoptr (GPtrArray) records = ferry_store_load (store, NULL);
  g_autoptr (GArray) chunks = ferry_store_load_chunks (store, id, NULL);
  guint64 confirmed = ((FerryRecord *) records->pdata[0])->progress->confirmed;

  g_assert_cmpuint (chunks->len, >=, (told + 1) * PER_BATCH);
  g_assert_cmpuint (chunks->len % PER_BATCH, ==, 0);
  g_assert_cmpuint (confirmed, ==, chunks->len);
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      const FerryChunk expected = proof (i);

      g_assert_cmpuint (chunk->index, ==, i);
      g_assert_cmpuint (chunk->length, ==, expected.length);
      g_assert_cmpmem (chunk->sha256, FERRY_SHA256_SIZE, expected.sha256, FERRY_SHA256_SIZE);
    }
  /* A line posted before a batch is there when the batch is. */
  g_assert_cmpuint (count_history (store, id), >=, MIN (told + 1, 1000));
  return chunks->len / PER_BATCH;
}

static void
test_killed (Fixture *fixture, gconstpointer data)
{
  FerryStore *store = open_store (fixture);
  g_autofree char *id = add_record (store);
  guint32 next = 0;

  ferry_store_close (store);
  for (guint round = 0; round < N_KILLS; round++)
    {
      guint32 told = kill_after (fixture, id, next, (guint) g_test_rand_int_range (1, 12));

      next = assert_survived (fixture, id, told);
    }
  g_assert_cmpuint (next, >=, N_KILLS);
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/store/makes-its-folder", test_makes_its_folder);
  add ("/store/close-writes-what-waits", test_close_writes_what_waits);
  add ("/store/damaged-is-set-apart", test_damaged_is_set_apart);
  add ("/store/newer", test_newer);
  add ("/store/locked", test_locked);
  add ("/store/folder-in-the-way", test_folder_in_the_way);
  add ("/store/not-writable", test_not_writable);
  add ("/store/bad-one-takes-none-along", test_bad_one_takes_none_along);
  add ("/store/waiting-caller-gets-its-own-error", test_waiting_caller_gets_its_own_error);
  add ("/store/full-disk", test_full_disk);
  add ("/store/locked-while-open", test_locked_while_open);
  add ("/store/many-lanes", test_many_lanes);
  add ("/store/speed", test_speed);
  add ("/store/killed", test_killed);
  return g_test_run ();
}
