/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-util.h"

#include "ferry-error.h"
#include "ferry-store.h"
#include "ferry-test-folder.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Far more than anything takes, so that only a hang meets it, on a slow machine with sanitizers too. */
#define LIMIT_US (60 * G_USEC_PER_SEC)
#define TICK_MS 4
#define TRIES 20
#define NOBODY 65534

FerryTestBed *
ferry_test_bed_new_closed (void)
{
  FerryTestBed *self = g_new0 (FerryTestBed, 1);

  self->root = ferry_test_folder_new ();
  self->state_folder = g_build_filename (self->root, "state", NULL);
  self->folder = g_build_filename (self->root, "downloads", NULL);
  g_assert_cmpint (g_mkdir (self->folder, 0755), ==, 0);
  self->server = ferry_test_server_new ();
  self->monitor = ferry_test_monitor_new (TRUE);
  return self;
}

FerryTestBed *
ferry_test_bed_new (void)
{
  FerryTestBed *self = ferry_test_bed_new_closed ();

  ferry_test_bed_open (self);
  return self;
}

void
ferry_test_bed_free (FerryTestBed *self)
{
  if (self == NULL)
    return;
  ferry_test_bed_close (self);
  ferry_test_server_free (self->server);
  g_clear_object (&self->monitor);
  ferry_test_folder_free (self->root);
  g_free (self->state_folder);
  g_free (self->folder);
  g_free (self);
}

static void
dump_transfer (FerryTransfer *transfer)
{
  g_printerr ("# %s %s: %s, %" G_GUINT64_FORMAT " of %" G_GINT64_FORMAT
              ", error %d, resume %d\n#   caption: %s\n#   message: %s\n",
              ferry_transfer_get_id (transfer), ferry_transfer_get_name (transfer),
              ferry_state_to_string (ferry_transfer_get_state (transfer)),
              ferry_transfer_get_received (transfer), ferry_transfer_get_size (transfer),
              ferry_transfer_get_error_code (transfer), ferry_transfer_get_resume (transfer),
              ferry_transfer_get_caption (transfer), ferry_transfer_get_error_message (transfer));
}

static void
dump_requests (FerryTestBed *self)
{
  g_autoptr (GPtrArray) requests = ferry_test_server_get_requests (self->server, NULL);
  static const char *const shown[] = { "range", "if-match", "if-unmodified-since" };

  for (guint i = 0; i < MIN (requests->len, 50); i++)
    {
      const FerryTestRequest *request = g_ptr_array_index (requests, i);

      g_printerr ("# %s %s -> %u, %" G_GUINT64_FORMAT " sent", request->method, request->target,
                  request->status, request->sent);
      for (gsize j = 0; j < G_N_ELEMENTS (shown); j++)
        if (ferry_test_request_get (request, shown[j]) != NULL)
          g_printerr (", %s: %s", shown[j], ferry_test_request_get (request, shown[j]));
      g_printerr ("\n");
    }
}

void
ferry_test_bed_dump (FerryTestBed *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  guint n = self->engine != NULL ? g_list_model_get_n_items (G_LIST_MODEL (self->engine)) : 0;
  const char *name;

  for (guint i = 0; i < MIN (n, 20); i++)
    dump_transfer (ferry_test_bed_get (self, i));
  dump_requests (self);
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    g_printerr ("# file: %s\n", name);
}

