/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-text.h"

#include <stdio.h>
#include <string.h>

#define ELLIPSIS "…"
#define REPLACEMENT 0xfffd

static gboolean broken = FALSE;

static int
width_of (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

static void
append_safe (GString *out, gunichar c)
{
  switch ((int) g_unichar_type (c))
    {
    case G_UNICODE_FORMAT:
      return;
    case G_UNICODE_CONTROL:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR:
    case G_UNICODE_SURROGATE:
      g_string_append_unichar (out, REPLACEMENT);
      return;
    default:
      g_string_append_unichar (out, c);
    }
}

char *
ferryctl_text_safe (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *out = g_string_sized_new (strlen (valid));

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    append_safe (out, g_utf8_get_char (p));
  return g_string_free (out, FALSE);
}

int
ferryctl_text_width (const char *text)
{
  int width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += width_of (g_utf8_get_char (p));
  return width;
}

/* The longest beginning of @text that takes no more than @width columns, in bytes. */
static gsize
head_within (const char *text, int width)
{
  const char *p = text;

  for (; *p != '\0'; p = g_utf8_next_char (p))
    {
      width -= width_of (g_utf8_get_char (p));
      if (width < 0)
        break;
    }
  return (gsize) (p - text);
}

/* The longest end of @text that takes no more than @width columns. */
static const char *
tail_within (const char *text, int width)
{
  const char *p = text + strlen (text);

  while (p > text)
    {
      const char *before = g_utf8_prev_char (p);
      width -= width_of (g_utf8_get_char (before));
      if (width < 0)
        break;
      p = before;
    }
  return p;
}

char *
ferryctl_text_fit (const char *text, int width)
{
  if (ferryctl_text_width (text) <= width)
    return g_strdup (text);
  if (width < 1)
    return g_strdup ("");
  int tail = (width - 1) / 2;
  int head = width - 1 - tail;
  g_autofree char *beginning = g_strndup (text, head_within (text, head));
  return g_strconcat (beginning, ELLIPSIS, tail_within (text, tail), NULL);
}

char *
ferryctl_text_pad (const char *text, int width)
{
  g_autofree char *fit = ferryctl_text_fit (text, width);
  int missing = MAX (0, width - ferryctl_text_width (fit));
  return g_strdup_printf ("%s%*s", fit, missing, "");
}

gboolean
ferryctl_text_is_utf8 (void)
{
  return g_get_charset (NULL);
}

static void
put (FILE *stream, const char *text)
{
  const char *charset = NULL;
  g_autofree char *converted = NULL;

  if (!g_get_charset (&charset))
    converted = g_convert_with_fallback (text, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
  fputs (converted != NULL ? converted : text, stream);
  fflush (stream);
}

void
ferryctl_text_put (const char *text)
{
  put (stdout, text);
  if (ferror (stdout))
    broken = TRUE;
}

void
ferryctl_text_put_json (const char *text)
{
  fputs (text, stdout);
  fflush (stdout);
  if (ferror (stdout))
    broken = TRUE;
}

void
ferryctl_text_print (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *safe = ferryctl_text_safe (text);
  g_autofree char *line = g_strconcat (safe, "\n", NULL);
  ferryctl_text_put (line);
}

void
ferryctl_text_complain (const char *sentence)
{
  g_autofree char *safe = ferryctl_text_safe (sentence);
  g_autofree char *line = g_strdup_printf ("ferryctl: %s\n", safe);
  put (stderr, line);
}

gboolean
ferryctl_text_is_broken (void)
{
  return broken;
}
