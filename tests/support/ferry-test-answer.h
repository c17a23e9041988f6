/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-test-script.h"

G_BEGIN_DECLS

typedef enum
{
  FERRY_TEST_CUT_CLOSE,    /* announced by "Connection: close" and a clean end */
  FERRY_TEST_CUT_RESET,    /* a reset connection */
  FERRY_TEST_CUT_KEEPALIVE /* a clean end, though the connection was to be kept */
} FerryTestCut;

/**
 * FerryTestAnswer:
 *
 * One answer, ready to be sent: which head, which bytes, and where it goes wrong. Made without any I/O.
 */
typedef struct
{
  guint status;
  GString *fields; /* header lines but those of framing */

  GBytes *bytes; /* the body, or NULL: content [first, first + length) of seed */
  guint64 seed;
  guint64 first;
  guint64 length;
  guint64 patch_from; /* bytes [patch_from, patch_to) of the file are of seed + 1 */
  guint64 patch_to;
  gboolean endless;

  gint64 announced; /* Content-Length, -1: none */
  gboolean chunked;
  gboolean close;
  gboolean http10;

  gboolean drop;
  gboolean garbage;
  gboolean endless_head;
  guint delay_ms;
  gint64 cut; /* bytes of the body, -1: whole */
  FerryTestCut cut_mode;
  gint64 stall; /* bytes of the body, -1: never */
  guint64 rate; /* bytes a second, 0: as fast as it goes */
} FerryTestAnswer;

/**
 * ferry_test_answer_new:
 * @headers: (element-type utf8 utf8): the request's, names in lower case
 * @n: how often this path was asked for, from 1
 * @n_ranges: how often with a Range, this time included
 */
FerryTestAnswer *ferry_test_answer_new (const FerryTestScript *script,
                                        const char *target,
                                        GHashTable *headers,
                                        guint n,
                                        guint n_ranges);
/* Bytes [at, at + length) of the body. */
void ferry_test_answer_fill (const FerryTestAnswer *self, guint64 at, void *data, gsize length);
/* A plain page of @text. */
FerryTestAnswer *
ferry_test_answer_new_text (guint status, const char *type, const char *text, gssize length);
void ferry_test_answer_free (FerryTestAnswer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestAnswer, ferry_test_answer_free)

G_END_DECLS
