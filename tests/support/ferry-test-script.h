/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerryTestScript:
 *
 * What the address of a request asks the test server to do: the path, and the keys of the query. Values are
 * percent-decoded to any bytes. Keys that do not exist are an error, so that a typing mistake in a test shows.
 *
 * The content
 *   seed=N                     which content (0)
 *   size=N                     how many bytes (0)
 *   type=TEXT                  Content-Type ("application/octet-stream"); none: no such field
 *   disposition=TEXT           Content-Disposition, any bytes
 *   coding=gzip|br             Content-Encoding: the content really gzipped; br: bytes that are nothing
 *   html=1                     a page to sign in, 200, instead (the first `times` requests)
 *   html_after=K               that page after K requests
 *   digest=good|bad            Repr-Digest with sha-256
 *   etag=                      default: a strong one for seed and size; weak, none, changing (another on each answer) or the
 *                              field's text itself
 *   lm=                        default: a fixed strong date; none, weak (the same second as Date), or the text itself
 *   date=                      default: now; none, or the text itself
 * Ranges and preconditions (RFC 9110)
 *   ranges=yes|no|none-header|ignore   no: "Accept-Ranges: none" and 200; none-header: works but does not say so; ignore:
 *                              says so but answers 200
 *   range206=KIND              how a 206 is wrong: earlier, later, shorter (legal), othertotal, nototal, multipart,
 *                              multipartcr (with a Content-Range),
 *                              gzipslice, nocr, badcr, unit, otheretag, otherlm, empty, lie (other bytes than the header says)
 *   faults=K                   only the first K answers to a range are wrong so
 *   416=with|without|always|always:N   with: "bytes *" "/size"; without: no Content-Range; always: whatever the range (N: as
 *                              size)
 *   precond=ok|412always|ignored       how If-Match, If-Unmodified-Since and If-Range are taken
 * Breaking off
 *   cut=N, cutmode=close|reset|keepalive   closes after N bytes of the body: announced and clean; by a reset; unannounced
 *   cuts=K                     only the first K requests
 *   stall=N, stalls=K          stops sending after N bytes of the body until released or the peer leaves; first K requests
 *   rate=N                     bytes a second
 *   drop=K                     the first K requests are not answered at all: closed
 *   garbage=1                  answers what is not HTTP
 *   length=none|chunked|wrong:N        close-delimited; chunked; Content-Length N
 *   headers=endless, body=endless      until the peer leaves
 *   headlines=N                that many header fields more (100 bytes each)
 *   http10=1, keepalive=no     HTTP/1.0; "Connection: close"
 *   slowheader=MS              waits before the head
 * Status
 *   status=CODE, times=K       the first K requests (all); retry_after=TEXT, www=TEXT (WWW-Authenticate)
 *   redirect=URL|self, code=CODE, times=K  {n} in URL: the number of the request; without code 302
 *   expire_after=K, expired=CODE       after K requests: 403, or CODE
 *   change_after=K             after K requests another seed (seed + 1) with other validators; keep_validators=1: with the
 *                              same; changed_size=N; change_from=N, change_to=N: only these bytes
 *   auth=basic:USER:PASSWORD   401 without
 */
typedef struct
{
  char *path; /* as sent, without the query */
  GHashTable *keys;
} FerryTestScript;

/* NULL with G_IO_ERROR_INVALID_ARGUMENT for a key that does not exist. */
FerryTestScript *ferry_test_script_parse (const char *target, GError **error);
void ferry_test_script_free (FerryTestScript *self);

/* (nullable) (transfer none) */
const char *ferry_test_script_text (const FerryTestScript *self, const char *key);
gboolean ferry_test_script_is (const FerryTestScript *self, const char *key, const char *value);
gint64 ferry_test_script_number (const FerryTestScript *self, const char *key, gint64 otherwise);

/* TRUE when @key is absent or @n, counted from 1, is not past it. */
gboolean ferry_test_script_within (const FerryTestScript *self, const char *key, guint n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestScript, ferry_test_script_free)

G_END_DECLS
