/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * FerryWorkers:
 *
 * Threads for what would block: each kind of work has a few of its own, so that reading back a huge file never keeps a
 * chunk waiting.
 */
typedef struct _FerryWorkers FerryWorkers;

typedef enum
{
  FERRY_WORK_SHORT, /* database, sync of a chunk */
  FERRY_WORK_BLOCK, /* bytes of a chunk into its file and its digest */
  FERRY_WORK_LONG,  /* reading back a whole file */
  FERRY_WORK_READ,  /* bytes of a finished file */
  FERRY_WORK_STORE, /* waits for an answer of the store */
  FERRY_N_WORKS
} FerryWork;

typedef void (*FerryWorkFunc) (gpointer data);

/* @context: where the ends of works are told. The thread that runs it makes, uses and frees the workers. */
FerryWorkers *ferry_workers_new (GMainContext *context);

/* @run in a thread, then @done in the context's thread, always both. */
void ferry_workers_push (
    FerryWorkers *self, FerryWork work, FerryWorkFunc run, FerryWorkFunc done, gpointer data);

/* Runs all that is pushed to its end, and tells it. Blocks. */
void ferry_workers_free (FerryWorkers *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryWorkers, ferry_workers_free)

G_END_DECLS
