/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. Three threads share one run of bytes, so that the network never waits for the hash nor for the disk's cache:
 *
 *   lane     socket -> buffer -> pwrite -> queue
 *   hasher   queue -> SHA-256 of the running chunk -> list of finished chunks
 *   syncer   once a second: takes the finished chunks and the digest so far of the running one, fdatasync, one
 *            transaction in the journal; in between it has the kernel begin to write
 *
 * A byte is hashed only after it was written, and a digest is taken before the fdatasync that covers its bytes, so
 * whatever reaches the journal is on disk: durable before recorded. A ring of a few buffers is all the memory there is;
 * when the hasher falls behind, the lane waits for a buffer, reads nothing, and the TCP window closes.
 *
 * The first failure of any of the three is kept and ends the run: bytes after the last success are not recorded and
 * will be fetched again.
 */
#include "ferry-recorder.h"

#include "ferry-error.h"

#define N_BUFFERS 6
/* The kernel is told to begin writing after this many bytes, so that a sync at full speed finds little left to do. */
#define WRITE_AHEAD (8 * 1024 * 1024)
#define CHECKPOINT_MICROSECONDS G_USEC_PER_SEC

typedef struct
{
  guint8 *data; /* NULL: end the thread */
  gsize skip;
  gsize length;
} Piece;

struct _FerryRecorder
{
  FerryJob *job;
  FerryPartFile *part;
  guint64 chunk_size;
  guint64 received;
  guint64 position; /* where the lane writes next */

  GAsyncQueue *empty;
  GAsyncQueue *filled;
  GThread *hasher;
  GThread *syncer;

  /* Held while a piece is hashed: the lane never takes it in the middle of a run. */
  GMutex digest_lock;
  FerryDigest *digest;
  guint64 hashed;   /* all of the run before this is hashed */
  guint64 saved;    /* where the last checkpoint stood */
  GArray *finished; /* of FerryChunk */

  GMutex lock; /* for moments only */
  GCond woken; /* for the syncer */
  GCond drained;
  guint in_queue;
  guint64 reached; /* all of the run before this is in the part file */
  guint64 started; /* all before this the kernel has begun to write */
  gboolean stop;
  GError *failure;

  GMutex checkpoint_lock;
  FerryRanges *held;
};

static void
fail (FerryRecorder *self, const GError *error)
{
  g_mutex_lock (&self->lock);
  if (self->failure == NULL)
    self->failure = g_error_copy (error);
  g_mutex_unlock (&self->lock);
}

static gboolean
check_failure (FerryRecorder *self, GError **error)
{
  gboolean ok;

  g_mutex_lock (&self->lock);
  ok = self->failure == NULL;
  if (!ok)
    g_propagate_error (error, g_error_copy (self->failure));
  g_mutex_unlock (&self->lock);
  return ok;
}

static void
hash_piece (FerryRecorder *self, const guint8 *data, gsize length)
{
  g_mutex_lock (&self->digest_lock);
  while (length > 0)
    {
      guint64 into = self->hashed % self->chunk_size;
      gsize n = (gsize) MIN (length, self->chunk_size - into);

      ferry_digest_update (self->digest, data, n);
      self->hashed += n;
      data += n;
      length -= n;
      if (into + n == self->chunk_size)
        {
          FerryChunk chunk
              = { .index = self->hashed / self->chunk_size - 1, .length = self->chunk_size };
          ferry_digest_finish (self->digest, chunk.sha256);
          g_array_append_val (self->finished, chunk);
        }
    }
  g_mutex_unlock (&self->digest_lock);
}

static gpointer
hasher_thread (gpointer data)
{
  FerryRecorder *self = data;

  while (TRUE)
    {
      g_autofree Piece *piece = g_async_queue_pop (self->filled);
      if (piece->data == NULL)
        return NULL;
      hash_piece (self, piece->data + piece->skip, piece->length);
      g_mutex_lock (&self->lock);
      self->in_queue--;
      if (self->in_queue == 0)
        g_cond_signal (&self->drained);
      g_mutex_unlock (&self->lock);
      g_async_queue_push (self->empty, piece->data);
    }
}

