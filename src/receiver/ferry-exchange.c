/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-exchange.h"

#include <string.h>

#include "ferry-receiver-private.h"
#include "ferry-share.h"

FerryExchange *
ferry_exchange_new (FerryReceiver *receiver, SoupServerMessage *message, FerryGuarded *connection)
{
  FerryExchange *self = g_new0 (FerryExchange, 1);

  self->n_refs = 1;
  self->receiver = receiver;
  self->message = g_object_ref (message);
  self->connection = ferry_guarded_ref (connection);
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  /* libsoup would cut ranges out of what it keeps. */
  soup_message_body_set_accumulate (soup_server_message_get_response_body (message), FALSE);
  return self;
}

FerryExchange *
ferry_exchange_ref (FerryExchange *self)
{
  self->n_refs++;
  return self;
}

void
ferry_exchange_unref (FerryExchange *self)
{
  if (--self->n_refs > 0)
    return;
  g_clear_pointer (&self->stream, ferry_stream_free);
  g_clear_pointer (&self->plan, ferry_chunk_plan_free);
  g_clear_pointer (&self->next, ferry_exchange_unref);
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_clear_pointer (&self->block, g_byte_array_unref);
  g_clear_pointer (&self->missing, ferry_ranges_free);
  g_clear_pointer (&self->received, ferry_ranges_free);
  g_clear_pointer (&self->upload, ferry_upload_free);
  g_clear_error (&self->error);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->message);
  g_clear_pointer (&self->key, g_free);
  g_clear_pointer (&self->claim, g_free);
  g_clear_pointer (&self->urls, g_free);
  g_clear_pointer (&self->addresses, g_ptr_array_unref);
  g_clear_pointer (&self->location, g_free);
  ferry_receipt_clear (&self->receipt);
  ferry_initiate_clear (&self->initiate);
  ferry_route_clear (&self->route);
  ferry_guarded_unref (self->connection);
  g_free (self);
}

const char *
ferry_exchange_get_field (FerryExchange *self, const char *name)
{
  return soup_message_headers_get_one (soup_server_message_get_request_headers (self->message),
                                       name);
}

static FerryGuardState
guard_state (FerryExchange *self)
{
  return self->stage == FERRY_STAGE_ANSWERED ? FERRY_GUARD_WRITING : FERRY_GUARD_READING;
}

void
ferry_exchange_pause (FerryExchange *self)
{
  if (self->paused || self->closed)
    return;
  self->paused = TRUE;
  soup_server_message_pause (self->message);
  ferry_guarded_set_state (self->connection, FERRY_GUARD_WORKING);
}

void
ferry_exchange_resume (FerryExchange *self)
{
  if (!self->paused || self->closed)
    return;
  self->paused = FALSE;
  ferry_guarded_set_state (self->connection, guard_state (self));
  soup_server_message_unpause (self->message);
}

static void
run_cb (gpointer data)
{
  FerryExchange *self = data;

  self->run (self);
}

static void
done_cb (gpointer data)
{
  FerryExchange *self = data;

  self->done (self);
  ferry_exchange_unref (self);
}

void
ferry_exchange_work_beside (FerryExchange *self,
                            FerryWork work,
                            FerryExchangeFunc run,
                            FerryExchangeFunc done)
{
  self->run = run;
  self->done = done;
  ferry_workers_push (self->receiver->workers, work, run_cb, done_cb, ferry_exchange_ref (self));
}

void
ferry_exchange_work (FerryExchange *self,
                     FerryWork work,
                     FerryExchangeFunc run,
                     FerryExchangeFunc done)
{
  ferry_exchange_pause (self);
  ferry_exchange_work_beside (self, work, run, done);
}

void
ferry_exchange_set_field (FerryExchange *self, const char *name, const char *value)
{
  if (!self->closed)
    soup_message_headers_replace (soup_server_message_get_response_headers (self->message), name,
                                  value);
}

