/* SPDX-License-Identifier: GPL-3.0-or-later */

/* The queue: order and slots, what is wanted and what comes of it, what survives the end of the program, and that the main
 * thread never waits. */

#include "ferry-error.h"
#include "ferry-test-certificate.h"
#include "ferry-test-util.h"

#include <glib/gstdio.h>
#include <string.h>

#define SIZE (1024 * 1024)
#define HELD (512 * 1024)

static guint
count_items (FerryTestBed *bed)
{
  return g_list_model_get_n_items (G_LIST_MODEL (bed->engine));
}

static guint
count_state (FerryTestBed *bed, FerryState state)
{
  guint n = 0;

  for (guint i = 0; i < count_items (bed); i++)
    if (ferry_transfer_get_state (ferry_test_bed_get (bed, i)) == state)
      n++;
  return n;
}

/* Numbered from 1, each stalling at its beginning. */
static void
add_stalling (FerryTestBed *bed, guint n)
{
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%u.bin?size=1000&seed=%u&stall=500", i, i);

      ferry_test_bed_add (bed, target);
    }
}

/* What shows must change when it says so, and say so when it changes. */
typedef struct
{
  char *caption;
  guint64 received;
  FerryState state;
  guint repeats;
  guint changes;
} Shown;

static void
notify_cb (FerryTransfer *transfer, GParamSpec *pspec, gpointer data)
{
  Shown *shown = data;

  shown->changes++;
  if (g_str_equal (pspec->name, "caption"))
    {
      shown->repeats += g_strcmp0 (shown->caption, ferry_transfer_get_caption (transfer)) == 0;
      g_free (shown->caption);
      shown->caption = g_strdup (ferry_transfer_get_caption (transfer));
      g_assert_cmpstr (shown->caption, !=, "");
      g_assert_true (g_utf8_validate (shown->caption, -1, NULL));
    }
  else if (g_str_equal (pspec->name, "received"))
    {
      shown->repeats += shown->received == ferry_transfer_get_received (transfer);
      shown->received = ferry_transfer_get_received (transfer);
    }
  else if (g_str_equal (pspec->name, "state"))
    {
      shown->repeats += shown->state == ferry_transfer_get_state (transfer);
      shown->state = ferry_transfer_get_state (transfer);
    }
}

static void
test_empty (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  g_assert_cmpuint (count_items (bed), ==, 0);
  g_assert_true (ferry_engine_get_quiet (bed->engine));
  g_assert_cmpuint (ferry_engine_get_n_active (bed->engine), ==, 0);
  g_assert_cmpuint (ferry_engine_get_speed (bed->engine), ==, 0);
  g_assert_cmpuint (ferry_engine_get_max_active (bed->engine), ==, 3);
  g_assert_cmpstr (ferry_engine_get_folder (bed->engine), ==, bed->state_folder);
  g_assert_null (ferry_engine_get_set_apart (bed->engine));
  ferry_engine_pause_all (bed->engine);
  ferry_engine_resume_all (bed->engine);
  ferry_engine_reconcile (bed->engine);
}

