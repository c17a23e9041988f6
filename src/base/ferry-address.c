/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Addresses: http and https by RFC 3986, forgiving where people and servers are careless (spaces, non-ASCII characters, lone
 * percent signs, a missing scheme) and strict where careless means dangerous (control characters, user information,
 * hosts). Everything goes through one splitter and one builder, so that a normalized address is normalized again
 * to itself.
 */
#include "ferry-address.h"

#include "ferry-config.h"
#include "ferry-error.h"

#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <string.h>

#define ADDRESS_MAX (64 * 1024)
#define HOST_MAX 253
#define SHOWN_MAX 60

/* Besides letters and digits, what may stand in a path and in a query (RFC 3986 section 3.3 and 3.4). */
#define PATH_CHARS "-._~!$&'()*+,;=:@/"
#define QUERY_CHARS PATH_CHARS "?"

typedef struct
{
  char *scheme;   /* lower case */
  char *userinfo; /* (nullable) as written */
  char *host;     /* as written, brackets kept */
  int port;       /* -1: none or the scheme's own */
  char *path;     /* as written, may be "" */
  char *query;    /* (nullable) as written, without "?" */
} Parts;

static void
parts_free (Parts *parts)
{
  g_free (parts->scheme);
  g_free (parts->userinfo);
  g_free (parts->host);
  g_free (parts->path);
  g_free (parts->query);
  g_free (parts);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Parts, parts_free)

/* Length of the scheme in front of ':' (RFC 3986 section 3.1), 0 when there is none. */
static gsize
scheme_length (const char *text)
{
  if (!g_ascii_isalpha (*text))
    return 0;
  gsize n = 1;
  while (g_ascii_isalnum (text[n]) || text[n] == '+' || text[n] == '-' || text[n] == '.')
    n++;
  return text[n] == ':' ? n : 0;
}

static gboolean
scheme_is_ours (const char *text, gsize length)
{
  return (length == 4 && g_ascii_strncasecmp (text, "http", length) == 0)
         || (length == 5 && g_ascii_strncasecmp (text, "https", length) == 0);
}

static int
default_port (const char *scheme)
{
  return strcmp (scheme, "http") == 0 ? 80 : 443;
}

/* Takes ":8080" off @authority. "" and ":" are no port. FALSE when it is not a number from 1 to 65535. */
static gboolean
split_port (char *authority, int *port)
{
  *port = -1;
  char *colon = strrchr (authority, ':');
  if (colon == NULL || strchr (colon, ']') != NULL)
    return TRUE;
  *colon = '\0';
  const char *digits = colon + 1;
  if (*digits == '\0')
    return TRUE;
  guint64 number;
  if (!g_ascii_string_to_unsigned (digits, 10, 1, 65535, &number, NULL))
    return FALSE;
  *port = (int) number;
  return TRUE;
}

/* "scheme://authority/path?query#fragment" apart; NULL when it is not built that way. */
static Parts *
split (const char *address)
{
  gsize scheme = scheme_length (address);
  if (!scheme_is_ours (address, scheme) || strncmp (address + scheme, "://", 3) != 0)
    return NULL;
  g_autoptr (Parts) parts = g_new0 (Parts, 1);
  parts->scheme = g_ascii_strdown (address, (gssize) scheme);
  const char *start = address + scheme + 3;
  const char *end = start + strcspn (start, "/?#");
  parts->host = g_strndup (start, (gsize) (end - start));
  char *at = strrchr (parts->host, '@');
  if (at != NULL)
    {
      *at = '\0';
      parts->userinfo = g_steal_pointer (&parts->host);
      parts->host = g_strdup (at + 1);
    }
  if (!split_port (parts->host, &parts->port) || *parts->host == '\0')
    return NULL;
  if (parts->port == default_port (parts->scheme))
    parts->port = -1;
  start = end;
  end = start + strcspn (start, "?#");
  parts->path = g_strndup (start, (gsize) (end - start));
  if (*end == '?')
    parts->query = g_strndup (end + 1, strcspn (end + 1, "#"));
  return g_steal_pointer (&parts);
}

static gboolean
is_escape (const char *p)
{
  return p[0] == '%' && g_ascii_isxdigit (p[1]) && g_ascii_isxdigit (p[2]);
}

/* Percent-encodes what is neither a letter, a digit, in @allowed nor an escape already. */
static void
append_encoded (GString *out, const char *text, const char *allowed)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_isalnum (*p) || strchr (allowed, *p) != NULL || is_escape (p))
        g_string_append_c (out, *p);
      else
        g_string_append_printf (out, "%%%02X", (guchar) *p);
    }
}

