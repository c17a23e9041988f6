/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Completing asks the store three times: which parts it has, to put them together, and what it has then. Before the second the row
 * says that an object may be there, and what the parts prove. When the second answer is lost, or this program is killed, the
 * third question settles it: the key is of this upload alone, so an object of the right size, with the digests that its parts have,
 * is the one. No answer and no object: the same from the start. No upload and no object: somebody aborted it, and all is to be
 * sent again.
 */
#include "ferry-broker-private.h"

#include <string.h>

#include "ferry-inbox-private.h"
#include "ferry-problem.h"
#include "ferry-receipt-rows.h"

/* Of nothing. */
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define EMPTY_MD5 "d41d8cd98f00b204e9800998ecf8427e"

typedef struct
{
  FerryBroker *broker;
  FerryUpload *upload;
  const guint8 *sha256; /* (nullable): that the client says the file has */
  GCancellable *cancellable;
  char *key;
  GPtrArray *receipts; /* of FerryReceipt */
  const FerryRanges *differing;
  FerryProof proof;
  gboolean changed;
  FerryRanges *missing; /* (nullable) */
} Completion;

static void
completion_clear (Completion *c)
{
  g_free (c->key);
  g_clear_pointer (&c->receipts, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Completion, completion_clear)

/* ---- calls to the database ---- */

static gboolean
run_begin (FerryDatabase *database, gpointer data, GError **error)
{
  Completion *c = data;

  g_clear_pointer (&c->receipts, g_ptr_array_unref);
  /* It may take long, and must not expire meanwhile. */
  if (!ferry_upload_rows_touch (database, c->upload->number, ferry_inbox_now (), error))
    return FALSE;
  c->receipts = ferry_receipt_rows_load (database, c->upload->number, error);
  return c->receipts != NULL;
}

static gboolean
run_drop (FerryDatabase *database, gpointer data, GError **error)
{
  Completion *c = data;

  return ferry_upload_rows_drop_chunks (database, c->upload->number, c->differing, error);
}

static gboolean
run_set_completing (FerryDatabase *database, gpointer data, GError **error)
{
  Completion *c = data;

  return ferry_receipt_rows_set_completing (database, c->upload->number, c->proof,
                                            ferry_inbox_now (), &c->changed, error);
}

static gboolean
run_set_complete (FerryDatabase *database, gpointer data, GError **error)
{
  Completion *c = data;

  return ferry_receipt_rows_set_complete (database, c->upload, ferry_inbox_now (), &c->changed,
                                          error);
}

/* ---- what is missing ---- */

static gboolean
set_missing (Completion *c, FerryRanges *chunks, const char *detail, GError **error)
{
  c->missing = chunks;
  ferry_problem_set (error, FERRY_PROBLEM_MISSING, "%s", detail);
  return FALSE;
}

static FerryRanges *
all_but (GPtrArray *receipts, guint64 n)
{
  FerryRanges *missing = ferry_ranges_new ();

  ferry_ranges_add (missing, 0, n);
  for (guint i = 0; i < receipts->len; i++)
    {
      const FerryReceipt *receipt = g_ptr_array_index (receipts, i);

      ferry_ranges_remove (missing, receipt->chunk, receipt->chunk + 1);
    }
  return missing;
}

static gboolean
begin_anew (Completion *c, GError **error)
{
  FerryRanges *all = ferry_ranges_new ();

  if (!ferry_broker_renew (c->broker, c->upload, error))
    {
      ferry_ranges_free (all);
      return FALSE;
    }
  ferry_ranges_add (all, 0, ferry_upload_n_chunks (c->upload));
  return set_missing (c, all, "The upload was aborted at the store: all is to be sent again.",
                      error);
}

static gboolean
forget_differing (Completion *c, FerryRanges *differing, GError **error)
{
  c->differing = differing;
  if (ferry_database_thread_call (c->broker->inbox->store, run_drop, c, error))
    return set_missing (c, differing, "The store has not the chunks that the receipts are of.",
                        error);
  ferry_ranges_free (differing);
  return FALSE;
}

/* ---- the client's own SHA-256 ---- */

/* Always FALSE. */
static gboolean
set_other_digest (GError **error)
{
  ferry_problem_set (error, FERRY_PROBLEM_FILE_DIGEST,
                     "The upload was begun or completed with another SHA-256 of the whole file.");
  return FALSE;
}

static gboolean
check_claim (const Completion *c, GError **error)
{
  const FerryUpload *upload = c->upload;

  if (c->sha256 == NULL)
    return TRUE;
  if ((upload->has_whole && memcmp (upload->whole, c->sha256, FERRY_SHA256_SIZE) != 0)
      || (upload->has_sha256 && memcmp (upload->sha256, c->sha256, FERRY_SHA256_SIZE) != 0))
    return set_other_digest (error);
  return TRUE;
}

/* What the client told, where the store vouches for each chunk that the client hashed it from. */
static void
take_claim (Completion *c)
{
  FerryUpload *upload = c->upload;
  const guint8 *claim = upload->has_sha256 ? upload->sha256 : c->sha256;

  upload->has_whole = upload->proof == FERRY_PROOF_SHA256 && claim != NULL;
  if (upload->has_whole)
    memcpy (upload->whole, claim, FERRY_SHA256_SIZE);
}

/* ---- the object ---- */

static gboolean
record (Completion *c, const FerryS3Object *object, GError **error)
{
  FerryUpload *upload = c->upload;

  upload->published = g_strdup (upload->name);
  upload->proof = c->proof;
  upload->etag = g_strdup (object->etag);
  take_claim (c);
  if (!ferry_database_thread_call (c->broker->inbox->store, run_set_complete, c, error))
    return FALSE;
  if (!c->changed)
    {
      ferry_problem_set (error, FERRY_PROBLEM_GONE, "The upload was discarded or has expired.");
      return FALSE;
    }
  upload->status = FERRY_UPLOAD_COMPLETE;
  return TRUE;
}

/* @object: (out) (nullable) */
static gboolean
look (Completion *c, FerryS3Object **object, GError **error)
{
  g_autoptr (GError) why = NULL;

  return ferry_s3_head (c->broker->s3, c->key, object, c->cancellable, &why)
         || ferry_broker_fail (c->upload, why, error);
}

static gboolean
judge (Completion *c, const FerryS3Object *object, GError **error)
{
  g_autoptr (GPtrArray) parts
      = ferry_receipts_to_parts (c->receipts, c->upload->chunk_size, c->upload->size);

  if (ferry_receipts_judge (parts, object, c->upload->size, &c->proof)
      && (c->upload->completing || c->proof != FERRY_PROOF_NONE))
    return record (c, object, error);
  ferry_problem_set (error, FERRY_PROBLEM_STORE_OBJECT,
                     "The object at the store is not made of the chunks that were sent.");
  return FALSE;
}

/* The store knows no upload (any more). */
static gboolean
settle (Completion *c, GError **error)
{
  g_autoptr (FerryS3Object) object = NULL;

  c->proof = c->upload->completing ? c->upload->proof : FERRY_PROOF_NONE;
  if (!look (c, &object, error))
    return FALSE;
  return object != NULL ? judge (c, object, error) : begin_anew (c, error);
}

/* ---- completing ---- */

/* What makes up nothing: a part of which the client knows nothing. */
static gboolean
put_empty (Completion *c, GError **why)
{
  FerryReceipt *receipt = g_new0 (FerryReceipt, 1);

  g_ptr_array_set_size (c->receipts, 0);
  receipt->etag = g_strdup (EMPTY_MD5);
  ferry_sha256_from_hex (EMPTY_SHA256, receipt->sha256);
  g_ptr_array_add (c->receipts, receipt);
  return ferry_s3_put_empty_part (c->broker->s3, c->key, c->upload->multipart, c->cancellable, why);
}

/* Nobody gave its ETag to us: what the store lists is what it is. */
static void
take_empty (Completion *c, GPtrArray *parts)
{
  FerryReceipt *receipt = g_ptr_array_index (c->receipts, 0);
  const FerryS3Part *part = parts->len > 0 ? g_ptr_array_index (parts, 0) : NULL;

  if (part == NULL)
    return;
  g_free (receipt->etag);
  receipt->etag = g_strdup (part->etag);
}

/* (transfer full): parts that all are what the receipts say; NULL with an error. @gone: the store knows no upload. */
static GPtrArray *
list (Completion *c, gboolean *gone, GError **error)
{
  g_autoptr (GError) why = NULL;
  gboolean empty = c->upload->size == 0;
  GPtrArray *parts = empty && !put_empty (c, &why)
                         ? NULL
                         : ferry_s3_list_parts (c->broker->s3, c->key, c->upload->multipart,
                                                c->cancellable, &why);

  *gone = g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD);
  if (parts == NULL)
    {
      ferry_broker_fail (c->upload, why, error);
      return NULL;
    }
  if (empty)
    take_empty (c, parts);

  FerryRanges *differing = ferry_receipts_compare (c->receipts, parts, c->upload->chunk_size,
                                                   c->upload->size, &c->proof);

  if (ferry_ranges_get_n (differing) == 0)
    {
      ferry_ranges_free (differing);
      /* Others than ours do not belong into the file. */
      g_ptr_array_set_size (parts, (int) c->receipts->len);
      return parts;
    }
  g_ptr_array_unref (parts);
  forget_differing (c, differing, error);
  return NULL;
}

