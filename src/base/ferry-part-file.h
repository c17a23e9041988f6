/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sys/stat.h>

G_BEGIN_DECLS

/**
 * FerryPartFile:
 *
 * The ".part" file of a download: the bytes so far, beside the final name. Blocks; one lane owns it,
 * but ferry_part_file_sync () and ferry_part_file_start_writing () may be called from another thread meanwhile.
 */
typedef struct _FerryPartFile FerryPartFile;

/* What tells whether somebody touched the file since: all from fstat. */
typedef struct
{
  guint64 device;
  guint64 inode;
  gint64 size;
  gint64 mtime_ns; /* nanoseconds since 1970 */
  gint64 ctime_ns;
} FerryPartStamp;

FerryPartStamp ferry_part_stamp_from_stat (const struct stat *info);

gboolean ferry_part_stamp_equal (const FerryPartStamp *a, const FerryPartStamp *b);

/**
 * ferry_part_file_open:
 * @folder: absolute path
 * @name: one path component
 * @create: make it when it is not there (mode 0600, never through a symbolic link)
 *
 * Errors: FERRY_ERROR_NO_FOLDER (folder or, without @create, file missing), FERRY_ERROR_NOT_WRITABLE,
 * FERRY_ERROR_NO_SPACE, FERRY_ERROR_DISK. Anything there that is not a regular file is refused.
 */
FerryPartFile *
ferry_part_file_open (const char *folder, const char *name, gboolean create, GError **error);
void ferry_part_file_close (FerryPartFile *self);

int ferry_part_file_get_fd (FerryPartFile *self);
const char *ferry_part_file_get_path (FerryPartFile *self);
gboolean ferry_part_file_stat (FerryPartFile *self, FerryPartStamp *stamp, GError **error);

/* Makes the file exactly @size bytes long, when the disk has room for all of them: FERRY_ERROR_NO_SPACE otherwise, and the
 * file is as it was. */
gboolean ferry_part_file_allocate (FerryPartFile *self, guint64 size, GError **error);
/* The same, and takes the room (fallocate; a hole where the file system cannot): for what was promised to somebody. Costs time
 * when the bytes are written. */
gboolean ferry_part_file_reserve (FerryPartFile *self, guint64 size, GError **error);
gboolean ferry_part_file_truncate (FerryPartFile *self, guint64 size, GError **error);

/* All of @length or an error. */
gboolean ferry_part_file_write (
    FerryPartFile *self, guint64 offset, const void *data, gsize length, GError **error);

/* Bytes read, short only at the end of the file; -1 with an error. */
gssize ferry_part_file_read (
    FerryPartFile *self, guint64 offset, void *data, gsize length, GError **error);

/* Has the kernel begin to write these bytes, so that the next sync finds little left to do. Proves nothing. */
void ferry_part_file_start_writing (FerryPartFile *self, guint64 offset, guint64 length);

/* fdatasync. An error is final for the bytes since the last success. */
gboolean ferry_part_file_sync (FerryPartFile *self, GError **error);

/* Modification time in seconds since 1970, and the extended attributes user.xdg.origin.url and user.xdg.referrer.url
 * (each nullable, query and user information kept out of neither: pass what may be stored). A file system without
 * them is no error. Sets the mode to 0666 less the umask. */
void ferry_part_file_describe (FerryPartFile *self,
                               gint64 mtime,
                               const char *origin,
                               const char *referrer);

/**
 * ferry_part_file_publish:
 * @name: the final name in the same folder
 *
 * fsync, rename without overwriting (renameat2 RENAME_NOREPLACE; link and unlink where the file system cannot), fsync
 * of the folder. FERRY_ERROR_EXISTS when the name is taken, and nothing has changed then.
 */
gboolean ferry_part_file_publish (FerryPartFile *self, const char *name, GError **error);

/* Free bytes for this user on the file system of @folder; -1 when unknown. */
gint64 ferry_folder_free_space (const char *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryPartFile, ferry_part_file_close)

G_END_DECLS
