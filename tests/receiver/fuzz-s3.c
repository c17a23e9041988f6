/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds foreign bytes to all that takes a store's answers apart. */
#include "ferry-s3-xml.h"

#include <string.h>

#include "fuzz-driver.h"

#define SHA256 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const char *const seeds[] = {
  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<InitiateMultipartUploadResult "
  "xmlns=\"x\"><Bucket>b</Bucket>"
  "<Key>k</Key><UploadId>2~abc</UploadId></InitiateMultipartUploadResult>",
  "<ListPartsResult><IsTruncated>true</IsTruncated><NextPartNumberMarker>2</"
  "NextPartNumberMarker><Part>"
  "<PartNumber>1</PartNumber><ETag>&quot;0cc175b9c0f1b6a831c399e269772661&quot;</ETag><Size>5</"
  "Size>"
  "<ChecksumSHA256>" SHA256 "</ChecksumSHA256></Part><Part><PartNumber>2</PartNumber>"
  "<ETag>\"92eb5ffee6ae2fec3ad71c777531578f\"</ETag><Size>0</Size></Part></ListPartsResult>",
  "<ListMultipartUploadsResult><Upload><Key>k</Key><UploadId>a</UploadId><Initiator><ID>x</ID></"
  "Initiator>"
  "</Upload><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>"
  "<NextUploadIdMarker>a</NextUploadIdMarker></ListMultipartUploadsResult>",
  "  \n <Error><Code>NoSuchUpload</Code><Message>x</Message><Region>eu-west-1</Region></Error>",
  "<CompleteMultipartUploadResult><ETag>&quot;a-2&quot;</ETag></CompleteMultipartUploadResult>",
  "\357\273\277<s3:Error xmlns:s3='y'><s3:Code><![CDATA[SlowDown]]></s3:Code><!-- x --></s3:Error>",
  "\"0cc175b9c0f1b6a831c399e269772661-17\"",
  SHA256,
  NULL,
};

static const char *const pieces[] = {
  "<Part>",
  "</Part>",
  "<PartNumber>",
  "</PartNumber>",
  "<ETag>",
  "</ETag>",
  "<Size>",
  "</Size>",
  "<Upload>",
  "<UploadId/>",
  "<Error>",
  "<Code>",
  "<a><a><a><a><a><a><a><a>",
  "<![CDATA[",
  "]]>",
  "<!DOCTYPE x [<!ENTITY a \"b\">]>",
  "&quot;",
  "&a;",
  "&#0;",
  "&#x10ffff;",
  "<?xml version=\"1.0\"?>",
  "10000",
  "18446744073709551616",
  NULL,
};

const char *const *const fuzz_seeds = seeds;
const char *const *const fuzz_pieces = pieces;

static void
check_error (const FerryS3Document *document, guint status)
{
  g_autoptr (GError) error = NULL;

  if (ferry_s3_check_answer ("x", status, document, &error))
    {
      g_assert_no_error (error);
      g_assert_cmpuint (status / 100, ==, 2);
      g_assert_cmpstr (document->root, !=, "Error");
      return;
    }
  g_assert_true (error->domain == FERRY_S3_ERROR);
  g_assert_cmpint (error->code, <=, FERRY_S3_ERROR_PROTOCOL);
  /* It goes to a log: one line of plain ASCII. */
  for (const char *p = error->message; *p != '\0'; p++)
    g_assert_true (g_ascii_isprint (*p));
}

/* What is read can be said again, and means the same. */
static void
check_parts (const FerryS3Document *document)
{
  g_autoptr (GPtrArray) parts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_s3_part_free);
  guint next;
  g_autofree char *body = NULL;
  g_autofree char *etag = NULL;
  g_autofree char *sha256 = NULL;
  g_autoptr (FerryS3Document) again = NULL;

  if (!ferry_s3_document_get_parts (document, parts, &next))
    return;
  g_assert_cmpuint (next, <=, FERRY_S3_MAX_PARTS);
  for (guint i = 0; i < parts->len; i++)
    {
      const FerryS3Part *part = parts->pdata[i];

      g_assert_cmpuint (part->number, >=, 1);
      g_assert_cmpuint (part->number, <=, FERRY_S3_MAX_PARTS);
      g_assert_cmpuint (part->size, <=, G_MAXINT64);
      g_assert_cmpuint (strlen (part->etag), <=, 256);
      g_assert_null (strpbrk (part->etag, "\" \r\n"));
    }
  etag = ferry_s3_composite_etag (parts);
  sha256 = ferry_s3_composite_sha256 (parts);
  body = ferry_s3_complete_body (parts);
  again = ferry_s3_document_parse (body, strlen (body));
  g_assert_nonnull (again);
  g_assert_cmpuint (again->groups->len, ==, parts->len);
  for (guint i = 0; i < parts->len; i++)
    {
      const FerryS3Group *group = again->groups->pdata[i];
      g_autofree char *same = ferry_s3_parse_etag (g_hash_table_lookup (group->fields, "ETag"));

      g_assert_cmpstr (same, ==, ((FerryS3Part *) parts->pdata[i])->etag);
    }
}

static void
check_document (const char *data, gsize length)
{
  g_autoptr (FerryS3Document) document = ferry_s3_document_parse (data, length);
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *key = NULL;
  g_autofree char *marker = NULL;
  g_autofree char *id = NULL;

  if (document == NULL)
    return;
  g_assert_nonnull (document->root);
  check_error (document, 200);
  check_error (document, 403);
  check_error (document, 500);
  check_parts (document);
  if (ferry_s3_document_get_uploads (document, "k", ids, &key, &marker))
    g_assert_true (key == NULL || key[0] != '\0');
  id = ferry_s3_document_get_upload_id (document);
  if (id != NULL)
    for (const char *p = id; *p != '\0'; p++)
      g_assert_true (g_ascii_isgraph (*p));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  g_autofree char *parts = g_strconcat ("<ListPartsResult>", text, "</ListPartsResult>", NULL);
  g_autofree char *part
      = g_strconcat ("<ListPartsResult><Part>", text, "</Part></ListPartsResult>", NULL);
  g_autofree char *etag = ferry_s3_parse_etag (text);
  guint8 sha256[FERRY_SHA256_SIZE];

  check_document (size > 0 ? (const char *) data : "", size);
  check_document (parts, strlen (parts));
  check_document (part, strlen (part));
  if (ferry_s3_parse_sha256 (text, sha256))
    {
      g_autofree char *same = g_base64_encode (sha256, sizeof sha256);

      g_assert_cmpstr (same, ==, text);
    }
  if (etag != NULL)
    g_assert_null (strchr (etag, '"'));
  return 0;
}
