/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-engine-private.h"

#include "ferry-destination-check.h"
#include "ferry-error.h"

/* Which token an upload is sent with: its own, else one that was offered for its address, both in memory; else its lane asks
 * the keyring (ferry-upload-token.c). A newer one for the address is what the person wants used from then on. */

static gboolean
misses_token (int error_code)
{
  return error_code == FERRY_ERROR_UNAUTHORIZED || error_code == FERRY_ERROR_NO_KEYRING;
}

/* Its own was refused, or never there: nothing of it is left in the way of the new one. */
static void
use_new_token (FerryEngine *self, const char *key)
{
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (g_object_unref);

  self->tokens_serial++;
  for (guint i = 0; i < self->items->len; i++)
    {
      FerryTransfer *transfer = g_ptr_array_index (self->items, i);
      FerrySpec *spec = transfer->record->spec;
      g_autofree char *other = NULL;

      if (spec->direction != FERRY_UPLOAD)
        continue;
      other = ferry_destination_address_key (spec->address);
      if (!g_str_equal (key, other))
        continue;
      g_clear_pointer (&spec->token, g_free);
      if (transfer->facts.outcome == FERRY_OUTCOME_NEEDS_YOU
          && transfer->facts.wanted == FERRY_WANTED_RUN
          && misses_token (transfer->record->error_code))
        g_ptr_array_add (waiting, g_object_ref (transfer));
    }
  for (guint i = 0; i < waiting->len; i++)
    ferry_engine_want_again (self, g_ptr_array_index (waiting, i));
  ferry_engine_reconcile (self);
}

void
ferry_engine_offer_token (FerryEngine *self, const char *address, const char *token)
{
  g_autofree char *normalized = NULL;
  g_autofree char *key = NULL;

  g_return_if_fail (FERRY_IS_ENGINE (self));
  g_return_if_fail (address != NULL);
  g_return_if_fail (token == NULL || ferry_token_is_valid (token));

  normalized = ferry_destination_check_address (address, NULL);
  key = ferry_destination_address_key (normalized != NULL ? normalized : address);
  if (token == NULL)
    {
      g_hash_table_remove (self->offered, key);
      return;
    }
  g_hash_table_insert (self->offered, g_strdup (key), g_strdup (token));
  use_new_token (self, key);
}

void
ferry_engine_token_saved (FerryEngine *self, const char *address)
{
  g_autofree char *key = ferry_destination_address_key (address);

  g_hash_table_remove (self->offered, key);
  use_new_token (self, key);
}

const char *
ferry_engine_find_token (FerryEngine *self, FerryTransfer *transfer)
{
  const FerrySpec *spec = transfer->record->spec;
  g_autofree char *key = NULL;

  if (spec->direction != FERRY_UPLOAD || spec->token != NULL)
    return spec->token;
  key = ferry_destination_address_key (spec->address);
  return g_hash_table_lookup (self->offered, key);
}

gboolean
ferry_engine_has_newer_token (FerryEngine *self, FerryTransfer *transfer, int error_code)
{
  return transfer->record->spec->direction == FERRY_UPLOAD && misses_token (error_code)
         && transfer->tokens_serial != self->tokens_serial;
}
