/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the part file share. */

#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "ferry-error.h"
#include "ferry-part-file.h"

#include "../support/ferry-test-child.h"

G_BEGIN_DECLS

typedef struct
{
  char *folder;
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = ferry_test_folder_new ();
}

static inline void
tear_down (Fixture *fixture, gconstpointer data)
{
  ferry_test_folder_free (fixture->folder);
}

static inline char *
in_folder (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

static inline FerryPartFile *
open_part (Fixture *fixture, const char *name)
{
  g_autoptr (GError) error = NULL;
  FerryPartFile *part = ferry_part_file_open (fixture->folder, name, TRUE, &error);

  g_assert_no_error (error);
  g_assert_nonnull (part);
  return part;
}

static inline FerryPartFile *
open_part_with (Fixture *fixture, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  FerryPartFile *part = open_part (fixture, name);

  g_assert_true (ferry_part_file_write (part, 0, text, strlen (text), &error));
  g_assert_no_error (error);
  return part;
}

static inline void
assert_open_fails (const char *folder, const char *name, gboolean create, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ferry_part_file_open (folder, name, create, &error));
  g_assert_error (error, FERRY_ERROR, code);
  g_assert_cmpstr (error->message, !=, "");
}

static inline void
assert_text (Fixture *fixture, const char *name, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = in_folder (fixture, name);
  g_autofree char *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static inline void
put_text (Fixture *fixture, const char *name, const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = in_folder (fixture, name);

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static inline void
assert_missing (Fixture *fixture, const char *name)
{
  g_autofree char *path = in_folder (fixture, name);
  struct stat info;

  g_assert_cmpint (lstat (path, &info), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
}

static inline gint64
length_of (FerryPartFile *part)
{
  g_autoptr (GError) error = NULL;
  FerryPartStamp stamp;

  g_assert_true (ferry_part_file_stat (part, &stamp, &error));
  return stamp.size;
}

static inline void
assert_publish_fails (FerryPartFile *part, const char *name, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (ferry_part_file_publish (part, name, &error));
  g_assert_error (error, FERRY_ERROR, code);
}

static inline void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

G_END_DECLS
