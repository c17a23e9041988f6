/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Reads the whole file on a thread and runs the default main context meanwhile. FALSE with a sentence: it is another file or
 * cannot be read; with FERRY_ERROR_CANCELLED: the person pressed Ctrl+C. */
gboolean ferryctl_file_has_sha256 (const char *path, const char *hex, GError **error);

G_END_DECLS
