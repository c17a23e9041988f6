/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <libsoup/soup.h>

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

G_END_DECLS
