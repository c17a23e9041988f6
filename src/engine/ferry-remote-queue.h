/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"

G_BEGIN_DECLS

/* The calls of the interface in ferry-remote.h, made on an engine of this process: what the owner of a queue does when it is
 * asked over D-Bus, and what ferryctl does when it owns the queue itself. Main thread. */

/* Bounds on what may be asked for at once. */
#define FERRY_REMOTE_MAX_HEADERS 64
#define FERRY_REMOTE_MAX_IDS 10000

/* Values of the key "direction". */
#define FERRY_REMOTE_DOWNLOAD "download"
#define FERRY_REMOTE_UPLOAD "upload"

/**
 * ferry_remote_perform_async:
 * @method: "Add", "List", …
 * @parameters: its arguments as a tuple; a floating one is taken
 *
 * Errors of ferry_remote_perform_finish (): FERRY_ERROR, as the engine sets them, and FERRY_ERROR_INVALID_ARGUMENT for a
 * method or arguments that do not exist.
 */
void ferry_remote_perform_async (FerryEngine *engine,
                                 const char *method,
                                 GVariant *parameters,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);

/* The answer as a tuple. (transfer full) */
GVariant *ferry_remote_perform_finish (FerryEngine *engine, GAsyncResult *result, GError **error);

/**
 * ferry_remote_spec_to_variant:
 *
 * The dictionary that Add and Get take. (transfer floating)
 */
GVariant *ferry_remote_spec_to_variant (const FerrySpec *spec);

/**
 * ferry_remote_spec_from_variant:
 * @dictionary: of type a{sv}; from anybody, so nothing is taken on trust
 *
 * Returns: (transfer full): or NULL with FERRY_ERROR_INVALID_ARGUMENT (unknown key, a key of the other direction, wrong type,
 *   out of bounds) or what ferry_spec_new () or ferry_spec_new_upload () says
 */
FerrySpec *ferry_remote_spec_from_variant (GVariant *dictionary, GError **error);

G_END_DECLS
