/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One process owns a queue; the others ask it, over a socket that only it has made. The lock on the state folder is what
 * makes this safe: whoever holds it may replace a socket file that a killed owner left behind. Only the same user gets in,
 * by the credentials the kernel vouches for (D-Bus mechanism EXTERNAL); there is no bus between, so none is needed.
 */
#include "ferry-remote.h"

#include "ferry-config.h"
#include "ferry-destinations-private.h"
#include "ferry-error.h"
#include "ferry-owner.h"
#include "ferry-remote-queue.h"

#include <errno.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_MS 5000
#define CALL_TIMEOUT_MS 25000
#define UNIX_PATH "unix:path="

struct _FerryRemoteServer
{
  guint n_refs; /* ours and one of each connection that still has calls in the main context */
  gboolean ended;
  FerryEngine *engine;
  char *program;
  GDBusServer *server;
  GDBusNodeInfo *node;
  GPtrArray *connections;
  guint n_pending; /* calls that are not answered yet */
};

typedef struct
{
  FerryRemoteServer *server;
  GDBusMethodInvocation *invocation;
} Pending;

static const char introspection[]
    = "<node><interface name='" FERRY_REMOTE_INTERFACE "'>"
      "<method name='Add'><arg type='a{sv}' name='spec' direction='in'/>"
      "<arg type='s' name='id' direction='out'/></method>"
      "<method name='Get'><arg type='a{sv}' name='spec' direction='in'/>"
      "<arg type='b' name='again' direction='in'/><arg type='s' name='id' "
      "direction='out'/></method>"
      "<method name='Find'><arg type='s' name='address' direction='in'/>"
      "<arg type='s' name='folder' direction='in'/><arg type='s' name='name' direction='in'/>"
      "<arg type='aa{sv}' name='transfers' direction='out'/></method>"
      "<method name='FindUpload'><arg type='s' name='address' direction='in'/>"
      "<arg type='s' name='source' direction='in'/>"
      "<arg type='aa{sv}' name='transfers' direction='out'/></method>"
      "<method name='List'><arg type='aa{sv}' name='transfers' direction='out'/></method>"
      "<method name='Describe'><arg type='as' name='ids' direction='in'/>"
      "<arg type='aa{sv}' name='transfers' direction='out'/></method>"
      "<method name='Show'><arg type='s' name='id' direction='in'/>"
      "<arg type='a{sv}' name='transfer' direction='out'/>"
      "<arg type='a(xs)' name='history' direction='out'/></method>"
      "<method name='Pause'><arg type='s' name='id' direction='in'/></method>"
      "<method name='Resume'><arg type='s' name='id' direction='in'/></method>"
      "<method name='Remove'><arg type='s' name='id' direction='in'/></method>"
      "<method name='AcceptWebPage'><arg type='s' name='id' direction='in'/></method>"
      "<method name='ListDestinations'><arg type='aa{sv}' name='destinations' "
      "direction='out'/></method>"
      "<method name='FindDestination'><arg type='s' name='text' direction='in'/>"
      "<arg type='aa{sv}' name='destinations' direction='out'/></method>"
      "<method name='SaveDestination'><arg type='a{sv}' name='destination' direction='in'/>"
      "<arg type='a{sv}' name='saved' direction='out'/></method>"
      "<method name='RemoveDestination'><arg type='s' name='name' direction='in'/></method>"
      "<method name='SetDefaultDestination'><arg type='s' name='name' direction='in'/></method>"
      "<method name='PauseAll'/><method name='ResumeAll'/>"
      "<method name='Owner'><arg type='s' name='program' direction='out'/>"
      "<arg type='u' name='pid' direction='out'/></method>"
      "</interface></node>";

/* ---- errors that cross the socket ---- */

