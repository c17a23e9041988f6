/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* JSON of the chunk protocol, as foreign bytes: what is not there or not of its type is not taken. */

/* The error for an answer that is none of a receiver's. */
void ferry_chunk_json_set_nonsense (GError **error);

/* An object that @parser owns. (nullable): the bytes are none, or more than an answer of ours ever is */
JsonObject *ferry_chunk_json_parse (GBytes *json, JsonParser *parser);

/* At most @max bytes of UTF-8. (nullable) */
const char *ferry_chunk_json_get_string (JsonObject *object, const char *name, gsize max);

/* A whole number of 0 or more; @node: (nullable) */
gboolean ferry_chunk_json_to_number (JsonNode *node, guint64 *number);
gboolean ferry_chunk_json_get_number (JsonObject *object, const char *name, guint64 *number);

/* Seconds since 1970, 0: none. */
gint64 ferry_chunk_json_get_expires (JsonObject *object);

G_END_DECLS
