/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The commands that look at a queue or change it and are done; get and put have their own files. */
#include "ferryctl-commands.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferry-remote-queue.h"
#include "ferryctl-item.h"
#include "ferryctl-queue.h"
#include "ferryctl-table.h"
#include "ferryctl-text.h"

#include <glib/gi18n-lib.h>

typedef struct
{
  const char *method;
  const char *event; /* in JSON */
  const char *said;
} Change;

static const Change pausing = { "Pause", "paused", N_ ("paused") };
static const Change resuming = { "Resume", "resumed", N_ ("resumed") };
static const Change removing = { "Remove", "removed", N_ ("removed from the queue") };

static int
fail (const GError *error)
{
  ferryctl_text_complain (error->message);
  return FERRYCTL_FAILED;
}

static int
worse (int status, int other)
{
  return MAX (status, other);
}

static int
output_status (int status)
{
  return status == FERRYCTL_DONE && ferryctl_text_is_broken () ? FERRYCTL_FAILED : status;
}

static FerryctlQueue *
open_queue (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  FerryctlQueue *queue = ferryctl_queue_open (options->queue, FALSE, NULL, &error);

  if (queue == NULL)
    fail (error);
  return queue;
}

static void
print_json_item (const char *event, GVariant *item)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  if (event != NULL)
    ferryctl_json_string (builder, "event", event);
  ferryctl_item_to_json (item, builder);
  json_builder_end_object (builder);
  ferryctl_json_print (builder);
}

int
ferryctl_list (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryctlQueue) queue = open_queue (options);

  if (queue == NULL)
    return FERRYCTL_FAILED;
  g_autoptr (GPtrArray) items
      = ferryctl_queue_ask_items (queue, "List", g_variant_new ("()"), &error);
  if (items == NULL)
    return fail (error);
  if (options->json)
    for (guint i = 0; i < items->len; i++)
      print_json_item (NULL, g_ptr_array_index (items, i));
  else if (items->len == 0)
    ferryctl_text_print ("%s", _ ("The queue is empty."));
  else
    ferryctl_table_print (items);
  return output_status (FERRYCTL_DONE);
}

static void
print_json_with_history (GVariant *item, GVariant *history)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();
  GVariantIter iter;
  const char *sentence;
  gint64 when;

  json_builder_begin_object (builder);
  ferryctl_item_to_json (item, builder);
  json_builder_set_member_name (builder, "history");
  json_builder_begin_array (builder);
  g_variant_iter_init (&iter, history);
  while (g_variant_iter_next (&iter, "(x&s)", &when, &sentence))
    {
      json_builder_begin_object (builder);
      json_builder_set_member_name (builder, "when");
      json_builder_add_int_value (builder, when);
      ferryctl_json_string (builder, "sentence", sentence);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  ferryctl_json_print (builder);
}

static int
show_one (FerryctlQueue *queue, const FerryctlOptions *options, const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *text = g_utf8_make_valid (id, -1);
  g_autoptr (GVariant) answer
      = ferryctl_queue_ask (queue, "Show", g_variant_new ("(s)", text), &error);

  if (answer == NULL)
    return fail (error);
  g_autoptr (GVariant) item = g_variant_get_child_value (answer, 0);
  g_autoptr (GVariant) history = g_variant_get_child_value (answer, 1);
  if (options->json)
    print_json_with_history (item, history);
  else
    ferryctl_table_print_one (item, history);
  return FERRYCTL_DONE;
}

int
ferryctl_show (const FerryctlOptions *options)
{
  g_autoptr (FerryctlQueue) queue = open_queue (options);
  int status = FERRYCTL_DONE;

  if (queue == NULL)
    return FERRYCTL_FAILED;
  for (gsize i = 0; options->arguments[i] != NULL; i++)
    {
      if (i > 0 && !options->json)
        ferryctl_text_put ("\n");
      status = worse (status, show_one (queue, options, options->arguments[i]));
    }
  return output_status (status);
}

/* The journal keeps no header that may be a secret; only a running owner has it in memory. */
static void
say_which_headers_are_lost (FerryctlQueue *queue, const FerrySpec *spec)
{
  if (ferryctl_queue_get_engine (queue) == NULL)
    return;
  for (gsize i = 0; spec->headers != NULL && spec->headers[i] != NULL; i++)
    {
      if (ferry_spec_header_is_public (spec->headers[i]))
        continue;
      g_auto (GStrv) parts = g_strsplit (spec->headers[i], ":", 2);
      g_autofree char *sentence = g_strdup_printf (
          _ ("The header “%s” may be a secret and is not kept. Give it again with “ferryctl get”."),
          parts[0]);
      ferryctl_text_complain (sentence);
    }
}

