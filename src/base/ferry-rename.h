/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ferry_rename_no_replace:
 * @folder_fd: an open folder, or AT_FDCWD
 * @from: an existing name in it that is no folder
 * @to: the new one
 *
 * Renames without ever overwriting, also against another program that takes the name at the same moment: renameat2 (2)
 * with RENAME_NOREPLACE, or link (2) and unlink (2) where the file system cannot. A link that an earlier call, killed
 * between the two, left behind is finished. Blocks; any thread.
 *
 * Returns: 0, or the errno: EEXIST when the name is taken, ENOTSUP where the file system knows neither way. After an error the
 *   file still has its old name.
 */
int ferry_rename_no_replace (int folder_fd, const char *from, const char *to);

G_END_DECLS
