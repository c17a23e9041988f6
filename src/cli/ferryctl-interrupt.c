/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Plain signal handlers rather than GLib's: the second Ctrl+C must end the process even while the main thread waits for
 * another process or for a terminal that is held.
 */
#include "ferryctl-interrupt.h"

#include "ferryctl-options.h"

#include <glib-unix.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t n_interrupts = 0;
static volatile sig_atomic_t resized = 0;
static volatile sig_atomic_t continued = 0;
static int wake_fd = -1;

/* Async-signal-safe, as all that the handlers call. */
static void
wake (void)
{
  static const guint64 one = 1;
  if (write (wake_fd, &one, sizeof one) < 0)
    return;
}

static void
interrupt_handler (int signal_number)
{
  n_interrupts = n_interrupts + 1;
  if (n_interrupts > 1)
    _exit (FERRYCTL_INTERRUPTED);
  wake ();
}

static void
terminal_handler (int signal_number)
{
  if (signal_number == SIGCONT)
    continued = 1;
  else
    resized = 1;
  wake ();
}

static void
handle (int signal_number, void (*handler) (int))
{
  struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
  struct sigaction before;

  if (signal_number == SIGHUP && sigaction (signal_number, NULL, &before) == 0
      && before.sa_handler == SIG_IGN)
    return;
  sigemptyset (&action.sa_mask);
  sigaction (signal_number, &action, NULL);
}

static gboolean
woken_cb (int fd, GIOCondition condition, gpointer user_data)
{
  guint64 count;
  return read (fd, &count, sizeof count) >= 0 || G_SOURCE_CONTINUE;
}

void
ferryctl_interrupt_watch (void)
{
  wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  g_return_if_fail (wake_fd >= 0);
  g_unix_fd_add (wake_fd, G_IO_IN, woken_cb, NULL);
  handle (SIGINT, interrupt_handler);
  handle (SIGTERM, interrupt_handler);
  handle (SIGHUP, interrupt_handler);
  handle (SIGWINCH, terminal_handler);
  handle (SIGCONT, terminal_handler);
}

void
ferryctl_interrupt_raise (void)
{
  if (n_interrupts == 0)
    n_interrupts = 1;
}

gboolean
ferryctl_interrupt_is_raised (void)
{
  return n_interrupts > 0;
}

gboolean
ferryctl_interrupt_take_resized (void)
{
  gboolean was = resized != 0;
  resized = 0;
  return was;
}

gboolean
ferryctl_interrupt_take_continued (void)
{
  gboolean was = continued != 0;
  continued = 0;
  return was;
}
