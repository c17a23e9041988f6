/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What can be asked of a queue, as a table: the D-Bus server of its owner and a ferryctl that owns the queue itself make the
 * same calls here, so a command does the same whoever has the queue. Arguments come from other processes: each is checked
 * for its type and its size before the engine sees it.
 */
#include "ferry-remote-queue.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferry-remote-destination.h"
#include "ferry-remote.h"
#include "ferry-store.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define MAX_ADDRESS (64 * 1024)
#define MAX_FOLDER 4096
#define MAX_NAME 255
#define MAX_HEADER (16 * 1024)
#define MAX_ID 64

typedef GVariant *(*Call) (FerryEngine *engine, GVariant *parameters, GError **error);

typedef struct
{
  const char *method;
  const char *parameters;
  Call call;
} Entry;

/* ---- the spec in a dictionary ---- */

static const struct
{
  const char *key;
  const char *type;
  gsize max;
} spec_keys[] = {
  { "address", "s", MAX_ADDRESS },
  { "folder", "s", MAX_FOLDER },
  { "name", "s", MAX_NAME },
  { "sha256", "s", MAX_NAME },
  { "headers", "as", MAX_HEADER },
  { "referrer", "s", MAX_ADDRESS },
  { "paused", "b", 0 },
  { "exact", "b", 0 },
  { "direction", "s", MAX_NAME },
  { "source", "s", MAX_FOLDER },
  { "destination", "s", MAX_NAME },
  { "token", "s", FERRY_TOKEN_MAX },
};

static gboolean
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

static gboolean
strings_fit (GVariant *value, gsize max)
{
  if (g_variant_is_of_type (value, G_VARIANT_TYPE_STRING))
    return strlen (g_variant_get_string (value, NULL)) <= max;
  if (!g_variant_is_of_type (value, G_VARIANT_TYPE_STRING_ARRAY))
    return TRUE;
  if (g_variant_n_children (value) > FERRY_REMOTE_MAX_HEADERS)
    return FALSE;
  g_autofree const char **strings = g_variant_get_strv (value, NULL);
  for (gsize i = 0; strings[i] != NULL; i++)
    if (strlen (strings[i]) > max)
      return FALSE;
  return TRUE;
}

static gboolean
check_entry (const char *key, GVariant *value, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (spec_keys); i++)
    {
      if (!g_str_equal (key, spec_keys[i].key))
        continue;
      if (!g_variant_is_of_type (value, G_VARIANT_TYPE (spec_keys[i].type)))
        break;
      if (strings_fit (value, spec_keys[i].max))
        return TRUE;
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is longer than a transfer can use."), key);
      return FALSE;
    }
  g_autofree char *printable = g_strescape (key, NULL);
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
               _ ("“%s” is not something a transfer can be given."), printable);
  return FALSE;
}

static gboolean
check_dictionary (GVariant *dictionary, GError **error)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      g_autoptr (GVariant) held = value;
      if (!check_entry (key, held, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
is_one_component (const char *name)
{
  return *name != '\0' && strchr (name, '/') == NULL && !g_str_equal (name, ".")
         && !g_str_equal (name, "..");
}

static gboolean
fill_spec (FerrySpec *spec, GVariant *dictionary, GError **error)
{
  g_autofree const char **headers = NULL;
  const char *sha256 = NULL;

  if (g_variant_lookup (dictionary, "name", "s", &spec->name) && !is_one_component (spec->name))
    return refuse (error, _ ("A file name cannot hold a slash, and cannot be empty."));
  if (g_variant_lookup (dictionary, "sha256", "&s", &sha256))
    {
      spec->sha256 = ferry_checksum_parse (sha256, error);
      if (spec->sha256 == NULL)
        return FALSE;
    }
  if (g_variant_lookup (dictionary, "headers", "^a&s", &headers))
    for (gsize i = 0; headers[i] != NULL; i++)
      if (!ferry_spec_add_header (spec, headers[i], error))
        return FALSE;
  g_variant_lookup (dictionary, "referrer", "s", &spec->referrer);
  g_variant_lookup (dictionary, "paused", "b", &spec->paused);
  g_variant_lookup (dictionary, "exact", "b", &spec->exact);
  return TRUE;
}

/* What belongs to the other direction would have no effect: it is refused instead. */
static gboolean
has_only (GVariant *dictionary, const char *const *keys, GError **error)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      g_variant_unref (value);
      if (g_strv_contains (keys, key))
        continue;
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” does not go with this direction of a transfer."), key);
      return FALSE;
    }
  return TRUE;
}

