/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-job.h"

G_BEGIN_DECLS

/**
 * FerryProtocol:
 *
 * A way to carry one transfer, as data and two functions.
 *
 * @resumable: it can go on where it stopped
 * @parallel: several lanes may carry one transfer
 * @chunk_checksum: the other side checks each chunk
 * @accepts: whether it carries this
 * @run: carries it: blocking and in a straight line, on a lane's thread. Reports what happened and decides
 *   no policy. TRUE: finished, job->path is set; FALSE: @error is a FERRY_ERROR
 * @discard: (nullable): tells the other end that a transfer which no lane holds is not wanted any more, where there is
 *   something to tell; what cannot be told is let be. Blocks; any thread
 */
typedef struct
{
  const char *name;
  gboolean resumable;
  gboolean parallel;
  gboolean chunk_checksum;
  gboolean (*accepts) (const FerrySpec *spec);
  gboolean (*run) (FerryJob *job, GCancellable *cancellable, GError **error);
  void (*discard) (FerryJob *job, GCancellable *cancellable);
} FerryProtocol;

extern const FerryProtocol ferry_download_protocol;
extern const FerryProtocol ferry_upload_protocol;

/* The protocol for @spec. (nullable) (transfer none) */
const FerryProtocol *ferry_protocol_find (const FerrySpec *spec);

G_END_DECLS