static void
test_bad_additions (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  static const struct
  {
    const char *address;
    int code;
  } bad[] = {
    { "", FERRY_ERROR_INVALID_ADDRESS },
    { "not an address", FERRY_ERROR_INVALID_ADDRESS },
    { "http://", FERRY_ERROR_INVALID_ADDRESS },
    { "http://[::bad/x", FERRY_ERROR_INVALID_ADDRESS },
    { "ftp://127.0.0.1/x", FERRY_ERROR_UNSUPPORTED_SCHEME },
    { "file:///etc/passwd", FERRY_ERROR_UNSUPPORTED_SCHEME },
    { "magnet:?xt=urn:btih:0", FERRY_ERROR_UNSUPPORTED_SCHEME },
  };
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/x");
  g_autoptr (GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) refused = NULL;

      g_test_message ("%s", bad[i].address);
      g_assert_null (ferry_spec_new (bad[i].address, bed->folder, &refused));
      g_assert_error (refused, FERRY_ERROR, bad[i].code);
      ferry_test_assert_sentence (refused->message);
    }
  g_free (spec->folder);
  spec->folder = g_strdup ("relative/folder");
  g_assert_null (ferry_engine_add (bed->engine, spec, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  ferry_test_assert_sentence (error->message);
  g_assert_cmpuint (count_items (bed), ==, 0);
}

static void
test_slots (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  ferry_engine_set_max_active (bed->engine, 2);
  add_stalling (bed, 5);
  ferry_test_bed_wait_stalled (bed, 2);
  g_assert_cmpuint (ferry_engine_get_n_active (bed->engine), ==, 2);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_ACTIVE), ==, 2);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_QUEUED), ==, 3);
  g_assert_false (ferry_engine_get_quiet (bed->engine));
  ferry_engine_set_max_active (bed->engine, 4);
  ferry_test_bed_wait_stalled (bed, 4);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_QUEUED), ==, 1);
  ferry_engine_set_max_active (bed->engine, 0);
  g_assert_cmpuint (ferry_engine_get_max_active (bed->engine), ==, 1);
  ferry_engine_set_max_active (bed->engine, 1000);
  g_assert_cmpuint (ferry_engine_get_max_active (bed->engine), ==, 16);
  ferry_test_bed_wait_stalled (bed, 5);
  ferry_test_server_release (bed->server);
  ferry_test_bed_wait_quiet (bed);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_DONE), ==, 5);
}

static void
test_order (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GPtrArray) requests = NULL;

  ferry_engine_set_max_active (bed->engine, 1);
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%u.bin?size=1000", i);

      ferry_test_bed_add (bed, target);
    }
  ferry_test_bed_wait_quiet (bed);
  requests = ferry_test_server_get_requests (bed->server, NULL);
  g_assert_cmpuint (requests->len, ==, 8);
  for (guint i = 0; i < 8; i++)
    {
      g_autofree char *path = g_strdup_printf ("/f%u.bin", i);

      g_assert_cmpstr (((FerryTestRequest *) g_ptr_array_index (requests, i))->path, ==, path);
    }
}

/* One that waits or was paused holds no slot. */
static void
test_waiting_holds_no_slot (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *busy;
  FerryTransfer *paused;
  FerryTransfer *fine;

  ferry_engine_set_max_active (bed->engine, 1);
  busy = ferry_test_bed_add (bed, "/busy.bin?status=503&retry_after=7200");
  paused = ferry_test_bed_add (bed, "/paused.bin?size=1000&stall=10&stalls=1");
  fine = ferry_test_bed_add (bed, "/fine.bin?size=1000");
  ferry_test_bed_wait_state (bed, busy, FERRY_STATE_WAITING);
  ferry_test_bed_wait_stalled (bed, 1);
  g_assert_cmpint (ferry_transfer_get_state (fine), ==, FERRY_STATE_QUEUED);
  ferry_engine_pause (bed->engine, paused);
  g_assert_cmpint (ferry_test_bed_settle (bed, fine), ==, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_transfer_get_state (busy), ==, FERRY_STATE_WAITING);
  g_assert_cmpint (ferry_transfer_get_state (paused), ==, FERRY_STATE_PAUSED);
}

static void
test_all (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  add_stalling (bed, 5);
  ferry_test_bed_wait_stalled (bed, 3);
  ferry_engine_pause_all (bed->engine);
  ferry_test_bed_wait_quiet (bed);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_PAUSED), ==, 5);
  ferry_engine_resume_all (bed->engine);
  ferry_test_bed_wait_stalled (bed, 3);
  for (guint i = 0; i < 5; i++)
    g_assert_cmpint (ferry_test_bed_settle_released (bed, ferry_test_bed_get (bed, i)), ==,
                     FERRY_STATE_DONE);
  /* Nothing that is done starts again. */
  ferry_engine_resume_all (bed->engine);
  g_assert_true (ferry_engine_get_quiet (bed->engine));
}

