/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-ranges.h"

struct _FerryRanges
{
  GArray *array; /* FerryRange: ascending, disjoint, not adjacent, never empty */
};

static FerryRange *
at (const FerryRanges *self, gsize i)
{
  return &g_array_index (self->array, FerryRange, i);
}

/* The first range that ends at or after @offset. */
static gsize
find (const FerryRanges *self, guint64 offset)
{
  gsize low = 0;
  gsize high = self->array->len;
  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      if (at (self, middle)->end < offset)
        low = middle + 1;
      else
        high = middle;
    }
  return low;
}

FerryRanges *
ferry_ranges_new (void)
{
  FerryRanges *self = g_new0 (FerryRanges, 1);
  self->array = g_array_new (FALSE, FALSE, sizeof (FerryRange));
  return self;
}

void
ferry_ranges_free (FerryRanges *self)
{
  if (self == NULL)
    return;
  g_array_unref (self->array);
  g_free (self);
}

FerryRanges *
ferry_ranges_copy (const FerryRanges *self)
{
  g_return_val_if_fail (self != NULL, NULL);
  FerryRanges *copy = g_new0 (FerryRanges, 1);
  copy->array = g_array_copy (self->array);
  return copy;
}

void
ferry_ranges_add (FerryRanges *self, guint64 start, guint64 end)
{
  g_return_if_fail (self != NULL);
  if (start >= end)
    return;
  FerryRange merged = { start, end };
  gsize first = find (self, start);
  gsize last = first;
  for (; last < self->array->len && at (self, last)->start <= end; last++)
    {
      merged.start = MIN (merged.start, at (self, last)->start);
      merged.end = MAX (merged.end, at (self, last)->end);
    }
  if (last == first)
    {
      g_array_insert_val (self->array, (guint) first, merged);
      return;
    }
  *at (self, first) = merged;
  if (last > first + 1)
    g_array_remove_range (self->array, (guint) first + 1, (guint) (last - first - 1));
}

void
ferry_ranges_remove (FerryRanges *self, guint64 start, guint64 end)
{
  g_return_if_fail (self != NULL);
  if (start >= end)
    return;
  gsize i = find (self, start);
  if (i < self->array->len && at (self, i)->start < start)
    {
      FerryRange rest = { end, at (self, i)->end };
      at (self, i)->end = start;
      i++;
      if (rest.start < rest.end)
        {
          g_array_insert_val (self->array, (guint) i, rest);
          return;
        }
    }
  gsize last = i;
  while (last < self->array->len && at (self, last)->end <= end)
    last++;
  if (last > i)
    g_array_remove_range (self->array, (guint) i, (guint) (last - i));
  if (i < self->array->len && at (self, i)->start < end)
    at (self, i)->start = end;
}

void
ferry_ranges_clear (FerryRanges *self)
{
  g_return_if_fail (self != NULL);
  g_array_set_size (self->array, 0);
}

gsize
ferry_ranges_get_n (const FerryRanges *self)
{
  g_return_val_if_fail (self != NULL, 0);
  return self->array->len;
}

FerryRange
ferry_ranges_get (const FerryRanges *self, gsize i)
{
  const FerryRange none = { 0, 0 };
  g_return_val_if_fail (self != NULL && i < self->array->len, none);
  return *at (self, i);
}

guint64
ferry_ranges_get_total (const FerryRanges *self)
{
  g_return_val_if_fail (self != NULL, 0);
  guint64 total = 0;
  for (gsize i = 0; i < self->array->len; i++)
    total += at (self, i)->end - at (self, i)->start;
  return total;
}

gboolean
ferry_ranges_contain (const FerryRanges *self, guint64 start, guint64 end)
{
  g_return_val_if_fail (self != NULL, FALSE);
  if (start >= end)
    return TRUE;
  gsize i = find (self, end);
  return i < self->array->len && at (self, i)->start <= start;
}

guint64
ferry_ranges_run_before (const FerryRanges *self, guint64 end)
{
  g_return_val_if_fail (self != NULL, 0);
  gsize i = find (self, end);
  if (i >= self->array->len || at (self, i)->start >= end)
    return 0;
  return end - at (self, i)->start;
}

gboolean
ferry_ranges_first_missing (const FerryRanges *self, guint64 limit, FerryRange *missing)
{
  g_return_val_if_fail (self != NULL && missing != NULL, FALSE);
  gboolean from_zero = self->array->len > 0 && at (self, 0)->start == 0;
  guint64 start = from_zero ? at (self, 0)->end : 0;
  if (start >= limit)
    return FALSE;
  gsize next = from_zero ? 1 : 0;
  missing->start = start;
  missing->end = next < self->array->len ? MIN (at (self, next)->start, limit) : limit;
  return TRUE;
}
