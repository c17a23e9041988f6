/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Everything was confirmed: the other end puts the file together, and what it has is compared with what is here. */
#include "ferry-config.h"

#include "ferry-upload-private.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-error.h"

#define VERIFY_STEP (4 * 1024 * 1024)

/* What is in the digest already was read while it was sent. */
static char *
hash_source (Upload *self, GError **error)
{
  guint8 sha256[FERRY_SHA256_SIZE];
  guint64 size = (guint64) self->known->size;
  gboolean changed;

  ferry_job_set_stage (self->job, FERRY_STAGE_VERIFYING);
  ferry_job_set_checked (self->job, self->n_whole);
  while (self->n_whole < size)
    {
      guint64 length = MIN (VERIFY_STEP, size - self->n_whole);
      gint64 n = ferry_digest_read (self->whole, self->fd, self->n_whole, length, self->cancellable,
                                    error);

      if (n < 0)
        return NULL;
      if ((guint64) n < length)
        {
          if (ferry_upload_follow_source (self, &changed, error))
            ferry_error_from_errno (error, EIO, self->job->spec->source);
          return NULL;
        }
      self->n_whole += length;
      ferry_job_set_checked (self->job, self->n_whole);
    }
  ferry_digest_peek (self->whole, sha256);
  return ferry_sha256_to_hex (sha256);
}

static void
set_other_file (Upload *self, GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
                       self->known->transport == FERRY_TRANSPORT_PRESIGNED
                           ? _ ("What the store has is not this file: the checksums differ. Start "
                                "again.")
                           : _ ("What the receiver stored is not this file: the checksums differ. "
                                "Start again."));
}

/* What a store calls an object that it made of these parts, where the ETag of each is known to be its MD5. (nullable): it is
 * not. (transfer full) */
static char *
composite_etag (Upload *self, const GArray *chunks)
{
  g_autoptr (GChecksum) md5 = g_checksum_new (G_CHECKSUM_MD5);

  if (chunks->len == 0 || chunks->len != self->total_chunks)
    return NULL;
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      guint8 receipt[FERRY_MD5_SIZE];

      if (!chunk->has_md5 || !ferry_md5_from_hex (chunk->receipt, receipt)
          || memcmp (receipt, chunk->md5, sizeof receipt) != 0)
        return NULL;
      g_checksum_update (md5, chunk->md5, sizeof chunk->md5);
    }
  return g_strdup_printf ("%s-%u", g_checksum_get_string (md5), chunks->len);
}

/* Whether two ETags of objects are made in the same way: 32 hex digits and the number of parts. */
static gboolean
is_comparable (const char *ours, const char *theirs)
{
  const char *number = strchr (ours, '-');

  return theirs != NULL && strlen (theirs) == strlen (ours)
         && strspn (theirs, "0123456789abcdefABCDEF") == (gsize) (number - ours)
         && g_str_equal (theirs + (number - ours), number);
}

/* The parts' ETags were compared one by one as they were sent; that the object is made of them, and in this order, its own ETag
 * tells, whatever the receiver says of it. */
static gboolean
compare_etags (Upload *self, const FerryChunkResult *result, GError **error)
{
  g_autoptr (GArray) chunks = ferry_store_load_chunks (self->job->store, self->job->id, error);
  g_autofree char *ours = NULL;

  if (chunks == NULL)
    return FALSE;
  ours = composite_etag (self, chunks);
  g_debug ("ETag %s, ours %s", result->etag, ours);
  if (ours == NULL || !is_comparable (ours, result->etag)
      || g_ascii_strcasecmp (ours, result->etag) == 0)
    return TRUE;
  set_other_file (self, error);
  return FALSE;
}

static gboolean
compare_result (Upload *self, const FerryChunkResult *result, const char *ours, GError **error)
{
  if (result->size != (guint64) self->known->size
      || (result->sha256 != NULL && !g_str_equal (result->sha256, ours)))
    {
      set_other_file (self, error);
      return FALSE;
    }
  return self->known->transport == FERRY_TRANSPORT_DIRECT || compare_etags (self, result, error);
}

