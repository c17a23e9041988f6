/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-destinations-group.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-bidi.h"
#include "ferry-button.h"
#include "ferry-destination-editor.h"
#include "ferry-destinations.h"
#include "ferry-message-dialog.h"
#include "ferry-uploads.h"

#define KEY "ferry-destination"

struct _FerryDestinationsGroup
{
  AdwPreferencesGroup parent_instance;

  FerryEngine *engine;             /* (nullable) before it is set */
  FerryDestinations *destinations; /* as the engine */
  GPtrArray *rows;                 /* of GtkWidget, those of the group's list */

  GtkWidget *add_button;
};

G_DEFINE_FINAL_TYPE (FerryDestinationsGroup, ferry_destinations_group, ADW_TYPE_PREFERENCES_GROUP)

/* A destination in the list; what it shows follows. */
typedef struct
{
  FerryDestination *destination;
  GtkWidget *mark;
  GtkWidget *remove_button;
} Row;

static Row *
row_of (gpointer widget)
{
  return g_object_get_data (G_OBJECT (widget), KEY);
}

static void
row_free (gpointer data)
{
  Row *row = data;

  g_object_unref (row->destination);
  g_free (row);
}

static GtkWindow *
window_of (FerryDestinationsGroup *self)
{
  return GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
}

static void
add_clicked_cb (FerryDestinationsGroup *self)
{
  if (self->engine != NULL)
    ferry_destination_editor_present (window_of (self), self->engine, NULL, NULL, NULL);
}

static void
row_activated_cb (AdwActionRow *row, FerryDestinationsGroup *self)
{
  ferry_destination_editor_present (window_of (self), self->engine, row_of (row)->destination, NULL,
                                    NULL);
}

/* ---- removing ---- */

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryDestinationsGroup) self = user_data;
  g_autoptr (GError) error = NULL;
  GtkRoot *window = gtk_widget_get_root (GTK_WIDGET (self));

  if (ferry_destinations_remove_finish (FERRY_DESTINATIONS (source), result, &error))
    return;
  g_debug ("removing: %s", error->message);
  if (ADW_IS_PREFERENCES_WINDOW (window))
    adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (window),
                                      adw_toast_new (error->message));
}

/* The row may be another by now, the destination is the one that was asked about. */
static void
remove_cb (FerryDestinationsGroup *self, const char *response, AdwMessageDialog *dialog)
{
  if (self->destinations != NULL)
    ferry_destinations_remove_async (self->destinations, g_object_get_data (G_OBJECT (dialog), KEY),
                                     NULL, removed_cb, g_object_ref (self));
}

static char *
removal_body (FerryDestinationsGroup *self, FerryDestination *destination)
{
  guint n
      = ferry_uploads_count_unfinished (self->engine, ferry_destination_get_address (destination));

  if (n == 0)
    return g_strdup (_ ("Ferry forgets its address and its token. What was uploaded stays there."));
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "Ferry forgets its address and its token. What was uploaded stays there. %u "
                   "upload to it is not finished, and will ask for the token.",
                   "Ferry forgets its address and its token. What was uploaded stays there. %u "
                   "uploads to it are not finished, and will ask for the token.",
                   n),
      n);
}

static void
remove_clicked_cb (GtkButton *button, FerryDestinationsGroup *self)
{
  FerryDestination *destination = row_of (button)->destination;
  g_autofree char *heading
      = g_strdup_printf (_ ("Remove “%s”?"), ferry_destination_get_name (destination));
  g_autofree char *body = removal_body (self, destination);
  AdwMessageDialog *dialog = ferry_message_dialog_new (window_of (self), heading);

  adw_message_dialog_set_body (dialog, body);
  ferry_message_dialog_add_answer (dialog, "remove", _ ("_Remove"), ADW_RESPONSE_DESTRUCTIVE);
  g_object_set_data_full (G_OBJECT (dialog), KEY, g_object_ref (destination), g_object_unref);
  g_signal_connect_object (dialog, "response::remove", G_CALLBACK (remove_cb), self,
                           G_CONNECT_SWAPPED);
  ferry_message_dialog_present (dialog);
}

/* ---- the list ---- */

