/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferryctl-bars.h"

#include "ferry-config.h"
#include "ferry-format.h"
#include "ferryctl-item.h"
#include "ferryctl-text.h"

#include <glib/gi18n-lib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MIN_BAR 8
#define MAX_BAR 30
#define MIN_NAME 12
#define USUAL_CAPTION 40
#define CAPTION_SEPARATOR " · "
#define PERCENT_WIDTH 5 /* "100 %" */
#define GAP "  "
#define GAP_WIDTH 2

typedef struct
{
  int columns;
  int rows;
} Size;

gboolean
ferryctl_bars_possible (void)
{
  const char *terminal = g_getenv ("TERM");
  return isatty (STDOUT_FILENO) && terminal != NULL && *terminal != '\0'
         && !g_str_equal (terminal, "dumb");
}

void
ferryctl_bars_init (FerryctlBars *self)
{
  self->widths = g_array_new (FALSE, FALSE, sizeof (int));
}

void
ferryctl_bars_clear (FerryctlBars *self)
{
  g_clear_pointer (&self->widths, g_array_unref);
}

static Size
terminal_size (void)
{
  struct winsize size = { 0 };

  if (ioctl (STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
    size = (struct winsize){ 0 };
  return (Size){
    .columns = size.ws_col > 0 ? size.ws_col : 80,
    .rows = size.ws_row > 0 ? size.ws_row : 24,
  };
}

/* Terminals fold lines that were drawn when they were wider: count the rows the block takes now. */
static void
append_go_up (FerryctlBars *self, GString *out, Size size)
{
  int rows = 0;

  for (guint i = 0; i < self->widths->len; i++)
    rows += MAX (1, (g_array_index (self->widths, int, i) + size.columns - 1) / size.columns);
  rows = MIN (rows, size.rows - 1);
  if (rows > 0)
    g_string_append_printf (out, "\033[%dA\r", rows);
}

void
ferryctl_bars_erase (FerryctlBars *self)
{
  g_autoptr (GString) out = g_string_new (NULL);

  if (self->widths->len == 0)
    return;
  append_go_up (self, out, terminal_size ());
  g_string_append (out, "\033[J");
  ferryctl_text_put (out->str);
  g_array_set_size (self->widths, 0);
}

void
ferryctl_bars_forget (FerryctlBars *self)
{
  g_array_set_size (self->widths, 0);
}

static void
append_bar (GString *out, int percent, int width)
{
  gboolean utf8 = ferryctl_text_is_utf8 ();
  int full = MAX (percent, 0) * width / 100;

  for (int i = 0; i < width; i++)
    g_string_append (out, i < full ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-"));
}

/* The same for all lines of a block, so that the bars stand one below the other. */
typedef struct
{
  int width;
  int name;
  int bar;
  int caption;
} Layout;

static Layout
make_layout (GPtrArray *items, int width)
{
  Layout layout = { .width = width };
  int longest = 0;

  for (guint i = 0; i < items->len; i++)
    {
      g_autofree char *name
          = ferryctl_text_safe (ferryctl_item_string (g_ptr_array_index (items, i), "name"));
      longest = MAX (longest, ferryctl_text_width (name));
    }
  layout.name = MIN (longest, MAX (width / 4, MIN (width, MIN_NAME)));
  int rest = width - layout.name - GAP_WIDTH - 1 - PERCENT_WIDTH;
  layout.bar = CLAMP (rest - GAP_WIDTH - USUAL_CAPTION, MIN_BAR, MAX_BAR);
  if (layout.bar > rest)
    layout.bar = 0;
  layout.caption = MAX (0, rest - layout.bar - GAP_WIDTH);
  return layout;
}

/* A caption is parts with " · " between: the first say most. */
static char *
fit_caption (const char *caption, int width)
{
  g_autofree char *text = ferryctl_text_safe (caption);

  while (ferryctl_text_width (text) > width)
    {
      char *last = g_strrstr (text, CAPTION_SEPARATOR);
      if (last == NULL)
        return ferryctl_text_fit (text, width);
      *last = '\0';
    }
  return g_steal_pointer (&text);
}

/* "name  ███░░░░░  43 %  124 MB of 1.2 GB · 14 MB/s", or "name  why it waits". */
static char *
bar_line (GVariant *item, const Layout *layout)
{
  g_autofree char *safe = ferryctl_text_safe (ferryctl_item_string (item, "name"));
  g_autofree char *name = ferryctl_text_pad (safe, layout->name);
  const char *caption = ferryctl_item_string (item, "caption");
  GString *out = g_string_new (name);
  int percent = ferryctl_item_percent (item);
  int left = layout->width - layout->name - GAP_WIDTH;

  if (percent >= 0 && layout->bar > 0 && !ferryctl_item_is (item, "waiting"))
    {
      g_string_append (out, GAP);
      append_bar (out, percent, layout->bar);
      g_string_append_printf (out, " %3d %%", percent);
      left = layout->caption;
    }
  if (left > 0)
    {
      g_autofree char *fit = fit_caption (caption, left);
      g_string_append_printf (out, GAP "%s", fit);
    }
  return g_string_free (out, FALSE);
}

static char *
summary_line (GPtrArray *items, guint n_settled, int width)
{
  guint64 received = 0, speed = 0;

  for (guint i = 0; i < items->len; i++)
    {
      GVariant *item = g_ptr_array_index (items, i);
      received += (guint64) ferryctl_item_int (item, "received", 0);
      speed += (guint64) ferryctl_item_int (item, "speed", 0);
    }
  g_autofree char *size = ferry_format_size (received);
  g_autofree char *rate = ferry_format_speed (speed);
  g_autofree char *text = g_strdup_printf (_ ("%u of %u files ended; the others have %s at %s"),
                                           n_settled, n_settled + items->len, size, rate);
  return ferryctl_text_fit (text, width);
}

static gboolean
is_shown (GVariant *item)
{
  return ferryctl_item_is (item, "active") || ferryctl_item_is (item, "stopping")
         || ferryctl_item_is (item, "waiting") || ferryctl_item_is (item, "queued");
}

static GPtrArray *
make_lines (GPtrArray *items, guint n_settled, Size size)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) shown = g_ptr_array_new ();
  /* The last column stays free: a terminal may fold a line that fills it. */
  int width = MAX (1, size.columns - 1);

  for (guint i = 0; i < items->len; i++)
    if (is_shown (g_ptr_array_index (items, i)))
      g_ptr_array_add (shown, g_ptr_array_index (items, i));
  Layout layout = make_layout (shown, width);
  for (guint i = 0; i < shown->len && (int) shown->len < size.rows; i++)
    g_ptr_array_add (lines, bar_line (g_ptr_array_index (shown, i), &layout));
  if (lines->len == shown->len)
    return lines;
  g_ptr_array_add (lines, summary_line (items, n_settled, width));
  return lines;
}

void
ferryctl_bars_draw (FerryctlBars *self, GPtrArray *items, guint n_settled)
{
  Size size = terminal_size ();
  g_autoptr (GPtrArray) lines = make_lines (items, n_settled, size);
  g_autoptr (GString) out = g_string_new (NULL);

  append_go_up (self, out, size);
  g_array_set_size (self->widths, 0);
  for (guint i = 0; i < lines->len; i++)
    {
      const char *line = g_ptr_array_index (lines, i);
      int width = ferryctl_text_width (line);
      g_string_append_printf (out, "%s\033[K\n", line);
      g_array_append_val (self->widths, width);
    }
  g_string_append (out, "\033[J");
  ferryctl_text_put (out->str);
}
