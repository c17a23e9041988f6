/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The file on this side: changed, moved, shortened, gone. What arrives is one version of it and never a mixture. */

#include "ferry-test-upload.h"

#define CHUNK FERRY_TEST_CHUNK_SIZE
#define SIZE (10 * CHUNK + 7)
#define HELD 5

/* HELD chunks are confirmed, and the transfer is paused. */
static FerryTransfer *
send_half (FerryTestUploads *uploads)
{
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, HELD);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, SIZE);
  ferry_test_uploads_cut_at (uploads, transfer, HELD);
  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_receiver_clear_faults (uploads->receiver);
  return transfer;
}

/* It asks, and starting again sends what is there now. */
static void
assert_asks_then_sends (FerryTestUploads *uploads,
                        FerryTransfer *transfer,
                        guint64 seed,
                        gsize size)
{
  ferry_test_uploads_assert_ends (uploads, transfer, FERRY_STATE_NEEDS_YOU,
                                  FERRY_ERROR_SOURCE_CHANGED);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "Start again"));
  g_assert_null (ferry_test_receiver_get_file (uploads->receiver, "file.bin"));
  ferry_engine_start_again (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", seed, size);
}

static void
assert_goes_on (FerryTestUploads *uploads, FerryTransfer *transfer)
{
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 1, SIZE);
  for (guint i = 0; i < 11; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==, 1);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 1);
}

/* ---- other content ---- */

typedef struct
{
  const char *name;
  guint64 seed;
  gsize size;
} Change;

static const Change changes[] = {
  { "other-bytes", 2, SIZE }, { "longer", 1, SIZE + 1 },           { "shorter", 1, SIZE - 1 },
  { "empty", 1, 0 },          { "other-and-longer", 2, SIZE * 3 }, { "much-shorter", 1, 3 * CHUNK },
};

static void
test_changed_after_some (gconstpointer data)
{
  const Change *change = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);

  ferry_test_uploads_write (uploads, "file.bin", change->seed, change->size);
  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "49"));
  assert_asks_then_sends (uploads, transfer, change->seed, change->size);
}

/* The same, found out by the next engine. */
static void
test_changed_while_closed (gconstpointer data)
{
  const Change *change = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);

  ferry_test_bed_close (uploads->bed);
  ferry_test_uploads_write (uploads, "file.bin", change->seed, change->size);
  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_test_bed_open (uploads->bed);
  transfer = ferry_test_bed_get (uploads->bed, 0);
  ferry_engine_set_token (uploads->bed->engine, transfer, FERRY_TEST_TOKEN);
  ferry_engine_resume (uploads->bed->engine, transfer);
  assert_asks_then_sends (uploads, transfer, change->seed, change->size);
}

/* Nothing was confirmed: it goes as it is now, without a question. */
static void
test_changed_before_any (gconstpointer data)
{
  const Change *change = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 0);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, SIZE);
  ferry_test_uploads_cut_at (uploads, transfer, 0);
  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_write (uploads, "file.bin", change->seed, change->size);
  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", change->seed, change->size);
}

/* Registered, the answer lost, and then another file: the old key does not fit it. */
static void
test_changed_before_registered (gconstpointer data)
{
  const Change *change = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_INITIATE,
                                                       .kind = FERRY_TEST_LOSE,
                                                       .last = G_MAXUINT64 });
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 1);
  ferry_test_uploads_write (uploads, "file.bin", change->seed, change->size);
  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", change->seed, change->size);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
}

static void
overwrite (FerryTestUploads *uploads, guint chunk)
{
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  int fd = g_open (path, O_WRONLY | O_CLOEXEC);

  g_assert_no_errno (fd);
  g_assert_cmpint (pwrite (fd, "changed", 7, chunk * CHUNK), ==, 7);
  close (fd);
  ferry_test_uploads_touch (uploads, "file.bin");
}

/* What arrived is what is there now. */
static void
assert_sent_as_it_is (FerryTestUploads *uploads, FerryTransfer *transfer)
{
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autofree char *content = NULL;
  g_autoptr (GBytes) file = NULL;
  gsize length;

  g_assert_cmpint (ferry_test_bed_settle (uploads->bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_true (g_file_get_contents (path, &content, &length, NULL));
  file = ferry_test_receiver_get_file (uploads->receiver, "file.bin");
  g_assert_nonnull (file);
  g_assert_cmpmem (g_bytes_get_data (file, NULL), g_bytes_get_size (file), content, length);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 1);
}

/* Only what was not sent yet changed: both parts are of the file that is there now. */
static void
test_changed_behind (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *history = NULL;

  overwrite (uploads, 8);
  ferry_engine_resume (uploads->bed->engine, transfer);
  assert_sent_as_it_is (uploads, transfer);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "changed or replaced, but not what was sent"));
}

