/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database-thread.h"
#include "ferry-store.h"

G_BEGIN_DECLS

struct _FerryStore
{
  FerryDatabaseThread *thread;
};

G_END_DECLS
