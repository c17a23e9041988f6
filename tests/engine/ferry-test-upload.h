/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What tests of uploads stand on: an engine and a receiver. */

#include "ferry-error.h"
#include "ferry-test-receiver.h"
#include "ferry-test-util.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

G_BEGIN_DECLS

#define FERRY_TEST_TOKEN "token-that-nobody-may-write-down-9f3"
#define FERRY_TEST_CHUNK_SIZE 1024

typedef struct
{
  FerryTestBed *bed;
  FerryTestReceiver *receiver;
} FerryTestUploads;

static inline FerryTestUploads *
ferry_test_uploads_new (void)
{
  FerryTestUploads *self = g_new0 (FerryTestUploads, 1);

  self->bed = ferry_test_bed_new ();
  self->receiver = ferry_test_receiver_new (FERRY_TEST_CHUNK_SIZE, FERRY_TEST_TOKEN);
  return self;
}

static inline void
ferry_test_uploads_free (FerryTestUploads *self)
{
  ferry_test_receiver_release (self->receiver);
  ferry_test_bed_free (self->bed);
  ferry_test_receiver_free (self->receiver);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestUploads, ferry_test_uploads_free)

/* The first @size bytes of @seed. Writes into the file that is there. */
static inline void
ferry_test_uploads_write (FerryTestUploads *self, const char *name, guint64 seed, gsize size)
{
  g_autofree char *path = ferry_test_bed_path (self->bed, name);
  g_autofree guint8 *content = g_malloc (size + 1);
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  g_assert_no_errno (fd);
  ferry_test_content_fill (seed, 0, content, size);
  g_assert_cmpint (write (fd, content, size), ==, size);
  close (fd);
}

/* Another time of last change, whatever the clock's grain. */
static inline void
ferry_test_uploads_touch (FerryTestUploads *self, const char *name)
{
  g_autofree char *path = ferry_test_bed_path (self->bed, name);
  static gint64 seconds = 1000000000;
  struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds++ } };

  g_assert_no_errno (utimensat (AT_FDCWD, path, times, 0));
}

static inline FerryTransfer *
ferry_test_uploads_add (FerryTestUploads *self, const char *name)
{
  g_autofree char *path = ferry_test_bed_path (self->bed, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = ferry_spec_new_upload (
      path, ferry_test_receiver_get_address (self->receiver), "Home", FERRY_TEST_TOKEN, &error);

  g_assert_no_error (error);
  return ferry_test_bed_add_spec (self->bed, spec);
}

static inline FerryTransfer *
ferry_test_uploads_send (FerryTestUploads *self, const char *name, guint64 seed, gsize size)
{
  ferry_test_uploads_write (self, name, seed, size);
  return ferry_test_uploads_add (self, name);
}

static inline void
ferry_test_uploads_fault (FerryTestUploads *self, FerryTestFault fault)
{
  ferry_test_receiver_add_fault (self->receiver, &fault);
}

/* The receiver has the file, whole and right, and the transfer says so. */
static inline void
ferry_test_uploads_assert_done (
    FerryTestUploads *self, FerryTransfer *transfer, const char *name, guint64 seed, gsize size)
{
  FerryState state = ferry_test_bed_settle (self->bed, transfer);
  g_autofree guint8 *wanted = g_malloc (size + 1);
  g_autoptr (GBytes) file = ferry_test_receiver_get_file (self->receiver, name);
  g_autofree char *path = ferry_test_bed_path (self->bed, name);
  g_autofree char *sha256 = ferry_test_content_sha256 (seed, size);
  g_autofree char *link
      = g_strdup_printf ("%s/files/%s", ferry_test_receiver_get_address (self->receiver), name);

  if (state != FERRY_STATE_DONE)
    ferry_test_bed_dump (self->bed);
  g_assert_cmpint (state, ==, FERRY_STATE_DONE);
  g_assert_nonnull (file);
  ferry_test_content_fill (seed, 0, wanted, size);
  g_assert_cmpmem (g_bytes_get_data (file, NULL), g_bytes_get_size (file), wanted, size);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, size);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, size);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), ==, 1.0);
  g_assert_cmpstr (ferry_transfer_get_verified (transfer), ==, "server-sha256");
  g_assert_cmpstr (ferry_transfer_get_sha256 (transfer), ==, sha256);
  g_assert_cmpstr (ferry_transfer_get_link (transfer), ==, link);
  g_assert_cmpstr (ferry_transfer_get_path (transfer), ==, path);
  g_assert_cmpint (ferry_transfer_get_error_code (transfer), ==, -1);
}

