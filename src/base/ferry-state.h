/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the person wants. Stored: append, never reorder. */
typedef enum
{
  FERRY_WANTED_RUN,
  FERRY_WANTED_PAUSE,
  FERRY_N_WANTED
} FerryWanted;

/* How it ended, so far. Stored: append, never reorder. */
typedef enum
{
  FERRY_OUTCOME_NONE,
  FERRY_OUTCOME_DONE,
  FERRY_OUTCOME_NEEDS_YOU,
  FERRY_OUTCOME_FAILED,
  FERRY_N_OUTCOMES
} FerryOutcome;

/* What the lane does now. Never stored. */
typedef enum
{
  FERRY_LANE_NONE,
  FERRY_LANE_RUNNING,
  FERRY_LANE_CANCELLED, /* told to stop, not ended yet */
  FERRY_N_LANE_STATES
} FerryLaneState;

/**
 * FerryFacts:
 *
 * All that decides a transfer's state. @waiting: a reason to wait holds (a time, the network,
 * space); never stored.
 */
typedef struct
{
  FerryWanted wanted;
  FerryOutcome outcome;
  FerryLaneState lane;
  gboolean waiting;
} FerryFacts;

/* Derived, never stored. */
typedef enum
{
  FERRY_STATE_QUEUED,
  FERRY_STATE_ACTIVE,
  FERRY_STATE_STOPPING,
  FERRY_STATE_PAUSED,
  FERRY_STATE_WAITING,
  FERRY_STATE_NEEDS_YOU,
  FERRY_STATE_FAILED,
  FERRY_STATE_DONE,
  FERRY_N_STATES
} FerryState;

typedef enum
{
  FERRY_EVENT_PAUSE,          /* the person pauses */
  FERRY_EVENT_RESUME,         /* the person resumes, answers or retries */
  FERRY_EVENT_WAKE,           /* the reason to wait is gone */
  FERRY_EVENT_LANE_STARTED,   /* a slot was free */
  FERRY_EVENT_LANE_CANCELLED, /* the lane was told to stop */
  FERRY_EVENT_LANE_DONE,      /* the lane ended: the file is finished */
  FERRY_EVENT_LANE_TRY_LATER, /* the lane ended: try again, later */
  FERRY_EVENT_LANE_ASK,       /* the lane ended: only the person can help */
  FERRY_EVENT_LANE_GAVE_UP,   /* the lane ended: no use in going on */
  FERRY_EVENT_LANE_STOPPED,   /* the lane ended because it was told to */
  FERRY_N_EVENTS
} FerryEvent;

/* What reconcile should do about a transfer. */
typedef enum
{
  FERRY_ACTION_NONE,
  FERRY_ACTION_START, /* as soon as a slot is free */
  FERRY_ACTION_CANCEL /* tell the lane to stop */
} FerryAction;

/**
 * ferry_facts_get_state:
 *
 * The state that @facts amount to. Total: every combination has one. A running lane shows as
 * ACTIVE while the person wants it to run, STOPPING otherwise; a finished outcome wins over pause.
 */
FerryState ferry_facts_get_state (const FerryFacts *facts);

/**
 * ferry_facts_get_action:
 *
 * What should happen: START when QUEUED, CANCEL when a lane runs that the person wants paused.
 */
FerryAction ferry_facts_get_action (const FerryFacts *facts);

/**
 * ferry_facts_apply:
 *
 * @facts after @event. An event that means nothing in this state leaves them as they are (a pause
 * of a finished file; a wake of one that does not wait). Resuming clears NEEDS_YOU and FAILED, not
 * DONE. A lane that finished wins the race against a pause. A lane that reports "try later", "ask" or "gave
 * up" after it was told to stop counts as stopped when the person wants it paused.
 */
FerryFacts ferry_facts_apply (FerryFacts facts, FerryEvent event);

/* Untranslated name for logs and JSON: "queued", "active", "stopping", "paused", "waiting",
 * "needs-you", "failed", "done". */
const char *ferry_state_to_string (FerryState state);

G_END_DECLS
