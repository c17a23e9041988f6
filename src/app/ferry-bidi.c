/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-bidi.h"

#define SEPARATOR " · "
#define LEFT_TO_RIGHT_MARK "\u200e"
#define RIGHT_TO_LEFT_MARK "\u200f"
#define LEFT_TO_RIGHT_ISOLATE "\u2066"
#define RIGHT_TO_LEFT_ISOLATE "\u2067"
#define FIRST_STRONG_ISOLATE "\u2068"
#define POP_ISOLATE "\u2069"

static gboolean
is_right_to_left (gunichar letter)
{
  GUnicodeScript script = g_unichar_get_script (letter);

  return script == G_UNICODE_SCRIPT_ARABIC || script == G_UNICODE_SCRIPT_HEBREW
         || script == G_UNICODE_SCRIPT_NKO || script == G_UNICODE_SCRIPT_SYRIAC
         || script == G_UNICODE_SCRIPT_THAANA;
}

/* A translated part may begin with a Latin unit and is from right to left all the same: "529 MB …". */
static const char *
isolate_for (const char *part)
{
  for (const char *at = part; *at != '\0'; at = g_utf8_next_char (at))
    if (is_right_to_left (g_utf8_get_char (at)))
      return RIGHT_TO_LEFT_ISOLATE;
  return FIRST_STRONG_ISOLATE;
}

/* A number stays on the left of its Latin unit, inside a sentence as alone: "2.4 MB". */
static char *
isolate_sizes (const char *part)
{
  static GRegex *sizes = NULL;

  if (sizes == NULL)
    sizes = g_regex_new ("\\p{Nd}[\\p{Nd}.,]*\\x{a0}\\p{Latin}+", 0, 0, NULL);
  return g_regex_replace (sizes, part, -1, 0, LEFT_TO_RIGHT_ISOLATE "\\0" POP_ISOLATE, 0, NULL);
}

char *
ferry_bidi_plain (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  if (gtk_widget_get_default_direction () != GTK_TEXT_DIR_RTL)
    return g_strdup (text);
  return g_strconcat (LEFT_TO_RIGHT_MARK, text, NULL);
}

char *
ferry_bidi_caption (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  if (*text == '\0' || gtk_widget_get_default_direction () != GTK_TEXT_DIR_RTL)
    return g_strdup (text);

  g_auto (GStrv) parts = g_strsplit (text, SEPARATOR, -1);
  GString *caption = g_string_new (RIGHT_TO_LEFT_MARK);
  for (gsize i = 0; parts[i] != NULL; i++)
    {
      g_autofree char *part = isolate_sizes (parts[i]);

      if (i > 0)
        g_string_append (caption, SEPARATOR);
      g_string_append (caption, isolate_for (parts[i]));
      g_string_append (caption, part);
      g_string_append (caption, POP_ISOLATE);
    }
  return g_string_free (caption, FALSE);
}
