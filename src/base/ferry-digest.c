/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-digest.h"

#include "ferry-config.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>

#include "ferry-error.h"

/* Below malloc's mmap threshold, so that re-reading many chunks does not map memory each time. */
#define READ_SIZE (64 * 1024)

struct _FerryDigest
{
  gnutls_hash_hd_t handle;
  gnutls_hash_hd_t md5; /* (nullable) */
};

static void
expect_success (int code)
{
  /* SHA-256 is always there and takes any bytes: only a broken library gets here, and no proof is possible then. */
  if (code < 0)
    g_error ("SHA-256 does not work: %s", gnutls_strerror (code));
}

FerryDigest *
ferry_digest_new (void)
{
  g_autofree FerryDigest *self = g_new0 (FerryDigest, 1);

  expect_success (gnutls_hash_init (&self->handle, GNUTLS_DIG_SHA256));
  return g_steal_pointer (&self);
}

FerryDigest *
ferry_digest_new_with_md5 (void)
{
  FerryDigest *self = ferry_digest_new ();

  if (gnutls_hash_init (&self->md5, GNUTLS_DIG_MD5) < 0)
    self->md5 = NULL;
  return self;
}

void
ferry_digest_free (FerryDigest *self)
{
  if (self == NULL)
    return;
  if (self->md5 != NULL)
    gnutls_hash_deinit (self->md5, NULL);
  gnutls_hash_deinit (self->handle, NULL);
  g_free (self);
}

void
ferry_digest_update (FerryDigest *self, const void *data, gsize length)
{
  g_return_if_fail (self != NULL);
  g_return_if_fail (data != NULL || length == 0);

  if (length > 0)
    expect_success (gnutls_hash (self->handle, data, length));
  if (length > 0 && self->md5 != NULL)
    expect_success (gnutls_hash (self->md5, data, length));
}

void
ferry_digest_peek (FerryDigest *self, guint8 sha256[FERRY_SHA256_SIZE])
{
  g_return_if_fail (self != NULL);

  gnutls_hash_hd_t copy = gnutls_hash_copy (self->handle);

  if (copy == NULL)
    expect_success (GNUTLS_E_HASH_FAILED);
  gnutls_hash_deinit (copy, sha256);
}

void
ferry_digest_finish (FerryDigest *self, guint8 sha256[FERRY_SHA256_SIZE])
{
  g_return_if_fail (self != NULL);

  gnutls_hash_output (self->handle, sha256);
}

gboolean
ferry_digest_finish_md5 (FerryDigest *self, guint8 md5[FERRY_MD5_SIZE])
{
  g_return_val_if_fail (self != NULL, FALSE);

  if (self->md5 == NULL)
    return FALSE;
  gnutls_hash_output (self->md5, md5);
  return TRUE;
}

static char *
to_hex (const guint8 *bytes, gsize n)
{
  static const char digits[] = "0123456789abcdef";
  char *hex = g_malloc (2 * n + 1);

  for (gsize i = 0; i < n; i++)
    {
      hex[2 * i] = digits[bytes[i] >> 4];
      hex[2 * i + 1] = digits[bytes[i] & 15];
    }
  hex[2 * n] = '\0';
  return hex;
}

static gboolean
from_hex (const char *hex, guint8 *bytes, gsize n)
{
  if (hex == NULL || strnlen (hex, 2 * n + 1) != 2 * n)
    return FALSE;
  for (gsize i = 0; i < n; i++)
    {
      int high = g_ascii_xdigit_value (hex[2 * i]);
      int low = g_ascii_xdigit_value (hex[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      bytes[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

char *
ferry_md5_to_hex (const guint8 md5[FERRY_MD5_SIZE])
{
  return to_hex (md5, FERRY_MD5_SIZE);
}

gboolean
ferry_md5_from_hex (const char *hex, guint8 md5[FERRY_MD5_SIZE])
{
  guint8 bytes[FERRY_MD5_SIZE];

  if (!from_hex (hex, bytes, sizeof bytes))
    return FALSE;
  memcpy (md5, bytes, sizeof bytes);
  return TRUE;
}

char *
ferry_sha256_to_hex (const guint8 sha256[FERRY_SHA256_SIZE])
{
  return to_hex (sha256, FERRY_SHA256_SIZE);
}

gboolean
ferry_sha256_from_hex (const char *hex, guint8 sha256[FERRY_SHA256_SIZE])
{
  guint8 bytes[FERRY_SHA256_SIZE];

  if (!from_hex (hex, bytes, sizeof bytes))
    return FALSE;
  memcpy (sha256, bytes, sizeof bytes);
  return TRUE;
}

char *
ferry_checksum_parse (const char *text, GError **error)
{
  static const char *const prefixes[] = { "sha256:", "sha-256:" };
  guint8 sha256[FERRY_SHA256_SIZE];

  g_return_val_if_fail (text != NULL, NULL);

  g_autofree char *stripped = g_strstrip (g_strdup (text));
  const char *hex = stripped;

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    if (g_ascii_strncasecmp (stripped, prefixes[i], strlen (prefixes[i])) == 0)
      hex = stripped + strlen (prefixes[i]);
  if (!ferry_sha256_from_hex (hex, sha256))
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                           _ ("This is not a checksum that Ferry knows. Give a SHA-256: “sha256:” "
                              "and 64 digits from 0 to 9 and a to f."));
      return NULL;
    }
  return ferry_sha256_to_hex (sha256);
}

static void
set_read_error (GError **error, int fd, int saved_errno)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);
  g_autofree char *shown = g_filename_display_name (path != NULL ? path : "?");

  g_debug ("reading %s: %s", shown, g_strerror (saved_errno));
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_DISK,
               _ ("“%s” cannot be read. Check the disk it is on."), shown);
}

gint64
ferry_digest_read (FerryDigest *self,
                   int fd,
                   guint64 offset,
                   guint64 length,
                   GCancellable *cancellable,
                   GError **error)
{
  g_return_val_if_fail (self != NULL, -1);

  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  guint64 done = 0;

  if (offset > G_MAXINT64 || length > G_MAXINT64 - offset)
    {
      set_read_error (error, fd, EOVERFLOW);
      return -1;
    }
  while (done < length)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return -1;

      ssize_t n = pread (fd, buffer, MIN (length - done, READ_SIZE), (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        {
          set_read_error (error, fd, errno);
          return -1;
        }
      if (n == 0)
        break;
      ferry_digest_update (self, buffer, (gsize) n);
      done += (guint64) n;
    }
  return (gint64) done;
}