static gboolean
tick_cb (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* A condition may become true without anything happening on the main context, so it is looked at regularly too. */
void
ferry_test_bed_wait (FerryTestBed *self,
                     FerryTestCondition condition,
                     gpointer data,
                     const char *what)
{
  gint64 limit = g_get_monotonic_time () + LIMIT_US;
  guint tick = g_timeout_add (TICK_MS, tick_cb, NULL);

  while (!condition (data))
    {
      if (g_get_monotonic_time () > limit)
        {
          ferry_test_bed_dump (self);
          g_error ("Waited in vain for: %s", what);
        }
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (tick);
}

typedef struct
{
  FerryTestBed *bed;
  GAsyncResult *result;
} Call;

static void
call_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  ((Call *) data)->result = g_object_ref (result);
}

static gboolean
call_ended (gpointer data)
{
  return ((Call *) data)->result != NULL;
}

gboolean
ferry_test_bed_try_open (FerryTestBed *self, GError **error)
{
  Call call = { self, NULL };
  gboolean ok;

  g_assert_null (self->engine);
  self->engine = ferry_engine_new ();
  ferry_engine_set_network_monitor (self->engine, G_NETWORK_MONITOR (self->monitor));
  ferry_engine_open_async (self->engine, self->state_folder, "ferry-test", NULL, call_cb, &call);
  ferry_test_bed_wait (self, call_ended, &call, "the engine to open");
  ok = ferry_engine_open_finish (self->engine, call.result, error);
  g_object_unref (call.result);
  if (!ok)
    g_clear_object (&self->engine);
  return ok;
}

void
ferry_test_bed_open (FerryTestBed *self)
{
  g_autoptr (GError) error = NULL;

  ferry_test_bed_try_open (self, &error);
  g_assert_no_error (error);
}

static gboolean
is_null (gpointer data)
{
  return *(gpointer *) data == NULL;
}

void
ferry_test_bed_close (FerryTestBed *self)
{
  Call call = { self, NULL };
  gpointer weak;

  if (self->engine == NULL)
    return;
  ferry_engine_close_async (self->engine, call_cb, &call);
  ferry_test_bed_wait (self, call_ended, &call, "the engine to close");
  ferry_engine_close_finish (self->engine, call.result);
  g_object_unref (call.result);
  /* Whoever still holds the engine, but for tasks that are just ending, would hold it for ever. */
  weak = self->engine;
  g_object_add_weak_pointer (G_OBJECT (weak), &weak);
  g_clear_object (&self->engine);
  ferry_test_bed_wait (self, is_null, &weak, "the engine to be let go");
}

void
ferry_test_bed_reopen (FerryTestBed *self)
{
  ferry_test_bed_close (self);
  ferry_test_bed_open (self);
}

FerrySpec *
ferry_test_bed_spec (FerryTestBed *self, const char *target)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *address
      = *target == '/' ? ferry_test_server_locate (self->server, target) : g_strdup (target);
  FerrySpec *spec = ferry_spec_new (address, self->folder, &error);

  g_assert_no_error (error);
  return spec;
}

FerryTransfer *
ferry_test_bed_add_spec (FerryTestBed *self, const FerrySpec *spec)
{
  g_autoptr (GError) error = NULL;
  FerryTransfer *transfer = ferry_engine_add (self->engine, spec, &error);

  g_assert_no_error (error);
  g_assert_nonnull (transfer);
  return transfer;
}

FerryTransfer *
ferry_test_bed_add (FerryTestBed *self, const char *target)
{
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (self, target);

  return ferry_test_bed_add_spec (self, spec);
}

FerryTransfer *
ferry_test_bed_get (FerryTestBed *self, guint position)
{
  g_autoptr (FerryTransfer) transfer
      = g_list_model_get_item (G_LIST_MODEL (self->engine), position);

  g_assert_nonnull (transfer);
  return transfer; /* the engine holds it */
}

typedef struct
{
  FerryTestBed *bed;
  FerryTransfer *transfer;
  FerryState state;
  guint64 number;
  const char *path;
  gboolean releases;
} Wanted;

static gboolean
state_reached (gpointer data)
{
  Wanted *wanted = data;

  return ferry_transfer_get_state (wanted->transfer) == wanted->state;
}

void
ferry_test_bed_wait_state (FerryTestBed *self, FerryTransfer *transfer, FerryState state)
{
  Wanted wanted = { .transfer = transfer, .state = state };

  ferry_test_bed_wait (self, state_reached, &wanted, ferry_state_to_string (state));
}

static gboolean
received_reached (gpointer data)
{
  Wanted *wanted = data;

  return ferry_transfer_get_received (wanted->transfer) >= wanted->number;
}

