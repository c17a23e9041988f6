/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "ferry-transfer.h"

G_BEGIN_DECLS

/**
 * ferry_desktop_open_async:
 * @transfer: a finished download, or any upload
 *
 * Opens the file in the application for its kind. ferry_desktop_open_finish () fails with a
 * sentence to show when it cannot: FERRY_ERROR_NOT_FOUND_HERE when the file is gone.
 */
void ferry_desktop_open_async (GtkWindow *window,
                               FerryTransfer *transfer,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean ferry_desktop_open_finish (GAsyncResult *result, GError **error);

/**
 * ferry_desktop_show_async:
 *
 * Shows the finished file selected in its folder; the folder alone while there is no finished
 * file, or where no file manager offers more (freedesktop.org, File Manager D-Bus Interface).
 */
void ferry_desktop_show_async (GtkWindow *window,
                               FerryTransfer *transfer,
                               GAsyncReadyCallback callback,
                               gpointer user_data);
gboolean ferry_desktop_show_finish (GAsyncResult *result, GError **error);

G_END_DECLS
