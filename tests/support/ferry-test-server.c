/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Raw sockets rather than an HTTP library, because the library would keep the answers legal. Each connection has a thread
 * that blocks; one cancellable ends them all. */

#include "ferry-test-server.h"

#include "ferry-test-answer.h"

#include <string.h>
#include <sys/socket.h>

#define BLOCK (256 * 1024)
#define STALL_POLL_US (20 * 1000)
#define LINE_MAX_BYTES (64 * 1024)

struct _FerryTestServer
{
  GSocketListener *listener;
  GThread *acceptor;
  GTlsCertificate *certificate;
  char *address;
  GCancellable *cancellable;
  FerryTestLog *log;

  GMutex lock; /* what follows */
  GCond ended; /* n_threads fell */
  guint n_threads;
  guint n_connections;
  guint n_stalled;
  guint releases;
  GSourceFunc quit_func;
  gpointer quit_data;
};

typedef struct
{
  FerryTestServer *server;
  GSocketConnection *socket;
  GIOStream *stream;
  GDataInputStream *input;
  GOutputStream *output;
  guint8 *block;
} Connection;

static FerryTestAnswer *
log_page (FerryTestServer *self)
{
  g_autofree char *text = ferry_test_log_to_json (self->log);

  return ferry_test_answer_new_text (200, "application/jsonl", text, -1);
}

static FerryTestAnswer *
control_page (FerryTestServer *self, const char *path)
{
  if (strcmp (path, "/_log") == 0)
    return log_page (self);
  if (strcmp (path, "/_reset") == 0)
    ferry_test_server_reset (self);
  else if (strcmp (path, "/_release") == 0)
    ferry_test_server_release (self);
  else if (strcmp (path, "/_quit") == 0 && self->quit_func != NULL)
    self->quit_func (self->quit_data);
  else
    return NULL;
  return ferry_test_answer_new_text (200, "text/plain", "Done\n", -1);
}

static gboolean
send_all (Connection *c, const void *data, gsize length)
{
  return g_output_stream_write_all (c->output, data, length, NULL, c->server->cancellable, NULL);
}

static gboolean
wait_us (Connection *c, gint64 us)
{
  GPollFD fd;

  if (!g_cancellable_make_pollfd (c->server->cancellable, &fd))
    return FALSE;
  g_poll (&fd, 1, (us + 999) / 1000);
  g_cancellable_release_fd (c->server->cancellable);
  return !g_cancellable_is_cancelled (c->server->cancellable);
}

/* TRUE when released, FALSE when the peer left or the server ends. */
static gboolean
stall (Connection *c)
{
  FerryTestServer *self = c->server;
  GSocket *socket = g_socket_connection_get_socket (c->socket);
  GIOCondition gone = G_IO_IN | G_IO_HUP | G_IO_ERR;
  guint releases;
  gboolean released = FALSE;

  g_mutex_lock (&self->lock);
  releases = self->releases;
  self->n_stalled++;
  g_mutex_unlock (&self->lock);
  while (!released && (g_socket_condition_check (socket, gone) & gone) == 0
         && wait_us (c, STALL_POLL_US))
    {
      g_mutex_lock (&self->lock);
      released = self->releases != releases;
      g_mutex_unlock (&self->lock);
    }
  g_mutex_lock (&self->lock);
  self->n_stalled--;
  g_mutex_unlock (&self->lock);
  return released;
}

static gboolean
send_body_piece (Connection *c, const FerryTestAnswer *answer, guint64 at, gsize n)
{
  g_autofree char *head = answer->chunked ? g_strdup_printf ("%zx\r\n", n) : NULL;

  ferry_test_answer_fill (answer, at, c->block, n);
  if (head != NULL && !send_all (c, head, strlen (head)))
    return FALSE;
  return send_all (c, c->block, n) && (!answer->chunked || send_all (c, "\r\n", 2));
}

/* How many bytes go out at once: never past where it is to stop, and twenty times a second where it is slow. */
static gsize
piece_length (const FerryTestAnswer *answer, guint64 at, guint64 end)
{
  guint64 n = MIN (BLOCK, end - at);

  if (answer->stall >= 0 && at < (guint64) answer->stall)
    n = MIN (n, (guint64) answer->stall - at);
  if (answer->rate > 0)
    n = MIN (n, MAX (1, answer->rate / 20));
  return n;
}

