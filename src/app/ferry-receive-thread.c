/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receive-thread.h"

#include "ferry-receiver.h"
#include "ferry-token.h"

#define FIRST_PORT 8470

struct _FerryReceiveThread
{
  GThread *thread;
  GMainContext *context;
  GMainLoop *loop;
  GTask *starting; /* (nullable) */
  GTask *stopping; /* (nullable) */
  char *folder;
  gboolean make_folder;
  char *state;
  guint port;

  /* Written before the start is reported, never after. */
  char *address;
  char *token;
  char *token_path;
  char *set_apart;
};

static void
receive_thread_free (FerryReceiveThread *self)
{
  g_clear_pointer (&self->thread, g_thread_join);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self->folder);
  g_free (self->state);
  g_free (self->address);
  g_clear_pointer (&self->token, ferry_token_free);
  g_free (self->token_path);
  g_free (self->set_apart);
  g_free (self);
}

/* ---- the thread ---- */

static FerryReceiver *
start_at (FerryReceiveThread *self, guint port, GError **error)
{
  g_autofree char *listen = g_strdup_printf ("127.0.0.1:%u", port);
  const FerryReceiverOptions options = {
    .directory = self->folder,
    .listen = listen,
    .state = self->state,
    .context = self->context,
  };
  g_autoptr (FerryReceiver) receiver = ferry_receiver_new (&options);

  return ferry_receiver_start (receiver, error) ? g_steal_pointer (&receiver) : NULL;
}

static FerryReceiver *
start_somewhere (FerryReceiveThread *self, GError **error)
{
  g_autoptr (GError) why = NULL;
  FerryReceiver *receiver = start_at (self, self->port != 0 ? self->port : FIRST_PORT, &why);

  if (receiver != NULL)
    return receiver;
  if (self->port == 0 && g_error_matches (why, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    return start_at (self, 0, error);
  g_propagate_error (error, g_steal_pointer (&why));
  return NULL;
}

static FerryReceiver *
start (FerryReceiveThread *self, GError **error)
{
  g_autoptr (FerryReceiver) receiver = NULL;

  /* What goes wrong here the receiver finds as well, and has a sentence for it. */
  if (self->make_folder)
    g_mkdir_with_parents (self->folder, 0755);
  receiver = start_somewhere (self, error);
  if (receiver == NULL)
    return NULL;
  self->address = g_strdup (ferry_receiver_get_address (receiver));
  self->port = (guint) g_ascii_strtoull (strrchr (self->address, ':') + 1, NULL, 10);
  self->token = g_strdup (ferry_receiver_get_token (receiver));
  self->token_path = g_strdup (ferry_receiver_get_token_path (receiver));
  self->set_apart = g_strdup (ferry_receiver_get_set_apart (receiver));
  return g_steal_pointer (&receiver);
}

static void
serve (FerryReceiveThread *self)
{
  g_autoptr (GTask) starting = g_steal_pointer (&self->starting);
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryReceiver) receiver = start (self, &error);

  if (receiver == NULL)
    {
      g_task_return_error (starting, g_steal_pointer (&error));
      return;
    }
  g_task_return_pointer (starting, self, NULL);
  g_clear_object (&starting);

  g_main_loop_run (self->loop);
  ferry_receiver_stop (receiver);
  g_clear_object (&receiver);

  g_autoptr (GTask) stopping = g_steal_pointer (&self->stopping);
  g_task_return_boolean (stopping, TRUE);
}

static gpointer
thread_main (gpointer data)
{
  FerryReceiveThread *self = data;

  g_main_context_push_thread_default (self->context);
  serve (self);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

/* ---- the main thread ---- */

void
ferry_receive_thread_start_async (const char *folder,
                                  gboolean make_folder,
                                  const char *state,
                                  guint port,
                                  GAsyncReadyCallback callback,
                                  gpointer user_data)
{
  g_return_if_fail (folder != NULL && state != NULL && port <= G_MAXUINT16);

  FerryReceiveThread *self = g_new0 (FerryReceiveThread, 1);

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->folder = g_strdup (folder);
  self->make_folder = make_folder;
  self->state = g_strdup (state);
  self->port = port;
  self->starting = g_task_new (NULL, NULL, callback, user_data);
  g_task_set_source_tag (self->starting, ferry_receive_thread_start_async);
  g_task_set_task_data (self->starting, self, NULL);
  self->thread = g_thread_new ("receiver", thread_main, self);
}

FerryReceiveThread *
ferry_receive_thread_start_finish (GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, NULL), NULL);

  FerryReceiveThread *self = g_task_propagate_pointer (G_TASK (result), error);

  if (self == NULL)
    receive_thread_free (g_task_get_task_data (G_TASK (result)));
  return self;
}

static gboolean
quit_cb (gpointer user_data)
{
  FerryReceiveThread *self = user_data;

  g_main_loop_quit (self->loop);
  return G_SOURCE_REMOVE;
}

static void
stopped_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  receive_thread_free (g_task_get_task_data (G_TASK (result)));
  g_task_return_boolean (task, TRUE);
}

void
ferry_receive_thread_stop_async (FerryReceiveThread *self,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_return_if_fail (self != NULL && self->stopping == NULL);

  g_autoptr (GSource) source = g_idle_source_new ();
  GTask *task = g_task_new (NULL, NULL, callback, user_data);

  g_task_set_source_tag (task, ferry_receive_thread_stop_async);
  self->stopping = g_task_new (NULL, NULL, stopped_cb, task);
  g_task_set_source_tag (self->stopping, ferry_receive_thread_stop_async);
  g_task_set_task_data (self->stopping, self, NULL);

  /* From within the loop: one that does not run yet would not notice. */
  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, quit_cb, self, NULL);
  g_source_attach (source, self->context);
}

const char *
ferry_receive_thread_get_folder (FerryReceiveThread *self)
{
  return self->folder;
}

const char *
ferry_receive_thread_get_address (FerryReceiveThread *self)
{
  return self->address;
}

guint
ferry_receive_thread_get_port (FerryReceiveThread *self)
{
  return self->port;
}

const char *
ferry_receive_thread_get_token (FerryReceiveThread *self)
{
  return self->token;
}

const char *
ferry_receive_thread_get_token_path (FerryReceiveThread *self)
{
  return self->token_path;
}

const char *
ferry_receive_thread_get_set_apart (FerryReceiveThread *self)
{
  return self->set_apart;
}
