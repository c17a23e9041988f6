/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* Where links go that were pasted or dropped: the person's choice, else the desktop's download folder, else
 * "Downloads" at home, which is made when it is not there. (transfer full) */
char *ferry_folder_for_downloads (GSettings *settings);

/* A folder's path as people read it: "~/Downloads". (transfer full) */
char *ferry_folder_describe (const char *path);

typedef void (*FerryFolderChosen) (const char *path, gpointer user_data);

/**
 * ferry_folder_choose:
 * @parent: the window that asks; @chosen is not called once it is gone
 * @current: where to begin
 * @chosen: called with an absolute path when the person picks one
 */
void ferry_folder_choose (GtkWindow *parent,
                          const char *current,
                          FerryFolderChosen chosen,
                          gpointer user_data);

G_END_DECLS