static GArray *
take_chunks (FerryRecorder *self)
{
  GArray *chunks;
  guint64 into;

  g_mutex_lock (&self->digest_lock);
  chunks = g_steal_pointer (&self->finished);
  self->finished = g_array_new (FALSE, TRUE, sizeof (FerryChunk));
  into = self->hashed % self->chunk_size;
  if (into > 0 && self->hashed != self->saved)
    {
      FerryChunk chunk = { .index = self->hashed / self->chunk_size, .length = into };
      ferry_digest_peek (self->digest, chunk.sha256);
      g_array_append_val (chunks, chunk);
    }
  self->saved = self->hashed;
  g_mutex_unlock (&self->digest_lock);
  return chunks;
}

static gboolean
save_chunks (FerryRecorder *self, GArray *chunks, GError **error)
{
  g_autoptr (FerryRanges) held = ferry_ranges_copy (self->held);
  guint64 before = ferry_ranges_get_total (held);
  guint64 after;

  if (!ferry_part_file_sync (self->part, error))
    return FALSE;
  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);
      guint64 start = chunk->index * self->chunk_size;
      ferry_ranges_add (held, start, start + chunk->length);
    }
  after = ferry_ranges_get_total (held);
  if (!ferry_store_save_chunks (self->job->store, self->job->id,
                                &g_array_index (chunks, FerryChunk, 0), chunks->len, after, error))
    return FALSE;
  g_clear_pointer (&self->held, ferry_ranges_free);
  self->held = g_steal_pointer (&held);
  ferry_job_add_confirmed (self->job, after - before);
  return TRUE;
}

static void
checkpoint (FerryRecorder *self)
{
  g_autoptr (GArray) chunks = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_lock (&self->checkpoint_lock);
  chunks = take_chunks (self);
  if (chunks->len > 0 && check_failure (self, NULL) && !save_chunks (self, chunks, &error))
    fail (self, error);
  g_mutex_unlock (&self->checkpoint_lock);
}

/* With the lock held, which is let go meanwhile. */
static void
write_ahead (FerryRecorder *self)
{
  guint64 start = self->started;
  guint64 end = self->reached;

  self->started = end;
  g_mutex_unlock (&self->lock);
  ferry_part_file_start_writing (self->part, start, end - start);
  g_mutex_lock (&self->lock);
}

static gpointer
syncer_thread (gpointer data)
{
  FerryRecorder *self = data;
  gint64 next = g_get_monotonic_time () + CHECKPOINT_MICROSECONDS;

  g_mutex_lock (&self->lock);
  while (!self->stop)
    {
      if (g_get_monotonic_time () >= next)
        {
          g_mutex_unlock (&self->lock);
          checkpoint (self);
          next = g_get_monotonic_time () + CHECKPOINT_MICROSECONDS;
          g_mutex_lock (&self->lock);
        }
      else if (self->reached - self->started >= WRITE_AHEAD)
        write_ahead (self);
      else
        g_cond_wait_until (&self->woken, &self->lock, next);
    }
  g_mutex_unlock (&self->lock);
  return NULL;
}

FerryRecorder *
ferry_recorder_new (FerryJob *job, FerryPartFile *part, const FerryRanges *held)
{
  FerryRecorder *self = g_new0 (FerryRecorder, 1);

  self->job = ferry_job_ref (job);
  self->part = part;
  self->chunk_size = job->progress->chunk_size;
  self->held = ferry_ranges_copy (held);
  self->received = ferry_ranges_get_total (held);
  self->digest = ferry_digest_new ();
  self->finished = g_array_new (FALSE, TRUE, sizeof (FerryChunk));
  g_mutex_init (&self->digest_lock);
  g_mutex_init (&self->lock);
  g_mutex_init (&self->checkpoint_lock);
  g_cond_init (&self->woken);
  g_cond_init (&self->drained);
  self->empty = g_async_queue_new_full (g_free);
  self->filled = g_async_queue_new_full (g_free);
  for (guint i = 0; i < N_BUFFERS; i++)
    g_async_queue_push (self->empty, g_malloc (FERRY_BUFFER_SIZE));
  self->hasher = g_thread_new ("ferry-hash", hasher_thread, self);
  self->syncer = g_thread_new ("ferry-sync", syncer_thread, self);
  ferry_job_set_received (job, self->received);
  return self;
}

