/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. A token goes to the keyring first, on a thread, because that may ask the person; only when it is there does the row
 * change. What was checked before is checked again then: another may have taken the name meanwhile.
 */
#include "ferry-config.h"

#include "ferry-destinations-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-destination-check.h"
#include "ferry-destination-private.h"
#include "ferry-engine-private.h"
#include "ferry-error.h"
#include "ferry-secrets.h"

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

/* ---- asking the keyring ---- */

void
ferry_destinations_cancel (FerryDestinations *self)
{
  for (guint i = 0; i < self->asking->len; i++)
    g_cancellable_cancel (g_ptr_array_index (self->asking, i));
}

/* A task whose thread may ask the keyring, until @outer's caller or the end of Ferry calls it off. Takes over @data. */
static GTask *
make_asking (GTask *outer, GAsyncReadyCallback callback, gpointer data, GDestroyNotify free_data)
{
  FerryDestinations *self = g_task_get_source_object (outer);
  GCancellable *given = g_task_get_cancellable (outer);
  g_autoptr (GCancellable) stop = given != NULL ? g_object_ref (given) : g_cancellable_new ();
  GTask *task = g_task_new (self, stop, callback, g_object_ref (outer));

  /* What is in the keyring belongs to a row, however late it was called off. */
  g_task_set_check_cancellable (outer, FALSE);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, data, free_data);
  g_ptr_array_add (self->asking, g_steal_pointer (&stop));
  return task;
}

static gboolean
finish_asking (FerryDestinations *self, GAsyncResult *result, GError **error)
{
  g_ptr_array_remove (self->asking, g_task_get_cancellable (G_TASK (result)));
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- saving ---- */

typedef struct
{
  FerryDestination *destination; /* (nullable): a new one */
  char *name;
  char *address;
  char *token;       /* (nullable) */
  char *old_address; /* (nullable): its token moves to @address, or goes */
  gboolean move;
} Saving;

static void
saving_free (gpointer data)
{
  Saving *saving = data;

  g_clear_object (&saving->destination);
  g_free (saving->name);
  g_free (saving->address);
  g_free (saving->token);
  g_free (saving->old_address);
  g_free (saving);
}

static guint
count_saved (FerryDestinations *self)
{
  guint n = 0;

  for (guint i = 0; i < self->items->len; i++)
    n += !ferry_destination_get_here (g_ptr_array_index (self->items, i));
  return n;
}

static gboolean
check_fits (FerryDestinations *self, const Saving *saving, GError **error)
{
  FerryDestination *same = ferry_destinations_find_name (self, saving->name);

  if (same != NULL && same != saving->destination)
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS,
                   _ ("There is a destination “%s” already. Choose another name."),
                   ferry_destination_get_name (same));
      return FALSE;
    }
  if (saving->destination == NULL && count_saved (self) >= FERRY_DESTINATIONS_MAX)
    return refuse (error, _ ("There are too many destinations. Remove one first."));
  if (saving->destination == NULL)
    return TRUE;
  if (ferry_destination_get_here (saving->destination))
    return refuse (error, _ ("The receiver on this computer cannot be changed like this."));
  if (!g_ptr_array_find (self->items, saving->destination, NULL))
    return refuse (error, _ ("This destination was removed. Add it as a new one."));
  return TRUE;
}

static gboolean
check_saving (
    FerryDestinations *self, Saving *saving, const char *name, const char *address, GError **error)
{
  saving->name = ferry_destination_check_name (name, error);
  if (saving->name == NULL)
    return FALSE;
  saving->address = ferry_destination_check_address (address, error);
  return saving->address != NULL && ferry_destination_check_token (saving->token, error)
         && check_fits (self, saving, error);
}

/* A token goes with its server: to another path of it, never to another server. */
static void
plan_move (FerryDestinations *self, Saving *saving)
{
  const char *before;
  g_autofree char *old_key = NULL;
  g_autofree char *new_key = NULL;

  if (saving->destination == NULL)
    return;
  before = ferry_destination_get_address (saving->destination);
  old_key = ferry_destination_address_key (before);
  new_key = ferry_destination_address_key (saving->address);
  if (g_str_equal (old_key, new_key)
      || ferry_destinations_find_address (self, before, saving->destination) != NULL)
    return;
  saving->old_address = g_strdup (before);
  saving->move = saving->token == NULL && ferry_address_same_origin (before, saving->address);
}

