/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferryctl-options.h"

G_BEGIN_DECLS

/**
 * ferryctl_follow:
 * @specs: (element-type FerrySpec): downloads or uploads
 *
 * Puts them into the queue, or finds them there, waits until each is settled, and tells how it goes.
 *
 * Returns: the exit status
 */
int ferryctl_follow (const FerryctlOptions *options, GPtrArray *specs);

G_END_DECLS
