/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. Chunks go out on several connections at once, because a round trip and a sync of the server's disk lie between
 * a chunk's last byte and its 200. One thread hashes a little ahead, as the digest has to be known before the first byte goes;
 * each worker sends one chunk at a time, blocking, from a stream that reads the file as it goes, so that memory does not grow with
 * the chunk. What is hashed and what is sent are two readings: the server hashes what arrives and refuses a difference.
 *
 * Only a 200 confirms. After the first failure nothing new is begun, what is under way is let finish, and the run ends:
 * the next one asks the server what it has.
 */
#include "ferry-config.h"

#include "ferry-upload-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

#define N_WORKERS 4
/* A chunk that arrives damaged more often than this is not the line's bad luck. */
#define MAX_DAMAGED 3

typedef struct
{
  guint64 index;
  guint8 sha256[FERRY_SHA256_SIZE];
} Ready;

typedef struct
{
  Upload *upload;

  GMutex lock;
  GCond changed;
  FerryRanges *unhashed; /* chunk indexes */
  GQueue ready;          /* of Ready */
  gboolean all_hashed;
  gboolean stop;     /* nothing new is begun */
  GError *error;     /* the first */
  guint64 journaled; /* bytes */
} Sending;

static void
stop_sending (Sending *self, GError *error)
{
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  if (self->error == NULL)
    self->error = error;
  else
    g_clear_error (&error);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  Sending *self = data;

  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* ---- hashing ahead ---- */

static gboolean
take_unhashed (Sending *self, guint64 *index)
{
  gboolean found;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_queue_get_length (&self->ready) >= N_WORKERS)
    g_cond_wait (&self->changed, &self->lock);
  found = !self->stop && ferry_ranges_get_n (self->unhashed) > 0;
  if (found)
    {
      *index = ferry_ranges_get (self->unhashed, 0).start;
      ferry_ranges_remove (self->unhashed, *index, *index + 1);
    }
  else
    {
      self->all_hashed = TRUE;
      g_cond_broadcast (&self->changed);
    }
  g_mutex_unlock (&self->lock);
  return found;
}

static Ready *
hash_chunk (Sending *self, guint64 index, GError **error)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  Upload *upload = self->upload;
  guint64 length = ferry_upload_chunk_length (upload, index);
  gint64 n = ferry_digest_read (digest, upload->fd, index * upload->known->chunk_size, length,
                                upload->cancellable, error);
  Ready *ready;

  if (n < 0)
    return NULL;
  if ((guint64) n < length)
    {
      g_set_error_literal (
          error, FERRY_ERROR, FERRY_ERROR_SOURCE_CHANGED,
          _ ("The file became shorter while it was sent. Start again to send it as "
             "it is now."));
      return NULL;
    }
  ready = g_new0 (Ready, 1);
  ready->index = index;
  ferry_digest_finish (digest, ready->sha256);
  return ready;
}

static gpointer
hasher_thread (gpointer data)
{
  Sending *self = data;
  guint64 index;

  while (take_unhashed (self, &index))
    {
      GError *error = NULL;
      Ready *ready = hash_chunk (self, index, &error);

      if (ready == NULL)
        {
          stop_sending (self, error);
          continue;
        }
      g_mutex_lock (&self->lock);
      g_queue_push_tail (&self->ready, ready);
      g_cond_broadcast (&self->changed);
      g_mutex_unlock (&self->lock);
    }
  return NULL;
}

/* ---- sending ---- */

static Ready *
take_ready (Sending *self)
{
  Ready *ready;

  g_mutex_lock (&self->lock);
  while (!self->stop && !self->all_hashed && g_queue_is_empty (&self->ready))
    g_cond_wait (&self->changed, &self->lock);
  ready = self->stop ? NULL : g_queue_pop_head (&self->ready);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return ready;
}

/* In the journal first, then in what is shown. */
static gboolean
confirm (Sending *self, const Ready *ready, GError **error)
{
  Upload *upload = self->upload;
  FerryChunk chunk
      = { .index = ready->index, .length = ferry_upload_chunk_length (upload, ready->index) };
  guint64 confirmed;

  memcpy (chunk.sha256, ready->sha256, sizeof chunk.sha256);
  g_mutex_lock (&self->lock);
  ferry_ranges_add (upload->confirmed, ready->index, ready->index + 1);
  upload->known->confirmed += chunk.length;
  confirmed = upload->known->confirmed;
  g_mutex_unlock (&self->lock);
  if (!ferry_store_save_chunks (upload->job->store, upload->job->id, &chunk, 1, confirmed, error))
    return FALSE;
  /* Counted apart, as the workers come back from the journal in any order. */
  g_mutex_lock (&self->lock);
  self->journaled += chunk.length;
  ferry_job_set_received (upload->job, self->journaled);
  g_mutex_unlock (&self->lock);
  ferry_job_add_confirmed (upload->job, chunk.length);
  return TRUE;
}

