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

#include "ferry-upload-send.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

#include "ferry-error.h"

#define N_WORKERS 4
#define HASH_STEP ((gsize) 256 * 1024)

static void
stop_sending (FerrySending *self, GError *error)
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
  FerrySending *self = data;

  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

/* ---- hashing ahead ---- */

static gboolean
take_unhashed (FerrySending *self, guint64 *index)
{
  gboolean found;

  g_mutex_lock (&self->lock);
  while (!self->stop && g_queue_get_length (&self->ready) >= FERRY_SENDING_MAX_READY)
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
static FerryReady *
hash_chunk (FerrySending *self, guint64 index, gboolean ahead, GError **error)
{
  g_autoptr (FerryDigest) digest
      = self->addresses != NULL ? ferry_digest_new_with_md5 () : ferry_digest_new ();
  Upload *upload = self->upload;
  guint64 length = ferry_upload_chunk_length (upload, index);
  guint64 offset = index * upload->known->chunk_size;
  gint64 n
      = ahead ? hash_range (upload, digest, offset, length, error)
              : ferry_digest_read (digest, upload->fd, offset, length, upload->cancellable, error);
  FerryReady *ready;

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
  ready = g_new0 (FerryReady, 1);
  ready->index = index;
  ferry_digest_finish (digest, ready->sha256);
  ready->has_md5 = ferry_digest_finish_md5 (digest, ready->md5);
  return ready;
}

static gpointer
hasher_thread (gpointer data)
{
  FerrySending *self = data;
  guint64 index;

  while (take_unhashed (self, &index))
    {
      GError *error = NULL;
      FerryReady *ready = hash_chunk (self, index, TRUE, &error);

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

static FerryReady *
take_ready (FerrySending *self)
{
  FerryReady *ready;

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
save_pending (FerrySending *self)
{
  Upload *upload = self->upload;
  g_autoptr (GArray) chunks = g_steal_pointer (&self->pending);
  guint64 confirmed = upload->known->confirmed;
  guint64 n_asked = self->n_asked;
  g_autoptr (GError) error = NULL;
  gboolean saved;

  self->pending = ferry_chunk_array_new ();
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

gboolean
ferry_sending_confirm (FerrySending *self,
                       const FerryReady *ready,
                       const char *receipt,
                       GError **error)
{
  Upload *upload = self->upload;
  FerryChunk chunk
      = { .index = ready->index, .length = ferry_upload_chunk_length (upload, ready->index) };
  gboolean saved;
  guint64 ticket;

  memcpy (chunk.sha256, ready->sha256, sizeof chunk.sha256);
  memcpy (chunk.md5, ready->md5, sizeof chunk.md5);
  chunk.has_md5 = ready->has_md5;
  chunk.receipt = g_strdup (receipt);
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
put_chunk (FerrySending *self, FerryHttp *http, const FerryReady *ready, GError **error)
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

guint
ferry_sending_peek (FerrySending *self, FerryReady *copies, guint max)
{
  guint n = 0;

  g_mutex_lock (&self->lock);
  for (GList *link = self->ready.head; link != NULL && n < max; link = link->next)
    copies[n++] = *(FerryReady *) link->data;
  g_mutex_unlock (&self->lock);
  return n;
}

gboolean
ferry_sending_hash_again (FerrySending *self, FerryReady *ready, GError **error)
{
  Upload *upload = self->upload;
  g_autofree FerryReady *now = hash_chunk (self, ready->index, FALSE, error);

  if (now == NULL)
    return FALSE;
  if (memcmp (now->sha256, ready->sha256, sizeof now->sha256) == 0)
    {
      g_autofree char *number = g_strdup_printf ("%" G_GUINT64_FORMAT, ready->index + 1);

      ferry_job_take_note (
          upload->job, g_strdup_printf (_ ("Piece %s arrived damaged: it is sent again"), number));
      return TRUE;
    }
  *ready = *now;
  g_mutex_lock (&self->lock);
  self->rehashed = TRUE;
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
send_chunk (FerrySending *self, FerryHttp *http, FerryReady *ready, GError **error)
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
      if (status == 422 && tries < FERRY_SENDING_MAX_DAMAGED)
        {
          if (!ferry_sending_hash_again (self, ready, error))
            return FALSE;
          continue;
        }
      if (status != 200)
        {
          ferry_upload_take_refusal (upload->job, response, upload->cancellable, error);
          return FALSE;
        }
      /* Read to its end, so that the connection can carry the next chunk. */
      body = ferry_response_read_all (response, 64 * 1024, upload->cancellable, error);
      return body != NULL && ferry_chunk_api_parse_chunk (body, ready->index, error)
             && ferry_sending_confirm (self, ready, NULL, error);
    }
}

static gpointer
worker_thread (gpointer data)
{
  FerrySending *self = data;
  FerryHttp *http = ferry_http_new (self->upload->job->tls, self->upload->job->timeout);
  FerryReady *ready;

  while ((ready = take_ready (self)) != NULL)
    {
      GError *error = NULL;

      if (!(self->addresses != NULL ? ferry_sending_send_part : send_chunk) (self, http, ready,
                                                                             &error))
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
  FerrySending self = { .upload = upload,
                        .unhashed = find_missing (upload),
                        .journaled = upload->known->confirmed,
                        .pending = ferry_chunk_array_new () };
  GThread *threads[N_WORKERS + 1];
  gulong handler;

  if (upload->known->transport == FERRY_TRANSPORT_PRESIGNED)
    self.addresses = ferry_addresses_new ();

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
  g_clear_pointer (&self.addresses, ferry_addresses_free);
  g_clear_error (&self.save_error);
  g_mutex_clear (&self.lock);
  g_cond_clear (&self.changed);
  if (self.error == NULL)
    return TRUE;
  blame_source (upload, &self.error);
  g_propagate_error (error, self.error);
  return FALSE;
}
