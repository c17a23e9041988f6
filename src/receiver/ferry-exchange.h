/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

#include "ferry-broker.h"
#include "ferry-guard.h"
#include "ferry-inbox.h"
#include "ferry-problem.h"
#include "ferry-receiver.h"
#include "ferry-request.h"
#include "ferry-workers.h"

G_BEGIN_DECLS

/**
 * FerryExchange:
 *
 * One request and its answer. The context's thread; a worker has it while its work runs, and touches only what
 * its handler put there for it.
 */
typedef struct _FerryExchange FerryExchange;

typedef void (*FerryExchangeFunc) (FerryExchange *self);

typedef enum
{
  FERRY_STAGE_HEADERS,  /* seen, nothing decided */
  FERRY_STAGE_PLANNING, /* a chunk: a worker looks what is to become of it */
  FERRY_STAGE_BODY,     /* it is coming */
  FERRY_STAGE_WAITING, /* a chunk: until the one before it with the same number is confirmed or not */
  FERRY_STAGE_WORKING, /* all of it is here */
  FERRY_STAGE_ANSWERED
} FerryStage;

struct _FerryExchange
{
  guint n_refs;
  FerryReceiver *receiver;
  SoupServerMessage *message;
  FerryGuarded *connection;
  FerryRoute route;
  FerryStage stage;
  gboolean paused;
  gboolean closed;  /* the message is libsoup's no more: never touch it */
  guint64 n_body;   /* bytes that came */
  GByteArray *body; /* (nullable): gathered */

  /* The answer, as a worker leaves it. */
  GError *error;
  FerryRanges *missing;
  FerryUpload *upload;
  FerryRanges *received;

  /* What the request says. */
  char *key;
  FerryInitiate initiate;
  gboolean has_sha256;
  guint8 sha256[FERRY_SHA256_SIZE];

  /* Of a presigned upload. */
  FerryUrlsRequest *urls;
  GPtrArray *addresses; /* (nullable): of FerryAddress */
  gint64 expires;       /* of them */
  FerryReceipt receipt;
  char *location; /* (nullable): of a finished file */

  /* A chunk. */
  char *claim; /* (nullable): "id/chunk" */
  FerryChunkPlan *plan;
  guint64 length;
  GByteArray *block;   /* (nullable): full, or being stored */
  gboolean storing;    /* a worker has it, and the plan */
  gboolean all_here;   /* while storing: nothing more comes */
  gboolean ousted;     /* a newer one waits for the chunk: no more of its bytes count */
  FerryExchange *next; /* (nullable): the newer one with the same chunk */

  GCancellable *cancellable;
  gpointer stream; /* (nullable): a file being sent */

  FerryExchangeFunc run;
  FerryExchangeFunc done;
};

FerryExchange *
ferry_exchange_new (FerryReceiver *receiver, SoupServerMessage *message, FerryGuarded *connection);
FerryExchange *ferry_exchange_ref (FerryExchange *self);
void ferry_exchange_unref (FerryExchange *self);

const char *ferry_exchange_get_field (FerryExchange *self, const char *name);

void ferry_exchange_pause (FerryExchange *self);
void ferry_exchange_resume (FerryExchange *self);

/* Pauses; @run in a worker, then @done here, also when the client has left meanwhile. */
void ferry_exchange_work (FerryExchange *self,
                          FerryWork work,
                          FerryExchangeFunc run,
                          FerryExchangeFunc done);

/* The same without pausing: more of the body may come meanwhile. */
void ferry_exchange_work_beside (FerryExchange *self,
                                 FerryWork work,
                                 FerryExchangeFunc run,
                                 FerryExchangeFunc done);

/* Any of these is the answer. What still comes of the body is thrown away. */
void ferry_exchange_answer_json (FerryExchange *self, unsigned status, JsonObject *object);
void ferry_exchange_answer_empty (FerryExchange *self, unsigned status);
void ferry_exchange_answer_problem (FerryExchange *self, FerryProblem problem, const char *detail);
/* Of @error, with "missing" where chunks are. */
void ferry_exchange_answer_error (FerryExchange *self);

void ferry_exchange_set_field (FerryExchange *self, const char *name, const char *value);

/* Ends the connection without an answer. */
void ferry_exchange_drop (FerryExchange *self);

JsonArray *ferry_exchange_ranges_to_json (const FerryRanges *ranges);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryExchange, ferry_exchange_unref)

G_END_DECLS
