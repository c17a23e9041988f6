/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-download-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-file-name.h"

static guint64
full_length (const FerryProgress *known, guint64 index)
{
  guint64 start = index * known->chunk_size;

  if (known->size < 0)
    return known->chunk_size;
  if (start >= (guint64) known->size)
    return 0;
  return MIN (known->chunk_size, (guint64) known->size - start);
}

/* 1: as the journal says, 0: damaged, -1: error. */
static int
check_chunk (Download *self, const FerryChunk *chunk, GError **error)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];
  gint64 n = ferry_digest_read (digest, ferry_part_file_get_fd (self->part),
                                chunk->index * self->known->chunk_size, chunk->length,
                                self->cancellable, error);

  if (n < 0)
    return -1;
  ferry_digest_finish (digest, sha256);
  return (guint64) n == chunk->length && memcmp (sha256, chunk->sha256, sizeof sha256) == 0;
}

static gboolean
check_chunks (Download *self, GArray *chunks, gboolean all, GArray *bad, GError **error)
{
  guint64 checked = 0;

  ferry_job_set_stage (self->job, FERRY_STAGE_CHECKING);
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      gboolean fits = chunk->length <= full_length (self->known, chunk->index);
      int good = 1;

      if (fits && (all || !chunk->settled))
        {
          good = check_chunk (self, chunk, error);
          checked += chunk->length;
          ferry_job_set_checked (self->job, checked);
        }
      if (good < 0)
        return FALSE;
      if (good == 0 || !fits)
        g_array_append_val (bad, chunk->index);
      else
        ferry_ranges_add (self->held, chunk->index * self->known->chunk_size,
                          chunk->index * self->known->chunk_size + chunk->length);
    }
  return TRUE;
}

static gboolean
drop_chunks (Download *self, GArray *bad, GError **error)
{
  self->known->confirmed = ferry_ranges_get_total (self->held);
  if (bad->len == 0)
    return TRUE;
  ferry_job_take_note (
      self->job, g_strdup_printf (ngettext ("%u damaged piece found on disk: it is fetched again",
                                            "%u damaged pieces found on disk: they are "
                                            "fetched again",
                                            bad->len),
                                  bad->len));
  return ferry_store_drop_chunks (self->job->store, self->job->id, &g_array_index (bad, guint64, 0),
                                  bad->len, self->known->confirmed, error);
}

/* The part as long as it should be: somebody may have cut it or added to it. */
static gboolean
fit_length (Download *self, const FerryPartStamp *now, GError **error)
{
  FerryProgress *known = self->known;

  if (known->size < 0 || now->size == known->size)
    return TRUE;
  if (now->size > known->size)
    return ferry_part_file_truncate (self->part, (guint64) known->size, error);
  return ferry_part_file_allocate (self->part, (guint64) known->size, error);
}

static gboolean
trust_part (Download *self, GError **error)
{
  g_autoptr (GArray) chunks = NULL;
  g_autoptr (GArray) bad = g_array_new (FALSE, FALSE, sizeof (guint64));
  FerryPartStamp now;
  gboolean touched;

  if (!ferry_part_file_stat (self->part, &now, error))
    return FALSE;
  chunks = ferry_store_load_chunks (self->job->store, self->job->id, error);
  if (chunks == NULL)
    return FALSE;
  touched = self->known->stamp.inode != 0 && !ferry_part_stamp_equal (&self->known->stamp, &now);
  return check_chunks (self, chunks, touched, bad, error) && drop_chunks (self, bad, error)
         && fit_length (self, &now, error);
}

gboolean
ferry_download_recover (Download *self, GError **error)
{
  FerryProgress *known = self->known;
  g_autoptr (GError) local = NULL;

  if (self->job->start_over)
    return ferry_download_forget (self, NULL, error);
  if (known->part_name == NULL || known->chunk_size == 0)
    return TRUE;
  if (known->coding != NULL)
    return ferry_download_forget (
        self,
        g_strdup (_ ("The server sends this file compressed and cannot resume it: started again")),
        error);

  self->part = ferry_part_file_open (self->job->spec->folder, known->part_name, FALSE, &local);
  if (self->part != NULL)
    return trust_part (self, error);
  if (!g_file_test (self->job->spec->folder, G_FILE_TEST_IS_DIR)
      || g_error_matches (local, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return ferry_download_forget (self, g_strdup (_ ("The partial file was gone: started again")),
                                error);
}

gboolean
ferry_download_forget (Download *self, char *note, GError **error)
{
  g_autofree char *part_name = g_steal_pointer (&self->known->part_name);

  if (note != NULL)
    ferry_job_take_note (self->job, note);
  g_clear_pointer (&self->recorder, ferry_recorder_free);
  ferry_ranges_clear (self->held);
  ferry_job_set_received (self->job, 0);
  ferry_progress_reset (self->known);
  self->known->part_name = g_steal_pointer (&part_name);
  if (!ferry_store_start_over (self->job->store, self->job->id, self->known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  if (self->part != NULL && !ferry_part_file_truncate (self->part, 0, error))
    return FALSE;
  return TRUE;
}

gboolean
ferry_download_create_part (Download *self, GError **error)
{
  FerryProgress *known = self->known;

  g_clear_pointer (&self->recorder, ferry_recorder_free);
  ferry_ranges_clear (self->held);
  if (known->part_name == NULL)
    known->part_name = ferry_file_name_part (known->name, self->job->id);
  known->chunk_size = ferry_chunk_size_for (known->size);
  known->confirmed = 0;
  known->stamp = (FerryPartStamp){ 0 };
  if (!ferry_store_start_over (self->job->store, self->job->id, known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);

  if (self->part == NULL)
    self->part = ferry_part_file_open (self->job->spec->folder, known->part_name, TRUE, error);
  if (self->part == NULL)
    return FALSE;
  return ferry_part_file_truncate (self->part, 0, error)
         && (known->size <= 0
             || ferry_part_file_allocate (self->part, (guint64) known->size, error));
}

gboolean
ferry_download_begin_run (Download *self, guint64 offset, GError **error)
{
  if (!self->dirty)
    {
      self->known->stamp = (FerryPartStamp){ 0 };
      if (!ferry_store_save_progress (self->job->store, self->job->id, self->known, error))
        return FALSE;
      self->dirty = TRUE;
    }
  if (self->recorder == NULL)
    self->recorder = ferry_recorder_new (self->job, self->part, self->held);
  return ferry_recorder_begin (self->recorder, offset, error);
}

void
ferry_download_settle (Download *self)
{
  FerryPartStamp stamp;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->recorder, ferry_recorder_free);
  /* A check that was cut short has proven nothing: the next run begins it anew. */
  if (self->part == NULL || !self->recovered)
    return;
  /* Reading changes nothing that the stamp looks at, so an untouched part keeps its stamp. */
  if (!ferry_part_file_sync (self->part, &error)
      || !ferry_part_file_stat (self->part, &stamp, &error)
      || !ferry_store_settle (self->job->store, self->job->id, &stamp, &error))
    {
      g_debug ("not a clean stop: %s", error->message);
      return;
    }
  self->known->stamp = stamp;
  self->dirty = FALSE;
}
