/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Half-open: [start, end), in bytes. */
typedef struct
{
  guint64 start;
  guint64 end;
} FerryRange;

/**
 * FerryRanges:
 *
 * A set of bytes as ascending, disjoint, not adjacent ranges. Not thread-safe. Pure.
 */
typedef struct _FerryRanges FerryRanges;

FerryRanges *ferry_ranges_new (void);
void ferry_ranges_free (FerryRanges *self);
FerryRanges *ferry_ranges_copy (const FerryRanges *self);

void ferry_ranges_add (FerryRanges *self, guint64 start, guint64 end);
void ferry_ranges_remove (FerryRanges *self, guint64 start, guint64 end);
void ferry_ranges_clear (FerryRanges *self);

gsize ferry_ranges_get_n (const FerryRanges *self);
FerryRange ferry_ranges_get (const FerryRanges *self, gsize i);

/* Bytes in the set. */
guint64 ferry_ranges_get_total (const FerryRanges *self);

/* TRUE when all of [start, end) is in the set; an empty range always is. */
gboolean ferry_ranges_contain (const FerryRanges *self, guint64 start, guint64 end);

/* How many bytes of the set end exactly at @end, without a gap: the run [end - n, end). */
guint64 ferry_ranges_run_before (const FerryRanges *self, guint64 end);

/**
 * ferry_ranges_first_missing:
 *
 * The first range of [0, @limit) that is not in the set. FALSE when none is.
 */
gboolean ferry_ranges_first_missing (const FerryRanges *self, guint64 limit, FerryRange *missing);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryRanges, ferry_ranges_free)

G_END_DECLS
