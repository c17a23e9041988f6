/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * What the person wants is in the settings ("receive", "receive-folder", "receive-port"), what is, in thread. reconcile () makes
 * the one follow the other, a step at a time, and is called after anything that changes either; nothing else starts or stops the
 * receiver. A problem is kept until the person does something about it: there is no silent retry.
 *
 * The port is remembered, because unfinished uploads know the receiver by its address. When another program has it,
 * nothing is sent there: the token is offered to the engine only for an address that is ours at that moment.
 */
#include "ferry-receive-here.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-destinations.h"
#include "ferry-error.h"
#include "ferry-folder.h"
#include "ferry-receive-thread.h"
#include "ferry-uploads.h"

struct _FerryReceiveHere
{
  GObject parent_instance;

  GSettings *settings;
  FerryEngine *engine;        /* (nullable) while it is not open */
  FerryReceiveThread *thread; /* (nullable): not active */
  gboolean busy;
  char *folder;
  char *problem; /* (nullable) */
  FerryRemedy remedy;
  GFileMonitor *monitor; /* (nullable): of the folder, while active */
  GCancellable *looking; /* (nullable): while the folder is looked at */
  gboolean look_again;   /* something happened in it meanwhile */
  GTask *closing;        /* (nullable) */
};

G_DEFINE_FINAL_TYPE (FerryReceiveHere, ferry_receive_here, G_TYPE_OBJECT)

static guint changed_signal;

static void reconcile (FerryReceiveHere *self);

static void
changed (FerryReceiveHere *self)
{
  g_signal_emit (self, changed_signal, 0);
}

static void
set_busy (FerryReceiveHere *self, gboolean busy)
{
  self->busy = busy;
  changed (self);
}

static void
set_problem (FerryReceiveHere *self, const char *sentence, FerryRemedy remedy)
{
  self->remedy = remedy;
  if (g_strcmp0 (self->problem, sentence) == 0)
    return;
  g_free (self->problem);
  self->problem = g_strdup (sentence);
  changed (self);
}

static void
set_thread (FerryReceiveHere *self, FerryReceiveThread *thread)
{
  self->thread = thread;
  changed (self);
}

/* ---- the folder ---- */

/* "Ferry" in the desktop's download folder. (transfer full) */
static char *
default_folder (void)
{
  const char *downloads = g_get_user_special_dir (G_USER_DIRECTORY_DOWNLOAD);

  if (downloads != NULL)
    return g_build_filename (downloads, "Ferry", NULL);
  return g_build_filename (g_get_home_dir (), "Downloads", "Ferry", NULL);
}

static void
tell_of_folder (FerryReceiveHere *self, gboolean is_there)
{
  if (is_there && self->remedy == FERRY_REMEDY_FOLDER)
    set_problem (self, NULL, FERRY_REMEDY_NONE);
  if (is_there)
    return;

  g_autofree char *shown = ferry_folder_describe (ferry_receive_thread_get_folder (self->thread));
  g_autofree char *sentence
      = g_strdup_printf (_ ("The folder “%s” is gone. Bring it back, or choose another."), shown);
  set_problem (self, sentence, FERRY_REMEDY_FOLDER);
}

static void
looked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryReceiveHere) self = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* it is the receiver's folder no more */
  if (self->look_again)
    {
      self->look_again = FALSE;
      g_file_query_info_async (G_FILE (source), G_FILE_ATTRIBUTE_STANDARD_TYPE,
                               G_FILE_QUERY_INFO_NONE, G_PRIORITY_DEFAULT, self->looking, looked_cb,
                               g_object_ref (self));
      return;
    }
  g_clear_object (&self->looking);
  tell_of_folder (self, info != NULL && g_file_info_get_file_type (info) == G_FILE_TYPE_DIRECTORY);
}

/* Asked on another thread, because the folder may be on a disk that does not answer. One question at a time, and one more for
 * whatever happened meanwhile. */
static void
folder_changed_cb (FerryReceiveHere *self)
{
  if (self->looking != NULL)
    {
      self->look_again = TRUE;
      return;
    }
  g_autoptr (GFile) folder = g_file_new_for_path (ferry_receive_thread_get_folder (self->thread));

  self->look_again = FALSE;
  self->looking = g_cancellable_new ();
  g_file_query_info_async (folder, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, self->looking, looked_cb, g_object_ref (self));
}

static void
watch_folder (FerryReceiveHere *self)
{
  g_autoptr (GFile) folder = g_file_new_for_path (ferry_receive_thread_get_folder (self->thread));

  self->monitor = g_file_monitor_directory (folder, G_FILE_MONITOR_NONE, NULL, NULL);
  if (self->monitor != NULL)
    g_signal_connect_swapped (self->monitor, "changed", G_CALLBACK (folder_changed_cb), self);
}

