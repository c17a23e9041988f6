/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DESIGN
 *
 * A chunk has one owner at a time, its claim. A newer request for the same chunk takes the claim: the older connection is
 * dropped and its later bytes are not looked at. While a worker stores bytes of the older one, or confirms it, the
 * newer one waits, before its body is read, for what becomes of it. So nothing is written to a chunk that is
 * being confirmed, or that is confirmed.
 *
 * The body is gathered into blocks. A worker writes a block and hashes it while the next one comes; when that is full before the
 * worker is done, the client has to wait. So the chunk's digest is that of what was given to the disk, known with its last
 * byte. Sync and database are the workers', too. Nothing is read back until the upload is completed.
 */
#include "ferry-chunk-handler.h"

#include "ferry-receiver-private.h"
#include "ferry-share.h"
#include "ferry-upload-handler.h"

/* Two of them for each chunk under way. */
#define BLOCK (128 * 1024)
/* The most that libsoup hands over at once. */
#define PIECE (16 * 1024)

/* ---- claims ---- */

static gboolean
has_claim (FerryExchange *exchange)
{
  return exchange->claim != NULL
         && g_hash_table_lookup (exchange->receiver->claims, exchange->claim) == exchange;
}

/* Whether its bytes count. */
static gboolean
is_owner (FerryExchange *exchange)
{
  return !exchange->ousted && has_claim (exchange);
}

static void plan (FerryExchange *exchange);

static void
take_claim (FerryExchange *exchange)
{
  g_hash_table_replace (exchange->receiver->claims, exchange->claim, ferry_exchange_ref (exchange));
  plan (exchange);
}

/* Leaves the chunk to the one that waits for it, if any. */
static void
leave_claim (FerryExchange *exchange)
{
  g_autoptr (FerryExchange) next = g_steal_pointer (&exchange->next);

  if (has_claim (exchange))
    {
      g_hash_table_remove (exchange->receiver->claims, exchange->claim);
      if (next != NULL && !next->closed)
        take_claim (next);
    }
}

static void
claim (FerryExchange *exchange)
{
  exchange->claim
      = g_strdup_printf ("%s/%" G_GUINT64_FORMAT, exchange->route.id, exchange->route.chunk);

  FerryExchange *older = g_hash_table_lookup (exchange->receiver->claims, exchange->claim);

  if (older == NULL)
    {
      take_claim (exchange);
      return;
    }

  g_autoptr (FerryExchange) kept = ferry_exchange_ref (older);

  if (older->stage != FERRY_STAGE_WORKING && !older->storing)
    {
      take_claim (exchange);
      ferry_exchange_drop (kept);
      return;
    }

  g_autoptr (FerryExchange) replaced = older->next;

  older->next = ferry_exchange_ref (exchange);
  exchange->stage = FERRY_STAGE_WAITING;
  ferry_exchange_pause (exchange);
  if (older->stage != FERRY_STAGE_WORKING)
    {
      older->ousted = TRUE;
      ferry_exchange_drop (older);
    }
  if (replaced != NULL)
    ferry_exchange_drop (replaced);
}

/* ---- a chunk ---- */

static void
run_plan (FerryExchange *exchange)
{
  exchange->plan = ferry_inbox_plan_chunk (exchange->receiver->inbox, exchange->route.id,
                                           exchange->route.chunk, exchange->length,
                                           exchange->sha256, &exchange->error);
}

/* An answer to a chunk: whoever waits for it may go on. */
static void
finish_chunk (FerryExchange *exchange)
{
  /* Nowhere else is 200 said of a chunk. */
  g_assert (exchange->error != NULL || exchange->plan->proven);
  g_clear_pointer (&exchange->plan, ferry_chunk_plan_free);
  if (exchange->error != NULL)
    ferry_exchange_answer_error (exchange);
  else
    {
      g_autoptr (JsonObject) object = json_object_new ();

      json_object_set_int_member (object, "chunk", (gint64) exchange->route.chunk);
      ferry_exchange_answer_json (exchange, SOUP_STATUS_OK, object);
    }
  leave_claim (exchange);
}

static void
plan_done (FerryExchange *exchange)
{
  if (exchange->closed || !has_claim (exchange))
    {
      g_clear_pointer (&exchange->plan, ferry_chunk_plan_free);
      leave_claim (exchange);
      return;
    }
  if (exchange->plan == NULL)
    {
      finish_chunk (exchange);
      return;
    }
  exchange->body = g_byte_array_sized_new ((guint) MIN (exchange->length, BLOCK + PIECE));
  exchange->stage = FERRY_STAGE_BODY;
  ferry_exchange_resume (exchange);
}

static void
plan (FerryExchange *exchange)
{
  exchange->stage = FERRY_STAGE_PLANNING;
  ferry_exchange_work (exchange, FERRY_WORK_SHORT, run_plan, plan_done);
}

static void
begin_chunk (FerryExchange *exchange)
{
  const char *checksum = ferry_exchange_get_field (exchange, "X-Chunk-Checksum");
  const char *length = ferry_exchange_get_field (exchange, "Content-Length");
  gint64 n = ferry_http_parse_length (length);

  if (length == NULL || ferry_exchange_get_field (exchange, "Transfer-Encoding") != NULL)
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_NO_LENGTH, NULL);
      return;
    }
  if (n < 0)
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_BAD_REQUEST,
                                     "“Content-Length” is not a number.");
      return;
    }
  if (ferry_exchange_get_field (exchange, "Content-Range") != NULL
      || ferry_exchange_get_field (exchange, "Content-Encoding") != NULL)
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_BAD_REQUEST,
                                     "A chunk has neither “Content-Range” nor “Content-Encoding”.");
      return;
    }
  if (!ferry_sha256_from_hex (checksum, exchange->sha256))
    {
      ferry_exchange_answer_problem (
          exchange, FERRY_PROBLEM_BAD_REQUEST,
          "“X-Chunk-Checksum” is missing or is not 64 hexadecimal digits.");
      return;
    }
  exchange->length = (guint64) n;
  claim (exchange);
}

