/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Text for terminals. Addresses and sentences may hold any bytes; what reaches a screen holds none that it would obey. */

/**
 * ferryctl_text_safe:
 * @text: (nullable): any bytes
 *
 * Valid UTF-8 of one line: control characters, line separators and invalid bytes become U+FFFD, invisible formatting (bidi
 * controls and their like) is left out.
 *
 * Returns: (transfer full)
 */
char *ferryctl_text_safe (const char *text);

/* Columns that safe text takes: wide characters two, combining ones none. */
int ferryctl_text_width (const char *text);

/* Safe text cut to @width columns with "…" in its middle. (transfer full) */
char *ferryctl_text_fit (const char *text, int width);

/* Cut as ferryctl_text_fit () and filled with spaces to exactly @width columns. (transfer full) */
char *ferryctl_text_pad (const char *text, int width);

/* TRUE when the terminal's character set has more than ASCII. */
gboolean ferryctl_text_is_utf8 (void);

/* To standard output as it is, in the locale's character set; a reader that went away is remembered. */
void ferryctl_text_put (const char *text);

/* The same in UTF-8 whatever the locale, for programs. */
void ferryctl_text_put_json (const char *text);

/* A line to standard output: formatted, then made safe. */
void ferryctl_text_print (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* "ferryctl: SENTENCE" to standard error, made safe. */
void ferryctl_text_complain (const char *sentence);

/* TRUE when standard output can no longer be written. */
gboolean ferryctl_text_is_broken (void);

G_END_DECLS
