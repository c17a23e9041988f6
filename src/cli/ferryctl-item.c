/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-item.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferry-format.h"
#include "ferryctl-text.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

const char *
ferryctl_item_string (GVariant *item, const char *key)
{
  const char *value = NULL;
  return g_variant_lookup (item, key, "&s", &value) ? value : "";
}

gint64
ferryctl_item_int (GVariant *item, const char *key, gint64 fallback)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (item, key, NULL);

  if (value == NULL)
    return fallback;
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    return g_variant_get_int64 (value);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT64))
    return (gint64) MIN (g_variant_get_uint64 (value), (guint64) G_MAXINT64);
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    return g_variant_get_int32 (value);
  return fallback;
}

gboolean
ferryctl_item_is (GVariant *item, const char *state)
{
  return g_str_equal (ferryctl_item_string (item, "state"), state);
}

int
ferryctl_item_percent (GVariant *item)
{
  gint64 size = ferryctl_item_int (item, "size", -1);
  gint64 received = ferryctl_item_int (item, "received", 0);

  if (ferryctl_item_is (item, "done"))
    return 100;
  if (size <= 0)
    return -1;
  /* Not 100 before it is proven. */
  return (int) MIN (99.0, (double) received * 100 / (double) size);
}

char *
ferryctl_item_progress (GVariant *item)
{
  return ferry_format_progress ((guint64) ferryctl_item_int (item, "received", 0),
                                ferryctl_item_int (item, "size", -1));
}

gboolean
ferryctl_item_file_is_there (GVariant *item)
{
  const char *path = ferryctl_item_string (item, "path");
  gint64 size = ferryctl_item_int (item, "size", -1);
  GStatBuf info;

  if (*path == '\0' || g_stat (path, &info) != 0 || !S_ISREG (info.st_mode))
    return FALSE;
  if (size < 0)
    size = ferryctl_item_int (item, "received", -1);
  return size < 0 || info.st_size == size;
}

gboolean
ferryctl_item_source_is_as_long (GVariant *item)
{
  GStatBuf info;

  return g_stat (ferryctl_item_string (item, "source"), &info) == 0 && S_ISREG (info.st_mode)
         && info.st_size == ferryctl_item_int (item, "size", -1);
}

gboolean
ferryctl_item_is_upload (GVariant *item)
{
  return g_str_equal (ferryctl_item_string (item, "direction"), "upload");
}

void
ferryctl_json_string (JsonBuilder *builder, const char *name, const char *value)
{
  json_builder_set_member_name (builder, name);
  if (value == NULL || *value == '\0')
    {
      json_builder_add_null_value (builder);
      return;
    }
  g_autofree char *valid = g_utf8_make_valid (value, -1);
  json_builder_add_string_value (builder, valid);
}

static void
add_size (JsonBuilder *builder, const char *name, gint64 value)
{
  json_builder_set_member_name (builder, name);
  if (value < 0)
    json_builder_add_null_value (builder);
  else
    json_builder_add_int_value (builder, value);
}

void
ferryctl_item_to_json (GVariant *item, JsonBuilder *builder)
{
  static const char *const strings[]
      = { "id",     "direction", "name",  "address", "source",   "link",   "state",
          "folder", "path",      "error", "sha256",  "verified", "resume", "media-type" };

  for (gsize i = 0; i < G_N_ELEMENTS (strings); i++)
    ferryctl_json_string (builder, strings[i], ferryctl_item_string (item, strings[i]));
  add_size (builder, "size", ferryctl_item_int (item, "size", -1));
  add_size (builder, "received", ferryctl_item_int (item, "received", 0));
  add_size (builder, "speed", ferryctl_item_int (item, "speed", 0));
  add_size (builder, "added", ferryctl_item_int (item, "added", -1));
  gint64 finished = ferryctl_item_int (item, "finished", 0);
  add_size (builder, "finished", finished > 0 ? finished : -1);
}

void
ferryctl_json_print (JsonBuilder *builder)
{
  g_autoptr (JsonNode) root = json_builder_get_root (builder);
  g_autofree char *text = json_to_string (root, FALSE);
  g_autofree char *line = g_strconcat (text, "\n", NULL);
  ferryctl_text_put_json (line);
}
