/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ferry_list_hold:
 * @list: (nullable): a list
 * @n: how many of its rows are about to come or go, one by one
 *
 * Takes the model out of @list where so many changes would each make and drop widgets.
 *
 * Returns: (transfer full) (nullable): for ferry_list_release ()
 */
GtkSelectionModel *ferry_list_hold (GtkListView *list, guint n);

/* Puts it back. @model: (transfer full) (nullable): as ferry_list_hold () gave it */
void ferry_list_release (GtkListView *list, GtkSelectionModel *model);

G_END_DECLS
