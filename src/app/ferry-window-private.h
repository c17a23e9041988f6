/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-drop-zone.h"
#include "ferry-queue-filter.h"
#include "ferry-sidebar.h"
#include "ferry-transfer-row.h"
#include "ferry-window.h"

G_BEGIN_DECLS

/* Shared by the files of the window alone: ferry-window.c (pages), -list.c (the list and its menu), -actions.c,
 * -links.c (links that come in), -uploads.c (files that go out) and -drop.c (both, dropped). */
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
  GCancellable *drop_cancellable;  /* (nullable): ends with it */
  GPtrArray *dropped_files;        /* (nullable) (element-type GFile): its files */
  char **dropped_links;            /* (nullable): its links */
  gboolean drop_ready;             /* they came in */
  gboolean drop_released;          /* the person let go of it */
  GQueue batches;                  /* of FerryUploadBatch: files on their way into the queue */

  AdwWindowTitle *title;
  GtkToggleButton *sidebar_button;
  AdwSplitButton *add_button;
  GtkButton *all_button;
  GtkToggleButton *search_button;
  GtkRevealer *banner;
  GtkLabel *banner_label;
  AdwToastOverlay *toasts;
  FerryDropZone *drop_zone;
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
void ferry_window_copy_link (FerryWindow *self, FerryTransfer *transfer);
void ferry_window_toggle_transfer (FerryWindow *self, FerryTransfer *transfer);
void ferry_window_help_transfer (FerryWindow *self, FerryTransfer *transfer);

/* ferry-window-links.c */
void ferry_window_paste (FerryWindow *self);
/* Downloads @links (nullable) and asks where to upload @files (nullable) (element-type GFile). */
void ferry_window_take_in (FerryWindow *self, const char *const *links, GPtrArray *files);

/* ferry-window-uploads.c */
/* Lets the person pick files, or folders, to upload. */
void ferry_window_choose_uploads (FerryWindow *self, gboolean folders);
void ferry_window_dispose_uploads (FerryWindow *self);

/* ferry-window-drop.c */
void ferry_window_init_drop (FerryWindow *self);
/* What hovers hovers no more. */
void ferry_window_forget_drop (FerryWindow *self);
/* The files in a GDK_TYPE_FILE_LIST. (transfer full) (element-type GFile) */
GPtrArray *ferry_window_files_of_value (const GValue *value);

G_END_DECLS
