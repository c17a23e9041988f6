/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. libsecret keeps its connection to the keyring in the process and learns that the keyring ended only while the main
 * context of the thread that came first runs. Ours are threads that come and go, so each call starts afresh and lets go at its
 * end: a keyring that was started again, or came late, is found.
 *
 * One call at a time: a keyring that has to be unlocked asks the person once, and the next call finds it open.
 */
#include "ferry-config.h"

#include "ferry-secrets.h"

#include <glib/gi18n-lib.h>
#include <libsecret/secret.h>

#include "ferry-address.h"
#include "ferry-destination-check.h"
#include "ferry-error.h"
#include "ferry-record.h"

/* How long after the keyring stayed locked nobody is asked to unlock it. */
#define QUIET_SECONDS 10

#define KEYRING "org.freedesktop.secrets"

/* GNOME Keyring does not find an item of a locked keyring by the schema's name, so "application" says whose it is. */
static const SecretSchema schema = {
  FERRY_APPLICATION_ID ".Token",
  SECRET_SCHEMA_DONT_MATCH_NAME,
  {
      { "application", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { "address", SECRET_SCHEMA_ATTRIBUTE_STRING },
      { NULL, 0 },
  },
};

/* ---- whose turn it is ---- */

static GMutex turn_mutex;
static GCond turn_cond;
static gboolean turn_taken;

static void
cancelled_cb (GCancellable *cancellable, gpointer data)
{
  g_mutex_lock (&turn_mutex);
  g_cond_broadcast (&turn_cond);
  g_mutex_unlock (&turn_mutex);
}

static gboolean
take_turn (GCancellable *cancellable)
{
  gulong handler = 0;
  gboolean taken = FALSE;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancelled_cb), NULL, NULL);
  g_mutex_lock (&turn_mutex);
  while (turn_taken && !g_cancellable_is_cancelled (cancellable))
    g_cond_wait (&turn_cond, &turn_mutex);
  if (!turn_taken)
    turn_taken = taken = TRUE;
  g_mutex_unlock (&turn_mutex);
  if (cancellable != NULL)
    g_cancellable_disconnect (cancellable, handler);
  return taken;
}

static void
end_turn (void)
{
  g_mutex_lock (&turn_mutex);
  turn_taken = FALSE;
  g_cond_broadcast (&turn_cond);
  g_mutex_unlock (&turn_mutex);
}

/* ---- errors ---- */

static void
set_cancelled (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_CANCELLED, _ ("Cancelled"));
}

static void
set_locked (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING,
                       _ ("The keyring stays locked, and the token is in it. Try again and unlock "
                          "it, or give the token anew."));
}

static void
set_not_kept (GError **error)
{
  g_set_error_literal (
      error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING,
      _ ("The keyring stays locked, so the token cannot be kept in it. Try again and unlock it."));
}

static void
set_still_there (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING,
                       _ ("The token is still in the keyring, because that stays locked."));
}

/* What is wrong with it goes to the log: a person can only set one up, or do without. */
static void
set_no_keyring (GError **error)
{
  g_set_error_literal (
      error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING,
      _ ("There is no keyring here that could keep the token. Start one, such as GNOME Keyring or "
         "KWallet; without it, Ferry can remember the token only until it is closed, and ferryctl "
         "takes it from --token-file or FERRY_TOKEN each time."));
}

static void
translate (GError *cause, void (*set_closed) (GError **), GError **error)
{
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      set_cancelled (error);
      return;
    }
  g_debug ("keyring: %s", cause != NULL ? cause->message : "dismissed");
  if (cause == NULL || g_error_matches (cause, SECRET_ERROR, SECRET_ERROR_IS_LOCKED))
    set_closed (error);
  else
    set_no_keyring (error);
}

/* ---- the calls ---- */

/* All that libsecret and GDBus do for one call happens in a context of its own, and is over when it is. */
typedef struct
{
  gboolean taken; /* our turn */
  GMainContext *context;
  GDBusConnection *bus; /* (nullable) */
  GHashTable *attributes;
  GCancellable *given; /* (not owned) (nullable) */
  gulong handler;
  GCancellable *cancellable; /* follows @given, in this thread: libsecret is made for no other */
  GAsyncResult *result;
} Call;

