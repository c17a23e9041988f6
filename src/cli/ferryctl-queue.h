/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * FerryctlQueue:
 *
 * A queue to ask things of: run by this process where nobody else has it, else by its owner over a socket. The calls are
 * those of ferry-remote.h and do the same either way. Main thread; every call blocks, and iterates the default main context
 * while this process is the owner.
 */
typedef struct _FerryctlQueue FerryctlQueue;

/* Says whether the person wants to stop: ends the waiting for an owner that is starting or ending. */
typedef gboolean (*FerryctlStopFunc) (void);

/**
 * ferryctl_queue_open:
 * @folder: (nullable): the state folder, NULL: the person's own queue
 * @serve: let other processes ask this one while it owns the queue
 *
 * Nothing runs by itself in a queue that is owned here: only what Get selects. Errors: those of ferry_engine_open_finish (),
 * FERRY_ERROR_CANCELLED when @stop said so.
 */
FerryctlQueue *
ferryctl_queue_open (const char *folder, gboolean serve, FerryctlStopFunc stop, GError **error);

/* After G_IO_ERROR_CLOSED: owns it now, or asks the next owner. */
gboolean ferryctl_queue_reopen (FerryctlQueue *self, GError **error);

/* The answer, a tuple. G_IO_ERROR_CLOSED: the owner went away. (transfer full) */
GVariant *
ferryctl_queue_call (FerryctlQueue *self, const char *method, GVariant *parameters, GError **error);

/* The transfers in an answer of type (aa{sv}). (transfer full) (element-type GVariant) */
GPtrArray *ferryctl_queue_items (GVariant *answer, GError **error);

/* Both at once. (transfer full) (element-type GVariant) */
GPtrArray *ferryctl_queue_call_items (FerryctlQueue *self,
                                      const char *method,
                                      GVariant *parameters,
                                      GError **error);

/* As call (), but asks the next owner, or owns the queue, when an owner ends meanwhile. (transfer full) */
GVariant *
ferryctl_queue_ask (FerryctlQueue *self, const char *method, GVariant *parameters, GError **error);

GPtrArray *ferryctl_queue_ask_items (FerryctlQueue *self,
                                     const char *method,
                                     GVariant *parameters,
                                     GError **error);

/* The engine where it is this process that owns the queue. (nullable) (transfer none) */
FerryEngine *ferryctl_queue_get_engine (FerryctlQueue *self);

/* Stops at a clean checkpoint where this process owns the queue. */
void ferryctl_queue_close (FerryctlQueue *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryctlQueue, ferryctl_queue_close)

G_END_DECLS
