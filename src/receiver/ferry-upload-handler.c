/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-upload-handler.h"

#include "ferry-broker.h"
#include "ferry-receiver-private.h"
#include "ferry-share.h"

void
ferry_completion_free (FerryCompletion *self)
{
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->waiting, (GDestroyNotify) (void (*) (void)) ferry_exchange_unref);
  g_free (self);
}

/* ---- initiate and status ---- */

static void
set_upload_members (FerryExchange *exchange, JsonObject *object)
{
  const FerryUpload *upload = exchange->upload;
  g_autofree char *expires
      = ferry_request_format_time (ferry_inbox_expires (exchange->receiver->inbox, upload));

  json_object_set_string_member (object, "uploadId", upload->id);
  json_object_set_int_member (object, "chunkSize", (gint64) upload->chunk_size);
  json_object_set_int_member (object, "totalChunks", (gint64) ferry_upload_n_chunks (upload));
  json_object_set_string_member (object, "expires", expires);
}

static const char *
transport_word (FerryTransport transport)
{
  return transport == FERRY_TRANSPORT_PRESIGNED ? "presigned" : "direct";
}

/* What may have to wait for the store. */
static FerryWork
work_for (FerryExchange *exchange, FerryWork otherwise)
{
  return ferry_broker_is_active (exchange->receiver->broker) ? FERRY_WORK_STORE : otherwise;
}

static void
run_initiate (FerryExchange *exchange)
{
  exchange->upload = ferry_broker_initiate (exchange->receiver->broker, exchange->key,
                                            &exchange->initiate, &exchange->error);
}

static void
initiate_done (FerryExchange *exchange)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (exchange->upload == NULL)
    {
      ferry_exchange_answer_error (exchange);
      return;
    }

  g_autofree char *location = g_strdup_printf ("/uploads/%s", exchange->upload->id);

  set_upload_members (exchange, object);
  json_object_set_string_member (object, "transport", transport_word (exchange->upload->transport));
  ferry_exchange_set_field (exchange, "Location", location);
  ferry_exchange_answer_json (exchange, SOUP_STATUS_CREATED, object);
}

static void
run_status (FerryExchange *exchange)
{
  ferry_broker_status (exchange->receiver->broker, exchange->route.id, &exchange->upload,
                       &exchange->received, &exchange->error);
}

static const char *
status_word (FerryUploadStatus status)
{
  switch (status)
    {
    case FERRY_UPLOAD_COMPLETE:
      return "complete";
    case FERRY_UPLOAD_EXPIRED:
    case FERRY_UPLOAD_DISCARDED:
      return "expired";
    case FERRY_UPLOAD_IN_PROGRESS:
    default:
      return "in_progress";
    }
}

static void
status_done (FerryExchange *exchange)
{
  g_autoptr (JsonObject) object = json_object_new ();
  const FerryUpload *upload = exchange->upload;
  FerryRange missing;

  if (upload == NULL)
    {
      ferry_exchange_answer_error (exchange);
      return;
    }
  set_upload_members (exchange, object);
  json_object_set_string_member (object, "name", upload->name);
  json_object_set_int_member (object, "size", (gint64) upload->size);
  json_object_set_string_member (object, "status", status_word (upload->status));
  json_object_set_array_member (object, "receivedChunks",
                                ferry_exchange_ranges_to_json (exchange->received));
  if (ferry_ranges_first_missing (exchange->received, ferry_upload_n_chunks (upload), &missing))
    json_object_set_int_member (object, "nextExpectedChunk", (gint64) missing.start);
  else
    json_object_set_null_member (object, "nextExpectedChunk");
  ferry_exchange_answer_json (exchange, SOUP_STATUS_OK, object);
}

/* ---- complete and discard ---- */

static void start_ending (FerryExchange *exchange);

static void
run_discard (FerryExchange *exchange, FerryTransport transport)
{
  if (transport == FERRY_TRANSPORT_PRESIGNED)
    ferry_broker_discard (exchange->receiver->broker, exchange->route.id, &exchange->error);
  else
    ferry_inbox_discard (exchange->receiver->inbox, exchange->route.id, &exchange->error);
}