/* The names are part of the interface: one for each FerryErrorCode, in its order. */
static const char *const error_names[] = {
  "Failed",
  "Cancelled",
  "InvalidAddress",
  "UnsupportedScheme",
  "InvalidArgument",
  "NoSuchHost",
  "Network",
  "Refused",
  "TimedOut",
  "ShortBody",
  "Certificate",
  "Unauthorized",
  "ProxyUnauthorized",
  "Forbidden",
  "NotFound",
  "Gone",
  "Busy",
  "Server",
  "HttpStatus",
  "TooManyRedirects",
  "WebPage",
  "Coding",
  "Protocol",
  "Checksum",
  "NoSpace",
  "NoFolder",
  "NotWritable",
  "Disk",
  "Exists",
  "Store",
  "StoreNewer",
  "StoreBusy",
  "StoreDamaged",
  "NotFoundHere",
  "Unreachable",
  "SourceGone",
  "SourceChanged",
  "UploadGone",
  "TooLarge",
  "NoKeyring",
};
G_STATIC_ASSERT (G_N_ELEMENTS (error_names) == FERRY_N_ERRORS);

static void
register_errors (void)
{
  static gsize registered = 0;

  if (!g_once_init_enter (&registered))
    return;
  for (guint code = 0; code < FERRY_N_ERRORS; code++)
    {
      g_autofree char *name = g_strconcat (FERRY_REMOTE_ERROR_PREFIX, error_names[code], NULL);
      g_dbus_error_register_error (FERRY_ERROR, (int) code, name);
    }
  g_once_init_leave (&registered, 1);
}

/* ---- the server ---- */

static void
server_unref (gpointer data)
{
  FerryRemoteServer *self = data;

  if (--self->n_refs > 0)
    return;
  g_ptr_array_unref (self->connections);
  g_dbus_node_info_unref (self->node);
  g_free (self->program);
  g_free (self);
}

static void
performed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autofree Pending *pending = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = ferry_remote_perform_finish (FERRY_ENGINE (source), result, &error);

  pending->server->n_pending--;
  if (answer != NULL)
    g_dbus_method_invocation_return_value (pending->invocation, answer);
  else
    g_dbus_method_invocation_return_gerror (pending->invocation, error);
}

static void
method_call_cb (GDBusConnection *connection,
                const char *sender,
                const char *object_path,
                const char *interface_name,
                const char *method_name,
                GVariant *parameters,
                GDBusMethodInvocation *invocation,
                gpointer user_data)
{
  FerryRemoteServer *self = user_data;

  /* No answer: its end is what the other side shall see, and ask the next owner. */
  if (self->ended)
    {
      g_object_unref (invocation);
      return;
    }
  g_debug ("asked for %s", method_name);
  if (g_str_equal (method_name, "Owner"))
    {
      g_dbus_method_invocation_return_value (
          invocation, g_variant_new ("(su)", self->program, (guint32) getpid ()));
      return;
    }
  Pending *pending = g_new (Pending, 1);
  *pending = (Pending){ .server = self, .invocation = invocation };
  self->n_pending++;
  ferry_remote_perform_async (self->engine, method_name, parameters, performed_cb, pending);
}

static const GDBusInterfaceVTable vtable = { .method_call = method_call_cb };

static void
connection_closed_cb (GDBusConnection *connection,
                      gboolean remote_vanished,
                      GError *error,
                      gpointer user_data)
{
  FerryRemoteServer *self = user_data;

  g_signal_handlers_disconnect_by_data (connection, self);
  g_ptr_array_remove (self->connections, connection);
}

static gboolean
new_connection_cb (GDBusServer *server, GDBusConnection *connection, gpointer user_data)
{
  FerryRemoteServer *self = user_data;
  g_autoptr (GError) error = NULL;

  if (g_dbus_connection_register_object (connection, FERRY_REMOTE_PATH, self->node->interfaces[0],
                                         &vtable, self, server_unref, &error)
      == 0)
    {
      g_warning ("A connection was not served: %s", error->message);
      return FALSE;
    }
  self->n_refs++;
  g_ptr_array_add (self->connections, g_object_ref (connection));
  g_signal_connect (connection, "closed", G_CALLBACK (connection_closed_cb), self);
  return TRUE;
}

