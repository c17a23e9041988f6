/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * File names from foreign mouths.
 *
 * Order matters: the last component first (before anything could make a separator appear), then characters, then NFC, then
 * the ends, then the length. Every step only takes away, so that none can undo what one before it made safe; what
 * NFC makes of permitted characters is permitted.
 */
#include "ferry-file-name.h"

#include "ferry-http-headers.h"

#include <string.h>

/* Suffixes longer than this are part of the name. */
#define SUFFIX_MAX 16

/* Normalizing long runs of combining marks takes quadratic time. */
#define NORMALIZE_MAX (4 * FERRY_FILE_NAME_MAX)

#define ZWNJ 0x200c
#define ZWJ 0x200d

static gboolean
is_joiner (gunichar c)
{
  return c == ZWNJ || c == ZWJ;
}

/* Format characters that show on screen: signs over numbers in Arabic, Syriac and Kaithi. */
static gboolean
is_visible_format (gunichar c)
{
  return (c >= 0x600 && c <= 0x605) || c == 0x6dd || c == 0x70f || c == 0x890 || c == 0x891
         || c == 0x8e2 || c == 0x110bd || c == 0x110cd;
}

/* Letters that show nothing. */
static gboolean
is_filler (gunichar c)
{
  return c == 0x115f || c == 0x1160 || c == 0x3164 || c == 0xffa0;
}

static gboolean
is_noncharacter (gunichar c)
{
  return (c & 0xfffe) == 0xfffe || (c >= 0xfdd0 && c <= 0xfdef);
}

/* Joiners stay: Persian, Indic scripts and emoji are spelled with them. */
static gboolean
is_dropped (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);
  if (type == G_UNICODE_FORMAT)
    return !is_joiner (c) && !is_visible_format (c);
  return type == G_UNICODE_CONTROL || is_filler (c) || is_noncharacter (c);
}

static gboolean
is_line_end (gunichar c)
{
  return c == '\t' || c == '\n' || c == '\r' || c == 0x2028 || c == 0x2029;
}

/* What may not stand at either end of a name. */
static gboolean
is_trimmed (gunichar c)
{
  return c == '.' || g_unichar_isspace (c) || is_joiner (c);
}

/* Valid UTF-8; bytes that are not are read as ISO-8859-1, the likeliest of what they can be. */
static char *
to_utf8 (const char *raw)
{
  if (g_utf8_validate (raw, -1, NULL))
    return g_strdup (raw);
  GString *text = g_string_new (NULL);
  for (const char *p = raw; *p != '\0'; p++)
    g_string_append_unichar (text, (guchar) *p);
  return g_string_free (text, FALSE);
}

static char *
drop_characters (const char *text)
{
  GString *kept = g_string_sized_new (strlen (text));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      if (is_line_end (c))
        g_string_append_c (kept, ' ');
      else if (!is_dropped (c))
        g_string_append_unichar (kept, c);
    }
  return g_string_free (kept, FALSE);
}

/* In place. */
static char *
trim_ends (char *name)
{
  const char *start = name;
  while (*start != '\0' && is_trimmed (g_utf8_get_char (start)))
    start = g_utf8_next_char (start);
  const char *end = start + strlen (start);
  while (end > start)
    {
      const char *previous = g_utf8_prev_char (end);
      if (!is_trimmed (g_utf8_get_char (previous)))
        break;
      end = previous;
    }
  gsize length = (gsize) (end - start);
  memmove (name, start, length);
  name[length] = '\0';
  return name;
}

static gboolean
has_visible_character (const char *name)
{
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      if (g_unichar_isgraph (g_utf8_get_char (p)))
        return TRUE;
    }
  return FALSE;
}

/* Whether a name may be cut before @p: not between a base and its marks, not beside a joiner. */
static gboolean
may_cut (const char *text, gsize length, const char *p)
{
  const char *previous = g_utf8_find_prev_char (text, p);
  gunichar next = g_utf8_get_char_validated (p, (gssize) (text + length - p));
  return !g_unichar_ismark (next) && !is_joiner (next)
         && (previous == NULL || !is_joiner (g_utf8_get_char_validated (previous, p - previous)));
}

/* The longest beginning of at most @max bytes that splits no character, nor what belongs together if that leaves anything. A
 * name a person chose may be no UTF-8. */
static gsize
cut_length (const char *text, gsize length, gsize max)
{
  if (length <= max)
    return length;
  const char *cut = text + max;
  while (cut > text && ((guchar) *cut & 0xc0) == 0x80)
    cut--;
  for (const char *p = cut; p != NULL && p > text; p = g_utf8_find_prev_char (text, p))
    {
      if (may_cut (text, length, p))
        return (gsize) (p - text);
    }
  return cut > text ? (gsize) (cut - text) : max;
}

/* @name with @insert before its suffix and @tail behind, all of at most @max bytes: the stem gives way. */
static char *
assemble (const char *name, const char *insert, const char *tail, gsize max)
{
  gsize stem = ferry_file_name_suffix (name);
  const char *suffix = name + stem;
  gsize fixed = strlen (insert) + strlen (suffix) + strlen (tail);
  g_assert (fixed < max);
  gsize kept = cut_length (name, stem, max - fixed);
  return g_strdup_printf ("%.*s%s%s%s", (int) kept, name, insert, suffix, tail);
}

