/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-note-row.h"
#include "ferry-receive-here.h"

G_BEGIN_DECLS

/**
 * ferry_receive_note_bind:
 * @row: shows why nothing is received on this computer although it should, and what helps
 * @can_try_again: FALSE where something else does that already
 * @choose_folder: called with @object when the person wants another folder
 */
void ferry_receive_note_bind (FerryNoteRow *row,
                              FerryReceiveHere *here,
                              gboolean can_try_again,
                              GCallback choose_folder,
                              gpointer object);

G_END_DECLS
