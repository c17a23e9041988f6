/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. ferry_engine_reconcile () walks the queue and makes true what the facts of each transfer ask for: a lane for what is
 * queued while there are slots, a stop for what runs and is wanted paused. It looks at levels, not at what just happened, so it
 * can be called at any time and any number of times; nothing else starts or stops a lane.
 *
 * What waits does so for a time (one alarm for the earliest), for the network (the monitor's signal) or for the disk (a thread
 * looks now and then whether folder and space are back).
 */
#include "ferry-config.h"

#include "ferry-engine-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-backoff.h"
#include "ferry-error.h"

#define ACTIVE_TICK_MS 250
#define WAITING_TICK_MS 1000
#define DISK_PROBE_SECONDS 3

static gboolean
is_online (FerryEngine *self)
{
  return g_network_monitor_get_network_available (self->monitor);
}

/* ---- a lane has ended ---- */

static FerryVerdict
judge (FerryEngine *self, int code)
{
  FerryVerdict verdict = ferry_error_verdict (code);

  /* With no network at all, a name that cannot be found or a connection that broke says nothing about the link. */
  if (!is_online (self)
      && (code == FERRY_ERROR_NO_SUCH_HOST || code == FERRY_ERROR_NETWORK
          || code == FERRY_ERROR_TIMED_OUT))
    return FERRY_VERDICT_WAIT_NETWORK;
  return verdict;
}

static void
set_wait (FerryEngine *self, FerryTransfer *transfer, FerryVerdict verdict, gint64 retry_after)
{
  gint64 now = g_get_monotonic_time ();
  guint64 delay;

  transfer->wait = verdict;
  transfer->wait_until = 0;
  if (verdict == FERRY_VERDICT_WAIT_NETWORK && !is_online (self))
    return;
  if (verdict == FERRY_VERDICT_WAIT_SPACE || verdict == FERRY_VERDICT_WAIT_FOLDER)
    {
      transfer->wait_until = now + DISK_PROBE_SECONDS * G_USEC_PER_SEC;
      return;
    }
  transfer->attempts++;
  delay = ferry_backoff_delay_ms (transfer->attempts, retry_after, g_random_double ());
  transfer->wait_until = now + (gint64) delay * 1000;
}

static void
set_error (FerryTransfer *transfer, const GError *error)
{
  FerryRecord *record = transfer->record;

  g_clear_pointer (&record->error_message, g_free);
  record->error_code = -1;
  if (error == NULL)
    return;
  record->error_code = ferry_error_get_code (error);
  record->error_message = g_strdup (error->message);
}

static void
take_notes (FerryEngine *self, FerryTransfer *transfer, FerryJob *job)
{
  g_autoptr (GPtrArray) notes = ferry_job_steal_notes (job);

  for (guint i = 0; i < notes->len; i++)
    ferry_engine_note (self, transfer, g_ptr_array_index (notes, i));
}

static void
end_well (FerryEngine *self, FerryTransfer *transfer, FerryJob *job)
{
  FerryRecord *record = transfer->record;

  set_error (transfer, NULL);
  g_free (record->path);
  record->path = g_strdup (job->path);
  record->finished = g_get_real_time () / G_USEC_PER_SEC;
  ferry_engine_note (self, transfer, _ ("Finished"));
  g_object_notify (G_OBJECT (transfer), "path");
  ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_DONE);
}

static void
end_badly (FerryEngine *self, FerryTransfer *transfer, FerryJob *job)
{
  int code = ferry_error_get_code (job->error);
  FerryVerdict verdict = judge (self, code);

  if (code == FERRY_ERROR_STORE)
    transfer->start_over |= job->start_over;
  /* What is confirmed again and again is no progress. */
  if (ferry_job_get_confirmed (job) > 0 && job->n_broken == 0)
    transfer->attempts = 0;
  if (verdict == FERRY_VERDICT_CANCELLED)
    {
      ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_STOPPED);
      if (ferry_transfer_get_state (transfer) == FERRY_STATE_PAUSED)
        ferry_engine_note (self, transfer, _ ("Paused"));
      return;
    }
  if (ferry_engine_has_newer_token (self, transfer, code))
    {
      ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_STOPPED);
      return;
    }
  set_error (transfer, job->error);
  ferry_engine_note (self, transfer, job->error->message);
  if (verdict == FERRY_VERDICT_ASK)
    ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_ASK);
  else if (verdict == FERRY_VERDICT_GIVE_UP)
    ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_GAVE_UP);
  else
    {
      set_wait (self, transfer, verdict, job->retry_after);
      ferry_engine_apply (self, transfer, FERRY_EVENT_LANE_TRY_LATER);
    }
}

static FerryTransfer *
find_by_job (FerryEngine *self, FerryJob *job)
{
  for (guint i = 0; i < self->live->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->live, i);
      if (transfer->job == job)
        return transfer;
    }
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (transfer->job == job)
        return transfer;
    }
  for (guint i = 0; i < self->removed->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->removed, i);
      if (transfer->job == job)
        return transfer;
    }
  return NULL;
}

