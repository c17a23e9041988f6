/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-application.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>
#include <glib-unix.h>

#include "ferry-address.h"
#include "ferry-engine.h"
#include "ferry-links.h"
#include "ferry-preferences.h"
#include "ferry-receive-here.h"
#include "ferry-remote.h"
#include "ferry-window.h"

struct _FerryApplication
{
  AdwApplication parent_instance;

  GSettings *settings;
  FerryEngine *engine; /* (nullable) between a failed opening and the next try */
  FerryRemoteServer *server;
  GCancellable *opening; /* (nullable) while the engine opens */
  FerryWindow *window;   /* (nullable) */
  GPtrArray *links;      /* what to add as soon as the engine is open */
  GPtrArray *files;      /* what to ask about uploading as soon as the engine is open */
  FerryReceiveHere *receive_here;
  gboolean receive_starting; /* as at the last launch: trouble is told */
  gboolean open;
  gboolean leaving;
  gboolean wanted_again; /* somebody launched Ferry while it was leaving */
  gboolean ask_for_link;
  guint signals[2];
};

G_DEFINE_FINAL_TYPE (FerryApplication, ferry_application, ADW_TYPE_APPLICATION)

static const GOptionEntry OPTIONS[] = {
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_ ("Print the version and exit"), NULL },
  { "new-download", 'n', 0, G_OPTION_ARG_NONE, NULL, N_ ("Ask for links to download"), NULL },
  { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, NULL, NULL, N_ ("[LINK|FILE…]") },
  { NULL },
};

static void ferry_application_start_engine (FerryApplication *self);

static GSettings *
open_settings (void)
{
  GSettingsSchemaSource *source = g_settings_schema_source_get_default ();
  g_autoptr (GSettingsSchema) schema = NULL;

  if (source != NULL)
    schema = g_settings_schema_source_lookup (source, FERRY_APPLICATION_ID, TRUE);
  if (schema == NULL)
    return NULL;
  return g_settings_new_full (schema, NULL, NULL);
}

/* Hands over what was asked for before the engine was open. */
static void
flush_requests (FerryApplication *self)
{
  if (!self->open || self->window == NULL)
    return;

  if (self->links->len > 0)
    {
      g_autoptr (GPtrArray) links = g_steal_pointer (&self->links);
      self->links = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (links, NULL);
      ferry_window_add_links (self->window, (const char *const *) links->pdata);
    }
  if (self->files->len > 0)
    {
      g_autoptr (GPtrArray) files = g_steal_pointer (&self->files);
      self->files = g_ptr_array_new_with_free_func (g_object_unref);
      ferry_window_ask_to_upload (self->window, files);
    }
  if (self->ask_for_link)
    {
      self->ask_for_link = FALSE;
      ferry_window_ask_for_links (self->window, NULL);
    }
}

static void
engine_closed (FerryApplication *self)
{
  self->open = FALSE;
  self->leaving = FALSE;
  g_clear_object (&self->engine);

  if (self->wanted_again)
    {
      self->wanted_again = FALSE;
      ferry_application_start_engine (self);
      g_application_activate (G_APPLICATION (self));
    }
  g_application_release (G_APPLICATION (self));
}

static void
receive_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryApplication) self = user_data;

  ferry_receive_here_close_finish (FERRY_RECEIVE_HERE (source), result);
  engine_closed (self);
}

/* The receiver ends after those who send to it, so that what is under way is confirmed. */
static void
engine_closed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryApplication) self = user_data;

  ferry_engine_close_finish (FERRY_ENGINE (source), result);
  ferry_receive_here_close_async (self->receive_here, receive_closed_cb, g_object_ref (self));
}

static void
close_engine (FerryApplication *self)
{
  g_clear_pointer (&self->server, ferry_remote_server_free);
  if (self->open)
    ferry_engine_close_async (self->engine, engine_closed_cb, g_object_ref (self));
  else
    engine_closed (self);
}

/* It was on at the last launch and cannot be now: silence would look as if it were. */
static void
receive_changed_cb (FerryReceiveHere *receive_here, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);
  gboolean active = ferry_receive_here_get_active (receive_here);
  gboolean failed = ferry_receive_here_get_problem (receive_here) != NULL;

  if (!self->receive_starting || ferry_receive_here_get_busy (receive_here) || !(active || failed))
    return;
  self->receive_starting = FALSE;
  if (!active && self->window != NULL)
    ferry_receive_here_present (receive_here, GTK_WINDOW (self->window), NULL, NULL);
}

