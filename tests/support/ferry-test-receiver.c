/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-receiver.h"

#include "ferry-test-incoming.h"

#include <string.h>

typedef struct
{
  char *id;
  char *key;
  char *body; /* of the request it came from */
  char *name;
  guint64 size;
  guint64 total;
  GBytes **chunks;
  guint *puts;
  gboolean complete;
} Upload;

struct _FerryTestReceiver
{
  GSocketListener *listener;
  GCancellable *closing;
  GThread *accepting;
  char *address;
  char *token;
  guint64 chunk_size;

  GMutex lock;
  GPtrArray *threads;
  GPtrArray *uploads; /* of Upload, oldest first */
  GArray *faults;
  guint counts[FERRY_TEST_N_STEPS];
  guint n_made;
  guint n_silent;
  GCancellable *released;
};

typedef struct
{
  FerryTestReceiver *receiver;
  GSocketConnection *connection;
} Peer;

static void
upload_free (gpointer data)
{
  Upload *self = data;

  for (guint64 i = 0; i < self->total; i++)
    g_clear_pointer (&self->chunks[i], g_bytes_unref);
  g_free (self->chunks);
  g_free (self->puts);
  g_free (self->id);
  g_free (self->key);
  g_free (self->body);
  g_free (self->name);
  g_free (self);
}

/* ---- what the protocol says; under the lock ---- */

static Upload *
find_upload (FerryTestReceiver *self, const char *id)
{
  for (guint i = 0; i < self->uploads->len; i++)
    {
      Upload *upload = g_ptr_array_index (self->uploads, i);
      if (g_str_equal (upload->id, id))
        return upload;
    }
  return NULL;
}

