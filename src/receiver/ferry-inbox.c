/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * A row says what is proven, a hidden data file in the target folder holds the bytes. A chunk's row is written only after its
 * bytes are hashed and synced, so a crash leaves at worst bytes that no row vouches for. A confirmed chunk is never
 * written again: one that comes a second time is only compared.
 *
 * The row comes before the data file and goes after it. A data file that somebody deleted takes the rows of its chunks
 * with it: what is lost is said to be lost.
 *
 * An upload to a store has its row here and no data file: ferry-broker.c does the rest.
 */
#include "ferry-inbox-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ferry-error.h"
#include "ferry-file-name.h"
#include "ferry-problem.h"

#define PART_SUFFIX ".ferry-part"
#define DATABASE "receiver.db"

/* Bounds the answer to /status. */
#define MAX_CHUNKS 100000

/* How long an upload that ended is remembered, so that it is "gone" and not unknown. */
#define REMEMBER_SECONDS (90 * 24 * 60 * 60)

gint64
ferry_inbox_now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

char *
ferry_inbox_part_name (const char *id)
{
  return g_strconcat (".", id, PART_SUFFIX, NULL);
}

void
ferry_inbox_remove_part (const FerryUpload *upload)
{
  g_autofree char *name = ferry_inbox_part_name (upload->id);
  g_autofree char *path = g_build_filename (upload->folder, name, NULL);

  if (upload->transport != FERRY_TRANSPORT_DIRECT)
    return;
  if (unlink (path) < 0 && errno != ENOENT)
    g_debug ("%s: not removed: %s", path, g_strerror (errno));
}

/* ---- calls to the store ---- */

void
ferry_inbox_call_clear (FerryInboxCall *call)
{
  g_clear_pointer (&call->upload, ferry_upload_free);
  g_clear_pointer (&call->received, ferry_ranges_free);
  g_clear_pointer (&call->uploads, g_ptr_array_unref);
}

gboolean
ferry_inbox_run_load (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  if (!ferry_upload_rows_load (database, call->id, &call->upload, error))
    return FALSE;
  if (call->upload != NULL)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_NO_SUCH_UPLOAD, "There is no upload “%s”.", call->id);
  return FALSE;
}

static gboolean
is_ended (FerryUploadStatus status)
{
  return status == FERRY_UPLOAD_DISCARDED || status == FERRY_UPLOAD_EXPIRED;
}

gboolean
ferry_inbox_set_gone (const FerryUpload *upload, GError **error)
{
  ferry_problem_set (error, FERRY_PROBLEM_GONE,
                     upload->status == FERRY_UPLOAD_EXPIRED
                         ? "The upload was left alone for too long and has expired."
                         : "The upload was discarded.");
  return FALSE;
}

gboolean
ferry_inbox_check_not_ended (const FerryUpload *upload, GError **error)
{
  return !is_ended (upload->status) || ferry_inbox_set_gone (upload, error);
}

static gboolean
run_status (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  if (!ferry_inbox_run_load (database, call, error))
    return FALSE;
  g_clear_pointer (&call->received, ferry_ranges_free);
  call->received = ferry_upload_rows_load_ranges (database, call->upload->number, error);
  return call->received != NULL;
}

/* Only while the upload is in progress and not being published: what is missing then is lost. */
static gboolean
run_lose_all (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  call->changed = FALSE;
  if (!ferry_inbox_run_load (database, call, error))
    return FALSE;
  if (call->upload->status != FERRY_UPLOAD_IN_PROGRESS || call->upload->published != NULL)
    return TRUE;
  call->changed = TRUE;
  return ferry_upload_rows_drop_all_chunks (database, call->upload->number, error);
}

static gboolean
run_end (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  if (!ferry_inbox_run_load (database, call, error)
      || !ferry_inbox_check_not_ended (call->upload, error)
      || !ferry_upload_rows_end (database, call->upload->number, call->status, ferry_inbox_now (),
                                 &call->changed, error))
    return FALSE;
  if (call->changed)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_COMPLETE, "The file is received: “%s”.",
                     call->upload->published);
  return FALSE;
}

static gboolean
run_expire (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;
  gint64 now = ferry_inbox_now ();

  g_clear_pointer (&call->uploads, g_ptr_array_unref);
  if (!ferry_upload_rows_forget (database, now - REMEMBER_SECONDS, error))
    return FALSE;
  call->uploads = ferry_upload_rows_load_stale (database, now - call->inbox->expire, error);
  for (guint i = 0; call->uploads != NULL && i < call->uploads->len; i++)
    {
      const FerryUpload *upload = g_ptr_array_index (call->uploads, i);

      if (!ferry_upload_rows_end (database, upload->number, FERRY_UPLOAD_EXPIRED, now,
                                  &call->changed, error))
        return FALSE;
    }
  return call->uploads != NULL;
}