static void
save_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Saving *saving = data;
  gboolean leaves = saving->old_address != NULL;
  g_autoptr (GError) error = NULL;

  if (saving->move)
    saving->token = ferry_secrets_lookup (saving->old_address, cancellable, &error);
  /* What could not be read may be the only copy: it stays where it is. */
  if (error != NULL)
    {
      g_debug ("keyring: %s", error->message);
      g_clear_error (&error);
      leaves = FALSE;
    }
  if (saving->token != NULL
      && !ferry_secrets_store (saving->address, saving->token, cancellable, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  /* A leftover that cannot be taken away now does no harm. */
  if (leaves && !ferry_secrets_clear (saving->old_address, cancellable, &error))
    g_debug ("keyring: %s", error->message);
  g_task_return_boolean (task, TRUE);
}

static FerryDestination *
apply (FerryDestinations *self, Saving *saving, GError **error)
{
  g_autoptr (FerryDestination) destination = NULL;

  if (!check_fits (self, saving, error))
    return NULL;
  if (saving->destination != NULL)
    {
      destination = g_object_ref (saving->destination);
      ferry_destination_set_name (destination, saving->name);
      ferry_destination_set_address (destination, saving->address);
      ferry_destinations_sort_in (self, destination);
    }
  else
    {
      destination
          = ferry_destination_new (NULL, saving->name, ferry_upload_protocol.name, saving->address);
      ferry_destinations_insert (self, destination);
    }
  ferry_destinations_make_default (self, ferry_destinations_get_default (self));
  ferry_destinations_post (self);
  /* The list holds it. */
  return destination;
}

static void
finish_saving (FerryDestinations *self, GTask *task, Saving *saving)
{
  GError *error = NULL;
  FerryDestination *destination;

  if (self->engine == NULL || self->engine->store == NULL)
    {
      g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_CANCELLED, "%s",
                               _ ("Ferry is about to end: the destination was not saved."));
      return;
    }
  destination = apply (self, saving, &error);
  if (destination == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (saving->token != NULL)
    ferry_engine_token_saved (self->engine, saving->address);
  /* For as long as whoever is told looks at it, even if the list lets it go meanwhile. */
  g_task_set_task_data (task, g_object_ref (destination), g_object_unref);
  g_task_return_boolean (task, TRUE);
}

static void
secret_saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FerryDestinations *self = FERRY_DESTINATIONS (source);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (!finish_asking (self, result, &error))
    g_task_return_error (task, error);
  else
    finish_saving (self, task, g_task_get_task_data (G_TASK (result)));
}

void
ferry_destinations_save_async (FerryDestinations *self,
                               FerryDestination *destination,
                               const char *name,
                               const char *address,
                               const char *token,
                               GCancellable *cancellable,
                               GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) secret = NULL;
  Saving *saving = g_new0 (Saving, 1);
  GError *error = NULL;

  g_return_if_fail (FERRY_IS_DESTINATIONS (self));
  g_return_if_fail (name != NULL && address != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ferry_destinations_save_async);
  secret = make_asking (task, secret_saved_cb, saving, saving_free);
  saving->destination = destination != NULL ? g_object_ref (destination) : NULL;
  saving->token = g_strdup (token);
  if (!check_saving (self, saving, name, address, &error))
    {
      g_task_return_error (secret, error);
      return;
    }
  plan_move (self, saving);
  if (saving->token == NULL && saving->old_address == NULL)
    g_task_return_boolean (secret, TRUE);
  else
    g_task_run_in_thread (secret, save_thread);
}

FerryDestination *
ferry_destinations_save_finish (FerryDestinations *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  return g_task_get_task_data (G_TASK (result));
}

/* ---- removing ---- */

static void
secret_removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (finish_asking (FERRY_DESTINATIONS (source), result, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
remove_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GError *error = NULL;

  if (ferry_secrets_clear (data, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
ferry_destinations_remove_async (FerryDestinations *self,
                                 FerryDestination *destination,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  g_autoptr (GTask) secret = NULL;
  g_autoptr (FerryDestination) held = NULL;
  const char *address;

  g_return_if_fail (FERRY_IS_DESTINATIONS (self));
  g_return_if_fail (FERRY_IS_DESTINATION (destination));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ferry_destinations_remove_async);
  if (ferry_destination_get_here (destination)
      || !g_ptr_array_find (self->items, destination, NULL))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  held = g_object_ref (destination);
  ferry_destinations_take_out (self, held);
  ferry_destination_set_is_default (held, FALSE);
  ferry_destinations_make_default (self, ferry_destinations_get_default (self));
  ferry_destinations_post (self);
  address = ferry_destination_get_address (held);
  if (ferry_destinations_find_address (self, address, NULL) != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (self->engine != NULL)
    ferry_engine_offer_token (self->engine, address, NULL);
  secret = make_asking (task, secret_removed_cb, g_strdup (address), g_free);
  g_task_run_in_thread (secret, remove_thread);
}

gboolean
ferry_destinations_remove_finish (FerryDestinations *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
