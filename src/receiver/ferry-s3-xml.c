/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-s3-xml.h"

#include <string.h>

#include "ferry-http-headers.h"

#define DEPTH_MAX 16
#define ETAG_MAX 256
#define UPLOAD_ID_MAX 1024
#define CODE_MAX 64

G_DEFINE_QUARK (ferry - s3 - error - quark, ferry_s3_error)

/* ---- documents ---- */

typedef struct
{
  FerryS3Document *document;
  FerryS3Group *group; /* the one that is open */
  GString *text;       /* of the element that is open */
  guint depth;
  gboolean leaf; /* nothing was opened since the last start */
} Reader;

static GHashTable *
new_fields (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
group_free (FerryS3Group *self)
{
  g_free (self->name);
  g_hash_table_unref (self->fields);
  g_free (self);
}

/* Without "ns:". */
static const char *
local_name (const char *name)
{
  const char *colon = strrchr (name, ':');

  return colon != NULL ? colon + 1 : name;
}

/* The root's child @name turns out to have children. */
static void
open_group (Reader *reader, const char *name)
{
  reader->group = g_new0 (FerryS3Group, 1);
  reader->group->name = g_strdup (name);
  reader->group->fields = new_fields ();
  g_ptr_array_add (reader->document->groups, reader->group);
}

static void
start_cb (GMarkupParseContext *context,
          const char *name,
          const char **attribute_names,
          const char **attribute_values,
          gpointer data,
          GError **error)
{
  Reader *reader = data;

  reader->depth++;
  /* GMarkup itself is content with any depth, and with one document behind the other. */
  if (reader->depth > DEPTH_MAX || (reader->depth == 1 && reader->document->root != NULL))
    {
      g_set_error_literal (error, G_MARKUP_ERROR, G_MARKUP_ERROR_INVALID_CONTENT, "too much");
      return;
    }
  if (reader->depth == 1)
    reader->document->root = g_strdup (local_name (name));
  if (reader->depth == 3 && reader->group == NULL)
    open_group (reader,
                local_name (g_markup_parse_context_get_element_stack (context)->next->data));
  g_string_truncate (reader->text, 0);
  reader->leaf = TRUE;
}

/* The first of a name counts. */
static void
add_field (GHashTable *fields, const char *name, const char *text)
{
  if (!g_hash_table_contains (fields, name))
    g_hash_table_insert (fields, g_strdup (name), g_strdup (text));
}

static void
end_cb (GMarkupParseContext *context, const char *name, gpointer data, GError **error)
{
  Reader *reader = data;

  if (reader->leaf && reader->depth == 2)
    add_field (reader->document->fields, local_name (name), reader->text->str);
  if (reader->leaf && reader->depth == 3)
    add_field (reader->group->fields, local_name (name), reader->text->str);
  if (reader->depth == 2)
    reader->group = NULL;
  reader->leaf = FALSE;
  reader->depth--;
}

static void
text_cb (
    GMarkupParseContext *context, const char *text, gsize length, gpointer data, GError **error)
{
  Reader *reader = data;

  if (reader->leaf)
    g_string_append_len (reader->text, text, (gssize) length);
}

FerryS3Document *
ferry_s3_document_parse (const char *data, gsize length)
{
  static const GMarkupParser parser = { start_cb, end_cb, text_cb, NULL, NULL };
  g_autoptr (FerryS3Document) document = NULL;
  g_autoptr (GMarkupParseContext) context = NULL;
  g_autoptr (GString) text = NULL;
  Reader reader = { 0 };

  if (data == NULL || length == 0 || length > FERRY_S3_ANSWER_MAX)
    return NULL;
  if (length >= 3 && memcmp (data, "\357\273\277", 3) == 0)
    {
      data += 3;
      length -= 3;
    }
  document = g_new0 (FerryS3Document, 1);
  document->fields = new_fields ();
  document->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  text = g_string_new (NULL);
  reader.document = document;
  reader.text = text;
  context = g_markup_parse_context_new (&parser, G_MARKUP_TREAT_CDATA_AS_TEXT, &reader, NULL);
  if (!g_markup_parse_context_parse (context, data, (gssize) length, NULL)
      || !g_markup_parse_context_end_parse (context, NULL) || document->root == NULL)
    return NULL;
  return g_steal_pointer (&document);
}

void
ferry_s3_document_free (FerryS3Document *self)
{
  if (self == NULL)
    return;
  g_free (self->root);
  g_hash_table_unref (self->fields);
  g_ptr_array_unref (self->groups);
  g_free (self);
}

/* ---- errors ---- */

typedef struct
{
  const char *code;
  FerryS3Error meaning;
} Meaning;

static const Meaning meanings[] = {
  { "AccessDenied", FERRY_S3_ERROR_REFUSED },
  { "AccessForbidden", FERRY_S3_ERROR_REFUSED },
  { "AccountProblem", FERRY_S3_ERROR_REFUSED },
  { "AllAccessDisabled", FERRY_S3_ERROR_REFUSED },
  { "AuthorizationHeaderMalformed", FERRY_S3_ERROR_REFUSED },
  { "AuthorizationQueryParametersError", FERRY_S3_ERROR_REFUSED },
  { "BadDigest", FERRY_S3_ERROR_BAD_PARTS },
  { "BucketRegionError", FERRY_S3_ERROR_REFUSED },
  { "ConditionalRequestConflict", FERRY_S3_ERROR_UNREACHABLE },
  { "EntityTooSmall", FERRY_S3_ERROR_BAD_PARTS },
  { "ExpiredToken", FERRY_S3_ERROR_REFUSED },
  { "IllegalLocationConstraintException", FERRY_S3_ERROR_REFUSED },
  { "InternalError", FERRY_S3_ERROR_UNREACHABLE },
  { "InvalidAccessKeyId", FERRY_S3_ERROR_REFUSED },
  { "InvalidBucketName", FERRY_S3_ERROR_NO_BUCKET },
  { "InvalidPart", FERRY_S3_ERROR_BAD_PARTS },
  { "InvalidPartNumber", FERRY_S3_ERROR_BAD_PARTS },
  { "InvalidPartOrder", FERRY_S3_ERROR_BAD_PARTS },
  { "InvalidRegion", FERRY_S3_ERROR_REFUSED },
  { "InvalidSecurity", FERRY_S3_ERROR_REFUSED },
  { "InvalidToken", FERRY_S3_ERROR_REFUSED },
  { "NoSuchBucket", FERRY_S3_ERROR_NO_BUCKET },
  { "NoSuchKey", FERRY_S3_ERROR_NO_SUCH_UPLOAD },
  { "NoSuchUpload", FERRY_S3_ERROR_NO_SUCH_UPLOAD },
  { "NotSignedUp", FERRY_S3_ERROR_REFUSED },
  { "OperationAborted", FERRY_S3_ERROR_UNREACHABLE },
  { "PermanentRedirect", FERRY_S3_ERROR_REFUSED },
  { "RequestExpired", FERRY_S3_ERROR_CLOCK },
  { "RequestLimitExceeded", FERRY_S3_ERROR_UNREACHABLE },
  { "RequestTimeTooSkewed", FERRY_S3_ERROR_CLOCK },
  { "RequestTimeout", FERRY_S3_ERROR_UNREACHABLE },
  { "ServiceUnavailable", FERRY_S3_ERROR_UNREACHABLE },
  { "SignatureDoesNotMatch", FERRY_S3_ERROR_REFUSED },
  { "SlowDown", FERRY_S3_ERROR_UNREACHABLE },
  { "TemporaryRedirect", FERRY_S3_ERROR_REFUSED },
  { "Throttling", FERRY_S3_ERROR_UNREACHABLE },
  { "ThrottlingException", FERRY_S3_ERROR_UNREACHABLE },
  { "TokenRefreshRequired", FERRY_S3_ERROR_REFUSED },
};

static FerryS3Error
status_meaning (guint status)
{
  if (status == 408 || status == 429 || (status >= 500 && status != 501))
    return FERRY_S3_ERROR_UNREACHABLE;
  if (status == 401 || status == 403 || (status >= 300 && status < 400))
    return FERRY_S3_ERROR_REFUSED;
  return FERRY_S3_ERROR_PROTOCOL;
}

/* A field of an <Error> where it may stand in a log: letters, digits and what joins them. (nullable) */
static const char *
plain_field (const FerryS3Document *document, const char *name)
{
  const char *text = g_hash_table_lookup (document->fields, name);

  if (text == NULL || text[0] == '\0' || strlen (text) > CODE_MAX)
    return NULL;
  for (const char *p = text; *p != '\0'; p++)
    {
      if (!g_ascii_isalnum (*p) && strchr ("-._", *p) == NULL)
        return NULL;
    }
  return text;
}

gboolean
ferry_s3_check_answer (const char *what,
                       guint status,
                       const FerryS3Document *document,
                       GError **error)
{
  gboolean failed = document != NULL && strcmp (document->root, "Error") == 0;
  const char *code = failed ? plain_field (document, "Code") : NULL;
  const char *region = failed ? plain_field (document, "Region") : NULL;
  FerryS3Error meaning;

  if (!failed && status >= 200 && status < 300)
    return TRUE;
  /* An <Error> inside a 200 without a code that is known tells no more than that it failed. */
  meaning = status >= 200 && status < 300 ? FERRY_S3_ERROR_UNREACHABLE : status_meaning (status);
  for (gsize i = 0; code != NULL && i < G_N_ELEMENTS (meanings); i++)
    {
      if (strcmp (code, meanings[i].code) == 0)
        meaning = meanings[i].meaning;
    }
  g_set_error (error, FERRY_S3_ERROR, meaning, "%s: the store answers %u %s%s%s", what, status,
               code != NULL ? code : "without a code", region != NULL ? ", of the region " : "",
               region != NULL ? region : "");
  return FALSE;
}

/* ---- fields ---- */

char *
ferry_s3_parse_etag (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;

  if (length >= 2 && text[0] == '"' && text[length - 1] == '"')
    {
      text++;
      length -= 2;
    }
  if (length == 0 || length > ETAG_MAX)
    return NULL;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (text[i]) || text[i] == '"')
        return NULL;
    }
  return g_strndup (text, length);
}

