/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destinations.h"
#include "ferry-engine.h"

G_BEGIN_DECLS

/* The most that are kept. */
#define FERRY_DESTINATIONS_MAX 1000
/* The most characters of a name. */
#define FERRY_DESTINATION_NAME_MAX 100

struct _FerryDestinations
{
  GObject parent_instance;

  FerryEngine *engine; /* (not owned) (nullable) when it is gone */
  GPtrArray *items;    /* "here" first, the others by name */
  GPtrArray *asking;   /* GCancellable of those that wait for the keyring */
};

/* @engine owns it, and says when it goes with ferry_destinations_detach (). @rows: what the journal has. (element-type
 * FerryDestination) */
FerryDestinations *ferry_destinations_new (FerryEngine *engine, GPtrArray *rows);
void ferry_destinations_detach (FerryDestinations *self);

/* Ferry ends: nobody is waited for who has to unlock a keyring. */
void ferry_destinations_cancel (FerryDestinations *self);

/* By name alone. (nullable) (transfer none) */
FerryDestination *ferry_destinations_find_name (FerryDestinations *self, const char *name);

/* At @address, normalized, but for @but. (nullable) (transfer none) */
FerryDestination *ferry_destinations_find_address (FerryDestinations *self,
                                                   const char *address,
                                                   FerryDestination *but);

/* The list itself; each tells who looks at it. */
void ferry_destinations_insert (FerryDestinations *self, FerryDestination *destination);
void ferry_destinations_take_out (FerryDestinations *self, FerryDestination *destination);
/* Its name has changed. */
void ferry_destinations_sort_in (FerryDestinations *self, FerryDestination *destination);
/* @wanted: (nullable): the default where that can be */
void ferry_destinations_make_default (FerryDestinations *self, FerryDestination *wanted);

/* All to the journal. */
void ferry_destinations_post (FerryDestinations *self);

/* What a person calls the receiver at @address. (nullable) (transfer none) */
const char *ferry_destinations_name_of (FerryDestinations *self, const char *address);

G_END_DECLS
