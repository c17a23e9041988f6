/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Uploads through the engine: what was confirmed is not sent again, whatever stops them in between. */

#include "ferry-test-upload.h"

#define CHUNK FERRY_TEST_CHUNK_SIZE
#define N_CHUNKS 100
#define N_FILES 50

static void
assert_each_sent_once (FerryTestUploads *uploads, guint n)
{
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==, 1);
}

static void
test_sizes (void)
{
  static const gsize sizes[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 7 * CHUNK, 7 * CHUNK + 500 };
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *name = g_strdup_printf ("size-%zu.bin", sizes[i]);
      FerryTransfer *transfer = ferry_test_uploads_send (uploads, name, i, sizes[i]);

      ferry_test_uploads_assert_done (uploads, transfer, name, i, sizes[i]);
      assert_each_sent_once (uploads, (sizes[i] + CHUNK - 1) / CHUNK);
    }
}

/* 100 chunks, and from the 43rd on nothing gets through. */
static void
test_interrupted (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *status = NULL;
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 42);
  transfer = ferry_test_uploads_send (uploads, "big.bin", 1, N_CHUNKS * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 42);
  status = ferry_test_receiver_get_status (uploads->receiver);
  g_assert_nonnull (strstr (status, "\"receivedChunks\":[[0,41]],\"nextExpectedChunk\":42,"));

  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "big.bin", 1, N_CHUNKS * CHUNK);
  assert_each_sent_once (uploads, N_CHUNKS);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 1);
}

static void
test_reopened (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 42);
  transfer = ferry_test_uploads_send (uploads, "big.bin", 1, N_CHUNKS * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 42);
  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_receiver_clear_faults (uploads->receiver);

  ferry_test_bed_reopen (uploads->bed);
  transfer = ferry_test_bed_get (uploads->bed, 0);
  g_assert_cmpint (ferry_transfer_get_direction (transfer), ==, FERRY_UPLOAD);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, 42 * CHUNK);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, N_CHUNKS * CHUNK);

  ferry_engine_set_token (uploads->bed->engine, transfer, FERRY_TEST_TOKEN);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "big.bin", 1, N_CHUNKS * CHUNK);
  assert_each_sent_once (uploads, N_CHUNKS);

  ferry_test_bed_reopen (uploads->bed);
  transfer = ferry_test_bed_get (uploads->bed, 0);
  ferry_test_uploads_assert_done (uploads, transfer, "big.bin", 1, N_CHUNKS * CHUNK);
}

/* Closed while it works: what was under way may or may not have arrived, and is asked for. */
static void
test_closed_while_sending (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_CHUNK,
                                                       .kind = FERRY_TEST_SILENCE,
                                                       .first = 20,
                                                       .last = G_MAXUINT64 });
  transfer = ferry_test_uploads_send (uploads, "big.bin", 2, N_CHUNKS * CHUNK);
  ferry_test_uploads_wait_silent (uploads, 4);
  ferry_test_bed_close (uploads->bed);
  g_assert_cmpuint (ferry_test_receiver_count_stored (uploads->receiver), ==, 20);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_receiver_release (uploads->receiver);

  ferry_test_bed_open (uploads->bed);
  transfer = ferry_test_bed_get (uploads->bed, 0);
  g_assert_cmpint (ferry_test_bed_settle (uploads->bed, transfer), ==, FERRY_STATE_NEEDS_YOU);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU,
                               FERRY_ERROR_UNAUTHORIZED);
  ferry_engine_set_token (uploads->bed->engine, transfer, FERRY_TEST_TOKEN);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "big.bin", 2, N_CHUNKS * CHUNK);
  assert_each_sent_once (uploads, N_CHUNKS);
}

static void
test_many_files (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfers[N_FILES];

  for (guint i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u.bin", i);
      transfers[i] = ferry_test_uploads_send (uploads, name, i, 100 * i);
    }
  ferry_test_bed_wait_quiet (uploads->bed);
  for (guint i = 0; i < N_FILES; i++)
    {
      g_autofree char *name = g_strdup_printf ("file-%u.bin", i);
      ferry_test_uploads_assert_done (uploads, transfers[i], name, i, 100 * i);
    }
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, N_FILES);
}

/* ---- stopped at every stage ---- */

typedef struct
{
  const char *name;
  FerryTestStep step;
  guint64 chunk;
  guint silent; /* requests that get no answer */
} Stage;

