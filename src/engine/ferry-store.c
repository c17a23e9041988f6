/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * One thread owns the database. The others queue operations; the thread takes all that wait and runs them
 * in one transaction, because a commit costs a sync of the disk and many rows cost no more than one. When
 * an operation of the batch, or its commit, fails, everything is rolled back and each runs again alone: one
 * bad operation never takes others with it.
 *
 * A caller that waits is woken after the commit, so what it was told is on disk. What was posted and failed
 * goes to the error handler, and makes the next flush fail too.
 */
#include "ferry-store.h"

#include <errno.h>

#include "ferry-database.h"
#include "ferry-error.h"
#include "ferry-journal.h"

/* Bounds how long the first of a batch waits for the last. */
#define MAX_BATCH 256

typedef gboolean (*StoreRun) (FerryStore *self, gpointer data, GError **error);

/* Where a caller sleeps; on its stack. */
typedef struct
{
  GMutex mutex;
  GCond cond;
  gboolean done;
  GError *error; /* (nullable) */
} StoreWait;

typedef struct
{
  StoreRun run; /* NULL: end the thread */
  gpointer data;
  GDestroyNotify free_data; /* (nullable) */
  StoreWait *wait;          /* (nullable): posted */
  GError *error;            /* (nullable): how it failed */
} StoreOp;

struct _FerryStore
{
  GThread *thread;
  GAsyncQueue *queue; /* of StoreOp */

  GMutex handler_mutex;
  FerryStoreErrorFunc handler;
  gpointer handler_data;

  /* The thread's own. */
  GThread *owner;
  FerryDatabase *database;
  GError *unreported; /* (nullable): of what was posted since the last flush */
};

/* What a posted operation carries; owned. */
typedef struct
{
  char *id;
  FerryRecord *record;
  char **ids;
  gint64 when;
  char *sentence;
} PostData;

/* What a waiting caller's operation carries; all of it stays the caller's. */
typedef struct
{
  const char *id;
  const FerryProgress *progress;
  const FerryPartStamp *stamp;
  const FerryChunk *chunks;
  const guint64 *indexes;
  gsize n;
  guint64 confirmed;
  GPtrArray *rows;       /* (out) */
  GArray *loaded_chunks; /* (out) */
} CallData;

static FerryRecord *
copy_record (const FerryRecord *record)
{
  FerryRecord *copy = g_memdup2 (record, sizeof *record);

  copy->id = g_strdup (record->id);
  copy->spec = ferry_spec_copy (record->spec);
  copy->error_message = g_strdup (record->error_message);
  copy->path = g_strdup (record->path);
  copy->progress = ferry_progress_copy (record->progress);
  return copy;
}

static void
post_data_free (gpointer data)
{
  PostData *self = data;

  g_free (self->id);
  g_clear_pointer (&self->record, ferry_record_free);
  g_strfreev (self->ids);
  g_free (self->sentence);
  g_free (self);
}

static void
store_op_free (StoreOp *self)
{
  if (self->free_data != NULL)
    self->free_data (self->data);
  g_clear_error (&self->error);
  g_free (self);
}

/* ---- operations ---- */

static gboolean
run_add (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_add (self->database, ((PostData *) data)->record, error);
}

static gboolean
run_update (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_update (self->database, ((PostData *) data)->record, error);
}

static gboolean
run_ensure (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_ensure (self->database, ((PostData *) data)->record, error);
}

static gboolean
run_spec (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_update_spec (self->database, ((PostData *) data)->record, error);
}

static gboolean
run_order (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_set_order (self->database, (const char *const *) ((PostData *) data)->ids,
                                  error);
}

static gboolean
run_remove (FerryStore *self, gpointer data, GError **error)
{
  return ferry_journal_remove (self->database, ((PostData *) data)->id, error);
}

static gboolean
run_event (FerryStore *self, gpointer data, GError **error)
{
  const PostData *post = data;

  return ferry_journal_add_event (self->database, post->id, post->when, post->sentence, error);
}

static gboolean
run_save_progress (FerryStore *self, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_save_progress (self->database, call->id, call->progress, error);
}

static gboolean
run_save_chunks (FerryStore *self, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_save_chunks (self->database, call->id, call->chunks, call->n,
                                    call->confirmed, error);
}