typedef struct
{
  FerryTestReceiver *receiver;
  FerryTestStep step;
  guint n;
} FerryTestCount;

static inline gboolean
ferry_test_silence_reached (gpointer data)
{
  FerryTestCount *count = data;

  return ferry_test_receiver_count_silent (count->receiver) >= count->n;
}

/* Until @n requests get no answer. */
static inline void
ferry_test_uploads_wait_silent (FerryTestUploads *self, guint n)
{
  FerryTestCount count = { .receiver = self->receiver, .n = n };

  ferry_test_bed_wait (self->bed, ferry_test_silence_reached, &count, "silence");
}

static inline gboolean
ferry_test_step_reached (gpointer data)
{
  FerryTestCount *count = data;

  return ferry_test_receiver_count (count->receiver, count->step) >= count->n;
}

static inline void
ferry_test_uploads_wait_step (FerryTestUploads *self, FerryTestStep step, guint n)
{
  FerryTestCount count = { .receiver = self->receiver, .step = step, .n = n };

  ferry_test_bed_wait (self->bed, ferry_test_step_reached, &count, "requests");
}

static inline gboolean
ferry_test_stored_reached (gpointer data)
{
  FerryTestCount *count = data;

  return ferry_test_receiver_count_stored (count->receiver) >= count->n;
}

/* Until @n chunks are there. */
static inline void
ferry_test_uploads_wait_stored (FerryTestUploads *self, guint n)
{
  FerryTestCount count = { .receiver = self->receiver, .n = n };

  ferry_test_bed_wait (self->bed, ferry_test_stored_reached, &count, "chunks");
}

static inline gboolean
ferry_test_transfer_rests (gpointer data)
{
  FerryState state = ferry_transfer_get_state (data);

  return state != FERRY_STATE_QUEUED && state != FERRY_STATE_ACTIVE
         && state != FERRY_STATE_STOPPING;
}

/* How the run that is under way ends, not what becomes of it when it is tried again. */
static inline void
ferry_test_uploads_assert_ends (FerryTestUploads *self,
                                FerryTransfer *transfer,
                                FerryState state,
                                int error_code)
{
  ferry_test_bed_wait (self->bed, ferry_test_transfer_rests, transfer, "the transfer to rest");
  ferry_test_bed_assert_state (self->bed, transfer, state, error_code);
}

/* Chunks 0 to @n - 1 have arrived, the others do not until the faults are cleared, and the transfer waits. */
static inline void
ferry_test_uploads_cut_at (FerryTestUploads *self, FerryTransfer *transfer, guint n)
{
  ferry_test_bed_wait_state (self->bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (self->bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_NETWORK);
  g_assert_cmpuint (ferry_test_receiver_count_stored (self->receiver), ==, n);
  g_assert_cmpuint (ferry_transfer_get_received (transfer), ==, n * FERRY_TEST_CHUNK_SIZE);
}

static inline void
ferry_test_uploads_drop_from (FerryTestUploads *self, guint64 first)
{
  ferry_test_uploads_fault (self, (FerryTestFault){ .step = FERRY_TEST_CHUNK,
                                                    .kind = FERRY_TEST_CUT,
                                                    .first = first,
                                                    .last = G_MAXUINT64 });
}

G_END_DECLS
