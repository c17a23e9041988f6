/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Receivers and lines that go wrong, at each step: the right bytes arrive in the end, or a person is told what to do. */

#include "ferry-test-upload.h"

#define N_CHUNKS 10
#define SIZE (N_CHUNKS * FERRY_TEST_CHUNK_SIZE - 300)
#define ALL .last = G_MAXUINT64
#define HTML "<html><body>Sign in to this network</body></html>"

typedef enum
{
  NOTHING, /* it is done already */
  RESUME,
  START_AGAIN
} Cure;

/**
 * Case:
 *
 * @fault: what goes wrong
 * @state, @error: how the first run that rests ends; DONE: needs nobody
 * @says: (nullable): words of its sentence
 * @cure: what helps once the fault is over
 * @uploads: how many were registered in the end
 */
typedef struct
{
  const char *name;
  FerryTestFault fault;
  FerryState state;
  int error;
  const char *says;
  Cure cure;
  guint uploads;
} Case;

#define DONE FERRY_STATE_DONE, -1, NULL, NOTHING
#define WAITS FERRY_STATE_WAITING
#define ASKS FERRY_STATE_NEEDS_YOU
#define FAILS FERRY_STATE_FAILED

#define FAULT(where, what, ...)                                                                    \
  {                                                                                                \
    .step = FERRY_TEST_##where, .kind = FERRY_TEST_##what, __VA_ARGS__                             \
  }
#define ANSWER(where, number, ...) FAULT (where, ANSWER, .status = number, __VA_ARGS__)
#define AT(number) .first = number, .last = number

