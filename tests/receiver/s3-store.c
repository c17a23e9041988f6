/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The S3 client against the store that the environment names: FERRY_S3_ENDPOINT, FERRY_S3_BUCKET, FERRY_S3_REGION,
 * FERRY_S3_ACCESS_KEY, FERRY_S3_SECRET_KEY; FERRY_S3_MANY: so many parts are more than a page of its lists.
 */
#include <string.h>

#include <libsoup/soup.h>

#include "ferry-digest.h"
#include "ferry-s3.h"

#define PART_SIZE ((gsize) FERRY_S3_MIN_PART)
/* All that a name can have to break a signature. */
#define ODD_KEY "0123456789abcdef/a b+%2F&=?#'()*~!@$,;:[]{}|^`\"<>\\\303\274\360\237\230\200..txt"

typedef struct
{
  FerryS3 *store;
  SoupSession *session;
  char *content; /* of the first part */
  char *md5;
  guint8 sha256[FERRY_SHA256_SIZE];
} Fixture;

static const char *
setting (const char *name)
{
  const char *value = g_getenv (name);

  g_assert_nonnull (value);
  return value;
}

static FerryS3 *
new_store (const char *bucket, const char *access_key, const char *secret_key)
{
  g_autoptr (GError) error = NULL;
  FerryS3Options options = { .endpoint = setting ("FERRY_S3_ENDPOINT"),
                             .bucket = bucket,
                             .region = setting ("FERRY_S3_REGION"),
                             .access_key = access_key,
                             .secret_key = secret_key };
  FerryS3 *store = ferry_s3_new (&options, &error);

  g_assert_no_error (error);
  return store;
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();

  fixture->store = new_store (setting ("FERRY_S3_BUCKET"), setting ("FERRY_S3_ACCESS_KEY"),
                              setting ("FERRY_S3_SECRET_KEY"));
  fixture->session = soup_session_new ();
  fixture->content = g_malloc (PART_SIZE);
  for (gsize i = 0; i < PART_SIZE; i++)
    fixture->content[i] = (char) (i * 31 + i / 251);
  fixture->md5
      = g_compute_checksum_for_data (G_CHECKSUM_MD5, (guchar *) fixture->content, PART_SIZE);
  ferry_digest_update (digest, fixture->content, PART_SIZE);
  ferry_digest_finish (digest, fixture->sha256);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  ferry_s3_free (fixture->store);
  g_object_unref (fixture->session);
  g_free (fixture->content);
  g_free (fixture->md5);
}

/* What a client does with an address. Returns the status; *answer: the body, *etag the field. */
static guint
use (Fixture *fixture,
     const char *method,
     const char *address,
     const char *checksum,
     gconstpointer data,
     gsize length,
     char **etag,
     char **answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUri) uri = g_uri_parse (address, SOUP_HTTP_URI_FLAGS, &error);
  g_autoptr (SoupMessage) message = NULL;
  g_autoptr (GBytes) body = NULL;

  g_assert_no_error (error);
  message = soup_message_new_from_uri (method, uri);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT);
  if (data != NULL)
    {
      g_autoptr (GBytes) bytes = g_bytes_new_static (data, length);

      soup_message_set_request_body_from_bytes (message, NULL, bytes);
    }
  if (checksum != NULL)
    soup_message_headers_replace (soup_message_get_request_headers (message),
                                  "x-amz-checksum-sha256", checksum);
  body = soup_session_send_and_read (fixture->session, message, NULL, &error);
  g_assert_no_error (error);
  if (etag != NULL)
    *etag = g_strdup (
        soup_message_headers_get_one (soup_message_get_response_headers (message), "ETag"));
  if (answer != NULL)
    *answer = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  return soup_message_get_status (message);
}

