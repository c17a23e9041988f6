/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Destinations in the journal: all or none are written, and what cannot be one is not read. */

#include "ferry-destination-private.h"
#include "ferry-test-journal.h"

static GPtrArray *
make (void)
{
  return g_ptr_array_new_with_free_func (g_object_unref);
}

static FerryDestination *
append (GPtrArray *destinations, const char *id, const char *name, const char *address)
{
  FerryDestination *destination = ferry_destination_new (id, name, "ferry-chunks", address);

  g_ptr_array_add (destinations, destination);
  return destination;
}

static FerryDestination *
at_destination (GPtrArray *destinations, guint i)
{
  g_assert_cmpuint (i, <, destinations->len);
  return g_ptr_array_index (destinations, i);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* "NAME=ADDRESS" of each, the default with a star, in the order of their names. */
static void
assert_kept (Fixture *fixture, const char *expected)
{
  g_autoptr (GPtrArray) destinations = load_destinations (fixture);
  g_autoptr (GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *text = NULL;

  for (guint i = 0; i < destinations->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (destinations, i);
      g_ptr_array_add (lines,
                       g_strdup_printf ("%s%s=%s", ferry_destination_get_name (destination),
                                        ferry_destination_get_is_default (destination) ? "*" : "",
                                        ferry_destination_get_address (destination)));
    }
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);
  text = g_strjoinv (" ", (char **) lines->pdata);
  g_assert_cmpstr (text, ==, expected);
}

static void
test_kept (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) destinations = make ();
  FerryDestination *first = append (destinations, ONE, "Größe 家", "https://home.example/ferry/");

  open_store (fixture);
  assert_kept (fixture, "");
  append (destinations, FERRY_DESTINATION_HERE, "This Computer", "http://127.0.0.1:8470/");
  append (destinations, TWO, "Work", "http://127.0.0.1:1/");
  ferry_destination_set_is_default (first, TRUE);
  ferry_store_post_destinations (fixture->store, destinations);
  /* Copied when it was posted. */
  ferry_destination_set_name (first, "Later");
  flush (fixture);
  open_store (fixture);
  assert_kept (fixture, "Größe 家*=https://home.example/ferry/ Work=http://127.0.0.1:1/");

  g_autoptr (GPtrArray) loaded = load_destinations (fixture);

  g_assert_cmpuint (loaded->len, ==, 2);
  for (guint i = 0; i < loaded->len; i++)
    {
      const char *id = ferry_destination_get_id (at_destination (loaded, i));
      g_assert_true (g_str_equal (id, ONE) || g_str_equal (id, TWO));
      g_assert_cmpstr (ferry_destination_get_protocol (at_destination (loaded, i)), ==,
                       "ferry-chunks");
    }
}

static void
test_in_place (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) destinations = make ();
  FerryDestination *first = append (destinations, ONE, "A", "http://127.0.0.1:1/");
  FerryDestination *second = append (destinations, TWO, "B", "http://127.0.0.1:2/");

  open_store (fixture);
  ferry_destination_set_is_default (first, TRUE);
  ferry_store_post_destinations (fixture->store, destinations);
  flush (fixture);
  /* Names and the default change places at once. */
  ferry_destination_set_name (first, "b");
  ferry_destination_set_name (second, "a");
  ferry_destination_set_is_default (first, FALSE);
  ferry_destination_set_is_default (second, TRUE);
  ferry_store_post_destinations (fixture->store, destinations);
  flush (fixture);
  assert_kept (fixture, "a*=http://127.0.0.1:2/ b=http://127.0.0.1:1/");
  g_ptr_array_set_size (destinations, 0);
  ferry_store_post_destinations (fixture->store, destinations);
  flush (fixture);
  assert_kept (fixture, "");
}

/* The table's own rules are the last to hold: then all stays as it was, and others of the batch are written. */
static void
test_refused (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GPtrArray) destinations = make ();
  g_autoptr (FerryRecord) record = new_record ("a");
  g_autoptr (GError) error = NULL;

  open_store (fixture);
  append (destinations, ONE, "Straße", "http://127.0.0.1:1/");
  ferry_store_post_destinations (fixture->store, destinations);
  flush (fixture);
  append (destinations, TWO, "STRASSE", "http://127.0.0.1:2/");
  ferry_store_post_add (fixture->store, record);
  ferry_store_post_destinations (fixture->store, destinations);
  g_assert_false (ferry_store_flush (fixture->store, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_STORE);
  assert_kept (fixture, "Straße=http://127.0.0.1:1/");

  g_autoptr (GPtrArray) records = load (fixture);

  g_assert_cmpuint (records->len, ==, 1);

  ferry_destination_set_name (at_destination (destinations, 1), "Other");
  ferry_destination_set_is_default (at_destination (destinations, 0), TRUE);
  ferry_destination_set_is_default (at_destination (destinations, 1), TRUE);
  ferry_store_post_destinations (fixture->store, destinations);
  g_assert_false (ferry_store_flush (fixture->store, NULL));
  assert_kept (fixture, "Straße=http://127.0.0.1:1/");
}

#define ROW(id, name, key, address)                                                                \
  "INSERT INTO destination (id, name, name_key, protocol, address, is_default) VALUES (" id        \
  ", " name ", '" key "', 'ferry-chunks', " address ", 0);"

static void
test_damaged (Fixture *fixture, gconstpointer data)
{
  open_store (fixture);
  g_clear_pointer (&fixture->store, ferry_store_close);
  run_sql (fixture,
           ROW ("'11111111111111111111111111111111'", "'Good'", "good", "'http://127.0.0.1:1/'")
               ROW ("'1111111111111111111111111111111X'", "'id'", "k1", "'http://127.0.0.1:1/'")
                   ROW ("'33333333333333333333333333333333'", "'two' || char (10) || 'lines'", "k2",
                        "'http://127.0.0.1:1/'")
                       ROW ("'44444444444444444444444444444444'", "CAST (x'ff' AS TEXT)", "k3",
                            "'http://127.0.0.1:1/'") ROW ("'55555555555555555555555555555555'",
                                                          "'address'", "k4", "'gopher://h/'")
                           ROW ("'66666666666666666666666666666666'", "'secret'", "k5",
                                "'http://me:word@127.0.0.1:1/'")
                               ROW ("'77777777777777777777777777777777'", "'   '", "k6",
                                    "'http://127.0.0.1:1/'"));
  open_store (fixture);
  assert_kept (fixture, "Good=http://127.0.0.1:1/");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/journal/destination/kept", test_kept);
  add ("/journal/destination/in-place", test_in_place);
  add ("/journal/destination/refused", test_refused);
  add ("/journal/destination/damaged", test_damaged);
  return g_test_run ();
}