/* 1 for ".", 2 for "..", 0 otherwise; "%2e" is a dot too. */
static int
count_dots (const char *segment, gsize length)
{
  int dots = 0;
  for (gsize i = 0; i < length; dots++)
    {
      if (segment[i] == '.')
        i += 1;
      else if (length - i >= 3 && g_ascii_strncasecmp (segment + i, "%2e", 3) == 0)
        i += 3;
      else
        return 0;
    }
  return dots <= 2 ? dots : 0;
}

/* RFC 3986 section 5.2.4, for a path that starts with "/" or is empty. */
static char *
remove_dot_segments (const char *path)
{
  GString *out = g_string_sized_new (strlen (path) + 1);
  const char *p = path;
  while (*p == '/')
    {
      const char *segment = p + 1;
      gsize length = strcspn (segment, "/");
      gboolean last = segment[length] == '\0';
      int dots = count_dots (segment, length);
      if (dots == 2)
        {
          const char *slash = strrchr (out->str, '/');
          g_string_truncate (out, slash != NULL ? (gsize) (slash - out->str) : 0);
        }
      if (dots == 0)
        {
          g_string_append_c (out, '/');
          g_string_append_len (out, segment, (gssize) length);
        }
      else if (last)
        g_string_append_c (out, '/');
      p = segment + length;
    }
  if (out->len == 0)
    g_string_append_c (out, '/');
  return g_string_free (out, FALSE);
}

/* "[::1]" in its shortest form; NULL when it is no IPv6 address. Zones are not for addresses that are kept. */
static char *
clean_ipv6 (const char *host)
{
  gsize length = strlen (host);
  if (length < 4 || host[length - 1] != ']' || strchr (host, '%') != NULL)
    return NULL;
  g_autofree char *text = g_strndup (host + 1, length - 2);
  g_autoptr (GInetAddress) address = g_inet_address_new_from_string (text);
  if (address == NULL || g_inet_address_get_family (address) != G_SOCKET_FAMILY_IPV6)
    return NULL;
  g_autofree char *shortest = g_inet_address_to_string (address);
  return g_strdup_printf ("[%s]", shortest);
}

/* Letters, digits, '-' and '_' in labels of 1 to 63, one dot at the end allowed; a last label of digits only where it is an
 * IPv4 address. */
static gboolean
host_is_sound (const char *host)
{
  gsize total = strlen (host);
  if (total == 0 || total > HOST_MAX + 1)
    return FALSE;
  g_auto (GStrv) labels = g_strsplit (host, ".", -1);
  guint n = g_strv_length (labels);
  if (n > 1 && *labels[n - 1] == '\0')
    n--;
  for (guint i = 0; i < n; i++)
    {
      gsize length = strlen (labels[i]);
      if (length == 0 || length > 63)
        return FALSE;
      for (const char *p = labels[i]; *p != '\0'; p++)
        {
          if (!g_ascii_isalnum (*p) && *p != '-' && *p != '_')
            return FALSE;
        }
    }
  const char *last = labels[n - 1];
  if (strspn (last, "0123456789") == strlen (last))
    return g_hostname_is_ip_address (host);
  return TRUE;
}

/* Lower case and ASCII (RFC 5891); NULL when it can be no host. */
static char *
clean_host (const char *host)
{
  if (*host == '[')
    return clean_ipv6 (host);
  if (strlen (host) > 4 * HOST_MAX)
    return NULL;
  g_autofree char *decoded = g_uri_unescape_string (host, NULL);
  if (decoded == NULL || !g_utf8_validate (decoded, -1, NULL))
    return NULL;
  g_autofree char *lower = g_ascii_strdown (decoded, -1);
  g_autofree char *ascii = g_hostname_to_ascii (lower);
  if (ascii == NULL || !host_is_sound (ascii))
    return NULL;
  return g_steal_pointer (&ascii);
}

