/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * ferry_file_icon_new:
 * @name: the file's name
 * @media_type: (nullable): what the server calls it
 * @fallback: the icon for a kind that nobody knows
 *
 * A symbolic icon for a kind of file. The name decides where its suffix means something: servers
 * call most things application/octet-stream.
 *
 * Returns: (transfer full)
 */
GIcon *ferry_file_icon_new (const char *name, const char *media_type, const char *fallback);

G_END_DECLS
