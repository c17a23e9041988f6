/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferryctl-options.h"

G_BEGIN_DECLS

/* The commands; each returns the exit status. */
int ferryctl_get (const FerryctlOptions *options);
int ferryctl_put (const FerryctlOptions *options);
int ferryctl_list (const FerryctlOptions *options);
int ferryctl_show (const FerryctlOptions *options);
int ferryctl_add (const FerryctlOptions *options);
int ferryctl_pause (const FerryctlOptions *options);
int ferryctl_resume (const FerryctlOptions *options);
int ferryctl_remove (const FerryctlOptions *options);

/* The subcommands of "destination". */
extern const FerryctlCommand ferryctl_destination_commands[];

G_END_DECLS
