/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-token.h"

#include "ferry-config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdio.h>

#define TOKEN_VARIABLE "FERRY_TOKEN"

/* A pipe will do, too: only one line is read. */
static gboolean
read_token (const char *path, char **token, GError **error)
{
  char line[FERRY_TOKEN_MAX + 64] = { 0 };
  FILE *file = g_fopen (path, "re");

  if (file == NULL && errno == ENOENT)
    return ferryctl_options_refuse (error, _ ("There is no token file “%s”."), path);
  if (file == NULL)
    return ferryctl_options_refuse (error, _ ("The token file “%s” cannot be read."), path);
  gboolean is_read = fgets (line, sizeof line, file) != NULL || feof (file);
  fclose (file);
  if (!is_read)
    return ferryctl_options_refuse (error, _ ("The token file “%s” cannot be read."), path);
  g_strstrip (line);
  if (*line == '\0')
    return ferryctl_options_refuse (
        error, _ ("The token file “%s” has no token in its first line."), path);
  if (!ferry_token_is_valid (line))
    return ferryctl_options_refuse (
        error, _ ("What the token file “%s” has in its first line is no token."), path);
  *token = g_strdup (line);
  return TRUE;
}

/* No token at all is fine: the receiver says whether it wants one. */
gboolean
ferryctl_token_find (const FerryctlOptions *options, char **token, GError **error)
{
  const char *text = g_getenv (TOKEN_VARIABLE);

  if (options->token_file != NULL)
    return read_token (options->token_file, token, error);
  g_autofree char *stripped = g_strstrip (g_strdup (text != NULL ? text : ""));
  if (*stripped == '\0')
    return TRUE;
  if (!ferry_token_is_valid (stripped))
    return ferryctl_options_refuse (
        error, _ ("What the environment variable FERRY_TOKEN has is no token."));
  *token = g_steal_pointer (&stripped);
  return TRUE;
}
