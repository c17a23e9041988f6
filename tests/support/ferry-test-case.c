/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-case.h"

#include "ferry-error.h"

#include <string.h>

static void
assert_nothing_finished (FerryTestBed *bed)
{
  g_autofree char *part = ferry_test_bed_find_part (bed);

  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, part != NULL ? 1 : 0);
}

static void
run_case (gconstpointer data)
{
  const FerryTestCase *test = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (bed, test->target);

  /* One that ends waiting is looked at before it tries again. */
  if (test->state == FERRY_STATE_WAITING)
    ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  else
    ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, test->state, test->error != 0 ? test->error : -1);
  if (test->says != NULL)
    g_assert_nonnull (g_strrstr (ferry_transfer_get_error_message (transfer), test->says));
  if (test->file != NULL)
    {
      ferry_test_bed_assert_file (bed, test->file, test->seed, test->size);
      g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
      g_assert_cmpstr (ferry_transfer_get_name (transfer), ==, test->file);
      if (strstr (test->target, "coding=") == NULL)
        g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, test->size);
      g_assert_cmpint (ferry_transfer_get_size (transfer), ==, (gint64) test->size);
    }
  else
    assert_nothing_finished (bed);
  if (test->requests > 0)
    g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), ==, test->requests);
}

void
ferry_test_add_cases (const FerryTestCase *cases, gsize n)
{
  for (gsize i = 0; i < n; i++)
    g_test_add_data_func (cases[i].name, &cases[i], run_case);
}
