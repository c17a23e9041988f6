/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-application.h"

#include "ferry-config.h"

#include <signal.h>
#include <glib/gi18n-lib.h>
#include <locale.h>

int
main (int argc, char **argv)
{
  /* libsoup reads it once, at its first connection: bulk bodies over its HTTP/2 are quadratic. */
  g_setenv ("SOUP_FORCE_HTTP1", "1", TRUE);
  /* A file that may not grow any more is an error to report, no reason to die. */
  signal (SIGXFSZ, SIG_IGN);

  setlocale (LC_ALL, "");
  bindtextdomain (GETTEXT_PACKAGE, FERRY_LOCALE_DIR);
  bind_textdomain_codeset (GETTEXT_PACKAGE, "UTF-8");
  textdomain (GETTEXT_PACKAGE);

  g_set_application_name (_ ("Ferry"));

  g_autoptr (FerryApplication) application = ferry_application_new ();
  return g_application_run (G_APPLICATION (application), argc, argv);
}
