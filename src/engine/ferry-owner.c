/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * The lock is on the open file description, so two claims in one process exclude each other as two
 * processes do, and closing some other descriptor of the file does not drop it (POSIX locks fail at both).
 * The file is never deleted: a claim that waits at a deleted file and one on a new file would both succeed.
 */
#include "ferry-owner.h"

#include "ferry-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ferry-digest.h"
#include "ferry-error.h"

#define MAX_TEXT 256

struct _FerryOwner
{
  int fd;
};

static gboolean
make_folder (const char *folder, GError **error)
{
  if (g_mkdir_with_parents (folder, 0700) == 0)
    return TRUE;
  ferry_error_from_errno (error, errno, folder);
  return FALSE;
}

static int
open_lock (const char *path)
{
  int fd;

  do
    fd = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0600);
  while (fd < 0 && errno == EINTR);
  return fd;
}

/* 0 or errno. */
static int
lock_file (int fd)
{
  const struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  int result;

  do
    result = fcntl (fd, F_OFD_SETLK, &lock);
  while (result < 0 && errno == EINTR);
  if (result == 0)
    return 0;
  return errno == EACCES ? EAGAIN : errno;
}

static gboolean
write_text (int fd, const char *program)
{
  g_autofree char *text = g_strdup_printf ("%s\n%d\n", program, (int) getpid ());
  gsize length = strlen (text);

  errno = ENOSPC; /* a short write sets none */
  /* Cut last, so that a reader meanwhile finds the first two lines whole. */
  return pwrite (fd, text, length, 0) == (ssize_t) length && ftruncate (fd, (off_t) length) == 0;
}

/* The two lines of whoever has the lock; FALSE when it has not written them yet. */
static gboolean
read_text (int fd, char **program, int *process)
{
  char text[MAX_TEXT + 1];
  ssize_t n = pread (fd, text, MAX_TEXT, 0);

  if (n <= 0)
    return FALSE;
  text[n] = '\0';

  g_auto (GStrv) lines = g_strsplit (text, "\n", 3);
  gint64 number = 0;

  if (g_strv_length (lines) < 3 || lines[0][0] == '\0'
      || !g_ascii_string_to_signed (lines[1], 10, 1, G_MAXINT, &number, NULL))
    return FALSE;
  *program = g_utf8_make_valid (lines[0], -1);
  *process = (int) number;
  return TRUE;
}

static void
set_busy (int fd, GError **error)
{
  g_autofree char *program = NULL;
  int process = 0;

  if (read_text (fd, &program, &process))
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY,
                 _ ("The queue is in use by %s (process %d). Quit it first, then try again."),
                 program, process);
  else
    g_set_error_literal (
        error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY,
        _ ("The queue is in use by another program. Quit it first, then try again."));
}

FerryOwner *
ferry_owner_claim (const char *folder, const char *program, GError **error)
{
  g_return_val_if_fail (folder != NULL, NULL);
  g_return_val_if_fail (
      program != NULL && strlen (program) < MAX_TEXT / 2 && strchr (program, '\n') == NULL, NULL);

  if (!make_folder (folder, error))
    return NULL;

  g_autoptr (FerryOwner) self = g_new0 (FerryOwner, 1);
  g_autofree char *path = g_build_filename (folder, "lock", NULL);

  self->fd = open_lock (path);
  if (self->fd < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return NULL;
    }

  int code = lock_file (self->fd);

  if (code == EAGAIN)
    {
      set_busy (self->fd, error);
      return NULL;
    }
  if (code == 0 && !write_text (self->fd, program))
    code = errno;
  if (code != 0)
    {
      ferry_error_from_errno (error, code, path);
      return NULL;
    }
  return g_steal_pointer (&self);
}

void
ferry_owner_release (FerryOwner *self)
{
  if (self == NULL)
    return;
  if (self->fd >= 0)
    close (self->fd);
  g_free (self);
}

char *
ferry_owner_address (const char *folder)
{
  g_return_val_if_fail (folder != NULL, NULL);

  g_autofree char *canonical = g_canonicalize_filename (folder, NULL);
  char *real = realpath (canonical, NULL);
  const char *named = real != NULL ? real : canonical;
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];

  ferry_digest_update (digest, named, strlen (named));
  ferry_digest_finish (digest, sha256);
  free (real);

  g_autofree char *hex = ferry_sha256_to_hex (sha256);
  g_autofree char *path = g_strdup_printf ("%s/ferry-%.16s", g_get_user_runtime_dir (), hex);
  g_autofree char *escaped = g_dbus_address_escape_value (path);

  return g_strconcat ("unix:path=", escaped, NULL);
}

char *
ferry_owner_default_folder (void)
{
  return g_build_filename (g_get_user_state_dir (), "ferry", NULL);
}