static void
unwatch_folder (FerryReceiveHere *self)
{
  if (self->looking != NULL)
    g_cancellable_cancel (self->looking);
  g_clear_object (&self->looking);
  if (self->monitor == NULL)
    return;
  g_signal_handlers_disconnect_by_data (self->monitor, self);
  g_file_monitor_cancel (self->monitor);
  g_clear_object (&self->monitor);
}

/* ---- starting and stopping ---- */

static void
tell_engine (FerryReceiveHere *self)
{
  if (self->engine == NULL)
    return;

  FerryDestinations *destinations = ferry_engine_get_destinations (self->engine);
  if (self->thread == NULL)
    {
      ferry_destinations_set_here (destinations, NULL, NULL);
      return;
    }

  const char *address = ferry_receive_thread_get_address (self->thread);
  ferry_engine_offer_token (self->engine, address, ferry_receive_thread_get_token (self->thread));
  ferry_destinations_set_here (destinations, _ ("This Computer"), address);
}

static void
started (FerryReceiveHere *self, FerryReceiveThread *thread)
{
  g_settings_set_uint (self->settings, "receive-port", ferry_receive_thread_get_port (thread));
  g_settings_set_string (self->settings, "receive-folder",
                         ferry_receive_thread_get_folder (thread));
  set_thread (self, thread);
  watch_folder (self);
  tell_engine (self);
  if (ferry_receive_thread_get_set_apart (thread) != NULL)
    set_problem (self,
                 _ ("The record of what was arriving was damaged and has been set aside. Uploads "
                    "that had begun start over."),
                 FERRY_REMEDY_NONE);
}

static void
failed (FerryReceiveHere *self, const GError *error)
{
  g_autofree char *sentence = NULL;
  FerryRemedy remedy = FERRY_REMEDY_NONE;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    {
      sentence = g_strdup_printf (
          _ ("Another program uses the address 127.0.0.1:%u at the moment. End it and try again, "
             "or "
             "use another address: uploads that have begun then have to be started anew."),
          g_settings_get_uint (self->settings, "receive-port"));
      remedy = FERRY_REMEDY_ADDRESS;
    }
  else if (g_error_matches (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY))
    sentence
        = g_strdup (_ ("Another program is receiving in Ferry’s place. End it and try again."));
  else
    {
      sentence = g_strdup (error->message);
      /* It is the disk of Ferry's own records that is full: nothing has arrived yet. */
      if (!g_error_matches (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE))
        remedy = FERRY_REMEDY_FOLDER;
    }
  g_debug ("receiving: %s", error->message);
  set_problem (self, sentence, remedy);
}

static void
started_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryReceiveHere) self = user_data;
  g_autoptr (GError) error = NULL;
  FerryReceiveThread *thread = ferry_receive_thread_start_finish (result, &error);

  if (thread != NULL)
    started (self, thread);
  else
    failed (self, error);
  set_busy (self, FALSE);
  reconcile (self);
}

static void
start (FerryReceiveHere *self)
{
  g_autofree char *chosen = g_settings_get_string (self->settings, "receive-folder");
  g_autofree char *usual = default_folder ();
  g_autofree char *state
      = g_build_filename (ferry_engine_get_folder (self->engine), "receiver", NULL);

  set_busy (self, TRUE);
  ferry_receive_thread_start_async (self->folder, *chosen == '\0' || g_str_equal (chosen, usual),
                                    state, g_settings_get_uint (self->settings, "receive-port"),
                                    started_cb, g_object_ref (self));
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryReceiveHere) self = user_data;

  set_busy (self, FALSE);
  reconcile (self);
}

static void
stop (FerryReceiveHere *self)
{
  FerryReceiveThread *thread = self->thread;

  set_busy (self, TRUE);
  unwatch_folder (self);
  set_thread (self, NULL);
  tell_engine (self);
  ferry_receive_thread_stop_async (thread, stopped_cb, g_object_ref (self));
}

static void
reconcile (FerryReceiveHere *self)
{
  if (self->busy)
    return;

  gboolean wanted = self->engine != NULL && ferry_receive_here_get_wanted (self);
  gboolean fits = self->thread != NULL
                  && g_strcmp0 (ferry_receive_thread_get_folder (self->thread), self->folder) == 0;

  if (self->thread != NULL && !(wanted && fits))
    stop (self);
  else if (self->thread == NULL && wanted && self->problem == NULL)
    start (self);
  else if (self->thread == NULL && self->engine == NULL && self->closing != NULL)
    {
      g_autoptr (GTask) closing = g_steal_pointer (&self->closing);
      g_task_return_boolean (closing, TRUE);
    }
}

