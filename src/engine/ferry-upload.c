/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. An upload to a Ferry receiver, by the chunk protocol, version 1.
 *
 * The server's row is the truth about what has arrived. A run asks for it, sends what is missing, and asks for completion; an
 * answer that was lost changes nothing, because every step may be done again: registering with the same key leads to the same
 * upload, a chunk that is there is confirmed again, completion answers as before.
 *
 * The journal keeps each confirmed chunk's digest, which tells later whether the source is still the file of which a
 * part was sent. At the end the server reads the whole file back from its disk and compares its digest with ours, which was
 * made of the same reading as the chunks' digests where those came in the file's order, else is made now; that the
 * file is still as it was when it was opened is looked at last.
 *
 * A receiver may have the bytes sent to a store instead, by addresses that it signs (ferry-upload-part.c). All the rest is the
 * same; at the end the receiver says what the store could prove.
 */
#include "ferry-config.h"

#include "ferry-upload-private.h"
#include "ferry-upload-token.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "ferry-error.h"

/* Once may be the moment in which a receiver begins anew by itself. */
#define MAX_FORGOTTEN 2

static gboolean
accepts_upload (const FerrySpec *spec)
{
  return spec->direction == FERRY_UPLOAD
         && (g_str_has_prefix (spec->address, "http://")
             || g_str_has_prefix (spec->address, "https://"));
}

guint64
ferry_upload_chunk_length (const Upload *self, guint64 index)
{
  guint64 start = index * self->known->chunk_size;

  return MIN (self->known->chunk_size, (guint64) self->known->size - start);
}

guint64
ferry_upload_count_bytes (const Upload *self)
{
  guint64 bytes = 0;

  for (gsize i = 0; i < ferry_ranges_get_n (self->confirmed); i++)
    {
      FerryRange range = ferry_ranges_get (self->confirmed, i);
      bytes += MIN (range.end * self->known->chunk_size, (guint64) self->known->size)
               - range.start * self->known->chunk_size;
    }
  return bytes;
}

/* The answer's body when its status is @wanted or @other (0: none), else the error. */
static GBytes *
ask (Upload *self,
     const char *method,
     const char *address,
     const char *json,
     unsigned wanted,
     unsigned other,
     unsigned *status,
     GError **error)
{
  const FerryQuestion question = { method, address, json, self->known->upload_key, wanted, other };

  return ferry_upload_ask (self, self->http, &question, status, NULL, error);
}

static void
set_forgetful (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SERVER,
                       _ ("The receiver forgets this upload again and again."));
}

/* ---- registering, and what the server has ---- */

