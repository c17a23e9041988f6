/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-upload-dialog.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-bidi.h"
#include "ferry-destination-editor.h"
#include "ferry-folder.h"
#include "ferry-format.h"
#include "ferry-left-out.h"
#include "ferry-uploads.h"

/* More than these are scrolled. */
#define FILES_SHOWN 5
/* Above and below a file's name, as the style sheet has it. */
#define FILE_PADDING 6
/* How often the number of files found so far is shown. */
#define COUNT_MSEC 200

struct _FerryUploadDialog
{
  AdwWindow parent_instance;

  FerryEngine *engine;
  GSettings *settings;
  FerryReceiveHere *receive_here;
  FerryDestinations *destinations;
  FerryDestination *destination; /* (nullable): the chosen one */
  GPtrArray *rows;               /* of the destinations, in their order; owned by the group */
  GtkCheckButton *leader; /* of their group, never shown: a group of one can be chosen from, too */
  FerryFileWalk *walk;
  GCancellable *cancellable;
  FerryFoundFiles *found; /* (nullable): while they are looked for, and once they were stolen */
  guint count_source;
  gboolean again; /* all of them were sent there already */

  GtkButton *upload_button;
  GtkLabel *heading;
  GtkSpinner *spinner;
  GtkScrolledWindow *files_window;
  GtkListView *files_view;
  GtkWidget *warning_box;
  GtkLabel *warning;
  GtkLabel *note;
  AdwPreferencesGroup *destinations_group;
  GtkWidget *here_row;
};

G_DEFINE_FINAL_TYPE (FerryUploadDialog, ferry_upload_dialog, ADW_TYPE_WINDOW)

static guint upload_signal;

FerryDestination *
ferry_upload_dialog_first_destination (FerryEngine *engine, GSettings *settings)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  FerryDestinations *destinations = FERRY_DESTINATIONS (ferry_engine_get_destinations (engine));
  g_autofree char *last = g_settings_get_string (settings, "last-destination");
  FerryDestination *found = ferry_destinations_find_by_id (destinations, last);

  return found != NULL ? found : ferry_destinations_get_default (destinations);
}

static char *
count_files (const FerryFoundFiles *found)
{
  guint n = found->files->len;
  g_autofree char *files
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u file", "%u files", n), n);
  g_autofree char *size = ferry_format_size (found->size);
  g_autofree char *folders = NULL;

  if (found->n_folders > 0)
    folders = g_strdup_printf (
        g_dngettext (GETTEXT_PACKAGE, "from %u folder", "from %u folders", found->n_folders),
        found->n_folders);
  const char *const parts[] = { files, size, folders };
  return ferry_format_join (parts, G_N_ELEMENTS (parts));
}

static void
show_heading (FerryUploadDialog *self)
{
  g_autofree char *text = NULL;

  if (self->found == NULL)
    {
      guint n = ferry_file_walk_get_count (self->walk);
      text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Looking for files… %u so far",
                                           "Looking for files… %u so far", n),
                              n);
    }
  else if (self->found->files->len == 0)
    text = g_strdup (_ ("There is no file to upload"));
  else
    text = count_files (self->found);
  gtk_label_set_text (self->heading, text);
}

/* What is said of files that were chosen and of which the list has some already. (nullable) */
static char *
describe_known (FerryUploadDialog *self, const FerryUploadsReview *review)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint all = self->found->files->len;

  if (self->again)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "This file was sent there already.",
                                         "These %u files were sent there already.",
                                         review->finished),
                            review->finished);
  if (review->finished > 0)
    g_string_append_printf (
        text,
        g_dngettext (GETTEXT_PACKAGE, "%u file was sent there already and is left out.",
                     "%u files were sent there already and are left out.", review->finished),
        review->finished);
  if (review->finished > 0 && review->unfinished > 0)
    g_string_append_c (text, ' ');
  if (review->unfinished > 0 && all == 1)
    g_string_append (text, _ ("This file is in the list already and goes on where it is."));
  else if (review->unfinished > 0)
    g_string_append_printf (text,
                            g_dngettext (GETTEXT_PACKAGE,
                                         "%u file is in the list already and goes on where it is.",
                                         "%u files are in the list already and go on where they "
                                         "are.",
                                         review->unfinished),
                            review->unfinished);
  return text->len > 0 ? g_strdup (text->str) : NULL;
}

