/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A dialog that a screen reader announces as one. (transfer none): it goes when it is closed */
AdwMessageDialog *ferry_message_dialog_new (GtkWindow *parent, const char *heading);

/* Shows it; all of its responses are there. */
void ferry_message_dialog_present (AdwMessageDialog *dialog);

G_END_DECLS
