/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-receive-here.h"

G_BEGIN_DECLS

/**
 * FerryReceiveGroup:
 *
 * Receiving on this computer, in the preferences: on or off, where to, and what others need to send here.
 */
#define FERRY_TYPE_RECEIVE_GROUP (ferry_receive_group_get_type ())
G_DECLARE_FINAL_TYPE (
    FerryReceiveGroup, ferry_receive_group, FERRY, RECEIVE_GROUP, AdwPreferencesGroup)

/* Once. */
void ferry_receive_group_set_receive_here (FerryReceiveGroup *self, FerryReceiveHere *here);

G_END_DECLS
