/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gtk/gtk.h>

#include "ferry-transfer.h"

G_BEGIN_DECLS

/* What a button of a row asks for. */
typedef enum
{
  FERRY_ROW_TOGGLE, /* pause or resume */
  FERRY_ROW_HELP,   /* the one thing that helps: see ferry_transfer_help () */
  FERRY_ROW_SHOW,   /* show the file in its folder */
  FERRY_ROW_COPY,   /* copy the link that others can fetch it from */
  FERRY_ROW_MENU    /* open the menu at ferry_transfer_row_get_menu_button () */
} FerryRowCommand;

/* The one thing that helps a transfer that needs the person or failed. */
typedef enum
{
  FERRY_HELP_NONE,
  FERRY_HELP_SIGN_IN,
  FERRY_HELP_TOKEN,
  FERRY_HELP_SAVE_ANYWAY,
  FERRY_HELP_START_AGAIN,
  FERRY_HELP_TRY_AGAIN
} FerryHelp;

FerryHelp ferry_transfer_help (FerryTransfer *transfer);

/**
 * FerryTransferRow:
 *
 * One transfer in the list. It is reused for others as the list scrolls, and follows its
 * transfer by property notification alone.
 *
 * Signals: "command" (command: int, a FerryRowCommand).
 */
#define FERRY_TYPE_TRANSFER_ROW (ferry_transfer_row_get_type ())
G_DECLARE_FINAL_TYPE (FerryTransferRow, ferry_transfer_row, FERRY, TRANSFER_ROW, GtkWidget)

GtkWidget *ferry_transfer_row_new (void);

/* NULL lets go of the transfer. */
void ferry_transfer_row_set_transfer (FerryTransferRow *self, FerryTransfer *transfer);
/* (nullable) (transfer none) */
FerryTransfer *ferry_transfer_row_get_transfer (FerryTransferRow *self);
/* (transfer none) */
GtkWidget *ferry_transfer_row_get_menu_button (FerryTransferRow *self);

G_END_DECLS
