/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The queue for people: one line a transfer, cut to the terminal where there is one. (element-type GVariant) */
void ferryctl_table_print (GPtrArray *items);

/* One transfer: all that is known, and its history (a(xs)). */
void ferryctl_table_print_one (GVariant *item, GVariant *history);

G_END_DECLS
