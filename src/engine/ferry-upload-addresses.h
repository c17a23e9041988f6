/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-chunk-api.h"
#include "ferry-digest.h"

G_BEGIN_DECLS

/* The most addresses that wait to be used. */
#define FERRY_ADDRESSES_MAX 8
/* An address is not begun with when it has less than this to go, in seconds. */
#define FERRY_ADDRESSES_MARGIN 60

/**
 * FerryLease:
 *
 * An address for one chunk as it was hashed: its SHA-256 may be part of the signature.
 *
 * @good_until: microseconds on the clock of ferry_addresses_now ()
 */
typedef struct
{
  FerryChunkAddress *address;
  guint8 sha256[FERRY_SHA256_SIZE];
  gint64 good_until;
} FerryLease;

/* @seconds: for how long the store takes it. Takes @address. */
FerryLease *ferry_lease_new (FerryChunkAddress *address,
                             const guint8 sha256[FERRY_SHA256_SIZE],
                             gint64 seconds,
                             gint64 now);
void ferry_lease_free (FerryLease *self);
gboolean
ferry_lease_is_good (const FerryLease *self, const guint8 sha256[FERRY_SHA256_SIZE], gint64 now);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryLease, ferry_lease_free)

/**
 * FerryAddresses:
 *
 * The addresses that a few threads have asked for ahead, one request at a time. Any thread.
 */
typedef struct _FerryAddresses FerryAddresses;

FerryAddresses *ferry_addresses_new (void);
void ferry_addresses_free (FerryAddresses *self);

/* Microseconds that go on while the computer sleeps. */
gint64 ferry_addresses_now (void);

/* The lease for a chunk, or NULL: the caller asks for some now, and ends that with ferry_addresses_end (). Blocks while another
 * thread asks. (transfer full) (nullable) */
FerryLease *ferry_addresses_begin (FerryAddresses *self,
                                   guint64 index,
                                   const guint8 sha256[FERRY_SHA256_SIZE],
                                   gint64 now);
void ferry_addresses_end (FerryAddresses *self);

/* Whether ferry_addresses_begin () would find one. */
gboolean ferry_addresses_has (FerryAddresses *self,
                              guint64 index,
                              const guint8 sha256[FERRY_SHA256_SIZE],
                              gint64 now);

/* Keeps it for whoever sends the chunk, in place of an older one; one that is not good for long or finds no room is dropped. Takes
 * @lease. */
void ferry_addresses_put (FerryAddresses *self, FerryLease *lease, gint64 now);

/* How many may be asked for besides the one that is needed: none where they would not keep. */
guint ferry_addresses_get_room (FerryAddresses *self, gint64 now);

/* None is good any more. */
void ferry_addresses_clear (FerryAddresses *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryAddresses, ferry_addresses_free)

G_END_DECLS