static void
test_added_paused (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/file.bin?size=1000");
  FerryTransfer *transfer;

  spec->paused = TRUE;
  transfer = ferry_test_bed_add_spec (bed, spec);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
  g_assert_true (ferry_engine_get_quiet (bed->engine));
  ferry_test_bed_reopen (bed);
  transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), ==, 0);
  ferry_engine_resume (bed->engine, transfer);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
}

/* ---- what is shown ---- */

static gboolean
is_fast (gpointer transfer)
{
  return ferry_transfer_get_speed (transfer) > 100000;
}

static gboolean
all_are_fast (gpointer bed)
{
  return ferry_engine_get_speed (((FerryTestBed *) bed)->engine) > 100000;
}

static void
test_shown (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/dir/file.bin?size=3000000&rate=1500000&type=image/png");
  Shown shown = { .caption = g_strdup (ferry_transfer_get_caption (transfer)),
                  .state = ferry_transfer_get_state (transfer) };
  gulong handler = g_signal_connect (transfer, "notify", G_CALLBACK (notify_cb), &shown);
  g_autofree char *address = ferry_test_server_locate (
      bed->server, "/dir/file.bin?size=3000000&rate=1500000&type=image/png");

  g_assert_cmpstr (ferry_transfer_get_name (transfer), ==, "file.bin");
  g_assert_cmpstr (ferry_transfer_get_address (transfer), ==, address);
  g_assert_cmpstr (ferry_transfer_get_folder (transfer), ==, bed->folder);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, -1);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), ==, 0);
  g_assert_null (ferry_transfer_get_path (transfer));
  ferry_test_bed_wait_received (bed, transfer, 1000000);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_ACTIVE);
  g_assert_cmpint (ferry_transfer_get_size (transfer), ==, 3000000);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), >, 0.3);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), <=, 1);
  ferry_test_bed_wait (bed, is_fast, transfer, "the transfer's speed");
  ferry_test_bed_wait (bed, all_are_fast, bed, "the speed of all");
  g_assert_cmpstr (ferry_transfer_get_media_type (transfer), ==, "image/png");
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  g_assert_cmpuint (ferry_transfer_get_speed (transfer), ==, 0);
  g_assert_cmpfloat (ferry_transfer_get_fraction (transfer), ==, 1);
  g_assert_cmpuint (shown.repeats, ==, 0);
  g_assert_cmpuint (shown.changes, >, 5);
  g_assert_cmpuint (shown.received, ==, 3000000);
  g_assert_cmpint (shown.state, ==, FERRY_STATE_DONE);
  g_signal_handler_disconnect (transfer, handler);
  g_free (shown.caption);
}

static void
assert_thread_cb (GObject *object, GParamSpec *pspec, gpointer main_thread)
{
  g_assert_true (g_thread_self () == main_thread);
}

/* Threads of lanes, as the kernel counts them. */
static guint
count_lanes (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename ("/proc/self/task", name, "comm", NULL);
      g_autofree char *comm = NULL;

      n += g_file_get_contents (path, &comm, NULL, NULL) && g_str_has_prefix (comm, "ferry-lane");
    }
  return n;
}

/* Nothing is told on a lane's thread, also when a lane ends while nobody runs the main context. */
static void
test_main_thread_only (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  g_signal_connect (bed->engine, "notify", G_CALLBACK (assert_thread_cb), g_thread_self ());
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%u.bin?size=1000&seed=%u", i, i);
      g_autofree char *name = g_strdup_printf ("f%u.bin", i);
      g_autofree char *path = ferry_test_bed_path (bed, name);
      FerryTransfer *transfer = ferry_test_bed_add (bed, target);

      g_signal_connect (transfer, "notify", G_CALLBACK (assert_thread_cb), g_thread_self ());
      while (!g_file_test (path, G_FILE_TEST_EXISTS) || count_lanes () > 0)
        g_thread_yield ();
      g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_ACTIVE);
      g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
      ferry_test_bed_assert_file (bed, name, i, 1000);
    }
}

