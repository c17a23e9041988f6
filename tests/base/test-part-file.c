/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ferry-test-part.h"

static void
test_create (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  g_autofree char *path = in_folder (fixture, "a.part");
  struct stat info;

  g_assert_cmpstr (ferry_part_file_get_path (part), ==, path);
  g_assert_no_errno (stat (path, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  g_assert_cmpint (fcntl (ferry_part_file_get_fd (part), F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);

  /* Opening again takes nothing away. */
  g_autoptr (FerryPartFile) again = open_part (fixture, "a.part");

  g_assert_cmpint (length_of (again), ==, 5);
  assert_text (fixture, "a.part", "hello");
}

static void
test_open_missing (Fixture *fixture, gconstpointer data)
{
  g_autofree char *gone = in_folder (fixture, "gone");
  g_autofree char *file = in_folder (fixture, "file");

  put_text (fixture, "file", "x");
  assert_open_fails (fixture->folder, "a.part", FALSE, FERRY_ERROR_NO_FOLDER);
  assert_missing (fixture, "a.part");
  assert_open_fails (gone, "a.part", TRUE, FERRY_ERROR_NO_FOLDER);
  assert_open_fails (file, "a.part", TRUE, FERRY_ERROR_NO_FOLDER);
  assert_open_fails ("relative", "a.part", TRUE, FERRY_ERROR_NO_FOLDER);
  assert_open_fails ("", "a.part", TRUE, FERRY_ERROR_NO_FOLDER);
}

static void
test_name_too_long (Fixture *fixture, gconstpointer data)
{
  g_autofree char *name = g_strnfill (256, 'x');

  assert_open_fails (fixture->folder, name, TRUE, FERRY_ERROR_DISK);
}

static void
test_symbolic_links (Fixture *fixture, gconstpointer data)
{
  g_autofree char *link = in_folder (fixture, "link.part");
  g_autofree char *dangling = in_folder (fixture, "dangling.part");

  put_text (fixture, "target", "precious");
  g_assert_no_errno (symlink ("target", link));
  g_assert_no_errno (symlink ("made", dangling));
  for (guint create = 0; create < 2; create++)
    {
      assert_open_fails (fixture->folder, "link.part", create != 0, FERRY_ERROR_DISK);
      assert_open_fails (fixture->folder, "dangling.part", create != 0, FERRY_ERROR_DISK);
    }
  assert_text (fixture, "target", "precious");
  assert_missing (fixture, "made");
}

/* None of these may make the lane wait, either. */
static void
test_not_regular (Fixture *fixture, gconstpointer data)
{
  g_autofree char *pipe = in_folder (fixture, "pipe");
  g_autofree char *folder = in_folder (fixture, "folder");
  g_autofree char *socket_path = in_folder (fixture, "socket");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, socket_path, sizeof address.sun_path);
  g_assert_no_errno (mkfifo (pipe, 0600));
  g_assert_no_errno (g_mkdir (folder, 0700));
  g_assert_no_errno (bind (fd, (struct sockaddr *) &address, sizeof address));
  assert_open_fails (fixture->folder, "pipe", TRUE, FERRY_ERROR_DISK);
  assert_open_fails (fixture->folder, "folder", TRUE, FERRY_ERROR_DISK);
  assert_open_fails (fixture->folder, "socket", TRUE, FERRY_ERROR_DISK);
  assert_open_fails ("/dev", "null", TRUE, FERRY_ERROR_DISK);
  close (fd);
}

static void
child_not_writable (gpointer data)
{
  Fixture *fixture = data;
  g_autofree char *folder = in_folder (fixture, "read-only");

  ferry_test_child_become_nobody ();
  g_assert_no_errno (g_mkdir (folder, 0700));
  put_text (fixture, "read-only/mine", "x");
  put_text (fixture, "locked", "x");

  g_autofree char *locked = in_folder (fixture, "locked");

  g_assert_no_errno (chmod (locked, 0400));
  g_assert_no_errno (chmod (folder, 0500));
  assert_open_fails (folder, "a.part", TRUE, FERRY_ERROR_NOT_WRITABLE);
  assert_open_fails (fixture->folder, "locked", TRUE, FERRY_ERROR_NOT_WRITABLE);

  /* The part was there before: written, but not given its name. */
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = ferry_part_file_open (folder, "mine", FALSE, &error);

  g_assert_no_error (error);
  assert_publish_fails (part, "final", FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (folder, 0000));
  assert_open_fails (folder, "mine", FALSE, FERRY_ERROR_NOT_WRITABLE);
  g_assert_no_errno (chmod (folder, 0700));
}

static void
test_not_writable (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_not_writable, fixture);
}

static void
child_read_only_mount (gpointer data)
{
  Fixture *fixture = data;

  ferry_test_child_mount (fixture->folder, "size=1m");
  put_text (fixture, "a.part", "x");
  ferry_test_child_remount_read_only (fixture->folder);
  assert_open_fails (fixture->folder, "a.part", FALSE, FERRY_ERROR_NOT_WRITABLE);
  assert_open_fails (fixture->folder, "b.part", TRUE, FERRY_ERROR_NOT_WRITABLE);
}

static void
test_read_only_mount (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_read_only_mount, fixture);
}