/* TRUE when the whole body went out. */
static gboolean
send_body (Connection *c, const FerryTestAnswer *answer, FerryTestRequest *request)
{
  guint64 end = answer->endless ? G_MAXUINT64 : answer->length;
  gint64 start = g_get_monotonic_time ();

  if (answer->cut >= 0)
    end = MIN (end, (guint64) answer->cut);
  for (guint64 at = 0; at < end;)
    {
      gsize n = piece_length (answer, at, end);

      if (answer->stall >= 0 && at == (guint64) answer->stall && !stall (c))
        return FALSE;
      if (!send_body_piece (c, answer, at, n))
        return FALSE;
      at += n;
      ferry_test_log_answer (c->server->log, request, answer->status, n);
      if (answer->rate > 0)
        {
          gint64 due = start + (gint64) (at * G_USEC_PER_SEC / answer->rate);

          if (!wait_us (c, MAX (0, due - g_get_monotonic_time ())))
            return FALSE;
        }
    }
  if (answer->announced < 0 && answer->stall >= 0 && (guint64) answer->stall >= end && !stall (c))
    return FALSE;
  return answer->cut < 0 || (guint64) answer->cut >= answer->length;
}

static gboolean
send_head (Connection *c, const FerryTestAnswer *answer)
{
  g_autoptr (GString) head = g_string_new (NULL);

  g_string_printf (head, "HTTP/1.%d %u %s\r\n", answer->http10 ? 0 : 1, answer->status,
                   answer->status < 400 ? "Fine" : "Not so");
  g_string_append_len (head, answer->fields->str, answer->fields->len);
  if (answer->chunked)
    g_string_append (head, "Transfer-Encoding: chunked\r\n");
  if (answer->announced >= 0)
    g_string_append_printf (head, "Content-Length: %" G_GINT64_FORMAT "\r\n", answer->announced);
  if (answer->close && !answer->http10)
    g_string_append (head, "Connection: close\r\n");
  if (!answer->endless_head)
    g_string_append (head, "\r\n");
  if (!send_all (c, head->str, head->len))
    return FALSE;
  while (answer->endless_head)
    {
      static const char line[]
          = "X-More: and more and more and more and more and more and more\r\n";

      if (!send_all (c, line, strlen (line)))
        return FALSE;
    }
  return TRUE;
}

