/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-request.h"

#include <string.h>

#include "ferry-http-headers.h"

#define CHUNK_DIGITS 18

/* ---- paths ---- */

static gboolean
scan_text (const char **p, const char *text)
{
  gsize length = strlen (text);

  if (strncmp (*p, text, length) != 0)
    return FALSE;
  *p += length;
  return TRUE;
}

static gboolean
scan_id (const char **p, char id[FERRY_UPLOAD_ID_LENGTH + 1])
{
  if (strspn (*p, "0123456789abcdef") != FERRY_UPLOAD_ID_LENGTH)
    return FALSE;
  memcpy (id, *p, FERRY_UPLOAD_ID_LENGTH);
  id[FERRY_UPLOAD_ID_LENGTH] = '\0';
  *p += FERRY_UPLOAD_ID_LENGTH;
  return TRUE;
}

/* One spelling for each number. */
static gboolean
scan_chunk (const char **p, guint64 *chunk)
{
  gsize digits = strspn (*p, "0123456789");

  if (digits == 0 || digits > CHUNK_DIGITS || (digits > 1 && **p == '0'))
    return FALSE;
  *chunk = g_ascii_strtoull (*p, NULL, 10);
  *p += digits;
  return TRUE;
}

/* "id=…" and nothing else of that name. */
static gboolean
find_id (const char *query, char id[FERRY_UPLOAD_ID_LENGTH + 1])
{
  gboolean found = FALSE;

  for (const char *p = query; p != NULL; p = strchr (p, '&'))
    {
      const char *q = p + (*p == '&' ? 1 : 0);

      p = q;
      if (!scan_text (&q, "id="))
        continue;
      if (found || !scan_id (&q, id) || (*q != '\0' && *q != '&'))
        return FALSE;
      found = TRUE;
    }
  return found;
}

static FerryRouteKind
parse_upload_path (const char *p, FerryRoute *route)
{
  if (!scan_id (&p, route->id))
    return FERRY_ROUTE_NONE;
  if (*p == '\0')
    {
      route->allow = "DELETE";
      return FERRY_ROUTE_DISCARD;
    }
  if (strcmp (p, "/complete") == 0)
    {
      route->allow = "POST";
      return FERRY_ROUTE_COMPLETE;
    }
  if (strcmp (p, "/urls") == 0)
    {
      route->allow = "POST";
      return FERRY_ROUTE_URLS;
    }
  if (!scan_text (&p, "/chunks/") || !scan_chunk (&p, &route->chunk))
    return FERRY_ROUTE_NONE;
  if (strcmp (p, "/receipt") == 0)
    {
      route->allow = "POST";
      return FERRY_ROUTE_RECEIPT;
    }
  if (*p != '\0')
    return FERRY_ROUTE_NONE;
  route->allow = "PUT";
  return FERRY_ROUTE_CHUNK;
}

static FerryRouteKind
parse_file_path (const char *p, FerryRoute *route)
{
  if (!scan_id (&p, route->id) || !scan_text (&p, "/") || *p == '\0' || strchr (p, '/') != NULL)
    return FERRY_ROUTE_NONE;
  /* NULL for a broken escape, %00 and %2F. */
  route->name = g_uri_unescape_string (p, "/");
  if (route->name == NULL)
    return FERRY_ROUTE_NONE;
  route->allow = "GET, HEAD";
  return FERRY_ROUTE_FILE;
}

static FerryRouteKind
parse_path (const char *path, const char *query, FerryRoute *route)
{
  const char *p = path;

  if (strcmp (path, "/uploads") == 0)
    {
      route->allow = "POST";
      return FERRY_ROUTE_INITIATE;
    }
  if (strcmp (path, "/status") == 0)
    {
      route->allow = "GET";
      /* Without an id it is a question about no upload. */
      if (!find_id (query, route->id))
        route->id[0] = '\0';
      return FERRY_ROUTE_STATUS;
    }
  if (scan_text (&p, "/uploads/"))
    return parse_upload_path (p, route);
  if (scan_text (&p, "/files/"))
    return parse_file_path (p, route);
  return FERRY_ROUTE_NONE;
}

static gboolean
is_allowed (const char *allow, const char *method)
{
  g_auto (GStrv) methods = g_strsplit (allow, ", ", -1);

  return g_strv_contains ((const char *const *) methods, method);
}

