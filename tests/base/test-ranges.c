/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-ranges.h"

#include <string.h>

#define UNIVERSE 64

static char *
to_text (const FerryRanges *ranges)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < ferry_ranges_get_n (ranges); i++)
    {
      FerryRange range = ferry_ranges_get (ranges, i);
      g_string_append_printf (text, "[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT ")", range.start,
                              range.end);
    }
  return g_string_free (text, FALSE);
}

#define assert_ranges(ranges, expected)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree char *text_ = to_text (ranges);                                                     \
    g_assert_cmpstr (text_, ==, expected);                                                         \
  }                                                                                                \
  G_STMT_END

static void
test_add (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  assert_ranges (ranges, "");
  ferry_ranges_add (ranges, 10, 20);
  ferry_ranges_add (ranges, 30, 40);
  assert_ranges (ranges, "[10,20)[30,40)");
  ferry_ranges_add (ranges, 0, 5);
  assert_ranges (ranges, "[0,5)[10,20)[30,40)");
  ferry_ranges_add (ranges, 20, 30); /* touches both sides */
  assert_ranges (ranges, "[0,5)[10,40)");
  ferry_ranges_add (ranges, 12, 15); /* inside */
  assert_ranges (ranges, "[0,5)[10,40)");
  ferry_ranges_add (ranges, 50, 60);
  ferry_ranges_add (ranges, 3, 55); /* over several */
  assert_ranges (ranges, "[0,60)");
}

static void
test_nothing_is_no_range (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  ferry_ranges_add (ranges, 7, 7);
  ferry_ranges_add (ranges, 9, 3);
  assert_ranges (ranges, "");
  ferry_ranges_add (ranges, 0, 10);
  ferry_ranges_remove (ranges, 5, 5);
  ferry_ranges_remove (ranges, 8, 2);
  assert_ranges (ranges, "[0,10)");
  g_assert_true (ferry_ranges_contain (ranges, 70, 70));
  g_assert_true (ferry_ranges_contain (ranges, 70, 60));
}

static void
test_remove (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  ferry_ranges_remove (ranges, 0, 100);
  ferry_ranges_add (ranges, 0, 100);
  ferry_ranges_remove (ranges, 40, 60);
  assert_ranges (ranges, "[0,40)[60,100)");
  ferry_ranges_remove (ranges, 40, 60); /* a gap */
  assert_ranges (ranges, "[0,40)[60,100)");
  ferry_ranges_remove (ranges, 30, 70);
  assert_ranges (ranges, "[0,30)[70,100)");
  ferry_ranges_remove (ranges, 0, 1);
  ferry_ranges_remove (ranges, 99, 200);
  assert_ranges (ranges, "[1,30)[70,99)");
  ferry_ranges_remove (ranges, 0, 1000);
  assert_ranges (ranges, "");
}

static void
test_largest (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  ferry_ranges_add (ranges, 0, G_MAXUINT64);
  g_assert_cmpuint (ferry_ranges_get_total (ranges), ==, G_MAXUINT64);
  ferry_ranges_remove (ranges, 1, G_MAXUINT64 - 1);
  g_assert_cmpuint (ferry_ranges_get_n (ranges), ==, 2);
  g_assert_true (ferry_ranges_contain (ranges, G_MAXUINT64 - 1, G_MAXUINT64));
}

static void
test_copy_and_clear (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  ferry_ranges_add (ranges, 1, 2);
  g_autoptr (FerryRanges) copy = ferry_ranges_copy (ranges);
  ferry_ranges_clear (ranges);
  ferry_ranges_add (ranges, 8, 9);
  assert_ranges (ranges, "[8,9)");
  assert_ranges (copy, "[1,2)");
}

static void
test_run_before (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 10), ==, 0);
  ferry_ranges_add (ranges, 10, 20);
  ferry_ranges_add (ranges, 30, 40);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 0), ==, 0);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 10), ==, 0);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 15), ==, 5);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 20), ==, 10);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 21), ==, 0);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 40), ==, 10);
  g_assert_cmpuint (ferry_ranges_run_before (ranges, 41), ==, 0);
}

