/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-sigv4.h"

#include <string.h>

#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "ferry-digest.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
/* 20130524T000000Z */
#define TIME_FORMAT "%Y%m%dT%H%M%SZ"
#define DAY_LENGTH 8

typedef struct
{
  char *name;
  char *value;
} Pair;

static void
pair_free (Pair *self)
{
  g_free (self->name);
  g_free (self->value);
  g_free (self);
}

static void
take_pair (GPtrArray *pairs, char *name, char *value)
{
  Pair *pair = g_new (Pair, 1);

  pair->name = name;
  pair->value = value;
  g_ptr_array_add (pairs, pair);
}

/* By bytes, names first: what is encoded has ASCII only. */
static int
pair_compare (gconstpointer a, gconstpointer b)
{
  const Pair *one = *(const Pair *const *) a;
  const Pair *other = *(const Pair *const *) b;
  int order = strcmp (one->name, other->name);

  return order != 0 ? order : strcmp (one->value, other->value);
}

static gboolean
is_unreserved (char c)
{
  return g_ascii_isalnum (c) || c == '-' || c == '.' || c == '_' || c == '~';
}

char *
ferry_sigv4_encode (const char *text, gboolean keep_slash)
{
  GString *encoded;

  g_return_val_if_fail (text != NULL, NULL);

  encoded = g_string_sized_new (strlen (text));
  for (const char *p = text; *p != '\0'; p++)
    {
      if (is_unreserved (*p) || (keep_slash && *p == '/'))
        g_string_append_c (encoded, *p);
      else
        g_string_append_printf (encoded, "%%%02X", (guchar) *p);
    }
  return g_string_free (encoded, FALSE);
}

static void
hmac (const void *key, gsize key_length, const char *text, guint8 result[FERRY_SHA256_SIZE])
{
  int code = gnutls_hmac_fast (GNUTLS_MAC_SHA256, key, key_length, text, strlen (text), result);

  /* Only a broken library gets here, and nothing can be signed then. */
  if (code < 0)
    g_error ("HMAC does not work: %s", gnutls_strerror (code));
}

static char *
text_sha256 (const char *text)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];

  ferry_digest_update (digest, text, strlen (text));
  ferry_digest_finish (digest, sha256);
  return ferry_sha256_to_hex (sha256);
}

static char *
time_stamp (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);

  return time != NULL ? g_date_time_format (time, TIME_FORMAT) : g_strdup ("00010101T000000Z");
}

static char *
credential_scope (const FerrySigv4Keys *keys, const char *stamp)
{
  return g_strdup_printf ("%.*s/%s/s3/aws4_request", DAY_LENGTH, stamp, keys->region);
}

/* Without blanks at the ends and with one for each run of them inside. */
static char *
header_value (const char *value)
{
  GString *plain = g_string_sized_new (strlen (value));

  for (const char *p = value; *p != '\0'; p++)
    {
      gboolean blank = *p == ' ' || *p == '\t';

      if (!blank)
        g_string_append_c (plain, *p);
      else if (plain->len > 0 && plain->str[plain->len - 1] != ' ')
        g_string_append_c (plain, ' ');
    }
  if (plain->len > 0 && plain->str[plain->len - 1] == ' ')
    g_string_truncate (plain, plain->len - 1);
  return g_string_free (plain, FALSE);
}

/* "host", those of the request and, where @extra is not NULL, those: sorted. */
static GPtrArray *
collect_headers (const FerrySigv4Request *request, GPtrArray *extra)
{
  GPtrArray *headers = g_ptr_array_new_with_free_func ((GDestroyNotify) pair_free);

  take_pair (headers, g_strdup ("host"), header_value (request->host));
  for (gsize i = 0; request->headers != NULL && request->headers[i] != NULL; i += 2)
    take_pair (headers, g_ascii_strdown (request->headers[i], -1),
               header_value (request->headers[i + 1]));
  for (guint i = 0; extra != NULL && i + 1 < extra->len; i += 2)
    take_pair (headers, g_ascii_strdown (extra->pdata[i], -1), header_value (extra->pdata[i + 1]));
  g_ptr_array_sort (headers, pair_compare);
  return headers;
}

static char *
signed_names (GPtrArray *headers)
{
  GString *names = g_string_new (NULL);

  for (guint i = 0; i < headers->len; i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ";" : "", ((Pair *) headers->pdata[i])->name);
  return g_string_free (names, FALSE);
}

static GPtrArray *
collect_query (const FerrySigv4Request *request)
{
  GPtrArray *query = g_ptr_array_new_with_free_func ((GDestroyNotify) pair_free);

  for (gsize i = 0; request->query != NULL && request->query[i] != NULL; i += 2)
    take_pair (query, ferry_sigv4_encode (request->query[i], FALSE),
               ferry_sigv4_encode (request->query[i + 1], FALSE));
  return query;
}

/* Sorts @query by its encoded names. */
static char *
query_text (GPtrArray *query)
{
  GString *text = g_string_new (NULL);

  g_ptr_array_sort (query, pair_compare);
  for (guint i = 0; i < query->len; i++)
    {
      const Pair *pair = query->pdata[i];

      g_string_append_printf (text, "%s%s=%s", i > 0 ? "&" : "", pair->name, pair->value);
    }
  return g_string_free (text, FALSE);
}

