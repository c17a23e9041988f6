/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-add-dialog.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-file-name.h"
#include "ferry-folder.h"
#include "ferry-links.h"

/* A clipboard may hold anything: what does not look like links for people is left there. */
#define CLIPBOARD_MAX (1024 * 1024)

struct _FerryAddDialog
{
  AdwWindow parent_instance;

  FerryEngine *engine;
  GSettings *settings;
  FerryKnown *known; /* the queue as it was when the dialog opened */
  GCancellable *cancellable;
  char *folder;
  FerryTransfer *same; /* (nullable): the one transfer all of the links lead to */
  gboolean all_known;

  GtkButton *add_button;
  GtkTextBuffer *buffer;
  GtkImage *status_icon;
  GtkLabel *status;
  GtkButton *show_button;
  AdwActionRow *folder_row;
  AdwExpanderRow *more_row;
  AdwEntryRow *name_row;
  AdwEntryRow *checksum_row;
};

G_DEFINE_FINAL_TYPE (FerryAddDialog, ferry_add_dialog, ADW_TYPE_WINDOW)

static guint added_signal;
static guint show_signal;

/* What the links amount to. */
typedef struct
{
  guint good;
  guint known;
  guint bad;
  char *sentence; /* (nullable): what is wrong with the first bad one */
} Review;

static char **
dialog_links (FerryAddDialog *self)
{
  GtkTextIter start, end;
  gtk_text_buffer_get_bounds (self->buffer, &start, &end);
  g_autofree char *text = gtk_text_buffer_get_text (self->buffer, &start, &end, FALSE);

  return ferry_links_split (text);
}

static void
review_link (FerryAddDialog *self, Review *review, const char *link)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address = ferry_address_normalize (link, NULL, &error);

  if (address == NULL)
    {
      review->bad++;
      if (review->sentence == NULL)
        review->sentence = g_strdup (error->message);
      return;
    }

  FerryTransfer *same = ferry_known_find (self->known, address, self->folder);
  review->good++;
  if (same != NULL)
    {
      review->known++;
      g_set_object (&self->same, same);
    }
}

/* What is wrong with the options for a single link; NULL when nothing is. */
static char *
review_options (FerryAddDialog *self)
{
  const char *name = gtk_editable_get_text (GTK_EDITABLE (self->name_row));
  const char *checksum = gtk_editable_get_text (GTK_EDITABLE (self->checksum_row));
  g_autoptr (GError) error = NULL;

  if (*name != '\0')
    {
      g_autofree char *safe = ferry_file_name_sanitize (name);
      if (safe == NULL)
        return g_strdup_printf (_ ("“%s” cannot be the name of a file."), name);
      if (!g_str_equal (safe, name))
        return g_strdup_printf (_ ("“%s” cannot be the name of a file; “%s” can."), name, safe);
    }
  if (*checksum != '\0')
    {
      g_autofree char *hex = ferry_checksum_parse (checksum, &error);
      if (hex == NULL)
        return g_strdup (error->message);
    }
  return NULL;
}

/* How many will be added; NULL when none will. */
static char *
count_sentence (const Review *review)
{
  guint fresh = review->good - review->known;

  if (review->good == 0)
    return NULL;
  if (fresh == 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "This link is in the list already.",
                                         "These %u links are in the list already.", review->good),
                            review->good);
  if (review->known == 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u download will be added.",
                                         "%u downloads will be added.", fresh),
                            fresh);

  g_autofree char *added
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u download will be added.",
                                      "%u downloads will be added.", fresh),
                         fresh);
  g_autofree char *left
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u is in the list already.",
                                      "%u are in the list already.", review->known),
                         review->known);
  return g_strconcat (added, " ", left, NULL);
}

static void
show_status (FerryAddDialog *self, const char *wrong, const char *count)
{
  g_autofree char *text = wrong != NULL && count != NULL ? g_strconcat (wrong, " ", count, NULL)
                                                         : g_strdup (wrong != NULL ? wrong : count);

  gtk_label_set_text (self->status, text != NULL ? text : "");
  gtk_widget_set_visible (GTK_WIDGET (self->status_icon), wrong != NULL);
  if (wrong != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->status), "warns");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->status), "warns");
}

