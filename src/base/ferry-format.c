/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-format.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#define MINUTE_S 60
#define HOUR_S (60 * MINUTE_S)
#define DAY_S (24 * HOUR_S)
#define MOST_DAYS 99

/* What a server had ready in its buffers comes at once: less time than this says nothing of the speed. */
#define FIRST_SPEED_US G_USEC_PER_SEC
#define SPEED_MEAN_US (3 * G_USEC_PER_SEC)

char *
ferry_format_size (guint64 bytes)
{
  return g_format_size (bytes);
}

char *
ferry_format_speed (guint64 bytes_per_second)
{
  g_autofree char *size = g_format_size (bytes_per_second);
  /* Translators: a speed, "41.8 MB/s": %s is a size. */
  return g_strdup_printf (_ ("%s/s"), size);
}

/* @n / @unit, to the nearest. */
static guint64
divide (guint64 n, guint64 unit)
{
  return n / unit + (n % unit >= (unit + 1) / 2 ? 1 : 0);
}

char *
ferry_format_time_left (guint64 seconds)
{
  guint64 minutes = divide (seconds, MINUTE_S);
  if (seconds < MINUTE_S)
    /* Translators: seconds until a file is there. */
    return g_strdup_printf (_ ("%u s left"), (guint) MAX (seconds, 1));
  if (minutes < 60)
    /* Translators: minutes until a file is there. */
    return g_strdup_printf (_ ("%u min left"), (guint) minutes);
  if (minutes < 24 * 60 && minutes % 60 == 0)
    /* Translators: hours until a file is there. */
    return g_strdup_printf (_ ("%u h left"), (guint) (minutes / 60));
  if (minutes < 24 * 60)
    /* Translators: hours and minutes until a file is there. */
    return g_strdup_printf (_ ("%u h %u min left"), (guint) (minutes / 60), (guint) (minutes % 60));
  guint64 days = divide (seconds, DAY_S);
  if (days > MOST_DAYS)
    return g_strdup_printf (ngettext ("more than %u day left", "more than %u days left", MOST_DAYS),
                            MOST_DAYS);
  return g_strdup_printf (ngettext ("%u day left", "%u days left", (gulong) days), (guint) days);
}

char *
ferry_format_progress (guint64 done, gint64 size)
{
  g_autofree char *done_text = g_format_size (done);
  if (size < 0)
    return g_steal_pointer (&done_text);
  g_autofree char *size_text = g_format_size ((guint64) size);
  /* Translators: how much is there of how much: "2.4 GB of 3.9 GB". */
  return g_strdup_printf (_ ("%s of %s"), done_text, size_text);
}

char *
ferry_format_until (gint64 until, gint64 now)
{
  if (until <= now)
    return g_strdup (_ ("now"));
  guint64 seconds = (guint64) until - (guint64) now;
  if (seconds < MINUTE_S)
    /* Translators: when something is tried again: seconds. */
    return g_strdup_printf (_ ("in %u s"), (guint) seconds);
  if (divide (seconds, MINUTE_S) < 60)
    /* Translators: when something is tried again: minutes. */
    return g_strdup_printf (_ ("in %u min"), (guint) divide (seconds, MINUTE_S));
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (until);
  g_autofree char *text = NULL;
  if (time != NULL && seconds < DAY_S)
    /* Translators: a time of day today or early tomorrow, as of strftime. */
    text = g_date_time_format (time, _ ("at %H:%M"));
  else if (time != NULL)
    /* Translators: a time on another day, as of strftime. */
    text = g_date_time_format (time, _ ("on %-e %B %Y at %H:%M"));
  return text != NULL ? g_steal_pointer (&text) : g_strdup (_ ("much later"));
}

char *
ferry_format_join (const char *const *parts, gsize n)
{
  g_return_val_if_fail (parts != NULL || n == 0, NULL);
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < n; i++)
    {
      if (parts[i] == NULL || *parts[i] == '\0')
        continue;
      if (text->len > 0)
        g_string_append (text, " · ");
      g_string_append (text, parts[i]);
    }
  return g_string_free (text, FALSE);
}

void
ferry_speed_reset (FerrySpeed *self, gint64 now, guint64 bytes)
{
  g_return_if_fail (self != NULL);
  self->last_time = now;
  self->last_bytes = bytes;
  self->speed = -1;
}

guint64
ferry_speed_update (FerrySpeed *self, gint64 now, guint64 bytes)
{
  g_return_val_if_fail (self != NULL, 0);
  if (bytes < self->last_bytes || now < self->last_time)
    ferry_speed_reset (self, now, bytes);
  gint64 elapsed = now - self->last_time;
  if (elapsed <= 0 || (self->speed < 0 && elapsed < FIRST_SPEED_US))
    return self->speed < 0 ? 0 : (guint64) (self->speed + 0.5);

  double speed = (double) (bytes - self->last_bytes) * G_USEC_PER_SEC / (double) elapsed;
  /* The weight grows with the time that passed, so that it does not matter how often this is called. */
  double weight = (double) elapsed / (double) (elapsed + SPEED_MEAN_US);
  self->speed = self->speed < 0 ? speed : self->speed + weight * (speed - self->speed);
  self->last_time = now;
  self->last_bytes = bytes;
  return (guint64) (self->speed + 0.5);
}
