/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-chunk-api.h"

#include <glib/gi18n-lib.h>
#include <json-glib/json-glib.h>

#include "ferry-digest.h"
#include "ferry-error.h"

#define MAX_ID 256
#define MAX_DEPTH 8
#define MAX_URL (16 * 1024)
#define MAX_PROBLEM 300

static void
set_nonsense (GError **error)
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

static JsonObject *
parse_object (GBytes *json, JsonParser *parser)
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

static const char *
get_string (JsonObject *object, const char *name, gsize max)
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

static gboolean
node_to_number (JsonNode *node, guint64 *number)
{
  gint64 value;

  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  value = json_node_get_int (node);
  *number = (guint64) value;
  return value >= 0;
}

static gboolean
get_number (JsonObject *object, const char *name, guint64 *number)
{
  return node_to_number (json_object_get_member (object, name), number);
}

/* A date as the protocol writes it (RFC 3339), or nothing. */
static gint64
get_expires (JsonObject *object)
{
  const char *text = get_string (object, "expires", 64);
  g_autoptr (GDateTime) date = NULL;

  if (text != NULL)
    date = g_date_time_new_from_iso8601 (text, NULL);
  return date != NULL ? MAX (g_date_time_to_unix (date), 0) : 0;
}

static guint64
count_chunks (guint64 size, guint64 chunk_size)
{
  return size / chunk_size + (size % chunk_size != 0);
}

static gboolean
get_layout (JsonObject *object, guint64 size, guint64 *chunk_size, guint64 *total)
{
  return get_number (object, "chunkSize", chunk_size) && *chunk_size > 0
         && get_number (object, "totalChunks", total) && *total <= FERRY_CHUNK_API_MAX_CHUNKS
         && *total == count_chunks (size, *chunk_size);
}

/* Inclusive pairs, ascending, disjoint, not adjacent, all below @total. */
static FerryRanges *
parse_pairs (JsonNode *node, guint64 total)
{
  g_autoptr (FerryRanges) ranges = ferry_ranges_new ();
  JsonArray *pairs;
  guint64 next = 0;

  if (node == NULL || !JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  pairs = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (pairs); i++)
    {
      JsonNode *pair = json_array_get_element (pairs, i);
      JsonArray *ends = JSON_NODE_HOLDS_ARRAY (pair) ? json_node_get_array (pair) : NULL;
      guint64 first;
      guint64 last;

      if (ends == NULL || json_array_get_length (ends) != 2
          || !node_to_number (json_array_get_element (ends, 0), &first)
          || !node_to_number (json_array_get_element (ends, 1), &last) || first < next
          || last < first || last >= total)
        return NULL;
      ferry_ranges_add (ranges, first, last + 1);
      next = last + 2;
    }
  return g_steal_pointer (&ranges);
}

static char *
build (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

char *
ferry_chunk_api_create_body (const char *name, guint64 size, gint64 modified)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (modified);

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "name");
  json_builder_add_string_value (builder, name);
  json_builder_set_member_name (builder, "size");
  json_builder_add_int_value (builder, (gint64) size);
  if (date != NULL)
    {
      g_autofree char *text = g_date_time_format (date, "%Y-%m-%dT%H:%M:%SZ");
      json_builder_set_member_name (builder, "modified");
      json_builder_add_string_value (builder, text);
    }
  return build (builder);
}

char *
ferry_chunk_api_complete_body (const char *sha256)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "sha256");
  json_builder_add_string_value (builder, sha256);
  return build (builder);
}

FerryChunkCreated *
ferry_chunk_api_parse_created (GBytes *json, guint64 size, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (FerryChunkCreated) created = g_new0 (FerryChunkCreated, 1);
  JsonObject *object = parse_object (json, parser);
  const char *id = object != NULL ? get_string (object, "uploadId", MAX_ID) : NULL;

  if (id == NULL || *id == '\0'
      || !get_layout (object, size, &created->chunk_size, &created->total_chunks))
    {
      set_nonsense (error);
      return NULL;
    }
  if (g_strcmp0 (get_string (object, "transport", 32), "direct") != 0)
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                           _ ("This receiver hands out files to another server in a way this Ferry "
                              "does not know yet. Update Ferry."));
      return NULL;
    }
  created->upload_id = g_strdup (id);
  created->expires = get_expires (object);
  return g_steal_pointer (&created);
}

