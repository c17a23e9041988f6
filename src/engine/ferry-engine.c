/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-engine-private.h"

#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "ferry-destinations-private.h"
#include "ferry-error.h"

#define DEFAULT_MAX_ACTIVE 3
#define MAX_MAX_ACTIVE 16
#define DEFAULT_TIMEOUT 60
#define MEND_SECONDS 10

static void ferry_engine_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FerryEngine,
                               ferry_engine,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      ferry_engine_list_model_init))

enum
{
  PROP_MAX_ACTIVE = 1,
  PROP_TIMEOUT,
  PROP_SPEED,
  PROP_N_ACTIVE,
  PROP_QUIET,
  PROP_SELECTIVE,
  N_PROPS
};

enum
{
  TROUBLE,
  N_SIGNALS
};

static GParamSpec *props[N_PROPS];
static guint signals[N_SIGNALS];

void
ferry_engine_save (FerryEngine *self, FerryTransfer *transfer)
{
  transfer->record->wanted = transfer->facts.wanted;
  transfer->record->outcome = transfer->facts.outcome;
  if (self->store != NULL)
    ferry_store_post_update (self->store, transfer->record);
}

void
ferry_engine_apply (FerryEngine *self, FerryTransfer *transfer, FerryEvent event)
{
  transfer->facts = ferry_facts_apply (transfer->facts, event);
  ferry_engine_save (self, transfer);
  ferry_transfer_refresh (transfer);
}

void
ferry_engine_note (FerryEngine *self, FerryTransfer *transfer, const char *sentence)
{
  if (self->store == NULL)
    return;
  ferry_store_post_event (self->store, transfer->record->id, g_get_real_time () / G_USEC_PER_SEC,
                          sentence);
}

void
ferry_engine_notify_activity (FerryEngine *self, guint64 speed, gboolean quiet)
{
  if (self->speed != speed)
    {
      self->speed = speed;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SPEED]);
    }
  if (self->quiet != quiet)
    {
      self->quiet = quiet;
      g_object_notify_by_pspec (G_OBJECT (self), props[PROP_QUIET]);
    }
}

/* ---- trouble with the journal, from its thread ---- */

typedef struct
{
  GWeakRef engine;
  char *sentence;
} Trouble;

static void
trouble_free (gpointer data)
{
  Trouble *trouble = data;

  g_weak_ref_clear (&trouble->engine);
  g_free (trouble->sentence);
  g_free (trouble);
}

/* What was lost when the disk was full is only in memory: it is written again until that works. */
static gboolean
mend_cb (gpointer data)
{
  FerryEngine *self = FERRY_ENGINE (data);

  self->mending = 0;
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      ferry_store_post_ensure (self->store, transfer->record);
    }
  ferry_destinations_post (self->destinations);
  return G_SOURCE_REMOVE;
}

static gboolean
trouble_cb (gpointer data)
{
  Trouble *trouble = data;
  g_autoptr (FerryEngine) self = g_weak_ref_get (&trouble->engine);

  if (self == NULL)
    return G_SOURCE_REMOVE;
  g_signal_emit (self, signals[TROUBLE], 0, trouble->sentence);
  if (self->mending == 0 && self->store != NULL)
    self->mending = g_timeout_add_seconds (MEND_SECONDS, mend_cb, self);
  return G_SOURCE_REMOVE;
}

static void
store_failed (const GError *error, gpointer user_data)
{
  Trouble *trouble = g_new0 (Trouble, 1);

  /* The store is closed before the engine goes, so the engine is there. */
  g_weak_ref_init (&trouble->engine, user_data);
  trouble->sentence = g_strdup (error->message);
  g_idle_add_full (G_PRIORITY_DEFAULT, trouble_cb, trouble, trouble_free);
}

/* ---- opening ---- */

typedef struct
{
  char *folder;
  char *program;
  char *set_apart;
  FerryOwner *owner;
  FerryStore *store;
  GPtrArray *records;
  GPtrArray *destinations;
  GTlsDatabase *tls;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_free (opening->folder);
  g_free (opening->program);
  g_free (opening->set_apart);
  g_clear_pointer (&opening->records, g_ptr_array_unref);
  g_clear_pointer (&opening->destinations, g_ptr_array_unref);
  g_clear_pointer (&opening->store, ferry_store_close);
  g_clear_pointer (&opening->owner, ferry_owner_release);
  g_clear_object (&opening->tls);
  g_free (opening);
}

