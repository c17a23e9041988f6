/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-pair-layout.h"

#define SPACING 12

struct _FerryPairLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FerryPairLayout, ferry_pair_layout, GTK_TYPE_LAYOUT_MANAGER)

/* What the larger of the two asks for. */
static void
measure_larger (
    GtkWidget *widget, GtkOrientation orientation, int for_size, int *minimum, int *natural)
{
  *minimum = *natural = 0;
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    {
      int child_minimum, child_natural;

      gtk_widget_measure (child, orientation, for_size, &child_minimum, &child_natural, NULL, NULL);
      *minimum = MAX (*minimum, child_minimum);
      *natural = MAX (*natural, child_natural);
    }
}

static int
natural_width (GtkWidget *widget)
{
  int minimum, natural;

  measure_larger (widget, GTK_ORIENTATION_HORIZONTAL, -1, &minimum, &natural);
  return natural;
}

static gboolean
fits_beside (GtkWidget *widget, int width)
{
  return width < 0 || width >= 2 * natural_width (widget) + SPACING;
}

static void
ferry_pair_layout_measure (GtkLayoutManager *manager,
                           GtkWidget *widget,
                           GtkOrientation orientation,
                           int for_size,
                           int *minimum,
                           int *natural,
                           int *minimum_baseline,
                           int *natural_baseline)
{
  measure_larger (widget, orientation, -1, minimum, natural);
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    *natural = 2 * *natural + SPACING;
  else if (!fits_beside (widget, for_size))
    {
      *minimum = 2 * *minimum + SPACING;
      *natural = 2 * *natural + SPACING;
    }
}

static void
ferry_pair_layout_allocate (
    GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *first = gtk_widget_get_first_child (widget);
  GtkWidget *second = gtk_widget_get_next_sibling (first);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GtkAllocation one = { 0, 0, width, height };
  GtkAllocation two = one;

  if (fits_beside (widget, width))
    {
      one.width = two.width = (width - SPACING) / 2;
      (rtl ? &one : &two)->x = width - two.width;
    }
  else
    {
      one.width = two.width = MIN (width, natural_width (widget));
      one.x = two.x = (width - one.width) / 2;
      one.height = two.height = (height - SPACING) / 2;
      two.y = height - two.height;
    }
  gtk_widget_size_allocate (first, &one, -1);
  gtk_widget_size_allocate (second, &two, -1);
}

static GtkSizeRequestMode
ferry_pair_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
ferry_pair_layout_class_init (FerryPairLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->measure = ferry_pair_layout_measure;
  manager_class->allocate = ferry_pair_layout_allocate;
  manager_class->get_request_mode = ferry_pair_layout_get_request_mode;
}

static void
ferry_pair_layout_init (FerryPairLayout *self)
{
}
