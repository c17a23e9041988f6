/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a receiver needs before it can listen, and why it cannot have it. */
#include "ferry-receiver-private.h"

#include "ferry-config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-broker-keys.h"
#include "ferry-error.h"
#include "ferry-token.h"

static gboolean
set_invalid (GError **error, const char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

GSocketAddress *
ferry_receiver_parse_listen (const char *text, GError **error)
{
  const char *colon = strrchr (text, ':');
  guint64 port = 0;
  g_autofree char *host = g_strndup (text, colon != NULL ? (gsize) (colon - text) : 0);
  gsize length = strlen (host);

  if (length > 2 && host[0] == '[' && host[length - 1] == ']')
    {
      memmove (host, host + 1, length - 2);
      host[length - 2] = '\0';
    }
  else if (strchr (host, ':') != NULL)
    *host = '\0';
  if (strcmp (host, "localhost") == 0)
    {
      g_free (host);
      host = g_strdup ("127.0.0.1");
    }
  if (colon == NULL || !g_ascii_string_to_unsigned (colon + 1, 10, 0, 65535, &port, NULL)
      || !g_hostname_is_ip_address (host))
    {
      g_autofree char *sentence = g_strdup_printf (
          _ ("“%s” is not an address to listen at. Give a number and a port, such as "
             "127.0.0.1:8470 or [::1]:8470."),
          text);

      set_invalid (error, sentence);
      return NULL;
    }
  return g_inet_socket_address_new_from_string (host, (guint) port);
}

static char *
real_directory (const char *directory, GError **error)
{
  char *path = realpath (directory, NULL);

  if (path != NULL && g_file_test (path, G_FILE_TEST_IS_DIR) && access (path, W_OK | X_OK) == 0)
    {
      char *owned = g_strdup (path);

      free (path);
      return owned;
    }

  int code = path == NULL || errno == 0               ? errno
             : g_file_test (path, G_FILE_TEST_IS_DIR) ? errno
                                                      : ENOTDIR;

  free (path);
  if (code == ENOENT || code == ENOTDIR)
    {
      g_autofree char *shown = g_filename_display_name (directory);
      g_autofree char *sentence = g_strdup_printf (
          _ ("There is no folder “%s”. Make it first, or choose another."), shown);

      set_invalid (error, sentence);
    }
  else
    ferry_error_from_errno (error, code, directory);
  return NULL;
}

/* On the open file description: two receivers in one process exclude each other as two processes do. */
static gboolean
lock_state (FerryReceiver *self, GError **error)
{
  const struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
  g_autofree char *path = g_build_filename (self->state, "lock", NULL);

  if (g_mkdir_with_parents (self->state, 0700) < 0)
    {
      ferry_error_from_errno (error, errno, self->state);
      return FALSE;
    }
  self->lock = open (path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600);
  if (self->lock < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }
  if (fcntl (self->lock, F_OFD_SETLK, &lock) == 0)
    return TRUE;
  if (errno != EAGAIN && errno != EACCES)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }

  g_autofree char *shown = g_filename_display_name (self->state);

  g_set_error (error, FERRY_ERROR, FERRY_ERROR_STORE_BUSY,
               _ ("Another receiver uses the folder “%s”. Stop it first, or give --state another "
                  "folder."),
               shown);
  return FALSE;
}

gboolean
ferry_receiver_load_certificate (FerryReceiver *self, GTlsCertificate **certificate, GError **error)
{
  g_autoptr (GError) why = NULL;

  *certificate = NULL;
  if ((self->tls_certificate == NULL) != (self->tls_key == NULL))
    return set_invalid (error, _ ("A certificate needs its key: give --tls-certificate and "
                                  "--tls-key together."));
  if (self->tls_certificate == NULL)
    return TRUE;
  *certificate = g_tls_certificate_new_from_files (self->tls_certificate, self->tls_key, &why);
  if (*certificate != NULL)
    return TRUE;

  g_autofree char *shown = g_filename_display_name (self->tls_certificate);

  g_debug ("certificate: %s", why->message);
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_CERTIFICATE,
               _ ("The certificate “%s” or its key cannot be used. Both must be PEM files that you "
                  "may read, and belong together."),
               shown);
  return FALSE;
}

/* One name for each bucket, however its address is spelled: rows have it. */
static char *
name_store (const char *endpoint, const char *bucket)
{
  g_autofree char *address = ferry_address_normalize (endpoint, NULL, NULL);
  const char *shown = address != NULL ? address : endpoint;

  return g_strdup_printf ("%s%s%s", shown, g_str_has_suffix (shown, "/") ? "" : "/", bucket);
}

/* @name: (out) (nullable): what the store is known by; NULL, too, where there is to be none */
static gboolean
make_store (FerryReceiver *self, FerryS3 **s3, char **name, GError **error)
{
  g_auto (FerryBrokerKeys) keys = { 0 };

  *s3 = NULL;
  *name = NULL;
  if (self->s3_endpoint == NULL)
    return TRUE;
  if (!ferry_broker_keys_load (&keys, self->s3_keys_file, error))
    return FALSE;

  const FerryS3Options options = {
    .endpoint = self->s3_endpoint,
    .bucket = self->s3_bucket,
    .region = self->s3_region,
    .access_key = keys.access_key,
    .secret_key = keys.secret_key,
    .session_token = keys.session_token,
  };

  *s3 = ferry_s3_new (&options, error);
  if (*s3 == NULL)
    return FALSE;
  *name = name_store (self->s3_endpoint, self->s3_bucket);
  return TRUE;
}

static gboolean
open_inbox (FerryReceiver *self, const char *store, GError **error)
{
  g_autofree char *folder
      = self->directory != NULL ? real_directory (self->directory, error) : NULL;
  g_autofree char *token_file = self->token_file != NULL
                                    ? g_strdup (self->token_file)
                                    : g_build_filename (self->state, "token", NULL);

  if ((folder == NULL && self->directory != NULL) || !lock_state (self, error))
    return FALSE;

  const FerryInboxOptions options = {
    .folder = folder,
    .state = self->state,
    .chunk_size = self->chunk_size,
    .max_size = self->max_size,
    .max_uploads = self->max_uploads,
    .expire = (gint64) self->expire,
    .store = store,
  };

  g_free (self->token_file);
  self->token_file = g_canonicalize_filename (token_file, NULL);
  self->token = ferry_token_load (self->token_file, error);
  if (self->token == NULL)
    return FALSE;
  self->inbox = ferry_inbox_open (&options, &self->set_apart, error);
  return self->inbox != NULL;
}

gboolean
ferry_receiver_open_inbox (FerryReceiver *self, GError **error)
{
  g_autoptr (FerryS3) s3 = NULL;
  g_autofree char *store = NULL;

  if (!make_store (self, &s3, &store, error) || !open_inbox (self, store, error))
    return FALSE;
  self->broker = ferry_broker_new (self->inbox, g_steal_pointer (&s3), store, self->s3_expire);
  return TRUE;
}
