/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The JSON in requests. */
#include "ferry-request.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* The end of the string that starts at @i, or 0. */
static gsize
skip_string (const char *data, gsize length, gsize i)
{
  for (i++; i < length; i++)
    {
      if (data[i] == '"')
        return i;
      if ((guchar) data[i] < ' ')
        return 0;
      /* json-glib takes octal escapes too, which may make bytes that are no text. */
      if (data[i] == '\\' && (++i == length || data[i] == '\0' || !strchr ("\"\\/bfnrtu", data[i])))
        return 0;
    }
  return 0;
}

static gboolean
is_plain_outside_strings (char c)
{
  return g_ascii_isdigit (c) || g_ascii_islower (c) || (c != '\0' && strchr (" \t\r\n:,+-.E", c));
}

gboolean
ferry_request_json_is_plain (const char *data, gsize length)
{
  guint depth = 0;

  if (length > FERRY_REQUEST_JSON_MAX || !g_utf8_validate_len (data, length, NULL))
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      char c = data[i];

      if (c == '"')
        {
          i = skip_string (data, length, i);
          if (i == 0)
            return FALSE;
        }
      else if (c == '{' || c == '[')
        {
          if (++depth > FERRY_REQUEST_JSON_DEPTH)
            return FALSE;
        }
      else if (c == '}' || c == ']')
        {
          if (depth-- == 0)
            return FALSE;
        }
      else if (!is_plain_outside_strings (c))
        return FALSE;
    }
  return depth == 0;
}

static JsonObject *
parse_object (const char *data, gsize length)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();

  if (length == 0 || !ferry_request_json_is_plain (data, length)
      || !json_parser_load_from_data (parser, data, (gssize) length, NULL))
    return NULL;

  JsonNode *root = json_parser_get_root (parser);

  return root != NULL && JSON_NODE_HOLDS_OBJECT (root) ? json_node_dup_object (root) : NULL;
}

/* The member, or NULL when it is absent or null. */
static JsonNode *
get_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node != NULL && !JSON_NODE_HOLDS_NULL (node) ? node : NULL;
}

static const char *
get_string (JsonNode *node)
{
  return node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* FALSE when it is there and none. */
static gboolean
read_sha256 (JsonObject *object, gboolean *has_sha256, guint8 sha256[FERRY_SHA256_SIZE])
{
  JsonNode *node = get_member (object, "sha256");

  *has_sha256 = FALSE;
  if (node == NULL)
    return TRUE;
  *has_sha256 = ferry_sha256_from_hex (get_string (node), sha256);
  return *has_sha256;
}

/* Seconds since 1970 or a time of RFC 3339; FALSE when it is there and neither. */
static gboolean
read_modified (JsonObject *object, gint64 *modified)
{
  JsonNode *node = get_member (object, "modified");
  const char *text = get_string (node);
  const gint64 last = G_GINT64_CONSTANT (253402300799); /* the end of the year 9999 */

  *modified = -1;
  if (node == NULL)
    return TRUE;
  if (text != NULL)
    {
      g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
      g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

      if (time == NULL)
        return FALSE;
      *modified = CLAMP (g_date_time_to_unix (time), 0, last);
      return TRUE;
    }
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *modified = CLAMP (json_node_get_int (node), 0, last);
  return TRUE;
}

static gboolean
read_size (JsonObject *object, guint64 *size)
{
  JsonNode *node = get_member (object, "size");

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64 || json_node_get_int (node) < 0)
    return FALSE;
  *size = (guint64) json_node_get_int (node);
  return TRUE;
}

const char *
ferry_initiate_parse (const char *data, gsize length, FerryInitiate *initiate)
{
  g_return_val_if_fail (initiate != NULL, NULL);

  memset (initiate, 0, sizeof *initiate);

  g_autoptr (JsonObject) object = parse_object (data, length);

  if (object == NULL)
    return "The body is not a JSON object.";

  const char *name = get_string (get_member (object, "name"));

  /* Half a surrogate pair is an escape that makes no text. */
  if (name == NULL || *name == '\0' || !g_utf8_validate (name, -1, NULL))
    return "“name” is missing or is not text.";
  if (strlen (name) > FERRY_REQUEST_NAME_MAX)
    return "“name” is too long.";
  if (!read_size (object, &initiate->size))
    return "“size” is missing or is not a whole number of bytes.";
  if (!read_modified (object, &initiate->modified))
    return "“modified” is neither a time like 2031-05-03T14:02:00Z nor whole seconds since 1970.";
  if (!read_sha256 (object, &initiate->has_sha256, initiate->sha256))
    return "“sha256” is not 64 hexadecimal digits.";
  initiate->name = g_strdup (name);
  return NULL;
}

void
ferry_initiate_clear (FerryInitiate *initiate)
{
  g_clear_pointer (&initiate->name, g_free);
}

void
ferry_initiate_digest (const FerryInitiate *initiate, guint8 sha256[FERRY_SHA256_SIZE])
{
  g_return_if_fail (initiate != NULL && initiate->name != NULL);

  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autofree char *numbers
      = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %d ", initiate->size,
                         initiate->modified, initiate->has_sha256);

  ferry_digest_update (digest, numbers, strlen (numbers));
  if (initiate->has_sha256)
    ferry_digest_update (digest, initiate->sha256, FERRY_SHA256_SIZE);
  ferry_digest_update (digest, initiate->name, strlen (initiate->name));
  ferry_digest_finish (digest, sha256);
}

