/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-upload-private.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <sys/stat.h>

#include "ferry-error.h"
#include "ferry-format.h"

/* Longer than the grain of any file system's clock. */
#define FRESH_MICROSECONDS (2 * G_USEC_PER_SEC)
/* A file that somebody keeps writing to is left to the person. */
#define MAX_CHANGES 3

/* The source of an upload: still there, still the file of which a part was sent? */

static void
set_changed (Upload *self, GError **error)
{
  guint64 size = (guint64) MAX (self->known->size, 1);
  g_autofree char *name = g_filename_display_basename (self->job->spec->source);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_SOURCE_CHANGED,
               _ ("“%s” changed after %d %% of it was sent. Start again to send it as it is now."),
               name, (int) ((double) self->known->confirmed * 100.0 / (double) size));
}

static gboolean
read_stamp (Upload *self, FerryPartStamp *stamp, GError **error)
{
  const char *path = self->job->spec->source;
  struct stat info;

  if (fstat (self->fd, &info) != 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode) && self->known->upload_id != NULL)
    {
      g_autofree char *name = g_filename_display_name (path);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_SOURCE_GONE,
                   _ ("“%s” is not a file any more. Put it back, then try again."), name);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_autofree char *name = g_filename_display_name (path);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a file that can be sent. Choose files or folders."), name);
      return FALSE;
    }
  *stamp = ferry_part_stamp_from_stat (&info);
  stamp->ctime_ns = 0; /* a rename or a new permission is no other file */
  return TRUE;
}

/* 1: all confirmed chunks are still in the file, 0: not, -1: error. */
static int
compare_confirmed (Upload *self, GError **error)
{
  g_autoptr (GArray) chunks = ferry_store_load_chunks (self->job->store, self->job->id, error);
  guint64 checked = 0;

  if (chunks == NULL)
    return -1;
  ferry_job_set_stage (self->job, FERRY_STAGE_CHECKING);
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      g_autoptr (FerryDigest) digest = ferry_digest_new ();
      guint8 sha256[FERRY_SHA256_SIZE];
      gint64 n = ferry_digest_read (digest, self->fd, chunk->index * self->known->chunk_size,
                                    chunk->length, self->cancellable, error);
      if (n < 0)
        return -1;
      ferry_digest_finish (digest, sha256);
      if ((guint64) n != chunk->length || memcmp (sha256, chunk->sha256, sizeof sha256) != 0)
        return 0;
      checked += chunk->length;
      ferry_job_set_checked (self->job, checked);
    }
  return 1;
}

/* The file was touched, copied back, moved or written to: its content decides. */
static gboolean
recognize (Upload *self, GError **error)
{
  int same = self->stamp.size == self->known->size ? compare_confirmed (self, error) : 0;

  if (same < 0)
    return FALSE;
  if (same == 0)
    {
      set_changed (self, error);
      return FALSE;
    }
  if (self->known->confirmed > 0)
    ferry_job_take_note (self->job, g_strdup (_ ("The file was changed or replaced, but not what "
                                                 "was sent of it: it goes on")));
  self->unproven = TRUE;
  self->known->stamp = self->stamp;
  return ferry_store_save_progress (self->job->store, self->job->id, self->known, error);
}

static void
take_stamp (Upload *self, const FerryPartStamp *stamp)
{
  self->stamp = *stamp;
  self->fresh = stamp->mtime_ns / 1000 > g_get_real_time () - FRESH_MICROSECONDS;
}

gboolean
ferry_upload_open_source (Upload *self, GError **error)
{
  const char *path = self->job->spec->source;
  FerryPartStamp stamp;

  self->fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (self->fd < 0 && (errno == ENOENT || errno == ENOTDIR))
    {
      g_autofree char *name = g_filename_display_name (path);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_SOURCE_GONE,
                   _ ("“%s” is not there any more. Put it back, then try again."), name);
      return FALSE;
    }
  if (self->fd < 0)
    {
      g_autofree char *name = g_filename_display_name (path);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_SOURCE_GONE,
                   _ ("“%s” cannot be read. Allow reading it, then try again."), name);
      return FALSE;
    }
  if (!read_stamp (self, &stamp, error))
    return FALSE;
  take_stamp (self, &stamp);
  if (self->known->upload_id == NULL || ferry_part_stamp_equal (&self->stamp, &self->known->stamp))
    return TRUE;
  if (self->known->confirmed == 0 && self->stamp.size != self->known->size)
    {
      /* Nothing was confirmed of what it was: it is simply registered as it is. */
      ferry_progress_reset (self->known);
      return ferry_store_start_over (self->job->store, self->job->id, self->known, error);
    }
  return recognize (self, error);
}

void
ferry_upload_reset_whole (Upload *self)
{
  g_clear_pointer (&self->whole, ferry_digest_free);
  self->whole = ferry_digest_new ();
  self->n_whole = 0;
}

gboolean
ferry_upload_follow_source (Upload *self, gboolean *changed, GError **error)
{
  FerryPartStamp now;

  *changed = FALSE;
  if (!read_stamp (self, &now, error))
    return FALSE;
  if (ferry_part_stamp_equal (&now, &self->stamp))
    return TRUE;
  *changed = TRUE;
  if (self->n_changes++ >= MAX_CHANGES)
    {
      set_changed (self, error);
      return FALSE;
    }
  take_stamp (self, &now);
  ferry_upload_reset_whole (self);
  return recognize (self, error);
}
