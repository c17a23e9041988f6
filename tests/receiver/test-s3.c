/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The S3 client against answers that a store gives only on a bad day. */
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "ferry-s3.h"
#include "ferry-test-certificate.h"
#include "played-store.h"

#define MD5_A "0cc175b9c0f1b6a831c399e269772661"
#define MD5_B "92eb5ffee6ae2fec3ad71c777531578f"
#define KEY "0123456789abcdef0123456789abcdef/a b\303\274~+.txt"

/* Nothing secret in it, whatever the store says. */
static void
assert_error (GError *error, FerryS3Error code)
{
  g_assert_error (error, FERRY_S3_ERROR, (int) code);
  g_assert_null (strstr (error->message, "AKIA"));
  g_assert_null (strstr (error->message, "SECRET"));
  g_assert_null (strstr (error->message, "Signature="));
  g_error_free (error);
}

/* The value of a field; NULL where there is none. (transfer full) */
static char *
field (const char *text, const char *name)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gsize length = strlen (name);

  for (guint i = 1; lines[i] != NULL && lines[i][0] != '\0'; i++)
    {
      if (g_ascii_strncasecmp (lines[i], name, length) == 0 && lines[i][length] == ':')
        return g_strdup (g_strstrip (lines[i] + length + 1));
    }
  return NULL;
}

static void
assert_field (const char *text, const char *name, const char *value)
{
  g_autofree char *found = field (text, name);

  g_assert_cmpstr (found, ==, value);
}

static GPtrArray *
new_parts (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_s3_part_free);
}

static void
add_part (GPtrArray *parts, guint number, const char *etag, const char *sha256)
{
  FerryS3Part *part = g_new0 (FerryS3Part, 1);

  part->number = number;
  part->etag = g_strdup (etag);
  part->has_sha256 = sha256 != NULL;
  if (sha256 != NULL)
    g_assert_true (ferry_sha256_from_hex (sha256, part->sha256));
  g_ptr_array_add (parts, part);
}

/* ---- requests ---- */

