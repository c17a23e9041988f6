/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receive-thread.h"

#include "../support/ferry-test-folder.h"

/* The port that is tried first. */
#define PORT 8470

typedef struct
{
  char *root;
  char *folder;
  char *state;
  GSocket *taken; /* a port that somebody else has */
  GAsyncResult *came;
} Fixture;

static GSocket *
take_port (guint16 port)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GError) error = NULL;

  if (g_socket_bind (socket, address, TRUE, &error) && g_socket_listen (socket, &error))
    return g_steal_pointer (&socket);
  /* Then another program has it already. */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  return NULL;
}

static guint
port_of (GSocket *socket)
{
  g_autoptr (GSocketAddress) address = g_socket_get_local_address (socket, NULL);

  return g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address));
}

static void
set_up (Fixture *self, gconstpointer data)
{
  self->root = ferry_test_folder_new ();
  self->folder = g_build_filename (self->root, "inbox", NULL);
  self->state = g_build_filename (self->root, "state", NULL);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_clear_object (&self->taken);
  ferry_test_folder_free (self->root);
  g_free (self->folder);
  g_free (self->state);
}

static void
came_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Fixture *self = user_data;

  self->came = g_object_ref (result);
}

static FerryReceiveThread *
start (Fixture *self, guint port, GError **error)
{
  FerryReceiveThread *thread;

  ferry_receive_thread_start_async (self->folder, TRUE, self->state, port, came_cb, self);
  while (self->came == NULL)
    g_main_context_iteration (NULL, TRUE);
  thread = ferry_receive_thread_start_finish (self->came, error);
  g_clear_object (&self->came);
  return thread;
}

static void
stop (Fixture *self, FerryReceiveThread *thread)
{
  ferry_receive_thread_stop_async (thread, came_cb, self);
  while (self->came == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_clear_object (&self->came);
}

static void
test_first_port_taken (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  FerryReceiveThread *thread;

  self->taken = take_port (PORT);
  thread = start (self, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ferry_receive_thread_get_port (thread), !=, PORT);
  g_assert_cmpuint (ferry_receive_thread_get_port (thread), !=, 0);
  stop (self, thread);
}

/* A port that was asked for is that one or none: clients know it. */
static void
test_port_taken (Fixture *self, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  FerryReceiveThread *thread;
  guint port;

  self->taken = take_port (0);
  g_assert_nonnull (self->taken);
  port = port_of (self->taken);
  g_assert_null (start (self, port, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_clear_error (&error);

  g_clear_object (&self->taken);
  thread = start (self, port, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ferry_receive_thread_get_port (thread), ==, port);
  stop (self, thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/receive-thread/first-port-taken", Fixture, NULL, set_up, test_first_port_taken,
              tear_down);
  g_test_add ("/receive-thread/port-taken", Fixture, NULL, set_up, test_port_taken, tear_down);
  return g_test_run ();
}
