/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-message-dialog.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-button.h"

static void
name_buttons_once (GtkWidget *widget)
{
  if (GTK_IS_BUTTON (widget) && gtk_button_get_label (GTK_BUTTON (widget)) != NULL)
    ferry_button_name_once (widget);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL;
       child = gtk_widget_get_next_sibling (child))
    name_buttons_once (child);
}

AdwMessageDialog *
ferry_message_dialog_new (GtkWindow *parent, const char *heading)
{
  g_return_val_if_fail (GTK_IS_WINDOW (parent), NULL);

  return g_object_new (ADW_TYPE_MESSAGE_DIALOG, "accessible-role", GTK_ACCESSIBLE_ROLE_DIALOG,
                       "transient-for", parent, "heading", heading, NULL);
}

void
ferry_message_dialog_add_answer (AdwMessageDialog *dialog,
                                 const char *id,
                                 const char *label,
                                 AdwResponseAppearance appearance)
{
  g_return_if_fail (ADW_IS_MESSAGE_DIALOG (dialog));
  g_return_if_fail (id != NULL && label != NULL);

  adw_message_dialog_add_responses (dialog, "cancel", _ ("_Cancel"), id, label, NULL);
  adw_message_dialog_set_response_appearance (dialog, id, appearance);
  adw_message_dialog_set_default_response (dialog,
                                           appearance == ADW_RESPONSE_DESTRUCTIVE ? "cancel" : id);
  adw_message_dialog_set_close_response (dialog, "cancel");
}

void
ferry_message_dialog_present (AdwMessageDialog *dialog)
{
  g_return_if_fail (ADW_IS_MESSAGE_DIALOG (dialog));

  name_buttons_once (GTK_WIDGET (dialog));
  gtk_window_present (GTK_WINDOW (dialog));
}
