/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Everything after open goes through two descriptors, the file's and its folder's, so a folder that is
 * renamed or a link that is put in the way meanwhile cannot lead a write elsewhere.
 *
 * A failed fdatasync (2) is remembered: the kernel reports a lost write once and then calls the same pages
 * clean, so a second try would succeed and prove nothing. Only a file that is opened, and compared, again
 * may be trusted again.
 */
#include "ferry-part-file.h"

#include "ferry-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-rename.h"

struct _FerryPartFile
{
  char *folder;
  char *name;
  char *path;
  int folder_fd;
  int fd;
  gint sync_errno;   /* atomic: of the first failed sync, 0: none */
  gint folder_dirty; /* atomic: the name is not known to be on disk yet */
};

gboolean
ferry_part_stamp_equal (const FerryPartStamp *a, const FerryPartStamp *b)
{
  g_return_val_if_fail (a != NULL && b != NULL, FALSE);

  return a->device == b->device && a->inode == b->inode && a->size == b->size
         && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static gboolean
is_component (const char *name)
{
  return *name != '\0' && strchr (name, '/') == NULL && strcmp (name, ".") != 0
         && strcmp (name, "..") != 0;
}

static gboolean
check_component (const char *name, GError **error)
{
  if (is_component (name))
    return TRUE;

  g_autofree char *shown = g_filename_display_name (name);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
               _ ("A file cannot be named “%s”. Choose another name."), shown);
  return FALSE;
}

static void
set_not_regular (GError **error, const char *path)
{
  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_DISK,
               _ ("“%s” is in the way: it is not a file. Rename it or move it away."), shown);
}

/* 0 or errno. */
static int
sync_folder (FerryPartFile *self)
{
  int result;

  do
    result = fsync (self->folder_fd);
  while (result < 0 && errno == EINTR);
  if (result == 0)
    return 0;
  /* A folder that may not be listed, or a file system that syncs no folders: the file's own sync takes its name along. */
  if (errno == EBADF || errno == EINVAL || errno == ENOTSUP)
    return fsync (self->fd) == 0 ? 0 : errno;
  return errno;
}

static int
open_folder (const char *folder)
{
  int fd = -1;

  if (!g_path_is_absolute (folder))
    {
      errno = ENOENT;
      return -1;
    }
  fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 && errno == EACCES)
    fd = open (folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return fd;
}

