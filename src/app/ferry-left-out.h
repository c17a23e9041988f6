/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-file-walk.h"

G_BEGIN_DECLS

/**
 * ferry_left_out_describe:
 * @sandboxed: Ferry sees only what the person lets it see
 *
 * What was chosen and cannot be uploaded, in sentences, each on a line of its own.
 *
 * Returns: (transfer full) (nullable): NULL when all can
 */
char *ferry_left_out_describe (const FerryFoundFiles *found, gboolean sandboxed);

G_END_DECLS
