/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chunks on their way into the data file: planned, written, confirmed. */
#include "ferry-inbox-private.h"

#include <string.h>
#include <sys/stat.h>

#include "ferry-problem.h"

static gboolean
run_load_chunk (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  return ferry_inbox_run_load (database, call, error)
         && ferry_inbox_check_not_ended (call->upload, error)
         && ferry_upload_rows_load_chunk (database, call->upload->number, call->chunk, &call->found,
                                          call->sha256, error);
}

/* By its path, as it is opened: a folder that was moved away took the file along. */
static gboolean
is_in_place (FerryPartFile *file)
{
  struct stat named, opened;

  return lstat (ferry_part_file_get_path (file), &named) == 0
         && fstat (ferry_part_file_get_fd (file), &opened) == 0 && named.st_dev == opened.st_dev
         && named.st_ino == opened.st_ino;
}

/* Looks at the file here, where rows of a file that is gone are dropped: no row is added behind that. */
static gboolean
run_confirm (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  call->lost = FALSE;
  if (!ferry_inbox_run_load (database, call, error)
      || !ferry_inbox_check_not_ended (call->upload, error)
      || !ferry_upload_rows_touch (database, call->upload->number, ferry_inbox_now (), error))
    return FALSE;
  if (!is_in_place (call->file))
    {
      call->lost = TRUE;
      ferry_problem_set (error, FERRY_PROBLEM_STORAGE,
                         "The data file was deleted, moved or replaced while the chunk came.");
      return FALSE;
    }
  return ferry_upload_rows_add_chunk (database, call->upload->number, call->chunk, call->sha256,
                                      error);
}

/* ---- data files in use ---- */

static FerryInboxPart *
find_part (FerryInbox *self, const char *id)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);
  FerryInboxPart *part = g_hash_table_lookup (self->parts, id);

  (void) locker;
  if (part != NULL)
    part->n_users++;
  return part;
}

/* One descriptor for all chunks of an upload that are under way. */
static FerryInboxPart *
take_part (FerryInbox *self, const FerryUpload *upload, GError **error)
{
  FerryInboxPart *part = find_part (self, upload->id);

  if (part != NULL)
    return part;

  FerryPartFile *file = ferry_inbox_open_part (self, upload, error);

  if (file == NULL)
    return NULL;
  part = g_new0 (FerryInboxPart, 1);
  part->inbox = self;
  g_strlcpy (part->id, upload->id, sizeof part->id);
  part->file = file;
  part->n_users = 1;
  g_mutex_init (&part->mutex);
  g_cond_init (&part->cond);
  g_mutex_lock (&self->mutex);
  /* When another thread was faster this one serves its only user. */
  if (!g_hash_table_contains (self->parts, part->id))
    g_hash_table_insert (self->parts, part->id, part);
  g_mutex_unlock (&self->mutex);
  return part;
}

/* Nothing that goes through this descriptor can be trusted: the next chunk opens a new one. */
static void
set_part_aside (FerryInboxPart *part)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&part->inbox->mutex);

  (void) locker;
  if (g_hash_table_lookup (part->inbox->parts, part->id) == part)
    g_hash_table_remove (part->inbox->parts, part->id);
}

static void
release_part (FerryInboxPart *part)
{
  FerryInbox *self = part->inbox;

  g_mutex_lock (&self->mutex);

  gboolean last = --part->n_users == 0;

  if (last && g_hash_table_lookup (self->parts, part->id) == part)
    g_hash_table_remove (self->parts, part->id);
  g_mutex_unlock (&self->mutex);
  if (!last)
    return;
  ferry_part_file_close (part->file);
  g_mutex_clear (&part->mutex);
  g_cond_clear (&part->cond);
  g_free (part);
}

/* ---- chunks ---- */

static gboolean
check_length (const FerryUpload *upload, guint64 chunk, guint64 length, GError **error)
{
  guint64 n = ferry_upload_n_chunks (upload);

  if (chunk >= n)
    {
      ferry_problem_set (error, FERRY_PROBLEM_NO_SUCH_CHUNK,
                         "The upload has %" G_GUINT64_FORMAT " chunks.", n);
      return FALSE;
    }

  guint64 expected = ferry_upload_row_chunk_length (upload, chunk);

  if (length == expected)
    return TRUE;
  ferry_problem_set (
      error, length > upload->chunk_size ? FERRY_PROBLEM_TOO_LARGE : FERRY_PROBLEM_BAD_REQUEST,
      "Chunk %" G_GUINT64_FORMAT " has %" G_GUINT64_FORMAT " bytes, and not %" G_GUINT64_FORMAT ".",
      chunk, expected, length);
  return FALSE;
}

static gboolean
check_confirmed (const FerryInboxCall *call, const guint8 *sha256, GError **error)
{
  if (!call->found || memcmp (call->sha256, sha256, FERRY_SHA256_SIZE) == 0)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_OTHER_BYTES,
                     "Chunk %" G_GUINT64_FORMAT " is confirmed with another SHA-256.", call->chunk);
  return FALSE;
}

static gboolean
check_direct (const FerryUpload *upload, GError **error)
{
  if (upload->transport == FERRY_TRANSPORT_DIRECT)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_OTHER_TRANSPORT,
                     "The upload is presigned: its chunks go to the addresses that POST "
                     "/uploads/%s/urls gives.",
                     upload->id);
  return FALSE;
}