static void
test_find (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/file.bin?size=1000");
  g_autoptr (GError) error = NULL;
  g_autofree char *beginning = NULL;
  FerryTransfer *transfer;
  const char *id;

  spec->paused = TRUE;
  transfer = ferry_test_bed_add_spec (bed, spec);
  id = ferry_transfer_get_id (transfer);
  g_assert_cmpuint (strlen (id), ==, 32);
  beginning = g_strndup (id, 4);
  g_assert_true (ferry_engine_find (bed->engine, id, &error) == transfer);
  g_assert_true (ferry_engine_find (bed->engine, beginning, &error) == transfer);
  beginning[3] = '\0';
  g_assert_null (ferry_engine_find (bed->engine, beginning, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE);
  ferry_test_assert_sentence (error->message);
  g_clear_error (&error);
  g_assert_null (ferry_engine_find (bed->engine, "", &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND_HERE);

  g_assert_true (ferry_engine_find_same (bed->engine, spec->address, bed->folder, NULL)
                 == transfer);
  g_assert_null (ferry_engine_find_same (bed->engine, spec->address, "/elsewhere", NULL));
  g_assert_null (ferry_engine_find_same (bed->engine, "http://127.0.0.1/", bed->folder, NULL));
  g_assert_null (ferry_engine_find_same (bed->engine, spec->address, bed->folder, "other.bin"));
  ferry_engine_remove (bed->engine, transfer);
  g_assert_null (ferry_engine_find_same (bed->engine, spec->address, bed->folder, NULL));
}

/* ---- the end of the program ---- */

static void
test_comes_back (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  static const char *const targets[] = {
    "/done.bin?size=1000",
    "/paused.bin?size=1048576&stall=524288&stalls=1",
    "/asks.bin?status=404",
    "/failed.bin?redirect=self",
    "/running.bin?size=1048576&stall=524288&stalls=1",
  };
  FerryTransfer *t[G_N_ELEMENTS (targets)];
  g_autofree char *path = ferry_test_bed_path (bed, "done.bin");
  g_autofree char *message = NULL;
  gint64 added;

  for (gsize i = 0; i < 4; i++)
    {
      t[i] = ferry_test_bed_add (bed, targets[i]);
      if (i == 1)
        ferry_test_bed_pause_at (bed, t[i], HELD);
      else
        ferry_test_bed_settle (bed, t[i]);
    }
  t[4] = ferry_test_bed_add (bed, targets[4]);
  ferry_test_bed_wait_received (bed, t[4], HELD);
  added = ferry_transfer_get_added (t[0]);
  message = g_strdup (ferry_transfer_get_error_message (t[2]));
  ferry_test_bed_reopen (bed);

  g_assert_cmpuint (count_items (bed), ==, 5);
  for (gsize i = 0; i < 5; i++)
    t[i] = ferry_test_bed_get (bed, i);
  g_assert_cmpint (ferry_transfer_get_state (t[0]), ==, FERRY_STATE_DONE);
  g_assert_cmpstr (ferry_transfer_get_path (t[0]), ==, path);
  g_assert_cmpint (ferry_transfer_get_added (t[0]), ==, added);
  g_assert_cmpint (ferry_transfer_get_finished (t[0]), >=, added);
  g_assert_cmpstr (ferry_transfer_get_verified (t[0]), ==, "size");
  g_assert_cmpint (ferry_transfer_get_state (t[1]), ==, FERRY_STATE_PAUSED);
  g_assert_cmpuint (ferry_transfer_get_received (t[1]), ==, HELD);
  g_assert_cmpint (ferry_transfer_get_size (t[1]), ==, SIZE);
  ferry_test_bed_assert_state (bed, t[2], FERRY_STATE_NEEDS_YOU, FERRY_ERROR_NOT_FOUND);
  g_assert_cmpstr (ferry_transfer_get_error_message (t[2]), ==, message);
  ferry_test_bed_assert_state (bed, t[3], FERRY_STATE_FAILED, FERRY_ERROR_TOO_MANY_REDIRECTS);
  g_assert_cmpint (ferry_test_bed_settle (bed, t[4]), ==, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/running.bin", 2), >, 0);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/asks.bin"), ==, 1);
  ferry_engine_resume (bed->engine, t[1]);
  g_assert_cmpint (ferry_test_bed_settle (bed, t[1]), ==, FERRY_STATE_DONE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/paused.bin", 2), >, 0);
}

/* What waited for a time tries at once when the program starts anew. */
static void
test_waiting_comes_back (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer
      = ferry_test_bed_add (bed, "/a.bin?size=1000&status=503&times=1&retry_after=7200");

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_reopen (bed);
  g_assert_cmpint (ferry_test_bed_settle (bed, ferry_test_bed_get (bed, 0)), ==, FERRY_STATE_DONE);
}

/* ---- the network ---- */

static void
test_offline (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autofree char *address = NULL;
  FerryTransfer *transfer;

  /* Nobody listens there any more: with a network that is a reason to try again, without one it says nothing. */
  ferry_test_monitor_set_available (bed->monitor, FALSE);
  ferry_test_bed_open (bed);
  address = ferry_test_server_locate (bed->server, "/file.bin?size=1000&drop=1");
  transfer = ferry_test_bed_add (bed, "http://host.invalid/file.bin");
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  for (guint i = 0; i < 10; i++)
    ferry_engine_reconcile (bed->engine);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_WAITING);
  g_assert_nonnull (strstr (ferry_transfer_get_caption (transfer), "network"));
  ferry_engine_remove (bed->engine, transfer);
}

/* The network goes while bytes flow and comes back: it goes on by itself, from where it was. */
static void
test_network_back (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer = ferry_test_bed_add (
      bed, "/file.bin?size=1048576&cut=524288&cuts=1&cutmode=keepalive&rate=2000000");

  ferry_test_bed_wait_requests (bed, "/file.bin", 1);
  ferry_test_monitor_set_available (bed->monitor, FALSE);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
  ferry_test_monitor_set_available (bed->monitor, TRUE);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
  g_assert_cmpuint (ferry_test_server_count (bed->server, NULL), ==, 2);
}

/* A server that says nothing more is given up after a while, and asked again. */
static void
test_silent_server (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *transfer;

  g_object_set (bed->engine, "timeout", 1, NULL);
  transfer = ferry_test_bed_add (bed, "/file.bin?size=1048576&stall=524288&stalls=1");
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_WAITING);
  ferry_test_bed_assert_state (bed, transfer, FERRY_STATE_WAITING, FERRY_ERROR_TIMED_OUT);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 0, SIZE);
  g_assert_cmpint (ferry_test_bed_get_range (bed, "/file.bin", 2), >, 0);
}

