/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A screen reader says what stands on @button, and says it once. Of one that has a label. */
void ferry_button_name_once (GtkWidget *button);

G_END_DECLS
