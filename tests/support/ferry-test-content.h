/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The content that the test server serves: each byte follows from a seed and its offset, so any slice of any size is made
 * at once and nothing lies on disk. All functions are pure or read one file; any thread. */

/* Bytes [offset, offset + length) of the content of @seed. */
void ferry_test_content_fill (guint64 seed, guint64 offset, void *data, gsize length);

/* SHA-256 of the first @size bytes, 64 lower-case hex digits. (transfer full) */
char *ferry_test_content_sha256 (guint64 seed, guint64 size);

/* How the file at @path differs from the first @size bytes of @seed: a sentence, or NULL when it does not.
 * (transfer full) (nullable) */
char *ferry_test_content_compare (const char *path, guint64 seed, guint64 size);

G_END_DECLS
