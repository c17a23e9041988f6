/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-lane.h"

#include "ferry-error.h"

typedef struct
{
  FerryJob *job;
  const FerryProtocol *protocol;
  GMainContext *home;
  FerryLaneFunc done;
  gpointer user_data;
  gboolean finished;
} Lane;

static void
lane_free (Lane *self)
{
  ferry_job_unref (self->job);
  g_main_context_unref (self->home);
  g_free (self);
}

static gboolean
lane_ended_cb (gpointer data)
{
  Lane *self = data;

  self->done (self->job, self->finished, self->user_data);
  return G_SOURCE_REMOVE;
}

static gpointer
lane_thread (gpointer data)
{
  Lane *self = data;
  g_autoptr (GMainContext) home = g_main_context_ref (self->home);
  g_autoptr (GSource) ended = g_idle_source_new ();
  g_autoptr (GError) error = NULL;

  self->finished = self->protocol->run (self->job, self->job->cancellable, &error);
  g_assert (self->finished == (error == NULL));
  self->job->error = g_steal_pointer (&error);
  /* Not g_main_context_invoke (): it would run here when nobody runs the context at this moment. */
  g_source_set_priority (ended, G_PRIORITY_DEFAULT);
  g_source_set_callback (ended, lane_ended_cb, self, (GDestroyNotify) lane_free);
  g_source_attach (ended, home);
  return NULL;
}

void
ferry_lane_start (FerryJob *job,
                  const FerryProtocol *protocol,
                  FerryLaneFunc done,
                  gpointer user_data)
{
  Lane *self = g_new0 (Lane, 1);

  self->job = ferry_job_ref (job);
  self->protocol = protocol;
  self->home = g_main_context_ref_thread_default ();
  self->done = done;
  self->user_data = user_data;
  g_thread_unref (g_thread_new ("ferry-lane", lane_thread, self));
}