static FerrySpec *
upload_from_variant (GVariant *dictionary, GError **error)
{
  static const char *const keys[]
      = { "direction", "address", "source", "destination", "token", "paused", NULL };
  const char *address = NULL, *source = NULL, *destination = NULL, *token = NULL;

  if (!has_only (dictionary, keys, error))
    return NULL;
  g_variant_lookup (dictionary, "address", "&s", &address);
  g_variant_lookup (dictionary, "source", "&s", &source);
  g_variant_lookup (dictionary, "destination", "&s", &destination);
  g_variant_lookup (dictionary, "token", "&s", &token);
  if (address == NULL || source == NULL)
    {
      refuse (error, _ ("An upload needs an address and a file."));
      return NULL;
    }
  FerrySpec *spec = ferry_spec_new_upload (source, address, destination, token, error);
  if (spec != NULL)
    g_variant_lookup (dictionary, "paused", "b", &spec->paused);
  return spec;
}

static FerrySpec *
download_from_variant (GVariant *dictionary, GError **error)
{
  static const char *const keys[] = { "direction", "address",  "folder", "name",  "sha256",
                                      "headers",   "referrer", "paused", "exact", NULL };
  const char *address = NULL, *folder = NULL;

  if (!has_only (dictionary, keys, error))
    return NULL;
  g_variant_lookup (dictionary, "address", "&s", &address);
  g_variant_lookup (dictionary, "folder", "&s", &folder);
  if (address == NULL || folder == NULL || !g_path_is_absolute (folder))
    {
      refuse (error, _ ("A download needs an address and a folder given from the root."));
      return NULL;
    }
  g_autoptr (FerrySpec) spec = ferry_spec_new (address, folder, error);
  if (spec == NULL || !fill_spec (spec, dictionary, error))
    return NULL;
  return g_steal_pointer (&spec);
}

FerrySpec *
ferry_remote_spec_from_variant (GVariant *dictionary, GError **error)
{
  const char *direction = FERRY_REMOTE_DOWNLOAD;

  g_return_val_if_fail (g_variant_is_of_type (dictionary, G_VARIANT_TYPE_VARDICT), NULL);

  if (!check_dictionary (dictionary, error))
    return NULL;
  g_variant_lookup (dictionary, "direction", "&s", &direction);
  if (g_str_equal (direction, FERRY_REMOTE_UPLOAD))
    return upload_from_variant (dictionary, error);
  if (g_str_equal (direction, FERRY_REMOTE_DOWNLOAD))
    return download_from_variant (dictionary, error);
  refuse (error, _ ("A transfer is a download or an upload, nothing else."));
  return NULL;
}

static void
insert_string (GVariantDict *dict, const char *key, const char *value)
{
  if (value != NULL)
    g_variant_dict_insert (dict, key, "s", value);
}

static GVariant *
upload_to_variant (const FerrySpec *spec)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  insert_string (&dict, "direction", FERRY_REMOTE_UPLOAD);
  insert_string (&dict, "address", spec->address);
  insert_string (&dict, "source", spec->source);
  insert_string (&dict, "destination", spec->destination);
  insert_string (&dict, "token", spec->token);
  g_variant_dict_insert (&dict, "paused", "b", spec->paused);
  return g_variant_dict_end (&dict);
}

/* Without a direction, which an owner of an earlier version does not know. */
static GVariant *
download_to_variant (const FerrySpec *spec)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  insert_string (&dict, "address", spec->address);
  insert_string (&dict, "folder", spec->folder);
  insert_string (&dict, "name", spec->name);
  insert_string (&dict, "sha256", spec->sha256);
  insert_string (&dict, "referrer", spec->referrer);
  if (spec->headers != NULL)
    g_variant_dict_insert (&dict, "headers", "^as", spec->headers);
  g_variant_dict_insert (&dict, "paused", "b", spec->paused);
  g_variant_dict_insert (&dict, "exact", "b", spec->exact);
  return g_variant_dict_end (&dict);
}

GVariant *
ferry_remote_spec_to_variant (const FerrySpec *spec)
{
  return spec->direction == FERRY_UPLOAD ? upload_to_variant (spec) : download_to_variant (spec);
}

