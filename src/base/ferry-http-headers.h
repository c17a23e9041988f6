/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Parsers for header fields that foreign servers send. All are pure, bounded and accept any bytes;
 * NULL counts as absent. Every one is fuzzed. */

/* RFC 9110 section 14.4. @complete is -1 for an unknown length. */
typedef struct
{
  guint64 first;
  guint64 last; /* inclusive */
  gint64 complete;
} FerryContentRange;

/* "bytes first-last/complete" of a 206. FALSE when it breaks the grammar, last < first, complete <= last, the unit
 * is not bytes, or a number exceeds G_MAXINT64. */
gboolean ferry_http_parse_content_range (const char *value, FerryContentRange *range);

/* The "bytes" + "*" + "/complete" form of a 416. */
gboolean ferry_http_parse_unsatisfied_range (const char *value, guint64 *complete);

/* RFC 9110 section 8.8.3: a quoted strong entity tag. FALSE for weak, malformed (unquoted too) or absent. */
gboolean ferry_http_etag_is_strong (const char *etag);

/* Weak comparison (RFC 9110 section 8.8.3.2): equal but for W/. FALSE when either is absent. */
gboolean ferry_http_etag_matches (const char *a, const char *b);

/* HTTP-date in all three forms (RFC 9110 section 5.6.7), in seconds since 1970; -1 when it is none or before 1970.
 * The clock is read for years of two digits only. */
gint64 ferry_http_parse_date (const char *value);

/* The IMF-fixdate of @seconds since 1970; what it cannot write is moved into the years 1970 to 9999. (transfer full) */
char *ferry_http_format_date (gint64 seconds);

/* RFC 9110 section 8.8.2.2: a Last-Modified guards only when Date is at least one second later. */
gboolean ferry_http_last_modified_is_strong (const char *last_modified, const char *date);

/* RFC 9110 section 10.2.3, delta-seconds or a date against @now (seconds since 1970). -1 when absent or malformed,
 * 0 when past. */
gint64 ferry_http_parse_retry_after (const char *value, gint64 now);

/**
 * ferry_http_disposition_filename:
 *
 * The file name of a Content-Disposition (RFC 6266): filename* (RFC 8187, UTF-8 and ISO-8859-1) wins over
 * filename (token or quoted-string; bytes that are not UTF-8 are read as ISO-8859-1, percent-encoding
 * in it is left alone, an RFC 2047 word is not decoded). As sent: not yet safe to use on disk.
 *
 * Returns: (transfer full) (nullable): valid UTF-8
 */
char *ferry_http_disposition_filename (const char *value);

/* TRUE when the disposition type is anything but inline (unknown types count as attachment, RFC 6266 section 4.2). */
gboolean ferry_http_disposition_is_attachment (const char *value);

typedef enum
{
  FERRY_RESUME_UNKNOWN, /* the server does not say */
  FERRY_RESUME_YES,
  FERRY_RESUME_NO
} FerryResume;

/* Accept-Ranges (RFC 9110 section 14.3). Other units than bytes say nothing about bytes. */
FerryResume ferry_http_parse_accept_ranges (const char *value);

/* The sha-256 of a Repr-Digest (RFC 9530) dictionary. FALSE when there is none or it is malformed. */
gboolean ferry_http_parse_repr_digest (const char *value, guint8 sha256[32]);

/* text/html or application/xhtml+xml, with any parameters and case. */
gboolean ferry_http_media_type_is_html (const char *content_type);

/* A strictly decimal Content-Length up to G_MAXINT64, -1 otherwise. */
gint64 ferry_http_parse_length (const char *value);

G_END_DECLS
