/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the chunks of an upload to a store are to go, as a receiver says it. */
#include "ferry-config.h"

#include "ferry-chunk-api.h"
#include "ferry-chunk-json.h"

#define MAX_URL (16 * 1024)
#define MAX_HEADERS 16
#define MAX_HEADER 4096

/* No answer makes Ferry send what is a secret of the receiver's, or another request than the one it builds. */
static gboolean
may_be_signed (const char *name)
{
  static const char *const never[] = { "authorization",  "connection",
                                       "content-length", "cookie",
                                       "expect",         "host",
                                       "keep-alive",     "te",
                                       "trailer",        "transfer-encoding",
                                       "upgrade",        NULL };
  g_autofree char *lower = g_ascii_strdown (name, -1);

  for (const char *p = name; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && *p != '-' && *p != '_')
        return FALSE;
    }
  return *name != '\0' && strlen (name) <= 128 && !g_str_has_prefix (lower, "proxy-")
         && !g_strv_contains (never, lower);
}

static gboolean
is_header_value (const char *value)
{
  if (value == NULL || *value == ' ')
    return FALSE;
  for (const char *p = value; *p != '\0'; p++)
    {
      if (*p < ' ' || *p > '~')
        return FALSE;
    }
  return TRUE;
}

/* (nullable): what cannot be headers */
static char **
get_headers (JsonObject *object)
{
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  JsonNode *node = json_object_get_member (object, "headers");
  JsonObject *headers;
  JsonObjectIter iter;
  const char *name;

  if (node == NULL || JSON_NODE_HOLDS_NULL (node))
    return g_strv_builder_end (lines);
  if (!JSON_NODE_HOLDS_OBJECT (node))
    return NULL;
  headers = json_node_get_object (node);
  if (json_object_get_size (headers) > MAX_HEADERS)
    return NULL;
  json_object_iter_init_ordered (&iter, headers);
  while (json_object_iter_next_ordered (&iter, &name, NULL))
    {
      const char *value = ferry_chunk_json_get_string (headers, name, MAX_HEADER);
      g_autofree char *line = NULL;

      if (!may_be_signed (name) || !is_header_value (value))
        return NULL;
      line = g_strconcat (name, ": ", value, NULL);
      g_strv_builder_add (lines, line);
    }
  return g_strv_builder_end (lines);
}

static gboolean
is_address (const char *url)
{
  g_autoptr (GUri) uri = NULL;
  const char *scheme;

  for (const char *p = url; p != NULL && *p != '\0'; p++)
    {
      if (*p <= ' ' || *p > '~')
        return FALSE;
    }
  uri = url != NULL ? g_uri_parse (url, G_URI_FLAGS_ENCODED, NULL) : NULL;
  if (uri == NULL || g_uri_get_host (uri) == NULL || *g_uri_get_host (uri) == '\0'
      || g_uri_get_userinfo (uri) != NULL || g_uri_get_fragment (uri) != NULL)
    return FALSE;
  scheme = g_uri_get_scheme (uri);
  return g_str_equal (scheme, "http") || g_str_equal (scheme, "https");
}

static FerryChunkAddress *
parse_address (JsonNode *node)
{
  g_autoptr (FerryChunkAddress) address = g_new0 (FerryChunkAddress, 1);
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;

  if (object == NULL || !ferry_chunk_json_get_number (object, "chunk", &address->chunk))
    return NULL;
  address->url = g_strdup (ferry_chunk_json_get_string (object, "url", MAX_URL));
  address->headers = get_headers (object);
  address->expires = ferry_chunk_json_get_expires (object);
  return is_address (address->url) && address->headers != NULL ? g_steal_pointer (&address) : NULL;
}

GPtrArray *
ferry_chunk_api_parse_urls (GBytes *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GPtrArray) addresses = g_ptr_array_new_with_free_func (
      (GDestroyNotify) (void (*) (void)) ferry_chunk_address_free);
  JsonObject *object = ferry_chunk_json_parse (json, parser);
  JsonNode *node = object != NULL ? json_object_get_member (object, "urls") : NULL;
  JsonArray *urls
      = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  guint n = urls != NULL ? json_array_get_length (urls) : G_MAXUINT;

  for (guint i = 0; n <= FERRY_CHUNK_API_MAX_ADDRESSES && i < n; i++)
    {
      FerryChunkAddress *address = parse_address (json_array_get_element (urls, i));

      if (address == NULL)
        break;
      g_ptr_array_add (addresses, address);
    }
  if (addresses->len == n)
    return g_steal_pointer (&addresses);
  ferry_chunk_json_set_nonsense (error);
  return NULL;
}

void
ferry_chunk_address_free (FerryChunkAddress *self)
{
  g_free (self->url);
  g_strfreev (self->headers);
  g_free (self);
}
