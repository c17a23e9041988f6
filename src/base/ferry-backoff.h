/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define FERRY_BACKOFF_FIRST_MS 1000
#define FERRY_BACKOFF_LAST_MS (5 * 60 * 1000)

/**
 * ferry_backoff_delay_ms:
 * @attempt: how many times in a row it failed without one confirmed byte, from 1
 * @retry_after: seconds the server asked for (RFC 9110 section 10.2.3), or -1
 * @random: in [0, 1), the jitter
 *
 * Milliseconds to wait before the next try: FERRY_BACKOFF_FIRST_MS doubled for each failure up to
 * FERRY_BACKOFF_LAST_MS, then between half and all of that by @random. @retry_after wins when it is
 * there, capped at one day, and is at least FERRY_BACKOFF_FIRST_MS; never sooner than it says. Pure.
 */
guint64 ferry_backoff_delay_ms (guint attempt, gint64 retry_after, double random);

G_END_DECLS
