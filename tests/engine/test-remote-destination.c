/* SPDX-License-Identifier: GPL-3.0-or-later */

/* What another process may ask about destinations. */

#include "ferry-error.h"
#include "ferry-remote-queue.h"
#include "ferry-secrets.h"
#include "ferry-test-keyring.h"
#include "ferry-test-util.h"

#define HOME "http://127.0.0.1:1/"

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static GVariant *
ask (FerryTestBed *bed, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ferry_remote_perform_async (bed->engine, method, parameters, done_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  return ferry_remote_perform_finish (bed->engine, result, error);
}

static void
do_it (FerryTestBed *bed, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = ask (bed, method, parameters, &error);

  g_assert_no_error (error);
  g_assert_nonnull (answer);
}

static void
refuse (FerryTestBed *bed, const char *method, GVariant *parameters, int code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = ask (bed, method, parameters, &error);

  g_assert_null (answer);
  g_assert_error (error, FERRY_ERROR, code);
  ferry_test_assert_sentence (error->message);
}

/* "NAME=ADDRESS" of each in the answer, the default with a star. */
static void
assert_items (FerryTestBed *bed, const char *method, GVariant *parameters, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = ask (bed, method, parameters, &error);
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GVariantIter) iter = NULL;
  GVariant *item;

  g_assert_no_error (error);
  g_variant_get (answer, "(aa{sv})", &iter);
  while (g_variant_iter_next (iter, "@a{sv}", &item))
    {
      const char *id, *name, *address, *protocol;
      gboolean is_default, here;

      g_assert_true (g_variant_lookup (item, "id", "&s", &id));
      g_assert_true (g_variant_lookup (item, "name", "&s", &name));
      g_assert_true (g_variant_lookup (item, "address", "&s", &address));
      g_assert_true (g_variant_lookup (item, "protocol", "&s", &protocol));
      g_assert_true (g_variant_lookup (item, "default", "b", &is_default));
      g_assert_true (g_variant_lookup (item, "here", "b", &here));
      g_assert_cmpuint (g_variant_n_children (item), ==, 6);
      g_assert_cmpint (here, ==, g_str_equal (id, "here"));
      g_assert_cmpstr (protocol, ==, "ferry-chunks");
      g_string_append_printf (text, "%s%s%s=%s", text->len > 0 ? " " : "", name,
                              is_default ? "*" : "", address);
      g_variant_unref (item);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

/* A good dictionary with @key set to @value, or left out where that is NULL. */
static GVariant *
saving (const char *name, const char *key, GVariant *value)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "name", "s", name);
  g_variant_dict_insert (&dict, "address", "s", HOME);
  if (value != NULL)
    g_variant_dict_insert_value (&dict, key, value);
  else if (key != NULL)
    g_variant_dict_remove (&dict, key);
  return g_variant_new ("(@a{sv})", g_variant_dict_end (&dict));
}

static GVariant *
text (const char *string)
{
  return g_variant_new ("(s)", string);
}

static void
test_calls (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *token = NULL;

  assert_items (bed, "ListDestinations", g_variant_new ("()"), "");
  assert_items (bed, "FindDestination", text (""), "");
  do_it (bed, "SaveDestination", saving ("Work", "token", g_variant_new_string ("secret")));
  do_it (bed, "SaveDestination", saving ("Home", "default", g_variant_new_boolean (TRUE)));
  do_it (bed, "SaveDestination", saving ("Else", "default", g_variant_new_boolean (FALSE)));
  assert_items (bed, "ListDestinations", g_variant_new ("()"),
                "Else=" HOME " Home*=" HOME " Work=" HOME);
  assert_items (bed, "FindDestination", text (""), "Home*=" HOME);
  assert_items (bed, "FindDestination", text ("wORK"), "Work=" HOME);
  assert_items (bed, "FindDestination", text ("http://127.0.0.1:1"), "Else=" HOME);
  assert_items (bed, "FindDestination", text ("nobody"), "");
  token = ferry_secrets_lookup (HOME, NULL, NULL);
  g_assert_cmpstr (token, ==, "secret");

  do_it (bed, "SetDefaultDestination", text ("else"));
  do_it (bed, "RemoveDestination", text ("HOME"));
  assert_items (bed, "ListDestinations", g_variant_new ("()"), "Else*=" HOME " Work=" HOME);
}

