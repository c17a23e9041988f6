/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-undo.h"

#include "ferry-config.h"

#include <glib/gi18n-lib.h>

#include "ferry-list-hold.h"

/* Twice the time of other toasts: for a removal it is the only way back. */
#define UNDO_SECONDS 10

typedef struct
{
  FerryEngine *engine;
  GtkListView *list;
  GPtrArray *transfers;
  gboolean removal;
  gboolean undone;
} Undo;

static void
undo_free (gpointer data, GClosure *closure)
{
  Undo *undo = data;

  g_object_unref (undo->engine);
  g_object_unref (undo->list);
  g_ptr_array_unref (undo->transfers);
  g_free (undo);
}

static void
undo_cb (AdwToast *toast, Undo *undo)
{
  GtkSelectionModel *held = ferry_list_hold (undo->list, undo->transfers->len);

  undo->undone = TRUE;
  /* Backwards: each finds the place it had before the ones after it left. */
  for (guint i = undo->transfers->len; i > 0; i--)
    {
      FerryTransfer *transfer = g_ptr_array_index (undo->transfers, i - 1);

      if (undo->removal)
        {
          ferry_engine_restore (undo->engine, transfer);
          continue;
        }
      if (ferry_engine_find (undo->engine, ferry_transfer_get_id (transfer), NULL) != transfer)
        continue; /* the person took it out already */
      ferry_engine_remove (undo->engine, transfer);
      ferry_engine_forget (undo->engine, transfer);
    }
  ferry_list_release (undo->list, held);
}

static void
dismissed_cb (AdwToast *toast, Undo *undo)
{
  for (guint i = 0; undo->removal && !undo->undone && i < undo->transfers->len; i++)
    ferry_engine_forget (undo->engine, g_ptr_array_index (undo->transfers, i));
}

static AdwToast *
undo_toast (FerryEngine *engine,
            GtkListView *list,
            GPtrArray *transfers,
            const char *title,
            gboolean removal)
{
  g_autofree char *markup = g_markup_escape_text (title, -1);
  AdwToast *toast = adw_toast_new (markup);
  Undo *undo = g_new0 (Undo, 1);

  undo->engine = g_object_ref (engine);
  undo->list = g_object_ref (list);
  undo->removal = removal;
  undo->transfers = g_ptr_array_new_full (transfers->len, g_object_unref);
  for (guint i = 0; i < transfers->len; i++)
    g_ptr_array_add (undo->transfers, g_object_ref (g_ptr_array_index (transfers, i)));

  adw_toast_set_timeout (toast, UNDO_SECONDS);
  adw_toast_set_button_label (toast, _ ("Undo"));
  g_signal_connect (toast, "button-clicked", G_CALLBACK (undo_cb), undo);
  g_signal_connect_data (toast, "dismissed", G_CALLBACK (dismissed_cb), undo, undo_free, 0);
  return toast;
}

AdwToast *
ferry_undo_removal (FerryEngine *engine, GtkListView *list, GPtrArray *transfers, const char *title)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);

  return undo_toast (engine, list, transfers, title, TRUE);
}

AdwToast *
ferry_undo_addition (FerryEngine *engine,
                     GtkListView *list,
                     GPtrArray *transfers,
                     const char *title)
{
  g_return_val_if_fail (FERRY_IS_ENGINE (engine), NULL);

  return undo_toast (engine, list, transfers, title, FALSE);
}
