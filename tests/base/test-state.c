/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-state.h"

#define RUN FERRY_WANTED_RUN
#define PAUSE FERRY_WANTED_PAUSE

static gboolean
facts_equal (FerryFacts a, FerryFacts b)
{
  return a.wanted == b.wanted && a.outcome == b.outcome && a.lane == b.lane
         && !a.waiting == !b.waiting;
}

typedef void (*FactsFunc) (FerryFacts facts);

static void
for_all_facts (FactsFunc func)
{
  guint n = 0;
  for (guint wanted = 0; wanted < FERRY_N_WANTED; wanted++)
    for (guint outcome = 0; outcome < FERRY_N_OUTCOMES; outcome++)
      for (guint lane = 0; lane < FERRY_N_LANE_STATES; lane++)
        for (guint waiting = 0; waiting < 2; waiting++, n++)
          func ((FerryFacts){ wanted, outcome, lane, waiting });
  g_assert_cmpuint (n, ==, 48);
}

/* All 48 combinations, written out: [outcome][wanted][lane][waiting]. */
static const FerryState states[FERRY_N_OUTCOMES][FERRY_N_WANTED][FERRY_N_LANE_STATES][2] = {
  [FERRY_OUTCOME_NONE] = {
    [RUN] = {
      [FERRY_LANE_NONE] = { FERRY_STATE_QUEUED, FERRY_STATE_WAITING },
      [FERRY_LANE_RUNNING] = { FERRY_STATE_ACTIVE, FERRY_STATE_ACTIVE },
      [FERRY_LANE_CANCELLED] = { FERRY_STATE_STOPPING, FERRY_STATE_STOPPING },
    },
    [PAUSE] = {
      [FERRY_LANE_NONE] = { FERRY_STATE_PAUSED, FERRY_STATE_PAUSED },
      [FERRY_LANE_RUNNING] = { FERRY_STATE_STOPPING, FERRY_STATE_STOPPING },
      [FERRY_LANE_CANCELLED] = { FERRY_STATE_STOPPING, FERRY_STATE_STOPPING },
    },
  },
#define ALL(state)                                                                                 \
  {                                                                                                \
    { { state, state }, { state, state }, { state, state } },                                      \
    {                                                                                              \
      { state, state }, { state, state },                                                          \
      {                                                                                            \
        state, state                                                                               \
      }                                                                                            \
    }                                                                                              \
  }
  [FERRY_OUTCOME_DONE] = ALL (FERRY_STATE_DONE),
  [FERRY_OUTCOME_NEEDS_YOU] = ALL (FERRY_STATE_NEEDS_YOU),
  [FERRY_OUTCOME_FAILED] = ALL (FERRY_STATE_FAILED),
#undef ALL
};

static void
check_state (FerryFacts facts)
{
  FerryState expected = states[facts.outcome][facts.wanted][facts.lane][facts.waiting];
  g_assert_cmpstr (ferry_state_to_string (ferry_facts_get_state (&facts)), ==,
                   ferry_state_to_string (expected));
}

static void
test_state (void)
{
  for_all_facts (check_state);
}

static void
check_action (FerryFacts facts)
{
  FerryAction action = ferry_facts_get_action (&facts);
  gboolean queued = ferry_facts_get_state (&facts) == FERRY_STATE_QUEUED;
  gboolean unwanted = facts.lane == FERRY_LANE_RUNNING && facts.wanted == PAUSE;
  g_assert_cmpint (action == FERRY_ACTION_START, ==, queued);
  g_assert_cmpint (action == FERRY_ACTION_CANCEL, ==, unwanted);
  if (!queued && !unwanted)
    g_assert_cmpint (action, ==, FERRY_ACTION_NONE);
}

static void
test_action (void)
{
  for_all_facts (check_action);
}

static gboolean
is_lane_end (FerryEvent event)
{
  return event >= FERRY_EVENT_LANE_DONE && event <= FERRY_EVENT_LANE_STOPPED;
}

/* Holds from any facts, reachable or not. */
static void
check_invariants (FerryFacts before)
{
  for (guint event = 0; event < FERRY_N_EVENTS; event++)
    {
      FerryFacts after = ferry_facts_apply (before, event);

      g_assert_cmpuint (after.wanted, <, FERRY_N_WANTED);
      g_assert_cmpuint (after.outcome, <, FERRY_N_OUTCOMES);
      g_assert_cmpuint (after.lane, <, FERRY_N_LANE_STATES);
      g_assert_true (facts_equal (after, ferry_facts_apply (after, event)));

      if (before.outcome == FERRY_OUTCOME_DONE)
        g_assert_cmpint (after.outcome, ==, FERRY_OUTCOME_DONE);
      if (event == FERRY_EVENT_LANE_DONE)
        g_assert_cmpint (after.outcome, ==, FERRY_OUTCOME_DONE);
      else if (before.outcome != FERRY_OUTCOME_DONE)
        g_assert_cmpint (after.outcome, !=, FERRY_OUTCOME_DONE);
      if (is_lane_end (event))
        g_assert_cmpint (after.lane, ==, FERRY_LANE_NONE);
      else if (event != FERRY_EVENT_LANE_STARTED && event != FERRY_EVENT_LANE_CANCELLED)
        g_assert_cmpint (after.lane, ==, before.lane);

      /* Only the person changes what the person wants. */
      if (event != FERRY_EVENT_PAUSE && event != FERRY_EVENT_RESUME)
        g_assert_cmpint (after.wanted, ==, before.wanted);
      /* Only a lane that failed makes a transfer wait. */
      if (event != FERRY_EVENT_LANE_TRY_LATER)
        g_assert_false (after.waiting && !before.waiting);
      if (event == FERRY_EVENT_WAKE)
        {
          g_assert_false (after.waiting);
          g_assert_cmpint (after.outcome, ==, before.outcome);
        }
    }
}

