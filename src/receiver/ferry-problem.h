/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* What can be wrong with a request: one entry for each row of the protocol's errors. */
typedef enum
{
  FERRY_PROBLEM_BAD_REQUEST,
  FERRY_PROBLEM_UNAUTHORIZED,
  FERRY_PROBLEM_NOT_FOUND,
  FERRY_PROBLEM_NO_SUCH_UPLOAD,
  FERRY_PROBLEM_NO_SUCH_CHUNK,
  FERRY_PROBLEM_METHOD,
  FERRY_PROBLEM_OTHER_UPLOAD, /* the key is another upload's */
  FERRY_PROBLEM_OTHER_BYTES,  /* the chunk is confirmed with other bytes */
  FERRY_PROBLEM_MISSING,      /* chunks */
  FERRY_PROBLEM_COMPLETE,     /* too late to discard */
  FERRY_PROBLEM_GONE,         /* discarded or expired */
  FERRY_PROBLEM_FILE_GONE,    /* moved, deleted or changed since */
  FERRY_PROBLEM_NO_LENGTH,
  FERRY_PROBLEM_PRECONDITION,
  FERRY_PROBLEM_TOO_LARGE,
  FERRY_PROBLEM_RANGE,
  FERRY_PROBLEM_CHUNK_DIGEST,
  FERRY_PROBLEM_FILE_DIGEST,
  FERRY_PROBLEM_TOO_MANY, /* open uploads */
  FERRY_PROBLEM_STORAGE,
  FERRY_PROBLEM_NO_SPACE,
  FERRY_PROBLEM_STOPPING,
  FERRY_PROBLEM_OTHER_TRANSPORT, /* direct and not presigned, or the other way round */
  FERRY_PROBLEM_STORE_AWAY,      /* the store does not answer: it may later */
  FERRY_PROBLEM_STORE_REFUSED,   /* its owner must do something about the keys, … */
  FERRY_PROBLEM_STORE_CLOCK,
  FERRY_PROBLEM_STORE_BUCKET,
  FERRY_PROBLEM_STORE_ANSWER,
  FERRY_PROBLEM_STORE_OBJECT, /* it made something else of the parts */
  FERRY_PROBLEM_OTHER_STORE,  /* not the one that the receiver has */
  FERRY_N_PROBLEMS
} FerryProblem;

/**
 * FERRY_PROBLEM_ERROR:
 *
 * Errors with a FerryProblem as code; the message is the detail.
 */
#define FERRY_PROBLEM_ERROR (ferry_problem_error_quark ())
GQuark ferry_problem_error_quark (void);

void ferry_problem_set (GError **error, FerryProblem problem, const char *format, ...)
    G_GNUC_PRINTF (3, 4);

/* The problem of any error: what failed on disk or in the database becomes NO_SPACE or STORAGE. */
FerryProblem ferry_problem_of (const GError *error);

unsigned ferry_problem_status (FerryProblem problem);

/* The members of RFC 9457 section 3.1 and a "hint". (transfer full) */
JsonObject *ferry_problem_to_json (FerryProblem problem, const char *detail);

G_END_DECLS