static gboolean
say_completing (Completion *c, GError **error)
{
  if (!ferry_database_thread_call (c->broker->inbox->store, run_set_completing, c, error))
    return FALSE;
  if (!c->changed)
    {
      ferry_problem_set (error, FERRY_PROBLEM_GONE, "The upload was discarded or has expired.");
      return FALSE;
    }
  c->upload->completing = TRUE;
  c->upload->proof = c->proof;
  return TRUE;
}

/* The store does not take the parts that it has just listed: others may have come in between. */
static gboolean
look_for_bad_parts (Completion *c, const GError *why, GError **error)
{
  gboolean gone = FALSE;
  g_autoptr (GPtrArray) parts = list (c, &gone, error);

  if (parts == NULL)
    return FALSE;
  return ferry_broker_fail (c->upload, why, error);
}

/* @why: what the store said when it was told to complete. An answer that was lost says nothing. */
static gboolean
settle_failed (Completion *c, const GError *why, GError **error)
{
  g_autoptr (FerryS3Object) object = NULL;

  if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_NO_SUCH_UPLOAD))
    return settle (c, error);
  if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_BAD_PARTS))
    return look_for_bad_parts (c, why, error);
  if (g_error_matches (why, FERRY_S3_ERROR, FERRY_S3_ERROR_UNREACHABLE) && look (c, &object, NULL)
      && object != NULL)
    return judge (c, object, error);
  return ferry_broker_fail (c->upload, why, error);
}