static void
engine_opened (FerryApplication *self)
{
  g_autoptr (GError) error = NULL;

  self->open = TRUE;
  self->server = ferry_remote_server_new (self->engine, "Ferry", &error);
  if (self->server == NULL)
    g_warning ("ferryctl cannot reach this queue: %s", error->message);
  self->receive_starting = ferry_receive_here_get_wanted (self->receive_here);
  ferry_receive_here_set_engine (self->receive_here, self->engine);
  if (self->window != NULL)
    ferry_window_set_engine (self->window, self->engine);
  flush_requests (self);
}

static void
engine_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryApplication) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ok = ferry_engine_open_finish (FERRY_ENGINE (source), result, &error);

  g_clear_object (&self->opening);
  if (ok)
    engine_opened (self);
  else
    g_clear_object (&self->engine);

  if (self->leaving)
    close_engine (self);
  else if (!ok && self->window != NULL)
    ferry_window_show_error (self->window, error);
}

static void
ferry_application_start_engine (FerryApplication *self)
{
  if (self->engine != NULL)
    return;

  self->engine = ferry_engine_new ();
  self->opening = g_cancellable_new ();
  ferry_engine_set_max_active (self->engine, g_settings_get_uint (self->settings, "max-active"));
  ferry_engine_open_async (self->engine, NULL, "Ferry", self->opening, engine_opened_cb,
                           g_object_ref (self));
}

void
ferry_application_leave (FerryApplication *self)
{
  g_return_if_fail (FERRY_IS_APPLICATION (self));

  if (self->leaving)
    return;

  self->leaving = TRUE;
  g_application_hold (G_APPLICATION (self));
  if (self->window != NULL)
    {
      ferry_window_save (self->window);
      gtk_window_destroy (GTK_WINDOW (g_steal_pointer (&self->window)));
    }
  if (self->opening != NULL)
    g_cancellable_cancel (self->opening);
  else
    close_engine (self);
}

static void
ferry_application_present (FerryApplication *self)
{
  if (self->leaving)
    {
      self->wanted_again = TRUE;
      return;
    }

  if (self->window == NULL)
    {
      self->window = ferry_window_new (self, self->settings);
      if (self->open)
        ferry_window_set_engine (self->window, self->engine);
    }
  ferry_application_start_engine (self);
  gtk_window_present (GTK_WINDOW (self->window));
  flush_requests (self);
}

static void
ferry_application_activate (GApplication *application)
{
  ferry_application_present (FERRY_APPLICATION (application));
}

/* A launcher's way to hand over links and files when it starts Ferry over D-Bus. */
static void
ferry_application_open (GApplication *application, GFile **files, int n_files, const char *hint)
{
  FerryApplication *self = FERRY_APPLICATION (application);

  for (int i = 0; i < n_files; i++)
    if (g_file_has_uri_scheme (files[i], "file"))
      g_ptr_array_add (self->files, g_object_ref (files[i]));
    else
      g_ptr_array_add (self->links, g_file_get_uri (files[i]));
  ferry_application_present (self);
}

/* FALSE with a sentence when @argument is neither a link nor a file. Files came through name_files (). */
static gboolean
take_argument (FerryApplication *self, const char *argument, GError **error)
{
  if (ferry_is_file_uri (argument))
    {
      g_ptr_array_add (self->files, g_file_new_for_uri (argument));
      return TRUE;
    }
  g_autofree char *link = g_filename_display_name (argument);
  g_autofree char *address = ferry_address_normalize (link, NULL, error);
  if (address == NULL)
    return FALSE;
  g_ptr_array_add (self->links, g_steal_pointer (&link));
  return TRUE;
}

static int
ferry_application_command_line (GApplication *application, GApplicationCommandLine *command_line)
{
  FerryApplication *self = FERRY_APPLICATION (application);
  GVariantDict *options = g_application_command_line_get_options_dict (command_line);
  g_autofree const char **arguments = NULL;
  int status = 0;

  g_variant_dict_lookup (options, G_OPTION_REMAINING, "^a&ay", &arguments);
  for (gsize i = 0; arguments != NULL && arguments[i] != NULL; i++)
    {
      g_autoptr (GError) error = NULL;

      if (take_argument (self, arguments[i], &error))
        continue;
      g_application_command_line_printerr (command_line, "ferry: %s\n", error->message);
      status = 1;
    }

  if (g_variant_dict_contains (options, "new-download"))
    self->ask_for_link = TRUE;
  ferry_application_present (self);
  return status;
}