/* The normalized address; NULL when the host can be none. */
static char *
build (const Parts *parts)
{
  g_autofree char *host = clean_host (parts->host);
  if (host == NULL)
    return NULL;
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "%s://%s", parts->scheme, host);
  if (parts->port > 0)
    g_string_append_printf (out, ":%d", parts->port);
  g_autofree char *path = remove_dot_segments (parts->path);
  append_encoded (out, path, PATH_CHARS);
  if (parts->query != NULL)
    {
      g_string_append_c (out, '?');
      append_encoded (out, parts->query, QUERY_CHARS);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* "user:password", decoded, for RFC 7617: no control characters, no colon in the user's name. NULL when it breaks that. */
static char *
decode_userinfo (const char *userinfo)
{
  const char *colon = strchr (userinfo, ':');
  g_autofree char *name
      = colon != NULL ? g_strndup (userinfo, (gsize) (colon - userinfo)) : g_strdup (userinfo);
  g_autofree char *user = g_uri_unescape_string (name, NULL);
  g_autofree char *password = g_uri_unescape_string (colon != NULL ? colon + 1 : "", NULL);
  if (user == NULL || password == NULL || strchr (user, ':') != NULL)
    return NULL;
  g_autofree char *both = g_strdup_printf ("%s:%s", user, password);
  for (const char *p = both; *p != '\0'; p++)
    {
      if (g_ascii_iscntrl (*p))
        return NULL;
    }
  return g_utf8_validate (both, -1, NULL) ? g_steal_pointer (&both) : NULL;
}

/* White space, and what is pasted along with it and cannot be seen. */
static gboolean
is_blank (gunichar c)
{
  return g_unichar_isspace (c) || c == 0x200b || c == 0xfeff;
}

/* Without white space at the ends. Text that is no UTF-8 has only ASCII white space. */
static char *
strip (const char *text)
{
  if (!g_utf8_validate (text, -1, NULL))
    return g_strstrip (g_strdup (text));
  while (*text != '\0' && is_blank (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  const char *end = text + strlen (text);
  while (end > text && is_blank (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  return g_strndup (text, (gsize) (end - text));
}

/* Stripped, without one pair of <> or "" around it, and without the line breaks that mail puts into long links. */
static char *
clean_text (const char *text)
{
  g_autofree char *stripped = strip (text);
  const char *start = stripped;
  gsize length = strlen (start);
  if (length >= 2
      && ((*start == '<' && start[length - 1] == '>')
          || (*start == '"' && start[length - 1] == '"')))
    {
      start++;
      length -= 2;
    }
  GString *out = g_string_sized_new (length);
  for (gsize i = 0; i < length; i++)
    {
      if (strchr ("\n\r\t", start[i]) == NULL)
        g_string_append_c (out, start[i]);
    }
  return g_string_free (out, FALSE);
}

static gboolean
has_control_character (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    {
      if (g_ascii_iscntrl (*p))
        return TRUE;
    }
  return FALSE;
}

/* Whether "host.tld", "host.tld:8080/path", "localhost/x", "192.0.2.1" or "[::1]" may be meant. */
static gboolean
looks_like_bare_host (const char *text)
{
  g_autofree char *host = g_strndup (text, strcspn (text, "/?#"));
  int port;
  if (!split_port (host, &port) || strchr (host, '@') != NULL)
    return FALSE;
  g_autofree char *clean = clean_host (host);
  if (clean == NULL)
    return FALSE;
  if (*clean == '[' || strcmp (clean, "localhost") == 0 || g_hostname_is_ip_address (clean))
    return TRUE;
  const char *dot = strrchr (clean, '.');
  return dot != NULL && dot > clean && strlen (dot + 1) >= 2;
}

/* For a sentence: valid, and not longer than a line. */
static char *
shorten (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, (gssize) MIN (strlen (text), 8 * SHOWN_MAX));
  if (g_utf8_strlen (valid, -1) <= SHOWN_MAX)
    return g_steal_pointer (&valid);
  g_autofree char *start = g_utf8_substring (valid, 0, SHOWN_MAX - 1);
  return g_strconcat (start, "…", NULL);
}

static void
set_too_long (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS,
                       _ ("This address is too long. Look for a shorter link."));
}

static void
set_invalid (GError **error, const char *text)
{
  if (*text == '\0')
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS,
                           _ ("There is no address. Type or paste a link such as "
                              "https://example.org/file."));
      return;
    }
  g_autofree char *shown = shorten (text);
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS,
               _ ("“%s” is not a web address. Type or paste a link such as "
                  "https://example.org/file."),
               shown);
}

static void
set_unsupported (GError **error, const char *text, gsize scheme)
{
  g_autofree char *name = g_strndup (text, scheme);
  g_autofree char *shown = shorten (name);
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME,
               _ ("Ferry cannot fetch “%s:” links. Use one that starts with http: or https:."),
               shown);
}

/* @text with a scheme in front, or NULL with an error. "host.tld:80" has a colon but no scheme. */
static char *
complete_scheme (const char *text, GError **error)
{
  gsize scheme = scheme_length (text);
  if (scheme_is_ours (text, scheme))
    return g_strdup (text);
  if (g_str_has_prefix (text, "//"))
    return g_strconcat ("https:", text, NULL);
  if (looks_like_bare_host (text))
    return g_strconcat ("https://", text, NULL);
  if (scheme > 0 && (memchr (text, '.', scheme) == NULL || strncmp (text + scheme, "://", 3) == 0))
    set_unsupported (error, text, scheme);
  else
    set_invalid (error, text);
  return NULL;
}