/* Loading what the system trusts takes a while: once, and shared by all lanes. SSL_CERT_FILE as elsewhere. */
GTlsDatabase *
ferry_engine_load_trust (void)
{
  const char *file = g_getenv ("SSL_CERT_FILE");
  g_autoptr (GError) error = NULL;
  GTlsDatabase *database;

  if (file == NULL || *file == '\0')
    return g_tls_backend_get_default_database (g_tls_backend_get_default ());
  database = g_tls_file_database_new (file, &error);
  if (database == NULL)
    g_warning ("SSL_CERT_FILE: %s", error->message);
  return database;
}

static void
open_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Opening *opening = data;
  GError *error = NULL;

  opening->owner = ferry_owner_claim (opening->folder, opening->program, &error);
  if (opening->owner != NULL)
    opening->store = ferry_store_open (opening->folder, &opening->set_apart, &error);
  if (opening->store != NULL)
    opening->records = ferry_store_load (opening->store, &error);
  if (opening->records != NULL)
    opening->destinations = ferry_store_load_destinations (opening->store, &error);
  if (opening->destinations == NULL)
    {
      /* Before the answer: whoever tries again at once finds the folder free. */
      g_clear_pointer (&opening->store, ferry_store_close);
      g_clear_pointer (&opening->owner, ferry_owner_release);
      g_task_return_error (task, error);
      return;
    }
  opening->tls = ferry_engine_load_trust ();
  g_task_return_boolean (task, TRUE);
}

static void
take_records (FerryEngine *self, GPtrArray *records)
{
  g_autoptr (GPtrArray) forgotten = g_ptr_array_new_with_free_func (g_object_unref);

  g_ptr_array_set_free_func (records, NULL);
  for (guint i = 0; i < records->len; i++)
    {
      FerryRecord *record = g_ptr_array_index (records, i);
      FerryTransfer *transfer = ferry_transfer_new (record);

      self->next_position = MAX (self->next_position, record->position + 1);
      g_ptr_array_add (record->removed ? self->removed : self->items, transfer);
      if (record->removed)
        g_ptr_array_add (forgotten, g_object_ref (transfer));
    }
  /* Undo was possible until the last run ended. */
  for (guint i = 0; i < forgotten->len; i++)
    ferry_engine_forget (self, g_ptr_array_index (forgotten, i));
  g_list_model_items_changed (G_LIST_MODEL (self), 0, 0, self->items->len);
}

void
ferry_engine_open_async (FerryEngine *self,
                         const char *folder,
                         const char *program,
                         GCancellable *cancellable,
                         GAsyncReadyCallback callback,
                         gpointer user_data)
{
  g_autoptr (GTask) task = NULL;
  Opening *opening = g_new0 (Opening, 1);

  g_return_if_fail (FERRY_IS_ENGINE (self));
  g_return_if_fail (self->store == NULL);

  opening->folder = folder != NULL ? g_strdup (folder) : ferry_owner_default_folder ();
  opening->program = g_strdup (program);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, ferry_engine_open_async);
  g_task_set_task_data (task, opening, opening_free);
  g_task_run_in_thread (task, open_thread);
}

gboolean
ferry_engine_open_finish (FerryEngine *self, GAsyncResult *result, GError **error)
{
  Opening *opening = g_task_get_task_data (G_TASK (result));

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  self->folder = g_steal_pointer (&opening->folder);
  self->owner = g_steal_pointer (&opening->owner);
  self->store = g_steal_pointer (&opening->store);
  self->set_apart = g_steal_pointer (&opening->set_apart);
  self->tls = g_steal_pointer (&opening->tls);
  ferry_store_set_error_func (self->store, store_failed, self);
  if (self->destinations != NULL)
    ferry_destinations_detach (self->destinations);
  g_clear_object (&self->destinations);
  self->destinations = ferry_destinations_new (self, opening->destinations);
  ferry_engine_run_init (self);
  take_records (self, opening->records);
  ferry_engine_reconcile (self);
  return TRUE;
}

const char *
ferry_engine_get_set_apart (FerryEngine *self)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  return self->set_apart;
}

const char *
ferry_engine_get_folder (FerryEngine *self)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  return self->folder;
}

FerryDestinations *
ferry_engine_get_destinations (FerryEngine *self)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (self), NULL);
  return self->destinations;
}

/* ---- closing ---- */

typedef struct
{
  FerryOwner *owner;
  FerryStore *store;
} Closing;

