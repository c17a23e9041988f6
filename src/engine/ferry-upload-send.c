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

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "ferry-error.h"

#define N_WORKERS 4
/* A chunk that arrives damaged more often than this is not the line's bad luck. */
#define MAX_DAMAGED 3
#define HASH_STEP ((gsize) 256 * 1024)

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
  gboolean rehashed; /* a chunk went out as another reading than the whole file's digest has */
  gboolean stop;     /* nothing new is begun */
  GError *error;     /* the first */
  guint64 journaled; /* bytes */

  GArray *pending; /* of FerryChunk: confirmed, and not in the journal */
  guint64 n_asked; /* chunks that are or were in it */
  guint64 n_saved; /* those that are in the journal */
  gboolean saving;
  GError *save_error;
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

/* Into @digest, and into the whole file's while the chunks come in its order. As ferry_digest_read (). */
static gint64
hash_range (Upload *upload, FerryDigest *digest, guint64 offset, guint64 length, GError **error)
{
  g_autofree guint8 *buffer = NULL;
  guint64 done = 0;

  if (offset != upload->n_whole || upload->fresh)
    return ferry_digest_read (digest, upload->fd, offset, length, upload->cancellable, error);
  buffer = g_malloc (HASH_STEP);
  while (done < length)
    {
      ssize_t n
          = pread (upload->fd, buffer, MIN (length - done, HASH_STEP), (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0 || g_cancellable_is_cancelled (upload->cancellable))
        break;
      ferry_digest_update (digest, buffer, (gsize) n);
      ferry_digest_update (upload->whole, buffer, (gsize) n);
      upload->n_whole += (guint64) n;
      done += (guint64) n;
    }
  if (done == length)
    return (gint64) done;

  /* Which says what is wrong. */
  gint64 rest = ferry_digest_read (digest, upload->fd, offset + done, length - done,
                                   upload->cancellable, error);

  return rest < 0 ? rest : (gint64) done + rest;
}

/* @ahead: in the hasher's thread, so that the whole file's digest may go along. */
static Ready *
hash_chunk (Sending *self, guint64 index, gboolean ahead, GError **error)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  Upload *upload = self->upload;
  guint64 length = ferry_upload_chunk_length (upload, index);
  guint64 offset = index * upload->known->chunk_size;
  gint64 n
      = ahead ? hash_range (upload, digest, offset, length, error)
              : ferry_digest_read (digest, upload->fd, offset, length, upload->cancellable, error);
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
      Ready *ready = hash_chunk (self, index, TRUE, &error);

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

/* With the lock, which is left meanwhile. All chunks that wait go in one transaction, with the sum that they make. */
static void
save_pending (Sending *self)
{
  Upload *upload = self->upload;
  g_autoptr (GArray) chunks = g_steal_pointer (&self->pending);
  guint64 confirmed = upload->known->confirmed;
  guint64 n_asked = self->n_asked;
  g_autoptr (GError) error = NULL;
  gboolean saved;

  self->pending = g_array_new (FALSE, FALSE, sizeof (FerryChunk));
  self->saving = TRUE;
  g_mutex_unlock (&self->lock);
  saved = ferry_store_save_chunks (upload->job->store, upload->job->id,
                                   (const FerryChunk *) (const void *) chunks->data, chunks->len,
                                   confirmed, &error);
  g_mutex_lock (&self->lock);
  self->saving = FALSE;
  if (saved)
    self->n_saved = n_asked;
  else
    self->save_error = g_steal_pointer (&error);
  g_cond_broadcast (&self->changed);
}

/* In the journal first, then in what is shown. */
static gboolean
confirm (Sending *self, const Ready *ready, GError **error)
{
  Upload *upload = self->upload;
  FerryChunk chunk
      = { .index = ready->index, .length = ferry_upload_chunk_length (upload, ready->index) };
  gboolean saved;
  guint64 ticket;

  memcpy (chunk.sha256, ready->sha256, sizeof chunk.sha256);
  g_mutex_lock (&self->lock);
  ferry_ranges_add (upload->confirmed, ready->index, ready->index + 1);
  upload->known->confirmed += chunk.length;
  g_array_append_val (self->pending, chunk);
  ticket = ++self->n_asked;
  while (self->save_error == NULL && self->n_saved < ticket)
    {
      if (self->saving)
        g_cond_wait (&self->changed, &self->lock);
      else
        save_pending (self);
    }
  saved = self->n_saved >= ticket;
  if (saved)
    {
      self->journaled += chunk.length;
      ferry_job_set_received (upload->job, self->journaled);
    }
  else
    g_propagate_error (error, g_error_copy (self->save_error));
  g_mutex_unlock (&self->lock);
  if (saved)
    ferry_job_add_confirmed (upload->job, chunk.length);
  return saved;
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

/* A chunk that arrives damaged may have been written to since it was hashed. */
static gboolean
hash_again (Sending *self, Ready *ready, GError **error)
{
  Upload *upload = self->upload;
  g_autofree Ready *now = hash_chunk (self, ready->index, FALSE, error);

  if (now == NULL)
    return FALSE;
  if (memcmp (now->sha256, ready->sha256, sizeof now->sha256) == 0)
    {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, ready->index + 1);

      ferry_job_take_note (
          upload->job, g_strdup_printf (_ ("Piece %s arrived damaged: it is sent again"), number));
      return TRUE;
    }
  memcpy (ready->sha256, now->sha256, sizeof ready->sha256);
  g_mutex_lock (&self->lock);
  self->rehashed = TRUE;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
send_chunk (Sending *self, FerryHttp *http, Ready *ready, GError **error)
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
          if (!hash_again (self, ready, error))
            return FALSE;
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
  gboolean ignored;

  if (!g_error_matches (*error, FERRY_ERROR, FERRY_ERROR_NETWORK)
      || ferry_upload_follow_source (upload, &ignored, &changed))
    return;
  g_clear_error (error);
  *error = g_steal_pointer (&changed);
}

gboolean
ferry_upload_send_missing (Upload *upload, GError **error)
{
  Sending self = { .upload = upload,
                   .unhashed = find_missing (upload),
                   .journaled = upload->known->confirmed,
                   .pending = g_array_new (FALSE, FALSE, sizeof (FerryChunk)) };
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
  if (self.rehashed)
    ferry_upload_reset_whole (upload);

  if (self.error == NULL && g_cancellable_is_cancelled (upload->cancellable))
    g_set_error_literal (&self.error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Stopped."));
  g_queue_clear_full (&self.ready, g_free);
  ferry_ranges_free (self.unhashed);
  g_array_unref (self.pending);
  g_clear_error (&self.save_error);
  g_mutex_clear (&self.lock);
  g_cond_clear (&self.changed);
  if (self.error == NULL)
    return TRUE;
  blame_source (upload, &self.error);
  g_propagate_error (error, self.error);
  return FALSE;
}