/* These two run on GDBus's own threads and touch nothing of ours. */
static gboolean
allow_mechanism_cb (GDBusAuthObserver *observer, const char *mechanism, gpointer user_data)
{
  return g_str_equal (mechanism, "EXTERNAL");
}

static gboolean
authorize_cb (GDBusAuthObserver *observer,
              GIOStream *stream,
              GCredentials *credentials,
              gpointer user_data)
{
  g_autoptr (GCredentials) own = g_credentials_new ();

  return credentials != NULL && g_credentials_is_same_user (credentials, own, NULL);
}

static char *
socket_path (const char *address, GError **error)
{
  g_return_val_if_fail (g_str_has_prefix (address, UNIX_PATH), NULL);

  const char *escaped = address + strlen (UNIX_PATH);
  /* A D-Bus address escapes bytes as %XX, as a URI does. */
  g_autofree char *path = g_uri_unescape_string (escaped, NULL);
  g_autofree char *folder = path != NULL ? g_path_get_dirname (path) : NULL;
  if (folder == NULL || g_mkdir_with_parents (folder, 0700) != 0)
    {
      ferry_error_from_errno (error, errno, folder != NULL ? folder : escaped);
      return NULL;
    }
  return g_steal_pointer (&path);
}

/* The lock is ours, so whatever listens there has died. */
static gboolean
clear_stale (const char *path, GError **error)
{
  if (g_unlink (path) == 0 || errno == ENOENT)
    return TRUE;
  ferry_error_from_errno (error, errno, path);
  return FALSE;
}

static gboolean
listen_on (FerryRemoteServer *self, const char *address, GError **error)
{
  g_autoptr (GDBusAuthObserver) observer = g_dbus_auth_observer_new ();
  g_autofree char *guid = g_dbus_generate_guid ();

  g_signal_connect (observer, "allow-mechanism", G_CALLBACK (allow_mechanism_cb), NULL);
  g_signal_connect (observer, "authorize-authenticated-peer", G_CALLBACK (authorize_cb), NULL);
  self->server = g_dbus_server_new_sync (
      address, G_DBUS_SERVER_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER, guid, observer, NULL, error);
  if (self->server == NULL)
    return FALSE;
  g_signal_connect (self->server, "new-connection", G_CALLBACK (new_connection_cb), self);
  g_dbus_server_start (self->server);
  return TRUE;
}

FerryRemoteServer *
ferry_remote_server_new (FerryEngine *engine, const char *program, GError **error)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (ferry_engine_get_folder (engine) != NULL, NULL);
  g_return_val_if_fail (program != NULL, NULL);

  register_errors ();
  g_autofree char *address = ferry_owner_address (ferry_engine_get_folder (engine));
  g_autofree char *path = socket_path (address, error);
  if (path == NULL || !clear_stale (path, error))
    return NULL;

  g_autoptr (FerryRemoteServer) self = g_new0 (FerryRemoteServer, 1);
  self->engine = g_object_ref (engine);
  self->program = g_strdup (program);
  self->n_refs = 1;
  self->connections = g_ptr_array_new_with_free_func (g_object_unref);
  self->node = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_assert (self->node != NULL);
  if (!listen_on (self, address, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ferry_remote_server_free (FerryRemoteServer *self)
{
  self->ended = TRUE;
  if (self->server != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->server, self);
      /* Takes the socket file away, too. */
      g_dbus_server_stop (self->server);
    }
  ferry_destinations_cancel (ferry_engine_get_destinations (self->engine));
  /* What was begun may still read the journal: the engine must stay open for it. */
  while (self->n_pending > 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < self->connections->len; i++)
    {
      GDBusConnection *connection = g_ptr_array_index (self->connections, i);
      g_signal_handlers_disconnect_by_data (connection, self);
      g_dbus_connection_flush_sync (connection, NULL, NULL);
      g_dbus_connection_close_sync (connection, NULL, NULL);
    }
  g_ptr_array_set_size (self->connections, 0);
  g_clear_object (&self->server);
  g_clear_object (&self->engine);
  server_unref (self);
}

/* ---- the client ---- */

typedef struct
{
  GAsyncResult *result;
  GCancellable *cancellable;
} Wait;

static void
connected_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Wait *wait = user_data;
  wait->result = g_object_ref (result);
}

