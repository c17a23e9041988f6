/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. The other end of an upload that is removed for good is told, so that it need not keep what nobody will finish. That is
 * a courtesy: it finds out by itself when the upload expires. So a few threads of their own do it, nobody waits for an answer,
 * and closing the queue, which would end them, gives them a moment and no more.
 */
#include "ferry-engine-private.h"

#define MAX_THREADS 2
#define TIMEOUT_SECONDS 10
#define CLOSING_MS 2000

typedef struct
{
  FerryEngine *engine;
  FerryJob *job;
  const FerryProtocol *protocol;
  GCancellable *stopped;
  GMainContext *home;
} Discard;

static void
discard_free (gpointer data)
{
  Discard *self = data;

  ferry_job_unref (self->job);
  g_object_unref (self->stopped);
  g_object_unref (self->engine);
  g_main_context_unref (self->home);
  g_free (self);
}

static gboolean
discarded_cb (gpointer data)
{
  FerryEngine *engine = ((Discard *) data)->engine;

  engine->n_tasks--;
  ferry_engine_check_closed (engine);
  return G_SOURCE_REMOVE;
}

static void
run_discard (gpointer data, gpointer user_data)
{
  Discard *self = data;
  g_autoptr (GSource) ended = g_idle_source_new ();
  g_autoptr (GMainContext) home = g_main_context_ref (self->home);

  if (!g_cancellable_is_cancelled (self->stopped))
    self->protocol->discard (self->job, self->stopped);
  g_source_set_priority (ended, G_PRIORITY_DEFAULT);
  g_source_set_callback (ended, discarded_cb, self, discard_free);
  g_source_attach (ended, home);
}

void
ferry_engine_discard (FerryEngine *self, FerryTransfer *transfer)
{
  const FerryRecord *record = transfer->record;
  const FerryProtocol *protocol = ferry_protocol_find (record->spec);
  Discard *discard;

  if (protocol == NULL || protocol->discard == NULL || record->outcome == FERRY_OUTCOME_DONE)
    return;
  if (self->discards == NULL)
    {
      self->discards = g_thread_pool_new (run_discard, NULL, MAX_THREADS, FALSE, NULL);
      self->discards_stopped = g_cancellable_new ();
    }
  discard = g_new0 (Discard, 1);
  discard->engine = g_object_ref (self);
  discard->protocol = protocol;
  discard->stopped = g_object_ref (self->discards_stopped);
  discard->home = g_main_context_ref_thread_default ();
  discard->job = ferry_job_new (record->id, record->spec, record->progress, self->store, self->tls);
  discard->job->timeout = MIN (self->timeout, TIMEOUT_SECONDS);
  if (discard->job->spec->token == NULL)
    discard->job->spec->token = g_strdup (ferry_engine_find_token (self, transfer));
  self->n_tasks++;
  g_thread_pool_push (self->discards, discard, NULL);
}

static gboolean
limit_cb (gpointer data)
{
  FerryEngine *self = FERRY_ENGINE (data);

  self->discards_limit = 0;
  g_cancellable_cancel (self->discards_stopped);
  return G_SOURCE_REMOVE;
}

void
ferry_engine_limit_discards (FerryEngine *self)
{
  if (self->discards != NULL && self->discards_limit == 0 && self->n_tasks > 0
      && !g_cancellable_is_cancelled (self->discards_stopped))
    self->discards_limit = g_timeout_add (CLOSING_MS, limit_cb, self);
}

void
ferry_engine_discards_dispose (FerryEngine *self)
{
  g_clear_handle_id (&self->discards_limit, g_source_remove);
  /* Each held the engine, so none is left. */
  if (self->discards != NULL)
    g_thread_pool_free (self->discards, FALSE, FALSE);
  self->discards = NULL;
  g_clear_object (&self->discards_stopped);
}
