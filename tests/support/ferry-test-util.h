/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"
#include "ferry-test-content.h"
#include "ferry-test-monitor.h"
#include "ferry-test-server.h"

G_BEGIN_DECLS

/**
 * FerryTestBed:
 *
 * What a test of the engine stands on: a server, an engine, and two fresh folders. Main thread only. Every wait is for a
 * condition and bounded; one that does not come true ends the test with all that is known of the queue and the requests.
 *
 * @engine: NULL while closed
 * @monitor: offline or online as the test says
 */
typedef struct
{
  FerryTestServer *server;
  FerryEngine *engine;
  FerryTestMonitor *monitor;
  char *root;
  char *state_folder;
  char *folder; /* where downloads go */
} FerryTestBed;

typedef gboolean (*FerryTestCondition) (gpointer data);

/* With the engine open. */
FerryTestBed *ferry_test_bed_new (void);
/* Everything closed, the folders so far still there (not yet made). */
FerryTestBed *ferry_test_bed_new_closed (void);
/* Closes the engine and deletes the folders. */
void ferry_test_bed_free (FerryTestBed *self);

/* Fails the test when it cannot be opened. */
void ferry_test_bed_open (FerryTestBed *self);
/* FALSE with the error of ferry_engine_open_finish (); the engine is gone then. */
gboolean ferry_test_bed_try_open (FerryTestBed *self, GError **error);
void ferry_test_bed_close (FerryTestBed *self);
void ferry_test_bed_reopen (FerryTestBed *self);

/* A download of @target ("/name?size=…", or a whole address) into the folder. (transfer full) */
FerrySpec *ferry_test_bed_spec (FerryTestBed *self, const char *target);
FerryTransfer *ferry_test_bed_add (FerryTestBed *self, const char *target);
FerryTransfer *ferry_test_bed_add_spec (FerryTestBed *self, const FerrySpec *spec);
/* The transfer at @position of the list. */
FerryTransfer *ferry_test_bed_get (FerryTestBed *self, guint position);

/* @what: for the message when it does not come true. */
void ferry_test_bed_wait (FerryTestBed *self,
                          FerryTestCondition condition,
                          gpointer data,
                          const char *what);
void ferry_test_bed_wait_state (FerryTestBed *self, FerryTransfer *transfer, FerryState state);
void ferry_test_bed_wait_received (FerryTestBed *self, FerryTransfer *transfer, guint64 bytes);
void ferry_test_bed_wait_stalled (FerryTestBed *self, guint n);
void ferry_test_bed_wait_requests (FerryTestBed *self, const char *path, guint n);
void ferry_test_bed_wait_quiet (FerryTestBed *self);

/* Until @transfer rests (done, paused, failed, needs you), told to try now whenever it waits for a time. Fails the test
 * when it does not rest after some twenty tries. */
FerryState ferry_test_bed_settle (FerryTestBed *self, FerryTransfer *transfer);
/* The same, letting whatever stalls go on. */
FerryState ferry_test_bed_settle_released (FerryTestBed *self, FerryTransfer *transfer);
/* Until @bytes of the only part are on disk and their answer stalls, then pauses and waits until it is paused. */
void ferry_test_bed_pause_at (FerryTestBed *self, FerryTransfer *transfer, guint64 bytes);

/* (transfer full) */
char *ferry_test_bed_path (FerryTestBed *self, const char *name);
/* The only ".part" in the folder. (transfer full) (nullable) */
char *ferry_test_bed_find_part (FerryTestBed *self);
/* How many entries the folder has. */
guint ferry_test_bed_count_files (FerryTestBed *self);
/* The lines of the history, one below the other. (transfer full) */
char *ferry_test_bed_history (FerryTestBed *self, FerryTransfer *transfer);

/* The file is there with the first @size bytes of @seed, and nothing unfinished is. */
void ferry_test_bed_assert_file (FerryTestBed *self, const char *name, guint64 seed, guint64 size);
void ferry_test_bed_assert_state (FerryTestBed *self,
                                  FerryTransfer *transfer,
                                  FerryState state,
                                  int error_code);
/* The sentence is there, is one, and shows no numbers of errors or statuses. */
void ferry_test_assert_sentence (const char *sentence);

/* First byte that the @n-th request (from 1) for @path asked for; -1 without a Range. */
gint64 ferry_test_bed_get_range (FerryTestBed *self, const char *path, guint n);
/* A field of the @n-th request for @path. (transfer full) (nullable) */
char *ferry_test_bed_get_field (FerryTestBed *self, const char *path, guint n, const char *name);

/* root may write anywhere: be somebody else, who owns the folders, until ferry_test_become_root_again (). FALSE where
 * that is not allowed. Not root: TRUE, and nothing happens. */
gboolean ferry_test_bed_become_nobody (FerryTestBed *self);
void ferry_test_become_root_again (void);

/* Writes all that is known to the test's log. */
void ferry_test_bed_dump (FerryTestBed *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestBed, ferry_test_bed_free)

G_END_DECLS
