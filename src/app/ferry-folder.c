/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-folder.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-bidi.h"

char *
ferry_folder_for_downloads (GSettings *settings)
{
  g_return_val_if_fail (G_IS_SETTINGS (settings), NULL);

  g_autofree char *chosen = g_settings_get_string (settings, "folder");
  if (g_path_is_absolute (chosen))
    return g_steal_pointer (&chosen);

  const char *special = g_get_user_special_dir (G_USER_DIRECTORY_DOWNLOAD);
  g_autofree char *folder = special != NULL
                                ? g_strdup (special)
                                : g_build_filename (g_get_home_dir (), "Downloads", NULL);
  g_mkdir_with_parents (folder, 0755);
  return g_steal_pointer (&folder);
}

char *
ferry_folder_describe (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  const char *home = g_get_home_dir ();
  gsize length = strlen (home);
  g_autofree char *shown = g_filename_display_name (path);

  if (length > 1 && g_str_has_prefix (path, home) && (path[length] == '/' || path[length] == '\0'))
    {
      g_autofree char *rest = g_filename_display_name (path + length);
      g_autofree char *from_home = g_strconcat ("~", rest, NULL);
      return ferry_bidi_plain (from_home);
    }
  return ferry_bidi_plain (shown);
}

typedef struct
{
  FerryFolderChosen chosen;
  gpointer user_data;
} Request;

static void
chooser_response_cb (GtkNativeDialog *chooser, int response, gpointer user_data)
{
  Request *request = user_data;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (chooser));
      g_autofree char *path = file != NULL ? g_file_get_path (file) : NULL;

      if (path != NULL)
        request->chosen (path, request->user_data);
    }
  gtk_native_dialog_destroy (chooser);
}

void
ferry_folder_choose (GtkWindow *parent,
                     const char *current,
                     FerryFolderChosen chosen,
                     gpointer user_data)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));
  g_return_if_fail (chosen != NULL);

  GtkFileChooserNative *chooser = gtk_file_chooser_native_new (
      _ ("Choose a Folder"), parent, GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _ ("_Choose"), NULL);
  Request *request = g_new (Request, 1);

  request->chosen = chosen;
  request->user_data = user_data;
  if (current != NULL && g_file_test (current, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (GFile) folder = g_file_new_for_path (current);
      gtk_file_chooser_set_current_folder (GTK_FILE_CHOOSER (chooser), folder, NULL);
    }
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (chooser), TRUE);
  g_signal_connect_data (chooser, "response", G_CALLBACK (chooser_response_cb), request,
                         (GClosureNotify) (void (*) (void)) g_free, 0);

  /* The parent keeps it: a native dialog has no owner of its own, and goes with the window that asked. */
  g_object_set_data_full (G_OBJECT (parent), "ferry-folder-chooser", chooser, g_object_unref);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (chooser));
}
