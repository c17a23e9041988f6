/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * What is read back is not trusted: a database can be edited, or hold what a bug wrote. A number out of its range, a missing string, a
 * name with a slash never reach the engine; the row becomes one that says it is damaged, and a chunk that cannot be is a chunk
 * that is not there, so its bytes are fetched again.
 *
 * Chunks and events point at a transfer by its short row number, not by its id: a queue may hold millions of chunks.
 */
#include "ferry-journal.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-store.h"

#define MAX_CHUNK_SIZE (G_GUINT64_CONSTANT (1) << 30)

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
  "  wanted INTEGER NOT NULL CHECK (wanted >= 0)," /* FerryWanted */
  "  outcome INTEGER NOT NULL CHECK (outcome >= 0)," /* FerryOutcome */
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
  NULL
};

#define MAIN_COLUMNS                                                                               \
  "wanted, outcome, error_code, error_message, finished, removed, path"
#define SPEC_COLUMNS "address, folder, name, sha256, headers, referrer, exact"
#define DOWNLOAD_COLUMNS                                                                           \
  "final_address, file_name, part_name, size, chunk_size, confirmed, etag, last_modified, "        \
  "server_date, coding, media_type, server_sha256, resume, stamp_device, stamp_inode, "            \
  "stamp_size, stamp_mtime, stamp_ctime, publishing, verified"
#define ALL_COLUMNS                                                                                \
  "id, position, added, " MAIN_COLUMNS ", " SPEC_COLUMNS ", " DOWNLOAD_COLUMNS

