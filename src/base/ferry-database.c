/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Opening goes from looking to touching: version, then check, then WAL, then migration. A database of a
 * newer Ferry, a damaged one and one that may not be written are thus left exactly as they were found.
 *
 * A damaged database is the caller's to set apart. Its -wal moves first: a -wal left beside the empty
 * database that takes the name next would be played into it.
 */
#include "ferry-database.h"

#include "ferry-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-rename.h"

/* One process owns the queue, so whoever holds the database is a stranger: do not wait long for it. */
#define BUSY_TIMEOUT_MS 1000
#define MAX_NAMES 1000

struct _FerryDatabase
{
  sqlite3 *handle;
  char *path;
  GHashTable *statements; /* SQL to sqlite3_stmt */
};

static int
code_from_sqlite (int result, int system_errno)
{
  /* The operating system's word is the more precise one. */
  if (system_errno == ENOSPC || system_errno == EDQUOT)
    return FERRY_ERROR_NO_SPACE;
  switch (result & 0xff)
    {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return FERRY_ERROR_STORE_DAMAGED;
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
      return FERRY_ERROR_NOT_WRITABLE;
    case SQLITE_FULL:
      return FERRY_ERROR_NO_SPACE;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return FERRY_ERROR_STORE_BUSY;
    default:
      return FERRY_ERROR_STORE;
    }
}

static const char *
sentence_for (int code)
{
  switch (code)
    {
    case FERRY_ERROR_STORE_DAMAGED:
      return _ ("Ferry's records in “%s” are damaged.");
    case FERRY_ERROR_STORE_NEWER:
      return _ ("Ferry's records in “%s” were written by a newer Ferry. Update Ferry to use them.");
    case FERRY_ERROR_NOT_WRITABLE:
      return _ (
          "Ferry may not write its records in “%s”. Check the permissions of that file and of "
          "its folder.");
    case FERRY_ERROR_NO_SPACE:
      return _ ("The disk with Ferry's records in “%s” is full. Make room on it.");
    case FERRY_ERROR_STORE_BUSY:
      return _ ("Another program has locked Ferry's records in “%s”. Close it, then try again.");
    default:
      return _ ("Ferry's records in “%s” cannot be read or written. Check the disk they are on.");
    }
}

static void
set_error (FerryDatabase *self, int code, GError **error)
{
  g_autofree char *shown = g_filename_display_name (self->path);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_set_error (error, FERRY_ERROR, code, sentence_for (code), shown);
#pragma GCC diagnostic pop
}

static void
set_sqlite_error (FerryDatabase *self, int result, GError **error)
{
  int primary = result & 0xff;
  int system_errno = 0;

  /* SQLite keeps the last errno for good: it says something about these results alone. */
  if (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN || primary == SQLITE_FULL)
    system_errno = sqlite3_system_errno (self->handle);
  g_debug ("%s: SQLite result %d: %s", self->path, result, sqlite3_errmsg (self->handle));
  set_error (self, code_from_sqlite (result, system_errno), error);
}

