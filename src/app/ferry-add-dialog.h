/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * FerryAddDialog:
 *
 * Asks for links to download, and where to.
 *
 * Signals: "added" (transfers: GPtrArray of FerryTransfer): they are in the queue now. "show" (transfer:
 * FerryTransfer): the person wants to see the one that is there already.
 */
#define FERRY_TYPE_ADD_DIALOG (ferry_add_dialog_get_type ())
G_DECLARE_FINAL_TYPE (FerryAddDialog, ferry_add_dialog, FERRY, ADD_DIALOG, AdwWindow)

/* @text: (nullable): links to begin with; NULL: those in the clipboard */
FerryAddDialog *ferry_add_dialog_new (GtkWindow *parent,
                                      FerryEngine *engine,
                                      GSettings *settings,
                                      const char *text);

G_END_DECLS