gboolean
ferry_s3_parse_sha256 (const char *text, guint8 sha256[FERRY_SHA256_SIZE])
{
  g_autofree guchar *bytes = NULL;
  g_autofree char *again = NULL;
  gsize length = 0;

  if (text == NULL || strlen (text) != 44)
    return FALSE;
  bytes = g_base64_decode (text, &length);
  if (length != FERRY_SHA256_SIZE)
    return FALSE;
  /* GLib's decoder skips what is not base64. */
  again = g_base64_encode (bytes, length);
  if (strcmp (again, text) != 0)
    return FALSE;
  memcpy (sha256, bytes, FERRY_SHA256_SIZE);
  return TRUE;
}

/* An opaque text of the store that goes back to it. */
static gboolean
is_id (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;

  if (length == 0 || length > UPLOAD_ID_MAX)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (text[i]))
        return FALSE;
    }
  return TRUE;
}

/* 1 up to 10,000; 0 for anything else. */
static guint
parse_number (const char *text)
{
  gint64 number = ferry_http_parse_length (text);

  return number >= 1 && number <= FERRY_S3_MAX_PARTS ? (guint) number : 0;
}

static gboolean
is_truncated (const FerryS3Document *self)
{
  return g_strcmp0 (g_hash_table_lookup (self->fields, "IsTruncated"), "true") == 0;
}

