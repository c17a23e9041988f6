/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in a clipboard, a drop or a list: what a person would take for one, nothing that merely looks technical. */
#include "ferry-address.h"

#include <string.h>

#define WORDS_MAX 10000

/* Taken for addresses without "//" too, so that the person is told when Ferry cannot fetch them. */
static const char *const known_schemes[] = { "http", "https", "magnet", NULL };

/* Where an address starts inside a word: Markdown, HTML and prose put characters before it. */
static const char *
find_start (const char *word)
{
  for (const char *p = word; *p != '\0'; p++)
    {
      gboolean fresh = p == word || !g_ascii_isalnum (p[-1]);
      if (fresh
          && (g_ascii_strncasecmp (p, "https://", 8) == 0
              || g_ascii_strncasecmp (p, "http://", 7) == 0))
        return p;
    }
  return word + strspn (word, "<\"'([{");
}

/* Without the punctuation of the sentence around it; a closing bracket stays where its opening one is inside. */
static gsize
trim_punctuation (const char *word, gsize length)
{
  gboolean round = memchr (word, '(', length) != NULL;
  gboolean square = memchr (word, '[', length) != NULL;
  while (length > 0)
    {
      char last = word[length - 1];
      if ((last == ')' && round) || (last == ']' && square)
          || strchr (".,;:!?'\")]}>", last) == NULL)
        break;
      length--;
    }
  return length;
}

/* RFC 3986 section 3.1, in lower case. g_uri_parse_scheme () would keep each that it ever saw. (transfer full) (nullable) */
static char *
scheme_of (const char *word)
{
  gsize length = 0;

  while (g_ascii_isalnum (word[length]) || (word[length] != '\0' && strchr ("+-.", word[length])))
    length++;
  return g_ascii_isalpha (word[0]) && word[length] == ':' ? g_ascii_strdown (word, (gssize) length)
                                                          : NULL;
}

/* With a scheme, anybody's; without one, only what can be meant, and a bare "host.tld" only where it stands alone. */
static gboolean
looks_like_address (const char *word, gboolean alone)
{
  g_autofree char *scheme = scheme_of (word);
  if (scheme != NULL && strncmp (word + strlen (scheme), "://", 3) == 0)
    return TRUE;
  if (scheme != NULL && g_strv_contains (known_schemes, scheme))
    return TRUE;
  if (!alone && strchr (word, '/') == NULL && g_ascii_strncasecmp (word, "www.", 4) != 0)
    return FALSE;
  g_autofree char *address = *word != '/' ? ferry_address_normalize (word, NULL, NULL) : NULL;
  return address != NULL;
}

/* The address in a word, or NULL. @alone: nothing else stands on its line, so that all of it is meant. */
static char *
pick_address (const char *word, gboolean alone)
{
  const char *start = find_start (word);
  gsize length = strcspn (start, "<>\"");
  if (!alone || start != word)
    length = trim_punctuation (start, length);
  g_autofree char *picked = g_strndup (start, length);
  return looks_like_address (picked, alone) ? g_steal_pointer (&picked) : NULL;
}

static void
extract_line (const char *line, GHashTable *seen, GPtrArray *found)
{
  if (*line == '#')
    return;
  g_autoptr (GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  const char *p = line;
  while (*p != '\0')
    {
      const char *start = p;
      while (*p != '\0' && !g_unichar_isspace (g_utf8_get_char (p)))
        p = g_utf8_next_char (p);
      if (p > start)
        g_ptr_array_add (words, g_strndup (start, (gsize) (p - start)));
      else
        p = g_utf8_next_char (p);
    }
  for (guint i = 0; i < words->len && found->len < WORDS_MAX; i++)
    {
      g_autofree char *address = pick_address (g_ptr_array_index (words, i), words->len == 1);
      if (address == NULL || g_hash_table_contains (seen, address))
        continue;
      g_hash_table_add (seen, address);
      g_ptr_array_add (found, g_steal_pointer (&address));
    }
}

char **
ferry_address_extract (const char *text)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  for (char *line = valid; line != NULL && found->len < WORDS_MAX;)
    {
      char *end = strpbrk (line, "\r\n");
      if (end != NULL)
        *end = '\0';
      extract_line (line, seen, found);
      line = end != NULL ? end + 1 : NULL;
    }
  g_ptr_array_add (found, NULL);
  return (char **) g_ptr_array_free (g_steal_pointer (&found), FALSE);
}
