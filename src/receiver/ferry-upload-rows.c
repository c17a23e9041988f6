/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-upload-rows.h"

#include <string.h>

/* A released script never changes: append the next one. */
const char *const ferry_upload_migrations[] = {
  "CREATE TABLE upload ("
  "  number INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE CHECK (length (id) = 32),"
  "  key TEXT UNIQUE,"
  "  request BLOB NOT NULL CHECK (length (request) = 32),"
  "  folder TEXT NOT NULL,"
  "  name TEXT NOT NULL,"
  "  size INTEGER NOT NULL CHECK (size >= 0),"
  "  chunk_size INTEGER NOT NULL CHECK (chunk_size > 0),"
  "  modified INTEGER NOT NULL CHECK (modified >= -1),"
  "  sha256 BLOB CHECK (length (sha256) = 32),"
  "  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3)," /* FerryUploadStatus */
  "  touched INTEGER NOT NULL,"
  "  published TEXT,"
  "  whole BLOB CHECK (length (whole) = 32),"
  "  stamp_inode INTEGER,"
  "  stamp_size INTEGER,"
  "  stamp_mtime INTEGER,"
  "  CHECK (published IS NULL OR (whole IS NOT NULL AND stamp_inode IS NOT NULL"
  "    AND stamp_size IS NOT NULL AND stamp_mtime IS NOT NULL)),"
  "  CHECK (status <> 1 OR published IS NOT NULL)"
  ") STRICT;"
  "CREATE INDEX upload_open ON upload (touched) WHERE status = 0;"
  "CREATE TABLE chunk ("
  "  upload INTEGER NOT NULL REFERENCES upload (number) ON DELETE CASCADE,"
  "  idx INTEGER NOT NULL CHECK (idx >= 0),"
  "  sha256 BLOB NOT NULL CHECK (length (sha256) = 32),"
  "  PRIMARY KEY (upload, idx)"
  ") STRICT, WITHOUT ROWID;",
  /* Made anew for its CHECKs: what a store has was never read back, and has no inode. */
  "CREATE TABLE upload_2 ("
  "  number INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE CHECK (length (id) = 32),"
  "  key TEXT UNIQUE,"
  "  request BLOB NOT NULL CHECK (length (request) = 32),"
  "  folder TEXT NOT NULL,"
  "  name TEXT NOT NULL,"
  "  size INTEGER NOT NULL CHECK (size >= 0),"
  "  chunk_size INTEGER NOT NULL CHECK (chunk_size > 0),"
  "  modified INTEGER NOT NULL CHECK (modified >= -1),"
  "  sha256 BLOB CHECK (length (sha256) = 32),"
  "  status INTEGER NOT NULL CHECK (status BETWEEN 0 AND 3)," /* FerryUploadStatus */
  "  touched INTEGER NOT NULL,"
  "  published TEXT,"
  "  whole BLOB CHECK (length (whole) = 32),"
  "  stamp_inode INTEGER,"
  "  stamp_size INTEGER,"
  "  stamp_mtime INTEGER,"
  "  transport INTEGER NOT NULL DEFAULT 0 CHECK (transport BETWEEN 0 AND 1)," /* FerryTransport */
  "  store TEXT,"
  "  multipart TEXT,"
  "  completing INTEGER NOT NULL DEFAULT 0 CHECK (completing BETWEEN 0 AND 1),"
  "  proof INTEGER NOT NULL DEFAULT 0 CHECK (proof BETWEEN 0 AND 2)," /* FerryProof */
  "  etag TEXT,"
  "  cleaning INTEGER NOT NULL DEFAULT 0 CHECK (cleaning BETWEEN 0 AND 2)," /* FerryCleaning */
  "  CHECK (published IS NULL OR transport = 1 OR (whole IS NOT NULL"
  "    AND stamp_inode IS NOT NULL AND stamp_size IS NOT NULL AND stamp_mtime IS NOT NULL)),"
  "  CHECK (status <> 1 OR published IS NOT NULL),"
  "  CHECK ((transport = 1) = (store IS NOT NULL))"
  ") STRICT;"
  "INSERT INTO upload_2 (number, id, key, request, folder, name, size, chunk_size, modified,"
  "  sha256, status, touched, published, whole, stamp_inode, stamp_size, stamp_mtime)"
  "  SELECT number, id, key, request, folder, name, size, chunk_size, modified,"
  "  sha256, status, touched, published, whole, stamp_inode, stamp_size, stamp_mtime"
  "  FROM upload;"
  "DROP TABLE upload;"
  "ALTER TABLE upload_2 RENAME TO upload;"
  "CREATE INDEX upload_open ON upload (touched) WHERE status = 0;"
  "CREATE INDEX upload_cleaning ON upload (touched) WHERE cleaning > 0;"
  "ALTER TABLE chunk ADD COLUMN etag TEXT;"
  "ALTER TABLE chunk ADD COLUMN md5 BLOB CHECK (length (md5) = 16);",
  NULL
};

