/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Foreign bytes as whole requests to a receiver that really listens: whatever comes, it answers in HTTP or hangs up, does nothing
 * for who does not have the token, writes nowhere but into its folder, and goes on to receive files.
 */
#include "ferry-receiver.h"

#include "ferry-digest.h"
#include "ferry-request.h"

#include "../base/fuzz-driver.h"
#include "../support/ferry-test-folder.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define REST "the rest"
#define SIZE_TEXT "72"

/* How often the rest of the world is looked at. */
#define ROUND 200
#define ANSWER_MAX (1024 * 1024)

/* @TOKEN@, @ID@ of an upload, @DONE@ of a finished one, @SUM@ of CHUNK are filled in. */
#define HOST "Host: 127.0.0.1\r\n"
#define AUTH HOST "Authorization: Bearer @TOKEN@\r\n"

static const char *const seeds[] = {
  "POST /uploads HTTP/1.1\r\n" AUTH "Idempotency-Key: key-1\r\nContent-Length: 36\r\n\r\n"
  "{\"name\":\"a.txt\",\"size\":" SIZE_TEXT ",\"x\":null}",
  "POST /uploads HTTP/1.1\r\n" AUTH "Idempotency-Key: key-2\r\nContent-Type: application/json\r\n"
  "Transfer-Encoding: chunked\r\n\r\n18\r\n{\"name\":\"b\",\"size\":72   }\r\n0\r\n\r\n",
  "POST /uploads HTTP/1.1\r\n" AUTH "Idempotency-Key: key-3\r\nContent-Length: 60\r\n\r\n"
  "{\"name\":\"../../../../c.txt\",\"size\":9000,\"modified\":784111777}",
  "PUT /uploads/@ID@/chunks/0 HTTP/1.1\r\n" AUTH
  "X-Chunk-Checksum: @SUM@\r\nContent-Length: 64\r\n\r\n" CHUNK,
  "PUT /uploads/@ID@/chunks/0 HTTP/1.1\r\n" AUTH
  "Expect: 100-continue\r\nX-Chunk-Checksum: @SUM@\r\nContent-Length: 64\r\n\r\n" CHUNK,
  "PUT /uploads/@ID@/chunks/1 HTTP/1.1\r\n" AUTH
  "X-Chunk-Checksum: @SUM@\r\nContent-Length: 8\r\n\r\n" REST,
  "GET /status?id=@ID@ HTTP/1.1\r\n" AUTH "\r\n",
  "GET /status?id=@DONE@ HTTP/1.0\r\n" AUTH "\r\n",
  "POST /uploads/@ID@/complete HTTP/1.1\r\n" AUTH "Content-Length: 2\r\n\r\n{}",
  "POST /uploads/@DONE@/complete HTTP/1.1\r\n" AUTH
  "Content-Length: 79\r\n\r\n{\"sha256\":\"@SUM@\"}  ",
  "DELETE /uploads/@DONE@ HTTP/1.1\r\n" AUTH "\r\n",
  "GET /files/@DONE@/canary HTTP/1.1\r\n" AUTH "Range: bytes=1-5\r\nIf-Range: \"x\"\r\n\r\n",
  "HEAD /files/@DONE@/canary HTTP/1.1\r\n" AUTH "If-None-Match: *\r\n\r\n",
  "GET /files/@DONE@/..%2f..%2fstate%2ftoken HTTP/1.1\r\n" AUTH "\r\n",
  "OPTIONS * HTTP/1.1\r\n" AUTH "\r\n",
  "GET http://127.0.0.1/status?id=@ID@ HTTP/1.1\r\n" AUTH "\r\n",
  "GET /status?id=@ID@ HTTP/1.1\r\n" HOST "Authorization: Bearer wrong\r\n\r\n",
  "POST /uploads HTTP/1.1\r\n" HOST "Content-Length: 6\f\r\n\r\n",
  "POST /uploads HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\v\r\n\r\n",
  NULL,
};

static const char *const pieces[] = {
  "\f",
  "\v",
  "\x7f",
  "\r\n\r\n",
  "\r\n",
  "Content-Length: 0\r\n",
  "Content-Length: 99999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: identity\r\n",
  "Expect: 100-continue\r\n",
  "Connection: keep-alive\r\n",
  "Connection: Upgrade\r\n",
  "Upgrade: h2c\r\n",
  "Content-Range: bytes 0-1/2\r\n",
  "Content-Encoding: gzip\r\n",
  "Range: bytes=-1\r\n",
  "If-Match: *\r\n",
  "GET ",
  "PUT ",
  "TRACE ",
  "CONNECT ",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  " HTTP/1.1",
  " HTTP/9.9",
  "/../",
  "%2e%2e%2f",
  "%00",
  "/uploads/",
  "/files/",
  "/chunks/",
  "?id=",
  "&",
  "{",
  "}",
  "[",
  "\"name\":",
  "\"size\":",
  "\\u0000",
  "\\ud800",
  "null",
  "@ID@",
  "@DONE@",
  "@TOKEN@",
  "@SUM@",
  "0\r\n\r\n",
  "ffffffffffffffff\r\n",
  ";ext=1\r\n",
  "\x16\x03\x01",
  NULL,
};

