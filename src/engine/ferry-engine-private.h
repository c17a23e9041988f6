/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-destinations.h"
#include "ferry-engine.h"
#include "ferry-lane.h"
#include "ferry-owner.h"
#include "ferry-transfer-private.h"

G_BEGIN_DECLS

struct _FerryEngine
{
  GObject parent_instance;

  GPtrArray *items;   /* by position */
  GPtrArray *removed; /* taken out of the list, undo still possible */
  GPtrArray *live;    /* (not owned) those a tick must look at */

  char *folder;
  char *set_apart;
  FerryOwner *owner;
  FerryStore *store;
  GTlsDatabase *tls;
  GNetworkMonitor *monitor;
  gulong network_handler;
  gint64 next_position;
  FerryDestinations *destinations; /* (nullable) before open */
  GHashTable *offered;             /* address key to token; in memory only */
  guint tokens_serial;             /* goes up when a token becomes known */

  guint max_active;
  guint timeout; /* seconds without a byte */
  gboolean selective;

  GTask *close_task; /* (nullable) while closing */
  guint n_lanes;
  guint n_tasks;                  /* on threads of their own; closing waits for them */
  GThreadPool *discards;          /* (nullable) before the first */
  GCancellable *discards_stopped; /* when closing has waited for them long enough */
  guint discards_limit;           /* GSource id */
  guint tick;                     /* GSource ids */
  guint tick_ms;
  guint alarm;
  guint mending; /* the journal could not be written: all rows go again after a while */
  gboolean reconciling;
  gboolean reconcile_again;

  guint64 speed;
  guint64 upload_speed; /* its part that goes out */
  gboolean quiet;
};

/* What the system trusts, or SSL_CERT_FILE. Blocks; any thread. (transfer full) (nullable) */
GTlsDatabase *ferry_engine_load_trust (void);

/* (ferry-engine-token.c) */
/* The token that a new lane of @transfer starts with, beside the keyring's. (nullable) */
const char *ferry_engine_find_token (FerryEngine *self, FerryTransfer *transfer);
/* The keyring has a new one for @address: those who wait for it go on. */
void ferry_engine_token_saved (FerryEngine *self, const char *address);
/* A lane of @transfer missed a token; TRUE: one has come since it was started. */
gboolean ferry_engine_has_newer_token (FerryEngine *self, FerryTransfer *transfer, int error_code);

/* In the journal, as the facts are now. */
void ferry_engine_save (FerryEngine *self, FerryTransfer *transfer);

/* Applies @event, refreshes what is shown and saves. */
void ferry_engine_apply (FerryEngine *self, FerryTransfer *transfer, FerryEvent event);

/* A line of the row's history. */
/* As ferry_engine_resume (), for several: the caller reconciles once, after the last. */
void ferry_engine_want_again (FerryEngine *self, FerryTransfer *transfer);
void ferry_engine_note (FerryEngine *self, FerryTransfer *transfer, const char *sentence);

/* The row and its part are gone for good; no lane holds it. */
void ferry_engine_drop (FerryEngine *self, FerryTransfer *transfer);

/* (ferry-engine-discard.c) */
/* Tells the other end of an unfinished @transfer that it is gone for good. Returns at once. */
void ferry_engine_discard (FerryEngine *self, FerryTransfer *transfer);
/* Closing: what is being told has a moment left. */
void ferry_engine_limit_discards (FerryEngine *self);
void ferry_engine_discards_dispose (FerryEngine *self);

/* While closing: goes on with it once nothing uses the store any more. */
void ferry_engine_check_closed (FerryEngine *self);

/* Everything that starts and stops by itself (ferry-engine-run.c). */
void ferry_engine_run_init (FerryEngine *self);
void ferry_engine_run_dispose (FerryEngine *self);

void ferry_engine_notify_activity (FerryEngine *self, guint64 speed, gboolean quiet);

G_END_DECLS
