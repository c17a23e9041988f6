/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * `ferryctl get` and `ferryctl put`: what they are given is put into the queue, or found there, and followed until each
 * transfer is settled. This sees a
 * queue only through its calls, so it does not matter whether this process runs it or another one; when the owner goes away
 * the calls say so, the queue is opened anew and the transfers that are not settled are asked for again.
 */
#include "ferryctl-follow.h"

#include "ferry-config.h"
#include "ferry-error.h"
#include "ferry-remote-queue.h"
#include "ferryctl-checksum.h"
#include "ferryctl-interrupt.h"
#include "ferryctl-item.h"
#include "ferryctl-queue.h"
#include "ferryctl-report.h"
#include "ferryctl-text.h"

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
  gboolean started_again;
  int status;
} Followed;

typedef struct
{
  const FerryctlOptions *options;
  FerryctlQueue *queue;
  FerryctlReport *report;
  GPtrArray *transfers;
  gboolean pausing;
  gboolean due;
  guint delay_ms;
} Follow;

static void
followed_free (Followed *followed)
{
  g_free (followed->id);
  g_clear_pointer (&followed->item, g_variant_unref);
  g_free (followed);
}

static void
take_item (Followed *followed, GVariant *item)
{
  g_clear_pointer (&followed->item, g_variant_unref);
  followed->item = g_variant_ref (item);
}

static void
settle (Follow *self, Followed *followed, int status, const char *event, const char *sentence)
{
  const FerrySpec *spec = followed->spec;
  const char *given = spec->direction == FERRY_UPLOAD ? spec->source : spec->address;

  followed->settled = TRUE;
  followed->status = status;
  ferryctl_report_event (self->report, event, followed->item, given, sentence);
}

static gboolean
is_stopped (const GError *error)
{
  return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
}

static void
settle_finished (Follow *self, Followed *followed, const char *event)
{
  const char *wanted = followed->spec->sha256;
  g_autoptr (GError) error = NULL;
  /* An upload is done when its receiver has proven it. */
  gboolean proven = wanted == NULL
                    || (g_str_equal (event, "finished")
                        && g_str_equal (wanted, ferryctl_item_string (followed->item, "sha256")));

  if (proven
      || ferryctl_file_has_sha256 (ferryctl_item_string (followed->item, "path"), wanted, &error))
    settle (self, followed, FERRYCTL_DONE, event, NULL);
  else if (is_stopped (error))
    settle (self, followed, FERRYCTL_INTERRUPTED, "interrupted", error->message);
  else
    settle (self, followed, FERRYCTL_FAILED, "failed", error->message);
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
output_is_free (const Followed *followed, GError **error)
{
  const FerrySpec *spec = followed->spec;
  GStatBuf info;

  if (!spec->exact)
    return TRUE;
  g_autofree char *path = g_build_filename (spec->folder, spec->name, NULL);
  if (g_lstat (path, &info) != 0)
    return TRUE;
  if (followed->item != NULL && !ferryctl_item_is (followed->item, "done")
      && may_be_our_file (followed->item, &info))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS,
               _ ("“%s” is there already and is not touched. Choose another name or move it away."),
               path);
  return FALSE;
}

static gboolean
find_same (Follow *self, Followed *followed, GError **error)
{
  const FerrySpec *spec = followed->spec;
  gboolean up = spec->direction == FERRY_UPLOAD;
  const char *name = spec->name != NULL ? spec->name : "";
  GVariant *parameters = up ? g_variant_new ("(ss)", spec->address, spec->source)
                            : g_variant_new ("(sss)", spec->address, spec->folder, name);
  g_autoptr (GPtrArray) items
      = ferryctl_queue_call_items (self->queue, up ? "FindUpload" : "Find", parameters, error);

  if (items == NULL)
    return FALSE;
  if (items->len > 0)
    take_item (followed, g_ptr_array_index (items, 0));
  return TRUE;
}

static gboolean
ask_for (Follow *self, Followed *followed, gboolean again, GError **error)
{
  GVariant *parameters
      = g_variant_new ("(@a{sv}b)", ferry_remote_spec_to_variant (followed->spec), again);
  g_autoptr (GVariant) answer = ferryctl_queue_call (self->queue, "Get", parameters, error);

  if (answer == NULL)
    return FALSE;
  g_free (followed->id);
  g_variant_get (answer, "(s)", &followed->id);
  return TRUE;
}

static gboolean
is_followed_already (Follow *self, Followed *followed)
{
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *other = g_ptr_array_index (self->transfers, i);
      if (other != followed && other->id != NULL && g_str_equal (other->id, followed->id))
        return TRUE;
    }
  return FALSE;
}

