/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * The row comes first, always. It is written before the store is asked for a multipart upload, so one that the store made and
 * we never heard of (its answer was lost, or this program was killed) has a row without a multipart id; its object key is made of
 * the row's id, and the store lists all its uploads by that key. They are aborted at the next start, at each round of expiry,
 * and before another is made.
 *
 * An upload that ends says so in its row first: no address is given for it any more. The row also says that the store is still to
 * be cleaned; that is taken back when the store has confirmed it, and done once more later, because a part or a completion that was
 * under way can land behind it.
 *
 * A receipt is what a client says. Before completing, the parts are listed and compared with it: the store is asked, not the client.
 */
#include "ferry-broker-private.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-inbox-private.h"
#include "ferry-problem.h"
#include "ferry-receipt-rows.h"

FerryBroker *
ferry_broker_new (FerryInbox *inbox, FerryS3 *s3, const char *name, guint expire)
{
  FerryBroker *self = g_new0 (FerryBroker, 1);

  self->inbox = inbox;
  self->s3 = s3;
  self->name = g_strdup (name);
  self->expire = expire;
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->busy = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->doubtful = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
ferry_broker_free (FerryBroker *self)
{
  if (self == NULL)
    return;
  g_clear_pointer (&self->s3, ferry_s3_free);
  g_free (self->name);
  g_object_unref (self->cancellable);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_hash_table_unref (self->busy);
  g_hash_table_unref (self->doubtful);
  g_free (self);
}

void
ferry_broker_cancel (FerryBroker *self)
{
  g_cancellable_cancel (self->cancellable);
}

gboolean
ferry_broker_is_active (FerryBroker *self)
{
  return self->s3 != NULL;
}

void
ferry_broker_lock (FerryBroker *self, const char *id)
{
  g_mutex_lock (&self->mutex);
  while (g_hash_table_contains (self->busy, id))
    g_cond_wait (&self->cond, &self->mutex);
  g_hash_table_add (self->busy, g_strdup (id));
  g_mutex_unlock (&self->mutex);
}

void
ferry_broker_unlock (FerryBroker *self, const char *id)
{
  g_mutex_lock (&self->mutex);
  g_hash_table_remove (self->busy, id);
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

char *
ferry_broker_key (const FerryUpload *upload)
{
  return g_strdup_printf ("%s/%s", upload->id, upload->name);
}

/* ---- errors ---- */

gboolean
ferry_broker_fail (const FerryUpload *upload, const GError *why, GError **error)
{
  static const struct
  {
    FerryProblem problem;
    const char *detail;
  } texts[] = {
    [FERRY_S3_ERROR_UNREACHABLE] = { FERRY_PROBLEM_STORE_AWAY, "The store did not answer." },
    [FERRY_S3_ERROR_REFUSED]
    = { FERRY_PROBLEM_STORE_REFUSED, "The store refused the receiver's keys." },
    [FERRY_S3_ERROR_CLOCK]
    = { FERRY_PROBLEM_STORE_CLOCK, "The receiver's clock and the store's differ too much." },
    [FERRY_S3_ERROR_NO_BUCKET] = { FERRY_PROBLEM_STORE_BUCKET, "The store has no such bucket." },
    [FERRY_S3_ERROR_NO_SUCH_UPLOAD]
    = { FERRY_PROBLEM_STORE_ANSWER, "The store no longer knows the upload." },
    [FERRY_S3_ERROR_BAD_PARTS]
    = { FERRY_PROBLEM_STORE_ANSWER, "The store does not put the parts together that it has." },
    [FERRY_S3_ERROR_PROTOCOL]
    = { FERRY_PROBLEM_STORE_ANSWER, "The store's answer makes no sense." },
  };

  g_debug ("%s: store: %s", upload->id, why->message);
  if (why->domain != FERRY_S3_ERROR)
    g_propagate_error (error, g_error_copy (why));
  else
    {
      guint code = (guint) why->code < G_N_ELEMENTS (texts) ? (guint) why->code
                                                            : (guint) FERRY_S3_ERROR_PROTOCOL;

      ferry_problem_set (error, texts[code].problem, "%s", texts[code].detail);
    }
  return FALSE;
}

gboolean
ferry_broker_check (FerryBroker *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  const char *sentence = _ ("The store does not answer as it should. Look at its own messages.");

  if (self->s3 == NULL || ferry_s3_check (self->s3, self->cancellable, &why)
      || g_error_matches (why, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TRUE;
  g_debug ("store: %s", why->message);
  if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE))
    sentence = _ ("The store does not answer. Uploads wait until it does.");
  else if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_REFUSED))
    sentence = _ ("The store refuses the keys. Check them, --s3-region, and what they may do in "
                  "the bucket.");
  else if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_CLOCK))
    sentence = _ ("This computer’s clock and the store’s differ too much. Set the clock.");
  else if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_BUCKET))
    sentence = _ ("The store has no such bucket. Make it, or give --s3-bucket another.");
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_FAILED, sentence);
  return FALSE;
}