static void
show_note (FerryUploadDialog *self, const char *known)
{
  g_autoptr (GString) text = g_string_new (known);

  if (self->found != NULL && self->found->n_folders > 0 && self->found->files->len > 1)
    {
      if (text->len > 0)
        g_string_append_c (text, '\n');
      g_string_append (text, _ ("The files arrive side by side, without their folders. Where two "
                                "have the same name, their folders are added to it."));
    }
  gtk_label_set_text (self->note, text->str);
  gtk_widget_set_visible (GTK_WIDGET (self->note), text->len > 0);
}

static void
show_warning (FerryUploadDialog *self)
{
  gboolean sandboxed = g_file_test ("/.flatpak-info", G_FILE_TEST_EXISTS);
  g_autofree char *text
      = self->found != NULL ? ferry_left_out_describe (self->found, sandboxed) : NULL;

  gtk_label_set_text (self->warning, text != NULL ? text : "");
  gtk_widget_set_visible (self->warning_box, text != NULL);
}

/* Enter uploads, unless the person is somewhere else in the dialog already. */
static void
focus_upload (FerryUploadDialog *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (focus == NULL || !gtk_widget_is_ancestor (focus, GTK_WIDGET (self->destinations_group)))
    gtk_window_set_focus (GTK_WINDOW (self), GTK_WIDGET (self->upload_button));
}

static void
review (FerryUploadDialog *self)
{
  gboolean some = self->found != NULL && self->found->files->len > 0 && !self->found->too_many;
  gboolean ready = some && self->destination != NULL;
  gboolean was_ready = gtk_widget_get_sensitive (GTK_WIDGET (self->upload_button));
  FerryUploadsReview known = { 0 };
  g_autofree char *sentence = NULL;

  self->again = FALSE;
  if (ready)
    {
      known = ferry_uploads_review (self->engine, self->found->files,
                                    ferry_destination_get_address (self->destination));
      self->again = known.finished == self->found->files->len;
      sentence = describe_known (self, &known);
    }
  show_heading (self);
  show_note (self, sentence);
  gtk_button_set_label (self->upload_button, self->again ? _ ("Upload Again") : _ ("Upload"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->upload_button), ready);
  if (ready && !was_ready)
    focus_upload (self);
}

/* ---- the files ---- */

static void
file_setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *name = gtk_label_new (NULL);
  GtkWidget *size = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (name), 0);
  gtk_label_set_ellipsize (GTK_LABEL (name), PANGO_ELLIPSIZE_MIDDLE);
  gtk_widget_set_hexpand (name, TRUE);
  gtk_widget_add_css_class (size, "dim-label");
  gtk_widget_add_css_class (size, "numeric");
  gtk_box_append (GTK_BOX (box), name);
  gtk_box_append (GTK_BOX (box), size);
  gtk_list_item_set_activatable (item, FALSE);
  gtk_list_item_set_child (item, box);
}

static void
file_bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  FerryUploadDialog *self = user_data;
  GtkWidget *name = gtk_widget_get_first_child (gtk_list_item_get_child (item));
  GtkWidget *row = gtk_widget_get_parent (gtk_list_item_get_child (item));
  guint position = gtk_list_item_get_position (item);

  if (self->found == NULL || position >= self->found->files->len)
    return;

  const FerryFoundFile *file = g_ptr_array_index (self->found->files, position);
  g_autofree char *size = ferry_format_size (file->size);
  g_autofree char *label = g_strdup_printf (_ ("%s: %s"), file->shown, size);

  gtk_label_set_text (GTK_LABEL (name), file->shown);
  gtk_label_set_text (GTK_LABEL (gtk_widget_get_next_sibling (name)), size);
  gtk_widget_set_tooltip_text (name, file->shown);
  if (row != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

/* A list view says nothing about the height of what it holds before it has shown it. */
static void
size_files (FerryUploadDialog *self)
{
  g_autoptr (PangoLayout) layout
      = gtk_widget_create_pango_layout (GTK_WIDGET (self->files_view), "Xg");
  int line;

  pango_layout_get_pixel_size (layout, NULL, &line);
  gtk_scrolled_window_set_min_content_height (self->files_window,
                                              (int) MIN (self->found->files->len, FILES_SHOWN)
                                                  * (line + 2 * FILE_PADDING));
  gtk_widget_set_visible (GTK_WIDGET (self->files_window), self->found->files->len > 0);
}

static void
show_files (FerryUploadDialog *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();
  GtkStringList *names = gtk_string_list_new (NULL);
  g_autoptr (GtkSelectionModel) model
      = GTK_SELECTION_MODEL (gtk_no_selection_new (G_LIST_MODEL (names)));
  g_autofree const char **shown = g_new0 (const char *, self->found->files->len + 1);

  for (guint i = 0; i < self->found->files->len; i++)
    shown[i] = ((FerryFoundFile *) g_ptr_array_index (self->found->files, i))->shown;
  gtk_string_list_splice (names, 0, 0, shown);

  g_signal_connect (factory, "setup", G_CALLBACK (file_setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (file_bind_cb), self);
  gtk_list_view_set_factory (self->files_view, factory);
  gtk_list_view_set_model (self->files_view, model);
  size_files (self);
}

static void
walked_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryUploadDialog) self = user_data;
  FerryFoundFiles *found = ferry_file_walk_finish (result, NULL);

  g_clear_handle_id (&self->count_source, g_source_remove);
  if (found == NULL || self->engine == NULL)
    {
      g_clear_pointer (&found, ferry_found_files_free);
      return; /* the dialog was closed */
    }
  self->found = found;
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), FALSE);
  gtk_spinner_stop (self->spinner);
  show_files (self);
  show_warning (self);
  review (self);
}

