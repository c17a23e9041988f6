/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* For what would change the whole test program: another user, a full disk, a system call that fails, a kill. It is done in
 * a child, whose failed assertion fails the test. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib.h>
#include <glib/gstdio.h>

#include "ferry-test-folder.h"

G_BEGIN_DECLS

#define FERRY_TEST_CANNOT 77
#define FERRY_TEST_NOBODY 65534

typedef void (*FerryTestChildFunc) (gpointer data);

/* Runs @func in a child and fails the test unless it returns. Skips the test, and says why, when the child called
 * ferry_test_child_cannot (). */
static inline void
ferry_test_in_child (FerryTestChildFunc func, gpointer data)
{
  int status = 0;
  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      func (data);
      _exit (0);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  if (WIFEXITED (status) && WEXITSTATUS (status) == FERRY_TEST_CANNOT)
    {
      g_test_skip ("this machine lets no test mount a file system or change its user");
      return;
    }
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

static inline void
ferry_test_child_cannot (void)
{
  _exit (FERRY_TEST_CANNOT);
}

/* From here on the child's system call @number fails with @code. */
static inline void
ferry_test_child_deny (long number, int code)
{
  struct sock_filter code_lines[] = {
    BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
    BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, (guint32) number, 0, 1),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (guint32) code),
    BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = { .len = G_N_ELEMENTS (code_lines), .filter = code_lines };

  g_assert_no_errno (prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  g_assert_no_errno (prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

/* From here on modes count, also where the tests run as root. */
static inline void
ferry_test_child_become_nobody (void)
{
  if (geteuid () != 0)
    return;
  if (setgroups (0, NULL) < 0 || setgid (FERRY_TEST_NOBODY) < 0 || setuid (FERRY_TEST_NOBODY) < 0)
    ferry_test_child_cannot ();
  g_assert_cmpint (geteuid (), ==, FERRY_TEST_NOBODY);
}

static inline gboolean
ferry_test_child_write (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY | O_CLOEXEC);
  gboolean written = fd >= 0 && write (fd, text, strlen (text)) == (ssize_t) strlen (text);

  if (fd >= 0)
    close (fd);
  return written;
}

/* Its own mounts: root may have them, anybody else as the root of a world of one user. */
static inline gboolean
ferry_test_child_leave (void)
{
  g_autofree char *users = g_strdup_printf ("0 %u 1", geteuid ());
  g_autofree char *groups = g_strdup_printf ("0 %u 1", getegid ());

  if (geteuid () == 0)
    return unshare (CLONE_NEWNS) == 0;
  return unshare (CLONE_NEWUSER | CLONE_NEWNS) == 0
         && ferry_test_child_write ("/proc/self/uid_map", users)
         && ferry_test_child_write ("/proc/self/setgroups", "deny")
         && ferry_test_child_write ("/proc/self/gid_map", groups);
}

/* Puts an empty file system of @options ("size=1m") on @folder, for the child alone. */
static inline void
ferry_test_child_mount (const char *folder, const char *options)
{
  if (!ferry_test_child_leave () || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0
      || mount ("none", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) < 0)
    ferry_test_child_cannot ();
}

static inline void
ferry_test_child_remount_read_only (const char *folder)
{
  g_assert_no_errno (
      mount ("none", folder, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL));
}

/* Fills the file system of @folder to the last byte. */
static inline void
ferry_test_child_fill (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "filler", NULL);
  static const char zeros[4096];
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  gsize piece = sizeof zeros;

  g_assert_no_errno (fd);
  while (piece > 0)
    if (write (fd, zeros, piece) <= 0)
      piece /= 2;
  g_assert_cmpint (errno, ==, ENOSPC);
  close (fd);
}

G_END_DECLS
