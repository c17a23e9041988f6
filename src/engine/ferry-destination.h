/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryDestination:
 *
 * A place that uploads go to, under the name that the person gave it. Main thread only; FerryDestinations writes it. Its token
 * is not here: it lives in the keyring (ferry-secrets.h) or in memory.
 *
 * Properties, read-only, notify when they change: "id": string (32 hex digits; "here": this computer), "name": string,
 * "protocol": string (FerryProtocol.name), "address": string (normalized), "is-default": boolean,
 * "here": boolean (the receiver inside Ferry: not in the journal, cannot be edited).
 */
#define FERRY_TYPE_DESTINATION (ferry_destination_get_type ())
G_DECLARE_FINAL_TYPE (FerryDestination, ferry_destination, FERRY, DESTINATION, GObject)

const char *ferry_destination_get_id (FerryDestination *self);
const char *ferry_destination_get_name (FerryDestination *self);
const char *ferry_destination_get_protocol (FerryDestination *self);
const char *ferry_destination_get_address (FerryDestination *self);
gboolean ferry_destination_get_is_default (FerryDestination *self);
gboolean ferry_destination_get_here (FerryDestination *self);

/**
 * ferry_destination_test_async:
 * @address: of a receiver, as typed
 * @token: (nullable): NULL: what the keyring has for it, if anything
 *
 * Asks the receiver at @address something that changes nothing, to learn whether it is there, is a receiver, and takes the
 * token. Main thread; works on one of its own. Errors of finish: FERRY_ERROR with a sentence that says what to do.
 */
void ferry_destination_test_async (const char *address,
                                   const char *token,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean ferry_destination_test_finish (GAsyncResult *result, GError **error);

G_END_DECLS
