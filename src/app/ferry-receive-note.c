/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receive-note.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  FerryNoteRow *row;
  FerryReceiveHere *here;
  GtkWidget *again; /* (nullable) */
  GtkWidget *address;
  GtkWidget *folder;
} Note;

static void
note_free (gpointer data)
{
  Note *note = data;

  g_object_unref (note->here);
  g_free (note);
}

static void
update (Note *note)
{
  FerryRemedy remedy = ferry_receive_here_get_remedy (note->here);
  gboolean active = ferry_receive_here_get_active (note->here);

  if (note->again != NULL)
    gtk_widget_set_visible (note->again, !active);
  gtk_widget_set_visible (note->address, !active && remedy == FERRY_REMEDY_ADDRESS);
  gtk_widget_set_visible (note->folder, remedy == FERRY_REMEDY_FOLDER);
  ferry_note_row_set_text (note->row, ferry_receive_here_get_problem (note->here));
}

static void
changed_cb (FerryReceiveHere *here, GtkWidget *row)
{
  update (g_object_get_data (G_OBJECT (row), "ferry-receive-note"));
}

void
ferry_receive_note_bind (FerryNoteRow *row,
                         FerryReceiveHere *here,
                         gboolean can_try_again,
                         GCallback choose_folder,
                         gpointer object)
{
  g_return_if_fail (FERRY_IS_NOTE_ROW (row));
  g_return_if_fail (FERRY_IS_RECEIVE_HERE (here));

  Note *note = g_new0 (Note, 1);

  note->row = row;
  note->here = g_object_ref (here);
  if (can_try_again)
    {
      note->again = ferry_note_row_add_button (row, _ ("_Try Again"));
      g_signal_connect_object (note->again, "clicked", G_CALLBACK (ferry_receive_here_turn_on),
                               here, G_CONNECT_SWAPPED);
    }
  note->address = ferry_note_row_add_button (row, _ ("Use Another _Address"));
  note->folder = ferry_note_row_add_button (row, _ ("Choose Another _Folder…"));

  g_object_set_data_full (G_OBJECT (row), "ferry-receive-note", note, note_free);
  g_signal_connect_object (note->address, "clicked",
                           G_CALLBACK (ferry_receive_here_use_another_address), here,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (note->folder, "clicked", choose_folder, object, G_CONNECT_SWAPPED);
  g_signal_connect_object (here, "changed", G_CALLBACK (changed_cb), row, 0);
  update (note);
}