static const Case cases[] = {
  /* The line */
  { "cut/initiate", FAULT (INITIATE, CUT, .times = 1, ALL), WAITS, FERRY_ERROR_NETWORK, "broke off",
    RESUME, 1 },
  { "cut/status", FAULT (STATUS, CUT, ALL), WAITS, FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "cut/first-chunk", FAULT (CHUNK, CUT, ALL), WAITS, FERRY_ERROR_NETWORK, "broke off", RESUME,
    1 },
  { "cut/complete", FAULT (COMPLETE, CUT, .times = 1, ALL), WAITS, FERRY_ERROR_NETWORK, "broke off",
    RESUME, 1 },
  { "lost/initiate", FAULT (INITIATE, LOSE, .times = 1, ALL), WAITS, FERRY_ERROR_NETWORK,
    "broke off", RESUME, 1 },
  { "lost/chunk", FAULT (CHUNK, LOSE, ALL), WAITS, FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "lost/complete", FAULT (COMPLETE, LOSE, .times = 1, ALL), WAITS, FERRY_ERROR_NETWORK,
    "broke off", RESUME, 1 },

  { "clipped/initiate", FAULT (INITIATE, CLIP, .clip = 1, .times = 1, ALL), WAITS,
    FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "clipped/status", FAULT (STATUS, CLIP, .clip = 1, .times = 1, ALL), WAITS, FERRY_ERROR_NETWORK,
    "broke off", RESUME, 1 },
  { "clipped/chunk", FAULT (CHUNK, CLIP, .clip = 1, .times = 1, AT (4)), WAITS, FERRY_ERROR_NETWORK,
    "broke off", RESUME, 1 },
  { "clipped/complete", FAULT (COMPLETE, CLIP, .clip = 1, .times = 1, ALL), WAITS,
    FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "clipped/no-body", FAULT (CHUNK, CLIP, .clip = 11, .times = 1, AT (4)), WAITS,
    FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "clipped/head-line", FAULT (CHUNK, CLIP, .clip = 13, .times = 1, AT (4)), WAITS,
    FERRY_ERROR_NETWORK, "broke off", RESUME, 1 },
  { "clipped/head", FAULT (CHUNK, CLIP, .clip = 33, .times = 1, AT (4)), WAITS, FERRY_ERROR_NETWORK,
    "broke off", RESUME, 1 },

  /* Damaged */
  { "damaged/once", ANSWER (CHUNK, 422, AT (4), .times = 1), DONE, 1 },
  { "damaged/twice", ANSWER (CHUNK, 422, AT (4), .times = 2), DONE, 1 },
  { "damaged/thrice", ANSWER (CHUNK, 422, AT (4), .times = 3), WAITS, FERRY_ERROR_NETWORK,
    "damaged", RESUME, 1 },
  { "damaged/always", ANSWER (CHUNK, 422, ALL), WAITS, FERRY_ERROR_NETWORK, "damaged", RESUME, 1 },
  { "damaged/whole", ANSWER (COMPLETE, 422, ALL), ASKS, FERRY_ERROR_SOURCE_CHANGED, "Start again",
    START_AGAIN, 2 },
  { "damaged/digest", FAULT (COMPLETE, SPOIL, ALL), FAILS, FERRY_ERROR_CHECKSUM, "Start again",
    RESUME, 1 },
  { "conflict/chunk", ANSWER (CHUNK, 409, AT (4)), ASKS, FERRY_ERROR_SOURCE_CHANGED, "Start again",
    START_AGAIN, 2 },
  { "conflict/initiate", ANSWER (INITIATE, 409, ALL), FAILS, FERRY_ERROR_PROTOCOL, "address",
    RESUME, 1 },

  /* Not allowed */
  { "token/initiate", ANSWER (INITIATE, 401, ALL), ASKS, FERRY_ERROR_UNAUTHORIZED, "token", RESUME,
    1 },
  { "token/status", ANSWER (STATUS, 401, ALL), ASKS, FERRY_ERROR_UNAUTHORIZED, "token", RESUME, 1 },
  { "token/chunk", ANSWER (CHUNK, 401, AT (4)), ASKS, FERRY_ERROR_UNAUTHORIZED, "token", RESUME,
    1 },
  { "token/complete", ANSWER (COMPLETE, 401, ALL), ASKS, FERRY_ERROR_UNAUTHORIZED, "token", RESUME,
    1 },
  { "forbidden/initiate", ANSWER (INITIATE, 403, ALL), ASKS, FERRY_ERROR_FORBIDDEN,
    "let you send files", RESUME, 1 },
  { "forbidden/status", ANSWER (STATUS, 403, ALL), ASKS, FERRY_ERROR_FORBIDDEN,
    "let you send files", RESUME, 1 },
  { "forbidden/chunk", ANSWER (CHUNK, 403, AT (4)), ASKS, FERRY_ERROR_FORBIDDEN,
    "let you send files", RESUME, 1 },
  { "forbidden/complete", ANSWER (COMPLETE, 403, ALL), ASKS, FERRY_ERROR_FORBIDDEN,
    "let you send files", RESUME, 1 },
  { "proxy/chunk", ANSWER (CHUNK, 407, AT (4)), ASKS, FERRY_ERROR_PROXY_UNAUTHORIZED, "proxy",
    RESUME, 1 },

  /* Gone */
  { "gone/initiate", ANSWER (INITIATE, 404, ALL), FAILS, FERRY_ERROR_PROTOCOL, "address", RESUME,
    1 },
  { "gone/status-once", ANSWER (STATUS, 404, .times = 1, ALL), DONE, 1 },
  { "gone/chunk-once", ANSWER (CHUNK, 410, AT (4), .times = 1), DONE, 1 },
  { "gone/chunk-always", ANSWER (CHUNK, 404, AT (4)), WAITS, FERRY_ERROR_SERVER, "forgets", RESUME,
    1 },
  { "gone/status-410", ANSWER (STATUS, 410, .times = 1, ALL), DONE, 1 },
  { "gone/initiate-410", ANSWER (INITIATE, 410, ALL), FAILS, FERRY_ERROR_PROTOCOL, "address",
    RESUME, 1 },
  { "gone/complete", ANSWER (COMPLETE, 410, .times = 1, ALL), WAITS, FERRY_ERROR_UPLOAD_GONE, NULL,
    RESUME, 1 },

  /* No room, no time */
  { "large/initiate", ANSWER (INITIATE, 413, ALL), FAILS, FERRY_ERROR_TOO_LARGE, "as large", RESUME,
    1 },
  { "large/chunk", ANSWER (CHUNK, 413, AT (4)), FAILS, FERRY_ERROR_TOO_LARGE, "as large", RESUME,
    1 },
  { "full/initiate", ANSWER (INITIATE, 507, ALL), WAITS, FERRY_ERROR_BUSY, "no room", RESUME, 1 },
  { "full/chunk", ANSWER (CHUNK, 507, AT (4)), WAITS, FERRY_ERROR_BUSY, "no room", RESUME, 1 },
  { "full/complete", ANSWER (COMPLETE, 507, ALL), WAITS, FERRY_ERROR_BUSY, "goes on when there is",
    RESUME, 1 },
  { "large/complete", ANSWER (COMPLETE, 413, ALL), FAILS, FERRY_ERROR_TOO_LARGE, "as large", RESUME,
    1 },
  { "broken/initiate", ANSWER (INITIATE, 500, ALL), WAITS, FERRY_ERROR_SERVER, NULL, RESUME, 1 },
  { "broken/status", ANSWER (STATUS, 500, ALL), WAITS, FERRY_ERROR_SERVER, NULL, RESUME, 1 },
  { "broken/chunk", ANSWER (CHUNK, 500, AT (4)), WAITS, FERRY_ERROR_SERVER, NULL, RESUME, 1 },
  { "broken/complete", ANSWER (COMPLETE, 500, ALL), WAITS, FERRY_ERROR_SERVER, NULL, RESUME, 1 },
  { "busy/chunk", ANSWER (CHUNK, 503, AT (4), .fields = "Retry-After: 3600\r\n"), WAITS,
    FERRY_ERROR_BUSY, NULL, RESUME, 1 },
  { "busy/initiate", ANSWER (INITIATE, 503, ALL), WAITS, FERRY_ERROR_BUSY, "busy", RESUME, 1 },
  { "busy/many", ANSWER (CHUNK, 429, AT (4)), WAITS, FERRY_ERROR_BUSY, "fewer", RESUME, 1 },
  { "busy/slow", ANSWER (CHUNK, 408, AT (4)), WAITS, FERRY_ERROR_BUSY, NULL, RESUME, 1 },
  { "refused/chunk", ANSWER (CHUNK, 400, AT (4)), FAILS, FERRY_ERROR_HTTP_STATUS, "up to date",
    RESUME, 1 },
  { "refused/says-why",
    ANSWER (INITIATE, 400, .text = "{\"title\":\"No\",\"detail\":\"The name is odd.\"}", ALL),
    FAILS, FERRY_ERROR_HTTP_STATUS, "refuses what Ferry sends: The name is odd.", RESUME, 1 },
  { "refused/method", ANSWER (COMPLETE, 405, ALL), FAILS, FERRY_ERROR_HTTP_STATUS, "405", RESUME,
    1 },

  /* Answers that are none */
  { "nonsense/initiate", ANSWER (INITIATE, 201, .text = HTML, ALL), FAILS, FERRY_ERROR_PROTOCOL,
    "address", RESUME, 1 },
  { "nonsense/status", ANSWER (STATUS, 200, .text = "[1]", ALL), FAILS, FERRY_ERROR_PROTOCOL,
    "address", RESUME, 1 },
  { "nonsense/chunk", ANSWER (CHUNK, 200, AT (4), .text = HTML), FAILS, FERRY_ERROR_PROTOCOL,
    "address", RESUME, 1 },
  { "nonsense/chunk-number", ANSWER (CHUNK, 200, AT (4), .text = "{\"chunk\":5}"), FAILS,
    FERRY_ERROR_PROTOCOL, "address", RESUME, 1 },
  { "nonsense/chunk-status", ANSWER (CHUNK, 204, AT (4), .text = ""), FAILS, FERRY_ERROR_PROTOCOL,
    "address", RESUME, 1 },
  { "nonsense/complete", ANSWER (COMPLETE, 200, .text = "{\"status\":\"complete\"}", ALL), FAILS,
    FERRY_ERROR_PROTOCOL, "address", RESUME, 1 },
  { "nonsense/missing", ANSWER (COMPLETE, 409, .text = "{\"missing\":[[9,99]]}", ALL), WAITS,
    FERRY_ERROR_SERVER, "put the file together", RESUME, 1 },
  { "redirect/initiate",
    ANSWER (INITIATE, 307, .fields = "Location: http://127.0.0.1:1/uploads\r\n", ALL), FAILS,
    FERRY_ERROR_PROTOCOL, "another address", RESUME, 1 },
  { "redirect/chunk",
    ANSWER (CHUNK, 308, .fields = "Location: http://127.0.0.1:1/uploads\r\n", AT (4)), FAILS,
    FERRY_ERROR_PROTOCOL, "another address", RESUME, 1 },
  { "redirect/status", ANSWER (STATUS, 302, .fields = "Location: /status\r\n", ALL), FAILS,
    FERRY_ERROR_PROTOCOL, "another address", RESUME, 1 },
  { "redirect/complete", ANSWER (COMPLETE, 301, .fields = "Location: /x\r\n", ALL), FAILS,
    FERRY_ERROR_PROTOCOL, "another address", RESUME, 1 },

  /* Promises not kept */
  { "pretends/once", FAULT (CHUNK, PRETEND, AT (4), .times = 1), DONE, 1 },
  { "pretends/always", FAULT (CHUNK, PRETEND, AT (4)), FAILS, FERRY_ERROR_PROTOCOL,
    "does not have them", RESUME, 1 },
  { "pretends/all", FAULT (CHUNK, PRETEND, ALL), FAILS, FERRY_ERROR_PROTOCOL, "does not have them",
    RESUME, 1 },
  { "missing/forgot", FAULT (COMPLETE, MISS, .first = 4, .times = 1), DONE, 1 },
  { "missing/always", FAULT (COMPLETE, MISS, .first = 4), FAILS, FERRY_ERROR_PROTOCOL,
    "does not have them", RESUME, 1 },
};

