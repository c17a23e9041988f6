/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-engine-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "ferry-destinations-private.h"
#include "ferry-error.h"

/* What a person can do to the queue. */

#define SHORTEST_ID 4

static void
insert_sorted (FerryEngine *self, FerryTransfer *transfer)
{
  guint i = self->items->len;

  while (i > 0)
    {
      FerryTransfer *before = g_ptr_array_index (self->items, i - 1);
      if (before->record->position <= transfer->record->position)
        break;
      i--;
    }
  g_ptr_array_insert (self->items, (int) i, g_object_ref (transfer));
  g_list_model_items_changed (G_LIST_MODEL (self), i, 0, 1);
}

/* After one transfer was put into the list: thousands may come one after another, and a walk over the queue for
 * each would freeze the window. */
static void
reconcile_for (FerryEngine *self, FerryTransfer *transfer)
{
  gboolean starts = ferry_facts_get_action (&transfer->facts) == FERRY_ACTION_START;

  if (starts && self->n_lanes >= self->max_active && !self->selective)
    ferry_engine_notify_activity (self, self->speed, FALSE);
  else if (starts || transfer->facts.waiting || transfer->job != NULL)
    ferry_engine_reconcile (self);
}

FerryTransfer *
ferry_engine_add (FerryEngine *self, const FerrySpec *spec, GError **error)
{
  FerryTransfer *transfer;
  FerryRecord *record;

  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  g_return_val_if_fail (self->store != NULL, NULL);

  if (!g_path_is_absolute (spec->folder))
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a complete path to a folder."), spec->folder);
      return NULL;
    }
  if (ferry_protocol_find (spec) == NULL)
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME,
                   _ ("“%s” is not an address that can be downloaded."), spec->address);
      return NULL;
    }
  record = ferry_record_new (ferry_spec_copy (spec));
  record->position = self->next_position++;
  if (spec->direction == FERRY_UPLOAD && spec->destination == NULL)
    record->spec->destination
        = g_strdup (ferry_destinations_name_of (self->destinations, spec->address));
  ferry_store_post_add (self->store, record);
  transfer = ferry_transfer_new (record);
  ferry_engine_note (self, transfer, _ ("Added"));
  insert_sorted (self, transfer);
  g_object_unref (transfer);
  reconcile_for (self, transfer);
  return transfer;
}

FerryTransfer *
ferry_engine_find (FerryEngine *self, const char *id, GError **error)
{
  FerryTransfer *found = NULL;
  gsize length = strlen (id);

  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  for (guint i = 0; i < self->items->len && length >= SHORTEST_ID; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (g_ascii_strncasecmp (transfer->record->id, id, length) != 0)
        continue;
      if (found != NULL)
        {
          g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                       _ ("More than one transfer begins with “%s”. Give more of its id."), id);
          return NULL;
        }
      found = transfer;
    }
  if (found == NULL)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                 _ ("There is no transfer “%s” in this queue."), id);
  return found;
}

FerryTransfer *
ferry_engine_find_same (FerryEngine *self,
                        const char *address,
                        const char *folder,
                        const char *name)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      const FerrySpec *spec = transfer->record->spec;
      if (spec->direction == FERRY_DOWNLOAD && g_str_equal (spec->address, address)
          && g_strcmp0 (spec->folder, folder) == 0
          && (name == NULL || g_strcmp0 (spec->name, name) == 0))
        return transfer;
    }
  return NULL;
}

FerryTransfer *
ferry_engine_find_upload (FerryEngine *self, const char *address, const char *source)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  g_return_val_if_fail (address != NULL && source != NULL, NULL);

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      const FerrySpec *spec = transfer->record->spec;
      if (spec->direction == FERRY_UPLOAD && g_str_equal (spec->address, address)
          && g_strcmp0 (spec->source, source) == 0)
        return transfer;
    }
  return NULL;
}

void
ferry_engine_pause (FerryEngine *self, FerryTransfer *transfer)
{
  gboolean idle = transfer->job == NULL;
  FerryState before = transfer->shown_state;

  ferry_engine_apply (self, transfer, FERRY_EVENT_PAUSE);
  if (idle && before != transfer->shown_state)
    ferry_engine_note (self, transfer, _ ("Paused"));
  ferry_engine_reconcile (self);
}