static void
test_create (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *id = NULL;
  const char *text;

  SAYS (bed, CREATED);
  id = ferry_s3_create (bed->store, KEY, "a\"\303\274.txt", 784111777, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (id, ==, "2~x/y+z");
  text = played_store_get (bed, 0);
  g_assert_true (g_str_has_prefix (
      text,
      "POST /bucket/0123456789abcdef0123456789abcdef/a%20b%C3%BC~%2B.txt?uploads= HTTP/1.1\n"));
  assert_field (text, "Content-Length", "0");
  assert_field (text, "Content-Type", NULL);
  assert_field (text, "Content-Disposition", "attachment; filename*=UTF-8''a%22%C3%BC.txt");
  assert_field (text, "x-amz-meta-mtime", "784111777");
  assert_field (text, "x-amz-checksum-algorithm", "SHA256");
  assert_field (text, "x-amz-content-sha256",
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  assert_field (text, "Host", bed->endpoint + strlen ("http://"));
  g_assert_nonnull (strstr (text, "SignedHeaders=content-disposition;host;x-amz-checksum-algorithm;"
                                  "x-amz-content-sha256;x-amz-date;x-amz-meta-mtime, Signature="));
}

static char *
presigned_checksum (FerryS3 *store)
{
  guint8 sha256[FERRY_SHA256_SIZE] = { 0 };
  char *checksum = NULL;
  g_autofree char *address
      = ferry_s3_presign_part (store, KEY, "2~x/y+z", 7, sha256, 60, &checksum);

  g_assert_nonnull (strstr (address, "&partNumber=7&uploadId=2~x%2Fy%2Bz&"));
  g_assert_true ((strstr (address, "x-amz-checksum-sha256") != NULL) == (checksum != NULL));
  return checksum;
}

static void
test_create_without_checksums (PlayedStore *bed, gconstpointer data)
{
  static const char *const refusals[]
      = { ERROR ("501", "NotImplemented"), ERROR ("400", "InvalidArgument") };

  for (gsize i = 0; i < G_N_ELEMENTS (refusals); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *before = NULL;
      g_autofree char *after = NULL;
      g_autofree char *id = NULL;

      ferry_s3_free (bed->store);
      bed->store = played_store_new_client (bed->endpoint);
      before = presigned_checksum (bed->store);
      g_assert_cmpstr (before, ==, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
      SAYS (bed, refusals[i], CREATED);
      id = ferry_s3_create (bed->store, KEY, "a.txt", -1, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (id, ==, "2~x/y+z");
      assert_field (played_store_get (bed, 2 * i), "x-amz-checksum-algorithm", "SHA256");
      assert_field (played_store_get (bed, 2 * i + 1), "x-amz-checksum-algorithm", NULL);
      assert_field (played_store_get (bed, 2 * i + 1), "x-amz-meta-mtime", NULL);
      after = presigned_checksum (bed->store);
      g_assert_null (after);
    }
}

static void
test_create_refused (PlayedStore *bed, gconstpointer data)
{
  static const struct
  {
    const char *answer;
    FerryS3Error code;
    guint n_requests;
  } cases[] = {
    { ERROR ("403", "InvalidAccessKeyId"), FERRY_S3_ERROR_REFUSED, 1 },
    { ERROR ("403", "SignatureDoesNotMatch"), FERRY_S3_ERROR_REFUSED, 1 },
    { ERROR ("400", "AuthorizationHeaderMalformed"), FERRY_S3_ERROR_REFUSED, 1 },
    { ERROR ("301", "PermanentRedirect"), FERRY_S3_ERROR_REFUSED, 1 },
    { "HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\n" CLOSE, FERRY_S3_ERROR_REFUSED, 1 },
    { "HTTP/1.1 401 X\r\nWWW-Authenticate: Basic realm=x\r\n" CLOSE, FERRY_S3_ERROR_REFUSED, 1 },
    { ERROR ("403", "RequestTimeTooSkewed"), FERRY_S3_ERROR_CLOCK, 1 },
    { ERROR ("404", "NoSuchBucket"), FERRY_S3_ERROR_NO_BUCKET, 1 },
    { ERROR ("503", "SlowDown"), FERRY_S3_ERROR_UNREACHABLE, 1 },
    { ERROR ("200", "InternalError"), FERRY_S3_ERROR_UNREACHABLE, 1 },
    { ERROR ("200", "AccessDenied"), FERRY_S3_ERROR_REFUSED, 1 },
    { ERROR ("500", "x y<![CDATA[AKIA]]>"), FERRY_S3_ERROR_UNREACHABLE, 1 },
    { "HTTP/1.1 502 X\r\nContent-Type: text/html\r\n" CLOSE "<html><br></html>",
      FERRY_S3_ERROR_UNREACHABLE, 1 },
    { "HTTP/1.1 404 X\r\n" CLOSE, FERRY_S3_ERROR_PROTOCOL, 1 },
    { ERROR ("400", "InvalidRequest"), FERRY_S3_ERROR_PROTOCOL, 2 },
    { OK, FERRY_S3_ERROR_PROTOCOL, 1 },
    { OK "<InitiateMultipartUploadResult><UploadId>a b</UploadId></InitiateMultipartUploadResult>",
      FERRY_S3_ERROR_PROTOCOL, 1 },
    { OK "<InitiateMultipartUploadResult/>", FERRY_S3_ERROR_PROTOCOL, 1 },
    { OK "<html><UploadId>a</UploadId></html>", FERRY_S3_ERROR_PROTOCOL, 1 },
    { "nonsense\r\n\r\n", FERRY_S3_ERROR_PROTOCOL, 1 },
    { "", FERRY_S3_ERROR_UNREACHABLE, 1 },
    { "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n" CLOSE "<Ini", FERRY_S3_ERROR_UNREACHABLE, 1 },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" CLOSE "500\r\n<Ini",
      FERRY_S3_ERROR_UNREACHABLE, 1 },
    { ENDLESS, FERRY_S3_ERROR_PROTOCOL, 1 },
  };
  guint n_requests = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      SAYS (bed, cases[i].answer);
      g_assert_null (ferry_s3_create (bed->store, KEY, "a.txt", -1, NULL, &error));
      assert_error (error, cases[i].code);
      n_requests += cases[i].n_requests;
      g_assert_cmpuint (bed->requests->len, ==, n_requests);
    }
}

static void
test_region_is_named (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  SAYS (bed, "HTTP/1.1 400 X\r\n" CLOSE "<Error><Code>AuthorizationHeaderMalformed</Code>"
             "<Region>eu-central-1</Region></Error>");
  g_assert_false (ferry_s3_check (bed->store, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "eu-central-1"));
}

static void
test_not_there (void)
{
  g_autoptr (FerryS3) store = played_store_new_client ("http://127.0.0.1:1");
  GError *error = NULL;
  FerryS3Object *object = NULL;

  g_assert_false (ferry_s3_check (store, NULL, &error));
  assert_error (error, FERRY_S3_ERROR_UNREACHABLE);
  error = NULL;
  g_assert_false (ferry_s3_head (store, KEY, &object, NULL, &error));
  assert_error (error, FERRY_S3_ERROR_UNREACHABLE);
  g_assert_null (object);
}

typedef struct
{
  PlayedStore *bed;
  GCancellable *cancellable;
} Canceller;

static gpointer
cancel_when_asked (gpointer data)
{
  Canceller *canceller = data;
  gboolean asked = FALSE;

  while (!asked)
    {
      g_mutex_lock (&canceller->bed->lock);
      asked = canceller->bed->requests->len > 0;
      g_mutex_unlock (&canceller->bed->lock);
      g_usleep (1000);
    }
  g_cancellable_cancel (canceller->cancellable);
  return NULL;
}

static void
test_cancel (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) at_once = NULL;
  Canceller canceller = { bed, cancellable };
  GThread *thread;

  SAYS (bed, SILENCE);
  thread = g_thread_new ("cancel", cancel_when_asked, &canceller);
  g_assert_false (ferry_s3_check (bed->store, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_assert_false (ferry_s3_check (bed->store, cancellable, &at_once));
  g_assert_error (at_once, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (bed->requests->len, ==, 1);
}

/* What nobody vouches for is told nothing; with the authority given, it is. */
static void
test_certificate (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = ferry_test_certificate_new_pem ("127.0.0.1", &error);
  g_autofree char *path = NULL;
  g_autofree char *endpoint = g_strconcat ("https", bed->endpoint + strlen ("http"), NULL);
  g_autoptr (GTlsDatabase) trust = NULL;
  g_autoptr (FerryS3) stranger = played_store_new_client (endpoint);
  g_autoptr (FerryS3) friend = NULL;
  GError *refused = NULL;
  int fd = g_file_open_tmp ("ferry-test-XXXXXX", &path, &error);

  g_assert_no_error (error);
  close (fd);
  g_assert_true (g_file_set_contents (path, pem, -1, &error));
  bed->certificate = g_tls_certificate_new_from_pem (pem, -1, &error);
  trust = g_tls_file_database_new (path, &error);
  g_assert_no_error (error);
  SAYS (bed, OK "<ListMultipartUploadsResult/>");
  g_assert_false (ferry_s3_check (stranger, NULL, &refused));
  assert_error (refused, FERRY_S3_ERROR_PROTOCOL);

  friend = ferry_s3_new (
      &(FerryS3Options){
          .endpoint = endpoint,
          .bucket = "bucket",
          .region = "r",
          .access_key = "a",
          .secret_key = "s",
          .tls = trust,
      },
      &error);
  g_assert_true (ferry_s3_check (friend, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (played_store_get (bed, 0), ==, "");
  g_assert_true (g_str_has_prefix (played_store_get (bed, 1), "GET /bucket?"));
  g_unlink (path);
}

/* ---- parts ---- */

static void
test_list_parts (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  const FerryS3Part *part;

  SAYS (
      bed,
      PARTS ("<IsTruncated>true</IsTruncated><NextPartNumberMarker>3</NextPartNumberMarker>" PART (
          "3", "5368709120", MD5_A) PART ("1", "5", MD5_B)),
      OK "\357\273\277<s3:ListPartsResult xmlns:s3='x'><s3:IsTruncated>false</s3:IsTruncated>"
         "<Initiator><ID>a</ID></Initiator><s3:Part><s3:ETag>abc</s3:ETag><s3:Size>0</s3:Size>"
         "<s3:PartNumber>10000</s3:PartNumber><s3:ChecksumSHA256>"
         "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=</s3:ChecksumSHA256></s3:Part>"
         "</s3:ListPartsResult>");
  parts = ferry_s3_list_parts (bed->store, KEY, "id", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (parts->len, ==, 3);
  part = parts->pdata[0];
  g_assert_cmpuint (part->number, ==, 1);
  g_assert_cmpstr (part->etag, ==, MD5_B);
  g_assert_cmpuint (part->size, ==, 5);
  g_assert_false (part->has_sha256);
  part = parts->pdata[1];
  g_assert_cmpuint (part->number, ==, 3);
  g_assert_cmpuint (part->size, ==, FERRY_S3_MAX_PART);
  part = parts->pdata[2];
  g_assert_cmpuint (part->number, ==, 10000);
  g_assert_true (part->has_sha256);
  g_assert_cmpuint (part->sha256[0], ==, 0xe3);
  g_assert_nonnull (
      strstr (played_store_get (bed, 0), "?max-parts=1000&part-number-marker=0&uploadId=id "));
  g_assert_nonnull (
      strstr (played_store_get (bed, 1), "?max-parts=1000&part-number-marker=3&uploadId=id "));
}

static void
test_list_parts_senseless (PlayedStore *bed, gconstpointer data)
{
  static const char *const answers[] = {
    OK,
    PARTS ("") "<",
    PARTS ("") "<ListPartsResult/>",
    PARTS ("") "<Error/>",
    OK "<ListMultipartUploadsResult/>",
    PARTS (PART ("0", "5", MD5_A)),
    PARTS (PART ("10001", "5", MD5_A)),
    PARTS (PART ("1", "-5", MD5_A)),
    PARTS (PART ("1", "99999999999999999999", MD5_A)),
    PARTS (PART ("1", "5", "")),
    PARTS (PART ("1", "5", "a&#10;b")),
    PARTS (PART ("1", "5", "a&amp;quot;&quot;b")),
    PARTS ("<Part><PartNumber>1</PartNumber><Size>5</Size></Part>"),
    PARTS (PART ("1", "5", MD5_A) PART ("1", "5", MD5_B)),
    /* The same page for ever. */
    PARTS ("<IsTruncated>true</IsTruncated>" PART ("1", "5", MD5_A)),
    PARTS ("<IsTruncated>true</IsTruncated>"),
    PARTS ("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a>"
           "</a></a></a></a></a></a></a>"),
  };

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      GError *error = NULL;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      SAYS (bed, answers[i]);
      g_assert_null (ferry_s3_list_parts (bed->store, KEY, "id", NULL, &error));
      assert_error (error, FERRY_S3_ERROR_PROTOCOL);
    }
}

static void
test_complete (PlayedStore *bed, gconstpointer data)
{
  static const struct
  {
    const char *answer;
    int code; /* -1: done */
  } cases[] = {
    { OK XML "<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>", -1 },
    { OK XML "\n  \n \n<CompleteMultipartUploadResult/>", -1 },
    { OK "   \n  " XML "<CompleteMultipartUploadResult/>", -1 },
    { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" CLOSE "2\r\n  \r\n20\r\n"
      "<CompleteMultipartUploadResult/>\r\n0\r\n\r\n",
      -1 },
    { OK XML "  \n <Error><Code>InternalError</Code></Error>", FERRY_S3_ERROR_UNREACHABLE },
    { OK XML "<Error><Code>InvalidPart</Code></Error>", FERRY_S3_ERROR_BAD_PARTS },
    { OK XML "<Error/>", FERRY_S3_ERROR_UNREACHABLE },
    { OK XML "   ", FERRY_S3_ERROR_UNREACHABLE },
    { OK XML "<CompleteMultipartUploadResult><ETag>", FERRY_S3_ERROR_UNREACHABLE },
    { OK "", FERRY_S3_ERROR_UNREACHABLE },
    { OK "<html/>", FERRY_S3_ERROR_UNREACHABLE },
    { ERROR ("400", "InvalidPart"), FERRY_S3_ERROR_BAD_PARTS },
    { ERROR ("400", "InvalidPartOrder"), FERRY_S3_ERROR_BAD_PARTS },
    { ERROR ("400", "EntityTooSmall"), FERRY_S3_ERROR_BAD_PARTS },
    { ERROR ("404", "NoSuchUpload"), FERRY_S3_ERROR_NO_SUCH_UPLOAD },
    { ERROR ("500", "InternalError"), FERRY_S3_ERROR_UNREACHABLE },
    { ERROR ("400", "MalformedXML"), FERRY_S3_ERROR_PROTOCOL },
  };
  g_autoptr (GPtrArray) parts = new_parts ();

  add_part (parts, 1, MD5_A, NULL);
  add_part (parts, 2, "<&>", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;
      gboolean done;

      g_test_message ("case %" G_GSIZE_FORMAT, i);
      SAYS (bed, cases[i].answer);
      done = ferry_s3_complete (bed->store, KEY, "id", parts, NULL, &error);
      g_assert_true (done == (cases[i].code < 0));
      if (!done)
        assert_error (error, (FerryS3Error) cases[i].code);
    }
  assert_field (played_store_get (bed, 0), "Content-Type", NULL);
  g_assert_true (g_str_has_suffix (
      played_store_get (bed, 0),
      "\n\n<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Part><PartNumber>1</PartNumber><ETag>&quot;" MD5_A "&quot;</ETag></Part>"
      "<Part><PartNumber>2</PartNumber><ETag>&quot;&lt;&amp;&gt;&quot;</ETag></Part>"
      "</CompleteMultipartUpload>"));
}

/* On doubt the list of parts decides, and where that does not help either, nothing is said to be gone. */
static void
test_complete_gone (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GPtrArray) parts = new_parts ();
  GError *error = NULL;

  add_part (parts, 1, MD5_A, NULL);
  SAYS (bed, ERROR ("500", "InternalError"), ERROR ("404", "NoSuchUpload"));
  g_assert_false (ferry_s3_complete (bed->store, KEY, "id", parts, NULL, &error));
  assert_error (error, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
  g_assert_cmpuint (bed->requests->len, ==, 2);
  error = NULL;
  SAYS (bed, ERROR ("500", "InternalError"), PARTS (PART ("1", "5", MD5_A)));
  g_assert_false (ferry_s3_complete (bed->store, KEY, "id", parts, NULL, &error));
  assert_error (error, FERRY_S3_ERROR_UNREACHABLE);
}

static void
test_abort (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GError *left = NULL;

  /* A part that was on its way lands after the first. */
  SAYS (bed, "HTTP/1.1 204 X\r\n" CLOSE, PARTS (PART ("1", "5", MD5_A)), "HTTP/1.1 204 X\r\n" CLOSE,
        ERROR ("404", "NoSuchUpload"));
  g_assert_true (ferry_s3_abort (bed->store, KEY, "id", NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (bed->requests->len, ==, 4);
  g_assert_true (g_str_has_prefix (played_store_get (bed, 2), "DELETE /"));

  SAYS (bed, "HTTP/1.1 204 X\r\n" CLOSE, PARTS (""));
  g_assert_true (ferry_s3_abort (bed->store, KEY, "id", NULL, &error));
  g_assert_cmpuint (bed->requests->len, ==, 6);

  SAYS (bed, ERROR ("404", "NoSuchUpload"));
  g_assert_true (ferry_s3_abort (bed->store, KEY, "id", NULL, &error));
  g_assert_cmpuint (bed->requests->len, ==, 7);

  SAYS (bed, ERROR ("500", "InternalError"));
  g_assert_false (ferry_s3_abort (bed->store, KEY, "id", NULL, &left));
  assert_error (left, FERRY_S3_ERROR_UNREACHABLE);
  left = NULL;
  /* It says yes and keeps them. */
  SAYS (bed, PARTS (PART ("1", "5", MD5_A)));
  g_assert_false (ferry_s3_abort (bed->store, KEY, "id", NULL, &left));
  assert_error (left, FERRY_S3_ERROR_UNREACHABLE);
}

static void
test_list_uploads (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) ids = NULL;
  GError *again = NULL;

  SAYS (bed,
        OK "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
           "<NextKeyMarker>k2</NextKeyMarker><NextUploadIdMarker>b</NextUploadIdMarker>"
           "<Upload><Key>k</Key><UploadId>a</UploadId></Upload>"
           "<Upload><Key>k2</Key><UploadId>x</UploadId></Upload></ListMultipartUploadsResult>",
        OK "<ListMultipartUploadsResult><Upload><UploadId>b</UploadId><Key>k</Key></Upload>"
           "</ListMultipartUploadsResult>");
  ids = ferry_s3_list_uploads (bed->store, "k", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (ids), ==, 2);
  g_assert_cmpstr (ids[0], ==, "a");
  g_assert_cmpstr (ids[1], ==, "b");
  g_assert_nonnull (strstr (played_store_get (bed, 0), "/bucket?prefix=k&uploads= "));
  g_assert_nonnull (strstr (played_store_get (bed, 1),
                            "/bucket?key-marker=k2&prefix=k&upload-id-marker=b&uploads= "));

  SAYS (bed, OK "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                "</ListMultipartUploadsResult>");
  g_assert_null (ferry_s3_list_uploads (bed->store, "k", NULL, &again));
  assert_error (again, FERRY_S3_ERROR_PROTOCOL);
}

/* ---- the object ---- */

static void
test_head (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryS3Object) object = NULL;
  FerryS3Object *none = NULL;
  GError *refused = NULL;

  SAYS (bed, "HTTP/1.1 200 OK\r\nContent-Length: 53687091200\r\nETag: \"" MD5_A "-2\"\r\n"
             "x-amz-checksum-sha256: abc=-2\r\n" CLOSE);
  g_assert_true (ferry_s3_head (bed->store, KEY, &object, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (object->etag, ==, MD5_A "-2");
  g_assert_cmpuint (object->size, ==, G_GUINT64_CONSTANT (53687091200));
  g_assert_cmpstr (object->sha256, ==, "abc=-2");
  assert_field (played_store_get (bed, 0), "x-amz-checksum-mode", "ENABLED");

  SAYS (bed, "HTTP/1.1 404 X\r\n" CLOSE);
  g_assert_true (ferry_s3_head (bed->store, KEY, &none, NULL, &error));
  g_assert_null (none);

  SAYS (bed, "HTTP/1.1 403 X\r\n" CLOSE);
  g_assert_false (ferry_s3_head (bed->store, KEY, &none, NULL, &refused));
  assert_error (refused, FERRY_S3_ERROR_REFUSED);
  refused = NULL;
  SAYS (bed, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n" CLOSE);
  g_assert_false (ferry_s3_head (bed->store, KEY, &none, NULL, &refused));
  assert_error (refused, FERRY_S3_ERROR_PROTOCOL);
}

static void
test_delete (PlayedStore *bed, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  GError *refused = NULL;

  SAYS (bed, "HTTP/1.1 204 X\r\n" CLOSE);
  g_assert_true (ferry_s3_delete (bed->store, KEY, NULL, &error));
  SAYS (bed, ERROR ("404", "NoSuchKey"));
  g_assert_true (ferry_s3_delete (bed->store, KEY, NULL, &error));
  g_assert_no_error (error);
  SAYS (bed, ERROR ("404", "NoSuchBucket"));
  g_assert_false (ferry_s3_delete (bed->store, KEY, NULL, &refused));
  assert_error (refused, FERRY_S3_ERROR_NO_BUCKET);
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/s3/" name, PlayedStore, NULL, played_store_set_up, function, played_store_tear_down)
  ADD ("create", test_create);
  ADD ("create-without-checksums", test_create_without_checksums);
  ADD ("create-refused", test_create_refused);
  ADD ("region-is-named", test_region_is_named);
  ADD ("cancel", test_cancel);
  ADD ("certificate", test_certificate);
  ADD ("list-parts", test_list_parts);
  ADD ("list-parts-senseless", test_list_parts_senseless);
  ADD ("complete", test_complete);
  ADD ("complete-gone", test_complete_gone);
  ADD ("abort", test_abort);
  ADD ("list-uploads", test_list_uploads);
  ADD ("head", test_head);
  ADD ("delete", test_delete);
  g_test_add_func ("/s3/not-there", test_not_there);
  return g_test_run ();
}
