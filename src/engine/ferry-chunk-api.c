/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-chunk-api.h"

#include <glib/gi18n-lib.h>

#include "ferry-chunk-json.h"
#include "ferry-digest.h"
#include "ferry-error.h"

#define MAX_ID 256
#define MAX_URL (16 * 1024)
#define MAX_PROBLEM 300
#define MAX_ETAG 256

static guint64
count_chunks (guint64 size, guint64 chunk_size)
{
  return size / chunk_size + (size % chunk_size != 0);
}

static gboolean
get_layout (JsonObject *object, guint64 size, guint64 *chunk_size, guint64 *total)
{
  return ferry_chunk_json_get_number (object, "chunkSize", chunk_size) && *chunk_size > 0
         && ferry_chunk_json_get_number (object, "totalChunks", total)
         && *total <= FERRY_CHUNK_API_MAX_CHUNKS && *total == count_chunks (size, *chunk_size);
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
          || !ferry_chunk_json_to_number (json_array_get_element (ends, 0), &first)
          || !ferry_chunk_json_to_number (json_array_get_element (ends, 1), &last) || first < next
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

char *
ferry_chunk_api_urls_body (const guint64 *indexes, const char *const *sha256, gsize n)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "chunks");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n;)
    {
      gsize first = i;

      while (++i < n && indexes[i] == indexes[i - 1] + 1)
        ;
      json_builder_begin_array (builder);
      json_builder_add_int_value (builder, (gint64) indexes[first]);
      json_builder_add_int_value (builder, (gint64) indexes[i - 1]);
      json_builder_end_array (builder);
    }
  json_builder_end_array (builder);
  json_builder_set_member_name (builder, "sha256");
  json_builder_begin_array (builder);
  for (gsize i = 0; i < n; i++)
    json_builder_add_string_value (builder, sha256[i]);
  json_builder_end_array (builder);
  return build (builder);
}

char *
ferry_chunk_api_receipt_body (const char *etag, const char *sha256, const char *md5)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "etag");
  json_builder_add_string_value (builder, etag);
  json_builder_set_member_name (builder, "sha256");
  json_builder_add_string_value (builder, sha256);
  if (md5 != NULL)
    {
      json_builder_set_member_name (builder, "md5");
      json_builder_add_string_value (builder, md5);
    }
  return build (builder);
}

static gboolean
parse_transport (const char *text, FerryTransport *transport)
{
  static const char *const names[] = { "direct", "presigned" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_strcmp0 (text, names[i]) == 0)
        {
          *transport = (FerryTransport) i;
          return TRUE;
        }
    }
  return FALSE;
}

FerryChunkCreated *
ferry_chunk_api_parse_created (GBytes *json, guint64 size, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (FerryChunkCreated) created = g_new0 (FerryChunkCreated, 1);
  JsonObject *object = ferry_chunk_json_parse (json, parser);
  const char *id = object != NULL ? ferry_chunk_json_get_string (object, "uploadId", MAX_ID) : NULL;

  if (id == NULL || *id == '\0'
      || !get_layout (object, size, &created->chunk_size, &created->total_chunks))
    {
      ferry_chunk_json_set_nonsense (error);
      return NULL;
    }
  if (!parse_transport (ferry_chunk_json_get_string (object, "transport", 32), &created->transport))
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                           _ ("This receiver hands out files to another server in a way this Ferry "
                              "does not know yet. Update Ferry."));
      return NULL;
    }
  created->upload_id = g_strdup (id);
  created->expires = ferry_chunk_json_get_expires (object);
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
  JsonObject *object = ferry_chunk_json_parse (json, parser);

  if (object != NULL
      && parse_state (ferry_chunk_json_get_string (object, "status", 32), &status->state)
      && ferry_chunk_json_get_number (object, "size", &status->size)
      && get_layout (object, status->size, &status->chunk_size, &status->total_chunks))
    status->received
        = parse_pairs (json_object_get_member (object, "receivedChunks"), status->total_chunks);
  if (status->received == NULL)
    {
      ferry_chunk_json_set_nonsense (error);
      return NULL;
    }
  status->expires = ferry_chunk_json_get_expires (object);
  return g_steal_pointer (&status);
}

