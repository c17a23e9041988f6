/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-receive-here.h"

G_BEGIN_DECLS

/**
 * FerryApplication:
 *
 * The running program: owns the engine, the settings, the one window and receiving on this computer. A second launch
 * hands its links and files to the first one.
 */
#define FERRY_TYPE_APPLICATION (ferry_application_get_type ())
G_DECLARE_FINAL_TYPE (FerryApplication, ferry_application, FERRY, APPLICATION, AdwApplication)

FerryApplication *ferry_application_new (void);

/* (transfer none) */
FerryReceiveHere *ferry_application_get_receive_here (FerryApplication *self);

/* Hides the window at once, stops every transfer at a clean checkpoint, then exits. */
void ferry_application_leave (FerryApplication *self);

G_END_DECLS
