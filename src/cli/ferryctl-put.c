/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `ferryctl put`: what is to be sent, where to, and the token, which neither a command line nor a journal may hold. */
#include "ferryctl-commands.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferryctl-follow.h"
#include "ferryctl-text.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TOKEN_VARIABLE "FERRY_TOKEN"

/* ---- the token ---- */

static gboolean refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

/* A pipe will do, too: only one line is read. */
static gboolean
read_token (const char *path, char **token, GError **error)
{
  char line[FERRY_TOKEN_MAX + 64] = { 0 };
  FILE *file = g_fopen (path, "re");

  if (file == NULL && errno == ENOENT)
    return refuse (error, _ ("There is no token file “%s”."), path);
  if (file == NULL)
    return refuse (error, _ ("The token file “%s” cannot be read."), path);
  gboolean is_read = fgets (line, sizeof line, file) != NULL || feof (file);
  fclose (file);
  if (!is_read)
    return refuse (error, _ ("The token file “%s” cannot be read."), path);
  g_strstrip (line);
  if (*line == '\0')
    return refuse (error, _ ("The token file “%s” has no token in its first line."), path);
  if (!ferry_token_is_valid (line))
    return refuse (error, _ ("What the token file “%s” has in its first line is no token."), path);
  *token = g_strdup (line);
  return TRUE;
}

/* No token at all is fine: the receiver says whether it wants one. */
static gboolean
find_token (const FerryctlOptions *options, char **token, GError **error)
{
  const char *text = g_getenv (TOKEN_VARIABLE);

  if (options->token_file != NULL)
    return read_token (options->token_file, token, error);
  g_autofree char *stripped = g_strstrip (g_strdup (text != NULL ? text : ""));
  if (*stripped == '\0')
    return TRUE;
  if (!ferry_token_is_valid (stripped))
    return refuse (error, _ ("What the environment variable FERRY_TOKEN has is no token."));
  *token = g_steal_pointer (&stripped);
  return TRUE;
}

/* ---- the files ---- */

static FerrySpec *
make_spec (const FerryctlOptions *options, const char *file, const char *token, GError **error)
{
  g_autofree char *source = ferryctl_options_find_source (file, error);

  if (source == NULL)
    return NULL;
  return ferry_spec_new_upload (source, options->to, NULL, token, error);
}

static GPtrArray *
make_specs (const FerryctlOptions *options, GError **error)
{
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_spec_free);
  g_autofree char *token = NULL;

  if (options->to == NULL)
    {
      refuse (error, _ ("“put” needs --to=ADDRESS. “ferryctl help put” tells more."));
      return NULL;
    }
  if (!find_token (options, &token, error))
    return NULL;
  for (gsize i = 0; options->arguments[i] != NULL; i++)
    {
      FerrySpec *spec = make_spec (options, options->arguments[i], token, error);
      if (spec == NULL)
        return NULL;
      g_ptr_array_add (specs, spec);
    }
  return g_steal_pointer (&specs);
}

int
ferryctl_put (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs = make_specs (options, &error);

  if (specs != NULL)
    return ferryctl_follow (options, specs);
  ferryctl_text_complain (error->message);
  return FERRYCTL_USAGE;
}
