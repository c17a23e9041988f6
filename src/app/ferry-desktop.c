/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-desktop.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

typedef struct
{
  GtkWindow *window;
  char *name;
  char *path; /* (nullable) of the file */
  char *folder;
} Errand;

static void
errand_free (Errand *errand)
{
  g_clear_object (&errand->window);
  g_free (errand->name);
  g_free (errand->path);
  g_free (errand->folder);
  g_free (errand);
}

static GTask *
errand_new (GtkWindow *window,
            FerryTransfer *transfer,
            gpointer tag,
            GAsyncReadyCallback callback,
            gpointer user_data)
{
  GTask *task = g_task_new (window, NULL, callback, user_data);
  Errand *errand = g_new0 (Errand, 1);

  errand->window = g_object_ref (window);
  errand->name = g_strdup (ferry_transfer_get_name (transfer));
  /* An upload's file is there from the start. */
  errand->path = g_strdup (ferry_transfer_get_direction (transfer) == FERRY_UPLOAD
                               ? ferry_transfer_get_source (transfer)
                               : ferry_transfer_get_path (transfer));
  errand->folder = g_strdup (ferry_transfer_get_folder (transfer));
  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, errand, (GDestroyNotify) errand_free);
  return task;
}

static void
launch (GTask *task, const char *path, GAsyncReadyCallback callback)
{
  Errand *errand = g_task_get_task_data (task);
  g_autofree char *uri = g_filename_to_uri (path, NULL, NULL);
  GdkDisplay *display = gtk_widget_get_display (GTK_WIDGET (errand->window));
  g_autoptr (GdkAppLaunchContext) context = gdk_display_get_app_launch_context (display);

  g_app_info_launch_default_for_uri_async (uri, G_APP_LAUNCH_CONTEXT (context), NULL, callback,
                                           task);
}

static void
opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  Errand *errand = g_task_get_task_data (task);

  if (g_app_info_launch_default_for_uri_finish (result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_debug ("cannot open %s: %s", errand->path, error->message);
  g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_FAILED,
                           _ ("No application here opens “%s”."), errand->name);
}

static void
file_found_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GFileInfo) info = g_file_query_info_finish (G_FILE (source), result, NULL);
  Errand *errand = g_task_get_task_data (task);

  if (info != NULL)
    {
      launch (g_steal_pointer (&task), errand->path, opened_cb);
      return;
    }
  g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                           _ ("“%s” is no longer where it was saved."), errand->name);
}

void
ferry_desktop_open_async (GtkWindow *window,
                          FerryTransfer *transfer,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (GTK_IS_WINDOW (window));
  g_return_if_fail (FERRY_IS_TRANSFER (transfer));

  g_autoptr (GTask) task
      = errand_new (window, transfer, ferry_desktop_open_async, callback, user_data);
  Errand *errand = g_task_get_task_data (task);

  if (errand->path == NULL)
    {
      g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                               _ ("“%s” is not finished yet."), errand->name);
      return;
    }
  g_autoptr (GFile) file = g_file_new_for_path (errand->path);
  g_file_query_info_async (file, G_FILE_ATTRIBUTE_STANDARD_TYPE, G_FILE_QUERY_INFO_NONE,
                           G_PRIORITY_DEFAULT, NULL, file_found_cb, g_steal_pointer (&task));
}

gboolean
ferry_desktop_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
folder_opened_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  Errand *errand = g_task_get_task_data (task);

  if (g_app_info_launch_default_for_uri_finish (result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_debug ("cannot open %s: %s", errand->folder, error->message);
  g_autofree char *shown = g_filename_display_name (errand->folder);
  g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_FAILED,
                           _ ("The folder “%s” cannot be opened."), shown);
}

static void
items_shown_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  Errand *errand = g_task_get_task_data (task);

  if (reply != NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  g_debug ("no file manager shows %s: %s", errand->path, error->message);
  launch (g_steal_pointer (&task), errand->folder, folder_opened_cb);
}

static void
show_item (GTask *task, GDBusConnection *bus)
{
  Errand *errand = g_task_get_task_data (task);
  g_autofree char *uri = g_filename_to_uri (errand->path, NULL, NULL);
  const char *const uris[] = { uri, NULL };

  g_dbus_connection_call (bus, "org.freedesktop.FileManager1", "/org/freedesktop/FileManager1",
                          "org.freedesktop.FileManager1", "ShowItems",
                          g_variant_new ("(^ass)", uris, ""), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
                          NULL, items_shown_cb, task);
}

void
ferry_desktop_show_async (GtkWindow *window,
                          FerryTransfer *transfer,
                          GAsyncReadyCallback callback,
                          gpointer user_data)
{
  g_return_if_fail (GTK_IS_WINDOW (window));
  g_return_if_fail (FERRY_IS_TRANSFER (transfer));

  GTask *task = errand_new (window, transfer, ferry_desktop_show_async, callback, user_data);
  Errand *errand = g_task_get_task_data (task);
  GtkApplication *application = gtk_window_get_application (window);
  GDBusConnection *bus = application != NULL
                             ? g_application_get_dbus_connection (G_APPLICATION (application))
                             : NULL;

  if (errand->path != NULL && bus != NULL)
    show_item (task, bus);
  else
    launch (task, errand->folder, folder_opened_cb);
}

gboolean
ferry_desktop_show_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
