/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-list-hold.h"

/* Fewer keep their place in the view: nobody notices what they cost. */
#define MANY 50

GtkSelectionModel *
ferry_list_hold (GtkListView *list, guint n)
{
  if (list == NULL || n < MANY)
    return NULL;

  GtkSelectionModel *model = gtk_list_view_get_model (list);
  if (model == NULL)
    return NULL;
  g_object_ref (model);
  gtk_list_view_set_model (list, NULL);
  return model;
}

void
ferry_list_release (GtkListView *list, GtkSelectionModel *model)
{
  if (model == NULL)
    return;

  gtk_list_view_set_model (list, model);
  g_object_unref (model);
}
