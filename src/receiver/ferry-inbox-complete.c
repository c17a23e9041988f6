/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * The whole file is read back from the disk. When it has the SHA-256 that the client told, every byte is proven. When it has
 * not, or none was told, each chunk is read and compared: one that does not have the SHA-256 it was confirmed with is a
 * chunk to send again; nothing else is.
 *
 * Giving the name takes three steps: the row says which name and which file (inode, size, time), the file gets it, the row
 * says complete. After a crash in between, a file of that name that is that very file was given its name, and anything
 * else was not. The name is given without overwriting, so a name that another program takes meanwhile leads to the next one.
 */
#include "ferry-inbox-private.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ferry-error.h"
#include "ferry-file-name.h"
#include "ferry-problem.h"

#define READ_SIZE (256 * 1024)
#define MAX_NAMES 10000

/* ---- calls to the store ---- */

typedef struct
{
  const FerryUpload *upload;
  FerryRanges *received;
  GByteArray *digests;
  const FerryRanges *damaged;
  gboolean changed;
} StoreCall;

static gboolean
run_begin (FerryDatabase *database, gpointer data, GError **error)
{
  StoreCall *call = data;
  gint64 number = call->upload->number;

  g_clear_pointer (&call->received, ferry_ranges_free);
  g_clear_pointer (&call->digests, g_byte_array_unref);
  /* Reading back may take long: it must not expire meanwhile. */
  if (!ferry_upload_rows_touch (database, number, ferry_inbox_now (), error))
    return FALSE;
  call->received = ferry_upload_rows_load_ranges (database, number, error);
  if (call->received == NULL)
    return FALSE;
  call->digests = ferry_upload_rows_load_digests (database, number, error);
  return call->digests != NULL;
}

static gboolean
run_drop (FerryDatabase *database, gpointer data, GError **error)
{
  StoreCall *call = data;

  return ferry_upload_rows_drop_chunks (database, call->upload->number, call->damaged, error);
}

static gboolean
run_set_publishing (FerryDatabase *database, gpointer data, GError **error)
{
  StoreCall *call = data;

  return ferry_upload_rows_set_publishing (database, call->upload, &call->changed, error);
}

static gboolean
run_set_complete (FerryDatabase *database, gpointer data, GError **error)
{
  StoreCall *call = data;

  return ferry_upload_rows_set_complete (database, call->upload->number, ferry_inbox_now (),
                                         &call->changed, error);
}

static gboolean
set_publishing (FerryInbox *self, const FerryUpload *upload, gboolean *changed, GError **error)
{
  StoreCall call = { .upload = upload };

  if (!ferry_database_thread_call (self->store, run_set_publishing, &call, error))
    return FALSE;
  *changed = call.changed;
  return TRUE;
}

/* Always FALSE. It may have ended after it was loaded: which way is not known here. */
static gboolean
set_ended (GError **error)
{
  ferry_problem_set (error, FERRY_PROBLEM_GONE, "The upload was discarded or has expired.");
  return FALSE;
}

/* ---- the file with its name ---- */

static FerryUploadStamp
stamp_of (const struct stat *info)
{
  return (FerryUploadStamp){
    .inode = info->st_ino,
    .size = info->st_size,
    .mtime_ns = (gint64) ((guint64) info->st_mtim.tv_sec * G_GUINT64_CONSTANT (1000000000)
                          + (guint64) info->st_mtim.tv_nsec),
  };
}

static gboolean
is_stamp_of (const FerryUploadStamp *stamp, const struct stat *info)
{
  FerryUploadStamp now = stamp_of (info);

  return S_ISREG (info->st_mode) && now.inode == stamp->inode && now.size == stamp->size
         && now.mtime_ns == stamp->mtime_ns;
}

static gboolean
has_its_name (const FerryUpload *upload)
{
  g_autofree char *path = g_build_filename (upload->folder, upload->published, NULL);
  struct stat info;

  return lstat (path, &info) == 0 && is_stamp_of (&upload->stamp, &info);
}