void
ferry_route_parse (const char *method, const char *path, const char *query, FerryRoute *route)
{
  g_return_if_fail (route != NULL);

  memset (route, 0, sizeof *route);
  if (method == NULL || path == NULL)
    return;
  route->kind = parse_path (path, query, route);
  if (route->allow != NULL && !is_allowed (route->allow, method))
    route->kind = FERRY_ROUTE_NONE;
}

void
ferry_route_clear (FerryRoute *route)
{
  g_clear_pointer (&route->name, g_free);
}

/* ---- the head ---- */

typedef struct
{
  guint n_lengths;
  guint n_codings;
} Framing;

static gboolean
is_named (const char *line, gsize length, const char *name)
{
  gsize n = strlen (name);

  return length > n && line[n] == ':' && g_ascii_strncasecmp (line, name, n) == 0;
}

/* One field without its end of line; 0 or the status. */
static unsigned
check_field (const char *line, gsize length, Framing *framing)
{
  const char *colon = memchr (line, ':', length);

  /* A blank at the start continues the line before, one before the colon hides the name. */
  if (colon == NULL || colon == line || line[0] == ' ' || line[0] == '\t' || colon[-1] == ' '
      || colon[-1] == '\t')
    return 400;

  g_autofree char *value = g_strstrip (g_strndup (colon + 1, (gsize) (line + length - colon - 1)));

  if (is_named (line, length, "Content-Length"))
    {
      gsize digits = strspn (value, "0123456789");

      framing->n_lengths++;
      if (digits == 0 || digits > CHUNK_DIGITS || value[digits] != '\0')
        return 400;
    }
  if (is_named (line, length, "Transfer-Encoding"))
    {
      framing->n_codings++;
      if (g_ascii_strcasecmp (value, "chunked") != 0)
        return 501;
    }
  return framing->n_lengths + framing->n_codings > 1 ? 400 : 0;
}

/* libsoup keeps the name of each method that it ever sees. */
static unsigned
check_method (const char *line, gsize length)
{
  static const char *const methods[]
      = { "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", NULL };
  const char *end = memchr (line, ' ', length);

  if (end == NULL || end == line)
    return 400;

  g_autofree char *method = g_strndup (line, (gsize) (end - line));

  return g_strv_contains (methods, method) ? 0 : 501;
}

unsigned
ferry_request_check_head (const char *head, gsize length)
{
  Framing framing = { 0 };
  gsize start = 0;

  g_return_val_if_fail (head != NULL, 400);

  if (length < 4 || memcmp (head + length - 4, "\r\n\r\n", 4) != 0
      || memchr (head, '\0', length) != NULL)
    return 400;
  for (gsize i = 0; i < length - 2; i++)
    {
      /* What some take for a blank and others for a part of the value. */
      if (g_ascii_iscntrl (head[i]) && strchr ("\t\r\n", head[i]) == NULL)
        return 400;
      if (head[i] != '\r' && head[i] != '\n')
        continue;
      /* Ends of lines of other kinds, and empty lines, are where parsers disagree. */
      if (head[i] == '\n' || head[i + 1] != '\n' || i == start)
        return 400;

      unsigned status
          = start > 0 ? check_field (head + start, i - start, &framing) : check_method (head, i);

      if (status != 0)
        return status;
      start = i + 2;
      i++;
    }
  return 0;
}

/* ---- fields ---- */