/* Where libsecret would not keep it in a file of its own, as it does for an app in a sandbox. */
static gboolean
needs_bus (void)
{
  const char *backend = g_getenv ("SECRET_BACKEND");

  if (backend != NULL && *backend != '\0' && !g_str_equal (backend, "service"))
    return FALSE;
  return !g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS) && g_getenv ("SNAP_NAME") == NULL;
}

static gboolean
cancel_cb (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_REMOVE;
}

/* Any thread. */
static void
given_cancelled_cb (GCancellable *given, Call *self)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_HIGH);
  g_source_set_callback (source, cancel_cb, g_object_ref (self->cancellable), g_object_unref);
  g_source_attach (source, self->context);
}

static GVariant *
ask_bus (Call *self, const char *method, GVariant *parameters, GError **cause)
{
  return g_dbus_connection_call_sync (self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                      "org.freedesktop.DBus", method, parameters, NULL,
                                      G_DBUS_CALL_FLAGS_NONE, -1, self->given, cause);
}

/* Started where it is installed and does not run. libsecret would find out, too, but lets go of nothing when it fails. */
static gboolean
call_find_keyring (Call *self, GError **cause)
{
  g_autoptr (GVariant) owned = NULL;
  g_autoptr (GVariant) started = NULL;
  gboolean runs = FALSE;

  /* Held, so that we are not ended together with the session's bus. */
  self->bus = g_bus_get_sync (G_BUS_TYPE_SESSION, self->given, cause);
  if (self->bus == NULL)
    return FALSE;
  g_dbus_connection_set_exit_on_close (self->bus, FALSE);
  owned = ask_bus (self, "NameHasOwner", g_variant_new ("(s)", KEYRING), cause);
  if (owned == NULL)
    return FALSE;
  g_variant_get (owned, "(b)", &runs);
  if (!runs)
    started = ask_bus (self, "StartServiceByName", g_variant_new ("(su)", KEYRING, 0), cause);
  return runs || started != NULL;
}

/* FALSE with @cause: there is no keyring, or @cancellable ended it. Ended with call_end () either way. */
static gboolean
call_begin (Call *self, const char *address, GCancellable *cancellable, GError **cause)
{
  g_autofree char *key = ferry_destination_address_key (address);

  self->taken = take_turn (cancellable);
  if (!self->taken)
    {
      g_set_error_literal (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED, "");
      return FALSE;
    }
  self->given = cancellable;
  self->cancellable = g_cancellable_new ();
  self->attributes = secret_attributes_build (&schema, "application", FERRY_APPLICATION_ID,
                                              "address", key, NULL);
  self->context = g_main_context_new ();
  g_main_context_push_thread_default (self->context);
  if (cancellable != NULL)
    self->handler
        = g_cancellable_connect (cancellable, G_CALLBACK (given_cancelled_cb), self, NULL);
  return !needs_bus () || call_find_keyring (self, cause);
}

static void
call_end (Call *self)
{
  if (!self->taken)
    return;
  if (self->given != NULL)
    g_cancellable_disconnect (self->given, self->handler);
  secret_service_disconnect ();
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_pop_thread_default (self->context);
  g_main_context_unref (self->context);
  g_clear_object (&self->bus);
  g_object_unref (self->cancellable);
  g_hash_table_unref (self->attributes);
  end_turn ();
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *self = data;

  self->result = g_object_ref (result);
}

/* (transfer full) */
static GAsyncResult *
call_wait (Call *self)
{
  while (self->result == NULL)
    g_main_context_iteration (self->context, TRUE);
  return g_steal_pointer (&self->result);
}

static gboolean
store (Call *call, const char *address, const char *token, GError **cause)
{
  g_autofree char *host = ferry_address_host (address);
  /* Translators: names an entry of the keyring; %s is a server */
  g_autofree char *label = g_strdup_printf (_ ("Ferry’s token for %s"), host);
  g_autoptr (GAsyncResult) result = NULL;

  secret_password_storev (&schema, call->attributes, SECRET_COLLECTION_DEFAULT, label, token,
                          call->cancellable, done_cb, call);
  result = call_wait (call);
  return secret_password_store_finish (result, cause);
}