/* Proof that this Ferry does not know is none to it. */
static gboolean
get_proof (JsonObject *object, FerryChunkProof *proof)
{
  static const char *const names[] = { "none", "etag", "sha256" };
  const char *text = ferry_chunk_json_get_string (object, "proof", 32);

  *proof = FERRY_CHUNK_PROOF_NONE;
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      if (g_strcmp0 (text, names[i]) == 0)
        *proof = (FerryChunkProof) i;
    }
  return text != NULL;
}

static gboolean
get_sha256 (JsonObject *object, gboolean nullable, char **sha256)
{
  JsonNode *node = json_object_get_member (object, "sha256");
  const char *hex = ferry_chunk_json_get_string (object, "sha256", 64);
  guint8 bytes[FERRY_SHA256_SIZE];

  if (nullable && (node == NULL || JSON_NODE_HOLDS_NULL (node)))
    return TRUE;
  if (hex == NULL || !ferry_sha256_from_hex (hex, bytes))
    return FALSE;
  *sha256 = ferry_sha256_to_hex (bytes);
  return TRUE;
}

/* Quotes are the header's, not the tag's. */
static char *
get_etag (JsonObject *object)
{
  const char *text = ferry_chunk_json_get_string (object, "etag", MAX_ETAG);
  gsize length = text != NULL ? strlen (text) : 0;

  if (length >= 2 && text[0] == '"' && text[length - 1] == '"')
    return g_strndup (text + 1, length - 2);
  return g_strdup (text);
}

FerryChunkResult *
ferry_chunk_api_parse_result (GBytes *json, FerryTransport transport, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (FerryChunkResult) result = g_new0 (FerryChunkResult, 1);
  JsonObject *object = ferry_chunk_json_parse (json, parser);
  gboolean stored = transport == FERRY_TRANSPORT_PRESIGNED;
  const char *url = object != NULL ? ferry_chunk_json_get_string (object, "url", MAX_URL) : NULL;

  if (url == NULL || g_strcmp0 (ferry_chunk_json_get_string (object, "status", 32), "complete") != 0
      || !get_sha256 (object, stored, &result->sha256)
      || !ferry_chunk_json_get_number (object, "size", &result->size)
      || (stored && !get_proof (object, &result->proof)))
    {
      ferry_chunk_json_set_nonsense (error);
      return NULL;
    }
  result->url = g_strdup (url);
  result->etag = stored ? get_etag (object) : NULL;
  return g_steal_pointer (&result);
}

gboolean
ferry_chunk_api_parse_chunk (GBytes *json, guint64 index, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = ferry_chunk_json_parse (json, parser);
  guint64 number;

  if (object != NULL && ferry_chunk_json_get_number (object, "chunk", &number) && number == index)
    return TRUE;
  ferry_chunk_json_set_nonsense (error);
  return FALSE;
}

FerryRanges *
ferry_chunk_api_parse_missing (GBytes *json, guint64 total_chunks)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = ferry_chunk_json_parse (json, parser);

  if (object == NULL)
    return NULL;
  return parse_pairs (json_object_get_member (object, "missing"), total_chunks);
}

static char *
copy_printable (const char *text)
{
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
ferry_chunk_api_parse_problem (GBytes *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = ferry_chunk_json_parse (json, parser);
  const char *text
      = object != NULL ? ferry_chunk_json_get_string (object, "detail", MAX_PROBLEM) : NULL;

  if (object != NULL && text == NULL)
    text = ferry_chunk_json_get_string (object, "title", MAX_PROBLEM);
  return copy_printable (text);
}

char *
ferry_chunk_api_parse_hint (GBytes *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = ferry_chunk_json_parse (json, parser);

  return object != NULL ? copy_printable (ferry_chunk_json_get_string (object, "hint", MAX_PROBLEM))
                        : NULL;
}

char *
ferry_chunk_api_parse_problem_type (GBytes *json)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *object = ferry_chunk_json_parse (json, parser);

  return object != NULL ? g_strdup (ferry_chunk_json_get_string (object, "type", MAX_PROBLEM))
                        : NULL;
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
  g_free (self->etag);
  g_free (self);
}
