/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP-date (RFC 9110 section 5.6.7) and what is made of it. Names are English whatever the locale, so nothing here asks the
 * C library or GLib for names.
 */
#include "ferry-http-headers.h"

#include <string.h>

#define DAY_S ((gint64) 24 * 60 * 60)

static const char *const day_names[] = {
  "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};
static const char month_names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

typedef struct
{
  int year;
  int month; /* 1 to 12 */
  int day;
  int hour;
  int minute;
  int second;
} Fields;

static gboolean
is_leap_year (int year)
{
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
days_in_month (int year, int month)
{
  static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
  return month == 2 && is_leap_year (year) ? 29 : days[month - 1];
}

static gboolean
fields_are_valid (const Fields *f)
{
  /* 60 is a leap second; it counts as the second after. */
  return f->month >= 1 && f->month <= 12 && f->day >= 1
         && f->day <= days_in_month (f->year, f->month) && f->hour <= 23 && f->minute <= 59
         && f->second <= 60;
}

/* Seconds since 1970 in the proleptic Gregorian calendar. Years start in March here, so that the leap day is their last. */
static gint64
fields_to_seconds (const Fields *f)
{
  gint64 year = f->month > 2 ? f->year : f->year - 1;
  gint64 month = (f->month + 9) % 12;
  gint64 days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5
                + (f->day - 1) - 719468;
  return days * DAY_S + f->hour * 3600 + f->minute * 60 + f->second;
}

static gboolean
scan_text (const char **p, const char *text)
{
  gsize length = strlen (text);
  if (g_ascii_strncasecmp (*p, text, length) != 0)
    return FALSE;
  *p += length;
  return TRUE;
}

static gboolean
scan_digits (const char **p, int n, int *number)
{
  *number = 0;
  for (int i = 0; i < n; i++, (*p)++)
    {
      if (!g_ascii_isdigit (**p))
        return FALSE;
      *number = *number * 10 + (**p - '0');
    }
  return TRUE;
}

static gboolean
scan_month (const char **p, int *month)
{
  for (int i = 0; i < 12; i++)
    {
      if (g_ascii_strncasecmp (*p, month_names + 3 * i, 3) != 0)
        continue;
      *p += 3;
      *month = i + 1;
      return TRUE;
    }
  return FALSE;
}

/* Whether the name fits the date is not checked: it adds nothing. */
static gboolean
scan_day_name (const char **p, gboolean whole)
{
  for (gsize i = 0; i < G_N_ELEMENTS (day_names); i++)
    {
      gsize length = whole ? strlen (day_names[i]) : 3;
      if (g_ascii_strncasecmp (*p, day_names[i], length) != 0)
        continue;
      *p += length;
      return TRUE;
    }
  return FALSE;
}

static gboolean
scan_time (const char **p, Fields *f)
{
  return scan_digits (p, 2, &f->hour) && scan_text (p, ":") && scan_digits (p, 2, &f->minute)
         && scan_text (p, ":") && scan_digits (p, 2, &f->second);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static gboolean
scan_imf_fixdate (const char **p, Fields *f)
{
  return scan_day_name (p, FALSE) && scan_text (p, ", ") && scan_digits (p, 2, &f->day)
         && scan_text (p, " ") && scan_month (p, &f->month) && scan_text (p, " ")
         && scan_digits (p, 4, &f->year) && scan_text (p, " ") && scan_time (p, f)
         && scan_text (p, " GMT");
}

/* "Sunday, 06-Nov-94 08:49:37 GMT" */
static gboolean
scan_rfc850_date (const char **p, Fields *f)
{
  return scan_day_name (p, TRUE) && scan_text (p, ", ") && scan_digits (p, 2, &f->day)
         && scan_text (p, "-") && scan_month (p, &f->month) && scan_text (p, "-")
         && scan_digits (p, 2, &f->year) && scan_text (p, " ") && scan_time (p, f)
         && scan_text (p, " GMT");
}

/* "Sun Nov  6 08:49:37 1994" */
static gboolean
scan_asctime_date (const char **p, Fields *f)
{
  if (!scan_day_name (p, FALSE) || !scan_text (p, " ") || !scan_month (p, &f->month)
      || !scan_text (p, " "))
    return FALSE;
  int width = **p == ' ' ? 1 : 2;
  *p += width == 1 ? 1 : 0;
  return scan_digits (p, width, &f->day) && scan_text (p, " ") && scan_time (p, f)
         && scan_text (p, " ") && scan_digits (p, 4, &f->year);
}

/* The latest year with these last two digits that does not put the date more than 50 years after @now. */
static void
complete_year (Fields *f, gint64 now)
{
  g_autoptr (GDateTime) today = g_date_time_new_from_unix_utc (now);
  Fields limit = {
    .year = g_date_time_get_year (today) + 50,
    .month = g_date_time_get_month (today),
    .day = g_date_time_get_day_of_month (today),
    .hour = g_date_time_get_hour (today),
    .minute = g_date_time_get_minute (today),
    .second = g_date_time_get_second (today),
  };
  f->year += limit.year / 100 * 100;
  if (fields_to_seconds (f) > fields_to_seconds (&limit))
    f->year -= 100;
}

gint64
ferry_http_parse_date (const char *value)
{
  if (value == NULL)
    return -1;
  while (*value == ' ' || *value == '\t')
    value++;
  Fields f = { 0 };
  const char *p = value;
  gboolean found = scan_imf_fixdate (&p, &f);
  if (!found)
    {
      p = value;
      found = scan_rfc850_date (&p, &f);
      if (found && f.month >= 1)
        complete_year (&f, g_get_real_time () / G_USEC_PER_SEC);
    }
  if (!found)
    {
      p = value;
      found = scan_asctime_date (&p, &f);
    }
  while (*p == ' ' || *p == '\t')
    p++;
  if (!found || *p != '\0' || !fields_are_valid (&f))
    return -1;
  return MAX (fields_to_seconds (&f), -1);
}

char *
ferry_http_format_date (gint64 seconds)
{
  const gint64 last = G_GINT64_CONSTANT (253402300799); /* the end of the year 9999 */
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (CLAMP (seconds, 0, last));
  return g_strdup_printf (
      "%.3s, %02d %.3s %04d %02d:%02d:%02d GMT", day_names[g_date_time_get_day_of_week (date) - 1],
      g_date_time_get_day_of_month (date), month_names + 3 * (g_date_time_get_month (date) - 1),
      g_date_time_get_year (date), g_date_time_get_hour (date), g_date_time_get_minute (date),
      g_date_time_get_second (date));
}

gboolean
ferry_http_last_modified_is_strong (const char *last_modified, const char *date)
{
  gint64 modified = ferry_http_parse_date (last_modified);
  gint64 sent = ferry_http_parse_date (date);
  return modified >= 0 && sent > modified;
}

gint64
ferry_http_parse_retry_after (const char *value, gint64 now)
{
  if (value == NULL)
    return -1;
  while (*value == ' ' || *value == '\t')
    value++;
  gsize digits = strspn (value, "0123456789");
  if (digits > 0 && value[digits + strspn (value + digits, " \t")] == '\0')
    return (gint64) MIN (g_ascii_strtoull (value, NULL, 10), (guint64) G_MAXINT64);
  gint64 date = ferry_http_parse_date (value);
  if (date < 0)
    return -1;
  return date > now ? date - now : 0;
}
