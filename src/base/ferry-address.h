/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ferry_address_normalize:
 * @text: what a person typed, pasted or dropped
 * @credentials: (out) (optional) (nullable): "user:password" taken out of the address
 * @error: FERRY_ERROR_INVALID_ADDRESS or FERRY_ERROR_UNSUPPORTED_SCHEME, as a sentence
 *
 * A clean http or https address: trimmed, "https://" put before a bare "host.tld/path", host in
 * lower case and ASCII (IDNA), characters that may not stand in an address percent-encoded, no fragment, no
 * user information. At most 64 KiB.
 *
 * Returns: (transfer full): the address, or NULL
 */
char *ferry_address_normalize (const char *text, char **credentials, GError **error);

/**
 * ferry_address_extract:
 * @text: a clipboard, a drop (text/uri-list: lines with # are comments), or several lines
 *
 * The things in @text that look like addresses, one a word, duplicates dropped, in order. Nothing
 * is normalized or refused here; at most 10,000.
 *
 * Returns: (transfer full): NULL-terminated
 */
char **ferry_address_extract (const char *text);

/* The host of an address for sentences ("example.org", with ":8080" when a port is given); "" when there is none.
 * (transfer full) */
char *ferry_address_host (const char *address);

/* TRUE when both have the same scheme, host and port (RFC 6454). */
gboolean ferry_address_same_origin (const char *a, const char *b);

/**
 * ferry_address_resolve:
 * @base: an absolute address
 * @reference: a Location (RFC 9110 section 10.2.2), absolute or relative
 *
 * Returns: (transfer full): the absolute address, or NULL with FERRY_ERROR_PROTOCOL or
 *   FERRY_ERROR_UNSUPPORTED_SCHEME
 */
char *ferry_address_resolve (const char *base, const char *reference, GError **error);

G_END_DECLS
