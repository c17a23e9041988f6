/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database.h"
#include "ferry-destination.h"
#include "ferry-record.h"

G_BEGIN_DECLS

/* The rows of the journal: SQL on one side, FerryRecord and FerryChunk on the other. Blocks; only the store's thread
 * calls these, inside a transaction. Errors are those of FerryDatabase. */

/* Lines of history kept for one transfer; the oldest go first. */
#define FERRY_JOURNAL_MAX_HISTORY 1000

/* For ferry_database_open (). */
extern const char *const ferry_journal_migrations[];

gboolean ferry_journal_add (FerryDatabase *database, const FerryRecord *record, GError **error);
/* Adds it where it is not there, updates main's part where it is. */
gboolean ferry_journal_ensure (FerryDatabase *database, const FerryRecord *record, GError **error);

/* Of a transfer that is not there, these change nothing. */
gboolean ferry_journal_update (FerryDatabase *database, const FerryRecord *record, GError **error);
gboolean
ferry_journal_update_spec (FerryDatabase *database, const FerryRecord *record, GError **error);
gboolean ferry_journal_set_order (FerryDatabase *database, const char *const *ids, GError **error);
gboolean ferry_journal_remove (FerryDatabase *database, const char *id, GError **error);
gboolean ferry_journal_add_event (
    FerryDatabase *database, const char *id, gint64 when, const char *sentence, GError **error);

/* Of a transfer that is not there, these fail with FERRY_ERROR_NOT_FOUND_HERE. */
gboolean ferry_journal_save_progress (FerryDatabase *database,
                                      const char *id,
                                      const FerryProgress *progress,
                                      GError **error);
gboolean ferry_journal_save_chunks (FerryDatabase *database,
                                    const char *id,
                                    const FerryChunk *chunks,
                                    gsize n,
                                    guint64 confirmed,
                                    GError **error);
gboolean ferry_journal_settle (FerryDatabase *database,
                               const char *id,
                               const FerryPartStamp *stamp,
                               GError **error);
gboolean ferry_journal_start_over (FerryDatabase *database,
                                   const char *id,
                                   const FerryProgress *progress,
                                   GError **error);
gboolean ferry_journal_drop_chunks (FerryDatabase *database,
                                    const char *id,
                                    const guint64 *indexes,
                                    gsize n,
                                    guint64 confirmed,
                                    GError **error);

/* By position. A row with values that cannot be comes as FAILED, with defaults in their place. (element-type FerryRecord) */
GPtrArray *ferry_journal_load (FerryDatabase *database, GError **error);
/* All of @destinations in place of those that are there. (element-type FerryDestination) */
gboolean
ferry_journal_set_destinations (FerryDatabase *database, GPtrArray *destinations, GError **error);
/* Rows with values that cannot be are left out. (element-type FerryDestination) */
GPtrArray *ferry_journal_load_destinations (FerryDatabase *database, GError **error);
/* By index. Rows with values that cannot be are left out: their bytes are not proven. (element-type FerryChunk) */
GArray *ferry_journal_load_chunks (FerryDatabase *database, const char *id, GError **error);
/* Oldest first. (element-type FerryHistoryLine) */
GPtrArray *ferry_journal_load_history (FerryDatabase *database, const char *id, GError **error);

G_END_DECLS