const char *
ferry_complete_parse (const char *data,
                      gsize length,
                      gboolean *has_sha256,
                      guint8 sha256[FERRY_SHA256_SIZE])
{
  *has_sha256 = FALSE;
  if (length == 0)
    return NULL;

  g_autoptr (JsonObject) object = parse_object (data, length);

  if (object == NULL)
    return "The body is not a JSON object.";
  if (!read_sha256 (object, has_sha256, sha256))
    return "“sha256” is not 64 hexadecimal digits.";
  return NULL;
}

/* ---- of uploads whose bytes go to a store ---- */

static gboolean
read_index (JsonArray *pair, guint i, guint64 *index)
{
  JsonNode *node = json_array_get_element (pair, i);

  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_INT64
      || json_node_get_int (node) < 0)
    return FALSE;
  *index = (guint64) json_node_get_int (node);
  return TRUE;
}

/* One inclusive range, behind the ones before it. */
static const char *
read_range (JsonNode *node, FerryUrlsRequest *request)
{
  JsonArray *pair = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint64 first = 0, last = 0;

  if (pair == NULL || json_array_get_length (pair) != 2 || !read_index (pair, 0, &first)
      || !read_index (pair, 1, &last) || last < first
      || (request->n > 0 && first <= request->chunks[request->n - 1]))
    return "“chunks” is not a list of ascending ranges like [[0,3],[7,7]].";
  if (last - first >= FERRY_URLS_MAX - request->n)
    return "More than 100 addresses at once.";
  for (guint64 chunk = first; chunk <= last; chunk++)
    request->chunks[request->n++] = chunk;
  return NULL;
}

static const char *
read_ranges (JsonObject *object, FerryUrlsRequest *request)
{
  JsonNode *node = get_member (object, "chunks");
  JsonArray *ranges
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = ranges != NULL ? json_array_get_length (ranges) : 0;
  const char *wrong = n == 0 ? "“chunks” is missing or names no chunk." : NULL;

  for (guint i = 0; i < n && wrong == NULL; i++)
    wrong = read_range (json_array_get_element (ranges, i), request);
  return wrong;
}

static const char *
read_sums (JsonObject *object, FerryUrlsRequest *request)
{
  static const char wrong[]
      = "“sha256” does not have 64 hexadecimal digits for each of the chunks.";
  JsonNode *node = get_member (object, "sha256");
  JsonArray *sums
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;

  request->has_sha256 = node != NULL;
  if (node == NULL)
    return NULL;
  if (sums == NULL || json_array_get_length (sums) != request->n)
    return wrong;
  for (guint i = 0; i < request->n; i++)
    if (!ferry_sha256_from_hex (get_string (json_array_get_element (sums, i)), request->sha256[i]))
      return wrong;
  return NULL;
}

const char *
ferry_urls_parse (const char *data, gsize length, FerryUrlsRequest *request)
{
  g_return_val_if_fail (request != NULL, NULL);

  g_autoptr (JsonObject) object = parse_object (data, length);
  const char *wrong = NULL;

  request->n = 0;
  request->has_sha256 = FALSE;
  if (object == NULL)
    return "The body is not a JSON object.";
  wrong = read_ranges (object, request);
  return wrong != NULL ? wrong : read_sums (object, request);
}

/* Without its quotes; nothing that XML or a header could trip over. (transfer full) (nullable) */
static char *
read_etag (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;
  gboolean quoted = length >= 2 && text[0] == '"' && text[length - 1] == '"';
  g_autofree char *etag = quoted ? g_strndup (text + 1, length - 2) : g_strdup (text);

  if (etag == NULL || *etag == '\0' || length > FERRY_ETAG_MAX)
    return NULL;
  for (const char *p = etag; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p) || strchr ("\"<>&", *p) != NULL)
      return NULL;
  return g_steal_pointer (&etag);
}

static gboolean
read_md5 (JsonObject *object, FerryReceipt *receipt)
{
  JsonNode *node = get_member (object, "md5");
  const char *hex = get_string (node);

  receipt->has_md5 = node != NULL;
  if (node == NULL)
    return TRUE;
  if (hex == NULL || strlen (hex) != 2 * FERRY_MD5_SIZE)
    return FALSE;
  for (guint i = 0; i < FERRY_MD5_SIZE; i++)
    {
      if (!g_ascii_isxdigit (hex[2 * i]) || !g_ascii_isxdigit (hex[2 * i + 1]))
        return FALSE;
      receipt->md5[i] = (guint8) (g_ascii_xdigit_value (hex[2 * i]) * 16
                                  + g_ascii_xdigit_value (hex[2 * i + 1]));
    }
  return TRUE;
}

const char *
ferry_receipt_parse (const char *data, gsize length, FerryReceipt *receipt)
{
  g_return_val_if_fail (receipt != NULL, NULL);

  memset (receipt, 0, sizeof *receipt);

  g_autoptr (JsonObject) object = parse_object (data, length);
  gboolean has_sha256 = FALSE;

  if (object == NULL)
    return "The body is not a JSON object.";
  if (!read_sha256 (object, &has_sha256, receipt->sha256) || !has_sha256)
    return "“sha256” is missing or is not 64 hexadecimal digits.";
  if (!read_md5 (object, receipt))
    return "“md5” is not 32 hexadecimal digits.";
  receipt->etag = read_etag (get_string (get_member (object, "etag")));
  return receipt->etag != NULL ? NULL
                               : "“etag” is missing or is not 1 to 256 printable characters.";
}