static gboolean
run_load_publishing (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;

  g_clear_pointer (&call->uploads, g_ptr_array_unref);
  call->uploads = ferry_upload_rows_load_publishing (database, error);
  return call->uploads != NULL;
}

/* ---- data files ---- */

/* Makes it, with room for all of the file. */
static FerryPartFile *
make_part (const FerryUpload *upload, GError **error)
{
  g_autofree char *name = ferry_inbox_part_name (upload->id);
  gint64 room = ferry_folder_free_space (upload->folder);

  /* Where nothing can be reserved, the room that is there must do. */
  if (room >= 0 && upload->size > (guint64) room)
    {
      ferry_problem_set (error, FERRY_PROBLEM_NO_SPACE,
                         "The file has %" G_GUINT64_FORMAT
                         " bytes and the disk has room for %" G_GINT64_FORMAT ".",
                         upload->size, room);
      return NULL;
    }

  g_autoptr (FerryPartFile) file = ferry_part_file_open (upload->folder, name, TRUE, error);

  if (file == NULL)
    return NULL;
  if (ferry_part_file_reserve (file, upload->size, error) && ferry_part_file_sync (file, error))
    return g_steal_pointer (&file);
  ferry_inbox_remove_part (upload);
  return NULL;
}

/* With the lock held. */
static FerryPartFile *
replace_lost_part (FerryInbox *self, const FerryUpload *upload, GError **error)
{
  g_auto (FerryInboxCall) call = { .id = upload->id };

  if (!ferry_database_thread_call (self->store, run_lose_all, &call, error))
    return NULL;
  if (!call.changed)
    {
      ferry_inbox_set_gone (call.upload, error);
      return NULL;
    }
  g_debug ("%s: the data file was gone", upload->id);
  return make_part (upload, error);
}

static gboolean
is_missing_file (const GError *why, const char *folder)
{
  return g_error_matches (why, FERRY_ERROR, FERRY_ERROR_NO_FOLDER)
         && g_file_test (folder, G_FILE_TEST_IS_DIR);
}

FerryPartFile *
ferry_inbox_open_part (FerryInbox *self, const FerryUpload *upload, GError **error)
{
  g_autofree char *name = ferry_inbox_part_name (upload->id);
  g_autoptr (GError) why = NULL;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->files);
  FerryPartFile *file = ferry_part_file_open (upload->folder, name, FALSE, &why);

  (void) locker;
  if (file != NULL)
    return file;
  if (is_missing_file (why, upload->folder))
    return replace_lost_part (self, upload, error);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

/* ---- initiate ---- */

static gboolean
run_find_or_add (FerryDatabase *database, gpointer data, GError **error)
{
  FerryInboxCall *call = data;
  g_autoptr (FerryUpload) known = NULL;
  guint64 n_open = 0;

  call->found = FALSE;
  if (!ferry_upload_rows_load_by_key (database, call->key, &known, error))
    return FALSE;
  if (known != NULL && memcmp (known->request, call->upload->request, FERRY_SHA256_SIZE) != 0)
    {
      ferry_problem_set (error, FERRY_PROBLEM_OTHER_UPLOAD,
                         "This idempotency key began another upload with another body.");
      return FALSE;
    }
  if (known != NULL)
    {
      call->found = TRUE;
      g_strlcpy (call->upload->id, known->id, sizeof call->upload->id);
      return TRUE;
    }
  if (!ferry_upload_rows_count_open (database, &n_open, error))
    return FALSE;
  if (n_open >= call->inbox->max_uploads)
    {
      ferry_problem_set (error, FERRY_PROBLEM_TOO_MANY, "%" G_GUINT64_FORMAT " uploads are open.",
                         n_open);
      return FALSE;
    }
  return ferry_upload_rows_add (database, call->upload, error);
}

static void
make_id (char id[FERRY_UPLOAD_ID_LENGTH + 1])
{
  g_autofree char *uuid = g_uuid_string_random ();
  gsize n = 0;

  for (const char *p = uuid; *p != '\0' && n < FERRY_UPLOAD_ID_LENGTH; p++)
    if (*p != '-')
      id[n++] = *p;
  id[n] = '\0';
}

/* 0 only for a file that is too big for a store. */
static guint64
choose_chunk_size (FerryInbox *self, guint64 size)
{
  guint64 chunk_size = self->chunk_size;

  if (self->to != NULL)
    return ferry_receipts_chunk_size (chunk_size, size);
  while (size / chunk_size + (size % chunk_size > 0 ? 1 : 0) > MAX_CHUNKS)
    chunk_size *= 2;
  return chunk_size;
}

