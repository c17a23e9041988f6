/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-download-check.h"
#include "ferry-http.h"
#include "ferry-protocol.h"
#include "ferry-recorder.h"

G_BEGIN_DECLS

/* One run of a download: what its files share. Lane's thread only. */
typedef struct
{
  FerryJob *job;
  FerryProgress *known; /* job->progress */
  GCancellable *cancellable;
  FerryHttp *http;
  FerryPartFile *part;     /* (nullable) until there are bytes */
  FerryRanges *held;       /* what the journal vouches for */
  FerryRecorder *recorder; /* (nullable) */
  gboolean use_original;   /* the address after redirects failed */
  gboolean recovered;      /* it is known what of the part can be trusted */
  gboolean dirty;          /* bytes were written since the last clean stop */
  gboolean size_untold;    /* nothing but the end of the connection said where the file ends */
  guint restarts;
  guint wrong_parts;
  guint retags;
} Download;

/**
 * ferry_download_recover:
 *
 * Opens the part and finds out what of it can be trusted: chunks touched since the last clean stop are read and compared with
 * the journal, all of them when somebody else touched the file since. What differs is dropped and will be fetched again.
 */
gboolean ferry_download_recover (Download *self, GError **error);

/* Nothing is held any more: journal first, then the part. @note: (transfer full) (nullable): why, for the history. */
gboolean ferry_download_forget (Download *self, char *note, GError **error);

/* Makes the part for a file that is about to arrive from its first byte on. */
gboolean ferry_download_create_part (Download *self, GError **error);

/* Gets ready to write from @offset on: the journal says that the part is being written to. */
gboolean ferry_download_begin_run (Download *self, guint64 offset, GError **error);

/* After an orderly end of any kind: the chunks are settled, the part's stamp is in the journal. */
void ferry_download_settle (Download *self);

/* TRUE when an earlier run died between taking the final name and recording it. */
gboolean ferry_download_was_published (Download *self);

/* All bytes are held: verifies, decodes, names, publishes. Sets job->path. */
gboolean ferry_download_finish (Download *self, GError **error);

G_END_DECLS