/* Inclusive pairs of the chunks that are there, or of those that are not. */
static char *
list_chunks (const Upload *upload, gboolean there)
{
  GString *text = g_string_new ("[");

  for (guint64 i = 0; i < upload->total; i++)
    {
      guint64 first = i;
      if ((upload->chunks[i] != NULL) != there)
        continue;
      while (i + 1 < upload->total && (upload->chunks[i + 1] != NULL) == there)
        i++;
      g_string_append_printf (text, "%s[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]",
                              text->len > 1 ? "," : "", first, i);
    }
  g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static char *
get_text (const char *json, const char *member)
{
  g_autofree char *pattern = g_strdup_printf ("\"%s\"\\s*:\\s*\"([^\"]*)\"", member);
  g_autoptr (GRegex) regex = g_regex_new (pattern, 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;

  return g_regex_match (regex, json, 0, &match) ? g_match_info_fetch (match, 1) : NULL;
}

static gboolean
get_size (const char *json, guint64 *size)
{
  g_autoptr (GRegex) regex = g_regex_new ("\"size\"\\s*:\\s*([0-9]+)", 0, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *digits = NULL;

  if (!g_regex_match (regex, json, 0, &match))
    return FALSE;
  digits = g_match_info_fetch (match, 1);
  *size = g_ascii_strtoull (digits, NULL, 10);
  return TRUE;
}

static Answer
describe_upload (FerryTestReceiver *self, const Upload *upload)
{
  return answer (201,
                 g_strdup_printf ("{\"uploadId\":\"%s\",\"chunkSize\":%" G_GUINT64_FORMAT
                                  ",\"totalChunks\":%" G_GUINT64_FORMAT
                                  ",\"transport\":\"direct\",\"expires\":\"2100-01-01T00:00:00Z\"}",
                                  upload->id, self->chunk_size, upload->total));
}

static Answer
initiate (FerryTestReceiver *self, const Request *request)
{
  const char *key = g_hash_table_lookup (request->headers, "idempotency-key");
  gsize length;
  const char *data = g_bytes_get_data (request->body, &length);
  g_autofree char *body = g_strndup (data != NULL ? data : "", length);
  g_autofree char *name = get_text (body, "name");
  guint64 size;
  Upload *upload;

  if (key == NULL || name == NULL || !get_size (body, &size))
    return problem (400, "Not a registration");
  for (guint i = 0; i < self->uploads->len; i++)
    {
      upload = g_ptr_array_index (self->uploads, i);
      if (g_str_equal (upload->key, key))
        return g_str_equal (upload->body, body) ? describe_upload (self, upload)
                                                : problem (409, "Another body for this key");
    }
  upload = g_new0 (Upload, 1);
  upload->id = g_strdup_printf ("u%u/+", ++self->n_made);
  upload->key = g_strdup (key);
  upload->body = g_steal_pointer (&body);
  upload->name = g_steal_pointer (&name);
  upload->size = size;
  upload->total = (size + self->chunk_size - 1) / self->chunk_size;
  upload->chunks = g_new0 (GBytes *, upload->total + 1);
  upload->puts = g_new0 (guint, upload->total + 1);
  g_ptr_array_add (self->uploads, upload);
  return describe_upload (self, upload);
}

static Answer
say_status (FerryTestReceiver *self, const Upload *upload)
{
  g_autofree char *there = list_chunks (upload, TRUE);
  g_autofree char *next = g_strdup ("null");

  for (guint64 i = upload->total; i > 0; i--)
    {
      if (upload->chunks[i - 1] != NULL)
        continue;
      g_free (next);
      next = g_strdup_printf ("%" G_GUINT64_FORMAT, i - 1);
    }
  return answer (200, g_strdup_printf (
                          "{\"uploadId\":\"%s\",\"name\":\"%s\",\"size\":%" G_GUINT64_FORMAT
                          ",\"chunkSize\":%" G_GUINT64_FORMAT ",\"totalChunks\":%" G_GUINT64_FORMAT
                          ",\"receivedChunks\":%s,\"nextExpectedChunk\":%s,\"status\":\"%s\","
                          "\"expires\":\"2100-01-01T00:00:00Z\"}",
                          upload->id, upload->name, upload->size, self->chunk_size, upload->total,
                          there, next, upload->complete ? "complete" : "in_progress"));
}

static Answer
store_chunk (FerryTestReceiver *self, Upload *upload, guint64 index, const Request *request)
{
  const char *checksum = g_hash_table_lookup (request->headers, "x-chunk-checksum");
  gsize length = g_bytes_get_size (request->body);
  g_autofree char *sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, request->body);

  if (index >= upload->total)
    return problem (404, "No such chunk");
  if (length != MIN (self->chunk_size, upload->size - index * self->chunk_size))
    return problem (400, "Wrong length");
  if (g_strcmp0 (checksum, sha256) != 0)
    return problem (422, "Wrong checksum");
  if (upload->chunks[index] != NULL && !g_bytes_equal (upload->chunks[index], request->body))
    return problem (409, "Other bytes are there");
  if (upload->chunks[index] == NULL)
    upload->chunks[index] = g_bytes_ref (request->body);
  upload->puts[index]++;
  return answer (200, g_strdup_printf ("{\"chunk\":%" G_GUINT64_FORMAT "}", index));
}

static GBytes *
join_chunks (const Upload *upload)
{
  GByteArray *all = g_byte_array_new ();

  for (guint64 i = 0; i < upload->total; i++)
    {
      gsize length;
      const guint8 *data = g_bytes_get_data (upload->chunks[i], &length);
      g_byte_array_append (all, data, (guint) length);
    }
  return g_byte_array_free_to_bytes (all);
}

static Answer
finish_upload (Upload *upload, const Request *request, gboolean spoil)
{
  g_autofree char *missing = list_chunks (upload, FALSE);
  g_autoptr (GBytes) all = NULL;
  g_autofree char *sha256 = NULL;
  g_autofree char *theirs = NULL;
  g_autofree char *body = NULL;

  if (!g_str_equal (missing, "[]"))
    return answer (409, g_strdup_printf ("{\"missing\":%s}", missing));
  all = join_chunks (upload);
  sha256 = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, all);
  body = g_strndup (g_bytes_get_data (request->body, NULL), g_bytes_get_size (request->body));
  theirs = get_text (body, "sha256");
  if (theirs != NULL && !g_str_equal (theirs, sha256))
    return problem (422, "Wrong checksum");
  upload->complete = TRUE;
  if (spoil)
    sha256[0] = sha256[0] == '0' ? '1' : '0';
  return answer (
      200, g_strdup_printf ("{\"status\":\"complete\",\"name\":\"%s\",\"size\":%" G_GUINT64_FORMAT
                            ",\"sha256\":\"%s\",\"url\":\"/files/%s\"}",
                            upload->name, upload->size, sha256, upload->name));
}

/* ---- which step, and its fault ---- */

typedef struct
{
  FerryTestStep step;
  char *id;
  guint64 chunk;
} Aim;

static gboolean
find_aim (const Request *request, Aim *aim)
{
  const char *path = request->target;
  g_auto (GStrv) parts = NULL;
  guint n;

  *aim = (Aim){ 0 };
  if (g_str_has_prefix (path, "/status?id="))
    {
      aim->step = FERRY_TEST_STATUS;
      aim->id = g_uri_unescape_string (path + strlen ("/status?id="), NULL);
      return g_str_equal (request->method, "GET");
    }
  parts = g_strsplit (path, "/", -1);
  n = g_strv_length (parts);
  if (n < 2 || !g_str_equal (parts[1], "uploads"))
    return FALSE;
  aim->id = n > 2 ? g_uri_unescape_string (parts[2], NULL) : NULL;
  if (n == 2 && g_str_equal (request->method, "POST"))
    aim->step = FERRY_TEST_INITIATE;
  else if (n == 3 && g_str_equal (request->method, "DELETE"))
    aim->step = FERRY_TEST_DISCARD;
  else if (n == 4 && g_str_equal (parts[3], "complete") && g_str_equal (request->method, "POST"))
    aim->step = FERRY_TEST_COMPLETE;
  else if (n == 5 && g_str_equal (parts[3], "chunks") && g_str_equal (request->method, "PUT"))
    {
      aim->step = FERRY_TEST_CHUNK;
      aim->chunk = g_ascii_strtoull (parts[4], NULL, 10);
    }
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_fault (FerryTestReceiver *self, const Aim *aim, FerryTestFault *taken)
{
  for (guint i = 0; i < self->faults->len; i++)
    {
      FerryTestFault *fault = &g_array_index (self->faults, FerryTestFault, i);
      if (fault->step != aim->step
          || (aim->step == FERRY_TEST_CHUNK
              && (aim->chunk < fault->first || aim->chunk > fault->last)))
        continue;
      *taken = *fault;
      if (fault->times == 1)
        g_array_remove_index (self->faults, i);
      else if (fault->times > 1)
        fault->times--;
      return TRUE;
    }
  return FALSE;
}

static Answer
obey (FerryTestReceiver *self, const Aim *aim, const Request *request, gboolean spoil)
{
  Upload *upload = aim->id != NULL ? find_upload (self, aim->id) : NULL;

  if (aim->step == FERRY_TEST_INITIATE)
    return initiate (self, request);
  if (upload == NULL)
    return problem (404, "No such upload");
  if (aim->step == FERRY_TEST_STATUS)
    return say_status (self, upload);
  if (aim->step == FERRY_TEST_CHUNK)
    return store_chunk (self, upload, aim->chunk, request);
  if (aim->step == FERRY_TEST_COMPLETE)
    return finish_upload (upload, request, spoil);
  g_ptr_array_remove (self->uploads, upload);
  return answer (204, NULL);
}

static Answer
miss_chunk (FerryTestReceiver *self, const Aim *aim, const FerryTestFault *fault)
{
  Upload *upload = find_upload (self, aim->id);

  if (fault->kind == FERRY_TEST_MISS && upload != NULL && fault->first < upload->total)
    g_clear_pointer (&upload->chunks[fault->first], g_bytes_unref);
  return answer (409,
                 g_strdup_printf ("{\"missing\":[[%" G_GUINT64_FORMAT ",%" G_GUINT64_FORMAT "]]}",
                                  fault->first, fault->first));
}

static Answer
misbehave (FerryTestReceiver *self, const Aim *aim, const Request *request, FerryTestFault *fault)
{
  Answer made;

  switch (fault->kind)
    {
    case FERRY_TEST_ANSWER:
      made = answer (fault->status, g_strdup (fault->text != NULL ? fault->text : "{}"));
      made.fields = fault->fields;
      return made;
    case FERRY_TEST_PRETEND:
      return answer (200, g_strdup_printf ("{\"chunk\":%" G_GUINT64_FORMAT "}", aim->chunk));
    case FERRY_TEST_MISS:
    case FERRY_TEST_CLAIM:
      return miss_chunk (self, aim, fault);
    case FERRY_TEST_SPOIL:
      return obey (self, aim, request, TRUE);
    case FERRY_TEST_LOSE:
      made = obey (self, aim, request, FALSE);
      made.close = TRUE;
      return made;
    case FERRY_TEST_CLIP:
      made = obey (self, aim, request, FALSE);
      made.clip = fault->clip;
      return made;
    case FERRY_TEST_CUT:
    case FERRY_TEST_SILENCE:
    default:
      return (Answer){ .close = TRUE };
    }
}

/* ---- connections ---- */

static void
wait_released (FerryTestReceiver *self, GSocketConnection *connection)
{
  GSocket *socket = g_socket_connection_get_socket (connection);

  g_mutex_lock (&self->lock);
  self->n_silent++;
  g_mutex_unlock (&self->lock);
  g_socket_condition_wait (socket, G_IO_IN | G_IO_HUP, self->released, NULL);
  g_mutex_lock (&self->lock);
  self->n_silent--;
  g_mutex_unlock (&self->lock);
}

static gboolean
is_allowed (FerryTestReceiver *self, const Request *request)
{
  const char *given = g_hash_table_lookup (request->headers, "authorization");
  g_autofree char *wanted = g_strconcat ("Bearer ", self->token, NULL);

  return self->token == NULL || g_strcmp0 (given, wanted) == 0;
}

static Answer
decide (FerryTestReceiver *self, Peer *peer, const Request *request)
{
  FerryTestFault fault;
  Answer made;
  Aim aim;

  if (!find_aim (request, &aim))
    {
      g_free (aim.id);
      return problem (404, "No such page");
    }
  g_mutex_lock (&self->lock);
  self->counts[aim.step]++;
  if (!is_allowed (self, request))
    made = problem (401, "No or the wrong token");
  else if (!take_fault (self, &aim, &fault))
    made = obey (self, &aim, request, FALSE);
  else if (fault.kind == FERRY_TEST_SILENCE)
    {
      g_mutex_unlock (&self->lock);
      wait_released (self, peer->connection);
      g_mutex_lock (&self->lock);
      made = fault.status != 0 ? answer (fault.status, g_strdup ("{}")) : (Answer){ .close = TRUE };
    }
  else
    made = misbehave (self, &aim, request, &fault);
  g_mutex_unlock (&self->lock);
  g_free (aim.id);
  return made;
}

static gpointer
peer_thread (gpointer data)
{
  Peer *peer = data;
  FerryTestReceiver *self = peer->receiver;
  GIOStream *stream = G_IO_STREAM (peer->connection);
  g_autoptr (GDataInputStream) in = g_data_input_stream_new (g_io_stream_get_input_stream (stream));
  gboolean open = TRUE;

  g_data_input_stream_set_newline_type (in, G_DATA_STREAM_NEWLINE_TYPE_CR_LF);
  while (open)
    {
      g_autoptr (Request) request = read_request (in, self->closing);
      Answer made;

      if (request == NULL)
        break;
      made = decide (self, peer, request);
      open = !made.close
             && send_answer (g_io_stream_get_output_stream (stream), &made, self->closing);
      g_free (made.text);
    }
  g_io_stream_close (stream, NULL, NULL);
  g_object_unref (peer->connection);
  g_free (peer);
  return NULL;
}

static gpointer
accept_thread (gpointer data)
{
  FerryTestReceiver *self = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (self->listener, NULL, self->closing, NULL))
         != NULL)
    {
      Peer *peer = g_new0 (Peer, 1);

      peer->receiver = self;
      peer->connection = connection;
      g_mutex_lock (&self->lock);
      g_ptr_array_add (self->threads, g_thread_new ("test-receiver", peer_thread, peer));
      g_mutex_unlock (&self->lock);
    }
  return NULL;
}