/* ---- a transfer as a dictionary ---- */

static const char *
resume_to_string (FerryResume resume)
{
  switch (resume)
    {
    case FERRY_RESUME_YES:
      return "yes";
    case FERRY_RESUME_NO:
      return "no";
    case FERRY_RESUME_UNKNOWN:
    default:
      return "unknown";
    }
}

/* D-Bus carries UTF-8 alone; a path or a sentence may hold other bytes. */
static void
insert_text (GVariantDict *dict, const char *key, const char *value)
{
  g_autofree char *text = g_utf8_make_valid (value != NULL ? value : "", -1);
  g_variant_dict_insert (dict, key, "s", text);
}

GVariant *
ferry_remote_describe (FerryTransfer *transfer)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_return_val_if_fail (FERRY_IS_TRANSFER (transfer), NULL);

  insert_text (&dict, "id", ferry_transfer_get_id (transfer));
  insert_text (&dict, "direction",
               ferry_transfer_get_direction (transfer) == FERRY_UPLOAD ? FERRY_REMOTE_UPLOAD
                                                                       : FERRY_REMOTE_DOWNLOAD);
  insert_text (&dict, "source", ferry_transfer_get_source (transfer));
  insert_text (&dict, "link", ferry_transfer_get_link (transfer));
  insert_text (&dict, "name", ferry_transfer_get_name (transfer));
  insert_text (&dict, "address", ferry_transfer_get_address (transfer));
  insert_text (&dict, "folder", ferry_transfer_get_folder (transfer));
  insert_text (&dict, "path", ferry_transfer_get_path (transfer));
  insert_text (&dict, "state", ferry_state_to_string (ferry_transfer_get_state (transfer)));
  insert_text (&dict, "caption", ferry_transfer_get_caption (transfer));
  insert_text (&dict, "error", ferry_transfer_get_error_message (transfer));
  insert_text (&dict, "sha256", ferry_transfer_get_sha256 (transfer));
  insert_text (&dict, "verified", ferry_transfer_get_verified (transfer));
  insert_text (&dict, "media-type", ferry_transfer_get_media_type (transfer));
  insert_text (&dict, "resume", resume_to_string (ferry_transfer_get_resume (transfer)));
  g_variant_dict_insert (&dict, "size", "x", ferry_transfer_get_size (transfer));
  g_variant_dict_insert (&dict, "received", "t", ferry_transfer_get_received (transfer));
  g_variant_dict_insert (&dict, "speed", "t", ferry_transfer_get_speed (transfer));
  g_variant_dict_insert (&dict, "error-code", "i", ferry_transfer_get_error_code (transfer));
  g_variant_dict_insert (&dict, "added", "x", ferry_transfer_get_added (transfer));
  g_variant_dict_insert (&dict, "finished", "x", ferry_transfer_get_finished (transfer));
  return g_variant_dict_end (&dict);
}

static GVariant *
nothing (void)
{
  return g_variant_new_tuple (NULL, 0);
}

static GVariant *
list_of (GVariantBuilder *builder)
{
  return g_variant_new ("(aa{sv})", builder);
}

/* ---- the calls ---- */

static FerryTransfer *
find (FerryEngine *engine, GVariant *parameters, GError **error)
{
  const char *id;

  g_variant_get (parameters, "(&s)", &id);
  if (strlen (id) <= MAX_ID)
    return ferry_engine_find (engine, id, error);
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                       _ ("There is no such transfer in this queue."));
  return NULL;
}

static GVariant *
call_add (FerryEngine *engine, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) dictionary = g_variant_get_child_value (parameters, 0);
  g_autoptr (FerrySpec) spec = ferry_remote_spec_from_variant (dictionary, error);
  if (spec == NULL)
    return NULL;
  FerryTransfer *transfer = ferry_engine_add (engine, spec, error);
  if (transfer == NULL)
    return NULL;
  return g_variant_new ("(s)", ferry_transfer_get_id (transfer));
}

static FerryTransfer *
get_again (FerryEngine *engine,
           FerryTransfer *transfer,
           const FerrySpec *spec,
           gboolean again,
           GError **error)
{
  if (spec->headers != NULL
      && !ferry_engine_set_headers (engine, transfer, (const char *const *) spec->headers, error))
    return NULL;
  if (spec->token != NULL)
    ferry_engine_set_token (engine, transfer, spec->token);
  /* Too late for one that runs: who asked compares the finished file. */
  if (spec->sha256 != NULL && g_strcmp0 (spec->sha256, ferry_transfer_get_sha256 (transfer)) != 0)
    ferry_engine_set_sha256 (engine, transfer, spec->sha256);
  if (again)
    ferry_engine_start_again (engine, transfer);
  ferry_engine_resume (engine, transfer);
  return transfer;
}

