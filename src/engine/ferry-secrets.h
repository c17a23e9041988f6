/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Tokens in the person's keyring (libsecret, schema "io.github.ferryapp.Ferry.Token", attributes "application" and
 * "address": a receiver's normalized address without a slash at its end). All block, perhaps until the person has unlocked the keyring: never on the main thread.
 * Errors: FERRY_ERROR_NO_KEYRING when there is none or it says no, FERRY_ERROR_CANCELLED.
 */
gboolean ferry_secrets_store (const char *address,
                              const char *token,
                              GCancellable *cancellable,
                              GError **error);
/* (transfer full) (nullable): NULL without an error when it knows none */
char *ferry_secrets_lookup (const char *address, GCancellable *cancellable, GError **error);
/* Where there is no keyring, there is nothing to clear. */
gboolean ferry_secrets_clear (const char *address, GCancellable *cancellable, GError **error);

G_END_DECLS
