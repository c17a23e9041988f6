/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Who may ask the owner of a queue: the same user alone, whatever the modes of the socket and its folder say. */

#include "ferry-owner.h"
#include "ferry-remote.h"
#include "ferry-test-util.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static FerryRemoteServer *
serve (FerryTestBed *bed)
{
  g_autoptr (GError) error = NULL;
  FerryRemoteServer *server = ferry_remote_server_new (bed->engine, "test", &error);

  g_assert_no_error (error);
  g_assert_nonnull (server);
  return server;
}

static char *
socket_path (FerryTestBed *bed)
{
  g_autofree char *address = ferry_owner_address (bed->state_folder);
  g_assert_true (g_str_has_prefix (address, "unix:path="));
  return g_uri_unescape_string (address + strlen ("unix:path="), NULL);
}

typedef struct
{
  const char *path;
  const char *words;
  char *answer;
  gint done;
} Hands;

static gpointer
shake_hands_thread (gpointer data)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  Hands *hands = data;
  char answer[256] = { 0 };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, hands->path, sizeof address.sun_path);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (write (fd, "", 1), ==, 1);
  g_assert_cmpint (write (fd, hands->words, strlen (hands->words)), >, 0);
  if (read (fd, answer, sizeof answer - 1) < 0)
    answer[0] = '\0';
  close (fd);
  hands->answer = g_strdup (answer);
  g_atomic_int_set (&hands->done, 1);
  g_main_context_wakeup (NULL);
  return NULL;
}

static char *
shake_hands (FerryTestBed *bed, const char *words)
{
  g_autofree char *path = socket_path (bed);
  Hands hands = { .path = path, .words = words };
  GThread *thread = g_thread_new ("hands", shake_hands_thread, &hands);

  while (!g_atomic_int_get (&hands.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  return hands.answer;
}

static void
test_mechanisms (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autofree char *own = g_strdup_printf ("%u", (guint) getuid ());
  g_autoptr (GString) external = g_string_new ("AUTH EXTERNAL ");
  g_autofree char *anonymous = shake_hands (bed, "AUTH ANONYMOUS\r\n");
  g_autofree char *cookie = shake_hands (bed, "AUTH DBUS_COOKIE_SHA1 726f6f74\r\n");

  g_assert_true (g_str_has_prefix (anonymous, "REJECTED EXTERNAL\r\n"));
  g_assert_true (g_str_has_prefix (cookie, "REJECTED EXTERNAL\r\n"));
  for (const char *p = own; *p != '\0'; p++)
    g_string_append_printf (external, "%02x", (guint) *p);
  g_string_append (external, "\r\n");
  g_autofree char *good = shake_hands (bed, external->str);
  g_assert_true (g_str_has_prefix (good, "OK "));
  ferry_remote_server_free (server);
}

/* 0: let in, 1: not. Only what is safe after fork (). */
static int
try_as_another_user (const struct sockaddr_un *address)
{
  static const char words[] = "\0AUTH EXTERNAL 3635353334\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";
  char answer[64] = { 0 };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  if (setresgid (65534, 65534, 65534) != 0 || setresuid (65534, 65534, 65534) != 0)
    return 2;
  if (connect (fd, (const struct sockaddr *) address, sizeof *address) != 0)
    return 3;
  if (write (fd, words, sizeof words - 1) < 0)
    return 1;
  return read (fd, answer, sizeof answer - 1) > 0 && strncmp (answer, "OK", 2) == 0 ? 0 : 1;
}

static void
ended_cb (GPid pid, int status, gpointer data)
{
  *(int *) data = status;
}

static void
test_another_user (void)
{
  if (getuid () != 0)
    {
      g_test_skip ("only root can try it as another user");
      return;
    }
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autofree char *path = socket_path (bed);
  g_autofree char *folder = g_path_get_dirname (path);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int status = -1;

  /* Even where the folder and the socket would let anybody in. */
  g_assert_cmpint (g_chmod (folder, 0755), ==, 0);
  g_assert_cmpint (g_chmod (path, 0777), ==, 0);
  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  pid_t pid = fork ();
  if (pid == 0)
    _exit (try_as_another_user (&address));
  g_child_watch_add (pid, ended_cb, &status);
  while (status < 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 1);
  g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
  ferry_remote_server_free (server);
}

int
main (int argc, char *argv[])
{
  g_autofree char *runtime = g_dir_make_tmp ("ferry-run-XXXXXX", NULL);

  g_assert_nonnull (runtime);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-access/mechanisms", test_mechanisms);
  g_test_add_func ("/remote-access/another-user", test_another_user);
  int status = g_test_run ();
  g_rmdir (runtime);
  return status;
}
