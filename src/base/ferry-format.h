/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text formats for people: translated, in the locale's digits where printf gives them. Thread-safe. */

/* "2.4 GB" (powers of 1000, as GNOME Files). (transfer full) */
char *ferry_format_size (guint64 bytes);

/* "41.8 MB/s". (transfer full) */
char *ferry_format_speed (guint64 bytes_per_second);

/* "36 s left", "3 min left", "2 h 5 min left", "3 days left", "more than 99 days left". (transfer full) */
char *ferry_format_time_left (guint64 seconds);

/* "2.4 GB of 3.9 GB", or "2.4 GB" when @size is -1. (transfer full) */
char *ferry_format_progress (guint64 done, gint64 size);

/* "now", "in 5 s", "in 3 min", "at 14:02", "on 3 May 2031 at 14:02". @until and @now in seconds since 1970. (transfer
 * full) */
char *ferry_format_until (gint64 until, gint64 now);

/**
 * ferry_format_join:
 * @parts: (array length=n): parts; NULL and "" ones are left out
 * @n: how many
 *
 * Parts with " · " between them, as a row's caption.
 *
 * Returns: (transfer full): "" when nothing is left
 */
char *ferry_format_join (const char *const *parts, gsize n);

/* Microseconds of g_get_monotonic_time () and a byte counter to a smoothed speed. */
typedef struct
{
  gint64 last_time;
  guint64 last_bytes;
  double speed; /* bytes per second; -1 before the first */
} FerrySpeed;

void ferry_speed_reset (FerrySpeed *self, gint64 now, guint64 bytes);

/* An exponential mean over about three seconds. @bytes may not decrease (if it does, it counts as a reset). */
guint64 ferry_speed_update (FerrySpeed *self, gint64 now, guint64 bytes);

G_END_DECLS
