/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `ferryctl get`: puts its downloads into the queue, or finds them there, and follows them until each is settled. It sees a
 * queue only through its calls, so it does not matter whether this process runs it or another one; when the owner goes away
 * the calls say so, the queue is opened anew and the downloads that are not settled are asked for again.
 */
#include "ferryctl-commands.h"

#include "ferry-config.h"
#include "ferry-digest.h"
#include "ferry-error.h"
#include "ferry-remote-queue.h"
#include "ferryctl-interrupt.h"
#include "ferryctl-item.h"
#include "ferryctl-queue.h"
#include "ferryctl-report.h"
#include "ferryctl-text.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>
#include <sys/stat.h>

#define TICK_MS 200
#define FIRST_TICK_MS 20

typedef struct
{
  const FerrySpec *spec;
  char *id;
  GVariant *item; /* as last seen */
  gboolean settled;
  gboolean page_accepted;
  int status;
} Download;

typedef struct
{
  const FerryctlOptions *options;
  FerryctlQueue *queue;
  FerryctlReport *report;
  GPtrArray *downloads;
  gboolean pausing;
  gboolean due;
  guint delay_ms;
} Get;

static void
download_free (Download *download)
{
  g_free (download->id);
  g_clear_pointer (&download->item, g_variant_unref);
  g_free (download);
}

static void
take_item (Download *download, GVariant *item)
{
  g_clear_pointer (&download->item, g_variant_unref);
  download->item = g_variant_ref (item);
}

static void
settle (Get *get, Download *download, int status, const char *event, const char *sentence)
{
  download->settled = TRUE;
  download->status = status;
  ferryctl_report_event (get->report, event, download->item, download->spec->address, sentence);
}

/* ---- proving a file that was fetched without the checksum that is asked for now ---- */

static gboolean
file_has_sha256 (const char *path, const char *hex, GError **error)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 sha256[FERRY_SHA256_SIZE];
  int fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);

  if (fd < 0)
    {
      ferry_error_from_errno (error, errno, path);
      return FALSE;
    }
  gint64 length = ferry_digest_read (digest, fd, 0, G_MAXINT64, NULL, error);
  g_close (fd, NULL);
  if (length < 0)
    return FALSE;
  ferry_digest_finish (digest, sha256);
  g_autofree char *found = ferry_sha256_to_hex (sha256);
  if (g_str_equal (found, hex))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_CHECKSUM,
               _ ("The file “%s” does not have the checksum asked for. Its SHA-256 is %s."), path,
               found);
  return FALSE;
}

static void
settle_finished (Get *get, Download *download, const char *event)
{
  const char *wanted = download->spec->sha256;
  g_autoptr (GError) error = NULL;
  gboolean proven = wanted == NULL
                    || (g_str_equal (event, "finished")
                        && g_str_equal (wanted, ferryctl_item_string (download->item, "sha256")));

  if (proven || file_has_sha256 (ferryctl_item_string (download->item, "path"), wanted, &error))
    settle (get, download, FERRYCTL_DONE, event, NULL);
  else
    settle (get, download, FERRYCTL_FAILED, "failed", error->message);
}

/* ---- beginning ---- */

/* The file of a download that ended between its last step and the record of it. */
static gboolean
may_be_our_file (GVariant *item, const GStatBuf *info)
{
  gint64 size = ferryctl_item_int (item, "size", -1);

  return S_ISREG (info->st_mode) && size >= 0 && info->st_size == size
         && ferryctl_item_int (item, "received", 0) == size;
}

static gboolean
output_is_free (const Download *download, GError **error)
{
  const FerrySpec *spec = download->spec;
  GStatBuf info;

  if (!spec->exact)
    return TRUE;
  g_autofree char *path = g_build_filename (spec->folder, spec->name, NULL);
  if (g_lstat (path, &info) != 0)
    return TRUE;
  if (download->item != NULL && !ferryctl_item_is (download->item, "done")
      && may_be_our_file (download->item, &info))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS,
               _ ("“%s” is there already and is not touched. Choose another name or move it away."),
               path);
  return FALSE;
}