const char *const *const fuzz_seeds = seeds;
const char *const *const fuzz_pieces = pieces;

/* ---- the receiver, on a thread ---- */

typedef struct
{
  char *root;
  char *inbox;
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  GMutex mutex;
  GCond cond;
  guint16 port;
  char *token;
  char *sum;
  char *id;
  char *done;
  guint64 n;
} World;

static World world;

static gpointer
host_thread (gpointer data)
{
  g_autofree char *state = g_build_filename (world.root, "state", NULL);
  const FerryReceiverOptions options = {
    .directory = world.inbox,
    .state = state,
    .listen = "127.0.0.1:0",
    .chunk_size = strlen (CHUNK),
    .max_size = 64 * 1024,
    .idle_timeout = 1000,
    .context = world.context,
  };
  g_autoptr (FerryReceiver) receiver = ferry_receiver_new (&options);
  g_autoptr (GError) error = NULL;

  g_main_context_push_thread_default (world.context);
  g_assert_true (ferry_receiver_start (receiver, &error));
  g_assert_no_error (error);
  g_mutex_lock (&world.mutex);
  world.token = g_strdup (ferry_receiver_get_token (receiver));
  world.port = (guint16) atoi (strrchr (ferry_receiver_get_address (receiver), ':') + 1);
  g_cond_signal (&world.cond);
  g_mutex_unlock (&world.mutex);
  g_main_loop_run (world.loop);
  ferry_receiver_stop (receiver);
  g_main_context_pop_thread_default (world.context);
  return NULL;
}

static void
end_world (void)
{
  g_main_loop_quit (world.loop);
  g_thread_join (world.thread);
  g_main_loop_unref (world.loop);
  g_main_context_unref (world.context);
  ferry_test_folder_free (world.root);
  g_free (world.inbox);
  g_free (world.token);
  g_free (world.sum);
  g_free (world.id);
  g_free (world.done);
}

/* ---- a client ---- */

/* All that comes back until the other end hangs up, which it does. */
static GByteArray *
exchange (const void *data, gsize length, gsize first)
{
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (GError) error = NULL;
  GByteArray *answer = g_byte_array_new ();
  GOutputStream *out;
  guint8 block[4096];
  gssize n;

  connection = g_socket_client_connect_to_host (client, "127.0.0.1", world.port, NULL, &error);
  g_assert_no_error (error);
  g_socket_set_timeout (g_socket_connection_get_socket (connection), 20);
  out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  /* It may have heard enough before the end. */
  if (g_output_stream_write_all (out, data, first, NULL, NULL, NULL))
    g_output_stream_write_all (out, (const guint8 *) data + first, length - first, NULL, NULL,
                               NULL);
  g_socket_shutdown (g_socket_connection_get_socket (connection), FALSE, TRUE, NULL);
  while ((n = g_input_stream_read (g_io_stream_get_input_stream (G_IO_STREAM (connection)), block,
                                   sizeof block, NULL, &error))
         > 0)
    {
      g_byte_array_append (answer, block, (guint) n);
      g_assert_cmpuint (answer->len, <, ANSWER_MAX);
    }
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    g_error ("neither an answer nor an end");
  /* For who looks at it as text. */
  g_byte_array_append (answer, (const guint8 *) "", 1);
  g_byte_array_set_size (answer, answer->len - 1);
  return answer;
}

static JsonObject *
body_of (const GByteArray *answer)
{
  const char *body = strstr ((const char *) answer->data, "\r\n\r\n");
  g_autoptr (JsonParser) parser = json_parser_new ();

  if (body == NULL || !json_parser_load_from_data (parser, body + 4, -1, NULL)
      || json_parser_get_root (parser) == NULL
      || !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  return json_node_dup_object (json_parser_get_root (parser));
}

static int
status_of (const GByteArray *answer)
{
  return answer->len > 12 ? atoi ((const char *) answer->data + 9) : 0;
}

static JsonObject *
ask (int wanted, const char *method, const char *path, const char *fields, const char *body)
{
  g_autofree char *request = g_strdup_printf (
      "%s %s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n%sContent-Length: %zu\r\n\r\n%s",
      method, path, world.token, fields, strlen (body), body);
  g_autoptr (GByteArray) answer = exchange (request, strlen (request), strlen (request));

  if (status_of (answer) != wanted)
    g_error ("%s %s: %s", method, path, answer->data);
  return body_of (answer);
}

static char *
start_upload (const char *name)
{
  g_autofree char *uuid = g_uuid_string_random ();
  g_autofree char *key = g_strdup_printf ("Idempotency-Key: %s\r\n", uuid);
  g_autofree char *body = g_strdup_printf ("{\"name\":\"%s\",\"size\":" SIZE_TEXT "}", name);
  g_autoptr (JsonObject) created = ask (201, "POST", "/uploads", key, body);

  g_assert_nonnull (created);
  return g_strdup (json_object_get_string_member (created, "uploadId"));
}

static void
put_chunk (const char *id, guint chunk, const char *bytes)
{
  g_autofree char *sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, bytes, -1);
  g_autofree char *field = g_strdup_printf ("X-Chunk-Checksum: %s\r\n", sum);
  g_autofree char *path = g_strdup_printf ("/uploads/%s/chunks/%u", id, chunk);
  g_autoptr (JsonObject) stored = ask (200, "PUT", path, field, bytes);

  g_assert_cmpint (json_object_get_int_member (stored, "chunk"), ==, chunk);
}

