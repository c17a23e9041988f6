/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "ferry-queue-filter.h"

G_BEGIN_DECLS

/**
 * FerrySidebar:
 *
 * The list of filters with their counts.
 *
 * Signals: "chosen" (filter: int): the person picked one, also the one that is picked already.
 */
#define FERRY_TYPE_SIDEBAR (ferry_sidebar_get_type ())
G_DECLARE_FINAL_TYPE (FerrySidebar, ferry_sidebar, FERRY, SIDEBAR, GtkWidget)

void ferry_sidebar_set_filter (FerrySidebar *self, FerryFilter filter);
void ferry_sidebar_set_count (FerrySidebar *self, FerryFilter filter, guint count);

G_END_DECLS