/* ---- structs to rows ---- */

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
bind_download (Binder *self, const FerryDownload *download)
{
  bind_text (self, download->final_address);
  bind_text (self, download->name);
  bind_text (self, download->part_name);
  bind_number (self, (guint64) download->size);
  bind_number (self, download->chunk_size);
  bind_number (self, download->confirmed);
  bind_text (self, download->etag);
  bind_text (self, download->last_modified);
  bind_text (self, download->date);
  bind_text (self, download->coding);
  bind_text (self, download->media_type);
  bind_text (self, download->server_sha256);
  bind_number (self, download->resume);
  bind_stamp (self, &download->stamp);
  bind_text (self, download->publishing);
  bind_text (self, download->verified);
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

/* ---- main's part ---- */

gboolean
ferry_journal_add (FerryDatabase *database, const FerryRecord *record, GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "INSERT INTO transfer (" ALL_COLUMNS ") VALUES (?, ?, ?, " /* id, position, added */
                "?, ?, ?, ?, ?, ?, ?, "                                     /* main's */
                "?, ?, ?, ?, ?, ?, ?, "                                     /* spec */
                "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                error))
    return FALSE;
  bind_text (&binder, record->id);
  bind_number (&binder, (guint64) record->position);
  bind_number (&binder, (guint64) record->added);
  bind_main (&binder, record);
  bind_spec (&binder, record->spec);
  bind_download (&binder, record->download);
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
                "UPDATE transfer SET (" SPEC_COLUMNS ") = (?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                error))
    return FALSE;
  bind_spec (&binder, record->spec);
  bind_text (&binder, record->id);
  return step_maybe (database, &binder, record->id, error);
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
ferry_journal_save_download (FerryDatabase *database,
                             const char *id,
                             const FerryDownload *download,
                             GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "UPDATE transfer SET (" DOWNLOAD_COLUMNS ") = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
                "?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?",
                error))
    return FALSE;
  bind_download (&binder, download);
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

  if (!prepare (database, &binder,
                "INSERT OR REPLACE INTO chunk (transfer, idx, length, sha256, settled) "
                "VALUES (?, ?, ?, ?, 0)",
                error))
    return FALSE;
  bind_number (&binder, (guint64) number);
  bind_number (&binder, chunk->index);
  bind_number (&binder, chunk->length);
  sqlite3_bind_blob (binder.statement, ++binder.last, chunk->sha256, FERRY_SHA256_SIZE,
                     SQLITE_STATIC);
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
                          const FerryDownload *download,
                          GError **error)
{
  Binder binder;

  if (!prepare (database, &binder,
                "DELETE FROM chunk WHERE transfer = (SELECT number FROM transfer WHERE id = ?)",
                error))
    return FALSE;
  bind_text (&binder, id);
  return ferry_database_step (database, binder.statement, error)
         && ferry_journal_save_download (database, id, download, error);
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

/* ---- rows to structs ---- */

typedef struct
{
  sqlite3_stmt *statement;
  int column;   /* next */
  gboolean bad; /* a value that cannot be was met */
} Reader;

/* Bytes as they are: paths and header fields need not be UTF-8. */
static char *
take_bytes (Reader *self)
{
  int column = self->column++;
  int type = sqlite3_column_type (self->statement, column);

  if (type == SQLITE_TEXT)
    return g_strdup ((const char *) sqlite3_column_text (self->statement, column));
  self->bad |= type != SQLITE_NULL;
  return NULL;
}

/* What a person will see. */
static char *
take_text (Reader *self)
{
  char *text = take_bytes (self);

  if (text == NULL || g_utf8_validate (text, -1, NULL))
    return text;
  self->bad = TRUE;

  char *valid = g_utf8_make_valid (text, -1);

  g_free (text);
  return valid;
}

/* Never NULL. */
static char *
take_required (Reader *self, char *text)
{
  if (text != NULL && *text != '\0')
    return text;
  self->bad = TRUE;
  g_free (text);
  return g_strdup ("");
}

/* One path component. */
static char *
take_name (Reader *self)
{
  char *name = take_text (self);

  if (name == NULL
      || (*name != '\0' && strchr (name, '/') == NULL && !g_str_equal (name, ".")
          && !g_str_equal (name, "..")))
    return name;
  self->bad = TRUE;
  g_free (name);
  return NULL;
}

static char *
take_sha256 (Reader *self)
{
  char *hex = take_bytes (self);
  guint8 sha256[FERRY_SHA256_SIZE];

  if (hex == NULL || ferry_sha256_from_hex (hex, sha256))
    return hex;
  self->bad = TRUE;
  g_free (hex);
  return NULL;
}

static gint64
take_number (Reader *self, gint64 least, gint64 most, gint64 otherwise)
{
  int column = self->column++;
  gint64 number = sqlite3_column_int64 (self->statement, column);

  if (sqlite3_column_type (self->statement, column) == SQLITE_INTEGER && number >= least
      && number <= most)
    return number;
  self->bad = TRUE;
  return otherwise;
}

static gint64
take_any_number (Reader *self)
{
  return take_number (self, G_MININT64, G_MAXINT64, 0);
}

static char **
take_headers (Reader *self)
{
  g_autofree char *lines = take_text (self);

  return lines != NULL ? g_strsplit (lines, "\n", -1) : NULL;
}

static void
take_main (Reader *self, FerryRecord *record)
{
  record->wanted = (FerryWanted) take_number (self, 0, FERRY_N_WANTED - 1, FERRY_WANTED_PAUSE);
  record->outcome = (FerryOutcome) take_number (self, 0, FERRY_N_OUTCOMES - 1,
                                                FERRY_OUTCOME_FAILED);
  record->error_code = (int) take_number (self, -1, FERRY_N_ERRORS - 1, FERRY_ERROR_FAILED);
  record->error_message = take_text (self);
  record->finished = take_number (self, 0, G_MAXINT64, 0);
  record->removed = (gboolean) take_number (self, 0, 1, 0);
  record->path = take_bytes (self);
}

static void
take_spec (Reader *self, FerrySpec *spec)
{
  spec->address = take_required (self, take_text (self));
  spec->folder = take_required (self, take_bytes (self));
  spec->name = take_text (self);
  spec->sha256 = take_sha256 (self);
  spec->headers = take_headers (self);
  spec->referrer = take_text (self);
  spec->exact = (gboolean) take_number (self, 0, 1, 0);
  self->bad |= !g_path_is_absolute (spec->folder);
}

static guint64
take_chunk_size (Reader *self)
{
  guint64 size = (guint64) take_number (self, 0, MAX_CHUNK_SIZE, 0);

  if ((size & (size - 1)) == 0)
    return size;
  self->bad = TRUE;
  return 0;
}

static void
take_download (Reader *self, FerryDownload *download)
{
  download->final_address = take_text (self);
  download->name = take_name (self);
  download->part_name = take_name (self);
  download->size = take_number (self, -1, G_MAXINT64, -1);
  download->chunk_size = take_chunk_size (self);
  download->confirmed = (guint64) take_number (self, 0, G_MAXINT64, 0);
  download->etag = take_bytes (self);
  download->last_modified = take_bytes (self);
  download->date = take_bytes (self);
  download->coding = take_bytes (self);
  download->media_type = take_text (self);
  download->server_sha256 = take_sha256 (self);
  download->resume = (FerryResume) take_number (self, 0, FERRY_RESUME_NO, FERRY_RESUME_UNKNOWN);
  download->stamp.device = (guint64) take_any_number (self);
  download->stamp.inode = (guint64) take_any_number (self);
  download->stamp.size = take_any_number (self);
  download->stamp.mtime_ns = take_any_number (self);
  download->stamp.ctime_ns = take_any_number (self);
  download->publishing = take_name (self);
  download->verified = take_text (self);
}

static FerryRecord *
take_record (sqlite3_stmt *statement)
{
  Reader reader = { .statement = statement };
  FerryRecord *record = g_new0 (FerryRecord, 1);

  record->spec = g_new0 (FerrySpec, 1);
  record->download = ferry_download_new ();
  record->id = take_required (&reader, take_text (&reader));
  record->position = take_any_number (&reader);
  record->added = take_number (&reader, 0, G_MAXINT64, 0);
  take_main (&reader, record);
  take_spec (&reader, record->spec);
  take_download (&reader, record->download);
  if (reader.bad)
    {
      record->outcome = FERRY_OUTCOME_FAILED;
      record->error_code = FERRY_ERROR_STORE;
      g_free (record->error_message);
      record->error_message
          = g_strdup (_ ("This entry of the list is damaged. Remove it and add its link again."));
    }
  return record;
}

static int
compare_positions (gconstpointer a, gconstpointer b)
{
  const FerryRecord *first = *(const FerryRecord *const *) a;
  const FerryRecord *second = *(const FerryRecord *const *) b;

  if (first->position != second->position)
    return first->position < second->position ? -1 : 1;
  return strcmp (first->id, second->id);
}

GPtrArray *
ferry_journal_load (FerryDatabase *database, GError **error)
{
  g_autoptr (GPtrArray) records
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_record_free);
  sqlite3_stmt *statement
      = ferry_database_prepare (database, "SELECT " ALL_COLUMNS " FROM transfer", error);
  int more;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    g_ptr_array_add (records, take_record (statement));
  if (more < 0)
    return NULL;
  /* Sorting pointers costs less than sorting rows. */
  g_ptr_array_sort (records, compare_positions);
  return g_steal_pointer (&records);
}