static void
assert_fault (FerryTestUploads *uploads, FerryTransfer *transfer, const Case *expected)
{
  const char *message;

  ferry_test_bed_wait_state (uploads->bed, transfer, expected->state);
  ferry_test_bed_assert_state (uploads->bed, transfer, expected->state, expected->error);
  g_assert_null (ferry_transfer_get_path (transfer));
  message = ferry_transfer_get_error_message (transfer);
  g_test_message ("%s", message);
  if (expected->says != NULL && strstr (message, expected->says) == NULL)
    g_error ("“%s” does not say “%s”", message, expected->says);
}

static void
test_case (gconstpointer data)
{
  const Case *expected = data;
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, expected->fault);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  if (expected->cure != NOTHING)
    {
      assert_fault (uploads, transfer, expected);
      ferry_test_receiver_clear_faults (uploads->receiver);
      if (expected->cure == RESUME)
        ferry_engine_resume (uploads->bed->engine, transfer);
      else
        ferry_engine_start_again (uploads->bed->engine, transfer);
    }
  else
    ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_DONE);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, expected->uploads);
}

/* ---- never answers ---- */

static void
test_silence (gconstpointer data)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  g_object_set (uploads->bed->engine, "timeout", 1, NULL);
  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = GPOINTER_TO_INT (data),
                                                       .kind = FERRY_TEST_SILENCE,
                                                       .last = G_MAXUINT64 });
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_TIMED_OUT);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
}

