/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-destination-editor.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-button.h"
#include "ferry-destination-check.h"
#include "ferry-error.h"
#include "ferry-note-row.h"

#define FERRY_TYPE_DESTINATION_EDITOR (ferry_destination_editor_get_type ())
G_DECLARE_FINAL_TYPE (
    FerryDestinationEditor, ferry_destination_editor, FERRY, DESTINATION_EDITOR, AdwWindow)

struct _FerryDestinationEditor
{
  AdwWindow parent_instance;

  FerryEngine *engine;
  FerryDestination *destination; /* (nullable): a new one */
  FerryDestinationEditorFunc done;
  gpointer user_data;
  GCancellable *saving;  /* (nullable) while it saves */
  GCancellable *testing; /* (nullable) while it tests */

  GtkWidget *save_button;
  GtkWidget *form;
  AdwEntryRow *name_row;
  FerryNoteRow *name_note;
  AdwEntryRow *address_row;
  FerryNoteRow *address_note;
  AdwEntryRow *token_row;
  FerryNoteRow *token_note;
  GtkWidget *keep_button;
  AdwActionRow *test_row;
  GtkImage *test_icon;
  GtkSpinner *spinner;
  GtkWidget *test_button;
  GtkSwitch *default_switch;
};

G_DEFINE_FINAL_TYPE (FerryDestinationEditor, ferry_destination_editor, ADW_TYPE_WINDOW)

static const char *
text_of (AdwEntryRow *row)
{
  return gtk_editable_get_text (GTK_EDITABLE (row));
}

/* The token as typed or pasted; NULL: none, what is known of it stays. (transfer full) */
static char *
typed_token (FerryDestinationEditor *self)
{
  g_autofree char *token = g_strstrip (g_strdup (text_of (self->token_row)));

  return *token != '\0' ? g_steal_pointer (&token) : NULL;
}

static void
finish (FerryDestinationEditor *self, FerryDestination *destination)
{
  FerryDestinationEditorFunc done = self->done;
  gpointer user_data = self->user_data;

  self->done = NULL;
  gtk_window_destroy (GTK_WINDOW (self));
  if (done != NULL)
    done (destination, user_data);
}

static gboolean
close_request_cb (FerryDestinationEditor *self)
{
  finish (self, NULL);
  return GDK_EVENT_STOP;
}

/* ---- what the fields say ---- */

static void
set_note (AdwEntryRow *row, FerryNoteRow *note, const char *sentence)
{
  ferry_note_row_set_text (note, sentence);
  gtk_accessible_update_state (
      GTK_ACCESSIBLE (row), GTK_ACCESSIBLE_STATE_INVALID,
      sentence != NULL ? GTK_ACCESSIBLE_INVALID_TRUE : GTK_ACCESSIBLE_INVALID_FALSE, -1);
  if (sentence != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (row), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (row), "error");
}

static void
update_sensitive (FerryDestinationEditor *self)
{
  gboolean address = *text_of (self->address_row) != '\0';
  gboolean name = *text_of (self->name_row) != '\0';
  gboolean busy = self->saving != NULL;

  gtk_widget_set_sensitive (self->form, !busy);
  gtk_widget_set_sensitive (self->save_button, address && name && !busy);
  gtk_widget_set_sensitive (self->test_button, address && self->testing == NULL);
}

static void
show_test (FerryDestinationEditor *self, const char *icon, const char *sentence)
{
  gboolean running = self->testing != NULL;

  gtk_widget_set_visible (GTK_WIDGET (self->spinner), running);
  gtk_spinner_set_spinning (self->spinner, running);
  gtk_widget_set_visible (GTK_WIDGET (self->test_icon), icon != NULL);
  gtk_image_set_from_icon_name (self->test_icon, icon);
  adw_action_row_set_subtitle (self->test_row, sentence != NULL ? sentence : "");
  update_sensitive (self);
}

/* What was found out is about other values. */
static void
drop_test (FerryDestinationEditor *self)
{
  if (self->testing != NULL)
    g_cancellable_cancel (self->testing);
  g_clear_object (&self->testing);
  show_test (self, NULL, NULL);
}

/* A token is known by its server. */
static gboolean
is_token_known (FerryDestinationEditor *self)
{
  g_autofree char *address = NULL;

  if (self->destination == NULL)
    return FALSE;
  address = ferry_address_normalize (text_of (self->address_row), NULL, NULL);
  return address != NULL
         && ferry_address_same_origin (address, ferry_destination_get_address (self->destination));
}

static void
name_changed_cb (FerryDestinationEditor *self)
{
  set_note (self->name_row, self->name_note, NULL);
  update_sensitive (self);
}

