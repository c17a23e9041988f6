/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryctlBars:
 *
 * A block of progress lines at the bottom of a terminal. The cursor rests below it at the start of a line, so whatever
 * ends the process leaves the terminal as it should be.
 */
typedef struct
{
  GArray *widths; /* columns of each line that stands there */
} FerryctlBars;

/* TRUE when standard output is a terminal that can be drawn on. */
gboolean ferryctl_bars_possible (void);

void ferryctl_bars_init (FerryctlBars *self);
void ferryctl_bars_clear (FerryctlBars *self);

/* Takes the block away. */
void ferryctl_bars_erase (FerryctlBars *self);

/* Forgets the block: something else was printed below it. */
void ferryctl_bars_forget (FerryctlBars *self);

/* Draws one line for each of @items that moves or waits, or one for all where they are more than fit.
 * (element-type GVariant) */
void ferryctl_bars_draw (FerryctlBars *self, GPtrArray *items, guint n_settled);

G_END_DECLS