/* What ferry_address_normalize () does once there is a scheme; NULL when it is no address. */
static char *
normalize_whole (const char *whole, char **secret)
{
  g_autoptr (Parts) parts = split (whole);
  if (parts == NULL)
    return NULL;
  if (parts->userinfo != NULL && *parts->userinfo != '\0')
    {
      *secret = decode_userinfo (parts->userinfo);
      if (*secret == NULL)
        return NULL;
    }
  return build (parts);
}

char *
ferry_address_normalize (const char *text, char **credentials, GError **error)
{
  g_return_val_if_fail (text != NULL, NULL);
  if (credentials != NULL)
    *credentials = NULL;
  g_autofree char *clean = clean_text (text);
  if (strlen (clean) > ADDRESS_MAX)
    {
      set_too_long (error);
      return NULL;
    }
  if (*clean == '\0' || has_control_character (clean))
    {
      set_invalid (error, clean);
      return NULL;
    }
  g_autofree char *whole = complete_scheme (clean, error);
  if (whole == NULL)
    return NULL;
  g_autofree char *secret = NULL;
  g_autofree char *address = normalize_whole (whole, &secret);
  if (address == NULL)
    {
      set_invalid (error, clean);
      return NULL;
    }
  if (strlen (address) > ADDRESS_MAX)
    {
      set_too_long (error);
      return NULL;
    }
  if (credentials != NULL)
    *credentials = g_steal_pointer (&secret);
  return g_steal_pointer (&address);
}

char *
ferry_address_host (const char *address)
{
  g_autoptr (Parts) parts = address != NULL ? split (address) : NULL;
  g_autofree char *host = parts != NULL ? clean_host (parts->host) : NULL;
  if (host == NULL)
    return g_strdup ("");
  return parts->port > 0 ? g_strdup_printf ("%s:%d", host, parts->port) : g_steal_pointer (&host);
}

gboolean
ferry_address_same_origin (const char *a, const char *b)
{
  g_autoptr (Parts) first = a != NULL ? split (a) : NULL;
  g_autoptr (Parts) second = b != NULL ? split (b) : NULL;
  if (first == NULL || second == NULL)
    return FALSE;
  g_autofree char *first_host = clean_host (first->host);
  g_autofree char *second_host = clean_host (second->host);
  return first_host != NULL && second_host != NULL && strcmp (first_host, second_host) == 0
         && strcmp (first->scheme, second->scheme) == 0 && first->port == second->port;
}

/* @reference against @base by RFC 3986 section 5.2.2, for a reference without a scheme. */
static char *
merge (const Parts *base, const char *reference)
{
  g_autoptr (GString) out = g_string_new (NULL);
  g_string_append_printf (out, "%s:", base->scheme);
  if (g_str_has_prefix (reference, "//"))
    {
      g_string_append (out, reference);
      return g_string_free (g_steal_pointer (&out), FALSE);
    }
  g_string_append_printf (out, "//%s", base->host);
  if (base->port > 0)
    g_string_append_printf (out, ":%d", base->port);
  if (*reference == '/')
    g_string_append (out, reference);
  else if (*reference == '?' || *reference == '#' || *reference == '\0')
    {
      g_string_append (out, base->path);
      if (*reference != '?' && base->query != NULL)
        g_string_append_printf (out, "?%s", base->query);
      g_string_append (out, reference);
    }
  else
    {
      const char *slash = strrchr (base->path, '/');
      gsize folder = slash != NULL ? (gsize) (slash - base->path) : 0;
      g_string_append_printf (out, "%.*s/%s", (int) folder, base->path, reference);
    }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

char *
ferry_address_resolve (const char *base, const char *reference, GError **error)
{
  g_return_val_if_fail (base != NULL && reference != NULL, NULL);
  g_autofree char *trimmed = g_strstrip (g_strdup (reference));
  gsize scheme = scheme_length (trimmed);
  if (scheme > 0 && !scheme_is_ours (trimmed, scheme))
    {
      set_unsupported (error, trimmed, scheme);
      return NULL;
    }
  g_autoptr (Parts) from = split (base);
  gboolean sound = strlen (trimmed) <= ADDRESS_MAX && !has_control_character (trimmed);
  g_autofree char *whole = NULL;
  if (from != NULL && sound)
    whole = scheme > 0 ? g_strdup (trimmed) : merge (from, trimmed);
  g_autoptr (Parts) parts = whole != NULL ? split (whole) : NULL;
  g_autofree char *address = parts != NULL ? build (parts) : NULL;
  if (address != NULL && strlen (address) > ADDRESS_MAX)
    g_clear_pointer (&address, g_free);
  if (address == NULL)
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                         _ ("The server sends you on to an address that is none. Look for another "
                            "link."));
  return g_steal_pointer (&address);
}
