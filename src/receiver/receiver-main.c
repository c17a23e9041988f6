/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receiver.h"

#include "ferry-config.h"

#include <glib-unix.h>
#include <glib/gi18n-lib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "ferry-error.h"
#include "receiver-options.h"

#define EXIT_FAILED 1
#define EXIT_USAGE 2

/* A name may hold any bytes: none that a terminal would obey gets there. */
static char *
make_safe (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *safe = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      g_string_append_unichar (safe, g_unichar_isprint (c) ? c : 0xfffd);
    }
  return g_string_free (safe, FALSE);
}

static void
complain (const char *sentence)
{
  g_autofree char *safe = make_safe (sentence);

  g_printerr ("ferry-receiver: %s\n", safe);
}

static void say (const char *format, ...) G_GNUC_PRINTF (1, 2);

static void
say (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_autofree char *safe = make_safe (text);

  g_print ("%s\n", safe);
}

static gboolean
quit_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);
  return G_SOURCE_CONTINUE;
}

/* Bounds that only tests set. */
static guint
read_bound (const char *name)
{
  const char *text = g_getenv (name);

  return text != NULL ? (guint) MIN (g_ascii_strtoull (text, NULL, 10), G_MAXINT) : 0;
}

static FerryReceiver *
make_receiver (const ReceiverOptions *options)
{
  const FerryReceiverOptions given = {
    .directory = options->directory,
    .listen = options->listen,
    .state = options->state,
    .token_file = options->token_file,
    .chunk_size = options->chunk_size,
    .max_size = options->max_size,
    .expire = options->expire,
    .tls_certificate = options->tls_certificate,
    .tls_key = options->tls_key,
    .s3_endpoint = options->s3_endpoint,
    .s3_bucket = options->s3_bucket,
    .s3_region = options->s3_region,
    .s3_keys_file = options->s3_keys_file,
    .s3_expire = (guint) options->s3_expire,
    .max_connections = read_bound ("FERRY_RECEIVER_MAX_CONNECTIONS"),
    .max_uploads = read_bound ("FERRY_RECEIVER_MAX_UPLOADS"),
    .idle_timeout = read_bound ("FERRY_RECEIVER_IDLE_MS"),
  };

  return ferry_receiver_new (&given);
}

static void
notice_cb (const char *sentence, gpointer user_data)
{
  complain (sentence);
}

/* The first line is the address alone, for programs. */
static void
tell_start (FerryReceiver *receiver, const ReceiverOptions *options)
{
  const char *set_apart = ferry_receiver_get_set_apart (receiver);

  say ("%s", ferry_receiver_get_address (receiver));
  if (options->s3_endpoint != NULL)
    say (_ ("Files go to the bucket “%s” at %s. Clients need the token in “%s”."),
         options->s3_bucket, options->s3_endpoint, ferry_receiver_get_token_path (receiver));
  else
    say (_ ("Files are saved in “%s”. Clients need the token in “%s”."), options->directory,
         ferry_receiver_get_token_path (receiver));
  fflush (stdout);
  if (set_apart != NULL)
    {
      g_autofree char *sentence = g_strdup_printf (
          _ ("The records were damaged and are kept as “%s”. Unfinished uploads start again."),
          set_apart);

      complain (sentence);
    }
  if (ferry_receiver_is_exposed (receiver))
    complain (_ ("Warning: other computers can connect, and nothing is encrypted. Whoever listens "
                 "on the network can read the files and the token: use --tls-certificate and "
                 "--tls-key."));
}

/* Whether other options would help. */
static gboolean
is_usage (const GError *error)
{
  return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
}

static int
run (const ReceiverOptions *options)
{
  g_autoptr (FerryReceiver) receiver = make_receiver (options);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GError) error = NULL;

  g_unix_signal_add (SIGTERM, quit_cb, loop);
  g_unix_signal_add (SIGINT, quit_cb, loop);
  ferry_receiver_set_notice_func (receiver, notice_cb, NULL);
  if (!ferry_receiver_start (receiver, &error))
    {
      complain (error->message);
      return is_usage (error) ? EXIT_USAGE : EXIT_FAILED;
    }
  tell_start (receiver, options);
  g_main_loop_run (loop);
  ferry_receiver_stop (receiver);
  return 0;
}

int
main (int argc, char *argv[])
{
  g_auto (ReceiverOptions) options = { 0 };
  g_autoptr (GError) error = NULL;

  /* As in ferryctl: HTTP/2 of the libsoup that Debian 12 has is slow. */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, FERRY_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  g_set_prgname ("ferry-receiver");
  signal (SIGPIPE, SIG_IGN);

  if (!receiver_options_parse (argc, argv, &options, &error))
    {
      complain (error->message);
      return EXIT_USAGE;
    }
  if (options.help)
    {
      g_autofree char *help = receiver_options_help ();

      g_print ("%s", help);
      return 0;
    }
  if (options.version)
    {
      g_print ("ferry-receiver %s\n", FERRY_VERSION);
      return 0;
    }
  return run (&options);
}