static gboolean
check_store (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  if (self->s3 != NULL && g_strcmp0 (upload->store, self->name) == 0)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_OTHER_STORE,
                     "The upload is kept in a store that this receiver was started without.");
  return FALSE;
}

static gboolean
check_presigned (const FerryUpload *upload, GError **error)
{
  if (upload->transport == FERRY_TRANSPORT_PRESIGNED)
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_OTHER_TRANSPORT,
                     "The upload is direct: its chunks go to this receiver, with PUT "
                     "/uploads/%s/chunks/N.",
                     upload->id);
  return FALSE;
}

gboolean
ferry_broker_check_open (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  if (!check_presigned (upload, error) || !ferry_inbox_check_not_ended (upload, error))
    return FALSE;
  if (upload->status == FERRY_UPLOAD_IN_PROGRESS)
    return check_store (self, upload, error);
  ferry_problem_set (error, FERRY_PROBLEM_COMPLETE, "The file is received: “%s”.",
                     upload->published);
  return FALSE;
}

/* ---- the upload at the store ---- */

typedef struct
{
  const char *id;
  FerryUpload *upload;
  const char *multipart;
  const FerryReceipt *receipt;
  gboolean changed;
} Call;

static gboolean
run_set_multipart (FerryDatabase *database, gpointer data, GError **error)
{
  Call *call = data;

  return ferry_receipt_rows_set_multipart (database, call->upload->number, call->multipart,
                                           ferry_inbox_now (), &call->changed, error);
}

/* Whether the store may have one whose id was never told. */
static gboolean
is_doubtful (FerryBroker *self, const FerryUpload *upload)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  (void) locker;
  return g_hash_table_contains (self->doubtful, upload->id);
}

static void
set_doubtful (FerryBroker *self, const FerryUpload *upload, gboolean doubtful)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->mutex);

  (void) locker;
  if (doubtful)
    g_hash_table_add (self->doubtful, g_strdup (upload->id));
  else
    g_hash_table_remove (self->doubtful, upload->id);
}

gboolean
ferry_broker_abort_all (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autofree char *key = ferry_broker_key (upload);
  g_auto (GStrv) open = ferry_s3_list_uploads (self->s3, key, self->cancellable, &why);

  if (open == NULL)
    return ferry_broker_fail (upload, why, error);
  for (guint i = 0; open[i] != NULL; i++)
    if (!ferry_s3_abort (self->s3, key, open[i], self->cancellable, &why))
      return ferry_broker_fail (upload, why, error);
  set_doubtful (self, upload, FALSE);
  return TRUE;
}

gboolean
ferry_broker_create (FerryBroker *self, FerryUpload *upload, gboolean fresh, GError **error)
{
  g_autofree char *key = ferry_broker_key (upload);
  g_autoptr (GError) why = NULL;

  if ((!fresh || is_doubtful (self, upload)) && !ferry_broker_abort_all (self, upload, error))
    return FALSE;
  set_doubtful (self, upload, TRUE);

  g_autofree char *multipart
      = ferry_s3_create (self->s3, key, upload->name, upload->modified, self->cancellable, &why);
  Call call = { .upload = upload, .multipart = multipart };

  if (multipart == NULL)
    return ferry_broker_fail (upload, why, error);
  if (!ferry_database_thread_call (self->inbox->store, run_set_multipart, &call, error))
    return FALSE;
  if (!call.changed)
    {
      /* Who ended it waits for the lock, and cleans up. */
      ferry_problem_set (error, FERRY_PROBLEM_GONE, "The upload was discarded or has expired.");
      return FALSE;
    }
  upload->multipart = g_steal_pointer (&multipart);
  set_doubtful (self, upload, FALSE);
  return TRUE;
}

gboolean
ferry_broker_renew (FerryBroker *self, FerryUpload *upload, GError **error)
{
  Call call = { .upload = upload };
  g_autoptr (GError) why = NULL;

  g_debug ("%s: the store lost it", upload->id);
  if (!ferry_database_thread_call (self->inbox->store, run_set_multipart, &call, error))
    return FALSE;
  g_clear_pointer (&upload->multipart, g_free);
  /* When that fails, the next request for addresses tries again. */
  if (call.changed && !ferry_broker_create (self, upload, FALSE, &why))
    g_debug ("%s: not begun anew: %s", upload->id, why->message);
  return TRUE;
}