static void
close_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Closing *closing = data;

  ferry_store_close (closing->store);
  ferry_owner_release (closing->owner);
  g_task_return_boolean (task, TRUE);
}

static void
forget_removed (FerryEngine *self)
{
  for (guint i = self->removed->len; i > 0; i--)
    ferry_engine_forget (self, g_ptr_array_index (self->removed, i - 1));
}

void
ferry_engine_check_closed (FerryEngine *self)
{
  g_autoptr (GTask) task = NULL;
  Closing *closing;

  if (self->close_task == NULL || self->n_lanes > 0)
    return;
  forget_removed (self);
  ferry_engine_limit_discards (self);
  if (self->n_tasks > 0)
    return;
  task = g_steal_pointer (&self->close_task);
  closing = g_new0 (Closing, 1);
  ferry_engine_run_dispose (self);
  ferry_engine_discards_dispose (self);
  closing->store = g_steal_pointer (&self->store);
  closing->owner = g_steal_pointer (&self->owner);
  g_task_set_task_data (task, closing, g_free);
  g_task_run_in_thread (task, close_thread);
}

void
ferry_engine_close_async (FerryEngine *self, GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (FERRY_IS_ENGINE (self));
  g_return_if_fail (self->close_task == NULL);

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, ferry_engine_close_async);
  if (self->store == NULL)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  self->close_task = g_steal_pointer (&task);
  ferry_destinations_cancel (self->destinations);
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      if (transfer->job != NULL)
        g_cancellable_cancel (transfer->job->cancellable);
    }
  ferry_engine_check_closed (self);
}

void
ferry_engine_close_finish (FerryEngine *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
  g_task_propagate_boolean (G_TASK (result), NULL);
}

/* ---- history ---- */

static void
history_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  FerryEngine *self = FERRY_ENGINE (source);
  GError *error = NULL;
  GPtrArray *lines = ferry_store_load_history (self->store, data, &error);

  if (lines == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, lines, (GDestroyNotify) g_ptr_array_unref);
}

static void
history_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FerryEngine *self = FERRY_ENGINE (source);
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;
  GPtrArray *lines = g_task_propagate_pointer (G_TASK (result), &error);

  self->n_tasks--;
  ferry_engine_check_closed (self);
  if (lines == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, lines, (GDestroyNotify) g_ptr_array_unref);
}

void
ferry_engine_load_history_async (FerryEngine *self,
                                 FerryTransfer *transfer,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data)
{
  g_autoptr (GTask) task = NULL;

  g_return_if_fail (FERRY_IS_ENGINE (self));
  g_return_if_fail (self->store != NULL);
  task = g_task_new (self, NULL, history_loaded_cb, g_task_new (self, NULL, callback, user_data));
  g_task_set_task_data (task, g_strdup (transfer->record->id), g_free);
  self->n_tasks++;
  g_task_run_in_thread (task, history_thread);
}

GPtrArray *
ferry_engine_load_history_finish (FerryEngine *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- properties ---- */

void
ferry_engine_set_max_active (FerryEngine *self, guint n)
{
  g_return_if_fail (FERRY_IS_ENGINE (self));
  n = CLAMP (n, 1, MAX_MAX_ACTIVE);
  if (self->max_active == n)
    return;
  self->max_active = n;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_MAX_ACTIVE]);
  ferry_engine_reconcile (self);
}

guint
ferry_engine_get_max_active (FerryEngine *self)
{
  return self->max_active;
}

guint64
ferry_engine_get_speed (FerryEngine *self)
{
  return self->speed;
}

guint64
ferry_engine_get_upload_speed (FerryEngine *self)
{
  return MIN (self->upload_speed, self->speed);
}

guint
ferry_engine_get_n_active (FerryEngine *self)
{
  return self->n_lanes;
}

gboolean
ferry_engine_get_quiet (FerryEngine *self)
{
  return self->quiet;
}

void
ferry_engine_set_selective (FerryEngine *self, gboolean selective)
{
  g_return_if_fail (FERRY_IS_ENGINE (self));
  if (self->selective == selective)
    return;
  self->selective = selective;
  g_object_notify_by_pspec (G_OBJECT (self), props[PROP_SELECTIVE]);
  ferry_engine_reconcile (self);
}

void
ferry_engine_set_network_monitor (FerryEngine *self, GNetworkMonitor *monitor)
{
  g_return_if_fail (FERRY_IS_ENGINE (self));
  g_return_if_fail (self->store == NULL);
  g_set_object (&self->monitor, monitor);
}

