/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The state table.
 *
 * What is stored (wanted, outcome) and what is only so in this moment (lane, waiting) are facts; the state and the
 * action are derived from them, so they can never disagree. Events change facts and nothing else does, so that
 * the test can walk every combination.
 *
 * A paused or ended transfer waits for nothing: "waiting" holds only while the person wants it to run.
 */
#include "ferry-state.h"

FerryState
ferry_facts_get_state (const FerryFacts *facts)
{
  if (facts->outcome == FERRY_OUTCOME_DONE)
    return FERRY_STATE_DONE;
  if (facts->outcome == FERRY_OUTCOME_NEEDS_YOU)
    return FERRY_STATE_NEEDS_YOU;
  if (facts->outcome == FERRY_OUTCOME_FAILED)
    return FERRY_STATE_FAILED;
  if (facts->lane == FERRY_LANE_CANCELLED)
    return FERRY_STATE_STOPPING;
  if (facts->lane == FERRY_LANE_RUNNING)
    return facts->wanted == FERRY_WANTED_RUN ? FERRY_STATE_ACTIVE : FERRY_STATE_STOPPING;
  if (facts->wanted == FERRY_WANTED_PAUSE)
    return FERRY_STATE_PAUSED;
  return facts->waiting ? FERRY_STATE_WAITING : FERRY_STATE_QUEUED;
}

FerryAction
ferry_facts_get_action (const FerryFacts *facts)
{
  if (facts->lane == FERRY_LANE_RUNNING && facts->wanted == FERRY_WANTED_PAUSE)
    return FERRY_ACTION_CANCEL;
  if (ferry_facts_get_state (facts) == FERRY_STATE_QUEUED)
    return FERRY_ACTION_START;
  return FERRY_ACTION_NONE;
}

static FerryFacts
apply_pause (FerryFacts facts)
{
  if (facts.outcome != FERRY_OUTCOME_NONE)
    return facts;
  facts.wanted = FERRY_WANTED_PAUSE;
  facts.waiting = FALSE;
  return facts;
}

static FerryFacts
apply_resume (FerryFacts facts)
{
  if (facts.outcome == FERRY_OUTCOME_DONE)
    return facts;
  facts.wanted = FERRY_WANTED_RUN;
  facts.outcome = FERRY_OUTCOME_NONE;
  facts.waiting = FALSE;
  return facts;
}

static FerryFacts
lane_done (FerryFacts facts)
{
  facts.outcome = FERRY_OUTCOME_DONE;
  facts.lane = FERRY_LANE_NONE;
  facts.waiting = FALSE;
  return facts;
}

/* A lane that ended without the file. */
static FerryFacts
lane_ended (FerryFacts facts, FerryOutcome outcome, gboolean waiting)
{
  gboolean told_to_pause = facts.lane == FERRY_LANE_CANCELLED && facts.wanted == FERRY_WANTED_PAUSE;
  if (facts.lane == FERRY_LANE_NONE)
    return facts;
  facts.lane = FERRY_LANE_NONE;
  facts.waiting = FALSE;
  if (told_to_pause || facts.outcome == FERRY_OUTCOME_DONE)
    return facts;
  if (outcome != FERRY_OUTCOME_NONE)
    facts.outcome = outcome;
  facts.waiting
      = waiting && facts.wanted == FERRY_WANTED_RUN && facts.outcome == FERRY_OUTCOME_NONE;
  return facts;
}

FerryFacts
ferry_facts_apply (FerryFacts facts, FerryEvent event)
{
  switch (event)
    {
    case FERRY_EVENT_PAUSE:
      return apply_pause (facts);
    case FERRY_EVENT_RESUME:
      return apply_resume (facts);
    case FERRY_EVENT_WAKE:
      facts.waiting = FALSE;
      return facts;
    case FERRY_EVENT_LANE_STARTED:
      if (ferry_facts_get_state (&facts) == FERRY_STATE_QUEUED)
        facts.lane = FERRY_LANE_RUNNING;
      return facts;
    case FERRY_EVENT_LANE_CANCELLED:
      if (facts.lane == FERRY_LANE_RUNNING)
        facts.lane = FERRY_LANE_CANCELLED;
      return facts;
    case FERRY_EVENT_LANE_DONE:
      return lane_done (facts);
    case FERRY_EVENT_LANE_TRY_LATER:
      return lane_ended (facts, FERRY_OUTCOME_NONE, TRUE);
    case FERRY_EVENT_LANE_ASK:
      return lane_ended (facts, FERRY_OUTCOME_NEEDS_YOU, FALSE);
    case FERRY_EVENT_LANE_GAVE_UP:
      return lane_ended (facts, FERRY_OUTCOME_FAILED, FALSE);
    case FERRY_EVENT_LANE_STOPPED:
      return lane_ended (facts, FERRY_OUTCOME_NONE, FALSE);
    case FERRY_N_EVENTS:
    default:
      g_return_val_if_reached (facts);
    }
}

const char *
ferry_state_to_string (FerryState state)
{
  static const char *const names[FERRY_N_STATES] = {
    [FERRY_STATE_QUEUED] = "queued",     [FERRY_STATE_ACTIVE] = "active",
    [FERRY_STATE_STOPPING] = "stopping", [FERRY_STATE_PAUSED] = "paused",
    [FERRY_STATE_WAITING] = "waiting",   [FERRY_STATE_NEEDS_YOU] = "needs-you",
    [FERRY_STATE_FAILED] = "failed",     [FERRY_STATE_DONE] = "done",
  };
  g_return_val_if_fail ((guint) state < FERRY_N_STATES, "");
  return names[state];
}