const char *
ferry_request_parse_bearer (const char *authorization)
{
  static const char scheme[] = "Bearer ";

  if (authorization == NULL || g_ascii_strncasecmp (authorization, scheme, strlen (scheme)) != 0)
    return NULL;

  const char *token = authorization + strlen (scheme);

  token += strspn (token, " ");
  for (const char *p = token; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return NULL;
  return *token != '\0' ? token : NULL;
}

gboolean
ferry_request_key_is_valid (const char *key)
{
  gsize length = key != NULL ? strnlen (key, FERRY_REQUEST_KEY_MAX + 1) : 0;

  if (length == 0 || length > FERRY_REQUEST_KEY_MAX)
    return FALSE;
  for (const char *p = key; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return FALSE;
  return TRUE;
}

static gboolean
scan_range_number (const char **p, guint64 *number)
{
  gsize digits = strspn (*p, "0123456789");
  const char *start = *p;

  *p += digits;
  if (digits == 0)
    return FALSE;
  /* More than any size: as far as it goes. */
  *number = digits > CHUNK_DIGITS ? G_MAXINT64 : g_ascii_strtoull (start, NULL, 10);
  return TRUE;
}

static const char *
skip_blanks (const char *p)
{
  return p + strspn (p, " \t");
}

FerryRangeVerdict
ferry_request_parse_range (const char *value, guint64 size, guint64 *first, guint64 *last)
{
  guint64 from = 0, to = 0;
  const char *p = value != NULL ? skip_blanks (value) : NULL;

  if (p == NULL || g_ascii_strncasecmp (p, "bytes=", 6) != 0)
    return FERRY_RANGE_WHOLE;
  p = skip_blanks (p + 6);

  gboolean has_from = scan_range_number (&p, &from);

  if (*p++ != '-')
    return FERRY_RANGE_WHOLE;

  gboolean has_to = scan_range_number (&p, &to);

  /* A list is answered with the whole, and so is what is no range: both are allowed. */
  if (*skip_blanks (p) != '\0' || (!has_from && !has_to) || (has_from && has_to && to < from))
    return FERRY_RANGE_WHOLE;
  if (has_from ? from >= size : to == 0 || size == 0)
    return FERRY_RANGE_UNSATISFIABLE;
  *first = has_from ? from : size - MIN (to, size);
  *last = has_from && has_to ? MIN (to, size - 1) : size - 1;
  return FERRY_RANGE_PART;
}

/* ---- preconditions ---- */

/* Whether "*" or one of the list is @etag. A weak tag of the list matches a strong one only where @weak says so. */
static gboolean
list_has_etag (const char *list, const char *etag, gboolean weak)
{
  gsize length = strlen (etag);
  const char *p = skip_blanks (list);

  if (*p == '*' && *skip_blanks (p + 1) == '\0')
    return TRUE;
  while (*p != '\0')
    {
      gboolean is_weak = g_str_has_prefix (p, "W/");
      const char *tag = p + (is_weak ? 2 : 0);
      const char *end = *tag == '"' ? strchr (tag + 1, '"') : NULL;

      if (end != NULL)
        {
          end++;
          if ((weak || !is_weak) && (gsize) (end - tag) == length
              && memcmp (tag, etag, length) == 0)
            return TRUE;
        }
      else
        end = tag;
      /* What is no entity tag matches nothing. */
      p = end + strcspn (end, ",");
      p += strspn (p, ", \t");
    }
  return FALSE;
}

static gboolean
range_is_guarded (const char *if_range, const char *etag, gint64 modified)
{
  if (if_range == NULL)
    return TRUE;

  const char *p = skip_blanks (if_range);

  if (*p == '"')
    return strcmp (p, etag) == 0;
  return ferry_http_parse_date (p) == modified && modified >= 0;
}

FerryConditionsVerdict
ferry_conditions_evaluate (const FerryConditions *conditions,
                           const char *etag,
                           gint64 modified,
                           gboolean *use_range)
{
  g_return_val_if_fail (conditions != NULL && etag != NULL && use_range != NULL,
                        FERRY_CONDITIONS_FAILED);

  gint64 unmodified_since = ferry_http_parse_date (conditions->if_unmodified_since);
  gint64 modified_since = ferry_http_parse_date (conditions->if_modified_since);

  *use_range = FALSE;
  if (conditions->if_match != NULL)
    {
      if (!list_has_etag (conditions->if_match, etag, FALSE))
        return FERRY_CONDITIONS_FAILED;
    }
  else if (unmodified_since >= 0 && modified > unmodified_since)
    return FERRY_CONDITIONS_FAILED;

  if (conditions->if_none_match != NULL)
    {
      if (list_has_etag (conditions->if_none_match, etag, TRUE))
        return FERRY_CONDITIONS_NOT_MODIFIED;
    }
  else if (modified_since >= 0 && modified <= modified_since)
    return FERRY_CONDITIONS_NOT_MODIFIED;

  *use_range = range_is_guarded (conditions->if_range, etag, modified);
  return FERRY_CONDITIONS_MET;
}

char *
ferry_request_format_time (gint64 seconds)
{
  const gint64 last = G_GINT64_CONSTANT (253402300799); /* the end of the year 9999 */
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (CLAMP (seconds, 0, last));

  return g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
}
