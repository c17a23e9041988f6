/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How an upload to the store ends: what it has, complete, abort, and the object that came of it. */
#include "ferry-s3-line.h"

#include <string.h>

/* How long the store may say nothing; AWS sends blanks while it puts parts together, others may not. */
#define IDLE_SECONDS 30
#define COMPLETE_IDLE_SECONDS (5 * 60)
#define ABORT_ROUNDS 10
/* Parts that were on their way may land after an abort. */
#define ABORT_PAUSE (G_USEC_PER_SEC / 5)
#define PAGE_SIZE "1000"
#define SHA256_TEXT_MAX 64

#define PAIRS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* ---- parts ---- */

static int
part_compare (gconstpointer a, gconstpointer b)
{
  const FerryS3Part *one = *(const FerryS3Part *const *) a;
  const FerryS3Part *other = *(const FerryS3Part *const *) b;

  return (one->number > other->number) - (one->number < other->number);
}

/* Sorts, and says whether each number is there but once. */
static gboolean
sort_parts (GPtrArray *parts)
{
  g_ptr_array_sort (parts, part_compare);
  for (guint i = 1; i < parts->len; i++)
    {
      if (part_compare (&parts->pdata[i - 1], &parts->pdata[i]) == 0)
        return FALSE;
    }
  return TRUE;
}

static GPtrArray *
list_parts (FerryS3Line *line,
            const char *key,
            const char *upload_id,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (GPtrArray) parts
      = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_s3_part_free);
  guint marker = 0, next = 0;

  do
    {
      g_autofree char *text = g_strdup_printf ("%u", marker);
      FerryS3Ask ask = { .what = "list parts",
                         .method = "GET",
                         .key = key,
                         .query = PAIRS ("max-parts", PAGE_SIZE, "part-number-marker", text,
                                         "uploadId", upload_id) };
      g_autoptr (FerryS3Answer) answer = ferry_s3_line_call (line, &ask, cancellable, error);

      if (answer == NULL)
        return NULL;
      if (answer->document == NULL || !ferry_s3_document_get_parts (answer->document, parts, &next)
          || (next != 0 && next <= marker) || (next == 0 && !sort_parts (parts)))
        {
          g_set_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_PROTOCOL,
                       "%s: the answer makes no sense", ask.what);
          return NULL;
        }
      marker = next;
    }
  while (next != 0);
  return g_steal_pointer (&parts);
}

GPtrArray *
ferry_s3_list_parts (FerryS3 *self,
                     const char *key,
                     const char *upload_id,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;

  g_return_val_if_fail (self != NULL && key != NULL && upload_id != NULL, NULL);

  line = ferry_s3_line_new (self, IDLE_SECONDS);
  return list_parts (line, key, upload_id, cancellable, error);
}

/* ---- complete ---- */

static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
}

/* A 200 begins before the work is done: only its body says that it was. */
static gboolean
check_completed (const FerryS3Answer *answer, const char *what, GError **error)
{
  if (!ferry_s3_check_answer (what, answer->status, answer->document, error))
    return FALSE;
  if (answer->document != NULL
      && g_str_equal (answer->document->root, "CompleteMultipartUploadResult"))
    return TRUE;
  g_set_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE,
               "%s: the answer does not say how it went", what);
  return FALSE;
}

gboolean
ferry_s3_complete (FerryS3 *self,
                   const char *key,
                   const char *upload_id,
                   GPtrArray *parts,
                   GCancellable *cancellable,
                   GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;
  g_autoptr (FerryS3Answer) answer = NULL;
  g_autoptr (GError) cause = NULL;
  g_autofree char *body = NULL;
  FerryS3Ask ask = { .what = "complete an upload", .method = "POST", .key = key };

  g_return_val_if_fail (self != NULL && key != NULL && upload_id != NULL && parts != NULL, FALSE);

  body = ferry_s3_complete_body (parts);
  ask.query = PAIRS ("uploadId", upload_id);
  ask.body = body;
  line = ferry_s3_line_new (self, COMPLETE_IDLE_SECONDS);
  answer = ferry_s3_line_ask (line, &ask, cancellable, error);
  if (answer == NULL)
    return FALSE;
  if (check_completed (answer, ask.what, &cause))
    return TRUE;
  /* Ceph 16 calls it an internal error when the upload is not there. */
  if (g_error_matches (cause, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE))
    {
      g_autoptr (GError) why = NULL;
      g_autoptr (GPtrArray) left = list_parts (line, key, upload_id, cancellable, &why);

      if (left == NULL && is_gone (why))
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return FALSE;
        }
    }
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

/* ---- abort ---- */

