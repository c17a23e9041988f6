/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-table.h"

#include "ferry-config.h"
#include "ferry-format.h"
#include "ferryctl-item.h"
#include "ferryctl-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIN_ID 8
#define GAP "  "
#define GAP_WIDTH 2
#define MIN_NAME 8

enum
{
  COLUMN_ID,
  COLUMN_DIRECTION,
  COLUMN_STATE,
  COLUMN_PROGRESS,
  COLUMN_SIZE,
  COLUMN_NAME,
  N_COLUMNS
};

/* The words for people; JSON has the untranslated ones. */
static const char *
state_for_people (const char *state)
{
  static const struct
  {
    const char *state;
    const char *words;
  } words[] = {
    { "queued", N_ ("queued") }, { "active", N_ ("running") },  { "stopping", N_ ("pausing") },
    { "paused", N_ ("paused") }, { "waiting", N_ ("waiting") }, { "needs-you", N_ ("needs you") },
    { "failed", N_ ("failed") }, { "done", N_ ("finished") },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (state, words[i].state))
      return _ (words[i].words);
  return state;
}

static const char *
arrow_of (GVariant *item)
{
  gboolean utf8 = ferryctl_text_is_utf8 ();

  if (ferryctl_item_is_upload (item))
    return utf8 ? "↑" : "^";
  return utf8 ? "↓" : "v";
}