char *
ferry_file_name_sanitize (const char *raw)
{
  if (raw == NULL)
    return NULL;
  for (const char *p = raw; *p != '\0'; p++)
    {
      if (*p == '/' || *p == '\\')
        raw = p + 1;
    }
  g_autofree char *utf8 = to_utf8 (raw);
  g_autofree char *clean = trim_ends (drop_characters (utf8));
  g_autofree char *bounded = assemble (clean, "", "", NORMALIZE_MAX);
  g_autofree char *normal = trim_ends (g_utf8_normalize (bounded, -1, G_NORMALIZE_NFC));
  g_autofree char *name = trim_ends (assemble (normal, "", "", FERRY_FILE_NAME_MAX));
  return has_visible_character (name) ? g_steal_pointer (&name) : NULL;
}

/* Percent-decoded bytes; a broken escape stays as it is, a NUL is dropped. */
static char *
percent_decode (const char *text, gsize length)
{
  GString *bytes = g_string_sized_new (length);
  for (gsize i = 0; i < length; i++)
    {
      int high = text[i] == '%' && i + 2 < length ? g_ascii_xdigit_value (text[i + 1]) : -1;
      int low = high >= 0 ? g_ascii_xdigit_value (text[i + 2]) : -1;
      if (low < 0)
        {
          g_string_append_c (bytes, text[i]);
          continue;
        }
      if (high != 0 || low != 0)
        g_string_append_c (bytes, (char) (high * 16 + low));
      i += 2;
    }
  return g_string_free (bytes, FALSE);
}

char *
ferry_file_name_from_address (const char *address)
{
  if (address == NULL)
    return NULL;
  const char *authority = strstr (address, "://");
  const char *start = authority != NULL ? authority + 3 : address;
  gsize length = strcspn (start, "?#");
  const char *path = memchr (start, '/', length);
  if (path == NULL)
    return NULL;
  const char *end = start + length;
  const char *segment = end;
  while (segment[-1] != '/')
    segment--;
  g_autofree char *decoded = percent_decode (segment, (gsize) (end - segment));
  return ferry_file_name_sanitize (decoded);
}

char *
ferry_file_name_choose (const char *content_disposition,
                        const char *final_address,
                        const char *address)
{
  g_autofree char *told = ferry_http_disposition_filename (content_disposition);
  char *name = ferry_file_name_sanitize (told);
  if (name == NULL)
    name = ferry_file_name_from_address (final_address);
  if (name == NULL)
    name = ferry_file_name_from_address (address);
  return name != NULL ? name : g_strdup ("download");
}

char *
ferry_file_name_numbered (const char *name, guint n)
{
  g_return_val_if_fail (name != NULL, NULL);
  g_autofree char *number = n > 0 ? g_strdup_printf (" (%u)", n) : g_strdup ("");
  return assemble (name, number, "", FERRY_FILE_NAME_MAX);
}

char *
ferry_file_name_part (const char *name, const char *id)
{
  g_return_val_if_fail (name != NULL && id != NULL, NULL);
  g_autofree char *tail = g_strdup_printf (".%.8s.part", id);
  return assemble (name, "", tail, FERRY_FILE_NAME_MAX);
}

/* The dot that starts the last suffix of the first @length bytes, or @length. */
static gsize
last_suffix (const char *name, gsize length)
{
  gsize dot = length;
  while (dot > 0 && name[dot - 1] != '.')
    dot--;
  if (dot <= 1 || dot == length || length - dot > SUFFIX_MAX)
    return length;
  gboolean digits = TRUE;
  for (gsize i = dot; i < length; i++)
    {
      if (g_ascii_isspace (name[i]) || name[i] == '(' || name[i] == ')')
        return length;
      digits = digits && g_ascii_isdigit (name[i]);
    }
  /* "Version 1.5" has no suffix; "archive.7z.001" has. */
  if (digits && length - dot != 3)
    return length;
  return dot - 1;
}

/* Suffixes that say how something with a suffix of its own is packed, or which piece of it this is (".7z.001"). */
static gboolean
is_packing (const char *suffix)
{
  static const char *const packings[]
      = { ".gz", ".bz2", ".xz", ".zst", ".lz",  ".lz4", ".lzma", ".lzo",
          ".br", ".z",   ".sz", ".gpg", ".asc", ".sig", ".zsync" };
  for (gsize i = 0; i < G_N_ELEMENTS (packings); i++)
    {
      if (g_ascii_strcasecmp (suffix, packings[i]) == 0)
        return TRUE;
    }
  return strspn (suffix + 1, "0123456789") == 3 && suffix[4] == '\0';
}

gsize
ferry_file_name_suffix (const char *name)
{
  g_return_val_if_fail (name != NULL, 0);
  gsize length = strlen (name);
  gsize outer = last_suffix (name, length);
  if (outer == length || !is_packing (name + outer))
    return outer;
  gsize inner = last_suffix (name, outer);
  /* "notes.of.may.gz": only short inner suffixes are believed. */
  return outer - inner <= 6 ? inner : outer;
}

gboolean
ferry_file_name_is_web_page (const char *name)
{
  static const char *const suffixes[]
      = { ".html", ".htm",  ".xhtml", ".xht",  ".shtml", ".shtm", ".php",  ".php3",
          ".php4", ".php5", ".php7",  ".php8", ".phtml", ".asp",  ".aspx", ".ashx",
          ".jsp",  ".jspx", ".jsf",   ".cgi",  ".cfm",   ".do" };
  g_return_val_if_fail (name != NULL, FALSE);
  const char *suffix = name + last_suffix (name, strlen (name));
  for (gsize i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      if (g_ascii_strcasecmp (suffix, suffixes[i]) == 0)
        return TRUE;
    }
  return FALSE;
}
