/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * The schema, and structs to rows. Chunks and events point at a transfer by its short row number, not by
 * its id: a queue may hold millions of chunks.
 */
#include "ferry-journal.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-journal-private.h"

/* A released script never changes: append the next one. */
const char *const ferry_journal_migrations[] = {
  "CREATE TABLE transfer ("
  "  number INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE CHECK (length (id) = 32),"
  "  position INTEGER NOT NULL,"
  "  address TEXT NOT NULL,"
  "  folder TEXT NOT NULL,"
  "  name TEXT,"
  "  sha256 TEXT,"
  "  headers TEXT," /* one a line; never one that may be a secret */
  "  referrer TEXT,"
  "  exact INTEGER NOT NULL CHECK (exact IN (0, 1)),"
  "  wanted INTEGER NOT NULL CHECK (wanted >= 0),"          /* FerryWanted */
  "  outcome INTEGER NOT NULL CHECK (outcome >= 0),"        /* FerryOutcome */
  "  error_code INTEGER NOT NULL CHECK (error_code >= -1)," /* FerryErrorCode */
  "  error_message TEXT,"
  "  added INTEGER NOT NULL,"
  "  finished INTEGER NOT NULL,"
  "  removed INTEGER NOT NULL CHECK (removed IN (0, 1)),"
  "  path TEXT,"
  "  final_address TEXT,"
  "  file_name TEXT,"
  "  part_name TEXT,"
  "  size INTEGER NOT NULL CHECK (size >= -1),"
  "  chunk_size INTEGER NOT NULL CHECK (chunk_size >= 0),"
  "  confirmed INTEGER NOT NULL CHECK (confirmed >= 0),"
  "  etag TEXT,"
  "  last_modified TEXT,"
  "  server_date TEXT,"
  "  coding TEXT,"
  "  media_type TEXT,"
  "  server_sha256 TEXT,"
  "  resume INTEGER NOT NULL CHECK (resume >= 0)," /* FerryResume */
  "  stamp_device INTEGER NOT NULL,"
  "  stamp_inode INTEGER NOT NULL,"
  "  stamp_size INTEGER NOT NULL,"
  "  stamp_mtime INTEGER NOT NULL,"
  "  stamp_ctime INTEGER NOT NULL,"
  "  publishing TEXT,"
  "  verified TEXT"
  ") STRICT;"
  "CREATE TABLE chunk ("
  "  transfer INTEGER NOT NULL REFERENCES transfer (number) ON DELETE CASCADE,"
  "  idx INTEGER NOT NULL CHECK (idx >= 0),"
  "  length INTEGER NOT NULL CHECK (length >= 0),"
  "  sha256 BLOB NOT NULL CHECK (length (sha256) = 32),"
  "  settled INTEGER NOT NULL CHECK (settled IN (0, 1)),"
  "  PRIMARY KEY (transfer, idx)"
  ") STRICT, WITHOUT ROWID;"
  "CREATE TABLE event ("
  "  number INTEGER PRIMARY KEY,"
  "  transfer INTEGER NOT NULL REFERENCES transfer (number) ON DELETE CASCADE,"
  "  at INTEGER NOT NULL,"
  "  sentence TEXT NOT NULL"
  ") STRICT;"
  "CREATE INDEX event_transfer ON event (transfer);",
  /* Uploads. */
  "ALTER TABLE transfer ADD COLUMN direction INTEGER NOT NULL DEFAULT 0 CHECK (direction >= 0);"
  "ALTER TABLE transfer ADD COLUMN source TEXT;"
  "ALTER TABLE transfer ADD COLUMN destination TEXT;"
  "ALTER TABLE transfer ADD COLUMN upload_id TEXT;"
  "ALTER TABLE transfer ADD COLUMN upload_key TEXT;"
  "ALTER TABLE transfer ADD COLUMN expires INTEGER NOT NULL DEFAULT 0;",
  /* Destinations. Their tokens are never here. */
  "CREATE TABLE destination ("
  "  number INTEGER PRIMARY KEY,"
  "  id TEXT NOT NULL UNIQUE CHECK (length (id) = 32),"
  "  name TEXT NOT NULL CHECK (name <> ''),"
  "  name_key TEXT NOT NULL UNIQUE,"                 /* the name without case */
  "  protocol TEXT NOT NULL CHECK (protocol <> '')," /* FerryProtocol.name */
  "  address TEXT NOT NULL CHECK (address <> ''),"
  "  is_default INTEGER NOT NULL CHECK (is_default IN (0, 1))"
  ") STRICT;"
  "CREATE UNIQUE INDEX destination_default ON destination (is_default) WHERE is_default = 1;",
  /* Uploads to a store. */
  "ALTER TABLE transfer ADD COLUMN transport INTEGER NOT NULL DEFAULT 0 CHECK (transport >= 0);"
  "ALTER TABLE chunk ADD COLUMN receipt TEXT;"
  "ALTER TABLE chunk ADD COLUMN md5 BLOB CHECK (length (md5) = 16);",
  NULL
};