void
ferry_recorder_free (FerryRecorder *self)
{
  g_async_queue_push (self->filled, g_new0 (Piece, 1));
  g_mutex_lock (&self->lock);
  self->stop = TRUE;
  g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
  g_thread_join (self->hasher);
  g_thread_join (self->syncer);

  g_async_queue_unref (self->empty);
  g_async_queue_unref (self->filled);
  g_array_unref (self->finished);
  ferry_digest_free (self->digest);
  ferry_ranges_free (self->held);
  g_clear_error (&self->failure);
  g_mutex_clear (&self->digest_lock);
  g_mutex_clear (&self->lock);
  g_mutex_clear (&self->checkpoint_lock);
  g_cond_clear (&self->woken);
  g_cond_clear (&self->drained);
  ferry_job_unref (self->job);
  g_free (self);
}

gboolean
ferry_recorder_begin (FerryRecorder *self, guint64 offset, GError **error)
{
  guint64 into = offset % self->chunk_size;
  guint8 unused[FERRY_SHA256_SIZE];
  gint64 n;

  g_mutex_lock (&self->digest_lock);
  g_assert (self->finished->len == 0);
  ferry_digest_finish (self->digest, unused);
  n = ferry_digest_read (self->digest, ferry_part_file_get_fd (self->part), offset - into, into,
                         self->job->cancellable, error);
  self->position = self->hashed = self->saved = offset;
  g_mutex_unlock (&self->digest_lock);
  g_mutex_lock (&self->lock);
  self->reached = self->started = offset;
  g_mutex_unlock (&self->lock);
  if (n < 0)
    return FALSE;
  if ((guint64) n < into)
    {
      ferry_error_from_errno (error, EIO, ferry_part_file_get_path (self->part));
      return FALSE;
    }
  return TRUE;
}

guint8 *
ferry_recorder_take_buffer (FerryRecorder *self)
{
  return g_async_queue_pop (self->empty);
}

gboolean
ferry_recorder_write (FerryRecorder *self, guint8 *buffer, gsize skip, gsize length, GError **error)
{
  Piece *piece;

  g_assert (skip + length <= FERRY_BUFFER_SIZE);
  if (length == 0 || !check_failure (self, error)
      || !ferry_part_file_write (self->part, self->position, buffer + skip, length, error))
    {
      g_async_queue_push (self->empty, buffer);
      return length == 0;
    }
  self->position += length;
  self->received += length;
  ferry_job_set_received (self->job, self->received);

  piece = g_new (Piece, 1);
  *piece = (Piece){ buffer, skip, length };
  g_mutex_lock (&self->lock);
  self->in_queue++;
  self->reached = self->position;
  if (self->reached - self->started >= WRITE_AHEAD)
    g_cond_signal (&self->woken);
  g_mutex_unlock (&self->lock);
  g_async_queue_push (self->filled, piece);
  return TRUE;
}

gboolean
ferry_recorder_flush (FerryRecorder *self, GError **error)
{
  g_mutex_lock (&self->lock);
  while (self->in_queue > 0)
    g_cond_wait (&self->drained, &self->lock);
  g_mutex_unlock (&self->lock);
  checkpoint (self);
  return check_failure (self, error);
}

const FerryRanges *
ferry_recorder_get_held (FerryRecorder *self)
{
  return self->held;
}
