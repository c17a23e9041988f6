/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * FerryBesideLayout:
 *
 * Lays out two children: the second beside the first, or below it where the first would have too
 * little room to be read.
 */
#define FERRY_TYPE_BESIDE_LAYOUT (ferry_beside_layout_get_type ())
G_DECLARE_FINAL_TYPE (
    FerryBesideLayout, ferry_beside_layout, FERRY, BESIDE_LAYOUT, GtkLayoutManager)

G_END_DECLS
