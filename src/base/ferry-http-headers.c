/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Parsers for what foreign servers say: grammar first, one pass, no copy longer than the input. Dates are in
 * ferry-http-date.c, digests in ferry-http-digest.c.
 */
#include "ferry-http-headers.h"

#include <string.h>

static gboolean
is_ows (char c)
{
  return c == ' ' || c == '\t';
}

static const char *
skip_ows (const char *p)
{
  while (is_ows (*p))
    p++;
  return p;
}

/* Only optional white space is left. */
static gboolean
at_end (const char *p)
{
  return *skip_ows (p) == '\0';
}

/* tchar of RFC 9110 section 5.6.2. */
static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("!#$%&'*+-.^_`|~", c) != NULL);
}

/* 1*DIGIT up to G_MAXINT64. */
static gboolean
scan_number (const char **p, guint64 *number)
{
  guint64 n = 0;
  const char *q = *p;
  for (; g_ascii_isdigit (*q); q++)
    {
      guint64 digit = (guint64) (*q - '0');
      if (n > ((guint64) G_MAXINT64 - digit) / 10)
        return FALSE;
      n = n * 10 + digit;
    }
  if (q == *p)
    return FALSE;
  *p = q;
  *number = n;
  return TRUE;
}

static gboolean
scan_char (const char **p, char c)
{
  if (**p != c)
    return FALSE;
  (*p)++;
  return TRUE;
}

static gboolean
scan_bytes_unit (const char **p)
{
  *p = skip_ows (*p);
  if (g_ascii_strncasecmp (*p, "bytes ", 6) != 0)
    return FALSE;
  *p += 6;
  return TRUE;
}

gboolean
ferry_http_parse_content_range (const char *value, FerryContentRange *range)
{
  g_return_val_if_fail (range != NULL, FALSE);
  const char *p = value;
  guint64 first;
  guint64 last;
  guint64 complete;
  if (p == NULL || !scan_bytes_unit (&p) || !scan_number (&p, &first) || !scan_char (&p, '-')
      || !scan_number (&p, &last) || !scan_char (&p, '/') || last < first)
    return FALSE;
  gboolean unknown = scan_char (&p, '*');
  if (!unknown && (!scan_number (&p, &complete) || complete <= last))
    return FALSE;
  if (!at_end (p))
    return FALSE;
  range->first = first;
  range->last = last;
  range->complete = unknown ? -1 : (gint64) complete;
  return TRUE;
}

gboolean
ferry_http_parse_unsatisfied_range (const char *value, guint64 *complete)
{
  g_return_val_if_fail (complete != NULL, FALSE);
  const char *p = value;
  guint64 number;
  if (p == NULL || !scan_bytes_unit (&p) || !scan_char (&p, '*') || !scan_char (&p, '/')
      || !scan_number (&p, &number) || !at_end (p))
    return FALSE;
  *complete = number;
  return TRUE;
}

gint64
ferry_http_parse_length (const char *value)
{
  guint64 length;
  const char *p = value != NULL ? skip_ows (value) : "";
  return scan_number (&p, &length) && at_end (p) ? (gint64) length : -1;
}

gboolean
ferry_http_etag_is_strong (const char *etag)
{
  const char *p = etag;
  if (p == NULL || !scan_char (&p, '"'))
    return FALSE;
  /* etagc: all but controls, space, the quote and DEL; bytes above 0x7f are obs-text. */
  while ((guchar) *p > ' ' && *p != '"' && *p != 0x7f)
    p++;
  return scan_char (&p, '"') && *p == '\0';
}

gboolean
ferry_http_etag_matches (const char *a, const char *b)
{
  if (a == NULL || b == NULL)
    return FALSE;
  if (g_str_has_prefix (a, "W/"))
    a += 2;
  if (g_str_has_prefix (b, "W/"))
    b += 2;
  return *a != '\0' && strcmp (a, b) == 0;
}

/* Every byte as the character of that number. */
static char *
from_latin1 (const char *bytes)
{
  GString *text = g_string_sized_new (2 * strlen (bytes));
  for (const char *p = bytes; *p != '\0'; p++)
    g_string_append_unichar (text, (guchar) *p);
  return g_string_free (text, FALSE);
}

/* Percent-decoded bytes; NULL on a broken escape or a NUL. */
static char *
percent_decode (const char *text)
{
  g_autoptr (GString) bytes = g_string_sized_new (strlen (text));
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p != '%')
        {
          g_string_append_c (bytes, *p);
          continue;
        }
      int high = g_ascii_xdigit_value (p[1]);
      int low = high >= 0 ? g_ascii_xdigit_value (p[2]) : -1;
      if (low < 0 || (high == 0 && low == 0))
        return NULL;
      g_string_append_c (bytes, (char) (high * 16 + low));
      p += 2;
    }
  return g_string_free (g_steal_pointer (&bytes), FALSE);
}