static void
test_https (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new_closed ();
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = ferry_test_certificate_new_pem ("127.0.0.1", &error);
  g_autofree char *file = g_build_filename (bed->root, "trusted.pem", NULL);
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (FerryTestServer) server = NULL;
  g_autofree char *address = NULL;
  FerryTransfer *transfer;

  g_assert_no_error (error);
  g_assert_true (g_file_set_contents (file, pem, -1, NULL));
  certificate = g_tls_certificate_new_from_pem (pem, -1, &error);
  g_assert_no_error (error);
  server = ferry_test_server_new_full (0, certificate, &error);
  g_assert_no_error (error);
  address = ferry_test_server_locate (
      server, "/file.bin?size=3000001&seed=4&cut=1000000&cuts=1&cutmode=keepalive");
  g_setenv ("SSL_CERT_FILE", file, TRUE);
  ferry_test_bed_open (bed);
  g_unsetenv ("SSL_CERT_FILE");
  transfer = ferry_test_bed_add (bed, address);
  g_assert_cmpint (ferry_test_bed_settle (bed, transfer), ==, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "file.bin", 4, 3000001);
  g_assert_cmpuint (ferry_test_server_count (server, NULL), ==, 2);
}

/* ---- only some ---- */

static void
test_selective (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryTransfer *a;
  FerryTransfer *b;

  ferry_engine_set_selective (bed->engine, TRUE);
  a = ferry_test_bed_add (bed, "/a.bin?size=1000");
  b = ferry_test_bed_add (bed, "/b.bin?size=1000");
  ferry_engine_select (bed->engine, b);
  g_assert_cmpint (ferry_test_bed_settle (bed, b), ==, FERRY_STATE_DONE);
  g_assert_cmpuint (ferry_test_server_count (bed->server, "/a.bin"), ==, 0);
  g_assert_cmpint (ferry_transfer_get_wanted (a), ==, FERRY_WANTED_RUN);
  ferry_engine_set_selective (bed->engine, FALSE);
  g_assert_cmpint (ferry_test_bed_settle (bed, a), ==, FERRY_STATE_DONE);
}

