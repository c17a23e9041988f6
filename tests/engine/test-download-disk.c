/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What happens on the disk behind Ferry's back, while it is paused, closed or killed: nothing wrong ever counts as held,
 * nothing right is thrown away, and nothing of anybody else's is touched. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define CHUNK (256 * 1024)
#define SIZE (1024 * 1024)
#define HELD (512 * 1024)
#define OVERLAP (64 * 1024)
#define SEED 5

static FerryTransfer *
start_and_pause (FerryTestBed *bed)
{
  g_autofree char *target
      = g_strdup_printf ("/file.bin?size=%d&seed=%d&stall=%d&stalls=1", SIZE, SEED, HELD);
  FerryTransfer *transfer = ferry_test_bed_add (bed, target);

  ferry_test_bed_pause_at (bed, transfer, HELD);
  return transfer;
}

static void
overwrite (const char *path, gint64 offset, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pwrite (fd, text, strlen (text), offset), ==, (gssize) strlen (text));
  close (fd);
}

/* ---- the part, tampered with ---- */

static void
leave_alone (FerryTestBed *bed, const char *part)
{
}

static void
shorten (FerryTestBed *bed, const char *part)
{
  g_assert_cmpint (truncate (part, 300000), ==, 0);
}

static void
empty (FerryTestBed *bed, const char *part)
{
  g_assert_cmpint (truncate (part, 0), ==, 0);
}

static void
lengthen (FerryTestBed *bed, const char *part)
{
  overwrite (part, SIZE + 5000, "behind the end");
}

static void
flip_first (FerryTestBed *bed, const char *part)
{
  overwrite (part, 10, "x");
}

static void
flip_last_held (FerryTestBed *bed, const char *part)
{
  overwrite (part, HELD - 1, "x");
}

static void
flip_beyond_held (FerryTestBed *bed, const char *part)
{
  overwrite (part, HELD + 1000, "not yet fetched");
}

/* As a failing disk does it: nothing but the bytes changes. */
static void
flip_keeping_time (FerryTestBed *bed, const char *part)
{
  struct stat st;
  struct timespec times[2];

  g_assert_cmpint (g_stat (part, &st), ==, 0);
  overwrite (part, 10, "x");
  times[0] = st.st_atim;
  times[1] = st.st_mtim;
  g_assert_cmpint (utimensat (AT_FDCWD, part, times, 0), ==, 0);
}

static void delete (FerryTestBed *bed, const char *part)
{
  g_assert_cmpint (g_unlink (part), ==, 0);
}

/* The same bytes in another file, as a restored backup has them. */
static void
replace_by_copy (FerryTestBed *bed, const char *part)
{
  g_autofree char *bytes = NULL;
  gsize length;

  g_assert_true (g_file_get_contents (part, &bytes, &length, NULL));
  g_assert_cmpint (g_unlink (part), ==, 0);
  g_assert_true (g_file_set_contents (part, bytes, length, NULL));
}

static void
replace_by_other (FerryTestBed *bed, const char *part)
{
  g_assert_cmpint (g_unlink (part), ==, 0);
  g_assert_true (g_file_set_contents (part, "another file", -1, NULL));
}

typedef struct
{
  const char *name;
  void (*tamper) (FerryTestBed *bed, const char *part);
  gint64 from; /* where the first request to go on may begin, at the earliest */
  gint64 to;   /* and at the latest; -1: from the beginning without a Range */
  gint64 sent; /* bytes after the first answer, at most */
  const char *says;
} Tampering;

