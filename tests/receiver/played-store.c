/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "played-store.h"

#include <string.h>

static char *
read_request (GInputStream *stream)
{
  g_autoptr (GDataInputStream) lines = g_data_input_stream_new (stream);
  GString *request = g_string_new (NULL);
  gsize length = 0;

  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (lines), FALSE);
  g_data_input_stream_set_newline_type (lines, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  while (TRUE)
    {
      g_autofree char *line = g_data_input_stream_read_line (lines, NULL, NULL, NULL);

      if (line == NULL || line[0] == '\0')
        break;
      g_string_append_printf (request, "%s\n", line);
      if (g_ascii_strncasecmp (line, "Content-Length:", 15) == 0)
        length = (gsize) g_ascii_strtoull (line + 15, NULL, 10);
    }
  if (length > 0)
    {
      g_autofree char *body = g_malloc0 (length + 1);

      g_input_stream_read_all (G_INPUT_STREAM (lines), body, length, NULL, NULL, NULL);
      g_string_append_printf (request, "\n%s", body);
    }
  return g_string_free (request, FALSE);
}

static void
answer_one (PlayedStore *self, GIOStream *connection)
{
  GInputStream *in = g_io_stream_get_input_stream (connection);
  GOutputStream *out = g_io_stream_get_output_stream (connection);
  char *request = read_request (in);
  const char *answer;

  g_mutex_lock (&self->lock);
  g_ptr_array_add (self->requests, request);
  answer = self->answers[0];
  if (self->answers[1] != NULL)
    self->answers++;
  g_mutex_unlock (&self->lock);
  if (g_str_equal (answer, ENDLESS))
    {
      g_autofree char *blanks = g_strnfill (64 * 1024, ' ');

      g_output_stream_write_all (out, "HTTP/1.1 200 OK\r\n\r\n", 19, NULL, NULL, NULL);
      while (g_output_stream_write_all (out, blanks, 64 * 1024, NULL, NULL, NULL))
        ;
    }
  else if (g_str_equal (answer, SILENCE))
    g_input_stream_skip (in, 1, NULL, NULL);
  else
    g_output_stream_write_all (out, answer, strlen (answer), NULL, NULL, NULL);
  g_io_stream_close (connection, NULL, NULL);
}

static gpointer
serve (gpointer data)
{
  PlayedStore *self = data;

  while (TRUE)
    {
      g_autoptr (GSocket) client = g_socket_accept (self->socket, self->over, NULL);
      g_autoptr (GSocketConnection) connection = NULL;

      if (client == NULL)
        return NULL;
      connection = g_socket_connection_factory_create_connection (client);
      if (self->certificate != NULL)
        {
          g_autoptr (GIOStream) secure
              = g_tls_server_connection_new (G_IO_STREAM (connection), self->certificate, NULL);

          answer_one (self, secure);
        }
      else
        answer_one (self, G_IO_STREAM (connection));
    }
}

FerryS3 *
played_store_new_client (const char *endpoint)
{
  g_autoptr (GError) error = NULL;
  FerryS3Options options = { .endpoint = endpoint,
                             .bucket = "bucket",
                             .region = "region-1",
                             .access_key = "AKIAIOSFODNN7EXAMPLE",
                             .secret_key = "SECRETwJalrXUtnFEMI/K7MDENG" };
  FerryS3 *store = ferry_s3_new (&options, &error);

  g_assert_no_error (error);
  return store;
}

void
played_store_set_up (PlayedStore *self, gconstpointer data)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) taken = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_init (&self->lock);
  self->requests = g_ptr_array_new_with_free_func (g_free);
  self->over = g_cancellable_new ();
  self->socket
      = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, &error);
  g_assert_no_error (error);
  g_assert_true (g_socket_bind (self->socket, any, TRUE, NULL));
  g_assert_true (g_socket_listen (self->socket, NULL));
  taken = g_socket_get_local_address (self->socket, NULL);
  self->endpoint = g_strdup_printf ("http://127.0.0.1:%u",
                                    g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (taken)));
  self->store = played_store_new_client (self->endpoint);
  self->thread = g_thread_new ("store", serve, self);
}

void
played_store_tear_down (PlayedStore *self, gconstpointer data)
{
  g_cancellable_cancel (self->over);
  g_thread_join (self->thread);
  g_object_unref (self->over);
  g_object_unref (self->socket);
  g_clear_object (&self->certificate);
  ferry_s3_free (self->store);
  g_ptr_array_unref (self->requests);
  g_free (self->endpoint);
  g_mutex_clear (&self->lock);
}

const char *
played_store_get (PlayedStore *self, guint n)
{
  g_assert_cmpuint (self->requests->len, >, n);
  return self->requests->pdata[n];
}
