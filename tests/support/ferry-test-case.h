/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-test-util.h"

G_BEGIN_DECLS

/**
 * FerryTestCase:
 *
 * One download from its start until it rests, as data.
 *
 * @name: path of the test
 * @target: what to download, as ferry-test-script.h says
 * @state, @error: how it ends, @error 0: none
 * @file: (nullable): the name on disk; NULL: nothing but a part may be there
 * @seed, @size: its content
 * @requests: how many requests there are in all, 0: any number
 * @says: (nullable): words of the sentence of @error
 */
typedef struct
{
  const char *name;
  const char *target;
  FerryState state;
  int error;
  const char *file;
  guint64 seed;
  guint64 size;
  guint requests;
  const char *says;
} FerryTestCase;

/* Adds a test for each; @cases stays. */
void ferry_test_add_cases (const FerryTestCase *cases, gsize n);

G_END_DECLS