/* What a link is, and what a file of this computer: "file:" addresses, and what is there. */
static gboolean
is_file (const char *argument, GFile *file)
{
  if (ferry_is_file_uri (argument) || g_path_is_absolute (argument))
    return TRUE;
  return strstr (argument, "://") == NULL && g_file_query_exists (file, NULL);
}

/* Writes the files among the arguments as "file:" addresses. In the process that was called: only that one knows what a
 * relative name means, and it may wait for a disk, which a window must not. */
static void
name_files (GVariantDict *options)
{
  g_auto (GStrv) arguments = NULL;

  if (!g_variant_dict_lookup (options, G_OPTION_REMAINING, "^aay", &arguments))
    return;
  for (gsize i = 0; arguments[i] != NULL; i++)
    {
      g_autoptr (GFile) file = g_file_new_for_commandline_arg (arguments[i]);

      if (!is_file (arguments[i], file))
        continue;
      g_free (arguments[i]);
      arguments[i] = g_file_get_uri (file);
    }
  g_variant_dict_insert (options, G_OPTION_REMAINING, "^aay", arguments);
}

static int
ferry_application_handle_local_options (GApplication *application, GVariantDict *options)
{
  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("ferry %s\n", FERRY_VERSION);
      return 0;
    }

  g_autoptr (GSettings) settings = open_settings ();
  if (settings == NULL)
    {
      g_printerr ("ferry: %s\n", _ ("Ferry is not completely installed: its settings schema is "
                                    "missing."));
      return 1;
    }
  name_files (options);
  return -1;
}

static void
quit_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  ferry_application_leave (FERRY_APPLICATION (user_data));
}

static void
new_download_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);

  self->ask_for_link = TRUE;
  ferry_application_present (self);
}

static void
try_again_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);

  if (self->window != NULL)
    ferry_window_show_opening (self->window);
  ferry_application_start_engine (self);
}

static void
preferences_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);

  ferry_application_present (self);
  if (self->window == NULL)
    return;

  GtkWindow *preferences = GTK_WINDOW (
      ferry_preferences_new (self->settings, self->open ? self->engine : NULL, self->receive_here));
  gtk_window_set_transient_for (preferences, GTK_WINDOW (self->window));
  gtk_window_present (preferences);
}

static void
about_activated (GSimpleAction *action, GVariant *parameter, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);

  ferry_application_present (self);
  if (self->window == NULL)
    return;

  GtkWindow *about = g_object_new (
      ADW_TYPE_ABOUT_WINDOW, "accessible-role", GTK_ACCESSIBLE_ROLE_DIALOG, "transient-for",
      self->window, "modal", TRUE, "destroy-with-parent", TRUE, "application-name", _ ("Ferry"),
      "application-icon", FERRY_APPLICATION_ID, "version", FERRY_VERSION, "developer-name",
      _ ("The Ferry developers"), "comments",
      _ ("Carries files both ways and does not lose them. A transfer "
         "goes on where it stopped, whatever happened in between."),
      "license-type", GTK_LICENSE_GPL_3_0, "translator-credits",
      /* Translators: put your name here, one line for each translator. */
      _ ("translator-credits"), NULL);
  gtk_window_present (about);
}

static const GActionEntry ACTIONS[] = {
  { .name = "quit", .activate = quit_activated },
  { .name = "NewDownload", .activate = new_download_activated },
  { .name = "try-again", .activate = try_again_activated },
  { .name = "preferences", .activate = preferences_activated },
  { .name = "about", .activate = about_activated },
};

static const struct
{
  const char *action;
  const char *accels[3];
} ACCELS[] = {
  { "app.quit", { "<Control>q" } },
  { "app.preferences", { "<Control>comma" } },
  { "window.close", { "<Control>w" } },
  { "win.add", { "<Control>n" } },
  { "win.upload-files", { "<Control>o" } },
  { "win.upload-folder", { "<Control><Shift>o" } },
  { "win.search", { "<Control>f" } },
  { "win.sidebar", { "F9" } },
  { "win.pause-all", { "<Control><Shift>p" } },
  { "win.resume-all", { "<Control><Shift>r" } },
  { "win.show-help-overlay", { "<Control>question", "<Control>F1" } },
};

