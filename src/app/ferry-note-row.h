/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

/**
 * FerryNoteRow:
 *
 * Under the row it is about: a sentence that says what is wrong, and buttons that help. Hidden while there is none.
 */
#define FERRY_TYPE_NOTE_ROW (ferry_note_row_get_type ())
G_DECLARE_FINAL_TYPE (FerryNoteRow, ferry_note_row, FERRY, NOTE_ROW, AdwPreferencesRow)

/* @sentence: (nullable) */
void ferry_note_row_set_text (FerryNoteRow *self, const char *sentence);

/* @label: with a mnemonic. (transfer none) */
GtkWidget *ferry_note_row_add_button (FerryNoteRow *self, const char *label);

G_END_DECLS
