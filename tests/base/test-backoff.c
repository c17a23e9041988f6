/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-backoff.h"

#include <math.h>

static void
test_doubles_up_to_the_last (void)
{
  static const guint64 full[]
      = { 1000, 2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000 };
  const double almost_one = 1 - 1e-12;
  for (guint i = 0; i < G_N_ELEMENTS (full); i++)
    {
      g_assert_cmpuint (ferry_backoff_delay_ms (i + 1, -1, 0), ==, full[i] / 2);
      g_assert_cmpuint (ferry_backoff_delay_ms (i + 1, -1, 0.5), ==, full[i] * 3 / 4);
      g_assert_cmpuint (ferry_backoff_delay_ms (i + 1, -1, almost_one), <=, full[i]);
      g_assert_cmpuint (ferry_backoff_delay_ms (i + 1, -1, almost_one), >=, full[i] - 1);
    }
  g_assert_cmpuint (ferry_backoff_delay_ms (G_MAXUINT, -1, 0), ==, FERRY_BACKOFF_LAST_MS / 2);
}

static void
test_odd_arguments (void)
{
  g_assert_cmpuint (ferry_backoff_delay_ms (0, -1, 0), ==, 500);
  g_assert_cmpuint (ferry_backoff_delay_ms (1, -1, -3), ==, 500);
  g_assert_cmpuint (ferry_backoff_delay_ms (1, -1, 7), ==, 1000);
  g_assert_cmpuint (ferry_backoff_delay_ms (1, -1, NAN), ==, 500);
  g_assert_cmpuint (ferry_backoff_delay_ms (1, G_MININT64, 0), ==, 500);
}

static void
test_retry_after_wins (void)
{
  const guint64 day = 24 * 60 * 60 * 1000;
  for (guint attempt = 0; attempt < 40; attempt++)
    {
      g_assert_cmpuint (ferry_backoff_delay_ms (attempt, 2, 0.9), ==, 2000);
      g_assert_cmpuint (ferry_backoff_delay_ms (attempt, 3600, 0), ==, 3600 * 1000);
      g_assert_cmpuint (ferry_backoff_delay_ms (attempt, 24 * 60 * 60, 0), ==, day);
      g_assert_cmpuint (ferry_backoff_delay_ms (attempt, 24 * 60 * 60 + 1, 0), ==, day);
      g_assert_cmpuint (ferry_backoff_delay_ms (attempt, G_MAXINT64, 0), ==, day);
    }
}

static void
test_zero_is_no_busy_loop (void)
{
  g_assert_cmpuint (ferry_backoff_delay_ms (1, 0, 0), ==, FERRY_BACKOFF_FIRST_MS);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/backoff/doubles-up-to-the-last", test_doubles_up_to_the_last);
  g_test_add_func ("/backoff/odd-arguments", test_odd_arguments);
  g_test_add_func ("/backoff/retry-after-wins", test_retry_after_wins);
  g_test_add_func ("/backoff/zero-is-no-busy-loop", test_zero_is_no_busy_loop);
  return g_test_run ();
}
