/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-error.h"
#include "ferry-format.h"
#include "ferry-job.h"
#include "ferry-transfer.h"

G_BEGIN_DECLS

/* The engine's side of a transfer. Main thread only. */
struct _FerryTransfer
{
  GObject parent_instance;

  FerryRecord *record;
  FerryFacts facts;

  /* while a lane works */
  FerryJob *job;
  guint serial;
  FerrySpeed meter;

  /* why and until when it waits */
  FerryVerdict wait;
  gint64 wait_until;   /* microseconds of g_get_monotonic_time (), 0: no timer */
  guint attempts;      /* failures in a row without one confirmed byte */
  guint n_broken;      /* as FerryJob.n_broken */
  guint tokens_serial; /* the engine's when the lane was started */

  gboolean selected;
  gboolean start_over;
  gboolean accept_web_page;
  gboolean forget; /* for good, as soon as no lane holds it */

  /* as shown */
  FerryState shown_state;
  char *name;
  char *caption;
  gint64 size;
  guint64 received;
  guint64 speed;
  double fraction;
  FerryResume resume;
};

/* (transfer full). Takes @record. */
FerryTransfer *ferry_transfer_new (FerryRecord *record);

/* Brings all that is shown up to date with record, facts and job; notifies what changed. */
void ferry_transfer_refresh (FerryTransfer *self);

/* Takes over what the lane found out. Takes @progress. */
void ferry_transfer_take_progress (FerryTransfer *self, FerryProgress *progress);

/* The caption's words. (transfer full) */
char *ferry_transfer_describe (FerryTransfer *self);

G_END_DECLS