gboolean
ferry_secrets_store (const char *address,
                     const char *token,
                     GCancellable *cancellable,
                     GError **error)
{
  g_autoptr (GError) cause = NULL;
  Call call = { 0 };
  gboolean stored;

  g_return_val_if_fail (address != NULL && token != NULL, FALSE);

  stored
      = call_begin (&call, address, cancellable, &cause) && store (&call, address, token, &cause);
  call_end (&call);
  if (!stored)
    translate (cause, set_not_kept, error);
  return stored;
}

/* (transfer full) (element-type SecretRetrievable) */
static GList *
search (Call *call, SecretSearchFlags flags, GError **cause)
{
  g_autoptr (GAsyncResult) result = NULL;

  secret_password_searchv (&schema, call->attributes, flags, call->cancellable, done_cb, call);
  result = call_wait (call);
  return secret_password_search_finish (result, cause);
}

/* (nullable): what it holds cannot be a token. */
static char *
retrieve (Call *call, SecretRetrievable *item, GError **cause)
{
  g_autoptr (GAsyncResult) result = NULL;
  SecretValue *value;
  const char *text;
  char *token = NULL;

  secret_retrievable_retrieve_secret (item, call->cancellable, done_cb, call);
  result = call_wait (call);
  value = secret_retrievable_retrieve_secret_finish (item, result, cause);
  if (value == NULL && *cause == NULL)
    g_set_error_literal (cause, SECRET_ERROR, SECRET_ERROR_IS_LOCKED, "locked");
  text = value != NULL ? secret_value_get_text (value) : NULL;
  if (text != NULL && ferry_token_is_valid (text))
    token = g_strdup (text);
  else if (value != NULL)
    g_debug ("keyring: what is kept for this address is no token");
  g_clear_pointer (&value, secret_value_unref);
  return token;
}

/* Whoever did not unlock the keyring for one upload is not asked again for each of hundreds: as long as they come one after
 * the other, and a little longer. Guarded by the turn. */
static gint64 quiet_until;

static void
learn (gboolean locked, gboolean open)
{
  if (locked)
    quiet_until = g_get_monotonic_time () + QUIET_SECONDS * G_USEC_PER_SEC;
  else if (open)
    quiet_until = 0;
}

static char *
look_up (Call *call, GError **cause)
{
  gboolean may_ask = g_get_monotonic_time () >= quiet_until;
  GList *items = search (
      call, may_ask ? SECRET_SEARCH_ALL | SECRET_SEARCH_UNLOCK : SECRET_SEARCH_ALL, cause);
  char *token = NULL;

  for (GList *l = items; l != NULL && token == NULL; l = l->next)
    {
      g_clear_error (cause);
      token = retrieve (call, l->data, cause);
    }
  g_list_free_full (items, g_object_unref);
  learn (g_error_matches (*cause, SECRET_ERROR, SECRET_ERROR_IS_LOCKED), token != NULL);
  return token;
}

char *
ferry_secrets_lookup (const char *address, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) cause = NULL;
  char *token = NULL;
  Call call = { 0 };

  g_return_val_if_fail (address != NULL, NULL);

  if (call_begin (&call, address, cancellable, &cause))
    token = look_up (&call, &cause);
  call_end (&call);
  if (token == NULL && cause != NULL)
    translate (cause, set_locked, error);
  return token;
}

/* libsecret does not tell "there was none" from "the person did not unlock it": TRUE when it is still there. */
static gboolean
try_to_clear (Call *call, GError **cause)
{
  g_autoptr (GAsyncResult) result = NULL;
  GList *items;
  gboolean kept;

  secret_password_clearv (&schema, call->attributes, call->cancellable, done_cb, call);
  result = call_wait (call);
  if (secret_password_clear_finish (result, cause))
    return FALSE;
  items = search (call, SECRET_SEARCH_ALL, NULL);
  kept = items != NULL;
  g_list_free_full (items, g_object_unref);
  return kept;
}

gboolean
ferry_secrets_clear (const char *address, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) cause = NULL;
  gboolean kept = FALSE;
  Call call = { 0 };

  g_return_val_if_fail (address != NULL, FALSE);

  if (call_begin (&call, address, cancellable, &cause))
    kept = try_to_clear (&call, &cause);
  call_end (&call);
  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    set_cancelled (error);
  else if (kept)
    set_still_there (error);
  else
    return TRUE;
  return FALSE;
}