void
ferry_upload_free (FerryUpload *self)
{
  if (self == NULL)
    return;
  g_free (self->key);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->published);
  g_free (self->store);
  g_free (self->multipart);
  g_free (self->etag);
  g_free (self);
}

guint64
ferry_upload_n_chunks (const FerryUpload *self)
{
  return self->size / self->chunk_size + (self->size % self->chunk_size > 0 ? 1 : 0);
}

guint64
ferry_upload_row_chunk_length (const FerryUpload *self, guint64 chunk)
{
  g_return_val_if_fail (chunk < ferry_upload_n_chunks (self), 0);

  return MIN (self->chunk_size, self->size - chunk * self->chunk_size);
}

/* ---- reading ---- */

static char *
column_text (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const char *) sqlite3_column_text (statement, column));
}

static gboolean
column_sha256 (sqlite3_stmt *statement, int column, guint8 sha256[FERRY_SHA256_SIZE])
{
  if (sqlite3_column_bytes (statement, column) != FERRY_SHA256_SIZE)
    return FALSE;
  memcpy (sha256, sqlite3_column_blob (statement, column), FERRY_SHA256_SIZE);
  return TRUE;
}

sqlite3_stmt *
ferry_upload_rows_prepare (FerryDatabase *database, const char *sql, gint64 number, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (database, sql, error);

  if (statement != NULL)
    sqlite3_bind_int64 (statement, 1, number);
  return statement;
}

static FerryUpload *
read_upload (sqlite3_stmt *statement)
{
  FerryUpload *self = g_new0 (FerryUpload, 1);

  self->number = sqlite3_column_int64 (statement, 0);
  g_strlcpy (self->id, (const char *) sqlite3_column_text (statement, 1), sizeof self->id);
  self->key = column_text (statement, 2);
  column_sha256 (statement, 3, self->request);
  self->folder = column_text (statement, 4);
  self->name = column_text (statement, 5);
  self->size = (guint64) sqlite3_column_int64 (statement, 6);
  /* Never 0, not even in a database that somebody edited: it is divided by. */
  self->chunk_size = (guint64) MAX (sqlite3_column_int64 (statement, 7), 1);
  self->modified = sqlite3_column_int64 (statement, 8);
  self->has_sha256 = column_sha256 (statement, 9, self->sha256);
  self->status = (FerryUploadStatus) sqlite3_column_int (statement, 10);
  self->touched = sqlite3_column_int64 (statement, 11);
  self->published = column_text (statement, 12);
  self->has_whole = column_sha256 (statement, 13, self->whole);
  self->stamp.inode = (guint64) sqlite3_column_int64 (statement, 14);
  self->stamp.size = sqlite3_column_int64 (statement, 15);
  self->stamp.mtime_ns = sqlite3_column_int64 (statement, 16);
  self->transport = (FerryTransport) sqlite3_column_int (statement, 17);
  self->store = column_text (statement, 18);
  self->multipart = column_text (statement, 19);
  self->completing = sqlite3_column_int (statement, 20) != 0;
  self->proof = (FerryProof) sqlite3_column_int (statement, 21);
  self->etag = column_text (statement, 22);
  self->cleaning = (FerryCleaning) sqlite3_column_int (statement, 23);
  return self;
}

static gboolean
load_one (FerryDatabase *database,
          const char *sql,
          const char *text,
          FerryUpload **upload,
          GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (database, sql, error);

  g_clear_pointer (upload, ferry_upload_free);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, text, -1, SQLITE_STATIC);

  int more = ferry_database_next (database, statement, error);

  if (more > 0)
    {
      *upload = read_upload (statement);
      sqlite3_reset (statement);
    }
  return more >= 0;
}

gboolean
ferry_upload_rows_load (FerryDatabase *database,
                        const char *id,
                        FerryUpload **upload,
                        GError **error)
{
  return load_one (database, "SELECT " FERRY_UPLOAD_COLUMNS " FROM upload WHERE id = ?1", id,
                   upload, error);
}

gboolean
ferry_upload_rows_load_by_key (FerryDatabase *database,
                               const char *key,
                               FerryUpload **upload,
                               GError **error)
{
  return load_one (database, "SELECT " FERRY_UPLOAD_COLUMNS " FROM upload WHERE key = ?1", key,
                   upload, error);
}

GPtrArray *
ferry_upload_rows_collect (FerryDatabase *database, sqlite3_stmt *statement, GError **error)
{
  g_autoptr (GPtrArray) uploads
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_upload_free);
  int more = 0;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    g_ptr_array_add (uploads, read_upload (statement));
  return more == 0 ? g_steal_pointer (&uploads) : NULL;
}

