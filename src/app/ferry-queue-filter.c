/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The queue may hold 100,000 transfers, of which a few change their state now and then. So this
 * object listens to each one's state itself, keeps the counts by adding and subtracting, and lets
 * the list be filtered again at most once for each turn of the main loop, and only when the filter
 * or the search looks at what changed. */

#include "ferry-queue-filter.h"

#include <gtk/gtk.h>
#include <string.h>

#include "ferry-transfer.h"

struct _FerryQueueFilter
{
  GObject parent_instance;

  GListModel *queue;
  GtkCustomFilter *custom;
  GtkFilterListModel *shown;
  GPtrArray *transfers; /* as in the queue: tells who left it */
  FerryFilter filter;
  char *needle; /* (nullable) folded */
  gboolean needle_is_ascii;
  guint counts[FERRY_N_FILTERS];
  guint refilter_source;
};

G_DEFINE_FINAL_TYPE (FerryQueueFilter, ferry_queue_filter, G_TYPE_OBJECT)

static guint changed_signal;

static const char *const FILTER_NAMES[FERRY_N_FILTERS]
    = { "all", "downloads", "uploads", "active", "paused", "needs-you", "finished" };

FerryFilter
ferry_filter_for_state (FerryState state)
{
  switch (state)
    {
    case FERRY_STATE_QUEUED:
    case FERRY_STATE_ACTIVE:
    case FERRY_STATE_STOPPING:
    case FERRY_STATE_WAITING:
      return FERRY_FILTER_ACTIVE;
    case FERRY_STATE_PAUSED:
      return FERRY_FILTER_PAUSED;
    case FERRY_STATE_NEEDS_YOU:
    case FERRY_STATE_FAILED:
      return FERRY_FILTER_NEEDS_YOU;
    case FERRY_STATE_DONE:
      return FERRY_FILTER_FINISHED;
    case FERRY_N_STATES:
    default:
      g_return_val_if_reached (FERRY_FILTER_ALL);
    }
}

const char *
ferry_filter_to_string (FerryFilter filter)
{
  g_return_val_if_fail (filter < FERRY_N_FILTERS, FILTER_NAMES[0]);

  return FILTER_NAMES[filter];
}

FerryFilter
ferry_filter_from_string (const char *text)
{
  for (guint i = 0; i < FERRY_N_FILTERS; i++)
    if (g_strcmp0 (text, FILTER_NAMES[i]) == 0)
      return i;
  return FERRY_FILTER_ALL;
}

static char *
fold (const char *text)
{
  g_autofree char *normal = g_utf8_normalize (text, -1, G_NORMALIZE_ALL);

  return normal != NULL ? g_utf8_casefold (normal, -1) : g_utf8_casefold (text, -1);
}

static gboolean
text_matches (FerryQueueFilter *self, const char *text)
{
  if (self->needle_is_ascii)
    return strcasestr (text, self->needle) != NULL;

  g_autofree char *folded = fold (text);
  return strstr (folded, self->needle) != NULL;
}

static FerryFilter
filter_for_direction (FerryTransfer *transfer)
{
  return ferry_transfer_get_direction (transfer) == FERRY_UPLOAD ? FERRY_FILTER_UPLOADS
                                                                 : FERRY_FILTER_DOWNLOADS;
}

static gboolean
filter_shows (FerryFilter filter, FerryTransfer *transfer)
{
  return filter == FERRY_FILTER_ALL || filter == filter_for_direction (transfer)
         || filter == ferry_filter_for_state (ferry_transfer_get_state (transfer));
}

static gboolean
transfer_matches (gpointer item, gpointer user_data)
{
  FerryQueueFilter *self = user_data;
  FerryTransfer *transfer = item;

  if (!filter_shows (self->filter, transfer))
    return FALSE;
  if (self->needle == NULL)
    return TRUE;
  return text_matches (self, ferry_transfer_get_name (transfer))
         || text_matches (self, ferry_transfer_get_address (transfer));
}