static void
put_part (Fixture *fixture,
          const char *key,
          const char *id,
          guint number,
          const guint8 *sha256,
          gconstpointer data,
          gsize length)
{
  g_autofree char *checksum = NULL;
  g_autofree char *address
      = ferry_s3_presign_part (fixture->store, key, id, number, sha256, 600, &checksum);
  g_autofree char *etag = NULL;
  g_autofree char *md5 = g_compute_checksum_for_data (G_CHECKSUM_MD5, data, length);
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", md5);

  g_assert_cmpuint (use (fixture, "PUT", address, checksum, data, length, &etag, NULL), ==, 200);
  /* Swift has no quotes here. */
  g_assert_true (g_strcmp0 (etag, quoted) == 0 || g_strcmp0 (etag, md5) == 0);
}

static char *
create (Fixture *fixture, const char *key)
{
  g_autoptr (GError) error = NULL;
  char *id = ferry_s3_create (fixture->store, key, "a.txt", 784111777, NULL, &error);

  g_assert_no_error (error);
  g_assert_nonnull (id);
  return id;
}

static GPtrArray *
list (Fixture *fixture, const char *key, const char *id)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *parts = ferry_s3_list_parts (fixture->store, key, id, NULL, &error);

  g_assert_no_error (error);
  return parts;
}

static void
abort_upload (Fixture *fixture, const char *key, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) gone = NULL;
  g_auto (GStrv) open = NULL;

  g_assert_true (ferry_s3_abort (fixture->store, key, id, NULL, &error));
  g_assert_no_error (error);
  g_assert_null (ferry_s3_list_parts (fixture->store, key, id, NULL, &gone));
  g_assert_error (gone, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
  open = ferry_s3_list_uploads (fixture->store, key, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (open), ==, 0);
}

static void
assert_complete_fails (Fixture *fixture, const char *key, const char *id, GPtrArray *parts)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ferry_s3_complete (fixture->store, key, id, parts, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_BAD_PARTS);
}