static void
review (FerryAddDialog *self)
{
  if (self->known == NULL)
    return;

  g_auto (GStrv) links = dialog_links (self);
  Review result = { 0 };

  g_clear_object (&self->same);
  for (gsize i = 0; links[i] != NULL; i++)
    review_link (self, &result, links[i]);

  gboolean single = result.good == 1 && result.bad == 0;
  g_autofree char *wrong_option = single ? review_options (self) : NULL;
  g_autofree char *count = wrong_option == NULL ? count_sentence (&result) : NULL;

  self->all_known = result.good > 0 && result.known == result.good;
  show_status (self, wrong_option != NULL ? wrong_option : result.sentence, count);
  gtk_widget_set_visible (GTK_WIDGET (self->show_button), self->all_known);
  gtk_widget_set_visible (GTK_WIDGET (self->more_row), single);
  gtk_button_set_label (self->add_button, self->all_known ? _ ("Add Anyway") : _ ("Add"));
  gtk_widget_set_sensitive (GTK_WIDGET (self->add_button), result.good > 0 && wrong_option == NULL);
  g_free (result.sentence);
}

/* One link with its options; they were reviewed already. */
static FerryTransfer *
add_single (FerryAddDialog *self, const char *link, GError **error)
{
  const char *name = gtk_editable_get_text (GTK_EDITABLE (self->name_row));
  const char *checksum = gtk_editable_get_text (GTK_EDITABLE (self->checksum_row));
  g_autoptr (FerrySpec) spec = ferry_spec_new (link, self->folder, error);

  if (spec == NULL)
    return NULL;
  if (*name != '\0')
    spec->name = g_strdup (name);
  if (*checksum != '\0')
    {
      spec->sha256 = ferry_checksum_parse (checksum, error);
      if (spec->sha256 == NULL)
        return NULL;
    }
  return ferry_engine_add (self->engine, spec, error);
}

/* What could not be added stays in the field with the reason under it. */
static void
keep_refused (FerryAddDialog *self, GPtrArray *refused, const char *sentence)
{
  g_ptr_array_add (refused, NULL);
  g_autofree char *text = g_strjoinv ("\n", (char **) refused->pdata);

  g_clear_pointer (&self->known, ferry_known_free);
  self->known = ferry_known_new (G_LIST_MODEL (self->engine));
  gtk_text_buffer_set_text (self->buffer, text, -1);
  show_status (self, sentence, NULL);
}

static void
add_clicked_cb (FerryAddDialog *self)
{
  g_auto (GStrv) links = dialog_links (self);
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryLinksAdded) result = NULL;

  if (gtk_widget_get_visible (GTK_WIDGET (self->more_row)))
    {
      FerryTransfer *transfer = add_single (self, links[0], &error);
      if (transfer == NULL)
        {
          show_status (self, error->message, NULL);
          return;
        }
      g_autoptr (GPtrArray) added = g_ptr_array_new ();
      g_ptr_array_add (added, transfer);
      g_signal_emit (self, added_signal, 0, added);
      gtk_window_destroy (GTK_WINDOW (self));
      return;
    }

  result
      = ferry_links_add (self->engine, (const char *const *) links, self->folder, self->all_known);
  if (result->added->len > 0)
    g_signal_emit (self, added_signal, 0, result->added);
  if (result->refused->len > 0)
    keep_refused (self, result->refused, result->sentence);
  else
    gtk_window_destroy (GTK_WINDOW (self));
}

static void
show_clicked_cb (FerryAddDialog *self)
{
  g_autoptr (FerryTransfer) same = g_steal_pointer (&self->same);

  if (same != NULL)
    g_signal_emit (self, show_signal, 0, same);
  gtk_window_destroy (GTK_WINDOW (self));
}

/* Enter adds, as in any dialog; Shift+Enter starts a new line. */
static gboolean
key_pressed_cb (GtkEventControllerKey *controller,
                guint keyval,
                guint keycode,
                GdkModifierType state,
                gpointer user_data)
{
  GtkWidget *view = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (controller));

  if (keyval != GDK_KEY_Return && keyval != GDK_KEY_KP_Enter && keyval != GDK_KEY_ISO_Enter)
    return GDK_EVENT_PROPAGATE;
  if ((state & (GDK_SHIFT_MASK | GDK_CONTROL_MASK | GDK_ALT_MASK)) != 0)
    return GDK_EVENT_PROPAGATE;

  gtk_widget_activate_default (view);
  return GDK_EVENT_STOP;
}