/* ext-value (RFC 8187 section 3.2.1): charset'language'value. NULL when it is none. */
static char *
decode_ext_value (const char *value)
{
  const char *language = strchr (value, '\'');
  const char *text = language != NULL ? strchr (language + 1, '\'') : NULL;
  if (text == NULL)
    return NULL;
  gsize length = (gsize) (language - value);
  gboolean utf8 = length == 5 && g_ascii_strncasecmp (value, "UTF-8", length) == 0;
  gboolean latin1 = length == 10 && g_ascii_strncasecmp (value, "ISO-8859-1", length) == 0;
  if (!utf8 && !latin1)
    return NULL;
  g_autofree char *bytes = percent_decode (text + 1);
  if (bytes == NULL || *bytes == '\0')
    return NULL;
  if (latin1)
    return from_latin1 (bytes);
  return g_utf8_validate (bytes, -1, NULL) ? g_steal_pointer (&bytes) : NULL;
}

/* What stands after '=': a quoted-string without its quotes and escapes, else all up to the next ';', because servers send
 * unquoted names with spaces in them. An unterminated string ends with the field. */
static char *
scan_parameter_value (const char **p)
{
  const char *q = skip_ows (*p);
  GString *value = g_string_new (NULL);
  if (*q == '"')
    {
      for (q++; *q != '\0' && *q != '"'; q++)
        {
          if (*q == '\\' && q[1] != '\0')
            q++;
          g_string_append_c (value, *q);
        }
      while (*q != '\0' && *q != ';')
        q++;
    }
  else
    {
      const char *start = q;
      while (*q != '\0' && *q != ';')
        q++;
      g_string_append_len (value, start, q - start);
      while (value->len > 0 && is_ows (value->str[value->len - 1]))
        g_string_truncate (value, value->len - 1);
    }
  *p = q;
  return g_string_free (value, FALSE);
}

/* The next parameter of a list that starts at *p; FALSE at the end. @value is NULL for one without '='. */
static gboolean
scan_parameter (const char **p, char **name, char **value)
{
  const char *q = *p;
  while (*q == ';' || is_ows (*q))
    q++;
  if (*q == '\0')
    return FALSE;
  const char *start = q;
  while (*q != '\0' && *q != ';' && *q != '=' && !is_ows (*q))
    q++;
  *name = g_strndup (start, (gsize) (q - start));
  *value = NULL;
  q = skip_ows (q);
  if (*q == '=')
    {
      q++;
      *value = scan_parameter_value (&q);
    }
  else
    {
      while (*q != '\0' && *q != ';')
        q++;
    }
  *p = q;
  return TRUE;
}

/* A type in front, or none: some servers send only filename=…. */
static const char *
skip_disposition_type (const char *value)
{
  const char *p = skip_ows (value);
  const char *start = p;
  while (is_token_char (*p))
    p++;
  return *skip_ows (p) == '=' ? start : p;
}

char *
ferry_http_disposition_filename (const char *value)
{
  if (value == NULL)
    return NULL;
  const char *p = skip_disposition_type (value);
  g_autofree char *plain = NULL;
  g_autofree char *extended = NULL;
  while (TRUE)
    {
      g_autofree char *name = NULL;
      g_autofree char *text = NULL;
      if (!scan_parameter (&p, &name, &text))
        break;
      if (text == NULL)
        continue;
      if (extended == NULL && g_ascii_strcasecmp (name, "filename*") == 0)
        extended = decode_ext_value (text);
      else if (plain == NULL && g_ascii_strcasecmp (name, "filename") == 0)
        plain = g_steal_pointer (&text);
    }
  if (extended != NULL)
    return g_steal_pointer (&extended);
  if (plain == NULL || *plain == '\0')
    return NULL;
  return g_utf8_validate (plain, -1, NULL) ? g_steal_pointer (&plain) : from_latin1 (plain);
}

gboolean
ferry_http_disposition_is_attachment (const char *value)
{
  if (value == NULL || at_end (value))
    return FALSE;
  const char *start = skip_ows (value);
  const char *end = start;
  while (is_token_char (*end))
    end++;
  return !(end - start == 6 && g_ascii_strncasecmp (start, "inline", 6) == 0);
}

FerryResume
ferry_http_parse_accept_ranges (const char *value)
{
  if (value == NULL)
    return FERRY_RESUME_UNKNOWN;
  FerryResume resume = FERRY_RESUME_UNKNOWN;
  const char *p = value;
  while (*p != '\0')
    {
      while (*p == ',' || is_ows (*p))
        p++;
      const char *start = p;
      while (*p != '\0' && *p != ',' && !is_ows (*p))
        p++;
      gsize length = (gsize) (p - start);
      if (length == 5 && g_ascii_strncasecmp (start, "bytes", length) == 0)
        return FERRY_RESUME_YES;
      if (length == 4 && g_ascii_strncasecmp (start, "none", length) == 0)
        resume = FERRY_RESUME_NO;
    }
  return resume;
}

gboolean
ferry_http_media_type_is_html (const char *content_type)
{
  static const char *const types[] = { "text/html", "application/xhtml+xml" };
  if (content_type == NULL)
    return FALSE;
  const char *start = skip_ows (content_type);
  gsize length = strcspn (start, "; \t,");
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    {
      if (strlen (types[i]) == length && g_ascii_strncasecmp (start, types[i], length) == 0)
        return TRUE;
    }
  return FALSE;
}