/* ---- for the test ---- */

FerryTestReceiver *
ferry_test_receiver_new (guint64 chunk_size, const char *token)
{
  FerryTestReceiver *self = g_new0 (FerryTestReceiver, 1);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) wanted = g_inet_socket_address_new (loopback, 0);
  g_autoptr (GSocketAddress) bound = NULL;
  g_autoptr (GError) error = NULL;

  g_mutex_init (&self->lock);
  self->chunk_size = chunk_size;
  self->token = g_strdup (token);
  self->closing = g_cancellable_new ();
  self->released = g_cancellable_new ();
  self->threads = g_ptr_array_new ();
  self->uploads = g_ptr_array_new_with_free_func (upload_free);
  self->faults = g_array_new (FALSE, FALSE, sizeof (FerryTestFault));
  self->listener = g_socket_listener_new ();
  g_socket_listener_add_address (self->listener, wanted, G_SOCKET_TYPE_STREAM,
                                 G_SOCKET_PROTOCOL_TCP, NULL, &bound, &error);
  g_assert_no_error (error);
  self->address = g_strdup_printf ("http://127.0.0.1:%u",
                                   g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound)));
  self->accepting = g_thread_new ("test-receiver", accept_thread, self);
  return self;
}

void
ferry_test_receiver_free (FerryTestReceiver *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->closing);
  g_cancellable_cancel (self->released);
  g_thread_join (self->accepting);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_socket_listener_close (self->listener);
  g_object_unref (self->listener);
  g_object_unref (self->closing);
  g_object_unref (self->released);
  g_ptr_array_unref (self->threads);
  g_ptr_array_unref (self->uploads);
  g_array_unref (self->faults);
  g_mutex_clear (&self->lock);
  g_free (self->address);
  g_free (self->token);
  g_free (self);
}