static gboolean
count_cb (gpointer user_data)
{
  show_heading (user_data);
  return G_SOURCE_CONTINUE;
}

/* ---- the destinations ---- */

/* What tells one from another beside its name. (transfer full) */
static char *
describe_destination (FerryUploadDialog *self, FerryDestination *destination)
{
  if (ferry_destination_get_here (destination) && self->receive_here != NULL)
    return ferry_folder_describe (ferry_receive_here_get_folder (self->receive_here));
  return ferry_bidi_plain (ferry_destination_get_address (destination));
}

static void
check_toggled_cb (GtkCheckButton *check, gpointer user_data)
{
  FerryUploadDialog *self = user_data;

  if (!gtk_check_button_get_active (check))
    return;
  g_set_object (&self->destination, g_object_get_data (G_OBJECT (check), "ferry-destination"));
  review (self);
}

static GtkWidget *
destination_row_new (FerryUploadDialog *self, FerryDestination *destination)
{
  const char *name = ferry_destination_get_name (destination);
  g_autofree char *subtitle = describe_destination (self, destination);
  GtkWidget *check
      = g_object_new (GTK_TYPE_CHECK_BUTTON, "accessible-role", GTK_ACCESSIBLE_ROLE_RADIO, NULL);
  GtkWidget *row = g_object_new (ADW_TYPE_ACTION_ROW, "use-markup", FALSE, "title", name,
                                 "subtitle", subtitle, "title-lines", 1, "subtitle-lines", 1, NULL);

  gtk_widget_set_valign (check, GTK_ALIGN_CENTER);
  gtk_accessible_update_property (GTK_ACCESSIBLE (check), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
  g_object_set_data_full (G_OBJECT (check), "ferry-destination", g_object_ref (destination),
                          g_object_unref);
  gtk_check_button_set_group (GTK_CHECK_BUTTON (check), self->leader);
  gtk_check_button_set_active (GTK_CHECK_BUTTON (check), destination == self->destination);
  g_signal_connect (check, "toggled", G_CALLBACK (check_toggled_cb), self);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), check);
  adw_action_row_set_activatable_widget (ADW_ACTION_ROW (row), check);
  return row;
}

static void
show_destinations (FerryUploadDialog *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->destinations));
  gboolean here = ferry_destinations_find_by_id (self->destinations, "here") != NULL;

  for (guint i = 0; i < self->rows->len; i++)
    adw_preferences_group_remove (self->destinations_group, g_ptr_array_index (self->rows, i));
  g_ptr_array_set_size (self->rows, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FerryDestination) destination
          = g_list_model_get_item (G_LIST_MODEL (self->destinations), i);
      GtkWidget *row = destination_row_new (self, destination);

      adw_preferences_group_add (self->destinations_group, row);
      g_ptr_array_add (self->rows, row);
    }
  adw_preferences_group_set_description (
      self->destinations_group,
      n > 0 ? NULL
            : _ ("Ferry knows no place for your files yet. Add the address of a receiver, or let "
                 "this computer receive."));
  gtk_widget_set_visible (self->here_row, !here);
}

/* The chosen one may have gone, and any may be the first. */
static void
destinations_changed_cb (FerryUploadDialog *self)
{
  FerryDestination *still = NULL;

  if (self->destination != NULL)
    still = ferry_destinations_find_by_id (self->destinations,
                                           ferry_destination_get_id (self->destination));
  if (still == NULL)
    still = ferry_upload_dialog_first_destination (self->engine, self->settings);
  g_set_object (&self->destination, still);
  show_destinations (self);
  review (self);
}