static void
assert_missing (const FerryRanges *ranges, guint64 limit, guint64 start, guint64 end)
{
  FerryRange missing = { 0, 0 };
  g_assert_true (ferry_ranges_first_missing (ranges, limit, &missing));
  g_assert_cmpuint (missing.start, ==, start);
  g_assert_cmpuint (missing.end, ==, end);
}

static void
test_first_missing (void)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  FerryRange missing = { 0, 0 };
  g_assert_false (ferry_ranges_first_missing (ranges, 0, &missing));
  assert_missing (ranges, 100, 0, 100);
  ferry_ranges_add (ranges, 20, 30);
  assert_missing (ranges, 100, 0, 20);
  assert_missing (ranges, 10, 0, 10);
  ferry_ranges_add (ranges, 0, 10);
  assert_missing (ranges, 100, 10, 20);
  assert_missing (ranges, 15, 10, 15);
  g_assert_false (ferry_ranges_first_missing (ranges, 10, &missing));
  ferry_ranges_add (ranges, 0, 30);
  assert_missing (ranges, 100, 30, 100);
  g_assert_false (ferry_ranges_first_missing (ranges, 30, &missing));
}

static void
compare_with_bytes (const FerryRanges *ranges, const gboolean *bytes)
{
  guint64 total = 0;
  guint64 run = 0;
  guint64 first_missing = UNIVERSE;
  for (guint64 i = 0; i < UNIVERSE; i++)
    {
      g_assert_cmpint (ferry_ranges_contain (ranges, i, i + 1), ==, bytes[i]);
      g_assert_cmpuint (ferry_ranges_run_before (ranges, i), ==, run);
      run = bytes[i] ? run + 1 : 0;
      total += bytes[i] ? 1 : 0;
      if (!bytes[i])
        first_missing = MIN (first_missing, i);
    }
  g_assert_cmpuint (ferry_ranges_get_total (ranges), ==, total);
  FerryRange missing = { UNIVERSE, UNIVERSE };
  g_assert_cmpint (ferry_ranges_first_missing (ranges, UNIVERSE, &missing), ==, total < UNIVERSE);
  g_assert_cmpuint (missing.start, ==, first_missing);
  for (gsize i = 0; i < ferry_ranges_get_n (ranges); i++)
    {
      FerryRange range = ferry_ranges_get (ranges, i);
      g_assert_cmpuint (range.start, <, range.end);
      if (i > 0)
        g_assert_cmpuint (ferry_ranges_get (ranges, i - 1).end, <, range.start);
    }
}

/* Against the simplest set there is: one flag a byte. */
static void
test_like_a_set_of_bytes (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (20240229);
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  gboolean bytes[UNIVERSE] = { FALSE };
  for (guint step = 0; step < 5000; step++)
    {
      guint start = (guint) g_rand_int_range (random, 0, UNIVERSE);
      guint length = (guint) g_rand_int_range (random, 0, 12);
      guint end = MIN (start + length, UNIVERSE);
      gboolean add = g_rand_boolean (random);
      for (guint i = start; i < end; i++)
        bytes[i] = add;
      if (add)
        ferry_ranges_add (ranges, start, end);
      else
        ferry_ranges_remove (ranges, start, end);
      compare_with_bytes (ranges, bytes);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ranges/add", test_add);
  g_test_add_func ("/ranges/nothing-is-no-range", test_nothing_is_no_range);
  g_test_add_func ("/ranges/remove", test_remove);
  g_test_add_func ("/ranges/largest", test_largest);
  g_test_add_func ("/ranges/copy-and-clear", test_copy_and_clear);
  g_test_add_func ("/ranges/run-before", test_run_before);
  g_test_add_func ("/ranges/first-missing", test_first_missing);
  g_test_add_func ("/ranges/like-a-set-of-bytes", test_like_a_set_of_bytes);
  return g_test_run ();
}
