/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-token-ask.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-destination-editor.h"
#include "ferry-message-dialog.h"

typedef struct
{
  AdwMessageDialog *dialog; /* (nullable): while the editor of a destination asks */
  FerryEngine *engine;
  FerryTransfer *transfer;
  GtkEditable *entry;
} Question;

static Question *
question_new (FerryEngine *engine, FerryTransfer *transfer)
{
  Question *self = g_new0 (Question, 1);

  self->engine = g_object_ref (engine);
  self->transfer = g_object_ref (transfer);
  return self;
}

static void
question_free (Question *self)
{
  g_object_unref (self->engine);
  g_object_unref (self->transfer);
  g_free (self);
}

/* Only what stopped for want of the token: the person may have done something else with it meanwhile. */
static void
go_on (Question *self)
{
  if (ferry_transfer_get_state (self->transfer) == FERRY_STATE_NEEDS_YOU)
    ferry_engine_resume (self->engine, self->transfer);
}

static void
edited (FerryDestination *destination, gpointer user_data)
{
  Question *self = user_data;

  if (destination != NULL)
    go_on (self);
}

/* (nullable) (transfer none) */
static FerryDestination *
destination_of (FerryEngine *engine, FerryTransfer *transfer)
{
  FerryDestination *destination = ferry_destinations_find (ferry_engine_get_destinations (engine),
                                                           ferry_transfer_get_address (transfer));

  return destination != NULL && !ferry_destination_get_here (destination) ? destination : NULL;
}

static void
changed_cb (Question *self)
{
  const char *token = gtk_editable_get_text (self->entry);

  adw_message_dialog_set_response_enabled (self->dialog, "go-on", ferry_token_is_valid (token));
}

static void
answered_cb (Question *self)
{
  ferry_engine_offer_token (self->engine, ferry_transfer_get_address (self->transfer),
                            gtk_editable_get_text (self->entry));
  go_on (self);
}

static void
ask_in_dialog (GtkWindow *parent, FerryEngine *engine, FerryTransfer *transfer)
{
  Question *self = question_new (engine, transfer);
  g_autofree char *whereto = ferry_transfer_get_whereto (transfer);
  GtkWidget *entry
      = g_object_new (GTK_TYPE_ENTRY, "placeholder-text", _ ("Token"), "activates-default", TRUE,
                      "visibility", FALSE, "input-purpose", GTK_INPUT_PURPOSE_PASSWORD, NULL);

  self->dialog = ferry_message_dialog_new (parent, _ ("Enter Token"));
  self->entry = GTK_EDITABLE (entry);
  adw_message_dialog_format_body (self->dialog,
                                  _ ("“%s” takes files only with its token. It is kept until Ferry "
                                     "is closed."),
                                  whereto);
  ferry_message_dialog_add_answer (self->dialog, "go-on", _ ("_Go On"), ADW_RESPONSE_SUGGESTED);
  adw_message_dialog_set_response_enabled (self->dialog, "go-on", FALSE);
  gtk_accessible_update_property (GTK_ACCESSIBLE (entry), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  _ ("Token"), -1);
  g_signal_connect_swapped (entry, "changed", G_CALLBACK (changed_cb), self);
  adw_message_dialog_set_extra_child (self->dialog, entry);

  g_object_set_data_full (G_OBJECT (self->dialog), "ferry-token", self,
                          (GDestroyNotify) question_free);
  g_signal_connect_swapped (self->dialog, "response::go-on", G_CALLBACK (answered_cb), self);
  gtk_window_set_focus (GTK_WINDOW (self->dialog), entry);
  ferry_message_dialog_present (self->dialog);
}

void
ferry_token_ask (GtkWindow *parent, FerryEngine *engine, FerryTransfer *transfer)
{
  g_return_if_fail (GTK_IS_WINDOW (parent));
  g_return_if_fail (FERRY_IS_ENGINE (engine));
  g_return_if_fail (FERRY_IS_TRANSFER (transfer));

  FerryDestination *destination = destination_of (engine, transfer);

  if (destination == NULL)
    {
      ask_in_dialog (parent, engine, transfer);
      return;
    }
  Question *self = question_new (engine, transfer);
  /* The parent keeps it: the editor does not say anything when it goes with the parent. */
  g_object_set_data_full (G_OBJECT (parent), "ferry-token-question", self,
                          (GDestroyNotify) question_free);
  ferry_destination_editor_ask_token (parent, engine, destination, edited, self);
}