static void
run_complete (FerryExchange *exchange, FerryTransport transport)
{
  const guint8 *sha256 = exchange->has_sha256 ? exchange->sha256 : NULL;

  if (transport == FERRY_TRANSPORT_PRESIGNED)
    exchange->upload
        = ferry_broker_complete (exchange->receiver->broker, exchange->route.id, sha256,
                                 exchange->cancellable, &exchange->missing, &exchange->error);
  else
    exchange->upload
        = ferry_inbox_complete (exchange->receiver->inbox, exchange->route.id, sha256,
                                exchange->cancellable, &exchange->missing, &exchange->error);
}

static void
run_ending (FerryExchange *exchange)
{
  g_autoptr (FerryUpload) known
      = ferry_inbox_load (exchange->receiver->inbox, exchange->route.id, &exchange->error);

  if (known == NULL)
    return;
  if (exchange->route.kind == FERRY_ROUTE_DISCARD)
    run_discard (exchange, known->transport);
  else
    run_complete (exchange, known->transport);
}

static void
set_proof (const FerryUpload *upload, JsonObject *object)
{
  json_object_set_string_member (object, "proof", ferry_proof_to_string (upload->proof));
  json_object_set_string_member (object, "etag", upload->etag != NULL ? upload->etag : "");
  if (!upload->has_whole)
    json_object_set_null_member (object, "sha256");
}

static void
answer_complete (FerryExchange *exchange)
{
  g_autoptr (JsonObject) object = json_object_new ();
  const FerryUpload *upload = exchange->upload;
  g_autofree char *hex = ferry_sha256_to_hex (upload->whole);
  g_autofree char *url = ferry_share_address (exchange, upload);

  json_object_set_string_member (object, "status", "complete");
  json_object_set_string_member (object, "name", upload->published);
  json_object_set_int_member (object, "size", (gint64) upload->size);
  json_object_set_string_member (object, "sha256", hex);
  if (upload->transport == FERRY_TRANSPORT_PRESIGNED)
    set_proof (upload, object);
  json_object_set_string_member (object, "url", url);
  ferry_exchange_answer_json (exchange, SOUP_STATUS_OK, object);
}

static void
ending_done (FerryExchange *exchange)
{
  GHashTable *completions = exchange->receiver->completions;
  FerryCompletion *completion = g_hash_table_lookup (completions, exchange->route.id);
  g_autoptr (FerryExchange) next = g_queue_pop_head (&completion->waiting);

  if (exchange->error != NULL)
    ferry_exchange_answer_error (exchange);
  else if (exchange->route.kind == FERRY_ROUTE_DISCARD)
    ferry_exchange_answer_empty (exchange, SOUP_STATUS_NO_CONTENT);
  else if (!exchange->closed)
    answer_complete (exchange);

  while (next != NULL && next->closed)
    {
      ferry_exchange_unref (next);
      next = g_queue_pop_head (&completion->waiting);
    }
  if (next == NULL || !exchange->receiver->running)
    {
      g_hash_table_remove (completions, exchange->route.id);
      return;
    }
  start_ending (next);
}

/* Long work for reading back, also of one that only finds that it is done: the order among them stays. */
static void
start_ending (FerryExchange *exchange)
{
  FerryCompletion *completion
      = g_hash_table_lookup (exchange->receiver->completions, exchange->route.id);

  g_clear_object (&completion->cancellable);
  completion->cancellable = g_cancellable_new ();
  exchange->cancellable = g_object_ref (completion->cancellable);
  ferry_exchange_work (exchange,
                       work_for (exchange, exchange->route.kind == FERRY_ROUTE_DISCARD
                                               ? FERRY_WORK_SHORT
                                               : FERRY_WORK_LONG),
                       run_ending, ending_done);
}