static void
set_folder (FerryAddDialog *self, const char *path)
{
  g_autofree char *shown = ferry_folder_describe (path);

  g_free (self->folder);
  self->folder = g_strdup (path);
  adw_action_row_set_subtitle (self->folder_row, shown);
  review (self);
}

static void
folder_chosen (const char *path, gpointer user_data)
{
  FerryAddDialog *self = user_data;

  g_settings_set_string (self->settings, "last-folder", path);
  set_folder (self, path);
}

static void
folder_activated_cb (FerryAddDialog *self)
{
  ferry_folder_choose (GTK_WINDOW (self), self->folder, folder_chosen, self);
}

static void
set_links (FerryAddDialog *self, const char *const *links)
{
  g_autofree char *text = g_strjoinv ("\n", (char **) links);

  gtk_text_buffer_set_text (self->buffer, text, -1);
}

static void
clipboard_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryAddDialog) self = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  if (text == NULL || self->cancellable == NULL || strlen (text) > CLIPBOARD_MAX
      || gtk_text_buffer_get_char_count (self->buffer) > 0)
    return;

  g_auto (GStrv) words = ferry_address_extract (text);
  for (gsize i = 0; words[i] != NULL; i++)
    {
      g_autofree char *address = ferry_address_normalize (words[i], NULL, NULL);
      if (address == NULL)
        return;
    }
  set_links (self, (const char *const *) words);
}

static void
ferry_add_dialog_dispose (GObject *object)
{
  FerryAddDialog *self = FERRY_ADD_DIALOG (object);

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->known, ferry_known_free);
  g_clear_object (&self->same);
  g_clear_object (&self->engine);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->folder, g_free);

  G_OBJECT_CLASS (ferry_add_dialog_parent_class)->dispose (object);
}

static void
ferry_add_dialog_class_init (FerryAddDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_add_dialog_dispose;

  added_signal = g_signal_new ("added", FERRY_TYPE_ADD_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                               NULL, G_TYPE_NONE, 1, G_TYPE_PTR_ARRAY);
  show_signal = g_signal_new ("show-transfer", FERRY_TYPE_ADD_DIALOG, G_SIGNAL_RUN_LAST, 0, NULL,
                              NULL, NULL, G_TYPE_NONE, 1, FERRY_TYPE_TRANSFER);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-add-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, add_button);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, buffer);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, status_icon);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, status);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, show_button);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, more_row);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, name_row);
  gtk_widget_class_bind_template_child (widget_class, FerryAddDialog, checksum_row);
  gtk_widget_class_bind_template_callback (widget_class, add_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, folder_activated_cb);
  gtk_widget_class_bind_template_callback (widget_class, key_pressed_cb);
  gtk_widget_class_bind_template_callback (widget_class, review);
}

static void
ferry_add_dialog_init (FerryAddDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->cancellable = g_cancellable_new ();
}

static char *
initial_folder (GSettings *settings)
{
  g_autofree char *last = g_settings_get_string (settings, "last-folder");

  if (g_path_is_absolute (last) && g_file_test (last, G_FILE_TEST_IS_DIR))
    return g_steal_pointer (&last);
  return ferry_folder_for_downloads (settings);
}

FerryAddDialog *
ferry_add_dialog_new (GtkWindow *parent, FerryEngine *engine, GSettings *settings, const char *text)
{
  g_return_val_if_fail (GTK_IS_WINDOW (parent), NULL);
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);

  FerryAddDialog *self = g_object_new (FERRY_TYPE_ADD_DIALOG, "transient-for", parent, NULL);
  g_autofree char *folder = initial_folder (settings);

  self->engine = g_object_ref (engine);
  self->settings = g_object_ref (settings);
  self->known = ferry_known_new (G_LIST_MODEL (engine));
  set_folder (self, folder);

  if (text != NULL)
    gtk_text_buffer_set_text (self->buffer, text, -1);
  else
    gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (parent)),
                                   self->cancellable, clipboard_read_cb, g_object_ref (self));
  return self;
}