static void
test_invariants (void)
{
  for_all_facts (check_invariants);
}

/* The transitions a person can bring about; the facts before are the ones that really lead there. */
static const struct
{
  FerryFacts before;
  FerryEvent event;
  FerryFacts after;
  FerryState state;
} transitions[] = {
#define NONE FERRY_OUTCOME_NONE
#define DONE FERRY_OUTCOME_DONE
#define NEEDS_YOU FERRY_OUTCOME_NEEDS_YOU
#define FAILED FERRY_OUTCOME_FAILED
#define IDLE FERRY_LANE_NONE
#define RUNNING FERRY_LANE_RUNNING
#define CANCELLED FERRY_LANE_CANCELLED
#define ROW(w, o, l, t, event, w2, o2, l2, t2, state)                                              \
  {                                                                                                \
    { w, o, l, t }, FERRY_EVENT_##event, { w2, o2, l2, t2 }, FERRY_STATE_##state                   \
  }
  /* queued */
  ROW (RUN, NONE, IDLE, 0, LANE_STARTED, RUN, NONE, RUNNING, 0, ACTIVE),
  ROW (RUN, NONE, IDLE, 0, PAUSE, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (RUN, NONE, IDLE, 0, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, WAKE, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, LANE_CANCELLED, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, LANE_TRY_LATER, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, LANE_ASK, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, LANE_GAVE_UP, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 0, LANE_STOPPED, RUN, NONE, IDLE, 0, QUEUED),
  /* active */
  ROW (RUN, NONE, RUNNING, 0, LANE_DONE, RUN, DONE, IDLE, 0, DONE),
  ROW (RUN, NONE, RUNNING, 0, LANE_TRY_LATER, RUN, NONE, IDLE, 1, WAITING),
  ROW (RUN, NONE, RUNNING, 0, LANE_ASK, RUN, NEEDS_YOU, IDLE, 0, NEEDS_YOU),
  ROW (RUN, NONE, RUNNING, 0, LANE_GAVE_UP, RUN, FAILED, IDLE, 0, FAILED),
  ROW (RUN, NONE, RUNNING, 0, LANE_STOPPED, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, RUNNING, 0, LANE_CANCELLED, RUN, NONE, CANCELLED, 0, STOPPING),
  ROW (RUN, NONE, RUNNING, 0, LANE_STARTED, RUN, NONE, RUNNING, 0, ACTIVE),
  ROW (RUN, NONE, RUNNING, 0, PAUSE, PAUSE, NONE, RUNNING, 0, STOPPING),
  ROW (RUN, NONE, RUNNING, 0, RESUME, RUN, NONE, RUNNING, 0, ACTIVE),
  /* to be paused, the lane not yet told */
  ROW (PAUSE, NONE, RUNNING, 0, LANE_CANCELLED, PAUSE, NONE, CANCELLED, 0, STOPPING),
  ROW (PAUSE, NONE, RUNNING, 0, RESUME, RUN, NONE, RUNNING, 0, ACTIVE),
  ROW (PAUSE, NONE, RUNNING, 0, LANE_DONE, PAUSE, DONE, IDLE, 0, DONE),
  ROW (PAUSE, NONE, RUNNING, 0, LANE_TRY_LATER, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, RUNNING, 0, LANE_ASK, PAUSE, NEEDS_YOU, IDLE, 0, NEEDS_YOU),
  ROW (PAUSE, NONE, RUNNING, 0, LANE_GAVE_UP, PAUSE, FAILED, IDLE, 0, FAILED),
  /* told to stop for a pause: only a finished file wins the race */
  ROW (PAUSE, NONE, CANCELLED, 0, LANE_STOPPED, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, CANCELLED, 0, LANE_DONE, PAUSE, DONE, IDLE, 0, DONE),
  ROW (PAUSE, NONE, CANCELLED, 0, LANE_TRY_LATER, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, CANCELLED, 0, LANE_ASK, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, CANCELLED, 0, LANE_GAVE_UP, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, CANCELLED, 0, RESUME, RUN, NONE, CANCELLED, 0, STOPPING),
  /* resumed before the lane had stopped: runs again, and what the lane says counts */
  ROW (RUN, NONE, CANCELLED, 0, LANE_STOPPED, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, CANCELLED, 0, LANE_DONE, RUN, DONE, IDLE, 0, DONE),
  ROW (RUN, NONE, CANCELLED, 0, LANE_TRY_LATER, RUN, NONE, IDLE, 1, WAITING),
  ROW (RUN, NONE, CANCELLED, 0, LANE_ASK, RUN, NEEDS_YOU, IDLE, 0, NEEDS_YOU),
  ROW (RUN, NONE, CANCELLED, 0, LANE_GAVE_UP, RUN, FAILED, IDLE, 0, FAILED),
  ROW (RUN, NONE, CANCELLED, 0, PAUSE, PAUSE, NONE, CANCELLED, 0, STOPPING),
  /* paused */
  ROW (PAUSE, NONE, IDLE, 0, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (PAUSE, NONE, IDLE, 0, LANE_STARTED, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (PAUSE, NONE, IDLE, 0, WAKE, PAUSE, NONE, IDLE, 0, PAUSED),
  /* waiting */
  ROW (RUN, NONE, IDLE, 1, WAKE, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 1, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NONE, IDLE, 1, PAUSE, PAUSE, NONE, IDLE, 0, PAUSED),
  ROW (RUN, NONE, IDLE, 1, LANE_STARTED, RUN, NONE, IDLE, 1, WAITING),
  /* needs you, failed: only the person leads out */
  ROW (RUN, NEEDS_YOU, IDLE, 0, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, NEEDS_YOU, IDLE, 0, PAUSE, RUN, NEEDS_YOU, IDLE, 0, NEEDS_YOU),
  ROW (RUN, NEEDS_YOU, IDLE, 0, LANE_STARTED, RUN, NEEDS_YOU, IDLE, 0, NEEDS_YOU),
  ROW (PAUSE, NEEDS_YOU, IDLE, 0, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, FAILED, IDLE, 0, RESUME, RUN, NONE, IDLE, 0, QUEUED),
  ROW (RUN, FAILED, IDLE, 0, PAUSE, RUN, FAILED, IDLE, 0, FAILED),
  ROW (RUN, FAILED, IDLE, 0, WAKE, RUN, FAILED, IDLE, 0, FAILED),
  /* done: for good */
  ROW (RUN, DONE, IDLE, 0, PAUSE, RUN, DONE, IDLE, 0, DONE),
  ROW (PAUSE, DONE, IDLE, 0, RESUME, PAUSE, DONE, IDLE, 0, DONE),
  ROW (RUN, DONE, IDLE, 0, LANE_STARTED, RUN, DONE, IDLE, 0, DONE),
  ROW (RUN, DONE, IDLE, 0, LANE_GAVE_UP, RUN, DONE, IDLE, 0, DONE),
  ROW (RUN, DONE, IDLE, 0, WAKE, RUN, DONE, IDLE, 0, DONE),
#undef ROW
};

static void
test_transitions (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (transitions); i++)
    {
      FerryFacts after = ferry_facts_apply (transitions[i].before, transitions[i].event);
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_true (facts_equal (after, transitions[i].after));
      g_assert_cmpint (ferry_facts_get_state (&after), ==, transitions[i].state);
    }
}

/* Whatever happened, following the actions and ending the lanes brings rest: nothing flaps. */
static void
check_settles (FerryFacts facts)
{
  for (guint step = 0; step < 4; step++)
    {
      FerryAction action = ferry_facts_get_action (&facts);
      if (action == FERRY_ACTION_START)
        facts = ferry_facts_apply (facts, FERRY_EVENT_LANE_STARTED);
      else if (action == FERRY_ACTION_CANCEL)
        facts = ferry_facts_apply (facts, FERRY_EVENT_LANE_CANCELLED);
      else if (facts.lane == FERRY_LANE_CANCELLED)
        facts = ferry_facts_apply (facts, FERRY_EVENT_LANE_STOPPED);
    }
  g_assert_cmpint (ferry_facts_get_action (&facts), ==, FERRY_ACTION_NONE);
  g_assert_cmpint (facts.lane, !=, FERRY_LANE_CANCELLED);
}

static void
test_settles (void)
{
  for_all_facts (check_settles);
}

static void
test_names (void)
{
  static const char *const names[]
      = { "queued", "active", "stopping", "paused", "waiting", "needs-you", "failed", "done" };
  g_assert_cmpuint (G_N_ELEMENTS (names), ==, FERRY_N_STATES);
  for (guint i = 0; i < FERRY_N_STATES; i++)
    g_assert_cmpstr (ferry_state_to_string (i), ==, names[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/state/every-combination-has-its-state", test_state);
  g_test_add_func ("/state/every-combination-has-its-action", test_action);
  g_test_add_func ("/state/invariants-of-every-event", test_invariants);
  g_test_add_func ("/state/transitions", test_transitions);
  g_test_add_func ("/state/settles", test_settles);
  g_test_add_func ("/state/names", test_names);
  return g_test_run ();
}
