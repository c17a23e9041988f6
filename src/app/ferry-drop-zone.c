/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-drop-zone.h"

#define ICON_PIXELS 64

struct _FerryDropZone
{
  GtkWidget parent_instance;

  GtkWidget *box;
  GtkImage *icon;
  GtkLabel *title;
  GtkLabel *details;
};

G_DEFINE_FINAL_TYPE (FerryDropZone, ferry_drop_zone, GTK_TYPE_WIDGET)

static void
ferry_drop_zone_dispose (GObject *object)
{
  FerryDropZone *self = FERRY_DROP_ZONE (object);

  g_clear_pointer (&self->box, gtk_widget_unparent);
  G_OBJECT_CLASS (ferry_drop_zone_parent_class)->dispose (object);
}

static void
ferry_drop_zone_class_init (FerryDropZoneClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ferry_drop_zone_dispose;
  gtk_widget_class_set_layout_manager_type (GTK_WIDGET_CLASS (klass), GTK_TYPE_BIN_LAYOUT);
  gtk_widget_class_set_css_name (GTK_WIDGET_CLASS (klass), "dropzone");
  gtk_widget_class_set_accessible_role (GTK_WIDGET_CLASS (klass), GTK_ACCESSIBLE_ROLE_STATUS);
}

static GtkLabel *
add_label (FerryDropZone *self, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_wrap_mode (GTK_LABEL (label), PANGO_WRAP_WORD_CHAR);
  gtk_label_set_justify (GTK_LABEL (label), GTK_JUSTIFY_CENTER);
  gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (self->box), label);
  return GTK_LABEL (label);
}

static void
ferry_drop_zone_init (FerryDropZone *self)
{
  gtk_widget_set_can_target (GTK_WIDGET (self), FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);

  self->box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  gtk_widget_set_valign (self->box, GTK_ALIGN_CENTER);
  gtk_widget_set_parent (self->box, GTK_WIDGET (self));
  self->icon = g_object_new (GTK_TYPE_IMAGE, "pixel-size", ICON_PIXELS, "accessible-role",
                             GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);
  gtk_box_append (GTK_BOX (self->box), GTK_WIDGET (self->icon));
  self->title = add_label (self, "title-2");
  self->details = add_label (self, "body");
}

void
ferry_drop_zone_show (FerryDropZone *self,
                      const char *icon_name,
                      const char *title,
                      const char *details)
{
  g_return_if_fail (FERRY_IS_DROP_ZONE (self));
  g_return_if_fail (title != NULL);

  gtk_image_set_from_icon_name (self->icon, icon_name);
  gtk_label_set_text (self->title, title);
  gtk_label_set_text (self->details, details != NULL ? details : "");
  gtk_widget_set_visible (GTK_WIDGET (self->details), details != NULL);
  gtk_widget_set_visible (GTK_WIDGET (self), TRUE);
}

void
ferry_drop_zone_hide (FerryDropZone *self)
{
  g_return_if_fail (FERRY_IS_DROP_ZONE (self));

  gtk_widget_set_visible (GTK_WIDGET (self), FALSE);
}
