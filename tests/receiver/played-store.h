/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-s3.h"

G_BEGIN_DECLS

/* A store that says what it is told to say, one request a connection, and keeps what it was asked. */

typedef struct
{
  GSocket *socket;
  GCancellable *over;
  GThread *thread;
  GTlsCertificate *certificate; /* (nullable): whom it speaks TLS as, from the next connection on */
  char *endpoint;
  GMutex lock;
  GPtrArray *requests;  /* of text, in order */
  const char **answers; /* the next ones; the last is said again and again */
  FerryS3 *store;       /* a client of it */
} PlayedStore;

/* For g_test_add (). */
void played_store_set_up (PlayedStore *self, gconstpointer data);
void played_store_tear_down (PlayedStore *self, gconstpointer data);

/* A client with keys whose texts begin with AKIA and SECRET. */
FerryS3 *played_store_new_client (const char *endpoint);

/* The request @n, from 0 on: its lines, an empty one, its body. */
const char *played_store_get (PlayedStore *self, guint n);

/* What goes over the line, or one of these. */
#define ENDLESS "endless"
#define SILENCE "silence"
#define SAYS(self, ...) ((self)->answers = (const char *[]){ __VA_ARGS__, NULL })
#define CLOSE "Connection: close\r\n\r\n"
#define OK "HTTP/1.1 200 OK\r\n" CLOSE
#define XML "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
#define ERROR(status, code)                                                                        \
  "HTTP/1.1 " status " X\r\n" CLOSE XML "<Error><Code>" code                                       \
  "</Code><Message>AKIAIOSFODNN7EXAMPLE</Message></Error>"
#define CREATED                                                                                    \
  OK XML "<InitiateMultipartUploadResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"       \
         "<UploadId>2~x/y+z</UploadId></InitiateMultipartUploadResult>"
#define PARTS(inside) OK XML "<ListPartsResult>" inside "</ListPartsResult>"
#define PART(n, size, etag)                                                                        \
  "<Part><PartNumber>" n "</PartNumber><ETag>&quot;" etag "&quot;</ETag><Size>" size               \
  "</Size></Part>"

G_END_DECLS
