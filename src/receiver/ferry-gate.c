/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * libsoup 3.2 loses memory for each request whose length or coding it does not understand, before anybody could look at the
 * token, and takes heads of 64 KiB. So the head is read here first. As a connection carries one request, no more than its
 * beginning has to be looked at: libsoup then reads a stream that begins with the same bytes. libsoup takes a body in steps of
 * 8 KiB; the stream fetches more at once, which saves most of the calls to the kernel.
 */
#include "ferry-gate.h"

#include <string.h>

#include "ferry-problem.h"
#include "ferry-request.h"

#define BLOCK 4096
#define AHEAD (64 * 1024)

/* ---- a stream with bytes before it ---- */

#define FERRY_TYPE_GATE_INPUT (ferry_gate_input_get_type ())
G_DECLARE_FINAL_TYPE (FerryGateInput, ferry_gate_input, FERRY, GATE_INPUT, GInputStream)

struct _FerryGateInput
{
  GInputStream parent_instance;
  GInputStream *base;
  GByteArray *held; /* at first the head */
  guint at;
};

static gsize
take_held (FerryGateInput *self, void *buffer, gsize count)
{
  gsize n = MIN (count, self->held->len - self->at);

  if (n > 0)
    memcpy (buffer, self->held->data + self->at, n);
  self->at += (guint) n;
  return n;
}

static gssize
input_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  FerryGateInput *self = FERRY_GATE_INPUT (stream);
  gsize n = take_held (self, buffer, count);

  return n > 0 ? (gssize) n : g_input_stream_read (self->base, buffer, count, cancellable, error);
}

static gssize
input_read_nonblocking (GPollableInputStream *stream, void *buffer, gsize count, GError **error)
{
  FerryGateInput *self = FERRY_GATE_INPUT (stream);
  gsize n = take_held (self, buffer, count);
  gssize fetched;

  if (n > 0)
    return (gssize) n;
  g_byte_array_set_size (self->held, AHEAD);
  fetched = g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->base),
                                                      self->held->data, AHEAD, NULL, error);
  g_byte_array_set_size (self->held, (guint) MAX (fetched, 0));
  self->at = 0;
  return fetched > 0 ? (gssize) take_held (self, buffer, count) : fetched;
}

static gboolean
input_is_readable (GPollableInputStream *stream)
{
  FerryGateInput *self = FERRY_GATE_INPUT (stream);

  return self->at < self->held->len
         || g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM (self->base));
}

static GSource *
input_create_source (GPollableInputStream *stream, GCancellable *cancellable)
{
  FerryGateInput *self = FERRY_GATE_INPUT (stream);
  g_autoptr (GSource) child
      = self->at < self->held->len
            ? g_timeout_source_new (0)
            : g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->base), NULL);

  return g_pollable_source_new_full (stream, child, cancellable);
}

static void
ferry_gate_input_finalize (GObject *object)
{
  FerryGateInput *self = FERRY_GATE_INPUT (object);

  g_object_unref (self->base);
  g_byte_array_unref (self->held);
  G_OBJECT_CLASS (g_type_class_peek_parent (G_OBJECT_GET_CLASS (object)))->finalize (object);
}

static void
pollable_init (GPollableInputStreamInterface *iface)
{
  iface->read_nonblocking = input_read_nonblocking;
  iface->is_readable = input_is_readable;
  iface->create_source = input_create_source;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (FerryGateInput,
                               ferry_gate_input,
                               G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, pollable_init))

static void
ferry_gate_input_class_init (FerryGateInputClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ferry_gate_input_finalize;
  G_INPUT_STREAM_CLASS (class)->read_fn = input_read;
}

static void
ferry_gate_input_init (FerryGateInput *self)
{
}

#define FERRY_TYPE_GATE_STREAM (ferry_gate_stream_get_type ())
G_DECLARE_FINAL_TYPE (FerryGateStream, ferry_gate_stream, FERRY, GATE_STREAM, GIOStream)

struct _FerryGateStream
{
  GIOStream parent_instance;
  GIOStream *base;
  GInputStream *input;
};

G_DEFINE_FINAL_TYPE (FerryGateStream, ferry_gate_stream, G_TYPE_IO_STREAM)

static GInputStream *
stream_get_input (GIOStream *stream)
{
  return FERRY_GATE_STREAM (stream)->input;
}

static GOutputStream *
stream_get_output (GIOStream *stream)
{
  return g_io_stream_get_output_stream (FERRY_GATE_STREAM (stream)->base);
}

