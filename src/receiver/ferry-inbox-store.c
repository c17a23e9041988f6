/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Callers sleep until the commit that their change is part of, so a chunk is answered only when it is on disk. A commit syncs
 * the disk, and many changes cost no more than one: the thread takes all that wait. When one of them fails, or their commit,
 * everything is rolled back and each runs again alone, so that none takes others with it.
 */
#include "ferry-inbox-store.h"

#include "ferry-error.h"
#include "ferry-upload-rows.h"

#define MAX_BATCH 256

typedef struct
{
  FerryInboxStoreFunc func; /* NULL: end the thread */
  gpointer data;
  GError *error;
  gboolean done;
} Call;

struct _FerryInboxStore
{
  GThread *thread;
  GAsyncQueue *queue; /* of Call, which are on their callers' stacks */
  GMutex mutex;
  GCond cond; /* a call is done */
  FerryDatabase *database;
};

static gboolean
run_together (FerryInboxStore *self, Call **calls, guint n, gboolean *begun, GError **error)
{
  *begun = ferry_database_begin (self->database, error);
  if (!*begun)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!calls[i]->func (self->database, calls[i]->data, error))
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
run_batch (FerryInboxStore *self, Call **calls, guint n)
{
  g_autoptr (GError) error = NULL;
  gboolean begun = FALSE;
  gboolean together = run_together (self, calls, n, &begun, &error);

  for (guint i = 0; i < n && !together; i++)
    {
      /* When not even a transaction can begin, trying for each would only wait n times as long. */
      if (begun && n > 1)
        run_together (self, &calls[i], 1, &begun, &calls[i]->error);
      else
        calls[i]->error = g_error_copy (error);
    }
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < n; i++)
    calls[i]->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gpointer
thread_main (gpointer data)
{
  FerryInboxStore *self = data;
  gboolean more = TRUE;

  while (more)
    {
      Call *calls[MAX_BATCH];
      guint n = 0;

      for (Call *call = g_async_queue_pop (self->queue); call != NULL && more;
           call = more && n < MAX_BATCH ? g_async_queue_try_pop (self->queue) : NULL)
        {
          more = call->func != NULL;
          if (more)
            calls[n++] = call;
        }
      if (n > 0)
        run_batch (self, calls, n);
    }
  return NULL;
}

static FerryDatabase *
open_database (const char *path, char **set_apart, GError **error)
{
  g_autoptr (GError) why = NULL;
  FerryDatabase *database = ferry_database_open (path, ferry_upload_migrations, &why);

  if (database != NULL)
    return database;
  if (!g_error_matches (why, FERRY_ERROR, FERRY_ERROR_STORE_DAMAGED))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return NULL;
    }
  *set_apart = ferry_database_set_apart (path, error);
  return *set_apart != NULL ? ferry_database_open (path, ferry_upload_migrations, error) : NULL;
}

FerryInboxStore *
ferry_inbox_store_open (const char *path, char **set_apart, GError **error)
{
  g_return_val_if_fail (path != NULL && set_apart != NULL, NULL);

  *set_apart = NULL;

  FerryDatabase *database = open_database (path, set_apart, error);

  if (database == NULL)
    return NULL;

  FerryInboxStore *self = g_new0 (FerryInboxStore, 1);

  self->database = database;
  self->queue = g_async_queue_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("inbox-store", thread_main, self);
  return self;
}

void
ferry_inbox_store_close (FerryInboxStore *self)
{
  Call end = { .func = NULL };

  if (self == NULL)
    return;
  g_async_queue_push (self->queue, &end);
  g_thread_join (self->thread);
  ferry_database_close (self->database);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}

gboolean
ferry_inbox_store_call (FerryInboxStore *self,
                        FerryInboxStoreFunc func,
                        gpointer data,
                        GError **error)
{
  Call call = { .func = func, .data = data };

  g_return_val_if_fail (self != NULL && func != NULL, FALSE);
  g_return_val_if_fail (g_thread_self () != self->thread, FALSE);

  g_async_queue_push (self->queue, &call);
  g_mutex_lock (&self->mutex);
  while (!call.done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);
  if (call.error == NULL)
    return TRUE;
  g_propagate_error (error, call.error);
  return FALSE;
}