/* One after the other for each upload. Discarding ends what is being read back. */
static void
queue_ending (FerryExchange *exchange)
{
  GHashTable *completions = exchange->receiver->completions;
  FerryCompletion *completion = g_hash_table_lookup (completions, exchange->route.id);

  exchange->stage = FERRY_STAGE_WORKING;
  if (completion == NULL)
    {
      completion = g_new0 (FerryCompletion, 1);
      g_queue_init (&completion->waiting);
      g_hash_table_insert (completions, g_strdup (exchange->route.id), completion);
      start_ending (exchange);
      return;
    }
  if (exchange->route.kind == FERRY_ROUTE_DISCARD)
    g_cancellable_cancel (completion->cancellable);
  ferry_exchange_pause (exchange);
  g_queue_push_tail (&completion->waiting, ferry_exchange_ref (exchange));
}

/* ---- addresses and receipts ---- */

static void
answer_addresses (FerryExchange *exchange)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autofree char *expires = ferry_request_format_time (exchange->expires);
  JsonArray *urls = json_array_new ();

  for (guint i = 0; i < exchange->addresses->len; i++)
    {
      const FerryAddress *address = g_ptr_array_index (exchange->addresses, i);
      JsonObject *entry = json_object_new ();
      JsonObject *headers = json_object_new ();

      if (address->checksum != NULL)
        json_object_set_string_member (headers, "x-amz-checksum-sha256", address->checksum);
      json_object_set_int_member (entry, "chunk", (gint64) address->chunk);
      json_object_set_string_member (entry, "url", address->url);
      json_object_set_object_member (entry, "headers", headers);
      json_object_set_string_member (entry, "expires", expires);
      json_array_add_object_element (urls, entry);
    }
  json_object_set_array_member (object, "urls", urls);
  ferry_exchange_answer_json (exchange, SOUP_STATUS_OK, object);
}

static void
run_sign (FerryExchange *exchange)
{
  ferry_broker_sign (exchange->receiver->broker, exchange->route.id, exchange->urls, FALSE,
                     &exchange->addresses, &exchange->expires, &exchange->error);
}

static void
run_sign_blocking (FerryExchange *exchange)
{
  ferry_broker_sign (exchange->receiver->broker, exchange->route.id, exchange->urls, TRUE,
                     &exchange->addresses, &exchange->expires, &exchange->error);
}

static void
signed_blocking (FerryExchange *exchange)
{
  if (exchange->error != NULL)
    ferry_exchange_answer_error (exchange);
  else
    answer_addresses (exchange);
}

/* Addresses are made without the store, but for an upload that it has not yet. */
static void
sign_done (FerryExchange *exchange)
{
  if (exchange->error != NULL || exchange->addresses != NULL)
    signed_blocking (exchange);
  else if (!exchange->receiver->running)
    ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_STOPPING, NULL);
  else
    ferry_exchange_work (exchange, FERRY_WORK_STORE, run_sign_blocking, signed_blocking);
}

static void
run_receipt (FerryExchange *exchange)
{
  exchange->receipt.chunk = exchange->route.chunk;
  ferry_broker_put_receipt (exchange->receiver->broker, exchange->route.id, &exchange->receipt,
                            &exchange->error);
}

static void
receipt_done (FerryExchange *exchange)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (exchange->error != NULL)
    {
      ferry_exchange_answer_error (exchange);
      return;
    }
  json_object_set_int_member (object, "chunk", (gint64) exchange->route.chunk);
  ferry_exchange_answer_json (exchange, SOUP_STATUS_OK, object);
}

/* ---- requests ---- */

static void
begin_json (FerryExchange *exchange)
{
  gint64 length = ferry_http_parse_length (ferry_exchange_get_field (exchange, "Content-Length"));

  if (length > FERRY_REQUEST_JSON_MAX)
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_TOO_LARGE,
                                     "The JSON is longer than 64 KiB.");
      return;
    }
  exchange->body = g_byte_array_new ();
  exchange->stage = FERRY_STAGE_BODY;
}

