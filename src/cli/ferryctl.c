/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-commands.h"

#include "ferry-config.h"
#include "ferryctl-text.h"

#include <signal.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <malloc.h>
#include <string.h>

#define COMMAND_WIDTH 21
#define SUBCOMMAND_WIDTH 21

static const FerryctlCommand commands[] = {
  {
      .name = "get",
      .arguments = "URL…",
      .summary
      = N_ ("Download files and wait for them. The same command again goes on where it stopped."),
      .description
      = N_ ("Ctrl+C pauses; a second Ctrl+C ends at once, and nothing is lost either.\n"
            "Exit status: 0 finished, 1 failed, 2 wrong usage, 3 needs you, 130 interrupted."),
      .takes = FERRYCTL_TAKES_SPEC | FERRYCTL_TAKES_WEB_PAGE,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_get,
  },
  {
      .name = "put",
      .arguments = "FILE…",
      .summary
      = N_ ("Send files to a Ferry receiver and wait for them. The same command again goes on "
            "where it stopped."),
      .description
      = N_ ("Without --to the files go to the default destination.\n"
            "Without --token-file the token is taken from the environment variable FERRY_TOKEN, "
            "else from the keyring.\n"
            "A file that was sent is told with its link.\n"
            "Ctrl+C pauses; a second Ctrl+C ends at once, and nothing is lost either.\n"
            "Exit status: 0 sent, 1 failed, 2 wrong usage, 3 needs you, 130 interrupted."),
      .takes = FERRYCTL_TAKES_RECEIVER | FERRYCTL_TAKES_TOKEN,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_put,
  },
  {
      .name = "destination",
      .arguments = "COMMAND",
      .summary = N_ ("Keep the receivers that files are sent to, under names of your own."),
      .subcommands = ferryctl_destination_commands,
  },
  {
      .name = "list",
      .arguments = "",
      .summary = N_ ("Show the queue."),
      .run = ferryctl_list,
  },
  {
      .name = "show",
      .arguments = "ID…",
      .summary = N_ ("Show all about a transfer, and its history."),
      .description = N_ ("The beginning of an id is enough where it is the only one."),
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_show,
  },
  {
      .name = "add",
      .arguments = "URL…",
      .summary = N_ ("Put downloads into the queue without waiting, and print their ids."),
      .description = N_ ("They run when Ferry runs, or with “ferryctl get” and the same address."),
      .takes = FERRYCTL_TAKES_SPEC | FERRYCTL_TAKES_PAUSED,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_add,
  },
  {
      .name = "pause",
      .arguments = "ID…",
      .summary = N_ ("Pause transfers."),
      .takes = FERRYCTL_TAKES_ALL,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_pause,
  },
  {
      .name = "resume",
      .arguments = "ID…",
      .summary = N_ ("Let paused or failed transfers go on."),
      .takes = FERRYCTL_TAKES_ALL,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_resume,
  },
  {
      .name = "remove",
      .arguments = "ID…",
      .summary
      = N_ ("Take transfers out of the queue with their unfinished files. Finished files stay, and "
            "so do files to send."),
      .takes = FERRYCTL_TAKES_ALL | FERRYCTL_TAKES_FINISHED,
      .min_arguments = 1,
      .max_arguments = G_MAXUINT,
      .run = ferryctl_remove,
  },
};

static const FerryctlCommand *
find_command (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (name, commands[i].name))
      return &commands[i];
  return NULL;
}

static void
append_command (
    GString *text, const char *name, const char *arguments, const char *summary, int width)
{
  g_autofree char *both = g_strdup_printf ("%s %s", name, arguments);
  g_autofree char *padded = ferryctl_text_pad (both, width);

  g_string_append_printf (text, "  %s%s\n", padded, _ (summary));
}

static void
print_help (void)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append (
      text, _ ("Usage: ferryctl COMMAND [OPTION…] [ARGUMENT…]\n\n"
               "Downloads and uploads files so that nothing that arrived is ever sent twice.\n\n"
               "Commands:\n"));
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    append_command (text, commands[i].name, commands[i].arguments, commands[i].summary,
                    COMMAND_WIDTH);
  append_command (text, "help", "", N_ ("Tell more about a command."), COMMAND_WIDTH);
  g_string_append_c (text, '\n');
  g_string_append (text, _ ("“ferryctl help COMMAND” lists its options; “ferryctl --version” tells "
                            "the version.\n"));
  ferryctl_text_put (text->str);
}

static int
refuse (const char *name)
{
  g_autofree char *sentence
      = g_strdup_printf (_ ("There is no command “%s”. “ferryctl --help” lists them."), name);
  ferryctl_text_complain (sentence);
  return FERRYCTL_USAGE;
}

