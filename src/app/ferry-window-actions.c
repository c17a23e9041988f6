/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-desktop.h"
#include "ferry-format.h"
#include "ferry-list-hold.h"
#include "ferry-message-dialog.h"
#include "ferry-sign-in.h"
#include "ferry-token-ask.h"
#include "ferry-undo.h"

static gboolean
can_pause (FerryTransfer *transfer)
{
  FerryState state = ferry_transfer_get_state (transfer);

  return state == FERRY_STATE_QUEUED || state == FERRY_STATE_ACTIVE || state == FERRY_STATE_WAITING;
}

/* Also: try now, try again. */
static gboolean
can_resume (FerryTransfer *transfer)
{
  FerryState state = ferry_transfer_get_state (transfer);

  return state == FERRY_STATE_PAUSED || state == FERRY_STATE_STOPPING
         || state == FERRY_STATE_WAITING || state == FERRY_STATE_NEEDS_YOU
         || state == FERRY_STATE_FAILED;
}

static gboolean
can_start_again (FerryTransfer *transfer)
{
  return ferry_transfer_get_state (transfer) != FERRY_STATE_QUEUED
         || ferry_transfer_get_received (transfer) > 0;
}

static void
open_finished_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ferry_desktop_open_finish (result, &error))
    ferry_window_toast (FERRY_WINDOW (source), error->message);
}

void
ferry_window_open_transfer (FerryWindow *self, FerryTransfer *transfer)
{
  ferry_desktop_open_async (GTK_WINDOW (self), transfer, open_finished_cb, NULL);
}

static void
show_finished_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;

  if (!ferry_desktop_show_finish (result, &error))
    ferry_window_toast (FERRY_WINDOW (source), error->message);
}

void
ferry_window_show_transfer (FerryWindow *self, FerryTransfer *transfer)
{
  ferry_desktop_show_async (GTK_WINDOW (self), transfer, show_finished_cb, NULL);
}

void
ferry_window_toggle_transfer (FerryWindow *self, FerryTransfer *transfer)
{
  if (can_pause (transfer))
    ferry_engine_pause (self->engine, transfer);
  else if (can_resume (transfer))
    ferry_engine_resume (self->engine, transfer);
}

void
ferry_window_help_transfer (FerryWindow *self, FerryTransfer *transfer)
{
  switch (ferry_transfer_help (transfer))
    {
    case FERRY_HELP_SIGN_IN:
      ferry_sign_in_ask (GTK_WINDOW (self), self->engine, transfer);
      break;
    case FERRY_HELP_TOKEN:
      ferry_token_ask (GTK_WINDOW (self), self->engine, transfer);
      break;
    case FERRY_HELP_START_AGAIN:
      /* What was sent belongs to a file that is no more. */
      ferry_engine_start_again (self->engine, transfer);
      break;
    case FERRY_HELP_SAVE_ANYWAY:
      ferry_engine_accept_web_page (self->engine, transfer);
      break;
    case FERRY_HELP_TRY_AGAIN:
      ferry_engine_resume (self->engine, transfer);
      break;
    case FERRY_HELP_NONE:
    default:
      break;
    }
}

static void
add_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_window_ask_for_links (FERRY_WINDOW (widget), NULL);
}

static void
upload_files_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_window_choose_uploads (FERRY_WINDOW (widget), FALSE);
}

static void
upload_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_window_choose_uploads (FERRY_WINDOW (widget), TRUE);
}

static void
receive_here_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  GtkApplication *application = gtk_window_get_application (GTK_WINDOW (widget));
  FerryReceiveHere *here = ferry_application_get_receive_here (FERRY_APPLICATION (application));

  ferry_receive_here_present (here, GTK_WINDOW (widget), NULL, NULL);
}

static void
paste_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_window_paste (FERRY_WINDOW (widget));
}

static void
search_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);

  gtk_search_bar_set_search_mode (self->search_bar, TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->search_entry));
}

static void
sidebar_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);

  adw_flap_set_reveal_flap (self->flap, !adw_flap_get_reveal_flap (self->flap));
}

static void
pause_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_engine_pause_all (FERRY_WINDOW (widget)->engine);
}

static void
resume_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  ferry_engine_resume_all (FERRY_WINDOW (widget)->engine);
}

