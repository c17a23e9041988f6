/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ferry_token_load:
 * @path: a file that holds nothing but the token; made with mode 0600 and a fresh token (32 random bytes, base64url) when
 *   it is missing
 *
 * Errors: FERRY_ERROR_NOT_WRITABLE where others may read or change the file, FERRY_ERROR_INVALID_ARGUMENT where it
 * holds no token, those of ferry_error_from_errno (). Blocks; any thread.
 *
 * Returns: (transfer full): free with ferry_token_free ()
 */
char *ferry_token_load (const char *path, GError **error);

/* Overwrites it first. */
void ferry_token_free (char *token);

/* Takes as long whichever bytes differ. @given: (nullable) */
gboolean ferry_token_matches (const char *token, const char *given);

G_END_DECLS
