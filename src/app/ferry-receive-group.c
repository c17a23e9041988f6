/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receive-group.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-bidi.h"
#include "ferry-folder.h"
#include "ferry-message-dialog.h"
#include "ferry-receive-note.h"

struct _FerryReceiveGroup
{
  AdwPreferencesGroup parent_instance;

  FerryReceiveHere *here; /* (nullable) before it is set */
  gboolean updating;      /* the switch follows, nobody moved it */

  GtkSwitch *active_switch;
  GtkSpinner *spinner;
  FerryNoteRow *note;
  AdwActionRow *folder_row;
  AdwActionRow *address_row;
  AdwActionRow *token_row;
};

G_DEFINE_FINAL_TYPE (FerryReceiveGroup, ferry_receive_group, ADW_TYPE_PREFERENCES_GROUP)

static void
update (FerryReceiveGroup *self)
{
  gboolean active = ferry_receive_here_get_active (self->here);
  gboolean busy = ferry_receive_here_get_busy (self->here);
  g_autofree char *folder = ferry_folder_describe (ferry_receive_here_get_folder (self->here));

  self->updating = TRUE;
  gtk_switch_set_active (self->active_switch, ferry_receive_here_get_wanted (self->here));
  gtk_switch_set_state (self->active_switch, ferry_receive_here_get_wanted (self->here));
  self->updating = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);

  adw_action_row_set_subtitle (self->folder_row, folder);
  gtk_widget_set_visible (GTK_WIDGET (self->address_row), active);
  gtk_widget_set_visible (GTK_WIDGET (self->token_row), active);
  if (!active)
    return;

  g_autofree char *token = ferry_folder_describe (ferry_receive_here_get_token_path (self->here));
  g_autofree char *address = ferry_bidi_plain (ferry_receive_here_get_address (self->here));
  adw_action_row_set_subtitle (self->address_row, address);
  adw_action_row_set_subtitle (self->token_row, token);
}

static void
turn_off_response_cb (FerryReceiveGroup *self, const char *response)
{
  if (g_str_equal (response, "stop"))
    ferry_receive_here_turn_off (self->here);
  update (self);
}

static void
ask_to_turn_off (FerryReceiveGroup *self, guint n)
{
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self)));
  AdwMessageDialog *dialog = ferry_message_dialog_new (window, _ ("Stop Receiving?"));

  adw_message_dialog_format_body (
      dialog,
      g_dngettext (GETTEXT_PACKAGE,
                   "%u upload to this computer is not finished. It waits until you receive again, "
                   "and then goes on where it was.",
                   "%u uploads to this computer are not finished. They wait until you receive "
                   "again, and then go on where they were.",
                   n),
      n);
  ferry_message_dialog_add_answer (dialog, "stop", _ ("_Stop Receiving"), ADW_RESPONSE_DEFAULT);
  g_signal_connect_object (dialog, "response", G_CALLBACK (turn_off_response_cb), self,
                           G_CONNECT_SWAPPED);
  ferry_message_dialog_present (dialog);
}

static gboolean
state_set_cb (FerryReceiveGroup *self, gboolean on)
{
  if (self->updating || on == ferry_receive_here_get_wanted (self->here))
    return GDK_EVENT_PROPAGATE;
  if (on)
    {
      ferry_receive_here_turn_on (self->here);
      return GDK_EVENT_PROPAGATE;
    }

  guint n = ferry_receive_here_count_unfinished (self->here);
  if (n > 0)
    {
      ask_to_turn_off (self, n);
      return GDK_EVENT_STOP;
    }
  ferry_receive_here_turn_off (self->here);
  return GDK_EVENT_PROPAGATE;
}

static void
folder_chosen (const char *path, gpointer user_data)
{
  FerryReceiveGroup *self = user_data;

  ferry_receive_here_set_folder (self->here, path);
}

static void
choose_folder (FerryReceiveGroup *self)
{
  ferry_folder_choose (GTK_WINDOW (gtk_widget_get_root (GTK_WIDGET (self))),
                       ferry_receive_here_get_folder (self->here), folder_chosen, self);
}

static void
copy (FerryReceiveGroup *self, const char *text, const char *sentence)
{
  GtkRoot *window = gtk_widget_get_root (GTK_WIDGET (self));

  if (text == NULL)
    return;
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text);
  if (ADW_IS_PREFERENCES_WINDOW (window))
    adw_preferences_window_add_toast (ADW_PREFERENCES_WINDOW (window), adw_toast_new (sentence));
}

static void
copy_address_cb (FerryReceiveGroup *self)
{
  copy (self, ferry_receive_here_get_address (self->here), _ ("Address copied"));
}

static void
copy_token_cb (FerryReceiveGroup *self)
{
  copy (self, ferry_receive_here_get_token (self->here), _ ("Token copied"));
}

static void
ferry_receive_group_dispose (GObject *object)
{
  FerryReceiveGroup *self = FERRY_RECEIVE_GROUP (object);

  if (self->here != NULL)
    g_signal_handlers_disconnect_by_data (self->here, self);
  g_clear_object (&self->here);

  G_OBJECT_CLASS (ferry_receive_group_parent_class)->dispose (object);
}

static void
ferry_receive_group_class_init (FerryReceiveGroupClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_receive_group_dispose;

  g_type_ensure (FERRY_TYPE_NOTE_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-receive-group.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, active_switch);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, spinner);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, note);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, folder_row);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, address_row);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveGroup, token_row);
  gtk_widget_class_bind_template_callback (widget_class, state_set_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, copy_address_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_token_cb);
}

static void
ferry_receive_group_init (FerryReceiveGroup *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ferry_receive_group_set_receive_here (FerryReceiveGroup *self, FerryReceiveHere *here)
{
  g_return_if_fail (FERRY_IS_RECEIVE_GROUP (self));
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (here));
  g_return_if_fail (self->here == NULL);

  self->here = g_object_ref (here);
  ferry_receive_note_bind (self->note, here, TRUE, G_CALLBACK (choose_folder), self);
  g_signal_connect_swapped (here, "changed", G_CALLBACK (update), self);
  update (self);
}
