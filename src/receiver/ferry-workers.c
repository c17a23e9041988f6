/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-workers.h"

static const int n_threads[FERRY_N_WORKS] = {
  /* Mostly asleep until the disk has synced: those of one file that wait together share a sync. */
  [FERRY_WORK_SHORT] = 8, [FERRY_WORK_BLOCK] = 4, [FERRY_WORK_LONG] = 2,
  [FERRY_WORK_READ] = 2,  [FERRY_WORK_STORE] = 8,
};

typedef struct
{
  FerryWorkFunc run;
  FerryWorkFunc done;
  gpointer data;
} Job;

typedef struct
{
  GSource source;
  GAsyncQueue *done; /* of Job */
} DoneSource;

struct _FerryWorkers
{
  GMainContext *context;
  GThreadPool *pools[FERRY_N_WORKS];
  GAsyncQueue *done;
  GSource *source;
};

static void
tell_all (GAsyncQueue *done)
{
  for (Job *job = g_async_queue_try_pop (done); job != NULL; job = g_async_queue_try_pop (done))
    {
      job->done (job->data);
      g_free (job);
    }
}

static gboolean
source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return g_async_queue_length (((DoneSource *) source)->done) > 0;
}

static gboolean
source_check (GSource *source)
{
  return g_async_queue_length (((DoneSource *) source)->done) > 0;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  g_autoptr (GAsyncQueue) done = g_async_queue_ref (((DoneSource *) source)->done);

  tell_all (done);
  return G_SOURCE_CONTINUE;
}

static void
source_finalize (GSource *source)
{
  g_async_queue_unref (((DoneSource *) source)->done);
}

static GSourceFuncs source_funcs = {
  .prepare = source_prepare,
  .check = source_check,
  .dispatch = source_dispatch,
  .finalize = source_finalize,
};

static void
run_job (gpointer data, gpointer user_data)
{
  FerryWorkers *self = user_data;
  Job *job = data;

  job->run (job->data);
  g_async_queue_push (self->done, job);
  g_main_context_wakeup (self->context);
}

FerryWorkers *
ferry_workers_new (GMainContext *context)
{
  FerryWorkers *self = g_new0 (FerryWorkers, 1);

  self->context = g_main_context_ref (context);
  self->done = g_async_queue_new ();
  for (int i = 0; i < FERRY_N_WORKS; i++)
    self->pools[i] = g_thread_pool_new (run_job, self, n_threads[i], FALSE, NULL);
  self->source = g_source_new (&source_funcs, sizeof (DoneSource));
  ((DoneSource *) self->source)->done = g_async_queue_ref (self->done);
  g_source_set_static_name (self->source, "ferry-workers");
  g_source_attach (self->source, context);
  return self;
}

void
ferry_workers_push (
    FerryWorkers *self, FerryWork work, FerryWorkFunc run, FerryWorkFunc done, gpointer data)
{
  Job *job = g_new0 (Job, 1);

  job->run = run;
  job->done = done;
  job->data = data;
  g_thread_pool_push (self->pools[work], job, NULL);
}

void
ferry_workers_free (FerryWorkers *self)
{
  if (self == NULL)
    return;
  g_source_destroy (self->source);
  g_source_unref (self->source);
  for (int i = 0; i < FERRY_N_WORKS; i++)
    g_thread_pool_free (self->pools[i], FALSE, TRUE);
  tell_all (self->done);
  g_async_queue_unref (self->done);
  g_main_context_unref (self->context);
  g_free (self);
}
