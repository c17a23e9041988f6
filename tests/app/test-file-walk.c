/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-file-walk.h"

#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../support/ferry-test-folder.h"

/* So often that no walk is over before it is cancelled. */
#define OFTEN 500000
#define PATIENCE_US (60 * G_USEC_PER_SEC)

typedef struct
{
  char *folder;
  GPtrArray *chosen;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = ferry_test_folder_new ();
  self->chosen = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  ferry_test_folder_free (self->folder);
  g_clear_pointer (&self->chosen, g_ptr_array_unref);
}

static char *
path_of (Fixture *self, const char *name)
{
  return g_build_filename (self->folder, name, NULL);
}

static void
make_file (Fixture *self, const char *name, const char *content)
{
  g_autofree char *path = path_of (self, name);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0755), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
make_folder (Fixture *self, const char *name)
{
  g_autofree char *path = path_of (self, name);

  g_assert_cmpint (g_mkdir_with_parents (path, 0755), ==, 0);
}

static void
make_link (Fixture *self, const char *target, const char *name)
{
  g_autofree char *path = path_of (self, name);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static void
choose (Fixture *self, const char *name)
{
  g_autofree char *path = path_of (self, name);

  g_ptr_array_add (self->chosen, g_file_new_for_path (path));
}

static void
came_cb (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GAsyncResult **came = user_data;

  *came = g_object_ref (result);
  g_main_context_wakeup (NULL);
}

static FerryFoundFiles *
walk (Fixture *self)
{
  g_autoptr (GAsyncResult) came = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryFileWalk) started = ferry_file_walk_start (self->chosen, NULL, came_cb, &came);

  while (came == NULL)
    g_main_context_iteration (NULL, TRUE);
  FerryFoundFiles *found = ferry_file_walk_finish (came, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (ferry_file_walk_get_count (started), ==, found->files->len);
  return found;
}

static const FerryFoundFile *
file_at (const FerryFoundFiles *found, guint i)
{
  g_assert_cmpuint (i, <, found->files->len);
  return g_ptr_array_index (found->files, i);
}

static void
assert_nothing_left_out (const FerryFoundFiles *found)
{
  g_assert_cmpuint (found->missing.n + found->unreadable.n + found->special.n + found->links.n
                        + found->remote.n + found->empty.n,
                    ==, 0);
  g_assert_false (found->too_many);
}

static void
test_plain_files (Fixture *self, gconstpointer data)
{
  make_file (self, "b.txt", "12345");
  make_file (self, "a.txt", "");
  choose (self, "b.txt");
  choose (self, "a.txt");
  choose (self, "b.txt");

  g_autoptr (FerryFoundFiles) found = walk (self);
  g_autofree char *path = path_of (self, "b.txt");
  assert_nothing_left_out (found);
  g_assert_cmpuint (found->files->len, ==, 2);
  g_assert_cmpuint (found->size, ==, 5);
  g_assert_cmpuint (found->n_folders, ==, 0);
  g_assert_cmpstr (file_at (found, 0)->path, ==, path);
  g_assert_cmpstr (file_at (found, 0)->shown, ==, "b.txt");
  g_assert_cmpstr (file_at (found, 0)->name, ==, "b.txt");
  g_assert_cmpuint (file_at (found, 1)->size, ==, 0);
}

/* Folders to their ends, in the order of a file manager: what is in a folder before its folders. */
static void
test_folder (Fixture *self, gconstpointer data)
{
  const char *const wanted[]
      = { "Trip/.hidden", "Trip/2.jpg", "Trip/10.jpg", "Trip/a/b/c/deep.jpg", "Trip/z/last.jpg" };

  for (guint i = G_N_ELEMENTS (wanted); i > 0; i--)
    make_file (self, wanted[i - 1], "x");
  choose (self, "Trip");

  g_autoptr (FerryFoundFiles) found = walk (self);
  assert_nothing_left_out (found);
  g_assert_cmpuint (found->n_folders, ==, 5);
  g_assert_cmpuint (found->files->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpstr (file_at (found, i)->shown, ==, wanted[i]);
}

/* A receiver has no folders, and on some disks "A" is "a". */
static void
test_names (Fixture *self, gconstpointer data)
{
  const struct
  {
    const char *file;
    const char *name;
  } wanted[] = {
    { "Trip/.profile", "profile" },
    { "Trip/one.jpg", "one.jpg" },
    { "Trip/a/Same.jpg", "Trip - a - Same.jpg" },
    { "Trip/b/same.jpg", "Trip - b - same.jpg" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    make_file (self, wanted[i].file, "x");
  choose (self, "Trip");

  g_autoptr (FerryFoundFiles) found = walk (self);
  g_assert_cmpuint (found->files->len, ==, G_N_ELEMENTS (wanted));
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++)
    g_assert_cmpstr (file_at (found, i)->name, ==, wanted[i].name);
}

static void
test_links (Fixture *self, gconstpointer data)
{
  make_file (self, "Box/file.txt", "123");
  make_file (self, "Other/far.txt", "1234");
  make_link (self, ".", "Box/loop");
  make_link (self, "../Other", "Box/other");
  make_link (self, "file.txt", "Box/link.txt");
  make_link (self, "nowhere", "Box/broken");
  make_link (self, "Box", "Shortcut");
  choose (self, "Shortcut");

  /* What the person points at is followed, what lies in it is not. */
  g_autoptr (FerryFoundFiles) found = walk (self);
  g_assert_cmpuint (found->files->len, ==, 2);
  g_assert_cmpstr (file_at (found, 0)->shown, ==, "Shortcut/file.txt");
  g_assert_cmpstr (file_at (found, 1)->shown, ==, "Shortcut/link.txt");
  g_assert_cmpuint (file_at (found, 1)->size, ==, 3);
  g_assert_cmpuint (found->links.n, ==, 2);
  g_assert_cmpstr (found->links.first, ==, "Shortcut/loop");
  g_assert_cmpuint (found->missing.n, ==, 1);
  g_assert_cmpstr (found->missing.first, ==, "Shortcut/broken");
}

static void
make_socket (Fixture *self, const char *name)
{
  g_autofree char *path = path_of (self, name);
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  close (fd);
}

static void
test_special (Fixture *self, gconstpointer data)
{
  g_autofree char *pipe = NULL;

  make_file (self, "Box/file.txt", "123");
  make_socket (self, "Box/socket");
  pipe = path_of (self, "Box/pipe");
  g_assert_cmpint (mkfifo (pipe, 0644), ==, 0);
  choose (self, "Box");
  g_ptr_array_add (self->chosen, g_file_new_for_path ("/dev/null"));

  g_autoptr (FerryFoundFiles) found = walk (self);
  g_assert_cmpuint (found->files->len, ==, 1);
  g_assert_cmpuint (found->special.n, ==, 3);
  g_assert_cmpstr (found->special.first, ==, "Box/pipe");
}

static void
test_nothing (Fixture *self, gconstpointer data)
{
  make_folder (self, "Empty/below");
  make_folder (self, "Linked");
  make_link (self, ".", "Linked/loop");
  choose (self, "Empty");
  choose (self, "Linked");
  choose (self, "gone.txt");
  g_ptr_array_add (self->chosen, g_file_new_for_uri ("sftp://host.example/far.txt"));

  g_autoptr (FerryFoundFiles) found = walk (self);
  g_assert_cmpuint (found->files->len, ==, 0);
  /* Of the other one, what is in it is told. */
  g_assert_cmpuint (found->empty.n, ==, 1);
  g_assert_cmpstr (found->empty.first, ==, "Empty");
  g_assert_cmpuint (found->links.n, ==, 1);
  g_assert_cmpuint (found->missing.n, ==, 1);
  g_assert_cmpstr (found->missing.first, ==, "gone.txt");
  g_assert_cmpuint (found->remote.n, ==, 1);
}

static void
test_unreadable (Fixture *self, gconstpointer data)
{
  g_autofree char *folder = path_of (self, "Box/locked");
  g_autofree char *file = path_of (self, "Box/secret.txt");

  if (geteuid () == 0)
    {
      g_test_skip ("nothing is unreadable to root");
      return;
    }
  make_file (self, "Box/file.txt", "123");
  make_file (self, "Box/secret.txt", "123");
  make_folder (self, "Box/locked");
  g_assert_cmpint (g_chmod (folder, 0), ==, 0);
  g_assert_cmpint (g_chmod (file, 0), ==, 0);
  choose (self, "Box");

  g_autoptr (FerryFoundFiles) found = walk (self);
  g_assert_cmpint (g_chmod (folder, 0700), ==, 0);
  g_assert_cmpuint (found->files->len, ==, 1);
  g_assert_cmpuint (found->unreadable.n, ==, 2);
}

/* Names are bytes to the disk. */
static void
test_odd_names (Fixture *self, gconstpointer data)
{
  make_file (self, "Box/\xff\xfe.txt", "1");
  make_file (self, "Box/a\nb.txt", "1");
  make_file (self, "Box/...", "1");
  choose (self, "Box");

  g_autoptr (FerryFoundFiles) found = walk (self);
  assert_nothing_left_out (found);
  g_assert_cmpuint (found->files->len, ==, 3);
  for (guint i = 0; i < found->files->len; i++)
    {
      g_assert_true (g_utf8_validate (file_at (found, i)->shown, -1, NULL));
      g_assert_true (g_utf8_validate (file_at (found, i)->name, -1, NULL));
      g_assert_null (strchr (file_at (found, i)->name, '\n'));
      g_assert_cmpstr (file_at (found, i)->name, !=, "");
    }
}

static void
test_cancelled (Fixture *self, gconstpointer data)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) came = NULL;
  g_autoptr (GError) error = NULL;

  make_file (self, "a.txt", "1");
  choose (self, "a.txt");
  g_cancellable_cancel (cancellable);
  g_autoptr (FerryFileWalk) started
      = ferry_file_walk_start (self->chosen, cancellable, came_cb, &came);
  while (came == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (ferry_file_walk_finish (came, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (ferry_file_walk_get_count (started), ==, 0);
}

/* The thread may be the last to let go. */
static void
wait_freed (GWeakRef *ref)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  GObject *object;

  while ((object = g_weak_ref_get (ref)) != NULL)
    {
      g_object_unref (object);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
    }
  g_weak_ref_clear (ref);
}

static void
test_cancelled_under_way (Fixture *self, gconstpointer data)
{
  GCancellable *cancellable = g_cancellable_new ();
  GAsyncResult *came = NULL;
  g_autoptr (GError) error = NULL;
  FerryFileWalk *started;
  GWeakRef files, cancellables;

  make_file (self, "first.txt", "1");
  make_folder (self, "Box");
  make_file (self, "last.txt", "1");
  choose (self, "first.txt");
  choose (self, "Box");
  for (guint i = 0; i < OFTEN; i++)
    g_ptr_array_add (self->chosen, g_object_ref (g_ptr_array_index (self->chosen, 1)));
  choose (self, "last.txt");
  g_weak_ref_init (&files, g_ptr_array_index (self->chosen, 1));
  g_weak_ref_init (&cancellables, cancellable);

  started = ferry_file_walk_start (self->chosen, cancellable, came_cb, &came);
  while (ferry_file_walk_get_count (started) == 0)
    g_main_context_iteration (NULL, FALSE);
  g_assert_null (came);
  g_cancellable_cancel (cancellable);
  while (came == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_null (ferry_file_walk_finish (came, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpuint (ferry_file_walk_get_count (started), ==, 1);

  g_object_unref (came);
  g_object_unref (cancellable);
  ferry_file_walk_unref (started);
  g_clear_pointer (&self->chosen, g_ptr_array_unref);
  wait_freed (&files);
  wait_freed (&cancellables);
}

static void
test_kinds (Fixture *self, gconstpointer data)
{
  g_autoptr (GAsyncResult) came = NULL;
  g_autoptr (GError) error = NULL;
  FerryFileKinds kinds = { 0 };

  make_file (self, "a.txt", "1");
  make_folder (self, "Box");
  choose (self, "a.txt");
  choose (self, "Box");
  choose (self, "gone");
  ferry_file_kinds_async (self->chosen, NULL, came_cb, &came);
  while (came == NULL)
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (ferry_file_kinds_finish (came, &kinds, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (kinds.n_files, ==, 1);
  g_assert_cmpuint (kinds.n_folders, ==, 1);
}

#define ADD(path, function)                                                                        \
  g_test_add ("/file-walk/" path, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("plain-files", test_plain_files);
  ADD ("folder", test_folder);
  ADD ("names", test_names);
  ADD ("links", test_links);
  ADD ("special", test_special);
  ADD ("nothing", test_nothing);
  ADD ("unreadable", test_unreadable);
  ADD ("odd-names", test_odd_names);
  ADD ("cancelled", test_cancelled);
  ADD ("cancelled-under-way", test_cancelled_under_way);
  ADD ("kinds", test_kinds);
  return g_test_run ();
}