static gboolean
refilter_cb (gpointer user_data)
{
  FerryQueueFilter *self = user_data;

  self->refilter_source = 0;
  gtk_filter_changed (GTK_FILTER (self->custom), GTK_FILTER_CHANGE_DIFFERENT);
  return G_SOURCE_REMOVE;
}

static void
schedule_refilter (FerryQueueFilter *self)
{
  if (self->refilter_source == 0)
    self->refilter_source = g_idle_add_full (G_PRIORITY_HIGH_IDLE, refilter_cb, self, NULL);
}

/* The filter a transfer was last counted under, kept at the transfer itself. */
static GQuark
counted_quark (void)
{
  static GQuark quark;

  if (quark == 0)
    quark = g_quark_from_static_string ("ferry-queue-filter-counted");
  return quark;
}

static void
set_counted (FerryQueueFilter *self, FerryTransfer *transfer, FerryFilter filter)
{
  g_object_set_qdata (G_OBJECT (transfer), counted_quark (), GUINT_TO_POINTER (filter));
  self->counts[filter]++;
}

static FerryFilter
take_counted (FerryQueueFilter *self, FerryTransfer *transfer)
{
  FerryFilter filter
      = GPOINTER_TO_UINT (g_object_get_qdata (G_OBJECT (transfer), counted_quark ()));

  self->counts[filter]--;
  return filter;
}

static void
state_changed_cb (FerryTransfer *transfer, GParamSpec *pspec, gpointer user_data)
{
  FerryQueueFilter *self = user_data;
  FerryFilter before = take_counted (self, transfer);
  FerryFilter after = ferry_filter_for_state (ferry_transfer_get_state (transfer));

  set_counted (self, transfer, after);
  if (before != after && (self->filter == before || self->filter == after))
    schedule_refilter (self);
  g_signal_emit (self, changed_signal, 0);
}

static void
name_changed_cb (FerryTransfer *transfer, GParamSpec *pspec, gpointer user_data)
{
  FerryQueueFilter *self = user_data;

  if (self->needle != NULL)
    schedule_refilter (self);
}

static void
follow (FerryQueueFilter *self, FerryTransfer *transfer)
{
  set_counted (self, transfer, ferry_filter_for_state (ferry_transfer_get_state (transfer)));
  self->counts[FERRY_FILTER_ALL]++;
  self->counts[filter_for_direction (transfer)]++;
  g_signal_connect (transfer, "notify::state", G_CALLBACK (state_changed_cb), self);
  g_signal_connect (transfer, "notify::name", G_CALLBACK (name_changed_cb), self);
}

static void
forget (FerryQueueFilter *self, FerryTransfer *transfer)
{
  g_signal_handlers_disconnect_by_data (transfer, self);
  take_counted (self, transfer);
  self->counts[FERRY_FILTER_ALL]--;
  self->counts[filter_for_direction (transfer)]--;
}

static void
queue_changed_cb (GListModel *queue, guint position, guint removed, guint added, gpointer user_data)
{
  FerryQueueFilter *self = user_data;
  guint before = self->transfers->len;

  for (guint i = position; i < position + removed; i++)
    forget (self, g_ptr_array_index (self->transfers, i));
  if (removed > 0)
    g_ptr_array_remove_range (self->transfers, position, removed);

  /* Room in the middle for all of them at once: one by one would be quadratic. */
  guint kept = before - removed;
  g_ptr_array_set_size (self->transfers, kept + added);
  gpointer *items = self->transfers->pdata;
  if (kept > position)
    memmove (items + position + added, items + position, (kept - position) * sizeof (gpointer));
  for (guint i = 0; i < added; i++)
    {
      items[position + i] = g_list_model_get_item (queue, position + i);
      follow (self, items[position + i]);
    }
  g_signal_emit (self, changed_signal, 0);
}

static void
shown_changed_cb (GListModel *shown, guint position, guint removed, guint added, gpointer user_data)
{
  g_signal_emit (user_data, changed_signal, 0);
}

