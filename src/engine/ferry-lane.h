/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-protocol.h"

G_BEGIN_DECLS

/* On the main context that ferry_lane_start () was called from. */
typedef void (*FerryLaneFunc) (FerryJob *job, gboolean finished, gpointer user_data);

/**
 * ferry_lane_start:
 * @job: what to carry
 * @protocol: how
 * @done: called once, when the lane has ended; the lane's fields of @job are then the caller's
 *
 * Runs @protocol on a thread of its own until it ends or job->cancellable stops it.
 */
void ferry_lane_start (FerryJob *job,
                       const FerryProtocol *protocol,
                       FerryLaneFunc done,
                       gpointer user_data);

G_END_DECLS
