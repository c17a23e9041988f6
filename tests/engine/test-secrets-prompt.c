/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A keyring that asks a person before it opens: one that says yes, and one that does not. The keyring is played here, on the
 * main thread; who looks for a token does so on another, as lanes do. */

#include "ferry-error.h"
#include "ferry-secrets.h"
#include "ferry-test-keyring.h"

#define ADDRESS "https://home.example/"
#define SERVICE "/org/freedesktop/secrets"
#define ITEM SERVICE "/collection/login/1"
#define PROMPT SERVICE "/prompt/1"
#define SESSION SERVICE "/session/1"
#define NO_PATH "/"

static const char introspection[]
    = "<node>"
      "<interface name='org.freedesktop.Secret.Service'>"
      "<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
      "<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
      "<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
      "<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
      "<method name='Unlock'><arg type='ao' direction='in'/>"
      "<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
      "<property name='Collections' type='ao' access='read'/></interface>"
      "<interface name='org.freedesktop.Secret.Item'>"
      "<method name='GetSecret'><arg type='o' direction='in'/>"
      "<arg type='(oayays)' direction='out'/></method>"
      "<property name='Locked' type='b' access='read'/>"
      "<property name='Attributes' type='a{ss}' access='read'/>"
      "<property name='Label' type='s' access='read'/>"
      "<property name='Created' type='t' access='read'/>"
      "<property name='Modified' type='t' access='read'/></interface>"
      "<interface name='org.freedesktop.Secret.Prompt'>"
      "<method name='Prompt'><arg type='s' direction='in'/></method><method name='Dismiss'/>"
      "<signal name='Completed'><arg type='b'/><arg type='v'/></signal></interface>"
      "</node>";

typedef struct
{
  GDBusConnection *connection;
  gboolean locked;
  gboolean says_yes;
  gboolean answers; /* the person is there at all */
  guint n_prompts;
} Service;

static GVariant *
paths (const char *path)
{
  return g_variant_new_objv (&path, path != NULL ? 1 : 0);
}

static void
complete_prompt (Service *self, gboolean yes)
{
  if (yes)
    self->locked = FALSE;
  g_dbus_connection_emit_signal (self->connection, NULL, PROMPT, "org.freedesktop.Secret.Prompt",
                                 "Completed",
                                 g_variant_new ("(bv)", !yes, paths (yes ? ITEM : NULL)), NULL);
}

static GVariant *
make_secret (void)
{
  const char *token = "kept-by-the-fake";

  return g_variant_new (
      "((o@ay@ays))", SESSION, g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, "", 0, 1),
      g_variant_new_fixed_array (G_VARIANT_TYPE_BYTE, token, strlen (token), 1), "text/plain");
}

static void
call_cb (GDBusConnection *connection,
         const char *sender,
         const char *path,
         const char *interface,
         const char *method,
         GVariant *parameters,
         GDBusMethodInvocation *invocation,
         gpointer data)
{
  Service *self = data;
  GVariant *answer = NULL;

  if (g_str_equal (method, "OpenSession"))
    {
      const char *algorithm;

      g_variant_get_child (parameters, 0, "&s", &algorithm);
      if (!g_str_equal (algorithm, "plain"))
        {
          g_dbus_method_invocation_return_dbus_error (
              invocation, "org.freedesktop.DBus.Error.NotSupported", algorithm);
          return;
        }
      answer = g_variant_new ("(vo)", g_variant_new_string (""), SESSION);
    }
  else if (g_str_equal (method, "SearchItems"))
    answer = g_variant_new ("(@ao@ao)", paths (self->locked ? NULL : ITEM),
                            paths (self->locked ? ITEM : NULL));
  else if (g_str_equal (method, "Unlock"))
    answer = g_variant_new ("(@aoo)", paths (self->locked ? NULL : ITEM),
                            self->locked ? PROMPT : NO_PATH);
  else if (g_str_equal (method, "GetSecret") && self->locked)
    {
      g_dbus_method_invocation_return_dbus_error (
          invocation, "org.freedesktop.Secret.Error.IsLocked", "locked");
      return;
    }
  else if (g_str_equal (method, "GetSecret"))
    answer = make_secret ();
  g_dbus_method_invocation_return_value (invocation, answer);
  if (g_str_equal (method, "Prompt"))
    self->n_prompts++;
  if (g_str_equal (method, "Prompt") && self->answers)
    complete_prompt (self, self->says_yes);
  if (g_str_equal (method, "Dismiss"))
    complete_prompt (self, FALSE);
}

static GVariant *
get_cb (GDBusConnection *connection,
        const char *sender,
        const char *path,
        const char *interface,
        const char *property,
        GError **error,
        gpointer data)
{
  Service *self = data;

  if (g_str_equal (property, "Collections"))
    return paths (NULL);
  if (g_str_equal (property, "Locked"))
    return g_variant_new_boolean (self->locked);
  if (g_str_equal (property, "Attributes"))
    return g_variant_new ("a{ss}", NULL);
  if (g_str_equal (property, "Label"))
    return g_variant_new_string ("fake");
  return g_variant_new_uint64 (0);
}