static void
test_check (Fixture *fixture, gconstpointer data)
{
  const char *bucket = setting ("FERRY_S3_BUCKET");
  const char *access_key = setting ("FERRY_S3_ACCESS_KEY");
  const char *secret_key = setting ("FERRY_S3_SECRET_KEY");
  g_autoptr (FerryS3) no_bucket = new_store ("there-is-none", access_key, secret_key);
  g_autoptr (FerryS3) wrong_secret = new_store (bucket, access_key, "wrong");
  g_autoptr (FerryS3) wrong_key = new_store (bucket, "wrong", secret_key);
  g_autoptr (GError) error = NULL;

  g_assert_true (ferry_s3_check (fixture->store, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (ferry_s3_check (no_bucket, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_BUCKET);
  g_clear_error (&error);
  g_assert_false (ferry_s3_check (wrong_secret, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_REFUSED);
  g_clear_error (&error);
  g_assert_false (ferry_s3_check (wrong_key, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_REFUSED);
}

/* From the first request to the object, under a name with everything in it. */
static void
test_whole_way (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, ODD_KEY);
  g_autoptr (GPtrArray) parts = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryS3Object) object = NULL;
  g_auto (GStrv) open = ferry_s3_list_uploads (fixture->store, ODD_KEY, NULL, &error);
  g_autofree char *expected = NULL;
  g_autofree char *address = NULL;
  g_autofree char *answer = NULL;
  FerryS3Object *none = NULL;
  const FerryS3Part *part;

  g_assert_no_error (error);
  g_assert_cmpuint (g_strv_length (open), ==, 1);
  g_assert_cmpstr (open[0], ==, id);
  put_part (fixture, ODD_KEY, id, 2, NULL, "tail", 4);
  put_part (fixture, ODD_KEY, id, 1, fixture->sha256, fixture->content, PART_SIZE);
  parts = list (fixture, ODD_KEY, id);
  g_assert_cmpuint (parts->len, ==, 2);
  part = parts->pdata[0];
  g_assert_cmpuint (part->number, ==, 1);
  g_assert_cmpuint (part->size, ==, PART_SIZE);
  g_assert_cmpstr (part->etag, ==, fixture->md5);
  if (part->has_sha256)
    g_assert_cmpmem (part->sha256, FERRY_SHA256_SIZE, fixture->sha256, FERRY_SHA256_SIZE);
  g_assert_cmpuint (((FerryS3Part *) parts->pdata[1])->size, ==, 4);

  g_assert_true (ferry_s3_head (fixture->store, ODD_KEY, &none, NULL, &error));
  g_assert_null (none);
  g_assert_true (ferry_s3_complete (fixture->store, ODD_KEY, id, parts, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ferry_s3_head (fixture->store, ODD_KEY, &object, NULL, &error));
  g_assert_no_error (error);
  expected = ferry_s3_composite_etag (parts);
  g_assert_cmpstr (object->etag, ==, expected);
  g_assert_cmpuint (object->size, ==, PART_SIZE + 4);

  /* The answer of the first may have been lost. */
  if (!ferry_s3_complete (fixture->store, ODD_KEY, id, parts, NULL, &error))
    g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
  g_clear_error (&error);

  address = ferry_s3_presign_get (fixture->store, ODD_KEY, "b \303\274.txt", 60);
  g_assert_cmpuint (use (fixture, "GET", address, NULL, NULL, 0, NULL, &answer), ==, 200);
  g_assert_true (ferry_s3_delete (fixture->store, ODD_KEY, NULL, &error));
  g_assert_true (ferry_s3_delete (fixture->store, ODD_KEY, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ferry_s3_head (fixture->store, ODD_KEY, &none, NULL, &error));
  g_assert_null (none);
  /* There is nothing to abort, and that is fine. */
  g_assert_true (ferry_s3_abort (fixture->store, ODD_KEY, id, NULL, &error));
  g_assert_no_error (error);
}

/* What is not exactly what was signed is refused, with a code that tells why. */
static void
test_tampered (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, "k/tampered");
  g_autofree char *checksum = NULL;
  g_autofree char *plain
      = ferry_s3_presign_part (fixture->store, "k/tampered", id, 1, NULL, 600, NULL);
  g_autofree char *summed = ferry_s3_presign_part (fixture->store, "k/tampered", id, 1,
                                                   fixture->sha256, 600, &checksum);
  g_autofree char *longer = g_strconcat (plain, "&x=y", NULL);
  g_autofree char *answer = NULL;
  char *other = strstr (plain, "partNumber=1");
  guint status;

  g_assert_cmpuint (use (fixture, "PUT", longer, NULL, "x", 1, NULL, NULL), ==, 403);
  /* Swift knows before it looks at the signature that this is no method here. */
  status = use (fixture, "DELETE", plain, NULL, NULL, 0, NULL, NULL);
  g_assert_true (status == 403 || status == 405);
  other[strlen ("partNumber=")] = '2';
  g_assert_cmpuint (use (fixture, "PUT", plain, NULL, "x", 1, NULL, &answer), ==, 403);
  g_assert_nonnull (strstr (answer, "<Code>SignatureDoesNotMatch</Code>"));
  /* The header that was signed has to come along. */
  g_assert_nonnull (checksum);
  g_assert_cmpuint (use (fixture, "PUT", summed, NULL, fixture->content, PART_SIZE, NULL, NULL), ==,
                    403);
  abort_upload (fixture, "k/tampered", id);
}

static void
test_expired (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, "k/expired");
  g_autofree char *address
      = ferry_s3_presign_part (fixture->store, "k/expired", id, 1, NULL, 1, NULL);
  gint64 end = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  g_autofree char *answer = NULL;
  guint status = 200;

  while (status == 200 && g_get_monotonic_time () < end)
    {
      g_free (answer);
      status = use (fixture, "PUT", address, NULL, "x", 1, NULL, &answer);
    }
  g_assert_cmpuint (status, ==, 403);
  g_assert_nonnull (strstr (answer, "<Code>AccessDenied</Code>"));
  abort_upload (fixture, "k/expired", id);
}

static void
test_bad_parts (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, "k/bad");
  g_autoptr (GPtrArray) parts = NULL;
  FerryS3Part *first;

  put_part (fixture, "k/bad", id, 1, NULL, "small", 5);
  put_part (fixture, "k/bad", id, 2, NULL, "tail", 4);
  parts = list (fixture, "k/bad", id);
  assert_complete_fails (fixture, "k/bad", id, parts);

  /* Sent again, the newer one counts. */
  put_part (fixture, "k/bad", id, 1, NULL, fixture->content, PART_SIZE);
  assert_complete_fails (fixture, "k/bad", id, parts);
  first = parts->pdata[0];
  g_free (first->etag);
  first->etag = g_strdup (fixture->md5);
  first->number = 3;
  assert_complete_fails (fixture, "k/bad", id, parts);
  first->number = 1;
  {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) now = list (fixture, "k/bad", id);

    /* After all those refusals it is still there. */
    g_assert_cmpuint (now->len, ==, 2);
    g_assert_true (ferry_s3_complete (fixture->store, "k/bad", id, parts, NULL, &error));
    g_assert_no_error (error);
    g_assert_true (ferry_s3_delete (fixture->store, "k/bad", NULL, &error));
  }
}

static void
test_empty (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, "k/empty");
  g_autoptr (GPtrArray) parts = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryS3Object) object = NULL;

  g_assert_true (ferry_s3_put_empty_part (fixture->store, "k/empty", id, NULL, &error));
  g_assert_no_error (error);
  parts = list (fixture, "k/empty", id);
  g_assert_cmpuint (parts->len, ==, 1);
  g_assert_true (ferry_s3_complete (fixture->store, "k/empty", id, parts, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (ferry_s3_head (fixture->store, "k/empty", &object, NULL, &error));
  g_assert_cmpuint (object->size, ==, 0);
  g_assert_true (ferry_s3_delete (fixture->store, "k/empty", NULL, &error));
}

/* More parts than a page of the list has. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  guint many = (guint) g_ascii_strtoull (setting ("FERRY_S3_MANY"), NULL, 10);
  g_autofree char *id = create (fixture, "k/many");
  g_autoptr (GPtrArray) parts = NULL;

  g_assert_cmpuint (many, >, 1);
  for (guint n = 1; n <= many; n++)
    put_part (fixture, "k/many", id, n == many ? FERRY_S3_MAX_PARTS : n, NULL, &n, sizeof n);
  parts = list (fixture, "k/many", id);
  g_assert_cmpuint (parts->len, ==, many);
  for (guint i = 0; i + 1 < many; i++)
    g_assert_cmpuint (((FerryS3Part *) parts->pdata[i])->number, ==, i + 1);
  g_assert_cmpuint (((FerryS3Part *) parts->pdata[many - 1])->number, ==, FERRY_S3_MAX_PARTS);
  abort_upload (fixture, "k/many", id);
}

static void
test_no_such_upload (Fixture *fixture, gconstpointer data)
{
  g_autofree char *id = create (fixture, "k/gone");
  g_autoptr (GPtrArray) parts = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *address = NULL;
  g_autofree char *answer = NULL;

  put_part (fixture, "k/gone", id, 1, NULL, "x", 1);
  parts = list (fixture, "k/gone", id);
  abort_upload (fixture, "k/gone", id);
  abort_upload (fixture, "k/gone", id);
  g_assert_false (ferry_s3_complete (fixture->store, "k/gone", id, parts, NULL, &error));
  g_assert_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
  address = ferry_s3_presign_part (fixture->store, "k/gone", id, 1, NULL, 60, NULL);
  g_assert_cmpuint (use (fixture, "PUT", address, NULL, "x", 1, NULL, &answer), ==, 404);
  g_assert_nonnull (strstr (answer, "<Code>NoSuchUpload</Code>"));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
  g_test_add ("/s3-store/" name, Fixture, NULL, set_up, function, tear_down)
  ADD ("check", test_check);
  ADD ("whole-way", test_whole_way);
  ADD ("tampered", test_tampered);
  ADD ("expired", test_expired);
  ADD ("bad-parts", test_bad_parts);
  ADD ("empty", test_empty);
  ADD ("many", test_many);
  ADD ("no-such-upload", test_no_such_upload);
  return g_test_run ();
}
