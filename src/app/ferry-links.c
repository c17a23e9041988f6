/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-links.h"

#include <string.h>

#include "ferry-address.h"

struct _FerryKnown
{
  GHashTable *transfers; /* "folder\naddress" to FerryTransfer */
};

static gboolean
has_one_scheme_at_its_start (const char *line)
{
  const char *scheme = strstr (line, "://");

  return scheme != NULL && strstr (scheme + 3, "://") == NULL
         && strcspn (line, " \t") > (gsize) (scheme - line);
}

static void
add_once (GPtrArray *links, GHashTable *seen, const char *link)
{
  if (g_hash_table_contains (seen, link))
    return;

  g_ptr_array_add (links, g_strdup (link));
  g_hash_table_add (seen, g_ptr_array_index (links, links->len - 1));
}

static void
split_line (GPtrArray *links, GHashTable *seen, const char *line)
{
  if (strpbrk (line, " \t") == NULL || has_one_scheme_at_its_start (line))
    {
      add_once (links, seen, line);
      return;
    }

  g_auto (GStrv) words = ferry_address_extract (line);
  if (words[0] == NULL)
    add_once (links, seen, line);
  for (gsize i = 0; words[i] != NULL; i++)
    add_once (links, seen, words[i]);
}

char **
ferry_links_split (const char *text)
{
  g_return_val_if_fail (text != NULL, NULL);

  g_autoptr (GPtrArray) links = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto (GStrv) lines = g_strsplit_set (text, "\r\n", -1);

  for (gsize i = 0; lines[i] != NULL; i++)
    if (*g_strstrip (lines[i]) != '\0')
      split_line (links, seen, lines[i]);
  g_ptr_array_add (links, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&links), FALSE);
}

gboolean
ferry_is_file_uri (const char *word)
{
  return g_ascii_strncasecmp (word, "file:", strlen ("file:")) == 0;
}

char **
ferry_words_of_text (const char *text)
{
  /* A list of files may be longer than any list of links. */
  return ferry_is_file_uri (text) ? g_uri_list_extract_uris (text) : ferry_address_extract (text);
}

void
ferry_words_split (const char *const *words, GPtrArray **files, char ***links)
{
  g_autoptr (GPtrArray) others = g_ptr_array_new ();

  *files = g_ptr_array_new_with_free_func (g_object_unref);
  for (gsize i = 0; words[i] != NULL; i++)
    if (ferry_is_file_uri (words[i]))
      g_ptr_array_add (*files, g_file_new_for_uri (words[i]));
    else
      g_ptr_array_add (others, g_strdup (words[i]));
  g_ptr_array_add (others, NULL);
  *links = (char **) g_ptr_array_free (g_steal_pointer (&others), FALSE);
}

static char *
known_key (const char *address, const char *folder)
{
  return g_strconcat (folder, "\n", address, NULL);
}

static void
known_add (FerryKnown *self, FerryTransfer *transfer)
{
  g_hash_table_insert (
      self->transfers,
      known_key (ferry_transfer_get_address (transfer), ferry_transfer_get_folder (transfer)),
      g_object_ref (transfer));
}

FerryKnown *
ferry_known_new (GListModel *queue)
{
  g_return_val_if_fail (G_IS_LIST_MODEL (queue), NULL);

  FerryKnown *self = g_new0 (FerryKnown, 1);
  self->transfers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);

  guint n = g_list_model_get_n_items (queue);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (FerryTransfer) transfer = g_list_model_get_item (queue, i);
      known_add (self, transfer);
    }
  return self;
}

void
ferry_known_free (FerryKnown *self)
{
  g_hash_table_unref (self->transfers);
  g_free (self);
}

FerryTransfer *
ferry_known_find (FerryKnown *self, const char *address, const char *folder)
{
  g_return_val_if_fail (self != NULL, NULL);

  g_autofree char *key = known_key (address, folder);
  return g_hash_table_lookup (self->transfers, key);
}

static void
refuse (FerryLinksAdded *result, const char *link, const GError *error)
{
  g_ptr_array_add (result->refused, g_strdup (link));
  if (result->sentence == NULL)
    result->sentence = g_strdup (error->message);
}

static void
add_link (FerryEngine *engine,
          FerryKnown *known,
          FerryLinksAdded *result,
          const char *link,
          const char *folder)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = ferry_spec_new (link, folder, &error);

  if (spec == NULL)
    {
      refuse (result, link, error);
      return;
    }

  FerryTransfer *same = known != NULL ? ferry_known_find (known, spec->address, folder) : NULL;
  if (same != NULL)
    {
      if (!g_ptr_array_find (result->added, same, NULL))
        g_ptr_array_add (result->known, g_object_ref (same));
      return;
    }

  FerryTransfer *transfer = ferry_engine_add (engine, spec, &error);
  if (transfer == NULL)
    {
      refuse (result, link, error);
      return;
    }
  g_ptr_array_add (result->added, g_object_ref (transfer));
  if (known != NULL)
    known_add (known, transfer);
}

FerryLinksAdded *
ferry_links_add (FerryEngine *engine, const char *const *links, const char *folder, gboolean again)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);
  g_return_val_if_fail (links != NULL, NULL);
  g_return_val_if_fail (folder != NULL, NULL);

  FerryLinksAdded *result = g_new0 (FerryLinksAdded, 1);
  g_autoptr (FerryKnown) known = again ? NULL : ferry_known_new (G_LIST_MODEL (engine));

  result->added = g_ptr_array_new_with_free_func (g_object_unref);
  result->known = g_ptr_array_new_with_free_func (g_object_unref);
  result->refused = g_ptr_array_new_with_free_func (g_free);
  for (gsize i = 0; links[i] != NULL; i++)
    add_link (engine, known, result, links[i], folder);
  return result;
}

void
ferry_links_added_free (FerryLinksAdded *self)
{
  g_ptr_array_unref (self->added);
  g_ptr_array_unref (self->known);
  g_ptr_array_unref (self->refused);
  g_free (self->sentence);
  g_free (self);
}