static gboolean
forget_upload (Upload *self, char *note, GError **error)
{
  if (note != NULL)
    ferry_job_take_note (self->job, note);
  ferry_ranges_clear (self->confirmed);
  ferry_job_set_received (self->job, 0);
  ferry_progress_reset (self->known);
  if (!ferry_store_start_over (self->job->store, self->job->id, self->known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  return TRUE;
}

/* The server's answer to the registration. The key is in the journal before it is used: when the answer is lost, the same key
 * leads to the same upload. */
static GBytes *
ask_to_register (Upload *self, GError **error)
{
  FerryProgress *known = self->known;
  g_autofree char *address = ferry_upload_join_address (self->job->spec->address, "/uploads");
  g_autofree char *body
      = ferry_chunk_api_create_body (self->job->spec->name, (guint64) self->stamp.size,
                                     self->stamp.mtime_ns / G_GINT64_CONSTANT (1000000000));

  for (guint tries = 1;; tries++)
    {
      g_autoptr (GError) local = NULL;
      GBytes *answer;
      unsigned status = 0;

      if (known->upload_key == NULL)
        {
          known->upload_key = g_uuid_string_random ();
          if (!ferry_store_save_progress (self->job->store, self->job->id, known, error))
            return NULL;
        }
      answer = ask (self, "POST", address, body, 201, 200, &status, &local);
      if (answer != NULL)
        return answer;
      /* The file changed since the key was used and its answer lost: of that upload nothing was sent. */
      if (status == 409 && tries == 1)
        {
          g_clear_pointer (&known->upload_key, g_free);
          continue;
        }
      if (g_error_matches (local, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE) || status == 409)
        ferry_upload_set_no_receiver (error);
      else
        g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
}

static gboolean
register_upload (Upload *self, GError **error)
{
  FerryProgress *known = self->known;
  guint64 size = (guint64) self->stamp.size;
  g_autoptr (FerryChunkCreated) created = NULL;
  g_autoptr (GBytes) answer = ask_to_register (self, error);

  if (answer == NULL)
    return FALSE;
  created = ferry_chunk_api_parse_created (answer, size, error);
  if (created == NULL)
    return FALSE;
  known->upload_id = g_strdup (created->upload_id);
  known->chunk_size = created->chunk_size;
  known->expires = created->expires;
  known->transport = created->transport;
  known->size = self->stamp.size;
  known->stamp = self->stamp;
  known->resume = FERRY_RESUME_YES;
  self->total_chunks = created->total_chunks;
  if (!ferry_store_save_progress (self->job->store, self->job->id, known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  return TRUE;
}

/* The server's list is the truth: what it does not have is sent again, whatever the journal says. */
static gboolean
ask_status (Upload *self, gboolean *known_there, GError **error)
{
  g_autofree char *id = g_uri_escape_string (self->known->upload_id, NULL, FALSE);
  g_autofree char *query = g_strconcat ("/status?id=", id, NULL);
  g_autofree char *address = ferry_upload_join_address (self->job->spec->address, query);
  g_autoptr (FerryChunkStatus) there = NULL;
  g_autoptr (GBytes) answer = NULL;
  g_autoptr (GError) local = NULL;
  unsigned status;

  *known_there = FALSE;
  answer = ask (self, "GET", address, NULL, 200, 0, &status, &local);
  if (answer == NULL && g_error_matches (local, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE))
    return TRUE;
  if (answer == NULL || (there = ferry_chunk_api_parse_status (answer, &local)) == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (there->state == FERRY_CHUNK_EXPIRED || there->size != (guint64) self->known->size
      || there->chunk_size != self->known->chunk_size)
    return TRUE;
  *known_there = TRUE;
  self->total_chunks = there->total_chunks;
  ferry_ranges_free (self->confirmed);
  self->confirmed = g_steal_pointer (&there->received);
  self->known->confirmed = ferry_upload_count_bytes (self);
  if (!ferry_upload_compare_lists (self, self->confirmed, error))
    return FALSE;
  self->known->confirmed = ferry_upload_count_bytes (self);
  self->known->expires = there->expires;
  ferry_job_set_received (self->job, self->known->confirmed);
  return TRUE;
}

static void
discard_remote (Upload *self)
{
  g_autofree char *address = NULL;
  g_autoptr (GBytes) answer = NULL;
  unsigned status;

  /* Of a finished one others may have the link: what is sent now gets a place of its own. */
  if (self->known->upload_id == NULL || self->known->final_address != NULL)
    return;
  /* What cannot be said now, the receiver finds out by itself when the upload expires. */
  address = ferry_upload_address (self->job, "");
  answer = ask (self, "DELETE", address, NULL, 204, 410, &status, NULL);
}

/* @note: why, for the row's history. Takes it. */
static gboolean
register_anew (Upload *self, char *note, GError **error)
{
  gboolean known_there;

  if (self->restarts++ >= FERRY_UPLOAD_MAX_RESTARTS)
    {
      g_free (note);
      set_forgetful (error);
      return FALSE;
    }
  if (self->known->confirmed > 0 && !ferry_upload_count_broken (self, error))
    {
      g_free (note);
      return FALSE;
    }
  return forget_upload (self, note, error) && register_upload (self, error)
         && ask_status (self, &known_there, error);
}

/* The receiver goes on to hand out addresses of an upload that its store does not have. */
static gboolean
is_forgotten_by_store (Upload *self)
{
  return __atomic_load_n (&self->n_forgotten, __ATOMIC_RELAXED) >= MAX_FORGOTTEN
         && ferry_ranges_get_total (self->confirmed) < self->total_chunks;
}

/* Registered, and known what is confirmed. */
static gboolean
settle_with_server (Upload *self, GError **error)
{
  gboolean known_there = FALSE;

  ferry_job_set_stage (self->job, FERRY_STAGE_CONNECTING);
  if (self->known->upload_id == NULL)
    return register_upload (self, error) && ask_status (self, &known_there, error);
  if (!ask_status (self, &known_there, error))
    return FALSE;
  if (!known_there)
    return register_anew (
        self, g_strdup (_ ("The receiver no longer knew this upload: started again")), error);
  if (!is_forgotten_by_store (self))
    return TRUE;
  self->n_forgotten = 0;
  discard_remote (self);
  return register_anew (self, g_strdup (_ ("The store no longer knew this upload: started again")),
                        error);
}

/* A server that knows the upload when it is asked, and does not when a chunk comes, must not be asked for ever. */
static gboolean
may_settle_again (Upload *self, GError **error)
{
  if (self->restarts++ < FERRY_UPLOAD_MAX_RESTARTS)
    return TRUE;
  set_forgetful (error);
  return FALSE;
}

static gboolean
run_upload (Upload *self, GError **error)
{
  gboolean settled = FALSE;
  gboolean done = FALSE;

  if (self->job->start_over)
    {
      discard_remote (self);
      if (!forget_upload (self, NULL, error))
        return FALSE;
    }
  if (!ferry_upload_open_source (self, error))
    return FALSE;
  while (!done)
    {
      g_autoptr (GError) local = NULL;

      if (!settled && !settle_with_server (self, error))
        return FALSE;
      settled = FALSE;
      if (!ferry_upload_send_missing (self, &local))
        {
          if (g_error_matches (local, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE)
              && may_settle_again (self, error))
            continue;
          if (error != NULL && *error == NULL)
            g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
      if (!ferry_upload_complete (self, &done, error))
        return FALSE;
      /* What is missing was just said, by who tried to read it. */
      settled = TRUE;
    }
  self->job->path = g_strdup (self->job->spec->source);
  return TRUE;
}

static gboolean
ferry_upload_run (FerryJob *job, GCancellable *cancellable, GError **error)
{
  Upload self = { .job = job, .known = job->progress, .cancellable = cancellable, .fd = -1 };
  gboolean finished;

  self.http = ferry_http_new (job->tls, job->timeout);
  self.confirmed = ferry_ranges_new ();
  self.whole = ferry_digest_new ();
  finished = ferry_upload_find_token (job, cancellable, error) && run_upload (&self, error);
  ferry_job_publish_progress (job);
  ferry_ranges_free (self.confirmed);
  ferry_digest_free (self.whole);
  ferry_http_free (self.http);
  if (self.fd >= 0)
    close (self.fd);
  return finished;
}

/* A finished file is the person's at the other end, too. */
static void
ferry_upload_discard (FerryJob *job, GCancellable *cancellable)
{
  Upload self = { .job = job, .known = job->progress, .cancellable = cancellable, .fd = -1 };

  if (self.known->upload_id == NULL || self.known->final_address != NULL
      || !ferry_upload_find_token (job, cancellable, NULL))
    return;
  self.http = ferry_http_new (job->tls, job->timeout);
  discard_remote (&self);
  ferry_http_free (self.http);
}

const FerryProtocol ferry_upload_protocol = {
  .name = "ferry-chunks",
  .resumable = TRUE,
  .parallel = TRUE,
  .chunk_checksum = TRUE,
  .accepts = accepts_upload,
  .run = ferry_upload_run,
  .discard = ferry_upload_discard,
};
