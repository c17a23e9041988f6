/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What a request asks a receiver for. */
typedef enum
{
  FERRY_TEST_INITIATE,
  FERRY_TEST_CHUNK,
  FERRY_TEST_STATUS,
  FERRY_TEST_COMPLETE,
  FERRY_TEST_DISCARD,
  FERRY_TEST_N_STEPS
} FerryTestStep;

typedef enum
{
  FERRY_TEST_ANSWER, /* @status and @text, and nothing is done */
  FERRY_TEST_CUT,    /* the connection is closed, and nothing is done */
  FERRY_TEST_LOSE,   /* it is done, and the connection is closed before the answer */
  FERRY_TEST_CLIP, /* it is done, and the connection is closed @clip bytes before the answer's end */
  FERRY_TEST_SILENCE, /* nothing is done and nothing is said until the peer leaves or the receiver is released; then @status */
  FERRY_TEST_PRETEND, /* chunk: the answer of success, and nothing is stored */
  FERRY_TEST_MISS,    /* complete: says that chunk @first is missing, and forgets it */
  FERRY_TEST_CLAIM,   /* complete: says so, though /status goes on to list it */
  FERRY_TEST_SPOIL    /* complete: answers with another file's digest */
} FerryTestFaultKind;

/**
 * FerryTestFault:
 *
 * @step, @first, @last: which requests; the chunks count for FERRY_TEST_CHUNK only
 * @times: how many of them, 0: until ferry_test_receiver_clear_faults ()
 * @status: of the answer; 0 after silence: none
 * @fields: (nullable): header lines of the answer, each with its line end
 */
typedef struct
{
  FerryTestStep step;
  FerryTestFaultKind kind;
  guint64 first;
  guint64 last;
  guint times;
  guint status;
  const char *text;
  const char *fields;
  gsize clip;
} FerryTestFault;

/**
 * FerryTestReceiver:
 *
 * A receiver of the chunk protocol, version 1, that misbehaves on command. On threads of its own, in memory, on 127.0.0.1.
 * All functions: any thread.
 */
typedef struct _FerryTestReceiver FerryTestReceiver;

/* @token: (nullable): what every request must bring. */
FerryTestReceiver *ferry_test_receiver_new (guint64 chunk_size, const char *token);
void ferry_test_receiver_free (FerryTestReceiver *self);

/* "http://127.0.0.1:PORT" */
const char *ferry_test_receiver_get_address (FerryTestReceiver *self);

/* Strings of @fault stay the caller's. */
void ferry_test_receiver_add_fault (FerryTestReceiver *self, const FerryTestFault *fault);
void ferry_test_receiver_clear_faults (FerryTestReceiver *self);
/* Those that were met with silence are closed; later ones too. */
void ferry_test_receiver_release (FerryTestReceiver *self);

/* As a crash without a sync would leave it. */
void ferry_test_receiver_forget_chunk (FerryTestReceiver *self, guint64 index);
void ferry_test_receiver_forget_uploads (FerryTestReceiver *self);

/* Requests of a step so far, answered or not. */
guint ferry_test_receiver_count (FerryTestReceiver *self, FerryTestStep step);
/* How often the chunk of the newest upload was stored; after it was confirmed: sent once more. */
guint ferry_test_receiver_count_puts (FerryTestReceiver *self, guint64 index);
/* What /status answers for the newest upload. (transfer full) (nullable) */
char *ferry_test_receiver_get_status (FerryTestReceiver *self);
/* A chunk of the newest upload. (transfer full) (nullable) */
GBytes *ferry_test_receiver_get_chunk (FerryTestReceiver *self, guint64 index);
guint ferry_test_receiver_count_stored (FerryTestReceiver *self);
guint ferry_test_receiver_count_uploads (FerryTestReceiver *self);
guint ferry_test_receiver_count_silent (FerryTestReceiver *self);

/* A finished file, NULL when there is none of that name. (transfer full) (nullable) */
GBytes *ferry_test_receiver_get_file (FerryTestReceiver *self, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestReceiver, ferry_test_receiver_free)

G_END_DECLS
