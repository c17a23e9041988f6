/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. A download over HTTP, as RFC 9110 allows it and as servers really behave.
 *
 * The bytes go into a part file beside the target; the journal says which of them are proven. A run does the same thing
 * until nothing is missing: take the first missing range, ask for it, look at the answer field by field, and either put
 * its bytes where they belong or start over.
 *
 * Nothing is appended on hope. A request to go on carries If-Match (or If-Unmodified-Since) where the server gave a
 * validator that can guard, and always begins a little before the missing range: the bytes that are held already are
 * compared with what arrives, which catches servers whose validators do not change with the file or that ignore
 * preconditions. The first request of a file is a plain GET, so a link that works once is not spent on a probe.
 *
 * The end of a body proves nothing: the bytes are counted.
 */
#include "ferry-config.h"

#include "ferry-download-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-file-name.h"

/* Bytes compared before going on. */
#define OVERLAP (64 * 1024)
/* A file that is another one each time it is looked at is given up for a while after this many. */
#define MAX_RESTARTS 3
#define MAX_WRONG_PARTS 2
#define MAX_RETAGS 2

static gboolean
accepts_http (const FerrySpec *spec)
{
  return spec->direction == FERRY_DOWNLOAD
         && (g_str_has_prefix (spec->address, "http://")
             || g_str_has_prefix (spec->address, "https://"));
}

static FerryAnswer
read_answer (FerryResponse *response)
{
  return (FerryAnswer){
    .status = ferry_response_get_status (response),
    .content_type = ferry_response_get_header (response, "Content-Type"),
    .content_range = ferry_response_get_header (response, "Content-Range"),
    .coding = ferry_response_get_header (response, "Content-Encoding"),
    .etag = ferry_response_get_header (response, "ETag"),
    .last_modified = ferry_response_get_header (response, "Last-Modified"),
    .length = ferry_response_get_length (response),
  };
}

static FerryResponse *
get (Download *self, gint64 start, gint64 end, gboolean guarded, GError **error)
{
  FerryProgress *known = self->known;
  gboolean redirected = start >= 0 && known->final_address != NULL && !self->use_original;
  const FerryRequest request = {
    .address = redirected ? known->final_address : self->job->spec->address,
    .range_start = start,
    .range_end = end,
    .if_match = guarded ? ferry_download_if_match (known) : NULL,
    .if_unmodified_since = guarded ? ferry_download_if_unmodified_since (known) : NULL,
    .headers = self->job->spec->headers,
    .headers_for = self->job->spec->address,
    .referrer = self->job->spec->referrer,
  };

  ferry_job_set_stage (self->job, FERRY_STAGE_CONNECTING);
  return ferry_http_get (self->http, &request, self->cancellable, error);
}

static gboolean
restart (Download *self, char *note, GError **error)
{
  if (self->restarts++ < MAX_RESTARTS)
    return ferry_download_forget (self, note, error);
  g_free (note);
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_SERVER,
                       _ ("The file on the server keeps changing while it is downloaded."));
  return FALSE;
}

static char *
changed_note (void)
{
  return g_strdup (_ ("The file on the server changed: started again"));
}

/* ---- the body ---- */

typedef struct
{
  FerryResponse *response;
  gint64 expected; /* bytes, -1: to the end */
  guint8 *ours;    /* (nullable) the overlap as it is on disk */
  gsize overlap;
  gsize compared;
  guint64 received;
  gboolean differs;
  gboolean at_end;
} Body;

/* Compares as much of the overlap as @data covers; how much that is. */
static gsize
compare_overlap (Body *body, const guint8 *data, gsize length)
{
  gsize n = MIN (length, body->overlap - body->compared);

  if (n > 0 && memcmp (body->ours + body->compared, data, n) != 0)
    body->differs = TRUE;
  body->compared += n;
  return n;
}

static gboolean
receive_piece (Download *self, Body *body, GError **error)
{
  g_autoptr (GError) broken = NULL;
  guint8 *buffer = ferry_recorder_take_buffer (self->recorder);
  gsize room = FERRY_BUFFER_SIZE;
  gsize n;
  gsize skip;

  if (body->expected >= 0)
    room = (gsize) MIN (room, (guint64) body->expected - body->received);
  n = ferry_response_read (body->response, buffer, room, &body->at_end, self->cancellable, &broken);
  body->received += n;
  skip = compare_overlap (body, buffer, n);
  if (!ferry_recorder_write (self->recorder, buffer, skip, body->differs ? 0 : n - skip, error))
    return FALSE;
  if (broken == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&broken));
  return FALSE;
}