/* Opens without following a link and without waiting for the other end of a pipe. */
static int
open_in_folder (FerryPartFile *self, int flags)
{
  int fd;

  do
    fd = openat (self->folder_fd, self->name,
                 O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags, 0600);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static gboolean
open_file (FerryPartFile *self, gboolean create, GError **error)
{
  struct stat info;

  self->fd = open_in_folder (self, 0);
  if (self->fd < 0 && errno == ENOENT && create)
    {
      self->fd = open_in_folder (self, O_CREAT);
      self->folder_dirty = TRUE;
    }
  if (self->fd < 0)
    {
      int saved_errno = errno;

      if (saved_errno == ELOOP || saved_errno == EISDIR || saved_errno == ENXIO)
        set_not_regular (error, self->path);
      else
        ferry_error_from_errno (error, saved_errno, self->path);
      return FALSE;
    }
  if (fstat (self->fd, &info) < 0)
    {
      ferry_error_from_errno (error, errno, self->path);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      set_not_regular (error, self->path);
      return FALSE;
    }
  return TRUE;
}

FerryPartFile *
ferry_part_file_open (const char *folder, const char *name, gboolean create, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (name != NULL, NULL);

  if (!check_component (name, error))
    return NULL;

  g_autoptr (FerryPartFile) self = g_new0 (FerryPartFile, 1);

  self->folder = g_strdup (folder);
  self->name = g_strdup (name);
  self->path = g_build_filename (folder, name, NULL);
  self->fd = -1;
  self->folder_fd = open_folder (folder);
  if (self->folder_fd < 0)
    {
      ferry_error_from_errno (error, errno, folder);
      return NULL;
    }
  if (!open_file (self, create, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ferry_part_file_close (FerryPartFile *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  if (self->folder_fd >= 0)
    close (self->folder_fd);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->path);
  g_free (self);
}

int
ferry_part_file_get_fd (FerryPartFile *self)
{
  g_return_val_if_fail (self != NULL, -1);

  return self->fd;
}

const char *
ferry_part_file_get_path (FerryPartFile *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->path;
}

static gint64
nanoseconds (const struct timespec *time)
{
  /* A foreign clock may be far off: wrap round rather than overflow, only equality counts. */
  return (gint64) ((guint64) time->tv_sec * G_GUINT64_CONSTANT (1000000000)
                   + (guint64) time->tv_nsec);
}

FerryPartStamp
ferry_part_stamp_from_stat (const struct stat *info)
{
  return (FerryPartStamp){
    .device = info->st_dev,
    .inode = info->st_ino,
    .size = info->st_size,
    .mtime_ns = nanoseconds (&info->st_mtim),
    .ctime_ns = nanoseconds (&info->st_ctim),
  };
}

gboolean
ferry_part_file_stat (FerryPartFile *self, FerryPartStamp *stamp, GError **error)
{
  struct stat info;

  g_return_val_if_fail (self != NULL && stamp != NULL, FALSE);

  if (fstat (self->fd, &info) < 0)
    {
      ferry_error_from_errno (error, errno, self->path);
      return FALSE;
    }
  *stamp = ferry_part_stamp_from_stat (&info);
  return TRUE;
}

/* 0 or errno. */
static int
set_length (FerryPartFile *self, guint64 size)
{
  int result;

  if (size > G_MAXINT64)
    return EFBIG;
  do
    result = ftruncate (self->fd, (off_t) size);
  while (result < 0 && errno == EINTR);
  return result == 0 ? 0 : errno;
}

/*
 * 0 or errno. The room is looked for and not taken: blocks reserved by fallocate () must be converted when they are first
 * written, which with a sync every second costs ext4 more time than the network does. When somebody else takes the room
 * meanwhile, the write that finds none says so, and nothing that was recorded is lost.
 */
static int
check_room (FerryPartFile *self, guint64 size)
{
  gint64 free_space = ferry_folder_free_space (self->folder);
  struct stat info;
  guint64 taken;

  if (size > G_MAXINT64)
    return EFBIG;
  if (free_space < 0)
    return 0;
  if (fstat (self->fd, &info) < 0)
    return errno;
  taken = (guint64) info.st_blocks * 512;
  return size > taken && size - taken > (guint64) free_space ? ENOSPC : 0;
}

gboolean
ferry_part_file_allocate (FerryPartFile *self, guint64 size, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  int code = check_room (self, size);

  if (code == 0)
    code = set_length (self, size);
  if (code == 0)
    return TRUE;
  ferry_error_from_errno (error, code, self->path);
  return FALSE;
}

/* 0 or errno. Not posix_fallocate (): glibc writes a byte into every block where the file system cannot reserve. */
static int
reserve (FerryPartFile *self, guint64 size)
{
  int result;

  if (size == 0)
    return 0;
  if (size > G_MAXINT64)
    return EFBIG;
  do
    result = fallocate (self->fd, 0, 0, (off_t) size);
  while (result < 0 && errno == EINTR);
  if (result == 0 || errno == EOPNOTSUPP || errno == ENOSYS)
    return 0;
  return errno;
}

gboolean
ferry_part_file_reserve (FerryPartFile *self, guint64 size, GError **error)
{
  FerryPartStamp before;

  g_return_val_if_fail (self != NULL, FALSE);

  if (!ferry_part_file_stat (self, &before, error))
    return FALSE;

  int code = reserve (self, size);

  if (code == 0)
    code = set_length (self, size);
  if (code == 0)
    return TRUE;
  /* What was reserved before the disk was full must not stay: give it back. */
  set_length (self, (guint64) before.size);
  ferry_error_from_errno (error, code, self->path);
  return FALSE;
}

gboolean
ferry_part_file_truncate (FerryPartFile *self, guint64 size, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  int code = set_length (self, size);

  if (code == 0)
    return TRUE;
  ferry_error_from_errno (error, code, self->path);
  return FALSE;
}

gboolean
ferry_part_file_write (
    FerryPartFile *self, guint64 offset, const void *data, gsize length, GError **error)
{
  const guint8 *bytes = data;

  g_return_val_if_fail (self != NULL, FALSE);
  g_return_val_if_fail (data != NULL || length == 0, FALSE);

  if (offset > G_MAXINT64 || length > G_MAXINT64 - offset)
    {
      ferry_error_from_errno (error, EFBIG, self->path);
      return FALSE;
    }
  while (length > 0)
    {
      ssize_t n = pwrite (self->fd, bytes, length, (off_t) offset);

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        {
          ferry_error_from_errno (error, n < 0 ? errno : EIO, self->path);
          return FALSE;
        }
      bytes += n;
      offset += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

gssize
ferry_part_file_read (FerryPartFile *self, guint64 offset, void *data, gsize length, GError **error)
{
  guint8 *bytes = data;
  gsize done = 0;

  g_return_val_if_fail (self != NULL, -1);
  g_return_val_if_fail (data != NULL || length == 0, -1);

  if (offset > G_MAXINT64 || length > G_MAXINT64 - offset)
    {
      ferry_error_from_errno (error, EOVERFLOW, self->path);
      return -1;
    }
  while (done < length)
    {
      ssize_t n = pread (self->fd, bytes + done, length - done, (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          ferry_error_from_errno (error, errno, self->path);
          return -1;
        }
      if (n == 0)
        break;
      done += (gsize) n;
    }
  return (gssize) done;
}

static gboolean
sync_with (FerryPartFile *self, int (*sync_fd) (int), GError **error)
{
  int code = g_atomic_int_get (&self->sync_errno);

  while (code == 0 && sync_fd (self->fd) < 0)
    if (errno != EINTR)
      code = errno;
  if (code == 0 && g_atomic_int_get (&self->folder_dirty))
    {
      code = sync_folder (self);
      if (code == 0)
        g_atomic_int_set (&self->folder_dirty, FALSE);
    }
  if (code == 0)
    return TRUE;
  g_atomic_int_compare_and_exchange (&self->sync_errno, 0, code);
  ferry_error_from_errno (error, code, self->path);
  return FALSE;
}

gboolean
ferry_part_file_sync (FerryPartFile *self, GError **error)
{
  g_return_val_if_fail (self != NULL, FALSE);

  return sync_with (self, fdatasync, error);
}

void
ferry_part_file_start_writing (FerryPartFile *self, guint64 offset, guint64 length)
{
  g_return_if_fail (self != NULL);

#ifdef SYNC_FILE_RANGE_WRITE
  sync_file_range (self->fd, (off_t) offset, (off_t) length, SYNC_FILE_RANGE_WRITE);
#endif
}

/* umask (2) can only be read by changing it, for all threads at once; the kernel tells it here too. */
static mode_t
read_umask (void)
{
  g_autofree char *status = NULL;
  const char *line = NULL;

  if (g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    line = strstr (status, "\nUmask:");
  if (line == NULL)
    return 077;
  return (mode_t) g_ascii_strtoull (line + strlen ("\nUmask:"), NULL, 8) & 0777;
}

static void
set_attribute (FerryPartFile *self, const char *name, const char *value)
{
  if (value == NULL)
    return;
  if (fsetxattr (self->fd, name, value, strlen (value), 0) < 0)
    g_debug ("%s: %s not set: %s", self->path, name, g_strerror (errno));
}

void
ferry_part_file_describe (FerryPartFile *self,
                          gint64 mtime,
                          const char *origin,
                          const char *referrer)
{
  g_return_if_fail (self != NULL);

  set_attribute (self, "user.xdg.origin.url", origin);
  set_attribute (self, "user.xdg.referrer.url", referrer);
  if (fchmod (self->fd, 0666 & ~read_umask ()) < 0)
    g_debug ("%s: mode not set: %s", self->path, g_strerror (errno));
  if (mtime >= 0)
    {
      const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = mtime } };

      if (futimens (self->fd, times) < 0)
        g_debug ("%s: time not set: %s", self->path, g_strerror (errno));
    }
}

/* The name must still be this very file, or the bytes published would be somebody else's. */
static gboolean
check_name_is_ours (FerryPartFile *self, GError **error)
{
  struct stat named, opened;

  if (fstatat (self->folder_fd, self->name, &named, AT_SYMLINK_NOFOLLOW) < 0
      || fstat (self->fd, &opened) < 0)
    {
      ferry_error_from_errno (error, errno, self->path);
      return FALSE;
    }
  if (named.st_dev == opened.st_dev && named.st_ino == opened.st_ino)
    return TRUE;

  g_autofree char *shown = g_filename_display_name (self->path);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_DISK,
               _ ("Another program replaced “%s” while it was used."), shown);
  return FALSE;
}

static void
set_publish_error (FerryPartFile *self, int code, const char *path, GError **error)
{
  if (code != ENOTSUP)
    {
      ferry_error_from_errno (error, code, path);
      return;
    }

  g_autofree char *shown = g_filename_display_name (path);
  g_autofree char *part = g_filename_display_name (self->name);

  g_set_error (
      error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE,
      _ ("This drive cannot name “%s” without the risk of overwriting another file. All of "
         "it is in “%s”: rename that yourself, or choose another folder."),
      shown, part);
}

gboolean
ferry_part_file_publish (FerryPartFile *self, const char *name, GError **error)
{
  g_return_val_if_fail (self != NULL && name != NULL, FALSE);

  if (!check_component (name, error))
    return FALSE;
  if (!sync_with (self, fsync, error) || !check_name_is_ours (self, error))
    return FALSE;

  g_autofree char *path = g_build_filename (self->folder, name, NULL);
  int code = strcmp (name, self->name) == 0
                 ? 0
                 : ferry_rename_no_replace (self->folder_fd, self->name, name);

  if (code != 0)
    {
      set_publish_error (self, code, path, error);
      return FALSE;
    }
  g_free (self->name);
  self->name = g_strdup (name);
  g_free (self->path);
  self->path = g_steal_pointer (&path);
  code = sync_folder (self);
  if (code == 0)
    return TRUE;
  ferry_error_from_errno (error, code, self->path);
  return FALSE;
}

gint64
ferry_folder_free_space (const char *folder)
{
  struct statvfs info;

  g_return_val_if_fail (folder != NULL, -1);

  /* Some network and FUSE file systems say 0 blocks of 0 for "do not know". */
  if (statvfs (folder, &info) < 0 || info.f_blocks == 0)
    return -1;

  guint64 unit = info.f_frsize != 0 ? info.f_frsize : info.f_bsize;

  if (unit != 0 && info.f_bavail > G_MAXINT64 / unit)
    return G_MAXINT64;
  return (gint64) (info.f_bavail * unit);
}
