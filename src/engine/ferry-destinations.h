/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destination.h"

G_BEGIN_DECLS

/**
 * FerryDestinations:
 *
 * The places that uploads can go to: a GListModel of FerryDestination, "here" first, the others by name. Belongs to an
 * open FerryEngine (ferry_engine_get_destinations ()); kept in the journal. Main thread only. Never more than one is the
 * default; while there are any (not counting "here"), one is.
 */
#define FERRY_TYPE_DESTINATIONS (ferry_destinations_get_type ())
G_DECLARE_FINAL_TYPE (FerryDestinations, ferry_destinations, FERRY, DESTINATIONS, GObject)

/* By name (case does not matter), else by address in any spelling. (nullable) (transfer none) */
FerryDestination *ferry_destinations_find (FerryDestinations *self, const char *name_or_address);
FerryDestination *ferry_destinations_find_by_id (FerryDestinations *self, const char *id);
/* (nullable): none yet. "here" only when there is no other. (transfer none) */
FerryDestination *ferry_destinations_get_default (FerryDestinations *self);
void ferry_destinations_set_default (FerryDestinations *self, FerryDestination *destination);

/**
 * ferry_destinations_save_async:
 * @destination: (nullable): the one to change; NULL: a new one
 * @name: how the person calls it: not empty, unlike the others, no control characters, at most 100 characters
 * @address: of the receiver, as typed
 * @token: (nullable): NULL: leave what the keyring has
 *
 * Puts the token into the keyring and then the row into the journal. Without @token, a new address on the same server keeps the
 * token; on another server it starts without one. Uploads that stopped for want of a token go on when there is one. Errors of
 * finish: FERRY_ERROR_INVALID_ARGUMENT, FERRY_ERROR_EXISTS (the name is taken), FERRY_ERROR_CANCELLED, those of ferry_address_normalize (), FERRY_ERROR_NO_KEYRING (nothing was changed; ferry_engine_offer_token () keeps it for
 * as long as Ferry runs, and save again with a NULL token keeps the row).
 */
void ferry_destinations_save_async (FerryDestinations *self,
                                    FerryDestination *destination,
                                    const char *name,
                                    const char *address,
                                    const char *token,
                                    GCancellable *cancellable,
                                    GAsyncReadyCallback callback,
                                    gpointer user_data);
/* (transfer none) */
FerryDestination *
ferry_destinations_save_finish (FerryDestinations *self, GAsyncResult *result, GError **error);

/* Takes it out at once, and its token out of the keyring when no other has the same address; transfers keep what they know.
 * Errors of finish: only that the keyring kept the token. */
void ferry_destinations_remove_async (FerryDestinations *self,
                                      FerryDestination *destination,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
gboolean
ferry_destinations_remove_finish (FerryDestinations *self, GAsyncResult *result, GError **error);

/* The receiver inside Ferry listens at @address now and is a destination "here" called @name; NULL: it does not. */
void ferry_destinations_set_here (FerryDestinations *self, const char *name, const char *address);

G_END_DECLS
