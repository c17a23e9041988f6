/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A full disk: a small file system of our own in a mount namespace of our own, so that nothing else is touched. */

#include "ferry-error.h"
#include "ferry-test-util.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#define SMALL "size=2m"
#define BIG "size=64m"
#define SIZE (6 * 1024 * 1024)

static int namespace_errno;

static gboolean
write_text (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean ok = fd >= 0 && write (fd, text, strlen (text)) == (gssize) strlen (text);

  if (fd >= 0)
    close (fd);
  return ok;
}

/* Before there are threads. */
static void
enter_namespace (void)
{
  g_autofree char *uids = g_strdup_printf ("0 %d 1", (int) geteuid ());
  g_autofree char *gids = g_strdup_printf ("0 %d 1", (int) getegid ());

  if (unshare (CLONE_NEWNS) != 0)
    {
      if (unshare (CLONE_NEWUSER | CLONE_NEWNS) != 0)
        {
          namespace_errno = errno;
          return;
        }
      if (!write_text ("/proc/self/setgroups", "deny") || !write_text ("/proc/self/uid_map", uids)
          || !write_text ("/proc/self/gid_map", gids))
        namespace_errno = errno;
    }
  if (namespace_errno == 0 && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
    namespace_errno = errno;
}

static gboolean
mount_small (const char *folder)
{
  if (namespace_errno == 0 && mount ("tmpfs", folder, "tmpfs", 0, SMALL) != 0)
    namespace_errno = errno;
  if (namespace_errno == 0)
    return TRUE;
  g_autofree char *why
      = g_strdup_printf ("May not mount a file system: %s", g_strerror (namespace_errno));
  g_test_skip (why);
  return FALSE;
}

static void
make_room (const char *folder)
{
  g_assert_cmpint (mount ("tmpfs", folder, "tmpfs", MS_REMOUNT, BIG), ==, 0);
}

static void
test_full (gconstpointer data)
{
  const char *script = data;
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *target = g_strdup_printf ("/file.bin?size=%d&seed=8%s", SIZE, script);
  g_autofree char *path = ferry_test_bed_path (bed, "file.bin");
  FerryTransfer *transfer;

  if (!mount_small (bed->folder))
    return;
  transfer = ferry_test_bed_add (bed, target);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_NO_SPACE);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), <, 1);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));

  /* What was there before the disk was full is still held where the size was not known beforehand. */
  if (strstr (script, "chunked") != NULL)
    g_assert_cmpuint (ferry_transfer_get_received (transfer), >, 0);
  make_room (bed->folder);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 8, SIZE);
  if (strstr (script, "chunked") != NULL)
    g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), >, 0);
  g_assert_cmpint (umount2 (bed->folder, MNT_DETACH), ==, 0);
}

static void
trouble_cb (FerryEngine *engine, const char *sentence, gpointer data)
{
  ferry_test_assert_sentence (sentence);
  (*(guint *) data)++;
}

static gboolean
has_trouble (gpointer data)
{
  return *(guint *) data > 0;
}

static void
fill (const char *folder)
{
  g_autofree char *filler = g_build_filename (folder, "filler", NULL);
  int fd = open (filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  for (gsize size = 65536; size >= 1; size = size > 4096 ? 4096 : size / 2)
    {
      g_autofree char *block = g_malloc0 (size);

      while (write (fd, block, size) > 0)
        ;
    }
  close (fd);
}

/* The journal's disk is full: said, nothing is lost, and when there is room again all goes on. */
static void
test_journal_full (gconstpointer data)
{
  gboolean added_before = GPOINTER_TO_INT (data);
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/file.bin?size=1000&seed=8");
  FerryTransfer *transfer = NULL;
  guint troubles = 0;

  g_assert_cmpint (g_mkdir (bed->state_folder, 0700), ==, 0);
  if (!mount_small (bed->state_folder))
    return;
  ferry_test_bed_open (bed);
  g_signal_connect (bed->engine, "trouble", G_CALLBACK (trouble_cb), &troubles);
  spec->paused = TRUE;
  if (added_before)
    {
      transfer = ferry_test_bed_add_spec (bed, spec);
      ferry_test_bed_reopen (bed);
      g_signal_connect (bed->engine, "trouble", G_CALLBACK (trouble_cb), &troubles);
      transfer = ferry_test_bed_get (bed, 0);
    }
  fill (bed->state_folder);
  if (!added_before)
    transfer = ferry_test_bed_add_spec (bed, spec);
  ferry_engine_resume (bed->engine, transfer);
  ferry_test_bed_wait (bed, has_trouble, &troubles, "trouble");
  make_room (bed->state_folder);
  for (guint i = 0; i < 5 && ferry_transfer_get_state (transfer) != FERRY_STATE_DONE; i++)
    {
      ferry_engine_resume (bed->engine, transfer);
      ferry_test_bed_settle (bed, transfer);
    }
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_DONE, -1);
  ferry_test_bed_assert_file (bed, "file.bin", 8, 1000);
  ferry_test_bed_reopen (bed);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 1);
  g_assert_cmpint (ferry_transfer_get_state (ferry_test_bed_get (bed, 0)), ==, FERRY_STATE_DONE);
  ferry_test_bed_close (bed);
  g_assert_cmpint (umount2 (bed->state_folder, MNT_DETACH), ==, 0);
}

int
main (int argc, char **argv)
{
  enter_namespace ();
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/full/known-size", "", test_full);
  g_test_add_data_func ("/full/unknown-size", "&length=chunked", test_full);
  g_test_add_data_func ("/full/journal", GINT_TO_POINTER (TRUE), test_journal_full);
  g_test_add_data_func ("/full/journal-of-new-one", GINT_TO_POINTER (FALSE), test_journal_full);
  return g_test_run ();
}
