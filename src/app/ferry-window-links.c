/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ferry-add-dialog.h"
#include "ferry-folder.h"
#include "ferry-links.h"
#include "ferry-list-hold.h"
#include "ferry-undo.h"

/* Nobody pastes more links than this: the rest of such a text is no list of links. */
#define TEXT_MAX (4 * 1024 * 1024)

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

void
ferry_window_take_in (FerryWindow *self, const char *const *links, GPtrArray *files)
{
  if (links != NULL && links[0] != NULL)
    ferry_window_add_links (self, links);
  if (files != NULL && files->len > 0)
    ferry_window_ask_to_upload (self, files);
}

/* FALSE when there is neither a link nor a file. */
static gboolean
paste_words (FerryWindow *self, const char *const *words)
{
  g_autoptr (GPtrArray) files = NULL;
  g_auto (GStrv) links = NULL;

  ferry_words_split (words, &files, &links);
  ferry_window_take_in (self, (const char *const *) links, files);
  return words[0] != NULL;
}

static void
paste_text_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryWindow) self = user_data;
  g_autofree char *text = gdk_clipboard_read_text_finish (GDK_CLIPBOARD (source), result, NULL);

  if (self->engine == NULL)
    return;

  g_auto (GStrv) words
      = text != NULL && strlen (text) <= TEXT_MAX ? ferry_words_of_text (text) : NULL;
  if (words == NULL || !paste_words (self, (const char *const *) words))
    ferry_window_toast (self, _ ("There is no link or file in the clipboard."));
}

static void
paste_text (FerryWindow *self)
{
  gdk_clipboard_read_text_async (gtk_widget_get_clipboard (GTK_WIDGET (self)), NULL, paste_text_cb,
                                 g_object_ref (self));
}

/* (transfer full) */
static char **
words_of_files (GPtrArray *files)
{
  char **words = g_new0 (char *, files->len + 1);

  for (guint i = 0; i < files->len; i++)
    words[i] = g_file_get_uri (g_ptr_array_index (files, i));
  return words;
}

/* A browser copies its links as a list of files, too: what is no file of this computer is a link. */
static void
paste_files_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (FerryWindow) self = user_data;
  const GValue *value = gdk_clipboard_read_value_finish (GDK_CLIPBOARD (source), result, NULL);
  g_autoptr (GPtrArray) files = value != NULL ? ferry_window_files_of_value (value) : NULL;
  g_auto (GStrv) words = files != NULL ? words_of_files (files) : NULL;

  if (self->engine == NULL)
    return;
  if (words == NULL || !paste_words (self, (const char *const *) words))
    paste_text (self);
}

void
ferry_window_paste (FerryWindow *self)
{
  GdkClipboard *clipboard = gtk_widget_get_clipboard (GTK_WIDGET (self));
  g_autoptr (GdkContentFormats) formats = gdk_content_formats_union_deserialize_gtypes (
      gdk_content_formats_ref (gdk_clipboard_get_formats (clipboard)));

  if (gdk_content_formats_contain_gtype (formats, GDK_TYPE_FILE_LIST))
    gdk_clipboard_read_value_async (clipboard, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL,
                                    paste_files_cb, g_object_ref (self));
  else
    paste_text (self);
}