static void
update_row (AdwActionRow *widget)
{
  Row *row = row_of (widget);
  const char *name = ferry_destination_get_name (row->destination);
  g_autofree char *address = ferry_bidi_plain (ferry_destination_get_address (row->destination));
  g_autofree char *label = g_strdup_printf (_ ("Remove “%s”"), name);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (widget), name);
  adw_action_row_set_subtitle (widget, address);
  gtk_widget_set_visible (row->mark, ferry_destination_get_is_default (row->destination));
  gtk_accessible_update_property (GTK_ACCESSIBLE (row->remove_button),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
style_row (Row *row)
{
  gtk_widget_add_css_class (row->mark, "dim-label");
  gtk_widget_add_css_class (row->mark, "caption");
  gtk_widget_set_valign (row->remove_button, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (row->remove_button, "flat");
  gtk_widget_set_tooltip_text (row->remove_button, _ ("Remove"));
}

static GtkWidget *
make_row (FerryDestinationsGroup *self, FerryDestination *destination)
{
  GtkWidget *widget = g_object_new (ADW_TYPE_ACTION_ROW, "use-markup", FALSE, "title-lines", 2,
                                    "subtitle-lines", 2, "activatable", TRUE, NULL);
  Row *row = g_new (Row, 1);

  row->destination = g_object_ref (destination);
  row->mark = gtk_label_new (_ ("Default"));
  row->remove_button = gtk_button_new_from_icon_name ("user-trash-symbolic");
  style_row (row);
  adw_action_row_add_suffix (ADW_ACTION_ROW (widget), row->mark);
  adw_action_row_add_suffix (ADW_ACTION_ROW (widget), row->remove_button);

  g_object_set_data_full (G_OBJECT (widget), KEY, row, row_free);
  g_object_set_data (G_OBJECT (row->remove_button), KEY, row);
  g_signal_connect (row->remove_button, "clicked", G_CALLBACK (remove_clicked_cb), self);
  g_signal_connect (widget, "activated", G_CALLBACK (row_activated_cb), self);
  g_signal_connect_object (destination, "notify", G_CALLBACK (update_row), widget,
                           G_CONNECT_SWAPPED);
  update_row (ADW_ACTION_ROW (widget));
  return widget;
}

static GtkWidget *
make_empty_row (void)
{
  return g_object_new (ADW_TYPE_ACTION_ROW, "title", _ ("No destinations yet"), "sensitive", FALSE,
                       NULL);
}

static void
append (FerryDestinationsGroup *self, GtkWidget *row)
{
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self), row);
  g_ptr_array_add (self->rows, row);
}

static void
update (FerryDestinationsGroup *self)
{
  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (ADW_PREFERENCES_GROUP (self), self->rows->pdata[i]);
  g_ptr_array_set_size (self->rows, 0);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (self->destinations)); i++)
    {
      g_autoptr (FerryDestination) destination
          = g_list_model_get_item (G_LIST_MODEL (self->destinations), i);

      if (!ferry_destination_get_here (destination))
        append (self, make_row (self, destination));
    }
  if (self->rows->len == 0)
    append (self, make_empty_row ());
}

static void
ferry_destinations_group_dispose (GObject *object)
{
  FerryDestinationsGroup *self = FERRY_DESTINATIONS_GROUP (object);

  if (self->destinations != NULL)
    g_signal_handlers_disconnect_by_data (self->destinations, self);
  g_clear_object (&self->destinations);
  g_clear_object (&self->engine);
  g_clear_pointer (&self->rows, g_ptr_array_unref);

  G_OBJECT_CLASS (ferry_destinations_group_parent_class)->dispose (object);
}

static void
ferry_destinations_group_class_init (FerryDestinationsGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_destinations_group_dispose;

  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/ferryapp/Ferry/ferry-destinations-group.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationsGroup, add_button);
  gtk_widget_class_bind_template_callback (widget_class, add_clicked_cb);
}

static void
ferry_destinations_group_init (FerryDestinationsGroup *self)
{
  self->rows = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  ferry_button_name_once (self->add_button);
}

void
ferry_destinations_group_set_engine (FerryDestinationsGroup *self, FerryEngine *engine)
{
  g_return_if_fail (FERRY_IS_DESTINATIONS_GROUP (self));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (self->engine == NULL);

  self->engine = g_object_ref (engine);
  self->destinations = g_object_ref (ferry_engine_get_destinations (engine));
  g_signal_connect_swapped (self->destinations, "items-changed", G_CALLBACK (update), self);
  update (self);
}
