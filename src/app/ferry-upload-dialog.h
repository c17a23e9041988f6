/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-destinations.h"
#include "ferry-engine.h"
#include "ferry-file-walk.h"
#include "ferry-receive-here.h"

G_BEGIN_DECLS

/**
 * FerryUploadDialog:
 *
 * Shows what was chosen to upload, and asks where to.
 *
 * Signals: "upload" (destination: FerryDestination, again: gboolean): the person wants it; the handler takes the files with
 * ferry_upload_dialog_steal_files (). The dialog closes by itself.
 */
#define FERRY_TYPE_UPLOAD_DIALOG (ferry_upload_dialog_get_type ())
G_DECLARE_FINAL_TYPE (FerryUploadDialog, ferry_upload_dialog, FERRY, UPLOAD_DIALOG, AdwWindow)

/* @chosen: (element-type GFile): files and folders */
FerryUploadDialog *ferry_upload_dialog_new (GtkWindow *parent,
                                            FerryEngine *engine,
                                            GSettings *settings,
                                            FerryReceiveHere *receive_here,
                                            GPtrArray *chosen);

/* (transfer full) (nullable) */
FerryFoundFiles *ferry_upload_dialog_steal_files (FerryUploadDialog *self);

/* The destination that a new dialog begins with: the last one, else the default. (nullable) (transfer none) */
FerryDestination *ferry_upload_dialog_first_destination (FerryEngine *engine, GSettings *settings);

G_END_DECLS