/* ---- what the receiver forgets between two runs ---- */

static FerryTransfer *
send_half (FerryTestUploads *uploads)
{
  FerryTransfer *transfer;

  ferry_test_uploads_drop_from (uploads, 5);
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_uploads_cut_at (uploads, transfer, 5);
  ferry_test_receiver_clear_faults (uploads->receiver);
  return transfer;
}

static void
test_forgets_chunks (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);

  ferry_test_receiver_forget_chunk (uploads->receiver, 1);
  ferry_test_receiver_forget_chunk (uploads->receiver, 4);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  for (guint i = 0; i < N_CHUNKS; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==,
                      i == 1 || i == 4 ? 2 : 1);
}

/* It confirms everything and has nothing, and completing never gets through: no run alone shows that it does not store. */
static void
test_pretends_across_runs (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;
  g_autofree char *history = NULL;

  ferry_test_uploads_fault (uploads, (FerryTestFault) FAULT (CHUNK, PRETEND, ALL));
  ferry_test_uploads_fault (uploads, (FerryTestFault) FAULT (COMPLETE, CUT, ALL));
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_FAILED);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_FAILED, FERRY_ERROR_PROTOCOL);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_CHUNK), ==,
                    3 * N_CHUNKS);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "lost 10 pieces that it had confirmed"));
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
}

/* Its list is always shorter than what it has confirmed. */
static void
test_shrinks (void)
{
  static const char status[]
      = "{\"uploadId\":\"u\",\"size\":9940,\"chunkSize\":1024,\"totalChunks\":10,"
        "\"receivedChunks\":[[0,1]],\"nextExpectedChunk\":2,\"status\":\"in_progress\"}";
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;
  g_autofree char *history = NULL;

  ferry_test_uploads_fault (uploads, (FerryTestFault) ANSWER (STATUS, 200, .text = status, ALL));
  ferry_test_uploads_fault (uploads, (FerryTestFault) FAULT (COMPLETE, CUT, ALL));
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_FAILED);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_FAILED, FERRY_ERROR_PROTOCOL);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "lost 8 pieces that it had confirmed"));
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
}

static void
test_other_chunk_size (void)
{
  static const char status[]
      = "{\"uploadId\":\"u\",\"size\":9940,\"chunkSize\":2048,\"totalChunks\":5,"
        "\"receivedChunks\":[[0,2]],\"nextExpectedChunk\":3,\"status\":\"in_progress\"}";
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *history = NULL;

  g_assert_cmpint (SIZE, ==, 9940);
  ferry_test_uploads_fault (uploads,
                            (FerryTestFault) ANSWER (STATUS, 200, .text = status, .times = 1, ALL));
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "no longer knew"));
}