static void
ferry_queue_filter_dispose (GObject *object)
{
  FerryQueueFilter *self = FERRY_QUEUE_FILTER (object);

  g_clear_handle_id (&self->refilter_source, g_source_remove);
  if (self->queue != NULL)
    {
      g_signal_handlers_disconnect_by_data (self->queue, self);
      g_signal_handlers_disconnect_by_data (self->shown, self);
      gtk_custom_filter_set_filter_func (self->custom, NULL, NULL, NULL);
      for (guint i = 0; i < self->transfers->len; i++)
        forget (self, g_ptr_array_index (self->transfers, i));
    }
  g_clear_object (&self->shown);
  g_clear_object (&self->custom);
  g_clear_object (&self->queue);
  g_clear_pointer (&self->transfers, g_ptr_array_unref);
  g_clear_pointer (&self->needle, g_free);

  G_OBJECT_CLASS (ferry_queue_filter_parent_class)->dispose (object);
}

static void
ferry_queue_filter_class_init (FerryQueueFilterClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = ferry_queue_filter_dispose;

  changed_signal = g_signal_new ("changed", FERRY_TYPE_QUEUE_FILTER, G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 0);
}

static void
ferry_queue_filter_init (FerryQueueFilter *self)
{
  self->transfers = g_ptr_array_new_with_free_func (g_object_unref);
}

FerryQueueFilter *
ferry_queue_filter_new (GListModel *queue)
{
  g_return_val_if_fail (G_IS_LIST_MODEL (queue), NULL);

  FerryQueueFilter *self = g_object_new (FERRY_TYPE_QUEUE_FILTER, NULL);

  self->queue = g_object_ref (queue);
  g_signal_connect (queue, "items-changed", G_CALLBACK (queue_changed_cb), self);
  queue_changed_cb (queue, 0, 0, g_list_model_get_n_items (queue), self);

  self->custom = gtk_custom_filter_new (transfer_matches, self, NULL);
  self->shown
      = gtk_filter_list_model_new (g_object_ref (queue), GTK_FILTER (g_object_ref (self->custom)));
  g_signal_connect (self->shown, "items-changed", G_CALLBACK (shown_changed_cb), self);
  return self;
}

GListModel *
ferry_queue_filter_get_shown (FerryQueueFilter *self)
{
  g_return_val_if_fail (FERRY_IS_QUEUE_FILTER (self), NULL);

  return G_LIST_MODEL (self->shown);
}

void
ferry_queue_filter_set_filter (FerryQueueFilter *self, FerryFilter filter)
{
  g_return_if_fail (FERRY_IS_QUEUE_FILTER (self));
  g_return_if_fail (filter < FERRY_N_FILTERS);

  if (self->filter == filter)
    return;
  self->filter = filter;
  gtk_filter_changed (GTK_FILTER (self->custom), GTK_FILTER_CHANGE_DIFFERENT);
  g_signal_emit (self, changed_signal, 0);
}

FerryFilter
ferry_queue_filter_get_filter (FerryQueueFilter *self)
{
  g_return_val_if_fail (FERRY_IS_QUEUE_FILTER (self), FERRY_FILTER_ALL);

  return self->filter;
}

void
ferry_queue_filter_set_search (FerryQueueFilter *self, const char *text)
{
  g_return_if_fail (FERRY_IS_QUEUE_FILTER (self));

  g_autofree char *needle = text != NULL && *text != '\0' ? fold (text) : NULL;
  if (g_strcmp0 (needle, self->needle) == 0)
    return;

  g_free (self->needle);
  self->needle = g_steal_pointer (&needle);
  self->needle_is_ascii = self->needle != NULL && g_str_is_ascii (self->needle);
  gtk_filter_changed (GTK_FILTER (self->custom), GTK_FILTER_CHANGE_DIFFERENT);
  g_signal_emit (self, changed_signal, 0);
}

guint
ferry_queue_filter_get_count (FerryQueueFilter *self, FerryFilter filter)
{
  g_return_val_if_fail (FERRY_IS_QUEUE_FILTER (self), 0);
  g_return_val_if_fail (filter < FERRY_N_FILTERS, 0);

  return self->counts[filter];
}
