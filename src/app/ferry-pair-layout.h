/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FerryPairLayout:
 *
 * Two widgets of the same width in the middle: side by side, or one below the other where there is no room.
 */
#define FERRY_TYPE_PAIR_LAYOUT (ferry_pair_layout_get_type ())
G_DECLARE_FINAL_TYPE (FerryPairLayout, ferry_pair_layout, FERRY, PAIR_LAYOUT, GtkLayoutManager)

G_END_DECLS