static void
token_changed_cb (FerryDestinationEditor *self)
{
  set_note (self->token_row, self->token_note, NULL);
  drop_test (self);
}

static void
address_changed_cb (FerryDestinationEditor *self)
{
  set_note (self->address_row, self->address_note, NULL);
  set_note (self->token_row, self->token_note, NULL);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (self->token_row),
                                 is_token_known (self) ? _ ("_Token (unchanged)") : _ ("_Token"));
  drop_test (self);
}

static void
complain (FerryDestinationEditor *self, AdwEntryRow *row, FerryNoteRow *note, const char *sentence)
{
  set_note (row, note, sentence);
  gtk_widget_grab_focus (GTK_WIDGET (row));
}

/* What is wrong with an address is told of links as a rule. */
static const char *
sentence_of (const GError *error)
{
  if (g_error_matches (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME))
    return _ ("The address of a receiver starts with http: or https:.");
  return error->message;
}

/* ---- testing ---- */

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryDestinationEditor) self = user_data;
  g_autoptr (GError) error = NULL;
  gboolean ok = ferry_destination_test_finish (result, &error);

  /* Cancelled: the values have changed, or the editor is closed. */
  if (ferry_error_get_code (error) == FERRY_ERROR_CANCELLED)
    return;
  g_clear_object (&self->testing);
  if (ok)
    show_test (self, "emblem-ok-symbolic", _ ("The receiver is there and takes the token."));
  else
    show_test (self, "dialog-warning-symbolic", sentence_of (error));
}

static void
test_clicked_cb (FerryDestinationEditor *self)
{
  g_autofree char *token = typed_token (self);

  drop_test (self);
  self->testing = g_cancellable_new ();
  show_test (self, NULL, _ ("Asking the receiver…"));
  ferry_destination_test_async (text_of (self->address_row), token, self->testing, tested_cb,
                                g_object_ref (self));
}

/* ---- saving ---- */

static gboolean
check_fields (FerryDestinationEditor *self)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *name = ferry_destination_check_name (text_of (self->name_row), &error);
  g_autofree char *address = NULL;
  g_autofree char *token = typed_token (self);

  if (name == NULL)
    {
      complain (self, self->name_row, self->name_note, error->message);
      return FALSE;
    }
  address = ferry_destination_check_address (text_of (self->address_row), &error);
  if (address == NULL)
    {
      complain (self, self->address_row, self->address_note, sentence_of (error));
      return FALSE;
    }
  if (!ferry_destination_check_token (token, &error))
    {
      complain (self, self->token_row, self->token_note, error->message);
      return FALSE;
    }
  return TRUE;
}

static void
saving_failed (FerryDestinationEditor *self, const GError *error)
{
  gboolean no_keyring = g_error_matches (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING);

  gtk_widget_set_visible (self->keep_button, no_keyring);
  if (no_keyring)
    complain (self, self->token_row, self->token_note,
              _ ("No keyring took the token: there is none here, or it stays locked. Start or "
                 "unlock one and save again, or keep the token until Ferry is closed."));
  else
    complain (self, self->name_row, self->name_note, error->message);
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryDestinationEditor) self = user_data;
  g_autoptr (GError) error = NULL;
  FerryDestinations *destinations = FERRY_DESTINATIONS (source);
  FerryDestination *destination = ferry_destinations_save_finish (destinations, result, &error);

  /* Closed meanwhile: it is saved or not, and nobody asks. */
  if (self->saving == NULL)
    return;
  g_clear_object (&self->saving);
  update_sensitive (self);
  if (destination == NULL)
    {
      saving_failed (self, error);
      return;
    }
  if (gtk_switch_get_active (self->default_switch))
    ferry_destinations_set_default (destinations, destination);
  finish (self, destination);
}

static void
save (FerryDestinationEditor *self, const char *token)
{
  self->saving = g_cancellable_new ();
  /* GTK 4.8 complains of an entry that becomes insensitive while it has the keyboard. */
  gtk_window_set_focus (GTK_WINDOW (self), NULL);
  update_sensitive (self);
  ferry_destinations_save_async (ferry_engine_get_destinations (self->engine), self->destination,
                                 text_of (self->name_row), text_of (self->address_row), token,
                                 self->saving, saved_cb, g_object_ref (self));
}

static void
save_clicked_cb (FerryDestinationEditor *self)
{
  g_autofree char *token = typed_token (self);

  if (check_fields (self))
    save (self, token);
}

