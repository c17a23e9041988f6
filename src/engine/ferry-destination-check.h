/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a person types for a destination. Pure; any thread. */

/* The name without spaces around it, or FERRY_ERROR_INVALID_ARGUMENT. (transfer full) */
char *ferry_destination_check_name (const char *name, GError **error);

/* The same for two names that differ in case or in the way they are encoded only. (transfer full) */
char *ferry_destination_name_key (const char *name);

/* The address of a receiver as typed, normalized; errors of ferry_address_normalize (), and FERRY_ERROR_INVALID_ARGUMENT for
 * one with a user, a query or a fragment. (transfer full) */
char *ferry_destination_check_address (const char *address, GError **error);

/* @token: (nullable). FERRY_ERROR_INVALID_ARGUMENT for what can be none. */
gboolean ferry_destination_check_token (const char *token, GError **error);

/* The same for two normalized addresses that mean one receiver: no slash at the end. (transfer full) */
char *ferry_destination_address_key (const char *address);

G_END_DECLS