/* HELD chunks and one more have arrived; of that one the 200 was lost. */
static FerryTransfer *
lose_answer (FerryTestUploads *uploads)
{
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_CHUNK,
                                                       .kind = FERRY_TEST_LOSE,
                                                       .first = HELD,
                                                       .last = HELD });
  ferry_test_uploads_drop_from (uploads, HELD + 1);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  g_assert_cmpuint (ferry_test_receiver_count_stored (uploads->receiver), ==, HELD + 1);
  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_receiver_clear_faults (uploads->receiver);
  return transfer;
}

/* The receiver has it as it was, and nobody here knows how that was: asked before anything is put together. */
static void
test_changed_unconfirmed (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = lose_answer (uploads);

  overwrite (uploads, HELD);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_ends (uploads, transfer, FERRY_STATE_NEEDS_YOU,
                                  FERRY_ERROR_SOURCE_CHANGED);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_COMPLETE), ==, 0);
}

static void
test_changed_behind_unconfirmed (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = lose_answer (uploads);
  guint before = ferry_test_receiver_count_puts (uploads->receiver, HELD);

  overwrite (uploads, HELD + 2);
  ferry_engine_resume (uploads->bed->engine, transfer);
  assert_sent_as_it_is (uploads, transfer);
  for (guint i = 0; i < 11; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==,
                      i == HELD ? before + 1 : 1);
}

/* ---- the same content ---- */

static void
test_touched (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);

  ferry_test_uploads_touch (uploads, "file.bin");
  assert_goes_on (uploads, transfer);
}

/* Another file of the same bytes in its place, as after a copy back from elsewhere. */
static void
test_replaced (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autofree char *other = ferry_test_bed_path (uploads->bed, "other.bin");

  ferry_test_uploads_write (uploads, "other.bin", 1, SIZE);
  ferry_test_uploads_touch (uploads, "other.bin");
  g_assert_cmpint (g_rename (other, path), ==, 0);
  assert_goes_on (uploads, transfer);
}

static void
test_back_again (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autofree char *away = ferry_test_bed_path (uploads->bed, "away.bin");

  g_assert_cmpint (g_rename (path, away), ==, 0);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU,
                               FERRY_ERROR_SOURCE_GONE);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "file.bin"));
  g_assert_cmpint (g_rename (away, path), ==, 0);
  assert_goes_on (uploads, transfer);
}

/* ---- while it is sent ---- */

/* All but one chunk has arrived, and its answer is waited for. */
static FerryTransfer *
hold_chunk (FerryTestUploads *uploads, guint status)
{
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_CHUNK,
                                                       .kind = FERRY_TEST_SILENCE,
                                                       .first = 3,
                                                       .last = 3,
                                                       .times = 1,
                                                       .status = status });
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, SIZE);
  ferry_test_uploads_wait_silent (uploads, 1);
  /* The other workers do the rest meanwhile. */
  ferry_test_uploads_wait_stored (uploads, 10);
  return transfer;
}

static void
test_changed_while_sent (gconstpointer data)
{
  const Change *change = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = hold_chunk (uploads, 0);

  ferry_test_uploads_write (uploads, "file.bin", change->seed, change->size);
  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_test_receiver_release (uploads->receiver);
  assert_asks_then_sends (uploads, transfer, change->seed, change->size);
}

/* Cut in place, while the rest of it still has to be read. */
static void
test_shortened_while_sent (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_CHUNK,
                                                       .kind = FERRY_TEST_SILENCE,
                                                       .first = 2,
                                                       .last = G_MAXUINT64,
                                                       .times = 4 });
  transfer = ferry_test_uploads_send (uploads, "file.bin", 1, 100 * CHUNK);
  ferry_test_uploads_wait_silent (uploads, 4);
  g_assert_no_errno (truncate (path, 50 * CHUNK));
  ferry_test_receiver_release (uploads->receiver);
  assert_asks_then_sends (uploads, transfer, 1, 50 * CHUNK);
}

/* The chunk whose answer is waited for is written to, and the connection breaks: it goes on as it is now. */
static void
test_changed_under_way (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = hold_chunk (uploads, 0);

  overwrite (uploads, 3);
  ferry_test_receiver_release (uploads->receiver);
  assert_sent_as_it_is (uploads, transfer);
  for (guint i = 0; i < 11; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==, 1);
}

