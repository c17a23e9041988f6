/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-window-private.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#define LIST_ITEM_KEY "ferry-list-item"

static guint
row_position (FerryTransferRow *row)
{
  return gtk_list_item_get_position (g_object_get_data (G_OBJECT (row), LIST_ITEM_KEY));
}

GPtrArray *
ferry_window_get_selected (FerryWindow *self)
{
  GPtrArray *transfers = g_ptr_array_new_with_free_func (g_object_unref);

  if (self->selection == NULL)
    return transfers;

  g_autoptr (GtkBitset) selected
      = gtk_selection_model_get_selection (GTK_SELECTION_MODEL (self->selection));
  GtkBitsetIter iter;
  guint position;
  for (gboolean more = gtk_bitset_iter_init_first (&iter, selected, &position); more;
       more = gtk_bitset_iter_next (&iter, &position))
    g_ptr_array_add (transfers, g_list_model_get_item (G_LIST_MODEL (self->selection), position));
  return transfers;
}

static gboolean
find_position (GListModel *model, FerryTransfer *transfer, guint *position)
{
  guint n = g_list_model_get_n_items (model);

  /* From the end: what was just added is looked for most. */
  for (guint i = n; i > 0; i--)
    {
      g_autoptr (FerryTransfer) item = g_list_model_get_item (model, i - 1);
      if (item == transfer)
        {
          *position = i - 1;
          return TRUE;
        }
    }
  return FALSE;
}

void
ferry_window_reveal (FerryWindow *self, FerryTransfer *transfer)
{
  guint position;

  if (self->selection == NULL)
    return;
  if (!find_position (G_LIST_MODEL (self->selection), transfer, &position))
    {
      gtk_search_bar_set_search_mode (self->search_bar, FALSE);
      ferry_window_set_filter (self, FERRY_FILTER_ALL);
      if (!find_position (G_LIST_MODEL (self->selection), transfer, &position))
        return;
    }
  gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  gtk_widget_activate_action (GTK_WIDGET (self->list), "list.scroll-to-item", "u", position);
}

/* The menu acts on the selection: a row outside of it becomes the selection first. */
static void
select_for_menu (FerryWindow *self, FerryTransferRow *row)
{
  guint position = row_position (row);

  if (!gtk_selection_model_is_selected (GTK_SELECTION_MODEL (self->selection), position))
    gtk_selection_model_select_item (GTK_SELECTION_MODEL (self->selection), position, TRUE);
  gtk_widget_grab_focus (gtk_widget_get_parent (GTK_WIDGET (row)));
}

/* What the middle of the menu offers depends on what the selection does. */
static void
fill_toggle_section (FerryWindow *self)
{
  g_autoptr (GPtrArray) selected = ferry_window_get_selected (self);
  gboolean waits = FALSE;
  gboolean asks = FALSE;
  gboolean paused = FALSE;

  for (guint i = 0; i < selected->len; i++)
    {
      FerryState state = ferry_transfer_get_state (g_ptr_array_index (selected, i));
      waits |= state == FERRY_STATE_WAITING;
      asks |= state == FERRY_STATE_NEEDS_YOU || state == FERRY_STATE_FAILED;
      paused |= state == FERRY_STATE_PAUSED || state == FERRY_STATE_STOPPING;
    }

  g_menu_remove_all (self->toggle_section);
  g_menu_append (self->toggle_section, _ ("_Pause"), "win.pause");
  if (paused || !(waits || asks))
    g_menu_append (self->toggle_section, _ ("R_esume"), "win.resume");
  else
    g_menu_append (self->toggle_section, waits ? _ ("Try _Now") : _ ("_Try Again"), "win.resume");
  g_menu_append (self->toggle_section, _ ("_Start Again"), "win.start-again");
}

/* The keyboard goes on in the list, not in the void that the menu leaves. */
static void
menu_closed_cb (FerryWindow *self)
{
  gtk_widget_grab_focus (GTK_WIDGET (self->list));
}

