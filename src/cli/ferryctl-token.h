/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferryctl-options.h"

G_BEGIN_DECLS

/**
 * ferryctl_token_find:
 * @token: (out) (nullable): from --token-file, else from the environment; NULL: neither has one
 *
 * A receiver's token, which no command line may hold. Any error is the command line's.
 */
gboolean ferryctl_token_find (const FerryctlOptions *options, char **token, GError **error);

G_END_DECLS
