/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-broker-keys.h"

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

#define FILE_MAX (64 * 1024)

static void
wipe (char **secret)
{
  if (*secret != NULL)
    gnutls_memset (*secret, 0, strlen (*secret));
  g_clear_pointer (secret, g_free);
}

void
ferry_broker_keys_clear (FerryBrokerKeys *keys)
{
  wipe (&keys->access_key);
  wipe (&keys->secret_key);
  wipe (&keys->session_token);
}

static char *
trim (const char *text, gsize length)
{
  while (length > 0 && g_ascii_isspace (*text))
    {
      text++;
      length--;
    }
  while (length > 0 && g_ascii_isspace (text[length - 1]))
    length--;
  return g_strndup (text, length);
}

/* Visible characters only: a key goes into a header. */
static gboolean
is_key (const char *text)
{
  for (const char *p = text; *p != '\0'; p++)
    if (!g_ascii_isgraph (*p))
      return FALSE;
  return *text != '\0';
}

/* "name = value" */
static gboolean
take_line (FerryBrokerKeys *keys, const char *line, gsize length)
{
  const char *equals = memchr (line, '=', length);
  g_autofree char *name = trim (line, equals != NULL ? (gsize) (equals - line) : 0);
  char **place = strcmp (name, "aws_access_key_id") == 0       ? &keys->access_key
                 : strcmp (name, "aws_secret_access_key") == 0 ? &keys->secret_key
                 : strcmp (name, "aws_session_token") == 0     ? &keys->session_token
                                                               : NULL;

  if (place == NULL)
    return TRUE;
  if (*place != NULL)
    return FALSE;
  *place = trim (equals + 1, (gsize) (line + length - equals - 1));
  return is_key (*place);
}

gboolean
ferry_broker_keys_parse (FerryBrokerKeys *keys, const char *text)
{
  gboolean counts = FALSE;

  for (const char *line = text; *line != '\0'; line += strcspn (line, "\n"))
    {
      line += strspn (line, "\n");

      gsize length = strcspn (line, "\n");
      gsize blanks = strspn (line, " \t");

      if (line[blanks] == '#' || line[blanks] == ';')
        continue;
      if (line[blanks] == '[')
        {
          g_autofree char *section = trim (line, length);

          counts = strcmp (section, "[default]") == 0;
        }
      else if (counts && !take_line (keys, line, length))
        return FALSE;
    }
  return keys->access_key != NULL && keys->secret_key != NULL;
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
                   _ ("“%s” is not a file. Give --s3-keys-file another."), shown);
      return FALSE;
    }
  if ((info.st_mode & 077) == 0 && (info.st_uid == geteuid () || info.st_uid == 0))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE,
               _ ("Others may use the keys in “%s”. Make the file yours alone (chmod 600)."),
               shown);
  return FALSE;
}

static gboolean
read_file (FerryBrokerKeys *keys, int fd, const char *path, GError **error)
{
  g_autofree char *text = g_malloc (FILE_MAX + 1);
  g_autofree char *shown = g_filename_display_name (path);
  ssize_t n = pread (fd, text, FILE_MAX, 0);

  if (n < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }
  text[n] = '\0';

  gboolean good = n < FILE_MAX && memchr (text, '\0', (gsize) n) == NULL
                  && ferry_broker_keys_parse (keys, text);

  gnutls_memset (text, 0, (gsize) n);
  if (good)
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
               _ ("“%s” holds no keys: a section [default] with aws_access_key_id and "
                  "aws_secret_access_key is missing."),
               shown);
  return FALSE;
}

/* Without a key that is empty: as if it was not there. */
static char *
dup_variable (const char *name)
{
  const char *value = g_getenv (name);

  return value != NULL && *value != '\0' ? g_strdup (value) : NULL;
}

static gboolean
read_environment (FerryBrokerKeys *keys, GError **error)
{
  keys->access_key = dup_variable ("AWS_ACCESS_KEY_ID");
  keys->secret_key = dup_variable ("AWS_SECRET_ACCESS_KEY");
  keys->session_token = dup_variable ("AWS_SESSION_TOKEN");
  if (keys->access_key != NULL && keys->secret_key != NULL && is_key (keys->access_key)
      && is_key (keys->secret_key) && (keys->session_token == NULL || is_key (keys->session_token)))
    return TRUE;
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                       _ ("The store needs keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "
                          "or give --s3-keys-file."));
  return FALSE;
}

gboolean
ferry_broker_keys_load (FerryBrokerKeys *keys, const char *path, GError **error)
{
  g_return_val_if_fail (keys != NULL, FALSE);

  if (path == NULL)
    return read_environment (keys, error);

  int fd = open (path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

  if (fd < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }

  gboolean done = check_file (fd, path, error) && read_file (keys, fd, path, error);

  close (fd);
  return done;
}