/* A folder one may put files into but not list, as a drop box has it. */
static void
child_unlistable_folder (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = in_folder (fixture, "drop");

  ferry_test_child_become_nobody ();
  g_assert_no_errno (g_mkdir (folder, 0300));

  g_autoptr (FerryPartFile) part = ferry_part_file_open (folder, "a.part", TRUE, &error);

  g_assert_no_error (error);
  g_assert_true (ferry_part_file_write (part, 0, "hello", 5, &error));
  g_assert_true (ferry_part_file_sync (part, &error));
  g_assert_true (ferry_part_file_publish (part, "a", &error));
  g_assert_no_error (error);
  g_assert_no_errno (chmod (folder, 0700));
  assert_text (fixture, "drop/a", "hello");
}

static void
test_unlistable_folder (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_unlistable_folder, fixture);
}

static void
test_write_and_read (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part (fixture, "a.part");
  char buffer[32];

  g_assert_true (ferry_part_file_write (part, 10, "world", 5, &error));
  g_assert_true (ferry_part_file_write (part, 0, "hello", 5, &error));
  g_assert_true (ferry_part_file_write (part, 3, NULL, 0, &error));
  g_assert_cmpint (length_of (part), ==, 15);
  g_assert_cmpint (ferry_part_file_read (part, 0, buffer, sizeof buffer, &error), ==, 15);
  g_assert_cmpmem (buffer, 15, "hello\0\0\0\0\0world", 15);
  g_assert_cmpint (ferry_part_file_read (part, 12, buffer, sizeof buffer, &error), ==, 3);
  g_assert_cmpmem (buffer, 3, "rld", 3);
  g_assert_cmpint (ferry_part_file_read (part, 15, buffer, 1, &error), ==, 0);
  g_assert_cmpint (ferry_part_file_read (part, 99, buffer, 1, &error), ==, 0);
  g_assert_cmpint (ferry_part_file_read (part, 0, buffer, 0, &error), ==, 0);
  g_assert_true (ferry_part_file_sync (part, &error));
  g_assert_no_error (error);
}

static void
test_offsets_out_of_range (Fixture *fixture, gconstpointer data)
{
  static const guint64 offsets[] = { G_MAXINT64, (guint64) G_MAXINT64 + 1, G_MAXUINT64 };
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  char buffer[2] = "";

  for (gsize i = 0; i < G_N_ELEMENTS (offsets); i++)
    {
      g_autoptr (GError) write_error = NULL;
      g_autoptr (GError) read_error = NULL;

      g_assert_false (ferry_part_file_write (part, offsets[i], "xx", 2, &write_error));
      g_assert_error (write_error, FERRY_ERROR, FERRY_ERROR_DISK);
      g_assert_cmpint (ferry_part_file_read (part, offsets[i], buffer, 2, &read_error), ==, -1);
      g_assert_error (read_error, FERRY_ERROR, FERRY_ERROR_DISK);
    }
  assert_text (fixture, "a.part", "hello");
}