static const Stage stages[] = {
  { "initiate", FERRY_TEST_INITIATE, 0, 1 }, { "status", FERRY_TEST_STATUS, 0, 1 },
  { "first-chunk", FERRY_TEST_CHUNK, 0, 4 }, { "middle-chunk", FERRY_TEST_CHUNK, 6, 4 },
  { "last-chunk", FERRY_TEST_CHUNK, 9, 1 },  { "complete", FERRY_TEST_COMPLETE, 0, 1 },
};

static FerryTransfer *
reach_stage (FerryTestUploads *uploads, const Stage *stage)
{
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = stage->step,
                                                       .kind = FERRY_TEST_SILENCE,
                                                       .first = stage->chunk,
                                                       .last = G_MAXUINT64 });
  transfer = ferry_test_uploads_send (uploads, "file.bin", 3, 10 * CHUNK);
  ferry_test_uploads_wait_silent (uploads, stage->silent);
  if (stage->step == FERRY_TEST_CHUNK)
    ferry_test_uploads_wait_stored (uploads, (guint) stage->chunk);
  return transfer;
}

static void
test_pause_at_stage (gconstpointer data)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = reach_stage (uploads, data);

  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_PAUSED);
  g_assert_true (ferry_engine_get_quiet (uploads->bed->engine));
  g_assert_null (ferry_test_receiver_get_file (uploads->receiver, "file.bin"));
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 3, 10 * CHUNK);
  assert_each_sent_once (uploads, 10);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 1);
}

static void
test_remove_at_stage (gconstpointer data)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = g_object_ref (reach_stage (uploads, data));
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");

  ferry_engine_remove (uploads->bed->engine, transfer);
  ferry_engine_forget (uploads->bed->engine, transfer);
  ferry_test_bed_reopen (uploads->bed);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (uploads->bed->engine)), ==, 0);
  /* The person's file is not a part of a download. */
  g_assert_true (g_file_test (path, G_FILE_TEST_IS_REGULAR));
}

/* ---- the receiver is told of what is removed ---- */

static FerryTransfer *
remove_half_sent (FerryTestUploads *uploads)
{
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 5);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 5);
  g_object_ref (transfer);
  ferry_engine_remove (uploads->bed->engine, transfer);
  /* Undo is still possible. */
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_DISCARD), ==, 0);
  return transfer;
}

static void
assert_discarded (FerryTestUploads *uploads)
{
  ferry_test_uploads_wait_step (uploads, FERRY_TEST_DISCARD, 1);
  ferry_test_bed_close (uploads->bed);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_DISCARD), ==, 1);
  g_assert_null (ferry_test_receiver_get_status (uploads->receiver));
}

static void
test_discard (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = remove_half_sent (uploads);

  ferry_engine_forget (uploads->bed->engine, transfer);
  assert_discarded (uploads);
}

/* As ferryctl does: the queue is closed in the same breath. */
static void
test_discard_and_close (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = remove_half_sent (uploads);

  ferry_engine_forget (uploads->bed->engine, transfer);
  ferry_test_bed_close (uploads->bed);
  assert_discarded (uploads);
}

/* Closing makes removed what could still have been undone. */
static void
test_discard_by_closing (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = remove_half_sent (uploads);

  g_assert_nonnull (transfer);
  ferry_test_bed_close (uploads->bed);
  assert_discarded (uploads);
}

/* Its own token is not in the journal. */
static void
test_discard_with_offered_token (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = NULL;

  ferry_test_uploads_drop_from (uploads, 5);
  ferry_test_uploads_cut_at (uploads, ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK),
                             5);
  ferry_engine_pause (uploads->bed->engine, ferry_test_bed_get (uploads->bed, 0));
  ferry_test_bed_reopen (uploads->bed);
  ferry_engine_offer_token (uploads->bed->engine,
                            ferry_test_receiver_get_address (uploads->receiver), FERRY_TEST_TOKEN);
  transfer = g_object_ref (ferry_test_bed_get (uploads->bed, 0));
  ferry_engine_remove (uploads->bed->engine, transfer);
  ferry_engine_forget (uploads->bed->engine, transfer);
  assert_discarded (uploads);
}

/* While a lane still sends, and to one that is not there, or never answers: nothing waits for it but a moment. */
static void
test_discard_unheard (gconstpointer data)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) transfer = NULL;
  gint64 start;

  ferry_test_uploads_fault (uploads,
                            (FerryTestFault){ .step = FERRY_TEST_DISCARD,
                                              .kind = (FerryTestFaultKind) GPOINTER_TO_INT (data),
                                              .status = 401 });
  transfer = remove_half_sent (uploads);
  ferry_engine_forget (uploads->bed->engine, transfer);
  start = g_get_monotonic_time ();
  ferry_test_bed_reopen (uploads->bed);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 20 * G_USEC_PER_SEC);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (uploads->bed->engine)), ==, 0);
  g_assert_cmpuint (ferry_test_receiver_count_stored (uploads->receiver), ==, 5);
}