static gboolean
find_same (Get *get, Download *download, GError **error)
{
  const FerrySpec *spec = download->spec;
  g_autoptr (GPtrArray) items = ferryctl_queue_call_items (
      get->queue, "Find",
      g_variant_new ("(sss)", spec->address, spec->folder, spec->name != NULL ? spec->name : ""),
      error);

  if (items == NULL)
    return FALSE;
  if (items->len > 0)
    take_item (download, g_ptr_array_index (items, 0));
  return TRUE;
}

static gboolean
ask_for (Get *get, Download *download, gboolean again, GError **error)
{
  GVariant *parameters
      = g_variant_new ("(@a{sv}b)", ferry_remote_spec_to_variant (download->spec), again);
  g_autoptr (GVariant) answer = ferryctl_queue_call (get->queue, "Get", parameters, error);

  if (answer == NULL)
    return FALSE;
  g_free (download->id);
  g_variant_get (answer, "(s)", &download->id);
  return TRUE;
}

static gboolean
is_followed_already (Get *get, Download *self)
{
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *other = g_ptr_array_index (get->downloads, i);
      if (other != self && other->id != NULL && g_str_equal (other->id, self->id))
        return TRUE;
    }
  return FALSE;
}

static void
woken_cb (FerryTransfer *transfer, GParamSpec *pspec, Get *get)
{
  get->due = TRUE;
}

/* Where the queue is ours a finished transfer need not wait for the next look. */
static void
watch (Get *get, const char *id)
{
  FerryEngine *engine = ferryctl_queue_get_engine (get->queue);
  FerryTransfer *transfer = engine != NULL ? ferry_engine_find (engine, id, NULL) : NULL;

  if (transfer == NULL)
    return;
  g_signal_handlers_disconnect_by_func (transfer, woken_cb, get);
  g_signal_connect (transfer, "notify::state", G_CALLBACK (woken_cb), get);
}

/* The whole file was there, and was not what is asked for still: only other bytes can help. */
static gboolean
is_proven_wrong (const Download *download)
{
  const char *wanted = download->spec->sha256;

  return download->item != NULL && ferryctl_item_is (download->item, "failed")
         && ferryctl_item_int (download->item, "error-code", -1) == FERRY_ERROR_CHECKSUM
         && (wanted == NULL
             || g_str_equal (wanted, ferryctl_item_string (download->item, "sha256")));
}

/* FALSE only for an error; a file that is finished already is settled. */
static gboolean
begin (Get *get, Download *download, GError **error)
{
  gboolean followed = download->id != NULL;

  if (!find_same (get, download, error))
    return FALSE;
  gboolean known = download->item != NULL;
  gboolean done = known && ferryctl_item_is (download->item, "done");
  if (done && ferryctl_item_file_is_there (download->item))
    {
      settle_finished (get, download, followed ? "finished" : "already-finished");
      return TRUE;
    }
  gboolean again = done || is_proven_wrong (download);
  if (!output_is_free (download, error) || !ask_for (get, download, again, error))
    return FALSE;
  if (is_followed_already (get, download))
    {
      download->settled = TRUE;
      return TRUE;
    }
  watch (get, download->id);
  const char *const ids[] = { download->id, NULL };
  g_autoptr (GPtrArray) items
      = ferryctl_queue_call_items (get->queue, "Describe", g_variant_new ("(^as)", ids), error);
  if (items == NULL)
    return FALSE;
  if (items->len > 0)
    take_item (download, g_ptr_array_index (items, 0));
  if (!followed && items->len > 0)
    ferryctl_report_event (get->report, known ? "resumed" : "added", download->item, NULL, NULL);
  return TRUE;
}

static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* Begins what is not settled. FALSE when the owner went away on the way. */
static gboolean
begin_all (Get *get)
{
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *download = g_ptr_array_index (get->downloads, i);
      g_autoptr (GError) error = NULL;
      if (download->settled || begin (get, download, &error))
        continue;
      if (is_gone (error))
        return FALSE;
      settle (get, download, FERRYCTL_FAILED, "failed", error->message);
    }
  return TRUE;
}

