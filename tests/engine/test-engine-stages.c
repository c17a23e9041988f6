/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Paused, resumed, closed and forgotten at every stage of a download: it stops at once, and goes on to the right bytes. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#include <string.h>

#define SIZE (1024 * 1024)

typedef struct
{
  const char *name;
  const char *target;
  guint requests; /* how many to wait for before stopping */
  gboolean stalls;
} Stage;

static const Stage stages[] = {
  { "queued", "/file.bin?size=1048576", 0, FALSE },
  { "waiting-for-the-header", "/file.bin?size=1048576&slowheader=600000&stalls=1", 1, FALSE },
  { "first-byte", "/file.bin?size=1048576&stall=0&stalls=1", 1, TRUE },
  { "receiving", "/file.bin?size=1048576&stall=300000&stalls=1", 1, TRUE },
  { "last-byte", "/file.bin?size=1048576&stall=1048575&stalls=1", 1, TRUE },
  { "end-of-chunked", "/file.bin?size=1048576&length=chunked&stall=1048576&stalls=1", 1, TRUE },
  { "error-body", "/file.bin?status=503&times=1&size=1048576", 1, FALSE },
  { "redirected", "/a?redirect=/file.bin%3Fsize=1048576%26stall=0%26stalls=1", 2, TRUE },
};

static void
reach_stage (FerryTestBed *bed, const Stage *stage)
{
  ferry_test_bed_wait_requests (bed, NULL, stage->requests);
  if (stage->stalls)
    ferry_test_bed_wait_stalled (bed, 1);
}

/* The slow header is slow each time, so that one is only stopped. */
static gboolean
can_finish (const Stage *stage)
{
  return strstr (stage->target, "slowheader") == NULL;
}

static void
test_pause_at_stage (gconstpointer data)
{
  const Stage *stage = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, stage->target);

  reach_stage (bed, stage);
  ferry_engine_pause (bed->engine, transfer);
  ferry_engine_pause (bed->engine, transfer);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_PAUSED);
  g_assert_true (ferry_engine_get_quiet (bed->engine));
  if (!can_finish (stage))
    return;
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
}

/* Pause and at once resume, before the lane has noticed anything. */
static void
test_waver_at_stage (gconstpointer data)
{
  const Stage *stage = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, stage->target);

  if (!can_finish (stage))
    {
      ferry_engine_pause (bed->engine, transfer);
      ferry_engine_resume (bed->engine, transfer);
      reach_stage (bed, stage);
      return;
    }
  reach_stage (bed, stage);
  for (guint i = 0; i < 3; i++)
    {
      ferry_engine_pause (bed->engine, transfer);
      ferry_engine_resume (bed->engine, transfer);
    }
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
}

static void
test_close_at_stage (gconstpointer data)
{
  const Stage *stage = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer;

  ferry_test_bed_add (bed, stage->target);
  reach_stage (bed, stage);
  ferry_test_bed_close (bed);
  if (!can_finish (stage))
    return;
  ferry_test_bed_open (bed);
  transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_transfer_get_wanted (transfer), ==, FERRY_WANTED_RUN);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
}

static void
test_forget_at_stage (gconstpointer data)
{
  const Stage *stage = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, stage->target);

  reach_stage (bed, stage);
  ferry_engine_remove (bed->engine, transfer);
  ferry_engine_forget (bed->engine, transfer);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 0);
  ferry_test_bed_close (bed);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 0);
}

/* While the last bytes are hashed and published: whichever wins, the file is whole or the transfer paused. */
static void
test_pause_while_finishing (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  guint done = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%u.bin?size=700000&seed=%u", i, i);
      g_autofree char *name = g_strdup_printf ("f%u.bin", i);
      g_autofree char *path = g_strdup_printf ("/%s", name);
      g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, target);
      FerryTransfer *transfer;

      spec->sha256 = ferry_test_content_sha256 (i, 700000);
      transfer = ferry_test_bed_add_spec (bed, spec);
      while (ferry_test_server_get_sent (bed->server, path) < 700000)
        g_main_context_iteration (NULL, FALSE);
      /* A little later each time. */
      for (guint turn = 0; turn < i * 20; turn++)
        g_main_context_iteration (NULL, FALSE);
      ferry_engine_pause (bed->engine, transfer);
      if (ferry_test_bed_settle (bed, transfer) == FERRY_STATE_DONE)
        done++;
      else
        {
          g_autofree char *file = ferry_test_bed_path (bed, name);

          g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
          g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
          ferry_engine_resume (bed->engine, transfer);
          g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
        }
      ferry_test_bed_assert_file (bed, name, i, 700000);
    }
  g_test_message ("%u of 20 were faster than the pause", done);
}

static void
add_stage_tests (const char *what, GTestDataFunc func)
{
  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autofree char *path = g_strdup_printf ("/stages/%s/%s", what, stages[i].name);

      g_test_add_data_func (path, &stages[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_stage_tests ("pause", test_pause_at_stage);
  add_stage_tests ("waver", test_waver_at_stage);
  add_stage_tests ("close", test_close_at_stage);
  add_stage_tests ("forget", test_forget_at_stage);
  g_test_add_func ("/stages/pause-while-finishing", test_pause_while_finishing);
  return g_test_run ();
}
