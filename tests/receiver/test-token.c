/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-token.h"

#include "ferry-error.h"

#include "../support/ferry-test-folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct
{
  char *folder;
  char *path;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = ferry_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "token", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->path);
  ferry_test_folder_free (fixture->folder);
}

static void
test_made (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *content = NULL;
  char *token = ferry_token_load (fixture->path, &error);
  char *again = ferry_token_load (fixture->path, &error);
  GStatBuf info;

  g_assert_no_error (error);
  g_assert_cmpuint (strlen (token), ==, 43);
  g_assert_cmpuint (
      strspn (token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), ==, 43);
  g_assert_cmpstr (token, ==, again);
  g_assert_cmpint (g_stat (fixture->path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_assert_true (g_file_get_contents (fixture->path, &content, NULL, NULL));
  g_assert_cmpstr (g_strchomp (content), ==, token);

  /* Each is another. */
  g_assert_cmpint (g_remove (fixture->path), ==, 0);
  ferry_token_free (again);
  again = ferry_token_load (fixture->path, &error);
  g_assert_cmpstr (token, !=, again);
  ferry_token_free (again);
  ferry_token_free (token);
}

static void
test_made_nowhere (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "nowhere", "token", NULL);

  g_assert_null (ferry_token_load (path, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_FOLDER);
}

static void
test_matches (void)
{
  static const char token[] = "0123456789012345678901234567890123456789abc";
  g_autofree char *changed = g_strdup (token);

  g_assert_true (ferry_token_matches (token, token));
  g_assert_false (ferry_token_matches (token, NULL));
  g_assert_false (ferry_token_matches (token, ""));
  g_assert_false (ferry_token_matches (token, "0123456789012345678901234567890123456789ab"));
  g_assert_false (ferry_token_matches (token, "0123456789012345678901234567890123456789abcd"));
  for (gsize i = 0; i < strlen (token); i++)
    {
      changed[i] ^= 1;
      g_assert_false (ferry_token_matches (token, changed));
      changed[i] ^= 1;
    }
  g_assert_true (ferry_token_matches (token, changed));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/token/made", Fixture, NULL, set_up, test_made, tear_down);
  g_test_add ("/token/made-nowhere", Fixture, NULL, set_up, test_made_nowhere, tear_down);
  g_test_add_func ("/token/matches", test_matches);
  return g_test_run ();
}