/* ---- following ---- */

static void
call_for (Get *get, const char *method, Download *download)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer
      = ferryctl_queue_call (get->queue, method, g_variant_new ("(s)", download->id), &error);

  if (answer == NULL)
    g_debug ("%s of %s: %s", method, download->id, error->message);
}

static void
settle_needs_you (Get *get, Download *download)
{
  gboolean page = ferryctl_item_int (download->item, "error-code", -1) == FERRY_ERROR_WEB_PAGE;

  if (page && get->options->web_page && !download->page_accepted)
    {
      download->page_accepted = TRUE;
      call_for (get, "AcceptWebPage", download);
      return;
    }
  settle (get, download, FERRYCTL_NEEDS_YOU, "needs-you",
          ferryctl_item_string (download->item, "error"));
  if (page && !get->options->json)
    ferryctl_text_complain (
        _ ("To save the web page itself, run the same command with --web-page."));
}

static void
look_at (Get *get, Download *download, GVariant *item)
{
  gboolean changed = download->item == NULL
                     || !ferryctl_item_is (download->item, ferryctl_item_string (item, "state"));

  take_item (download, item);
  if (ferryctl_item_is (item, "done"))
    settle_finished (get, download, "finished");
  else if (ferryctl_item_is (item, "failed"))
    settle (get, download, FERRYCTL_FAILED, "failed", ferryctl_item_string (item, "error"));
  else if (ferryctl_item_is (item, "needs-you"))
    settle_needs_you (get, download);
  else if (ferryctl_item_is (item, "paused"))
    settle (get, download, FERRYCTL_INTERRUPTED, "paused", NULL);
  else if (changed)
    ferryctl_report_state (get->report, item);
}

static GVariant *
item_with_id (GPtrArray *items, const char *id)
{
  for (guint i = 0; i < items->len; i++)
    if (g_str_equal (ferryctl_item_string (g_ptr_array_index (items, i), "id"), id))
      return g_ptr_array_index (items, i);
  return NULL;
}

static GPtrArray *
describe_unsettled (Get *get, GError **error)
{
  GVariantBuilder ids;

  g_variant_builder_init (&ids, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *download = g_ptr_array_index (get->downloads, i);
      if (!download->settled)
        g_variant_builder_add (&ids, "s", download->id);
    }
  return ferryctl_queue_call_items (get->queue, "Describe", g_variant_new ("(as)", &ids), error);
}

static guint
count_settled (Get *get)
{
  guint n = 0;

  for (guint i = 0; i < get->downloads->len; i++)
    n += ((Download *) g_ptr_array_index (get->downloads, i))->settled;
  return n;
}

static void
pause_unsettled (Get *get)
{
  get->pausing = TRUE;
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *download = g_ptr_array_index (get->downloads, i);
      if (!download->settled)
        call_for (get, "Pause", download);
    }
}

/* FALSE with an error when the queue does not answer. */
static gboolean
tick (Get *get, GError **error)
{
  if (ferryctl_text_is_broken ())
    ferryctl_interrupt_raise ();
  if (ferryctl_interrupt_is_raised () && !get->pausing)
    pause_unsettled (get);

  g_autoptr (GPtrArray) items = describe_unsettled (get, error);
  if (items == NULL)
    return FALSE;
  g_autoptr (GPtrArray) moving = g_ptr_array_new ();
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *download = g_ptr_array_index (get->downloads, i);
      if (download->settled)
        continue;
      GVariant *item = item_with_id (items, download->id);
      if (item != NULL)
        look_at (get, download, item);
      else
        settle (get, download, FERRYCTL_FAILED, "removed", _ ("It was taken out of the queue."));
      if (!download->settled)
        g_ptr_array_add (moving, download->item);
    }
  if (moving->len > 0)
    ferryctl_report_progress (get->report, moving, count_settled (get));
  return TRUE;
}

static gboolean
due_cb (gpointer user_data)
{
  ((Get *) user_data)->due = TRUE;
  return G_SOURCE_REMOVE;
}

