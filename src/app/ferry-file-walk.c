/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-file-walk.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ferry-file-name.h"

struct _FerryFileWalk
{
  GPtrArray *chosen;
  GCancellable *cancellable;
  FerryFoundFiles *found;
  GHashTable *seen; /* paths, which belong to the found files */
  GQueue folders;   /* of Folder: what is still to be looked into, the next one first */
  guint count;      /* atomic */
};

typedef struct
{
  char *path;
  char *shown;
} Folder;

static void
folder_free (gpointer data)
{
  Folder *folder = data;

  g_free (folder->path);
  g_free (folder->shown);
  g_free (folder);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Folder, folder_free)

static void
found_file_free (gpointer data)
{
  FerryFoundFile *file = data;

  g_free (file->path);
  g_free (file->shown);
  g_free (file->name);
  g_free (file);
}

static FerryFoundFiles *
found_files_new (void)
{
  FerryFoundFiles *self = g_new0 (FerryFoundFiles, 1);

  self->files = g_ptr_array_new_with_free_func (found_file_free);
  return self;
}

void
ferry_found_files_free (FerryFoundFiles *self)
{
  g_ptr_array_unref (self->files);
  g_free (self->missing.first);
  g_free (self->unreadable.first);
  g_free (self->special.first);
  g_free (self->links.first);
  g_free (self->remote.first);
  g_free (self->empty.first);
  g_free (self);
}

static void
leave_out (FerryLeftOut *out, const char *shown)
{
  if (out->n++ == 0)
    out->first = g_strdup (shown);
}

static void
take_file (FerryFileWalk *self, const char *path, const char *shown, const struct stat *info)
{
  if (g_hash_table_contains (self->seen, path))
    return;
  if (access (path, R_OK) != 0)
    {
      leave_out (&self->found->unreadable, shown);
      return;
    }
  if (self->found->files->len == FERRY_FILE_WALK_MAX)
    {
      self->found->too_many = TRUE;
      return;
    }

  FerryFoundFile *file = g_new0 (FerryFoundFile, 1);
  file->path = g_strdup (path);
  file->shown = g_strdup (shown);
  file->size = (guint64) info->st_size;
  g_ptr_array_add (self->found->files, file);
  g_hash_table_add (self->seen, file->path);
  self->found->size += file->size;
  g_atomic_int_inc (&self->count);
}

static gboolean
is_over (FerryFileWalk *self)
{
  return self->found->too_many || g_cancellable_is_cancelled (self->cancellable);
}

typedef struct
{
  char *name;
  char *key;
} Entry;

static void
entry_clear (gpointer data)
{
  Entry *entry = data;

  g_free (entry->name);
  g_free (entry->key);
}

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  return strcmp (((const Entry *) a)->key, ((const Entry *) b)->key);
}

/* What is in a folder, as a file manager would order it; NULL when it cannot be read. (element-type Entry) */
static GArray *
read_folder (FerryFileWalk *self, const char *path)
{
  DIR *dir = opendir (path);
  struct dirent *at;

  if (dir == NULL)
    return NULL;

  GArray *entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  g_array_set_clear_func (entries, entry_clear);
  while (!is_over (self) && (at = readdir (dir)) != NULL)
    {
      if (strcmp (at->d_name, ".") == 0 || strcmp (at->d_name, "..") == 0)
        continue;
      g_autofree char *shown = g_filename_display_name (at->d_name);
      Entry entry = { g_strdup (at->d_name), g_utf8_collate_key_for_filename (shown, -1) };
      g_array_append_val (entries, entry);
    }
  closedir (dir);
  g_array_sort (entries, compare_entries);
  return entries;
}

/* Takes what is at @path by its kind; a folder goes to @folders. @inside: of a folder that was chosen */
static void
look_at (FerryFileWalk *self, const char *path, const char *shown, gboolean inside, GQueue *folders)
{
  struct stat info, link;

  if (lstat (path, &link) != 0 || stat (path, &info) != 0)
    leave_out (errno == EACCES ? &self->found->unreadable : &self->found->missing, shown);
  else if (S_ISREG (info.st_mode))
    take_file (self, path, shown, &info);
  else if (!S_ISDIR (info.st_mode))
    leave_out (&self->found->special, shown);
  else if (inside && S_ISLNK (link.st_mode))
    leave_out (&self->found->links, shown);
  else
    {
      Folder *folder = g_new (Folder, 1);
      folder->path = g_strdup (path);
      folder->shown = g_strdup (shown);
      g_queue_push_tail (folders, folder);
    }
}

static void
walk_folder (FerryFileWalk *self, const Folder *folder)
{
  g_autoptr (GArray) entries = read_folder (self, folder->path);
  GQueue below = G_QUEUE_INIT;

  self->found->n_folders++;
  if (entries == NULL)
    {
      leave_out (&self->found->unreadable, folder->shown);
      return;
    }
  for (guint i = 0; i < entries->len && !is_over (self); i++)
    {
      const char *name = g_array_index (entries, Entry, i).name;
      g_autofree char *path = g_build_filename (folder->path, name, NULL);
      g_autofree char *shown_name = g_filename_display_name (name);
      g_autofree char *shown = g_strconcat (folder->shown, "/", shown_name, NULL);

      look_at (self, path, shown, TRUE, &below);
    }
  for (Folder *last = g_queue_pop_tail (&below); last != NULL; last = g_queue_pop_tail (&below))
    g_queue_push_head (&self->folders, last);
}

static guint
n_left_out (const FerryFoundFiles *found)
{
  return found->missing.n + found->unreadable.n + found->special.n + found->links.n;
}

