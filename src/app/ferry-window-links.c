/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ferry-add-dialog.h"
#include "ferry-address.h"
#include "ferry-folder.h"
#include "ferry-links.h"
#include "ferry-list-hold.h"
#include "ferry-undo.h"

/* Nobody drops or pastes more links than this: the rest of such a text is no list of links. */
#define TEXT_MAX (4 * 1024 * 1024)

static const char *const LINK_TYPES[]
    = { "text/uri-list", "text/plain;charset=utf-8", "text/plain", NULL };

/* A file manager offers these beside text/uri-list: what it drags are files, not links. */
static const char *const FILE_TYPES[]
    = { "application/vnd.portal.filetransfer", "application/vnd.portal.files",
        "x-special/gnome-copied-files", "x-special/gnome-icon-list" };

static void
toast_added (FerryWindow *self, FerryLinksAdded *result)
{
  guint n = result->added->len;
  g_autofree char *added = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u download added", "%u downloads added", n), n);
  g_autoptr (GString) title = g_string_new (added);

  if (result->known->len > 0)
    {
      g_string_append (title, ", ");
      g_string_append_printf (title,
                              g_dngettext (GETTEXT_PACKAGE, "%u is in the list already",
                                           "%u are in the list already", result->known->len),
                              result->known->len);
    }
  if (result->refused->len > 0)
    {
      g_string_append (title, ", ");
      g_string_append_printf (title,
                              g_dngettext (GETTEXT_PACKAGE, "%u is not a web address",
                                           "%u are not web addresses", result->refused->len),
                              result->refused->len);
    }
  adw_toast_overlay_add_toast (
      self->toasts, ferry_undo_addition (self->engine, self->list, result->added, title->str));
}

static void
toast_known (FerryWindow *self, GPtrArray *known)
{
  FerryTransfer *first = g_ptr_array_index (known, 0);
  g_autofree char *sentence
      = known->len == 1
            ? g_strdup_printf (_ ("“%s” is in the list already"), ferry_transfer_get_name (first))
            : g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u is in the list already",
                                            "%u are in the list already", known->len),
                               known->len);

  ferry_window_toast (self, sentence);
}

void
ferry_window_add_links (FerryWindow *self, const char *const *links)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));
  g_return_if_fail (self->engine != NULL);

  g_autofree char *folder = ferry_folder_for_downloads (self->settings);
  GtkSelectionModel *held = ferry_list_hold (self->list, g_strv_length ((char **) links));
  g_autoptr (FerryLinksAdded) result = ferry_links_add (self->engine, links, folder, FALSE);
  ferry_list_release (self->list, held);

  if (result->added->len > 0)
    {
      toast_added (self, result);
      ferry_window_reveal (self, g_ptr_array_index (result->added, result->added->len - 1));
    }
  else if (result->known->len > 0)
    {
      toast_known (self, result->known);
      ferry_window_reveal (self, g_ptr_array_index (result->known, 0));
    }
  else if (result->sentence != NULL)
    ferry_window_toast (self, result->sentence);
}

static void
dialog_added_cb (FerryWindow *self, GPtrArray *transfers)
{
  guint n = transfers->len;
  g_autofree char *title = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u download added", "%u downloads added", n), n);

  adw_toast_overlay_add_toast (self->toasts,
                               ferry_undo_addition (self->engine, self->list, transfers, title));
  ferry_window_reveal (self, g_ptr_array_index (transfers, n - 1));
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static void
dialog_show_cb (FerryWindow *self, FerryTransfer *transfer)
{
  ferry_window_reveal (self, transfer);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

void
ferry_window_ask_for_links (FerryWindow *self, const char *text)
{
  g_return_if_fail (FERRY_IS_WINDOW (self));

  if (self->engine == NULL)
    return;

  FerryAddDialog *dialog
      = ferry_add_dialog_new (GTK_WINDOW (self), self->engine, self->settings, text);
  g_signal_connect_object (dialog, "added", G_CALLBACK (dialog_added_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (dialog, "show-transfer", G_CALLBACK (dialog_show_cb), self,
                           G_CONNECT_SWAPPED);
  gtk_window_present (GTK_WINDOW (dialog));
}

static void
paste_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryWindow) self = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  if (self->engine == NULL)
    return;

  g_auto (GStrv) links
      = text != NULL && strlen (text) <= TEXT_MAX ? ferry_address_extract (text) : NULL;
  if (links == NULL || links[0] == NULL)
    ferry_window_toast (self, _ ("There is no link in the clipboard."));
  else
    ferry_window_add_links (self, (const char *const *) links);
}

void
ferry_window_paste (FerryWindow *self)
{
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self)), NULL, paste_read_cb,
                                 g_object_ref (self));
}

static gboolean
offers_files (GdkContentFormats *formats)
{
  for (gsize i = 0; i < G_N_ELEMENTS (FILE_TYPES); i++)
    if (gdk_content_formats_contain_mime_type (formats, FILE_TYPES[i]))
      return TRUE;
  return FALSE;
}

static gboolean
drop_accept_cb (GtkDropTargetAsync *target, GdkDrop *drop, gpointer user_data)
{
  FerryWindow *self = user_data;
  GdkContentFormats *formats = gdk_drop_get_formats (drop);

  return self->engine != NULL
         && gdk_content_formats_match (formats, gtk_drop_target_async_get_formats (target))
         && !offers_files (formats);
}

