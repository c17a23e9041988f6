/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-preferences.h"

#include "ferry-destinations-group.h"
#include "ferry-folder.h"
#include "ferry-receive-group.h"

struct _FerryPreferences
{
  AdwPreferencesWindow parent_instance;

  GSettings *settings;

  AdwActionRow *folder_row;
  GtkSpinButton *max_active;
  GtkWidget *uploads_page;
  FerryDestinationsGroup *destinations;
  FerryReceiveGroup *receive;
};

G_DEFINE_FINAL_TYPE (FerryPreferences, ferry_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static void
update_folder (FerryPreferences *self)
{
  g_autofree char *folder = ferry_folder_for_downloads (self->settings);
  g_autofree char *shown = ferry_folder_describe (folder);

  adw_action_row_set_subtitle (self->folder_row, shown);
}

static void
folder_chosen (const char *path, gpointer user_data)
{
  FerryPreferences *self = user_data;

  /* The folder of the last single download gives way to the one chosen for all. */
  g_settings_reset (self->settings, "last-folder");
  g_settings_set_string (self->settings, "folder", path);
}

static void
folder_activated_cb (FerryPreferences *self)
{
  g_autofree char *folder = ferry_folder_for_downloads (self->settings);

  ferry_folder_choose (GTK_WINDOW (self), folder, folder_chosen, self);
}

static void
ferry_preferences_dispose (GObject *object)
{
  FerryPreferences *self = FERRY_PREFERENCES (object);

  if (self->settings != NULL)
    g_signal_handlers_disconnect_by_data (self->settings, self);
  g_clear_object (&self->settings);

  G_OBJECT_CLASS (ferry_preferences_parent_class)->dispose (object);
}

static void
ferry_preferences_class_init (FerryPreferencesClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_preferences_dispose;

  g_type_ensure (FERRY_TYPE_DESTINATIONS_GROUP);
  g_type_ensure (FERRY_TYPE_RECEIVE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryPreferences, folder_row);
  gtk_widget_class_bind_template_child (widget_class, FerryPreferences, max_active);
  gtk_widget_class_bind_template_child (widget_class, FerryPreferences, uploads_page);
  gtk_widget_class_bind_template_child (widget_class, FerryPreferences, destinations);
  gtk_widget_class_bind_template_child (widget_class, FerryPreferences, receive);
  gtk_widget_class_bind_template_callback (widget_class, folder_activated_cb);
}

static void
ferry_preferences_init (FerryPreferences *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

FerryPreferences *
ferry_preferences_new (GSettings *settings, FerryEngine *engine, FerryReceiveHere *receive_here)
{
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);
  g_return_val_if_fail (engine == NULL || FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (receive_here), NULL);

  FerryPreferences *self = g_object_new (FERRY_TYPE_PREFERENCES, NULL);

  self->settings = g_object_ref (settings);
  g_settings_bind (settings, "max-active", self->max_active, "value", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_swapped (settings, "changed::folder", G_CALLBACK (update_folder), self);
  update_folder (self);
  if (engine != NULL)
    {
      ferry_destinations_group_set_engine (self->destinations, engine);
      ferry_receive_group_set_receive_here (self->receive, receive_here);
      gtk_widget_show (self->uploads_page);
    }
  return self;
}