/* What both sides compute from the request: it is hashed, and the hash is signed. */
static char *
canonical_request (const char *method,
                   const char *path,
                   const char *query,
                   GPtrArray *headers,
                   const char *payload)
{
  g_autofree char *names = signed_names (headers);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "%s\n%s\n%s\n", method, path, query);
  for (guint i = 0; i < headers->len; i++)
    {
      const Pair *pair = headers->pdata[i];

      g_string_append_printf (text, "%s:%s\n", pair->name, pair->value);
    }
  g_string_append_printf (text, "\n%s\n%s", names, payload);
  return g_string_free (text, FALSE);
}

static char *
signature (const FerrySigv4Keys *keys, const char *stamp, const char *canonical)
{
  g_autofree char *day = g_strndup (stamp, DAY_LENGTH);
  g_autofree char *scope = credential_scope (keys, stamp);
  g_autofree char *hash = text_sha256 (canonical);
  g_autofree char *text = g_strdup_printf (ALGORITHM "\n%s\n%s\n%s", stamp, scope, hash);
  g_autofree char *secret = g_strconcat ("AWS4", keys->secret_key, NULL);
  guint8 key[FERRY_SHA256_SIZE], next[FERRY_SHA256_SIZE];
  char *hex;

  hmac (secret, strlen (secret), day, key);
  hmac (key, sizeof key, keys->region, next);
  hmac (next, sizeof next, "s3", key);
  hmac (key, sizeof key, "aws4_request", next);
  hmac (next, sizeof next, text, key);
  hex = ferry_sha256_to_hex (key);
  /* The key of the day is as good as the secret for a day. */
  gnutls_memset (secret, 0, strlen (secret));
  gnutls_memset (next, 0, sizeof next);
  return hex;
}

static gboolean
request_is_whole (const FerrySigv4Keys *keys, const FerrySigv4Request *request)
{
  return keys != NULL && keys->access_key != NULL && keys->secret_key != NULL
         && keys->region != NULL && request != NULL && request->method != NULL
         && request->host != NULL && request->path != NULL && request->path[0] == '/';
}

char *
ferry_sigv4_presign (const FerrySigv4Keys *keys, const FerrySigv4Request *request, guint expires)
{
  g_return_val_if_fail (request_is_whole (keys, request), NULL);
  g_return_val_if_fail (expires >= 1 && expires <= FERRY_SIGV4_MAX_EXPIRES, NULL);

  g_autofree char *stamp = time_stamp (request->time);
  g_autofree char *scope = credential_scope (keys, stamp);
  g_autofree char *credential = g_strdup_printf ("%s/%s", keys->access_key, scope);
  g_autofree char *path = ferry_sigv4_encode (request->path, TRUE);
  g_autoptr (GPtrArray) headers = collect_headers (request, NULL);
  g_autoptr (GPtrArray) query = collect_query (request);
  g_autofree char *names = signed_names (headers);

  take_pair (query, g_strdup ("X-Amz-Algorithm"), g_strdup (ALGORITHM));
  take_pair (query, g_strdup ("X-Amz-Credential"), ferry_sigv4_encode (credential, FALSE));
  take_pair (query, g_strdup ("X-Amz-Date"), g_strdup (stamp));
  take_pair (query, g_strdup ("X-Amz-Expires"), g_strdup_printf ("%u", expires));
  take_pair (query, g_strdup ("X-Amz-SignedHeaders"), ferry_sigv4_encode (names, FALSE));
  if (keys->session_token != NULL)
    take_pair (query, g_strdup ("X-Amz-Security-Token"),
               ferry_sigv4_encode (keys->session_token, FALSE));

  g_autofree char *text = query_text (query);
  g_autofree char *canonical = canonical_request (
      request->method, path, text, headers,
      request->payload_sha256 != NULL ? request->payload_sha256 : "UNSIGNED-PAYLOAD");
  g_autofree char *hex = signature (keys, stamp, canonical);

  return g_strdup_printf ("%s?%s&X-Amz-Signature=%s", path, text, hex);
}

char **
ferry_sigv4_sign (const FerrySigv4Keys *keys, const FerrySigv4Request *request)
{
  g_return_val_if_fail (request_is_whole (keys, request), NULL);

  const char *payload
      = request->payload_sha256 != NULL ? request->payload_sha256 : "UNSIGNED-PAYLOAD";
  g_autofree char *stamp = time_stamp (request->time);
  g_autofree char *scope = credential_scope (keys, stamp);
  g_autofree char *path = ferry_sigv4_encode (request->path, TRUE);
  GPtrArray *fields = g_ptr_array_new ();

  g_ptr_array_add (fields, g_strdup ("x-amz-date"));
  g_ptr_array_add (fields, g_strdup (stamp));
  g_ptr_array_add (fields, g_strdup ("x-amz-content-sha256"));
  g_ptr_array_add (fields, g_strdup (payload));
  if (keys->session_token != NULL)
    {
      g_ptr_array_add (fields, g_strdup ("x-amz-security-token"));
      g_ptr_array_add (fields, g_strdup (keys->session_token));
    }

  g_autoptr (GPtrArray) headers = collect_headers (request, fields);
  g_autoptr (GPtrArray) query = collect_query (request);
  g_autofree char *names = signed_names (headers);
  g_autofree char *text = query_text (query);
  g_autofree char *canonical = canonical_request (request->method, path, text, headers, payload);
  g_autofree char *hex = signature (keys, stamp, canonical);

  g_ptr_array_add (fields, g_strdup ("Authorization"));
  g_ptr_array_add (fields,
                   g_strdup_printf (ALGORITHM " Credential=%s/%s, SignedHeaders=%s, Signature=%s",
                                    keys->access_key, scope, names, hex));
  g_ptr_array_add (fields, NULL);
  return (char **) g_ptr_array_free (fields, FALSE);
}
