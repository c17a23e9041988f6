/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-s3.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-s3-line.h"

/* How long the store may say nothing. */
#define IDLE_SECONDS 30
/* More pages than a bucket has that anybody wants listed at once. */
#define PAGES_MAX 1000
/* base64, of no bytes. */
#define EMPTY_SHA256 "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define CREATE "create an upload"
#define LIST_UPLOADS "list uploads"

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- options ---- */

/* Letters, digits and some of @others, at most @max of them. */
static gboolean
is_name (const char *text, const char *others, gsize max)
{
  gsize length = text != NULL ? strlen (text) : 0;

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isalnum (text[i]) && strchr (others, text[i]) == NULL)
        return FALSE;
    }
  return length >= 1 && length <= max;
}

/* Printable ASCII without blanks. */
static gboolean
is_secret (const char *text)
{
  gsize length = text != NULL ? strlen (text) : 0;

  for (gsize i = 0; i < length; i++)
    {
      if (!g_ascii_isgraph (text[i]))
        return FALSE;
    }
  return length >= 1 && length <= 4096;
}

/* What is wrong, as a sentence; NULL: nothing. */
static const char *
check_options (const FerryS3Options *options)
{
  if (!is_name (options->bucket, "-._", 255) || g_str_equal (options->bucket, ".")
      || g_str_equal (options->bucket, ".."))
    return _ ("The name of the bucket can only have letters, digits, “-”, “.” and “_”.");
  if (!is_name (options->region, "-._", 64))
    return _ ("The region of the store can only have letters, digits, “-”, “.” and “_”.");
  /* These take a signature's credential apart. */
  if (!is_secret (options->access_key) || strpbrk (options->access_key, "/,") != NULL)
    return _ ("The store’s access key is missing or has characters that no access key has.");
  if (!is_secret (options->secret_key))
    return _ ("The store’s secret key is missing or has characters that no secret key has.");
  if (options->session_token != NULL && !is_secret (options->session_token))
    return _ ("The store’s session token has characters that no session token has.");
  return NULL;
}

/* "https", "host:port" of an endpoint. */
static gboolean
parse_endpoint (const char *endpoint, char **origin, char **host)
{
  g_autofree char *credentials = NULL;
  g_autofree char *address = NULL;
  g_autoptr (GUri) uri = NULL;
  const char *path;

  if (endpoint == NULL)
    return FALSE;
  address = ferry_address_normalize (endpoint, &credentials, NULL);
  uri = address != NULL && credentials == NULL
            ? g_uri_parse (address, G_URI_FLAGS_ENCODED | G_URI_FLAGS_SCHEME_NORMALIZE, NULL)
            : NULL;
  if (uri == NULL || g_uri_get_host (uri) == NULL || g_uri_get_query (uri) != NULL)
    return FALSE;
  path = g_uri_get_path (uri);
  if (path[0] != '\0' && !g_str_equal (path, "/"))
    return FALSE;
  *host = ferry_address_host (address);
  *origin = g_strdup_printf ("%s://%s", g_uri_get_scheme (uri), *host);
  return TRUE;
}

FerryS3 *
ferry_s3_new (const FerryS3Options *options, GError **error)
{
  g_autoptr (FerryS3) self = g_new0 (FerryS3, 1);
  const char *wrong;

  g_return_val_if_fail (options != NULL, NULL);

  wrong = check_options (options);
  if (wrong == NULL && !parse_endpoint (options->endpoint, &self->origin, &self->host))
    wrong = _ (
        "The address of the store must be http:// or https:// and a host, with nothing behind it.");
  if (wrong != NULL)
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, wrong);
      return NULL;
    }
  self->bucket = g_strdup (options->bucket);
  self->region = g_strdup (options->region);
  self->access_key = g_strdup (options->access_key);
  self->secret_key = g_strdup (options->secret_key);
  self->session_token = g_strdup (options->session_token);
  self->tls = options->tls != NULL ? g_object_ref (options->tls) : NULL;
  self->keys = (FerrySigv4Keys){
    .access_key = self->access_key,
    .secret_key = self->secret_key,
    .session_token = self->session_token,
    .region = self->region,
  };
  return g_steal_pointer (&self);
}

void
ferry_s3_free (FerryS3 *self)
{
  if (self == NULL)
    return;
  g_free (self->origin);
  g_free (self->host);
  g_free (self->bucket);
  g_free (self->region);
  g_free (self->access_key);
  g_free (self->secret_key);
  g_free (self->session_token);
  g_clear_object (&self->tls);
  g_free (self);
}

