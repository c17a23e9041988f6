/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-transfer-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

/* A row says in one line how far it is, or what it waits for. */

#define MAX_TIME_LEFT (30 * 24 * 3600)

static char *
join (const char *a, const char *b, const char *c)
{
  const char *const parts[] = { a, b, c };

  return ferry_format_join (parts, G_N_ELEMENTS (parts));
}

static char *
progress (FerryTransfer *self)
{
  if (self->received == 0 && self->size < 0)
    return NULL;
  return ferry_format_progress (self->received, self->size);
}

static int
percent (guint64 done, guint64 all)
{
  return all == 0 ? 0 : (int) ((double) MIN (done, all) * 100.0 / (double) all);
}

/* What left and is not confirmed is no progress yet: it is said apart. */
static char *
under_way (FerryTransfer *self)
{
  guint64 bytes = self->job != NULL ? ferry_job_get_under_way (self->job) : 0;
  g_autofree char *size = NULL;

  if (bytes == 0)
    return NULL;
  size = ferry_format_size (bytes);
  return g_strdup_printf (_ ("%s under way"), size);
}

static char *
describe_receiving (FerryTransfer *self)
{
  g_autofree char *done = progress (self);
  g_autofree char *sent = under_way (self);
  g_autofree char *speed = self->speed > 0 ? ferry_format_speed (self->speed) : NULL;
  g_autofree char *left = NULL;

  if (self->size >= 0 && self->speed > 0 && (guint64) self->size > self->received)
    {
      guint64 seconds = ((guint64) self->size - self->received) / self->speed;
      if (seconds < MAX_TIME_LEFT)
        left = ferry_format_time_left (seconds);
    }

  /* A narrow row ends early: the speed says more than what is under way. */
  const char *const parts[] = { done, speed, sent, left };

  return ferry_format_join (parts, G_N_ELEMENTS (parts));
}

static char *
describe_active (FerryTransfer *self)
{
  FerryStage stage = self->job != NULL ? ferry_job_get_stage (self->job) : FERRY_STAGE_CONNECTING;
  guint64 checked = self->job != NULL ? ferry_job_get_checked (self->job) : 0;
  g_autofree char *done = progress (self);

  switch (stage)
    {
    case FERRY_STAGE_CHECKING:
      return g_strdup_printf (_ ("Checking what is here already: %d %%"),
                              percent (checked, self->received));
    case FERRY_STAGE_RECEIVING:
    case FERRY_STAGE_SENDING:
      return describe_receiving (self);
    case FERRY_STAGE_VERIFYING:
      return g_strdup_printf (_ ("Comparing the checksum: %d %%"),
                              percent (checked, (guint64) MAX (self->size, 0)));
    case FERRY_STAGE_PUBLISHING:
      return g_strdup (_ ("Finishing…"));
    case FERRY_STAGE_CONNECTING:
    default:
      return join (_ ("Connecting…"), done, NULL);
    }
}

static char *
describe_paused (FerryTransfer *self)
{
  g_autofree char *done = progress (self);
  const char *warning = NULL;

  if (self->received > 0 && self->resume == FERRY_RESUME_NO)
    warning = _ ("this server cannot resume: it will start again");
  else if (self->received > 0 && self->resume == FERRY_RESUME_UNKNOWN)
    warning = _ ("this server does not say whether it can resume");
  return join (_ ("Paused"), done, warning);
}

static char *
describe_waiting (FerryTransfer *self)
{
  g_autofree char *when = NULL;
  gint64 now = g_get_monotonic_time ();

  if (self->wait == FERRY_VERDICT_WAIT_NETWORK && self->wait_until == 0)
    return join (_ ("Waiting for the network"), NULL, NULL);
  if (self->wait == FERRY_VERDICT_WAIT_SPACE && self->size > 0)
    {
      g_autofree char *needed = ferry_format_size ((guint64) self->size - self->received);
      /* Translators: a sentence with its full stop, then "1.2 GB" */
      return g_strdup_printf (_ ("%s %s are needed."), self->record->error_message, needed);
    }
  if (self->wait_until <= now || self->wait == FERRY_VERDICT_WAIT_FOLDER)
    return g_strdup (self->record->error_message);

  gint64 real = g_get_real_time () / G_USEC_PER_SEC;
  gint64 seconds = (self->wait_until - now + G_USEC_PER_SEC - 1) / G_USEC_PER_SEC;

  when = ferry_format_until (real + seconds, real);
  /* Translators: a sentence with its full stop, then "in 5 s" or "at 14:02" */
  return g_strdup_printf (_ ("%s Trying again %s."), self->record->error_message, when);
}

static char *
describe_done (FerryTransfer *self)
{
  const char *verified = self->record->progress->verified;
  g_autofree char *size = ferry_format_size ((guint64) MAX (self->size, 0));
  const char *proof = NULL;

  if (g_strcmp0 (verified, "store-sha256") == 0)
    proof = _ ("verified by the store (SHA-256)");
  else if (g_strcmp0 (verified, "store-etag") == 0)
    proof = _ ("verified by ETag and size");
  else if (g_strcmp0 (verified, "none") == 0)
    proof = _ ("not verifiable here");
  else if (self->record->spec->direction == FERRY_UPLOAD)
    proof = _ ("verified: the receiver’s SHA-256 matches");
  else if (g_strcmp0 (verified, "sha256") == 0)
    proof = _ ("verified: the SHA-256 matches");
  else if (g_strcmp0 (verified, "server-sha256") == 0)
    proof = _ ("verified: matches the server’s SHA-256");
  else if (g_strcmp0 (verified, "unknown-size") == 0)
    proof = _ ("the server did not say how big it is");
  return join (size, proof, NULL);
}

static char *
describe (FerryTransfer *self)
{
  g_autofree char *done = progress (self);

  switch (self->shown_state)
    {
    case FERRY_STATE_QUEUED:
      return join (_ ("Waiting for its turn"), done, NULL);
    case FERRY_STATE_ACTIVE:
      return describe_active (self);
    case FERRY_STATE_STOPPING:
      return join (_ ("Pausing…"), done, NULL);
    case FERRY_STATE_PAUSED:
      return describe_paused (self);
    case FERRY_STATE_WAITING:
      return describe_waiting (self);
    case FERRY_STATE_NEEDS_YOU:
    case FERRY_STATE_FAILED:
      return join (self->record->error_message, NULL, NULL);
    case FERRY_STATE_DONE:
      return describe_done (self);
    case FERRY_N_STATES:
    default:
      g_assert_not_reached ();
    }
}

/* What is on its way out says whereto. */
static gboolean
says_whereto (const FerryTransfer *self)
{
  return self->record->spec->direction == FERRY_UPLOAD && self->shown_state != FERRY_STATE_WAITING
         && self->shown_state != FERRY_STATE_NEEDS_YOU && self->shown_state != FERRY_STATE_FAILED;
}

char *
ferry_transfer_describe (FerryTransfer *self)
{
  g_autofree char *text = describe (self);
  g_autofree char *name = NULL;
  g_autofree char *whereto = NULL;

  if (!says_whereto (self))
    return g_steal_pointer (&text);
  name = ferry_transfer_get_whereto (self);
  /* Translators: %s is what the person calls a receiver, or its host */
  whereto = g_strdup_printf (_ ("to %s"), name);
  return join (text, whereto, NULL);
}
