/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * FerryDestinationsGroup:
 *
 * Where uploads can go, in the preferences: to add, change and remove. Without this computer, which has a group of its own.
 */
#define FERRY_TYPE_DESTINATIONS_GROUP (ferry_destinations_group_get_type ())
G_DECLARE_FINAL_TYPE (FerryDestinationsGroup,
                      ferry_destinations_group,
                      FERRY,
                      DESTINATIONS_GROUP,
                      AdwPreferencesGroup)

/* An open one. Once. */
void ferry_destinations_group_set_engine (FerryDestinationsGroup *self, FerryEngine *engine);

G_END_DECLS
