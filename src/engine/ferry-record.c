/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-record.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>
#include <gnutls/crypto.h>

#include "ferry-address.h"
#include "ferry-error.h"
#include "ferry-file-name.h"

#define MAX_HEADER (16 * 1024)
#define MAX_HEADERS 100
#define KIB G_GUINT64_CONSTANT (1024)
#define MIB (1024 * KIB)

/* The header field @header begins with @name and a colon. */
static gboolean
has_name (const char *header, const char *name)
{
  gsize length = strlen (name);

  return g_ascii_strncasecmp (header, name, length) == 0 && header[length] == ':';
}

static gboolean
has_name_of (const char *header, const char *const *names)
{
  for (gsize i = 0; names[i] != NULL; i++)
    if (has_name (header, names[i]))
      return TRUE;
  return FALSE;
}

gboolean
ferry_spec_header_is_public (const char *header)
{
  static const char *const names[] = { "Referer", "User-Agent", "Accept", "Accept-Language", NULL };

  g_return_val_if_fail (header != NULL, FALSE);

  return has_name_of (header, names);
}

/* What Ferry or HTTP itself decides: a person's value would break resuming or the message's framing. */
static gboolean
header_is_reserved (const char *header)
{
  static const char *const names[] = { "Accept-Encoding",
                                       "Connection",
                                       "Content-Length",
                                       "Expect",
                                       "Host",
                                       "If-Match",
                                       "If-None-Match",
                                       "If-Modified-Since",
                                       "If-Range",
                                       "Keep-Alive",
                                       "If-Unmodified-Since",
                                       "Proxy-Connection",
                                       "Range",
                                       "TE",
                                       "Trailer",
                                       "Upgrade",
                                       "Transfer-Encoding",
                                       NULL };

  return has_name_of (header, names);
}

/* RFC 9110 section 5.6.2. */
static gboolean
is_token (const char *text, gsize length)
{
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isalnum (text[i])
        && (text[i] == '\0' || strchr ("!#$%&'*+-.^_`|~", text[i]) == NULL))
      return FALSE;
  return length > 0;
}

static gboolean
has_control_characters (const char *text)
{
  for (; *text != '\0'; text++)
    if (g_ascii_iscntrl (*text))
      return TRUE;
  return FALSE;
}

