/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

#include "ferry-state.h"

G_BEGIN_DECLS

/* What the sidebar offers. The names of ferry_filter_to_string () are stored in the settings. */
typedef enum
{
  FERRY_FILTER_ALL,
  FERRY_FILTER_DOWNLOADS,
  FERRY_FILTER_UPLOADS,
  FERRY_FILTER_ACTIVE,
  FERRY_FILTER_PAUSED,
  FERRY_FILTER_NEEDS_YOU,
  FERRY_FILTER_FINISHED,
  FERRY_N_FILTERS
} FerryFilter;

/* The one filter that shows transfers of @state and no others. */
FerryFilter ferry_filter_for_state (FerryState state);

/* "all", "downloads", "uploads", "active", "paused", "needs-you", "finished". */
const char *ferry_filter_to_string (FerryFilter filter);
/* FERRY_FILTER_ALL for anything unknown. */
FerryFilter ferry_filter_from_string (const char *text);

/**
 * FerryQueueFilter:
 *
 * The part of the queue that is shown, and how many transfers each filter holds. Follows the
 * transfers' states and names by itself.
 *
 * Signals: "changed": a count, a state or what is shown changed.
 */
#define FERRY_TYPE_QUEUE_FILTER (ferry_queue_filter_get_type ())
G_DECLARE_FINAL_TYPE (FerryQueueFilter, ferry_queue_filter, FERRY, QUEUE_FILTER, GObject)

/* @queue: a list of FerryTransfer. */
FerryQueueFilter *ferry_queue_filter_new (GListModel *queue);

/* The transfers that are shown. (transfer none) */
GListModel *ferry_queue_filter_get_shown (FerryQueueFilter *self);

void ferry_queue_filter_set_filter (FerryQueueFilter *self, FerryFilter filter);
FerryFilter ferry_queue_filter_get_filter (FerryQueueFilter *self);

/* Only transfers with @text in their name or address; NULL or "" for all. */
void ferry_queue_filter_set_search (FerryQueueFilter *self, const char *text);

/* Transfers of @filter, whatever is searched for. */
guint ferry_queue_filter_get_count (FerryQueueFilter *self, FerryFilter filter);

G_END_DECLS
