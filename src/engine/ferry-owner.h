/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryOwner:
 *
 * The lock on a state folder: one process owns the queue. An open-file-description lock on "FOLDER/lock", whose text says
 * who has it; the kernel drops it with the process, so a kill leaves nothing to clean up.
 */
typedef struct _FerryOwner FerryOwner;

/**
 * ferry_owner_claim:
 * @folder: state folder; made with mode 0700
 * @program: "Ferry", "ferryctl": for the sentence another process shows
 *
 * Errors: FERRY_ERROR_STORE_BUSY with a sentence that names program and process ("The queue is in use by Ferry
 * (process 123)."), FERRY_ERROR_NOT_WRITABLE, FERRY_ERROR_NO_SPACE, FERRY_ERROR_DISK. Blocks shortly; any thread.
 */
FerryOwner *ferry_owner_claim (const char *folder, const char *program, GError **error);
void ferry_owner_release (FerryOwner *self);

/* Where the owner listens: a Unix socket "unix:path=…" D-Bus address short enough for sun_path: in
 * g_get_user_runtime_dir (), named by a hash of the folder's real path. Same for every process. (transfer full) */
char *ferry_owner_address (const char *folder);

/* g_get_user_state_dir ()/ferry. (transfer full) */
char *ferry_owner_default_folder (void);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryOwner, ferry_owner_release)

G_END_DECLS
