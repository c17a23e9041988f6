/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver-options.h"

#include "ferry-config.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "ferry-error.h"

#define CHUNK_SIZE_MIN 1024
#define CHUNK_SIZE_MAX (1024 * 1024 * 1024)
#define SIZE_LIMIT (G_GUINT64_CONSTANT (1) << 62)
/* The longest that a signed address may be good for. */
#define S3_EXPIRE_MAX (7 * 24 * 60 * 60)
#define TIME_LIMIT (G_GUINT64_CONSTANT (10) * 366 * 24 * 60 * 60)

typedef struct
{
  const char *name;
  guint64 factor;
} Unit;

static const Unit sizes[] = {
  { "", 1 },
  { "B", 1 },
  { "KB", 1000 },
  { "MB", 1000 * 1000 },
  { "GB", 1000 * 1000 * 1000 },
  { "TB", G_GUINT64_CONSTANT (1000000000000) },
  { "KiB", 1024 },
  { "MiB", 1024 * 1024 },
  { "GiB", 1024 * 1024 * 1024 },
  { "TiB", G_GUINT64_CONSTANT (1) << 40 },
};

static const Unit times[] = {
  { "s", 1 },
  { "m", 60 },
  { "h", 60 * 60 },
  { "d", 24 * 60 * 60 },
};

static gboolean
parse (const char *text, const Unit *units, gsize n_units, guint64 limit, guint64 *value)
{
  gsize digits = strspn (text, "0123456789");
  const char *unit = text + digits + strspn (text + digits, " ");

  if (digits == 0 || digits > 18)
    return FALSE;

  guint64 number = g_ascii_strtoull (text, NULL, 10);

  for (gsize i = 0; i < n_units; i++)
    {
      if (g_ascii_strcasecmp (unit, units[i].name) != 0)
        continue;
      if (number >= limit / units[i].factor)
        return FALSE;
      *value = number * units[i].factor;
      return TRUE;
    }
  return FALSE;
}

gboolean
receiver_options_parse_size (const char *text, guint64 *bytes)
{
  g_return_val_if_fail (text != NULL && bytes != NULL, FALSE);

  return parse (text, sizes, G_N_ELEMENTS (sizes), SIZE_LIMIT, bytes);
}

gboolean
receiver_options_parse_time (const char *text, guint64 *seconds)
{
  g_return_val_if_fail (text != NULL && seconds != NULL, FALSE);

  return parse (text, times, G_N_ELEMENTS (times), TIME_LIMIT, seconds) && *seconds > 0;
}

typedef struct
{
  char *chunk_size;
  char *max_size;
  char *expire;
  char *s3_expire;
  char **rest;
} Texts;

static void
texts_clear (Texts *texts)
{
  g_free (texts->chunk_size);
  g_free (texts->max_size);
  g_free (texts->expire);
  g_free (texts->s3_expire);
  g_strfreev (texts->rest);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Texts, texts_clear)

static GOptionContext *
make_context (ReceiverOptions *options, Texts *texts)
{
  GOptionEntry entries[] = {
    { "directory", 0, 0, G_OPTION_ARG_FILENAME, &options->directory,
      N_ ("Save files into this folder"), N_ ("DIR") },
    { "listen", 0, 0, G_OPTION_ARG_STRING, &options->listen,
      N_ ("Listen at this address instead of 127.0.0.1:8470; port 0 is any free one"),
      N_ ("ADDRESS:PORT") },
    { "state", 0, 0, G_OPTION_ARG_FILENAME, &options->state,
      N_ ("Keep records in this folder instead of ~/.local/state/ferry-receiver"), N_ ("DIR") },
    { "token-file", 0, 0, G_OPTION_ARG_FILENAME, &options->token_file,
      N_ ("The token that clients must have; made when the file is missing"), N_ ("FILE") },
    { "chunk-size", 0, 0, G_OPTION_ARG_STRING, &texts->chunk_size,
      N_ ("Take files in pieces of this size instead of 5MiB"), N_ ("SIZE") },
    { "max-size", 0, 0, G_OPTION_ARG_STRING, &texts->max_size, N_ ("Take no bigger files"),
      N_ ("SIZE") },
    { "expire", 0, 0, G_OPTION_ARG_STRING, &texts->expire,
      N_ ("Remove unfinished files that nobody went on with for this long, instead of 7d"),
      N_ ("TIME") },
    { "tls-certificate", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_certificate,
      N_ ("Encrypt with this certificate (PEM)"), N_ ("FILE") },
    { "tls-key", 0, 0, G_OPTION_ARG_FILENAME, &options->tls_key, N_ ("The certificate’s key (PEM)"),
      N_ ("FILE") },
    { "s3-endpoint", 0, 0, G_OPTION_ARG_STRING, &options->s3_endpoint,
      N_ ("Have files sent straight to this S3-compatible store, not through here"), N_ ("URL") },
    { "s3-bucket", 0, 0, G_OPTION_ARG_STRING, &options->s3_bucket, N_ ("The store’s bucket"),
      N_ ("NAME") },
    { "s3-region", 0, 0, G_OPTION_ARG_STRING, &options->s3_region, N_ ("The store’s region"),
      N_ ("NAME") },
    { "s3-keys-file", 0, 0, G_OPTION_ARG_FILENAME, &options->s3_keys_file,
      N_ ("The store’s keys, instead of AWS_ACCESS_KEY_ID and its like"), N_ ("FILE") },
    { "s3-expire", 0, 0, G_OPTION_ARG_STRING, &texts->s3_expire,
      N_ ("Sign addresses at the store that are good for this long, instead of 1h"), N_ ("TIME") },
    { "help", 'h', 0, G_OPTION_ARG_NONE, &options->help, N_ ("Tell what this program does"), NULL },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, N_ ("Tell the version"), NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &texts->rest, NULL, NULL },
    { NULL },
  };
  GOptionContext *context = g_option_context_new (NULL);

  g_option_context_set_summary (
      context, _ ("Receives files from Ferry, piece by piece and proven, and serves them."));
  g_option_context_set_description (
      context, _ ("Sizes are like 5MiB or 2GB, times like 7d, 12h or 30m.\n"
                  "Exit status: 0 ended by a signal, 1 failed, 2 wrong usage."));
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  return context;
}