static gboolean
take_chunk (sqlite3_stmt *statement, FerryChunk *chunk)
{
  Reader reader = { .statement = statement };

  chunk->index = (guint64) take_number (&reader, 0, G_MAXINT64, 0);
  chunk->length = (guint64) take_number (&reader, 0, G_MAXINT64, 0);
  chunk->settled = (gboolean) take_number (&reader, 0, 1, 0);
  if (sqlite3_column_type (statement, reader.column) != SQLITE_BLOB
      || sqlite3_column_bytes (statement, reader.column) != FERRY_SHA256_SIZE)
    return FALSE;
  memcpy (chunk->sha256, sqlite3_column_blob (statement, reader.column), FERRY_SHA256_SIZE);
  return !reader.bad;
}

GArray *
ferry_journal_load_chunks (FerryDatabase *database, const char *id, GError **error)
{
  g_autoptr (GArray) chunks = g_array_new (FALSE, FALSE, sizeof (FerryChunk));
  Binder binder;
  FerryChunk chunk;
  int more;

  if (!prepare (database, &binder,
                "SELECT idx, length, settled, sha256 FROM chunk "
                "WHERE transfer = (SELECT number FROM transfer WHERE id = ?) ORDER BY idx",
                error))
    return NULL;
  bind_text (&binder, id);
  while ((more = ferry_database_next (database, binder.statement, error)) > 0)
    if (take_chunk (binder.statement, &chunk))
      g_array_append_val (chunks, chunk);
    else
      g_debug ("transfer %s: a chunk that cannot be is left out", id);
  return more == 0 ? g_steal_pointer (&chunks) : NULL;
}

static void
history_line_free (FerryHistoryLine *self)
{
  g_free (self->sentence);
  g_free (self);
}

GPtrArray *
ferry_journal_load_history (FerryDatabase *database, const char *id, GError **error)
{
  g_autoptr (GPtrArray) lines
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) history_line_free);
  Binder binder;
  int more;

  if (!prepare (database, &binder,
                "SELECT at, sentence FROM event "
                "WHERE transfer = (SELECT number FROM transfer WHERE id = ?) ORDER BY number",
                error))
    return NULL;
  bind_text (&binder, id);
  while ((more = ferry_database_next (database, binder.statement, error)) > 0)
    {
      Reader reader = { .statement = binder.statement };
      FerryHistoryLine *line = g_new0 (FerryHistoryLine, 1);

      line->when = take_any_number (&reader);
      line->sentence = take_required (&reader, take_text (&reader));
      g_ptr_array_add (lines, line);
    }
  return more == 0 ? g_steal_pointer (&lines) : NULL;
}
