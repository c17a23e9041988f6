/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receipt-rows.h"

#include <string.h>

/* ---- receipts ---- */

gboolean
ferry_receipt_rows_put (FerryDatabase *database,
                        gint64 number,
                        const FerryReceipt *receipt,
                        GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database,
      "INSERT OR REPLACE INTO chunk (upload, idx, sha256, etag, md5) VALUES (?1, ?2, ?3, ?4, ?5)",
      number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, (sqlite3_int64) receipt->chunk);
  sqlite3_bind_blob (statement, 3, receipt->sha256, FERRY_SHA256_SIZE, SQLITE_STATIC);
  sqlite3_bind_text (statement, 4, receipt->etag, -1, SQLITE_STATIC);
  if (receipt->has_md5)
    sqlite3_bind_blob (statement, 5, receipt->md5, FERRY_MD5_SIZE, SQLITE_STATIC);
  return ferry_database_step (database, statement, error);
}

static gboolean
column_bytes (sqlite3_stmt *statement, int column, guint8 *bytes, gsize length)
{
  if ((gsize) sqlite3_column_bytes (statement, column) != length)
    return FALSE;
  memcpy (bytes, sqlite3_column_blob (statement, column), length);
  return TRUE;
}

static FerryReceipt *
read_receipt (sqlite3_stmt *statement)
{
  FerryReceipt *receipt = g_new0 (FerryReceipt, 1);
  const char *etag = (const char *) sqlite3_column_text (statement, 2);

  receipt->chunk = (guint64) sqlite3_column_int64 (statement, 0);
  column_bytes (statement, 1, receipt->sha256, FERRY_SHA256_SIZE);
  /* In a database that somebody edited: what no part has. */
  receipt->etag = g_strdup (etag != NULL ? etag : "");
  receipt->has_md5 = column_bytes (statement, 3, receipt->md5, FERRY_MD5_SIZE);
  return receipt;
}

GPtrArray *
ferry_receipt_rows_load (FerryDatabase *database, gint64 number, GError **error)
{
  g_autoptr (GPtrArray) receipts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_receipt_free);
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "SELECT idx, sha256, etag, md5 FROM chunk WHERE upload = ?1 ORDER BY idx", number,
      error);
  int more = 0;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    g_ptr_array_add (receipts, read_receipt (statement));
  return more == 0 ? g_steal_pointer (&receipts) : NULL;
}

/* ---- the upload ---- */

gboolean
ferry_receipt_rows_set_multipart (FerryDatabase *database,
                                  gint64 number,
                                  const char *multipart,
                                  gint64 now,
                                  gboolean *changed,
                                  GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database,
      "UPDATE upload SET multipart = ?2, touched = ?3, completing = 0, proof = 0"
      " WHERE number = ?1 AND status = 0",
      number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 2, multipart, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (statement, 3, now);
  return ferry_upload_rows_step (database, statement, changed, error)
         && (!*changed || multipart != NULL
             || ferry_upload_rows_drop_all_chunks (database, number, error));
}

gboolean
ferry_receipt_rows_set_completing (FerryDatabase *database,
                                   gint64 number,
                                   FerryProof proof,
                                   gint64 now,
                                   gboolean *changed,
                                   GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database,
      "UPDATE upload SET completing = 1, proof = ?2, touched = ?3 WHERE number = ?1 AND status = 0",
      number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 2, (int) proof);
  sqlite3_bind_int64 (statement, 3, now);
  return ferry_upload_rows_step (database, statement, changed, error);
}

gboolean
ferry_receipt_rows_set_complete (FerryDatabase *database,
                                 const FerryUpload *upload,
                                 gint64 now,
                                 gboolean *changed,
                                 GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database,
      "UPDATE upload SET status = 1, touched = ?2, published = ?3, proof = ?4, etag = ?5,"
      " whole = ?6 WHERE number = ?1 AND status = 0 AND transport = 1",
      upload->number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 2, now);
  sqlite3_bind_text (statement, 3, upload->published, -1, SQLITE_STATIC);
  sqlite3_bind_int (statement, 4, (int) upload->proof);
  sqlite3_bind_text (statement, 5, upload->etag, -1, SQLITE_STATIC);
  if (upload->has_whole)
    sqlite3_bind_blob (statement, 6, upload->whole, FERRY_SHA256_SIZE, SQLITE_STATIC);
  return ferry_upload_rows_step (database, statement, changed, error);
}

/* ---- what is left to do ---- */

static sqlite3_stmt *
prepare_for_store (FerryDatabase *database, const char *sql, const char *store, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (database, sql, error);

  if (statement != NULL)
    sqlite3_bind_text (statement, 1, store, -1, SQLITE_STATIC);
  return statement;
}

GPtrArray *
ferry_receipt_rows_load_unborn (FerryDatabase *database, const char *store, GError **error)
{
  return ferry_upload_rows_collect (
      database,
      prepare_for_store (database,
                         "SELECT " FERRY_UPLOAD_COLUMNS " FROM upload WHERE status = 0"
                         " AND transport = 1 AND store = ?1 AND multipart IS NULL LIMIT 1000",
                         store, error),
      error);
}

GPtrArray *
ferry_receipt_rows_load_cleaning (FerryDatabase *database,
                                  const char *store,
                                  gint64 before,
                                  GError **error)
{
  sqlite3_stmt *statement = prepare_for_store (
      database,
      "SELECT " FERRY_UPLOAD_COLUMNS " FROM upload WHERE cleaning > 0 AND store = ?1"
      " AND (cleaning = 2 OR touched < ?2) ORDER BY touched LIMIT 1000",
      store, error);

  if (statement != NULL)
    sqlite3_bind_int64 (statement, 2, before);
  return ferry_upload_rows_collect (database, statement, error);
}

gboolean
ferry_receipt_rows_set_cleaning (FerryDatabase *database,
                                 gint64 number,
                                 FerryCleaning cleaning,
                                 GError **error)
{
  sqlite3_stmt *statement = ferry_upload_rows_prepare (
      database, "UPDATE upload SET cleaning = ?2 WHERE number = ?1", number, error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 2, (int) cleaning);
  return ferry_database_step (database, statement, error);
}
