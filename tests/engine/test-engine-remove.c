/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Taken out of the list, brought back, forgotten for good, started again: whose bytes stay and whose go. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#define SIZE (1024 * 1024)
#define HELD (512 * 1024)

static guint
count_items (FerryTestBed *bed)
{
  return g_list_model_get_n_items (G_LIST_MODEL (bed->engine));
}

/* Numbered from 1, each stalling at its beginning. */
static void
add_stalling (FerryTestBed *bed, guint n)
{
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%u.bin?size=1000&seed=%u&stall=500", i, i);

      ferry_test_bed_add (bed, target);
    }
}

static void
test_remove_and_restore (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerryTransfer) middle = NULL;

  add_stalling (bed, 3);
  ferry_test_bed_wait_stalled (bed, 3);
  middle = g_object_ref (ferry_test_bed_get (bed, 1));
  ferry_engine_remove (bed->engine, middle);
  g_assert_cmpuint (count_items (bed), ==, 2);
  ferry_test_bed_wait_stalled (bed, 2);
  ferry_engine_restore (bed->engine, middle);
  g_assert_cmpuint (count_items (bed), ==, 3);
  g_assert_true (ferry_test_bed_get (bed, 1) == middle);
  /* Wanted as it was: it runs on. */
  g_assert_cmpint (ferry_transfer_get_wanted (middle), ==, FERRY_WANTED_RUN);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (ferry_test_bed_settle_released (bed, ferry_test_bed_get (bed, i)), ==,
                     FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "f2.bin", 2, 1000);
}

static void
test_restore_paused (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerryTransfer) transfer
      = g_object_ref (ferry_test_bed_add (bed, "/file.bin?size=1048576&stall=524288&stalls=1"));

  ferry_test_bed_pause_at (bed, transfer, HELD);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_restore (bed->engine, transfer);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, HELD);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), >, 0);
}

static gboolean
folder_is_empty (gpointer data)
{
  return ferry_test_bed_count_files (data) == 0;
}

/* Forgotten while it runs, paused, or finished: only the unfinished bytes go with it. */
static void
test_forget (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/a.bin?size=1048576&stall=524288&stalls=1");

  ferry_test_bed_pause_at (bed, transfer, HELD);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_forget (bed->engine, transfer);
  ferry_test_bed_wait (bed, folder_is_empty, bed, "the part to go");

  transfer = ferry_test_bed_add (bed, "/b.bin?size=1048576&stall=524288");
  ferry_test_bed_wait_stalled (bed, 1);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_forget (bed->engine, transfer);
  ferry_test_bed_wait_stalled (bed, 0);
  ferry_test_bed_wait (bed, folder_is_empty, bed, "the part to go");

  transfer = ferry_test_bed_add (bed, "/c.bin?size=1000");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_forget (bed->engine, transfer);
  ferry_test_bed_reopen (bed);
  g_assert_cmpuint (count_items (bed), ==, 0);
  ferry_test_bed_assert_file (bed, "c.bin", 0, 1000);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
}

/* Undo is possible until the end of the program, not after. */
static void
test_removed_at_close (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/a.bin?size=1048576&stall=524288&stalls=1");

  ferry_test_bed_pause_at (bed, transfer, HELD);
  ferry_engine_remove (bed->engine, transfer);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
  ferry_test_bed_add (bed, "/b.bin?size=1048576&stall=0");
  ferry_test_bed_wait_stalled (bed, 1);
  ferry_engine_remove (bed->engine, ferry_test_bed_get (bed, 0));
  ferry_test_bed_reopen (bed);
  g_assert_cmpuint (count_items (bed), ==, 0);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 0);
}

static void
test_remove_finished (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GPtrArray) removed = NULL;
  FerryTransfer *a = ferry_test_bed_add (bed, "/a.bin?size=1000");
  FerryTransfer *b = ferry_test_bed_add (bed, "/b.bin?status=404");
  FerryTransfer *c = ferry_test_bed_add (bed, "/c.bin?size=1000");

  g_assert_cmpint (ferry_test_bed_settle (bed, a), ==, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_test_bed_settle (bed, b), ==, FERRY_STATE_NEEDS_YOU);
  g_assert_cmpint (ferry_test_bed_settle (bed, c), ==, FERRY_STATE_DONE);
  removed = ferry_engine_remove_finished (bed->engine);
  g_assert_cmpuint (removed->len, ==, 2);
  g_assert_cmpuint (count_items (bed), ==, 1);
  g_assert_true (ferry_test_bed_get (bed, 0) == b);
  for (guint i = removed->len; i > 0; i--)
    ferry_engine_restore (bed->engine, g_ptr_array_index (removed, i - 1));
  g_assert_true (ferry_test_bed_get (bed, 0) == a);
  g_assert_true (ferry_test_bed_get (bed, 1) == b);
  g_assert_true (ferry_test_bed_get (bed, 2) == c);
  ferry_test_bed_assert_file (bed, "a.bin", 0, 1000);
}

static void
test_start_again (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/a.bin?size=1048576&seed=1&stall=524288&stalls=1");

  ferry_test_bed_pause_at (bed, transfer, HELD);
  ferry_engine_start_again (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "a.bin", 1, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/a.bin", 2), ==, -1);

  ferry_engine_start_again (bed->engine, transfer);
  g_assert_cmpint (ferry_transfer_get_state (transfer), !=, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/a.bin"), ==, 3);
  ferry_test_bed_assert_file (bed, "a.bin", 1, SIZE);
  ferry_test_bed_assert_file (bed, "a (1).bin", 1, SIZE);
}

/* In the middle of a run: what arrives from the old one must not mix with the new. */
static void
test_start_again_while_active (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/a.bin?size=1048576&seed=1&stall=524288&stalls=1");

  ferry_test_bed_wait_stalled (bed, 1);
  ferry_engine_start_again (bed->engine, transfer);
  ferry_test_bed_wait_requests (bed, "/a.bin", 2);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "a.bin", 1, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/a.bin", 2), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remove/remove-and-restore", test_remove_and_restore);
  g_test_add_func ("/remove/restore-paused", test_restore_paused);
  g_test_add_func ("/remove/forget", test_forget);
  g_test_add_func ("/remove/removed-at-close", test_removed_at_close);
  g_test_add_func ("/remove/remove-finished", test_remove_finished);
  g_test_add_func ("/remove/start-again", test_start_again);
  g_test_add_func ("/remove/start-again-while-active", test_start_again_while_active);
  return g_test_run ();
}
