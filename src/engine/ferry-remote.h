/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"

G_BEGIN_DECLS

#define FERRY_REMOTE_PATH "/io/github/ferryapp/Ferry/Queue"
#define FERRY_REMOTE_INTERFACE "io.github.ferryapp.Ferry.Queue1"
#define FERRY_REMOTE_ERROR_PREFIX "io.github.ferryapp.Ferry.Error."

/**
 * FerryRemoteServer:
 *
 * Lets other processes of the same user ask this one, which owns the queue: D-Bus, peer to peer, on the Unix socket
 * ferry_owner_address (folder); works without a session bus. Main thread.
 *
 * Object "/io/github/ferryapp/Ferry/Queue", interface "io.github.ferryapp.Ferry.Queue1":
 *   Add (a{sv} spec) -> (s id)      keys: address s, folder s, name s, sha256 s, headers as, referrer s, paused b, exact b;
 *                                   of an upload: direction s ("upload"), address s, source s, destination s, token s, paused b
 *   Get (a{sv} spec, b again) -> (s id)  the transfer of the same address, folder and name (of an upload: address and source), resumed (@again: from zero) with
 *                                   the headers or the token given; a new one where there is none. Runs even in a selective engine
 *   Find (s address, s folder, s name) -> (aa{sv})  none or one; an empty name matches any; downloads only
 *   FindUpload (s address, s source) -> (aa{sv})  none or one
 *   List () -> (aa{sv})             one dictionary a transfer, as ferry_remote_describe ()
 *   Describe (as ids) -> (aa{sv})   those that are there
 *   Show (s id) -> (a{sv}, a(xs))   and its history
 *   Pause (s id), Resume (s id), Remove (s id), AcceptWebPage (s id), PauseAll (), ResumeAll ()
 *   ListDestinations () -> (aa{sv})  one dictionary a destination: id s, name s, protocol s, address s, default b, here b
 *   FindDestination (s text) -> (aa{sv})  none or one: by name, else by address; "": the default
 *   SaveDestination (a{sv}) -> (a{sv})    keys: name s, address s, token s, default b; replace b: change the one of that name where
 *                                   there is one. May wait for a person who unlocks the keyring
 *   RemoveDestination (s name), SetDefaultDestination (s name)
 *   Owner () -> (s program, u pid)
 * Remove takes the row and an unfinished file away for good. Errors are D-Bus errors "io.github.ferryapp.Ferry.Error.CODE"
 * registered with FERRY_ERROR, so that the client gets the same GError with the same sentence.
 */
typedef struct _FerryRemoteServer FerryRemoteServer;

/* The engine is open. Errors: FERRY_ERROR_NOT_WRITABLE and its like when the socket cannot be made. */
FerryRemoteServer *
ferry_remote_server_new (FerryEngine *engine, const char *program, GError **error);

/* Takes the socket away: before the engine is closed, so that it is never the next owner's. */
void ferry_remote_server_free (FerryRemoteServer *self);

/* a{sv} with id, direction ("download", "upload"), source, link, name, address, folder, path, state (string), size, received, speed, caption, error-code, error, added,
 * finished, sha256, verified, resume ("yes", "no", "unknown"), media-type. (transfer floating) */
GVariant *ferry_remote_describe (FerryTransfer *transfer);

/* Connects to whoever owns @folder; NULL with FERRY_ERROR_NOT_FOUND_HERE when nobody answers there. Blocks; ferryctl only.
 * (transfer full) */
GDBusConnection *ferry_remote_connect (const char *folder, GError **error);

/* One blocking call of the interface; the error is FERRY_ERROR as the owner set it, or G_IO_ERROR_CLOSED when it went away.
 * (transfer full) */
GVariant *ferry_remote_call (GDBusConnection *connection,
                             const char *method,
                             GVariant *parameters,
                             GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryRemoteServer, ferry_remote_server_free)

G_END_DECLS