/* Waits a moment; FALSE when cancelled meanwhile. */
static gboolean
pause_a_moment (GCancellable *cancellable, GError **error)
{
  GPollFD fd;

  if (cancellable == NULL || !g_cancellable_make_pollfd (cancellable, &fd))
    {
      g_usleep (ABORT_PAUSE);
      return TRUE;
    }
  g_poll (&fd, 1, ABORT_PAUSE / 1000);
  g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}

/* One abort, and a look at what is left of it. TRUE with *left FALSE: nothing. */
static gboolean
abort_once (FerryS3Line *line,
            const char *key,
            const char *upload_id,
            gboolean *left,
            GCancellable *cancellable,
            GError **error)
{
  g_autoptr (FerryS3Answer) answer = NULL;
  g_autoptr (GPtrArray) parts = NULL;
  g_autoptr (GError) cause = NULL;

  *left = FALSE;
  answer = ferry_s3_line_call (line,
                               &(FerryS3Ask){
                                   .what = "abort an upload",
                                   .method = "DELETE",
                                   .key = key,
                                   .query = PAIRS ("uploadId", upload_id),
                               },
                               cancellable, &cause);
  if (answer != NULL)
    parts = list_parts (line, key, upload_id, cancellable, &cause);
  if (parts != NULL)
    *left = parts->len > 0;
  if (parts != NULL || is_gone (cause))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&cause));
  return FALSE;
}

gboolean
ferry_s3_abort (FerryS3 *self,
                const char *key,
                const char *upload_id,
                GCancellable *cancellable,
                GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;

  g_return_val_if_fail (self != NULL && key != NULL && upload_id != NULL, FALSE);

  line = ferry_s3_line_new (self, IDLE_SECONDS);
  for (guint i = 0; i < ABORT_ROUNDS; i++)
    {
      gboolean left;

      if (i > 0 && !pause_a_moment (cancellable, error))
        return FALSE;
      if (!abort_once (line, key, upload_id, &left, cancellable, error))
        return FALSE;
      if (!left)
        return TRUE;
    }
  g_set_error_literal (error, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE,
                       "abort an upload: parts are still listed");
  return FALSE;
}

/* ---- the object ---- */

gboolean
ferry_s3_head (FerryS3 *self,
               const char *key,
               FerryS3Object **object,
               GCancellable *cancellable,
               GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;
  g_autoptr (FerryS3Answer) answer = NULL;
  FerryS3Ask ask = { .what = "look at an object", .method = "HEAD", .key = key };

  g_return_val_if_fail (self != NULL && key != NULL && object != NULL, FALSE);

  *object = NULL;
  ask.headers = PAIRS ("x-amz-checksum-mode", "ENABLED");
  line = ferry_s3_line_new (self, IDLE_SECONDS);
  answer = ferry_s3_line_ask (line, &ask, cancellable, error);
  if (answer == NULL)
    return FALSE;
  if (answer->status == 404)
    return TRUE;
  if (!ferry_s3_check_answer (ask.what, answer->status, NULL, error))
    return FALSE;
  if (answer->etag == NULL || answer->length < 0)
    {
      g_set_error (error, FERRY_S3_ERROR, FERRY_S3_ERROR_PROTOCOL, "%s: the answer makes no sense",
                   ask.what);
      return FALSE;
    }
  *object = g_new0 (FerryS3Object, 1);
  (*object)->etag = g_steal_pointer (&answer->etag);
  (*object)->size = (guint64) answer->length;
  if (answer->sha256 != NULL && strlen (answer->sha256) <= SHA256_TEXT_MAX)
    (*object)->sha256 = g_steal_pointer (&answer->sha256);
  return TRUE;
}

gboolean
ferry_s3_delete (FerryS3 *self, const char *key, GCancellable *cancellable, GError **error)
{
  g_autoptr (FerryS3Line) line = NULL;
  g_autoptr (FerryS3Answer) answer = NULL;
  FerryS3Ask ask = { .what = "delete an object", .method = "DELETE", .key = key };

  g_return_val_if_fail (self != NULL && key != NULL, FALSE);

  line = ferry_s3_line_new (self, IDLE_SECONDS);
  answer = ferry_s3_line_ask (line, &ask, cancellable, error);
  if (answer == NULL)
    return FALSE;
  /* Most stores delete what is not there with a success. */
  if (answer->status == 404)
    {
      g_autoptr (GError) cause = NULL;

      ferry_s3_check_answer (ask.what, 404, answer->document, &cause);
      if (!g_error_matches (cause, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_BUCKET))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&cause));
      return FALSE;
    }
  return ferry_s3_check_answer (ask.what, answer->status, answer->document, error);
}