/* Until it is time to look again: quickly at first, so that a small file is not waited for. */
static void
wait_a_tick (Get *get)
{
  gboolean was_raised = ferryctl_interrupt_is_raised ();
  guint timeout = g_timeout_add (get->delay_ms, due_cb, get);
  GSource *source = g_main_context_find_source_by_id (NULL, timeout);

  g_source_ref (source);
  get->delay_ms = MIN (get->delay_ms * 2, TICK_MS);
  while (!get->due)
    {
      g_main_context_iteration (NULL, TRUE);
      if (ferryctl_interrupt_take_resized () || ferryctl_interrupt_is_raised () != was_raised)
        break;
    }
  get->due = FALSE;
  g_source_destroy (source);
  g_source_unref (source);
}

static void
fail_unsettled (Get *get, int status, const char *sentence)
{
  for (guint i = 0; i < get->downloads->len; i++)
    {
      Download *download = g_ptr_array_index (get->downloads, i);
      if (!download->settled)
        settle (get, download, status, status == FERRYCTL_FAILED ? "failed" : "interrupted",
                sentence);
    }
}

/* FALSE when it cannot be had again. */
static gboolean
take_over (Get *get)
{
  g_autoptr (GError) error = NULL;

  if (ferryctl_queue_reopen (get->queue, &error))
    return TRUE;
  gboolean stopped = g_error_matches (error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
  fail_unsettled (get, stopped ? FERRYCTL_INTERRUPTED : FERRYCTL_FAILED, error->message);
  return FALSE;
}

static void
follow (Get *get)
{
  gboolean there = begin_all (get);

  while (count_settled (get) < get->downloads->len)
    {
      g_autoptr (GError) error = NULL;
      if (there && tick (get, &error))
        {
          if (count_settled (get) < get->downloads->len)
            wait_a_tick (get);
          continue;
        }
      if (there && !is_gone (error))
        {
          fail_unsettled (get, FERRYCTL_FAILED, error->message);
          return;
        }
      get->pausing = FALSE;
      there = take_over (get) && begin_all (get);
    }
}

/* ---- the command ---- */

static int
worst_status (Get *get)
{
  static const int order[]
      = { FERRYCTL_INTERRUPTED, FERRYCTL_FAILED, FERRYCTL_NEEDS_YOU, FERRYCTL_DONE };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    for (guint j = 0; j < get->downloads->len; j++)
      if (((Download *) g_ptr_array_index (get->downloads, j))->status == order[i])
        return order[i];
  return FERRYCTL_DONE;
}

static int
run (Get *get)
{
  g_autoptr (GError) error = NULL;

  get->queue
      = ferryctl_queue_open (get->options->queue, TRUE, ferryctl_interrupt_is_raised, &error);
  if (get->queue == NULL)
    {
      ferryctl_text_complain (error->message);
      return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_CANCELLED) ? FERRYCTL_INTERRUPTED
                                                                         : FERRYCTL_FAILED;
    }
  follow (get);
  int status = worst_status (get);
  if (status == FERRYCTL_INTERRUPTED)
    ferryctl_report_say (get->report, _ ("Run the same command to go on."));
  return status;
}

int
ferryctl_get (const FerryctlOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) specs = ferryctl_options_to_specs (options, &error);
  Get get = { .options = options, .delay_ms = FIRST_TICK_MS };

  if (specs == NULL)
    {
      ferryctl_text_complain (error->message);
      return FERRYCTL_USAGE;
    }
  ferryctl_interrupt_watch ();
  get.downloads = g_ptr_array_new_with_free_func ((GDestroyNotify) download_free);
  for (guint i = 0; i < specs->len; i++)
    {
      Download *download = g_new0 (Download, 1);
      download->spec = g_ptr_array_index (specs, i);
      g_ptr_array_add (get.downloads, download);
    }
  get.report = ferryctl_report_new (options->json);
  int status = run (&get);
  g_clear_pointer (&get.report, ferryctl_report_free);
  g_clear_pointer (&get.queue, ferryctl_queue_close);
  g_ptr_array_unref (get.downloads);
  return status;
}
