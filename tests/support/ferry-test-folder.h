/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A folder of a test's own. */

#include <sys/stat.h>

#include <glib.h>
#include <glib/gstdio.h>

G_BEGIN_DECLS

/* A fresh folder that everybody may enter. (transfer full) */
static inline char *
ferry_test_folder_new (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("ferry-test-XXXXXX", &error);

  g_assert_no_error (error);
  g_assert_no_errno (chmod (folder, 0777));
  return folder;
}

static inline void
ferry_test_folder_delete (const char *path)
{
  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK) && g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_autoptr (GDir) dir = NULL;
      const char *name;

      /* A test may have locked it. */
      g_chmod (path, 0700);
      dir = g_dir_open (path, 0, NULL);
      while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
        {
          g_autofree char *child = g_build_filename (path, name, NULL);

          ferry_test_folder_delete (child);
        }
    }
  g_remove (path);
}

/* Deletes a folder and all that is in it, follows no link, and frees the name. */
static inline void
ferry_test_folder_free (char *folder)
{
  ferry_test_folder_delete (folder);
  g_free (folder);
}

G_END_DECLS
