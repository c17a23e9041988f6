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
} Upload;

/* Bytes in chunk @index. */
guint64 ferry_upload_chunk_length (const Upload *self, guint64 index);

/* Sends what @self does not know as confirmed, several chunks at once. What it hashes in the file's order goes into
 * @self->whole, too. Everything that was answered with 200 is
 * in the journal and in @self->confirmed when it returns, whether it succeeds or not. */
gboolean ferry_upload_send_missing (Upload *self, GError **error);

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

/* "BASE/uploads/ID" + @rest. (transfer full). Any thread. */
char *ferry_upload_address (FerryJob *job, const char *rest);

G_END_DECLS
