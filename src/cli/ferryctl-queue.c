/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owning and asking exclude each other, and the owner may change at any moment: the app starts, a ferryctl ends. Opening
 * therefore tries both in turn for a while: a process that has the lock but not yet its socket is starting, one that has
 * neither is gone.
 */
#include "ferryctl-queue.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferry-owner.h"
#include "ferry-remote-queue.h"
#include "ferry-remote.h"
#include "ferryctl-text.h"

#include <glib/gi18n-lib.h>

#define PATIENCE_US (5 * G_USEC_PER_SEC)
#define RETRY_MS 50
/* An owner may end just now; the next try owns the queue or finds the next owner. */
#define MAX_TRIES 3
#define PROGRAM "ferryctl"
/* What a person asked for by name runs at once; the engine allows no more than this. */
#define MAX_ACTIVE 16

struct _FerryctlQueue
{
  char *folder;
  gboolean serve;
  FerryctlStopFunc stop;
  FerryEngine *engine;
  FerryRemoteServer *server;
  GDBusConnection *connection;
};

static void
finished_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **slot = user_data;
  *slot = g_object_ref (result);
}

static void
wait_for (GAsyncResult **slot)
{
  while (*slot == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
told_cb (FerryEngine *engine, const char *sentence, gpointer user_data)
{
  ferryctl_text_complain (sentence);
}

static void
say_set_apart (FerryEngine *engine)
{
  const char *path = ferry_engine_get_set_apart (engine);

  if (path == NULL)
    return;
  g_autofree char *sentence = g_strdup_printf (
      _ ("The list of transfers was damaged. It is kept as “%s”; a new list was begun."), path);
  ferryctl_text_complain (sentence);
}

static gboolean
own (FerryctlQueue *self, GError **error)
{
  g_autoptr (FerryEngine) engine = ferry_engine_new ();
  g_autoptr (GAsyncResult) result = NULL;

  g_signal_connect (engine, "trouble", G_CALLBACK (told_cb), NULL);
  ferry_engine_set_selective (engine, TRUE);
  ferry_engine_set_max_active (engine, MAX_ACTIVE);
  ferry_engine_open_async (engine, self->folder, PROGRAM, NULL, finished_cb, &result);
  wait_for (&result);
  if (!ferry_engine_open_finish (engine, result, error))
    return FALSE;
  say_set_apart (engine);
  self->engine = g_steal_pointer (&engine);
  return TRUE;
}

static void
serve (FerryctlQueue *self)
{
  g_autoptr (GError) error = NULL;

  if (!self->serve)
    return;
  self->server = ferry_remote_server_new (self->engine, PROGRAM, &error);
  if (self->server != NULL)
    return;
  g_autofree char *sentence
      = g_strdup_printf (_ ("Other programs cannot use this queue meanwhile. %s"), error->message);
  ferryctl_text_complain (sentence);
}

static gboolean
retry_cb (gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
  return G_SOURCE_REMOVE;
}

static void
pause_a_moment (void)
{
  gboolean due = FALSE;

  g_timeout_add (RETRY_MS, retry_cb, &due);
  while (!due)
    g_main_context_iteration (NULL, TRUE);
}

static gboolean
cancelled (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("It was interrupted."));
  return FALSE;
}

static gboolean
own_or_connect (FerryctlQueue *self, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;

  while (TRUE)
    {
      g_autoptr (GError) why = NULL;
      if (own (self, &why))
        {
          serve (self);
          return TRUE;
        }
      gboolean busy = g_error_matches (why, FERRY_ERROR, FERRY_ERROR_STORE_BUSY);
      if (busy)
        self->connection = ferry_remote_connect (self->folder, NULL);
      if (self->connection != NULL)
        return TRUE;
      if (!busy || g_get_monotonic_time () >= deadline)
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return FALSE;
        }
      if (self->stop != NULL && self->stop ())
        return cancelled (error);
      pause_a_moment ();
    }
}

FerryctlQueue *
ferryctl_queue_open (const char *folder,
                     gboolean serve_others,
                     FerryctlStopFunc stop,
                     GError **error)
{
  g_autoptr (FerryctlQueue) self = g_new0 (FerryctlQueue, 1);

  self->folder = folder != NULL ? g_strdup (folder) : ferry_owner_default_folder ();
  self->serve = serve_others;
  self->stop = stop;
  if (!own_or_connect (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

gboolean
ferryctl_queue_reopen (FerryctlQueue *self, GError **error)
{
  g_return_val_if_fail (self->engine == NULL, FALSE);

  g_clear_object (&self->connection);
  return own_or_connect (self, error);
}

GVariant *
ferryctl_queue_call (FerryctlQueue *self, const char *method, GVariant *parameters, GError **error)
{
  if (self->engine == NULL)
    return ferry_remote_call (self->connection, method, parameters, error);

  g_autoptr (GAsyncResult) result = NULL;
  ferry_remote_perform_async (self->engine, method, parameters, finished_cb, &result);
  wait_for (&result);
  return ferry_remote_perform_finish (self->engine, result, error);
}

GPtrArray *
ferryctl_queue_items (GVariant *answer, GError **error)
{
  if (!g_variant_is_of_type (answer, G_VARIANT_TYPE ("(aa{sv})")))
    {
      g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_FAILED,
                           _ ("The program that runs this queue is of another version."));
      return NULL;
    }
  g_autoptr (GVariant) list = g_variant_get_child_value (answer, 0);
  GPtrArray *items = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    g_ptr_array_add (items, g_variant_get_child_value (list, i));
  return items;
}

GPtrArray *
ferryctl_queue_call_items (FerryctlQueue *self,
                           const char *method,
                           GVariant *parameters,
                           GError **error)
{
  g_autoptr (GVariant) answer = ferryctl_queue_call (self, method, parameters, error);
  return answer != NULL ? ferryctl_queue_items (answer, error) : NULL;
}

GVariant *
ferryctl_queue_ask (FerryctlQueue *self, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (parameters);

  for (int i = 1;; i++)
    {
      g_autoptr (GError) why = NULL;
      GVariant *answer = ferryctl_queue_call (self, method, held, &why);
      if (answer != NULL)
        return answer;
      if (i == MAX_TRIES || !g_error_matches (why, G_IO_ERROR, G_IO_ERROR_CLOSED))
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return NULL;
        }
      if (!ferryctl_queue_reopen (self, error))
        return NULL;
    }
}

GPtrArray *
ferryctl_queue_ask_items (FerryctlQueue *self,
                          const char *method,
                          GVariant *parameters,
                          GError **error)
{
  g_autoptr (GVariant) answer = ferryctl_queue_ask (self, method, parameters, error);
  return answer != NULL ? ferryctl_queue_items (answer, error) : NULL;
}

FerryEngine *
ferryctl_queue_get_engine (FerryctlQueue *self)
{
  return self->engine;
}

void
ferryctl_queue_close (FerryctlQueue *self)
{
  g_clear_pointer (&self->server, ferry_remote_server_free);
  if (self->engine != NULL)
    {
      g_autoptr (GAsyncResult) result = NULL;
      ferry_engine_close_async (self->engine, finished_cb, &result);
      wait_for (&result);
      ferry_engine_close_finish (self->engine, result);
      g_clear_object (&self->engine);
    }
  g_clear_object (&self->connection);
  g_free (self->folder);
  g_free (self);
}
