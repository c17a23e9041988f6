/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-test-log.h"

G_BEGIN_DECLS

/**
 * FerryTestServer:
 *
 * An HTTP/1.1 server on 127.0.0.1 that misbehaves on command: what the query of an address can ask for stands in
 * ferry-test-script.h. A thread for each connection; it counts requests per path and notes each one. All functions may be
 * called from any thread.
 *
 * It also serves, for tests that are other programs: "/_log" (a JSON object a line and request: "n", "method", "path",
 * "target", "headers" with names in lower case, "status", "sent": bytes of the body), "/_reset" (forgets requests and
 * counters), "/_release" (lets stalled answers go on), "/_quit". None of these is noted.
 */
typedef struct _FerryTestServer FerryTestServer;

/* On a free port. Never NULL: aborts the test when it cannot listen. */
FerryTestServer *ferry_test_server_new (void);

/* @certificate: (nullable): speaks TLS with it; @port: 0: a free one. */
FerryTestServer *
ferry_test_server_new_full (guint16 port, GTlsCertificate *certificate, GError **error);

/* Ends every connection and waits for their threads. */
void ferry_test_server_free (FerryTestServer *self);

/* "http://127.0.0.1:PORT". */
const char *ferry_test_server_get_address (FerryTestServer *self);

/* Address and @target ("/name.bin?size=1") together. (transfer full) */
char *ferry_test_server_locate (FerryTestServer *self, const char *target);

/* Called on a connection's thread when "/_quit" is asked for. */
void ferry_test_server_set_quit_func (FerryTestServer *self, GSourceFunc func, gpointer user_data);

void ferry_test_server_reset (FerryTestServer *self);
/* Lets the answers that are stalled now go on. */
void ferry_test_server_release (FerryTestServer *self);

/* The requests for @path (without query), NULL: all, in order. (transfer full) (element-type FerryTestRequest) */
GPtrArray *ferry_test_server_get_requests (FerryTestServer *self, const char *path);
guint ferry_test_server_count (FerryTestServer *self, const char *path);
/* Bytes of all bodies sent for @path, NULL: all. */
guint64 ferry_test_server_get_sent (FerryTestServer *self, const char *path);
/* Connections accepted so far. */
guint ferry_test_server_get_n_connections (FerryTestServer *self);
/* Answers that are stalled right now. */
guint ferry_test_server_get_n_stalled (FerryTestServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestServer, ferry_test_server_free)

G_END_DECLS
