/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ferry-file-walk.h"
#include "ferry-links.h"
#include "ferry-upload-dialog.h"

/* DESIGN. What hovers over the window is read before it is let go, so that the window promises only what it can do, and
 * names it. File managers, browsers and editors all offer text/uri-list or plain text; "file:" addresses in it are files
 * to upload, all else are links to download. Into a sandbox, files come through a portal instead, which hands them over
 * only once they are let go: then the list of files is asked for again, and has the paths that can be opened. */

/* Nobody drops more than this: the rest of such a text is no list of links or files. */
#define TEXT_MAX (16 * 1024 * 1024)

static const char *const TEXT_TYPES[]
    = { "text/uri-list", "text/plain;charset=utf-8", "text/plain", NULL };

/* What the portal for files calls itself; a file manager offers it beside text/uri-list. */
static const char *const PORTAL_TYPES[]
    = { "application/vnd.portal.filetransfer", "application/vnd.portal.files" };

static gboolean
offers_portal (GdkDrop *drop)
{
  GdkContentFormats *formats = gdk_drop_get_formats (drop);

  for (gsize i = 0; i < G_N_ELEMENTS (PORTAL_TYPES); i++)
    if (gdk_content_formats_contain_mime_type (formats, PORTAL_TYPES[i]))
      return TRUE;
  return FALSE;
}

static gboolean
offers_text (GdkDrop *drop)
{
  GdkContentFormats *formats = gdk_drop_get_formats (drop);

  for (gsize i = 0; TEXT_TYPES[i] != NULL; i++)
    if (gdk_content_formats_contain_mime_type (formats, TEXT_TYPES[i]))
      return TRUE;
  return FALSE;
}

void
ferry_window_forget_drop (FerryWindow *self)
{
  if (self->drop_zone != NULL)
    ferry_drop_zone_hide (self->drop_zone);
  if (self->drop_cancellable != NULL)
    g_cancellable_cancel (self->drop_cancellable);
  g_clear_object (&self->drop_cancellable);
  g_clear_object (&self->drop);
  g_clear_pointer (&self->dropped_links, g_strfreev);
  g_clear_pointer (&self->dropped_files, g_ptr_array_unref);
  self->drop_ready = FALSE;
  self->drop_released = FALSE;
}

static guint
n_links (FerryWindow *self)
{
  return self->dropped_links != NULL ? g_strv_length (self->dropped_links) : 0;
}

static guint
n_files (FerryWindow *self)
{
  return self->dropped_files != NULL ? self->dropped_files->len : 0;
}

/* ---- what the zone says ---- */

/* (nullable) (transfer full) */
static char *
describe_whereto (FerryWindow *self)
{
  FerryDestinations *destinations = ferry_engine_get_destinations (self->engine);
  FerryDestination *first = ferry_upload_dialog_first_destination (self->engine, self->settings);

  if (first == NULL)
    return NULL;
  if (g_list_model_get_n_items (G_LIST_MODEL (destinations)) > 1)
    return g_strdup_printf (_ ("To %s, or to another place"), ferry_destination_get_name (first));
  return g_strdup_printf (_ ("To %s"), ferry_destination_get_name (first));
}

/* (transfer full) */
static char *
describe_files (const FerryFileKinds *kinds)
{
  guint all = kinds->n_files + kinds->n_folders;

  if (kinds->n_folders == 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Drop to Upload %u File",
                                         "Drop to Upload %u Files", kinds->n_files),
                            kinds->n_files);
  if (kinds->n_files == 0)
    return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Drop to Upload %u Folder",
                                         "Drop to Upload %u Folders", kinds->n_folders),
                            kinds->n_folders);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Drop to Upload %u File and Folder",
                                       "Drop to Upload %u Files and Folders", all),
                          all);
}

static void
show_upload_zone (FerryWindow *self, const FerryFileKinds *kinds)
{
  g_autofree char *title = kinds != NULL ? describe_files (kinds) : g_strdup (_ ("Drop to Upload"));
  g_autofree char *whereto = describe_whereto (self);

  ferry_drop_zone_show (self->drop_zone, "ferry-upload-symbolic", title, whereto);
}

static void
show_download_zone (FerryWindow *self)
{
  guint n = n_links (self);
  g_autofree char *title = g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "Drop to Download %u Link", "Drop to Download %u Links", n), n);

  ferry_drop_zone_show (self->drop_zone, "ferry-download-symbolic", title, NULL);
}

/* ---- let go ---- */

static void
finish_drop (FerryWindow *self, GPtrArray *files)
{
  g_auto (GStrv) links = g_steal_pointer (&self->dropped_links);
  gboolean some = (links != NULL && links[0] != NULL) || (files != NULL && files->len > 0);
  g_autoptr (GPtrArray) chosen = files != NULL ? g_ptr_array_ref (files) : NULL;

  gdk_drop_finish (self->drop, some ? GDK_ACTION_COPY : 0);
  ferry_window_forget_drop (self);
  if (some)
    ferry_window_take_in (self, (const char *const *) links, chosen);
  else
    ferry_window_toast (self, _ ("There is no file or link in what was dropped."));
}

GPtrArray *
ferry_window_files_of_value (const GValue *value)
{
  GPtrArray *files = g_ptr_array_new_with_free_func (g_object_unref);

  for (GSList *at = g_value_get_boxed (value); at != NULL; at = at->next)
    g_ptr_array_add (files, g_object_ref (at->data));
  return files;
}

typedef struct
{
  FerryWindow *window;
  GdkDrop *drop;
} Reading;

static Reading *
reading_new (FerryWindow *self, GdkDrop *drop)
{
  Reading *reading = g_new0 (Reading, 1);

  reading->window = g_object_ref (self);
  reading->drop = g_object_ref (drop);
  return reading;
}

