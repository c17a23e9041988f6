/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ferryctl put`: what is to be sent, and where to. */
#include "ferryctl-commands.h"

#include "ferry-address.h"
#include "ferry-config.h"
#include "ferry-error.h"
#include "ferryctl-follow.h"
#include "ferryctl-item.h"
#include "ferryctl-queue.h"
#include "ferryctl-text.h"
#include "ferryctl-token.h"

#include <glib/gi18n-lib.h>
#include <string.h>

/* ---- where to ---- */

static GVariant *
ask_queue (const FerryctlOptions *options, GError **error)
{
  const char *to = options->to != NULL ? options->to : "";
  g_autoptr (FerryctlQueue) queue = ferryctl_queue_open (options->queue, FALSE, NULL, error);
  g_autoptr (GPtrArray) found = NULL;

  if (queue == NULL)
    return NULL;
  found = ferryctl_queue_ask_items (queue, "FindDestination", g_variant_new ("(s)", to), error);
  if (found == NULL)
    return NULL;
  if (found->len > 0)
    return g_variant_ref (g_ptr_array_index (found, 0));
  if (options->to != NULL)
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE,
                 _ ("There is no destination “%s”. “ferryctl destination list” shows them."), to);
  else
    g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                         _ ("“put” needs --to=NAME-OR-ADDRESS, as there is no destination yet. "
                            "“ferryctl help destination” tells how to add one."));
  return NULL;
}

/* What --to means. An address written out needs no queue to be asked; what is neither a name nor an address is refused. */
static gboolean
find_receiver (const FerryctlOptions *options, char **address, char **name, GError **error)
{
  g_autoptr (GVariant) found = NULL;
  g_autoptr (GError) why = NULL;

  /* "" is what a script's empty variable leaves: never the default. */
  if (options->to == NULL || (*options->to != '\0' && strstr (options->to, "://") == NULL))
    found = ask_queue (options, &why);
  if (found != NULL)
    {
      *address = g_strdup (ferryctl_item_string (found, "address"));
      *name = g_strdup (ferryctl_item_string (found, "name"));
      return TRUE;
    }
  if (why != NULL && !g_error_matches (why, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE))
    {
      g_propagate_error (error, g_steal_pointer (&why));
      return FALSE;
    }
  *address = ferry_address_normalize (options->to, NULL, why != NULL ? NULL : error);
  if (*address != NULL)
    {
      /* With all that was typed: what a receiver's address cannot have is told later. */
      g_free (*address);
      *address = g_strdup (options->to);
      return TRUE;
    }
  if (why != NULL)
    g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* ---- the files ---- */

static GPtrArray *
find_sources (const FerryctlOptions *options, GError **error)
{
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; options->arguments[i] != NULL; i++)
    {
      char *source = ferryctl_options_find_source (options->arguments[i], error);
      if (source == NULL)
        return NULL;
      g_ptr_array_add (sources, source);
    }
  return g_steal_pointer (&sources);
}

static GPtrArray *
make_specs (const FerryctlOptions *options, GError **error)
{
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_spec_free);
  g_autofree char *token = NULL;
  g_autofree char *address = NULL;
  g_autofree char *name = NULL;
  g_autoptr (GPtrArray) sources = find_sources (options, error);

  if (sources == NULL || !ferryctl_token_find (options, &token, error)
      || !find_receiver (options, &address, &name, error))
    return NULL;
  for (guint i = 0; i < sources->len; i++)
    {
      FerrySpec *spec
          = ferry_spec_new_upload (g_ptr_array_index (sources, i), address, name, token, error);
      if (spec == NULL)
        return NULL;
      g_ptr_array_add (specs, spec);
    }
  return g_steal_pointer (&specs);
}

static gboolean
is_usage (const GError *error)
{
  return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT)
         || g_error_matches (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS)
         || g_error_matches (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME)
         || g_error_matches (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE);
}

int
ferryctl_put (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs = make_specs (options, &error);

  if (specs != NULL)
    return ferryctl_follow (options, specs);
  ferryctl_text_complain (error->message);
  return is_usage (error) ? FERRYCTL_USAGE : FERRYCTL_FAILED;
}
