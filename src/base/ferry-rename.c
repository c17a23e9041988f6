/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-rename.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gboolean
cannot (int code)
{
  return code == EINVAL || code == ENOSYS || code == ENOTSUP || code == EPERM || code == EMLINK;
}

/* Both names are one file: a link of ours that has not been unlinked yet. */
static gboolean
is_link_left_behind (int folder_fd, const char *from, const char *to)
{
  struct stat a, b;

  return strcmp (from, to) != 0 && fstatat (folder_fd, from, &a, AT_SYMLINK_NOFOLLOW) == 0
         && fstatat (folder_fd, to, &b, AT_SYMLINK_NOFOLLOW) == 0 && a.st_dev == b.st_dev
         && a.st_ino == b.st_ino
         /* With one link it is one name, spelled twice on a file system that ignores case. */
         && a.st_nlink > 1;
}

static int
link_and_unlink (int folder_fd, const char *from, const char *to)
{
  if (linkat (folder_fd, from, folder_fd, to, 0) == 0)
    return unlinkat (folder_fd, from, 0) == 0 ? 0 : errno;
  if (errno == EEXIST && is_link_left_behind (folder_fd, from, to))
    return unlinkat (folder_fd, from, 0) == 0 ? 0 : errno;
  /* A look followed by a plain rename () would overwrite what another program puts there in between. */
  return cannot (errno) ? ENOTSUP : errno;
}

int
ferry_rename_no_replace (int folder_fd, const char *from, const char *to)
{
  g_return_val_if_fail (from != NULL && to != NULL, EINVAL);

  if (renameat2 (folder_fd, from, folder_fd, to, RENAME_NOREPLACE) == 0)
    return 0;
  if (errno == EEXIST && is_link_left_behind (folder_fd, from, to))
    return unlinkat (folder_fd, from, 0) == 0 ? 0 : errno;
  if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP)
    return link_and_unlink (folder_fd, from, to);
  return errno;
}
