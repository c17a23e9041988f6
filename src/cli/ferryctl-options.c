/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-options.h"

#include "ferry-config.h"
#include "ferry-digest.h"
#include "ferry-error.h"
#include "ferryctl-text.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- parsing ---- */

static void
add_spec_entries (GOptionContext *context, FerryctlOptions *options)
{
  GOptionEntry entries[] = {
    { "output", 0, 0, G_OPTION_ARG_FILENAME, &options->output,
      N_ ("Save as exactly this file (one address only)"), N_ ("FILE") },
    { "directory", 0, 0, G_OPTION_ARG_FILENAME, &options->directory,
      N_ ("Save into this folder instead of the current one"), N_ ("DIR") },
    { "checksum", 0, 0, G_OPTION_ARG_STRING, &options->checksum,
      N_ ("The digest the finished file must have"), "sha256:HEX" },
    { "header", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->headers,
      N_ ("Send this header to the address's own server (repeatable)"), N_ ("'NAME: VALUE'") },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_receiver_entries (GOptionContext *context, FerryctlOptions *options)
{
  GOptionEntry entries[] = {
    { "to", 0, 0, G_OPTION_ARG_STRING, &options->to,
      N_ ("The destination, or the address of a receiver (default: the default destination)"),
      N_ ("NAME-OR-ADDRESS") },
    { "again", 0, 0, G_OPTION_ARG_NONE, &options->again,
      N_ ("Start over with files that changed after a part of them was sent"), NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_token_entry (GOptionContext *context, FerryctlOptions *options)
{
  GOptionEntry entries[] = {
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &options->token_file,
      N_ ("The file with the receiver's token in its first line"), N_ ("FILE") },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_flag (GOptionContext *context, const char *name, gboolean *flag, const char *description)
{
  GOptionEntry entries[] = {
    { name, 0, 0, G_OPTION_ARG_NONE, flag, description, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static void
add_common_entries (GOptionContext *context, FerryctlOptions *options)
{
  /* Only listed: --help is answered before anything is parsed, with the command in its usage line. */
  static gboolean help = FALSE;
  GOptionEntry entries[] = {
    { "help", 'h', 0, G_OPTION_ARG_NONE, &help, N_ ("Tell more about this command"), NULL },
    { "queue", 0, 0, G_OPTION_ARG_FILENAME, &options->queue,
      N_ ("Use the queue kept in this folder instead of your own"), N_ ("DIR") },
    { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, N_ ("Print one JSON object a line"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options->arguments, NULL, NULL },
    { NULL },
  };
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
}

static GOptionContext *
make_context (const FerryctlCommand *command, FerryctlOptions *options)
{
  GOptionContext *context = g_option_context_new (command->arguments);

  g_option_context_set_summary (context, _ (command->summary));
  if (command->description != NULL)
    g_option_context_set_description (context, _ (command->description));
  if (command->takes & FERRYCTL_TAKES_SPEC)
    add_spec_entries (context, options);
  if (command->takes & FERRYCTL_TAKES_RECEIVER)
    add_receiver_entries (context, options);
  if (command->takes & FERRYCTL_TAKES_TOKEN)
    add_token_entry (context, options);
  if (command->takes & FERRYCTL_TAKES_SAVING)
    {
      add_flag (context, "default", &options->make_default,
                N_ ("Send there where no destination is named"));
      add_flag (context, "replace", &options->replace,
                N_ ("Change the destination of that name where there is one"));
    }
  if (command->takes & FERRYCTL_TAKES_WEB_PAGE)
    add_flag (context, "web-page", &options->web_page,
              N_ ("Save what the server sends even if it is a web page"));
  if (command->takes & FERRYCTL_TAKES_PAUSED)
    add_flag (context, "paused", &options->paused, N_ ("Add without starting"));
  if (command->takes & FERRYCTL_TAKES_ALL)
    add_flag (context, "all", &options->all, N_ ("All transfers of the queue"));
  if (command->takes & FERRYCTL_TAKES_FINISHED)
    add_flag (context, "finished", &options->finished, N_ ("All finished transfers"));
  add_common_entries (context, options);
  g_option_context_set_help_enabled (context, FALSE);
  return context;
}

char *
ferryctl_options_help (const FerryctlCommand *command)
{
  g_auto (FerryctlOptions) options = { 0 };
  g_autoptr (GOptionContext) context = make_context (command, &options);
  g_autofree char *before = g_strdup (g_get_prgname ());
  g_autofree char *name = g_strdup_printf ("ferryctl %s", command->name);

  g_set_prgname (name);
  char *help = g_option_context_get_help (context, TRUE, NULL);
  g_set_prgname (before);
  return help;
}

gboolean
ferryctl_options_refuse (GError **error, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *sentence = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

static gboolean
check_counts (const FerryctlCommand *command, const FerryctlOptions *options, GError **error)
{
  guint n = options->arguments != NULL ? g_strv_length (options->arguments) : 0;
  gboolean covers = options->all || options->finished;

  if (covers && n > 0)
    return ferryctl_options_refuse (error, _ ("Give either ids or --all or --finished, not both."));
  if (options->all && options->finished)
    return ferryctl_options_refuse (error, _ ("--all and --finished do not go together."));
  if (!covers && n < command->min_arguments)
    return ferryctl_options_refuse (error, _ ("“%s” needs %s. “ferryctl help %s” tells more."),
                                    command->name, command->arguments, command->name);
  if (n > command->max_arguments)
    return ferryctl_options_refuse (
        error, _ ("“%s” does not take that many arguments. “ferryctl help %s” tells more."),
        command->name, command->name);
  return TRUE;
}

static gboolean
asks_for_help (char **arguments)
{
  for (gsize i = 1; arguments[i] != NULL && !g_str_equal (arguments[i], "--"); i++)
    if (g_str_equal (arguments[i], "--help") || g_str_equal (arguments[i], "-h"))
      return TRUE;
  return FALSE;
}

gboolean
ferryctl_options_parse (const FerryctlCommand *command,
                        char **arguments,
                        FerryctlOptions *options,
                        gboolean *helped,
                        GError **error)
{
  *helped = asks_for_help (arguments);
  if (*helped)
    {
      g_autofree char *help = ferryctl_options_help (command);
      ferryctl_text_put (help);
      return TRUE;
    }
  g_autoptr (GOptionContext) context = make_context (command, options);
  g_auto (GStrv) copy = g_strdupv (arguments);
  g_autoptr (GError) why = NULL;
  if (!g_option_context_parse_strv (context, &copy, &why))
    return ferryctl_options_refuse (error, _ ("%s. “ferryctl help %s” tells more."), why->message,
                                    command->name);
  return check_counts (command, options, error);
}

void
ferryctl_options_clear (FerryctlOptions *options)
{
  g_clear_pointer (&options->queue, g_free);
  g_clear_pointer (&options->output, g_free);
  g_clear_pointer (&options->directory, g_free);
  g_clear_pointer (&options->checksum, g_free);
  g_clear_pointer (&options->headers, g_strfreev);
  g_clear_pointer (&options->to, g_free);
  g_clear_pointer (&options->token_file, g_free);
  g_clear_pointer (&options->arguments, g_strfreev);
}

/* ---- specs ---- */

/* The one true path, so that the same folder by another way is the same transfer. (transfer full) */
static char *
real_folder (const char *folder, GError **error)
{
  char *path = realpath (folder, NULL);

  if (path == NULL)
    {
      if (errno == ENOENT)
        ferryctl_options_refuse (
            error, _ ("There is no folder “%s”. Make it first, or choose another."), folder);
      else
        ferryctl_options_refuse (error, _ ("“%s” cannot be used as a folder: %s."), folder,
                                 g_strerror (errno));
      return NULL;
    }
  g_autofree char *owned = g_strdup (path);
  free (path);
  if (!g_file_test (owned, G_FILE_TEST_IS_DIR))
    {
      ferryctl_options_refuse (error, _ ("“%s” is not a folder."), folder);
      return NULL;
    }
  if (!g_utf8_validate (owned, -1, NULL))
    {
      ferryctl_options_refuse (
          error, _ ("The name of the folder “%s” is not UTF-8. Choose another folder."), folder);
      return NULL;
    }
  return g_steal_pointer (&owned);
}

char *
ferryctl_options_find_source (const char *file, GError **error)
{
  g_autofree char *name = g_path_get_basename (file);
  GStatBuf info;

  gboolean missing = g_stat (file, &info) != 0;
  if (*file == '\0' || (missing && errno != ENOENT))
    {
      ferryctl_options_refuse (error, _ ("“%s” cannot be used as a file: %s."), file,
                               g_strerror (*file == '\0' ? ENOENT : errno));
      return NULL;
    }
  if (!missing && S_ISDIR (info.st_mode))
    {
      ferryctl_options_refuse (error, _ ("“%s” is a folder. Give the files in it one by one."),
                               file);
      return NULL;
    }
  if (!missing && !S_ISREG (info.st_mode))
    {
      ferryctl_options_refuse (error, _ ("“%s” is not a file that can be sent."), file);
      return NULL;
    }
  if (!g_utf8_validate (name, -1, NULL))
    {
      ferryctl_options_refuse (
          error, _ ("The name of the file “%s” is not UTF-8. Rename it first."), file);
      return NULL;
    }
  g_autofree char *parent = g_path_get_dirname (file);
  g_autofree char *folder = real_folder (parent, error);
  return folder != NULL ? g_build_filename (folder, name, NULL) : NULL;
}

static gboolean
check_output (const char *output, GError **error)
{
  g_autofree char *name = g_path_get_basename (output);

  if (g_str_equal (output, "-"))
    return ferryctl_options_refuse (
        error, _ ("A download cannot go to standard output: it is proven on disk first. "
                  "Give --output a file."));
  if (*output == '\0' || g_str_has_suffix (output, "/") || g_str_equal (name, ".")
      || g_str_equal (name, ".."))
    return ferryctl_options_refuse (error, _ ("“%s” is not a file's name."), output);
  if (strlen (name) > NAME_MAX)
    return ferryctl_options_refuse (error, _ ("The file's name is too long: %d bytes is the most."),
                                    NAME_MAX);
  if (!g_utf8_validate (name, -1, NULL))
    return ferryctl_options_refuse (error, _ ("The file's name is not UTF-8. Choose another."));
  return TRUE;
}

/* Sets folder and name. --output is read from --directory where both are given. */
static gboolean
find_place (const FerryctlOptions *options, char **folder, char **name, GError **error)
{
  g_autofree char *base
      = real_folder (options->directory != NULL ? options->directory : ".", error);

  if (base == NULL)
    return FALSE;
  if (options->output == NULL)
    {
      *folder = g_steal_pointer (&base);
      return TRUE;
    }
  if (!check_output (options->output, error))
    return FALSE;
  g_autofree char *path = g_path_is_absolute (options->output)
                              ? g_strdup (options->output)
                              : g_build_filename (base, options->output, NULL);
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return ferryctl_options_refuse (error, _ ("“%s” is a folder. Use --directory for it."),
                                    options->output);
  g_autofree char *parent = g_path_get_dirname (path);
  *folder = real_folder (parent, error);
  *name = g_path_get_basename (path);
  return *folder != NULL;
}

static FerrySpec *
make_spec (const FerryctlOptions *options,
           const char *address,
           const char *folder,
           const char *name,
           const char *sha256,
           GError **error)
{
  g_autoptr (FerrySpec) spec = ferry_spec_new (address, folder, error);

  if (spec == NULL)
    return NULL;
  spec->name = g_strdup (name);
  spec->exact = name != NULL;
  spec->sha256 = g_strdup (sha256);
  spec->paused = options->paused;
  for (gsize i = 0; options->headers != NULL && options->headers[i] != NULL; i++)
    if (!ferry_spec_add_header (spec, options->headers[i], error))
      return NULL;
  return g_steal_pointer (&spec);
}

GPtrArray *
ferryctl_options_to_specs (const FerryctlOptions *options, GError **error)
{
  g_autoptr (GPtrArray) specs = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_spec_free);
  g_autofree char *folder = NULL;
  g_autofree char *name = NULL;
  g_autofree char *sha256 = NULL;

  if (options->arguments[1] != NULL && (options->output != NULL || options->checksum != NULL))
    {
      ferryctl_options_refuse (error, _ ("--output and --checksum are for one address alone."));
      return NULL;
    }
  if (options->checksum != NULL)
    {
      sha256 = ferry_checksum_parse (options->checksum, error);
      if (sha256 == NULL)
        return NULL;
    }
  if (!find_place (options, &folder, &name, error))
    return NULL;
  for (gsize i = 0; options->arguments[i] != NULL; i++)
    {
      FerrySpec *spec = make_spec (options, options->arguments[i], folder, name, sha256, error);
      if (spec == NULL)
        return NULL;
      g_ptr_array_add (specs, spec);
    }
  return g_steal_pointer (&specs);
}