static gboolean
too_long_cb (gpointer user_data)
{
  Wait *wait = user_data;
  g_cancellable_cancel (wait->cancellable);
  return G_SOURCE_REMOVE;
}

/* The handshake has no time-out of its own: an owner that is stopped would hold us for good. */
static GDBusConnection *
connect_within (const char *address, GError **error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GSource) timeout = g_timeout_source_new (CONNECT_TIMEOUT_MS);
  Wait wait = { .cancellable = cancellable };

  g_main_context_push_thread_default (context);
  g_source_set_callback (timeout, too_long_cb, &wait, NULL);
  g_source_attach (timeout, context);
  g_dbus_connection_new_for_address (address, G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT, NULL,
                                     cancellable, connected_cb, &wait);
  while (wait.result == NULL)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (timeout);
  GDBusConnection *connection = g_dbus_connection_new_for_address_finish (wait.result, error);
  g_object_unref (wait.result);
  g_main_context_pop_thread_default (context);
  return connection;
}

GDBusConnection *
ferry_remote_connect (const char *folder, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  g_return_val_if_fail (folder != NULL, NULL);

  register_errors ();
  g_autofree char *address = ferry_owner_address (folder);
  GDBusConnection *connection = connect_within (address, &local_error);
  if (connection != NULL)
    return connection;
  g_debug ("nobody answers at %s: %s", address, local_error->message);
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                       _ ("Nobody answers for this queue."));
  return NULL;
}

/* What GDBus says of a peer that is gone depends on the moment: one code for all of them. */
static gboolean
means_closed (GDBusConnection *connection, const GError *error)
{
  return g_dbus_connection_is_closed (connection)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED);
}

static void
translate_error (GDBusConnection *connection, GError *raw, GError **error)
{
  g_autoptr (GError) held = raw;

  if (held->domain == FERRY_ERROR)
    {
      g_dbus_error_strip_remote_error (held);
      g_propagate_error (error, g_steal_pointer (&held));
    }
  else if (means_closed (connection, held))
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                         _ ("The program that runs this queue has ended."));
  else if (g_error_matches (held, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
           || g_error_matches (held, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY))
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY,
                         _ ("The program that runs this queue does not answer."));
  else
    {
      g_debug ("the owner refuses: %s", held->message);
      g_set_error_literal (
          error, FERRY_ERROR, FERRY_ERROR_FAILED,
          _ ("The program that runs this queue is of another version and cannot do "
             "that. End it and try again."));
    }
}

/* The owner may have to wait for a person who unlocks the keyring. */
static int
timeout_of (const char *method)
{
  return g_str_equal (method, "SaveDestination") || g_str_equal (method, "RemoveDestination")
             ? G_MAXINT
             : CALL_TIMEOUT_MS;
}

GVariant *
ferry_remote_call (GDBusConnection *connection,
                   const char *method,
                   GVariant *parameters,
                   GError **error)
{
  GError *raw = NULL;

  g_return_val_if_fail (G_IS_DBUS_CONNECTION (connection), NULL);

  GVariant *answer = g_dbus_connection_call_sync (
      connection, NULL, FERRY_REMOTE_PATH, FERRY_REMOTE_INTERFACE, method, parameters, NULL,
      G_DBUS_CALL_FLAGS_NONE, timeout_of (method), NULL, &raw);
  if (answer == NULL)
    translate_error (connection, raw, error);
  return answer;
}