static FerryS3Part *
parse_part (const FerryS3Group *group)
{
  guint number = parse_number (g_hash_table_lookup (group->fields, "PartNumber"));
  gint64 size = ferry_http_parse_length (g_hash_table_lookup (group->fields, "Size"));
  char *etag = ferry_s3_parse_etag (g_hash_table_lookup (group->fields, "ETag"));
  FerryS3Part *part;

  if (number == 0 || size < 0 || etag == NULL)
    {
      g_free (etag);
      return NULL;
    }
  part = g_new0 (FerryS3Part, 1);
  part->number = number;
  part->size = (guint64) size;
  part->etag = etag;
  part->has_sha256
      = ferry_s3_parse_sha256 (g_hash_table_lookup (group->fields, "ChecksumSHA256"), part->sha256);
  return part;
}

gboolean
ferry_s3_document_get_parts (const FerryS3Document *self, GPtrArray *parts, guint *next)
{
  guint last = 0;

  *next = 0;
  if (!g_str_equal (self->root, "ListPartsResult"))
    return FALSE;
  for (guint i = 0; i < self->groups->len; i++)
    {
      const FerryS3Group *group = self->groups->pdata[i];
      FerryS3Part *part;

      if (!g_str_equal (group->name, "Part"))
        continue;
      part = parse_part (group);
      if (part == NULL)
        return FALSE;
      last = MAX (last, part->number);
      g_ptr_array_add (parts, part);
    }
  if (!is_truncated (self))
    return TRUE;
  *next = parse_number (g_hash_table_lookup (self->fields, "NextPartNumberMarker"));
  if (*next == 0)
    *next = last;
  return *next != 0;
}

