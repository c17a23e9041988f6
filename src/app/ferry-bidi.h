/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/**
 * ferry_bidi_caption:
 * @text: parts with " · " between them
 *
 * The text as a label shows it. In languages written from right to left it is laid out so from its
 * first letter on, whatever script that is of, and no part mixes with its neighbours.
 *
 * Returns: (transfer full)
 */
char *ferry_bidi_caption (const char *text);

/* A path or an address as a label shows it: from left to right, also in a window that is laid out from right to left.
 * (transfer full) */
char *ferry_bidi_plain (const char *text);

G_END_DECLS
