/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-record.h"

G_BEGIN_DECLS

/* Exit statuses. */
enum
{
  FERRYCTL_DONE = 0,
  FERRYCTL_FAILED = 1,
  FERRYCTL_USAGE = 2,
  FERRYCTL_NEEDS_YOU = 3,
  FERRYCTL_INTERRUPTED = 130
};

/* Options a command may take beside --queue, --json and --help. */
typedef enum
{
  FERRYCTL_TAKES_SPEC = 1 << 0, /* --output --directory --checksum --header */
  FERRYCTL_TAKES_WEB_PAGE = 1 << 1,
  FERRYCTL_TAKES_PAUSED = 1 << 2,
  FERRYCTL_TAKES_ALL = 1 << 3,
  FERRYCTL_TAKES_FINISHED = 1 << 4,
  FERRYCTL_TAKES_RECEIVER = 1 << 5, /* --to --again */
  FERRYCTL_TAKES_TOKEN = 1 << 6,    /* --token-file */
  FERRYCTL_TAKES_SAVING = 1 << 7,   /* --default --replace */
} FerryctlTakes;

typedef struct
{
  char *queue;
  gboolean json;
  char *output;
  char *directory;
  char *checksum;
  char **headers;
  gboolean web_page;
  gboolean paused;
  gboolean all;
  gboolean finished;
  char *to;
  char *token_file;
  gboolean again;
  gboolean make_default;
  gboolean replace;
  char **arguments; /* (nullable) */
} FerryctlOptions;

typedef struct _FerryctlCommand FerryctlCommand;

struct _FerryctlCommand
{
  const char *name;      /* "list", "destination list" */
  const char *arguments; /* "URL…", for the usage line */
  const char *summary;
  const char *description; /* (nullable) */
  FerryctlTakes takes;
  guint min_arguments;
  guint max_arguments;
  int (*run) (const FerryctlOptions *options);
  /* (nullable): it is nothing without one of these, whose names begin with its own; ended by one without a name */
  const FerryctlCommand *subcommands;
};

/* What `ferryctl help COMMAND` prints. (transfer full) */
char *ferryctl_options_help (const FerryctlCommand *command);

/* @arguments: the program's name and what followed the command. --help prints and sets @helped. FALSE with a sentence: usage. */
gboolean ferryctl_options_parse (const FerryctlCommand *command,
                                 char **arguments,
                                 FerryctlOptions *options,
                                 gboolean *helped,
                                 GError **error);
void ferryctl_options_clear (FerryctlOptions *options);

/* Sets FERRY_ERROR_INVALID_ARGUMENT with the sentence; always FALSE. */
gboolean ferryctl_options_refuse (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

/**
 * ferryctl_options_to_specs:
 *
 * One spec for each address given. Any error is the command line's: exit status 2.
 *
 * Returns: (transfer full) (element-type FerrySpec):
 */
GPtrArray *ferryctl_options_to_specs (const FerryctlOptions *options, GError **error);

/**
 * ferryctl_options_find_source:
 * @file: as typed
 *
 * The one true path of a file to send. One that is missing is let through where its folder is there, as the queue may know
 * it. Any error is the command line's.
 *
 * Returns: (transfer full):
 */
char *ferryctl_options_find_source (const char *file, GError **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FerryctlOptions, ferryctl_options_clear)

G_END_DECLS