static gboolean
refuse_header (GError **error, const char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

static void
remove_headers_named (FerrySpec *self, const char *name)
{
  guint kept = 0;

  for (guint i = 0; self->headers != NULL && self->headers[i] != NULL; i++)
    if (has_name (self->headers[i], name))
      g_free (self->headers[i]);
    else
      self->headers[kept++] = self->headers[i];
  if (self->headers != NULL)
    self->headers[kept] = NULL;
}

/* Takes @header. */
static void
append_header (FerrySpec *self, char *header)
{
  guint n = self->headers != NULL ? g_strv_length (self->headers) : 0;

  self->headers = g_renew (char *, self->headers, n + 2);
  self->headers[n] = header;
  self->headers[n + 1] = NULL;
}

gboolean
ferry_spec_add_header (FerrySpec *self, const char *header, GError **error)
{
  g_return_val_if_fail (self != NULL && header != NULL, FALSE);

  const char *colon = strchr (header, ':');

  if (colon == NULL || !is_token (header, (gsize) (colon - header)))
    return refuse_header (error,
                          _ ("A header is written “Name: value”, with a name without spaces."));
  if (strlen (header) > MAX_HEADER)
    return refuse_header (error, _ ("This header is too long."));
  if (self->headers != NULL && g_strv_length (self->headers) >= MAX_HEADERS)
    return refuse_header (error, _ ("These are too many headers."));
  if (header_is_reserved (header))
    return refuse_header (error, _ ("Ferry sets this header itself: leave it out."));

  g_autofree char *value = g_strdup (colon + 1);

  /* Spaces around the value are not part of it; a line break anywhere is refused. */
  g_strstrip (g_strdelimit (value, "\t", ' '));
  if (has_control_characters (colon + 1) || !g_utf8_validate (value, -1, NULL))
    return refuse_header (error, _ ("The value of a header is one line of plain text."));
  if (has_name (header, "Authorization"))
    remove_headers_named (self, "Authorization");
  append_header (self, g_strdup_printf ("%.*s: %s", (int) (colon - header), header, value));
  return TRUE;
}

/* RFC 7617 section 2; @credentials come decoded and checked from the address. */
static void
add_credentials (FerrySpec *self, const char *credentials)
{
  g_autofree char *encoded = g_base64_encode ((const guchar *) credentials, strlen (credentials));

  append_header (self, g_strconcat ("Authorization: Basic ", encoded, NULL));
}

FerrySpec *
ferry_spec_new (const char *address, const char *folder, GError **error)
{
  g_autofree char *credentials = NULL;

  g_return_val_if_fail (address != NULL && folder != NULL, NULL);

  g_autofree char *normalized = ferry_address_normalize (address, &credentials, error);

  if (normalized == NULL)
    return NULL;

  g_autoptr (FerrySpec) self = g_new0 (FerrySpec, 1);

  self->address = g_steal_pointer (&normalized);
  self->folder = g_strdup (folder);
  if (credentials != NULL)
    add_credentials (self, credentials);
  return g_steal_pointer (&self);
}

gboolean
ferry_token_is_valid (const char *token)
{
  gsize length = strlen (token);

  for (gsize i = 0; i < length; i++)
    if (!g_ascii_isgraph (token[i]))
      return FALSE;
  return length > 0 && length <= FERRY_TOKEN_MAX;
}

/* Paths are joined to a receiver's address, and the only secret it knows is a token. */
static gboolean
check_receiver (const FerrySpec *self, const char *typed, const char *token, GError **error)
{
  const char *sentence = NULL;

  if (self->headers != NULL)
    sentence = _ ("A receiver knows a token, no name and password. Leave them out of its address.");
  else if (strpbrk (typed, "?#") != NULL)
    sentence = _ ("The address of a receiver cannot have a “?” or “#” in it.");
  else if (token != NULL && !ferry_token_is_valid (token))
    sentence = _ ("This is no token: a token is one word of letters, digits and signs.");
  if (sentence == NULL)
    return TRUE;
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  return FALSE;
}

FerrySpec *
ferry_spec_new_upload (const char *source,
                       const char *address,
                       const char *destination,
                       const char *token,
                       GError **error)
{
  g_return_val_if_fail (source != NULL && address != NULL, NULL);

  if (!g_path_is_absolute (source))
    {
      g_autofree char *shown = g_filename_display_name (source);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                   _ ("“%s” is not a complete path to a file."), shown);
      return NULL;
    }

  g_autofree char *folder = g_path_get_dirname (source);
  g_autofree char *base = g_path_get_basename (source);
  g_autoptr (FerrySpec) self = ferry_spec_new (address, folder, error);

  if (self == NULL || !check_receiver (self, address, token, error))
    return NULL;
  self->direction = FERRY_UPLOAD;
  self->source = g_strdup (source);
  self->name = ferry_file_name_sanitize (base);
  if (self->name == NULL)
    self->name = g_strdup ("file");
  self->destination = g_strdup (destination);
  self->token = g_strdup (token);
  return g_steal_pointer (&self);
}

FerrySpec *
ferry_spec_copy (const FerrySpec *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  FerrySpec *copy = g_memdup2 (self, sizeof *self);

  copy->address = g_strdup (self->address);
  copy->folder = g_strdup (self->folder);
  copy->name = g_strdup (self->name);
  copy->sha256 = g_strdup (self->sha256);
  copy->headers = g_strdupv (self->headers);
  copy->referrer = g_strdup (self->referrer);
  copy->source = g_strdup (self->source);
  copy->destination = g_strdup (self->destination);
  copy->token = g_strdup (self->token);
  return copy;
}