static gboolean
run_settle (FerryStore *self, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_settle (self->database, call->id, call->stamp, error);
}

static gboolean
run_start_over (FerryStore *self, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_start_over (self->database, call->id, call->progress, error);
}

static gboolean
run_drop_chunks (FerryStore *self, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_drop_chunks (self->database, call->id, call->indexes, call->n,
                                    call->confirmed, error);
}

/* A batch that is run again loads again. */
static gboolean
run_load (FerryStore *self, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->rows, g_ptr_array_unref);
  call->rows = ferry_journal_load (self->database, error);
  return call->rows != NULL;
}

static gboolean
run_load_history (FerryStore *self, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->rows, g_ptr_array_unref);
  call->rows = ferry_journal_load_history (self->database, call->id, error);
  return call->rows != NULL;
}

static gboolean
run_load_chunks (FerryStore *self, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->loaded_chunks, g_array_unref);
  call->loaded_chunks = ferry_journal_load_chunks (self->database, call->id, error);
  return call->loaded_chunks != NULL;
}

static gboolean
run_flush (FerryStore *self, gpointer data, GError **error)
{
  return TRUE;
}

/* ---- the thread ---- */

static void
wake (StoreWait *wait, GError *error)
{
  g_mutex_lock (&wait->mutex);
  wait->error = error;
  wait->done = TRUE;
  g_cond_signal (&wait->cond);
  g_mutex_unlock (&wait->mutex);
}

static void
report_posted (FerryStore *self, StoreOp *op)
{
  if (op->error == NULL)
    return;
  g_debug ("journal: %s", op->error->message);
  g_mutex_lock (&self->handler_mutex);
  if (self->handler != NULL)
    self->handler (op->error, self->handler_data);
  g_mutex_unlock (&self->handler_mutex);
  if (self->unreported == NULL)
    self->unreported = g_steal_pointer (&op->error);
}

static void
finish_op (FerryStore *self, StoreOp *op)
{
  /* Told once. */
  if (op->run == run_flush && op->error == NULL)
    op->error = g_steal_pointer (&self->unreported);
  else if (op->run == run_flush)
    g_clear_error (&self->unreported);
  if (op->wait == NULL)
    report_posted (self, op);
  else
    wake (op->wait, g_steal_pointer (&op->error));
}

/* All of @ops in one transaction. @begun: whether it got that far. */
static gboolean
run_together (FerryStore *self, StoreOp **ops, guint n, gboolean *begun, GError **error)
{
  g_assert (g_thread_self () == self->owner);

  *begun = ferry_database_begin (self->database, error);
  if (!*begun)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!ops[i]->run (self, ops[i]->data, error))
      {
        ferry_database_rollback (self->database);
        return FALSE;
      }
  if (ferry_database_commit (self->database, error))
    return TRUE;
  ferry_database_rollback (self->database);
  return FALSE;
}

static void
run_batch (FerryStore *self, StoreOp **ops, guint n)
{
  g_autoptr (GError) error = NULL;
  gboolean begun = FALSE;
  gboolean together = run_together (self, ops, n, &begun, &error);
  /* When not even a transaction can begin, trying for each would only wait n times as long. */
  gboolean alone = begun && n > 1;

  for (guint i = 0; i < n && !together; i++)
    {
      if (alone)
        run_together (self, &ops[i], 1, &begun, &ops[i]->error);
      else
        ops[i]->error = g_error_copy (error);
    }
  for (guint i = 0; i < n; i++)
    finish_op (self, ops[i]);
}

/* Takes what waits, at least one. FALSE when the end is among it. */
static gboolean
take_batch (FerryStore *self, GPtrArray *batch)
{
  StoreOp *op = g_async_queue_pop (self->queue);

  while (op != NULL && op->run != NULL)
    {
      g_ptr_array_add (batch, op);
      if (batch->len == MAX_BATCH)
        return TRUE;
      op = g_async_queue_try_pop (self->queue);
    }
  if (op == NULL)
    return TRUE;
  store_op_free (op);
  return FALSE;
}

