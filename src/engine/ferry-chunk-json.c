/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-chunk-json.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

#define MAX_DEPTH 8

void
ferry_chunk_json_set_nonsense (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                       _ ("The other end does not answer like a Ferry receiver. Check the "
                          "destination’s address."));
}

/* The parser calls itself for each level: what nests deeper than any answer of ours is not given to it. Nor are the comments
 * and quotes that it takes beyond RFC 8259, in which brackets could hide from this count. */
static gboolean
is_shallow (const char *data, gsize size)
{
  gboolean in_string = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++)
    {
      char c = data[i];
      if (in_string && c == '\\')
        {
          /* json-glib takes octal escapes too, which may make bytes that are no text. */
          if (++i == size || strchr ("\"\\/bfnrtu", data[i]) == NULL || data[i] == '\0')
            return FALSE;
        }
      else if (c == '"')
        in_string = !in_string;
      else if (!in_string && (c == '[' || c == '{') && ++depth > MAX_DEPTH)
        return FALSE;
      else if (!in_string && (c == ']' || c == '}') && depth > 0)
        depth--;
      else if (!in_string && !g_ascii_isalnum (c) && strchr ("\"[]{}:,.+- \t\r\n", c) == NULL)
        return FALSE;
    }
  return TRUE;
}

JsonObject *
ferry_chunk_json_parse (GBytes *json, JsonParser *parser)
{
  gsize size;
  const char *data = g_bytes_get_data (json, &size);
  JsonNode *root;

  if (data == NULL || !g_utf8_validate_len (data, size, NULL) || !is_shallow (data, size)
      || !json_parser_load_from_data (parser, data, (gssize) size, NULL))
    return NULL;
  root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_get_object (root) : NULL;
}

const char *
ferry_chunk_json_get_string (JsonObject *object, const char *name, gsize max)
{
  JsonNode *node = json_object_get_member (object, name);
  const char *text;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  text = json_node_get_string (node);
  /* Half a surrogate pair is an escape that makes no text. */
  return strlen (text) <= max && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

gboolean
ferry_chunk_json_to_number (JsonNode *node, guint64 *number)
{
  gint64 value;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  *number = (guint64) value;
  return value >= 0;
}

gboolean
ferry_chunk_json_get_number (JsonObject *object, const char *name, guint64 *number)
{
  return ferry_chunk_json_to_number (json_object_get_member (object, name), number);
}

/* A date as the protocol writes it (RFC 3339), or nothing. */
gint64
ferry_chunk_json_get_expires (JsonObject *object)
{
  const char *text = ferry_chunk_json_get_string (object, "expires", 64);
  g_autoptr (GDateTime) date = NULL;

  if (text != NULL)
    date = g_date_time_new_from_iso8601 (text, NULL);
  return date != NULL ? MAX (g_date_time_to_unix (date), 0) : 0;
}