static void
test_allocate_and_truncate (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  struct stat info;

  g_assert_true (ferry_part_file_allocate (part, 1 << 20, &error));
  g_assert_no_error (error);
  g_assert_cmpint (length_of (part), ==, 1 << 20);
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  /* A hole: reserved blocks would have to be converted when they are written. */
  g_assert_cmpint (info.st_blocks, <, (1 << 20) / 512);
  g_assert_true (ferry_part_file_allocate (part, 3, &error));
  g_assert_cmpint (length_of (part), ==, 3);
  assert_text (fixture, "a.part", "hel");
  g_assert_true (ferry_part_file_truncate (part, 5, &error));
  g_assert_cmpint (length_of (part), ==, 5);
  g_assert_true (ferry_part_file_truncate (part, 1, &error));
  assert_text (fixture, "a.part", "h");
  g_assert_true (ferry_part_file_allocate (part, 0, &error));
  g_assert_cmpint (length_of (part), ==, 0);
  g_assert_no_error (error);
}

static void
test_sizes_out_of_range (Fixture *fixture, gconstpointer data)
{
  static const guint64 sizes[] = { (guint64) G_MAXINT64 + 1, G_MAXUINT64 };
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");

  for (gsize i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (GError) allocate_error = NULL;
      g_autoptr (GError) truncate_error = NULL;

      g_assert_false (ferry_part_file_allocate (part, sizes[i], &allocate_error));
      g_assert_error (allocate_error, FERRY_ERROR, FERRY_ERROR_DISK);
      g_assert_false (ferry_part_file_truncate (part, sizes[i], &truncate_error));
      g_assert_error (truncate_error, FERRY_ERROR, FERRY_ERROR_DISK);
    }
  assert_text (fixture, "a.part", "hello");
}

static void
test_reserve (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  struct stat info;

  g_assert_true (ferry_part_file_reserve (part, 1 << 20, &error));
  g_assert_no_error (error);
  g_assert_cmpint (length_of (part), ==, 1 << 20);
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  g_assert_cmpint (info.st_blocks, >=, (1 << 20) / 512);
}

static void
child_reserve_without_support (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  struct stat info;

  ferry_test_child_deny (SYS_fallocate, EOPNOTSUPP);
  g_assert_true (ferry_part_file_reserve (part, 64 << 20, &error));
  g_assert_no_error (error);
  g_assert_cmpint (length_of (part), ==, 64 << 20);
  /* A hole, not 64 MiB of zeros. */
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  g_assert_cmpint (info.st_blocks, <, 1024);
}

static void
test_reserve_without_support (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_reserve_without_support, fixture);
}

static void
child_full_disk (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) allocate_error = NULL;
  g_autoptr (GError) write_error = NULL;
  g_autofree char *block = g_strnfill (2 << 20, 'x');

  ferry_test_child_mount (fixture->folder, "size=1m");

  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  gint64 free_before = ferry_folder_free_space (fixture->folder);

  g_assert_cmpint (free_before, >, 900 << 10);
  g_assert_cmpint (free_before, <=, 1 << 20);
  g_assert_false (ferry_part_file_allocate (part, 2 << 20, &allocate_error));
  g_assert_error (allocate_error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  assert_text (fixture, "a.part", "hello");
  g_assert_cmpint (ferry_folder_free_space (fixture->folder), ==, free_before);
  g_clear_error (&allocate_error);
  g_assert_false (ferry_part_file_reserve (part, 2 << 20, &allocate_error));
  g_assert_error (allocate_error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  assert_text (fixture, "a.part", "hello");
  g_assert_cmpint (ferry_folder_free_space (fixture->folder), ==, free_before);
  g_assert_false (ferry_part_file_write (part, 5, block, 2 << 20, &write_error));
  g_assert_error (write_error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  g_assert_cmpint (ferry_folder_free_space (fixture->folder), ==, 0);
}

static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_full_disk, fixture);
}