void
ferry_test_bed_wait_received (FerryTestBed *self, FerryTransfer *transfer, guint64 bytes)
{
  Wanted wanted = { .transfer = transfer, .number = bytes };

  ferry_test_bed_wait (self, received_reached, &wanted, "bytes to arrive");
}

static gboolean
stalled_reached (gpointer data)
{
  Wanted *wanted = data;

  return ferry_test_server_get_n_stalled (wanted->bed->server) == wanted->number;
}

void
ferry_test_bed_wait_stalled (FerryTestBed *self, guint n)
{
  Wanted wanted = { .bed = self, .number = n };

  ferry_test_bed_wait (self, stalled_reached, &wanted, "the server to stall");
}

static gboolean
requests_reached (gpointer data)
{
  Wanted *wanted = data;

  return ferry_test_server_count (wanted->bed->server, wanted->path) >= wanted->number;
}

void
ferry_test_bed_wait_requests (FerryTestBed *self, const char *path, guint n)
{
  Wanted wanted = { .bed = self, .path = path, .number = n };

  ferry_test_bed_wait (self, requests_reached, &wanted, "requests to arrive");
}

static gboolean
quiet_reached (gpointer data)
{
  return ferry_engine_get_quiet (((Wanted *) data)->bed->engine);
}

void
ferry_test_bed_wait_quiet (FerryTestBed *self)
{
  Wanted wanted = { .bed = self };

  ferry_test_bed_wait (self, quiet_reached, &wanted, "the engine to be quiet");
}

static gboolean
rests (gpointer data)
{
  Wanted *wanted = data;
  FerryState state = ferry_transfer_get_state (wanted->transfer);

  if (wanted->releases)
    ferry_test_server_release (wanted->bed->server);
  return state != FERRY_STATE_QUEUED && state != FERRY_STATE_ACTIVE
         && state != FERRY_STATE_STOPPING;
}

static FerryState
settle (FerryTestBed *self, FerryTransfer *transfer, gboolean releases)
{
  Wanted wanted = { .bed = self, .transfer = transfer, .releases = releases };

  for (guint i = 0; i < TRIES; i++)
    {
      ferry_test_bed_wait (self, rests, &wanted, "the transfer to rest");
      if (ferry_transfer_get_state (transfer) != FERRY_STATE_WAITING)
        return ferry_transfer_get_state (transfer);
      ferry_engine_resume (self->engine, transfer);
    }
  ferry_test_bed_dump (self);
  g_error ("The transfer never rests");
}

FerryState
ferry_test_bed_settle (FerryTestBed *self, FerryTransfer *transfer)
{
  return settle (self, transfer, FALSE);
}

FerryState
ferry_test_bed_settle_released (FerryTestBed *self, FerryTransfer *transfer)
{
  return settle (self, transfer, TRUE);
}

/* The transfer shows what has arrived only a few times a second; the part, where nothing but zeros was before, at once. */
static gboolean
part_reached (gpointer data)
{
  Wanted *wanted = data;
  g_autofree char *part = ferry_test_bed_find_part (wanted->bed);
  int fd = part != NULL ? open (part, O_RDONLY | O_CLOEXEC) : -1;
  guint64 word = 0;

  if (fd < 0)
    return FALSE;
  if (pread (fd, &word, sizeof word, wanted->number - sizeof word) != sizeof word)
    word = 0;
  close (fd);
  return word != 0;
}

void
ferry_test_bed_pause_at (FerryTestBed *self, FerryTransfer *transfer, guint64 bytes)
{
  Wanted wanted = { .bed = self, .number = bytes };

  ferry_test_bed_wait_stalled (self, 1);
  ferry_test_bed_wait (self, part_reached, &wanted, "bytes to be on disk");
  ferry_engine_pause (self->engine, transfer);
  ferry_test_bed_wait_state (self, transfer, FERRY_STATE_PAUSED);
  ferry_test_bed_wait_stalled (self, 0);
}

char *
ferry_test_bed_path (FerryTestBed *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

char *
ferry_test_bed_find_part (FerryTestBed *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  char *found = NULL;
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      if (!g_str_has_suffix (name, ".part"))
        continue;
      g_assert_null (found);
      found = ferry_test_bed_path (self, name);
    }
  return found;
}

