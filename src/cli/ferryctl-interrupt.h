/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Ctrl+C, and its like from other programs. */

/* From now on a first SIGINT, SIGTERM or SIGHUP is remembered and wakes the default main context; a second one ends the
 * process at once with status 130. SIGHUP stays ignored under nohup; the others count even where a script's shell ignores
 * them for what it runs in the background. */
void ferryctl_interrupt_watch (void);

/* As if the person had pressed Ctrl+C. */
void ferryctl_interrupt_raise (void);

gboolean ferryctl_interrupt_is_raised (void);

/* TRUE once after the process came back from a stop (SIGCONT) or its terminal changed its size (SIGWINCH). */
gboolean ferryctl_interrupt_take_resized (void);
gboolean ferryctl_interrupt_take_continued (void);

G_END_DECLS