static void
lane_ended_cb (FerryJob *job, gboolean finished, gpointer user_data)
{
  g_autoptr (FerryEngine) self = user_data; /* taken when the lane was started */
  g_autoptr (FerryTransfer) transfer = find_by_job (self, job);

  g_assert (transfer != NULL);
  g_object_ref (transfer);
  self->n_lanes--;
  take_notes (self, transfer, job);
  ferry_transfer_take_progress (transfer, ferry_progress_copy (job->progress));
  g_clear_pointer (&transfer->job, ferry_job_unref);
  transfer->n_broken = job->n_broken;
  if (finished)
    end_well (self, transfer, job);
  else
    end_badly (self, transfer, job);

  if (transfer->forget)
    ferry_engine_drop (self, transfer);
  g_object_notify (G_OBJECT (self), "n-active");
  ferry_engine_reconcile (self);
  ferry_engine_check_closed (self);
}

static void
start_lane (FerryEngine *self, FerryTransfer *transfer)
{
  FerryRecord *record = transfer->record;
  const FerryProtocol *protocol = ferry_protocol_find (record->spec);
  g_autoptr (FerryJob) job = NULL;

  g_return_if_fail (protocol != NULL);
  job = ferry_job_new (record->id, record->spec, record->progress, self->store, self->tls);
  job->timeout = self->timeout;
  job->accept_web_page = transfer->accept_web_page;
  job->start_over = transfer->start_over;
  job->n_broken = transfer->n_broken;
  if (job->spec->token == NULL)
    job->spec->token = g_strdup (ferry_engine_find_token (self, transfer));
  transfer->tokens_serial = self->tokens_serial;
  transfer->start_over = FALSE;
  transfer->serial = 0;
  set_error (transfer, NULL);
  transfer->job = ferry_job_ref (job);
  ferry_speed_reset (&transfer->meter, g_get_monotonic_time (), record->progress->confirmed);
  transfer->facts = ferry_facts_apply (transfer->facts, FERRY_EVENT_LANE_STARTED);
  self->n_lanes++;
  /* The lane writes to this row. */
  ferry_store_post_ensure (self->store, record);
  ferry_lane_start (job, protocol, lane_ended_cb, g_object_ref (self));
  ferry_transfer_refresh (transfer);
  g_object_notify (G_OBJECT (self), "n-active");
}

static void
cancel_lane (FerryTransfer *transfer)
{
  if (transfer->job == NULL)
    return;
  transfer->facts = ferry_facts_apply (transfer->facts, FERRY_EVENT_LANE_CANCELLED);
  g_cancellable_cancel (transfer->job->cancellable);
  ferry_transfer_refresh (transfer);
}

/* ---- waiting ---- */

static void
wake (FerryEngine *self, FerryTransfer *transfer)
{
  transfer->wait_until = 0;
  transfer->facts = ferry_facts_apply (transfer->facts, FERRY_EVENT_WAKE);
  ferry_transfer_refresh (transfer);
}

typedef struct
{
  char *folder;
  guint64 needed;
} Probe;

static void
probe_free (gpointer data)
{
  Probe *probe = data;

  g_free (probe->folder);
  g_free (probe);
}

static void
probe_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Probe *probe = data;
  gint64 free_space = ferry_folder_free_space (probe->folder);
  gboolean there = g_file_test (probe->folder, G_FILE_TEST_IS_DIR);

  g_task_return_boolean (task, there && (free_space < 0 || (guint64) free_space >= probe->needed));
}

static void
probed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FerryTransfer *transfer = FERRY_TRANSFER (source);
  g_autoptr (FerryEngine) self = FERRY_ENGINE (user_data);
  gboolean ready = g_task_propagate_boolean (G_TASK (result), NULL);

  if (ready)
    wake (self, transfer);
  else
    transfer->wait_until = g_get_monotonic_time () + DISK_PROBE_SECONDS * G_USEC_PER_SEC;
  ferry_engine_reconcile (self);
}

static void
probe_disk (FerryEngine *self, FerryTransfer *transfer)
{
  const FerryProgress *progress = transfer->record->progress;
  g_autoptr (GTask) task = NULL;
  Probe *probe = g_new0 (Probe, 1);

  probe->folder = g_strdup (transfer->record->spec->folder);
  if (transfer->wait == FERRY_VERDICT_WAIT_SPACE)
    probe->needed
        = progress->size > 0 ? (guint64) progress->size - progress->confirmed : 16 * 1024 * 1024;
  transfer->wait_until = 0;
  task = g_task_new (transfer, NULL, probed_cb, g_object_ref (self));
  g_task_set_task_data (task, probe, probe_free);
  g_task_run_in_thread (task, probe_thread);
}

static gboolean
alarm_cb (gpointer data)
{
  FerryEngine *self = FERRY_ENGINE (data);
  gint64 now = g_get_monotonic_time ();

  self->alarm = 0;
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (!transfer->facts.waiting || transfer->wait_until == 0 || transfer->wait_until > now)
        continue;
      if (transfer->wait == FERRY_VERDICT_WAIT_SPACE || transfer->wait == FERRY_VERDICT_WAIT_FOLDER)
        probe_disk (self, transfer);
      else
        wake (self, transfer);
    }
  ferry_engine_reconcile (self);
  return G_SOURCE_REMOVE;
}