static GVariant *
call_get (FerryEngine *engine, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) dictionary = g_variant_get_child_value (parameters, 0);
  gboolean again = FALSE;

  g_variant_get_child (parameters, 1, "b", &again);
  g_autoptr (FerrySpec) spec = ferry_remote_spec_from_variant (dictionary, error);
  if (spec == NULL)
    return NULL;
  FerryTransfer *transfer
      = spec->direction == FERRY_UPLOAD
            ? ferry_engine_find_upload (engine, spec->address, spec->source)
            : ferry_engine_find_same (engine, spec->address, spec->folder, spec->name);
  transfer = transfer != NULL ? get_again (engine, transfer, spec, again, error)
                              : ferry_engine_add (engine, spec, error);
  if (transfer == NULL)
    return NULL;
  ferry_engine_select (engine, transfer);
  return g_variant_new ("(s)", ferry_transfer_get_id (transfer));
}

static GVariant *
call_find (FerryEngine *engine, GVariant *parameters, GError **error)
{
  GVariantBuilder builder;
  const char *address, *folder, *name;

  g_variant_get (parameters, "(&s&s&s)", &address, &folder, &name);
  if (strlen (address) > MAX_ADDRESS || strlen (folder) > MAX_FOLDER || strlen (name) > MAX_NAME)
    {
      refuse (error, _ ("This is longer than a download can use."));
      return NULL;
    }
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  FerryTransfer *transfer
      = ferry_engine_find_same (engine, address, folder, *name != '\0' ? name : NULL);
  if (transfer != NULL)
    g_variant_builder_add_value (&builder, ferry_remote_describe (transfer));
  return list_of (&builder);
}

static GVariant *
call_find_upload (FerryEngine *engine, GVariant *parameters, GError **error)
{
  GVariantBuilder builder;
  const char *address, *source;

  g_variant_get (parameters, "(&s&s)", &address, &source);
  if (strlen (address) > MAX_ADDRESS || strlen (source) > MAX_FOLDER)
    {
      refuse (error, _ ("This is longer than an upload can use."));
      return NULL;
    }
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  FerryTransfer *transfer = ferry_engine_find_upload (engine, address, source);
  if (transfer != NULL)
    g_variant_builder_add_value (&builder, ferry_remote_describe (transfer));
  return list_of (&builder);
}

static GVariant *
call_list (FerryEngine *engine, GVariant *parameters, GError **error)
{
  GVariantBuilder builder;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (engine));

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FerryTransfer) transfer = g_list_model_get_item (G_LIST_MODEL (engine), i);
      g_variant_builder_add_value (&builder, ferry_remote_describe (transfer));
    }
  return list_of (&builder);
}

static GVariant *
call_describe (FerryEngine *engine, GVariant *parameters, GError **error)
{
  g_autofree const char **ids = NULL;
  GVariantBuilder builder;

  g_variant_get (parameters, "(^a&s)", &ids);
  if (g_strv_length ((char **) ids) > FERRY_REMOTE_MAX_IDS)
    {
      refuse (error, _ ("These are more transfers than can be asked about at once."));
      return NULL;
    }
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; ids[i] != NULL; i++)
    {
      FerryTransfer *transfer
          = strlen (ids[i]) <= MAX_ID ? ferry_engine_find (engine, ids[i], NULL) : NULL;
      if (transfer != NULL)
        g_variant_builder_add_value (&builder, ferry_remote_describe (transfer));
    }
  return list_of (&builder);
}

static GVariant *
call_pause (FerryEngine *engine, GVariant *parameters, GError **error)
{
  FerryTransfer *transfer = find (engine, parameters, error);
  if (transfer == NULL)
    return NULL;
  ferry_engine_pause (engine, transfer);
  return nothing ();
}

static GVariant *
call_resume (FerryEngine *engine, GVariant *parameters, GError **error)
{
  FerryTransfer *transfer = find (engine, parameters, error);
  if (transfer == NULL)
    return NULL;
  ferry_engine_resume (engine, transfer);
  return nothing ();
}