static const Tampering tamperings[] = {
  { "untouched", leave_alone, HELD - OVERLAP, HELD, SIZE - HELD + OVERLAP },
  { "shortened", shorten, CHUNK - OVERLAP, CHUNK, SIZE - CHUNK + 2 * OVERLAP, "damaged" },
  { "emptied", empty, 0, -1, SIZE + OVERLAP, "damaged" },
  { "lengthened", lengthen, HELD - OVERLAP, HELD, SIZE - HELD + OVERLAP },
  { "flipped-first", flip_first, 0, 0, SIZE - CHUNK + 2 * OVERLAP, "damaged" },
  { "flipped-last-held", flip_last_held, CHUNK - OVERLAP, CHUNK, SIZE - CHUNK + 2 * OVERLAP,
    "damaged" },
  { "flipped-beyond-held", flip_beyond_held, HELD - OVERLAP, HELD, SIZE - HELD + OVERLAP },
  { "flipped-keeping-time", flip_keeping_time, 0, 0, SIZE - CHUNK + 2 * OVERLAP, "damaged" },
  { "deleted", delete, 0, -1, SIZE, "gone" },
  { "replaced-by-copy", replace_by_copy, HELD - OVERLAP, HELD, SIZE - HELD + OVERLAP },
  { "replaced-by-other", replace_by_other, 0, -1, SIZE + OVERLAP, "damaged" },
};

static void
finish_tampered (FerryTestBed *bed, FerryTransfer *transfer, const Tampering *test)
{
  g_autofree char *history = NULL;
  gint64 range;

  ferry_engine_resume (bed->engine, transfer);
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_DONE, -1);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  range = ferry_test_bed_get_range (bed, "/file.bin", 2);
  g_assert_cmpint (range, >=, test->to < 0 ? -1 : test->from);
  g_assert_cmpint (range, <=, test->to < 0 ? 0 : test->to);
  g_assert_cmpuint (ferry_test_server_get_sent (bed->server, NULL), <=, HELD + test->sent);
  history = ferry_test_bed_history (bed, transfer);
  g_test_message ("%s", history);
  if (test->says != NULL)
    g_assert_nonnull (strstr (history, test->says));
  else
    g_assert_null (strstr (history, "damaged"));
}

static void
test_tampered (gconstpointer data)
{
  const Tampering *test = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = start_and_pause (bed);
  g_autofree char *part = ferry_test_bed_find_part (bed);

  test->tamper (bed, part);
  finish_tampered (bed, transfer, test);
}

static void
test_tampered_while_closed (gconstpointer data)
{
  const Tampering *test = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *part = NULL;

  start_and_pause (bed);
  ferry_test_bed_close (bed);
  part = ferry_test_bed_find_part (bed);
  test->tamper (bed, part);
  ferry_test_bed_open (bed);
  finish_tampered (bed, ferry_test_bed_get (bed, 0), test);
}