GPtrArray *
ferry_upload_rows_load_publishing (FerryDatabase *database, GError **error)
{
  return ferry_upload_rows_collect (
      database,
      ferry_database_prepare (
          database,
          "SELECT " FERRY_UPLOAD_COLUMNS
          " FROM upload WHERE status = 0 AND published IS NOT NULL AND transport = 0",
          error),
      error);
}

GPtrArray *
ferry_upload_rows_load_stale (FerryDatabase *database, gint64 before, GError **error)
{
  return ferry_upload_rows_collect (
      database,
      ferry_upload_rows_prepare (database,
                                 "SELECT " FERRY_UPLOAD_COLUMNS " FROM upload WHERE status = 0"
                                 " AND published IS NULL AND touched < ?1 LIMIT 1000",
                                 before, error),
      error);
}

gboolean
ferry_upload_rows_count_open (FerryDatabase *database, guint64 *n, GError **error)
{
  sqlite3_stmt *statement
      = ferry_database_prepare (database, "SELECT count (*) FROM upload WHERE status = 0", error);

  if (statement == NULL || ferry_database_next (database, statement, error) <= 0)
    return FALSE;
  *n = (guint64) sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  return TRUE;
}

gboolean
ferry_upload_rows_load_chunk (FerryDatabase *database,
                              gint64 number,
                              guint64 chunk,
                              gboolean *found,
                              guint8 sha256[FERRY_SHA256_SIZE],
                              GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "SELECT sha256 FROM chunk WHERE upload = ?1 AND idx = ?2", number, error);

  *found = FALSE;
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, (sqlite3_int64) chunk);

  int more = ferry_database_next (database, statement, error);

  if (more > 0)
    {
      *found = column_sha256 (statement, 0, sha256);
      sqlite3_reset (statement);
    }
  return more >= 0;
}

FerryRanges *
ferry_upload_rows_load_ranges (FerryDatabase *database, gint64 number, GError **error)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "SELECT idx FROM chunk WHERE upload = ?1 ORDER BY idx", number, error);
  guint64 start = 0, end = 0;
  int more = 0;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    {
      guint64 chunk = (guint64) sqlite3_column_int64 (statement, 0);

      if (chunk != end)
        {
          ferry_ranges_add (ranges, start, end);
          start = chunk;
        }
      end = chunk + 1;
    }
  ferry_ranges_add (ranges, start, end);
  return more == 0 ? g_steal_pointer (&ranges) : NULL;
}

GByteArray *
ferry_upload_rows_load_digests (FerryDatabase *database, gint64 number, GError **error)
{
  g_autoptr (GByteArray) digests = g_byte_array_new ();
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "SELECT sha256 FROM chunk WHERE upload = ?1 ORDER BY idx", number, error);
  guint8 sha256[FERRY_SHA256_SIZE] = { 0 };
  int more = 0;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    {
      column_sha256 (statement, 0, sha256);
      g_byte_array_append (digests, sha256, sizeof sha256);
    }
  return more == 0 ? g_steal_pointer (&digests) : NULL;
}

/* ---- writing ---- */

static void
bind_sha256 (sqlite3_stmt *statement, int parameter, gboolean has, const guint8 *sha256)
{
  if (has)
    sqlite3_bind_blob (statement, parameter, sha256, FERRY_SHA256_SIZE, SQLITE_STATIC);
}

gboolean
ferry_upload_rows_add (FerryDatabase *database, FerryUpload *upload, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (
      database,
      "INSERT INTO upload (id, key, request, folder, name, size, chunk_size, modified, sha256,"
      " status, touched, transport, store)"
      " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, ?10, ?11, ?12)",
      error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, upload->id, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 2, upload->key, -1, SQLITE_STATIC);
  bind_sha256 (statement, 3, TRUE, upload->request);
  sqlite3_bind_text (statement, 4, upload->folder, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 5, upload->name, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 6, (sqlite3_int64) upload->size);
  sqlite3_bind_int64 (statement, 7, (sqlite3_int64) upload->chunk_size);
  sqlite3_bind_int64 (statement, 8, upload->modified);
  bind_sha256 (statement, 9, upload->has_sha256, upload->sha256);
  sqlite3_bind_int64 (statement, 10, upload->touched);
  sqlite3_bind_int (statement, 11, (int) upload->transport);
  sqlite3_bind_text (statement, 12, upload->store, -1, SQLITE_STATIC);
  if (!ferry_database_step (database, statement, error))
    return FALSE;
  upload->number = sqlite3_last_insert_rowid (sqlite3_db_handle (statement));
  return TRUE;
}

