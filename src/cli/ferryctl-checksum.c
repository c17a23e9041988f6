/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-checksum.h"

#include "ferry-config.h"
#include "ferry-digest.h"
#include "ferry-error.h"
#include "ferryctl-interrupt.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

typedef struct
{
  const char *path;
  GCancellable *cancellable;
  char *hex; /* (nullable): not read */
  GError *error;
  gint done;
} Reading;

static void
read_file (Reading *self)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];
  int fd = g_open (self->path, O_RDONLY | O_CLOEXEC, 0);

  if (fd < 0)
    {
      ferry_error_from_errno (&self->error, errno, self->path);
      return;
    }
  if (ferry_digest_read (digest, fd, 0, G_MAXINT64, self->cancellable, &self->error) >= 0)
    {
      ferry_digest_finish (digest, sha256);
      self->hex = ferry_sha256_to_hex (sha256);
    }
  g_close (fd, NULL);
}

static gpointer
reading_thread (gpointer data)
{
  Reading *self = data;

  read_file (self);
  g_atomic_int_set (&self->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

gboolean
ferryctl_file_has_sha256 (const char *path, const char *hex, GError **error)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Reading reading = { .path = path, .cancellable = cancellable };
  GThread *thread = g_thread_new ("checksum", reading_thread, &reading);

  while (!g_atomic_int_get (&reading.done))
    {
      if (ferryctl_interrupt_is_raised ())
        g_cancellable_cancel (cancellable);
      g_main_context_iteration (NULL, TRUE);
    }
  g_thread_join (thread);

  g_autofree char *found = reading.hex;
  g_autoptr (GError) why = reading.error;

  if (g_strcmp0 (found, hex) == 0)
    return TRUE;
  if (found != NULL)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
                 _ ("The file “%s” does not have the checksum asked for. Its SHA-256 is %s."), path,
                 found);
  else if (g_cancellable_is_cancelled (cancellable))
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
  else
    g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}
