/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-remote-destination.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "ferry-destinations-private.h"
#include "ferry-error.h"
#include "ferry-record.h"

/* Far above what a name or an address can be: those have sentences of their own. */
#define MAX_TEXT (128 * 1024)

typedef struct
{
  const char *method;
  const char *parameters;
  void (*begin) (FerryEngine *engine, GVariant *parameters, GTask *task);
} Entry;

static void
refuse (GTask *task, const char *sentence)
{
  g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, "%s", sentence);
}

static void
answer (GTask *task, GVariant *floating)
{
  g_task_return_pointer (task, g_variant_ref_sink (floating), (GDestroyNotify) g_variant_unref);
}

static GVariant *
describe (FerryDestination *destination)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "id", "s", ferry_destination_get_id (destination));
  g_variant_dict_insert (&dict, "name", "s", ferry_destination_get_name (destination));
  g_variant_dict_insert (&dict, "protocol", "s", ferry_destination_get_protocol (destination));
  g_variant_dict_insert (&dict, "address", "s", ferry_destination_get_address (destination));
  g_variant_dict_insert (&dict, "default", "b", ferry_destination_get_is_default (destination));
  g_variant_dict_insert (&dict, "here", "b", ferry_destination_get_here (destination));
  return g_variant_dict_end (&dict);
}

static void
list (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  GListModel *model = G_LIST_MODEL (ferry_engine_get_destinations (engine));
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (FerryDestination) destination = g_list_model_get_item (model, i);
      g_variant_builder_add_value (&builder, describe (destination));
    }
  answer (task, g_variant_new ("(aa{sv})", &builder));
}

static void
find (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  FerryDestinations *destinations = ferry_engine_get_destinations (engine);
  FerryDestination *found = NULL;
  GVariantBuilder builder;
  const char *text;

  g_variant_get (parameters, "(&s)", &text);
  if (*text == '\0')
    found = ferry_destinations_get_default (destinations);
  else if (strlen (text) <= MAX_TEXT)
    found = ferry_destinations_find (destinations, text);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  if (found != NULL)
    g_variant_builder_add_value (&builder, describe (found));
  answer (task, g_variant_new ("(aa{sv})", &builder));
}

/* ---- saving ---- */

static gboolean
is_known (const char *key, GVariant *value)
{
  static const struct
  {
    const char *key;
    const char *type;
  } keys[] = {
    { "name", "s" }, { "address", "s" }, { "token", "s" }, { "default", "b" }, { "replace", "b" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_str_equal (key, keys[i].key))
      return g_variant_is_of_type (value, G_VARIANT_TYPE (keys[i].type));
  return FALSE;
}

static gboolean
is_sound (GVariant *dictionary)
{
  GVariantIter iter;
  const char *key;
  GVariant *value;
  gboolean sound = TRUE;

  g_variant_iter_init (&iter, dictionary);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &value))
    {
      sound = sound && is_known (key, value) && g_variant_get_size (value) <= MAX_TEXT;
      g_variant_unref (value);
    }
  return sound;
}

static void
saved_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  FerryDestinations *destinations = FERRY_DESTINATIONS (source);
  g_autoptr (GTask) task = user_data;
  GVariant *dictionary = g_task_get_task_data (task);
  gboolean make_default = FALSE;
  GError *error = NULL;
  FerryDestination *destination = ferry_destinations_save_finish (destinations, result, &error);

  if (destination == NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  if (g_variant_lookup (dictionary, "default", "b", &make_default) && make_default)
    ferry_destinations_set_default (destinations, destination);
  answer (task, g_variant_new ("(@a{sv})", describe (destination)));
}

static void
save (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  FerryDestinations *destinations = ferry_engine_get_destinations (engine);
  GVariant *dictionary = g_variant_get_child_value (parameters, 0);
  const char *name = NULL, *address = NULL, *token = NULL;
  gboolean replace = FALSE;
  FerryDestination *same = NULL;

  g_task_set_task_data (task, dictionary, (GDestroyNotify) g_variant_unref);
  if (!is_sound (dictionary) || !g_variant_lookup (dictionary, "name", "&s", &name)
      || !g_variant_lookup (dictionary, "address", "&s", &address))
    {
      refuse (task, _ ("A destination has a name, an address and perhaps a token, nothing else."));
      return;
    }
  g_variant_lookup (dictionary, "token", "&s", &token);
  g_variant_lookup (dictionary, "replace", "b", &replace);
  if (replace)
    same = ferry_destinations_find_name (destinations, name);
  ferry_destinations_save_async (destinations, same, name, address, token, NULL, saved_cb,
                                 g_object_ref (task));
}

/* ---- changing one by its name ---- */

static FerryDestination *
find_own (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  FerryDestination *found = NULL;
  const char *name;

  g_variant_get (parameters, "(&s)", &name);
  if (strlen (name) <= MAX_TEXT)
    found = ferry_destinations_find_name (ferry_engine_get_destinations (engine), name);
  if (found == NULL)
    g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                             _ ("There is no destination “%s”."), name);
  else if (ferry_destination_get_here (found))
    g_task_return_new_error (task, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                             _ ("“%s” is the receiver in Ferry’s window, and is set up there."),
                             ferry_destination_get_name (found));
  else
    return found;
  return NULL;
}

static void
removed_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  GError *error = NULL;

  if (ferry_destinations_remove_finish (FERRY_DESTINATIONS (source), result, &error))
    answer (task, g_variant_new_tuple (NULL, 0));
  else
    g_task_return_error (task, error);
}

static void
take_away (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  FerryDestination *destination = find_own (engine, parameters, task);

  if (destination != NULL)
    ferry_destinations_remove_async (ferry_engine_get_destinations (engine), destination, NULL,
                                     removed_cb, g_object_ref (task));
}

static void
set_default (FerryEngine *engine, GVariant *parameters, GTask *task)
{
  FerryDestination *destination = find_own (engine, parameters, task);

  if (destination == NULL)
    return;
  ferry_destinations_set_default (ferry_engine_get_destinations (engine), destination);
  answer (task, g_variant_new_tuple (NULL, 0));
}

static const Entry entries[] = {
  { "ListDestinations", "()", list },
  { "FindDestination", "(s)", find },
  { "SaveDestination", "(a{sv})", save },
  { "RemoveDestination", "(s)", take_away },
  { "SetDefaultDestination", "(s)", set_default },
};

gboolean
ferry_remote_perform_destination (FerryEngine *engine,
                                  const char *method,
                                  GVariant *parameters,
                                  GTask *task)
{
  for (gsize i = 0; i < G_N_ELEMENTS (entries); i++)
    if (g_str_equal (method, entries[i].method)
        && g_variant_is_of_type (parameters, G_VARIANT_TYPE (entries[i].parameters)))
      {
        entries[i].begin (engine, parameters, task);
        return TRUE;
      }
  return FALSE;
}
