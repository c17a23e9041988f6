/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-transfer-row.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-beside-layout.h"
#include "ferry-bidi.h"
#include "ferry-error.h"
#include "ferry-file-icon.h"

/* Most reasons need two; on a narrow window some need one more. */
#define REASON_LINES 3

struct _FerryTransferRow
{
  GtkWidget parent_instance;

  GSignalGroup *signals; /* to the transfer's properties, while there is one */
  FerryTransfer *transfer;

  GtkImage *icon;
  GtkImage *direction;
  GtkLabel *name;
  GtkProgressBar *progress;
  GtkImage *mark;
  GtkLabel *caption;
  GtkButton *help_button;
  GtkButton *toggle_button;
  GtkButton *show_button;
  GtkButton *copy_button;
  GtkButton *menu_button;
};

G_DEFINE_FINAL_TYPE (FerryTransferRow, ferry_transfer_row, GTK_TYPE_WIDGET)

static guint command_signal;

/* The style class a row has in each state; NULL: none of its own. */
static const char *const STATE_CLASSES[FERRY_N_STATES] = {
  [FERRY_STATE_QUEUED] = "waiting",  [FERRY_STATE_ACTIVE] = "active",
  [FERRY_STATE_STOPPING] = "paused", [FERRY_STATE_PAUSED] = "paused",
  [FERRY_STATE_WAITING] = "waiting", [FERRY_STATE_NEEDS_YOU] = "needs-you",
  [FERRY_STATE_FAILED] = "failed",   [FERRY_STATE_DONE] = "done",
};

FerryHelp
ferry_transfer_help (FerryTransfer *transfer)
{
  g_return_val_if_fail (FERRY_IS_TRANSFER (transfer), FERRY_HELP_NONE);

  FerryState state = ferry_transfer_get_state (transfer);
  if (state != FERRY_STATE_NEEDS_YOU && state != FERRY_STATE_FAILED)
    return FERRY_HELP_NONE;

  switch (ferry_transfer_get_error_code (transfer))
    {
    case FERRY_ERROR_UNAUTHORIZED:
      /* A receiver has a token, neither name nor password. */
      return ferry_transfer_get_direction (transfer) == FERRY_UPLOAD ? FERRY_HELP_TOKEN
                                                                     : FERRY_HELP_SIGN_IN;
    case FERRY_ERROR_WEB_PAGE:
      return FERRY_HELP_SAVE_ANYWAY;
    case FERRY_ERROR_SOURCE_CHANGED:
      return FERRY_HELP_START_AGAIN;
    default:
      return FERRY_HELP_TRY_AGAIN;
    }
}

static const char *
help_label (FerryHelp help)
{
  switch (help)
    {
    case FERRY_HELP_SIGN_IN:
      return _ ("Sign In…");
    case FERRY_HELP_TOKEN:
      return _ ("Enter Token…");
    case FERRY_HELP_SAVE_ANYWAY:
      return _ ("Save Anyway");
    case FERRY_HELP_START_AGAIN:
      return _ ("Start Again");
    case FERRY_HELP_TRY_AGAIN:
      return _ ("Try Again");
    case FERRY_HELP_NONE:
    default:
      return NULL;
    }
}

static void
set_button_name (GtkButton *button, const char *name)
{
  gtk_widget_set_tooltip_text (GTK_WIDGET (button), name);
  gtk_accessible_update_property (GTK_ACCESSIBLE (button), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

/* A screen reader reads the list item, which has no name of its own. */
static void
update_description (FerryTransferRow *self)
{
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (self));
  const char *name = ferry_transfer_get_name (self->transfer);
  const char *caption = ferry_transfer_get_caption (self->transfer);
  /* Translators: a row for a screen reader: its name, and what it does. */
  g_autofree char *label = g_strdup_printf (_ ("%s: %s"), name, caption);

  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, label, -1);
  if (item != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_LABEL, label,
                                    -1);
}

/* Which way it goes: seen by an arrow, told as the item's description. */
static void
update_direction (FerryTransferRow *self)
{
  gboolean up = ferry_transfer_get_direction (self->transfer) == FERRY_UPLOAD;
  GtkWidget *item = gtk_widget_get_parent (GTK_WIDGET (self));
  g_autofree char *whereto = ferry_transfer_get_whereto (self->transfer);
  g_autofree char *text
      = up ? g_strdup_printf (_ ("Upload to %s"), whereto) : g_strdup (_ ("Download"));

  gtk_image_set_from_icon_name (self->direction, up ? "go-up-symbolic" : "go-down-symbolic");
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->direction), text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->direction), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                  text, -1);
  if (item != NULL)
    gtk_accessible_update_property (GTK_ACCESSIBLE (item), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION,
                                    text, -1);
  if (up)
    gtk_widget_add_css_class (GTK_WIDGET (self), "upload");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self), "upload");
}

