/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-exchange.h"

G_BEGIN_DECLS

/* The chunks of direct uploads; other requests are passed on. The thread of the receiver's context. */

/* The headers are here and the token is right. May answer at once, or pause. */
void ferry_chunk_handler_begin (FerryExchange *exchange);
void ferry_chunk_handler_got_bytes (FerryExchange *exchange, const void *data, gsize length);
void ferry_chunk_handler_got_body (FerryExchange *exchange);
/* The client left, or the answer is out. */
void ferry_chunk_handler_closed (FerryExchange *exchange);

G_END_DECLS
