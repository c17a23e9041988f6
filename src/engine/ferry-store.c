/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal's operations on the database's thread: what lanes call and wait for. */
#include "ferry-store-private.h"

#include <errno.h>

#include "ferry-error.h"
#include "ferry-journal.h"

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

/* ---- operations ---- */

static gboolean
run_save_progress (FerryDatabase *database, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_save_progress (database, call->id, call->progress, error);
}

static gboolean
run_save_chunks (FerryDatabase *database, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_save_chunks (database, call->id, call->chunks, call->n, call->confirmed,
                                    error);
}

static gboolean
run_settle (FerryDatabase *database, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_settle (database, call->id, call->stamp, error);
}

static gboolean
run_start_over (FerryDatabase *database, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_start_over (database, call->id, call->progress, error);
}

static gboolean
run_drop_chunks (FerryDatabase *database, gpointer data, GError **error)
{
  const CallData *call = data;

  return ferry_journal_drop_chunks (database, call->id, call->indexes, call->n, call->confirmed,
                                    error);
}

/* A batch that is run again loads again. */
static gboolean
run_load (FerryDatabase *database, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->rows, g_ptr_array_unref);
  call->rows = ferry_journal_load (database, error);
  return call->rows != NULL;
}

static gboolean
run_load_destinations (FerryDatabase *database, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->rows, g_ptr_array_unref);
  call->rows = ferry_journal_load_destinations (database, error);
  return call->rows != NULL;
}

static gboolean
run_load_history (FerryDatabase *database, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->rows, g_ptr_array_unref);
  call->rows = ferry_journal_load_history (database, call->id, error);
  return call->rows != NULL;
}

static gboolean
run_load_chunks (FerryDatabase *database, gpointer data, GError **error)
{
  CallData *call = data;

  g_clear_pointer (&call->loaded_chunks, g_array_unref);
  call->loaded_chunks = ferry_journal_load_chunks (database, call->id, error);
  return call->loaded_chunks != NULL;
}

/* ---- any thread ---- */

static gboolean
call (FerryStore *self, FerryDatabaseFunc func, CallData *data, GError **error)
{
  return ferry_database_thread_call (self->thread, func, data, error);
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
  g_autofree char *apart = NULL;
  FerryDatabaseThread *thread
      = ferry_database_thread_open ("ferry-store", path, ferry_journal_migrations, &apart, error);

  if (set_apart != NULL)
    *set_apart = g_steal_pointer (&apart);
  if (thread == NULL)
    return NULL;

  FerryStore *self = g_new0 (FerryStore, 1);

  self->thread = thread;
  return self;
}

void
ferry_store_close (FerryStore *self)
{
  if (self == NULL)
    return;
  ferry_database_thread_close (self->thread);
  g_free (self);
}

void
ferry_store_set_error_func (FerryStore *self, FerryStoreErrorFunc func, gpointer user_data)
{
  g_return_if_fail (self != NULL);

  ferry_database_thread_set_error_func (self->thread, func, user_data);
}

/* Rows that were loaded before the batch failed are not given out. */
static GPtrArray *
call_for_rows (FerryStore *self, FerryDatabaseFunc run, const char *id, GError **error)
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
ferry_store_load_destinations (FerryStore *self, GError **error)
{
  g_return_val_if_fail (self != NULL, NULL);

  return call_for_rows (self, run_load_destinations, NULL, error);
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
  g_return_val_if_fail (self != NULL, FALSE);

  return ferry_database_thread_flush (self->thread, error);
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