static void
begin_initiate (FerryExchange *exchange)
{
  const char *key = ferry_exchange_get_field (exchange, "Idempotency-Key");

  if (!ferry_request_key_is_valid (key))
    {
      ferry_exchange_answer_problem (
          exchange, FERRY_PROBLEM_BAD_REQUEST,
          "“Idempotency-Key” is missing, or is not 1 to 255 visible ASCII characters.");
      return;
    }
  exchange->key = g_strdup (key);
  begin_json (exchange);
}

void
ferry_upload_handler_begin (FerryExchange *exchange)
{
  switch (exchange->route.kind)
    {
    case FERRY_ROUTE_INITIATE:
      begin_initiate (exchange);
      return;
    case FERRY_ROUTE_COMPLETE:
    case FERRY_ROUTE_URLS:
    case FERRY_ROUTE_RECEIPT:
      begin_json (exchange);
      return;
    case FERRY_ROUTE_STATUS:
      if (exchange->route.id[0] == '\0')
        ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_BAD_REQUEST,
                                       "“id” is missing or is not the id of an upload.");
      else
        exchange->stage = FERRY_STAGE_BODY;
      return;
    case FERRY_ROUTE_DISCARD:
      exchange->stage = FERRY_STAGE_BODY;
      return;
    case FERRY_ROUTE_CHUNK:
    case FERRY_ROUTE_FILE:
    case FERRY_ROUTE_NONE:
    default:
      g_assert_not_reached ();
    }
}

void
ferry_upload_handler_got_bytes (FerryExchange *exchange, const void *data, gsize length)
{
  if (exchange->body == NULL)
    return;
  if (exchange->n_body > FERRY_REQUEST_JSON_MAX)
    ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_TOO_LARGE,
                                   "The JSON is longer than 64 KiB.");
  else
    g_byte_array_append (exchange->body, data, (guint) length);
}

/* NULL, or what is wrong. */
static const char *
parse_json (FerryExchange *exchange)
{
  const char *data = (const char *) exchange->body->data;
  gsize length = exchange->body->len;

  switch ((int) exchange->route.kind)
    {
    case FERRY_ROUTE_INITIATE:
      return ferry_initiate_parse (data, length, &exchange->initiate);
    case FERRY_ROUTE_URLS:
      exchange->urls = g_new0 (FerryUrlsRequest, 1);
      return ferry_urls_parse (data, length, exchange->urls);
    case FERRY_ROUTE_RECEIPT:
      return ferry_receipt_parse (data, length, &exchange->receipt);
    default:
      return ferry_complete_parse (data, length, &exchange->has_sha256, exchange->sha256);
    }
}

static void
got_json (FerryExchange *exchange)
{
  const char *wrong = parse_json (exchange);

  if (wrong != NULL)
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_BAD_REQUEST, wrong);
      return;
    }
  exchange->stage = FERRY_STAGE_WORKING;
  switch ((int) exchange->route.kind)
    {
    case FERRY_ROUTE_INITIATE:
      ferry_exchange_work (exchange, work_for (exchange, FERRY_WORK_SHORT), run_initiate,
                           initiate_done);
      return;
    case FERRY_ROUTE_URLS:
      ferry_exchange_work (exchange, FERRY_WORK_SHORT, run_sign, sign_done);
      return;
    case FERRY_ROUTE_RECEIPT:
      ferry_exchange_work (exchange, FERRY_WORK_SHORT, run_receipt, receipt_done);
      return;
    default:
      queue_ending (exchange);
    }
}

void
ferry_upload_handler_got_body (FerryExchange *exchange)
{
  switch ((int) exchange->route.kind)
    {
    case FERRY_ROUTE_STATUS:
      exchange->stage = FERRY_STAGE_WORKING;
      ferry_exchange_work (exchange, work_for (exchange, FERRY_WORK_SHORT), run_status,
                           status_done);
      return;
    case FERRY_ROUTE_DISCARD:
      queue_ending (exchange);
      return;
    default:
      got_json (exchange);
    }
}