/* A link in place of the part must lead nowhere: what it points at is somebody's. */
static void
test_part_is_link (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = start_and_pause (bed);
  g_autofree char *part = ferry_test_bed_find_part (bed);
  g_autofree char *victim = g_build_filename (bed->root, "victim", NULL);
  g_autofree char *text = NULL;

  g_assert_true (g_file_set_contents (victim, "precious", -1, NULL));
  g_assert_cmpint (g_unlink (part), ==, 0);
  g_assert_cmpint (symlink (victim, part), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  while (ferry_transfer_get_state (transfer) == FERRY_STATE_QUEUED
         || ferry_transfer_get_state (transfer) == FERRY_STATE_ACTIVE)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (g_file_get_contents (victim, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "precious");
  if (ferry_transfer_get_state (transfer) == FERRY_STATE_DONE)
    {
      g_autofree char *difference
          = ferry_test_content_compare (ferry_transfer_get_path (transfer), SEED, SIZE);

      g_assert_cmpstr (difference, ==, NULL);
      return;
    }
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_true (g_file_test (part, G_FILE_TEST_IS_SYMLINK));
  g_assert_cmpint (g_unlink (part), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
}

/* ---- killed ---- */

static void
child_opened_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = NULL;

  ferry_engine_open_finish (FERRY_ENGINE (source), result, &error);
  g_assert_no_error (error);
  spec = ferry_spec_new (g_getenv ("FERRY_TEST_ADDRESS"), g_getenv ("FERRY_TEST_FOLDER"), &error);
  g_assert_no_error (error);
  g_assert_nonnull (ferry_engine_add (FERRY_ENGINE (source), spec, &error));
}

/* A process of its own, so that it can be killed as it stands: downloads until then. */
static void
child_downloads (void)
{
  g_autoptr (FerryEngine) engine = ferry_engine_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (FerryTestMonitor) monitor = ferry_test_monitor_new (TRUE);

  ferry_engine_set_network_monitor (engine, G_NETWORK_MONITOR (monitor));
  ferry_engine_open_async (engine, g_getenv ("FERRY_TEST_STATE"), "ferry-test", NULL,
                           child_opened_cb, NULL);
  g_main_loop_run (loop);
}

/* A test that fails leaves nothing running. */
static void
child_setup (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static GSubprocess *
start_child (FerryTestBed *bed, const char *address)
{
  g_autoptr (GSubprocessLauncher) launcher = g_subprocess_launcher_new (G_SUBPROCESS_FLAGS_NONE);
  g_autoptr (GError) error = NULL;
  GSubprocess *child;

  g_subprocess_launcher_set_child_setup (launcher, child_setup, NULL, NULL);
  g_subprocess_launcher_setenv (launcher, "FERRY_TEST_ADDRESS", address, TRUE);
  g_subprocess_launcher_setenv (launcher, "FERRY_TEST_FOLDER", bed->folder, TRUE);
  g_subprocess_launcher_setenv (launcher, "FERRY_TEST_STATE", bed->state_folder, TRUE);
  child = g_subprocess_launcher_spawn (launcher, &error, "/proc/self/exe", NULL);
  g_assert_no_error (error);
  return child;
}

static void
kill_child (GSubprocess *child)
{
  g_subprocess_force_exit (child);
  g_assert_true (g_subprocess_wait (child, NULL, NULL));
  g_assert_true (g_subprocess_get_if_signaled (child));
  g_assert_cmpint (g_subprocess_get_term_sig (child), ==, SIGKILL);
}

typedef struct
{
  FerryTestBed *bed;
  guint64 sent;
} Sent;

static gboolean
sent_reached (gpointer data)
{
  Sent *sent = data;

  return ferry_test_server_get_sent (sent->bed->server, NULL) >= sent->sent;
}

/* Killed in the middle: what a checkpoint had recorded is not fetched again, a byte that was damaged meanwhile is. */
static void
test_killed (gconstpointer data)
{
  gboolean damage = GPOINTER_TO_INT (data);
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autofree char *address
      = ferry_test_server_locate (bed->server, "/file.bin?size=8000000&seed=5&rate=2000000");
  g_autoptr (GSubprocess) child = start_child (bed, address);
  Sent sent = { bed, 5000000 };
  g_autofree char *part = NULL;
  FerryTransfer *transfer;
  gint64 range;

  ferry_test_bed_wait (bed, sent_reached, &sent, "the child to download");
  kill_child (child);
  part = ferry_test_bed_find_part (bed);
  g_assert_nonnull (part);
  if (damage)
    overwrite (part, 100, "damage");

  ferry_test_bed_open (bed);
  transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_transfer_get_wanted (transfer), ==, FERRY_WANTED_RUN);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 5, 8000000);
  range = ferry_test_bed_get_range (bed, "/file.bin", 2);
  if (damage)
    g_assert_cmpint (range, <=, 0);
  else
    g_assert_cmpint (range, >, 1000000);
  /* Two and a half seconds had gone by: at least one checkpoint, at most two seconds' worth lost. */
  g_assert_cmpuint (ferry_test_server_get_sent (bed->server, NULL), <,
                    8000000 + 4500000 + (damage ? CHUNK : 0));
}

/* Killed before anything was there. */
static void
test_killed_at_once (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autofree char *address
      = ferry_test_server_locate (bed->server, "/file.bin?size=1000&seed=5&stall=0&stalls=1");
  g_autoptr (GSubprocess) child = start_child (bed, address);
  FerryTransfer *transfer;

  ferry_test_bed_wait_stalled (bed, 1);
  kill_child (child);
  ferry_test_bed_wait_stalled (bed, 0);
  ferry_test_bed_open (bed);
  transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 5, 1000);
}

