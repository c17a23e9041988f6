/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <sys/un.h>

#include "ferry-error.h"
#include "ferry-owner.h"

#include "../support/ferry-test-child.h"

typedef struct
{
  char *root;
  char *folder; /* not made yet */
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->root = ferry_test_folder_new ();
  fixture->folder = g_build_filename (fixture->root, "state", "ferry", NULL);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_free (fixture->folder);
  ferry_test_folder_free (fixture->root);
}

static FerryOwner *
claim (Fixture *fixture, const char *program)
{
  g_autoptr (GError) error = NULL;
  FerryOwner *owner = ferry_owner_claim (fixture->folder, program, &error);

  g_assert_no_error (error);
  g_assert_nonnull (owner);
  return owner;
}

static char *
claim_fails (const char *folder, int code)
{
  g_autoptr (GError) error = NULL;

  g_assert_null (ferry_owner_claim (folder, "ferryctl", &error));
  g_assert_error (error, FERRY_ERROR, code);
  return g_strdup (error->message);
}

static void
test_claim (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerryOwner) owner = claim (fixture, "Ferry");
  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);
  g_autofree char *text = NULL;
  g_autofree char *expected = g_strdup_printf ("Ferry\n%d\n", (int) getpid ());
  struct stat info;

  g_assert_nonnull (owner);
  g_assert_true (g_file_get_contents (lock, &text, NULL, &error));
  g_assert_cmpstr (text, ==, expected);
  g_assert_no_errno (stat (lock, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0600);
  g_assert_no_errno (stat (fixture->folder, &info));
  g_assert_cmpint (info.st_mode & 07777, ==, 0700);
}

/* Also against ourselves: the window and an engine in the same process. */
static void
test_second_is_told (Fixture *fixture, gconstpointer data)
{
  FerryOwner *owner = claim (fixture, "Ferry");
  g_autofree char *number = g_strdup_printf ("Ferry (process %d)", (int) getpid ());

  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *sentence = claim_fails (fixture->folder, FERRY_ERROR_STORE_BUSY);

      g_assert_nonnull (strstr (sentence, number));
    }
  ferry_owner_release (owner);
  ferry_owner_release (claim (fixture, "ferryctl"));
}

static void
test_shorter_name_after_longer (Fixture *fixture, gconstpointer data)
{
  ferry_owner_release (claim (fixture, "a program with a long name"));

  g_autoptr (FerryOwner) owner = claim (fixture, "b");
  g_autofree char *sentence = claim_fails (fixture->folder, FERRY_ERROR_STORE_BUSY);
  g_autofree char *expected = g_strdup_printf ("by b (process %d).", (int) getpid ());

  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);
  g_autofree char *text = NULL;
  g_autofree char *whole = g_strdup_printf ("b\n%d\n", (int) getpid ());

  g_assert_nonnull (owner);
  g_assert_nonnull (strstr (sentence, expected));
  g_assert_true (g_file_get_contents (lock, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, whole);
}

/* A child that claims the folder, tells so, and lives until it is killed. */
static pid_t
start_owner (Fixture *fixture)
{
  int ends[2];
  char told = 0;

  g_assert_no_errno (pipe (ends));

  pid_t child = fork ();

  g_assert_cmpint (child, >=, 0);
  if (child == 0)
    {
      claim (fixture, "Ferry");
      g_assert_cmpint (write (ends[1], "x", 1), ==, 1);
      while (TRUE)
        pause ();
    }
  close (ends[1]);
  g_assert_cmpint (read (ends[0], &told, 1), ==, 1);
  close (ends[0]);
  return child;
}

static void
test_killed_owner (Fixture *fixture, gconstpointer data)
{
  for (guint round = 0; round < 5; round++)
    {
      pid_t child = start_owner (fixture);
      g_autofree char *sentence = claim_fails (fixture->folder, FERRY_ERROR_STORE_BUSY);
      g_autofree char *expected = g_strdup_printf ("(process %d)", (int) child);

      g_assert_nonnull (strstr (sentence, expected));
      g_assert_no_errno (kill (child, SIGKILL));
      g_assert_cmpint (waitpid (child, NULL, 0), ==, child);
      ferry_owner_release (claim (fixture, "Ferry"));
    }
}

/* Whatever the file says, the sentence is one. */
static void
test_odd_texts (Fixture *fixture, gconstpointer data)
{
  static const char *const texts[] = { "",
                                       "\n",
                                       "Ferry",
                                       "Ferry\n",
                                       "Ferry\n12",
                                       "Ferry\nx\n",
                                       "Ferry\n-1\n",
                                       "Ferry\n0\n",
                                       "Ferry\n99999999999999999999\n",
                                       "\xff\xfe\n1\n",
                                       "\n\n\n\n" };
  g_autoptr (FerryOwner) owner = claim (fixture, "Ferry");
  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);
  g_autofree char *huge = g_strnfill (100000, 'x');

  g_assert_nonnull (owner);
  for (gsize i = 0; i <= G_N_ELEMENTS (texts); i++)
    {
      const char *text = i < G_N_ELEMENTS (texts) ? texts[i] : huge;
      int fd = open (lock, O_WRONLY | O_TRUNC | O_CLOEXEC);

      g_assert_cmpint (write (fd, text, strlen (text)), ==, (gssize) strlen (text));
      close (fd);

      g_autofree char *sentence = claim_fails (fixture->folder, FERRY_ERROR_STORE_BUSY);

      g_assert_true (g_utf8_validate (sentence, -1, NULL));
      g_assert_cmpuint (strlen (sentence), <, 1000);
    }
}