static void
run_until_end (FerryStore *self)
{
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr (GPtrArray) batch
          = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) store_op_free);

      more = take_batch (self, batch);
      if (batch->len > 0)
        run_batch (self, (StoreOp **) batch->pdata, batch->len);
    }
}

typedef struct
{
  FerryStore *store;
  const char *path;
  char *set_apart; /* (out) (nullable) */
  StoreWait wait;
} StoreStart;

static FerryDatabase *
open_database (StoreStart *start, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  FerryDatabase *database
      = ferry_database_open (start->path, ferry_journal_migrations, &local_error);

  if (database != NULL)
    return database;
  if (!g_error_matches (local_error, FERRY_ERROR, FERRY_ERROR_STORE_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return NULL;
    }
  start->set_apart = ferry_database_set_apart (start->path, error);
  if (start->set_apart == NULL)
    return NULL;
  return ferry_database_open (start->path, ferry_journal_migrations, error);
}

static gpointer
thread_main (gpointer data)
{
  StoreStart *start = data;
  FerryStore *self = start->store;
  GError *error = NULL;

  self->owner = g_thread_self ();
  self->database = open_database (start, &error);

  gboolean opened = self->database != NULL;

  /* @start is the caller's stack: gone from here. */
  wake (&start->wait, error);
  if (opened)
    run_until_end (self);
  g_clear_pointer (&self->database, ferry_database_close);
  return NULL;
}

/* ---- any thread ---- */

static void
store_wait_init (StoreWait *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->done = FALSE;
  self->error = NULL;
}

/* Sleeps until woken. */
static gboolean
store_wait_end (StoreWait *self, GError **error)
{
  g_mutex_lock (&self->mutex);
  while (!self->done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  if (self->error == NULL)
    return TRUE;
  g_propagate_error (error, self->error);
  return FALSE;
}

static void
push (FerryStore *self, StoreRun run, gpointer data, GDestroyNotify free_data, StoreWait *wait)
{
  StoreOp *op = g_new0 (StoreOp, 1);

  op->run = run;
  op->data = data;
  op->free_data = free_data;
  op->wait = wait;
  g_async_queue_push (self->queue, op);
}

static gboolean
call (FerryStore *self, StoreRun run, CallData *data, GError **error)
{
  StoreWait wait;

  /* The thread would wait for itself. */
  g_assert (g_thread_self () != self->owner);

  store_wait_init (&wait);
  push (self, run, data, NULL, &wait);
  return store_wait_end (&wait, error);
}

static void
post (FerryStore *self, StoreRun run, PostData data)
{
  push (self, run, g_memdup2 (&data, sizeof data), post_data_free, NULL);
}

static gboolean
start_thread (FerryStore *self, StoreStart *start, GError **error)
{
  store_wait_init (&start->wait);
  self->thread = g_thread_new ("ferry-store", thread_main, start);
  return store_wait_end (&start->wait, error);
}

FerryStore *
ferry_store_open (const char *folder, char **set_apart, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);

  if (set_apart != NULL)
    *set_apart = NULL;
  if (g_mkdir_with_parents (folder, 0700) < 0)
    {
      ferry_error_from_errno (error, errno, folder);
      return NULL;
    }

  g_autofree char *path = g_build_filename (folder, "queue.db", NULL);
  g_autoptr (FerryStore) self = g_new0 (FerryStore, 1);
  StoreStart start = { .store = self, .path = path };

  self->queue = g_async_queue_new ();
  g_mutex_init (&self->handler_mutex);

  gboolean opened = start_thread (self, &start, error);

  if (set_apart != NULL)
    *set_apart = g_steal_pointer (&start.set_apart);
  g_free (start.set_apart);
  return opened ? g_steal_pointer (&self) : NULL;
}

void
ferry_store_close (FerryStore *self)
{
  if (self == NULL)
    return;
  push (self, NULL, NULL, NULL, NULL);
  g_thread_join (self->thread);

  /* Empty but for the end itself, where the database never opened. */
  StoreOp *op;

  while ((op = g_async_queue_try_pop (self->queue)) != NULL)
    store_op_free (op);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->handler_mutex);
  g_clear_error (&self->unreported);
  g_free (self);
}

