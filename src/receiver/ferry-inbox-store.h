/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database.h"

G_BEGIN_DECLS

/**
 * FerryInboxStore:
 *
 * The receiver's database on a thread of its own. What waits at the same time shares one transaction.
 */
typedef struct _FerryInboxStore FerryInboxStore;

/* On the store's thread, inside a transaction. May run again when the transaction failed: it sets what it gives back anew. */
typedef gboolean (*FerryInboxStoreFunc) (FerryDatabase *database, gpointer data, GError **error);

/**
 * ferry_inbox_store_open:
 * @path: the database
 * @set_apart: (out) (nullable): path of a damaged one that was renamed and replaced by an empty one
 *
 * Errors: those of ferry_database_open () but DAMAGED. Blocks; any thread.
 */
FerryInboxStore *ferry_inbox_store_open (const char *path, char **set_apart, GError **error);

/* Blocks. Nobody calls any more. */
void ferry_inbox_store_close (FerryInboxStore *self);

/* Blocks until what @func did is on disk. Any thread but the store's. */
gboolean ferry_inbox_store_call (FerryInboxStore *self,
                                 FerryInboxStoreFunc func,
                                 gpointer data,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryInboxStore, ferry_inbox_store_close)

G_END_DECLS
