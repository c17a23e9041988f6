/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-left-out.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

/* A single one is named, several are counted. */

static char *
describe_missing (const FerryLeftOut *out, gboolean sandboxed)
{
  /* Inside a sandbox, what was dropped may be there and out of reach. */
  if (sandboxed)
    return g_strdup (_ ("Ferry may not read what was dropped. Choose it with Upload Files… or "
                        "Upload Folder… instead."));
  if (out->n == 1)
    return g_strdup_printf (_ ("“%s” is not there any more."), out->first);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u file is not there any more.",
                                       "%u files are not there any more.", out->n),
                          out->n);
}

static char *
describe_unreadable (const FerryLeftOut *out)
{
  if (out->n == 1)
    return g_strdup_printf (
        _ ("“%s” cannot be read and is left out. Allow reading it, then choose it again."),
        out->first);
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u file or folder cannot be read and is left out.",
                   "%u files or folders cannot be read and are left out.", out->n),
      out->n);
}

static char *
describe_special (const FerryLeftOut *out)
{
  if (out->n == 1)
    return g_strdup_printf (_ ("“%s” is no file with content and is left out."), out->first);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                       "%u is no file with content and is left out.",
                                       "%u are no files with content and are left out.", out->n),
                          out->n);
}

static char *
describe_links (const FerryLeftOut *out)
{
  if (out->n == 1)
    return g_strdup_printf (
        _ ("“%s” is a link to a folder and is left out. Choose that folder itself."), out->first);
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%u link to a folder is left out.",
                                       "%u links to folders are left out.", out->n),
                          out->n);
}

static char *
describe_remote (const FerryLeftOut *out)
{
  if (out->n == 1)
    return g_strdup_printf (
        _ ("“%s” is not on this computer. Copy it here first, then upload the copy."), out->first);
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE,
                   "%u file is not on this computer. Copy it here first, then upload the copy.",
                   "%u files are not on this computer. Copy them here first, then upload the "
                   "copies.",
                   out->n),
      out->n);
}

static char *
describe_empty (const FerryLeftOut *out)
{
  if (out->n == 1)
    return g_strdup_printf (_ ("The folder “%s” is empty."), out->first);
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "%u folder is empty.", "%u folders are empty.", out->n),
      out->n);
}

static char *
describe_too_many (void)
{
  return g_strdup_printf (
      g_dngettext (GETTEXT_PACKAGE, "More than %u file is too much at once. Choose fewer.",
                   "More than %u files are too many at once. Choose fewer.", FERRY_FILE_WALK_MAX),
      FERRY_FILE_WALK_MAX);
}

char *
ferry_left_out_describe (const FerryFoundFiles *found, gboolean sandboxed)
{
  g_return_val_if_fail (found != NULL, NULL);

  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  if (found->too_many)
    g_ptr_array_add (lines, describe_too_many ());
  if (found->missing.n > 0)
    g_ptr_array_add (lines, describe_missing (&found->missing, sandboxed));
  if (found->unreadable.n > 0)
    g_ptr_array_add (lines, describe_unreadable (&found->unreadable));
  if (found->special.n > 0)
    g_ptr_array_add (lines, describe_special (&found->special));
  if (found->links.n > 0)
    g_ptr_array_add (lines, describe_links (&found->links));
  if (found->remote.n > 0)
    g_ptr_array_add (lines, describe_remote (&found->remote));
  if (found->empty.n > 0)
    g_ptr_array_add (lines, describe_empty (&found->empty));
  if (lines->len == 0)
    return NULL;
  g_ptr_array_add (lines, NULL);
  return g_strjoinv ("\n", (char **) lines->pdata);
}