static FerryResponse *
put_chunk (Sending *self, FerryHttp *http, const Ready *ready, GError **error)
{
  Upload *upload = self->upload;
  g_autofree char *rest = g_strdup_printf ("/chunks/%" G_GUINT64_FORMAT, ready->index);
  g_autofree char *address = ferry_upload_address (upload->job, rest);
  g_autofree char *hex = ferry_sha256_to_hex (ready->sha256);
  g_autofree char *checksum = g_strconcat ("X-Chunk-Checksum: ", hex, NULL);
  const char *const headers[] = { checksum, NULL };
  const FerryUpward request = {
    .method = "PUT",
    .address = address,
    .headers = headers,
    .token = upload->job->spec->token,
    .fd = upload->fd,
    .offset = ready->index * upload->known->chunk_size,
    .length = ferry_upload_chunk_length (upload, ready->index),
    .sent = &upload->job->under_way,
  };

  return ferry_http_send (http, &request, upload->cancellable, error);
}

static void
take_refusal (Sending *self, FerryResponse *response, GError **error)
{
  Upload *upload = self->upload;

  g_mutex_lock (&self->lock);
  upload->job->retry_after = ferry_http_parse_retry_after (
      ferry_response_get_header (response, "Retry-After"), g_get_real_time () / G_USEC_PER_SEC);
  g_mutex_unlock (&self->lock);
  ferry_upload_set_error (upload->job, response, upload->cancellable, error);
}

static gboolean
send_chunk (Sending *self, FerryHttp *http, const Ready *ready, GError **error)
{
  Upload *upload = self->upload;

  for (guint tries = 1;; tries++)
    {
      g_autoptr (FerryResponse) response = put_chunk (self, http, ready, error);
      g_autoptr (GBytes) body = NULL;
      unsigned status;

      if (response == NULL)
        return FALSE;
      status = ferry_response_get_status (response);
      if (status == 422 && tries < MAX_DAMAGED)
        {
          g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, ready->index + 1);

          ferry_job_take_note (
              upload->job,
              g_strdup_printf (_ ("Piece %s arrived damaged: it is sent again"), number));
          continue;
        }
      if (status != 200)
        {
          take_refusal (self, response, error);
          return FALSE;
        }
      /* Read to its end, so that the connection can carry the next chunk. */
      body = ferry_response_read_all (response, 64 * 1024, upload->cancellable, error);
      return body != NULL && ferry_chunk_api_parse_chunk (body, ready->index, error)
             && confirm (self, ready, error);
    }
}

static gpointer
worker_thread (gpointer data)
{
  Sending *self = data;
  FerryHttp *http = ferry_http_new (self->upload->job->tls, self->upload->job->timeout);
  Ready *ready;

  while ((ready = take_ready (self)) != NULL)
    {
      GError *error = NULL;

      if (!send_chunk (self, http, ready, &error))
        stop_sending (self, error);
      g_free (ready);
    }
  ferry_http_free (http);
  return NULL;
}

static FerryRanges *
find_missing (const Upload *self)
{
  FerryRanges *missing = ferry_ranges_new ();

  ferry_ranges_add (missing, 0, self->total_chunks);
  for (gsize i = 0; i < ferry_ranges_get_n (self->confirmed); i++)
    {
      FerryRange range = ferry_ranges_get (self->confirmed, i);
      ferry_ranges_remove (missing, range.start, range.end);
    }
  return missing;
}

/* A file that is written to while it is sent looks like a bad line: a body too short, a chunk that arrives damaged. */
static void
blame_source (Upload *upload, GError **error)
{
  g_autoptr (GError) changed = NULL;

  if (!g_error_matches (*error, FERRY_ERROR, FERRY_ERROR_NETWORK)
      || ferry_upload_check_source (upload, &changed))
    return;
  g_clear_error (error);
  *error = g_steal_pointer (&changed);
}

/* The workers' sums may have reached the journal in another order than they were made. */
static void
save_sum (Sending *self)
{
  FerryJob *job = self->upload->job;
  GError *error = NULL;

  if (ferry_job_get_confirmed (job) > 0
      && !ferry_store_save_progress (job->store, job->id, self->upload->known, &error))
    stop_sending (self, error);
}

gboolean
ferry_upload_send_missing (Upload *upload, GError **error)
{
  Sending self = { .upload = upload,
                   .unhashed = find_missing (upload),
                   .journaled = upload->known->confirmed };
  GThread *threads[N_WORKERS + 1];
  gulong handler;

  g_mutex_init (&self.lock);
  g_cond_init (&self.changed);
  g_queue_init (&self.ready);
  ferry_job_set_stage (upload->job, FERRY_STAGE_SENDING);
  handler = g_cancellable_connect (upload->cancellable, G_CALLBACK (cancelled_cb), &self, NULL);
  threads[0] = g_thread_new ("ferry-hash", hasher_thread, &self);
  for (guint i = 1; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("ferry-send", worker_thread, &self);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_cancellable_disconnect (upload->cancellable, handler);
  save_sum (&self);

  if (self.error == NULL && g_cancellable_is_cancelled (upload->cancellable))
    g_set_error_literal (&self.error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
  g_queue_clear_full (&self.ready, g_free);
  ferry_ranges_free (self.unhashed);
  g_mutex_clear (&self.lock);
  g_cond_clear (&self.changed);
  if (self.error == NULL)
    return TRUE;
  blame_source (upload, &self.error);
  g_propagate_error (error, self.error);
  return FALSE;
}