void
ferry_spec_free (FerrySpec *self)
{
  if (self == NULL)
    return;
  g_free (self->address);
  g_free (self->folder);
  g_free (self->name);
  g_free (self->sha256);
  g_strfreev (self->headers);
  g_free (self->referrer);
  g_free (self->source);
  g_free (self->destination);
  g_free (self->token);
  g_free (self);
}

FerryProgress *
ferry_progress_new (void)
{
  FerryProgress *self = g_new0 (FerryProgress, 1);

  self->size = -1;
  return self;
}

FerryProgress *
ferry_progress_copy (const FerryProgress *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  FerryProgress *copy = g_memdup2 (self, sizeof *self);

  copy->final_address = g_strdup (self->final_address);
  copy->name = g_strdup (self->name);
  copy->part_name = g_strdup (self->part_name);
  copy->etag = g_strdup (self->etag);
  copy->last_modified = g_strdup (self->last_modified);
  copy->date = g_strdup (self->date);
  copy->coding = g_strdup (self->coding);
  copy->media_type = g_strdup (self->media_type);
  copy->server_sha256 = g_strdup (self->server_sha256);
  copy->publishing = g_strdup (self->publishing);
  copy->verified = g_strdup (self->verified);
  copy->upload_id = g_strdup (self->upload_id);
  copy->upload_key = g_strdup (self->upload_key);
  return copy;
}

static void
download_clear (FerryProgress *self)
{
  g_free (self->final_address);
  g_free (self->name);
  g_free (self->part_name);
  g_free (self->etag);
  g_free (self->last_modified);
  g_free (self->date);
  g_free (self->coding);
  g_free (self->media_type);
  g_free (self->server_sha256);
  g_free (self->publishing);
  g_free (self->verified);
  g_free (self->upload_id);
  g_free (self->upload_key);
}

void
ferry_progress_free (FerryProgress *self)
{
  if (self == NULL)
    return;
  download_clear (self);
  g_free (self);
}

void
ferry_progress_reset (FerryProgress *self)
{
  g_return_if_fail (self != NULL);

  download_clear (self);
  *self = (FerryProgress){ .size = -1 };
}

static char *
random_id (void)
{
  guint8 bytes[16];
  GString *id = g_string_sized_new (2 * sizeof bytes);

  if (gnutls_rnd (GNUTLS_RND_NONCE, bytes, sizeof bytes) < 0)
    g_error ("The system has no random numbers");
  for (gsize i = 0; i < sizeof bytes; i++)
    g_string_append_printf (id, "%02x", bytes[i]);
  return g_string_free (id, FALSE);
}

FerryRecord *
ferry_record_new (FerrySpec *spec)
{
  g_return_val_if_fail (spec != NULL, NULL);

  FerryRecord *self = g_new0 (FerryRecord, 1);

  self->id = random_id ();
  self->spec = spec;
  self->wanted = spec->paused ? FERRY_WANTED_PAUSE : FERRY_WANTED_RUN;
  self->outcome = FERRY_OUTCOME_NONE;
  self->error_code = -1;
  self->added = g_get_real_time () / G_USEC_PER_SEC;
  self->progress = ferry_progress_new ();
  return self;
}

void
ferry_record_free (FerryRecord *self)
{
  if (self == NULL)
    return;
  g_free (self->id);
  ferry_spec_free (self->spec);
  g_free (self->error_message);
  g_free (self->path);
  ferry_progress_free (self->progress);
  g_free (self);
}

static void
clear_chunk (gpointer data)
{
  g_clear_pointer (&((FerryChunk *) data)->receipt, g_free);
}

GArray *
ferry_chunk_array_new (void)
{
  GArray *chunks = g_array_new (FALSE, FALSE, sizeof (FerryChunk));

  g_array_set_clear_func (chunks, clear_chunk);
  return chunks;
}

guint64
ferry_chunk_size_for (gint64 size)
{
  guint64 chunk = 256 * KIB;

  if (size < 0)
    return MIB;
  /* About a thousand chunks: few enough to keep, small enough to fetch again. */
  while (chunk < 16 * MIB && chunk < (guint64) size / 1024)
    chunk *= 2;
  return chunk;
}