static const char *
name_proof (const Upload *self, const FerryChunkResult *result)
{
  static const char *const names[] = { "none", "store-etag", "store-sha256" };

  return self->known->transport == FERRY_TRANSPORT_DIRECT ? "server-sha256" : names[result->proof];
}

static gboolean
take_result (Upload *self, GBytes *answer, const char *ours, GError **error)
{
  FerryProgress *known = self->known;
  g_autoptr (FerryChunkResult) result
      = ferry_chunk_api_parse_result (answer, known->transport, error);
  g_autofree char *base = NULL;

  if (result == NULL || !compare_result (self, result, ours, error))
    return FALSE;
  base = ferry_upload_join_address (self->job->spec->address, "/");
  g_free (known->final_address);
  known->final_address = ferry_address_resolve (base, result->url, error);
  if (known->final_address == NULL)
    return FALSE;
  g_free (known->verified);
  known->verified = g_strdup (name_proof (self, result));
  g_free (known->server_sha256);
  known->server_sha256 = g_strdup (result->sha256);
  return ferry_store_save_progress (self->job->store, self->job->id, known, error);
}

static void
note_missing (Upload *self, guint n)
{
  if (self->known->transport == FERRY_TRANSPORT_PRESIGNED)
    ferry_job_take_note (
        self->job,
        g_strdup_printf (
            ngettext ("The store does not have %u piece as it was sent: it is sent again",
                      "The store does not have %u pieces as they were sent: they are "
                      "sent again",
                      n),
            n));
  else
    ferry_job_take_note (
        self->job,
        g_strdup_printf (ngettext ("The receiver found %u damaged piece: it is sent again",
                                   "The receiver found %u damaged pieces: they are "
                                   "sent again",
                                   n),
                         n));
}

/* The server lost or spoiled chunks that it had confirmed: they go out again. */
static gboolean
take_missing (Upload *self, GBytes *answer, GError **error)
{
  g_autoptr (FerryRanges) missing = ferry_chunk_api_parse_missing (answer, self->total_chunks);

  if (missing != NULL && ferry_ranges_get_n (missing) > 0
      && self->restarts++ >= FERRY_UPLOAD_MAX_RESTARTS)
    {
      ferry_upload_set_broken (error);
      return FALSE;
    }
  if (missing == NULL || ferry_ranges_get_n (missing) == 0)
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SERVER,
                           _ ("The receiver cannot put the file together."));
      return FALSE;
    }
  for (gsize i = 0; i < ferry_ranges_get_n (missing); i++)
    {
      FerryRange range = ferry_ranges_get (missing, i);
      ferry_ranges_remove (self->confirmed, range.start, range.end);
    }
  self->known->confirmed = ferry_upload_count_bytes (self);
  note_missing (self, (guint) ferry_ranges_get_total (missing));
  return TRUE;
}

/* The digest of the file as it is, and it is still as its chunks were. */
static char *
hash_settled_source (Upload *self, GError **error)
{
  gboolean changed = TRUE;

  while (changed)
    {
      g_autofree char *sha256 = hash_source (self, error);

      if (sha256 == NULL || !ferry_upload_follow_source (self, &changed, error))
        return NULL;
      if (!changed)
        return g_steal_pointer (&sha256);
    }
  return NULL;
}

gboolean
ferry_upload_complete (Upload *self, gboolean *done, GError **error)
{
  g_autofree char *ours = hash_settled_source (self, error);
  g_autofree char *address = NULL;
  g_autofree char *body = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) local = NULL;
  unsigned status = 0;

  *done = FALSE;
  if (ours == NULL)
    return FALSE;
  address = ferry_upload_address (self->job, "/complete");
  body = ferry_chunk_api_complete_body (ours);
  answer = ferry_upload_ask (
      self, self->http,
      &(FerryQuestion){ "POST", address, body, self->known->upload_key, 200, 409 }, &status, NULL,
      &local);
  if (answer == NULL && status == 422)
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SOURCE_CHANGED,
                           _ ("The file changed after a part of it was sent. Start again to send "
                              "it as it is now."));
      return FALSE;
    }
  if (answer == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (status == 409)
    return take_missing (self, answer, error);
  *done = TRUE;
  return take_result (self, answer, ours, error);
}
