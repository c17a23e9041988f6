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
 */
#include "ferry-config.h"

#include "ferry-upload-private.h"
#include "ferry-upload-token.h"

#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "ferry-address.h"
#include "ferry-error.h"

/* An answer that lists chunks may be long; one of ours stays far below. */
#define MAX_ANSWER (4 * 1024 * 1024)
/* A server that forgets the upload, or loses chunks, again and again is given up for a while. */
#define MAX_RESTARTS 3
#define VERIFY_STEP (4 * 1024 * 1024)

static gboolean
accepts_upload (const FerrySpec *spec)
{
  return spec->direction == FERRY_UPLOAD
         && (g_str_has_prefix (spec->address, "http://")
             || g_str_has_prefix (spec->address, "https://"));
}

static char *
join_address (const char *base, const char *rest)
{
  gsize length = strlen (base);

  while (length > 0 && base[length - 1] == '/')
    length--;
  return g_strdup_printf ("%.*s%s", (int) length, base, rest);
}

char *
ferry_upload_address (FerryJob *job, const char *rest)
{
  g_autofree char *escaped = g_uri_escape_string (job->progress->upload_id, NULL, FALSE);
  g_autofree char *path = g_strconcat ("/uploads/", escaped, rest, NULL);

  return join_address (job->spec->address, path);
}

guint64
ferry_upload_chunk_length (const Upload *self, guint64 index)
{
  guint64 start = index * self->known->chunk_size;

  return MIN (self->known->chunk_size, (guint64) self->known->size - start);
}

/* ---- answers ---- */

static void
set_no_receiver (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                       _ ("The other end does not answer like a Ferry receiver. Check the "
                          "destination’s address."));
}

/* What any server may say about any request. */
static gboolean
is_for_anybody (unsigned status)
{
  return status == 407 || status == 408 || status == 425 || status == 429 || status >= 500;
}

static void
set_refused (unsigned status, const char *host, const char *problem, GError **error)
{
  /* What is sent goes to the server that the person named and to no other, and its token with it. */
  if (status < 400)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                 _ ("The server %s sends Ferry on to another address. Ask for the receiver’s own, "
                    "and change the destination’s address."),
                 host);
  else if (status == 403)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_FORBIDDEN,
                 _ ("The receiver at %s does not let you send files there. Ask whoever runs it."),
                 host);
  else if (problem != NULL)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
                 /* Translators: the second %s is what the receiver says, often in English */
                 _ ("The receiver at %s refuses what Ferry sends: %s"), host, problem);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
                 _ ("The receiver at %s refuses what Ferry sends (%u). Check the destination’s "
                    "address, and whether both are up to date."),
                 host, status);
}

