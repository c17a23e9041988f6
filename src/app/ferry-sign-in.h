/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/* Asks for the name and the password a server wants, and hands them to the engine. */
void ferry_sign_in_ask (GtkWindow *parent, FerryEngine *engine, FerryTransfer *transfer);

G_END_DECLS