static void
update_icon (FerryTransferRow *self)
{
  gboolean up = ferry_transfer_get_direction (self->transfer) == FERRY_UPLOAD;
  g_autoptr (GIcon) icon = ferry_file_icon_new (
      ferry_transfer_get_name (self->transfer), ferry_transfer_get_media_type (self->transfer),
      up ? "ferry-upload-symbolic" : "ferry-download-symbolic");

  gtk_image_set_from_gicon (self->icon, icon);
}

static void
update_name (FerryTransferRow *self)
{
  const char *name = ferry_transfer_get_name (self->transfer);

  gtk_label_set_text (self->name, name);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->name), name);
  update_icon (self);
  update_description (self);
}

static void
update_caption (FerryTransferRow *self)
{
  const char *caption = ferry_transfer_get_caption (self->transfer);
  gboolean moves = ferry_transfer_get_state (self->transfer) == FERRY_STATE_ACTIVE;
  g_autofree char *shown = ferry_bidi_caption (caption);

  gtk_label_set_text (self->caption, shown);
  gtk_widget_set_tooltip_text (GTK_WIDGET (self->caption), moves ? NULL : shown);
  update_description (self);
}

/* Stripes instead of a level while the size is not known: they claim nothing and cost no frames. */
static void
update_progress (FerryTransferRow *self)
{
  double fraction = ferry_transfer_get_fraction (self->transfer);
  FerryState state = ferry_transfer_get_state (self->transfer);
  gboolean active = state == FERRY_STATE_ACTIVE;

  /* An empty bar says nothing, unless it is about to fill. */
  gtk_widget_set_visible (GTK_WIDGET (self->progress),
                          active || (fraction > 0 && state != FERRY_STATE_DONE));
  gtk_progress_bar_set_fraction (self->progress, MAX (fraction, 0));
  if (fraction < 0 && active)
    gtk_widget_add_css_class (GTK_WIDGET (self->progress), "unknown");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->progress), "unknown");
}

/* A reason is read to its end; what counts all the time keeps to its line, so that the list stands still. */
static void
update_wrap (FerryTransferRow *self, FerryState state)
{
  gboolean wraps = state == FERRY_STATE_WAITING || state == FERRY_STATE_NEEDS_YOU
                   || state == FERRY_STATE_FAILED;

  gtk_label_set_single_line_mode (self->caption, !wraps);
  gtk_label_set_wrap (self->caption, wraps);
  gtk_label_set_lines (self->caption, wraps ? REASON_LINES : -1);
}

static void
update_mark (FerryTransferRow *self, FerryState state)
{
  gboolean done = state == FERRY_STATE_DONE;
  gboolean warns = state == FERRY_STATE_NEEDS_YOU || state == FERRY_STATE_FAILED;

  gtk_widget_set_visible (GTK_WIDGET (self->mark), done || warns);
  if (done || warns)
    gtk_image_set_from_icon_name (self->mark,
                                  done ? "object-select-symbolic" : "dialog-warning-symbolic");
  if (warns)
    gtk_widget_remove_css_class (GTK_WIDGET (self->caption), "dim-label");
  else
    gtk_widget_add_css_class (GTK_WIDGET (self->caption), "dim-label");
}

static void
update_buttons (FerryTransferRow *self, FerryState state)
{
  FerryHelp help = ferry_transfer_help (self->transfer);
  gboolean done = state == FERRY_STATE_DONE;
  gboolean up = ferry_transfer_get_direction (self->transfer) == FERRY_UPLOAD;
  gboolean runs = ferry_transfer_get_wanted (self->transfer) == FERRY_WANTED_RUN;

  gtk_widget_set_visible (GTK_WIDGET (self->help_button), help != FERRY_HELP_NONE);
  gtk_button_set_label (self->help_button, help != FERRY_HELP_NONE ? help_label (help) : "");

  gtk_widget_set_visible (GTK_WIDGET (self->toggle_button), !done && help == FERRY_HELP_NONE);
  gtk_button_set_icon_name (self->toggle_button, runs ? "media-playback-pause-symbolic"
                                                      : "media-playback-start-symbolic");
  set_button_name (self->toggle_button, runs ? _ ("Pause") : _ ("Resume"));

  gtk_widget_set_visible (GTK_WIDGET (self->show_button), done && !up);
  gtk_widget_set_visible (GTK_WIDGET (self->copy_button),
                          done && up && ferry_transfer_get_link (self->transfer) != NULL);
}

