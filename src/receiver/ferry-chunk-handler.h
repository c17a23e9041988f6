/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-exchange.h"

G_BEGIN_DECLS

/* The uploads of part A of the protocol, and its answers. The thread of the receiver's context. */

/* The headers are here and the token is right. May answer at once, or pause. */
void ferry_chunk_handler_begin (FerryExchange *exchange);
void ferry_chunk_handler_got_bytes (FerryExchange *exchange, const void *data, gsize length);
void ferry_chunk_handler_got_body (FerryExchange *exchange);
/* The client left, or the answer is out. */
void ferry_chunk_handler_closed (FerryExchange *exchange);

/* An upload whose file is being read back, and who waits for that. */
typedef struct
{
  GCancellable *cancellable;
  GQueue waiting; /* of FerryExchange */
} FerryCompletion;

void ferry_completion_free (FerryCompletion *self);

G_END_DECLS