static int
compare_ids (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* How many digits tell all ids apart. */
static gsize
id_length (GPtrArray *items)
{
  g_autoptr (GPtrArray) ids = g_ptr_array_new ();
  gsize length = MIN_ID;

  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (ids, (gpointer) ferryctl_item_string (g_ptr_array_index (items, i), "id"));
  g_ptr_array_sort (ids, compare_ids);
  for (guint i = 1; i < ids->len; i++)
    {
      const char *a = g_ptr_array_index (ids, i - 1);
      const char *b = g_ptr_array_index (ids, i);
      gsize same = 0;
      while (a[same] != '\0' && a[same] == b[same])
        same++;
      length = MAX (length, same + 1);
    }
  return length;
}

static void
make_row (GVariant *item, gsize id_digits, char *cells[N_COLUMNS])
{
  int percent = ferryctl_item_percent (item);
  gint64 size = ferryctl_item_int (item, "size", -1);
  gint64 received = ferryctl_item_int (item, "received", 0);

  cells[COLUMN_ID] = g_strndup (ferryctl_item_string (item, "id"), id_digits);
  cells[COLUMN_DIRECTION] = g_strdup (arrow_of (item));
  cells[COLUMN_STATE] = g_strdup (state_for_people (ferryctl_item_string (item, "state")));
  cells[COLUMN_PROGRESS]
      = percent >= 0 ? g_strdup_printf ("%d %%", percent) : ferry_format_size ((guint64) received);
  cells[COLUMN_SIZE] = size >= 0 ? ferry_format_size ((guint64) size) : g_strdup ("?");
  cells[COLUMN_NAME] = ferryctl_text_safe (ferryctl_item_string (item, "name"));
}

/* 0: not a terminal, nothing is cut. */
static int
columns_of_terminal (void)
{
  struct winsize size = { 0 };

  if (!isatty (STDOUT_FILENO) || ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    return 0;
  return size.ws_col;
}

static void
print_row (char *cells[N_COLUMNS], const int widths[N_COLUMNS], int name_width)
{
  g_autoptr (GString) line = g_string_new (NULL);

  for (int i = 0; i < COLUMN_NAME; i++)
    {
      g_autofree char *cell = ferryctl_text_pad (cells[i], widths[i]);
      g_string_append_printf (line, "%s" GAP, cell);
    }
  g_autofree char *name = name_width > 0 ? ferryctl_text_fit (cells[COLUMN_NAME], name_width)
                                         : g_strdup (cells[COLUMN_NAME]);
  g_string_append_printf (line, "%s\n", name);
  ferryctl_text_put (line->str);
}

void
ferryctl_table_print (GPtrArray *items)
{
  guint n = items->len + 1;
  g_autofree char **cells = g_new0 (char *, n *N_COLUMNS);
  gsize digits = id_length (items);
  int widths[N_COLUMNS] = { 0 };
  const char *const heads[N_COLUMNS]
      = { _ ("ID"), "", _ ("STATE"), _ ("PROGRESS"), _ ("SIZE"), _ ("NAME") };

  for (int c = 0; c < N_COLUMNS; c++)
    cells[c] = g_strdup (heads[c]);
  for (guint i = 0; i < items->len; i++)
    make_row (g_ptr_array_index (items, i), digits, &cells[(i + 1) * N_COLUMNS]);
  int used = 0;
  for (int c = 0; c < COLUMN_NAME; c++)
    {
      for (guint i = 0; i < n; i++)
        widths[c] = MAX (widths[c], ferryctl_text_width (cells[i * N_COLUMNS + (guint) c]));
      used += widths[c] + GAP_WIDTH;
    }
  int columns = columns_of_terminal ();
  int name_width = columns > 0 ? MAX (MIN_NAME, columns - used) : 0;
  for (guint i = 0; i < n; i++)
    print_row (&cells[i * N_COLUMNS], widths, name_width);
  for (guint i = 0; i < n * N_COLUMNS; i++)
    g_free (cells[i]);
}

/* ---- one transfer ---- */

static char *
format_time (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_local (seconds);
  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("?");
}

static void
print_fact (const char *label, const char *value)
{
  if (*value == '\0')
    return;
  g_autofree char *padded = ferryctl_text_pad (label, 14);
  ferryctl_text_print ("%s%s%s", padded, GAP, value);
}

static void
print_time (const char *label, gint64 seconds)
{
  if (seconds <= 0)
    return;
  g_autofree char *text = format_time (seconds);
  print_fact (label, text);
}

static const char *
verified_for_people (const char *verified, gboolean upload)
{
  if (upload && g_str_equal (verified, "server-sha256"))
    return _ ("the receiver has the same SHA-256");
  if (g_str_equal (verified, "sha256"))
    return _ ("it has the SHA-256 that was asked for");
  if (g_str_equal (verified, "server-sha256"))
    return _ ("it has the SHA-256 that the server gave");
  if (g_str_equal (verified, "size"))
    return _ ("it is as long as the server said");
  if (g_str_equal (verified, "store-sha256"))
    return _ ("the store has the same SHA-256 of each piece");
  if (g_str_equal (verified, "store-etag"))
    return _ ("the store has the same ETags and size");
  if (g_str_equal (verified, "none"))
    return _ ("not verifiable here: the store tells no checksum");
  if (g_str_equal (verified, "unknown-size"))
    return _ ("the server said no size; it ended the file itself");
  return verified;
}

static const char *
resume_for_people (const char *resume)
{
  if (g_str_equal (resume, "yes"))
    return _ ("yes");
  if (g_str_equal (resume, "no"))
    return _ ("no, this server starts over");
  return _ ("not known yet");
}

void
ferryctl_table_print_one (GVariant *item, GVariant *history)
{
  g_autofree char *progress = ferryctl_item_progress (item);
  gboolean upload = ferryctl_item_is_upload (item);
  GVariantIter iter;
  const char *sentence;
  gint64 when;

  print_fact (_ ("Id"), ferryctl_item_string (item, "id"));
  print_fact (_ ("Name"), ferryctl_item_string (item, "name"));
  if (upload)
    {
      print_fact (_ ("Source"), ferryctl_item_string (item, "source"));
      print_fact (_ ("Receiver"), ferryctl_item_string (item, "address"));
      print_fact (_ ("Link"), ferryctl_item_string (item, "link"));
    }
  else
    {
      print_fact (_ ("Address"), ferryctl_item_string (item, "address"));
      print_fact (_ ("Folder"), ferryctl_item_string (item, "folder"));
      print_fact (_ ("File"), ferryctl_item_string (item, "path"));
    }
  print_fact (_ ("State"), state_for_people (ferryctl_item_string (item, "state")));
  print_fact (_ ("Now"), ferryctl_item_string (item, "caption"));
  print_fact (_ ("Why"), ferryctl_item_string (item, "error"));
  print_fact (_ ("Progress"), progress);
  print_fact (_ ("Can resume"), resume_for_people (ferryctl_item_string (item, "resume")));
  print_fact (_ ("Type"), ferryctl_item_string (item, "media-type"));
  print_fact (_ ("SHA-256"), ferryctl_item_string (item, "sha256"));
  print_fact (_ ("Proven"), verified_for_people (ferryctl_item_string (item, "verified"), upload));
  print_time (_ ("Added"), ferryctl_item_int (item, "added", 0));
  print_time (_ ("Finished"), ferryctl_item_int (item, "finished", 0));
  if (g_variant_n_children (history) == 0)
    return;
  ferryctl_text_print ("%s", _ ("History"));
  g_variant_iter_init (&iter, history);
  while (g_variant_iter_next (&iter, "(x&s)", &when, &sentence))
    {
      g_autofree char *time = format_time (when);
      ferryctl_text_print ("  %s  %s", time, sentence);
    }
}