sqlite3_stmt *
ferry_database_prepare (FerryDatabase *self, const char *sql, GError **error)
{
  g_return_val_if_fail (self != NULL && sql != NULL, NULL);

  sqlite3_stmt *statement = g_hash_table_lookup (self->statements, sql);

  if (statement == NULL)
    {
      int result
          = sqlite3_prepare_v3 (self->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

      if (result != SQLITE_OK)
        {
          set_sqlite_error (self, result, error);
          return NULL;
        }
      g_hash_table_insert (self->statements, g_strdup (sql), statement);
    }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return statement;
}

int
ferry_database_next (FerryDatabase *self, sqlite3_stmt *statement, GError **error)
{
  g_return_val_if_fail (self != NULL && statement != NULL, -1);

  int result = sqlite3_step (statement);

  if (result == SQLITE_ROW)
    return 1;
  if (result != SQLITE_DONE)
    set_sqlite_error (self, result, error);
  sqlite3_reset (statement);
  return result == SQLITE_DONE ? 0 : -1;
}

gboolean
ferry_database_step (FerryDatabase *self, sqlite3_stmt *statement, GError **error)
{
  int more = ferry_database_next (self, statement, error);

  g_return_val_if_fail (more <= 0, FALSE);
  return more == 0;
}

gboolean
ferry_database_execute (FerryDatabase *self, const char *sql, GError **error)
{
  g_return_val_if_fail (self != NULL && sql != NULL, FALSE);

  int result = sqlite3_exec (self->handle, sql, NULL, NULL, NULL);

  if (result == SQLITE_OK)
    return TRUE;
  set_sqlite_error (self, result, error);
  return FALSE;
}

static gboolean
step_kept (FerryDatabase *self, const char *sql, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (self, sql, error);

  return statement != NULL && ferry_database_step (self, statement, error);
}

gboolean
ferry_database_begin (FerryDatabase *self, GError **error)
{
  /* Takes the write lock at once: a transaction that gets it later can fail half-way. */
  return step_kept (self, "BEGIN IMMEDIATE", error);
}

gboolean
ferry_database_commit (FerryDatabase *self, GError **error)
{
  return step_kept (self, "COMMIT", error);
}

void
ferry_database_rollback (FerryDatabase *self)
{
  g_autoptr (GError) error = NULL;

  g_return_if_fail (self != NULL);

  /* SQLite rolls back by itself after some errors. */
  if (sqlite3_get_autocommit (self->handle) == 0 && !step_kept (self, "ROLLBACK", &error))
    g_warning ("%s: no roll-back: %s", self->path, error->message);
}

static gboolean
read_text (FerryDatabase *self, const char *sql, char **text, GError **error)
{
  sqlite3_stmt *statement = ferry_database_prepare (self, sql, error);

  *text = NULL;
  if (statement == NULL)
    return FALSE;

  int more = ferry_database_next (self, statement, error);

  if (more > 0)
    {
      *text = g_strdup ((const char *) sqlite3_column_text (statement, 0));
      sqlite3_reset (statement);
    }
  return more >= 0;
}

static gboolean
read_number (FerryDatabase *self, const char *sql, gint64 *number, GError **error)
{
  g_autofree char *text = NULL;

  if (!read_text (self, sql, &text, error))
    return FALSE;
  *number = text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
  return TRUE;
}

/* SQLite gives -wal and -shm the mode of the database, so that is set before SQLite sees it; umask (2) is process-wide. */
static gboolean
make_file (FerryDatabase *self, GError **error)
{
  int fd = open (self->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  if (fd >= 0)
    close (fd);
  else if (errno != EEXIST)
    {
      ferry_error_from_errno (error, errno, self->path);
      return FALSE;
    }
  return TRUE;
}

static gboolean
connect_file (FerryDatabase *self, GError **error)
{
  int result = sqlite3_open_v2 (self->path, &self->handle,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

  if (self->handle == NULL)
    g_error ("Out of memory");
  sqlite3_extended_result_codes (self->handle, 1);
  if (result != SQLITE_OK)
    {
      set_sqlite_error (self, result, error);
      return FALSE;
    }
  sqlite3_busy_timeout (self->handle, BUSY_TIMEOUT_MS);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
  sqlite3_db_config (self->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  /* What cannot be written is opened for reading only, without an error. */
  if (sqlite3_db_readonly (self->handle, "main") == 1)
    {
      set_error (self, FERRY_ERROR_NOT_WRITABLE, error);
      return FALSE;
    }
  return TRUE;
}

static gboolean
check_version (FerryDatabase *self, gint64 newest, gint64 *version, GError **error)
{
  gint64 n_tables = 0;

  if (!read_number (self, "PRAGMA user_version", version, error))
    return FALSE;
  if (*version > newest)
    {
      set_error (self, FERRY_ERROR_STORE_NEWER, error);
      return FALSE;
    }
  if (!read_number (self, "SELECT count (*) FROM sqlite_schema", &n_tables, error))
    return FALSE;
  /* Tables come with a version, and a version with tables: anything else is not Ferry's. */
  if (*version < 0 || (*version == 0) != (n_tables == 0))
    {
      set_error (self, FERRY_ERROR_STORE_DAMAGED, error);
      return FALSE;
    }
  return TRUE;
}

/* One row that breaks a CHECK is the reader's to deal with, no reason to give up the others. */
static gboolean
check_pages (FerryDatabase *self, GError **error)
{
  g_autofree char *verdict = NULL;

  if (!ferry_database_execute (self, "PRAGMA ignore_check_constraints = ON", error)
      || !read_text (self, "PRAGMA quick_check (1)", &verdict, error)
      || !ferry_database_execute (self, "PRAGMA ignore_check_constraints = OFF", error))
    return FALSE;
  if (g_strcmp0 (verdict, "ok") == 0)
    return TRUE;
  g_debug ("%s: %s", self->path, verdict);
  set_error (self, FERRY_ERROR_STORE_DAMAGED, error);
  return FALSE;
}

static gboolean
use_wal (FerryDatabase *self, GError **error)
{
  g_autofree char *mode = NULL;

  if (!read_text (self, "PRAGMA journal_mode = WAL", &mode, error))
    return FALSE;
  /* Without shared memory (some network file systems) it stays with its roll-back journal: slower, as durable. */
  if (g_strcmp0 (mode, "wal") != 0)
    g_debug ("%s: no WAL here, but %s", self->path, mode);
  /* A big batch must not leave a big -wal for good. */
  return ferry_database_execute (
      self, "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304", error);
}

/* Makes PATH.SUFFIX, or PATH.SUFFIX-2 and on: a name that was free, as an empty file with mode 0600. */
static char *
reserve_name (const char *stem, GError **error)
{
  for (guint n = 1; n < MAX_NAMES; n++)
    {
      g_autofree char *name = n == 1 ? g_strdup (stem) : g_strdup_printf ("%s-%u", stem, n);
      int fd = open (name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

      if (fd >= 0)
        {
          close (fd);
          return g_steal_pointer (&name);
        }
      if (errno != EEXIST)
        break;
    }
  ferry_error_from_errno (error, errno, stem);
  return NULL;
}

static gboolean
sync_path (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC);
  int code = fd < 0 || fsync (fd) < 0 ? errno : 0;

  if (fd >= 0)
    close (fd);
  /* Not every file system syncs folders. */
  if (code == 0 || code == EINVAL || code == ENOTSUP)
    return TRUE;
  ferry_error_from_errno (error, code, path);
  return FALSE;
}

static gboolean
write_copy (FerryDatabase *self, const char *copy, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (copy);
  sqlite3_stmt *statement = ferry_database_prepare (self, "VACUUM INTO ?1", error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, copy, -1, SQLITE_TRANSIENT);
  return ferry_database_step (self, statement, error) && sync_path (copy, error)
         && sync_path (folder, error);
}

static char *
copy_before (FerryDatabase *self, gint64 version, GError **error)
{
  g_autofree char *stem = g_strdup_printf ("%s.before-v%" G_GINT64_FORMAT, self->path, version);
  g_autofree char *copy = reserve_name (stem, error);

  if (copy == NULL)
    return NULL;
  if (!write_copy (self, copy, error))
    {
      unlink (copy);
      return NULL;
    }
  return g_steal_pointer (&copy);
}

static gboolean
check_references (FerryDatabase *self, GError **error)
{
  g_autofree char *broken = NULL;

  if (!read_text (self, "PRAGMA foreign_key_check", &broken, error))
    return FALSE;
  if (broken == NULL)
    return TRUE;
  g_debug ("%s: a row of %s points nowhere", self->path, broken);
  set_error (self, FERRY_ERROR_STORE, error);
  return FALSE;
}

static gboolean
migrate_once (FerryDatabase *self, const char *script, gint64 to, GError **error)
{
  g_autofree char *bump = g_strdup_printf ("PRAGMA user_version = %" G_GINT64_FORMAT, to);

  if (!ferry_database_begin (self, error))
    return FALSE;
  if (ferry_database_execute (self, script, error) && check_references (self, error)
      && ferry_database_execute (self, bump, error) && ferry_database_commit (self, error))
    return TRUE;
  ferry_database_rollback (self);
  return FALSE;
}

static gboolean
migrate (FerryDatabase *self, const char *const *migrations, gint64 version, GError **error)
{
  g_autofree char *copy = NULL;

  if (migrations[version] == NULL)
    return TRUE;
  if (version > 0)
    {
      copy = copy_before (self, version, error);
      if (copy == NULL)
        return FALSE;
    }
  for (gint64 i = version; migrations[i] != NULL; i++)
    if (!migrate_once (self, migrations[i], i + 1, error))
      {
        /* Still at its old version, the copy says nothing more: do not gather one at each start. */
        if (copy != NULL && i == version)
          unlink (copy);
        return FALSE;
      }
  return TRUE;
}

/* A lock that somebody holds, or a folder that takes no -wal, is told now and not at the first change. */
static gboolean
check_writable (FerryDatabase *self, GError **error)
{
  if (!ferry_database_begin (self, error))
    return FALSE;
  ferry_database_rollback (self);
  return TRUE;
}

static gboolean
open_steps (FerryDatabase *self, const char *const *migrations, GError **error)
{
  gint64 version = 0;

  return make_file (self, error) && connect_file (self, error)
         && check_version (self, g_strv_length ((char **) migrations), &version, error)
         && check_pages (self, error)
         && use_wal (self, error)
         /* Rebuilding a table with foreign keys on would delete the rows that point at it. */
         && migrate (self, migrations, version, error)
         && ferry_database_execute (self, "PRAGMA foreign_keys = ON", error)
         && check_writable (self, error);
}

FerryDatabase *
ferry_database_open (const char *path, const char *const *migrations, GError **error)
{
  g_return_val_if_fail (path != NULL && migrations != NULL, NULL);

  g_autoptr (FerryDatabase) self = g_new0 (FerryDatabase, 1);
  g_autoptr (GError) local_error = NULL;

  self->path = g_strdup (path);
  self->statements = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                            (GDestroyNotify) (void (*) (void)) sqlite3_finalize);
  if (open_steps (self, migrations, &local_error))
    return g_steal_pointer (&self);
  /* Leaves file and -wal as they are: whoever looks into the damage needs both. */
  if (self->handle != NULL && ferry_error_get_code (local_error) == FERRY_ERROR_STORE_DAMAGED)
    sqlite3_db_config (self->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

void
ferry_database_close (FerryDatabase *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->statements);
  if (sqlite3_close (self->handle) != SQLITE_OK)
    g_warning ("%s: not closed: %s", self->path, sqlite3_errmsg (self->handle));
  g_free (self->path);
  g_free (self);
}

/* Renames PATH+suffix to TARGET+suffix. A missing one is fine. 0 or errno. */
static int
move_one (const char *path, const char *target, const char *suffix)
{
  g_autofree char *from = g_strconcat (path, suffix, NULL);
  g_autofree char *to = g_strconcat (target, suffix, NULL);

  if (access (from, F_OK) < 0 && errno == ENOENT)
    return 0;
  return ferry_rename_no_replace (AT_FDCWD, from, to);
}

static int
move_all (const char *path, const char *target)
{
  static const char *const suffixes[] = { "-wal", "-shm", "-journal", "" };

  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      int code = move_one (path, target, suffixes[i]);

      if (code != 0)
        return code;
    }
  return 0;
}

char *
ferry_database_set_apart (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y%m%d-%H%M%S");
  g_autofree char *folder = g_path_get_dirname (path);
  int code = access (path, F_OK) == 0 ? EEXIST : errno;

  for (guint n = 1; code == EEXIST && n < MAX_NAMES; n++)
    {
      g_autofree char *number = n == 1 ? g_strdup ("") : g_strdup_printf ("-%u", n);
      g_autofree char *target = g_strconcat (path, ".damaged-", stamp, number, NULL);

      code = move_all (path, target);
      if (code == 0)
        return sync_path (folder, error) ? g_steal_pointer (&target) : NULL;
    }
  ferry_error_from_errno (error, code, path);
  return NULL;
}
