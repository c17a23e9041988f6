/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What main posts: each carries its own copy of what is to be written. */
#include "ferry-store-private.h"

#include "ferry-destination-private.h"
#include "ferry-journal.h"

typedef struct
{
  char *id;
  FerryRecord *record;
  char **ids;
  GPtrArray *destinations;
  gint64 when;
  char *sentence;
} PostData;

static FerryRecord *
copy_record (const FerryRecord *record)
{
  FerryRecord *copy = g_memdup2 (record, sizeof *record);

  copy->id = g_strdup (record->id);
  copy->spec = ferry_spec_copy (record->spec);
  copy->error_message = g_strdup (record->error_message);
  copy->path = g_strdup (record->path);
  copy->progress = ferry_progress_copy (record->progress);
  return copy;
}

static void
post_data_free (gpointer data)
{
  PostData *self = data;

  g_free (self->id);
  g_clear_pointer (&self->record, ferry_record_free);
  g_strfreev (self->ids);
  g_clear_pointer (&self->destinations, g_ptr_array_unref);
  g_free (self->sentence);
  g_free (self);
}

static gboolean
run_add (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_add (database, ((PostData *) data)->record, error);
}

static gboolean
run_update (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_update (database, ((PostData *) data)->record, error);
}

static gboolean
run_ensure (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_ensure (database, ((PostData *) data)->record, error);
}

static gboolean
run_spec (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_update_spec (database, ((PostData *) data)->record, error);
}

static gboolean
run_order (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_set_order (database, (const char *const *) ((PostData *) data)->ids, error);
}

static gboolean
run_remove (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_remove (database, ((PostData *) data)->id, error);
}

static gboolean
run_event (FerryDatabase *database, gpointer data, GError **error)
{
  const PostData *post = data;

  return ferry_journal_add_event (database, post->id, post->when, post->sentence, error);
}

static gboolean
run_destinations (FerryDatabase *database, gpointer data, GError **error)
{
  return ferry_journal_set_destinations (database, ((PostData *) data)->destinations, error);
}

static void
post (FerryStore *self, FerryDatabaseFunc run, PostData data)
{
  ferry_database_thread_post (self->thread, run, g_memdup2 (&data, sizeof data), post_data_free);
}

void
ferry_store_post_add (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_add, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_update (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_update, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_ensure (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_ensure, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_spec (FerryStore *self, const FerryRecord *record)
{
  g_return_if_fail (self != NULL && record != NULL);

  post (self, run_spec, (PostData){ .record = copy_record (record) });
}

void
ferry_store_post_order (FerryStore *self, const char *const *ids)
{
  g_return_if_fail (self != NULL && ids != NULL);

  post (self, run_order, (PostData){ .ids = g_strdupv ((char **) ids) });
}

void
ferry_store_post_remove (FerryStore *self, const char *id)
{
  g_return_if_fail (self != NULL && id != NULL);

  post (self, run_remove, (PostData){ .id = g_strdup (id) });
}

void
ferry_store_post_event (FerryStore *self, const char *id, gint64 when, const char *sentence)
{
  g_return_if_fail (self != NULL && id != NULL && sentence != NULL);

  post (self, run_event,
        (PostData){ .id = g_strdup (id), .when = when, .sentence = g_strdup (sentence) });
}

/* Main changes its own at any time: the thread gets its own copies. */
static gpointer
copy_destination (gconstpointer source, gpointer data)
{
  return ferry_destination_copy ((FerryDestination *) source);
}

void
ferry_store_post_destinations (FerryStore *self, GPtrArray *destinations)
{
  g_return_if_fail (self != NULL && destinations != NULL);

  GPtrArray *copies = g_ptr_array_copy (destinations, copy_destination, NULL);

  g_ptr_array_set_free_func (copies, g_object_unref);
  post (self, run_destinations, (PostData){ .destinations = copies });
}
