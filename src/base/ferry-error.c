/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-error.h"

#include "ferry-config.h"

#include <errno.h>
#include <glib/gi18n-lib.h>

G_DEFINE_QUARK (ferry - error - quark, ferry_error)

FerryVerdict
ferry_error_verdict (int code)
{
  switch (code)
    {
    case FERRY_ERROR_CANCELLED:
      return FERRY_VERDICT_CANCELLED;

    case FERRY_ERROR_NETWORK:
    case FERRY_ERROR_REFUSED:
    case FERRY_ERROR_TIMED_OUT:
    case FERRY_ERROR_SHORT_BODY:
    case FERRY_ERROR_BUSY:
    case FERRY_ERROR_SERVER:
    case FERRY_ERROR_DISK:
    case FERRY_ERROR_STORE:
    case FERRY_ERROR_UPLOAD_GONE:
      return FERRY_VERDICT_TRY_AGAIN;

    case FERRY_ERROR_UNREACHABLE:
      return FERRY_VERDICT_WAIT_NETWORK;
    case FERRY_ERROR_NO_SPACE:
      return FERRY_VERDICT_WAIT_SPACE;
    case FERRY_ERROR_NO_FOLDER:
      return FERRY_VERDICT_WAIT_FOLDER;

    case FERRY_ERROR_NO_SUCH_HOST:
    case FERRY_ERROR_CERTIFICATE:
    case FERRY_ERROR_UNAUTHORIZED:
    case FERRY_ERROR_PROXY_UNAUTHORIZED:
    case FERRY_ERROR_FORBIDDEN:
    case FERRY_ERROR_NOT_FOUND:
    case FERRY_ERROR_GONE:
    case FERRY_ERROR_WEB_PAGE:
    case FERRY_ERROR_NOT_WRITABLE:
    case FERRY_ERROR_SOURCE_GONE:
    case FERRY_ERROR_SOURCE_CHANGED:
    case FERRY_ERROR_NO_KEYRING:
      return FERRY_VERDICT_ASK;

    /* Trying the same again would end the same. */
    default:
      return FERRY_VERDICT_GIVE_UP;
    }
}

int
ferry_error_get_code (const GError *error)
{
  if (error == NULL)
    return FERRY_ERROR_FAILED;
  if (error->domain == FERRY_ERROR)
    return error->code;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return FERRY_ERROR_CANCELLED;
  return FERRY_ERROR_FAILED;
}

void
ferry_error_from_errno (GError **error, int saved_errno, const char *path)
{
  g_autofree char *name = g_filename_display_name (path != NULL ? path : "");
  switch (saved_errno)
    {
    case ENOSPC:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE,
                   _ ("The disk has no room left for “%s”. Free some space on it."), name);
      return;
    case EDQUOT:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE,
                   _ ("You may not store more on the disk of “%s”. Delete files of yours there."),
                   name);
      return;
    case ENOENT:
    case ENOTDIR:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NO_FOLDER,
                   _ ("“%s” is not there any more. Connect its drive or make the folder again."),
                   name);
      return;
    case EROFS:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE,
                   _ ("The disk of “%s” can only be read. Choose another folder."), name);
      return;
    case EACCES:
    case EPERM:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE,
                   _ ("You may not write to “%s”. Choose another folder, or allow writing there."),
                   name);
      return;
    case EEXIST:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS,
                   _ ("“%s” is already there and stays as it is. Choose another name."), name);
      return;
    default:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_DISK,
                   _ ("The disk has a problem with “%s”: %s. Check the disk."), name,
                   g_strerror (saved_errno));
    }
}

typedef struct
{
  unsigned status;
  FerryErrorCode code;
  const char *sentence; /* %s is the server's name */
} StatusSentence;

static const StatusSentence status_sentences[] = {
  { 401, FERRY_ERROR_UNAUTHORIZED,
    N_ ("The server %s asks for a user name and a password. Sign in to go on.") },
  { 403, FERRY_ERROR_FORBIDDEN,
    N_ ("The server %s does not give you this file. The link may be too old: look for a new "
        "one.") },
  { 404, FERRY_ERROR_NOT_FOUND,
    N_ ("The server %s does not have this file. Check the link, or look for a new one.") },
  { 407, FERRY_ERROR_PROXY_UNAUTHORIZED,
    N_ ("The proxy on the way to %s asks for a user name and a password. Set them in the network "
        "settings.") },
  { 408, FERRY_ERROR_BUSY, N_ ("The server %s waited too long for the request.") },
  { 410, FERRY_ERROR_GONE,
    N_ ("The server %s no longer has this file. Check the link, or look for a new one.") },
  { 416, FERRY_ERROR_HTTP_STATUS,
    N_ ("The server %s cannot go on where this file stopped. Start it again.") },
  { 425, FERRY_ERROR_BUSY, N_ ("The server %s is not ready yet.") },
  { 429, FERRY_ERROR_BUSY, N_ ("The server %s wants fewer requests from you.") },
  { 451, FERRY_ERROR_HTTP_STATUS,
    N_ ("The server %s may not give out this file for legal reasons. Look for it elsewhere.") },
  { 500, FERRY_ERROR_SERVER, N_ ("The server %s has a problem.") },
  { 502, FERRY_ERROR_SERVER, N_ ("The server %s cannot reach the one behind it.") },
  { 503, FERRY_ERROR_BUSY, N_ ("The server %s is too busy or under repair.") },
  { 504, FERRY_ERROR_SERVER, N_ ("The server %s got no answer from the one behind it.") },
  { 511, FERRY_ERROR_SERVER,
    N_ ("The network on the way to %s wants you to sign in first. Open a web page to do so.") },
};

static const char *
find_status_sentence (unsigned status, FerryErrorCode *code)
{
  for (gsize i = 0; i < G_N_ELEMENTS (status_sentences); i++)
    {
      if (status_sentences[i].status != status)
        continue;
      *code = status_sentences[i].code;
      return status_sentences[i].sentence;
    }
  if (status < 500 || status > 599)
    return NULL;
  *code = FERRY_ERROR_SERVER;
  return N_ ("The server %s has a problem.");
}

void
ferry_error_from_status (GError **error, unsigned status, const char *host)
{
  FerryErrorCode code = FERRY_ERROR_HTTP_STATUS;
  const char *sentence = find_status_sentence (status, &code);
  /* Translators: stands for a server's name, after "The server". */
  const char *name = host != NULL && *host != '\0' ? host : _ ("at this address");
  if (sentence == NULL)
    {
      g_set_error (
          error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
          _ ("The server %s gives an answer that Ferry cannot use (%u). Check the link, or "
             "try again later."),
          name, status);
      return;
    }
/* Every sentence of the table takes the name and nothing else. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_autofree char *message = g_strdup_printf (_ (sentence), name);
#pragma GCC diagnostic pop
  g_set_error_literal (error, FERRY_ERROR, code, message);
}
