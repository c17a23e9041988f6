/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-uploads.h"

#include "ferry-address.h"

/* Of each turn of the main loop: what is left of a frame's 16 ms is for drawing it. */
#define SLICE_USEC 6000

struct _FerryUploadBatch
{
  FerryEngine *engine;
  FerryFoundFiles *found;
  char *address;
  char *destination;
  gboolean again;
  FerryUploadBatchDone done;
  gpointer user_data;

  GHashTable *known; /* source to transfer, of this receiver */
  guint next;
  guint source;
  FerryUploadsAdded result;
};

/* The queue's uploads to @address by their sources. */
static GHashTable *
index_uploads (FerryEngine *engine, const char *address)
{
  GHashTable *known = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_object_unref);
  guint n = g_list_model_get_n_items (G_LIST_MODEL (engine));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FerryTransfer) transfer = g_list_model_get_item (G_LIST_MODEL (engine), i);
      const char *source = ferry_transfer_get_source (transfer);

      if (source != NULL && g_str_equal (ferry_transfer_get_address (transfer), address))
        g_hash_table_replace (known, (char *) source, g_object_ref (transfer));
    }
  return known;
}

FerryUploadsReview
ferry_uploads_review (FerryEngine *engine, GPtrArray *files, const char *address)
{
  FerryUploadsReview review = { 0 };

  g_return_val_if_fail (FERRY_IS_ENGINE (engine), review);
  g_return_val_if_fail (address != NULL, review);

  g_autoptr (GHashTable) known = index_uploads (engine, address);
  for (guint i = 0; i < files->len; i++)
    {
      const FerryFoundFile *file = g_ptr_array_index (files, i);
      FerryTransfer *transfer = g_hash_table_lookup (known, file->path);

      if (transfer == NULL)
        continue;
      if (ferry_transfer_get_state (transfer) == FERRY_STATE_DONE)
        review.finished++;
      else
        review.unfinished++;
    }
  return review;
}

guint
ferry_uploads_count_unfinished (FerryEngine *engine, const char *address)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), 0);
  g_return_val_if_fail (address != NULL, 0);

  guint n = 0;
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (engine)); i++)
    {
      g_autoptr (FerryTransfer) transfer = g_list_model_get_item (G_LIST_MODEL (engine), i);

      n += ferry_transfer_get_direction (transfer) == FERRY_UPLOAD
           && ferry_transfer_get_state (transfer) != FERRY_STATE_DONE
           && ferry_address_same_origin (ferry_transfer_get_address (transfer), address);
    }
  return n;
}

static void
refuse (FerryUploadBatch *self, const GError *error)
{
  if (self->result.sentence == NULL)
    self->result.sentence = g_strdup (error->message);
}

static void
go_on_with (FerryUploadBatch *self, FerryTransfer *transfer)
{
  FerryState state = ferry_transfer_get_state (transfer);

  if (state == FERRY_STATE_DONE && !self->again)
    return;
  if (state == FERRY_STATE_DONE)
    ferry_engine_start_again (self->engine, transfer);
  else if (state != FERRY_STATE_ACTIVE && state != FERRY_STATE_QUEUED)
    ferry_engine_resume (self->engine, transfer);
  g_ptr_array_add (self->result.known, g_object_ref (transfer));
}

static void
add_file (FerryUploadBatch *self, const FerryFoundFile *file)
{
  FerryTransfer *transfer = g_hash_table_lookup (self->known, file->path);
  g_autoptr (GError) error = NULL;

  if (transfer != NULL)
    {
      go_on_with (self, transfer);
      return;
    }
  g_autoptr (FerrySpec) spec
      = ferry_spec_new_upload (file->path, self->address, self->destination, NULL, &error);
  if (spec != NULL)
    {
      g_free (spec->name);
      spec->name = g_strdup (file->name);
      transfer = ferry_engine_add (self->engine, spec, &error);
    }
  if (transfer != NULL)
    g_ptr_array_add (self->result.added, g_object_ref (transfer));
  else
    refuse (self, error);
}

static gboolean
slice_cb (gpointer user_data)
{
  FerryUploadBatch *self = user_data;
  gint64 end = g_get_monotonic_time () + SLICE_USEC;

  while (self->next < self->found->files->len && g_get_monotonic_time () < end)
    add_file (self, g_ptr_array_index (self->found->files, self->next++));
  if (self->next < self->found->files->len)
    return G_SOURCE_CONTINUE;

  self->source = 0;
  self->done (self, &self->result, self->user_data);
  return G_SOURCE_REMOVE;
}

FerryUploadBatch *
ferry_upload_batch_start (FerryEngine *engine,
                          FerryFoundFiles *found,
                          const char *address,
                          const char *destination,
                          gboolean again,
                          FerryUploadBatchDone done,
                          gpointer user_data)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (found != NULL && address != NULL && done != NULL, NULL);

  FerryUploadBatch *self = g_new0 (FerryUploadBatch, 1);

  self->engine = g_object_ref (engine);
  self->found = found;
  self->address = g_strdup (address);
  self->destination = g_strdup (destination);
  self->again = again;
  self->done = done;
  self->user_data = user_data;
  self->known = index_uploads (engine, address);
  self->result.added = g_ptr_array_new_with_free_func (g_object_unref);
  self->result.known = g_ptr_array_new_with_free_func (g_object_unref);
  self->source = g_idle_add (slice_cb, self);
  return self;
}

void
ferry_upload_batch_end (FerryUploadBatch *self)
{
  g_return_if_fail (self != NULL);

  g_clear_handle_id (&self->source, g_source_remove);
  while (self->next < self->found->files->len)
    add_file (self, g_ptr_array_index (self->found->files, self->next++));
  g_object_unref (self->engine);
  ferry_found_files_free (self->found);
  g_free (self->address);
  g_free (self->destination);
  g_hash_table_unref (self->known);
  g_ptr_array_unref (self->result.added);
  g_ptr_array_unref (self->result.known);
  g_free (self->result.sentence);
  g_free (self);
}