static gboolean
finish (Completion *c, GError **error)
{
  g_autoptr (GError) why = NULL;
  g_autoptr (FerryS3Object) object = NULL;
  g_autoptr (GError) failure = NULL;
  gboolean gone = FALSE;
  g_autoptr (GPtrArray) parts = list (c, &gone, &failure);

  if (parts == NULL && gone)
    return settle (c, error);
  if (parts == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return FALSE;
    }
  if (!say_completing (c, error))
    return FALSE;
  if (!ferry_s3_complete (c->broker->s3, c->key, c->upload->multipart, parts, c->cancellable, &why))
    return settle_failed (c, why, error);
  if (!look (c, &object, error))
    return FALSE;
  if (object != NULL)
    return judge (c, object, error);
  ferry_problem_set (error, FERRY_PROBLEM_STORE_AWAY, "The store does not show the object yet.");
  return FALSE;
}

static gboolean
complete (Completion *c, GError **error)
{
  FerryUpload *upload = c->upload;
  guint64 n = ferry_upload_n_chunks (upload);

  if (upload->status == FERRY_UPLOAD_COMPLETE)
    return check_claim (c, error);
  if (!ferry_broker_check_open (c->broker, upload, error) || !check_claim (c, error)
      || !ferry_database_thread_call (c->broker->inbox->store, run_begin, c, error))
    return FALSE;
  if (c->receipts->len != n)
    return set_missing (c, all_but (c->receipts, n), "Not all chunks have arrived.", error);
  if (upload->multipart == NULL && n > 0)
    return begin_anew (c, error);
  if (upload->multipart == NULL && !ferry_broker_create (c->broker, upload, FALSE, error))
    return FALSE;
  return finish (c, error);
}

FerryUpload *
ferry_broker_complete (FerryBroker *self,
                       const char *id,
                       const guint8 *sha256,
                       GCancellable *cancellable,
                       FerryRanges **missing,
                       GError **error)
{
  ferry_broker_lock (self, id);

  g_autoptr (FerryUpload) upload = ferry_inbox_load (self->inbox, id, error);
  g_auto (Completion) c = {
    .broker = self,
    .upload = upload,
    .sha256 = sha256,
    .cancellable = cancellable,
    .key = upload != NULL ? ferry_broker_key (upload) : NULL,
  };
  gboolean done = upload != NULL && complete (&c, error);

  ferry_broker_unlock (self, id);
  *missing = c.missing;
  return done ? g_steal_pointer (&upload) : NULL;
}