static void
clear_finished_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  guint finished = ferry_queue_filter_get_count (self->filter, FERRY_FILTER_FINISHED);
  GtkSelectionModel *held = ferry_list_hold (self->list, finished);
  g_autoptr (GPtrArray) removed = ferry_engine_remove_finished (self->engine);
  ferry_list_release (self->list, held);

  if (removed->len == 0)
    return;
  g_autofree char *title
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u removed from the list",
                                      "%u removed from the list", removed->len),
                         removed->len);
  adw_toast_overlay_add_toast (self->toasts,
                               ferry_undo_removal (self->engine, self->list, removed, title));
}

static void
open_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  if (selected->len > 0)
    ferry_window_open_transfer (self, g_ptr_array_index (selected, 0));
}

static void
show_in_folder_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  if (selected->len > 0)
    ferry_window_show_transfer (self, g_ptr_array_index (selected, 0));
}

static void
copy_links (FerryWindow *self, GPtrArray *transfers)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = 0;

  for (guint i = 0; i < transfers->len; i++)
    {
      const char *link = ferry_transfer_get_link (g_ptr_array_index (transfers, i));

      if (link == NULL)
        continue;
      if (n++ > 0)
        g_string_append_c (text, '\n');
      g_string_append (text, link);
    }
  if (n == 0)
    {
      ferry_window_toast (self, _ ("An upload has a link once it is finished."));
      return;
    }
  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (self)), text->str);

  g_autofree char *sentence
      = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "Link copied", "%u links copied", n), n);
  ferry_window_toast (self, sentence);
}

void
ferry_window_copy_link (FerryWindow *self, FerryTransfer *transfer)
{
  g_autoptr (GPtrArray) transfers = g_ptr_array_new ();

  g_ptr_array_add (transfers, transfer);
  copy_links (self, transfers);
}

static void
copy_link_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  copy_links (self, selected);
}

static void
pause_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  for (guint i = 0; i < selected->len; i++)
    if (can_pause (g_ptr_array_index (selected, i)))
      ferry_engine_pause (self->engine, g_ptr_array_index (selected, i));
}

static void
resume_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  for (guint i = 0; i < selected->len; i++)
    if (can_resume (g_ptr_array_index (selected, i)))
      ferry_engine_resume (self->engine, g_ptr_array_index (selected, i));
}

/* Several at once all do the same: pause while one of them runs. */
static void
toggle_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (FERRY_WINDOW (widget));

  for (guint i = 0; i < selected->len; i++)
    if (can_pause (g_ptr_array_index (selected, i)))
      {
        pause_action (widget, name, parameter);
        return;
      }
  resume_action (widget, name, parameter);
}

static void
start_again (FerryEngine *engine, GPtrArray *transfers)
{
  for (guint i = 0; i < transfers->len; i++)
    if (can_start_again (g_ptr_array_index (transfers, i)))
      ferry_engine_start_again (engine, g_ptr_array_index (transfers, i));
}

static void
start_again_cb (FerryWindow *self, const char *response, AdwMessageDialog *dialog)
{
  start_again (self->engine, g_object_get_data (G_OBJECT (dialog), "ferry-transfers"));
}

/* Which way they all go: FERRY_N_DIRECTIONS when not all do the same. */
static FerryDirection
common_direction (GPtrArray *transfers)
{
  FerryDirection direction = FERRY_N_DIRECTIONS;

  for (guint i = 0; i < transfers->len; i++)
    {
      FerryDirection one = ferry_transfer_get_direction (g_ptr_array_index (transfers, i));
      if (i > 0 && one != direction)
        return FERRY_N_DIRECTIONS;
      direction = one;
    }
  return direction;
}

/* Translators: %s is a size: "124 MB". (transfer full) */
static char *
what_is_lost (GPtrArray *transfers, const char *size)
{
  switch (common_direction (transfers))
    {
    case FERRY_DOWNLOAD:
      return g_strdup_printf (
          _ ("What was downloaded so far, %s, is thrown away and downloaded anew."), size);
    case FERRY_UPLOAD:
      return g_strdup_printf (_ ("What was sent so far, %s, is thrown away and sent anew."), size);
    case FERRY_N_DIRECTIONS:
    default:
      return g_strdup_printf (
          _ ("What was downloaded and sent so far, %s, is thrown away and comes anew."), size);
    }
}