/* ---- the object ---- */

static void
ferry_receive_here_finalize (GObject *object)
{
  FerryReceiveHere *self = FERRY_RECEIVE_HERE (object);

  /* A thread holds a reference while it starts or stops, and the application waits for the rest. */
  g_assert (self->thread == NULL);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  g_free (self->folder);
  g_free (self->problem);

  G_OBJECT_CLASS (ferry_receive_here_parent_class)->finalize (object);
}

static void
ferry_receive_here_class_init (FerryReceiveHereClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ferry_receive_here_finalize;

  changed_signal = g_signal_new ("changed", FERRY_TYPE_RECEIVE_HERE, G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_receive_here_init (FerryReceiveHere *self)
{
}

FerryReceiveHere *
ferry_receive_here_new (GSettings *settings)
{
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  FerryReceiveHere *self = g_object_new (FERRY_TYPE_RECEIVE_HERE, NULL);
  g_autofree char *chosen = g_settings_get_string (settings, "receive-folder");

  self->settings = g_object_ref (settings);
  self->folder = g_path_is_absolute (chosen) ? g_steal_pointer (&chosen) : default_folder ();
  return self;
}

void
ferry_receive_here_set_engine (FerryReceiveHere *self, FerryEngine *engine)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));
  g_return_if_fail (FERRY_IS_ENGINE (engine));

  set_problem (self, NULL, FERRY_REMEDY_NONE);
  g_set_object (&self->engine, engine);
  reconcile (self);
}

void
ferry_receive_here_close_async (FerryReceiveHere *self,
                                GAsyncReadyCallback callback,
                                gpointer user_data)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));
  g_return_if_fail (self->closing == NULL);

  self->closing = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (self->closing, ferry_receive_here_close_async);
  g_clear_object (&self->engine);
  reconcile (self);
}

void
ferry_receive_here_close_finish (FerryReceiveHere *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));

  g_task_propagate_boolean (G_TASK (result), NULL);
}

gboolean
ferry_receive_here_get_active (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), FALSE);

  return self->thread != NULL;
}

gboolean
ferry_receive_here_get_busy (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), FALSE);

  return self->busy;
}

gboolean
ferry_receive_here_get_wanted (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), FALSE);

  return g_settings_get_boolean (self->settings, "receive");
}

const char *
ferry_receive_here_get_folder (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), NULL);

  return self->folder;
}

const char *
ferry_receive_here_get_address (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), NULL);

  return self->thread != NULL ? ferry_receive_thread_get_address (self->thread) : NULL;
}

const char *
ferry_receive_here_get_token_path (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), NULL);

  return self->thread != NULL ? ferry_receive_thread_get_token_path (self->thread) : NULL;
}

const char *
ferry_receive_here_get_token (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), NULL);

  return self->thread != NULL ? ferry_receive_thread_get_token (self->thread) : NULL;
}

const char *
ferry_receive_here_get_problem (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), NULL);

  return self->problem;
}

FerryRemedy
ferry_receive_here_get_remedy (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), FERRY_REMEDY_NONE);

  return self->remedy;
}

guint
ferry_receive_here_count_unfinished (FerryReceiveHere *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (self), 0);

  const char *address = ferry_receive_here_get_address (self);

  if (address == NULL || self->engine == NULL)
    return 0;
  return ferry_uploads_count_unfinished (self->engine, address);
}

void
ferry_receive_here_turn_on (FerryReceiveHere *self)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));

  g_settings_set_boolean (self->settings, "receive", TRUE);
  set_problem (self, NULL, FERRY_REMEDY_NONE);
  reconcile (self);
}

void
ferry_receive_here_turn_off (FerryReceiveHere *self)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));

  g_settings_set_boolean (self->settings, "receive", FALSE);
  set_problem (self, NULL, FERRY_REMEDY_NONE);
  reconcile (self);
}

void
ferry_receive_here_set_folder (FerryReceiveHere *self, const char *folder)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));
  g_return_if_fail (folder != NULL && g_path_is_absolute (folder));

  g_settings_set_string (self->settings, "receive-folder", folder);
  g_free (self->folder);
  self->folder = g_strdup (folder);
  changed (self);
  set_problem (self, NULL, FERRY_REMEDY_NONE);
  reconcile (self);
}

void
ferry_receive_here_use_another_address (FerryReceiveHere *self)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (self));

  g_settings_reset (self->settings, "receive-port");
  ferry_receive_here_turn_on (self);
}
