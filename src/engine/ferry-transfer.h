/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-record.h"

G_BEGIN_DECLS

/**
 * FerryTransfer:
 *
 * One download or upload in the queue, for people to look at. Main thread only. All properties are read-only and
 * notify only when they change; the engine writes them.
 *
 * Properties (name: GType): "id": string, "name": string (never empty: the address's name until the server's is
 * known), "address": string, "state": int (FerryState), "size": int64 (-1 unknown), "received": uint64 (bytes held),
 * "fraction": double (0 to 1; -1 while the size is unknown and bytes are there), "speed": uint64 (bytes a second, 0 unless ACTIVE), "caption": string (the row's one line:
 * "124 MB of 1.2 GB · 14 MB/s · 1 min left", or the why-sentence), "resume": int (FerryResume),
 * "path": string (nullable; of the finished file), "media-type": string (nullable).
 */
#define FERRY_TYPE_TRANSFER (ferry_transfer_get_type ())
G_DECLARE_FINAL_TYPE (FerryTransfer, ferry_transfer, FERRY, TRANSFER, GObject)

const char *ferry_transfer_get_id (FerryTransfer *self);
const char *ferry_transfer_get_name (FerryTransfer *self);
const char *ferry_transfer_get_address (FerryTransfer *self);
const char *ferry_transfer_get_folder (FerryTransfer *self);
const char *ferry_transfer_get_path (FerryTransfer *self);
const char *ferry_transfer_get_media_type (FerryTransfer *self);
FerryState ferry_transfer_get_state (FerryTransfer *self);
gint64 ferry_transfer_get_size (FerryTransfer *self);
guint64 ferry_transfer_get_received (FerryTransfer *self);
double ferry_transfer_get_fraction (FerryTransfer *self);
guint64 ferry_transfer_get_speed (FerryTransfer *self);
const char *ferry_transfer_get_caption (FerryTransfer *self);
FerryResume ferry_transfer_get_resume (FerryTransfer *self);
FerryWanted ferry_transfer_get_wanted (FerryTransfer *self);
/* The last error's code (-1: none) and sentence (nullable), while WAITING, NEEDS_YOU or FAILED. */
int ferry_transfer_get_error_code (FerryTransfer *self);
const char *ferry_transfer_get_error_message (FerryTransfer *self);
/* What the whole file must be or was proven to be: the person's SHA-256, else the server's; 64 hex digits. (nullable) */
const char *ferry_transfer_get_sha256 (FerryTransfer *self);
/* How the finished file was proven, as FerryProgress.verified. (nullable) */
const char *ferry_transfer_get_verified (FerryTransfer *self);
FerryDirection ferry_transfer_get_direction (FerryTransfer *self);
/* The file that an upload sends, from the root. (nullable): NULL for a download */
const char *ferry_transfer_get_source (FerryTransfer *self);
/* What the person calls the receiver of an upload, else its host. (nullable): NULL for a download. (transfer full) */
char *ferry_transfer_get_whereto (FerryTransfer *self);
/* What others can fetch it from: a download's address, a finished upload's at its receiver. (nullable) */
const char *ferry_transfer_get_link (FerryTransfer *self);
/* Seconds since 1970. */
gint64 ferry_transfer_get_added (FerryTransfer *self);
gint64 ferry_transfer_get_finished (FerryTransfer *self);

G_END_DECLS