/* (transfer full): the upload, in progress and with a multipart id, as far as there is no error. */
static FerryUpload *
load_with_multipart (FerryBroker *self, const char *id, gboolean fresh, GError **error)
{
  ferry_broker_lock (self, id);

  FerryUpload *upload = ferry_inbox_load (self->inbox, id, error);
  gboolean done
      = upload != NULL && ferry_broker_check_open (self, upload, error)
        && (upload->multipart != NULL || ferry_broker_create (self, upload, fresh, error));

  ferry_broker_unlock (self, id);
  if (!done)
    g_clear_pointer (&upload, ferry_upload_free);
  return upload;
}

/* ---- initiate ---- */

FerryUpload *
ferry_broker_initiate (FerryBroker *self,
                       const char *key,
                       const FerryInitiate *initiate,
                       GError **error)
{
  gboolean made = FALSE;
  g_autoptr (FerryUpload) upload = ferry_inbox_initiate (self->inbox, key, initiate, &made, error);

  if (upload == NULL)
    return NULL;
  if (upload->transport == FERRY_TRANSPORT_DIRECT || upload->status != FERRY_UPLOAD_IN_PROGRESS)
    return g_steal_pointer (&upload);
  if (!check_store (self, upload, error))
    return NULL;
  return upload->multipart != NULL ? g_steal_pointer (&upload)
                                   : load_with_multipart (self, upload->id, made, error);
}

/* ---- status ---- */

/* Neither an upload nor an object. What cannot be found out is not lost. */
static gboolean
is_lost (FerryBroker *self, const FerryUpload *upload)
{
  g_autofree char *key = ferry_broker_key (upload);
  g_autoptr (GError) why = NULL;
  g_autoptr (GPtrArray) parts
      = ferry_s3_list_parts (self->s3, key, upload->multipart, self->cancellable, &why);
  g_autoptr (FerryS3Object) object = NULL;

  if (parts != NULL)
    return FALSE;
  g_debug ("%s: store: %s", upload->id, why->message);
  if (!g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD))
    return FALSE;
  return ferry_s3_head (self->s3, key, &object, self->cancellable, NULL) && object == NULL;
}

static gboolean
is_at_store (FerryBroker *self, const FerryUpload *upload)
{
  return upload->transport == FERRY_TRANSPORT_PRESIGNED
         && upload->status == FERRY_UPLOAD_IN_PROGRESS && upload->multipart != NULL;
}

static gboolean
renew_if_lost (FerryBroker *self, const FerryUpload *known, GError **error)
{
  if (!is_lost (self, known))
    return TRUE;
  ferry_broker_lock (self, known->id);

  /* It may have been completed, or begun anew, between the questions. */
  g_autoptr (FerryUpload) upload = ferry_inbox_load (self->inbox, known->id, error);
  gboolean done = upload != NULL
                  && (!is_at_store (self, upload) || !is_lost (self, upload)
                      || ferry_broker_renew (self, upload, error));

  ferry_broker_unlock (self, known->id);
  return done;
}

gboolean
ferry_broker_status (
    FerryBroker *self, const char *id, FerryUpload **upload, FerryRanges **received, GError **error)
{
  g_autoptr (FerryUpload) known = ferry_inbox_load (self->inbox, id, error);

  if (known == NULL)
    return FALSE;
  if (known->transport == FERRY_TRANSPORT_PRESIGNED && known->status == FERRY_UPLOAD_IN_PROGRESS
      && !check_store (self, known, error))
    return FALSE;
  if (is_at_store (self, known) && !renew_if_lost (self, known, error))
    return FALSE;
  return ferry_inbox_status (self->inbox, id, upload, received, error);
}

/* ---- addresses ---- */

static void
address_free (gpointer data)
{
  FerryAddress *self = data;

  g_free (self->url);
  g_free (self->checksum);
  g_free (self);
}

static gboolean
check_chunk (const FerryUpload *upload, guint64 chunk, GError **error)
{
  if (chunk < ferry_upload_n_chunks (upload))
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_NO_SUCH_CHUNK,
                     "The upload has %" G_GUINT64_FORMAT " chunks.",
                     ferry_upload_n_chunks (upload));
  return FALSE;
}

