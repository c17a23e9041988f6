/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-script.h"

#include <string.h>

static const char *const known_keys[] = {
  "416",          "auth",        "body",
  "change_after", "change_from", "change_to",
  "changed_size", "code",        "coding",
  "cut",          "cutmode",     "cuts",
  "date",         "digest",      "disposition",
  "drop",         "etag",        "expire_after",
  "expired",      "faults",      "garbage",
  "headers",      "headlines",   "html",
  "html_after",   "http10",      "keep_validators",
  "keepalive",    "length",      "lm",
  "precond",      "range206",    "ranges",
  "rate",         "redirect",    "retry_after",
  "seed",         "size",        "slowheader",
  "stall",        "stalls",      "status",
  "times",        "type",        "www",
  NULL,
};

/* Any bytes but NUL: broken UTF-8 is one of the things to serve. */
static char *
decode (const char *text)
{
  GString *out = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p++)
    {
      if (p[0] == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]))
        {
          g_string_append_c (
              out, (char) (g_ascii_xdigit_value (p[1]) * 16 + g_ascii_xdigit_value (p[2])));
          p += 2;
        }
      else
        g_string_append_c (out, *p);
    }
  return g_string_free (out, FALSE);
}

static gboolean
add_key (FerryTestScript *self, const char *pair, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (pair, "=", 2);

  if (parts[0] == NULL || *parts[0] == '\0')
    return TRUE;
  if (!g_strv_contains (known_keys, parts[0]) || parts[1] == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "No such key: %s", pair);
      return FALSE;
    }
  g_hash_table_replace (self->keys, g_strdup (parts[0]), decode (parts[1]));
  return TRUE;
}

FerryTestScript *
ferry_test_script_parse (const char *target, GError **error)
{
  g_autoptr (FerryTestScript) self = g_new0 (FerryTestScript, 1);
  g_auto (GStrv) halves = g_strsplit (target, "?", 2);
  g_auto (GStrv) pairs = NULL;

  self->path = g_strdup (halves[0] != NULL ? halves[0] : "");
  self->keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (halves[0] == NULL || halves[1] == NULL)
    return g_steal_pointer (&self);
  pairs = g_strsplit (halves[1], "&", -1);
  for (gsize i = 0; pairs[i] != NULL; i++)
    if (!add_key (self, pairs[i], error))
      return NULL;
  return g_steal_pointer (&self);
}

void
ferry_test_script_free (FerryTestScript *self)
{
  if (self == NULL)
    return;
  g_free (self->path);
  g_clear_pointer (&self->keys, g_hash_table_unref);
  g_free (self);
}

const char *
ferry_test_script_text (const FerryTestScript *self, const char *key)
{
  return g_hash_table_lookup (self->keys, key);
}

gboolean
ferry_test_script_is (const FerryTestScript *self, const char *key, const char *value)
{
  return g_strcmp0 (ferry_test_script_text (self, key), value) == 0;
}

gint64
ferry_test_script_number (const FerryTestScript *self, const char *key, gint64 otherwise)
{
  const char *text = ferry_test_script_text (self, key);

  return text != NULL ? g_ascii_strtoll (text, NULL, 10) : otherwise;
}

gboolean
ferry_test_script_within (const FerryTestScript *self, const char *key, guint n)
{
  return n <= ferry_test_script_number (self, key, G_MAXINT64);
}
