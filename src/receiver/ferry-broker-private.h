/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-broker.h"

G_BEGIN_DECLS

struct _FerryBroker
{
  FerryInbox *inbox;
  FerryS3 *s3; /* (nullable) */
  char *name;  /* (nullable) */
  guint expire;
  GCancellable *cancellable;

  GMutex mutex;
  GCond cond;
  GHashTable *busy;     /* set of ids: uploads that a thread changes at the store */
  GHashTable *doubtful; /* set of ids: the store may have an upload whose id was never told */
};

/* One thread at a time changes what the store has of an upload. */
void ferry_broker_lock (FerryBroker *self, const char *id);
void ferry_broker_unlock (FerryBroker *self, const char *id);

/* Always FALSE. Sets what clients are told of @why, an error of the store, and logs it. */
gboolean ferry_broker_fail (const FerryUpload *upload, const GError *why, GError **error);

/* FALSE with an error unless @upload is presigned, in progress and at this store. */
gboolean ferry_broker_check_open (FerryBroker *self, const FerryUpload *upload, GError **error);

/* (transfer full) */
char *ferry_broker_key (const FerryUpload *upload);

/* Aborts all uploads of @upload's key that the store has, known to us or not. */
gboolean ferry_broker_abort_all (FerryBroker *self, const FerryUpload *upload, GError **error);

/* With the lock. @fresh: nobody can have made one before. Sets @upload's multipart. */
gboolean
ferry_broker_create (FerryBroker *self, FerryUpload *upload, gboolean fresh, GError **error);
/* With the lock. The store lost it: forgets its chunks, and begins anew. */
gboolean ferry_broker_renew (FerryBroker *self, FerryUpload *upload, GError **error);

G_END_DECLS