static gboolean
run_touch (FerryDatabase *database, gpointer data, GError **error)
{
  Call *call = data;

  return ferry_upload_rows_touch (database, call->upload->number, ferry_inbox_now (), error);
}

static FerryAddress *
sign_one (FerryBroker *self, const FerryUpload *upload, const FerryUrlsRequest *request, guint i)
{
  g_autofree char *key = ferry_broker_key (upload);
  FerryAddress *address = g_new0 (FerryAddress, 1);

  address->chunk = request->chunks[i];
  address->url = ferry_s3_presign_part (
      self->s3, key, upload->multipart, (guint) address->chunk + 1,
      request->has_sha256 ? request->sha256[i] : NULL, self->expire, &address->checksum);
  return address;
}

gboolean
ferry_broker_sign (FerryBroker *self,
                   const char *id,
                   const FerryUrlsRequest *request,
                   gboolean may_block,
                   GPtrArray **addresses,
                   gint64 *expires,
                   GError **error)
{
  g_autoptr (FerryUpload) upload = may_block ? load_with_multipart (self, id, FALSE, error)
                                             : ferry_inbox_load (self->inbox, id, error);
  Call call = { .upload = upload };

  *addresses = NULL;
  if (upload == NULL || !ferry_broker_check_open (self, upload, error)
      || !check_chunk (upload, request->chunks[request->n - 1], error))
    return FALSE;
  if (upload->multipart == NULL)
    return TRUE;
  if (!ferry_database_thread_call (self->inbox->store, run_touch, &call, error))
    return FALSE;
  *expires = ferry_inbox_now () + (gint64) self->expire;
  *addresses = g_ptr_array_new_with_free_func (address_free);
  for (guint i = 0; i < request->n; i++)
    g_ptr_array_add (*addresses, sign_one (self, upload, request, i));
  return TRUE;
}

/* ---- receipts ---- */

static gboolean
is_same_receipt (const FerryReceipt *a, const FerryReceipt *b)
{
  return strcmp (a->etag, b->etag) == 0 && memcmp (a->sha256, b->sha256, FERRY_SHA256_SIZE) == 0;
}

static gboolean
run_has_receipt (FerryDatabase *database, Call *call, GError **error)
{
  g_autoptr (GPtrArray) all = ferry_receipt_rows_load (database, call->upload->number, error);

  if (all == NULL)
    return FALSE;
  if (call->receipt->chunk < all->len
      && is_same_receipt (g_ptr_array_index (all, call->receipt->chunk), call->receipt))
    return TRUE;
  ferry_problem_set (error, FERRY_PROBLEM_COMPLETE, "The file is received, with other bytes.");
  return FALSE;
}

static gboolean
run_put_receipt (FerryDatabase *database, gpointer data, GError **error)
{
  Call *call = data;

  /* Here, so that none is added behind the end of an upload. */
  if (!ferry_upload_rows_load (database, call->id, &call->upload, error))
    return FALSE;
  if (call->upload == NULL)
    {
      ferry_problem_set (error, FERRY_PROBLEM_NO_SUCH_UPLOAD, "There is no upload “%s”.", call->id);
      return FALSE;
    }
  if (!check_presigned (call->upload, error) || !ferry_inbox_check_not_ended (call->upload, error)
      || !check_chunk (call->upload, call->receipt->chunk, error))
    return FALSE;
  if (call->upload->status == FERRY_UPLOAD_COMPLETE)
    return run_has_receipt (database, call, error);
  return ferry_upload_rows_touch (database, call->upload->number, ferry_inbox_now (), error)
         && ferry_receipt_rows_put (database, call->upload->number, call->receipt, error);
}

gboolean
ferry_broker_put_receipt (FerryBroker *self,
                          const char *id,
                          const FerryReceipt *receipt,
                          GError **error)
{
  g_autoptr (FerryUpload) known = ferry_inbox_load (self->inbox, id, error);
  Call call = { .id = id, .receipt = receipt };

  if (known == NULL)
    return FALSE;
  if (known->transport == FERRY_TRANSPORT_PRESIGNED && known->status == FERRY_UPLOAD_IN_PROGRESS
      && !check_store (self, known, error))
    return FALSE;

  gboolean done = ferry_database_thread_call (self->inbox->store, run_put_receipt, &call, error);

  g_clear_pointer (&call.upload, ferry_upload_free);
  return done;
}

char *
ferry_broker_locate (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  g_autofree char *key = ferry_broker_key (upload);

  if (!check_store (self, upload, error))
    return NULL;
  return ferry_s3_presign_get (self->s3, key, upload->published, self->expire);
}
