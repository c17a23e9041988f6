/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-error.h"
#include "ferry-remote-queue.h"
#include "ferry-remote.h"
#include "ferry-test-util.h"

/* What another process may ask of an upload, and that it never meets a download. */

#define SOURCE "/some/where/a.bin"

/* A good dictionary with @key set to @value, or left out where it is NULL. */
static FerrySpec *
read_spec (const char *key, GVariant *value, GError **error)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert (&dict, "direction", "s", "upload");
  g_variant_dict_insert (&dict, "address", "s", "http://127.0.0.1:1/");
  g_variant_dict_insert (&dict, "source", "s", SOURCE);
  g_variant_dict_insert (&dict, "token", "s", "secret");
  g_variant_dict_insert (&dict, "paused", "b", TRUE);
  if (value != NULL)
    g_variant_dict_insert_value (&dict, key, value);
  else if (key != NULL)
    g_variant_dict_remove (&dict, key);
  g_autoptr (GVariant) dictionary = g_variant_ref_sink (g_variant_dict_end (&dict));
  return ferry_remote_spec_from_variant (dictionary, error);
}

static void
refuse (const char *key, GVariant *value)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = read_spec (key, value, &error);

  g_assert_null (spec);
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
}

static void
test_bad_specs (void)
{
  const char *const strings[] = { "A: b", NULL };
  g_autofree char *long_text = g_strnfill (70000, 'x');

  refuse ("direction", g_variant_new_string ("sideways"));
  refuse ("direction", g_variant_new_uint32 (1));
  /* Then the rest is no download. */
  refuse ("direction", NULL);
  refuse ("direction", g_variant_new_string ("download"));
  refuse ("address", NULL);
  refuse ("address", g_variant_new_string ("http://h/?a=b"));
  refuse ("address", g_variant_new_string ("http://me:word@h/"));
  refuse ("source", NULL);
  refuse ("source", g_variant_new_string ("a.bin"));
  refuse ("source", g_variant_new_string (long_text));
  refuse ("source", g_variant_new_bytestring (SOURCE));
  refuse ("token", g_variant_new_string (""));
  refuse ("token", g_variant_new_string ("two words"));
  refuse ("token", g_variant_new_string ("a\r\nB: c"));
  refuse ("token", g_variant_new_string ("é"));
  refuse ("token", g_variant_new_string (long_text));
  refuse ("token", g_variant_new_boolean (TRUE));
  refuse ("folder", g_variant_new_string ("/some/where"));
  refuse ("name", g_variant_new_string ("b.bin"));
  refuse ("headers", g_variant_new_strv (strings, -1));
  refuse ("exact", g_variant_new_boolean (TRUE));
}

static void
test_both_ways (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) given = read_spec (NULL, NULL, &error);

  g_assert_no_error (error);
  g_autoptr (GVariant) sent = g_variant_ref_sink (ferry_remote_spec_to_variant (given));
  g_autoptr (FerrySpec) spec = ferry_remote_spec_from_variant (sent, &error);
  g_assert_no_error (error);
  g_assert_cmpint (spec->direction, ==, FERRY_UPLOAD);
  g_assert_cmpstr (spec->address, ==, "http://127.0.0.1:1/");
  g_assert_cmpstr (spec->source, ==, SOURCE);
  g_assert_cmpstr (spec->folder, ==, "/some/where");
  g_assert_cmpstr (spec->token, ==, "secret");
  g_assert_true (spec->paused);
}

static void
assert_string (GVariant *item, const char *key, const char *wanted)
{
  const char *text = NULL;

  g_assert_true (g_variant_lookup (item, key, "&s", &text));
  g_assert_cmpstr (text, ==, wanted);
}

static void
test_found_again (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) up = read_spec (NULL, NULL, NULL);
  g_autoptr (FerrySpec) down = ferry_spec_new (up->address, up->folder, NULL);

  FerryTransfer *upload = ferry_engine_add (bed->engine, up, &error);
  g_assert_no_error (error);
  g_assert_null (ferry_engine_find_same (bed->engine, up->address, up->folder, NULL));
  down->paused = TRUE;
  FerryTransfer *download = ferry_engine_add (bed->engine, down, &error);
  g_assert_no_error (error);
  g_assert_true (ferry_engine_find_same (bed->engine, up->address, up->folder, NULL) == download);
  g_assert_true (ferry_engine_find_upload (bed->engine, up->address, SOURCE) == upload);
  g_assert_null (ferry_engine_find_upload (bed->engine, up->address, "/some/where/b.bin"));
  g_assert_null (ferry_engine_find_upload (bed->engine, "http://127.0.0.1:2/", SOURCE));

  g_autoptr (GVariant) item = g_variant_ref_sink (ferry_remote_describe (upload));
  g_autofree char *text = g_variant_print (item, FALSE);
  assert_string (item, "direction", "upload");
  assert_string (item, "source", SOURCE);
  assert_string (item, "link", "");
  g_assert_null (strstr (text, "secret"));
  ferry_engine_remove (bed->engine, upload);
  g_assert_null (ferry_engine_find_upload (bed->engine, up->address, SOURCE));
}

int
main (int argc, char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote-upload/bad-specs", test_bad_specs);
  g_test_add_func ("/remote-upload/both-ways", test_both_ways);
  g_test_add_func ("/remote-upload/found-again", test_found_again);
  return g_test_run ();
}