const char *
ferry_test_receiver_get_address (FerryTestReceiver *self)
{
  return self->address;
}

void
ferry_test_receiver_add_fault (FerryTestReceiver *self, const FerryTestFault *fault)
{
  g_mutex_lock (&self->lock);
  g_array_append_val (self->faults, *fault);
  g_mutex_unlock (&self->lock);
}

void
ferry_test_receiver_clear_faults (FerryTestReceiver *self)
{
  g_mutex_lock (&self->lock);
  g_array_set_size (self->faults, 0);
  g_mutex_unlock (&self->lock);
}

void
ferry_test_receiver_release (FerryTestReceiver *self)
{
  g_cancellable_cancel (self->released);
}

void
ferry_test_receiver_forget_chunk (FerryTestReceiver *self, guint64 index)
{
  Upload *upload;

  g_mutex_lock (&self->lock);
  g_assert_cmpuint (self->uploads->len, >, 0);
  upload = g_ptr_array_index (self->uploads, self->uploads->len - 1);
  g_assert_cmpuint (index, <, upload->total);
  g_clear_pointer (&upload->chunks[index], g_bytes_unref);
  g_mutex_unlock (&self->lock);
}

void
ferry_test_receiver_forget_uploads (FerryTestReceiver *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->uploads, 0);
  g_mutex_unlock (&self->lock);
}