guint
ferry_test_bed_count_files (FerryTestBed *self)
{
  g_autoptr (GDir) dir = g_dir_open (self->folder, 0, NULL);
  guint n = 0;

  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

char *
ferry_test_bed_history (FerryTestBed *self, FerryTransfer *transfer)
{
  Call call = { self, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) lines = NULL;
  g_autoptr (GString) text = g_string_new (NULL);

  ferry_engine_load_history_async (self->engine, transfer, call_cb, &call);
  ferry_test_bed_wait (self, call_ended, &call, "the history");
  lines = ferry_engine_load_history_finish (self->engine, call.result, &error);
  g_object_unref (call.result);
  g_assert_no_error (error);
  for (guint i = 0; i < lines->len; i++)
    g_string_append_printf (text, "%s\n",
                            ((const FerryHistoryLine *) g_ptr_array_index (lines, i))->sentence);
  return g_strdup (text->str);
}

void
ferry_test_bed_assert_file (FerryTestBed *self, const char *name, guint64 seed, guint64 size)
{
  g_autofree char *path = ferry_test_bed_path (self, name);
  g_autofree char *difference = ferry_test_content_compare (path, seed, size);
  g_autofree char *part = ferry_test_bed_find_part (self);

  if (difference != NULL || part != NULL)
    ferry_test_bed_dump (self);
  g_assert_cmpstr (difference, ==, NULL);
  g_assert_cmpstr (part, ==, NULL);
}

void
ferry_test_bed_assert_state (FerryTestBed *self,
                             FerryTransfer *transfer,
                             FerryState state,
                             int error_code)
{
  if (ferry_transfer_get_state (transfer) != state
      || ferry_transfer_get_error_code (transfer) != error_code)
    ferry_test_bed_dump (self);
  g_assert_cmpstr (ferry_state_to_string (ferry_transfer_get_state (transfer)), ==,
                   ferry_state_to_string (state));
  g_assert_cmpint (ferry_transfer_get_error_code (transfer), ==, error_code);
  if (error_code >= 0)
    ferry_test_assert_sentence (ferry_transfer_get_error_message (transfer));
}

void
ferry_test_assert_sentence (const char *sentence)
{
  g_assert_nonnull (sentence);
  g_assert_true (g_utf8_validate (sentence, -1, NULL));
  g_assert_true (g_str_has_suffix (sentence, ".") || g_str_has_suffix (sentence, "!")
                 || g_str_has_suffix (sentence, "?"));
  for (const char *jargon = "errno\0ETag\0HTTP/\0GError\0NULL\0(null)\0"; *jargon != '\0';
       jargon += strlen (jargon) + 1)
    g_assert_null (strstr (sentence, jargon));
}

char *
ferry_test_bed_get_field (FerryTestBed *self, const char *path, guint n, const char *name)
{
  g_autoptr (GPtrArray) requests = ferry_test_server_get_requests (self->server, path);

  if (requests->len < n)
    ferry_test_bed_dump (self);
  g_assert_cmpuint (requests->len, >=, n);
  return g_strdup (ferry_test_request_get (g_ptr_array_index (requests, n - 1), name));
}

gint64
ferry_test_bed_get_range (FerryTestBed *self, const char *path, guint n)
{
  g_autofree char *range = ferry_test_bed_get_field (self, path, n, "range");

  if (range == NULL || !g_str_has_prefix (range, "bytes="))
    return -1;
  return g_ascii_strtoll (range + strlen ("bytes="), NULL, 10);
}

gboolean
ferry_test_bed_become_nobody (FerryTestBed *self)
{
  if (geteuid () != 0)
    return TRUE;
  return chown (self->root, NOBODY, NOBODY) == 0 && chown (self->folder, NOBODY, NOBODY) == 0
         && seteuid (NOBODY) == 0;
}

void
ferry_test_become_root_again (void)
{
  if (getuid () == 0)
    g_assert_cmpint (seteuid (0), ==, 0);
}