static void
test_no_discard (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTransfer) done
      = g_object_ref (ferry_test_uploads_send (uploads, "done.bin", 2, 10 * CHUNK));
  g_autoptr (FerryTransfer) undone = NULL;

  /* What others may fetch by now is theirs. */
  ferry_test_uploads_assert_done (uploads, done, "done.bin", 2, 10 * CHUNK);
  ferry_engine_remove (uploads->bed->engine, done);
  ferry_engine_forget (uploads->bed->engine, done);
  undone = remove_half_sent (uploads);
  ferry_engine_restore (uploads->bed->engine, undone);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_engine_resume (uploads->bed->engine, undone);
  ferry_test_uploads_assert_done (uploads, undone, "file.bin", 1, 10 * CHUNK);
  ferry_test_bed_close (uploads->bed);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_DISCARD), ==, 0);
}

/* ---- secrets, starting again ---- */

static void
assert_not_in (const char *folder, const char *secret)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autofree char *content = NULL;
      gsize length;

      if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
        continue;
      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      g_assert_null (memmem (content, length, secret, strlen (secret)));
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static void
test_token_is_not_kept (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;
  g_autofree char *history = NULL;

  ferry_test_uploads_drop_from (uploads, 3);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 3);
  assert_not_in (uploads->bed->state_folder, FERRY_TEST_TOKEN);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, 10 * CHUNK);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_null (strstr (history, FERRY_TEST_TOKEN));
  assert_not_in (uploads->bed->state_folder, FERRY_TEST_TOKEN);
  ferry_test_bed_close (uploads->bed);
  assert_not_in (uploads->bed->state_folder, FERRY_TEST_TOKEN);
}

static void
test_start_again (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 5);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 5);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_engine_start_again (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, 10 * CHUNK);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_DISCARD), ==, 1);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
  assert_each_sent_once (uploads, 10);
}

/* What others can fetch already is not taken from them. */
static void
test_start_again_when_done (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK);

  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, 10 * CHUNK);
  ferry_engine_start_again (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, 10 * CHUNK);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_DISCARD), ==, 0);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
}

/* A receiver that does not hear the discard finds out by itself. */
static void
test_start_again_without_discard (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 5);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 10 * CHUNK);
  ferry_test_uploads_cut_at (uploads, transfer, 5);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_fault (uploads,
                            (FerryTestFault){ .step = FERRY_TEST_DISCARD, .kind = FERRY_TEST_CUT });
  ferry_engine_start_again (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, 10 * CHUNK);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upload/sizes", test_sizes);
  g_test_add_func ("/upload/interrupted", test_interrupted);
  g_test_add_func ("/upload/reopened", test_reopened);
  g_test_add_func ("/upload/closed-while-sending", test_closed_while_sending);
  g_test_add_func ("/upload/many-files", test_many_files);
  g_test_add_func ("/upload/token-is-not-kept", test_token_is_not_kept);
  g_test_add_func ("/upload/start-again", test_start_again);
  g_test_add_func ("/upload/start-again-when-done", test_start_again_when_done);
  g_test_add_func ("/upload/start-again-without-discard", test_start_again_without_discard);
  g_test_add_func ("/upload/discard/removed", test_discard);
  g_test_add_func ("/upload/discard/and-closed", test_discard_and_close);
  g_test_add_func ("/upload/discard/by-closing", test_discard_by_closing);
  g_test_add_func ("/upload/discard/offered-token", test_discard_with_offered_token);
  g_test_add_data_func ("/upload/discard/cut", GINT_TO_POINTER (FERRY_TEST_CUT),
                        test_discard_unheard);
  g_test_add_data_func ("/upload/discard/silence", GINT_TO_POINTER (FERRY_TEST_SILENCE),
                        test_discard_unheard);
  g_test_add_data_func ("/upload/discard/refused", GINT_TO_POINTER (FERRY_TEST_ANSWER),
                        test_discard_unheard);
  g_test_add_func ("/upload/discard/none", test_no_discard);
  for (gsize i = 0; i < G_N_ELEMENTS (stages); i++)
    {
      g_autofree char *pause = g_strconcat ("/upload/pause-at/", stages[i].name, NULL);
      g_autofree char *removal = g_strconcat ("/upload/remove-at/", stages[i].name, NULL);

      g_test_add_data_func (pause, &stages[i], test_pause_at_stage);
      g_test_add_data_func (removal, &stages[i], test_remove_at_stage);
    }
  return g_test_run ();
}