typedef struct
{
  sqlite3_stmt *statement;
  int last; /* parameter bound */
} Binder;

/* What is bound outlives the step: nothing is copied. */
static void
bind_text (Binder *self, const char *text)
{
  sqlite3_bind_text (self->statement, ++self->last, text, -1, SQLITE_STATIC);
}

/* Unsigned numbers keep their bits; the range checks of the table refuse those that come out negative. */
static void
bind_number (Binder *self, guint64 number)
{
  sqlite3_bind_int64 (self->statement, ++self->last, (sqlite3_int64) number);
}

static void
bind_headers (Binder *self, char **headers)
{
  GString *lines = g_string_new (NULL);

  for (guint i = 0; headers != NULL && headers[i] != NULL; i++)
    if (ferry_spec_header_is_public (headers[i]) && strchr (headers[i], '\n') == NULL)
      g_string_append_printf (lines, "%s%s", lines->len > 0 ? "\n" : "", headers[i]);
  if (lines->len > 0)
    sqlite3_bind_text (self->statement, self->last + 1, lines->str, -1, SQLITE_TRANSIENT);
  self->last++;
  g_string_free (lines, TRUE);
}

static void
bind_main (Binder *self, const FerryRecord *record)
{
  bind_number (self, record->wanted);
  bind_number (self, record->outcome);
  bind_number (self, (guint64) (gint64) record->error_code);
  bind_text (self, record->error_message);
  bind_number (self, (guint64) record->finished);
  bind_number (self, record->removed ? 1 : 0);
  bind_text (self, record->path);
}

static void
bind_spec (Binder *self, const FerrySpec *spec)
{
  bind_text (self, spec->address);
  bind_text (self, spec->folder);
  bind_text (self, spec->name);
  bind_text (self, spec->sha256);
  bind_headers (self, spec->headers);
  bind_text (self, spec->referrer);
  bind_number (self, spec->exact ? 1 : 0);
  bind_number (self, spec->direction);
  bind_text (self, spec->source);
  bind_text (self, spec->destination);
}

static void
bind_stamp (Binder *self, const FerryPartStamp *stamp)
{
  bind_number (self, stamp->device);
  bind_number (self, stamp->inode);
  bind_number (self, (guint64) stamp->size);
  bind_number (self, (guint64) stamp->mtime_ns);
  bind_number (self, (guint64) stamp->ctime_ns);
}

static void
bind_progress (Binder *self, const FerryProgress *progress)
{
  bind_text (self, progress->final_address);
  bind_text (self, progress->name);
  bind_text (self, progress->part_name);
  bind_number (self, (guint64) progress->size);
  bind_number (self, progress->chunk_size);
  bind_number (self, progress->confirmed);
  bind_text (self, progress->etag);
  bind_text (self, progress->last_modified);
  bind_text (self, progress->date);
  bind_text (self, progress->coding);
  bind_text (self, progress->media_type);
  bind_text (self, progress->server_sha256);
  bind_number (self, progress->resume);
  bind_stamp (self, &progress->stamp);
  bind_text (self, progress->publishing);
  bind_text (self, progress->verified);
  bind_text (self, progress->upload_id);
  bind_text (self, progress->upload_key);
  bind_number (self, (guint64) progress->expires);
  bind_number (self, progress->transport);
}

static gboolean
prepare (FerryDatabase *database, Binder *binder, const char *sql, GError **error)
{
  binder->statement = ferry_database_prepare (database, sql, error);
  binder->last = 0;
  return binder->statement != NULL;
}

/* Steps an UPDATE of one transfer. @changed: whether it is there. */
static gboolean
step_update (FerryDatabase *database, Binder *binder, gboolean *changed, GError **error)
{
  if (!ferry_database_step (database, binder->statement, error))
    return FALSE;
  *changed = sqlite3_changes (sqlite3_db_handle (binder->statement)) > 0;
  return TRUE;
}

