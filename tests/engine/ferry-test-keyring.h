/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "../support/ferry-test-child.h"

G_BEGIN_DECLS

/* What tests of tokens keep them in. One kind at a time, chosen before anything looks for it. */

/* libsecret's own, encrypted, in a file. */
static inline void
ferry_test_keyring_use_file (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "test.keyring", NULL);

  g_setenv ("SECRET_BACKEND", "file", TRUE);
  g_setenv ("SECRET_FILE_TEST_PATH", path, TRUE);
  g_setenv ("SECRET_FILE_TEST_PASSWORD", "test-password", TRUE);
}

/* None at all, nor a bus on which one could be. */
static inline void
ferry_test_keyring_use_none (void)
{
  g_setenv ("SECRET_BACKEND", "service", TRUE);
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", "disabled:", TRUE);
}

/* A bus of its own, on which nothing starts by itself, and a real GNOME Keyring. One in a program: the connection to the
 * session's bus is one, too. */
typedef struct
{
  char *folder;
  gboolean real;
  GPid bus;
  GPid daemon; /* 0: not running */
} FerryTestKeyring;

/* In the child: a test that fails leaves nobody behind. */
static inline void
ferry_test_keyring_die_together (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

static inline char *
ferry_test_keyring_write_config (const char *folder)
{
  g_autofree char *text = g_strdup_printf (
      "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\""
      " \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">"
      "<busconfig><type>session</type><listen>unix:dir=%s</listen><auth>EXTERNAL</auth>"
      "<policy context='default'><allow send_destination='*' eavesdrop='true'/>"
      "<allow eavesdrop='true'/><allow own='*'/></policy></busconfig>",
      folder);
  char *path = g_build_filename (folder, "bus.conf", NULL);

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static inline void
ferry_test_keyring_start_bus (FerryTestKeyring *self)
{
  g_autofree char *config = ferry_test_keyring_write_config (self->folder);
  g_autofree char *option = g_strconcat ("--config-file=", config, NULL);
  const char *const arguments[]
      = { "dbus-daemon", option, "--nofork", "--nopidfile", "--print-address=1", NULL };
  g_autoptr (GError) error = NULL;
  char address[512] = "";
  gsize length = 0;
  int output;

  g_spawn_async_with_pipes (
      NULL, (char **) arguments, NULL,
      G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDERR_TO_DEV_NULL,
      ferry_test_keyring_die_together, NULL, &self->bus, NULL, &output, NULL, &error);
  g_assert_no_error (error);
  while (length == 0 || address[length - 1] != '\n')
    {
      gssize n = read (output, address + length, sizeof address - 1 - length);

      g_assert_cmpint (n, >, 0);
      length += (gsize) n;
    }
  close (output);
  address[length - 1] = '\0';
  g_setenv ("DBUS_SESSION_BUS_ADDRESS", address, TRUE);
}

static inline gboolean
ferry_test_keyring_is_there (FerryTestKeyring *self)
{
  g_autoptr (GDBusConnection) connection = g_bus_get_sync (G_BUS_TYPE_SESSION, NULL, NULL);
  g_autoptr (GVariant) answer = NULL;
  gboolean owned = FALSE;

  g_assert_nonnull (connection);
  g_dbus_connection_set_exit_on_close (connection, FALSE);
  answer = g_dbus_connection_call_sync (connection, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "NameHasOwner",
                                        g_variant_new ("(s)", "org.freedesktop.secrets"), NULL,
                                        G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL);
  g_assert_nonnull (answer);
  g_variant_get (answer, "(b)", &owned);
  return owned;
}

/* @unlocked: FALSE: with a keyring that nobody here can open */
static inline void
ferry_test_keyring_start_daemon (FerryTestKeyring *self, gboolean unlocked)
{
  g_autofree char *control = g_strdup_printf ("--control-directory=%s/control", self->folder);
  const char *const arguments[] = { "gnome-keyring-daemon",       "--foreground",
                                    "--components=secrets",       control,
                                    unlocked ? "--unlock" : NULL, NULL };
  g_auto (GStrv) environment = g_get_environ ();
  g_autoptr (GError) error = NULL;
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;
  int input;

  environment = g_environ_setenv (environment, "HOME", self->folder, TRUE);
  environment = g_environ_setenv (environment, "XDG_DATA_HOME", self->folder, TRUE);
  environment = g_environ_setenv (environment, "XDG_RUNTIME_DIR", self->folder, TRUE);
  g_spawn_async_with_pipes (NULL, (char **) arguments, environment,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD
                                | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL,
                            ferry_test_keyring_die_together, NULL, &self->daemon, &input, NULL,
                            NULL, &error);
  g_assert_no_error (error);
  if (unlocked)
    g_assert_cmpint (write (input, "password", 8), ==, 8);
  close (input);
  while (!ferry_test_keyring_is_there (self))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (10000);
    }
}

static inline void
ferry_test_keyring_stop_daemon (FerryTestKeyring *self)
{
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  kill (self->daemon, SIGTERM);
  waitpid (self->daemon, NULL, 0);
  g_spawn_close_pid (self->daemon);
  self->daemon = 0;
  while (ferry_test_keyring_is_there (self))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (10000);
    }
}

static inline gboolean
ferry_test_keyring_can (void)
{
  g_autofree char *daemon = g_find_program_in_path ("gnome-keyring-daemon");
  g_autofree char *bus = g_find_program_in_path ("dbus-daemon");

  return daemon != NULL && bus != NULL;
}

/* Before there are threads. Where no GNOME Keyring is installed, libsecret's own file has to do. */
static inline FerryTestKeyring *
ferry_test_keyring_new (void)
{
  FerryTestKeyring *self = g_new0 (FerryTestKeyring, 1);

  self->folder = ferry_test_folder_new ();
  self->real = ferry_test_keyring_can ();
  ferry_test_keyring_use_none ();
  if (self->real)
    ferry_test_keyring_start_bus (self);
  return self;
}

/* There is none from now on. */
static inline void
ferry_test_keyring_end (FerryTestKeyring *self)
{
  if (self->daemon != 0)
    ferry_test_keyring_stop_daemon (self);
  if (!self->real)
    ferry_test_keyring_use_none ();
}

/* There is an empty one from now on. */
static inline void
ferry_test_keyring_begin (FerryTestKeyring *self)
{
  g_autofree char *login = g_build_filename (self->folder, "keyrings", "login.keyring", NULL);
  g_autofree char *file = g_build_filename (self->folder, "test.keyring", NULL);

  ferry_test_keyring_end (self);
  g_unlink (login);
  g_unlink (file);
  if (self->real)
    ferry_test_keyring_start_daemon (self, TRUE);
  else
    ferry_test_keyring_use_file (self->folder);
}

static inline void
ferry_test_keyring_free (FerryTestKeyring *self)
{
  ferry_test_keyring_end (self);
  if (self->real)
    {
      kill (self->bus, SIGTERM);
      waitpid (self->bus, NULL, 0);
      g_spawn_close_pid (self->bus);
    }
  ferry_test_folder_free (self->folder);
  g_free (self);
}

G_END_DECLS