static void
woken_cb (FerryTransfer *transfer, GParamSpec *pspec, Follow *self)
{
  self->due = TRUE;
}

/* Where the queue is ours a finished transfer need not wait for the next look. */
static void
watch (Follow *self, const char *id)
{
  FerryEngine *engine = ferryctl_queue_get_engine (self->queue);
  FerryTransfer *transfer = engine != NULL ? ferry_engine_find (engine, id, NULL) : NULL;

  if (transfer == NULL)
    return;
  g_signal_handlers_disconnect_by_func (transfer, woken_cb, self);
  g_signal_connect (transfer, "notify::state", G_CALLBACK (woken_cb), self);
}

/* The whole file was there, and was not what is asked for still: only other bytes can help. */
static gboolean
is_proven_wrong (const Followed *followed)
{
  const char *wanted = followed->spec->sha256;

  return followed->item != NULL && ferryctl_item_is (followed->item, "failed")
         && ferryctl_item_int (followed->item, "error-code", -1) == FERRY_ERROR_CHECKSUM
         && (wanted == NULL
             || g_str_equal (wanted, ferryctl_item_string (followed->item, "sha256")));
}

static gboolean
source_has_changed (GVariant *item)
{
  return ferryctl_item_is (item, "needs-you")
         && ferryctl_item_int (item, "error-code", -1) == FERRY_ERROR_SOURCE_CHANGED;
}

/* Once: a file that changes while it is sent is not sent for ever. */
static gboolean
starts_again (Follow *self, Followed *followed)
{
  if (!self->options->again || followed->started_again || followed->item == NULL
      || !source_has_changed (followed->item))
    return FALSE;
  followed->started_again = TRUE;
  return TRUE;
}

/* A finished transfer whose file is as it was then: fetched and still there, or sent and not changed since. With an error: the
 * person does not wait for the answer. */
static gboolean
is_still_so (const Followed *followed, GError **error)
{
  const char *sha256 = ferryctl_item_string (followed->item, "sha256");
  g_autoptr (GError) why = NULL;

  if (followed->spec->direction == FERRY_DOWNLOAD)
    return ferryctl_item_file_is_there (followed->item);
  if (!ferryctl_item_source_is_as_long (followed->item))
    return FALSE;
  if (ferryctl_file_has_sha256 (followed->spec->source, sha256, &why))
    return TRUE;
  if (is_stopped (why))
    g_propagate_error (error, g_steal_pointer (&why));
  return FALSE;
}

