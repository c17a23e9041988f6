/* SPDX-License-Identifier: GPL-3.0-or-later */

#include "ferry-test-part.h"

static void
test_names_that_are_none (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "", ".", "..", "../a", "/etc/passwd", "a/b", "a/", "/" };
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      assert_open_fails (fixture->folder, names[i], TRUE, FERRY_ERROR_INVALID_ARGUMENT);
      assert_publish_fails (part, names[i], FERRY_ERROR_INVALID_ARGUMENT);
    }
  assert_text (fixture, "a.part", "hello");
}

static void
test_publish (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  g_autofree char *path = in_folder (fixture, "a");

  g_assert_true (ferry_part_file_publish (part, "a", &error));
  g_assert_no_error (error);
  assert_text (fixture, "a", "hello");
  assert_missing (fixture, "a.part");
  g_assert_cmpstr (ferry_part_file_get_path (part), ==, path);
  /* Again, as after a kill right behind it, is no harm. */
  g_assert_true (ferry_part_file_publish (part, "a", &error));
  g_assert_no_error (error);
  assert_text (fixture, "a", "hello");
}

static void
assert_nothing_overwritten (Fixture *fixture)
{
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "mine");
  g_autofree char *link = in_folder (fixture, "link");
  g_autofree char *folder = in_folder (fixture, "folder");

  put_text (fixture, "taken", "precious");
  g_assert_no_errno (symlink ("nowhere", link));
  g_assert_no_errno (g_mkdir (folder, 0700));
  assert_publish_fails (part, "taken", FERRY_ERROR_EXISTS);
  assert_publish_fails (part, "link", FERRY_ERROR_EXISTS);
  assert_publish_fails (part, "folder", FERRY_ERROR_EXISTS);
  assert_text (fixture, "taken", "precious");
  assert_text (fixture, "a.part", "mine");
  assert_missing (fixture, "nowhere");
}

static void
test_publish_overwrites_nothing (Fixture *fixture, gconstpointer data)
{
  assert_nothing_overwritten (fixture);
}

static void
child_publish_by_link (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;

  ferry_test_child_deny (SYS_renameat2, EINVAL);
  assert_nothing_overwritten (fixture);

  g_autoptr (FerryPartFile) part = open_part_with (fixture, "b.part", "hello");

  g_assert_true (ferry_part_file_publish (part, "b", &error));
  g_assert_no_error (error);
  assert_text (fixture, "b", "hello");
  assert_missing (fixture, "b.part");
}

static void
test_publish_by_link (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_publish_by_link, fixture);
}

static void
child_publish_without_a_safe_way (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");

  ferry_test_child_deny (SYS_renameat2, EINVAL);
  ferry_test_child_deny (SYS_linkat, EPERM);
  g_assert_false (ferry_part_file_publish (part, "a", &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NOT_WRITABLE);
  /* The person learns where all of it is. */
  g_assert_nonnull (strstr (error->message, "“a.part”"));
  assert_missing (fixture, "a");
  assert_text (fixture, "a.part", "hello");
}

static void
test_publish_without_a_safe_way (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_publish_without_a_safe_way, fixture);
}

/* Killed between link () and unlink (): both names are one file. */
static void
test_publish_finishes_a_link (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  g_autofree char *from = in_folder (fixture, "a.part");
  g_autofree char *to = in_folder (fixture, "a");

  g_assert_no_errno (link (from, to));
  g_assert_true (ferry_part_file_publish (part, "a", &error));
  g_assert_no_error (error);
  assert_text (fixture, "a", "hello");
  assert_missing (fixture, "a.part");
}

static void
test_publish_what_was_replaced (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "a.part", "hello");
  g_autofree char *path = in_folder (fixture, "a.part");

  g_assert_no_errno (g_unlink (path));
  assert_publish_fails (part, "a", FERRY_ERROR_NO_FOLDER);
  put_text (fixture, "a.part", "foreign");
  assert_publish_fails (part, "a", FERRY_ERROR_DISK);
  assert_missing (fixture, "a");
  assert_text (fixture, "a.part", "foreign");
}

static void
test_publish_follows_a_moved_folder (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *before = in_folder (fixture, "before");
  g_autofree char *after = in_folder (fixture, "after");

  g_assert_no_errno (g_mkdir (before, 0700));

  g_autoptr (FerryPartFile) part = ferry_part_file_open (before, "a.part", TRUE, &error);

  g_assert_no_error (error);
  g_assert_true (ferry_part_file_write (part, 0, "hello", 5, &error));
  g_assert_no_errno (g_rename (before, after));
  g_assert_true (ferry_part_file_publish (part, "a", &error));
  g_assert_no_error (error);
  assert_text (fixture, "after/a", "hello");
}

#define N_RACERS 4

static gpointer
publish_cb (gpointer data)
{
  return GINT_TO_POINTER (ferry_part_file_publish (data, "winner", NULL));
}

static void
test_publish_race (Fixture *fixture, gconstpointer data)
{
  for (guint round = 0; round < 25; round++)
    {
      FerryPartFile *parts[N_RACERS];
      GThread *threads[N_RACERS];
      g_autofree char *winner = in_folder (fixture, "winner");
      int n_won = 0;

      for (guint i = 0; i < N_RACERS; i++)
        {
          g_autofree char *name = g_strdup_printf ("%u-%u.part", round, i);

          parts[i] = open_part_with (fixture, name, name);
        }
      for (guint i = 0; i < N_RACERS; i++)
        threads[i] = g_thread_new ("racer", publish_cb, parts[i]);
      for (guint i = 0; i < N_RACERS; i++)
        n_won += GPOINTER_TO_INT (g_thread_join (threads[i]));
      g_assert_cmpint (n_won, ==, 1);
      for (guint i = 0; i < N_RACERS; i++)
        ferry_part_file_close (parts[i]);
      g_assert_no_errno (g_unlink (winner));
    }
}

static void
test_publish_non_ascii (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryPartFile) part = open_part_with (fixture, "ü \n\xff.part", "hello");

  g_assert_true (ferry_part_file_publish (part, "日本 \xfe", &error));
  g_assert_no_error (error);
  assert_text (fixture, "日本 \xfe", "hello");

  put_text (fixture, "\xfe", "x");
  g_assert_false (ferry_part_file_publish (part, "\xfe", &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_EXISTS);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/part-file/open/names-that-are-none", test_names_that_are_none);
  add ("/part-file/publish", test_publish);
  add ("/part-file/publish/overwrites-nothing", test_publish_overwrites_nothing);
  add ("/part-file/publish/by-link", test_publish_by_link);
  add ("/part-file/publish/without-a-safe-way", test_publish_without_a_safe_way);
  add ("/part-file/publish/finishes-a-link", test_publish_finishes_a_link);
  add ("/part-file/publish/what-was-replaced", test_publish_what_was_replaced);
  add ("/part-file/publish/follows-a-moved-folder", test_publish_follows_a_moved_folder);
  add ("/part-file/publish/race", test_publish_race);
  add ("/part-file/publish/non-ascii", test_publish_non_ascii);
  return g_test_run ();
}
