/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. The list lives on the main thread and is small: what changes is shown at once, and the journal gets all of it anew
 * each time, so one write that failed is made good by the next.
 */
#include "ferry-config.h"

#include "ferry-destinations-private.h"

#include <string.h>

#include "ferry-destination-check.h"
#include "ferry-destination-private.h"
#include "ferry-engine-private.h"

static void ferry_destinations_list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FerryDestinations,
                               ferry_destinations,
                               G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL,
                                                      ferry_destinations_list_model_init))

/* ---- the list ---- */

static int
compare (gconstpointer a, gconstpointer b)
{
  FerryDestination *first = *(FerryDestination *const *) a;
  FerryDestination *second = *(FerryDestination *const *) b;
  int order;

  if (ferry_destination_get_here (first) != ferry_destination_get_here (second))
    return ferry_destination_get_here (first) ? -1 : 1;
  order = g_utf8_collate (ferry_destination_get_name (first), ferry_destination_get_name (second));
  if (order != 0)
    return order;
  return strcmp (ferry_destination_get_id (first), ferry_destination_get_id (second));
}

void
ferry_destinations_insert (FerryDestinations *self, FerryDestination *destination)
{
  guint i = 0;

  while (i < self->items->len
         && compare (&g_ptr_array_index (self->items, i), (gconstpointer) &destination) < 0)
    i++;
  g_ptr_array_insert (self->items, (int) i, g_object_ref (destination));
  g_list_model_items_changed (G_LIST_MODEL (self), i, 0, 1);
}

void
ferry_destinations_take_out (FerryDestinations *self, FerryDestination *destination)
{
  guint i;

  if (!g_ptr_array_find (self->items, destination, &i))
    return;
  g_ptr_array_remove_index (self->items, i);
  g_list_model_items_changed (G_LIST_MODEL (self), i, 1, 0);
}

static gboolean
is_in_place (FerryDestinations *self, guint i)
{
  return (i == 0
          || compare (&g_ptr_array_index (self->items, i - 1), &g_ptr_array_index (self->items, i))
                 < 0)
         && (i + 1 == self->items->len
             || compare (&g_ptr_array_index (self->items, i),
                         &g_ptr_array_index (self->items, i + 1))
                    < 0);
}

void
ferry_destinations_sort_in (FerryDestinations *self, FerryDestination *destination)
{
  g_autoptr (FerryDestination) held = g_object_ref (destination);
  guint i;

  if (!g_ptr_array_find (self->items, held, &i) || is_in_place (self, i))
    return;
  ferry_destinations_take_out (self, held);
  ferry_destinations_insert (self, held);
}

/* @wanted where that can be; one is the default as long as there are any, "here" only while it is alone. */
static FerryDestination *
choose_default (FerryDestinations *self, FerryDestination *wanted)
{
  FerryDestination *first = NULL;

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);

      if (ferry_destination_get_here (destination))
        continue;
      if (destination == wanted)
        return wanted;
      if (first == NULL)
        first = destination;
    }
  if (first == NULL && self->items->len > 0)
    first = g_ptr_array_index (self->items, 0);
  return first;
}

void
ferry_destinations_make_default (FerryDestinations *self, FerryDestination *wanted)
{
  FerryDestination *chosen = choose_default (self, wanted);

  /* Nobody who is told of it ever sees two. */
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);
      if (destination != chosen)
        ferry_destination_set_is_default (destination, FALSE);
    }
  if (chosen != NULL)
    ferry_destination_set_is_default (chosen, TRUE);
}

void
ferry_destinations_post (FerryDestinations *self)
{
  if (self->engine != NULL && self->engine->store != NULL)
    ferry_store_post_destinations (self->engine->store, self->items);
}

/* ---- finding ---- */

FerryDestination *
ferry_destinations_find_name (FerryDestinations *self, const char *name)
{
  g_autofree char *key = ferry_destination_name_key (name);
  FerryDestination *found = NULL;

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);
      g_autofree char *other
          = ferry_destination_name_key (ferry_destination_get_name (destination));
      /* "here" comes first and gives way: the person chose the other name. */
      if (g_str_equal (key, other))
        found = destination;
    }
  return found;
}

FerryDestination *
ferry_destinations_find_address (FerryDestinations *self,
                                 const char *address,
                                 FerryDestination *but)
{
  g_autofree char *key = ferry_destination_address_key (address);

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);
      g_autofree char *other
          = ferry_destination_address_key (ferry_destination_get_address (destination));
      if (destination != but && g_str_equal (key, other))
        return destination;
    }
  return NULL;
}