static void
ensure_popover (FerryWindow *self)
{
  if (self->popover != NULL)
    return;

  self->popover = GTK_POPOVER (gtk_popover_menu_new_from_model (self->row_menu));
  gtk_popover_set_has_arrow (self->popover, FALSE);
  gtk_popover_set_position (self->popover, GTK_POS_BOTTOM);
  gtk_widget_set_parent (GTK_WIDGET (self->popover), self->list_box);
  g_signal_connect_swapped (self->popover, "closed", G_CALLBACK (menu_closed_cb), self);
}

/* @align: which side of the menu lies at the place */
static void
open_menu (FerryWindow *self, GtkWidget *at, double x, double y, GtkAlign align)
{
  double there_x, there_y;

  if (!gtk_widget_translate_coordinates (at, self->list_box, x, y, &there_x, &there_y))
    return;

  ensure_popover (self);
  fill_toggle_section (self);
  ferry_window_update_actions (self);
  gtk_widget_set_halign (GTK_WIDGET (self->popover), align);
  gtk_popover_set_pointing_to (self->popover, &(GdkRectangle){ there_x, there_y, 1, 1 });
  gtk_popover_popup (self->popover);
}

/* The button stands at the end of its row: the menu opens towards the middle. */
static void
open_menu_below (FerryWindow *self, GtkWidget *button)
{
  gboolean rtl = gtk_widget_get_direction (button) == GTK_TEXT_DIR_RTL;

  open_menu (self, button, rtl ? 0 : gtk_widget_get_width (button), gtk_widget_get_height (button),
             GTK_ALIGN_END);
}

static void
command_cb (FerryTransferRow *row, int command, gpointer user_data)
{
  FerryWindow *self = user_data;
  FerryTransfer *transfer = ferry_transfer_row_get_transfer (row);

  switch ((FerryRowCommand) command)
    {
    case FERRY_ROW_TOGGLE:
      ferry_window_toggle_transfer (self, transfer);
      break;
    case FERRY_ROW_HELP:
      ferry_window_help_transfer (self, transfer);
      break;
    case FERRY_ROW_SHOW:
      ferry_window_show_transfer (self, transfer);
      break;
    case FERRY_ROW_COPY:
      ferry_window_copy_link (self, transfer);
      break;
    case FERRY_ROW_MENU:
      select_for_menu (self, row);
      open_menu_below (self, ferry_transfer_row_get_menu_button (row));
      break;
    default:
      g_assert_not_reached ();
    }
}

static void
open_menu_at_pointer (FerryWindow *self, GtkGesture *gesture, double x, double y)
{
  GtkWidget *row = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (gesture));

  if (ferry_transfer_row_get_transfer (FERRY_TRANSFER_ROW (row)) == NULL)
    return;
  gtk_gesture_set_state (gesture, GTK_EVENT_SEQUENCE_CLAIMED);
  select_for_menu (self, FERRY_TRANSFER_ROW (row));
  open_menu (self, row, x, y, GTK_ALIGN_START);
}

static void
right_pressed_cb (GtkGesture *gesture, int n_press, double x, double y, gpointer user_data)
{
  open_menu_at_pointer (user_data, gesture, x, y);
}

static void
long_pressed_cb (GtkGesture *gesture, double x, double y, gpointer user_data)
{
  open_menu_at_pointer (user_data, gesture, x, y);
}

static void
setup_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  GtkWidget *row = ferry_transfer_row_new ();
  GtkGesture *click = gtk_gesture_click_new ();
  GtkGesture *press = gtk_gesture_long_press_new ();

  g_object_set_data (G_OBJECT (row), LIST_ITEM_KEY, item);
  g_signal_connect (row, "command", G_CALLBACK (command_cb), user_data);
  gtk_gesture_single_set_button (GTK_GESTURE_SINGLE (click), GDK_BUTTON_SECONDARY);
  g_signal_connect (click, "pressed", G_CALLBACK (right_pressed_cb), user_data);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (click));
  gtk_gesture_single_set_touch_only (GTK_GESTURE_SINGLE (press), TRUE);
  g_signal_connect (press, "pressed", G_CALLBACK (long_pressed_cb), user_data);
  gtk_widget_add_controller (row, GTK_EVENT_CONTROLLER (press));
  gtk_list_item_set_child (item, row);
}

