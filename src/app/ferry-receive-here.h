/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <adwaita.h>

#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * FerryReceiveHere:
 *
 * "Receive on this computer": a receiver inside Ferry, on loopback, and the destination "here". The application owns it. Main
 * thread only; the receiver works on a thread of its own.
 *
 * Signal: "changed": something that the getters give, perhaps.
 */
#define FERRY_TYPE_RECEIVE_HERE (ferry_receive_here_get_type ())
G_DECLARE_FINAL_TYPE (FerryReceiveHere, ferry_receive_here, FERRY, RECEIVE_HERE, GObject)

/* What helps against the problem, beside trying again. */
typedef enum
{
  FERRY_REMEDY_NONE,
  FERRY_REMEDY_FOLDER, /* choose another folder */
  FERRY_REMEDY_ADDRESS /* listen elsewhere */
} FerryRemedy;

FerryReceiveHere *ferry_receive_here_new (GSettings *settings);

/* An open engine: starts when it was on at the last launch. */
void ferry_receive_here_set_engine (FerryReceiveHere *self, FerryEngine *engine);

/* Stops, but is on at the next launch when it was on; @callback is called when nothing runs any more. */
void ferry_receive_here_close_async (FerryReceiveHere *self,
                                     GAsyncReadyCallback callback,
                                     gpointer user_data);
void ferry_receive_here_close_finish (FerryReceiveHere *self, GAsyncResult *result);

/* It receives. */
gboolean ferry_receive_here_get_active (FerryReceiveHere *self);
/* It starts or stops. */
gboolean ferry_receive_here_get_busy (FerryReceiveHere *self);
/* Whether the person wants it: it is active, or the problem says why not, or it is busy. */
gboolean ferry_receive_here_get_wanted (FerryReceiveHere *self);
/* Where files go. */
const char *ferry_receive_here_get_folder (FerryReceiveHere *self);
/* (nullable): not active */
const char *ferry_receive_here_get_address (FerryReceiveHere *self);
/* (nullable): not active */
const char *ferry_receive_here_get_token_path (FerryReceiveHere *self);
/* (nullable): not active. Keep it secret. */
const char *ferry_receive_here_get_token (FerryReceiveHere *self);
/* (nullable). A sentence: why it does not receive although it should, or what it lacks. */
const char *ferry_receive_here_get_problem (FerryReceiveHere *self);
FerryRemedy ferry_receive_here_get_remedy (FerryReceiveHere *self);

/* Uploads in the queue that go here and are not finished. */
guint ferry_receive_here_count_unfinished (FerryReceiveHere *self);

/* Also: try again. */
void ferry_receive_here_turn_on (FerryReceiveHere *self);
void ferry_receive_here_turn_off (FerryReceiveHere *self);
/* @folder: absolute. What has begun to arrive still does so in the old one. */
void ferry_receive_here_set_folder (FerryReceiveHere *self, const char *folder);
/* Instead of the one that another program has. */
void ferry_receive_here_use_another_address (FerryReceiveHere *self);

typedef void (*FerryReceiveHereFunc) (gboolean active, gpointer user_data);

/**
 * ferry_receive_here_present:
 * @done: (nullable): called once, when it receives or the person changed their mind. Not called when the dialog goes because
 *   @parent went
 *
 * Says in a sentence what this is, lets the person choose the folder, and turns it on. When it is on already, @done is
 * called at once.
 */
void ferry_receive_here_present (FerryReceiveHere *self,
                                 GtkWindow *parent,
                                 FerryReceiveHereFunc done,
                                 gpointer user_data);

G_END_DECLS