/* Steps an UPDATE. */
gboolean
ferry_upload_rows_step (FerryDatabase *database,
                        sqlite3_stmt *statement,
                        gboolean *changed,
                        GError **error)
{
  *changed = FALSE;
  if (!ferry_database_step (database, statement, error))
    return FALSE;
  *changed = sqlite3_changes (sqlite3_db_handle (statement)) > 0;
  return TRUE;
}

gboolean
ferry_upload_rows_touch (FerryDatabase *database, gint64 number, gint64 now, GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "UPDATE upload SET touched = ?2 WHERE number = ?1 AND status = 0", number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, now);
  return ferry_database_step (database, statement, error);
}

gboolean
ferry_upload_rows_set_publishing (FerryDatabase *database,
                                  const FerryUpload *upload,
                                  gboolean *changed,
                                  GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database,
      "UPDATE upload SET published = ?2, whole = ?3, stamp_inode = ?4, stamp_size = ?5,"
      " stamp_mtime = ?6 WHERE number = ?1 AND status = 0",
      upload->number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 2, upload->published, -1, SQLITE_STATIC);
  bind_sha256 (statement, 3, TRUE, upload->whole);
  sqlite3_bind_int64 (statement, 4, (sqlite3_int64) upload->stamp.inode);
  sqlite3_bind_int64 (statement, 5, upload->stamp.size);
  sqlite3_bind_int64 (statement, 6, upload->stamp.mtime_ns);
  return ferry_upload_rows_step (database, statement, changed, error);
}

gboolean
ferry_upload_rows_drop_all_chunks (FerryDatabase *database, gint64 number, GError **error)
{
  sqlite3_stmt *statement
      = ferry_upload_rows_prepare (database, "DELETE FROM chunk WHERE upload = ?1", number, error);

  if (statement == NULL)
    return FALSE;
  return ferry_database_step (database, statement, error);
}

gboolean
ferry_upload_rows_set_complete (
    FerryDatabase *database, gint64 number, gint64 now, gboolean *changed, GError **error)
{
  sqlite3_stmt *statement
      = ferry_upload_rows_prepare (database,
                                   "UPDATE upload SET status = 1, touched = ?2"
                                   " WHERE number = ?1 AND status = 0 AND published IS NOT NULL",
                                   number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, now);
  return ferry_upload_rows_step (database, statement, changed, error);
}

gboolean
ferry_upload_rows_end (FerryDatabase *database,
                       gint64 number,
                       FerryUploadStatus status,
                       gint64 now,
                       gboolean *changed,
                       GError **error)
{
  sqlite3_stmt *statement
      = ferry_upload_rows_prepare (database,
                                   "UPDATE upload SET status = ?2, touched = ?3, key = NULL,"
                                   " cleaning = CASE transport WHEN 1 THEN 2 ELSE 0 END"
                                   " WHERE number = ?1 AND status = 0 AND published IS NULL",
                                   number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 2, (int) status);
  sqlite3_bind_int64 (statement, 3, now);
  return ferry_upload_rows_step (database, statement, changed, error)
         && (!*changed || ferry_upload_rows_drop_all_chunks (database, number, error));
}

gboolean
ferry_upload_rows_forget (FerryDatabase *database, gint64 before, GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "DELETE FROM upload WHERE status IN (2, 3) AND cleaning = 0 AND touched < ?1",
      before, error);

  if (statement == NULL)
    return FALSE;
  return ferry_database_step (database, statement, error);
}

gboolean
ferry_upload_rows_add_chunk (FerryDatabase *database,
                             gint64 number,
                             guint64 chunk,
                             const guint8 sha256[FERRY_SHA256_SIZE],
                             GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "INSERT INTO chunk (upload, idx, sha256) VALUES (?1, ?2, ?3)", number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, (sqlite3_int64) chunk);
  bind_sha256 (statement, 3, TRUE, sha256);
  return ferry_database_step (database, statement, error);
}

gboolean
ferry_upload_rows_drop_chunks (FerryDatabase *database,
                               gint64 number,
                               const FerryRanges *chunks,
                               GError **error)
{
  for (gsize i = 0; i < ferry_ranges_get_n (chunks); i++)
    {
      FerryRange range = ferry_ranges_get (chunks, i);
      sqlite3_stmt *statement = ferry_upload_rows_prepare (
          database, "DELETE FROM chunk WHERE upload = ?1 AND idx >= ?2 AND idx < ?3", number,
          error);

      if (statement == NULL)
        return FALSE;
      sqlite3_bind_int64 (statement, 2, (sqlite3_int64) range.start);
      sqlite3_bind_int64 (statement, 3, (sqlite3_int64) range.end);
      if (!ferry_database_step (database, statement, error))
        return FALSE;
    }
  return TRUE;
}