static void
update_state (FerryTransferRow *self)
{
  FerryState state = ferry_transfer_get_state (self->transfer);

  for (guint i = 0; i < FERRY_N_STATES; i++)
    if (g_strcmp0 (STATE_CLASSES[i], STATE_CLASSES[state]) != 0)
      gtk_widget_remove_css_class (GTK_WIDGET (self), STATE_CLASSES[i]);
  gtk_widget_add_css_class (GTK_WIDGET (self), STATE_CLASSES[state]);

  update_mark (self, state);
  update_wrap (self, state);
  update_buttons (self, state);
  update_progress (self);
  update_caption (self);
}

static void
emit_command (FerryTransferRow *self, FerryRowCommand command)
{
  if (self->transfer != NULL)
    g_signal_emit (self, command_signal, 0, command);
}

static void
help_clicked_cb (FerryTransferRow *self)
{
  emit_command (self, FERRY_ROW_HELP);
}

static void
toggle_clicked_cb (FerryTransferRow *self)
{
  emit_command (self, FERRY_ROW_TOGGLE);
}

static void
show_clicked_cb (FerryTransferRow *self)
{
  emit_command (self, FERRY_ROW_SHOW);
}

static void
copy_clicked_cb (FerryTransferRow *self)
{
  emit_command (self, FERRY_ROW_COPY);
}

static void
menu_clicked_cb (FerryTransferRow *self)
{
  emit_command (self, FERRY_ROW_MENU);
}

static void
ferry_transfer_row_dispose (GObject *object)
{
  FerryTransferRow *self = FERRY_TRANSFER_ROW (object);

  if (self->signals != NULL)
    g_signal_group_set_target (self->signals, NULL);
  g_clear_object (&self->signals);
  g_clear_object (&self->transfer);
  for (GtkWidget *child = gtk_widget_get_first_child (GTK_WIDGET (self)); child != NULL;
       child = gtk_widget_get_first_child (GTK_WIDGET (self)))
    gtk_widget_unparent (child);

  G_OBJECT_CLASS (ferry_transfer_row_parent_class)->dispose (object);
}

static void
ferry_transfer_row_class_init (FerryTransferRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = ferry_transfer_row_dispose;

  command_signal = g_signal_new ("command", FERRY_TYPE_TRANSFER_ROW, G_SIGNAL_RUN_LAST, 0, NULL,
                                 NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);

  g_type_ensure (FERRY_TYPE_BESIDE_LAYOUT);
  gtk_widget_class_set_css_name (widget_class, "transfer");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_GROUP);
  gtk_widget_class_set_template_from_resource (widget_class,
                                               "/io/github/ferryapp/Ferry/ferry-transfer-row.ui");
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, icon);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, direction);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, name);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, progress);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, mark);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, caption);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, help_button);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, toggle_button);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, show_button);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, copy_button);
  gtk_widget_class_bind_template_child (widget_class, FerryTransferRow, menu_button);
  gtk_widget_class_bind_template_callback (widget_class, help_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, toggle_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, show_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, copy_clicked_cb);
  gtk_widget_class_bind_template_callback (widget_class, menu_clicked_cb);
}

static void
ferry_transfer_row_init (FerryTransferRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));

  self->signals = g_signal_group_new (FERRY_TYPE_TRANSFER);
  g_signal_group_connect_swapped (self->signals, "notify::name", G_CALLBACK (update_name), self);
  g_signal_group_connect_swapped (self->signals, "notify::media-type", G_CALLBACK (update_icon),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::state", G_CALLBACK (update_state), self);
  g_signal_group_connect_swapped (self->signals, "notify::fraction", G_CALLBACK (update_progress),
                                  self);
  g_signal_group_connect_swapped (self->signals, "notify::caption", G_CALLBACK (update_caption),
                                  self);
}

GtkWidget *
ferry_transfer_row_new (void)
{
  return g_object_new (FERRY_TYPE_TRANSFER_ROW, NULL);
}

void
ferry_transfer_row_set_transfer (FerryTransferRow *self, FerryTransfer *transfer)
{
  g_return_if_fail (FERRY_IS_TRANSFER_ROW (self));
  g_return_if_fail (transfer == NULL || FERRY_IS_TRANSFER (transfer));

  if (!g_set_object (&self->transfer, transfer))
    return;

  g_signal_group_set_target (self->signals, transfer);
  if (transfer != NULL)
    {
      update_direction (self);
      update_name (self);
      update_state (self);
    }
}

FerryTransfer *
ferry_transfer_row_get_transfer (FerryTransferRow *self)
{
  g_return_val_if_fail (FERRY_IS_TRANSFER_ROW (self), NULL);

  return self->transfer;
}

GtkWidget *
ferry_transfer_row_get_menu_button (FerryTransferRow *self)
{
  g_return_val_if_fail (FERRY_IS_TRANSFER_ROW (self), NULL);

  return GTK_WIDGET (self->menu_button);
}