static GVariant *
call_remove (FerryEngine *engine, GVariant *parameters, GError **error)
{
  FerryTransfer *found = find (engine, parameters, error);
  if (found == NULL)
    return NULL;
  g_autoptr (FerryTransfer) transfer = g_object_ref (found);
  ferry_engine_remove (engine, transfer);
  ferry_engine_forget (engine, transfer);
  return nothing ();
}

static GVariant *
call_accept_web_page (FerryEngine *engine, GVariant *parameters, GError **error)
{
  FerryTransfer *transfer = find (engine, parameters, error);
  if (transfer == NULL)
    return NULL;
  ferry_engine_accept_web_page (engine, transfer);
  return nothing ();
}

static GVariant *
call_pause_all (FerryEngine *engine, GVariant *parameters, GError **error)
{
  ferry_engine_pause_all (engine);
  return nothing ();
}

static GVariant *
call_resume_all (FerryEngine *engine, GVariant *parameters, GError **error)
{
  ferry_engine_resume_all (engine);
  return nothing ();
}

static const Entry entries[] = {
  { "Add", "(a{sv})", call_add },       { "Get", "(a{sv}b)", call_get },
  { "Find", "(sss)", call_find },       { "FindUpload", "(ss)", call_find_upload },
  { "List", "()", call_list },          { "Describe", "(as)", call_describe },
  { "Pause", "(s)", call_pause },       { "Resume", "(s)", call_resume },
  { "Remove", "(s)", call_remove },     { "AcceptWebPage", "(s)", call_accept_web_page },
  { "PauseAll", "()", call_pause_all }, { "ResumeAll", "()", call_resume_all },
};

/* ---- Show: the one that waits, for the journal ---- */

static GVariant *
history_to_variant (GPtrArray *history)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(xs)"));
  for (guint i = 0; i < history->len; i++)
    {
      const FerryHistoryLine *line = g_ptr_array_index (history, i);
      g_autofree char *sentence = g_utf8_make_valid (line->sentence, -1);
      g_variant_builder_add (&builder, "(xs)", line->when, sentence);
    }
  return g_variant_builder_end (&builder);
}

static void
history_loaded_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  FerryTransfer *transfer = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_autoptr (GPtrArray) history
      = ferry_engine_load_history_finish (FERRY_ENGINE (source), result, &error);
  if (history == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  GVariant *answer = g_variant_new ("(@a{sv}@a(xs))", ferry_remote_describe (transfer),
                                    history_to_variant (history));
  g_task_return_pointer (task, g_variant_ref_sink (answer), (GDestroyNotify) g_variant_unref);
}

static void
show (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  GError *error = NULL;
  FerryTransfer *transfer = find (engine, parameters, &error);

  if (transfer == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  g_task_set_task_data (task, g_object_ref (transfer), g_object_unref);
  ferry_engine_load_history_async (engine, transfer, history_loaded_cb, g_object_ref (task));
}

static void
perform (FerryEngine *engine, const Entry *entry, GVariant *parameters, GTask *task)
{
  GError *error = NULL;
  GVariant *answer = entry->call (engine, parameters, &error);

  if (answer == NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_variant_ref_sink (answer), (GDestroyNotify) g_variant_unref);
}

void
ferry_remote_perform_async (FerryEngine *engine,
                            const char *method,
                            GVariant *parameters,
                            GAsyncReadyCallback callback,
                            gpointer user_data)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (parameters);
  g_autoptr (GTask) task = g_task_new (engine, NULL, callback, user_data);

  g_return_if_fail (FERRY_IS_ENGINE (engine));

  g_task_set_source_tag (task, ferry_remote_perform_async);
  if (g_str_equal (method, "Show") && g_variant_is_of_type (held, G_VARIANT_TYPE ("(s)")))
    {
      show (engine, held, task);
      return;
    }
  if (ferry_remote_perform_destination (engine, method, held, task))
    return;
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (g_str_equal (method, entries[i].method)
        && g_variant_is_of_type (held, G_VARIANT_TYPE (entries[i].parameters)))
      {
        perform (engine, &entries[i], held, task);
        return;
      }
  g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                           _ ("The queue cannot be asked for “%s” in this way."), method);
}

GVariant *
ferry_remote_perform_finish (FerryEngine *engine, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, engine), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
