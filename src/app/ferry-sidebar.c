/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-sidebar.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

struct _FerrySidebar
{
  GtkWidget parent_instance;

  GtkListBox *list;
  GtkListBoxRow *rows[FERRY_N_FILTERS];
  GtkLabel *counts[FERRY_N_FILTERS];
  guint numbers[FERRY_N_FILTERS];
};

G_DEFINE_FINAL_TYPE (FerrySidebar, ferry_sidebar, GTK_TYPE_WIDGET)

static guint chosen_signal;

static const struct
{
  const char *title;
  const char *icon;
} FILTERS[FERRY_N_FILTERS] = {
  [FERRY_FILTER_ALL] = { NC_ ("filter", "All"), "view-list-symbolic" },
  [FERRY_FILTER_DOWNLOADS] = { NC_ ("filter", "Downloads"), "ferry-download-symbolic" },
  [FERRY_FILTER_UPLOADS] = { NC_ ("filter", "Uploads"), "ferry-upload-symbolic" },
  [FERRY_FILTER_ACTIVE] = { NC_ ("filter", "Active"), "media-playback-start-symbolic" },
  [FERRY_FILTER_PAUSED] = { NC_ ("filter", "Paused"), "media-playback-pause-symbolic" },
  [FERRY_FILTER_NEEDS_YOU] = { NC_ ("filter", "Needs You"), "dialog-warning-symbolic" },
  [FERRY_FILTER_FINISHED] = { NC_ ("filter", "Finished"), "object-select-symbolic" },
};

static const char *
filter_title (FerryFilter filter)
{
  return g_dpgettext2 (GETTEXT_PACKAGE, "filter", FILTERS[filter].title);
}

static void
row_activated_cb (GtkListBox *list, GtkListBoxRow *row, gpointer user_data)
{
  g_signal_emit (user_data, chosen_signal, 0, gtk_list_box_row_get_index (row));
}

static void
describe_row (FerrySidebar *self, FerryFilter filter)
{
  /* Translators: a filter and how many transfers it shows, for a screen reader: "Paused, 3". */
  g_autofree char *label
      = g_strdup_printf (_ ("%s, %u"), filter_title (filter), self->numbers[filter]);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self->rows[filter]),
                                  GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
}

static void
add_row (FerrySidebar *self, FerryFilter filter)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *icon = g_object_new (GTK_TYPE_IMAGE, "icon-name", FILTERS[filter].icon,
                                  "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  GtkWidget *title = gtk_label_new (filter_title (filter));
  GtkWidget *count = gtk_label_new (NULL);
  GtkWidget *row = gtk_list_box_row_new ();

  gtk_label_set_xalign (GTK_LABEL (title), 0);
  gtk_label_set_ellipsize (GTK_LABEL (title), PANGO_ELLIPSIZE_END);
  gtk_widget_set_hexpand (title, TRUE);
  gtk_widget_add_css_class (count, "dim-label");
  gtk_widget_add_css_class (count, "numeric");
  gtk_box_append (GTK_BOX (box), icon);
  gtk_box_append (GTK_BOX (box), title);
  gtk_box_append (GTK_BOX (box), count);
  gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (row), box);
  gtk_list_box_append (self->list, row);

  self->rows[filter] = GTK_LIST_BOX_ROW (row);
  self->counts[filter] = GTK_LABEL (count);
  describe_row (self, filter);
}

static void
ferry_sidebar_dispose (GObject *object)
{
  FerrySidebar *self = FERRY_SIDEBAR (object);

  if (self->list != NULL)
    gtk_widget_unparent (GTK_WIDGET (g_steal_pointer (&self->list)));

  G_OBJECT_CLASS (ferry_sidebar_parent_class)->dispose (object);
}

static void
ferry_sidebar_class_init (FerrySidebarClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ferry_sidebar_dispose;

  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  chosen_signal = g_signal_new ("chosen", FERRY_TYPE_SIDEBAR, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                NULL, G_TYPE_NONE, 1, G_TYPE_INT);
}

static void
ferry_sidebar_init (FerrySidebar *self)
{
  self->list = GTK_LIST_BOX (gtk_list_box_new ());
  gtk_widget_add_css_class (GTK_WIDGET (self->list), "navigation-sidebar");
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->list), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Show"), -1);
  gtk_widget_set_parent (GTK_WIDGET (self->list), GTK_WIDGET (self));
  for (guint i = 0; i < FERRY_N_FILTERS; i++)
    add_row (self, i);
  gtk_list_box_select_row (self->list, self->rows[FERRY_FILTER_ALL]);
  g_signal_connect (self->list, "row-activated", G_CALLBACK (row_activated_cb), self);
}

void
ferry_sidebar_set_filter (FerrySidebar *self, FerryFilter filter)
{
  g_return_if_fail (FERRY_IS_SIDEBAR (self));
  g_return_if_fail (filter < FERRY_N_FILTERS);

  gtk_list_box_select_row (self->list, self->rows[filter]);
}

void
ferry_sidebar_set_count (FerrySidebar *self, FerryFilter filter, guint count)
{
  g_return_if_fail (FERRY_IS_SIDEBAR (self));
  g_return_if_fail (filter < FERRY_N_FILTERS);

  if (self->numbers[filter] == count)
    return;

  g_autofree char *text = count > 0 ? g_strdup_printf ("%u", count) : NULL;
  self->numbers[filter] = count;
  gtk_label_set_text (self->counts[filter], text != NULL ? text : "");
  describe_row (self, filter);
}