static gboolean
parse_state (const char *text, FerryChunkState *state)
{
  static const char *const names[] = { "in_progress", "complete", "expired" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_strcmp0 (text, names[i]) == 0)
        {
          *state = (FerryChunkState) i;
          return TRUE;
        }
    }
  return FALSE;
}

FerryChunkStatus *
ferry_chunk_api_parse_status (GBytes *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (FerryChunkStatus) status = g_new0 (FerryChunkStatus, 1);
  JsonObject *object = parse_object (json, parser);

  if (object != NULL && parse_state (get_string (object, "status", 32), &status->state)
      && get_number (object, "size", &status->size)
      && get_layout (object, status->size, &status->chunk_size, &status->total_chunks))
    status->received
        = parse_pairs (json_object_get_member (object, "receivedChunks"), status->total_chunks);
  if (status->received == NULL)
    {
      set_nonsense (error);
      return NULL;
    }
  status->expires = get_expires (object);
  return g_steal_pointer (&status);
}

FerryChunkResult *
ferry_chunk_api_parse_result (GBytes *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (FerryChunkResult) result = g_new0 (FerryChunkResult, 1);
  JsonObject *object = parse_object (json, parser);
  guint8 sha256[FERRY_SHA256_SIZE];
  const char *hex;
  const char *url;

  hex = object != NULL ? get_string (object, "sha256", 64) : NULL;
  url = object != NULL ? get_string (object, "url", MAX_URL) : NULL;
  if (hex == NULL || url == NULL || !ferry_sha256_from_hex (hex, sha256)
      || g_strcmp0 (get_string (object, "status", 32), "complete") != 0
      || !get_number (object, "size", &result->size))
    {
      set_nonsense (error);
      return NULL;
    }
  result->sha256 = ferry_sha256_to_hex (sha256);
  result->url = g_strdup (url);
  return g_steal_pointer (&result);
}

gboolean
ferry_chunk_api_parse_chunk (GBytes *json, guint64 index, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = parse_object (json, parser);
  guint64 number;

  if (object != NULL && get_number (object, "chunk", &number) && number == index)
    return TRUE;
  set_nonsense (error);
  return FALSE;
}

FerryRanges *
ferry_chunk_api_parse_missing (GBytes *json, guint64 total_chunks)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = parse_object (json, parser);

  if (object == NULL)
    return NULL;
  return parse_pairs (json_object_get_member (object, "missing"), total_chunks);
}

char *
ferry_chunk_api_parse_problem (GBytes *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = parse_object (json, parser);
  const char *text = object != NULL ? get_string (object, "detail", MAX_PROBLEM) : NULL;

  if (object != NULL && text == NULL)
    text = get_string (object, "title", MAX_PROBLEM);
  if (text == NULL || *text == '\0')
    return NULL;
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (!g_unichar_isprint (g_utf8_get_char (p)))
        return NULL;
    }
  return g_strdup (text);
}

char *
ferry_chunk_api_parse_problem_type (GBytes *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = parse_object (json, parser);

  return object != NULL ? g_strdup (get_string (object, "type", MAX_PROBLEM)) : NULL;
}

void
ferry_chunk_created_free (FerryChunkCreated *self)
{
  g_free (self->upload_id);
  g_free (self);
}

void
ferry_chunk_status_free (FerryChunkStatus *self)
{
  g_clear_pointer (&self->received, ferry_ranges_free);
  g_free (self);
}

void
ferry_chunk_result_free (FerryChunkResult *self)
{
  g_free (self->sha256);
  g_free (self->url);
  g_free (self);
}