void
ferry_engine_want_again (FerryEngine *self, FerryTransfer *transfer)
{
  FerryState before = transfer->shown_state;

  transfer->attempts = 0;
  transfer->n_broken = 0;
  transfer->wait_until = 0;
  ferry_engine_apply (self, transfer, FERRY_EVENT_RESUME);
  if (before != transfer->shown_state)
    ferry_engine_note (self, transfer, _ ("Resumed"));
}

void
ferry_engine_resume (FerryEngine *self, FerryTransfer *transfer)
{
  ferry_engine_want_again (self, transfer);
  ferry_engine_reconcile (self);
}

static void
for_all (FerryEngine *self, FerryEvent event)
{
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      FerryState state = transfer->shown_state;
      /* "All" means what could run: an answer that only the person can give is not made up for them. */
      if (state == FERRY_STATE_DONE || state == FERRY_STATE_NEEDS_YOU
          || state == FERRY_STATE_FAILED)
        continue;
      if (event == FERRY_EVENT_RESUME)
        transfer->wait_until = 0;
      ferry_engine_apply (self, transfer, event);
    }
  ferry_engine_reconcile (self);
}

void
ferry_engine_pause_all (FerryEngine *self)
{
  for_all (self, FERRY_EVENT_PAUSE);
}

void
ferry_engine_resume_all (FerryEngine *self)
{
  for_all (self, FERRY_EVENT_RESUME);
}

void
ferry_engine_start_again (FerryEngine *self, FerryTransfer *transfer)
{
  FerryRecord *record = transfer->record;

  transfer->start_over = TRUE;
  transfer->attempts = 0;
  transfer->n_broken = 0;
  transfer->facts.outcome = FERRY_OUTCOME_NONE;
  record->error_code = -1;
  g_clear_pointer (&record->error_message, g_free);
  g_clear_pointer (&record->path, g_free);
  record->finished = 0;
  if (transfer->job != NULL)
    g_cancellable_cancel (transfer->job->cancellable);
  else
    {
      /* Shown at once; the lane clears the journal before it fetches a byte. */
      record->progress->confirmed = 0;
      g_clear_pointer (&record->progress->verified, g_free);
    }
  ferry_engine_note (self, transfer, _ ("Started again"));
  ferry_engine_apply (self, transfer, FERRY_EVENT_RESUME);
  g_object_notify (G_OBJECT (transfer), "path");
  ferry_engine_reconcile (self);
}

void
ferry_engine_accept_web_page (FerryEngine *self, FerryTransfer *transfer)
{
  transfer->accept_web_page = TRUE;
  ferry_engine_resume (self, transfer);
}

static gboolean
is_field (const char *header, const char *name)
{
  gsize length = strlen (name);

  return g_ascii_strncasecmp (header, name, length) == 0 && header[length] == ':';
}

void
ferry_engine_sign_in (FerryEngine *self,
                      FerryTransfer *transfer,
                      const char *user,
                      const char *password)
{
  FerrySpec *spec = transfer->record->spec;
  g_autofree char *pair = g_strdup_printf ("%s:%s", user, password);
  g_autofree char *encoded = g_base64_encode ((const guchar *) pair, strlen (pair));
  g_autofree char *header = g_strdup_printf ("Authorization: Basic %s", encoded);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (gsize i = 0; spec->headers != NULL && spec->headers[i] != NULL; i++)
    {
      if (!is_field (spec->headers[i], "Authorization"))
        g_strv_builder_add (builder, spec->headers[i]);
    }
  g_strv_builder_add (builder, header);
  g_strfreev (spec->headers);
  spec->headers = g_strv_builder_end (builder);
  ferry_engine_resume (self, transfer);
}

void
ferry_engine_set_token (FerryEngine *self, FerryTransfer *transfer, const char *token)
{
  FerrySpec *spec = transfer->record->spec;

  g_free (spec->token);
  spec->token = g_strdup (token);
}

gboolean
ferry_engine_set_headers (FerryEngine *self,
                          FerryTransfer *transfer,
                          const char *const *headers,
                          GError **error)
{
  g_autoptr (FerrySpec) spec = ferry_spec_copy (transfer->record->spec);

  g_clear_pointer (&spec->headers, g_strfreev);
  for (gsize i = 0; headers != NULL && headers[i] != NULL; i++)
    {
      if (!ferry_spec_add_header (spec, headers[i], error))
        return FALSE;
    }
  ferry_spec_free (transfer->record->spec);
  transfer->record->spec = g_steal_pointer (&spec);
  ferry_store_post_spec (self->store, transfer->record);
  return TRUE;
}

