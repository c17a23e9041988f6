/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-note-row.h"

#include "ferry-button.h"

struct _FerryNoteRow
{
  AdwPreferencesRow parent_instance;

  GtkLabel *label;
  GtkWidget *buttons;
};

G_DEFINE_FINAL_TYPE (FerryNoteRow, ferry_note_row, ADW_TYPE_PREFERENCES_ROW)

static void
ferry_note_row_class_init (FerryNoteRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-note-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryNoteRow, label);
  gtk_widget_class_bind_template_child (widget_class, FerryNoteRow, buttons);
}

static void
ferry_note_row_init (FerryNoteRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

void
ferry_note_row_set_text (FerryNoteRow *self, const char *sentence)
{
  g_return_if_fail (FERRY_IS_NOTE_ROW (self));

  gtk_label_set_text (self->label, sentence != NULL ? sentence : "");
  gtk_widget_set_visible (GTK_WIDGET (self), sentence != NULL);
}

GtkWidget *
ferry_note_row_add_button (FerryNoteRow *self, const char *label)
{
  g_return_val_if_fail (FERRY_IS_NOTE_ROW (self), NULL);

  GtkWidget *button = gtk_button_new_with_mnemonic (label);

  ferry_button_name_once (button);
  gtk_box_append (GTK_BOX (self->buttons), button);
  gtk_widget_show (self->buttons);
  return button;
}
