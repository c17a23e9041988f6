/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-content.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (256 * 1024)

/* The output function of splitmix64: a full-period mix, so that no two words repeat within a file. */
static guint64
word_at (guint64 seed, guint64 index)
{
  guint64 z = seed * G_GUINT64_CONSTANT (0xd1342543de82ef95)
              + (index + 1) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

void
ferry_test_content_fill (guint64 seed, guint64 offset, void *data, gsize length)
{
  guint8 *out = data;

  for (; offset % 8 == 0 && length >= 8; offset += 8, out += 8, length -= 8)
    {
      guint64 word = GUINT64_TO_LE (word_at (seed, offset / 8));

      memcpy (out, &word, sizeof word);
    }
  while (length > 0)
    {
      guint64 word = GUINT64_TO_LE (word_at (seed, offset / 8));
      gsize skip = offset % 8;
      gsize n = MIN (8 - skip, length);

      memcpy (out, (guint8 *) &word + skip, n);
      out += n;
      offset += n;
      length -= n;
    }
}

char *
ferry_test_content_sha256 (guint64 seed, guint64 size)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree guint8 *block = g_malloc (BLOCK);

  for (guint64 offset = 0; offset < size; offset += BLOCK)
    {
      gsize n = MIN (BLOCK, size - offset);

      ferry_test_content_fill (seed, offset, block, n);
      g_checksum_update (checksum, block, n);
    }
  return g_strdup (g_checksum_get_string (checksum));
}

static char *
compare_fd (int fd, guint64 seed, guint64 size)
{
  g_autofree guint8 *expected = g_malloc (BLOCK);
  g_autofree guint8 *found = g_malloc (BLOCK);

  for (guint64 offset = 0; offset < size; offset += BLOCK)
    {
      gsize n = MIN (BLOCK, size - offset);
      gssize got = pread (fd, found, n, offset);

      if (got != (gssize) n)
        return g_strdup_printf ("read %zd of %zu bytes at %" G_GUINT64_FORMAT, got, n, offset);
      ferry_test_content_fill (seed, offset, expected, n);
      for (gsize i = 0; i < n; i++)
        if (found[i] != expected[i])
          return g_strdup_printf ("byte %" G_GUINT64_FORMAT " is %02x, not %02x", offset + i,
                                  found[i], expected[i]);
    }
  return NULL;
}

char *
ferry_test_content_compare (const char *path, guint64 seed, guint64 size)
{
  struct stat st;
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  char *difference;

  if (fd < 0)
    return g_strdup_printf ("cannot open %s: %s", path, g_strerror (errno));
  if (fstat (fd, &st) != 0 || (guint64) st.st_size != size)
    difference = g_strdup_printf ("%s has %" G_GINT64_FORMAT " bytes, not %" G_GUINT64_FORMAT, path,
                                  (gint64) st.st_size, size);
  else
    difference = compare_fd (fd, seed, size);
  close (fd);
  return difference;
}