static void
reading_free (Reading *reading)
{
  g_object_unref (reading->window);
  g_object_unref (reading->drop);
  g_free (reading);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, reading_free)

static void
portal_read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  FerryWindow *self = reading->window;
  const GValue *value = gdk_drop_read_value_finish (reading->drop, result, NULL);
  g_autoptr (GPtrArray) files = value != NULL ? ferry_window_files_of_value (value) : NULL;

  if (self->drop == reading->drop)
    finish_drop (self, files != NULL ? files : self->dropped_files);
}

/* Both the words are in and the person let go. */
static void
drop_complete (FerryWindow *self)
{
  if (offers_portal (self->drop) && n_links (self) == 0)
    gdk_drop_read_value_async (self->drop, GDK_TYPE_FILE_LIST, G_PRIORITY_DEFAULT, NULL,
                               portal_read_cb, reading_new (self, self->drop));
  else
    finish_drop (self, self->dropped_files);
}

/* ---- what hovers ---- */

static void
kinds_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  FerryWindow *self = reading->window;
  FerryFileKinds kinds;

  if (!ferry_file_kinds_finish (result, &kinds, NULL) || self->drop != reading->drop
      || self->drop_released)
    return;
  if (kinds.n_files + kinds.n_folders > 0)
    show_upload_zone (self, &kinds);
  else if (offers_portal (self->drop))
    show_upload_zone (self, NULL);
  else
    gtk_drop_target_async_reject_drop (self->drop_target, self->drop);
}

static void
look_at_words (FerryWindow *self)
{
  if (n_files (self) > 0)
    ferry_file_kinds_async (self->dropped_files, self->drop_cancellable, kinds_cb,
                            reading_new (self, self->drop));
  else if (n_links (self) > 0)
    show_download_zone (self);
  else if (offers_portal (self->drop))
    show_upload_zone (self, NULL);
  else
    gtk_drop_target_async_reject_drop (self->drop_target, self->drop);
}

/* Bytes of a drop to text: browsers add a NUL, and old programs send Latin-1. (nullable) */
static char *
drop_text (GBytes *bytes)
{
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);
  gsize length = data != NULL ? strnlen (data, size) : 0;

  if (length == 0 || size > TEXT_MAX)
    return NULL;
  if (g_utf8_validate_len (data, length, NULL))
    return g_strndup (data, length);
  return g_convert (data, length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
}

static void
drop_came_in (FerryWindow *self, GdkDrop *drop, GBytes *bytes)
{
  if (self->drop != drop)
    return; /* it left meanwhile */

  g_autofree char *text = bytes != NULL ? drop_text (bytes) : NULL;
  if (text != NULL)
    {
      g_auto (GStrv) words = ferry_words_of_text (text);
      ferry_words_split ((const char *const *) words, &self->dropped_files, &self->dropped_links);
    }
  self->drop_ready = TRUE;
  if (self->drop_released)
    drop_complete (self);
  else
    look_at_words (self);
}

static void
drop_spliced_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (Reading) reading = user_data;
  g_autoptr (GBytes) bytes = NULL;

  if (g_output_stream_splice_finish (G_OUTPUT_STREAM (source), result, NULL) >= 0)
    bytes = g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (source));
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

static gboolean
accept_cb (GtkDropTargetAsync *target, GdkDrop *drop, gpointer user_data)
{
  FerryWindow *self = user_data;

  return self->engine != NULL && (offers_text (drop) || offers_portal (drop));
}

static GdkDragAction
drag_enter_cb (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, gpointer user_data)
{
  FerryWindow *self = user_data;

  ferry_window_forget_drop (self);
  self->drop = g_object_ref (drop);
  self->drop_cancellable = g_cancellable_new ();
  if (offers_text (drop))
    gdk_drop_read_async (drop, (const char **) TEXT_TYPES, G_PRIORITY_DEFAULT, NULL, drop_read_cb,
                         reading_new (self, drop));
  else
    drop_came_in (self, drop, NULL);
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
    ferry_window_forget_drop (self);
}

static gboolean
drop_cb (GtkDropTargetAsync *target, GdkDrop *drop, double x, double y, gpointer user_data)
{
  FerryWindow *self = user_data;

  if (self->drop != drop)
    return FALSE;
  self->drop_released = TRUE;
  ferry_drop_zone_hide (self->drop_zone);
  if (self->drop_ready)
    drop_complete (self);
  return TRUE;
}

void
ferry_window_init_drop (FerryWindow *self)
{
  GdkContentFormatsBuilder *builder = gdk_content_formats_builder_new ();

  for (gsize i = 0; TEXT_TYPES[i] != NULL; i++)
    gdk_content_formats_builder_add_mime_type (builder, TEXT_TYPES[i]);
  for (gsize i = 0; i < G_N_ELEMENTS (PORTAL_TYPES); i++)
    gdk_content_formats_builder_add_mime_type (builder, PORTAL_TYPES[i]);

  GtkDropTargetAsync *target = gtk_drop_target_async_new (
      gdk_content_formats_builder_free_to_formats (builder), GDK_ACTION_COPY);
  self->drop_target = target;
  g_signal_connect (target, "accept", G_CALLBACK (accept_cb), self);
  g_signal_connect (target, "drag-enter", G_CALLBACK (drag_enter_cb), self);
  g_signal_connect (target, "drag-motion", G_CALLBACK (drag_motion_cb), self);
  g_signal_connect (target, "drag-leave", G_CALLBACK (drag_leave_cb), self);
  g_signal_connect (target, "drop", G_CALLBACK (drop_cb), self);
  gtk_widget_add_controller (GTK_WIDGET (self), GTK_EVENT_CONTROLLER (target));
}