/* ---- folders ---- */

static void
test_folder_missing (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer;

  g_assert_cmpint (g_rmdir (bed->folder), ==, 0);
  transfer = ferry_test_bed_add (bed, "/file.bin?size=1000");
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_NO_FOLDER);
  g_assert_false (g_file_test (bed->folder, G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_mkdir (bed->folder, 0755), ==, 0);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
}

/* The drive is unplugged while paused and comes back: what it holds is still good. */
static void
test_folder_away (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = start_and_pause (bed);
  g_autofree char *away = g_strconcat (bed->folder, ".away", NULL);

  g_assert_cmpint (g_rename (bed->folder, away), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_NO_FOLDER);
  g_assert_cmpint (g_rename (away, bed->folder), ==, 0);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", SEED, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), >=, HELD - OVERLAP);
}

static void
test_folder_is_file (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer;

  g_assert_cmpint (g_rmdir (bed->folder), ==, 0);
  g_assert_true (g_file_set_contents (bed->folder, "a file", -1, NULL));
  transfer = ferry_test_bed_add (bed, "/file.bin?size=1000");
  while (ferry_transfer_get_error_message (transfer) == NULL)
    g_main_context_iteration (NULL, TRUE);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  g_assert_cmpint (ferry_transfer_get_state (transfer), !=, FERRY_STATE_DONE);
}

static void
test_folder_read_only (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  FerryTransfer *transfer;

  if (!ferry_test_bed_become_nobody (bed))
    {
      g_test_skip ("Runs as root and may not become anybody else");
      return;
    }
  ferry_test_bed_open (bed);
  g_assert_cmpint (g_chmod (bed->folder, 0555), ==, 0);
  transfer = ferry_test_bed_add (bed, "/file.bin?size=1000");
  ferry_test_bed_settle (bed, transfer);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_NEEDS_YOU, FERRY_ERROR_NOT_WRITABLE);
  g_assert_cmpint (g_chmod (bed->folder, 0755), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, 1000);
  ferry_test_bed_close (bed);
  ferry_test_become_root_again ();
}

int
main (int argc, char **argv)
{
  if (g_getenv ("FERRY_TEST_ADDRESS") != NULL)
    {
      child_downloads ();
      return 0;
    }
  g_test_init (&argc, &argv, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (tamperings); i++)
    {
      g_autofree char *path = g_strdup_printf ("/disk/paused/%s", tamperings[i].name);
      g_autofree char *closed = g_strdup_printf ("/disk/closed/%s", tamperings[i].name);

      g_test_add_data_func (path, &tamperings[i], test_tampered);
      g_test_add_data_func (closed, &tamperings[i], test_tampered_while_closed);
    }
  g_test_add_func ("/disk/part-is-link", test_part_is_link);
  g_test_add_data_func ("/disk/killed", GINT_TO_POINTER (FALSE), test_killed);
  g_test_add_data_func ("/disk/killed-and-damaged", GINT_TO_POINTER (TRUE), test_killed);
  g_test_add_func ("/disk/killed-at-once", test_killed_at_once);
  g_test_add_func ("/disk/folder-missing", test_folder_missing);
  g_test_add_func ("/disk/folder-away", test_folder_away);
  g_test_add_func ("/disk/folder-is-file", test_folder_is_file);
  g_test_add_func ("/disk/folder-read-only", test_folder_read_only);
  return g_test_run ();
}
