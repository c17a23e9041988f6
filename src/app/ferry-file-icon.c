/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-file-icon.h"

#include <string.h>

/* A media type may come with parameters: "text/plain; charset=utf-8". */
static char *
content_type_of_media_type (const char *media_type)
{
  g_autofree char *bare = g_strndup (media_type, strcspn (media_type, "; \t"));

  return g_content_type_from_mime_type (bare);
}

static char *
content_type_of (const char *name, const char *media_type)
{
  gboolean uncertain = FALSE;
  g_autofree char *guess = g_content_type_guess (name, NULL, 0, &uncertain);

  if (!g_content_type_is_unknown (guess) || media_type == NULL)
    return g_steal_pointer (&guess);

  g_autofree char *told = content_type_of_media_type (media_type);
  return told != NULL ? g_steal_pointer (&told) : g_steal_pointer (&guess);
}

/* The theme's names without those of coloured icons, which it offers as a last resort. */
static void
add_symbolic_names (GPtrArray *names, const char *content_type)
{
  g_autoptr (GIcon) icon = g_content_type_get_symbolic_icon (content_type);

  if (!G_IS_THEMED_ICON (icon))
    return;

  const char *const *all = g_themed_icon_get_names (G_THEMED_ICON (icon));
  for (gsize i = 0; all[i] != NULL; i++)
    {
      if (g_str_has_suffix (all[i], "-symbolic"))
        g_ptr_array_add (names, g_strdup (all[i]));
      if (g_str_has_prefix (all[i], "text-x-"))
        g_ptr_array_add (names, g_strdup ("text-x-generic-symbolic"));
    }
}

GIcon *
ferry_file_icon_new (const char *name, const char *media_type, const char *fallback)
{
  g_return_val_if_fail (name != NULL, NULL);

  g_autofree char *content_type = content_type_of (name, media_type);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (!g_content_type_is_unknown (content_type))
    add_symbolic_names (names, content_type);
  g_ptr_array_add (names, g_strdup (fallback));
  return g_themed_icon_new_from_names ((char **) names->pdata, (int) names->len);
}