/* A limit on file sizes makes the kernel take a part of a write only: all that fits is written, then it is an error. */
static void
child_short_write (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part (fixture, "a.part");
  const struct rlimit limit = { .rlim_cur = 1000, .rlim_max = 1000 };
  g_autofree char *block = g_strnfill (1500, 'x');

  signal (SIGXFSZ, SIG_IGN);
  g_assert_no_errno (setrlimit (RLIMIT_FSIZE, &limit));
  g_assert_false (ferry_part_file_write (part, 0, block, 1500, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_DISK);
  g_assert_cmpint (length_of (part), ==, 1000);
}

static void
test_short_write (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_short_write, fixture);
}

/* The kernel tells of a lost write once; a later sync of the same descriptor proves nothing. */
static void
child_failed_sync (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");

  ferry_test_child_deny (SYS_fdatasync, EIO);
  g_assert_false (ferry_part_file_sync (part, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_DISK);
  /* fsync () works, and must not be believed. */
  assert_publish_fails (part, "a", FERRY_ERROR_DISK);
  assert_missing (fixture, "a");
  assert_text (fixture, "a.part", "hello");
}

static void
test_failed_sync (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_failed_sync, fixture);
}

static void
assert_attribute (FerryPartFile *part, const char *name, const char *expected)
{
  char value[256] = "";
  ssize_t n = fgetxattr (ferry_part_file_get_fd (part), name, value, sizeof value - 1);

  if (n < 0 && errno == ENOTSUP)
    {
      g_test_message ("no extended attributes here");
      return;
    }
  g_assert_cmpstr (n < 0 ? NULL : value, ==, expected);
}

static void
test_describe (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  g_autofree char *long_address = g_strnfill (64 * 1024, 'x');
  struct stat info;

  ferry_part_file_describe (part, 784111777, "https://example.org/a", NULL);
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  g_assert_cmpint (info.st_mtim.tv_sec, ==, 784111777);
  g_assert_cmpint (info.st_mtim.tv_nsec, ==, 0);
  assert_attribute (part, "user.xdg.origin.url", "https://example.org/a");
  assert_attribute (part, "user.xdg.referrer.url", NULL);
  /* No time leaves the one that is there. */
  ferry_part_file_describe (part, -1, NULL, "https://example.org/");
  assert_attribute (part, "user.xdg.origin.url", "https://example.org/a");
  assert_attribute (part, "user.xdg.referrer.url", "https://example.org/");
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  g_assert_cmpint (info.st_mtim.tv_sec, ==, 784111777);
  /* Too long for most file systems, and too far away: neither is worth an error. */
  ferry_part_file_describe (part, G_MAXINT64, long_address, NULL);
  assert_text (fixture, "a.part", "hello");
}

static void
child_describe_mode (gpointer data)
{
  static const mode_t masks[] = { 0022, 0077, 0027, 0, 0777 };
  Fixture *fixture = data;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  struct stat info;

  for (gsize i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      umask (masks[i]);
      ferry_part_file_describe (part, -1, NULL, NULL);
      g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
      g_assert_cmpint (info.st_mode & 07777, ==, 0666 & ~masks[i]);
      g_assert_cmpint (umask (0), ==, masks[i]);
    }
}

static void
test_describe_mode (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_describe_mode, fixture);
}

static void
child_describe_without_support (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  struct stat info;

  ferry_test_child_deny (SYS_fsetxattr, ENOTSUP);
  ferry_test_child_deny (SYS_fchmod, EPERM);
  ferry_part_file_describe (part, 784111777, "https://example.org/a", "https://example.org/");
  g_assert_no_errno (fstat (ferry_part_file_get_fd (part), &info));
  g_assert_cmpint (info.st_mtim.tv_sec, ==, 784111777);
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
}

