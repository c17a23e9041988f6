/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/* A dialog that a screen reader announces as one. (transfer none): it goes when it is closed */
AdwMessageDialog *ferry_message_dialog_new (GtkWindow *parent, const char *heading);

/**
 * ferry_message_dialog_add_answer:
 * @id: the detail of "response" when it is given
 * @label: with an underscore
 *
 * The one answer that does something, and "cancel", which does nothing and is what closing means. Enter gives the answer, unless
 * it destroys something.
 */
void ferry_message_dialog_add_answer (AdwMessageDialog *dialog,
                                      const char *id,
                                      const char *label,
                                      AdwResponseAppearance appearance);

/* Shows it; all of its responses are there. */
void ferry_message_dialog_present (AdwMessageDialog *dialog);

G_END_DECLS
