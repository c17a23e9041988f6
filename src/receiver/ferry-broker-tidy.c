/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What leaves nothing behind at the store. */
#include "ferry-broker-private.h"

#include "ferry-inbox-private.h"
#include "ferry-problem.h"
#include "ferry-receipt-rows.h"

/* What was under way when an upload ended has landed after this time, or never will. */
#define AGAIN_SECONDS (10 * 60)

typedef struct
{
  FerryBroker *broker;
  const FerryUpload *upload;
  FerryCleaning cleaning;
  GPtrArray *unborn; /* of FerryUpload */
  GPtrArray *ended;
} Call;

static void
call_clear (Call *call)
{
  g_clear_pointer (&call->unborn, g_ptr_array_unref);
  g_clear_pointer (&call->ended, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)

static gboolean
run_load (FerryDatabase *database, gpointer data, GError **error)
{
  Call *call = data;
  const char *store = call->broker->name;

  call_clear (call);
  call->unborn = ferry_receipt_rows_load_unborn (database, store, error);
  if (call->unborn == NULL)
    return FALSE;
  call->ended = ferry_receipt_rows_load_cleaning (database, store,
                                                  ferry_inbox_now () - AGAIN_SECONDS, error);
  return call->ended != NULL;
}

static gboolean
run_set_cleaning (FerryDatabase *database, gpointer data, GError **error)
{
  Call *call = data;

  return ferry_receipt_rows_set_cleaning (database, call->upload->number, call->cleaning, error);
}

/* An object is there when the store completed the upload and nobody heard of it. */
static gboolean
delete_object (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  g_autofree char *key = ferry_broker_key (upload);
  g_autoptr (FerryS3Object) object = NULL;
  g_autoptr (GError) why = NULL;

  if (ferry_s3_head (self->s3, key, &object, self->cancellable, &why)
      && (object == NULL || ferry_s3_delete (self->s3, key, self->cancellable, &why)))
    return TRUE;
  return ferry_broker_fail (upload, why, error);
}

static gboolean
clean (FerryBroker *self, const FerryUpload *upload, GError **error)
{
  g_auto (Call) call = {
    .upload = upload,
    .cleaning = upload->cleaning == FERRY_CLEANING_DUE ? FERRY_CLEANING_AGAIN : FERRY_CLEANING_DONE,
  };

  ferry_broker_lock (self, upload->id);

  gboolean done
      = ferry_broker_abort_all (self, upload, error) && delete_object (self, upload, error);

  ferry_broker_unlock (self, upload->id);
  return done && ferry_database_thread_call (self->inbox->store, run_set_cleaning, &call, error);
}

/* No row knows what the store may have of it. */
static gboolean
abort_unborn (FerryBroker *self, const FerryUpload *listed, GError **error)
{
  ferry_broker_lock (self, listed->id);

  /* One that is just being made is not. */
  g_autoptr (FerryUpload) upload = ferry_inbox_load (self->inbox, listed->id, error);
  gboolean done = upload != NULL
                  && (upload->multipart != NULL || upload->status != FERRY_UPLOAD_IN_PROGRESS
                      || ferry_broker_abort_all (self, upload, error));

  ferry_broker_unlock (self, listed->id);
  return done;
}

/* Whether it would be the same with the next one. */
static gboolean
is_hopeless (const GError *error)
{
  switch ((int) ferry_problem_of (error))
    {
    case FERRY_PROBLEM_STORE_AWAY:
    case FERRY_PROBLEM_STORE_CLOCK:
    case FERRY_PROBLEM_STORE_BUCKET:
    case FERRY_PROBLEM_STOPPING:
      return TRUE;
    default:
      return FALSE;
    }
}

gboolean
ferry_broker_tidy (FerryBroker *self, GError **error)
{
  g_auto (Call) call = { .broker = self };
  g_autoptr (GError) why = NULL;

  if (self->s3 == NULL)
    return TRUE;
  if (!ferry_database_thread_call (self->inbox->store, run_load, &call, error))
    return FALSE;
  for (guint i = 0; i < call.unborn->len && !is_hopeless (why); i++)
    {
      g_clear_error (&why);
      abort_unborn (self, g_ptr_array_index (call.unborn, i), &why);
    }
  for (guint i = 0; i < call.ended->len && !is_hopeless (why); i++)
    {
      g_clear_error (&why);
      clean (self, g_ptr_array_index (call.ended, i), &why);
    }
  if (why == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

gboolean
ferry_broker_discard (FerryBroker *self, const char *id, GError **error)
{
  g_autoptr (FerryUpload) upload = ferry_inbox_load (self->inbox, id, error);
  g_autoptr (GError) why = NULL;

  if (upload == NULL || !ferry_broker_check_open (self, upload, error)
      || !ferry_inbox_discard (self->inbox, id, error))
    return FALSE;
  upload->cleaning = FERRY_CLEANING_DUE;
  if (!clean (self, upload, &why))
    g_debug ("%s: to be cleaned up later: %s", id, why->message);
  return TRUE;
}