static const FerryctlCommand *
find_subcommand (const FerryctlCommand *command, const char *name)
{
  gsize length = strlen (command->name) + 1;

  for (const FerryctlCommand *sub = command->subcommands; name != NULL && sub->name != NULL; sub++)
    if (g_str_equal (name, sub->name + length))
      return sub;
  return NULL;
}

static int
refuse_subcommand (const FerryctlCommand *command, const char *name)
{
  g_autofree char *sentence
      = name != NULL
            ? g_strdup_printf (_ ("“%s” has no command “%s”. “ferryctl help %s” lists them."),
                               command->name, name, command->name)
            : g_strdup_printf (_ ("“%s” needs a command. “ferryctl help %s” lists them."),
                               command->name, command->name);
  ferryctl_text_complain (sentence);
  return FERRYCTL_USAGE;
}

static void
print_subcommands (const FerryctlCommand *command)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Usage: ferryctl %s COMMAND [OPTION…] [ARGUMENT…]\n\n"),
                          command->name);
  g_string_append_printf (text, "%s\n\n%s\n", _ (command->summary), _ ("Commands:"));
  for (const FerryctlCommand *sub = command->subcommands; sub->name != NULL; sub++)
    append_command (text, sub->name + strlen (command->name) + 1, sub->arguments, sub->summary,
                    SUBCOMMAND_WIDTH);
  g_string_append_printf (text, "\n");
  g_string_append_printf (text, _ ("“ferryctl help %s COMMAND” lists its options.\n"),
                          command->name);
  ferryctl_text_put (text->str);
}

/* @name: what follows "help"; @rest: what follows that. */
static int
help (const char *name, const char *rest)
{
  if (name == NULL)
    {
      print_help ();
      return FERRYCTL_DONE;
    }
  const FerryctlCommand *command = find_command (name);
  if (command == NULL)
    return refuse (name);
  if (command->subcommands != NULL && rest == NULL)
    {
      print_subcommands (command);
      return FERRYCTL_DONE;
    }
  if (command->subcommands != NULL)
    {
      const FerryctlCommand *sub = find_subcommand (command, rest);
      if (sub == NULL)
        return refuse_subcommand (command, rest);
      command = sub;
    }
  g_autofree char *text = ferryctl_options_help (command);
  ferryctl_text_put (text);
  return FERRYCTL_DONE;
}

static int
run_command (const FerryctlCommand *command, char **arguments)
{
  g_auto (FerryctlOptions) options = { 0 };
  g_autoptr (GError) error = NULL;
  gboolean helped = FALSE;

  if (!ferryctl_options_parse (command, arguments, &options, &helped, &error))
    {
      ferryctl_text_complain (error->message);
      return FERRYCTL_USAGE;
    }
  return helped ? FERRYCTL_DONE : command->run (&options);
}

/* @arguments: what follows the command. */
static int
run_subcommand (const FerryctlCommand *command, char **arguments)
{
  const char *name = arguments[0];
  const FerryctlCommand *sub = find_subcommand (command, name);

  if (sub != NULL)
    return run_command (sub, arguments);
  if (name == NULL || (!g_str_equal (name, "--help") && !g_str_equal (name, "-h")))
    return refuse_subcommand (command, name);
  print_subcommands (command);
  return FERRYCTL_DONE;
}

int
main (int argc, char *argv[])
{
  /* HTTP/2 bodies take time and memory that grow with the square of their size in the libsoup that Debian 12 has. */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  /* A file that may not grow any more is an error to report, no reason to die. */
  signal (SIGXFSZ, SIG_IGN);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, FERRY_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  g_set_prgname ("ferryctl");
#ifdef M_ARENA_MAX
  /* Each lane brings threads; an arena of its own for each would keep much more memory than is ever in use. */
  mallopt (M_ARENA_MAX, 4);
#endif

  if (argc < 2)
    {
      ferryctl_text_complain (_ ("A command is missing. “ferryctl --help” lists them."));
      return FERRYCTL_USAGE;
    }
  if (g_str_equal (argv[1], "--help") || g_str_equal (argv[1], "-h"))
    return help (NULL, NULL);
  if (g_str_equal (argv[1], "help"))
    return help (argc > 2 ? argv[2] : NULL, argc > 3 ? argv[3] : NULL);
  if (g_str_equal (argv[1], "--version"))
    {
      ferryctl_text_print ("ferryctl %s", FERRY_VERSION);
      return FERRYCTL_DONE;
    }
  const FerryctlCommand *command = find_command (argv[1]);
  if (command == NULL)
    return refuse (argv[1]);
  return command->subcommands != NULL ? run_subcommand (command, argv + 2)
                                      : run_command (command, argv + 1);
}
