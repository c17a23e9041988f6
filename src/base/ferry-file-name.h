/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* File names that are safe on disk. All results are UTF-8, one path component, 1 to
 * FERRY_FILE_NAME_MAX bytes, and leave nothing to the server but the name. */

#define FERRY_FILE_NAME_MAX 255

/**
 * ferry_file_name_sanitize:
 * @raw: (nullable): what a server or an address says, any bytes
 *
 * The last path component of @raw (both slashes) made safe: no control characters, no bidi controls or other invisible
 * formatting, no leading dots or spaces, no trailing dots or spaces, not "." or "..", valid UTF-8 (NFC), at most
 * FERRY_FILE_NAME_MAX bytes cut on a character with the suffix (also ".tar.gz" and its like) kept.
 *
 * Returns: (transfer full) (nullable): NULL when nothing is left
 */
char *ferry_file_name_sanitize (const char *raw);

/* The name in an address: last segment of the path, percent-decoded. (transfer full) (nullable) */
char *ferry_file_name_from_address (const char *address);

/* The name for a download: disposition, else final address, else original address, else "download". (transfer full) */
char *ferry_file_name_choose (const char *content_disposition,
                              const char *final_address,
                              const char *address);

/* "name (2).ext"; 0 gives the name itself. (transfer full) */
char *ferry_file_name_numbered (const char *name, guint n);

/* "name.ID8.part": at most FERRY_FILE_NAME_MAX bytes, first 8 characters of @id whole. (transfer full) */
char *ferry_file_name_part (const char *name, const char *id);

/* Where the suffix starts (".tar.gz", ".iso"), strlen() when there is none. A leading dot starts no suffix. */
gsize ferry_file_name_suffix (const char *name);

/* TRUE when the name's suffix says that it is a web page (html, htm, xhtml, php, asp, aspx, jsp, cgi, …). */
gboolean ferry_file_name_is_web_page (const char *name);

G_END_DECLS
