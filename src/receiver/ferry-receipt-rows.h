/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-upload-rows.h"

G_BEGIN_DECLS

/* Rows of uploads whose bytes go to a store. Blocks; the store's thread only, inside a transaction. */

/* In the place of an older one for the same chunk. */
gboolean ferry_receipt_rows_put (FerryDatabase *database,
                                 gint64 number,
                                 const FerryReceipt *receipt,
                                 GError **error);
/* (transfer full) (element-type FerryReceipt): all, ascending */
GPtrArray *ferry_receipt_rows_load (FerryDatabase *database, gint64 number, GError **error);

/* The ones below change only an upload in progress; @changed tells whether it was. */

/* @multipart: (nullable): NULL forgets it, and every receipt with it */
gboolean ferry_receipt_rows_set_multipart (FerryDatabase *database,
                                           gint64 number,
                                           const char *multipart,
                                           gint64 now,
                                           gboolean *changed,
                                           GError **error);
/* The store is about to be told. */
gboolean ferry_receipt_rows_set_completing (FerryDatabase *database,
                                            gint64 number,
                                            FerryProof proof,
                                            gint64 now,
                                            gboolean *changed,
                                            GError **error);
/* @upload's published, proof, etag, and whole if has_whole. */
gboolean ferry_receipt_rows_set_complete (FerryDatabase *database,
                                          const FerryUpload *upload,
                                          gint64 now,
                                          gboolean *changed,
                                          GError **error);

/* Of @store: in progress without an upload there; to be cleaned now, or again after @before. (element-type FerryUpload) */
GPtrArray *
ferry_receipt_rows_load_unborn (FerryDatabase *database, const char *store, GError **error);
GPtrArray *ferry_receipt_rows_load_cleaning (FerryDatabase *database,
                                             const char *store,
                                             gint64 before,
                                             GError **error);
gboolean ferry_receipt_rows_set_cleaning (FerryDatabase *database,
                                          gint64 number,
                                          FerryCleaning cleaning,
                                          GError **error);

G_END_DECLS
