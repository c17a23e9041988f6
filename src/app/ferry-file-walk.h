/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* More files at once are nothing that a person chose. */
#define FERRY_FILE_WALK_MAX 100000

/**
 * FerryFoundFile:
 *
 * @path: absolute
 * @shown: where it is in what was chosen, for people: "Trip/day 1/beach.jpg"
 * @name: what it is to be called at a receiver
 * @size: bytes
 */
typedef struct
{
  char *path;
  char *shown;
  char *name;
  guint64 size;
} FerryFoundFile;

/**
 * FerryLeftOut:
 *
 * @n: how many
 * @first: (nullable): the first one's name, for people
 */
typedef struct
{
  guint n;
  char *first;
} FerryLeftOut;

/**
 * FerryFoundFiles:
 *
 * @files: (element-type FerryFoundFile), in the order of their folders and names
 * @size: bytes of all
 * @n_folders: folders that were looked into
 * @missing: not there
 * @unreadable: files and folders that may not be read
 * @special: sockets, pipes, devices
 * @links: links to folders inside of folders: to follow them could be endless
 * @remote: not on this computer
 * @empty: folders that were chosen and hold no file
 * @too_many: there are more than FERRY_FILE_WALK_MAX; @files has the first of them
 */
typedef struct
{
  GPtrArray *files;
  guint64 size;
  guint n_folders;
  FerryLeftOut missing;
  FerryLeftOut unreadable;
  FerryLeftOut special;
  FerryLeftOut links;
  FerryLeftOut remote;
  FerryLeftOut empty;
  gboolean too_many;
} FerryFoundFiles;

void ferry_found_files_free (FerryFoundFiles *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryFoundFiles, ferry_found_files_free)

/**
 * FerryFileWalk:
 *
 * Finds the files in what a person chose, on a thread of its own: folders are walked to their ends, hidden files and
 * all, but links to folders inside of them are not followed. A file that is chosen twice is found once.
 *
 * A receiver takes names, no folders. So each file keeps its own name, unless two from folders have the same one: those
 * are called by their way through the folders, "Trip - day 1 - beach.jpg".
 */
typedef struct _FerryFileWalk FerryFileWalk;

/**
 * ferry_file_walk_start:
 * @chosen: (element-type GFile)
 * @callback: called on the caller's main context; ferry_file_walk_finish () fails only when it was cancelled
 *
 * Returns: (transfer full): for ferry_file_walk_unref ()
 */
FerryFileWalk *ferry_file_walk_start (GPtrArray *chosen,
                                      GCancellable *cancellable,
                                      GAsyncReadyCallback callback,
                                      gpointer user_data);
/* (transfer full) */
FerryFoundFiles *ferry_file_walk_finish (GAsyncResult *result, GError **error);
/* Files found so far. Any thread. */
guint ferry_file_walk_get_count (FerryFileWalk *self);
void ferry_file_walk_unref (FerryFileWalk *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryFileWalk, ferry_file_walk_unref)

/**
 * FerryFileKinds:
 *
 * What files and folders are there, without looking into the folders.
 */
typedef struct
{
  guint n_files;
  guint n_folders;
} FerryFileKinds;

/* @chosen: (element-type GFile). Fails only when it was cancelled. */
void ferry_file_kinds_async (GPtrArray *chosen,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean ferry_file_kinds_finish (GAsyncResult *result, FerryFileKinds *kinds, GError **error);

G_END_DECLS