/* One that the queue knows may be missing for a while: it is asked for. */
static gboolean
source_is_there (const Followed *followed, GError **error)
{
  const char *source = followed->spec->source;

  if (source == NULL || g_file_test (source, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT, _ ("There is no file “%s”."),
               source);
  return FALSE;
}

/* FALSE only for an error; a file that is finished already is settled. */
static gboolean
begin (Follow *self, Followed *followed, GError **error)
{
  gboolean begun = followed->id != NULL;
  g_autoptr (GError) stopped = NULL;

  if (!find_same (self, followed, error))
    return FALSE;
  gboolean known = followed->item != NULL;
  gboolean done = known && ferryctl_item_is (followed->item, "done");
  gboolean upload = followed->spec->direction == FERRY_UPLOAD;
  if (done && ((begun && upload) || is_still_so (followed, &stopped)))
    {
      settle_finished (self, followed, begun ? "finished" : "already-finished");
      return TRUE;
    }
  if (stopped != NULL)
    {
      settle (self, followed, FERRYCTL_INTERRUPTED, "interrupted", stopped->message);
      return TRUE;
    }
  if (!known && !source_is_there (followed, error))
    return FALSE;
  gboolean again = done || is_proven_wrong (followed) || starts_again (self, followed);
  if (!output_is_free (followed, error) || !ask_for (self, followed, again, error))
    return FALSE;
  if (is_followed_already (self, followed))
    {
      followed->settled = TRUE;
      return TRUE;
    }
  watch (self, followed->id);
  const char *const ids[] = { followed->id, NULL };
  g_autoptr (GPtrArray) items
      = ferryctl_queue_call_items (self->queue, "Describe", g_variant_new ("(^as)", ids), error);
  if (items == NULL)
    return FALSE;
  if (items->len > 0)
    take_item (followed, g_ptr_array_index (items, 0));
  if (!begun && items->len > 0)
    ferryctl_report_event (self->report, known ? "resumed" : "added", followed->item, NULL, NULL);
  return TRUE;
}

static gboolean
is_gone (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

/* Begins what is not settled. FALSE when the owner went away on the way. */
static gboolean
begin_all (Follow *self)
{
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *followed = g_ptr_array_index (self->transfers, i);
      g_autoptr (GError) error = NULL;
      if (followed->settled || begin (self, followed, &error))
        continue;
      if (is_gone (error))
        return FALSE;
      gboolean usage = followed->spec->direction == FERRY_UPLOAD
                       && g_error_matches (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
      settle (self, followed, usage ? FERRYCTL_USAGE : FERRYCTL_FAILED, "failed", error->message);
    }
  return TRUE;
}

/* ---- following ---- */

static void
call_for (Follow *self, const char *method, Followed *followed)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer
      = ferryctl_queue_call (self->queue, method, g_variant_new ("(s)", followed->id), &error);

  if (answer == NULL)
    g_debug ("%s of %s: %s", method, followed->id, error->message);
}

static void
start_again (Follow *self, Followed *followed)
{
  g_autoptr (GError) error = NULL;

  if (!ask_for (self, followed, TRUE, &error))
    g_debug ("%s is not started again: %s", followed->id, error->message);
}

/* What helps, where the sentence on the row cannot know how ferryctl is told. */
static void
say_what_helps (Follow *self, const Followed *followed, int code)
{
  if (self->options->json)
    return;
  if (code == FERRY_ERROR_WEB_PAGE)
    ferryctl_text_complain (
        _ ("To save the web page itself, run the same command with --web-page."));
  else if (code == FERRY_ERROR_SOURCE_CHANGED)
    ferryctl_text_complain (
        _ ("To send the file as it is now, run the same command with --again."));
  else if (code == FERRY_ERROR_UNAUTHORIZED && followed->spec->direction == FERRY_UPLOAD)
    ferryctl_text_complain (
        _ ("Give the receiver's token in a file with --token-file=FILE, or in the environment "
           "variable FERRY_TOKEN. “ferryctl destination add” can keep it."));
}

static void
settle_needs_you (Follow *self, Followed *followed)
{
  int code = (int) ferryctl_item_int (followed->item, "error-code", -1);

  if (starts_again (self, followed))
    {
      start_again (self, followed);
      return;
    }
  if (code == FERRY_ERROR_WEB_PAGE && self->options->web_page && !followed->page_accepted)
    {
      followed->page_accepted = TRUE;
      call_for (self, "AcceptWebPage", followed);
      return;
    }
  settle (self, followed, FERRYCTL_NEEDS_YOU, "needs-you",
          ferryctl_item_string (followed->item, "error"));
  say_what_helps (self, followed, code);
}

static void
look_at (Follow *self, Followed *followed, GVariant *item)
{
  gboolean changed = followed->item == NULL
                     || !ferryctl_item_is (followed->item, ferryctl_item_string (item, "state"));

  take_item (followed, item);
  if (ferryctl_item_is (item, "done"))
    settle_finished (self, followed, "finished");
  else if (ferryctl_item_is (item, "failed"))
    settle (self, followed, FERRYCTL_FAILED, "failed", ferryctl_item_string (item, "error"));
  else if (ferryctl_item_is (item, "needs-you"))
    settle_needs_you (self, followed);
  else if (ferryctl_item_is (item, "paused"))
    settle (self, followed, FERRYCTL_INTERRUPTED, "paused", NULL);
  else if (changed)
    ferryctl_report_state (self->report, item);
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
describe_unsettled (Follow *self, GError **error)
{
  GVariantBuilder ids;

  g_variant_builder_init (&ids, G_VARIANT_TYPE ("as"));
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *followed = g_ptr_array_index (self->transfers, i);
      if (!followed->settled)
        g_variant_builder_add (&ids, "s", followed->id);
    }
  return ferryctl_queue_call_items (self->queue, "Describe", g_variant_new ("(as)", &ids), error);
}

static guint
count_settled (Follow *self)
{
  guint n = 0;

  for (guint i = 0; i < self->transfers->len; i++)
    n += ((Followed *) g_ptr_array_index (self->transfers, i))->settled;
  return n;
}

static void
pause_unsettled (Follow *self)
{
  self->pausing = TRUE;
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *followed = g_ptr_array_index (self->transfers, i);
      if (!followed->settled)
        call_for (self, "Pause", followed);
    }
}

/* FALSE with an error when the queue does not answer. */
static gboolean
tick (Follow *self, GError **error)
{
  if (ferryctl_text_is_broken ())
    ferryctl_interrupt_raise ();
  if (ferryctl_interrupt_is_raised () && !self->pausing)
    pause_unsettled (self);

  g_autoptr (GPtrArray) items = describe_unsettled (self, error);
  if (items == NULL)
    return FALSE;
  g_autoptr (GPtrArray) moving = g_ptr_array_new ();
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *followed = g_ptr_array_index (self->transfers, i);
      if (followed->settled)
        continue;
      GVariant *item = item_with_id (items, followed->id);
      if (item != NULL)
        look_at (self, followed, item);
      else
        settle (self, followed, FERRYCTL_FAILED, "removed", _ ("It was taken out of the queue."));
      if (!followed->settled)
        g_ptr_array_add (moving, followed->item);
    }
  if (moving->len > 0)
    ferryctl_report_progress (self->report, moving, count_settled (self));
  return TRUE;
}