/* A file that is sent as it should be arrives. (transfer full): its id */
static char *
send_canary (void)
{
  g_autofree char *id = start_upload ("canary");
  g_autofree char *path = g_strdup_printf ("/uploads/%s/complete", id);
  g_autofree char *file = NULL;
  g_autofree char *content = NULL;
  g_autoptr (JsonObject) completed = NULL;

  put_chunk (id, 1, REST);
  put_chunk (id, 0, CHUNK);
  completed = ask (200, "POST", path, "", "{}");
  file = g_build_filename (world.inbox, json_object_get_string_member (completed, "name"), NULL);
  g_assert_true (g_file_get_contents (file, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, CHUNK REST);
  g_assert_no_errno (g_unlink (file));
  return g_steal_pointer (&id);
}

/* ---- what must hold ---- */

static void
check_names (void)
{
  g_autoptr (GDir) root = g_dir_open (world.root, 0, NULL);
  g_autoptr (GDir) inbox = g_dir_open (world.inbox, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (root)) != NULL)
    g_assert_true (g_str_equal (name, "inbox") || g_str_equal (name, "state"));
  while ((name = g_dir_read_name (inbox)) != NULL)
    {
      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_true (name[0] != '.' || g_str_has_suffix (name, ".ferry-part"));
    }
}

static gboolean
is_status (int status)
{
  static const int all[] = { 100, 200, 201, 204, 206, 304, 400, 401, 404, 405, 409, 410,
                             411, 412, 413, 416, 417, 422, 431, 501, 503, 505, 507 };

  for (gsize i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] == status)
      return TRUE;
  return FALSE;
}

static void
check_answer (const GByteArray *answer, gboolean has_token)
{
  const char *text = (const char *) answer->data;
  int status = status_of (answer);

  if (answer->len == 0)
    return;
  if (!g_str_has_prefix (text, "HTTP/1.") || !is_status (status)
      || (status < 400 && status != 100 && !has_token))
    g_error ("%s", text);
  if (strstr (text, "\r\nContent-Type: application/problem+json\r\n") != NULL && status >= 400)
    {
      g_autoptr (JsonObject) problem = body_of (answer);

      /* The answer to a HEAD has no body. */
      if (problem != NULL)
        g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, status);
    }
}

static void
begin_round (void)
{
  g_clear_pointer (&world.done, g_free);
  world.done = send_canary ();
  g_clear_pointer (&world.id, g_free);
  world.id = start_upload ("upload");
  check_names ();
}

static void
begin_world (void)
{
  world.root = ferry_test_folder_new ();
  world.inbox = g_build_filename (world.root, "inbox", NULL);
  g_assert_no_errno (g_mkdir (world.inbox, 0700));
  world.context = g_main_context_new ();
  world.loop = g_main_loop_new (world.context, FALSE);
  world.sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, CHUNK, -1);
  g_mutex_lock (&world.mutex);
  world.thread = g_thread_new ("receiver", host_thread, NULL);
  while (world.token == NULL)
    g_cond_wait (&world.cond, &world.mutex);
  g_mutex_unlock (&world.mutex);
  atexit (end_world);
}

/* Bytes, which may hold zeros. */
static void
fill_in (GByteArray *request, const char *mark, const char *value)
{
  gsize length = strlen (mark);
  const guint8 *found;

  while (request->len > 0 && (found = memmem (request->data, request->len, mark, length)) != NULL)
    {
      g_autoptr (GByteArray) whole = g_byte_array_new ();
      guint at = (guint) (found - request->data);

      g_byte_array_append (whole, request->data, at);
      g_byte_array_append (whole, (const guint8 *) value, (guint) strlen (value));
      g_byte_array_append (whole, found + length, request->len - at - (guint) length);
      g_byte_array_set_size (request, 0);
      g_byte_array_append (request, whole->data, whole->len);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GByteArray) request = g_byte_array_new ();
  g_autoptr (GByteArray) answer = NULL;
  gboolean has_token;

  if (world.thread == NULL)
    begin_world ();
  if (world.n++ % ROUND == 0)
    begin_round ();
  g_byte_array_append (request, data, (guint) size);
  fill_in (request, "@TOKEN@", world.token);
  fill_in (request, "@ID@", world.id);
  fill_in (request, "@DONE@", world.done);
  fill_in (request, "@SUM@", world.sum);
  has_token = request->len > 0
              && memmem (request->data, request->len, world.token, strlen (world.token)) != NULL;
  /* In two parts, cut anywhere. */
  answer = exchange (request->data, request->len,
                     size > 0 ? (gsize) data[size / 2] * request->len / 256 : 0);
  check_answer (answer, has_token);
  return 0;
}