static FerryUpload *
make_upload (FerryInbox *self, const char *key, const FerryInitiate *initiate)
{
  g_autofree char *name = ferry_file_name_sanitize (initiate->name);

  if (name == NULL)
    return NULL;

  FerryUpload *upload = g_new0 (FerryUpload, 1);

  make_id (upload->id);
  upload->key = g_strdup (key);
  ferry_initiate_digest (initiate, upload->request);
  upload->transport = self->to != NULL ? FERRY_TRANSPORT_PRESIGNED : FERRY_TRANSPORT_DIRECT;
  upload->store = g_strdup (self->to);
  upload->folder = g_strdup (self->to != NULL ? "" : self->folder);
  upload->name = g_steal_pointer (&name);
  upload->size = initiate->size;
  upload->chunk_size = choose_chunk_size (self, initiate->size);
  upload->modified = initiate->modified;
  upload->has_sha256 = initiate->has_sha256;
  memcpy (upload->sha256, initiate->sha256, FERRY_SHA256_SIZE);
  upload->touched = ferry_inbox_now ();
  return upload;
}

/* With the lock held: a second request with the same key finds the upload whole or not at all. */
static gboolean
find_or_make (FerryInbox *self, FerryInboxCall *call, GError **error)
{
  if (!ferry_database_thread_call (self->store, run_find_or_add, call, error))
    return FALSE;
  if (call->found || call->upload->transport == FERRY_TRANSPORT_PRESIGNED)
    return TRUE;

  g_autoptr (FerryPartFile) file = make_part (call->upload, error);

  if (file != NULL)
    return TRUE;

  g_auto (FerryInboxCall) undo = { .id = call->upload->id, .status = FERRY_UPLOAD_DISCARDED };
  g_autoptr (GError) why = NULL;

  if (!ferry_database_thread_call (self->store, run_end, &undo, &why))
    g_debug ("%s: the row stays: %s", call->upload->id, why->message);
  return FALSE;
}

static guint64
size_limit (FerryInbox *self)
{
  guint64 limit = self->max_size > 0 ? self->max_size : FERRY_UPLOAD_SIZE_MAX;

  return self->to != NULL ? MIN (limit, FERRY_S3_MAX_PARTS * FERRY_S3_MAX_PART) : limit;
}

FerryUpload *
ferry_inbox_initiate (FerryInbox *self,
                      const char *key,
                      const FerryInitiate *initiate,
                      gboolean *made,
                      GError **error)
{
  guint64 limit = size_limit (self);
  g_auto (FerryInboxCall) call = { .inbox = self, .key = key };

  if (initiate->size > limit)
    {
      ferry_problem_set (error, FERRY_PROBLEM_TOO_LARGE,
                         "The file has %" G_GUINT64_FORMAT " bytes; %" G_GUINT64_FORMAT
                         " is the most.",
                         initiate->size, limit);
      return NULL;
    }
  call.upload = make_upload (self, key, initiate);
  if (call.upload == NULL)
    {
      ferry_problem_set (error, FERRY_PROBLEM_BAD_REQUEST, "“name” cannot be a file's name.");
      return NULL;
    }
  g_mutex_lock (&self->files);

  gboolean done = find_or_make (self, &call, error);

  g_mutex_unlock (&self->files);
  *made = done && !call.found;
  return done ? ferry_inbox_load (self, call.upload->id, error) : NULL;
}

/* ---- questions ---- */

FerryUpload *
ferry_inbox_load (FerryInbox *self, const char *id, GError **error)
{
  g_auto (FerryInboxCall) call = { .id = id };

  return ferry_database_thread_call (self->store, ferry_inbox_run_load, &call, error)
             ? g_steal_pointer (&call.upload)
             : NULL;
}

gint64
ferry_inbox_expires (FerryInbox *self, const FerryUpload *upload)
{
  return upload->touched + self->expire;
}

/* Looks whether the data file is still there before the rows are believed. */
static void
look_for_part (FerryInbox *self, const FerryUpload *upload)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) file = NULL;

  if (upload->status != FERRY_UPLOAD_IN_PROGRESS || upload->published != NULL
      || upload->transport != FERRY_TRANSPORT_DIRECT)
    return;
  file = ferry_inbox_open_part (self, upload, &error);
  if (file == NULL)
    g_debug ("%s: %s", upload->id, error->message);
}