static gboolean
set_not_found (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                       _ ("This transfer is no longer in the list."));
  return FALSE;
}

static gboolean
step_existing (FerryDatabase *database, Binder *binder, GError **error)
{
  gboolean changed = FALSE;

  return step_update (database, binder, &changed, error) && (changed || set_not_found (error));
}

static gboolean
step_maybe (FerryDatabase *database, Binder *binder, const char *id, GError **error)
{
  gboolean changed = FALSE;

  if (!step_update (database, binder, &changed, error))
    return FALSE;
  if (!changed)
    g_debug ("transfer %s is not in the journal", id);
  return TRUE;
}

/* The row number of a transfer; 0 when it is not there, -1 with an error. */
static gint64
find_number (FerryDatabase *database, const char *id, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder, "SELECT number FROM transfer WHERE id = ?", error))
    return -1;
  bind_text (&binder, id);

  int more = ferry_database_next (database, binder.statement, error);
  gint64 number = more > 0 ? sqlite3_column_int64 (binder.statement, 0) : more;

  sqlite3_reset (binder.statement);
  return number;
}

/* ---- main's part ---- */

gboolean
ferry_journal_add (FerryDatabase *database, const FerryRecord *record, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "INSERT INTO transfer (" ALL_COLUMNS ") VALUES (?, ?, ?, " /* id, position, added */
                "?, ?, ?, ?, ?, ?, ?, "                                    /* main's */
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "                           /* spec */
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                error))
    return FALSE;
  bind_text (&binder, record->id);
  bind_number (&binder, (guint64) record->position);
  bind_number (&binder, (guint64) record->added);
  bind_main (&binder, record);
  bind_spec (&binder, record->spec);
  bind_progress (&binder, record->progress);
  return ferry_database_step (database, binder.statement, error);
}

gboolean
ferry_journal_update (FerryDatabase *database, const FerryRecord *record, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "UPDATE transfer SET (" MAIN_COLUMNS ") = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                error))
    return FALSE;
  bind_main (&binder, record);
  bind_text (&binder, record->id);
  return step_maybe (database, &binder, record->id, error);
}

gboolean
ferry_journal_update_spec (FerryDatabase *database, const FerryRecord *record, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "UPDATE transfer SET (" SPEC_COLUMNS
                ") = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                error))
    return FALSE;
  bind_spec (&binder, record->spec);
  bind_text (&binder, record->id);
  return step_maybe (database, &binder, record->id, error);
}

gboolean
ferry_journal_ensure (FerryDatabase *database, const FerryRecord *record, GError **error)
{
  gint64 number = find_number (database, record->id, error);

  if (number < 0)
    return FALSE;
  return number == 0 ? ferry_journal_add (database, record, error)
                     : ferry_journal_update (database, record, error);
}

gboolean
ferry_journal_set_order (FerryDatabase *database, const char *const *ids, GError **error)
{
  Binder binder;

  for (guint i = 0; ids[i] != NULL; i++)
    {
      if (!prepare (database, &binder, "UPDATE transfer SET position = ? WHERE id = ?", error))
        return FALSE;
      bind_number (&binder, i);
      bind_text (&binder, ids[i]);
      if (!step_maybe (database, &binder, ids[i], error))
        return FALSE;
    }
  return TRUE;
}

gboolean
ferry_journal_remove (FerryDatabase *database, const char *id, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder, "DELETE FROM transfer WHERE id = ?", error))
    return FALSE;
  bind_text (&binder, id);
  return step_maybe (database, &binder, id, error);
}

static gboolean
prune_events (FerryDatabase *database, gint64 number, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "DELETE FROM event WHERE transfer = ?1 AND number <= (SELECT number FROM event "
                "WHERE transfer = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
                error))
    return FALSE;
  bind_number (&binder, (guint64) number);
  bind_number (&binder, FERRY_JOURNAL_MAX_HISTORY);
  return ferry_database_step (database, binder.statement, error);
}

gboolean
ferry_journal_add_event (
    FerryDatabase *database, const char *id, gint64 when, const char *sentence, GError **error)
{
  gint64 number = find_number (database, id, error);
  Binder binder;

  if (number <= 0)
    return number == 0;
  if (!prepare (database, &binder, "INSERT INTO event (transfer, at, sentence) VALUES (?, ?, ?)",
                error))
    return FALSE;
  bind_number (&binder, (guint64) number);
  bind_number (&binder, (guint64) when);
  bind_text (&binder, sentence);
  return ferry_database_step (database, binder.statement, error)
         && prune_events (database, number, error);
}

