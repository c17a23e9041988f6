/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-exchange.h"

G_BEGIN_DECLS

/* All about an upload but the bytes of its chunks: initiate, status, complete, discard; addresses and receipts of a presigned one.
 * The thread of the receiver's context. */
void ferry_upload_handler_begin (FerryExchange *exchange);
void ferry_upload_handler_got_bytes (FerryExchange *exchange, const void *data, gsize length);
void ferry_upload_handler_got_body (FerryExchange *exchange);

/* An upload that is being completed, and who waits for that. */
typedef struct
{
  GCancellable *cancellable;
  GQueue waiting; /* of FerryExchange */
} FerryCompletion;

void ferry_completion_free (FerryCompletion *self);

G_END_DECLS