static void
run_confirm (FerryExchange *exchange)
{
  GByteArray *rest = exchange->body;

  if (ferry_chunk_plan_take (exchange->plan, rest->data, rest->len, &exchange->error))
    ferry_chunk_plan_confirm (exchange->plan, &exchange->error);
}

/* All that comes is here, and no worker has any of it. */
static void
end_body (FerryExchange *exchange)
{
  /* libsoup takes the end of a connection for the end of a body where it is to be closed afterwards. */
  if (exchange->n_body != exchange->length)
    {
      ferry_problem_set (&exchange->error, FERRY_PROBLEM_BAD_REQUEST,
                         "%" G_GUINT64_FORMAT " bytes of %" G_GUINT64_FORMAT " arrived.",
                         exchange->n_body, exchange->length);
      finish_chunk (exchange);
      return;
    }
  ferry_exchange_work (exchange, FERRY_WORK_SHORT, run_confirm, finish_chunk);
}

static void store_block (FerryExchange *exchange);

static void
run_store (FerryExchange *exchange)
{
  GByteArray *block = exchange->block;

  ferry_chunk_plan_take (exchange->plan, block->data, block->len, &exchange->error);
}

static void
store_done (FerryExchange *exchange)
{
  exchange->storing = FALSE;
  g_byte_array_set_size (exchange->block, 0);
  if (exchange->all_here ? !exchange->receiver->running : exchange->closed || exchange->ousted)
    {
      g_clear_pointer (&exchange->plan, ferry_chunk_plan_free);
      leave_claim (exchange);
    }
  else if (exchange->error != NULL)
    finish_chunk (exchange);
  else if (exchange->all_here)
    end_body (exchange);
  else if (exchange->body->len >= BLOCK)
    {
      store_block (exchange);
      ferry_exchange_resume (exchange);
    }
}

static void
store_block (FerryExchange *exchange)
{
  GByteArray *empty
      = exchange->block != NULL ? exchange->block : g_byte_array_sized_new (BLOCK + PIECE);

  exchange->block = exchange->body;
  exchange->body = empty;
  exchange->storing = TRUE;
  ferry_exchange_work_beside (exchange, FERRY_WORK_BLOCK, run_store, store_done);
}

static void
got_chunk_bytes (FerryExchange *exchange, const void *data, gsize length)
{
  /* Bytes of one that a newer request took over from. */
  if (!is_owner (exchange))
    return;
  if (exchange->n_body > exchange->length)
    {
      ferry_exchange_drop (exchange);
      return;
    }
  g_byte_array_append (exchange->body, data, (guint) length);
  if (exchange->body->len < BLOCK)
    return;
  if (exchange->storing)
    ferry_exchange_pause (exchange);
  else
    store_block (exchange);
}

static void
got_chunk_body (FerryExchange *exchange)
{
  if (!is_owner (exchange))
    {
      ferry_exchange_drop (exchange);
      return;
    }
  exchange->stage = FERRY_STAGE_WORKING;
  exchange->all_here = TRUE;
  if (exchange->storing)
    ferry_exchange_pause (exchange);
  else
    end_body (exchange);
}

/* ---- requests ---- */

void
ferry_chunk_handler_begin (FerryExchange *exchange)
{
  switch (exchange->route.kind)
    {
    case FERRY_ROUTE_CHUNK:
      begin_chunk (exchange);
      return;
    case FERRY_ROUTE_FILE:
      exchange->stage = FERRY_STAGE_BODY;
      return;
    case FERRY_ROUTE_INITIATE:
    case FERRY_ROUTE_STATUS:
    case FERRY_ROUTE_COMPLETE:
    case FERRY_ROUTE_DISCARD:
    case FERRY_ROUTE_URLS:
    case FERRY_ROUTE_RECEIPT:
      ferry_upload_handler_begin (exchange);
      return;
    case FERRY_ROUTE_NONE:
    default:
      g_assert_not_reached ();
    }
}

void
ferry_chunk_handler_got_bytes (FerryExchange *exchange, const void *data, gsize length)
{
  if (exchange->route.kind == FERRY_ROUTE_CHUNK)
    got_chunk_bytes (exchange, data, length);
  else if (exchange->route.kind != FERRY_ROUTE_FILE)
    ferry_upload_handler_got_bytes (exchange, data, length);
}

void
ferry_chunk_handler_got_body (FerryExchange *exchange)
{
  if (exchange->route.kind == FERRY_ROUTE_CHUNK)
    got_chunk_body (exchange);
  else if (exchange->route.kind == FERRY_ROUTE_FILE)
    ferry_share_serve (exchange);
  else
    ferry_upload_handler_got_body (exchange);
}

void
ferry_chunk_handler_closed (FerryExchange *exchange)
{
  /* What a worker plans, stores or confirms goes on to its end; the claim is left then. */
  if (exchange->route.kind == FERRY_ROUTE_CHUNK && exchange->stage != FERRY_STAGE_WORKING
      && exchange->stage != FERRY_STAGE_PLANNING && !exchange->storing)
    {
      g_clear_pointer (&exchange->plan, ferry_chunk_plan_free);
      leave_claim (exchange);
    }
}
