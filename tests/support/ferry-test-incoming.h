/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* HTTP/1.1 as far as a test receiver needs it: a request read whole, and an answer of text. Blocking. */

#include <gio/gio.h>
#include <string.h>

G_BEGIN_DECLS

typedef struct
{
  char *method;
  char *target;
  GHashTable *headers;
  GBytes *body;
} Request;

typedef struct
{
  guint status;
  char *text;
  const char *fields;
  gboolean close; /* instead of an answer */
  gsize clip;     /* bytes at its end that never come: the connection is closed, as announced */
} Answer;

static inline void
request_free (Request *self)
{
  g_free (self->method);
  g_free (self->target);
  g_clear_pointer (&self->headers, g_hash_table_unref);
  g_clear_pointer (&self->body, g_bytes_unref);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Request, request_free)

static inline Answer
answer (guint status, char *text)
{
  return (Answer){ .status = status, .text = text };
}

static inline Answer
problem (guint status, const char *title)
{
  return answer (status, g_strdup_printf ("{\"title\":\"%s\",\"status\":%u}", title, status));
}

static inline gboolean
send_answer (GOutputStream *out, const Answer *made, GCancellable *closing)
{
  const char *text = made->text != NULL ? made->text : "";
  g_autofree char *length = g_strdup_printf ("Content-Length: %zu\r\n", strlen (text));
  g_autofree char *whole = g_strdup_printf (
      "HTTP/1.1 %u Answer\r\n%sContent-Type: %s\r\n%s%s\r\n%s", made->status,
      made->clip > 0 ? "Connection: close\r\n" : "",
      made->status < 300 ? "application/json" : "application/problem+json",
      made->status == 204 ? "" : length, made->fields != NULL ? made->fields : "", text);
  gsize n = strlen (whole) - MIN (made->clip, strlen (whole));

  return g_output_stream_write_all (out, whole, n, NULL, closing, NULL) && made->clip == 0;
}

static inline gboolean
read_head (GDataInputStream *in, Request *request, GCancellable *closing)
{
  g_autofree char *line = g_data_input_stream_read_line (in, NULL, closing, NULL);
  g_auto (GStrv) words = line != NULL ? g_strsplit (line, " ", 3) : NULL;

  if (words == NULL || g_strv_length (words) != 3)
    return FALSE;
  request->method = g_strdup (words[0]);
  request->target = g_strdup (words[1]);
  request->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (;;)
    {
      g_autofree char *field = g_data_input_stream_read_line (in, NULL, closing, NULL);
      char *colon = field != NULL ? strchr (field, ':') : NULL;
      if (field == NULL)
        return FALSE;
      if (*field == '\0')
        return TRUE;
      if (colon != NULL)
        g_hash_table_insert (request->headers, g_ascii_strdown (field, colon - field),
                             g_strdup (g_strstrip (colon + 1)));
    }
}

static inline Request *
read_request (GDataInputStream *in, GCancellable *closing)
{
  g_autoptr (Request) request = g_new0 (Request, 1);
  g_autofree guint8 *body = NULL;
  const char *announced;
  gsize length;
  gsize n;

  if (!read_head (in, request, closing))
    return NULL;
  announced = g_hash_table_lookup (request->headers, "content-length");
  length = announced != NULL ? g_ascii_strtoull (announced, NULL, 10) : 0;
  body = g_malloc (length + 1);
  if (!g_input_stream_read_all (G_INPUT_STREAM (in), body, length, &n, closing, NULL)
      || n != length)
    return NULL;
  request->body = g_bytes_new (body, length);
  return g_steal_pointer (&request);
}

G_END_DECLS