FerryDestination *
ferry_destinations_find (FerryDestinations *self, const char *name_or_address)
{
  g_autofree char *trimmed = NULL;
  g_autofree char *address = NULL;
  FerryDestination *found;

  g_return_val_if_fail (FERRY_IS_DESTINATIONS (self), NULL);
  g_return_val_if_fail (name_or_address != NULL, NULL);

  if (!g_utf8_validate (name_or_address, -1, NULL))
    return NULL;
  trimmed = g_strstrip (g_strdup (name_or_address));
  found = ferry_destinations_find_name (self, trimmed);
  if (found != NULL)
    return found;
  address = ferry_destination_check_address (trimmed, NULL);
  return address != NULL ? ferry_destinations_find_address (self, address, NULL) : NULL;
}

FerryDestination *
ferry_destinations_find_by_id (FerryDestinations *self, const char *id)
{
  g_return_val_if_fail (FERRY_IS_DESTINATIONS (self), NULL);
  g_return_val_if_fail (id != NULL, NULL);

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);
      if (g_str_equal (ferry_destination_get_id (destination), id))
        return destination;
    }
  return NULL;
}

FerryDestination *
ferry_destinations_get_default (FerryDestinations *self)
{
  g_return_val_if_fail (FERRY_IS_DESTINATIONS (self), NULL);

  for (guint i = 0; i < self->items->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (self->items, i);
      if (ferry_destination_get_is_default (destination))
        return destination;
    }
  return NULL;
}

void
ferry_destinations_set_default (FerryDestinations *self, FerryDestination *destination)
{
  g_return_if_fail (FERRY_IS_DESTINATIONS (self));
  g_return_if_fail (FERRY_IS_DESTINATION (destination));

  if (!g_ptr_array_find (self->items, destination, NULL)
      || ferry_destination_get_is_default (destination))
    return;
  ferry_destinations_make_default (self, destination);
  ferry_destinations_post (self);
}

const char *
ferry_destinations_name_of (FerryDestinations *self, const char *address)
{
  FerryDestination *found = ferry_destinations_find_address (self, address, NULL);

  return found != NULL ? ferry_destination_get_name (found) : NULL;
}

/* ---- here ---- */

void
ferry_destinations_set_here (FerryDestinations *self, const char *name, const char *address)
{
  FerryDestination *here;

  g_return_if_fail (FERRY_IS_DESTINATIONS (self));
  g_return_if_fail (address == NULL || name != NULL);

  here = ferry_destinations_find_by_id (self, FERRY_DESTINATION_HERE);
  if (address == NULL && here != NULL)
    ferry_destinations_take_out (self, here);
  else if (address != NULL && here != NULL)
    {
      ferry_destination_set_name (here, name);
      ferry_destination_set_address (here, address);
    }
  else if (address != NULL)
    {
      g_autoptr (FerryDestination) made = ferry_destination_new (
          FERRY_DESTINATION_HERE, name, ferry_upload_protocol.name, address);
      ferry_destinations_insert (self, made);
    }
  ferry_destinations_make_default (self, ferry_destinations_get_default (self));
}

/* ---- the object ---- */

static GType
ferry_destinations_get_item_type (GListModel *model)
{
  return FERRY_TYPE_DESTINATION;
}

static guint
ferry_destinations_get_n_items (GListModel *model)
{
  return FERRY_DESTINATIONS (model)->items->len;
}

static gpointer
ferry_destinations_get_item (GListModel *model, guint position)
{
  FerryDestinations *self = FERRY_DESTINATIONS (model);

  if (position >= self->items->len)
    return NULL;
  return g_object_ref (g_ptr_array_index (self->items, position));
}

static void
ferry_destinations_list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = ferry_destinations_get_item_type;
  iface->get_n_items = ferry_destinations_get_n_items;
  iface->get_item = ferry_destinations_get_item;
}

static void
ferry_destinations_finalize (GObject *object)
{
  FerryDestinations *self = FERRY_DESTINATIONS (object);

  g_ptr_array_unref (self->items);
  g_ptr_array_unref (self->asking);
  G_OBJECT_CLASS (ferry_destinations_parent_class)->finalize (object);
}

static void
ferry_destinations_class_init (FerryDestinationsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ferry_destinations_finalize;
}

static void
ferry_destinations_init (FerryDestinations *self)
{
  self->items = g_ptr_array_new_with_free_func (g_object_unref);
  self->asking = g_ptr_array_new_with_free_func (g_object_unref);
}

FerryDestinations *
ferry_destinations_new (FerryEngine *engine, GPtrArray *rows)
{
  FerryDestinations *self = g_object_new (FERRY_TYPE_DESTINATIONS, NULL);

  self->engine = engine;
  for (guint i = 0; i < rows->len; i++)
    g_ptr_array_add (self->items, g_object_ref (g_ptr_array_index (rows, i)));
  g_ptr_array_sort (self->items, compare);
  ferry_destinations_make_default (self, ferry_destinations_get_default (self));
  return self;
}

void
ferry_destinations_detach (FerryDestinations *self)
{
  self->engine = NULL;
}