/* ---- a lane's part ---- */

gboolean
ferry_journal_save_progress (FerryDatabase *database,
                             const char *id,
                             const FerryProgress *progress,
                             GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "UPDATE transfer SET (" PROGRESS_COLUMNS ") = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                error))
    return FALSE;
  bind_progress (&binder, progress);
  bind_text (&binder, id);
  return step_existing (database, &binder, error);
}

static gboolean
save_confirmed (FerryDatabase *database, gint64 number, guint64 confirmed, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder, "UPDATE transfer SET confirmed = ? WHERE number = ?", error))
    return FALSE;
  bind_number (&binder, confirmed);
  bind_number (&binder, (guint64) number);
  return ferry_database_step (database, binder.statement, error);
}

static gboolean
save_chunk (FerryDatabase *database, gint64 number, const FerryChunk *chunk, GError **error)
{
  Binder binder;

  if (!prepare (
          database, &binder,
          "INSERT OR REPLACE INTO chunk (transfer, idx, length, sha256, receipt, md5, settled) "
          "VALUES (?, ?, ?, ?, ?, ?, 0)",
          error))
    return FALSE;
  bind_number (&binder, (guint64) number);
  bind_number (&binder, chunk->index);
  bind_number (&binder, chunk->length);
  sqlite3_bind_blob (binder.statement, ++binder.last, chunk->sha256, FERRY_SHA256_SIZE,
                     SQLITE_STATIC);
  bind_text (&binder, chunk->receipt);
  ++binder.last;
  if (chunk->has_md5)
    sqlite3_bind_blob (binder.statement, binder.last, chunk->md5, FERRY_MD5_SIZE, SQLITE_STATIC);
  return ferry_database_step (database, binder.statement, error);
}

gboolean
ferry_journal_save_chunks (FerryDatabase *database,
                           const char *id,
                           const FerryChunk *chunks,
                           gsize n,
                           guint64 confirmed,
                           GError **error)
{
  gint64 number = find_number (database, id, error);

  if (number <= 0)
    return number == 0 && set_not_found (error);
  for (gsize i = 0; i < n; i++)
    if (!save_chunk (database, number, &chunks[i], error))
      return FALSE;
  return save_confirmed (database, number, confirmed, error);
}

gboolean
ferry_journal_settle (FerryDatabase *database,
                      const char *id,
                      const FerryPartStamp *stamp,
                      GError **error)
{
  gint64 number = find_number (database, id, error);
  Binder binder;

  if (number <= 0)
    return number == 0 && set_not_found (error);
  if (!prepare (database, &binder,
                "UPDATE chunk SET settled = 1 WHERE transfer = ? AND settled = 0", error))
    return FALSE;
  bind_number (&binder, (guint64) number);
  if (!ferry_database_step (database, binder.statement, error))
    return FALSE;
  if (!prepare (database, &binder,
                "UPDATE transfer SET (stamp_device, stamp_inode, stamp_size, stamp_mtime, "
                "stamp_ctime) = (?, ?, ?, ?, ?) WHERE number = ?",
                error))
    return FALSE;
  bind_stamp (&binder, stamp);
  bind_number (&binder, (guint64) number);
  return ferry_database_step (database, binder.statement, error);
}

gboolean
ferry_journal_start_over (FerryDatabase *database,
                          const char *id,
                          const FerryProgress *progress,
                          GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "DELETE FROM chunk WHERE transfer = (SELECT number FROM transfer WHERE id = ?)",
                error))
    return FALSE;
  bind_text (&binder, id);
  return ferry_database_step (database, binder.statement, error)
         && ferry_journal_save_progress (database, id, progress, error);
}

gboolean
ferry_journal_drop_chunks (FerryDatabase *database,
                           const char *id,
                           const guint64 *indexes,
                           gsize n,
                           guint64 confirmed,
                           GError **error)
{
  gint64 number = find_number (database, id, error);
  Binder binder;

  if (number <= 0)
    return number == 0 && set_not_found (error);
  for (gsize i = 0; i < n; i++)
    {
      if (!prepare (database, &binder, "DELETE FROM chunk WHERE transfer = ? AND idx = ?", error))
        return FALSE;
      bind_number (&binder, (guint64) number);
      bind_number (&binder, indexes[i]);
      if (!ferry_database_step (database, binder.statement, error))
        return FALSE;
    }
  return save_confirmed (database, number, confirmed, error);
}