gboolean
ferry_s3_document_get_uploads (
    const FerryS3Document *self, const char *key, GPtrArray *ids, char **next_key, char **next_id)
{
  *next_key = *next_id = NULL;
  if (!g_str_equal (self->root, "ListMultipartUploadsResult"))
    return FALSE;
  for (guint i = 0; i < self->groups->len; i++)
    {
      const FerryS3Group *group = self->groups->pdata[i];
      const char *of = g_hash_table_lookup (group->fields, "Key");
      const char *id = g_hash_table_lookup (group->fields, "UploadId");

      if (!g_str_equal (group->name, "Upload"))
        continue;
      if (of == NULL || !is_id (id))
        return FALSE;
      if (g_str_equal (of, key))
        g_ptr_array_add (ids, g_strdup (id));
    }
  if (!is_truncated (self))
    return TRUE;
  *next_key = g_strdup (g_hash_table_lookup (self->fields, "NextKeyMarker"));
  *next_id = g_strdup (g_hash_table_lookup (self->fields, "NextUploadIdMarker"));
  return *next_key != NULL && **next_key != '\0';
}

char *
ferry_s3_document_get_upload_id (const FerryS3Document *self)
{
  const char *id = g_hash_table_lookup (self->fields, "UploadId");

  if (!g_str_equal (self->root, "InitiateMultipartUploadResult") || !is_id (id))
    return NULL;
  return g_strdup (id);
}

/* ---- parts ---- */

static gboolean
all_have_sha256 (GPtrArray *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      if (!((const FerryS3Part *) parts->pdata[i])->has_sha256)
        return FALSE;
    }
  return parts->len > 0;
}

char *
ferry_s3_complete_body (GPtrArray *parts)
{
  /* A store that does not know the element refuses the whole body, so it is there only where the store told it first. */
  gboolean with_sha256 = all_have_sha256 (parts);
  GString *body = g_string_new (
      "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");

  for (guint i = 0; i < parts->len; i++)
    {
      const FerryS3Part *part = parts->pdata[i];
      g_autofree char *etag = g_markup_escape_text (part->etag, -1);

      g_string_append_printf (body, "<Part><PartNumber>%u</PartNumber><ETag>&quot;%s&quot;</ETag>",
                              part->number, etag);
      if (with_sha256)
        {
          g_autofree char *sha256 = g_base64_encode (part->sha256, FERRY_SHA256_SIZE);

          g_string_append_printf (body, "<ChecksumSHA256>%s</ChecksumSHA256>", sha256);
        }
      g_string_append (body, "</Part>");
    }
  g_string_append (body, "</CompleteMultipartUpload>");
  return g_string_free (body, FALSE);
}

/* 32 hex digits. */
static gboolean
parse_md5 (const char *etag, guint8 md5[16])
{
  if (strlen (etag) != 32)
    return FALSE;
  for (guint i = 0; i < 16; i++)
    {
      int high = g_ascii_xdigit_value (etag[2 * i]);
      int low = g_ascii_xdigit_value (etag[2 * i + 1]);

      if (high < 0 || low < 0)
        return FALSE;
      md5[i] = (guint8) (high << 4 | low);
    }
  return TRUE;
}

char *
ferry_s3_composite_etag (GPtrArray *parts)
{
  g_autoptr (GChecksum) all = g_checksum_new (G_CHECKSUM_MD5);

  g_return_val_if_fail (parts != NULL, NULL);

  for (guint i = 0; i < parts->len; i++)
    {
      guint8 md5[16];

      if (!parse_md5 (((const FerryS3Part *) parts->pdata[i])->etag, md5))
        return NULL;
      g_checksum_update (all, md5, sizeof md5);
    }
  return parts->len > 0 ? g_strdup_printf ("%s-%u", g_checksum_get_string (all), parts->len) : NULL;
}

char *
ferry_s3_composite_sha256 (GPtrArray *parts)
{
  g_autoptr (FerryDigest) all = NULL;
  g_autofree char *text = NULL;
  guint8 sha256[FERRY_SHA256_SIZE];

  g_return_val_if_fail (parts != NULL, NULL);

  if (!all_have_sha256 (parts))
    return NULL;
  all = ferry_digest_new ();
  for (guint i = 0; i < parts->len; i++)
    ferry_digest_update (all, ((const FerryS3Part *) parts->pdata[i])->sha256, FERRY_SHA256_SIZE);
  ferry_digest_finish (all, sha256);
  text = g_base64_encode (sha256, sizeof sha256);
  return g_strdup_printf ("%s-%u", text, parts->len);
}

void
ferry_s3_part_free (FerryS3Part *self)
{
  if (self == NULL)
    return;
  g_free (self->etag);
  g_free (self);
}

void
ferry_s3_object_free (FerryS3Object *self)
{
  if (self == NULL)
    return;
  g_free (self->etag);
  g_free (self->sha256);
  g_free (self);
}
