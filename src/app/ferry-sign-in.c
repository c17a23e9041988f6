/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-sign-in.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-message-dialog.h"

typedef struct
{
  FerryEngine *engine;
  FerryTransfer *transfer;
  AdwMessageDialog *dialog;
  GtkEditable *user;
  GtkEditable *password;
} SignIn;

static void
sign_in_free (SignIn *self)
{
  g_object_unref (self->engine);
  g_object_unref (self->transfer);
  g_free (self);
}

static void
sign_in_cb (SignIn *self)
{
  ferry_engine_sign_in (self->engine, self->transfer, gtk_editable_get_text (self->user),
                        gtk_editable_get_text (self->password));
}

/* A user name may be empty for some servers, but not both fields. */
static void
changed_cb (SignIn *self)
{
  gboolean filled = *gtk_editable_get_text (self->user) != '\0'
                    || *gtk_editable_get_text (self->password) != '\0';

  adw_message_dialog_set_response_enabled (self->dialog, "sign-in", filled);
}

static GtkEntry *
add_entry (SignIn *self, GtkWidget *box, const char *title)
{
  GtkWidget *entry
      = g_object_new (GTK_TYPE_ENTRY, "placeholder-text", title, "activates-default", TRUE, NULL);

  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL, title, -1);
  g_signal_connect_swapped (entry, "changed", G_CALLBACK (changed_cb), self);
  gtk_box_append (GTK_BOX (box), entry);
  return GTK_ENTRY (entry);
}

static void
show_password (GtkEntry *entry, gboolean shown)
{
  gtk_entry_set_visibility (entry, shown);
  gtk_entry_set_icon_from_icon_name (entry, GTK_ENTRY_ICON_SECONDARY,
                                     shown ? "view-conceal-symbolic" : "view-reveal-symbolic");
  gtk_entry_set_icon_tooltip_text (entry, GTK_ENTRY_ICON_SECONDARY,
                                   shown ? _ ("Hide Password") : _ ("Show Password"));
}

static void
peek_cb (GtkEntry *entry, GtkEntryIconPosition position, gpointer user_data)
{
  show_password (entry, !gtk_entry_get_visibility (entry));
}

/* Not a GtkPasswordEntry: GTK 4.8 uses that one after it is gone when a key closes its window. */
static GtkEntry *
add_password (SignIn *self, GtkWidget *box)
{
  GtkEntry *entry = add_entry (self, box, _ ("Password"));

  gtk_entry_set_input_purpose (entry, GTK_INPUT_PURPOSE_PASSWORD);
  show_password (entry, FALSE);
  g_signal_connect (entry, "icon-press", G_CALLBACK (peek_cb), NULL);
  return entry;
}

void
ferry_sign_in_ask (GtkWindow *parent, FerryEngine *engine, FerryTransfer *transfer)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (FERRY_IS_TRANSFER (transfer));

  g_autofree char *host = ferry_address_host (ferry_transfer_get_address (transfer));
  SignIn *self = g_new0 (SignIn, 1);

  self->engine = g_object_ref (engine);
  self->transfer = g_object_ref (transfer);
  self->dialog = ferry_message_dialog_new (parent, _ ("Sign In"));
  adw_message_dialog_format_body (self->dialog,
                                  _ ("“%s” asks for a name and a password. They are kept until "
                                     "Ferry is closed."),
                                  host);
  ferry_message_dialog_add_answer (self->dialog, "sign-in", _ ("_Sign In"), ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_response_enabled (self->dialog, "sign-in", FALSE);

  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 12);
  self->user = GTK_EDITABLE (add_entry (self, box, _ ("Name")));
  self->password = GTK_EDITABLE (add_password (self, box));
  adw_message_dialog_set_extra_child (self->dialog, box);

  g_object_set_data_full (G_OBJECT (self->dialog), "ferry-sign-in", self,
                          (GDestroyNotify) sign_in_free);
  g_signal_connect_swapped (self->dialog, "response::sign-in", G_CALLBACK (sign_in_cb), self);
  gtk_window_set_focus (GTK_WINDOW (self->dialog), GTK_WIDGET (self->user));
  ferry_message_dialog_present (self->dialog);
}