/* The receiver found it to be other bytes than its digest says: hashed again, it is right. */
static void
test_changed_after_hashing (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = hold_chunk (uploads, 422);
  g_autofree char *history = NULL;

  overwrite (uploads, 3);
  ferry_test_receiver_release (uploads->receiver);
  assert_sent_as_it_is (uploads, transfer);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_null (strstr (history, "damaged"));
  g_assert_nonnull (strstr (history, "changed or replaced, but not what was sent"));
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_STATUS), ==, 1);
}

static void
test_touched_while_sent (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = hold_chunk (uploads, 422);

  ferry_test_uploads_touch (uploads, "file.bin");
  ferry_test_receiver_release (uploads->receiver);
  assert_sent_as_it_is (uploads, transfer);
}

/* ---- not there, not readable, no file ---- */

static void
test_gone (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = ferry_test_uploads_add (uploads, "file.bin");

  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU,
                               FERRY_ERROR_SOURCE_GONE);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_INITIATE), ==, 0);
  ferry_test_uploads_write (uploads, "file.bin", 1, SIZE);
  assert_goes_on (uploads, transfer);
}

static void
test_unreadable (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  FerryTransfer *transfer;

  ferry_test_uploads_write (uploads, "file.bin", 1, SIZE);
  g_assert_no_errno (chmod (path, 0));
  /* The engine was opened by root, and its journal stays open. */
  if (!ferry_test_bed_become_nobody (uploads->bed))
    {
      g_test_skip ("this machine does not let the test be another user");
      return;
    }
  transfer = ferry_test_uploads_add (uploads, "file.bin");
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  ferry_test_become_root_again ();
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU,
                               FERRY_ERROR_SOURCE_GONE);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "cannot be read"));
  g_assert_no_errno (chmod (path, 0644));
  assert_goes_on (uploads, transfer);
}

static void
test_no_file (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *folder = ferry_test_bed_path (uploads->bed, "folder");
  g_autofree char *pipe = ferry_test_bed_path (uploads->bed, "pipe");
  static const char *const names[] = { "folder", "pipe" };

  g_assert_no_errno (g_mkdir (folder, 0755));
  g_assert_no_errno (mkfifo (pipe, 0644));
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      FerryTransfer *transfer = ferry_test_uploads_add (uploads, names[i]);

      ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_FAILED);
      ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_FAILED,
                                   FERRY_ERROR_INVALID_ARGUMENT);
    }
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_INITIATE), ==, 0);
}

static void
test_replaced_by_folder (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autofree char *away = ferry_test_bed_path (uploads->bed, "away.bin");

  g_assert_no_errno (g_rename (path, away));
  g_assert_no_errno (g_mkdir (path, 0755));
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU,
                               FERRY_ERROR_SOURCE_GONE);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), "not a file any more"));
  g_assert_no_errno (g_rmdir (path));
  g_assert_no_errno (g_rename (away, path));
  assert_goes_on (uploads, transfer);
}

/* Names as disks have them; the receiver gets one that is text and safe. */
static void
test_names (void)
{
  static const struct
  {
    const char *name;
    const char *there;
  } names[] = {
    { "caf\351.bin", "caf\303\251.bin" },
    { " . hidden .bin", "hidden .bin" },
    { "a\tb\nc\"\\\001.bin", NULL },
    { "\xff\xfe", NULL },
    { "...", NULL },
  };
  g_autofree char *longest = g_strnfill (255, 'x');

  for (gsize i = 0; i <= G_N_ELEMENTS (names); i++)
    {
      const char *name = i < G_N_ELEMENTS (names) ? names[i].name : longest;
      g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
      g_autofree char *path = ferry_test_bed_path (uploads->bed, name);
      FerryTransfer *transfer;

      ferry_test_uploads_drop_from (uploads, HELD);
      transfer = ferry_test_uploads_send (uploads, name, 1, SIZE);
      ferry_test_uploads_cut_at (uploads, transfer, HELD);
      ferry_engine_pause (uploads->bed->engine, transfer);
      ferry_test_receiver_clear_faults (uploads->receiver);
      /* The journal gives back the very bytes of the path. */
      ferry_test_bed_reopen (uploads->bed);
      transfer = ferry_test_bed_get (uploads->bed, 0);
      g_assert_cmpstr (ferry_transfer_get_source (transfer), ==, path);
      g_assert_true (g_utf8_validate (ferry_transfer_get_name (transfer), -1, NULL));
      ferry_engine_set_token (uploads->bed->engine, transfer, FERRY_TEST_TOKEN);
      ferry_engine_resume (uploads->bed->engine, transfer);
      g_assert_cmpint (ferry_test_bed_settle (uploads->bed, transfer), ==, FERRY_STATE_DONE);
      if (i == G_N_ELEMENTS (names) || names[i].there != NULL)
        {
          g_autoptr (GBytes) file = ferry_test_receiver_get_file (
              uploads->receiver, i < G_N_ELEMENTS (names) ? names[i].there : longest);

          if (file == NULL)
            g_error ("it is there as “%s”", ferry_transfer_get_name (transfer));
          g_assert_cmpuint (g_bytes_get_size (file), ==, SIZE);
        }
    }
}