static gboolean
stream_close (GIOStream *stream, GCancellable *cancellable, GError **error)
{
  return g_io_stream_close (FERRY_GATE_STREAM (stream)->base, cancellable, error);
}

static void
ferry_gate_stream_finalize (GObject *object)
{
  FerryGateStream *self = FERRY_GATE_STREAM (object);

  G_OBJECT_CLASS (ferry_gate_stream_parent_class)->finalize (object);
  g_clear_object (&self->input);
  g_clear_object (&self->base);
}

static void
ferry_gate_stream_class_init (FerryGateStreamClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ferry_gate_stream_finalize;
  G_IO_STREAM_CLASS (class)->get_input_stream = stream_get_input;
  G_IO_STREAM_CLASS (class)->get_output_stream = stream_get_output;
  G_IO_STREAM_CLASS (class)->close_fn = stream_close;
}

static void
ferry_gate_stream_init (FerryGateStream *self)
{
}

static GIOStream *
put_before (GIOStream *base, GByteArray *head)
{
  FerryGateStream *self = g_object_new (FERRY_TYPE_GATE_STREAM, NULL);
  FerryGateInput *input = g_object_new (FERRY_TYPE_GATE_INPUT, NULL);

  input->base = g_object_ref (g_io_stream_get_input_stream (base));
  input->held = g_byte_array_ref (head);
  self->base = g_object_ref (base);
  self->input = G_INPUT_STREAM (input);
  return G_IO_STREAM (self);
}

/* ---- the head ---- */

static void read_more (GTask *task);

static void
refused_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;

  g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL);
  g_io_stream_close (g_task_get_source_object (task), NULL, NULL);
  g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "not a request to be parsed");
}

static void
refuse (GTask *task, unsigned status)
{
  GIOStream *stream = g_task_get_source_object (task);
  g_autoptr (JsonObject) object = ferry_problem_to_json (
      FERRY_PROBLEM_BAD_REQUEST, "The head of the request is too long or breaks HTTP.");
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_object_set_int_member (object, "status", status);
  json_node_set_object (node, object);

  g_autofree char *body = json_to_string (node, FALSE);
  char *answer = g_strdup_printf ("HTTP/1.1 %u Bad Request\r\n"
                                  "Content-Type: application/problem+json\r\n"
                                  "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                  status, strlen (body), body);

  g_object_set_data_full (G_OBJECT (task), "answer", answer, g_free);
  g_output_stream_write_all_async (g_io_stream_get_output_stream (stream), answer, strlen (answer),
                                   G_PRIORITY_DEFAULT, g_task_get_cancellable (task), refused_cb,
                                   g_object_ref (task));
}

/* With the whole head, if there. */
static void
look (GTask *task)
{
  GByteArray *head = g_task_get_task_data (task);
  const guint8 *end = memmem (head->data, head->len, "\r\n\r\n", 4);
  gsize length = end != NULL ? (gsize) (end - head->data) + 4 : head->len;

  if (length > FERRY_GATE_HEAD_MAX)
    {
      refuse (task, 431);
      return;
    }
  if (end == NULL)
    {
      read_more (task);
      return;
    }

  unsigned status = ferry_request_check_head ((const char *) head->data, length);

  if (status != 0)
    refuse (task, status);
  else
    g_task_return_pointer (task, put_before (g_task_get_source_object (task), head),
                           g_object_unref);
}

static void
read_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GTask) task = user_data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) bytes
      = g_input_stream_read_bytes_finish (G_INPUT_STREAM (source), result, &error);
  gsize n = bytes != NULL ? g_bytes_get_size (bytes) : 0;

  if (n == 0)
    {
      g_io_stream_close (g_task_get_source_object (task), NULL, NULL);
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "%s",
                               error != NULL ? error->message : "the client left");
      return;
    }
  g_byte_array_append (g_task_get_task_data (task), g_bytes_get_data (bytes, NULL), (guint) n);
  look (task);
}

static void
read_more (GTask *task)
{
  GIOStream *stream = g_task_get_source_object (task);

  g_input_stream_read_bytes_async (g_io_stream_get_input_stream (stream), BLOCK, G_PRIORITY_DEFAULT,
                                   g_task_get_cancellable (task), read_cb, g_object_ref (task));
}

void
ferry_gate_read (GIOStream *stream,
                 GCancellable *cancellable,
                 GAsyncReadyCallback callback,
                 gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, user_data);

  g_task_set_source_tag (task, ferry_gate_read);
  g_task_set_task_data (task, g_byte_array_new (), (GDestroyNotify) g_byte_array_unref);
  read_more (task);
}

GIOStream *
ferry_gate_read_finish (GIOStream *stream, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, stream), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
