/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What an S3-compatible store says to a part that was PUT to it. Pure; foreign bytes. */

typedef enum
{
  FERRY_BUCKET_STORED,
  FERRY_BUCKET_OLD_ADDRESS, /* no longer good, or never was: others may help */
  FERRY_BUCKET_BAD_SIGNATURE, /* what was signed is not what arrived, or was signed with a wrong key */
  FERRY_BUCKET_CLOCK,         /* signed by a clock that is far from the store's */
  FERRY_BUCKET_DAMAGED,       /* other bytes arrived than were signed */
  FERRY_BUCKET_NO_UPLOAD,     /* completed, aborted or never there */
  FERRY_BUCKET_BAD_PART,      /* its number or size is not as it must be: the receiver knows */
  FERRY_BUCKET_NO_BUCKET,
  FERRY_BUCKET_TOO_LARGE,
  FERRY_BUCKET_NO_ROOM,
  FERRY_BUCKET_BROKEN, /* the body did not arrive whole, or too slowly */
  FERRY_BUCKET_BUSY,   /* later */
  FERRY_BUCKET_REDIRECT,
  FERRY_BUCKET_REFUSED /* anything else */
} FerryBucketVerdict;

/* The longest code. */
#define FERRY_BUCKET_MAX_CODE 64

/* The <Code> of an S3 error; letters, digits and dots. (nullable): the bytes are none. (transfer full) */
char *ferry_bucket_parse_code (GBytes *xml);

/* @code: (nullable) */
FerryBucketVerdict ferry_bucket_judge (unsigned status, const char *code);

/* An ETag field without its quotes and its mark of weakness. (nullable): it is none that could be a receipt. (transfer full) */
char *ferry_bucket_parse_etag (const char *field);

G_END_DECLS