FerryChunkPlan *
ferry_inbox_plan_chunk (FerryInbox *self,
                        const char *id,
                        guint64 chunk,
                        guint64 length,
                        const guint8 sha256[FERRY_SHA256_SIZE],
                        GError **error)
{
  g_auto (FerryInboxCall) call = { .id = id, .chunk = chunk };
  FerryInboxPart *part = NULL;

  if (!ferry_database_thread_call (self->store, run_load_chunk, &call, error)
      || !check_direct (call.upload, error) || !check_length (call.upload, chunk, length, error)
      || !check_confirmed (&call, sha256, error))
    return NULL;
  if (!call.found)
    {
      part = take_part (self, call.upload, error);
      if (part == NULL)
        return NULL;
    }

  FerryChunkPlan *plan = g_new0 (FerryChunkPlan, 1);

  plan->inbox = self;
  plan->chunk = chunk;
  plan->offset = chunk * call.upload->chunk_size;
  plan->length = length;
  plan->confirmed = call.found;
  memcpy (plan->sha256, sha256, FERRY_SHA256_SIZE);
  plan->digest = ferry_digest_new ();
  plan->part = part;
  plan->upload = g_steal_pointer (&call.upload);
  return plan;
}

void
ferry_chunk_plan_free (FerryChunkPlan *plan)
{
  if (plan == NULL)
    return;
  if (plan->part != NULL)
    release_part (plan->part);
  ferry_digest_free (plan->digest);
  ferry_upload_free (plan->upload);
  g_free (plan);
}

gboolean
ferry_chunk_plan_take (FerryChunkPlan *plan, const void *data, gsize length, GError **error)
{
  FerryInboxPart *part = plan->part;

  g_assert (length <= plan->length - plan->n_taken);

  if (!plan->confirmed
      && !ferry_part_file_write (part->file, plan->offset + plan->n_taken, data, length, error))
    return FALSE;
  ferry_digest_update (plan->digest, data, length);
  plan->n_taken += length;
  return TRUE;
}

static gboolean
check_digest (FerryChunkPlan *plan, GError **error)
{
  guint8 sha256[FERRY_SHA256_SIZE];

  ferry_digest_finish (plan->digest, sha256);
  if (plan->n_taken == plan->length && memcmp (sha256, plan->sha256, FERRY_SHA256_SIZE) == 0)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_CHUNK_DIGEST,
                     "What arrived of chunk %" G_GUINT64_FORMAT " has another SHA-256.",
                     plan->chunk);
  return FALSE;
}

/* With the part's lock, which is left meanwhile. */
static gboolean
run_sync (FerryInboxPart *part, GError **error)
{
  guint64 n_asked = part->n_asked;
  gboolean synced;

  part->syncing = TRUE;
  g_mutex_unlock (&part->mutex);
  synced = ferry_part_file_sync (part->file, error);
  g_mutex_lock (&part->mutex);
  part->syncing = FALSE;
  if (synced)
    part->n_synced = n_asked;
  else
    part->failed = TRUE;
  g_cond_broadcast (&part->cond);
  return synced;
}

static void
set_part_failed (FerryInboxPart *part)
{
  g_mutex_lock (&part->mutex);
  part->failed = TRUE;
  g_cond_broadcast (&part->cond);
  g_mutex_unlock (&part->mutex);
  set_part_aside (part);
}

/* Everything that this thread has written is on the disk. */
static gboolean
sync_part (FerryInboxPart *part, GError **error)
{
  gboolean told = FALSE;
  guint64 ticket;

  g_mutex_lock (&part->mutex);
  ticket = ++part->n_asked;
  while (!part->failed && part->n_synced < ticket)
    {
      if (part->syncing)
        g_cond_wait (&part->cond, &part->mutex);
      else
        told = !run_sync (part, error);
    }

  gboolean synced = part->n_synced >= ticket;

  g_mutex_unlock (&part->mutex);
  if (synced)
    return TRUE;
  if (!told)
    ferry_problem_set (error, FERRY_PROBLEM_STORAGE, "The disk failed to keep what was written.");
  set_part_aside (part);
  return FALSE;
}

/* Completing may have found it damaged meanwhile. */
static gboolean
check_still_confirmed (FerryChunkPlan *plan, GError **error)
{
  g_auto (FerryInboxCall) call = { .id = plan->upload->id, .chunk = plan->chunk };

  if (!ferry_database_thread_call (plan->inbox->store, run_load_chunk, &call, error))
    return FALSE;
  if (call.found && memcmp (call.sha256, plan->sha256, FERRY_SHA256_SIZE) == 0)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_CHUNK_DIGEST,
                     "Chunk %" G_GUINT64_FORMAT " was found damaged on the disk meanwhile.",
                     plan->chunk);
  return FALSE;
}

static gboolean
sync_and_record (FerryChunkPlan *plan, GError **error)
{
  FerryInboxPart *part = plan->part;
  g_auto (FerryInboxCall) call = { .id = plan->upload->id, .chunk = plan->chunk };

  /* Synced first: a disk that fails must say so before anything is believed. */
  if (!sync_part (part, error))
    return FALSE;
  call.file = part->file;
  memcpy (call.sha256, plan->sha256, FERRY_SHA256_SIZE);
  if (ferry_database_thread_call (plan->inbox->store, run_confirm, &call, error))
    return TRUE;
  if (call.lost)
    set_part_failed (part);
  return FALSE;
}

gboolean
ferry_chunk_plan_confirm (FerryChunkPlan *plan, GError **error)
{
  plan->proven
      = check_digest (plan, error)
        && (plan->confirmed ? check_still_confirmed (plan, error) : sync_and_record (plan, error));
  return plan->proven;
}
