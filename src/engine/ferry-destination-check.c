/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-destination-check.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-destinations-private.h"
#include "ferry-error.h"
#include "ferry-record.h"

static void
refuse (GError **error, const char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
}

/* What would turn the order of a line around, or hide in it. */
static gboolean
is_bidi_control (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e)
         || (c >= 0x2066 && c <= 0x2069);
}

static gboolean
is_forbidden (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_SURROGATE
         || type == G_UNICODE_PRIVATE_USE || type == G_UNICODE_UNASSIGNED || c == 0xfeff
         || is_bidi_control (c);
}

/* Without the spaces around it, of any script. */
static char *
trim (const char *text)
{
  const char *end = text + strlen (text);

  while (*text != '\0' && g_unichar_isspace (g_utf8_get_char (text)))
    text = g_utf8_next_char (text);
  while (end > text && g_unichar_isspace (g_utf8_get_char (g_utf8_prev_char (end))))
    end = g_utf8_prev_char (end);
  return g_strndup (text, (gsize) (end - text));
}

static gboolean
can_be_seen (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    {
      gunichar c = g_utf8_get_char (text);
      if (g_unichar_isgraph (c) && !g_unichar_iszerowidth (c))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_plain (const char *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    if (is_forbidden (g_utf8_get_char (text)))
      return FALSE;
  return TRUE;
}

char *
ferry_destination_check_name (const char *name, GError **error)
{
  g_return_val_if_fail (name != NULL, NULL);

  if (!g_utf8_validate (name, -1, NULL))
    {
      refuse (error, _ ("The name of a destination is one line of plain text."));
      return NULL;
    }

  g_autofree char *trimmed = trim (name);

  if (!is_plain (trimmed))
    refuse (error, _ ("The name of a destination is one line of plain text."));
  else if (!can_be_seen (trimmed))
    refuse (error, _ ("A destination needs a name."));
  else if (g_utf8_strlen (trimmed, -1) > FERRY_DESTINATION_NAME_MAX)
    refuse (error, _ ("This name is too long: a destination’s has at most 100 characters."));
  else if (strstr (trimmed, "://") != NULL)
    refuse (error, _ ("An address is no name. Call the destination something short, such as "
                      "“Home”."));
  else
    return g_steal_pointer (&trimmed);
  return NULL;
}

char *
ferry_destination_name_key (const char *name)
{
  g_autofree char *composed = g_utf8_normalize (name, -1, G_NORMALIZE_ALL_COMPOSE);
  g_autofree char *folded = g_utf8_casefold (composed != NULL ? composed : name, -1);

  return g_utf8_normalize (folded, -1, G_NORMALIZE_ALL_COMPOSE);
}

char *
ferry_destination_check_address (const char *address, GError **error)
{
  g_return_val_if_fail (address != NULL, NULL);

  /* The file does not matter: this knows what the address of a receiver can be. */
  g_autoptr (FerrySpec) spec = ferry_spec_new_upload ("/file", address, NULL, NULL, error);

  if (spec == NULL)
    return NULL;
  return g_steal_pointer (&spec->address);
}

gboolean
ferry_destination_check_token (const char *token, GError **error)
{
  if (token == NULL || ferry_token_is_valid (token))
    return TRUE;
  refuse (error, _ ("This is no token: a token is one word of letters, digits and signs."));
  return FALSE;
}

char *
ferry_destination_address_key (const char *address)
{
  gsize length = strlen (address);

  while (length > 0 && address[length - 1] == '/')
    length--;
  return g_strndup (address, length);
}
