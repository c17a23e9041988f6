/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/* Asks for the token that the receiver of @transfer, an upload, wants: in the editor of the destination, where it is one, so
 * that it is kept; else in a question of its own, and for as long as Ferry runs. Then the upload goes on. */
void ferry_token_ask (GtkWindow *parent, FerryEngine *engine, FerryTransfer *transfer);

G_END_DECLS
