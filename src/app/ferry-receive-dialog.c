/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receive-here.h"

#include "ferry-folder.h"
#include "ferry-receive-note.h"

#define FERRY_TYPE_RECEIVE_DIALOG (ferry_receive_dialog_get_type ())
G_DECLARE_FINAL_TYPE (FerryReceiveDialog, ferry_receive_dialog, FERRY, RECEIVE_DIALOG, AdwWindow)

struct _FerryReceiveDialog
{
  AdwWindow parent_instance;

  FerryReceiveHere *here;
  FerryReceiveHereFunc done; /* (nullable) */
  gpointer user_data;
  gboolean was_wanted; /* as the dialog opened: closing it changes nothing then */
  char *folder;

  GtkButton *on_button;
  GtkSpinner *spinner;
  AdwActionRow *folder_row;
  FerryNoteRow *note;
};

G_DEFINE_FINAL_TYPE (FerryReceiveDialog, ferry_receive_dialog, ADW_TYPE_WINDOW)

static void
finish (FerryReceiveDialog *self)
{
  FerryReceiveHereFunc done = self->done;
  gboolean active = ferry_receive_here_get_active (self->here);
  gpointer user_data = self->user_data;

  self->done = NULL;
  g_signal_handlers_disconnect_by_data (self->here, self);
  gtk_window_destroy (GTK_WINDOW (self));
  if (done != NULL)
    done (active, user_data);
}

static gboolean
close_request_cb (FerryReceiveDialog *self)
{
  /* It may be on by now, with something to say about it. */
  if (!self->was_wanted && !ferry_receive_here_get_active (self->here))
    ferry_receive_here_turn_off (self->here);
  finish (self);
  return GDK_EVENT_STOP;
}

static void
update (FerryReceiveDialog *self)
{
  gboolean busy = ferry_receive_here_get_busy (self->here);

  if (!busy && ferry_receive_here_get_active (self->here))
    {
      finish (self);
      return;
    }
  gtk_widget_set_sensitive (GTK_WIDGET (self->on_button), !busy);
  gtk_widget_set_visible (GTK_WIDGET (self->spinner), busy);
  gtk_spinner_set_spinning (self->spinner, busy);
}

static void
set_folder (FerryReceiveDialog *self, const char *folder)
{
  g_autofree char *shown = ferry_folder_describe (folder);

  g_free (self->folder);
  self->folder = g_strdup (folder);
  adw_action_row_set_subtitle (self->folder_row, shown);
}

static void
folder_chosen (const char *path, gpointer user_data)
{
  FerryReceiveDialog *self = user_data;

  set_folder (self, path);
  /* It was asked for because of the old one. */
  if (ferry_receive_here_get_problem (self->here) != NULL)
    ferry_receive_here_set_folder (self->here, path);
}

static void
choose_folder (FerryReceiveDialog *self)
{
  ferry_folder_choose (GTK_WINDOW (self), self->folder, folder_chosen, self);
}

static void
on_clicked_cb (FerryReceiveDialog *self)
{
  if (g_strcmp0 (self->folder, ferry_receive_here_get_folder (self->here)) != 0)
    ferry_receive_here_set_folder (self->here, self->folder);
  ferry_receive_here_turn_on (self->here);
}

static void
ferry_receive_dialog_dispose (GObject *object)
{
  FerryReceiveDialog *self = FERRY_RECEIVE_DIALOG (object);

  if (self->here != NULL)
    g_signal_handlers_disconnect_by_data (self->here, self);
  g_clear_object (&self->here);
  g_clear_pointer (&self->folder, g_free);

  G_OBJECT_CLASS (ferry_receive_dialog_parent_class)->dispose (object);
}

static void
ferry_receive_dialog_class_init (FerryReceiveDialogClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_receive_dialog_dispose;

  g_type_ensure (FERRY_TYPE_NOTE_ROW);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-receive-dialog.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveDialog, on_button);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveDialog, spinner);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveDialog, folder_row);
  gtk_widget_class_bind_template_child (widget_class, FerryReceiveDialog, note);
  gtk_widget_class_bind_template_callback (widget_class, close_request_cb);
  gtk_widget_class_bind_template_callback (widget_class, choose_folder);
  gtk_widget_class_bind_template_callback (widget_class, on_clicked_cb);
}

static void
ferry_receive_dialog_init (FerryReceiveDialog *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ferry_receive_here_present (FerryReceiveHere *here,
                            GtkWindow *parent,
                            FerryReceiveHereFunc done,
                            gpointer user_data)
{
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (here));
  g_return_if_fail (GTK_IS_WINDOW (parent));

  if (ferry_receive_here_get_active (here))
    {
      if (done != NULL)
        done (TRUE, user_data);
      return;
    }

  FerryReceiveDialog *self
      = g_object_new (FERRY_TYPE_RECEIVE_DIALOG, "transient-for", parent, NULL);

  self->here = g_object_ref (here);
  self->done = done;
  self->user_data = user_data;
  self->was_wanted = ferry_receive_here_get_wanted (here);
  set_folder (self, ferry_receive_here_get_folder (here));
  ferry_receive_note_bind (self->note, here, FALSE, G_CALLBACK (choose_folder), self);
  g_signal_connect_swapped (here, "changed", G_CALLBACK (update), self);
  update (self);
  gtk_window_present (GTK_WINDOW (self));
}
