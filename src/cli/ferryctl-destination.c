/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ferryctl destination`: the receivers that files are sent to, by name. */
#include "ferryctl-commands.h"

#include "ferry-address.h"
#include "ferry-config.h"
#include "ferry-destination.h"
#include "ferry-error.h"
#include "ferryctl-item.h"
#include "ferryctl-queue.h"
#include "ferryctl-text.h"
#include "ferryctl-token.h"

#include <glib/gi18n-lib.h>

/* ---- asking the queue ---- */

static int
fail (const GError *error)
{
  ferryctl_text_complain (error->message);
  if (error->domain != FERRY_ERROR)
    return FERRYCTL_FAILED;
  switch (error->code)
    {
    case FERRY_ERROR_INVALID_ARGUMENT:
    case FERRY_ERROR_INVALID_ADDRESS:
    case FERRY_ERROR_UNSUPPORTED_SCHEME:
      return FERRYCTL_USAGE;
    default:
      return FERRYCTL_FAILED;
    }
}

static int
output_status (void)
{
  return ferryctl_text_is_broken () ? FERRYCTL_FAILED : FERRYCTL_DONE;
}

/* One call; the queue is let go again. */
static GVariant *
call (const FerryctlOptions *options, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) held = g_variant_ref_sink (parameters);
  g_autoptr (FerryctlQueue) queue = ferryctl_queue_open (options->queue, FALSE, NULL, error);

  return queue != NULL ? ferryctl_queue_ask (queue, method, held, error) : NULL;
}

static GPtrArray *
call_items (const FerryctlOptions *options,
            const char *method,
            GVariant *parameters,
            GError **error)
{
  g_autoptr (GVariant) answer = call (options, method, parameters, error);

  return answer != NULL ? ferryctl_queue_items (answer, error) : NULL;
}

static gboolean
get_flag (GVariant *item, const char *key)
{
  gboolean flag = FALSE;

  g_variant_lookup (item, key, "b", &flag);
  return flag;
}

/* ---- telling ---- */

static void
add_members (JsonBuilder *builder, GVariant *item)
{
  ferryctl_json_string (builder, "id", ferryctl_item_string (item, "id"));
  ferryctl_json_string (builder, "name", ferryctl_item_string (item, "name"));
  ferryctl_json_string (builder, "protocol", ferryctl_item_string (item, "protocol"));
  ferryctl_json_string (builder, "address", ferryctl_item_string (item, "address"));
  json_builder_set_member_name (builder, "default");
  json_builder_add_boolean_value (builder, get_flag (item, "default"));
  json_builder_set_member_name (builder, "here");
  json_builder_add_boolean_value (builder, get_flag (item, "here"));
}

static void
print_json (const char *event, GVariant *item, const char *name, const char *error)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  if (event != NULL)
    ferryctl_json_string (builder, "event", event);
  if (item != NULL)
    add_members (builder, item);
  else
    ferryctl_json_string (builder, "name", name);
  if (error != NULL)
    ferryctl_json_string (builder, "error", error);
  json_builder_end_object (builder);
  ferryctl_json_print (builder);
}

static void
print_table (GPtrArray *items)
{
  int width = 0;

  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *name
          = ferryctl_text_safe (ferryctl_item_string (g_ptr_array_index (items, i), "name"));
      width = MAX (width, ferryctl_text_width (name));
    }
  for (guint i = 0; i < items->len; i++)
    {
      GVariant *item = g_ptr_array_index (items, i);
      g_autofree char *name = ferryctl_text_safe (ferryctl_item_string (item, "name"));
      g_autofree char *padded = ferryctl_text_pad (name, width);
      const char *address = ferryctl_item_string (item, "address");

      if (get_flag (item, "default"))
        ferryctl_text_print (_ ("%s  %s  (default)"), padded, address);
      else
        ferryctl_text_print ("%s  %s", padded, address);
    }
}

/* ---- the commands ---- */

static int
list (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items
      = call_items (options, "ListDestinations", g_variant_new ("()"), &error);

  if (items == NULL)
    return fail (error);
  if (options->json)
    for (guint i = 0; i < items->len; i++)
      print_json (NULL, g_ptr_array_index (items, i), NULL, NULL);
  else if (items->len == 0)
    ferryctl_text_print ("%s", _ ("There is no destination yet."));
  else
    print_table (items);
  return output_status ();
}

/* (transfer floating) */
static GVariant *
make_saving (const FerryctlOptions *options, const char *token)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "name", "s", options->arguments[0]);
  g_variant_dict_insert (&dict, "address", "s", options->arguments[1]);
  if (token != NULL)
    g_variant_dict_insert (&dict, "token", "s", token);
  g_variant_dict_insert (&dict, "default", "b", options->make_default);
  g_variant_dict_insert (&dict, "replace", "b", options->replace);
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&dict));
}

/* A token that stays in the environment need not be in the keyring: where there is none, the rest is kept. */
static GVariant *
save (const FerryctlOptions *options, const char *token, GError **error)
{
  g_autoptr (GError) why = NULL;
  GVariant *answer = call (options, "SaveDestination", make_saving (options, token), &why);

  if (answer == NULL && options->token_file == NULL
      && g_error_matches (why, FERRY_ERROR, FERRY_ERROR_NO_KEYRING))
    {
      ferryctl_text_complain (why->message);
      return call (options, "SaveDestination", make_saving (options, NULL), error);
    }
  if (answer == NULL)
    g_propagate_error (error, g_steal_pointer (&why));
  return answer;
}

/* What the bus cannot carry is refused here. */
static gboolean
arguments_are_text (const FerryctlOptions *options, GError **error)
{
  for (gsize i = 0; options->arguments[i] != NULL; i++)
    if (!g_utf8_validate (options->arguments[i], -1, NULL))
      {
        g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, _ ("“%s” is not UTF-8."),
                     options->arguments[i]);
        return FALSE;
      }
  return TRUE;
}

static int
add (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  g_autoptr (GVariant) answer = NULL;
  g_autoptr (GVariant) item = NULL;

  if (!arguments_are_text (options, &error) || !ferryctl_token_find (options, &token, &error))
    return fail (error);
  answer = save (options, token, &error);
  if (answer == NULL)
    {
      int status = fail (error);
      if (g_error_matches (error, FERRY_ERROR, FERRY_ERROR_EXISTS))
        ferryctl_text_complain (_ ("To change it, run the same command with --replace."));
      return status;
    }
  item = g_variant_get_child_value (answer, 0);
  if (options->json)
    print_json ("saved", item, NULL, NULL);
  else
    ferryctl_text_print (_ ("%s: saved"), ferryctl_item_string (item, "name"));
  return output_status ();
}

static int
change (const FerryctlOptions *options, const char *method, const char *event, const char *said)
{
  const char *name = options->arguments[0];
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = NULL;

  if (!arguments_are_text (options, &error))
    return fail (error);
  answer = call (options, method, g_variant_new ("(s)", name), &error);
  if (answer == NULL)
    return fail (error);
  if (options->json)
    print_json (event, NULL, name, NULL);
  else
    ferryctl_text_print ("%s: %s", name, said);
  return output_status ();
}

static int
take_away (const FerryctlOptions *options)
{
  return change (options, "RemoveDestination", "removed", _ ("removed"));
}

static int
set_default (const FerryctlOptions *options)
{
  return change (options, "SetDefaultDestination", "default", _ ("is the default now"));
}

/* ---- testing ---- */

static void
tested_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(GAsyncResult **) user_data = g_object_ref (result);
}

static gboolean
test_address (const char *address, const char *token, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ferry_destination_test_async (address, token, NULL, tested_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return ferry_destination_test_finish (result, error);
}

static int
tell_test (const FerryctlOptions *options, GVariant *item, const GError *error)
{
  const char *given = options->arguments[0];

  if (options->json)
    print_json (error == NULL ? "ready" : "failed", item, given,
                error != NULL ? error->message : NULL);
  else if (error == NULL)
    ferryctl_text_print (_ ("%s: ready to receive"), given);
  if (error == NULL)
    return output_status ();

  int status = fail (error);

  return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED)
                 || g_error_matches (error, FERRY_ERROR, FERRY_ERROR_NO_KEYRING)
             ? FERRYCTL_NEEDS_YOU
             : status;
}

static gboolean
is_address (const char *text)
{
  g_autofree char *address = ferry_address_normalize (text, NULL, NULL);

  return address != NULL;
}

static int
test (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = NULL;
  g_autoptr (GPtrArray) items = NULL;
  GVariant *item = NULL;
  const char *address = options->arguments[0];

  if (!arguments_are_text (options, &error) || !ferryctl_token_find (options, &token, &error))
    return fail (error);
  /* "" would mean the default. */
  if (*address != '\0')
    items = call_items (options, "FindDestination", g_variant_new ("(s)", address), &error);
  if (error != NULL)
    return fail (error);
  if (items != NULL && items->len > 0)
    {
      item = g_ptr_array_index (items, 0);
      address = ferryctl_item_string (item, "address");
    }
  else if (*address != '\0' && !is_address (address))
    {
      g_set_error (&error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("There is no destination “%s”. “ferryctl destination list” shows them."),
                   address);
      return fail (error);
    }
  test_address (address, token, &error);
  return tell_test (options, item, error);
}

const FerryctlCommand ferryctl_destination_commands[] = {
  {
      .name = "destination add",
      .arguments = "NAME ADDRESS",
      .summary = N_ ("Keep a receiver under a name, and its token in the keyring."),
      .description
      = N_ ("Without --token-file the token is taken from the environment variable FERRY_TOKEN. "
            "Where there is neither, the keyring stays as it is.\n"
            "A name that is taken is refused, unless --replace is given.\n"
            "Exit status: 0 saved, 1 failed, 2 wrong usage."),
      .takes = FERRYCTL_TAKES_TOKEN | FERRYCTL_TAKES_SAVING,
      .min_arguments = 2,
      .max_arguments = 2,
      .run = add,
  },
  {
      .name = "destination list",
      .arguments = "",
      .summary = N_ ("Show the destinations."),
      .run = list,
  },
  {
      .name = "destination default",
      .arguments = "NAME",
      .summary = N_ ("Send there where no destination is named."),
      .min_arguments = 1,
      .max_arguments = 1,
      .run = set_default,
  },
  {
      .name = "destination test",
      .arguments = "NAME-OR-ADDRESS",
      .summary = N_ ("Ask a receiver whether it is there and takes the token. Nothing is sent."),
      .description
      = N_ ("Without --token-file the token is taken from the environment variable FERRY_TOKEN, "
            "else from the keyring.\n"
            "Exit status: 0 ready, 1 failed, 2 wrong usage, 3 the token is missing or wrong."),
      .takes = FERRYCTL_TAKES_TOKEN,
      .min_arguments = 1,
      .max_arguments = 1,
      .run = test,
  },
  {
      .name = "destination remove",
      .arguments = "NAME",
      .summary = N_ ("Forget a destination, and its token. Transfers stay as they are."),
      .min_arguments = 1,
      .max_arguments = 1,
      .run = take_away,
  },
  { NULL },
};