static void
reset_connection (Connection *c)
{
  struct linger linger = { .l_onoff = 1, .l_linger = 0 };
  GSocket *socket = g_socket_connection_get_socket (c->socket);

  setsockopt (g_socket_get_fd (socket), SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  g_socket_close (socket, NULL);
}

/* TRUE when the connection may carry another request. */
static gboolean
send_answer (Connection *c, const FerryTestAnswer *answer, FerryTestRequest *request)
{
  if (answer->delay_ms > 0 && !wait_us (c, answer->delay_ms * 1000))
    return FALSE;
  if (answer->drop)
    return FALSE;
  if (answer->garbage)
    {
      send_all (c, "220 mail.example.org ESMTP\r\n", 28);
      return FALSE;
    }
  ferry_test_log_answer (c->server->log, request, answer->status, 0);
  if (!send_head (c, answer))
    return FALSE;
  if (strcmp (request->method, "HEAD") == 0)
    return !answer->close;
  if (!send_body (c, answer, request))
    {
      if (answer->cut >= 0 && answer->cut_mode == FERRY_TEST_CUT_RESET)
        reset_connection (c);
      return FALSE;
    }
  if (answer->chunked && !send_all (c, "0\r\n\r\n", 5))
    return FALSE;
  return !answer->close;
}

static char *
read_line (Connection *c)
{
  gsize length = 0;
  char *line = g_data_input_stream_read_line (c->input, &length, c->server->cancellable, NULL);

  if (line != NULL && (length > LINE_MAX_BYTES || memchr (line, '\0', length) != NULL))
    g_clear_pointer (&line, g_free);
  return line;
}

/* NULL when the connection ended or what came is no HTTP. */
static GHashTable *
read_headers (Connection *c)
{
  g_autoptr (GHashTable) headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (;;)
    {
      g_autofree char *line = read_line (c);
      char *colon;
      char *name;
      const char *before;

      if (line == NULL)
        return NULL;
      if (*line == '\0')
        return g_steal_pointer (&headers);
      colon = strchr (line, ':');
      if (colon == NULL)
        return NULL;
      *colon = '\0';
      name = g_ascii_strdown (line, -1);
      before = g_hash_table_lookup (headers, name);
      g_strstrip (colon + 1);
      g_hash_table_replace (headers, name,
                            before != NULL ? g_strconcat (before, ", ", colon + 1, NULL)
                                           : g_strdup (colon + 1));
    }
}

/* What cannot be a method, TLS for instance, would otherwise be waited for to end its line. */
static gboolean
speaks_http (Connection *c)
{
  GBufferedInputStream *input = G_BUFFERED_INPUT_STREAM (c->input);
  gsize n;
  const guint8 *first = g_buffered_input_stream_peek_buffer (input, &n);

  if (n == 0 && g_buffered_input_stream_fill (input, -1, c->server->cancellable, NULL) > 0)
    first = g_buffered_input_stream_peek_buffer (input, &n);
  return n > 0 && g_ascii_isalpha (*first);
}

static gboolean
skip_body (Connection *c, GHashTable *headers)
{
  const char *length = g_hash_table_lookup (headers, "content-length");
  guint64 left = length != NULL ? g_ascii_strtoull (length, NULL, 10) : 0;

  while (left > 0)
    {
      gssize n = g_input_stream_read (G_INPUT_STREAM (c->input), c->block, MIN (left, BLOCK),
                                      c->server->cancellable, NULL);

      if (n <= 0)
        return FALSE;
      left -= n;
    }
  return TRUE;
}

static FerryTestAnswer *
make_answer (const FerryTestRequest *request, guint n_ranges)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryTestScript) script = ferry_test_script_parse (request->target, &error);

  if (script == NULL)
    {
      g_printerr ("ferry-test-server: %s\n", error->message);
      return ferry_test_answer_new_text (400, "text/plain", error->message, -1);
    }
  if (strcmp (request->method, "GET") != 0 && strcmp (request->method, "HEAD") != 0)
    return ferry_test_answer_new_text (405, "text/plain", "Only GET\n", -1);
  return ferry_test_answer_new (script, request->target, request->headers, request->n, n_ranges);
}

/* One request and its answer; FALSE when the connection is done with. */
static gboolean
serve (Connection *c)
{
  g_autofree char *line = speaks_http (c) ? read_line (c) : NULL;
  g_auto (GStrv) words = line != NULL ? g_strsplit (line, " ", 3) : NULL;
  g_autoptr (GHashTable) headers = NULL;
  g_autoptr (FerryTestAnswer) answer = NULL;
  g_autoptr (FerryTestRequest) request = NULL;
  guint n_ranges = 0;

  if (words == NULL || g_strv_length (words) != 3)
    return FALSE;
  headers = read_headers (c);
  if (headers == NULL || !skip_body (c, headers))
    return FALSE;
  request = ferry_test_request_new (words[0], words[1], headers);
  answer = control_page (c->server, request->path);
  if (answer == NULL)
    {
      ferry_test_log_add (c->server->log, request, &n_ranges);
      answer = make_answer (request, n_ranges);
    }
  return send_answer (c, answer, request);
}

static GIOStream *
wrap (FerryTestServer *self, GSocketConnection *socket)
{
  GIOStream *stream;

  if (self->certificate == NULL)
    return g_object_ref (G_IO_STREAM (socket));
  stream = g_tls_server_connection_new (G_IO_STREAM (socket), self->certificate, NULL);
  if (stream != NULL
      && !g_tls_connection_handshake (G_TLS_CONNECTION (stream), self->cancellable, NULL))
    g_clear_object (&stream);
  return stream;
}

