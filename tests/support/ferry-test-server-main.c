/* SPDX-License-Identifier: GPL-3.0-or-later */

/* ferry-test-server: the misbehaving server as a program, for tests that are programs themselves. */

#include "ferry-test-certificate.h"
#include "ferry-test-server.h"

#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>

static int option_port = 0;
static char *option_certificate = NULL;
static char *option_key = NULL;
static gboolean option_tls = FALSE;
static gboolean option_watch_stdin = FALSE;

static const GOptionEntry entries[] = {
  { "port", 0, 0, G_OPTION_ARG_INT, &option_port, "Where to listen (0: a free port)", "PORT" },
  { "tls", 0, 0, G_OPTION_ARG_NONE, &option_tls, "Speak TLS with a certificate nobody trusts",
    NULL },
  { "tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &option_certificate,
    "Speak TLS with this certificate (PEM)", "FILE" },
  { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &option_key, "Its key", "FILE" },
  { "watch-stdin", 0, 0, G_OPTION_ARG_NONE, &option_watch_stdin, "End when standard input ends",
    NULL },
  { NULL },
};

static gboolean
quit_cb (gpointer data)
{
  g_main_loop_quit (data);
  return G_SOURCE_CONTINUE;
}

static gboolean
stdin_cb (int fd, GIOCondition condition, gpointer data)
{
  char discard[256];

  if (read (fd, discard, sizeof discard) > 0)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (data);
  return G_SOURCE_REMOVE;
}

static gboolean
load_certificate (GTlsCertificate **certificate, GError **error)
{
  if (option_certificate != NULL)
    *certificate = option_key != NULL
                       ? g_tls_certificate_new_from_files (option_certificate, option_key, error)
                       : g_tls_certificate_new_from_file (option_certificate, error);
  else if (option_tls)
    *certificate = ferry_test_certificate_new ("127.0.0.1", error);
  else
    return TRUE;
  return *certificate != NULL;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (FerryTestServer) server = NULL;
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !load_certificate (&certificate, &error)
      || (server = ferry_test_server_new_full (option_port, certificate, &error)) == NULL)
    {
      g_printerr ("ferry-test-server: %s\n", error->message);
      return 1;
    }
  ferry_test_server_set_quit_func (server, quit_cb, loop);
  g_unix_signal_add (SIGTERM, quit_cb, loop);
  g_unix_signal_add (SIGINT, quit_cb, loop);
  if (option_watch_stdin)
    g_unix_fd_add (STDIN_FILENO, G_IO_IN | G_IO_HUP, stdin_cb, loop);
  g_print ("%s\n", ferry_test_server_get_address (server));
  fflush (stdout);
  g_main_loop_run (loop);
  return 0;
}