static void
ferry_engine_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  FerryEngine *self = FERRY_ENGINE (object);

  switch (id)
    {
    case PROP_MAX_ACTIVE:
      g_value_set_uint (value, self->max_active);
      break;
    case PROP_TIMEOUT:
      g_value_set_uint (value, self->timeout);
      break;
    case PROP_SPEED:
      g_value_set_uint64 (value, self->speed);
      break;
    case PROP_N_ACTIVE:
      g_value_set_uint (value, self->n_lanes);
      break;
    case PROP_QUIET:
      g_value_set_boolean (value, self->quiet);
      break;
    case PROP_SELECTIVE:
      g_value_set_boolean (value, self->selective);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
ferry_engine_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  FerryEngine *self = FERRY_ENGINE (object);

  switch (id)
    {
    case PROP_MAX_ACTIVE:
      ferry_engine_set_max_active (self, g_value_get_uint (value));
      break;
    case PROP_TIMEOUT:
      self->timeout = g_value_get_uint (value);
      break;
    case PROP_SELECTIVE:
      ferry_engine_set_selective (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static GType
ferry_engine_get_item_type (GListModel *model)
{
  return FERRY_TYPE_TRANSFER;
}

static guint
ferry_engine_get_n_items (GListModel *model)
{
  return FERRY_ENGINE (model)->items->len;
}

static gpointer
ferry_engine_get_item (GListModel *model, guint position)
{
  FerryEngine *self = FERRY_ENGINE (model);

  if (position >= self->items->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->items, position));
}

static void
ferry_engine_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = ferry_engine_get_item_type;
  iface->get_n_items = ferry_engine_get_n_items;
  iface->get_item = ferry_engine_get_item;
}

static void
ferry_engine_finalize (GObject *object)
{
  FerryEngine *self = FERRY_ENGINE (object);

  /* Lanes hold a reference, so none runs; an engine that was not closed still leaves a good journal. */
  ferry_engine_run_dispose (self);
  ferry_engine_discards_dispose (self);
  g_clear_pointer (&self->store, ferry_store_close);
  g_clear_pointer (&self->owner, ferry_owner_release);
  if (self->destinations != NULL)
    ferry_destinations_detach (self->destinations);
  g_clear_object (&self->destinations);
  g_hash_table_unref (self->offered);
  g_ptr_array_unref (self->live);
  g_ptr_array_unref (self->items);
  g_ptr_array_unref (self->removed);
  g_clear_object (&self->monitor);
  g_clear_object (&self->tls);
  g_free (self->folder);
  g_free (self->set_apart);
  G_OBJECT_CLASS (ferry_engine_parent_class)->finalize (object);
}

static void
ferry_engine_class_init (FerryEngineClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY;
  const GParamFlags writable = readable | G_PARAM_WRITABLE;

  object_class->finalize = ferry_engine_finalize;
  object_class->get_property = ferry_engine_get_property;
  object_class->set_property = ferry_engine_set_property;

  props[PROP_MAX_ACTIVE] = g_param_spec_uint ("max-active", NULL, NULL, 1, MAX_MAX_ACTIVE,
                                              DEFAULT_MAX_ACTIVE, writable);
  props[PROP_TIMEOUT]
      = g_param_spec_uint ("timeout", NULL, NULL, 1, 3600, DEFAULT_TIMEOUT, writable);
  props[PROP_SPEED] = g_param_spec_uint64 ("speed", NULL, NULL, 0, G_MAXUINT64, 0, readable);
  props[PROP_N_ACTIVE] = g_param_spec_uint ("n-active", NULL, NULL, 0, G_MAXUINT, 0, readable);
  props[PROP_QUIET] = g_param_spec_boolean ("quiet", NULL, NULL, TRUE, readable);
  props[PROP_SELECTIVE] = g_param_spec_boolean ("selective", NULL, NULL, FALSE, writable);
  g_object_class_install_properties (object_class, N_PROPS, props);

  signals[TROUBLE] = g_signal_new ("trouble", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
ferry_engine_init (FerryEngine *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->removed = g_ptr_array_new_with_free_func (g_object_unref);
  self->live = g_ptr_array_new ();
  self->offered = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->max_active = DEFAULT_MAX_ACTIVE;
  self->timeout = DEFAULT_TIMEOUT;
  self->quiet = TRUE;
}

FerryEngine *
ferry_engine_new (void)
{
  return g_object_new (FERRY_TYPE_ENGINE, NULL);
}