/* Without a keyring. */
static void
keep_clicked_cb (FerryDestinationEditor *self)
{
  g_autofree char *token = typed_token (self);
  g_autofree char *address = NULL;

  if (!check_fields (self))
    return;
  address = ferry_destination_check_address (text_of (self->address_row), NULL);
  if (token != NULL)
    ferry_engine_offer_token (self->engine, address, token);
  save (self, NULL);
}

/* ---- the window ---- */

static void
ferry_destination_editor_dispose (GObject *object)
{
  FerryDestinationEditor *self = FERRY_DESTINATION_EDITOR (object);

  if (self->testing != NULL)
    g_cancellable_cancel (self->testing);
  if (self->saving != NULL)
    g_cancellable_cancel (self->saving);
  g_clear_object (&self->testing);
  g_clear_object (&self->saving);
  g_clear_object (&self->destination);
  g_clear_object (&self->engine);

  G_OBJECT_CLASS (ferry_destination_editor_parent_class)->dispose (object);
}

static void
ferry_destination_editor_class_init (FerryDestinationEditorClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_destination_editor_dispose;

  g_type_ensure (FERRY_TYPE_NOTE_ROW);
  gtk_widget_class_set_template_from_resource (
      widget_class, "/io/github/ferryapp/Ferry/ferry-destination-editor.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, save_button);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, form);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, name_row);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, name_note);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, address_row);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, address_note);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, token_row);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, token_note);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, test_row);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, test_icon);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, spinner);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, test_button);
  gtk_widget_class_bind_template_child (widget_class, FerryDestinationEditor, default_switch);
  gtk_widget_class_bind_template_callback (widget_class, close_request_cb);
  gtk_widget_class_bind_template_callback (widget_class, name_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, address_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, token_changed_cb);
  gtk_widget_class_bind_template_callback (widget_class, test_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, save_clicked_cb);
}

/* The button that shows the token has an icon alone, and libadwaita 1.2 no name for it. */
static void
name_peek_button (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget))
    gtk_accessible_update_property (GTK_ACCESSIBLE (widget), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                    _ ("Show or Hide the Token"), -1);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_peek_button (child);
}

static void
ferry_destination_editor_init (FerryDestinationEditor *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  name_peek_button (GTK_WIDGET (self->token_row));
  ferry_button_name_once (self->test_button);
  self->keep_button
      = ferry_note_row_add_button (self->token_note, _ ("_Keep It Until Ferry Is Closed"));
  gtk_widget_set_visible (self->keep_button, FALSE);
  g_signal_connect_swapped (self->keep_button, "clicked", G_CALLBACK (keep_clicked_cb), self);
}

static void
fill (FerryDestinationEditor *self)
{
  if (self->destination == NULL)
    return;

  gboolean is_default = ferry_destination_get_is_default (self->destination);

  gtk_window_set_title (GTK_WINDOW (self), _ ("Edit Destination"));
  gtk_editable_set_text (GTK_EDITABLE (self->name_row),
                         ferry_destination_get_name (self->destination));
  gtk_editable_set_text (GTK_EDITABLE (self->address_row),
                         ferry_destination_get_address (self->destination));
  gtk_switch_set_active (self->default_switch, is_default);
  /* Another becomes the default by being made it. */
  gtk_widget_set_sensitive (GTK_WIDGET (self->default_switch), !is_default);
}

static FerryDestinationEditor *
editor_new (GtkWindow *parent,
            FerryEngine *engine,
            FerryDestination *destination,
            FerryDestinationEditorFunc done,
            gpointer user_data)
{
  FerryDestinationEditor *self
      = g_object_new (FERRY_TYPE_DESTINATION_EDITOR, "transient-for", parent, NULL);

  self->engine = g_object_ref (engine);
  g_set_object (&self->destination, destination);
  self->done = done;
  self->user_data = user_data;
  fill (self);
  return self;
}

void
ferry_destination_editor_present (GtkWindow *parent,
                                  FerryEngine *engine,
                                  FerryDestination *destination,
                                  FerryDestinationEditorFunc done,
                                  gpointer user_data)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (destination == NULL || FERRY_IS_DESTINATION (destination));

  gtk_window_present (GTK_WINDOW (editor_new (parent, engine, destination, done, user_data)));
}

void
ferry_destination_editor_ask_token (GtkWindow *parent,
                                    FerryEngine *engine,
                                    FerryDestination *destination,
                                    FerryDestinationEditorFunc done,
                                    gpointer user_data)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (FERRY_IS_DESTINATION (destination));

  FerryDestinationEditor *self = editor_new (parent, engine, destination, done, user_data);

  gtk_widget_grab_focus (GTK_WIDGET (self->token_row));
  gtk_window_present (GTK_WINDOW (self));
}
