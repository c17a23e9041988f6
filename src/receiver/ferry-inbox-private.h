/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-database-thread.h"
#include "ferry-inbox.h"
#include "ferry-part-file.h"

G_BEGIN_DECLS

struct _FerryInbox
{
  FerryDatabaseThread *store;
  char *folder; /* (nullable) */
  char *to;     /* (nullable): the store that new uploads go to */
  guint64 chunk_size;
  guint64 max_size;
  guint64 max_uploads;
  gint64 expire;

  GMutex files;      /* held while data files come and go, so that rows and files agree */
  GMutex mutex;      /* guards parts */
  GHashTable *parts; /* id to FerryInboxPart in use */
};

/* A data file while chunks are written to it. */
typedef struct
{
  FerryInbox *inbox;
  char id[FERRY_UPLOAD_ID_LENGTH + 1];
  FerryPartFile *file;
  guint n_users;

  /* One sync serves all chunks that were written before it began. */
  GMutex mutex;
  GCond cond;
  guint64 n_asked;  /* syncs that were asked for */
  guint64 n_synced; /* those that are done; what was asked for later is not */
  gboolean syncing;
  gboolean failed; /* for good: nothing that goes through this descriptor can be trusted */
} FerryInboxPart;

/* What a call to the store needs and gives back; each uses what it knows of. */
typedef struct
{
  FerryInbox *inbox;
  const char *id;
  const char *key;
  FerryUpload *upload; /* (out) or in */
  FerryRanges *received;
  FerryUploadStatus status;
  guint64 chunk;
  gboolean found;
  gboolean changed;
  FerryPartFile *file;
  gboolean lost; /* the file is not the one that rows mean */
  guint8 sha256[FERRY_SHA256_SIZE];
  GPtrArray *uploads;
} FerryInboxCall;

void ferry_inbox_call_clear (FerryInboxCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (FerryInboxCall, ferry_inbox_call_clear)

/* On the store's thread: loads the upload of the call's id, or fails with NO_SUCH_UPLOAD. */
gboolean ferry_inbox_run_load (FerryDatabase *database, gpointer data, GError **error);

/* Always FALSE, with GONE. */
gboolean ferry_inbox_set_gone (const FerryUpload *upload, GError **error);
gboolean ferry_inbox_check_not_ended (const FerryUpload *upload, GError **error);

gint64 ferry_inbox_now (void);

/* (transfer full) */
char *ferry_inbox_part_name (const char *id);
void ferry_inbox_remove_part (const FerryUpload *upload);

/* The data file of an upload in progress. One that is gone takes its confirmed chunks with it and is made anew. Call
 * without the lock. */
FerryPartFile *ferry_inbox_open_part (FerryInbox *self, const FerryUpload *upload, GError **error);

/* An upload whose name was about to be given when the program ended, or the database failed: given or not, the row says so
 * afterwards. Sets @upload's status and published. */
gboolean ferry_inbox_settle (FerryInbox *self, FerryUpload *upload, GError **error);

G_END_DECLS