static void
look_at_chosen (FerryFileWalk *self, GFile *file)
{
  g_autofree char *path = g_file_get_path (file);
  guint files = self->found->files->len;
  guint folders = self->found->n_folders;
  guint others = n_left_out (self->found);

  if (path == NULL)
    {
      g_autofree char *name = g_file_get_parse_name (file);
      leave_out (&self->found->remote, name);
      return;
    }
  g_autofree char *shown = g_filename_display_basename (path);
  look_at (self, path, shown, FALSE, &self->folders);
  while (!is_over (self) && !g_queue_is_empty (&self->folders))
    {
      g_autoptr (Folder) folder = g_queue_pop_head (&self->folders);
      walk_folder (self, folder);
    }
  if (self->found->n_folders > folders && self->found->files->len == files
      && n_left_out (self->found) == others && !is_over (self))
    leave_out (&self->found->empty, shown);
}

/* What a receiver would make of the name. (transfer full) */
static char *
plain_name (const FerryFoundFile *file)
{
  g_autofree char *base = g_path_get_basename (file->path);
  char *name = ferry_file_name_sanitize (base);

  return name != NULL ? name : g_strdup ("file");
}

/* (transfer full) */
static char *
long_name (const FerryFoundFile *file)
{
  g_auto (GStrv) parts = g_strsplit (file->shown, "/", -1);
  g_autofree char *joined = g_strjoinv (" - ", parts);
  char *name = ferry_file_name_sanitize (joined);

  return name != NULL ? name : plain_name (file);
}

static void
choose_names (FerryFoundFiles *found)
{
  g_autoptr (GHashTable) times = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < found->files->len; i++)
    {
      FerryFoundFile *file = g_ptr_array_index (found->files, i);
      file->name = plain_name (file);

      char *key = g_utf8_casefold (file->name, -1);
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (times, key));
      g_hash_table_insert (times, key, GUINT_TO_POINTER (n + 1));
    }
  for (guint i = 0; i < found->files->len; i++)
    {
      FerryFoundFile *file = g_ptr_array_index (found->files, i);
      g_autofree char *key = g_utf8_casefold (file->name, -1);

      if (GPOINTER_TO_UINT (g_hash_table_lookup (times, key)) < 2)
        continue;
      g_free (file->name);
      file->name = long_name (file);
    }
}

static void
walk_clear (gpointer data)
{
  FerryFileWalk *self = data;

  g_ptr_array_unref (self->chosen);
  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->found, ferry_found_files_free);
  g_hash_table_unref (self->seen);
  g_queue_clear_full (&self->folders, folder_free);
}

void
ferry_file_walk_unref (FerryFileWalk *self)
{
  g_atomic_rc_box_release_full (self, walk_clear);
}

static gpointer
walk_thread (gpointer data)
{
  g_autoptr (GTask) task = data;
  FerryFileWalk *self = g_task_get_task_data (task);

  for (guint i = 0; i < self->chosen->len && !is_over (self); i++)
    look_at_chosen (self, g_ptr_array_index (self->chosen, i));
  if (g_task_return_error_if_cancelled (task))
    return NULL;
  choose_names (self->found);
  g_task_return_pointer (task, g_steal_pointer (&self->found),
                         (GDestroyNotify) ferry_found_files_free);
  return NULL;
}

FerryFileWalk *
ferry_file_walk_start (GPtrArray *chosen,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data)
{
  g_return_val_if_fail (chosen != NULL, NULL);

  FerryFileWalk *self = g_atomic_rc_box_new0 (FerryFileWalk);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);

  self->chosen = g_ptr_array_ref (chosen);
  self->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;
  self->found = found_files_new ();
  self->seen = g_hash_table_new (g_str_hash, g_str_equal);
  g_queue_init (&self->folders);
  g_task_set_source_tag (task, ferry_file_walk_start);
  g_task_set_task_data (task, g_atomic_rc_box_acquire (self),
                        (GDestroyNotify) ferry_file_walk_unref);
  /* A thread of its own: a walk may take minutes, and a dead disk holds it for longer. */
  g_thread_unref (g_thread_new ("ferry-walk", walk_thread, task));
  return self;
}

FerryFoundFiles *
ferry_file_walk_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

guint
ferry_file_walk_get_count (FerryFileWalk *self)
{
  g_return_val_if_fail (self != NULL, 0);

  return (guint) g_atomic_int_get (&self->count);
}

static void
kinds_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  GPtrArray *chosen = data;
  FerryFileKinds kinds = { 0 };

  for (guint i = 0; i < chosen->len && !g_cancellable_is_cancelled (cancellable); i++)
    {
      g_autofree char *path = g_file_get_path (g_ptr_array_index (chosen, i));
      struct stat info;

      if (path == NULL || stat (path, &info) != 0)
        continue;
      kinds.n_files += S_ISREG (info.st_mode) ? 1 : 0;
      kinds.n_folders += S_ISDIR (info.st_mode) ? 1 : 0;
    }
  g_task_return_pointer (task, g_memdup2 (&kinds, sizeof kinds), g_free);
}

void
ferry_file_kinds_async (GPtrArray *chosen,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  g_return_if_fail (chosen != NULL);

  g_autoptr (GTask) task = g_task_new (NULL, cancellable, callback, user_data);

  g_task_set_source_tag (task, ferry_file_kinds_async);
  g_task_set_task_data (task, g_ptr_array_ref (chosen), (GDestroyNotify) g_ptr_array_unref);
  g_task_run_in_thread (task, kinds_thread);
}

gboolean
ferry_file_kinds_finish (GAsyncResult *result, FerryFileKinds *kinds, GError **error)
{
  g_autofree FerryFileKinds *found = g_task_propagate_pointer (G_TASK (result), error);

  if (found == NULL)
    return FALSE;
  *kinds = *found;
  return TRUE;
}