void
ferry_upload_set_error (FerryJob *job,
                        FerryResponse *response,
                        GCancellable *cancellable,
                        GError **error)
{
  unsigned status = ferry_response_get_status (response);
  g_autofree char *host = ferry_address_host (job->spec->address);
  g_autoptr (GBytes) body = ferry_response_read_all (response, 64 * 1024, cancellable, NULL);
  g_autofree char *problem = body != NULL ? ferry_chunk_api_parse_problem (body) : NULL;

  g_debug ("%u: %s", status, problem != NULL ? problem : "");
  if (status == 401)
    ferry_upload_set_unauthorized (job, host, error);
  else if (status == 404 || status == 410)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE,
                 _ ("The receiver at %s no longer knows this upload."), host);
  else if (status == 409)
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SOURCE_CHANGED,
                         _ ("The file changed after a part of it was sent. Start again to send it "
                            "as it is now."));
  else if (status == 413)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_TOO_LARGE,
                 _ ("The receiver at %s does not take files as large as this one."), host);
  else if (status == 422)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK,
                 _ ("What arrives at %s is damaged on the way."), host);
  else if (status == 507)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_BUSY,
                 _ ("The receiver at %s has no room for this file. It goes on when there is some."),
                 host);
  else if (is_for_anybody (status))
    ferry_error_from_status (error, status, host);
  else if (status >= 300)
    set_refused (status, host, problem, error);
  else
    set_no_receiver (error);
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
  g_autofree char *key = g_strconcat ("Idempotency-Key: ", self->known->upload_key, NULL);
  const char *const headers[] = { self->known->upload_key != NULL ? key : NULL, NULL };
  const FerryUpward request = {
    .method = method,
    .address = address,
    .headers = headers,
    .token = self->job->spec->token,
    .json = json,
    .fd = -1,
  };
  g_autoptr (FerryResponse) response
      = ferry_http_send (self->http, &request, self->cancellable, error);

  if (response == NULL)
    return NULL;
  *status = ferry_response_get_status (response);
  if (*status == wanted || *status == other)
    return ferry_response_read_all (response, MAX_ANSWER, self->cancellable, error);
  self->job->retry_after = ferry_http_parse_retry_after (
      ferry_response_get_header (response, "Retry-After"), g_get_real_time () / G_USEC_PER_SEC);
  ferry_upload_set_error (self->job, response, self->cancellable, error);
  return NULL;
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
  g_autofree char *address = join_address (self->job->spec->address, "/uploads");
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
        set_no_receiver (error);
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
  known->size = self->stamp.size;
  known->stamp = self->stamp;
  known->resume = FERRY_RESUME_YES;
  self->total_chunks = created->total_chunks;
  if (!ferry_store_save_progress (self->job->store, self->job->id, known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  return TRUE;
}

static guint64
count_bytes (const Upload *self)
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

/* The server's list is the truth: what it does not have is sent again, whatever the journal says. */
static gboolean
ask_status (Upload *self, gboolean *known_there, GError **error)
{
  g_autofree char *id = g_uri_escape_string (self->known->upload_id, NULL, FALSE);
  g_autofree char *query = g_strconcat ("/status?id=", id, NULL);
  g_autofree char *address = join_address (self->job->spec->address, query);
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
  self->known->confirmed = count_bytes (self);
  if (!ferry_upload_compare_lists (self, self->confirmed, error))
    return FALSE;
  self->known->confirmed = count_bytes (self);
  self->known->expires = there->expires;
  ferry_job_set_received (self->job, self->known->confirmed);
  return TRUE;
}

/* Registered, and known what is confirmed. */
static gboolean
settle_with_server (Upload *self, GError **error)
{
  gboolean known_there = FALSE;

  ferry_job_set_stage (self->job, FERRY_STAGE_CONNECTING);
  if (self->known->upload_id != NULL && !ask_status (self, &known_there, error))
    return FALSE;
  if (known_there)
    return TRUE;
  if (self->known->upload_id == NULL)
    return register_upload (self, error) && ask_status (self, &known_there, error);
  if (self->restarts++ >= MAX_RESTARTS)
    {
      set_forgetful (error);
      return FALSE;
    }
  if (self->known->confirmed > 0 && !ferry_upload_count_broken (self, error))
    return FALSE;
  return forget_upload (
             self, g_strdup (_ ("The receiver no longer knew this upload: started again")), error)
         && register_upload (self, error) && ask_status (self, &known_there, error);
}

/* ---- completing ---- */

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

static gboolean
take_result (Upload *self, GBytes *answer, const char *ours, GError **error)
{
  g_autoptr (FerryChunkResult) result = ferry_chunk_api_parse_result (answer, error);
  FerryProgress *known = self->known;
  g_autofree char *base = NULL;

  if (result == NULL)
    return FALSE;
  if (result->size != (guint64) known->size || !g_str_equal (result->sha256, ours))
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
                           _ ("What the receiver stored is not this file: the checksums differ. "
                              "Start again."));
      return FALSE;
    }
  base = join_address (self->job->spec->address, "/");
  g_free (known->final_address);
  known->final_address = ferry_address_resolve (base, result->url, error);
  if (known->final_address == NULL)
    return FALSE;
  g_free (known->verified);
  known->verified = g_strdup ("server-sha256");
  g_free (known->server_sha256);
  known->server_sha256 = g_strdup (result->sha256);
  return ferry_store_save_progress (self->job->store, self->job->id, known, error);
}

/* The server lost or spoiled chunks that it had confirmed: they go out again. */
static gboolean
take_missing (Upload *self, GBytes *answer, GError **error)
{
  g_autoptr (FerryRanges) missing = ferry_chunk_api_parse_missing (answer, self->total_chunks);

  if (missing != NULL && ferry_ranges_get_n (missing) > 0 && self->restarts++ >= MAX_RESTARTS)
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
  self->known->confirmed = count_bytes (self);
  ferry_job_take_note (
      self->job, g_strdup_printf (ngettext ("The receiver found %u damaged piece: it is sent again",
                                            "The receiver found %u damaged pieces: they are "
                                            "sent again",
                                            (guint) ferry_ranges_get_total (missing)),
                                  (guint) ferry_ranges_get_total (missing)));
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

/* @done: FALSE when chunks have to be sent again first. */
static gboolean
complete (Upload *self, gboolean *done, GError **error)
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
  answer = ask (self, "POST", address, body, 200, 409, &status, &local);
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

/* A server that knows the upload when it is asked, and does not when a chunk comes, must not be asked for ever. */
static gboolean
may_settle_again (Upload *self, GError **error)
{
  if (self->restarts++ < MAX_RESTARTS)
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
      if (!complete (self, &done, error))
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
