/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * One thread owns the database. The others queue operations; the thread takes all that wait and runs them in one
 * transaction, because a commit costs a sync of the disk and many rows cost no more than one. When an operation of the
 * batch, or its commit, fails, everything is rolled back and each runs again alone: one bad operation never takes
 * others with it.
 *
 * A caller that waits is woken after the commit, so what it was told is on disk. What was posted and failed goes to the error
 * function, and makes the next flush fail too.
 */
#include "ferry-database-thread.h"

#include "ferry-error.h"

/* Bounds how long the first of a batch waits for the last. */
#define MAX_BATCH 256

typedef struct
{
  FerryDatabaseFunc func; /* NULL: end the thread */
  gpointer data;
  GDestroyNotify free_data; /* (nullable) */
  gboolean waits;           /* on its caller's stack */
  gboolean done;
  GError *error; /* (nullable): how it failed */
} Op;

struct _FerryDatabaseThread
{
  GThread *thread;
  GAsyncQueue *queue; /* of Op */
  GMutex mutex;       /* guards the ops' done, and the error function */
  GCond cond;         /* some are done */
  FerryDatabaseErrorFunc error_func;
  gpointer user_data;

  /* The thread's own. */
  FerryDatabase *database;
  GError *unreported; /* (nullable): of what was posted since the last flush */
};

/* ---- the thread ---- */

static gboolean
run_flush (FerryDatabase *database, gpointer data, GError **error)
{
  return TRUE;
}

/* All of @ops in one transaction. @begun: whether it got that far. */
static gboolean
run_together (FerryDatabaseThread *self, Op **ops, guint n, gboolean *begun, GError **error)
{
  *begun = ferry_database_begin (self->database, error);
  if (!*begun)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!ops[i]->func (self->database, ops[i]->data, error))
      {
        /* Without one its caller would take it for done. */
        g_assert (*error != NULL);
        ferry_database_rollback (self->database);
        return FALSE;
      }
  if (ferry_database_commit (self->database, error))
    return TRUE;
  ferry_database_rollback (self->database);
  return FALSE;
}

static void
report_posted (FerryDatabaseThread *self, Op *op)
{
  if (op->error != NULL)
    {
      g_debug ("database: %s", op->error->message);
      g_mutex_lock (&self->mutex);
      if (self->error_func != NULL)
        self->error_func (op->error, self->user_data);
      g_mutex_unlock (&self->mutex);
      if (self->unreported == NULL)
        self->unreported = g_steal_pointer (&op->error);
    }
  if (op->free_data != NULL)
    op->free_data (op->data);
  g_clear_error (&op->error);
  g_free (op);
}

static void
finish (FerryDatabaseThread *self, Op **ops, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      /* Told once. */
      if (ops[i]->func == run_flush && ops[i]->error == NULL)
        ops[i]->error = g_steal_pointer (&self->unreported);
      else if (ops[i]->func == run_flush)
        g_clear_error (&self->unreported);
      if (!ops[i]->waits)
        {
          report_posted (self, ops[i]);
          continue;
        }
      /* Gone with its caller from here. */
      g_mutex_lock (&self->mutex);
      ops[i]->done = TRUE;
      g_cond_broadcast (&self->cond);
      g_mutex_unlock (&self->mutex);
    }
}

static void
run_batch (FerryDatabaseThread *self, Op **ops, guint n)
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
  finish (self, ops, n);
}

static gpointer
thread_main (gpointer data)
{
  FerryDatabaseThread *self = data;
  gboolean more = TRUE;

  while (more)
    {
      Op *ops[MAX_BATCH];
      guint n = 0;

      for (Op *op = g_async_queue_pop (self->queue); op != NULL && more;
           op = more && n < MAX_BATCH ? g_async_queue_try_pop (self->queue) : NULL)
        {
          more = op->func != NULL;
          if (more)
            ops[n++] = op;
        }
      if (n > 0)
        run_batch (self, ops, n);
    }
  return NULL;
}

/* ---- any thread ---- */

static FerryDatabase *
open_database (const char *path, const char *const *migrations, char **set_apart, GError **error)
{
  g_autoptr (GError) why = NULL;
  FerryDatabase *database = ferry_database_open (path, migrations, &why);

  if (database != NULL)
    return database;
  if (!g_error_matches (why, FERRY_ERROR, FERRY_ERROR_STORE_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return NULL;
    }
  *set_apart = ferry_database_set_apart (path, error);
  return *set_apart != NULL ? ferry_database_open (path, migrations, error) : NULL;
}

FerryDatabaseThread *
ferry_database_thread_open (const char *name,
                            const char *path,
                            const char *const *migrations,
                            char **set_apart,
                            GError **error)
{
  g_return_val_if_fail (name != NULL && path != NULL && migrations != NULL, NULL);
  g_return_val_if_fail (set_apart != NULL, NULL);

  *set_apart = NULL;

  FerryDatabase *database = open_database (path, migrations, set_apart, error);

  if (database == NULL)
    return NULL;

  FerryDatabaseThread *self = g_new0 (FerryDatabaseThread, 1);

  self->database = database;
  self->queue = g_async_queue_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->thread = g_thread_new (name, thread_main, self);
  return self;
}

void
ferry_database_thread_close (FerryDatabaseThread *self)
{
  Op end = { .func = NULL };

  if (self == NULL)
    return;
  g_async_queue_push (self->queue, &end);
  g_thread_join (self->thread);
  ferry_database_close (self->database);
  g_async_queue_unref (self->queue);
  g_clear_error (&self->unreported);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

gboolean
ferry_database_thread_call (FerryDatabaseThread *self,
                            FerryDatabaseFunc func,
                            gpointer data,
                            GError **error)
{
  Op op = { .func = func, .data = data, .waits = TRUE };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);
  /* The thread would wait for itself. */
  g_return_val_if_fail (g_thread_self () != self->thread, FALSE);

  g_async_queue_push (self->queue, &op);
  g_mutex_lock (&self->mutex);
  while (!op.done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  if (op.error == NULL)
    return TRUE;
  g_propagate_error (error, op.error);
  return FALSE;
}

void
ferry_database_thread_post (FerryDatabaseThread *self,
                            FerryDatabaseFunc func,
                            gpointer data,
                            GDestroyNotify free_data)
{
  Op *op;

  g_return_if_fail (self != NULL && func != NULL);

  op = g_new0 (Op, 1);
  op->func = func;
  op->data = data;
  op->free_data = free_data;
  g_async_queue_push (self->queue, op);
}

gboolean
ferry_database_thread_flush (FerryDatabaseThread *self, GError **error)
{
  return ferry_database_thread_call (self, run_flush, NULL, error);
}

void
ferry_database_thread_set_error_func (FerryDatabaseThread *self,
                                      FerryDatabaseErrorFunc func,
                                      gpointer user_data)
{
  g_return_if_fail (self != NULL);

  g_mutex_lock (&self->mutex);
  self->error_func = func;
  self->user_data = user_data;
  g_mutex_unlock (&self->mutex);
}