gboolean
ferry_inbox_status (
    FerryInbox *self, const char *id, FerryUpload **upload, FerryRanges **received, GError **error)
{
  g_autoptr (FerryUpload) known = ferry_inbox_load (self, id, error);
  g_auto (FerryInboxCall) call = { .id = id };

  if (known == NULL)
    return FALSE;
  look_for_part (self, known);
  if (!ferry_database_thread_call (self->store, run_status, &call, error))
    return FALSE;
  if (call.upload->status == FERRY_UPLOAD_DISCARDED)
    return ferry_inbox_set_gone (call.upload, error);
  *upload = g_steal_pointer (&call.upload);
  *received = g_steal_pointer (&call.received);
  return TRUE;
}

/* ---- the end of uploads ---- */

gboolean
ferry_inbox_discard (FerryInbox *self, const char *id, GError **error)
{
  g_auto (FerryInboxCall) call = { .id = id, .status = FERRY_UPLOAD_DISCARDED };
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->files);

  (void) locker;
  if (!ferry_database_thread_call (self->store, run_end, &call, error))
    return FALSE;
  ferry_inbox_remove_part (call.upload);
  return TRUE;
}

gboolean
ferry_inbox_expire (FerryInbox *self, GError **error)
{
  guint n = 1;

  while (n > 0)
    {
      g_auto (FerryInboxCall) call = { .inbox = self };
      g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->files);

      (void) locker;
      if (!ferry_database_thread_call (self->store, run_expire, &call, error))
        return FALSE;
      n = call.uploads->len;
      for (guint i = 0; i < n; i++)
        ferry_inbox_remove_part (g_ptr_array_index (call.uploads, i));
    }
  return TRUE;
}

/* ---- open and close ---- */

/* The upload's id when it is the name of a data file. (transfer full) (nullable) */
static char *
id_of_part_name (const char *name)
{
  if (name[0] != '.' || strspn (name + 1, "0123456789abcdef") != FERRY_UPLOAD_ID_LENGTH
      || strcmp (name + 1 + FERRY_UPLOAD_ID_LENGTH, PART_SUFFIX) != 0)
    return NULL;
  return g_strndup (name + 1, FERRY_UPLOAD_ID_LENGTH);
}

/* Data files whose rows ended just before a crash. Those without a row stay: nobody knows whose they are. */
static void
remove_ended_parts (FerryInbox *self)
{
  g_autoptr (GDir) dir = self->folder != NULL ? g_dir_open (self->folder, 0, NULL) : NULL;

  for (const char *name = dir != NULL ? g_dir_read_name (dir) : NULL; name != NULL;
       name = g_dir_read_name (dir))
    {
      g_autofree char *id = id_of_part_name (name);
      g_autoptr (FerryUpload) upload = id != NULL ? ferry_inbox_load (self, id, NULL) : NULL;

      if (upload != NULL && is_ended (upload->status)
          && g_strcmp0 (upload->folder, self->folder) == 0)
        ferry_inbox_remove_part (upload);
    }
}

static gboolean
settle_all (FerryInbox *self, GError **error)
{
  g_auto (FerryInboxCall) call = { .inbox = self };

  if (!ferry_database_thread_call (self->store, run_load_publishing, &call, error))
    return FALSE;
  for (guint i = 0; i < call.uploads->len; i++)
    if (!ferry_inbox_settle (self, g_ptr_array_index (call.uploads, i), error))
      return FALSE;
  return TRUE;
}

FerryInbox *
ferry_inbox_open (const FerryInboxOptions *options, char **set_apart, GError **error)
{
  g_return_val_if_fail (options != NULL && options->chunk_size > 0, NULL);
  g_return_val_if_fail (options->folder != NULL || options->store != NULL, NULL);

  g_autofree char *path = g_build_filename (options->state, DATABASE, NULL);
  FerryDatabaseThread *store
      = ferry_database_thread_open ("inbox-store", path, ferry_upload_migrations, set_apart, error);

  if (store == NULL)
    return NULL;

  g_autoptr (FerryInbox) self = g_new0 (FerryInbox, 1);

  self->store = store;
  self->folder = g_strdup (options->folder);
  self->to = g_strdup (options->store);
  self->chunk_size = options->chunk_size;
  self->max_size = options->max_size;
  self->max_uploads = options->max_uploads;
  self->expire = options->expire;
  g_mutex_init (&self->files);
  g_mutex_init (&self->mutex);
  self->parts = g_hash_table_new (g_str_hash, g_str_equal);
  if (!settle_all (self, error))
    return NULL;
  remove_ended_parts (self);
  return g_steal_pointer (&self);
}

void
ferry_inbox_close (FerryInbox *self)
{
  if (self == NULL)
    return;
  ferry_database_thread_close (self->store);
  g_hash_table_unref (self->parts);
  g_mutex_clear (&self->files);
  g_mutex_clear (&self->mutex);
  g_free (self->folder);
  g_free (self->to);
  g_free (self);
}
