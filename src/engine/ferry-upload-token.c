/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-upload-token.h"

#include <glib/gi18n-lib.h>

#include "ferry-error.h"
#include "ferry-secrets.h"

gboolean
ferry_upload_find_token (FerryJob *job, GCancellable *cancellable, GError **error)
{
  g_autoptr (GError) local = NULL;

  if (job->spec->token != NULL)
    return TRUE;
  job->spec->token = ferry_secrets_lookup (job->spec->address, cancellable, &local);
  if (local == NULL)
    return TRUE;
  if (g_error_matches (local, FERRY_ERROR, FERRY_ERROR_CANCELLED))
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  job->token_problem = g_strdup (local->message);
  return TRUE;
}

void
ferry_upload_set_unauthorized (const FerryJob *job, const char *host, GError **error)
{
  const char *sentence;

  if (job->token_problem != NULL)
    {
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED,
                   /* Translators: the second %s is a sentence of its own, about the keyring */
                   _ ("The receiver at %s asks for its token. %s"), host, job->token_problem);
      return;
    }
  if (job->spec->token != NULL)
    sentence = _ ("The receiver at %s does not accept the token. Edit the destination and give the "
                  "right one.");
  else if (job->spec->destination != NULL)
    sentence = _ ("The receiver at %s asks for its token. Edit the destination and give it there.");
  else
    sentence
        = _ ("The receiver at %s asks for its token. Add it as a destination, with its token.");
/* Each takes the host and nothing else. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_UNAUTHORIZED, sentence, host);
#pragma GCC diagnostic pop
}