char *
receiver_options_help (void)
{
  g_auto (ReceiverOptions) options = { 0 };
  g_auto (Texts) texts = { 0 };
  g_autoptr (GOptionContext) context = make_context (&options, &texts);

  return g_option_context_get_help (context, TRUE, NULL);
}

static gboolean
refuse (GError **error, char *sentence)
{
  g_set_error_literal (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, sentence);
  g_free (sentence);
  return FALSE;
}

static gboolean
read_texts (const Texts *texts, ReceiverOptions *options, GError **error)
{
  if (texts->chunk_size != NULL
      && (!receiver_options_parse_size (texts->chunk_size, &options->chunk_size)
          || options->chunk_size < CHUNK_SIZE_MIN || options->chunk_size > CHUNK_SIZE_MAX))
    return refuse (error, g_strdup_printf (_ ("“%s” is not a size for pieces: give 1KiB to 1GiB."),
                                           texts->chunk_size));
  if (texts->max_size != NULL
      && (!receiver_options_parse_size (texts->max_size, &options->max_size)
          || options->max_size == 0))
    return refuse (error, g_strdup_printf (_ ("“%s” is not a size. Give one like 2GB or 500MiB."),
                                           texts->max_size));
  if (texts->expire != NULL && !receiver_options_parse_time (texts->expire, &options->expire))
    return refuse (error, g_strdup_printf (_ ("“%s” is not a time. Give one like 7d, 12h or 30m."),
                                           texts->expire));
  if (texts->s3_expire != NULL
      && (!receiver_options_parse_time (texts->s3_expire, &options->s3_expire)
          || options->s3_expire > S3_EXPIRE_MAX))
    return refuse (error, g_strdup_printf (_ ("“%s” is not a time for addresses: give 1s to 7d."),
                                           texts->s3_expire));
  return TRUE;
}

static gboolean
is_given (const char *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
check_store (const Texts *texts, const ReceiverOptions *options, GError **error)
{
  guint n = (guint) is_given (options->s3_endpoint) + (guint) is_given (options->s3_bucket)
            + (guint) is_given (options->s3_region);
  gboolean named = options->s3_endpoint != NULL || options->s3_bucket != NULL
                   || options->s3_region != NULL || options->s3_keys_file != NULL
                   || texts->s3_expire != NULL;

  if (n == 3 || !named)
    return TRUE;
  return refuse (error, g_strdup (_ ("A store needs all three: give --s3-endpoint, --s3-bucket and "
                                     "--s3-region together.")));
}

static gboolean
check_directory (const ReceiverOptions *options, GError **error)
{
  if (options->directory == NULL ? options->s3_endpoint != NULL : *options->directory != '\0')
    return TRUE;
  return refuse (error, g_strdup (_ ("A folder for the files is missing: give --directory.")));
}

gboolean
receiver_options_parse (int argc, char **argv, ReceiverOptions *options, GError **error)
{
  g_auto (Texts) texts = { 0 };
  g_autoptr (GOptionContext) context = make_context (options, &texts);
  g_auto (GStrv) arguments = g_strdupv (argv);
  g_autoptr (GError) why = NULL;

  if (!g_option_context_parse_strv (context, &arguments, &why))
    return refuse (error,
                   g_strdup_printf (_ ("%s. “ferry-receiver --help” tells more."), why->message));
  if (options->help || options->version)
    return TRUE;
  if (texts.rest != NULL)
    {
      g_autofree char *shown = g_filename_display_name (texts.rest[0]);

      return refuse (error, g_strdup_printf (_ ("“%s” is not an option. “ferry-receiver --help” "
                                                "tells more."),
                                             shown));
    }
  if (!check_store (&texts, options, error) || !check_directory (options, error))
    return FALSE;
  if ((options->tls_certificate == NULL) != (options->tls_key == NULL))
    return refuse (error, g_strdup (_ ("A certificate needs its key: give --tls-certificate and "
                                       "--tls-key together.")));
  return read_texts (&texts, options, error);
}

void
receiver_options_clear (ReceiverOptions *options)
{
  g_clear_pointer (&options->directory, g_free);
  g_clear_pointer (&options->listen, g_free);
  g_clear_pointer (&options->state, g_free);
  g_clear_pointer (&options->token_file, g_free);
  g_clear_pointer (&options->tls_certificate, g_free);
  g_clear_pointer (&options->tls_key, g_free);
  g_clear_pointer (&options->s3_endpoint, g_free);
  g_clear_pointer (&options->s3_bucket, g_free);
  g_clear_pointer (&options->s3_region, g_free);
  g_clear_pointer (&options->s3_keys_file, g_free);
}
