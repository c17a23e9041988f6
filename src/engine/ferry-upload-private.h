/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-chunk-api.h"
#include "ferry-http.h"
#include "ferry-protocol.h"
#include "ferry-ranges.h"

G_BEGIN_DECLS

/* One run of an upload: what its files share. The lane's thread, but where it says otherwise. */
typedef struct
{
  FerryJob *job;
  FerryProgress *known; /* job->progress */
  GCancellable *cancellable;
  FerryHttp *http;
  int fd; /* of the source */
  FerryPartStamp stamp;
  guint64 total_chunks;
  FerryRanges *confirmed; /* chunk indexes */
  guint restarts;
  guint n_changes; /* of the source while it was sent */
  gboolean
      unproven; /* the source is not as it was: only what the journal has is known to be of it */
  FerryDigest *whole; /* of the file, from its start */
  guint64 n_whole;    /* bytes that are in it */
  gboolean fresh;     /* changed so lately that another change might leave the same time */
  int opaque_etags;   /* the store's ETags are known to be no MD5s; atomic */
  int n_forgotten;    /* how often the store did not know the upload; atomic */
} Upload;

/* A server that forgets the upload, or loses chunks, again and again is given up for a while. */
#define FERRY_UPLOAD_MAX_RESTARTS 3

/* Bytes in chunk @index. */
guint64 ferry_upload_chunk_length (const Upload *self, guint64 index);

/* Bytes in self->confirmed. */
guint64 ferry_upload_count_bytes (const Upload *self);

/* Sends what @self does not know as confirmed, several chunks at once. What it hashes in the file's order goes into
 * @self->whole, too. Everything that was answered with 200 is
 * in the journal and in @self->confirmed when it returns, whether it succeeds or not. */
gboolean ferry_upload_send_missing (Upload *self, GError **error);

/* Has the other end put the file together. @done: FALSE when chunks have to be sent again first. */
gboolean ferry_upload_complete (Upload *self, gboolean *done, GError **error);

/* Opens the source and finds out whether it is the file of which a part was sent: by identity, size and time, or by the
 * digests of what was confirmed. FERRY_ERROR_SOURCE_GONE, FERRY_ERROR_SOURCE_CHANGED. */
gboolean ferry_upload_open_source (Upload *self, GError **error);

/* Looks whether the source is still as it was when this run last looked. @changed: it is not, but what was confirmed is in it,
 * so that it may go on as it is now. FERRY_ERROR_SOURCE_CHANGED: it may not. */
gboolean ferry_upload_follow_source (Upload *self, gboolean *changed, GError **error);

/* The digest of the whole file is made of what is there now. */
void ferry_upload_reset_whole (Upload *self);

/* @received: chunk indexes that the receiver says it has. What it had confirmed and is not among them goes out of the journal;
 * what cannot be told to be of the source goes out of @received. FERRY_ERROR_PROTOCOL: too much was lost too often. */
gboolean ferry_upload_compare_lists (Upload *self, FerryRanges *received, GError **error);

/* The receiver lost what it had confirmed. FALSE, with the error: in too many runs in a row. */
gboolean ferry_upload_count_broken (Upload *self, GError **error);
void ferry_upload_set_broken (GError **error);

/* The error for an answer that is no success; reads its body. Any thread. */
void ferry_upload_set_error (FerryJob *job,
                             FerryResponse *response,
                             GCancellable *cancellable,
                             GError **error);

/* The same, and takes what it says about when to come again. Any thread. */
void ferry_upload_take_refusal (FerryJob *job,
                                FerryResponse *response,
                                GCancellable *cancellable,
                                GError **error);

/* What answers is no receiver. */
void ferry_upload_set_no_receiver (GError **error);

/**
 * FerryQuestion:
 * @json: (nullable): the body
 * @key: (nullable): the Idempotency-Key
 * @wanted, @other: statuses of an answer that is one; @other may be 0
 */
typedef struct
{
  const char *method;
  const char *address;
  const char *json;
  const char *key;
  unsigned wanted;
  unsigned other;
} FerryQuestion;

/* Asks the receiver. @status: (out): of the answer, untouched when there is none; @date: (out) (optional): by the receiver's
 * clock, -1: it does not say. The thread of @http. (transfer full): the answer's body */
GBytes *ferry_upload_ask (Upload *self,
                          FerryHttp *http,
                          const FerryQuestion *question,
                          unsigned *status,
                          gint64 *date,
                          GError **error);

/* "BASE/uploads/ID" + @rest. (transfer full). Any thread. */
char *ferry_upload_address (FerryJob *job, const char *rest);
char *ferry_upload_join_address (const char *base, const char *rest);

G_END_DECLS
