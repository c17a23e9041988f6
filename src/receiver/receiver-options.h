/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "5MiB", "512 KiB", "2GB", "1000": powers of 1024 with an i, of 1000 without. FALSE when it is none or 2^62 or more. */
gboolean receiver_options_parse_size (const char *text, guint64 *bytes);

/* "7d", "12h", "30m", "45s". FALSE when it is none, zero, or more than ten years. */
gboolean receiver_options_parse_time (const char *text, guint64 *seconds);

typedef struct
{
  char *directory;
  char *listen;
  char *state;
  char *token_file;
  char *tls_certificate;
  char *tls_key;
  guint64 chunk_size;
  guint64 max_size;
  guint64 expire;
  char *s3_endpoint;
  char *s3_bucket;
  char *s3_region;
  char *s3_keys_file;
  guint64 s3_expire;
  gboolean version;
  gboolean help;
} ReceiverOptions;

/* Errors are sentences. */
gboolean receiver_options_parse (int argc, char **argv, ReceiverOptions *options, GError **error);
void receiver_options_clear (ReceiverOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (ReceiverOptions, receiver_options_clear)

/* (transfer full) */
char *receiver_options_help (void);

G_END_DECLS