static gboolean
receive (Download *self, Body *body, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean ok = TRUE;

  ferry_job_set_stage (self->job, FERRY_STAGE_RECEIVING);
  while (ok && !body->at_end && !body->differs
         && (body->expected < 0 || body->received < (guint64) body->expected))
    ok = receive_piece (self, body, &local);

  /* Whatever happened, what has arrived is kept. */
  if (!ferry_recorder_flush (self->recorder, ok ? &local : NULL))
    ok = FALSE;
  ferry_ranges_free (self->held);
  self->held = ferry_ranges_copy (ferry_recorder_get_held (self->recorder));
  self->known->confirmed = ferry_ranges_get_total (self->held);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&local));
  return ok;
}

static gboolean
is_short (const Body *body, const char *address, GError **error)
{
  g_autofree char *host = ferry_address_host (address);

  if (body->differs || body->expected < 0 || body->received == (guint64) body->expected)
    return FALSE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_SHORT_BODY,
               _ ("The server %s ended the connection before the file was whole."), host);
  return TRUE;
}

/* A body whose length nobody told has ended: now it is known. */
static gboolean
learn_size (Download *self, guint64 size, GError **error)
{
  self->known->size = (gint64) size;
  return ferry_part_file_truncate (self->part, size, error)
         && ferry_store_save_progress (self->job->store, self->job->id, self->known, error);
}

/* ---- answers ---- */

static gboolean
is_unwanted_page (Download *self, FerryResponse *response, GError **error)
{
  g_autofree char *host = NULL;
  const char *type = ferry_response_get_header (response, "Content-Type");

  if (self->job->accept_web_page || !ferry_http_media_type_is_html (type))
    return FALSE;
  if (!ferry_download_expects_file (self->job->spec, self->known,
                                    ferry_response_get_address (response),
                                    ferry_response_get_header (response, "Content-Disposition")))
    return FALSE;
  host = ferry_address_host (ferry_response_get_address (response));
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_WEB_PAGE,
               _ ("The server %s sent a web page instead of the file. Perhaps you must sign in "
                  "there first, or the link is too old."),
               host);
  return TRUE;
}

static gboolean
is_unknown_coding (FerryResponse *response, GError **error)
{
  const char *coding = ferry_response_get_header (response, "Content-Encoding");

  if (ferry_download_coding_is_identity (coding) || g_ascii_strcasecmp (coding, "gzip") == 0
      || g_ascii_strcasecmp (coding, "x-gzip") == 0)
    return FALSE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_CODING,
               _ ("The server insists on compressing this file in a way Ferry cannot undo (%s). "
                  "Look for another link."),
               coding);
  return TRUE;
}

static FerryResume
read_resume (FerryResponse *response, const char *coding)
{
  if (coding != NULL)
    return FERRY_RESUME_NO;
  return ferry_http_parse_accept_ranges (ferry_response_get_header (response, "Accept-Ranges"));
}

static void
learn_file (Download *self, FerryResponse *response)
{
  FerryProgress *known = self->known;
  FerryAnswer answer = read_answer (response);
  guint8 sha256[FERRY_SHA256_SIZE];
  g_autofree char *part_name = g_steal_pointer (&known->part_name);

  ferry_progress_reset (known);
  known->part_name = g_steal_pointer (&part_name);
  known->final_address = g_strdup (ferry_response_get_address (response));
  known->name = ferry_file_name_choose (ferry_response_get_header (response, "Content-Disposition"),
                                        known->final_address, self->job->spec->address);
  known->size = answer.length;
  known->etag = g_strdup (answer.etag);
  known->last_modified = g_strdup (answer.last_modified);
  known->date = g_strdup (ferry_response_get_header (response, "Date"));
  known->media_type = g_strdup (answer.content_type);
  if (!ferry_download_coding_is_identity (answer.coding))
    known->coding = g_strdup (answer.coding);
  if (ferry_http_parse_repr_digest (ferry_response_get_header (response, "Repr-Digest"), sha256))
    known->server_sha256 = ferry_sha256_to_hex (sha256);
  known->resume = read_resume (response, known->coding);
}

