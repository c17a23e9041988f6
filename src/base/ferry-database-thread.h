/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database.h"

G_BEGIN_DECLS

/**
 * FerryDatabaseThread:
 *
 * A database on a thread of its own, which runs operations in the order they are given. Those that wait at the same time share
 * one transaction. All functions: any thread but that one.
 */
typedef struct _FerryDatabaseThread FerryDatabaseThread;

/* On the database's thread, inside a transaction. May run again when the transaction failed: it sets what it gives back anew. */
typedef gboolean (*FerryDatabaseFunc) (FerryDatabase *database, gpointer data, GError **error);

/* On the database's thread. @error is the caller's. */
typedef void (*FerryDatabaseErrorFunc) (const GError *error, gpointer user_data);

/**
 * ferry_database_thread_open:
 * @name: of the thread
 * @path, @migrations: as ferry_database_open ()
 * @set_apart: (out) (nullable): path of a damaged database that was renamed and replaced by an empty one
 *
 * Errors: those of ferry_database_open () but DAMAGED. Blocks.
 */
FerryDatabaseThread *ferry_database_thread_open (const char *name,
                                                 const char *path,
                                                 const char *const *migrations,
                                                 char **set_apart,
                                                 GError **error);

/* Runs what is queued, then closes. Blocks. Nobody calls any more. */
void ferry_database_thread_close (FerryDatabaseThread *self);

/* Blocks until what @func did is on disk, or did not happen. */
gboolean ferry_database_thread_call (FerryDatabaseThread *self,
                                     FerryDatabaseFunc func,
                                     gpointer data,
                                     GError **error);

/* Returns at once. What fails reaches the error function and the next flush. @data is freed with @free_data. */
void ferry_database_thread_post (FerryDatabaseThread *self,
                                 FerryDatabaseFunc func,
                                 gpointer data,
                                 GDestroyNotify free_data);

/* Blocks until everything given before is on disk. FALSE, once, when something that was posted failed. */
gboolean ferry_database_thread_flush (FerryDatabaseThread *self, GError **error);

void ferry_database_thread_set_error_func (FerryDatabaseThread *self,
                                           FerryDatabaseErrorFunc func,
                                           gpointer user_data);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryDatabaseThread, ferry_database_thread_close)

G_END_DECLS