static void
test_forgets_upload (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);
  g_autofree char *history = NULL;

  ferry_test_receiver_forget_uploads (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), ==, 2);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "no longer knew"));
}

static void
test_forgets_always (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer = send_half (uploads);

  ferry_test_uploads_fault (uploads, (FerryTestFault) ANSWER (STATUS, 404, ALL));
  ferry_test_uploads_fault (uploads, (FerryTestFault) ANSWER (CHUNK, 404, ALL));
  ferry_engine_resume (uploads->bed->engine, transfer);
  ferry_test_uploads_wait_step (uploads, FERRY_TEST_STATUS, 3);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_SERVER);
  g_assert_cmpuint (ferry_test_receiver_count_uploads (uploads->receiver), <=, 6);
  ferry_test_receiver_clear_faults (uploads->receiver);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
}

static void
test_notes (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;
  g_autofree char *history = NULL;

  ferry_test_uploads_fault (uploads, (FerryTestFault) ANSWER (CHUNK, 422, AT (4), .times = 1));
  ferry_test_uploads_fault (uploads,
                            (FerryTestFault) FAULT (COMPLETE, MISS, .first = 7, .times = 1));
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  history = ferry_test_bed_history (uploads->bed, transfer);
  g_assert_nonnull (strstr (history, "Piece 5 arrived damaged"));
  g_assert_nonnull (strstr (history, "found 1 damaged piece"));
  g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, 7), ==, 2);
  g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, 4), ==, 1);
}

/* Who tried to read it knows better than the list: the chunk goes out again. */
static void
test_contradicts_status (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads,
                            (FerryTestFault) FAULT (COMPLETE, CLAIM, .first = 4, .times = 1));
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_uploads_assert_done (uploads, transfer, "file.bin", 5, SIZE);
  for (guint i = 0; i < N_CHUNKS; i++)
    g_assert_cmpuint (ferry_test_receiver_count_puts (uploads->receiver, i), ==, i == 4 ? 2 : 1);
}

/* How long a receiver wants to be left alone is its business, at a chunk too. */
static void
test_retry_after (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *transfer;

  ferry_test_uploads_fault (
      uploads, (FerryTestFault) ANSWER (CHUNK, 503, AT (4), .fields = "Retry-After: 36000\r\n"));
  transfer = ferry_test_uploads_send (uploads, "file.bin", 5, SIZE);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  g_test_message ("%s", ferry_transfer_get_caption (transfer));
  g_assert_nonnull (strstr (ferry_transfer_get_caption (transfer), "again at "));
}

/* Nobody listens there any more. */
static void
test_refused (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  g_autoptr (FerryTestReceiver) other = ferry_test_receiver_new (FERRY_TEST_CHUNK_SIZE, NULL);
  g_autofree char *address = g_strdup (ferry_test_receiver_get_address (other));
  g_autofree char *path = ferry_test_bed_path (uploads->bed, "file.bin");
  g_autoptr (FerrySpec) spec = NULL;
  FerryTransfer *transfer;

  g_clear_pointer (&other, ferry_test_receiver_free);
  ferry_test_uploads_write (uploads, "file.bin", 5, SIZE);
  spec = ferry_spec_new_upload (path, address, "Home", NULL, NULL);
  transfer = ferry_test_bed_add_spec (uploads->bed, spec);
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (uploads->bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_REFUSED);
}

int
main (int argc, char **argv)
{
  static const char *const steps[] = { "initiate", "chunk", "status", "complete" };

  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/upload/", cases[i].name, NULL);
      g_test_add_data_func (path, &cases[i], test_case);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_autofree char *path = g_strconcat ("/upload/silence/", steps[i], NULL);
      g_test_add_data_func (path, GINT_TO_POINTER ((int) i), test_silence);
    }
  g_test_add_func ("/upload/forgets/chunks", test_forgets_chunks);
  g_test_add_func ("/upload/forgets/upload", test_forgets_upload);
  g_test_add_func ("/upload/forgets/always", test_forgets_always);
  g_test_add_func ("/upload/pretends/across-runs", test_pretends_across_runs);
  g_test_add_func ("/upload/shrinks", test_shrinks);
  g_test_add_func ("/upload/other-chunk-size", test_other_chunk_size);
  g_test_add_func ("/upload/notes", test_notes);
  g_test_add_func ("/upload/contradicts-status", test_contradicts_status);
  g_test_add_func ("/upload/retry-after", test_retry_after);
  g_test_add_func ("/upload/refused", test_refused);
  return g_test_run ();
}
