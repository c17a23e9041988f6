/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-backoff.h"

#define ONE_DAY_S (24 * 60 * 60)

guint64
ferry_backoff_delay_ms (guint attempt, gint64 retry_after, double random)
{
  /* A server that says "0" must not be asked in a busy loop. */
  if (retry_after >= 0)
    return MAX ((guint64) MIN (retry_after, ONE_DAY_S) * 1000, FERRY_BACKOFF_FIRST_MS);

  guint64 delay = FERRY_BACKOFF_FIRST_MS;
  for (guint i = 1; i < attempt && delay < FERRY_BACKOFF_LAST_MS; i++)
    delay *= 2;
  delay = MIN (delay, FERRY_BACKOFF_LAST_MS);

  /* Written so that NaN counts as 0. */
  double jitter = random > 0 ? MIN (random, 1) : 0;
  return delay / 2 + (guint64) (jitter * (double) (delay - delay / 2));
}