static gboolean
due_cb (gpointer user_data)
{
  ((Follow *) user_data)->due = TRUE;
  return G_SOURCE_REMOVE;
}

/* Until it is time to look again: quickly at first, so that a small file is not waited for. */
static void
wait_a_tick (Follow *self)
{
  gboolean was_raised = ferryctl_interrupt_is_raised ();
  guint timeout = g_timeout_add (self->delay_ms, due_cb, self);
  GSource *source = g_main_context_find_source_by_id (NULL, timeout);

  g_source_ref (source);
  self->delay_ms = MIN (self->delay_ms * 2, TICK_MS);
  while (!self->due)
    {
      g_main_context_iteration (NULL, TRUE);
      if (ferryctl_interrupt_take_resized () || ferryctl_interrupt_is_raised () != was_raised)
        break;
    }
  self->due = FALSE;
  g_source_destroy (source);
  g_source_unref (source);
}

static void
fail_unsettled (Follow *self, int status, const char *sentence)
{
  for (guint i = 0; i < self->transfers->len; i++)
    {
      Followed *followed = g_ptr_array_index (self->transfers, i);
      if (!followed->settled)
        settle (self, followed, status, status == FERRYCTL_FAILED ? "failed" : "interrupted",
                sentence);
    }
}

/* FALSE when it cannot be had again. */
static gboolean
take_over (Follow *self)
{
  g_autoptr (GError) error = NULL;

  if (ferryctl_queue_reopen (self->queue, &error))
    return TRUE;
  gboolean stopped = g_error_matches (error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
  fail_unsettled (self, stopped ? FERRYCTL_INTERRUPTED : FERRYCTL_FAILED, error->message);
  return FALSE;
}

static void
follow (Follow *self)
{
  gboolean there = begin_all (self);

  while (count_settled (self) < self->transfers->len)
    {
      g_autoptr (GError) error = NULL;
      if (there && tick (self, &error))
        {
          if (count_settled (self) < self->transfers->len)
            wait_a_tick (self);
          continue;
        }
      if (there && !is_gone (error))
        {
          fail_unsettled (self, FERRYCTL_FAILED, error->message);
          return;
        }
      self->pausing = FALSE;
      there = take_over (self) && begin_all (self);
    }
}

/* ---- the command ---- */

static int
worst_status (Follow *self)
{
  static const int order[] = { FERRYCTL_INTERRUPTED, FERRYCTL_FAILED, FERRYCTL_USAGE,
                               FERRYCTL_NEEDS_YOU, FERRYCTL_DONE };

  for (gsize i = 0; i < G_N_ELEMENTS (order); i++)
    for (guint j = 0; j < self->transfers->len; j++)
      if (((Followed *) g_ptr_array_index (self->transfers, j))->status == order[i])
        return order[i];
  return FERRYCTL_DONE;
}

static int
run (Follow *self)
{
  g_autoptr (GError) error = NULL;

  self->queue
      = ferryctl_queue_open (self->options->queue, TRUE, ferryctl_interrupt_is_raised, &error);
  if (self->queue == NULL)
    {
      ferryctl_text_complain (error->message);
      return g_error_matches (error, FERRY_ERROR, FERRY_ERROR_CANCELLED) ? FERRYCTL_INTERRUPTED
                                                                         : FERRYCTL_FAILED;
    }
  follow (self);
  int status = worst_status (self);
  if (status == FERRYCTL_INTERRUPTED)
    ferryctl_report_say (self->report, _ ("Run the same command to go on."));
  return status;
}

int
ferryctl_follow (const FerryctlOptions *options, GPtrArray *specs)
{
  Follow self = { .options = options, .delay_ms = FIRST_TICK_MS };

  ferryctl_interrupt_watch ();
  self.transfers = g_ptr_array_new_with_free_func ((GDestroyNotify) followed_free);
  for (guint i = 0; i < specs->len; i++)
    {
      Followed *followed = g_new0 (Followed, 1);
      followed->spec = g_ptr_array_index (specs, i);
      g_ptr_array_add (self.transfers, followed);
    }
  self.report = ferryctl_report_new (options->json);
  int status = run (&self);
  g_clear_pointer (&self.report, ferryctl_report_free);
  g_clear_pointer (&self.queue, ferryctl_queue_close);
  g_ptr_array_unref (self.transfers);
  return status;
}