static void
forget_drop (FerryWindow *self)
{
  gtk_widget_set_visible (self->drop_note, FALSE);
  g_clear_object (&self->drop);
  g_clear_pointer (&self->dropped, g_strfreev);
  self->drop_ready = FALSE;
  self->drop_released = FALSE;
}

static void
finish_drop (FerryWindow *self)
{
  g_auto (GStrv) links = g_steal_pointer (&self->dropped);

  gdk_drop_finish (self->drop, links != NULL ? GDK_ACTION_COPY : 0);
  forget_drop (self);
  if (links != NULL)
    ferry_window_add_links (self, (const char *const *) links);
  else
    ferry_window_toast (self, _ ("There is no link in what was dropped."));
}

/* The links in a drop; NULL when there are none, or only files of this computer. (transfer full) */
static char **
drop_links (const char *text)
{
  g_auto (GStrv) links = ferry_address_extract (text);

  for (gsize i = 0; links[i] != NULL; i++)
    if (g_ascii_strncasecmp (links[i], "file:", strlen ("file:")) != 0)
      return g_steal_pointer (&links);
  return NULL;
}

/* Bytes of a drop to text: browsers add a NUL, and old programs send Latin-1. (nullable) */
static char *
drop_text (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  gsize length = data != NULL ? strnlen (data, size) : 0;

  if (length == 0)
    return NULL;
  if (g_utf8_validate_len (data, length, NULL))
    return g_strndup (data, length);
  return g_convert (data, length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

typedef struct
{
  FerryWindow *window;
  GdkDrop *drop;
} Reading;

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->window);
  g_object_unref (reading->drop);
  g_free (reading);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
drop_came_in (FerryWindow *self, GdkDrop *drop, GBytes *bytes)
{
  if (self->drop != drop)
    return; /* it left meanwhile */

  g_autofree char *text = bytes != NULL ? drop_text (bytes) : NULL;
  self->dropped = text != NULL ? drop_links (text) : NULL;
  self->drop_ready = TRUE;
  if (self->drop_released)
    finish_drop (self);
  else if (self->dropped != NULL)
    gtk_widget_set_visible (self->drop_note, TRUE);
  else
    gtk_drop_target_async_reject_drop (self->drop_target, drop);
}

static void
drop_spliced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  g_autoptr (GBytes) bytes = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL) >= 0)
    bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (source));
  if (bytes != NULL && g_bytes_get_size (bytes) > TEXT_MAX)
    g_clear_pointer (&bytes, g_bytes_unref);
  drop_came_in (reading->window, reading->drop, bytes);
}

static void
drop_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  g_autoptr (GInputStream) stream = gdk_drop_read_finish (GDK_DROP (source), result, NULL, NULL);

  if (stream == NULL)
    {
      drop_came_in (reading->window, reading->drop, NULL);
      return;
    }
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_output_stream_splice_async (
      memory, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_SOURCE | G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET,
      G_PRIORITY_DEFAULT, NULL, drop_spliced_cb, g_steal_pointer (&reading));
}

/* What hovers is read before it is dropped, so that the window promises only what it can do. */
static GdkDragAction
drag_enter_cb (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, gpointer user_data)
{
  FerryWindow *self = user_data;
  Reading *reading = g_new0 (Reading, 1);

  forget_drop (self);
  self->drop = g_object_ref (drop);
  reading->window = g_object_ref (self);
  reading->drop = g_object_ref (drop);
  gdk_drop_read_async (drop, (const char **) LINK_TYPES, G_PRIORITY_DEFAULT, NULL, drop_read_cb,
                       reading);
  return GDK_ACTION_COPY;
}

static GdkDragAction
drag_motion_cb (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, gpointer user_data)
{
  return GDK_ACTION_COPY;
}

static void
drag_leave_cb (GtkDropTargetAsync *target, GdkDrop *drop, gpointer user_data)
{
  FerryWindow *self = user_data;

  if (!self->drop_released)
    forget_drop (self);
}

static gboolean
drop_cb (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, gpointer user_data)
{
  FerryWindow *self = user_data;

  if (self->drop != drop)
    return FALSE;
  self->drop_released = TRUE;
  gtk_widget_set_visible (self->drop_note, FALSE);
  if (self->drop_ready)
    finish_drop (self);
  return TRUE;
}

void
ferry_window_init_links (FerryWindow *self)
{
  GdkContentFormats *formats
      = gdk_content_formats_new ((const char **) LINK_TYPES, G_N_ELEMENTS (LINK_TYPES) - 1);
  GtkDropTargetAsync *target = gtk_drop_target_async_new (formats, GDK_ACTION_COPY);

  self->drop_target = target;
  g_signal_connect (target, "accept", G_CALLBACK (drop_accept_cb), self);
  g_signal_connect (target, "drag-enter", G_CALLBACK (drag_enter_cb), self);
  g_signal_connect (target, "drag-motion", G_CALLBACK (drag_motion_cb), self);
  g_signal_connect (target, "drag-leave", G_CALLBACK (drag_leave_cb), self);
  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}

void
ferry_window_dispose_links (FerryWindow *self)
{
  g_clear_object (&self->drop);
  g_clear_pointer (&self->dropped, g_strfreev);
}