static void
service_start (Service *self)
{
  static const GDBusInterfaceVTable vtable = { .method_call = call_cb, .get_property = get_cb };
  static const char *const objects[] = { SERVICE, ITEM, PROMPT };
  g_autoptr (GDBusNodeInfo) node = g_dbus_node_info_new_for_xml (introspection, NULL);
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GError) error = NULL;

  self->connection = g_dbus_connection_new_for_address_sync (
      g_getenv ("DBUS_SESSION_BUS_ADDRESS"),
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
          | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
      NULL, NULL, &error);
  g_assert_no_error (error);
  for (gsize i = 0; i < G_N_ELEMENTS (objects); i++)
    {
      g_dbus_connection_register_object (self->connection, objects[i], node->interfaces[i], &vtable,
                                         self, NULL, &error);
      g_assert_no_error (error);
    }
  owned = g_dbus_connection_call_sync (
      self->connection, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", "org.freedesktop.secrets", 4), NULL,
      G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);
  g_assert_no_error (error);
}

static void
service_stop (Service *self)
{
  g_dbus_connection_close_sync (self->connection, NULL, NULL);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&self->connection);
}

/* ---- looking ---- */

typedef struct
{
  GCancellable *cancellable;
  char *token;
  GError *error;
  gint done;
} Lookup;

static gpointer
look_up_thread (gpointer data)
{
  Lookup *lookup = data;

  lookup->token = ferry_secrets_lookup (ADDRESS, lookup->cancellable, &lookup->error);
  g_atomic_int_set (&lookup->done, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
look_up (Service *service, const char *expected)
{
  Lookup lookup = { 0 };
  GThread *thread = g_thread_new ("look-up", look_up_thread, &lookup);

  while (!g_atomic_int_get (&lookup.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_cmpstr (lookup.token, ==, expected);
  if (expected == NULL)
    {
      g_assert_error (lookup.error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);
      g_assert_nonnull (strstr (lookup.error->message, "locked"));
    }
  else
    g_assert_no_error (lookup.error);
  g_clear_error (&lookup.error);
  g_free (lookup.token);
}

static void
test_yes (void)
{
  Service service = { .locked = TRUE, .answers = TRUE, .says_yes = TRUE };

  service_start (&service);
  look_up (&service, "kept-by-the-fake");
  look_up (&service, "kept-by-the-fake");
  g_assert_cmpuint (service.n_prompts, ==, 1);
  service_stop (&service);
}

/* The person has answered: the next of many uploads does not ask again. */
static void
test_no (void)
{
  Service service = { .locked = TRUE, .answers = TRUE };

  service_start (&service);
  for (guint i = 0; i < 5; i++)
    look_up (&service, NULL);
  g_assert_cmpuint (service.n_prompts, ==, 1);
  /* Unlocked by other means. */
  service.locked = FALSE;
  look_up (&service, "kept-by-the-fake");
  /* Locked once more: that is another question. */
  service.locked = TRUE;
  look_up (&service, NULL);
  g_assert_cmpuint (service.n_prompts, ==, 2);
  service.locked = FALSE;
  look_up (&service, "kept-by-the-fake");
  service_stop (&service);
}

/* Nobody answers the question: who waits for it can be told to stop. */
static void
test_cancel (void)
{
  Service service = { .locked = TRUE };
  Lookup lookup = { .cancellable = g_cancellable_new () };
  GThread *thread;

  service_start (&service);
  thread = g_thread_new ("look-up", look_up_thread, &lookup);
  while (service.n_prompts == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (g_atomic_int_get (&lookup.done));
  g_cancellable_cancel (lookup.cancellable);
  while (!g_atomic_int_get (&lookup.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_null (lookup.token);
  g_assert_error (lookup.error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
  g_clear_error (&lookup.error);
  g_object_unref (lookup.cancellable);
  service_stop (&service);
}

static void
test_no_bus (void)
{
  g_test_skip ("dbus-daemon is not installed");
}

int
main (int argc, char **argv)
{
  FerryTestKeyring *keyring;
  int status;

  g_test_init (&argc, &argv, NULL);
  keyring = ferry_test_keyring_new ();
  if (keyring->real)
    {
      g_test_add_func ("/secrets/prompt/yes", test_yes);
      g_test_add_func ("/secrets/prompt/no", test_no);
      g_test_add_func ("/secrets/prompt/cancel", test_cancel);
    }
  else
    g_test_add_func ("/secrets/prompt", test_no_bus);
  status = g_test_run ();
  ferry_test_keyring_free (keyring);
  return status;
}
