/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One request as it was seen. Counted: the log and its connection hold it, and a reset empties the log at any time. */
typedef struct
{
  guint n; /* of its path, from 1 */
  char *method;
  char *path;
  char *target;        /* path and query */
  GHashTable *headers; /* (element-type utf8 utf8): names in lower case */
  guint status;        /* 0: no answer yet */
  guint64 sent;        /* bytes of the body given to the connection */
} FerryTestRequest;

FerryTestRequest *
ferry_test_request_new (const char *method, const char *target, GHashTable *headers);
void ferry_test_request_unref (FerryTestRequest *self);

/* (nullable) (transfer none) */
const char *ferry_test_request_get (const FerryTestRequest *request, const char *lower_case_name);

/**
 * FerryTestLog:
 *
 * The requests that a test server saw, and how many there were for each path. Any thread.
 */
typedef struct _FerryTestLog FerryTestLog;

FerryTestLog *ferry_test_log_new (void);
void ferry_test_log_free (FerryTestLog *self);

/* Numbers @request. @n_ranges: (out): how many for its path had a Range, this one included; 0: it has none. */
void ferry_test_log_add (FerryTestLog *self, FerryTestRequest *request, guint *n_ranges);

/* What became of @request: its status, and bytes of the body that were sent since the last call. */
void
ferry_test_log_answer (FerryTestLog *self, FerryTestRequest *request, guint status, gsize sent);

/* Forgets requests and numbers. */
void ferry_test_log_reset (FerryTestLog *self);

/* Copies, in order; @path: (nullable): only those for it. (transfer full) (element-type FerryTestRequest) */
GPtrArray *ferry_test_log_get (FerryTestLog *self, const char *path);

/* A JSON object a line. (transfer full) */
char *ferry_test_log_to_json (FerryTestLog *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryTestRequest, ferry_test_request_unref)

G_END_DECLS