/* Closing another descriptor of the file must not drop the lock, as it does with POSIX locks. */
static void
test_reading_keeps_the_lock (Fixture *fixture, gconstpointer data)
{
  g_autoptr (FerryOwner) owner = claim (fixture, "Ferry");
  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);
  g_autofree char *text = NULL;

  g_assert_nonnull (owner);
  g_assert_true (g_file_get_contents (lock, &text, NULL, NULL));
  g_free (claim_fails (fixture->folder, FERRY_ERROR_STORE_BUSY));
}

static void
test_in_the_way (Fixture *fixture, gconstpointer data)
{
  g_autofree char *file = g_build_filename (fixture->root, "file", NULL);
  g_autofree char *under = g_build_filename (file, "ferry", NULL);
  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);
  g_autofree char *target = g_build_filename (fixture->root, "target", NULL);

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_free (claim_fails (under, FERRY_ERROR_NO_FOLDER));
  g_assert_no_errno (g_mkdir_with_parents (fixture->folder, 0700));
  g_assert_no_errno (symlink (target, lock));
  g_free (claim_fails (fixture->folder, FERRY_ERROR_DISK));
  g_assert_false (g_file_test (target, G_FILE_TEST_EXISTS));
  g_assert_no_errno (g_unlink (lock));
  g_assert_no_errno (g_mkdir (lock, 0700));
  g_free (claim_fails (fixture->folder, FERRY_ERROR_DISK));
}

static void
child_not_writable (gpointer data)
{
  Fixture *fixture = data;

  ferry_test_child_become_nobody ();
  ferry_owner_release (claim (fixture, "Ferry"));

  g_autofree char *lock = g_build_filename (fixture->folder, "lock", NULL);

  g_assert_no_errno (chmod (lock, 0400));
  g_free (claim_fails (fixture->folder, FERRY_ERROR_NOT_WRITABLE));
  g_assert_no_errno (g_unlink (lock));
  g_assert_no_errno (chmod (fixture->folder, 0500));
  g_free (claim_fails (fixture->folder, FERRY_ERROR_NOT_WRITABLE));
  g_assert_no_errno (chmod (fixture->folder, 0700));
}

static void
test_not_writable (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_not_writable, fixture);
}

static void
child_full_disk (gpointer data)
{
  Fixture *fixture = data;

  ferry_test_child_mount (fixture->root, "size=1m");
  g_assert_no_errno (g_mkdir_with_parents (fixture->folder, 0700));
  ferry_test_child_fill (fixture->root);
  g_free (claim_fails (fixture->folder, FERRY_ERROR_NO_SPACE));
}

static void
test_full_disk (Fixture *fixture, gconstpointer data)
{
  ferry_test_in_child (child_full_disk, fixture);
}

static void
test_address (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *other = g_build_filename (fixture->root, "other", NULL);
  g_autofree char *link = g_build_filename (fixture->root, "link", NULL);
  g_autofree char *slashes = g_strconcat (fixture->folder, "//", NULL);

  g_assert_no_errno (g_mkdir_with_parents (fixture->folder, 0700));
  g_assert_no_errno (symlink (fixture->folder, link));

  g_autofree char *address = ferry_owner_address (fixture->folder);
  g_autofree char *by_slashes = ferry_owner_address (slashes);
  g_autofree char *by_link = ferry_owner_address (link);
  g_autofree char *of_other = ferry_owner_address (other);

  g_assert_true (g_dbus_is_supported_address (address, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (address, ==, by_slashes);
  g_assert_cmpstr (address, ==, by_link);
  g_assert_cmpstr (address, !=, of_other);
  g_assert_true (g_str_has_prefix (address, "unix:path="));
  g_assert_nonnull (strstr (address, g_get_user_runtime_dir ()));
  /* What "ferry-" and the hash add to the folder leaves room in sun_path. */
  g_assert_cmpuint (strlen (address) - strlen ("unix:path=") - strlen (g_get_user_runtime_dir ()),
                    <=, 40);
}

static void
test_default_folder (void)
{
  g_autofree char *folder = ferry_owner_default_folder ();
  g_autofree char *expected = g_build_filename (g_get_user_state_dir (), "ferry", NULL);

  g_assert_cmpstr (folder, ==, expected);
}

static void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/owner/claim", test_claim);
  add ("/owner/second-is-told", test_second_is_told);
  add ("/owner/shorter-name-after-longer", test_shorter_name_after_longer);
  add ("/owner/killed", test_killed_owner);
  add ("/owner/odd-texts", test_odd_texts);
  add ("/owner/reading-keeps-the-lock", test_reading_keeps_the_lock);
  add ("/owner/in-the-way", test_in_the_way);
  add ("/owner/not-writable", test_not_writable);
  add ("/owner/full-disk", test_full_disk);
  add ("/owner/address", test_address);
  g_test_add_func ("/owner/default-folder", test_default_folder);
  return g_test_run ();
}
