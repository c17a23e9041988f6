/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-commands.h"

#include "ferryctl-follow.h"
#include "ferryctl-text.h"

int
ferryctl_get (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs = ferryctl_options_to_specs (options, &error);

  if (specs != NULL)
    return ferryctl_follow (options, specs);
  ferryctl_text_complain (error->message);
  return FERRYCTL_USAGE;
}
