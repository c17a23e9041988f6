/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Addresses that are asked for ahead: few, none that is about to expire, and none for other bytes. */

#include "ferry-upload-addresses.h"

#define SECOND ((gint64) G_USEC_PER_SEC)
#define START (1000 * SECOND)

static const guint8 one[FERRY_SHA256_SIZE] = { 1 };
static const guint8 two[FERRY_SHA256_SIZE] = { 2 };

static FerryLease *
lease_of (guint64 chunk, const guint8 *sha256, gint64 seconds)
{
  FerryChunkAddress *address = g_new0 (FerryChunkAddress, 1);

  address->chunk = chunk;
  address->url = g_strdup ("http://h/");
  address->headers = g_new0 (char *, 1);
  return ferry_lease_new (address, sha256, seconds, START);
}

/* Taken without waiting for anybody. */
static gboolean
take (FerryAddresses *self, guint64 chunk, const guint8 *sha256, gint64 now)
{
  g_autoptr (FerryLease) lease = ferry_addresses_begin (self, chunk, sha256, now);

  if (lease == NULL)
    ferry_addresses_end (self);
  else
    g_assert_cmpuint (lease->address->chunk, ==, chunk);
  return lease != NULL;
}

static void
test_taken_once (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  g_assert_false (take (self, 1, one, START));
  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  g_assert_true (ferry_addresses_has (self, 1, one, START));
  g_assert_false (take (self, 2, one, START));
  g_assert_true (take (self, 1, one, START));
  g_assert_false (take (self, 1, one, START));
}

/* The digest is in the signature. */
static void
test_other_bytes (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  g_assert_false (take (self, 1, two, START));
  ferry_addresses_put (self, lease_of (1, two, 3600), START);
  g_assert_false (take (self, 1, one, START));
  g_assert_true (take (self, 1, two, START));
}

static void
test_a_minute_before (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();
  const gint64 last = START + (3600 - 60) * SECOND;

  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  g_assert_true (ferry_addresses_has (self, 1, one, last - 1));
  g_assert_false (take (self, 1, one, last));
  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  g_assert_true (take (self, 1, one, last - 1));
}

static void
test_room (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  for (guint i = 0; i < 20; i++)
    {
      g_assert_cmpuint (ferry_addresses_get_room (self, START), ==, i < 8 ? 8 - i : 0);
      ferry_addresses_put (self, lease_of (i, one, 3600), START);
    }
  g_assert_true (take (self, 7, one, START));
  g_assert_false (take (self, 8, one, START));
  g_assert_cmpuint (ferry_addresses_get_room (self, START), ==, 1);
  /* Those that are over take none. */
  g_assert_cmpuint (ferry_addresses_get_room (self, START + 3600 * SECOND), ==, 8);
}

/* Nothing is asked for ahead where it would not keep. */
static void
test_fleeting (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  ferry_addresses_put (self, lease_of (1, one, 60), START);
  g_assert_false (take (self, 1, one, START));
  g_assert_cmpuint (ferry_addresses_get_room (self, START), ==, 0);
  ferry_addresses_put (self, lease_of (1, one, 61), START);
  g_assert_cmpuint (ferry_addresses_get_room (self, START), ==, 7);
}

static void
test_absurd_times (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  ferry_addresses_put (self, lease_of (1, one, G_MININT64), START);
  ferry_addresses_put (self, lease_of (2, one, G_MAXINT64), START);
  g_assert_false (take (self, 1, one, START));
  g_assert_true (take (self, 2, one, START + 24 * 3600 * SECOND));
}

static void
test_clear (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();

  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  ferry_addresses_clear (self);
  g_assert_false (take (self, 1, one, START));
}

/* ---- one asks at a time ---- */

typedef struct
{
  FerryAddresses *addresses;
  guint64 chunk;
  gboolean found;
} Waiter;

static gpointer
wait_thread (gpointer data)
{
  Waiter *self = data;

  self->found = take (self->addresses, self->chunk, one, START);
  return NULL;
}

static void
test_wait_for_who_asks (void)
{
  g_autoptr (FerryAddresses) self = ferry_addresses_new ();
  Waiter waiters[] = { { self, 1 }, { self, 2 }, { self, 3 } };
  GThread *threads[G_N_ELEMENTS (waiters)];

  g_assert_null (ferry_addresses_begin (self, 0, one, START));
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    threads[i] = g_thread_new ("wait", wait_thread, &waiters[i]);
  ferry_addresses_put (self, lease_of (1, one, 3600), START);
  ferry_addresses_put (self, lease_of (2, one, 3600), START);
  ferry_addresses_end (self);
  for (guint i = 0; i < G_N_ELEMENTS (waiters); i++)
    g_thread_join (threads[i]);
  g_assert_true (waiters[0].found);
  g_assert_true (waiters[1].found);
  g_assert_false (waiters[2].found);
}

static void
test_clock (void)
{
  gint64 first = ferry_addresses_now ();

  g_assert_cmpint (first, >, 0);
  g_assert_cmpint (ferry_addresses_now (), >=, first);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/upload-addresses/taken-once", test_taken_once);
  g_test_add_func ("/upload-addresses/other-bytes", test_other_bytes);
  g_test_add_func ("/upload-addresses/a-minute-before", test_a_minute_before);
  g_test_add_func ("/upload-addresses/room", test_room);
  g_test_add_func ("/upload-addresses/fleeting", test_fleeting);
  g_test_add_func ("/upload-addresses/absurd-times", test_absurd_times);
  g_test_add_func ("/upload-addresses/clear", test_clear);
  g_test_add_func ("/upload-addresses/wait-for-who-asks", test_wait_for_who_asks);
  g_test_add_func ("/upload-addresses/clock", test_clock);
  return g_test_run ();
}