guint
ferry_test_receiver_count (FerryTestReceiver *self, FerryTestStep step)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->counts[step];
  g_mutex_unlock (&self->lock);
  return n;
}

guint
ferry_test_receiver_count_puts (FerryTestReceiver *self, guint64 index)
{
  Upload *upload;
  guint n = 0;

  g_mutex_lock (&self->lock);
  if (self->uploads->len > 0)
    {
      upload = g_ptr_array_index (self->uploads, self->uploads->len - 1);
      n = index < upload->total ? upload->puts[index] : 0;
    }
  g_mutex_unlock (&self->lock);
  return n;
}

char *
ferry_test_receiver_get_status (FerryTestReceiver *self)
{
  char *text = NULL;

  g_mutex_lock (&self->lock);
  if (self->uploads->len > 0)
    text = say_status (self, g_ptr_array_index (self->uploads, self->uploads->len - 1)).text;
  g_mutex_unlock (&self->lock);
  return text;
}

GBytes *
ferry_test_receiver_get_chunk (FerryTestReceiver *self, guint64 index)
{
  GBytes *chunk = NULL;

  g_mutex_lock (&self->lock);
  if (self->uploads->len > 0)
    {
      Upload *upload = g_ptr_array_index (self->uploads, self->uploads->len - 1);
      if (index < upload->total && upload->chunks[index] != NULL)
        chunk = g_bytes_ref (upload->chunks[index]);
    }
  g_mutex_unlock (&self->lock);
  return chunk;
}

guint
ferry_test_receiver_count_stored (FerryTestReceiver *self)
{
  Upload *upload;
  guint n = 0;

  g_mutex_lock (&self->lock);
  if (self->uploads->len > 0)
    {
      upload = g_ptr_array_index (self->uploads, self->uploads->len - 1);
      for (guint64 i = 0; i < upload->total; i++)
        n += upload->chunks[i] != NULL;
    }
  g_mutex_unlock (&self->lock);
  return n;
}

guint
ferry_test_receiver_count_uploads (FerryTestReceiver *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_made;
  g_mutex_unlock (&self->lock);
  return n;
}

guint
ferry_test_receiver_count_silent (FerryTestReceiver *self)
{
  guint n;

  g_mutex_lock (&self->lock);
  n = self->n_silent;
  g_mutex_unlock (&self->lock);
  return n;
}

GBytes *
ferry_test_receiver_get_file (FerryTestReceiver *self, const char *name)
{
  GBytes *found = NULL;

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->uploads->len && found == NULL; i++)
    {
      const Upload *upload = g_ptr_array_index (self->uploads, i);
      if (upload->complete && g_str_equal (upload->name, name))
        found = join_chunks (upload);
    }
  g_mutex_unlock (&self->lock);
  return found;
}