static void
test_describe_without_support (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_describe_without_support, fixture);
}

static void
test_stamp (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  FerryPartStamp stamp, other;

  g_assert_true (ferry_part_file_stat (part, &stamp, &error));
  g_assert_cmpuint (stamp.inode, !=, 0);
  g_assert_cmpint (stamp.size, ==, 5);
  g_assert_cmpint (stamp.mtime_ns / 1000000000, >, 1600000000);
  g_assert_true (ferry_part_file_stat (part, &other, &error));
  g_assert_true (ferry_part_stamp_equal (&stamp, &other));
  g_assert_true (ferry_part_file_truncate (part, 4, &error));
  g_assert_true (ferry_part_file_stat (part, &other, &error));
  g_assert_false (ferry_part_stamp_equal (&stamp, &other));
  g_assert_no_error (error);
}

static void
test_stamp_compares_all (void)
{
  const FerryPartStamp stamp = { 1, 2, 3, 4, 5 };
  const FerryPartStamp others[] = {
    { 9, 2, 3, 4, 5 }, { 1, 9, 3, 4, 5 }, { 1, 2, 9, 4, 5 }, { 1, 2, 3, 9, 5 }, { 1, 2, 3, 4, 9 }
  };

  g_assert_true (ferry_part_stamp_equal (&stamp, &stamp));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (ferry_part_stamp_equal (&stamp, &others[i]));
}

static gpointer
sync_cb (gpointer data)
{
  for (guint i = 0; i < 20; i++)
    g_assert_true (ferry_part_file_sync (data, NULL));
  return NULL;
}

static void
test_sync_beside_writes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryPartFile) part = open_part (fixture, "a.part");
  GThread *thread = g_thread_new ("sync", sync_cb, part);
  g_autofree char *block = g_strnfill (4096, 'x');

  for (guint i = 0; i < 500; i++)
    g_assert_true (ferry_part_file_write (part, i * 4096, block, 4096, NULL));
  g_thread_join (thread);
  g_assert_cmpint (length_of (part), ==, 500 * 4096);
}

static void
test_free_space (Fixture *fixture, gconstpointer data)
{
  g_autofree char *gone = in_folder (fixture, "gone");

  g_assert_cmpint (ferry_folder_free_space (fixture->folder), >, 0);
  g_assert_cmpint (ferry_folder_free_space (gone), ==, -1);
  g_assert_cmpint (ferry_folder_free_space ("/proc"), ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/part-file/create", test_create);
  add ("/part-file/open/missing", test_open_missing);
  add ("/part-file/open/name-too-long", test_name_too_long);
  add ("/part-file/open/symbolic-links", test_symbolic_links);
  add ("/part-file/open/not-regular", test_not_regular);
  add ("/part-file/open/not-writable", test_not_writable);
  add ("/part-file/open/read-only-mount", test_read_only_mount);
  add ("/part-file/open/unlistable-folder", test_unlistable_folder);
  add ("/part-file/write-and-read", test_write_and_read);
  add ("/part-file/offsets-out-of-range", test_offsets_out_of_range);
  add ("/part-file/allocate-and-truncate", test_allocate_and_truncate);
  add ("/part-file/reserve", test_reserve);
  add ("/part-file/reserve-without-support", test_reserve_without_support);
  add ("/part-file/sizes-out-of-range", test_sizes_out_of_range);
  add ("/part-file/full-disk", test_full_disk);
  add ("/part-file/short-write", test_short_write);
  add ("/part-file/failed-sync", test_failed_sync);
  add ("/part-file/describe", test_describe);
  add ("/part-file/describe/mode", test_describe_mode);
  add ("/part-file/describe/without-support", test_describe_without_support);
  add ("/part-file/stamp", test_stamp);
  add ("/part-file/sync-beside-writes", test_sync_beside_writes);
  add ("/part-file/free-space", test_free_space);
  g_test_add_func ("/part-file/stamp/compares-all", test_stamp_compares_all);
  return g_test_run ();
}
