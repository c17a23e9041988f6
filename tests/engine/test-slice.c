/* SPDX-License-Identifier: GPL-3.0-or-later */

/* A piece of a file as a stream: exactly its bytes, or an error. */

#include "ferry-slice.h"
#include "ferry-test-content.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define SIZE 100000

typedef struct
{
  char *path;
  int fd;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autofree guint8 *content = g_malloc (SIZE);
  g_autoptr (GError) error = NULL;

  ferry_test_content_fill (1, 0, content, SIZE);
  fixture->fd = g_file_open_tmp ("ferry-test-XXXXXX", &fixture->path, &error);
  g_assert_no_error (error);
  g_assert_cmpint (write (fixture->fd, content, SIZE), ==, SIZE);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close (fixture->fd);
  g_unlink (fixture->path);
  g_free (fixture->path);
}

static void
assert_reads (Fixture *fixture, guint64 offset, guint64 length, gsize step)
{
  guint64 read = 7;
  g_autoptr (GInputStream) slice = ferry_slice_new (fixture->fd, offset, length, &read);
  g_autofree guint8 *wanted = g_malloc (length + 1);
  g_autofree guint8 *got = g_malloc (length + step);
  gsize filled = 0;
  gssize n;

  ferry_test_content_fill (1, offset, wanted, length);
  while ((n = g_input_stream_read (slice, got + filled, step, NULL, NULL)) > 0)
    {
      filled += (gsize) n;
      g_assert_cmpuint (filled, <=, length);
      g_assert_cmpuint (read, ==, 7 + filled);
    }
  g_assert_cmpint (n, ==, 0);
  g_assert_cmpmem (got, filled, wanted, length);
  g_clear_object (&slice);
  g_assert_cmpuint (read, ==, 7);
}

static void
test_pieces (Fixture *fixture, gconstpointer data)
{
  static const guint64 pieces[][2] = {
    { 0, SIZE },    { 0, 1 }, { 1, 1 },    { SIZE - 1, 1 },
    { 4096, 8192 }, { 0, 0 }, { SIZE, 0 }, { 12345, 54321 },
  };
  static const gsize steps[] = { 1000000, 4096, 777 };

  for (gsize i = 0; i < G_N_ELEMENTS (pieces); i++)
    for (gsize j = 0; j < G_N_ELEMENTS (steps); j++)
      assert_reads (fixture, pieces[i][0], pieces[i][1], steps[j]);
}

/* Their places in the file are their own. */
static void
test_shared (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GInputStream) a = ferry_slice_new (fixture->fd, 0, 1000, NULL);
  g_autoptr (GInputStream) b = ferry_slice_new (fixture->fd, 50000, 1000, NULL);
  guint8 wanted[1000];
  guint8 got_a[1000];
  guint8 got_b[1000];

  for (gsize at = 0; at < 1000; at += 100)
    {
      g_assert_cmpint (g_input_stream_read (a, got_a + at, 100, NULL, NULL), ==, 100);
      g_assert_cmpint (g_input_stream_read (b, got_b + at, 100, NULL, NULL), ==, 100);
    }
  ferry_test_content_fill (1, 0, wanted, 1000);
  g_assert_cmpmem (got_a, 1000, wanted, 1000);
  ferry_test_content_fill (1, 50000, wanted, 1000);
  g_assert_cmpmem (got_b, 1000, wanted, 1000);
}

static void
test_too_short (Fixture *fixture, gconstpointer data)
{
  guint64 read = 0;
  g_autoptr (GInputStream) slice = ferry_slice_new (fixture->fd, SIZE - 10, 20, &read);
  g_autoptr (GError) error = NULL;
  guint8 got[20];

  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, NULL, &error), ==, 10);
  g_assert_no_error (error);
  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_cmpuint (read, ==, 10);
  g_clear_object (&slice);
  g_assert_cmpuint (read, ==, 0);
}

static void
test_shortened (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GInputStream) slice = ferry_slice_new (fixture->fd, 0, 1000, NULL);
  g_autoptr (GError) error = NULL;
  guint8 got[100];

  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, NULL, &error), ==, 100);
  g_assert_cmpint (ftruncate (fixture->fd, 50), ==, 0);
  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

static void
test_unreadable (Fixture *fixture, gconstpointer data)
{
  int fd = open (fixture->path, O_WRONLY | O_CLOEXEC);
  g_autoptr (GInputStream) slice = ferry_slice_new (fd, 0, 10, NULL);
  g_autoptr (GError) error = NULL;
  guint8 got[10];

  g_assert_no_errno (fd);
  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, NULL, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  close (fd);
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GInputStream) slice = ferry_slice_new (fixture->fd, 0, 10, NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  guint8 got[10];

  g_cancellable_cancel (cancellable);
  g_assert_cmpint (g_input_stream_read (slice, got, sizeof got, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/slice/pieces", Fixture, NULL, set_up, test_pieces, tear_down);
  g_test_add ("/slice/shared", Fixture, NULL, set_up, test_shared, tear_down);
  g_test_add ("/slice/too-short", Fixture, NULL, set_up, test_too_short, tear_down);
  g_test_add ("/slice/shortened", Fixture, NULL, set_up, test_shortened, tear_down);
  g_test_add ("/slice/unreadable", Fixture, NULL, set_up, test_unreadable, tear_down);
  g_test_add ("/slice/cancelled", Fixture, NULL, set_up, test_cancelled, tear_down);
  return g_test_run ();
}
