/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-job.h"

FerryJob *
ferry_job_new (const char *id,
               const FerrySpec *spec,
               const FerryProgress *progress,
               FerryStore *store,
               GTlsDatabase *tls)
{
  FerryJob *self = g_new0 (FerryJob, 1);

  g_atomic_ref_count_init (&self->refs);
  g_mutex_init (&self->lock);
  self->id = g_strdup (id);
  self->spec = ferry_spec_copy (spec);
  self->progress = ferry_progress_copy (progress);
  self->store = store;
  self->tls = tls != NULL ? g_object_ref (tls) : NULL;
  self->timeout = 60;
  self->retry_after = -1;
  self->cancellable = g_cancellable_new ();
  self->received = progress->confirmed;
  self->history = g_ptr_array_new_with_free_func (g_free);
  return self;
}

FerryJob *
ferry_job_ref (FerryJob *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
ferry_job_unref (FerryJob *self)
{
  if (!g_atomic_ref_count_dec (&self->refs))
    return;
  g_free (self->id);
  ferry_spec_free (self->spec);
  ferry_progress_free (self->progress);
  g_clear_pointer (&self->snapshot, ferry_progress_free);
  g_clear_object (&self->tls);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->error);
  g_free (self->path);
  g_free (self->token_problem);
  g_ptr_array_unref (self->history);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
ferry_job_set_stage (FerryJob *self, FerryStage stage)
{
  __atomic_store_n (&self->stage, (int) stage, __ATOMIC_RELAXED);
}

FerryStage
ferry_job_get_stage (FerryJob *self)
{
  return (FerryStage) __atomic_load_n (&self->stage, __ATOMIC_RELAXED);
}

void
ferry_job_set_received (FerryJob *self, guint64 bytes)
{
  __atomic_store_n (&self->received, bytes, __ATOMIC_RELAXED);
}

guint64
ferry_job_get_received (FerryJob *self)
{
  return __atomic_load_n (&self->received, __ATOMIC_RELAXED);
}

void
ferry_job_add_confirmed (FerryJob *self, guint64 bytes)
{
  __atomic_fetch_add (&self->confirmed, bytes, __ATOMIC_RELAXED);
}

guint64
ferry_job_get_confirmed (FerryJob *self)
{
  return __atomic_load_n (&self->confirmed, __ATOMIC_RELAXED);
}

void
ferry_job_set_checked (FerryJob *self, guint64 bytes)
{
  __atomic_store_n (&self->checked, bytes, __ATOMIC_RELAXED);
}

guint64
ferry_job_get_checked (FerryJob *self)
{
  return __atomic_load_n (&self->checked, __ATOMIC_RELAXED);
}

guint64
ferry_job_get_under_way (FerryJob *self)
{
  return __atomic_load_n (&self->under_way, __ATOMIC_RELAXED);
}

void
ferry_job_publish_progress (FerryJob *self)
{
  g_mutex_lock (&self->lock);
  g_clear_pointer (&self->snapshot, ferry_progress_free);
  self->snapshot = ferry_progress_copy (self->progress);
  self->serial++;
  g_mutex_unlock (&self->lock);
}

FerryProgress *
ferry_job_take_progress (FerryJob *self, guint *serial)
{
  FerryProgress *copy = NULL;

  g_mutex_lock (&self->lock);
  if (self->serial != *serial)
    {
      copy = ferry_progress_copy (self->snapshot);
      *serial = self->serial;
    }
  g_mutex_unlock (&self->lock);
  return copy;
}

void
ferry_job_take_note (FerryJob *self, char *sentence)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->history, sentence);
  g_mutex_unlock (&self->lock);
}

GPtrArray *
ferry_job_steal_notes (FerryJob *self)
{
  GPtrArray *notes;

  g_mutex_lock (&self->lock);
  notes = g_steal_pointer (&self->history);
  self->history = g_ptr_array_new_with_free_func (g_free);
  g_mutex_unlock (&self->lock);
  return notes;
}
