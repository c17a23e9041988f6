/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* AWS Signature Version 4 for S3 (path encoded once, "~" bare). Pure; any thread. */

/**
 * FerrySigv4Keys:
 * @access_key: id
 * @secret_key: never shown, logged or sent
 * @session_token: (nullable): of temporary credentials
 * @region: e.g. "us-east-1"
 */
typedef struct
{
  const char *access_key;
  const char *secret_key;
  const char *session_token;
  const char *region;
} FerrySigv4Keys;

/**
 * FerrySigv4Request:
 * @method: e.g. "PUT"
 * @host: with its port unless that is the scheme's own
 * @path: decoded, with the slash at its start
 * @query: (nullable) (array zero-terminated=1): names and values in turn, decoded
 * @headers: (nullable) (array zero-terminated=1): names and values in turn, that are signed besides "host"
 * @payload_sha256: (nullable): 64 hex digits; NULL: "UNSIGNED-PAYLOAD"
 * @time: seconds since 1970
 */
typedef struct
{
  const char *method;
  const char *host;
  const char *path;
  const char *const *query;
  const char *const *headers;
  const char *payload_sha256;
  gint64 time;
} FerrySigv4Request;

/* Percent-encodes all but the unreserved of RFC 3986; @keep_slash: "/" too. (transfer full) */
char *ferry_sigv4_encode (const char *text, gboolean keep_slash);

/* The longest that a presigned address may be good for. */
#define FERRY_SIGV4_MAX_EXPIRES (7 * 24 * 60 * 60)

/* "PATH?QUERY" with the signature in the query, good for @expires seconds; whoever uses it must send the signed headers and no
 * other "x-amz-" header. (transfer full) */
char *
ferry_sigv4_presign (const FerrySigv4Keys *keys, const FerrySigv4Request *request, guint expires);

/* Names and values in turn: "x-amz-date", "x-amz-content-sha256", perhaps "x-amz-security-token", and "Authorization", to be
 * sent besides @request's headers. (transfer full) (array zero-terminated=1) */
char **ferry_sigv4_sign (const FerrySigv4Keys *keys, const FerrySigv4Request *request);

G_END_DECLS
