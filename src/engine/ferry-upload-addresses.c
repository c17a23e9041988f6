/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-upload-addresses.h"

#include <string.h>
#include <time.h>

/* Longer than any address is good for. */
#define MAX_SECONDS (366 * 24 * 3600)

struct _FerryAddresses
{
  GMutex lock;
  GCond changed;
  GPtrArray *leases;
  gboolean asking;
  gboolean fleeting; /* the last ones did not keep */
};

FerryLease *
ferry_lease_new (FerryChunkAddress *address,
                 const guint8 sha256[FERRY_SHA256_SIZE],
                 gint64 seconds,
                 gint64 now)
{
  FerryLease *self = g_new0 (FerryLease, 1);

  self->address = address;
  memcpy (self->sha256, sha256, sizeof self->sha256);
  self->good_until
      = now
        + (CLAMP (seconds, -MAX_SECONDS, MAX_SECONDS) - FERRY_ADDRESSES_MARGIN) * G_USEC_PER_SEC;
  return self;
}

void
ferry_lease_free (FerryLease *self)
{
  if (self == NULL)
    return;
  ferry_chunk_address_free (self->address);
  g_free (self);
}

gboolean
ferry_lease_is_good (const FerryLease *self, const guint8 sha256[FERRY_SHA256_SIZE], gint64 now)
{
  return now < self->good_until && memcmp (self->sha256, sha256, sizeof self->sha256) == 0;
}

FerryAddresses *
ferry_addresses_new (void)
{
  FerryAddresses *self = g_new0 (FerryAddresses, 1);

  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  self->leases
      = g_ptr_array_new_with_free_func ((GDestroyNotify) (void (*) (void)) ferry_lease_free);
  return self;
}

void
ferry_addresses_free (FerryAddresses *self)
{
  g_ptr_array_unref (self->leases);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->changed);
  g_free (self);
}

gint64
ferry_addresses_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_BOOTTIME, &now);
  return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000;
}

/* With the lock: those that are not good any more go. @index of the chunk's in the array. */
static gboolean
find (FerryAddresses *self,
      guint64 chunk,
      const guint8 sha256[FERRY_SHA256_SIZE],
      gint64 now,
      guint *index)
{
  for (guint i = self->leases->len; i > 0; i--)
    {
      const FerryLease *lease = self->leases->pdata[i - 1];

      if (lease->good_until <= now)
        g_ptr_array_remove_index (self->leases, i - 1);
    }
  for (*index = 0; *index < self->leases->len; (*index)++)
    {
      const FerryLease *lease = self->leases->pdata[*index];

      if (lease->address->chunk == chunk && ferry_lease_is_good (lease, sha256, now))
        return TRUE;
    }
  return FALSE;
}

FerryLease *
ferry_addresses_begin (FerryAddresses *self,
                       guint64 index,
                       const guint8 sha256[FERRY_SHA256_SIZE],
                       gint64 now)
{
  FerryLease *lease = NULL;
  guint at;

  g_mutex_lock (&self->lock);
  while (!find (self, index, sha256, now, &at) && self->asking)
    g_cond_wait (&self->changed, &self->lock);
  if (find (self, index, sha256, now, &at))
    lease = g_ptr_array_steal_index (self->leases, at);
  else
    self->asking = TRUE;
  g_mutex_unlock (&self->lock);
  return lease;
}

void
ferry_addresses_end (FerryAddresses *self)
{
  g_mutex_lock (&self->lock);
  self->asking = FALSE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
}

gboolean
ferry_addresses_has (FerryAddresses *self,
                     guint64 index,
                     const guint8 sha256[FERRY_SHA256_SIZE],
                     gint64 now)
{
  gboolean found;
  guint at;

  g_mutex_lock (&self->lock);
  found = find (self, index, sha256, now, &at);
  g_mutex_unlock (&self->lock);
  return found;
}

static void
drop_chunk (FerryAddresses *self, guint64 chunk)
{
  for (guint i = self->leases->len; i > 0; i--)
    {
      const FerryLease *lease = self->leases->pdata[i - 1];

      if (lease->address->chunk == chunk)
        g_ptr_array_remove_index (self->leases, i - 1);
    }
}

void
ferry_addresses_put (FerryAddresses *self, FerryLease *lease, gint64 now)
{
  g_mutex_lock (&self->lock);
  self->fleeting = lease->good_until <= now;
  drop_chunk (self, lease->address->chunk);
  if (!self->fleeting && self->leases->len < FERRY_ADDRESSES_MAX)
    g_ptr_array_add (self->leases, lease);
  else
    ferry_lease_free (lease);
  g_mutex_unlock (&self->lock);
}

guint
ferry_addresses_get_room (FerryAddresses *self, gint64 now)
{
  static const guint8 none[FERRY_SHA256_SIZE];
  guint room;
  guint at;

  g_mutex_lock (&self->lock);
  find (self, G_MAXUINT64, none, now, &at);
  room = self->fleeting ? 0 : FERRY_ADDRESSES_MAX - self->leases->len;
  g_mutex_unlock (&self->lock);
  return room;
}

void
ferry_addresses_clear (FerryAddresses *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->leases, 0);
  g_mutex_unlock (&self->lock);
}