/* Bytes that starting again would throw away: a finished file stays. */
static guint64
bytes_at_stake (GPtrArray *transfers)
{
  guint64 bytes = 0;

  for (guint i = 0; i < transfers->len; i++)
    if (ferry_transfer_get_state (g_ptr_array_index (transfers, i)) != FERRY_STATE_DONE)
      bytes += ferry_transfer_get_received (g_ptr_array_index (transfers, i));
  return bytes;
}

static void
ask_to_start_again (FerryWindow *self, GPtrArray *transfers, guint64 bytes)
{
  AdwMessageDialog *dialog = ferry_message_dialog_new (GTK_WINDOW (self), _ ("Start Again?"));
  g_autofree char *size = ferry_format_size (bytes);
  g_autofree char *body = what_is_lost (transfers, size);

  adw_message_dialog_set_body (dialog, body);
  ferry_message_dialog_add_answer (dialog, "start-again", _ ("_Start Again"),
                                   ADW_RESPONSE_DESTRUCTIVE);
  g_object_set_data_full (G_OBJECT (dialog), "ferry-transfers", g_ptr_array_ref (transfers),
                          (GDestroyNotify) g_ptr_array_unref);
  g_signal_connect_object (dialog, "response::start-again", G_CALLBACK (start_again_cb), self,
                           G_CONNECT_SWAPPED);
  ferry_message_dialog_present (dialog);
}

static void
start_again_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);
  guint64 bytes = bytes_at_stake (selected);

  if (bytes > 0)
    ask_to_start_again (self, selected, bytes);
  else
    start_again (self->engine, selected);
}

static char *
removal_title (GPtrArray *transfers)
{
  if (transfers->len == 1)
    return g_strdup_printf (_ ("“%s” removed"),
                            ferry_transfer_get_name (g_ptr_array_index (transfers, 0)));
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u removed from the list",
                                       "%u removed from the list", transfers->len),
                          transfers->len);
}

/* The row that comes up in the place of the first removed one is the next to work on. */
static void
select_near (FerryWindow *self, guint position)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->selection));

  if (n == 0)
    return;
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), MIN (position, n - 1),
                                   TRUE);
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static void
select_all_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);

  gtk_selection_model_select_all (GTK_SELECTION_MODEL (self->selection));
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static void
remove_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);

  if (selected->len == 0)
    return;

  g_autoptr (GtkBitset) positions
      = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  guint first = gtk_bitset_get_minimum (positions);
  g_autofree char *title = removal_title (selected);

  /* A selection looks at all it holds for each one that goes. */
  gtk_selection_model_unselect_all (GTK_SELECTION_MODEL (self->selection));
  GtkSelectionModel *held = ferry_list_hold (self->list, selected->len);
  for (guint i = 0; i < selected->len; i++)
    ferry_engine_remove (self->engine, g_ptr_array_index (selected, i));
  ferry_list_release (self->list, held);
  adw_toast_overlay_add_toast (self->toasts,
                               ferry_undo_removal (self->engine, self->list, selected, title));
  select_near (self, first);
}

/* Made for each showing: GTK 4.8 dies when assistive technology comes upon a window that was never shown, as the one
 * is that GtkApplication keeps at hand. */
static void
shortcuts_action (GtkWidget *widget, const char *name, GVariant *parameter)
{
  FerryWindow *self = FERRY_WINDOW (widget);

  if (self->shortcuts == NULL)
    {
      g_autoptr (GtkBuilder) builder
          = gtk_builder_new_from_resource ("/io/github/ferryapp/Ferry/ferry-shortcuts.ui");
      GtkWindow *window = GTK_WINDOW (gtk_builder_get_object (builder, "help_overlay"));

      gtk_window_set_transient_for (window, GTK_WINDOW (self));
      g_set_weak_pointer (&self->shortcuts, window);
    }
  gtk_window_present (self->shortcuts);
}

static const struct
{
  const char *name;
  GtkWidgetActionActivateFunc activate;
} ACTIONS[] = {
  { "win.add", add_action },
  { "win.upload-files", upload_files_action },
  { "win.upload-folder", upload_folder_action },
  { "win.receive-here", receive_here_action },
  { "win.paste", paste_action },
  { "win.search", search_action },
  { "win.sidebar", sidebar_action },
  { "win.pause-all", pause_all_action },
  { "win.resume-all", resume_all_action },
  { "win.clear-finished", clear_finished_action },
  { "win.open", open_action },
  { "win.show-in-folder", show_in_folder_action },
  { "win.copy-link", copy_link_action },
  { "win.pause", pause_action },
  { "win.resume", resume_action },
  { "win.toggle", toggle_action },
  { "win.start-again", start_again_action },
  { "win.remove", remove_action },
  { "win.select-all", select_all_action },
  { "win.show-help-overlay", shortcuts_action },
};

