/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-destinations.h"
#include "ferry-engine.h"

G_BEGIN_DECLS

/* @destination: (nullable): as it was saved; NULL: the person closed the editor without saving */
typedef void (*FerryDestinationEditorFunc) (FerryDestination *destination, gpointer user_data);

/**
 * ferry_destination_editor_present:
 * @engine: an open one
 * @destination: (nullable): the one to change; NULL: a new one
 * @done: (nullable): called once, when the editor closes. Not called when it goes because @parent went
 *
 * Asks for the name, the address and the token of a receiver, in a dialog of its own.
 */
void ferry_destination_editor_present (GtkWindow *parent,
                                       FerryEngine *engine,
                                       FerryDestination *destination,
                                       FerryDestinationEditorFunc done,
                                       gpointer user_data);

/* The same with the keyboard where the token goes: an upload to @destination waits for it. */
void ferry_destination_editor_ask_token (GtkWindow *parent,
                                         FerryEngine *engine,
                                         FerryDestination *destination,
                                         FerryDestinationEditorFunc done,
                                         gpointer user_data);

G_END_DECLS