static gpointer
connection_thread (gpointer data)
{
  Connection *c = data;
  FerryTestServer *self = c->server;

  c->stream = wrap (self, c->socket);
  if (c->stream != NULL)
    {
      c->input = g_data_input_stream_new (g_io_stream_get_input_stream (c->stream));
      g_data_input_stream_set_newline_type (c->input, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
      c->output = g_io_stream_get_output_stream (c->stream);
      c->block = g_malloc (BLOCK);
      while (serve (c))
        ;
      g_io_stream_close (c->stream, self->cancellable, NULL);
    }
  g_io_stream_close (G_IO_STREAM (c->socket), NULL, NULL);
  g_clear_object (&c->input);
  g_clear_object (&c->stream);
  g_clear_object (&c->socket);
  g_free (c->block);
  g_free (c);
  g_mutex_lock (&self->lock);
  self->n_threads--;
  g_cond_signal (&self->ended);
  g_mutex_unlock (&self->lock);
  return NULL;
}

static gpointer
accept_thread (gpointer data)
{
  FerryTestServer *self = data;

  while (!g_cancellable_is_cancelled (self->cancellable))
    {
      g_autoptr (GSocketConnection) socket
          = g_socket_listener_accept (self->listener, NULL, self->cancellable, NULL);
      Connection *c;

      if (socket == NULL)
        continue;
      c = g_new0 (Connection, 1);
      c->server = self;
      c->socket = g_steal_pointer (&socket);
      g_mutex_lock (&self->lock);
      self->n_threads++;
      self->n_connections++;
      g_mutex_unlock (&self->lock);
      g_thread_unref (g_thread_new ("test-server", connection_thread, c));
    }
  return NULL;
}

FerryTestServer *
ferry_test_server_new_full (guint16 port, GTlsCertificate *certificate, GError **error)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, port);
  g_autoptr (GSocketAddress) bound = NULL;
  FerryTestServer *self;

  g_socket_listener_set_backlog (listener, 128);
  if (!g_socket_listener_add_address (listener, wanted, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP,
                                      NULL, &bound, error))
    return NULL;
  self = g_new0 (FerryTestServer, 1);
  self->listener = g_steal_pointer (&listener);
  self->certificate = certificate != NULL ? g_object_ref (certificate) : NULL;
  self->address = g_strdup_printf ("%s://127.0.0.1:%u", certificate != NULL ? "https" : "http",
                                   g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  self->cancellable = g_cancellable_new ();
  g_mutex_init (&self->lock);
  g_cond_init (&self->ended);
  self->log = ferry_test_log_new ();
  self->acceptor = g_thread_new ("test-accept", accept_thread, self);
  return self;
}

FerryTestServer *
ferry_test_server_new (void)
{
  g_autoptr (GError) error = NULL;
  FerryTestServer *self = ferry_test_server_new_full (0, NULL, &error);

  g_assert_no_error (error);
  return self;
}

void
ferry_test_server_free (FerryTestServer *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_thread_join (self->acceptor);
  g_mutex_lock (&self->lock);
  while (self->n_threads > 0)
    g_cond_wait (&self->ended, &self->lock);
  g_mutex_unlock (&self->lock);
  g_socket_listener_close (self->listener);
  g_clear_object (&self->listener);
  g_clear_object (&self->certificate);
  g_clear_object (&self->cancellable);
  g_free (self->address);
  ferry_test_log_free (self->log);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->ended);
  g_free (self);
}

const char *
ferry_test_server_get_address (FerryTestServer *self)
{
  return self->address;
}

char *
ferry_test_server_locate (FerryTestServer *self, const char *target)
{
  return g_strconcat (self->address, target, NULL);
}

void
ferry_test_server_set_quit_func (FerryTestServer *self, GSourceFunc func, gpointer user_data)
{
  self->quit_func = func;
  self->quit_data = user_data;
}

void
ferry_test_server_reset (FerryTestServer *self)
{
  ferry_test_log_reset (self->log);
}

void
ferry_test_server_release (FerryTestServer *self)
{
  g_mutex_lock (&self->lock);
  self->releases++;
  g_mutex_unlock (&self->lock);
}

GPtrArray *
ferry_test_server_get_requests (FerryTestServer *self, const char *path)
{
  return ferry_test_log_get (self->log, path);
}

guint
ferry_test_server_count (FerryTestServer *self, const char *path)
{
  g_autoptr (GPtrArray) requests = ferry_test_server_get_requests (self, path);

  return requests->len;
}

guint64
ferry_test_server_get_sent (FerryTestServer *self, const char *path)
{
  g_autoptr (GPtrArray) requests = ferry_test_server_get_requests (self, path);
  guint64 sent = 0;

  for (guint i = 0; i < requests->len; i++)
    sent += ((const FerryTestRequest *) g_ptr_array_index (requests, i))->sent;
  return sent;
}

guint
ferry_test_server_get_n_connections (FerryTestServer *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_connections;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
ferry_test_server_get_n_stalled (FerryTestServer *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_stalled;
  g_mutex_unlock (&self->lock);
  return n;
}
