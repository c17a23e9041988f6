/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destination.h"

G_BEGIN_DECLS

/* The id of the receiver inside Ferry. */
#define FERRY_DESTINATION_HERE "here"

/* 32 hex digits that nobody has used. (transfer full) */
char *ferry_destination_random_id (void);

/* @id: NULL: a new random one. (transfer full) */
FerryDestination *
ferry_destination_new (const char *id, const char *name, const char *protocol, const char *address);

/* For another thread to read. (transfer full) */
FerryDestination *ferry_destination_copy (FerryDestination *self);

void ferry_destination_set_name (FerryDestination *self, const char *name);
void ferry_destination_set_address (FerryDestination *self, const char *address);
void ferry_destination_set_is_default (FerryDestination *self, gboolean is_default);

G_END_DECLS