void
ferry_store_set_error_func (FerryStore *self, FerryStoreErrorFunc func, gpointer user_data)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->handler_mutex);
  self->handler = func;
  self->handler_data = user_data;
  g_mutex_unlock (&self->handler_mutex);
}

/* Rows that were loaded before the batch failed are not given out. */
static GPtrArray *
call_for_rows (FerryStore *self, StoreRun run, const char *id, GError **error)
{
  CallData data = { .id = id };

  if (!call (self, run, &data, error))
    g_clear_pointer (&data.rows, g_ptr_array_unref);
  return data.rows;
}

GPtrArray *
ferry_store_load (FerryStore *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return call_for_rows (self, run_load, NULL, error);
}

GPtrArray *
ferry_store_load_history (FerryStore *self, const char *id, GError **error)
{
  g_return_val_if_fail (self != NULL && id != NULL, NULL);

  return call_for_rows (self, run_load_history, id, error);
}

GArray *
ferry_store_load_chunks (FerryStore *self, const char *id, GError **error)
{
  CallData data = { .id = id };

  g_return_val_if_fail (self != NULL && id != NULL, NULL);

  if (!call (self, run_load_chunks, &data, error))
    g_clear_pointer (&data.loaded_chunks, g_array_unref);
  return data.loaded_chunks;
}

gboolean
ferry_store_flush (FerryStore *self, GError **error)
{
  CallData data = { 0 };

  g_return_val_if_fail (self != NULL, FALSE);

  return call (self, run_flush, &data, error);
}

void
ferry_store_post_add (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_add, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_update (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_update, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_ensure (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_ensure, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_spec (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_spec, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_order (FerryStore *self, const char *const *ids)
{
  g_return_if_fail (self != NULL && ids != NULL);

  post (self, run_order, (PostData){ .ids = g_strdupv ((char **) ids) });
}

void
ferry_store_post_remove (FerryStore *self, const char *id)
{
  g_return_if_fail (self != NULL && id != NULL);

  post (self, run_remove, (PostData){ .id = g_strdup (id) });
}

void
ferry_store_post_event (FerryStore *self, const char *id, gint64 when, const char *sentence)
{
  g_return_if_fail (self != NULL && id != NULL && sentence != NULL);

  post (self, run_event,
        (PostData){ .id = g_strdup (id), .when = when, .sentence = g_strdup (sentence) });
}

gboolean
ferry_store_save_progress (FerryStore *self,
                           const char *id,
                           const FerryProgress *progress,
                           GError **error)
{
  CallData data = { .id = id, .progress = progress };

  g_return_val_if_fail (self != NULL && id != NULL && progress != NULL, FALSE);

  return call (self, run_save_progress, &data, error);
}

gboolean
ferry_store_save_chunks (FerryStore *self,
                         const char *id,
                         const FerryChunk *chunks,
                         gsize n,
                         guint64 confirmed,
                         GError **error)
{
  CallData data = { .id = id, .chunks = chunks, .n = n, .confirmed = confirmed };

  g_return_val_if_fail (self != NULL && id != NULL && (chunks != NULL || n == 0), FALSE);

  return call (self, run_save_chunks, &data, error);
}

gboolean
ferry_store_settle (FerryStore *self, const char *id, const FerryPartStamp *stamp, GError **error)
{
  CallData data = { .id = id, .stamp = stamp };

  g_return_val_if_fail (self != NULL && id != NULL && stamp != NULL, FALSE);

  return call (self, run_settle, &data, error);
}

gboolean
ferry_store_start_over (FerryStore *self,
                        const char *id,
                        const FerryProgress *progress,
                        GError **error)
{
  CallData data = { .id = id, .progress = progress };

  g_return_val_if_fail (self != NULL && id != NULL && progress != NULL, FALSE);

  return call (self, run_start_over, &data, error);
}

gboolean
ferry_store_drop_chunks (FerryStore *self,
                         const char *id,
                         const guint64 *indexes,
                         gsize n,
                         guint64 confirmed,
                         GError **error)
{
  CallData data = { .id = id, .indexes = indexes, .n = n, .confirmed = confirmed };

  g_return_val_if_fail (self != NULL && id != NULL && (indexes != NULL || n == 0), FALSE);

  return call (self, run_drop_chunks, &data, error);
}
