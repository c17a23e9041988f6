/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-exchange.h"

G_BEGIN_DECLS

/* Finished files: GET and HEAD with one range, preconditions and the digest of the whole. The context's thread. */

/* All of the request is here. */
void ferry_share_serve (FerryExchange *exchange);

/* Where @upload's file is served, at the name that the client knows this server by. (transfer full) */
char *ferry_share_address (FerryExchange *exchange, const FerryUpload *upload);

/* A file that is being sent. */
void ferry_stream_free (gpointer stream);

G_END_DECLS
