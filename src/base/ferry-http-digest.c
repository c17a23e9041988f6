/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Repr-Digest (RFC 9530) is a dictionary of RFC 8941: one broken member makes the whole field invalid, so all of the grammar
 * is walked here although only one member is wanted.
 */
#include "ferry-http-headers.h"

#include <string.h>

#define SHA256_SIZE 32

static gboolean
scan_key (const char **p)
{
  if (!g_ascii_islower (**p) && **p != '*')
    return FALSE;
  while (g_ascii_islower (**p) || g_ascii_isdigit (**p) || (**p != '\0' && strchr ("_-.*", **p)))
    (*p)++;
  return TRUE;
}

/* sf-integer and sf-decimal: at most 15 digits, or 12 before and 1 to 3 after the point. */
static gboolean
scan_number (const char **p)
{
  if (**p == '-')
    (*p)++;
  gsize whole = strspn (*p, "0123456789");
  if (whole == 0 || whole > 15)
    return FALSE;
  *p += whole;
  if (**p != '.')
    return TRUE;
  (*p)++;
  gsize fraction = strspn (*p, "0123456789");
  *p += fraction;
  return whole <= 12 && fraction >= 1 && fraction <= 3;
}

static gboolean
scan_string (const char **p)
{
  for ((*p)++; **p != '"'; (*p)++)
    {
      if (**p == '\\')
        {
          (*p)++;
          if (**p != '"' && **p != '\\')
            return FALSE;
        }
      if (**p < 0x20 || **p > 0x7e)
        return FALSE;
    }
  (*p)++;
  return TRUE;
}

static gboolean
scan_token (const char **p)
{
  while (g_ascii_isalnum (**p) || (**p != '\0' && strchr ("!#$%&'*+-.^_`|~:/", **p) != NULL))
    (*p)++;
  return TRUE;
}

static gboolean
scan_byte_sequence (const char **p)
{
  (*p)++;
  while (g_ascii_isalnum (**p) || (**p != '\0' && strchr ("+/=", **p) != NULL))
    (*p)++;
  if (**p != ':')
    return FALSE;
  (*p)++;
  return TRUE;
}

static gboolean
scan_bare_item (const char **p)
{
  if (**p == '-' || g_ascii_isdigit (**p))
    return scan_number (p);
  if (**p == '"')
    return scan_string (p);
  if (**p == ':')
    return scan_byte_sequence (p);
  if (g_ascii_isalpha (**p) || **p == '*')
    return scan_token (p);
  if (**p != '?' || ((*p)[1] != '0' && (*p)[1] != '1'))
    return FALSE;
  *p += 2;
  return TRUE;
}

static gboolean
scan_parameters (const char **p)
{
  while (**p == ';')
    {
      (*p)++;
      *p += strspn (*p, " ");
      if (!scan_key (p))
        return FALSE;
      if (**p != '=')
        continue;
      (*p)++;
      if (!scan_bare_item (p))
        return FALSE;
    }
  return TRUE;
}

static gboolean
scan_inner_list (const char **p)
{
  (*p)++;
  while (TRUE)
    {
      *p += strspn (*p, " ");
      if (**p == ')')
        break;
      if (!scan_bare_item (p) || !scan_parameters (p) || (**p != ' ' && **p != ')'))
        return FALSE;
    }
  (*p)++;
  return TRUE;
}

/* Base64 of exactly 32 bytes; the padding may be missing (RFC 8941 section 4.2.7). */
static gboolean
decode_sha256 (const char *start, const char *end, guint8 sha256[SHA256_SIZE])
{
  if (end - start < 2 || *start != ':' || end[-1] != ':')
    return FALSE;
  const char *text = start + 1;
  gsize length = (gsize) (end - start) - 2;
  gsize digits = strcspn (text, "=:");
  gsize padding = length - digits;
  if (digits != 43 || padding > 1)
    return FALSE;
  char padded[45] = "";
  memcpy (padded, text, digits);
  padded[digits] = '=';
  gsize n = 0;
  g_autofree guchar *bytes = g_base64_decode (padded, &n);
  if (n != SHA256_SIZE)
    return FALSE;
  memcpy (sha256, bytes, SHA256_SIZE);
  return TRUE;
}

/* One member: key, and "=" with an item or an inner list. The last of equal keys counts. */
static gboolean
scan_member (const char **p, gboolean *found, guint8 sha256[SHA256_SIZE])
{
  const char *key = *p;
  if (!scan_key (p))
    return FALSE;
  gboolean wanted = *p - key == 7 && strncmp (key, "sha-256", 7) == 0;
  if (wanted)
    *found = FALSE;
  if (**p != '=')
    return scan_parameters (p);
  (*p)++;
  if (**p == '(')
    return scan_inner_list (p) && scan_parameters (p);
  const char *item = *p;
  if (!scan_bare_item (p))
    return FALSE;
  if (wanted)
    *found = decode_sha256 (item, *p, sha256);
  return scan_parameters (p);
}

gboolean
ferry_http_parse_repr_digest (const char *value, guint8 sha256[SHA256_SIZE])
{
  g_return_val_if_fail (sha256 != NULL, FALSE);
  if (value == NULL)
    return FALSE;
  gboolean found = FALSE;
  guint8 digest[SHA256_SIZE] = { 0 };
  const char *p = value + strspn (value, " \t");
  while (TRUE)
    {
      if (!scan_member (&p, &found, digest))
        return FALSE;
      p += strspn (p, " \t");
      if (*p == '\0')
        break;
      if (*p != ',')
        return FALSE;
      p++;
      p += strspn (p, " \t");
    }
  if (found)
    memcpy (sha256, digest, SHA256_SIZE);
  return found;
}
