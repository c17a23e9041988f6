/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-format.h"

#include <string.h>

#define NBSP "\302\240"

/* Sizes may hold no-break spaces; they do not matter here. */
#define assert_text(call, expected)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *raw_ = (call);                                                                \
    g_auto (GStrv) parts_ = g_strsplit (raw_, NBSP, -1);                                           \
    g_autofree char *text_ = g_strjoinv (" ", parts_);                                             \
    g_assert_cmpstr (text_, ==, expected);                                                         \
  }                                                                                                \
  G_STMT_END

static void
test_size (void)
{
  assert_text (ferry_format_size (0), "0 bytes");
  assert_text (ferry_format_size (1), "1 byte");
  assert_text (ferry_format_size (999), "999 bytes");
  assert_text (ferry_format_size (1000), "1.0 kB");
  assert_text (ferry_format_size (2400000000), "2.4 GB");
  assert_text (ferry_format_size (G_MAXUINT64), "18.4 EB");
}

static void
test_speed_text (void)
{
  assert_text (ferry_format_speed (0), "0 bytes/s");
  assert_text (ferry_format_speed (41800000), "41.8 MB/s");
}

static void
test_progress (void)
{
  assert_text (ferry_format_progress (2400000000, 3900000000), "2.4 GB of 3.9 GB");
  assert_text (ferry_format_progress (2400000000, -1), "2.4 GB");
  assert_text (ferry_format_progress (0, 0), "0 bytes of 0 bytes");
  assert_text (ferry_format_progress (7, G_MAXINT64), "7 bytes of 9.2 EB");
}

static void
test_time_left (void)
{
  static const struct
  {
    guint64 seconds;
    const char *text;
  } cases[] = {
    { 0, "1 s left" },
    { 1, "1 s left" },
    { 36, "36 s left" },
    { 59, "59 s left" },
    { 60, "1 min left" },
    { 89, "1 min left" },
    { 90, "2 min left" },
    { 180, "3 min left" },
    { 3569, "59 min left" },
    { 3570, "1 h left" },
    { 3600, "1 h left" },
    { 3630, "1 h 1 min left" },
    { 7500, "2 h 5 min left" },
    { 86369, "23 h 59 min left" },
    { 86370, "1 day left" },
    { 86400, "1 day left" },
    { 129599, "1 day left" },
    { 129600, "2 days left" },
    { 3 * 86400, "3 days left" },
    { 99 * 86400, "99 days left" },
    { 100 * 86400, "more than 99 days left" },
    { G_MAXUINT64, "more than 99 days left" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_text (ferry_format_time_left (cases[i].seconds), cases[i].text);
}

static void
test_until (void)
{
  const gint64 now = 1700000000; /* 14 November 2023, 22:13:20 UTC */
  assert_text (ferry_format_until (now, now), "now");
  assert_text (ferry_format_until (now - 5, now), "now");
  assert_text (ferry_format_until (G_MININT64, G_MAXINT64), "now");
  assert_text (ferry_format_until (now + 1, now), "in 1 s");
  assert_text (ferry_format_until (now + 59, now), "in 59 s");
  assert_text (ferry_format_until (now + 60, now), "in 1 min");
  assert_text (ferry_format_until (now + 180, now), "in 3 min");
  assert_text (ferry_format_until (now + 3569, now), "in 59 min");
  assert_text (ferry_format_until (now + 3600, now), "at 23:13");
  assert_text (ferry_format_until (now + 86399, now), "at 22:13");
  assert_text (ferry_format_until (now + 86400, now), "on 15 November 2023 at 22:13");
  assert_text (ferry_format_until (now + 20 * 86400, now), "on 4 December 2023 at 22:13");
  assert_text (ferry_format_until (G_MAXINT64, now), "much later");
  assert_text (ferry_format_until (G_MAXINT64, G_MININT64), "much later");
}

static void
test_join (void)
{
  const char *const parts[] = { "", "a", NULL, "b", "", "c", NULL };
  assert_text (ferry_format_join (parts, G_N_ELEMENTS (parts)), "a · b · c");
  assert_text (ferry_format_join (parts, 2), "a");
  assert_text (ferry_format_join (parts, 1), "");
  assert_text (ferry_format_join (NULL, 0), "");
}

#define MS 1000

static void
test_speed_steady (void)
{
  FerrySpeed speed;
  ferry_speed_reset (&speed, 0, 500);
  g_assert_cmpuint (ferry_speed_update (&speed, 100 * MS, 500), ==, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 750 * MS, 750500), ==, 0);
  for (guint i = 4; i <= 100; i++)
    {
      guint64 value = ferry_speed_update (&speed, i * 250 * MS, 500 + i * 250 * 1000);
      g_assert_cmpuint (value, >=, 999 * 1000);
      g_assert_cmpuint (value, <=, 1001 * 1000);
    }
}

/* After a change of speed most of it shows within three seconds, and nearly all in twenty. */
static void
test_speed_follows (void)
{
  FerrySpeed speed;
  guint64 value = 0;
  ferry_speed_reset (&speed, 0, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 1000 * MS, 1000000), ==, 1000000);
  for (guint i = 1; i <= 30; i++)
    value = ferry_speed_update (&speed, (1000 + i * 100) * MS, 1000000);
  g_assert_cmpuint (value, >, 300000);
  g_assert_cmpuint (value, <, 450000);
  for (guint i = 31; i <= 200; i++)
    value = ferry_speed_update (&speed, (1000 + i * 100) * MS, 1000000);
  g_assert_cmpuint (value, <, 5000);
}

static void
test_speed_resets (void)
{
  FerrySpeed speed;
  ferry_speed_reset (&speed, 0, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 1000 * MS, 1000000), >, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 2000 * MS, 10), ==, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 3000 * MS, 2010), ==, 2000);
  g_assert_cmpuint (ferry_speed_update (&speed, 3000 * MS, 5000), ==, 2000);
  g_assert_cmpuint (ferry_speed_update (&speed, 1000 * MS, 6000), ==, 0);
}

/* Two readings close together are no speed of their own. */
static void
test_speed_burst (void)
{
  FerrySpeed speed;
  ferry_speed_reset (&speed, 0, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 1, 256 * 1024), ==, 0);
  g_assert_cmpuint (ferry_speed_update (&speed, 1000 * MS, 256 * 1024), ==, 256 * 1024);
  guint64 after = ferry_speed_update (&speed, 1000 * MS + 1, 512 * 1024);
  g_assert_cmpuint (after, <, 400 * 1024);
}

int
main (int argc, char **argv)
{
  g_setenv ("TZ", "UTC", TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/format/size", test_size);
  g_test_add_func ("/format/speed", test_speed_text);
  g_test_add_func ("/format/progress", test_progress);
  g_test_add_func ("/format/time-left", test_time_left);
  g_test_add_func ("/format/until", test_until);
  g_test_add_func ("/format/join", test_join);
  g_test_add_func ("/speed/steady", test_speed_steady);
  g_test_add_func ("/speed/follows-a-change", test_speed_follows);
  g_test_add_func ("/speed/starts-over", test_speed_resets);
  g_test_add_func ("/speed/burst", test_speed_burst);
  return g_test_run ();
}
