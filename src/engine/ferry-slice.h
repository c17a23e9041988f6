/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FerrySlice:
 *
 * A piece of an open file as an input stream: reads by pread, so several may share one descriptor, and never holds more than
 * what is asked for. A file that ends too early is an error, not an end: a body must be as long as announced.
 */
#define FERRY_TYPE_SLICE (ferry_slice_get_type ())
G_DECLARE_FINAL_TYPE (FerrySlice, ferry_slice, FERRY, SLICE, GInputStream)

/* @fd stays the caller's and outlives the stream. @read: (nullable): raised by each read, lowered when the stream goes; atomic. */
GInputStream *ferry_slice_new (int fd, guint64 offset, guint64 length, guint64 *read);

G_END_DECLS