static void
set_date (FerryExchange *self)
{
  g_autofree char *date = ferry_http_format_date (g_get_real_time () / G_USEC_PER_SEC);

  ferry_exchange_set_field (self, "Date", date);
}

static void
answer (FerryExchange *self, unsigned status)
{
  /* libsoup 3.2 never lets go of a kept connection that its client closes, and nobody could tell whether a body comes
   * after an answer instead of "100 Continue". A new connection for each request costs next to nothing beside the sync of
   * a chunk. */
  ferry_exchange_set_field (self, "Connection", "close");
  set_date (self);
  self->stage = FERRY_STAGE_ANSWERED;
  g_clear_pointer (&self->body, g_byte_array_unref);
  g_clear_pointer (&self->block, g_byte_array_unref);
  if (!self->closed)
    soup_server_message_set_status (self->message, status, NULL);
  ferry_exchange_resume (self);
}

void
ferry_exchange_answer_empty (FerryExchange *self, unsigned status)
{
  answer (self, status);
}

static void
set_body (FerryExchange *self, const char *type, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_OBJECT);

  json_node_set_object (node, object);

  char *text = json_to_string (node, FALSE);

  if (self->closed)
    {
      g_free (text);
      return;
    }
  soup_server_message_set_response (self->message, type, SOUP_MEMORY_TAKE, text, strlen (text));
}

void
ferry_exchange_answer_json (FerryExchange *self, unsigned status, JsonObject *object)
{
  ferry_exchange_set_field (self, "Cache-Control", "no-store");
  set_body (self, "application/json", object);
  answer (self, status);
}

static void
answer_with (FerryExchange *self, FerryProblem problem, JsonObject *object)
{
  if (problem == FERRY_PROBLEM_UNAUTHORIZED)
    ferry_exchange_set_field (self, "WWW-Authenticate", "Bearer realm=\"ferry-receiver\"");
  if (problem == FERRY_PROBLEM_METHOD)
    ferry_exchange_set_field (self, "Allow", self->route.allow);
  if (ferry_problem_status (problem) == 503)
    ferry_exchange_set_field (self, "Retry-After",
                              problem == FERRY_PROBLEM_STORE_AWAY ? "5" : "10");
  ferry_exchange_set_field (self, "Cache-Control", "no-store");
  set_body (self, "application/problem+json", object);
  answer (self, ferry_problem_status (problem));
}

void
ferry_exchange_answer_problem (FerryExchange *self, FerryProblem problem, const char *detail)
{
  g_autoptr (JsonObject) object = ferry_problem_to_json (problem, detail);

  answer_with (self, problem, object);
}

void
ferry_exchange_answer_error (FerryExchange *self)
{
  g_assert (self->error != NULL);

  FerryProblem problem = ferry_problem_of (self->error);
  g_autoptr (JsonObject) object = ferry_problem_to_json (problem, self->error->message);

  if (ferry_problem_status (problem) >= 500)
    g_debug ("%s: %s", self->route.id, self->error->message);
  if (self->missing != NULL)
    json_object_set_array_member (object, "missing", ferry_exchange_ranges_to_json (self->missing));
  answer_with (self, problem, object);
}

void
ferry_exchange_drop (FerryExchange *self)
{
  ferry_guarded_drop (self->connection);
  /* Paused, libsoup would not see that the connection ended. */
  ferry_exchange_resume (self);
}

JsonArray *
ferry_exchange_ranges_to_json (const FerryRanges *ranges)
{
  JsonArray *array = json_array_new ();

  for (gsize i = 0; i < ferry_ranges_get_n (ranges); i++)
    {
      FerryRange range = ferry_ranges_get (ranges, i);
      JsonArray *pair = json_array_new ();

      json_array_add_int_element (pair, (gint64) range.start);
      json_array_add_int_element (pair, (gint64) range.end - 1);
      json_array_add_array_element (array, pair);
    }
  return array;
}
