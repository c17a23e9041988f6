/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * Workers read blocks of 256 KiB, of which at most two wait to be sent: neither a slow disk nor a slow client holds up anybody
 * else, and memory stays flat. A mapped file would be copied whole by libsoup. What is at a store is fetched from there.
 */
#include "ferry-share.h"

#include <errno.h>
#include <unistd.h>

#include "ferry-receiver-private.h"

#define BLOCK (256 * 1024)
#define MAX_QUEUED 2

typedef struct
{
  int fd;
  guint64 at;
  guint64 end;
  gboolean reading;
  guint n_queued;
  GBytes *block; /* (nullable): just read; NULL when that failed */
} Stream;

void
ferry_stream_free (gpointer stream)
{
  Stream *self = stream;

  close (self->fd);
  g_clear_pointer (&self->block, g_bytes_unref);
  g_free (self);
}

char *
ferry_share_address (FerryExchange *exchange, const FerryUpload *upload)
{
  GUri *uri = soup_server_message_get_uri (exchange->message);
  g_autofree char *name = g_uri_escape_string (upload->published, NULL, FALSE);
  g_autofree char *path = g_strdup_printf ("/files/%s/%s", upload->id, name);

  const char *scheme = exchange->receiver->tls_certificate != NULL ? "https" : "http";

  return g_uri_join (G_URI_FLAGS_ENCODED, scheme, NULL, g_uri_get_host (uri), g_uri_get_port (uri),
                     path, NULL, NULL);
}

/* ---- sending ---- */

static void pump (FerryExchange *exchange);

static void
run_read (gpointer data)
{
  FerryExchange *exchange = data;
  Stream *stream = exchange->stream;
  gsize wanted = (gsize) MIN (BLOCK, stream->end - stream->at);
  guint8 *block = g_malloc (wanted);
  gsize done = 0;

  while (done < wanted)
    {
      ssize_t n = pread (stream->fd, block + done, wanted - done, (off_t) (stream->at + done));

      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0)
        break;
      done += (gsize) n;
    }
  if (done == wanted)
    stream->block = g_bytes_new_take (g_steal_pointer (&block), wanted);
  g_free (block);
}

static void
read_done (gpointer data)
{
  g_autoptr (FerryExchange) exchange = data;
  Stream *stream = exchange->stream;
  g_autoptr (GBytes) block = g_steal_pointer (&stream->block);

  stream->reading = FALSE;
  if (exchange->closed)
    return;
  /* The length is promised already: only a cut connection says that the rest does not come. */
  if (block == NULL)
    {
      ferry_exchange_drop (exchange);
      soup_server_message_unpause (exchange->message);
      return;
    }
  stream->at += g_bytes_get_size (block);
  stream->n_queued++;
  soup_message_body_append_bytes (soup_server_message_get_response_body (exchange->message), block);
  soup_server_message_unpause (exchange->message);
  pump (exchange);
}

static void
pump (FerryExchange *exchange)
{
  Stream *stream = exchange->stream;

  if (exchange->closed || stream->reading || stream->n_queued >= MAX_QUEUED
      || stream->at == stream->end)
    return;
  stream->reading = TRUE;
  ferry_workers_push (exchange->receiver->workers, FERRY_WORK_READ, run_read, read_done,
                      ferry_exchange_ref (exchange));
}

static void
wrote_chunk_cb (SoupServerMessage *message, gpointer user_data)
{
  FerryExchange *exchange = user_data;
  Stream *stream = exchange->stream;

  if (exchange->closed || stream->n_queued == 0)
    return;
  stream->n_queued--;
  pump (exchange);
}

/* ---- the answer ---- */

/* TRUE: it is one that a store has. */
static gboolean
locate (FerryExchange *exchange)
{
  g_autoptr (FerryUpload) upload
      = ferry_inbox_load (exchange->receiver->inbox, exchange->route.id, NULL);

  if (upload == NULL || upload->transport != FERRY_TRANSPORT_PRESIGNED
      || upload->status != FERRY_UPLOAD_COMPLETE
      || g_strcmp0 (upload->published, exchange->route.name) != 0)
    return FALSE;
  exchange->location = ferry_broker_locate (exchange->receiver->broker, upload, &exchange->error);
  return TRUE;
}

static void
run_open (FerryExchange *exchange)
{
  if (locate (exchange))
    return;

  Stream *stream = g_new0 (Stream, 1);

  stream->fd = ferry_inbox_open_file (exchange->receiver->inbox, exchange->route.id,
                                      exchange->route.name, &exchange->upload, &exchange->error);
  if (stream->fd >= 0)
    exchange->stream = stream;
  else
    g_free (stream);
}

static gint64
modified_of (const FerryUpload *upload)
{
  return upload->stamp.mtime_ns / G_GINT64_CONSTANT (1000000000);
}