static void
max_active_changed_cb (GSettings *settings, const char *key, gpointer user_data)
{
  FerryApplication *self = FERRY_APPLICATION (user_data);

  if (self->engine != NULL)
    ferry_engine_set_max_active (self->engine, g_settings_get_uint (settings, key));
}

static gboolean
terminated_cb (gpointer user_data)
{
  ferry_application_leave (FERRY_APPLICATION (user_data));
  return G_SOURCE_CONTINUE;
}

static void
ferry_application_startup (GApplication *application)
{
  FerryApplication *self = FERRY_APPLICATION (application);

  G_APPLICATION_CLASS (ferry_application_parent_class)->startup (application);

  self->settings = open_settings ();
  g_signal_connect (self->settings, "changed::max-active", G_CALLBACK (max_active_changed_cb),
                    self);
  self->receive_here = ferry_receive_here_new (self->settings);
  g_signal_connect (self->receive_here, "changed", G_CALLBACK (receive_changed_cb), self);
  g_action_map_add_action_entries (G_ACTION_MAP (self), ACTIONS, G_N_ELEMENTS (ACTIONS), self);
  for (gsize i = 0; i < G_N_ELEMENTS (ACCELS); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), ACCELS[i].action,
                                           ACCELS[i].accels);
  gtk_window_set_default_icon_name (FERRY_APPLICATION_ID);
  self->signals[0] = g_unix_signal_add (SIGTERM, terminated_cb, self);
  self->signals[1] = g_unix_signal_add (SIGINT, terminated_cb, self);
}

/* Started as a D-Bus service and never asked for a window: nothing else has closed the engine. */
static void
ferry_application_shutdown (GApplication *application)
{
  FerryApplication *self = FERRY_APPLICATION (application);

  self->wanted_again = FALSE;
  if (self->engine != NULL)
    ferry_application_leave (self);
  while (self->leaving)
    g_main_context_iteration (NULL, TRUE);

  for (gsize i = 0; i < G_N_ELEMENTS (self->signals); i++)
    g_clear_handle_id (&self->signals[i], g_source_remove);
  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  if (self->receive_here != NULL)
    g_signal_handlers_disconnect_by_data (self->receive_here, self);
  g_clear_object (&self->receive_here);
  g_clear_object (&self->settings);

  G_APPLICATION_CLASS (ferry_application_parent_class)->shutdown (application);
}

static void
ferry_application_finalize (GObject *object)
{
  FerryApplication *self = FERRY_APPLICATION (object);

  g_clear_pointer (&self->links, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  G_OBJECT_CLASS (ferry_application_parent_class)->finalize (object);
}

static void
ferry_application_class_init (FerryApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = ferry_application_finalize;
  application_class->startup = ferry_application_startup;
  application_class->shutdown = ferry_application_shutdown;
  application_class->activate = ferry_application_activate;
  application_class->open = ferry_application_open;
  application_class->command_line = ferry_application_command_line;
  application_class->handle_local_options = ferry_application_handle_local_options;
}

static void
ferry_application_init (FerryApplication *self)
{
  self->links = g_ptr_array_new_with_free_func (g_free);
  self->files = g_ptr_array_new_with_free_func (g_object_unref);
  g_application_add_main_option_entries (G_APPLICATION (self), OPTIONS);
  g_application_set_option_context_parameter_string (G_APPLICATION (self), NULL);
  g_application_set_option_context_summary (
      G_APPLICATION (self),
      _ ("Downloads each LINK into the download folder, and asks where to upload each FILE."));
}

FerryReceiveHere *
ferry_application_get_receive_here (FerryApplication *self)
{
  g_return_val_if_fail (FERRY_IS_APPLICATION (self), NULL);

  return self->receive_here;
}

FerryApplication *
ferry_application_new (void)
{
  return g_object_new (FERRY_TYPE_APPLICATION, "application-id", FERRY_APPLICATION_ID, "flags",
                       G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_HANDLES_OPEN,
                       "resource-base-path", "/io/github/ferryapp/Ferry", NULL);
}