static gboolean
set_complete (FerryInbox *self, FerryUpload *upload, GError **error)
{
  StoreCall call = { .upload = upload };

  if (!ferry_database_thread_call (self->store, run_set_complete, &call, error))
    return FALSE;
  if (!call.changed)
    return set_ended (error);
  upload->status = FERRY_UPLOAD_COMPLETE;
  return TRUE;
}

gboolean
ferry_inbox_settle (FerryInbox *self, FerryUpload *upload, GError **error)
{
  gboolean changed = FALSE;

  if (upload->status != FERRY_UPLOAD_IN_PROGRESS || upload->published == NULL)
    return TRUE;
  if (has_its_name (upload))
    {
      /* Where renaming takes a link and an unlink, the old name may still be there. */
      ferry_inbox_remove_part (upload);
      return set_complete (self, upload, error);
    }
  g_clear_pointer (&upload->published, g_free);
  return set_publishing (self, upload, &changed, error);
}

/* Tries the names in turn. */
static gboolean
publish (FerryInbox *self, FerryUpload *upload, FerryPartFile *file, GError **error)
{
  g_autoptr (GError) why = NULL;
  gboolean changed = FALSE;

  for (guint n = 0; n < MAX_NAMES; n++)
    {
      g_clear_error (&why);
      g_free (upload->published);
      upload->published = ferry_file_name_numbered (upload->name, n);

      g_autofree char *path = g_build_filename (upload->folder, upload->published, NULL);
      struct stat taken;

      /* A look saves a transaction for each name that is taken; the name is given without overwriting all the same. */
      if (lstat (path, &taken) == 0)
        continue;
      if (!set_publishing (self, upload, &changed, error))
        return FALSE;
      if (!changed)
        return set_ended (error);
      if (ferry_part_file_publish (file, upload->published, &why))
        return TRUE;
      if (!g_error_matches (why, FERRY_ERROR, FERRY_ERROR_EXISTS))
        break;
    }
  if (why == NULL)
    ferry_problem_set (&why, FERRY_PROBLEM_STORAGE, "Too many files have this name already.");
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

static gboolean
give_name (FerryInbox *self, FerryUpload *upload, FerryPartFile *file, GError **error)
{
  struct stat info;

  ferry_part_file_describe (file, upload->modified, NULL, NULL);
  if (fstat (ferry_part_file_get_fd (file), &info) < 0)
    {
      ferry_error_from_errno (error, errno, ferry_part_file_get_path (file));
      return FALSE;
    }
  upload->stamp = stamp_of (&info);
  if (publish (self, upload, file, error))
    return set_complete (self, upload, error);

  /* It may have its name for all that: syncing the folder comes last. */
  g_autoptr (GError) why = NULL;

  if (!ferry_inbox_settle (self, upload, &why))
    g_debug ("%s: %s", upload->id, why->message);
  if (upload->status != FERRY_UPLOAD_COMPLETE)
    return FALSE;
  g_clear_error (error);
  return TRUE;
}

/* ---- reading back ---- */

/* @expected: (nullable): SHA-256. TRUE when the file has it, as @upload says then. What cannot be read is as good as damaged. */
static gboolean
has_digest (FerryUpload *upload,
            FerryPartFile *file,
            const guint8 *expected,
            GCancellable *cancellable)
{
  g_autoptr (FerryDigest) whole = ferry_digest_new ();

  if (expected == NULL
      || ferry_digest_read (whole, ferry_part_file_get_fd (file), 0, upload->size, cancellable,
                            NULL)
             != (gint64) upload->size)
    return FALSE;
  ferry_digest_finish (whole, upload->whole);
  return memcmp (upload->whole, expected, FERRY_SHA256_SIZE) == 0;
}

typedef struct
{
  int fd;
  guint8 *buffer;
  FerryDigest *whole;
  FerryDigest *chunk;
  GCancellable *cancellable;
} Reader;

/* The chunk's SHA-256, and its bytes into that of the whole. What cannot be read is as good as damaged. */
static gboolean
read_chunk (Reader *reader, guint64 offset, guint64 length, guint8 sha256[FERRY_SHA256_SIZE])
{
  guint64 done = 0;

  while (done < length && !g_cancellable_is_cancelled (reader->cancellable))
    {
      ssize_t n = pread (reader->fd, reader->buffer, MIN (length - done, READ_SIZE),
                         (off_t) (offset + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      ferry_digest_update (reader->chunk, reader->buffer, (gsize) n);
      ferry_digest_update (reader->whole, reader->buffer, (gsize) n);
      done += (guint64) n;
    }
  ferry_digest_finish (reader->chunk, sha256);
  return done == length;
}

/* (transfer full): the chunks that are not what was confirmed; NULL when cancelled. */
static FerryRanges *
read_all (FerryUpload *upload,
          FerryPartFile *file,
          const GByteArray *digests,
          GCancellable *cancellable,
          GError **error)
{
  g_autofree guint8 *buffer = g_malloc (READ_SIZE);
  g_autoptr (FerryDigest) whole = ferry_digest_new ();
  g_autoptr (FerryDigest) chunk = ferry_digest_new ();
  g_autoptr (FerryRanges) damaged = ferry_ranges_new ();
  Reader reader = { ferry_part_file_get_fd (file), buffer, whole, chunk, cancellable };
  guint64 n = ferry_upload_n_chunks (upload);

  for (guint64 i = 0; i < n; i++)
    {
      guint8 sha256[FERRY_SHA256_SIZE];
      gboolean read = read_chunk (&reader, i * upload->chunk_size,
                                  ferry_upload_row_chunk_length (upload, i), sha256);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
      if (!read || memcmp (sha256, digests->data + i * FERRY_SHA256_SIZE, sizeof sha256) != 0)
        ferry_ranges_add (damaged, i, i + 1);
    }
  ferry_digest_finish (whole, upload->whole);
  return g_steal_pointer (&damaged);
}

static FerryRanges *
complement (const FerryRanges *received, guint64 n)
{
  FerryRanges *missing = ferry_ranges_new ();

  ferry_ranges_add (missing, 0, n);
  for (gsize i = 0; i < ferry_ranges_get_n (received); i++)
    {
      FerryRange range = ferry_ranges_get (received, i);

      ferry_ranges_remove (missing, range.start, range.end);
    }
  return missing;
}

static gboolean
check_digest (const FerryUpload *upload, const guint8 *sha256, GError **error)
{
  if (sha256 == NULL || memcmp (sha256, upload->whole, FERRY_SHA256_SIZE) == 0)
    return TRUE;

  g_autofree char *found = ferry_sha256_to_hex (upload->whole);
  g_autofree char *told = ferry_sha256_to_hex (sha256);

  ferry_problem_set (error, FERRY_PROBLEM_FILE_DIGEST,
                     "What arrived has the SHA-256 %s, and not %s.", found, told);
  return FALSE;
}

static gboolean
set_missing (FerryRanges *chunks, FerryRanges **missing, const char *detail, GError **error)
{
  *missing = chunks;
  ferry_problem_set (error, FERRY_PROBLEM_MISSING, "%s", detail);
  return FALSE;
}

static gboolean
forget_damaged (FerryInbox *self,
                const FerryUpload *upload,
                FerryRanges *damaged,
                FerryRanges **missing,
                GError **error)
{
  StoreCall call = { .upload = upload, .damaged = damaged };

  if (!ferry_database_thread_call (self->store, run_drop, &call, error))
    {
      ferry_ranges_free (damaged);
      return FALSE;
    }
  return set_missing (damaged, missing,
                      "Chunks were damaged on the receiver's disk after they had arrived.", error);
}

/* The chunks' rows and the data file that go together. */
static FerryPartFile *
begin (FerryInbox *self,
       const FerryUpload *upload,
       StoreCall *call,
       FerryRanges **missing,
       GError **error)
{
  /* First, because a data file that is gone takes the rows with it. */
  g_autoptr (FerryPartFile) file = ferry_inbox_open_part (self, upload, error);
  guint64 n = ferry_upload_n_chunks (upload);

  if (file == NULL || !ferry_database_thread_call (self->store, run_begin, call, error))
    return NULL;
  if (ferry_ranges_contain (call->received, 0, n))
    return g_steal_pointer (&file);
  set_missing (complement (call->received, n), missing, "Not all chunks have arrived.", error);
  return NULL;
}

static gboolean
prove_and_publish (FerryInbox *self,
                   FerryUpload *upload,
                   const guint8 *sha256,
                   GCancellable *cancellable,
                   FerryRanges **missing,
                   GError **error)
{
  StoreCall call = { .upload = upload };
  g_autoptr (FerryPartFile) file = begin (self, upload, &call, missing, error);
  g_autoptr (FerryRanges) received = call.received;
  g_autoptr (GByteArray) digests = call.digests;

  (void) received;
  if (file == NULL)
    return FALSE;
  if (has_digest (upload, file, upload->has_sha256 ? upload->sha256 : sha256, cancellable))
    return check_digest (upload, sha256, error) && give_name (self, upload, file, error);

  g_autoptr (FerryRanges) damaged = read_all (upload, file, digests, cancellable, error);

  if (damaged == NULL)
    return FALSE;
  if (ferry_ranges_get_n (damaged) > 0)
    return forget_damaged (self, upload, g_steal_pointer (&damaged), missing, error);
  return check_digest (upload, upload->has_sha256 ? upload->sha256 : NULL, error)
         && check_digest (upload, sha256, error) && give_name (self, upload, file, error);
}

FerryUpload *
ferry_inbox_complete (FerryInbox *self,
                      const char *id,
                      const guint8 *sha256,
                      GCancellable *cancellable,
                      FerryRanges **missing,
                      GError **error)
{
  g_autoptr (FerryUpload) upload = ferry_inbox_load (self, id, error);

  *missing = NULL;
  if (upload == NULL || !ferry_inbox_settle (self, upload, error))
    return NULL;
  if (upload->status == FERRY_UPLOAD_COMPLETE)
    return check_digest (upload, sha256, error) ? g_steal_pointer (&upload) : NULL;
  if (upload->status != FERRY_UPLOAD_IN_PROGRESS)
    {
      set_ended (error);
      return NULL;
    }
  if (!prove_and_publish (self, upload, sha256, cancellable, missing, error))
    return NULL;
  return g_steal_pointer (&upload);
}

int
ferry_inbox_open_file (
    FerryInbox *self, const char *id, const char *name, FerryUpload **upload, GError **error)
{
  g_autoptr (FerryUpload) known = ferry_inbox_load (self, id, NULL);
  struct stat info;

  if (known == NULL || known->status != FERRY_UPLOAD_COMPLETE
      || g_strcmp0 (known->published, name) != 0)
    {
      ferry_problem_set (error, FERRY_PROBLEM_NOT_FOUND, "No such file was received.");
      return -1;
    }

  g_autofree char *path = g_build_filename (known->folder, known->published, NULL);
  int fd = open (path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd >= 0 && fstat (fd, &info) == 0 && is_stamp_of (&known->stamp, &info))
    {
      *upload = g_steal_pointer (&known);
      return fd;
    }
  if (fd >= 0)
    close (fd);
  ferry_problem_set (error, FERRY_PROBLEM_FILE_GONE,
                     "“%s” was moved, deleted or changed after it was received.", name);
  return -1;
}