/* ---- many ---- */

#define MANY 1000
#define ENOUGH 200
/* Far above what a frame may take, far below what a person calls frozen; sanitizers and a busy machine fit in. */
#define FREEZE_US (G_USEC_PER_SEC)

static gboolean
enough_done (gpointer data)
{
  return count_state (data, FERRY_STATE_DONE) >= ENOUGH;
}

static void
assert_not_frozen (gint64 since)
{
  gint64 took = g_get_monotonic_time () - since;

  if (took >= FREEZE_US)
    g_test_message ("%" G_GINT64_FORMAT " us", took);
  g_assert_cmpint (took, <, FREEZE_US);
}

/* A thousand small files at full speed: the main loop turns all the while, and stops in the middle. */
static void
test_many (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  gint64 start = g_get_monotonic_time ();
  guint done;

  ferry_engine_set_max_active (bed->engine, 8);
  for (guint i = 0; i < MANY; i++)
    {
      g_autofree char *target = g_strdup_printf ("/f%04u.bin?size=%u&seed=%u", i, i, i);

      ferry_test_bed_add (bed, target);
    }
  assert_not_frozen (start);
  while (!enough_done (bed))
    {
      g_main_context_iteration (NULL, TRUE);
      for (start = g_get_monotonic_time (); g_main_context_pending (NULL);
           start = g_get_monotonic_time ())
        {
          g_main_context_iteration (NULL, FALSE);
          assert_not_frozen (start);
        }
    }
  start = g_get_monotonic_time ();
  ferry_engine_pause_all (bed->engine);
  assert_not_frozen (start);
  ferry_test_bed_wait_quiet (bed);
  done = count_state (bed, FERRY_STATE_DONE);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_PAUSED), ==, MANY - done);
  for (guint i = 0; i < ENOUGH; i += 37)
    {
      g_autofree char *name = g_strdup_printf ("f%04u.bin", i);
      g_autofree char *path = ferry_test_bed_path (bed, name);
      g_autofree char *difference = ferry_test_content_compare (path, i, i);

      g_assert_cmpstr (difference, ==, NULL);
    }
  ferry_test_bed_reopen (bed);
  g_assert_cmpuint (count_items (bed), ==, MANY);
  g_assert_cmpuint (count_state (bed, FERRY_STATE_DONE), ==, done);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/engine/empty", test_empty);
  g_test_add_func ("/engine/bad-additions", test_bad_additions);
  g_test_add_func ("/engine/slots", test_slots);
  g_test_add_func ("/engine/order", test_order);
  g_test_add_func ("/engine/waiting-holds-no-slot", test_waiting_holds_no_slot);
  g_test_add_func ("/engine/all", test_all);
  g_test_add_func ("/engine/added-paused", test_added_paused);
  g_test_add_func ("/engine/shown", test_shown);
  g_test_add_func ("/engine/main-thread-only", test_main_thread_only);
  g_test_add_func ("/engine/find", test_find);
  g_test_add_func ("/engine/comes-back", test_comes_back);
  g_test_add_func ("/engine/waiting-comes-back", test_waiting_comes_back);
  g_test_add_func ("/engine/offline", test_offline);
  g_test_add_func ("/engine/network-back", test_network_back);
  g_test_add_func ("/engine/silent-server", test_silent_server);
  g_test_add_func ("/engine/https", test_https);
  g_test_add_func ("/engine/selective", test_selective);
  g_test_add_func ("/engine/many", test_many);
  return g_test_run ();
}