/* Offsets beyond 4 GiB: all but the last chunks are there already, and the file is a hole with something at its end. */
static void
test_beyond_4_gib (void)
{
  const guint64 n = G_GUINT64_CONSTANT (5) << 20;
  const guint64 size = n * CHUNK + 7;
  g_autofree char *status = g_strdup_printf (
      "{\"uploadId\":\"u\",\"size\":%" G_GUINT64_FORMAT
      ",\"chunkSize\":1024,\"totalChunks\":%" G_GUINT64_FORMAT
      ",\"receivedChunks\":[[0,%" G_GUINT64_FORMAT "]],\"nextExpectedChunk\":%" G_GUINT64_FORMAT
      ",\"status\":\"in_progress\"}",
      size, n + 1, n - 2, n - 1);
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autoptr (GBytes) last = NULL;
  FerryTransfer *transfer;
  int fd;

  ferry_test_uploads_write (uploads, "file.bin", 1, 0);
  fd = g_open (path, O_WRONLY | O_CLOEXEC);
  g_assert_no_errno (fd);
  g_assert_cmpint (pwrite (fd, "the end", 7, (off_t) (size - 7)), ==, 7);
  close (fd);
  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_STATUS,
                                                       .kind = FERRY_TEST_ANSWER,
                                                       .status = 200,
                                                       .text = status });
  transfer = ferry_test_uploads_add (uploads, "file.bin");
  ferry_test_uploads_wait_stored (uploads, 2);
  ferry_engine_pause (uploads->bed->engine, transfer);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_PAUSED);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, size);
  g_assert_cmpuint (ferry_test_receiver_count_stored (uploads->receiver), ==, 2);
  last = ferry_test_receiver_get_chunk (uploads->receiver, n);
  g_assert_cmpmem (g_bytes_get_data (last, NULL), g_bytes_get_size (last), "the end", 7);
}

/* A link is its file. */
static void
test_link (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autofree char *link = ferry_test_bed_path (uploads->bed, "link.bin");
  FerryTransfer *transfer;

  ferry_test_uploads_write (uploads, "file.bin", 1, SIZE);
  g_assert_no_errno (symlink ("file.bin", link));
  transfer = ferry_test_uploads_add (uploads, "link.bin");
  ferry_test_uploads_assert_done (uploads, transfer, "link.bin", 1, SIZE);
}

static void
add_changes (const char *prefix, GTestDataFunc func, gsize n)
{
  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *path = g_strdup_printf ("/upload/%s/%s", prefix, changes[i].name);
      g_test_add_data_func (path, &changes[i], func);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_changes ("changed-after-some", test_changed_after_some, G_N_ELEMENTS (changes));
  add_changes ("changed-while-closed", test_changed_while_closed, G_N_ELEMENTS (changes));
  add_changes ("changed-before-any", test_changed_before_any, G_N_ELEMENTS (changes));
  add_changes ("changed-before-registered", test_changed_before_registered, G_N_ELEMENTS (changes));
  add_changes ("changed-while-sent", test_changed_while_sent, G_N_ELEMENTS (changes));
  g_test_add_func ("/upload/changed-behind", test_changed_behind);
  g_test_add_func ("/upload/changed-unconfirmed", test_changed_unconfirmed);
  g_test_add_func ("/upload/changed-behind-unconfirmed", test_changed_behind_unconfirmed);
  g_test_add_func ("/upload/changed-under-way", test_changed_under_way);
  g_test_add_func ("/upload/changed-after-hashing", test_changed_after_hashing);
  g_test_add_func ("/upload/touched-while-sent", test_touched_while_sent);
  g_test_add_func ("/upload/replaced-by-folder", test_replaced_by_folder);
  g_test_add_func ("/upload/names", test_names);
  g_test_add_func ("/upload/beyond-4-gib", test_beyond_4_gib);
  g_test_add_func ("/upload/touched", test_touched);
  g_test_add_func ("/upload/replaced", test_replaced);
  g_test_add_func ("/upload/back-again", test_back_again);
  g_test_add_func ("/upload/shortened-while-sent", test_shortened_while_sent);
  g_test_add_func ("/upload/gone", test_gone);
  g_test_add_func ("/upload/unreadable", test_unreadable);
  g_test_add_func ("/upload/no-file", test_no_file);
  g_test_add_func ("/upload/link", test_link);
  return g_test_run ();
}