static void
network_changed_cb (GNetworkMonitor *monitor, gboolean available, FerryEngine *self)
{
  if (!available)
    return;
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (transfer->facts.waiting
          && (transfer->wait == FERRY_VERDICT_WAIT_NETWORK
              || transfer->record->error_code == FERRY_ERROR_NETWORK))
        wake (self, transfer);
    }
  ferry_engine_reconcile (self);
}

/* ---- what moves ---- */

static void
look_at (FerryEngine *self, FerryTransfer *transfer)
{
  if (transfer->job != NULL)
    {
      FerryProgress *progress = ferry_job_take_progress (transfer->job, &transfer->serial);
      if (progress != NULL)
        ferry_transfer_take_progress (transfer, progress);
      take_notes (self, transfer, transfer->job);
    }
  ferry_transfer_refresh (transfer);
}

static gboolean
tick_cb (gpointer data)
{
  FerryEngine *self = FERRY_ENGINE (data);
  guint64 speed = 0;

  self->upload_speed = 0;
  for (guint i = 0; i < self->live->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->live, i);
      look_at (self, transfer);
      speed += transfer->speed;
      if (transfer->record->spec->direction == FERRY_UPLOAD)
        self->upload_speed += transfer->speed;
    }
  ferry_engine_notify_activity (self, speed, self->quiet);
  return G_SOURCE_CONTINUE;
}

static void
set_tick (FerryEngine *self, guint ms)
{
  if (self->tick_ms == ms)
    return;
  g_clear_handle_id (&self->tick, g_source_remove);
  self->tick_ms = ms;
  if (ms != 0)
    self->tick = g_timeout_add (ms, tick_cb, self);
}

static void
set_alarm (FerryEngine *self, gint64 earliest)
{
  gint64 now = g_get_monotonic_time ();

  g_clear_handle_id (&self->alarm, g_source_remove);
  if (earliest != G_MAXINT64)
    self->alarm = g_timeout_add ((guint) (MAX (earliest - now, 0) / 1000 + 1), alarm_cb, self);
}

static gboolean
is_quiet (FerryState state)
{
  return state == FERRY_STATE_PAUSED || state == FERRY_STATE_NEEDS_YOU
         || state == FERRY_STATE_FAILED || state == FERRY_STATE_DONE;
}

static void
walk (FerryEngine *self)
{
  gint64 earliest = G_MAXINT64;
  gboolean quiet = TRUE;

  g_ptr_array_set_size (self->live, 0);
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      gboolean may_run = !self->selective || transfer->selected;
      FerryAction action = ferry_facts_get_action (&transfer->facts);

      if (action == FERRY_ACTION_CANCEL)
        cancel_lane (transfer);
      else if (action == FERRY_ACTION_START && may_run && self->close_task == NULL
               && self->n_lanes < self->max_active)
        start_lane (self, transfer);

      if (transfer->job != NULL || (transfer->facts.waiting && transfer->wait_until != 0))
        g_ptr_array_add (self->live, transfer);
      if (transfer->facts.waiting && transfer->wait_until != 0)
        earliest = MIN (earliest, transfer->wait_until);
      if (may_run && !is_quiet (ferry_facts_get_state (&transfer->facts)))
        quiet = FALSE;
    }
  set_alarm (self, self->close_task == NULL ? earliest : G_MAXINT64);
  set_tick (self, self->n_lanes > 0 ? ACTIVE_TICK_MS : self->live->len > 0 ? WAITING_TICK_MS : 0);
  ferry_engine_notify_activity (self, self->n_lanes > 0 ? self->speed : 0, quiet);
}

void
ferry_engine_reconcile (FerryEngine *self)
{
  g_return_if_fail (FERRY_IS_ENGINE (self));

  /* What a notification sets off may call back here: one walk at a time. */
  self->reconcile_again = TRUE;
  if (self->reconciling || self->store == NULL)
    return;
  self->reconciling = TRUE;
  while (self->reconcile_again)
    {
      self->reconcile_again = FALSE;
      walk (self);
    }
  self->reconciling = FALSE;
}

void
ferry_engine_run_init (FerryEngine *self)
{
  if (self->monitor == NULL)
    self->monitor = g_object_ref (g_network_monitor_get_default ());
  self->network_handler
      = g_signal_connect (self->monitor, "network-changed", G_CALLBACK (network_changed_cb), self);
}

void
ferry_engine_run_dispose (FerryEngine *self)
{
  if (self->network_handler != 0)
    g_clear_signal_handler (&self->network_handler, self->monitor);
  g_clear_handle_id (&self->tick, g_source_remove);
  g_clear_handle_id (&self->alarm, g_source_remove);
  g_clear_handle_id (&self->mending, g_source_remove);
  self->tick_ms = 0;
}
