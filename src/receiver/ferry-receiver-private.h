/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

#include "ferry-broker.h"
#include "ferry-guard.h"
#include "ferry-http-headers.h"
#include "ferry-inbox.h"
#include "ferry-listener.h"
#include "ferry-receiver.h"
#include "ferry-workers.h"

G_BEGIN_DECLS

struct _FerryReceiver
{
  GObject parent_instance;

  /* Options. */
  char *directory;
  char *listen;
  char *state;
  char *token_file;
  char *tls_certificate;
  char *tls_key;
  GMainContext *context;
  guint64 chunk_size;
  guint64 max_size;
  guint64 expire;
  guint64 max_uploads;
  char *s3_endpoint;
  char *s3_bucket;
  char *s3_region;
  char *s3_keys_file;
  guint s3_expire;
  FerryReceiverNoticeFunc notice;
  gpointer notice_data;
  guint max_connections;
  guint idle_timeout;

  /* While it runs. */
  gboolean running;
  int lock;
  char *token;
  char *address;
  char *set_apart;
  gboolean exposed;
  FerryInbox *inbox;
  FerryBroker *broker;
  GError *store_error; /* (nullable): what the store said at the start */
  FerryWorkers *workers;
  FerryGuard *guard;
  FerryListener *listener;
  SoupServer *server;
  GSource *expiry;
  gboolean expiring;
  GHashTable *exchanges; /* set of FerryExchange, owned: not closed yet */
  GHashTable *claims;    /* the claim of a FerryExchange, which owns it, to that exchange, owned */
  GHashTable *completions; /* id to FerryCompletion */
};

/* "HOST:PORT" with a numeric host, in brackets for IPv6. (transfer full): NULL with a sentence */
GSocketAddress *ferry_receiver_parse_listen (const char *text, GError **error);

/* @certificate: (out) (nullable): where there is to be none */
gboolean ferry_receiver_load_certificate (FerryReceiver *self,
                                          GTlsCertificate **certificate,
                                          GError **error);

/* Folder, lock, token, database and store. What was opened is closed by stop (), also after an error. */
gboolean ferry_receiver_open_inbox (FerryReceiver *self, GError **error);

G_END_DECLS