static void
set_validators (FerryExchange *exchange, const char *etag)
{
  const FerryUpload *upload = exchange->upload;
  g_autofree char *modified = ferry_http_format_date (modified_of (upload));
  g_autofree char *base64 = g_base64_encode (upload->whole, FERRY_SHA256_SIZE);
  g_autofree char *digest = g_strdup_printf ("sha-256=:%s:", base64);

  ferry_exchange_set_field (exchange, "ETag", etag);
  ferry_exchange_set_field (exchange, "Last-Modified", modified);
  ferry_exchange_set_field (exchange, "Accept-Ranges", "bytes");
  ferry_exchange_set_field (exchange, "Repr-Digest", digest);
  ferry_exchange_set_field (exchange, "Cache-Control", "private, no-cache");
}

/* Anybody may have made the file: nothing in it is to run in a browser as if this server had said it. */
static void
set_content_fields (FerryExchange *exchange)
{
  g_autofree char *name = g_uri_escape_string (exchange->upload->published, NULL, FALSE);
  g_autofree char *disposition = g_strdup_printf ("attachment; filename*=UTF-8''%s", name);

  ferry_exchange_set_field (exchange, "Content-Type", "application/octet-stream");
  ferry_exchange_set_field (exchange, "Content-Disposition", disposition);
  ferry_exchange_set_field (exchange, "X-Content-Type-Options", "nosniff");
}

static void
send_bytes (FerryExchange *exchange, unsigned status, guint64 first, guint64 length)
{
  Stream *stream = exchange->stream;

  stream->at = first;
  stream->end = first + length;
  set_content_fields (exchange);
  soup_message_headers_set_content_length (
      soup_server_message_get_response_headers (exchange->message), (goffset) length);
  if (soup_server_message_get_method (exchange->message) != SOUP_METHOD_HEAD)
    {
      g_signal_connect (exchange->message, "wrote-chunk", G_CALLBACK (wrote_chunk_cb), exchange);
      pump (exchange);
    }
  ferry_exchange_answer_empty (exchange, status);
}

static void
answer_range (FerryExchange *exchange, gboolean use_range)
{
  guint64 size = exchange->upload->size;
  guint64 first = 0, last = 0;
  gboolean gets = soup_server_message_get_method (exchange->message) == SOUP_METHOD_GET;
  FerryRangeVerdict verdict = gets && use_range ? ferry_request_parse_range (
                                  ferry_exchange_get_field (exchange, "Range"), size, &first, &last)
                                                : FERRY_RANGE_WHOLE;

  if (verdict == FERRY_RANGE_WHOLE)
    {
      send_bytes (exchange, SOUP_STATUS_OK, 0, size);
      return;
    }

  g_autofree char *range = verdict == FERRY_RANGE_PART
                               ? g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT
                                                  "/%" G_GUINT64_FORMAT,
                                                  first, last, size)
                               : g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, size);

  ferry_exchange_set_field (exchange, "Content-Range", range);
  if (verdict == FERRY_RANGE_PART)
    send_bytes (exchange, SOUP_STATUS_PARTIAL_CONTENT, first, last - first + 1);
  else
    ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_RANGE, NULL);
}

/* A list may come in several lines. */
static const char *
get_list (FerryExchange *exchange, const char *name)
{
  return soup_message_headers_get_list (soup_server_message_get_request_headers (exchange->message),
                                        name);
}

static void
answer_file (FerryExchange *exchange)
{
  g_autofree char *hex = ferry_sha256_to_hex (exchange->upload->whole);
  g_autofree char *etag = g_strdup_printf ("\"%s\"", hex);
  FerryConditions conditions = {
    .if_match = get_list (exchange, "If-Match"),
    .if_unmodified_since = ferry_exchange_get_field (exchange, "If-Unmodified-Since"),
    .if_none_match = get_list (exchange, "If-None-Match"),
    .if_modified_since = ferry_exchange_get_field (exchange, "If-Modified-Since"),
    .if_range = ferry_exchange_get_field (exchange, "If-Range"),
  };
  gboolean use_range = FALSE;

  set_validators (exchange, etag);
  switch (ferry_conditions_evaluate (&conditions, etag, modified_of (exchange->upload), &use_range))
    {
    case FERRY_CONDITIONS_FAILED:
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_PRECONDITION, NULL);
      return;
    case FERRY_CONDITIONS_NOT_MODIFIED:
      soup_message_headers_set_content_length (
          soup_server_message_get_response_headers (exchange->message),
          (goffset) exchange->upload->size);
      ferry_exchange_answer_empty (exchange, SOUP_STATUS_NOT_MODIFIED);
      return;
    case FERRY_CONDITIONS_MET:
    default:
      answer_range (exchange, use_range);
    }
}

static void
open_done (FerryExchange *exchange)
{
  if (exchange->location != NULL)
    {
      /* Whoever has the address has the file, for a while. */
      ferry_exchange_set_field (exchange, "Location", exchange->location);
      ferry_exchange_set_field (exchange, "Cache-Control", "no-store");
      ferry_exchange_answer_empty (exchange, SOUP_STATUS_FOUND);
    }
  else if (exchange->stream == NULL)
    ferry_exchange_answer_error (exchange);
  else if (!exchange->closed)
    answer_file (exchange);
}

void
ferry_share_serve (FerryExchange *exchange)
{
  exchange->stage = FERRY_STAGE_WORKING;
  ferry_exchange_work (exchange, FERRY_WORK_READ, run_open, open_done);
}
