/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"

G_BEGIN_DECLS

/* The calls of ferry-remote.h that are about destinations. */

/* Ends @task, now or later, with the answer as a tuple or an error. FALSE: there is no such call. */
gboolean ferry_remote_perform_destination (FerryEngine *engine,
                                           const char *method,
                                           GVariant *parameters,
                                           GTask *task);

G_END_DECLS
