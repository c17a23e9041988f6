/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-queue-filter.h"
#include "ferry-sidebar.h"
#include "ferry-transfer-row.h"
#include "ferry-window.h"

G_BEGIN_DECLS

/* Shared by the files of the window alone: ferry-window.c (pages), -list.c (the list and its menu), -actions.c, and
 * -links.c (links that come in). */
struct _FerryWindow
{
  AdwApplicationWindow parent_instance;

  GSettings *settings;
  FerryEngine *engine;      /* (nullable) until it is open */
  FerryQueueFilter *filter; /* (nullable) as the engine */
  GtkMultiSelection *selection;
  guint update_source;
  GtkDropTargetAsync *drop_target; /* owned by the window as a widget */
  GdkDrop *drop;                   /* (nullable): what hovers */
  char **dropped;                  /* (nullable): its links */
  gboolean drop_ready;             /* they came in */
  gboolean drop_released;          /* the person let go before it did */

  AdwWindowTitle *title;
  GtkToggleButton *sidebar_button;
  GtkButton *add_button;
  GtkButton *all_button;
  GtkToggleButton *search_button;
  GtkMenuButton *menu_button;
  GtkRevealer *banner;
  GtkLabel *banner_label;
  AdwToastOverlay *toasts;
  GtkWidget *drop_note;
  GtkStack *pages;
  AdwStatusPage *error_page;
  GtkButton *empty_button;
  AdwFlap *flap;
  FerrySidebar *sidebar;
  GtkSearchBar *search_bar;
  GtkSearchEntry *search_entry;
  GtkStack *list_pages;
  AdwStatusPage *nothing_page;
  GtkListView *list;
  GtkWidget *list_box;
  GtkActionBar *finished_bar;
  GMenuModel *row_menu;
  GMenu *toggle_section;
  GtkPopover *popover;  /* the rows' menu, made when first wanted */
  GtkWindow *shortcuts; /* (nullable) while they are shown; weak */
  int width;            /* as last allocated */
};

/* ferry-window.c */
void ferry_window_toast (FerryWindow *self, const char *sentence);
/* What is shown and what can be done is looked at again, once, before the next frame. */
void ferry_window_queue_update (FerryWindow *self);
void ferry_window_set_filter (FerryWindow *self, FerryFilter filter);

/* ferry-window-list.c */
void ferry_window_init_list (FerryWindow *self);
/* The selected transfers, in the list's order. (transfer full) (element-type FerryTransfer) */
GPtrArray *ferry_window_get_selected (FerryWindow *self);
/* Selects @transfer alone and scrolls to it, whatever filter and search say. */
void ferry_window_reveal (FerryWindow *self, FerryTransfer *transfer);

/* ferry-window-actions.c */
void ferry_window_install_actions (GtkWidgetClass *widget_class);
void ferry_window_update_actions (FerryWindow *self);
void ferry_window_open_transfer (FerryWindow *self, FerryTransfer *transfer);
void ferry_window_show_transfer (FerryWindow *self, FerryTransfer *transfer);
void ferry_window_toggle_transfer (FerryWindow *self, FerryTransfer *transfer);
void ferry_window_help_transfer (FerryWindow *self, FerryTransfer *transfer);

/* ferry-window-links.c */
void ferry_window_init_links (FerryWindow *self);
void ferry_window_dispose_links (FerryWindow *self);
void ferry_window_paste (FerryWindow *self);

G_END_DECLS
