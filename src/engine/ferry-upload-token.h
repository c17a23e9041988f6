/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-job.h"

G_BEGIN_DECLS

/**
 * ferry_upload_find_token:
 *
 * Looks the receiver's token up in the keyring where job->spec has none, and puts it there. The lane's thread, before it sends
 * anything; blocks, perhaps until the person has unlocked the keyring. Where there is no token, or no keyring, the receiver
 * decides. FALSE only when @cancellable ended it.
 */
gboolean ferry_upload_find_token (FerryJob *job, GCancellable *cancellable, GError **error);

/* The receiver at @host answered 401: says what helps. Any thread. */
void ferry_upload_set_unauthorized (const FerryJob *job, const char *host, GError **error);

G_END_DECLS
