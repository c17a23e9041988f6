/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-inbox.h"
#include "ferry-s3.h"

G_BEGIN_DECLS

/**
 * FerryBroker:
 *
 * The uploads whose bytes go from the client to a store, without passing through here. The calls block, on the store where
 * not told otherwise: worker threads only, any number at once. Errors are FERRY_PROBLEM_ERROR, FERRY_ERROR and
 * G_IO_ERROR_CANCELLED. No message names a key, a signature or an address that is signed.
 */
typedef struct _FerryBroker FerryBroker;

/* @s3: (transfer full) (nullable): NULL: there are none but those of earlier, which wait for their store. @name: (nullable): of
 * the store, as @inbox has it. @expire: seconds that an address is good for. */
FerryBroker *ferry_broker_new (FerryInbox *inbox, FerryS3 *s3, const char *name, guint expire);
void ferry_broker_free (FerryBroker *self);
/* Ends what waits for the store. Any thread. */
void ferry_broker_cancel (FerryBroker *self);

/* Whether there is a store. */
gboolean ferry_broker_is_active (FerryBroker *self);

/* Asks the store whether it is there and takes the keys. Errors: FERRY_ERROR with a sentence for the receiver's owner. */
gboolean ferry_broker_check (FerryBroker *self, GError **error);

/* As ferry_inbox_initiate (), and with an upload at the store. */
FerryUpload *ferry_broker_initiate (FerryBroker *self,
                                    const char *key,
                                    const FerryInitiate *initiate,
                                    GError **error);

/* As ferry_inbox_status (). Asks the store whether the upload is still there: what is lost there is said to be lost. */
gboolean ferry_broker_status (FerryBroker *self,
                              const char *id,
                              FerryUpload **upload,
                              FerryRanges **received,
                              GError **error);

/**
 * FerryAddress:
 * @checksum: (nullable): value that "x-amz-checksum-sha256" must have
 */
typedef struct
{
  guint64 chunk;
  char *url;
  char *checksum;
} FerryAddress;

/**
 * ferry_broker_sign:
 * @may_block: FALSE: does not ask the store; where that is needed there are no @addresses, and no error
 * @addresses: (out) (nullable) (transfer full) (element-type FerryAddress)
 * @expires: (out): seconds since 1970
 */
gboolean ferry_broker_sign (FerryBroker *self,
                            const char *id,
                            const FerryUrlsRequest *request,
                            gboolean may_block,
                            GPtrArray **addresses,
                            gint64 *expires,
                            GError **error);

/* TRUE: the row is committed. Does not ask the store. */
gboolean ferry_broker_put_receipt (FerryBroker *self,
                                   const char *id,
                                   const FerryReceipt *receipt,
                                   GError **error);

/* As ferry_inbox_complete (): the store has the object, and its size. Not twice at once for one upload. */
FerryUpload *ferry_broker_complete (FerryBroker *self,
                                    const char *id,
                                    const guint8 *sha256,
                                    GCancellable *cancellable,
                                    FerryRanges **missing,
                                    GError **error);

/* Not while it is being completed. What cannot be cleaned up at the store now is later. */
gboolean ferry_broker_discard (FerryBroker *self, const char *id, GError **error);

/* Cleans the store of what ended, and of uploads there that no row knows because a crash came between. */
gboolean ferry_broker_tidy (FerryBroker *self, GError **error);

/* The address of a finished object, for a while. Does not ask the store. (transfer full) (nullable): @upload is not one, or is
 * at another store */
char *ferry_broker_locate (FerryBroker *self, const FerryUpload *upload, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryBroker, ferry_broker_free)

G_END_DECLS
