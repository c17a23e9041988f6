/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/* Both return a toast that offers Undo. @list shows the queue. @transfers: (element-type FerryTransfer).
 * (transfer full) */

/* @transfers were removed; they are forgotten for good when the toast goes without Undo. */
AdwToast *ferry_undo_removal (FerryEngine *engine,
                              GtkListView *list,
                              GPtrArray *transfers,
                              const char *title);

/* @transfers were added; Undo takes them out again. */
AdwToast *ferry_undo_addition (FerryEngine *engine,
                               GtkListView *list,
                               GPtrArray *transfers,
                               const char *title);

G_END_DECLS
