/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-beside-layout.h"

#define SPACING_BESIDE 12
#define SPACING_BELOW 6
/* Less than this beside the second, and the first has the whole width. */
#define ROOM_TO_READ 240

struct _FerryBesideLayout
{
  GtkLayoutManager parent_instance;
};

G_DEFINE_FINAL_TYPE (FerryBesideLayout, ferry_beside_layout, GTK_TYPE_LAYOUT_MANAGER)

/* (nullable) when there is none to show */
static GtkWidget *
second_of (GtkWidget *first)
{
  GtkWidget *second = gtk_widget_get_next_sibling (first);

  return second != NULL && gtk_widget_should_layout (second) ? second : NULL;
}

static int
natural_size (GtkWidget *widget, GtkOrientation orientation, int for_size)
{
  int natural;

  gtk_widget_measure (widget, orientation, for_size, NULL, &natural, NULL, NULL);
  return natural;
}

static gboolean
goes_below (GtkWidget *second, int width)
{
  return width - SPACING_BESIDE - natural_size (second, GTK_ORIENTATION_HORIZONTAL, -1)
         < ROOM_TO_READ;
}

static void
measure_width (GtkWidget *first, GtkWidget *second, int *minimum, int *natural)
{
  int second_minimum, second_natural;

  gtk_widget_measure (first, GTK_ORIENTATION_HORIZONTAL, -1, minimum, natural, NULL, NULL);
  if (second == NULL)
    return;
  gtk_widget_measure (second, GTK_ORIENTATION_HORIZONTAL, -1, &second_minimum, &second_natural,
                      NULL, NULL);
  *minimum = MAX (*minimum, second_natural);
  *natural += SPACING_BESIDE + second_natural;
}

static void
measure_height (GtkWidget *first, GtkWidget *second, int width, int *minimum, int *natural)
{
  if (second == NULL)
    {
      gtk_widget_measure (first, GTK_ORIENTATION_VERTICAL, width, minimum, natural, NULL, NULL);
      return;
    }

  int second_width = natural_size (second, GTK_ORIENTATION_HORIZONTAL, -1);
  int second_height = natural_size (second, GTK_ORIENTATION_VERTICAL, second_width);
  gboolean below = width >= 0 && goes_below (second, width);
  int first_width = width < 0 || below ? width : width - SPACING_BESIDE - second_width;

  gtk_widget_measure (first, GTK_ORIENTATION_VERTICAL, first_width, minimum, natural, NULL, NULL);
  *minimum = below ? *minimum + SPACING_BELOW + second_height : MAX (*minimum, second_height);
  *natural = below ? *natural + SPACING_BELOW + second_height : MAX (*natural, second_height);
}

static void
ferry_beside_layout_measure (GtkLayoutManager *manager,
                             GtkWidget *widget,
                             GtkOrientation orientation,
                             int for_size,
                             int *minimum,
                             int *natural,
                             int *minimum_baseline,
                             int *natural_baseline)
{
  GtkWidget *first = gtk_widget_get_first_child (widget);

  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    measure_width (first, second_of (first), minimum, natural);
  else
    measure_height (first, second_of (first), for_size, minimum, natural);
}

static void
ferry_beside_layout_allocate (
    GtkLayoutManager *manager, GtkWidget *widget, int width, int height, int baseline)
{
  GtkWidget *first = gtk_widget_get_first_child (widget);
  GtkWidget *second = second_of (first);
  gboolean rtl = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;
  GtkAllocation one = { 0, 0, width, height };
  GtkAllocation two = { 0, 0, 0, height };

  if (second != NULL)
    {
      two.width = natural_size (second, GTK_ORIENTATION_HORIZONTAL, -1);
      if (goes_below (second, width))
        {
          two.height = natural_size (second, GTK_ORIENTATION_VERTICAL, two.width);
          two.x = rtl ? width - two.width : 0;
          two.y = height - two.height;
          one.height = two.y - SPACING_BELOW;
        }
      else
        {
          one.width = width - SPACING_BESIDE - two.width;
          one.x = rtl ? width - one.width : 0;
          two.x = rtl ? 0 : width - two.width;
        }
      gtk_widget_size_allocate (second, &two, -1);
    }
  gtk_widget_size_allocate (first, &one, -1);
}

static GtkSizeRequestMode
ferry_beside_layout_get_request_mode (GtkLayoutManager *manager, GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
ferry_beside_layout_class_init (FerryBesideLayoutClass *klass)
{
  GtkLayoutManagerClass *manager_class = GTK_LAYOUT_MANAGER_CLASS (klass);

  manager_class->measure = ferry_beside_layout_measure;
  manager_class->allocate = ferry_beside_layout_allocate;
  manager_class->get_request_mode = ferry_beside_layout_get_request_mode;
}

static void
ferry_beside_layout_init (FerryBesideLayout *self)
{
}