gboolean
ferry_engine_set_sha256 (FerryEngine *self, FerryTransfer *transfer, const char *sha256)
{
  FerrySpec *spec = transfer->record->spec;

  if (transfer->job != NULL || transfer->facts.outcome == FERRY_OUTCOME_DONE)
    return FALSE;
  g_free (spec->sha256);
  spec->sha256 = g_strdup (sha256);
  ferry_store_post_spec (self->store, transfer->record);
  return TRUE;
}

/* ---- removing ---- */

void
ferry_engine_remove (FerryEngine *self, FerryTransfer *transfer)
{
  guint i;

  g_return_if_fail (FERRY_IS_ENGINE (self));
  if (!g_ptr_array_find (self->items, transfer, &i))
    return;
  g_ptr_array_add (self->removed, g_object_ref (transfer));
  transfer->record->removed = TRUE;
  ferry_engine_save (self, transfer);
  if (transfer->job != NULL)
    g_cancellable_cancel (transfer->job->cancellable);
  g_ptr_array_remove_fast (self->live, transfer);
  g_ptr_array_remove_index (self->items, i);
  g_list_model_items_changed (G_LIST_MODEL (self), i, 1, 0);
  ferry_engine_reconcile (self);
}

void
ferry_engine_restore (FerryEngine *self, FerryTransfer *transfer)
{
  guint i;

  g_return_if_fail (FERRY_IS_ENGINE (self));
  if (transfer->forget || !g_ptr_array_find (self->removed, transfer, &i))
    return;
  transfer->record->removed = FALSE;
  ferry_engine_save (self, transfer);
  insert_sorted (self, transfer);
  g_ptr_array_remove_index (self->removed, i);
  reconcile_for (self, transfer);
}

static void
unlink_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  g_unlink (data);
  g_task_return_boolean (task, TRUE);
}

static void
unlinked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FerryEngine *self = FERRY_ENGINE (source);

  self->n_tasks--;
  ferry_engine_check_closed (self);
}

void
ferry_engine_drop (FerryEngine *self, FerryTransfer *transfer)
{
  FerryRecord *record = transfer->record;
  const char *part_name = record->progress->part_name;

  ferry_store_post_remove (self->store, record->id);
  /* An upload's folder holds the person's own files. */
  if (part_name != NULL && record->spec->direction == FERRY_DOWNLOAD
      && record->outcome != FERRY_OUTCOME_DONE)
    {
      g_autoptr (GTask) task = g_task_new (self, NULL, unlinked_cb, NULL);
      g_task_set_task_data (task, g_build_filename (record->spec->folder, part_name, NULL), g_free);
      self->n_tasks++;
      g_task_run_in_thread (task, unlink_thread);
    }
  ferry_engine_discard (self, transfer);
  g_ptr_array_remove (self->removed, transfer);
}

void
ferry_engine_forget (FerryEngine *self, FerryTransfer *transfer)
{
  g_return_if_fail (FERRY_IS_ENGINE (self));
  if (!g_ptr_array_find (self->removed, transfer, NULL))
    return;
  transfer->forget = TRUE;
  /* A lane still has the part open: it goes when the lane has ended. */
  if (transfer->job == NULL)
    ferry_engine_drop (self, transfer);
}

GPtrArray *
ferry_engine_remove_finished (FerryEngine *self)
{
  GPtrArray *gone = g_ptr_array_new_with_free_func (g_object_unref);
  guint before = self->items->len;

  for (guint i = 0; i < self->items->len;)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (transfer->shown_state != FERRY_STATE_DONE)
        {
          i++;
          continue;
        }
      transfer->record->removed = TRUE;
      ferry_engine_save (self, transfer);
      g_ptr_array_add (gone, g_object_ref (transfer));
      g_ptr_array_add (self->removed, g_object_ref (transfer));
      g_ptr_array_remove_index (self->items, i);
    }
  if (gone->len > 0)
    g_list_model_items_changed (G_LIST_MODEL (self), 0, before, self->items->len);
  ferry_engine_reconcile (self);
  return gone;
}

void
ferry_engine_select (FerryEngine *self, FerryTransfer *transfer)
{
  transfer->selected = TRUE;
  ferry_engine_reconcile (self);
}
