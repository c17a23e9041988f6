/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-application.h"
#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * FerryWindow:
 *
 * The one window: shows that the queue opens, why it cannot, or the queue.
 */
#define FERRY_TYPE_WINDOW (ferry_window_get_type ())
G_DECLARE_FINAL_TYPE (FerryWindow, ferry_window, FERRY, WINDOW, AdwApplicationWindow)

FerryWindow *ferry_window_new (FerryApplication *application, GSettings *settings);

/* The queue is open: show it. Once. */
void ferry_window_set_engine (FerryWindow *self, FerryEngine *engine);
void ferry_window_show_opening (FerryWindow *self);
void ferry_window_show_error (FerryWindow *self, const GError *error);

/* Adds @links to the download folder at once, and says so. After ferry_window_set_engine (). */
void ferry_window_add_links (FerryWindow *self, const char *const *links);
/* Opens the dialog for new downloads with @text, NULL: with what the clipboard holds. */
void ferry_window_ask_for_links (FerryWindow *self, const char *text);

/* Opens the dialog that asks where to upload @files. (element-type GFile): files and folders. After
 * ferry_window_set_engine (). */
void ferry_window_ask_to_upload (FerryWindow *self, GPtrArray *files);

/* Size and filter, for the next launch. */
void ferry_window_save (FerryWindow *self);

G_END_DECLS
