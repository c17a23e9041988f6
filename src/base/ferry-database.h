/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * FerryDatabase:
 *
 * One SQLite database: WAL, foreign keys, synchronous=FULL, migrated by user_version. Blocks; one thread owns it.
 */
typedef struct _FerryDatabase FerryDatabase;

/**
 * ferry_database_open:
 * @path: the file; made with mode 0600 when missing
 * @migrations: NULL-terminated SQL scripts; script i leads from version i to i + 1, in one transaction with its bump
 * @error: FERRY_ERROR_STORE_NEWER, FERRY_ERROR_STORE_DAMAGED (not a database, or PRAGMA quick_check complains: the
 *   caller may set the file apart), FERRY_ERROR_NOT_WRITABLE (read-only file or folder), FERRY_ERROR_NO_SPACE, FERRY_ERROR_STORE_BUSY,
 *   FERRY_ERROR_STORE
 *
 * Opens, checks and migrates. Before migrating a database that holds something it is copied beside itself as
 * "PATH.before-vN" (N: the version it had).
 */
FerryDatabase *
ferry_database_open (const char *path, const char *const *migrations, GError **error);
void ferry_database_close (FerryDatabase *self);

/* Prepared once and kept; reset and unbound already. NULL with FERRY_ERROR_STORE. (transfer none) */
sqlite3_stmt *ferry_database_prepare (FerryDatabase *self, const char *sql, GError **error);

/* Steps a statement that returns no rows, then resets it. */
gboolean ferry_database_step (FerryDatabase *self, sqlite3_stmt *statement, GError **error);

/* 1: a row, 0: no more (reset then), -1: error. */
int ferry_database_next (FerryDatabase *self, sqlite3_stmt *statement, GError **error);

gboolean ferry_database_execute (FerryDatabase *self, const char *sql, GError **error);
gboolean ferry_database_begin (FerryDatabase *self, GError **error);
gboolean ferry_database_commit (FerryDatabase *self, GError **error);
void ferry_database_rollback (FerryDatabase *self);

/**
 * ferry_database_set_apart:
 * @path: a database that cannot be used
 *
 * Renames it, its -wal and its -shm to "PATH.damaged-YYYYMMDD-HHMMSS[-n]…" without overwriting; never deletes.
 *
 * Returns: (transfer full): the new path, or NULL with an error
 */
char *ferry_database_set_apart (const char *path, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryDatabase, ferry_database_close)

G_END_DECLS
