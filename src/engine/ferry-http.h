/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-record.h"

G_BEGIN_DECLS

/**
 * FerryHttp:
 *
 * One lane's way to servers: a SoupSession on its own main context (asynchronous connect, so Happy Eyeballs; the body
 * is then read blocking). HTTP/1.1, no content decoding, redirects followed here so that what the person sends to one
 * origin never reaches another. One thread: the one that made it.
 */
typedef struct _FerryHttp FerryHttp;

FerryHttp *ferry_http_new (GTlsDatabase *tls, guint timeout);
void ferry_http_free (FerryHttp *self);

/**
 * FerryRequest:
 *
 * @range_start: first byte to ask for, -1: no Range field
 * @range_end: last byte, inclusive; -1: to the end
 * @if_match, @if_unmodified_since: (nullable): RFC 9110 section 13.1
 * @headers: (nullable): the person's, sent to the origin of @headers_for only
 */
typedef struct
{
  const char *address;
  gint64 range_start;
  gint64 range_end;
  const char *if_match;
  const char *if_unmodified_since;
  char **headers;
  const char *headers_for;
  const char *referrer;
} FerryRequest;

/* An answer whose header has arrived. Free it before the next request; an unread body closes the connection. */
typedef struct _FerryResponse FerryResponse;

/**
 * ferry_http_get:
 *
 * Sends a GET (RFC 9110 section 9.3.1; Range is defined for nothing else) and waits for the header. Any status is an answer.
 * Errors: FERRY_ERROR, as a sentence.
 */
FerryResponse *ferry_http_get (FerryHttp *self,
                               const FerryRequest *request,
                               GCancellable *cancellable,
                               GError **error);
void ferry_response_free (FerryResponse *self);

/**
 * FerryUpward:
 *
 * A request that carries something to the server.
 *
 * @method: "POST", "PUT", "DELETE" or "GET"
 * @headers: (nullable): "Name: value" strings
 * @token: (nullable): sent as a bearer token (RFC 6750)
 * @json: (nullable): the body, or
 * @fd: -1, or the file whose @length bytes from @offset on are the body
 * @bare: nothing goes along but @headers, and no cookies: for a server to which only what was signed may be sent
 * @expect: the server is asked first whether it wants the body (RFC 9110 section 10.1.1), so that what it has against it is heard
 * @sent: (nullable): raised by what has been handed to the connection, lowered again when it must be sent anew; atomic
 */
typedef struct
{
  const char *method;
  const char *address;
  const char *const *headers;
  const char *token;
  const char *json;
  int fd;
  guint64 offset;
  guint64 length;
  gboolean bare;
  gboolean expect;
  guint64 *sent;
} FerryUpward;

/**
 * ferry_http_send:
 *
 * Sends a request and waits for the header of its answer; blocks while the body goes out. Redirects are not followed: what
 * is sent goes to the server the person named and to no other. Errors as ferry_http_get ().
 */
FerryResponse *ferry_http_send (FerryHttp *self,
                                const FerryUpward *request,
                                GCancellable *cancellable,
                                GError **error);

/* All of the body, at most @limit bytes (FERRY_ERROR_PROTOCOL beyond). (transfer full) */
GBytes *ferry_response_read_all (FerryResponse *self,
                                 gsize limit,
                                 GCancellable *cancellable,
                                 GError **error);

unsigned ferry_response_get_status (FerryResponse *self);
/* Where it came from, after redirects. */
const char *ferry_response_get_address (FerryResponse *self);
/* (nullable) */
const char *ferry_response_get_header (FerryResponse *self, const char *name);
/* Bytes of the body, -1: until its end. */
gint64 ferry_response_get_length (FerryResponse *self);
/* The end of a body of unknown length can be told from a broken connection. */
gboolean ferry_response_is_chunked (FerryResponse *self);

/**
 * ferry_response_read:
 * @length: size of @buffer in bytes
 *
 * Reads until @buffer is full, the body ends or a fifth of a second has passed since the first byte. Blocks.
 *
 * Returns: bytes read; fewer than any only with @error or at the end of the body. Bytes may come with an error set.
 */
gsize ferry_response_read (FerryResponse *self,
                           void *buffer,
                           gsize length,
                           gboolean *at_end,
                           GCancellable *cancellable,
                           GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryHttp, ferry_http_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryResponse, ferry_response_free)

G_END_DECLS
