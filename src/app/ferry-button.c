/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-button.h"

/* GTK 4.8 names a button by its text with the underscore, and by its label once more. */
void
ferry_button_name_once (GtkWidget *button)
{
  g_return_if_fail (GTK_IS_BUTTON (button));

  gtk_accessible_reset_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL);
}
