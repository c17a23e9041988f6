/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-config.h"

#include "ferry-slice.h"

#include <errno.h>
#include <glib/gi18n-lib.h>
#include <unistd.h>

struct _FerrySlice
{
  GInputStream parent_instance;

  int fd;
  guint64 offset;
  guint64 left;
  guint64 done;
  guint64 *read;
};

G_DEFINE_FINAL_TYPE (FerrySlice, ferry_slice, G_TYPE_INPUT_STREAM)

static gssize
ferry_slice_read (
    GInputStream *stream, void *buffer, gsize count, GCancellable *cancellable, GError **error)
{
  FerrySlice *self = FERRY_SLICE (stream);
  ssize_t n;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;
  if (self->left == 0)
    return 0;
  do
    n = pread (self->fd, buffer, (gsize) MIN (count, self->left), (off_t) self->offset);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED,
                           n < 0 ? g_strerror (errno) : _ ("The file is shorter than it was."));
      return -1;
    }
  self->offset += (guint64) n;
  self->left -= (guint64) n;
  self->done += (guint64) n;
  if (self->read != NULL)
    __atomic_fetch_add (self->read, (guint64) n, __ATOMIC_RELAXED);
  return n;
}

static void
ferry_slice_finalize (GObject *object)
{
  FerrySlice *self = FERRY_SLICE (object);

  if (self->read != NULL)
    __atomic_fetch_sub (self->read, self->done, __ATOMIC_RELAXED);
  G_OBJECT_CLASS (ferry_slice_parent_class)->finalize (object);
}

static void
ferry_slice_class_init (FerrySliceClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = ferry_slice_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = ferry_slice_read;
}

static void
ferry_slice_init (FerrySlice *self)
{
  self->fd = -1;
}

GInputStream *
ferry_slice_new (int fd, guint64 offset, guint64 length, guint64 *read)
{
  FerrySlice *self = g_object_new (FERRY_TYPE_SLICE, NULL);

  self->fd = fd;
  self->offset = offset;
  self->left = length;
  self->read = read;
  return G_INPUT_STREAM (self);
}