static void
choose (FerryUploadDialog *self, FerryDestination *destination)
{
  if (destination == NULL)
    return;
  g_set_object (&self->destination, destination);
  show_destinations (self);
  review (self);
  focus_upload (self);
}

static void
destination_added (FerryDestination *destination, gpointer user_data)
{
  choose (user_data, destination);
}

static void
add_activated_cb (FerryUploadDialog *self)
{
  ferry_destination_editor_present (GTK_WINDOW (self), self->engine, NULL, destination_added, self);
}

static void
receives_here (gboolean active, gpointer user_data)
{
  FerryUploadDialog *self = user_data;

  if (active)
    choose (self, ferry_destinations_find_by_id (self->destinations, "here"));
}

static void
here_activated_cb (FerryUploadDialog *self)
{
  ferry_receive_here_present (self->receive_here, GTK_WINDOW (self), receives_here, self);
}

static void
upload_clicked_cb (FerryUploadDialog *self)
{
  g_autoptr (FerryDestination) destination = g_object_ref (self->destination);

  g_settings_set_string (self->settings, "last-destination",
                         ferry_destination_get_id (destination));
  /* The list must not ask for files that are on their way. */
  gtk_list_view_set_model (self->files_view, NULL);
  g_signal_emit (self, upload_signal, 0, destination, self->again);
  gtk_window_destroy (GTK_WINDOW (self));
}

static void
ferry_upload_dialog_dispose (GObject *object)
{
  FerryUploadDialog *self = FERRY_UPLOAD_DIALOG (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_handle_id (&self->count_source, g_source_remove);
  if (self->destinations != NULL)
    g_signal_handlers_disconnect_by_data (self->destinations, self);
  if (self->files_view != NULL)
    gtk_list_view_set_model (self->files_view, NULL);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->walk, ferry_file_walk_unref);
  g_clear_pointer (&self->found, ferry_found_files_free);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_object (&self->leader);
  g_clear_object (&self->destination);
  g_clear_object (&self->destinations);
  g_clear_object (&self->receive_here);
  g_clear_object (&self->settings);
  g_clear_object (&self->engine);

  G_OBJECT_CLASS (ferry_upload_dialog_parent_class)->dispose (object);
}

static void
ferry_upload_dialog_class_init (FerryUploadDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_upload_dialog_dispose;

  upload_signal = g_signal_new ("upload", FERRY_TYPE_UPLOAD_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL,
                                NULL, NULL, G_TYPE_NONE, 2, FERRY_TYPE_DESTINATION, G_TYPE_BOOLEAN);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-upload-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, upload_button);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, heading);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, files_window);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, files_view);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, warning_box);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, warning);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, note);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, destinations_group);
  gtk_widget_class_bind_template_child (widget_class, FerryUploadDialog, here_row);
  gtk_widget_class_bind_template_callback (widget_class, upload_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, add_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, here_activated_cb);
}

static void
ferry_upload_dialog_init (FerryUploadDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
  self->rows = g_ptr_array_new ();
  self->leader = g_object_ref_sink (GTK_CHECK_BUTTON (gtk_check_button_new ()));
}

FerryUploadDialog *
ferry_upload_dialog_new (GtkWindow *parent,
                         FerryEngine *engine,
                         GSettings *settings,
                         FerryReceiveHere *receive_here,
                         GPtrArray *chosen)
{
  g_return_val_if_fail (GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (FERRY_IS_RECEIVE_HERE (receive_here), NULL);
  g_return_val_if_fail (chosen != NULL, NULL);

  FerryUploadDialog *self = g_object_new (FERRY_TYPE_UPLOAD_DIALOG, "transient-for", parent, NULL);

  self->engine = g_object_ref (engine);
  self->settings = g_object_ref (settings);
  self->receive_here = g_object_ref (receive_here);
  self->destinations = FERRY_DESTINATIONS (g_object_ref (ferry_engine_get_destinations (engine)));
  self->walk = ferry_file_walk_start (chosen, self->cancellable, walked_cb, g_object_ref (self));
  self->count_source = g_timeout_add (COUNT_MSEC, count_cb, self);
  g_signal_connect_swapped (self->destinations, "items-changed",
                            G_CALLBACK (destinations_changed_cb), self);
  destinations_changed_cb (self);
  return self;
}

FerryFoundFiles *
ferry_upload_dialog_steal_files (FerryUploadDialog *self)
{
  g_return_val_if_fail (FERRY_IS_UPLOAD_DIALOG (self), NULL);

  return g_steal_pointer (&self->found);
}
