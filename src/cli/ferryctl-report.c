/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-report.h"

#include "ferry-config.h"
#include "ferry-format.h"
#include "ferryctl-bars.h"
#include "ferryctl-interrupt.h"
#include "ferryctl-item.h"
#include "ferryctl-text.h"

#include <glib/gi18n-lib.h>

#define PLAIN_EVERY_US (5 * G_USEC_PER_SEC)
#define JSON_EVERY_US (G_USEC_PER_SEC / 2)

typedef enum
{
  FORM_BARS,
  FORM_PLAIN,
  FORM_JSON
} Form;

struct _FerryctlReport
{
  Form form;
  FerryctlBars bars;
  gint64 last_progress;
};

FerryctlReport *
ferryctl_report_new (gboolean json)
{
  FerryctlReport *self = g_new0 (FerryctlReport, 1);

  self->form = json ? FORM_JSON : ferryctl_bars_possible () ? FORM_BARS : FORM_PLAIN;
  self->last_progress = g_get_monotonic_time ();
  ferryctl_bars_init (&self->bars);
  return self;
}

void
ferryctl_report_free (FerryctlReport *self)
{
  ferryctl_bars_erase (&self->bars);
  ferryctl_bars_clear (&self->bars);
  g_free (self);
}

static void
print_json (const char *event, GVariant *item, const char *given, const char *sentence)
{
  g_autoptr (JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  ferryctl_json_string (builder, "event", event);
  if (item != NULL)
    ferryctl_item_to_json (item, builder);
  else
    ferryctl_json_string (builder, *given == '/' ? "source" : "address", given);
  if (sentence != NULL)
    ferryctl_json_string (builder, "error", sentence);
  json_builder_end_object (builder);
  ferryctl_json_print (builder);
}

static void
print_finished (GVariant *item)
{
  g_autofree char *size = ferry_format_size ((guint64) ferryctl_item_int (item, "received", 0));
  const char *verified = ferryctl_item_string (item, "verified");
  const char *name = ferryctl_item_string (item, "name");
  const char *path = ferryctl_item_string (item, "path");

  if (ferryctl_item_is_upload (item))
    ferryctl_text_print (_ ("%s: sent, %s: %s"), name, size, ferryctl_item_string (item, "link"));
  else if (g_str_equal (verified, "sha256") || g_str_equal (verified, "server-sha256"))
    ferryctl_text_print (_ ("%s: finished, %s, checksum right: %s"), name, size, path);
  else
    ferryctl_text_print (_ ("%s: finished, %s: %s"), name, size, path);
}

static void
complain (GVariant *item, const char *given, const char *sentence)
{
  const char *about = item != NULL ? ferryctl_item_string (item, "name") : given;
  g_autofree char *text = g_strdup_printf ("%s: %s", about, sentence != NULL ? sentence : "");
  ferryctl_text_complain (text);
}

static void
print_text (const char *event, GVariant *item, const char *given, const char *sentence)
{
  const char *name = item != NULL ? ferryctl_item_string (item, "name") : given;
  g_autofree char *progress = item != NULL ? ferryctl_item_progress (item) : g_strdup ("");

  if (g_str_equal (event, "finished"))
    print_finished (item);
  else if (g_str_equal (event, "already-finished") && ferryctl_item_is_upload (item))
    ferryctl_text_print (_ ("%s: already sent: %s"), name, ferryctl_item_string (item, "link"));
  else if (g_str_equal (event, "already-finished"))
    ferryctl_text_print (_ ("%s: already finished: %s"), name, ferryctl_item_string (item, "path"));
  else if (g_str_equal (event, "paused"))
    ferryctl_text_print (_ ("%s: paused at %s."), name, progress);
  else if (g_str_equal (event, "resumed") && ferryctl_item_int (item, "received", 0) > 0)
    ferryctl_text_print (_ ("%s: going on at %s."), name, progress);
}

void
ferryctl_report_event (FerryctlReport *self,
                       const char *event,
                       GVariant *item,
                       const char *given,
                       const char *sentence)
{
  gboolean bad = g_str_equal (event, "failed") || g_str_equal (event, "needs-you")
                 || g_str_equal (event, "removed");

  ferryctl_bars_erase (&self->bars);
  if (self->form == FORM_JSON)
    print_json (event, item, given, sentence);
  else if (!bad)
    print_text (event, item, given, sentence);
  if (bad)
    complain (item, given, sentence);
}

void
ferryctl_report_state (FerryctlReport *self, GVariant *item)
{
  gboolean waits = ferryctl_item_is (item, "waiting");

  if (self->form == FORM_JSON)
    print_json (waits ? "waiting" : "state", item, NULL, NULL);
  else if (self->form == FORM_PLAIN && (waits || ferryctl_item_is (item, "active")))
    ferryctl_text_print ("%s: %s", ferryctl_item_string (item, "name"),
                         ferryctl_item_string (item, "caption"));
}

void
ferryctl_report_progress (FerryctlReport *self, GPtrArray *items, guint n_settled)
{
  gint64 now = g_get_monotonic_time ();

  if (self->form == FORM_BARS)
    {
      if (ferryctl_interrupt_take_continued ())
        ferryctl_bars_forget (&self->bars);
      ferryctl_bars_draw (&self->bars, items, n_settled);
      return;
    }
  if (now - self->last_progress < (self->form == FORM_JSON ? JSON_EVERY_US : PLAIN_EVERY_US))
    return;
  self->last_progress = now;
  for (guint i = 0; i < items->len; i++)
    {
      GVariant *item = g_ptr_array_index (items, i);
      if (!ferryctl_item_is (item, "active"))
        continue;
      if (self->form == FORM_JSON)
        print_json ("progress", item, NULL, NULL);
      else
        ferryctl_text_print ("%s: %s", ferryctl_item_string (item, "name"),
                             ferryctl_item_string (item, "caption"));
    }
}

void
ferryctl_report_say (FerryctlReport *self, const char *sentence)
{
  ferryctl_bars_erase (&self->bars);
  if (self->form != FORM_JSON)
    ferryctl_text_print ("%s", sentence);
}
