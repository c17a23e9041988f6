/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Rows to structs. What is read back is not trusted: a database can be edited, or hold what a bug wrote. A
 * number out of its range, a missing string, a name with a slash never reach the engine; the row becomes
 * one that says it is damaged, and a chunk that cannot be is a chunk that is not there, so its bytes are
 * fetched again.
 */
#include "ferry-journal.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-journal-private.h"
#include "ferry-store.h"

#define ID_LENGTH 32
/* Of an upload it is what the receiver says, of a download what this made: a power of two. */
#define MAX_CHUNK_SIZE (G_GUINT64_CONSTANT (5) << 30)
#define MAX_DOWNLOAD_CHUNK_SIZE (G_GUINT64_CONSTANT (1) << 30)

/* A query about one transfer. */
static sqlite3_stmt *
prepare_for (FerryDatabase *database, const char *sql, const char *id, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (database, sql, error);

  if (statement != NULL)
    sqlite3_bind_text (statement, 1, id, -1, SQLITE_STATIC);
  return statement;
}

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

/* Never NULL; one that is none of ours is still the only handle on its row. */
static char *
take_id (Reader *self)
{
  char *id = take_required (self, take_text (self));

  self->bad |= strlen (id) != ID_LENGTH || strspn (id, "0123456789abcdef") != ID_LENGTH;
  return id;
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
  record->outcome
      = (FerryOutcome) take_number (self, 0, FERRY_N_OUTCOMES - 1, FERRY_OUTCOME_FAILED);
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
  spec->direction = (FerryDirection) take_number (self, 0, FERRY_N_DIRECTIONS - 1, FERRY_DOWNLOAD);
  spec->source = take_bytes (self);
  spec->destination = take_text (self);
  self->bad |= !g_path_is_absolute (spec->folder);
  if (spec->direction == FERRY_UPLOAD)
    self->bad |= spec->source == NULL || !g_path_is_absolute (spec->source) || spec->name == NULL;
}

static guint64
take_chunk_size (Reader *self, FerryDirection direction)
{
  guint64 size = (guint64) take_number (self, 0, MAX_CHUNK_SIZE, 0);

  if (direction == FERRY_UPLOAD || (size <= MAX_DOWNLOAD_CHUNK_SIZE && (size & (size - 1)) == 0))
    return size;
  self->bad = TRUE;
  return 0;
}

static void
take_progress (Reader *self, FerryProgress *progress, FerryDirection direction)
{
  progress->final_address = take_text (self);
  progress->name = take_name (self);
  progress->part_name = take_name (self);
  progress->size = take_number (self, -1, G_MAXINT64, -1);
  progress->chunk_size = take_chunk_size (self, direction);
  progress->confirmed = (guint64) take_number (self, 0, G_MAXINT64, 0);
  progress->etag = take_bytes (self);
  progress->last_modified = take_bytes (self);
  progress->date = take_bytes (self);
  progress->coding = take_bytes (self);
  progress->media_type = take_text (self);
  progress->server_sha256 = take_sha256 (self);
  progress->resume = (FerryResume) take_number (self, 0, FERRY_RESUME_NO, FERRY_RESUME_UNKNOWN);
  progress->stamp.device = (guint64) take_any_number (self);
  progress->stamp.inode = (guint64) take_any_number (self);
  progress->stamp.size = take_any_number (self);
  progress->stamp.mtime_ns = take_any_number (self);
  progress->stamp.ctime_ns = take_any_number (self);
  progress->publishing = take_name (self);
  progress->verified = take_text (self);
  progress->upload_id = take_text (self);
  progress->upload_key = take_text (self);
  progress->expires = take_number (self, 0, G_MAXINT64, 0);
  progress->transport
      = (FerryTransport) take_number (self, 0, FERRY_N_TRANSPORTS - 1, FERRY_TRANSPORT_DIRECT);
}

static FerryRecord *
take_record (sqlite3_stmt *statement)
{
  Reader reader = { .statement = statement };
  FerryRecord *record = g_new0 (FerryRecord, 1);

  record->spec = g_new0 (FerrySpec, 1);
  record->progress = ferry_progress_new ();
  record->id = take_id (&reader);
  record->position = take_any_number (&reader);
  record->added = take_number (&reader, 0, G_MAXINT64, 0);
  take_main (&reader, record);
  take_spec (&reader, record->spec);
  take_progress (&reader, record->progress, record->spec->direction);
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
take_blob (Reader *self, guint8 *bytes, gsize size)
{
  int column = self->column++;

  if (sqlite3_column_type (self->statement, column) != SQLITE_BLOB
      || (gsize) sqlite3_column_bytes (self->statement, column) != size)
    return FALSE;
  memcpy (bytes, sqlite3_column_blob (self->statement, column), size);
  return TRUE;
}

static gboolean
take_chunk (sqlite3_stmt *statement, FerryChunk *chunk)
{
  Reader reader = { .statement = statement };

  *chunk = (FerryChunk){ 0 };
  chunk->index = (guint64) take_number (&reader, 0, G_MAXINT64, 0);
  chunk->length = (guint64) take_number (&reader, 0, G_MAXINT64, 0);
  chunk->settled = (gboolean) take_number (&reader, 0, 1, 0);
  if (!take_blob (&reader, chunk->sha256, sizeof chunk->sha256))
    return FALSE;
  chunk->has_md5 = take_blob (&reader, chunk->md5, sizeof chunk->md5);
  chunk->receipt = take_text (&reader);
  if (reader.bad)
    g_clear_pointer (&chunk->receipt, g_free);
  return !reader.bad;
}

GArray *
ferry_journal_load_chunks (FerryDatabase *database, const char *id, GError **error)
{
  g_autoptr (GArray) chunks = ferry_chunk_array_new ();
  sqlite3_stmt *statement;
  FerryChunk chunk;
  int more;

  statement
      = prepare_for (database,
                     "SELECT idx, length, settled, sha256, md5, receipt FROM chunk "
                     "WHERE transfer = (SELECT number FROM transfer WHERE id = ?) ORDER BY idx",
                     id, error);
  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    if (take_chunk (statement, &chunk))
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
  sqlite3_stmt *statement;
  int more;

  statement
      = prepare_for (database,
                     "SELECT at, sentence FROM event "
                     "WHERE transfer = (SELECT number FROM transfer WHERE id = ?) ORDER BY number",
                     id, error);
  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    {
      Reader reader = { .statement = statement };
      FerryHistoryLine *line = g_new0 (FerryHistoryLine, 1);

      line->when = take_any_number (&reader);
      line->sentence = take_required (&reader, take_text (&reader));
      g_ptr_array_add (lines, line);
    }
  return more == 0 ? g_steal_pointer (&lines) : NULL;
}