static GVariant *
describe (FerryctlQueue *queue, const char *id, GError **error)
{
  g_autofree char *text = g_utf8_make_valid (id, -1);
  const char *const ids[] = { text, NULL };
  g_autoptr (GPtrArray) items
      = ferryctl_queue_ask_items (queue, "Describe", g_variant_new ("(^as)", ids), error);

  if (items == NULL)
    return NULL;
  if (items->len == 1)
    return g_variant_ref (g_ptr_array_index (items, 0));
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
               _ ("The queue has no single transfer “%s”. “ferryctl list” shows them."), text);
  return NULL;
}

static int
add_one (FerryctlQueue *queue, const FerryctlOptions *options, const FerrySpec *spec)
{
  g_autoptr (GError) error = NULL;
  const char *id = NULL;
  g_autoptr (GVariant) answer = ferryctl_queue_ask (
      queue, "Add", g_variant_new ("(@a{sv})", ferry_remote_spec_to_variant (spec)), &error);

  if (answer == NULL)
    return fail (error);
  say_which_headers_are_lost (queue, spec);
  g_variant_get (answer, "(&s)", &id);
  if (!options->json)
    {
      ferryctl_text_print ("%s", id);
      return FERRYCTL_DONE;
    }
  g_autoptr (GVariant) item = describe (queue, id, &error);
  if (item == NULL)
    return fail (error);
  print_json_item ("added", item);
  return FERRYCTL_DONE;
}

int
ferryctl_add (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs = ferryctl_options_to_specs (options, &error);
  int status = FERRYCTL_DONE;

  if (specs == NULL)
    {
      fail (error);
      return FERRYCTL_USAGE;
    }
  g_autoptr (FerryctlQueue) queue = open_queue (options);
  if (queue == NULL)
    return FERRYCTL_FAILED;
  for (guint i = 0; i < specs->len; i++)
    status = worse (status, add_one (queue, options, g_ptr_array_index (specs, i)));
  return output_status (status);
}

/* ---- pause, resume, remove ---- */

static void
say_changed (const FerryctlOptions *options, const Change *change, GVariant *item)
{
  const char *name = ferryctl_item_string (item, "name");
  gboolean done = ferryctl_item_is (item, "done");

  if (options->json)
    print_json_item (done && change != &removing ? "finished" : change->event, item);
  else if (done && change != &removing)
    ferryctl_text_print (_ ("%s: finished already."), name);
  else
    ferryctl_text_print ("%s: %s.", name, _ (change->said));
}

static int
change_one (FerryctlQueue *queue,
            const FerryctlOptions *options,
            const Change *change,
            const char *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) before = describe (queue, id, &error);

  if (before == NULL)
    return fail (error);
  const char *whole = ferryctl_item_string (before, "id");
  g_autoptr (GVariant) answer
      = ferryctl_queue_ask (queue, change->method, g_variant_new ("(s)", whole), &error);
  if (answer == NULL)
    return fail (error);
  g_autoptr (GVariant) after = change == &removing ? NULL : describe (queue, whole, NULL);
  say_changed (options, change, after != NULL ? after : before);
  return FERRYCTL_DONE;
}

static gboolean
is_meant (const FerryctlOptions *options, const Change *change, GVariant *item)
{
  gboolean done = ferryctl_item_is (item, "done");

  if (options->finished)
    return done;
  return change == &removing || !done;
}

static int
change_many (FerryctlQueue *queue, const FerryctlOptions *options, const Change *change)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) items
      = ferryctl_queue_ask_items (queue, "List", g_variant_new ("()"), &error);
  int status = FERRYCTL_DONE;
  guint n = 0;

  if (items == NULL)
    return fail (error);
  for (guint i = 0; i < items->len; i++)
    {
      GVariant *item = g_ptr_array_index (items, i);
      if (!is_meant (options, change, item))
        continue;
      status
          = worse (status, change_one (queue, options, change, ferryctl_item_string (item, "id")));
      n++;
    }
  if (n == 0 && !options->json)
    ferryctl_text_print ("%s", _ ("There is nothing to do."));
  return status;
}

static int
change (const FerryctlOptions *options, const Change *what)
{
  g_autoptr (FerryctlQueue) queue = open_queue (options);
  int status = FERRYCTL_DONE;

  if (queue == NULL)
    return FERRYCTL_FAILED;
  if (options->all || options->finished)
    return output_status (change_many (queue, options, what));
  for (gsize i = 0; options->arguments[i] != NULL; i++)
    status = worse (status, change_one (queue, options, what, options->arguments[i]));
  if (what == &resuming && status == FERRYCTL_DONE && !options->json
      && ferryctl_queue_get_engine (queue) != NULL)
    ferryctl_text_print ("%s", _ ("Nothing runs this queue now: it goes on when Ferry starts."));
  return output_status (status);
}

int
ferryctl_pause (const FerryctlOptions *options)
{
  return change (options, &pausing);
}

int
ferryctl_resume (const FerryctlOptions *options)
{
  return change (options, &resuming);
}

int
ferryctl_remove (const FerryctlOptions *options)
{
  return change (options, &removing);
}