static gboolean
take_whole (Download *self, FerryResponse *response, GError **error)
{
  Body body = { .response = response, .expected = ferry_response_get_length (response) };

  if (is_unwanted_page (self, response, error) || is_unknown_coding (response, error))
    return FALSE;
  learn_file (self, response);
  if (!ferry_download_create_part (self, error) || !ferry_download_begin_run (self, 0, error)
      || !receive (self, &body, error)
      || is_short (&body, ferry_response_get_address (response), error))
    return FALSE;
  if (body.expected >= 0)
    return TRUE;
  self->size_untold = !ferry_response_is_chunked (response);
  return learn_size (self, body.received, error);
}

/* A server that answers a request to go on with everything: its answer is used, what was held is not. */
static gboolean
take_whole_instead (Download *self, FerryResponse *response, gboolean changed, GError **error)
{
  if (is_unwanted_page (self, response, error) || is_unknown_coding (response, error))
    return FALSE;
  if (!restart (self,
                changed ? changed_note ()
                        : g_strdup (_ ("This server cannot resume: started again")),
                error))
    return FALSE;
  if (!take_whole (self, response, error))
    {
      self->known->resume = changed ? self->known->resume : FERRY_RESUME_NO;
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_whole (Download *self)
{
  return self->part != NULL && self->known->size >= 0 && self->known->chunk_size > 0
         && ferry_ranges_contain (self->held, 0, (guint64) self->known->size);
}

static gboolean
take_wrong_part (Download *self, GError **error)
{
  if (++self->wrong_parts < MAX_WRONG_PARTS)
    return TRUE;
  self->wrong_parts = 0;
  return restart (
      self, g_strdup (_ ("The server answered with the wrong part of the file: started again")),
      error);
}

static guint8 *
read_overlap (Download *self, guint64 start, gsize length, GError **error)
{
  g_autofree guint8 *ours = g_malloc (length);
  gssize n = ferry_part_file_read (self->part, start, ours, length, error);

  if (n < 0)
    return NULL;
  if ((gsize) n < length)
    {
      ferry_error_from_errno (error, EIO, ferry_part_file_get_path (self->part));
      return NULL;
    }
  return g_steal_pointer (&ours);
}

static gboolean
learn_part (Download *self, FerryResponse *response, const FerryContentRange *range, GError **error)
{
  FerryProgress *known = self->known;

  g_free (known->final_address);
  known->final_address = g_strdup (ferry_response_get_address (response));
  known->resume = FERRY_RESUME_YES;
  if (known->size < 0 && range->complete >= 0)
    {
      known->size = range->complete;
      if (!ferry_part_file_allocate (self->part, (guint64) known->size, error))
        return FALSE;
    }
  if (!ferry_store_save_progress (self->job->store, self->job->id, known, error))
    return FALSE;
  ferry_job_publish_progress (self->job);
  return TRUE;
}

static gboolean
take_part (Download *self,
           FerryResponse *response,
           const FerryContentRange *range,
           guint64 missing,
           GError **error)
{
  g_autofree guint8 *ours = NULL;
  gsize overlap = (gsize) (missing - range->first);
  Body body = { .response = response,
                .expected = (gint64) (range->last - range->first + 1),
                .overlap = overlap };

  if (overlap > 0 && (ours = read_overlap (self, range->first, overlap, error)) == NULL)
    return FALSE;
  body.ours = ours;
  if (!learn_part (self, response, range, error) || !ferry_download_begin_run (self, missing, error)
      || !receive (self, &body, error)
      || is_short (&body, ferry_response_get_address (response), error))
    return FALSE;
  if (body.differs)
    return restart (self, changed_note (), error);
  if (range->last < missing && !is_whole (self))
    return take_wrong_part (self, error);
  if (self->known->size < 0 && body.at_end)
    return learn_size (self, range->last + 1, error);
  return TRUE;
}

/* ---- a validator that changed: the same bytes under a new tag are the same file ---- */

static gboolean
sample_is_equal (Download *self,
                 guint64 start,
                 guint64 end,
                 gboolean *equal,
                 FerryProgress *seen,
                 GError **error)
{
  g_autoptr (FerryResponse) response = NULL;
  g_autofree guint8 *theirs = g_malloc (OVERLAP);
  g_autofree guint8 *ours = NULL;
  FerryContentRange range;
  FerryAnswer answer;
  gsize filled = 0;
  gboolean at_end = FALSE;

  *equal = FALSE;
  response = get (self, (gint64) start, (gint64) end - 1, FALSE, error);
  if (response == NULL)
    return FALSE;
  answer = read_answer (response);
  g_free (seen->etag);
  seen->etag = g_strdup (answer.etag);
  if (answer.status != 206 || answer.last_modified == NULL
      || g_strcmp0 (answer.last_modified, self->known->last_modified) != 0
      || ferry_download_check (seen, (gint64) start, (gint64) end - 1, &answer, &range)
             != FERRY_CHECK_PART
      || range.last + 1 != end || range.complete != self->known->size)
    return TRUE;
  ours = read_overlap (self, start, (gsize) (end - start), error);
  if (ours == NULL)
    return FALSE;
  while (filled < end - start && !at_end)
    {
      g_autoptr (GError) local = NULL;
      filled += ferry_response_read (response, theirs + filled, (gsize) (end - start) - filled,
                                     &at_end, self->cancellable, &local);
      if (local != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }
  *equal = filled == end - start && memcmp (ours, theirs, filled) == 0;
  return TRUE;
}

/*
 * A server farm whose machines tag one file differently would otherwise cost everything at each resume. The file counts as
 * the same only when size and Last-Modified are the same and every sample is: the first and last bytes held and one from
 * their middle.
 */
static gboolean
is_same_file (Download *self, gboolean *same, GError **error)
{
  g_autoptr (FerryProgress) seen = ferry_progress_copy (self->known);
  FerryRange held;
  guint64 last;

  *same = FALSE;
  if (self->known->size < 0 || self->known->last_modified == NULL
      || ferry_ranges_get_n (self->held) == 0)
    return TRUE;
  held = ferry_ranges_get (self->held, 0);
  last = held.end - held.start > OVERLAP ? held.end - OVERLAP : held.start;
  const guint64 starts[] = { last, held.start, held.start + (last - held.start) / 2 };
  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      if (!sample_is_equal (self, starts[i], MIN (starts[i] + OVERLAP, held.end), same, seen,
                            error))
        return FALSE;
      if (!*same)
        return TRUE;
    }
  g_free (self->known->etag);
  /* A tag that changes with every answer guards nothing: the date and the overlap must do. */
  self->known->etag = self->retags++ == 0 ? g_strdup (seen->etag) : NULL;
  return ferry_store_save_progress (self->job->store, self->job->id, self->known, error);
}

static gboolean
settle_change (Download *self, GError **error)
{
  gboolean same;

  if (!is_same_file (self, &same, error))
    return FALSE;
  if (!same || self->retags > MAX_RETAGS)
    return restart (self, changed_note (), error);
  ferry_job_take_note (self->job,
                       g_strdup (_ ("The server gave the same file a new tag: went on")));
  return TRUE;
}

static gboolean
report_status (Download *self, FerryResponse *response, GError **error)
{
  unsigned status = ferry_response_get_status (response);
  const char *address = ferry_response_get_address (response);
  g_autofree char *host = ferry_address_host (address);
  const char *retry_after = ferry_response_get_header (response, "Retry-After");

  self->job->retry_after
      = ferry_http_parse_retry_after (retry_after, g_get_real_time () / G_USEC_PER_SEC);
  if (status >= 300)
    ferry_error_from_status (error, status, host);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                 _ ("The server %s answered without a file. Check the link."), host);
  return FALSE;
}

/* An address that redirects led to may have expired: the original one leads to a fresh one. */
static gboolean
may_use_original (Download *self, gint64 start, unsigned status)
{
  if (self->use_original || start < 0 || self->known->final_address == NULL
      || g_str_equal (self->known->final_address, self->job->spec->address))
    return FALSE;
  return status == 0 || status == 401 || status == 403 || status == 404 || status == 410;
}

static gboolean
take_answer (Download *self,
             FerryResponse *response,
             gint64 start,
             gint64 end,
             guint64 missing,
             GError **error)
{
  FerryAnswer answer = read_answer (response);
  FerryContentRange range;

  switch (ferry_download_check (self->known, start, end, &answer, &range))
    {
    case FERRY_CHECK_WHOLE:
      return take_whole (self, response, error);
    case FERRY_CHECK_PART:
      return take_part (self, response, &range, missing, error);
    case FERRY_CHECK_NO_RANGES:
      return take_whole_instead (self, response, FALSE, error);
    case FERRY_CHECK_CHANGED_WHOLE:
      return take_whole_instead (self, response, TRUE, error);
    case FERRY_CHECK_CHANGED:
      return start < 0 ? report_status (self, response, error) : settle_change (self, error);
    case FERRY_CHECK_WRONG_PART:
      return start < 0 ? report_status (self, response, error) : take_wrong_part (self, error);
    case FERRY_CHECK_UNSATISFIABLE:
      /* What was asked for begins with bytes that are held: the file has shrunk, or the server does not know. */
      return start < 0 ? report_status (self, response, error)
                       : restart (self, changed_note (), error);
    case FERRY_CHECK_STATUS:
    default:
      if (!may_use_original (self, start, answer.status))
        return report_status (self, response, error);
      self->use_original = TRUE;
      return TRUE;
    }
}

/* ---- one request ---- */

/* The first bytes that are missing, and which range to ask for: none at all when nothing is held. */
static guint64
plan (Download *self, gint64 *start, gint64 *end)
{
  guint64 limit = self->known->size >= 0 ? (guint64) self->known->size : G_MAXINT64;
  FerryRange missing = { 0, limit };
  guint64 overlap;

  ferry_ranges_first_missing (self->held, limit, &missing);
  overlap = MIN (OVERLAP, ferry_ranges_run_before (self->held, missing.start));
  *start = ferry_ranges_get_n (self->held) == 0 ? -1 : (gint64) (missing.start - overlap);
  *end = missing.end == limit ? -1 : (gint64) missing.end - 1;
  return missing.start;
}

static gboolean
fetch_missing (Download *self, GError **error)
{
  g_autoptr (FerryResponse) response = NULL;
  g_autoptr (GError) local = NULL;
  gint64 start;
  gint64 end;
  guint64 missing = plan (self, &start, &end);

  /* A server whose preconditions fail for the very file they guard is asked without them. */
  response = get (self, start, end, self->retags < MAX_RETAGS, &local);
  if (response != NULL)
    return take_answer (self, response, start, end, missing, error);
  if (!g_cancellable_is_cancelled (self->cancellable) && may_use_original (self, start, 0))
    {
      self->use_original = TRUE;
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
run_download (Download *self, GError **error)
{
  if (ferry_download_was_published (self))
    return TRUE;
  if (!ferry_download_recover (self, error))
    return FALSE;
  self->recovered = TRUE;
  while (!is_whole (self))
    {
      if (g_cancellable_is_cancelled (self->cancellable))
        {
          g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
          return FALSE;
        }
      if (!fetch_missing (self, error))
        return FALSE;
    }
  return ferry_download_finish (self, error);
}

static gboolean
ferry_download_run (FerryJob *job, GCancellable *cancellable, GError **error)
{
  Download self = { .job = job, .known = job->progress, .cancellable = cancellable };
  gboolean finished;

  self.http = ferry_http_new (job->tls, job->timeout);
  self.held = ferry_ranges_new ();
  finished = run_download (&self, error);
  if (!finished)
    {
      ferry_download_settle (&self);
      if (g_cancellable_is_cancelled (cancellable) && error != NULL
          && ferry_error_get_code (*error) != FERRY_ERROR_CANCELLED)
        g_debug ("stopped, and: %s", (*error)->message);
    }
  ferry_job_publish_progress (job);
  g_clear_pointer (&self.recorder, ferry_recorder_free);
  g_clear_pointer (&self.part, ferry_part_file_close);
  g_clear_pointer (&self.http, ferry_http_free);
  ferry_ranges_free (self.held);
  return finished;
}

const FerryProtocol ferry_download_protocol = {
  .name = "download",
  .resumable = TRUE,
  .parallel = FALSE,
  .chunk_checksum = FALSE,
  .accepts = accepts_http,
  .run = ferry_download_run,
};
