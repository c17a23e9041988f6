/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-upload-dialog.h"
#include "ferry-undo.h"
#include "ferry-uploads.h"

static char *
describe_added (const FerryUploadsAdded *result)
{
  g_autoptr (GString) title = g_string_new (NULL);

  if (result->added->len > 0)
    g_string_append_printf (
        title,
        g_dngettext (GETTEXT_PACKAGE, "%u upload added", "%u uploads added", result->added->len),
        result->added->len);
  if (result->known->len > 0)
    {
      if (title->len > 0)
        g_string_append (title, ", ");
      g_string_append_printf (
          title, g_dngettext (GETTEXT_PACKAGE, "%u goes on", "%u go on", result->known->len),
          result->known->len);
    }
  return g_string_free (g_steal_pointer (&title), FALSE);
}

static void
tell_added (FerryWindow *self, const FerryUploadsAdded *result)
{
  g_autofree char *title = describe_added (result);

  if (result->added->len > 0)
    {
      adw_toast_overlay_add_toast (
          self->toasts, ferry_undo_addition (self->engine, self->list, result->added, title));
      ferry_window_reveal (self, g_ptr_array_index (result->added, 0));
    }
  else if (result->known->len > 0)
    {
      ferry_window_toast (self, title);
      ferry_window_reveal (self, g_ptr_array_index (result->known, 0));
    }
  if (result->sentence != NULL)
    ferry_window_toast (self, result->sentence);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static void
batch_done (FerryUploadBatch *batch, const FerryUploadsAdded *result, gpointer user_data)
{
  FerryWindow *self = user_data;

  tell_added (self, result);
  g_queue_remove (&self->batches, batch);
  ferry_upload_batch_end (batch);
}

static void
upload_cb (FerryWindow *self,
           FerryDestination *destination,
           gboolean again,
           FerryUploadDialog *dialog)
{
  FerryFoundFiles *found = ferry_upload_dialog_steal_files (dialog);

  g_queue_push_tail (
      &self->batches,
      ferry_upload_batch_start (self->engine, found, ferry_destination_get_address (destination),
                                ferry_destination_get_name (destination), again, batch_done, self));
}

void
ferry_window_ask_to_upload (FerryWindow *self, GPtrArray *files)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));
  g_return_if_fail (self->engine != NULL);
  g_return_if_fail (files != NULL);

  FerryApplication *application
      = FERRY_APPLICATION (gtk_window_get_application (GTK_WINDOW (self)));
  FerryUploadDialog *dialog
      = ferry_upload_dialog_new (GTK_WINDOW (self), self->engine, self->settings,
                                 ferry_application_get_receive_here (application), files);

  g_signal_connect_object (dialog, "upload", G_CALLBACK (upload_cb), self, G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
chooser_response_cb (GtkNativeDialog *chooser, int response, gpointer user_data)
{
  FerryWindow *self = user_data;

  if (response == GTK_RESPONSE_ACCEPT && self->engine != NULL)
    {
      g_autoptr (GListModel) chosen = gtk_file_chooser_get_files (GTK_FILE_CHOOSER (chooser));
      g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (g_object_unref);

      for (guint i = 0; i < g_list_model_get_n_items (chosen); i++)
        g_ptr_array_add (files, g_list_model_get_item (chosen, i));
      if (files->len > 0)
        ferry_window_ask_to_upload (self, files);
    }
  gtk_native_dialog_destroy (chooser);
}

void
ferry_window_choose_uploads (FerryWindow *self, gboolean folders)
{
  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      folders ? _ ("Choose Folders to Upload") : _ ("Choose Files to Upload"), GTK_WINDOW (self),
      folders ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, _ ("_Choose"),
      NULL);

  gtk_file_chooser_set_select_multiple (GTK_FILE_CHOOSER (chooser), TRUE);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect (chooser, "response", G_CALLBACK (chooser_response_cb), self);
  /* A native dialog has no owner of its own: it goes with the window that asked. */
  g_object_set_data_full (G_OBJECT (self), "ferry-upload-chooser", chooser, g_object_unref);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}

void
ferry_window_dispose_uploads (FerryWindow *self)
{
  for (FerryUploadBatch *batch = g_queue_pop_head (&self->batches); batch != NULL;
       batch = g_queue_pop_head (&self->batches))
    ferry_upload_batch_end (batch);
}
