/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"
#include "ferry-receive-here.h"

G_BEGIN_DECLS

#define FERRY_TYPE_PREFERENCES (ferry_preferences_get_type ())
G_DECLARE_FINAL_TYPE (FerryPreferences, ferry_preferences, FERRY, PREFERENCES, AdwPreferencesWindow)

/* @engine: (nullable): an open one; without it there is nothing to say about uploads */
FerryPreferences *
ferry_preferences_new (GSettings *settings, FerryEngine *engine, FerryReceiveHere *receive_here);

G_END_DECLS
