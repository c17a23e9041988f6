/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryctlReport:
 *
 * What `ferryctl get` and `ferryctl put` tell while they work: bars redrawn in place on a terminal, plain lines elsewhere, one JSON object a
 * line for programs. Errors go to standard error in every form.
 */
typedef struct _FerryctlReport FerryctlReport;

FerryctlReport *ferryctl_report_new (gboolean json);

/* Takes the bars away; what was printed stays. */
void ferryctl_report_free (FerryctlReport *self);

/* A transfer changed its state: what ferryctl_report_event () has no event for. */
void ferryctl_report_state (FerryctlReport *self, GVariant *item);

/**
 * ferryctl_report_event:
 * @event: "added", "resumed", "finished", "already-finished", "paused", "failed", "needs-you", "removed"
 * @item: (nullable): the transfer, NULL when there is none
 * @given: the address of a download, the path of a file to send
 * @sentence: (nullable): why, for the last three
 */
void ferryctl_report_event (FerryctlReport *self,
                            const char *event,
                            GVariant *item,
                            const char *given,
                            const char *sentence);

/* How all stand: draws, or prints where it is time. (element-type GVariant) */
void ferryctl_report_progress (FerryctlReport *self, GPtrArray *items, guint n_settled);

/* A sentence of its own, such as what to do after an interrupt. */
void ferryctl_report_say (FerryctlReport *self, const char *sentence);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryctlReport, ferryctl_report_free)

G_END_DECLS