/* Not accelerators of the application: those would come before the entry that has the focus. Menus show the last key of
 * an action. */
static const struct
{
  guint keyval;
  GdkModifierType modifiers;
  const char *action;
} KEYS[] = {
  { GDK_KEY_v, GDK_CONTROL_MASK, "win.paste" },
  { GDK_KEY_a, GDK_CONTROL_MASK, "win.select-all" },
  { GDK_KEY_c, GDK_CONTROL_MASK, "win.copy-link" },
  { GDK_KEY_KP_Delete, 0, "win.remove" },
  { GDK_KEY_Delete, 0, "win.remove" },
  { GDK_KEY_KP_Enter, GDK_CONTROL_MASK, "win.show-in-folder" },
  { GDK_KEY_Return, GDK_CONTROL_MASK, "win.show-in-folder" },
};

void
ferry_window_install_actions (GtkWidgetClass *widget_class)
{
  for (gsize i = 0; i < G_N_ELEMENTS (ACTIONS); i++)
    gtk_widget_class_install_action (widget_class, ACTIONS[i].name, NULL, ACTIONS[i].activate);

  for (gsize i = 0; i < G_N_ELEMENTS (KEYS); i++)
    gtk_widget_class_add_binding_action (widget_class, KEYS[i].keyval, KEYS[i].modifiers,
                                         KEYS[i].action, NULL);
}

/* What the selection can do. */
typedef struct
{
  guint n;
  gboolean open;
  gboolean link;
  gboolean pause;
  gboolean resume;
  gboolean start_again;
} Abilities;

static Abilities
selection_abilities (FerryWindow *self)
{
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);
  Abilities can = { .n = selected->len };

  for (guint i = 0; i < selected->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (selected, i);

      can.open |= ferry_transfer_get_state (transfer) == FERRY_STATE_DONE
                  || ferry_transfer_get_direction (transfer) == FERRY_UPLOAD;
      can.link |= ferry_transfer_get_link (transfer) != NULL;
      can.pause |= can_pause (transfer);
      can.resume |= can_resume (transfer);
      can.start_again |= can_start_again (transfer);
    }
  return can;
}

static void
set_enabled (FerryWindow *self, const char *action, gboolean enabled)
{
  gtk_widget_action_set_enabled (GTK_WIDGET (self), action, enabled);
}

static void
update_queue_actions (FerryWindow *self)
{
  guint counts[FERRY_N_FILTERS] = { 0 };

  for (guint i = 0; self->filter != NULL && i < FERRY_N_FILTERS; i++)
    counts[i] = ferry_queue_filter_get_count (self->filter, i);
  set_enabled (self, "win.add", self->engine != NULL);
  set_enabled (self, "win.upload-files", self->engine != NULL);
  set_enabled (self, "win.upload-folder", self->engine != NULL);
  set_enabled (self, "win.receive-here", self->engine != NULL);
  set_enabled (self, "win.paste", self->engine != NULL);
  set_enabled (self, "win.select-all", counts[FERRY_FILTER_ALL] > 0);
  set_enabled (self, "win.search", counts[FERRY_FILTER_ALL] > 0);
  set_enabled (self, "win.sidebar", counts[FERRY_FILTER_ALL] > 0);
  set_enabled (self, "win.pause-all", counts[FERRY_FILTER_ACTIVE] > 0);
  set_enabled (self, "win.resume-all", counts[FERRY_FILTER_PAUSED] > 0);
  set_enabled (self, "win.clear-finished", counts[FERRY_FILTER_FINISHED] > 0);
}

void
ferry_window_update_actions (FerryWindow *self)
{
  Abilities can = selection_abilities (self);

  update_queue_actions (self);
  set_enabled (self, "win.open", can.n == 1 && can.open);
  set_enabled (self, "win.show-in-folder", can.n == 1);
  set_enabled (self, "win.copy-link", can.link);
  set_enabled (self, "win.pause", can.pause);
  set_enabled (self, "win.resume", can.resume);
  set_enabled (self, "win.toggle", can.pause || can.resume);
  set_enabled (self, "win.start-again", can.start_again);
  set_enabled (self, "win.remove", can.n > 0);
}
