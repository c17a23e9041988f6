/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-record.h"

G_BEGIN_DECLS

/* What a server answered, as far as it matters for going on. All nullable strings are as sent. */
typedef struct
{
  unsigned status;
  const char *content_type;
  const char *content_range;
  const char *coding;
  const char *etag;
  const char *last_modified;
  gint64 length; /* bytes of the body, -1: unknown */
} FerryAnswer;

typedef enum
{
  FERRY_CHECK_WHOLE,         /* the whole file, as asked for */
  FERRY_CHECK_PART,          /* the bytes asked for, of the same file */
  FERRY_CHECK_NO_RANGES,     /* the whole file although a part was asked for */
  FERRY_CHECK_CHANGED_WHOLE, /* the same, and it is another file */
  FERRY_CHECK_CHANGED,       /* it may be another file: a validator or the size differs */
  FERRY_CHECK_WRONG_PART,    /* a 206 that must not be combined with what is held */
  FERRY_CHECK_UNSATISFIABLE, /* 416 */
  FERRY_CHECK_STATUS         /* no success */
} FerryCheck;

/**
 * ferry_download_check:
 * @known: what the journal knows of the file
 * @start: first byte asked for, -1: no Range was sent
 * @end: last byte asked for, inclusive, -1: to the end
 * @range: (out): what a PART covers
 *
 * What an answer means, field by field (RFC 9110 sections 14.4, 15.3.7 and 8.8). Pure.
 */
FerryCheck ferry_download_check (const FerryProgress *known,
                                 gint64 start,
                                 gint64 end,
                                 const FerryAnswer *answer,
                                 FerryContentRange *range);

/**
 * ferry_download_expects_file:
 *
 * TRUE when a web page in answer to @spec is most likely not what the person wants: a login or an error page.
 *
 * @final_address: where the answer came from
 * @disposition: (nullable): its Content-Disposition
 */
gboolean ferry_download_expects_file (const FerrySpec *spec,
                                      const FerryProgress *known,
                                      const char *final_address,
                                      const char *disposition);

/* The If-Match to send: the ETag when it is strong. (nullable) (transfer none) */
const char *ferry_download_if_match (const FerryProgress *known);

/* The If-Unmodified-Since to send when there is no If-Match: a Last-Modified that is strong. (nullable) (transfer none) */
const char *ferry_download_if_unmodified_since (const FerryProgress *known);

/* The coding is none at all. */
gboolean ferry_download_coding_is_identity (const char *coding);

G_END_DECLS