static void
test_replace (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  GVariantDict dict;

  do_it (bed, "SaveDestination", saving ("Work", NULL, NULL));
  refuse (bed, "SaveDestination", saving ("work", NULL, NULL), FERRY_ERROR_EXISTS);
  refuse (bed, "SaveDestination", saving ("work", "replace", g_variant_new_boolean (FALSE)),
          FERRY_ERROR_EXISTS);
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "name", "s", "WORK");
  g_variant_dict_insert (&dict, "address", "s", "http://127.0.0.1:2/");
  g_variant_dict_insert (&dict, "replace", "b", TRUE);
  do_it (bed, "SaveDestination", g_variant_new ("(@a{sv})", g_variant_dict_end (&dict)));
  do_it (bed, "SaveDestination", saving ("New", "replace", g_variant_new_boolean (TRUE)));
  assert_items (bed, "ListDestinations", g_variant_new ("()"),
                "New=" HOME " WORK*=http://127.0.0.1:2/");
}

static void
test_refused (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *long_text = g_strnfill (200000, 'x');
  const int bad = FERRY_ERROR_INVALID_ARGUMENT;

  refuse (bed, "SaveDestination", saving ("a", "name", NULL), bad);
  refuse (bed, "SaveDestination", saving ("a", "name", g_variant_new_uint32 (7)), bad);
  refuse (bed, "SaveDestination", saving ("a", "name", g_variant_new_string ("")), bad);
  refuse (bed, "SaveDestination", saving ("a", "name", g_variant_new_string (long_text)), bad);
  refuse (bed, "SaveDestination", saving ("a", "address", NULL), bad);
  refuse (bed, "SaveDestination", saving ("a", "address", g_variant_new_string ("")),
          FERRY_ERROR_INVALID_ADDRESS);
  refuse (bed, "SaveDestination", saving ("a", "token", g_variant_new_string ("")), bad);
  refuse (bed, "SaveDestination", saving ("a", "token", g_variant_new_bytestring ("x")), bad);
  refuse (bed, "SaveDestination", saving ("a", "default", g_variant_new_string ("yes")), bad);
  refuse (bed, "SaveDestination", saving ("a", "id", g_variant_new_string ("here")), bad);
  refuse (bed, "SaveDestination", text ("a"), bad);
  refuse (bed, "ListDestinations", text ("a"), bad);
  refuse (bed, "RemoveDestination", text ("nobody"), FERRY_ERROR_NOT_FOUND_HERE);
  refuse (bed, "RemoveDestination", text (""), FERRY_ERROR_NOT_FOUND_HERE);
  refuse (bed, "SetDefaultDestination", text ("nobody"), FERRY_ERROR_NOT_FOUND_HERE);
  assert_items (bed, "FindDestination", text (long_text), "");
  assert_items (bed, "ListDestinations", g_variant_new ("()"), "");

  ferry_destinations_set_here (ferry_engine_get_destinations (bed->engine), "This Computer", HOME);
  refuse (bed, "RemoveDestination", text ("this computer"), FERRY_ERROR_NOT_FOUND_HERE);
  refuse (bed, "SetDefaultDestination", text ("this computer"), FERRY_ERROR_NOT_FOUND_HERE);
  refuse (bed, "SaveDestination", saving ("This Computer", NULL, NULL), FERRY_ERROR_EXISTS);
  refuse (bed, "SaveDestination", saving ("This Computer", "replace", g_variant_new_boolean (TRUE)),
          bad);
  assert_items (bed, "ListDestinations", g_variant_new ("()"), "This Computer*=" HOME);
}

int
main (int argc, char **argv)
{
  FerryTestKeyring *keyring;
  int status;

  g_test_init (&argc, &argv, NULL);
  keyring = ferry_test_keyring_new ();
  ferry_test_keyring_begin (keyring);
  g_test_add_func ("/remote-destination/calls", test_calls);
  g_test_add_func ("/remote-destination/replace", test_replace);
  g_test_add_func ("/remote-destination/refused", test_refused);
  status = g_test_run ();
  ferry_test_keyring_free (keyring);
  return status;
}
