/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destinations.h"
#include "ferry-transfer.h"

G_BEGIN_DECLS

/**
 * FerryEngine:
 *
 * The queue: a GListModel of FerryTransfer in the queue's order, and everything that can be done to it. Main thread
 * only. ferry_engine_reconcile () is the one place that starts and stops lanes; it is level-triggered.
 *
 * Properties: "max-active": uint (1 to 16, default 3), "speed": uint64 (bytes a second of all), "n-active": uint,
 * "timeout": uint (seconds without a byte, default 60), "quiet": boolean (nothing runs, is queued, waits or stops: all is done, paused, failed or needs you), "selective": boolean (writable: only
 * transfers given to ferry_engine_select () run; the rest stay as they are).
 *
 * Signal: "trouble" (sentence: string): the journal cannot be written.
 */
#define FERRY_TYPE_ENGINE (ferry_engine_get_type ())
G_DECLARE_FINAL_TYPE (FerryEngine, ferry_engine, FERRY, ENGINE, GObject)

FerryEngine *ferry_engine_new (void);

/**
 * ferry_engine_open_async:
 * @folder: (nullable): state folder, NULL: ferry_owner_default_folder ()
 * @program: "Ferry" or "ferryctl", for who else asks
 *
 * Claims the folder, opens the journal, fills the list, starts what is wanted. Errors of
 * ferry_engine_open_finish (): those of ferry_owner_claim () and ferry_store_open ().
 */
void ferry_engine_open_async (FerryEngine *self,
                              const char *folder,
                              const char *program,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean ferry_engine_open_finish (FerryEngine *self, GAsyncResult *result, GError **error);

/* After open: a damaged database was set apart here. (nullable) (transfer none) */
const char *ferry_engine_get_set_apart (FerryEngine *self);
/* The state folder. (nullable) before open. */
const char *ferry_engine_get_folder (FerryEngine *self);

/**
 * ferry_engine_close_async:
 *
 * Stops every lane at a clean checkpoint without changing what is wanted, writes the journal, releases the folder.
 * Removed transfers are forgotten for good. Never fails.
 */
void ferry_engine_close_async (FerryEngine *self, GAsyncReadyCallback callback, gpointer user_data);
void ferry_engine_close_finish (FerryEngine *self, GAsyncResult *result);

/* Adds at the end of the queue. Copies @spec. Errors: FERRY_ERROR_INVALID_ARGUMENT (folder not absolute, …). (transfer none) */
FerryTransfer *ferry_engine_add (FerryEngine *self, const FerrySpec *spec, GError **error);

/* By id or by an unambiguous beginning of at least 4 digits; NULL with FERRY_ERROR_NOT_FOUND_HERE. (transfer none) */
FerryTransfer *ferry_engine_find (FerryEngine *self, const char *id, GError **error);
/* A download of the same address and folder (and name, where @name is given) that is not removed. (nullable) (transfer none) */
FerryTransfer *ferry_engine_find_same (FerryEngine *self,
                                       const char *address,
                                       const char *folder,
                                       const char *name);
/* The upload of the same file to the same receiver that is not removed. @address is normalized, @source absolute.
 * (nullable) (transfer none) */
FerryTransfer *
ferry_engine_find_upload (FerryEngine *self, const char *address, const char *source);

void ferry_engine_pause (FerryEngine *self, FerryTransfer *transfer);
/* Also: retry, answered, try now. */
void ferry_engine_resume (FerryEngine *self, FerryTransfer *transfer);
void ferry_engine_pause_all (FerryEngine *self);
void ferry_engine_resume_all (FerryEngine *self);
/* Drops the bytes so far and fetches the file anew; a finished file stays on disk. */
void ferry_engine_start_again (FerryEngine *self, FerryTransfer *transfer);
/* "Save it anyway": answers FERRY_ERROR_WEB_PAGE. */
void ferry_engine_accept_web_page (FerryEngine *self, FerryTransfer *transfer);
/* Credentials for FERRY_ERROR_UNAUTHORIZED: kept in memory only (RFC 7617), then resumes. */
void ferry_engine_sign_in (FerryEngine *self,
                           FerryTransfer *transfer,
                           const char *user,
                           const char *password);
/* The bearer token of an upload's receiver: lives only in memory. (nullable): none */
void ferry_engine_set_token (FerryEngine *self, FerryTransfer *transfer, const char *token);
/**
 * ferry_engine_offer_token:
 * @address: a receiver's, in any spelling
 * @token: (nullable): its bearer token; NULL forgets it
 *
 * For every upload to that address that was not given one of its own: in memory only, until Ferry ends. Wins over the
 * keyring's. Uploads that stopped for want of it go on.
 */
void ferry_engine_offer_token (FerryEngine *self, const char *address, const char *token);

/* After open: where uploads can go to. (transfer none) */
FerryDestinations *ferry_engine_get_destinations (FerryEngine *self);

/* Adds a request header that lives only in memory (spec headers given again by the same ferryctl command). */
gboolean ferry_engine_set_headers (FerryEngine *self,
                                   FerryTransfer *transfer,
                                   const char *const *headers,
                                   GError **error);

/* Another digest that the whole file must have (64 hex digits; NULL: none asked for). FALSE when it is too late: a lane works on
 * it, or the file is finished. */
gboolean ferry_engine_set_sha256 (FerryEngine *self, FerryTransfer *transfer, const char *sha256);

/* Takes it out of the list and stops it; bytes are kept until ferry_engine_forget (). */
void ferry_engine_remove (FerryEngine *self, FerryTransfer *transfer);
/* Undo of remove: back in its old place, wanted as it was. */
void ferry_engine_restore (FerryEngine *self, FerryTransfer *transfer);
/* After remove, for good: the row and an unfinished .part; a finished file stays. */
void ferry_engine_forget (FerryEngine *self, FerryTransfer *transfer);
/* Removes every finished one; (transfer full) (element-type FerryTransfer): for restore or forget. */
GPtrArray *ferry_engine_remove_finished (FerryEngine *self);

/* The row's history from the journal, oldest first. finish: (transfer full) (element-type FerryHistoryLine) */
void ferry_engine_load_history_async (FerryEngine *self,
                                      FerryTransfer *transfer,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
GPtrArray *
ferry_engine_load_history_finish (FerryEngine *self, GAsyncResult *result, GError **error);

void ferry_engine_set_max_active (FerryEngine *self, guint n);
guint ferry_engine_get_max_active (FerryEngine *self);
guint64 ferry_engine_get_speed (FerryEngine *self);
/* The part of ferry_engine_get_speed () that goes out. It is taken anew with "speed". */
guint64 ferry_engine_get_upload_speed (FerryEngine *self);
guint ferry_engine_get_n_active (FerryEngine *self);
gboolean ferry_engine_get_quiet (FerryEngine *self);
void ferry_engine_set_selective (FerryEngine *self, gboolean selective);
void ferry_engine_select (FerryEngine *self, FerryTransfer *transfer);

/* For tests: another network monitor than the default. Before open. */
void ferry_engine_set_network_monitor (FerryEngine *self, GNetworkMonitor *monitor);

void ferry_engine_reconcile (FerryEngine *self);

G_END_DECLS
