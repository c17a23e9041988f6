/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-bucket-answer.h"

#include <string.h>

#define MAX_XML (64 * 1024)
#define MAX_DEPTH 16
#define MAX_ETAG 256

/* ---- the XML of an error ---- */

typedef struct
{
  guint depth;
  gboolean is_error; /* the root is <Error> */
  gboolean in_code;
  GString *code; /* (nullable) */
} Reading;

static gboolean
set_enough (GError **error)
{
  g_set_error_literal (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "too much");
  return FALSE;
}

static void
start_cb (GMarkupParseContext *context,
          const char *element,
          const char **names,
          const char **values,
          gpointer data,
          GError **error)
{
  Reading *self = data;

  self->depth++;
  if (self->depth == 1)
    self->is_error = g_str_equal (element, "Error");
  self->in_code
      = self->is_error && self->depth == 2 && self->code == NULL && g_str_equal (element, "Code");
  if (self->in_code)
    self->code = g_string_new (NULL);
  if (self->depth > MAX_DEPTH)
    set_enough (error);
}

static void
end_cb (GMarkupParseContext *context, const char *element, gpointer data, GError **error)
{
  Reading *self = data;

  self->depth--;
  self->in_code = FALSE;
}

static void
text_cb (
    GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  Reading *self = data;

  if (!self->in_code)
    return;
  if (length > FERRY_BUCKET_MAX_CODE - self->code->len)
    set_enough (error);
  else
    g_string_append_len (self->code, text, (gssize) length);
}

static gboolean
is_code (const char *text)
{
  return *text != '\0'
         && strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.")
                == strlen (text);
}

char *
ferry_bucket_parse_code (GBytes *xml)
{
  static const GMarkupParser parser
      = { .start_element = start_cb, .end_element = end_cb, .text = text_cb };
  Reading reading = { 0 };
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autofree char *code = NULL;
  gsize size;
  const char *data = g_bytes_get_data (xml, &size);
  gboolean whole;

  if (data == NULL || size > MAX_XML)
    return NULL;
  context = g_markup_parse_context_new (&parser, 0, &reading, NULL);
  whole = g_markup_parse_context_parse (context, data, (gssize) size, NULL)
          && g_markup_parse_context_end_parse (context, NULL);
  if (reading.code != NULL)
    code = g_strstrip (g_string_free (reading.code, FALSE));
  return whole && code != NULL && is_code (code) ? g_steal_pointer (&code) : NULL;
}

/* ---- what it means ---- */

typedef struct
{
  const char *code;
  FerryBucketVerdict verdict;
} Meaning;

/* Which status they come with differs from store to store. */
static const Meaning meanings[] = {
  { "AccessDenied", FERRY_BUCKET_OLD_ADDRESS },
  { "ExpiredToken", FERRY_BUCKET_OLD_ADDRESS },
  { "RequestExpired", FERRY_BUCKET_OLD_ADDRESS },
  { "AuthorizationQueryParametersError", FERRY_BUCKET_BAD_SIGNATURE },
  { "InvalidAccessKeyId", FERRY_BUCKET_BAD_SIGNATURE },
  { "InvalidToken", FERRY_BUCKET_BAD_SIGNATURE },
  { "SignatureDoesNotMatch", FERRY_BUCKET_BAD_SIGNATURE },
  { "RequestTimeTooSkewed", FERRY_BUCKET_CLOCK },
  { "BadDigest", FERRY_BUCKET_DAMAGED },
  { "InvalidDigest", FERRY_BUCKET_DAMAGED },
  { "XAmzContentChecksumMismatch", FERRY_BUCKET_DAMAGED },
  { "XAmzContentSHA256Mismatch", FERRY_BUCKET_DAMAGED },
  { "NoSuchUpload", FERRY_BUCKET_NO_UPLOAD },
  { "EntityTooSmall", FERRY_BUCKET_BAD_PART },
  { "InvalidPart", FERRY_BUCKET_BAD_PART },
  { "InvalidPartOrder", FERRY_BUCKET_BAD_PART },
  { "NoSuchBucket", FERRY_BUCKET_NO_BUCKET },
  { "EntityTooLarge", FERRY_BUCKET_TOO_LARGE },
  { "QuotaExceeded", FERRY_BUCKET_NO_ROOM },
  { "XMinioStorageFull", FERRY_BUCKET_NO_ROOM },
  { "IncompleteBody", FERRY_BUCKET_BROKEN },
  { "RequestTimeout", FERRY_BUCKET_BROKEN },
  { "OperationAborted", FERRY_BUCKET_BUSY },
  { "SlowDown", FERRY_BUCKET_BUSY },
  { "PermanentRedirect", FERRY_BUCKET_REDIRECT },
  { "TemporaryRedirect", FERRY_BUCKET_REDIRECT },
};

FerryBucketVerdict
ferry_bucket_judge (unsigned status, const char *code)
{
  if (status == 200)
    return FERRY_BUCKET_STORED;
  for (gsize i = 0; code != NULL && status >= 300 && i < G_N_ELEMENTS (meanings); i++)
    {
      if (g_str_equal (meanings[i].code, code))
        return meanings[i].verdict;
    }
  if (status == 408 || status == 425 || status == 429 || (status >= 500 && status != 507))
    return FERRY_BUCKET_BUSY;
  if (status == 507)
    return FERRY_BUCKET_NO_ROOM;
  if (status == 413)
    return FERRY_BUCKET_TOO_LARGE;
  /* Some name it otherwise, or not at all. */
  if (status == 403)
    return FERRY_BUCKET_OLD_ADDRESS;
  return status >= 300 && status < 400 ? FERRY_BUCKET_REDIRECT : FERRY_BUCKET_REFUSED;
}

char *
ferry_bucket_parse_etag (const char *field)
{
  g_autofree char *tag = NULL;
  gsize length;

  if (field == NULL || strlen (field) > MAX_ETAG)
    return NULL;
  if (g_str_has_prefix (field, "W/\""))
    field += 2;
  length = strlen (field);
  if (length >= 2 && field[0] == '"' && field[length - 1] == '"')
    tag = g_strndup (field + 1, length - 2);
  else
    tag = g_strdup (field);
  for (const char *p = tag; *p != '\0'; p++)
    {
      if (*p <= ' ' || *p > '~' || *p == '"')
        return NULL;
    }
  return *tag != '\0' ? g_steal_pointer (&tag) : NULL;
}
