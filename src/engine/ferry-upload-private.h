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
} Upload;

/* Bytes in chunk @index. */
guint64 ferry_upload_chunk_length (const Upload *self, guint64 index);

/* Sends what @self does not know as confirmed, several chunks at once. Everything that was answered with 200 is
 * in the journal and in @self->confirmed when it returns, whether it succeeds or not. */
gboolean ferry_upload_send_missing (Upload *self, GError **error);

/* Opens the source and finds out whether it is the file of which a part was sent: by identity, size and time, or by the
 * digests of what was confirmed. FERRY_ERROR_SOURCE_GONE, FERRY_ERROR_SOURCE_CHANGED. */
gboolean ferry_upload_open_source (Upload *self, GError **error);

/* FERRY_ERROR_SOURCE_CHANGED when the source is not as it was when this run opened it. */
gboolean ferry_upload_check_source (Upload *self, GError **error);

/* The error for an answer that is no success; reads its body. Any thread. */
void ferry_upload_set_error (FerryJob *job,
                             FerryResponse *response,
                             GCancellable *cancellable,
                             GError **error);

/* "BASE/uploads/ID" + @rest. (transfer full). Any thread. */
char *ferry_upload_address (FerryJob *job, const char *rest);

G_END_DECLS
