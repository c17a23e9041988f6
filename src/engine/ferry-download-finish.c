/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-download-private.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixinputstream.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-file-name.h"

#define VERIFY_STEP (4 * 1024 * 1024)
#define MAX_NUMBER 10000

gboolean
ferry_download_was_published (Download *self)
{
  FerryProgress *known = self->known;
  g_autofree char *path = NULL;
  struct stat info;

  if (known->publishing == NULL || known->stamp.inode == 0 || self->job->start_over)
    return FALSE;
  path = g_build_filename (self->job->spec->folder, known->publishing, NULL);
  if (lstat (path, &info) != 0 || !S_ISREG (info.st_mode))
    return FALSE;
  if (info.st_ino != known->stamp.inode || info.st_dev != known->stamp.device
      || info.st_size != known->stamp.size)
    return FALSE;
  self->job->path = g_steal_pointer (&path);
  return TRUE;
}

static gboolean
hash_part (Download *self, char **hex, GError **error)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];
  guint64 size = (guint64) self->known->size;

  ferry_job_set_stage (self->job, FERRY_STAGE_VERIFYING);
  for (guint64 offset = 0; offset < size; offset += VERIFY_STEP)
    {
      guint64 length = MIN (VERIFY_STEP, size - offset);
      gint64 n = ferry_digest_read (digest, ferry_part_file_get_fd (self->part), offset, length,
                                    self->cancellable, error);
      if (n < 0)
        return FALSE;
      if ((guint64) n < length)
        {
          ferry_error_from_errno (error, EIO, ferry_part_file_get_path (self->part));
          return FALSE;
        }
      ferry_job_set_checked (self->job, offset + length);
    }
  ferry_digest_finish (digest, sha256);
  *hex = ferry_sha256_to_hex (sha256);
  return TRUE;
}

static gboolean
verify (Download *self, GError **error)
{
  const char *given = self->job->spec->sha256;
  const char *served = self->known->server_sha256;
  g_autofree char *hex = NULL;

  g_free (self->known->verified);
  self->known->verified = g_strdup (self->size_untold ? "unknown-size" : "size");
  if (given == NULL && served == NULL)
    return TRUE;
  if (!hash_part (self, &hex, error))
    return FALSE;
  if (served != NULL && !g_str_equal (served, hex))
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
                   _ ("What arrived is not what the server says it sent: the checksums differ. "
                      "Start again, or look for another link."));
      return FALSE;
    }
  if (given != NULL && !g_str_equal (given, hex))
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
                   _ ("This is not the file you asked for: its SHA-256 is %s. Check the checksum "
                      "and the link, then start again."),
                   hex);
      return FALSE;
    }
  g_free (self->known->verified);
  self->known->verified = g_strdup (given != NULL ? "sha256" : "server-sha256");
  return TRUE;
}

/* A compressed archive that a server labels as compressed twice is what the person wants as it is. */
static gboolean
wants_decoding (const FerryProgress *known)
{
  const char *const suffixes[] = { ".gz", ".tgz", ".svgz", ".gzip" };

  if (known->coding == NULL)
    return FALSE;
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      gsize length = strlen (known->name);
      gsize n = strlen (suffixes[i]);
      if (length >= n && g_ascii_strcasecmp (known->name + length - n, suffixes[i]) == 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
copy_decoded (Download *self, FerryPartFile *plain, guint64 *size, GError **error)
{
  g_autoptr (GInputStream) raw
      = g_unix_input_stream_new (ferry_part_file_get_fd (self->part), FALSE);
  g_autoptr (GConverter) gunzip
      = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr (GInputStream) decoded = g_converter_input_stream_new (raw, gunzip);
  g_autofree guint8 *buffer = g_malloc (FERRY_BUFFER_SIZE);
  g_autoptr (GError) cause = NULL;

  *size = 0;
  while (TRUE)
    {
      gsize n = 0;
      if (!g_input_stream_read_all (decoded, buffer, FERRY_BUFFER_SIZE, &n, self->cancellable,
                                    &cause))
        {
          if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
            g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
          else
            g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CODING,
                                 _ ("The server compressed this file badly: it cannot be read. "
                                    "Start again, or look for another link."));
          return FALSE;
        }
      if (n == 0)
        return TRUE;
      if (!ferry_part_file_write (plain, *size, buffer, n, error))
        return FALSE;
      *size += n;
    }
}

/* Replaces the part by what it decodes to: counted and complete before, checked by gzip's own sum now. */
static gboolean
decode (Download *self, GError **error)
{
  g_autofree char *name = ferry_file_name_numbered (self->known->part_name, 1);
  g_autoptr (FerryPartFile) plain
      = ferry_part_file_open (self->job->spec->folder, name, TRUE, error);
  guint64 size;

  if (plain == NULL || !ferry_part_file_truncate (plain, 0, error))
    return FALSE;
  if (lseek (ferry_part_file_get_fd (self->part), 0, SEEK_SET) != 0
      || !copy_decoded (self, plain, &size, error))
    {
      g_unlink (ferry_part_file_get_path (plain));
      return FALSE;
    }
  g_unlink (ferry_part_file_get_path (self->part));
  ferry_part_file_close (self->part);
  self->part = g_steal_pointer (&plain);
  self->known->size = (gint64) size;
  self->known->confirmed = size;
  ferry_job_set_received (self->job, size);
  g_free (self->known->part_name);
  self->known->part_name = g_steal_pointer (&name);
  return ferry_store_save_progress (self->job->store, self->job->id, self->known, error);
}

/* TRUE: taken, or *@taken is FALSE and the name belongs to somebody else. */
static gboolean
publish_as (Download *self, const char *name, gboolean *taken, GError **error)
{
  FerryProgress *known = self->known;
  g_autoptr (GError) local = NULL;

  g_free (known->publishing);
  known->publishing = g_strdup (name);
  if (!ferry_part_file_stat (self->part, &known->stamp, error)
      || !ferry_store_save_progress (self->job->store, self->job->id, known, error))
    return FALSE;
  *taken = ferry_part_file_publish (self->part, name, &local);
  if (*taken
      || (g_error_matches (local, FERRY_ERROR, FERRY_ERROR_EXISTS) && !self->job->spec->exact))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
publish (Download *self, GError **error)
{
  FerryProgress *known = self->known;
  const char *wanted = self->job->spec->name != NULL ? self->job->spec->name : known->name;

  ferry_job_set_stage (self->job, FERRY_STAGE_PUBLISHING);
  ferry_part_file_describe (self->part, ferry_http_parse_date (known->last_modified),
                            self->job->spec->address, self->job->spec->referrer);
  for (guint i = 0; i < MAX_NUMBER; i++)
    {
      g_autofree char *name = ferry_file_name_numbered (wanted, i);
      gboolean taken;

      if (!publish_as (self, name, &taken, error))
        return FALSE;
      if (!taken)
        continue;
      self->job->path = g_build_filename (self->job->spec->folder, name, NULL);
      return TRUE;
    }
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS,
               _ ("The folder already holds too many files called “%s”. Clear some away."), wanted);
  return FALSE;
}

gboolean
ferry_download_finish (Download *self, GError **error)
{
  FerryProgress *known = self->known;

  g_assert (ferry_ranges_contain (self->held, 0, (guint64) known->size));
  g_clear_pointer (&self->recorder, ferry_recorder_free);
  if (!verify (self, error))
    return FALSE;
  if (wants_decoding (known) && !decode (self, error))
    return FALSE;
  if (!publish (self, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  return TRUE;
}
