/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-upload-private.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

/* What the receiver has confirmed, as the journal has it, against what it says that it has. */

/* A receiver that lacks what it had confirmed in more runs in a row than this stores nothing for long. */
#define MAX_BROKEN 2

void
ferry_upload_set_broken (GError **error)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                       _ ("The receiver confirms pieces of this file and does not have them "
                          "afterwards. Look at its disk, then try again."));
}

gboolean
ferry_upload_count_broken (Upload *self, GError **error)
{
  if (++self->job->n_broken <= MAX_BROKEN)
    return TRUE;
  ferry_upload_set_broken (error);
  return FALSE;
}

/* The indexes in the journal that are not in @received; @proven: those that are. (transfer full) */
static GArray *
find_lost (const GArray *chunks, const FerryRanges *received, FerryRanges *proven)
{
  GArray *lost = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < chunks->len; i++)
    {
      guint64 index = g_array_index (chunks, FerryChunk, i).index;

      if (ferry_ranges_contain (received, index, index + 1))
        ferry_ranges_add (proven, index, index + 1);
      else
        g_array_append_val (lost, index);
    }
  return lost;
}

static gboolean
forget_lost (Upload *self, const GArray *lost, GError **error)
{
  /* Its digests are no longer asked of the source: it goes out as it is now. */
  if (!ferry_store_drop_chunks (self->job->store, self->job->id,
                                (const guint64 *) (const void *) lost->data, lost->len,
                                self->known->confirmed, error))
    return FALSE;
  ferry_job_take_note (
      self->job, g_strdup_printf (
                     ngettext ("The receiver lost %u piece that it had confirmed: it is sent again",
                               "The receiver lost %u pieces that it had confirmed: they are sent "
                               "again",
                               lost->len),
                     lost->len));
  return ferry_upload_count_broken (self, error);
}

gboolean
ferry_upload_compare_lists (Upload *self, FerryRanges *received, GError **error)
{
  g_autoptr (GArray) chunks = ferry_store_load_chunks (self->job->store, self->job->id, error);
  g_autoptr (FerryRanges) proven = ferry_ranges_new ();
  g_autoptr (GArray) lost = NULL;

  if (chunks == NULL)
    return FALSE;
  lost = find_lost (chunks, received, proven);
  if (lost->len == 0 && chunks->len > 0)
    self->job->n_broken = 0;
  if (self->unproven)
    {
      /* What arrived and whose 200 was lost may be of the file as it was: sent again, it is confirmed or refused. */
      ferry_ranges_clear (received);
      for (gsize i = 0; i < ferry_ranges_get_n (proven); i++)
        {
          FerryRange range = ferry_ranges_get (proven, i);
          ferry_ranges_add (received, range.start, range.end);
        }
    }
  return lost->len == 0 || forget_lost (self, lost, error);
}
