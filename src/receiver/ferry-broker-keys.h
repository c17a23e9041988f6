/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Keys of a store. */
typedef struct
{
  char *access_key;
  char *secret_key;
  char *session_token; /* (nullable) */
} FerryBrokerKeys;

/**
 * ferry_broker_keys_load:
 * @path: (nullable): a credentials file of AWS, whose section [default] counts; NULL: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and
 *   AWS_SESSION_TOKEN of the environment
 *
 * Errors: FERRY_ERROR_INVALID_ARGUMENT where there are none, FERRY_ERROR_NOT_WRITABLE where others may read or change the
 * file, those of ferry_error_from_errno (). Blocks; any thread.
 */
gboolean ferry_broker_keys_load (FerryBrokerKeys *keys, const char *path, GError **error);

/* The section [default] of @text. FALSE where it has not both keys, or has them twice. Any bytes. */
gboolean ferry_broker_keys_parse (FerryBrokerKeys *keys, const char *text);

/* Overwrites them first. */
void ferry_broker_keys_clear (FerryBrokerKeys *keys);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FerryBrokerKeys, ferry_broker_keys_clear)

G_END_DECLS
