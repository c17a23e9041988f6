/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-token.h"

#include "ferry-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>

#include "ferry-error.h"

#define TOKEN_BYTES 32
#define TOKEN_MIN 20
#define FILE_MAX 4096

static gboolean
is_token_char (char c)
{
  return g_ascii_isalnum (c) || (c != '\0' && strchr ("-._~+/=", c) != NULL);
}

static gboolean
is_token (const char *text)
{
  gsize length = strlen (text);

  if (length < TOKEN_MIN)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!is_token_char (text[i]))
      return FALSE;
  return TRUE;
}

static char *
make_token (void)
{
  guint8 bytes[TOKEN_BYTES];

  if (gnutls_rnd (GNUTLS_RND_KEY, bytes, sizeof bytes) < 0)
    g_error ("There are no random numbers.");

  char *token = g_base64_encode (bytes, sizeof bytes);

  gnutls_memset (bytes, 0, sizeof bytes);
  g_strdelimit (token, "+", '-');
  g_strdelimit (token, "/", '_');
  *strchrnul (token, '=') = '\0';
  return token;
}

/* 0 or errno. */
static int
write_token (int fd, const char *token)
{
  g_autofree char *line = g_strconcat (token, "\n", NULL);
  gsize length = strlen (line);

  errno = ENOSPC; /* a short write sets none */
  if (write (fd, line, length) != (ssize_t) length || fsync (fd) < 0)
    return errno;
  return 0;
}

/* NULL without an error: somebody else made the file meanwhile. */
static char *
create (const char *path, GError **error)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

  if (fd < 0)
    {
      if (errno != EEXIST)
        ferry_error_from_errno (error, errno, path);
      return NULL;
    }

  char *token = make_token ();
  int code = write_token (fd, token);

  close (fd);
  if (code == 0)
    return token;
  unlink (path);
  ferry_token_free (token);
  ferry_error_from_errno (error, code, path);
  return NULL;
}

static gboolean
check_file (int fd, const char *path, GError **error)
{
  g_autofree char *shown = g_filename_display_name (path);
  struct stat info;

  if (fstat (fd, &info) < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }
  if (!S_ISREG (info.st_mode))
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a file. Choose another file for the token."), shown);
      return FALSE;
    }
  if ((info.st_mode & 077) != 0 || (info.st_uid != geteuid () && info.st_uid != 0))
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE,
                   _ ("Others may use the token in “%s”. Make the file yours alone (chmod 600), "
                      "or delete it to get a new token."),
                   shown);
      return FALSE;
    }
  return TRUE;
}

static char *
read_token (int fd, const char *path, GError **error)
{
  char text[FILE_MAX + 1];
  ssize_t n = pread (fd, text, FILE_MAX, 0);

  if (n < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return NULL;
    }
  text[n] = '\0';

  gboolean is_text = n < FILE_MAX && memchr (text, '\0', (gsize) n) == NULL;
  char *token = g_strdup (g_strstrip (text));

  gnutls_memset (text, 0, sizeof text);
  if (is_text && is_token (token))
    return token;
  ferry_token_free (token);

  g_autofree char *shown = g_filename_display_name (path);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
               _ ("“%s” holds no token: at least %d letters, digits or “-._~+/=”. Delete the file "
                  "to get a new token."),
               shown, TOKEN_MIN);
  return NULL;
}

char *
ferry_token_load (const char *path, GError **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  g_autoptr (GError) why = NULL;
  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0 && errno == ENOENT)
    {
      char *token = create (path, &why);

      if (token != NULL)
        return token;
      if (why != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return NULL;
        }
      fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    }
  if (fd < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return NULL;
    }

  char *token = check_file (fd, path, error) ? read_token (fd, path, error) : NULL;

  close (fd);
  return token;
}

void
ferry_token_free (char *token)
{
  if (token == NULL)
    return;
  gnutls_memset (token, 0, strlen (token));
  g_free (token);
}

gboolean
ferry_token_matches (const char *token, const char *given)
{
  g_return_val_if_fail (token != NULL, FALSE);

  gsize length = strlen (token);
  gboolean same_length = given != NULL && strlen (given) == length;

  /* Compared with itself where there is nothing to compare, so that the time tells nothing. */
  return gnutls_memcmp (token, same_length ? given : token, length) == 0 && same_length;
}