/* ---- addresses ---- */

static gint64
now (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static char *
presign (FerryS3 *self, const FerrySigv4Request *request, guint expires)
{
  g_autofree char *target = ferry_sigv4_presign (&self->keys, request, expires);

  return target != NULL ? g_strconcat (self->origin, target, NULL) : NULL;
}

char *
ferry_s3_presign_part (FerryS3 *self,
                       const char *key,
                       const char *upload_id,
                       guint number,
                       const guint8 *sha256,
                       guint expires,
                       char **checksum)
{
  g_autofree char *part = g_strdup_printf ("%u", number);
  g_autofree char *base64 = NULL;
  g_autofree char *path = NULL;
  char *address;

  g_return_val_if_fail (self != NULL && key != NULL && upload_id != NULL, NULL);
  g_return_val_if_fail (number >= 1 && number <= FERRY_S3_MAX_PARTS, NULL);

  if (sha256 != NULL && !g_atomic_int_get (&self->plain))
    base64 = g_base64_encode (sha256, FERRY_SHA256_SIZE);
  path = ferry_s3_path (self, key);
  address = presign (self,
                     &(FerrySigv4Request){
                         .method = "PUT",
                         .host = self->host,
                         .path = path,
                         .query = PAIRS ("partNumber", part, "uploadId", upload_id),
                         .headers = base64 != NULL ? PAIRS ("x-amz-checksum-sha256", base64) : NULL,
                         .time = now (),
                     },
                     expires);
  if (checksum != NULL)
    *checksum = g_steal_pointer (&base64);
  return address;
}

/* RFC 6266. (transfer full) */
static char *
disposition (const char *file_name)
{
  g_autofree char *encoded = ferry_sigv4_encode (file_name, FALSE);

  return g_strdup_printf ("attachment; filename*=UTF-8''%s", encoded);
}

char *
ferry_s3_presign_get (FerryS3 *self, const char *key, const char *file_name, guint expires)
{
  g_autofree char *path = NULL;
  g_autofree char *named = NULL;

  g_return_val_if_fail (self != NULL && key != NULL && file_name != NULL, NULL);

  path = ferry_s3_path (self, key);
  named = disposition (file_name);
  return presign (self,
                  &(FerrySigv4Request){
                      .method = "GET",
                      .host = self->host,
                      .path = path,
                      .query = PAIRS ("response-content-disposition", named),
                      .time = now (),
                  },
                  expires);
}

/* ---- the bucket ---- */

/* One question and its answer. */
static FerryS3Answer *
call_once (FerryS3 *self, const FerryS3Ask *ask, GCancellable *cancellable, GError **error)
{
  g_autoptr (FerryS3Line) line = ferry_s3_line_new (self, IDLE_SECONDS);

  return ferry_s3_line_call (line, ask, cancellable, error);
}

static void
set_senseless (GError **error, const char *what)
{
  g_set_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_PROTOCOL, "%s: the answer makes no sense",
               what);
}

gboolean
ferry_s3_check (FerryS3 *self, GCancellable *cancellable, GError **error)
{
  g_autoptr (FerryS3Answer) answer = NULL;
  FerryS3Ask ask = { .what = "look at the bucket",
                     .method = "GET",
                     .query = PAIRS ("max-uploads", "1", "uploads", "") };

  g_return_val_if_fail (self != NULL, FALSE);

  answer = call_once (self, &ask, cancellable, error);
  if (answer == NULL)
    return FALSE;
  if (answer->document == NULL
      || !g_str_equal (answer->document->root, "ListMultipartUploadsResult"))
    {
      set_senseless (error, ask.what);
      return FALSE;
    }
  return TRUE;
}

