/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define FERRY_SHA256_SIZE 32
#define FERRY_MD5_SIZE 16

/**
 * FerryDigest:
 *
 * A running SHA-256 (GnuTLS). Not thread-safe; may move between threads.
 */
typedef struct _FerryDigest FerryDigest;

FerryDigest *ferry_digest_new (void);
/* An MD5 of the same bytes goes along: what S3 stores call a part's ETag. It tells of accidents, never of malice. */
FerryDigest *ferry_digest_new_with_md5 (void);
void ferry_digest_free (FerryDigest *self);
void ferry_digest_update (FerryDigest *self, const void *data, gsize length);

/* The digest of what came so far; goes on afterwards. */
void ferry_digest_peek (FerryDigest *self, guint8 sha256[FERRY_SHA256_SIZE]);

/* The digest, and starts afresh. */
void ferry_digest_finish (FerryDigest *self, guint8 sha256[FERRY_SHA256_SIZE]);

/* The MD5 that goes along, and starts it afresh. FALSE: there is none, or this machine's rules (FIPS 140) forbid it. */
gboolean ferry_digest_finish_md5 (FerryDigest *self, guint8 md5[FERRY_MD5_SIZE]);

/* 32 lower-case hex digits. (transfer full) */
char *ferry_md5_to_hex (const guint8 md5[FERRY_MD5_SIZE]);

/* Exactly 32 hex digits, any case. */
gboolean ferry_md5_from_hex (const char *hex, guint8 md5[FERRY_MD5_SIZE]);

/* 64 lower-case hex digits. (transfer full) */
char *ferry_sha256_to_hex (const guint8 sha256[FERRY_SHA256_SIZE]);

/* Exactly 64 hex digits, any case. */
gboolean ferry_sha256_from_hex (const char *hex, guint8 sha256[FERRY_SHA256_SIZE]);

/**
 * ferry_checksum_parse:
 * @text: "sha256:HEX", "sha-256:HEX" or 64 hex digits
 *
 * Returns: (transfer full): 64 lower-case hex digits, or NULL with FERRY_ERROR_INVALID_ARGUMENT that says
 *   what is accepted
 */
char *ferry_checksum_parse (const char *text, GError **error);

/**
 * ferry_digest_read:
 * @self: (inout): digest to feed
 * @fd: open for reading
 * @offset: bytes from the start of the file
 * @length: bytes to read
 *
 * Feeds [offset, offset + length) of the file by pread. Blocks; any thread but main.
 *
 * Returns: bytes read, less than @length only at the end of the file; -1 with an error
 *   (FERRY_ERROR_DISK, G_IO_ERROR_CANCELLED)
 */
gint64 ferry_digest_read (FerryDigest *self,
                          int fd,
                          guint64 offset,
                          guint64 length,
                          GCancellable *cancellable,
                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryDigest, ferry_digest_free)

G_END_DECLS
