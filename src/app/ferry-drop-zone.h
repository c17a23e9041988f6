/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FerryDropZone:
 *
 * Lies over the window while something that can be dropped hovers over it, and says what will happen.
 */
#define FERRY_TYPE_DROP_ZONE (ferry_drop_zone_get_type ())
G_DECLARE_FINAL_TYPE (FerryDropZone, ferry_drop_zone, FERRY, DROP_ZONE, GtkWidget)

/* @details: (nullable) */
void ferry_drop_zone_show (FerryDropZone *self,
                           const char *icon_name,
                           const char *title,
                           const char *details);
void ferry_drop_zone_hide (FerryDropZone *self);

G_END_DECLS