char **
ferry_s3_list_uploads (FerryS3 *self, const char *key, GCancellable *cancellable, GError **error)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (FerryS3Line) line = NULL;
  g_autofree char *key_marker = NULL;
  g_autofree char *id_marker = NULL;

  g_return_val_if_fail (self != NULL && key != NULL, NULL);

  line = ferry_s3_line_new (self, IDLE_SECONDS);
  for (guint page = 0; page < PAGES_MAX; page++)
    {
      g_autofree char *next_key = NULL;
      g_autofree char *next_id = NULL;
      FerryS3Ask ask
          = { .what = LIST_UPLOADS,
              .method = "GET",
              .query = page == 0 ? PAIRS ("prefix", key, "uploads", "")
                                 : PAIRS ("key-marker", key_marker, "prefix", key,
                                          "upload-id-marker", id_marker, "uploads", "") };
      g_autoptr (FerryS3Answer) answer = ferry_s3_line_call (line, &ask, cancellable, error);

      if (answer == NULL)
        return NULL;
      if (answer->document == NULL
          || !ferry_s3_document_get_uploads (answer->document, key, ids, &next_key, &next_id))
        break;
      if (next_key == NULL)
        {
          g_ptr_array_add (ids, NULL);
          return (char **) g_ptr_array_free (g_steal_pointer (&ids), FALSE);
        }
      g_free (key_marker);
      key_marker = g_steal_pointer (&next_key);
      g_free (id_marker);
      id_marker = next_id != NULL ? g_steal_pointer (&next_id) : g_strdup ("");
    }
  set_senseless (error, LIST_UPLOADS);
  return NULL;
}

/* ---- an upload ---- */

/* "seconds" as others write it who keep times of files in S3. */
static char *
time_text (gint64 modified)
{
  return modified >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, modified) : NULL;
}

/* Where a store does not know that parts can have a SHA-256, it says so by refusing the request. */
static gboolean
may_be_unknown (const FerryS3Answer *answer, const GError *error)
{
  return g_error_matches (error, FERRY_S3_ERROR, FERRY_S3_ERROR_PROTOCOL)
         && (answer->status == 400 || answer->status == 501);
}

/* @plain: without asking for SHA-256s. */
static FerryS3Answer *
try_create (FerryS3Line *line,
            const char *key,
            const char *named,
            const char *time,
            gboolean plain,
            GCancellable *cancellable,
            GError **error)
{
  const char *headers[7] = { "Content-Disposition", named };
  guint n = 2;

  if (time != NULL)
    {
      headers[n++] = "x-amz-meta-mtime";
      headers[n++] = time;
    }
  if (!plain)
    {
      headers[n++] = "x-amz-checksum-algorithm";
      headers[n++] = "SHA256";
    }
  return ferry_s3_line_ask (line,
                            &(FerryS3Ask){
                                .what = CREATE,
                                .method = "POST",
                                .key = key,
                                .query = PAIRS ("uploads", ""),
                                .headers = headers,
                            },
                            cancellable, error);
}

char *
ferry_s3_create (FerryS3 *self,
                 const char *key,
                 const char *file_name,
                 gint64 modified,
                 GCancellable *cancellable,
                 GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;
  g_autofree char *named = NULL;
  g_autofree char *time = time_text (modified);

  g_return_val_if_fail (self != NULL && key != NULL && file_name != NULL, NULL);

  named = disposition (file_name);
  line = ferry_s3_line_new (self, IDLE_SECONDS);
  for (gint plain = 0;; plain++)
    {
      g_autoptr (GError) cause = NULL;
      g_autoptr (FerryS3Answer) answer
          = try_create (line, key, named, time, plain == 1, cancellable, error);
      char *id;

      if (answer == NULL)
        return NULL;
      if (!ferry_s3_check_answer (CREATE, answer->status, answer->document, &cause))
        {
          if (plain == 0 && may_be_unknown (answer, cause))
            continue;
          g_propagate_error (error, g_steal_pointer (&cause));
          return NULL;
        }
      id = answer->document != NULL ? ferry_s3_document_get_upload_id (answer->document) : NULL;
      if (id == NULL)
        set_senseless (error, CREATE);
      else
        g_atomic_int_set (&self->plain, plain);
      return id;
    }
}

gboolean
ferry_s3_put_empty_part (FerryS3 *self,
                         const char *key,
                         const char *upload_id,
                         GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (FerryS3Answer) answer = NULL;
  gboolean plain;

  g_return_val_if_fail (self != NULL && key != NULL && upload_id != NULL, FALSE);

  plain = g_atomic_int_get (&self->plain) != 0;
  answer = call_once (self,
                      &(FerryS3Ask){
                          .what = "put an empty part",
                          .method = "PUT",
                          .key = key,
                          .query = PAIRS ("partNumber", "1", "uploadId", upload_id),
                          .headers = plain ? NULL : PAIRS ("x-amz-checksum-sha256", EMPTY_SHA256),
                          .body = "",
                      },
                      cancellable, error);
  return answer != NULL;
}