static void
bind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  ferry_transfer_row_set_transfer (FERRY_TRANSFER_ROW (gtk_list_item_get_child (item)),
                                   gtk_list_item_get_item (item));
}

static void
unbind_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  ferry_transfer_row_set_transfer (FERRY_TRANSFER_ROW (gtk_list_item_get_child (item)), NULL);
}

static void
teardown_cb (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer user_data)
{
  gtk_list_item_set_child (item, NULL);
}

static void
activated_cb (GtkListView *list, guint position, gpointer user_data)
{
  FerryWindow *self = user_data;
  g_autoptr (FerryTransfer) transfer
      = g_list_model_get_item (G_LIST_MODEL (self->selection), position);

  ferry_window_open_transfer (self, transfer);
}

/* The row that has the focus itself, not one of its buttons. (nullable) */
static FerryTransferRow *
focused_row (FerryWindow *self)
{
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));

  if (focus == NULL || gtk_widget_get_parent (focus) != GTK_WIDGET (self->list))
    return NULL;
  GtkWidget *child = gtk_widget_get_first_child (focus);
  return FERRY_IS_TRANSFER_ROW (child) ? FERRY_TRANSFER_ROW (child) : NULL;
}

/* Space belongs to the focused row, unless one of its buttons has the focus. */
static gboolean
space_cb (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  FerryWindow *self = user_data;
  FerryTransferRow *row = focused_row (self);

  if (row == NULL)
    return GDK_EVENT_PROPAGATE;
  select_for_menu (self, row);
  gtk_widget_activate_action (GTK_WIDGET (self), "win.toggle", NULL);
  return GDK_EVENT_STOP;
}

static gboolean
menu_key_cb (GtkWidget *widget, GVariant *arguments, gpointer user_data)
{
  FerryWindow *self = user_data;
  GtkWidget *focus = gtk_window_get_focus (GTK_WINDOW (self));
  FerryTransferRow *row = focused_row (self);

  if (row == NULL && focus != NULL)
    row = FERRY_TRANSFER_ROW (gtk_widget_get_ancestor (focus, FERRY_TYPE_TRANSFER_ROW));
  if (row == NULL)
    return GDK_EVENT_PROPAGATE;
  select_for_menu (self, row);
  open_menu_below (self, ferry_transfer_row_get_menu_button (row));
  return GDK_EVENT_STOP;
}

static void
add_shortcut (GtkEventController *controller, const char *trigger, GtkShortcutAction *action)
{
  gtk_shortcut_controller_add_shortcut (
      GTK_SHORTCUT_CONTROLLER (controller),
      gtk_shortcut_new (gtk_shortcut_trigger_parse_string (trigger), action));
}

static void
add_list_shortcuts (FerryWindow *self)
{
  GtkEventController *controller = gtk_shortcut_controller_new ();

  gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_CAPTURE);
  add_shortcut (controller, "space|KP_Space", gtk_callback_action_new (space_cb, self, NULL));
  add_shortcut (controller, "Menu|<Shift>F10", gtk_callback_action_new (menu_key_cb, self, NULL));
  gtk_widget_add_controller (GTK_WIDGET (self->list), controller);
}

void
ferry_window_init_list (FerryWindow *self)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_cb), self);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cb), self);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_cb), self);
  g_signal_connect (factory, "teardown", G_CALLBACK (teardown_cb), self);
  gtk_list_view_set_factory (self->list, factory);
  g_signal_connect (self->list, "activate", G_CALLBACK (activated_cb), self);
  add_list_shortcuts (self);
}
