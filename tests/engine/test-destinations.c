/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Destinations as a person keeps them, the tokens that go with them, and the uploads that need one. */

#include "ferry-secrets.h"
#include "ferry-test-keyring.h"
#include "ferry-test-upload.h"

#define HOME "http://127.0.0.1:1/"
#define WORK "https://work.example/ferry"
/* Far more than anything takes. */
#define PATIENCE_US (60 * G_USEC_PER_SEC)

static FerryTestKeyring *keyring;

static FerryDestinations *
destinations_of (FerryTestBed *bed)
{
  return ferry_engine_get_destinations (bed->engine);
}

static void
done_cb (GObject *source, GAsyncResult *result, gpointer data)
{
  *(GAsyncResult **) data = g_object_ref (result);
}

static gboolean
is_done (gpointer data)
{
  return *(GAsyncResult **) data != NULL;
}

static FerryDestination *
try_save (FerryTestBed *bed,
          FerryDestination *destination,
          const char *name,
          const char *address,
          const char *token,
          GError **error)
{
  g_autoptr (GAsyncResult) result = NULL;

  ferry_destinations_save_async (destinations_of (bed), destination, name, address, token, NULL,
                                 done_cb, &result);
  ferry_test_bed_wait (bed, is_done, &result, "saved");
  return ferry_destinations_save_finish (destinations_of (bed), result, error);
}

static FerryDestination *
save (FerryTestBed *bed,
      FerryDestination *destination,
      const char *name,
      const char *address,
      const char *token)
{
  g_autoptr (GError) error = NULL;
  FerryDestination *saved = try_save (bed, destination, name, address, token, &error);

  g_assert_no_error (error);
  g_assert_nonnull (saved);
  if (destination != NULL)
    g_assert_true (saved == destination);
  return saved;
}

static void
refuse (FerryTestBed *bed,
        FerryDestination *destination,
        const char *name,
        const char *address,
        const char *token,
        int code)
{
  guint before = g_list_model_get_n_items (G_LIST_MODEL (destinations_of (bed)));
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = g_strescape (name, NULL);

  g_test_message ("\"%s\" at %s", shown, address);
  g_assert_null (try_save (bed, destination, name, address, token, &error));
  g_assert_error (error, FERRY_ERROR, code);
  ferry_test_assert_sentence (error->message);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (destinations_of (bed))), ==, before);
}

static void
take_away (FerryTestBed *bed, FerryDestination *destination)
{
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  ferry_destinations_remove_async (destinations_of (bed), destination, NULL, done_cb, &result);
  ferry_test_bed_wait (bed, is_done, &result, "removed");
  g_assert_true (ferry_destinations_remove_finish (destinations_of (bed), result, &error));
  g_assert_no_error (error);
}

/* The names in their order, the default with a star. */
static void
assert_list (FerryTestBed *bed, const char *expected)
{
  GListModel *model = G_LIST_MODEL (destinations_of (bed));
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (model); i++)
    {
      g_autoptr (FerryDestination) destination = g_list_model_get_item (model, i);
      g_string_append_printf (text, "%s%s%s", i > 0 ? "|" : "",
                              ferry_destination_get_name (destination),
                              ferry_destination_get_is_default (destination) ? "*" : "");
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static void
assert_token (const char *address, const char *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *token = ferry_secrets_lookup (address, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (token, ==, expected);
}

/* ---- the list ---- */

static void
test_kept (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  assert_list (bed, "");
  g_assert_null (ferry_destinations_get_default (destinations_of (bed)));
  save (bed, NULL, "  Work  ", WORK, NULL);
  assert_list (bed, "Work*");
  save (bed, NULL, "Home", "127.0.0.1:1", NULL);
  save (bed, NULL, "Ätherisch 家", HOME, NULL);
  ferry_test_bed_reopen (bed);

  FerryDestination *work = ferry_destinations_find (destinations_of (bed), "Work");
  g_autofree char *id = g_strdup (ferry_destination_get_id (work));

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (destinations_of (bed))), ==, 3);
  g_assert_true (ferry_destination_get_is_default (work));
  g_assert_cmpstr (ferry_destination_get_address (work), ==, WORK);
  g_assert_cmpstr (ferry_destination_get_protocol (work), ==, "ferry-chunks");
  g_assert_cmpuint (strlen (id), ==, 32);
  g_assert_true (ferry_destinations_find_by_id (destinations_of (bed), id) == work);
  g_assert_null (ferry_destinations_find_by_id (destinations_of (bed), "no such id"));

  save (bed, work, "Office", "https://office.example", NULL);
  take_away (bed, ferry_destinations_find (destinations_of (bed), "home"));
  ferry_test_bed_reopen (bed);
  work = ferry_destinations_find_by_id (destinations_of (bed), id);
  g_assert_cmpstr (ferry_destination_get_name (work), ==, "Office");
  g_assert_cmpstr (ferry_destination_get_address (work), ==, "https://office.example/");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (destinations_of (bed))), ==, 2);
}

static void
changed_cb (GListModel *model, guint position, guint removed, guint added, gpointer data)
{
  g_string_append_printf (data, "%u-%u+%u ", position, removed, added);
}

static void
notified_cb (GObject *object, GParamSpec *pspec, gpointer data)
{
  g_string_append_printf (data, "%s ", pspec->name);
}

/* Told of what changed and of nothing else, with the list in order at each moment. */
static void
test_notified (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GString) told = g_string_new (NULL);
  FerryDestination *a, *b;

  g_signal_connect (destinations_of (bed), "items-changed", G_CALLBACK (changed_cb), told);
  b = save (bed, NULL, "b", HOME, NULL);
  a = save (bed, NULL, "a", HOME, NULL);
  save (bed, NULL, "c", HOME, NULL);
  g_assert_cmpstr (told->str, ==, "0-0+1 0-0+1 2-0+1 ");
  g_string_truncate (told, 0);
  g_signal_connect (b, "notify", G_CALLBACK (notified_cb), told);
  save (bed, b, "b", HOME, NULL);
  g_assert_cmpstr (told->str, ==, "");
  save (bed, b, "bb", "http://127.0.0.1:2", NULL);
  g_assert_cmpstr (told->str, ==, "name address ");
  g_string_truncate (told, 0);
  save (bed, b, "d", "http://127.0.0.1:2", NULL);
  g_assert_cmpstr (told->str, ==, "name 1-1+0 2-0+1 ");
  assert_list (bed, "a|c|d*");
  g_string_truncate (told, 0);
  ferry_destinations_set_default (destinations_of (bed), a);
  ferry_destinations_set_default (destinations_of (bed), a);
  g_assert_cmpstr (told->str, ==, "is-default ");
  g_signal_handlers_disconnect_by_data (b, told);
  g_signal_handlers_disconnect_by_data (destinations_of (bed), told);
}

static void
test_names (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *hundred = g_strnfill (300, 'x');
  g_autofree char *too_long = g_strnfill (101, 'x');

  refuse (bed, NULL, "", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, " \t \u00a0\u2003", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "\u200d\u200c", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, too_long, HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "two\nlines", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "tab\there", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "\033[2J", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "\u2028", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a\u2029b", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "txt.\u202eexe", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "\u2066a\u2069", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "\xff", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "https://work.example", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);

  for (gsize i = 0; i < 100; i++)
    memcpy (hundred + 3 * i, "家", 3);
  save (bed, NULL, hundred, HOME, NULL);
  save (bed, NULL, "می\u200cخواهم 👩\u200d💻", HOME, NULL);
  save (bed, NULL, "work.example: mine", HOME, NULL);
}

static void
test_name_taken (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestination *first = save (bed, NULL, "Größe", HOME, NULL);
  FerryDestination *second = save (bed, NULL, "Other", HOME, NULL);

  refuse (bed, NULL, "Größe", WORK, NULL, FERRY_ERROR_EXISTS);
  refuse (bed, NULL, " GRÖSSE ", WORK, NULL, FERRY_ERROR_EXISTS);
  refuse (bed, NULL, "Gro\u0308ße", WORK, NULL, FERRY_ERROR_EXISTS);
  refuse (bed, second, "größe", WORK, NULL, FERRY_ERROR_EXISTS);
  g_assert_cmpstr (ferry_destination_get_name (second), ==, "Other");
  save (bed, first, "GRÖSSE", HOME, NULL);
  ferry_destinations_set_here (destinations_of (bed), "This Computer", HOME);
  refuse (bed, NULL, "this computer", WORK, NULL, FERRY_ERROR_EXISTS);
}

static void
test_addresses (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();

  refuse (bed, NULL, "a", "", NULL, FERRY_ERROR_INVALID_ADDRESS);
  refuse (bed, NULL, "a", "not an address", NULL, FERRY_ERROR_INVALID_ADDRESS);
  refuse (bed, NULL, "a", "gopher://h/", NULL, FERRY_ERROR_UNSUPPORTED_SCHEME);
  refuse (bed, NULL, "a", "http://me@h/", NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", "http://me:word@h/", NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", "http://h/?a=b", NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", "http://h/?", NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", "http://h/#top", NULL, FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", HOME, "", FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", HOME, "two words", FERRY_ERROR_INVALID_ARGUMENT);
  refuse (bed, NULL, "a", HOME, "é", FERRY_ERROR_INVALID_ARGUMENT);
  /* What was refused left nothing behind. */
  assert_token (HOME, NULL);
}

static void
test_find (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestinations *destinations = destinations_of (bed);
  FerryDestination *work = save (bed, NULL, "Work", WORK, NULL);
  FerryDestination *named = save (bed, NULL, "other.example", HOME, NULL);
  FerryDestination *other = save (bed, NULL, "o", "other.example", NULL);

  g_assert_true (ferry_destinations_find (destinations, " wORK ") == work);
  g_assert_true (ferry_destinations_find (destinations, WORK) == work);
  g_assert_true (ferry_destinations_find (destinations, "https://WORK.example:443/ferry/") == work);
  g_assert_true (ferry_destinations_find (destinations, "work.example/ferry") == work);
  g_assert_null (ferry_destinations_find (destinations, "work.example"));
  g_assert_null (ferry_destinations_find (destinations, "http://work.example/ferry"));
  /* A name wins. */
  g_assert_true (ferry_destinations_find (destinations, "other.example") == named);
  g_assert_true (ferry_destinations_find (destinations, "https://other.example") == other);
  g_assert_null (ferry_destinations_find (destinations, ""));
  g_assert_null (ferry_destinations_find (destinations, "\xff"));
  g_assert_null (ferry_destinations_find (destinations, "nobody"));
}

static void
test_default (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestination *b = save (bed, NULL, "b", HOME, NULL);
  FerryDestination *c = save (bed, NULL, "c", HOME, NULL);
  FerryDestination *a = save (bed, NULL, "a", HOME, NULL);

  assert_list (bed, "a|b*|c");
  ferry_destinations_set_default (destinations_of (bed), c);
  ferry_test_bed_reopen (bed);
  assert_list (bed, "a|b|c*");
  a = ferry_destinations_find (destinations_of (bed), "a");
  b = ferry_destinations_find (destinations_of (bed), "b");
  c = ferry_destinations_find (destinations_of (bed), "c");
  take_away (bed, c);
  assert_list (bed, "a*|b");
  take_away (bed, b);
  ferry_test_bed_reopen (bed);
  assert_list (bed, "a*");
  a = ferry_destinations_find (destinations_of (bed), "a");
  take_away (bed, a);
  assert_list (bed, "");
  ferry_test_bed_reopen (bed);
  assert_list (bed, "");
}

static void
test_here (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestinations *destinations = destinations_of (bed);
  FerryDestination *here, *home;

  ferry_destinations_set_here (destinations, "zz This Computer", "http://127.0.0.1:8470/");
  assert_list (bed, "zz This Computer*");
  here = ferry_destinations_find_by_id (destinations, "here");
  g_assert_true (ferry_destination_get_here (here));
  g_assert_true (ferry_destinations_get_default (destinations) == here);
  home = save (bed, NULL, "home", HOME, NULL);
  assert_list (bed, "zz This Computer|home*");
  ferry_destinations_set_default (destinations, here);
  assert_list (bed, "zz This Computer|home*");
  refuse (bed, here, "mine", HOME, NULL, FERRY_ERROR_INVALID_ARGUMENT);
  take_away (bed, here);
  assert_list (bed, "zz This Computer|home*");
  ferry_destinations_set_here (destinations, "This Computer", "http://127.0.0.1:8471/");
  g_assert_cmpstr (ferry_destination_get_address (here), ==, "http://127.0.0.1:8471/");
  take_away (bed, home);
  assert_list (bed, "This Computer*");
  ferry_destinations_set_here (destinations, NULL, NULL);
  assert_list (bed, "");
  ferry_destinations_set_here (destinations, NULL, NULL);

  ferry_destinations_set_here (destinations, "This Computer", "http://127.0.0.1:8471/");
  ferry_test_bed_reopen (bed);
  assert_list (bed, "");
}

/* What is removed while somebody changes it stays removed. */
static void
test_removed_meanwhile (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (FerryDestination) home = g_object_ref (save (bed, NULL, "home", HOME, NULL));
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  ferry_destinations_save_async (destinations_of (bed), home, "work", HOME, "token", NULL, done_cb,
                                 &result);
  take_away (bed, home);
  ferry_test_bed_wait (bed, is_done, &result, "saved");
  g_assert_null (ferry_destinations_save_finish (destinations_of (bed), result, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
  assert_list (bed, "");
}

static void
test_cancelled (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GAsyncResult) result = NULL;
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancellable);
  ferry_destinations_save_async (destinations_of (bed), NULL, "home", HOME, "token", cancellable,
                                 done_cb, &result);
  ferry_test_bed_wait (bed, is_done, &result, "saved");
  g_assert_null (ferry_destinations_save_finish (destinations_of (bed), result, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_CANCELLED);
  assert_list (bed, "");
  assert_token (HOME, NULL);
}

/* ---- tokens ---- */

static void
assert_nowhere (FerryTestBed *bed, const char *secret)
{
  g_autoptr (GDir) dir = g_dir_open (bed->state_folder, 0, NULL);
  const char *name;
  guint n = 0;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (bed->state_folder, name, NULL);
      g_autofree char *content = NULL;
      gsize length;

      g_assert_true (g_file_get_contents (path, &content, &length, NULL));
      g_assert_null (memmem (content, length, secret, strlen (secret)));
      n++;
    }
  g_assert_cmpuint (n, >, 1);
}

static void
test_token (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestination *first = save (bed, NULL, "first", WORK, "secret-of-work");
  FerryDestination *second = save (bed, NULL, "second", WORK "/", NULL);

  assert_token (WORK, "secret-of-work");
  save (bed, first, "first", WORK, NULL);
  assert_token (WORK, "secret-of-work");
  save (bed, first, "first", WORK, "secret-of-work-2");
  assert_token (WORK, "secret-of-work-2");
  ferry_test_bed_close (bed);
  assert_nowhere (bed, "secret-of-work");
  ferry_test_bed_open (bed);
  first = ferry_destinations_find (destinations_of (bed), "first");
  second = ferry_destinations_find (destinations_of (bed), "second");
  take_away (bed, first);
  assert_token (WORK, "secret-of-work-2");
  take_away (bed, second);
  assert_token (WORK, NULL);
}

static void
test_token_moves (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryDestination *work = save (bed, NULL, "work", WORK, "secret");

  save (bed, work, "work", "https://work.example/other", NULL);
  assert_token (WORK, NULL);
  assert_token ("https://work.example/other", "secret");
  /* Never to another server, nor where all can read it. */
  save (bed, work, "work", "http://work.example/other", NULL);
  assert_token ("https://work.example/other", NULL);
  assert_token ("http://work.example/other", NULL);
  save (bed, work, "work", WORK, "secret");
  save (bed, work, "work", "https://evil.example/ferry", NULL);
  assert_token (WORK, NULL);
  assert_token ("https://evil.example/ferry", NULL);

  /* Somebody else's stays. */
  save (bed, work, "work", WORK, "secret");
  save (bed, NULL, "too", WORK, NULL);
  save (bed, work, "work", "https://work.example/third", NULL);
  assert_token (WORK, "secret");
}

static void
test_no_keyring (void)
{
  g_autoptr (FerryTestBed) bed = NULL;
  FerryDestination *home;

  ferry_test_keyring_end (keyring);
  bed = ferry_test_bed_new ();
  refuse (bed, NULL, "home", HOME, "token", FERRY_ERROR_NO_KEYRING);
  home = save (bed, NULL, "home", HOME, NULL);
  refuse (bed, home, "other", WORK, "token", FERRY_ERROR_NO_KEYRING);
  g_assert_cmpstr (ferry_destination_get_name (home), ==, "home");
  save (bed, home, "other", WORK, NULL);
  take_away (bed, home);
  assert_list (bed, "");
}

/* ---- uploads ---- */

#define SIZE 3000

static FerryTransfer *
add (FerryTestUploads *uploads, const char *name, const char *token)
{
  g_autofree char *path = ferry_test_bed_path (uploads->bed, name);
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = ferry_spec_new_upload (
      path, ferry_test_receiver_get_address (uploads->receiver), NULL, token, &error);

  g_assert_no_error (error);
  ferry_test_uploads_write (uploads, name, 5, SIZE);
  return ferry_test_bed_add_spec (uploads->bed, spec);
}

static void
assert_asks (FerryTestUploads *uploads, FerryTransfer *transfer, const char *word)
{
  ferry_test_bed_wait_state (uploads->bed, transfer, FERRY_STATE_NEEDS_YOU);
  g_assert_cmpint (ferry_transfer_get_error_code (transfer), ==, FERRY_ERROR_UNAUTHORIZED);
  g_assert_nonnull (strstr (ferry_transfer_get_error_message (transfer), word));
}

static void
test_upload_with_keyring (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  const char *address = ferry_test_receiver_get_address (uploads->receiver);
  FerryTransfer *transfer;

  save (uploads->bed, NULL, "Mine", address, FERRY_TEST_TOKEN);
  transfer = add (uploads, "a", NULL);
  ferry_test_uploads_assert_done (uploads, transfer, "a", 5, SIZE);
  /* Known when it was added, and for good. */
  take_away (uploads->bed, ferry_destinations_find (destinations_of (uploads->bed), "mine"));
  g_assert_nonnull (strstr (ferry_transfer_get_caption (transfer), "Mine"));
  ferry_test_bed_reopen (uploads->bed);
  g_assert_nonnull (
      strstr (ferry_transfer_get_caption (ferry_test_bed_get (uploads->bed, 0)), "Mine"));
}

static void
test_upload_goes_on (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  const char *address = ferry_test_receiver_get_address (uploads->receiver);
  FerryDestination *home;
  FerryTransfer *without, *with;

  without = add (uploads, "without", NULL);
  assert_asks (uploads, without, "Add it as a destination");
  home = save (uploads->bed, NULL, "Home", address, "wrong-token");
  ferry_test_bed_wait_state (uploads->bed, without, FERRY_STATE_NEEDS_YOU);
  with = add (uploads, "with", "wrong-too");
  assert_asks (uploads, with, "does not accept the token");

  save (uploads->bed, home, "Home", address, FERRY_TEST_TOKEN);
  ferry_test_uploads_assert_done (uploads, without, "without", 5, SIZE);
  ferry_test_uploads_assert_done (uploads, with, "with", 5, SIZE);
}

static void
test_upload_with_offer (void)
{
  g_autoptr (FerryTestUploads) uploads = NULL;
  const char *address;
  g_autofree char *spelling = NULL;
  FerryTransfer *first, *second, *third;

  ferry_test_keyring_end (keyring);
  uploads = ferry_test_uploads_new ();
  address = ferry_test_receiver_get_address (uploads->receiver);
  spelling = g_strconcat (address, "//", NULL);
  first = add (uploads, "first", NULL);
  /* The row says that there is no keyring, and what else can be done. */
  assert_asks (uploads, first, "no keyring");
  ferry_engine_offer_token (uploads->bed->engine, spelling, "wrong");
  ferry_test_bed_wait_state (uploads->bed, first, FERRY_STATE_NEEDS_YOU);
  assert_asks (uploads, first, "does not accept");
  ferry_engine_offer_token (uploads->bed->engine, spelling, FERRY_TEST_TOKEN);
  ferry_test_uploads_assert_done (uploads, first, "first", 5, SIZE);
  second = add (uploads, "second", NULL);
  ferry_test_uploads_assert_done (uploads, second, "second", 5, SIZE);
  ferry_engine_offer_token (uploads->bed->engine, address, NULL);
  third = add (uploads, "third", NULL);
  assert_asks (uploads, third, "asks for its token");
  ferry_test_bed_close (uploads->bed);
  assert_nowhere (uploads->bed, FERRY_TEST_TOKEN);
}

/* What a transfer was given itself wins; what another receiver was given is nobody's business. */
static void
test_upload_with_its_own (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  const char *address = ferry_test_receiver_get_address (uploads->receiver);

  save (uploads->bed, NULL, "Home", address, "wrong");
  ferry_engine_offer_token (uploads->bed->engine, "http://127.0.0.1:1/", FERRY_TEST_TOKEN);
  assert_asks (uploads, add (uploads, "b", NULL), "does not accept");
  ferry_test_uploads_assert_done (uploads, add (uploads, "a", FERRY_TEST_TOKEN), "a", 5, SIZE);
}

/* A token for another receiver starts nothing, and takes nothing away. */
static void
test_offer_for_another (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  FerryTransfer *asking = add (uploads, "asking", NULL);
  FerryTransfer *own;
  guint before;

  assert_asks (uploads, asking, "asks for its token");
  ferry_engine_set_selective (uploads->bed->engine, TRUE);
  own = add (uploads, "own", FERRY_TEST_TOKEN);
  before = ferry_test_receiver_count (uploads->receiver, FERRY_TEST_INITIATE);
  ferry_engine_offer_token (uploads->bed->engine, HOME, "token-of-home");
  save (uploads->bed, NULL, "Work", WORK, "token-of-work");
  g_assert_cmpint (ferry_transfer_get_state (asking), ==, FERRY_STATE_NEEDS_YOU);
  g_assert_cmpuint (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_INITIATE), ==, before);
  ferry_engine_set_selective (uploads->bed->engine, FALSE);
  ferry_test_uploads_assert_done (uploads, own, "own", 5, SIZE);
}

/* The lane was under way with the old one when the new one came. */
static void
test_token_comes_meanwhile (void)
{
  g_autoptr (FerryTestUploads) uploads = ferry_test_uploads_new ();
  const char *address = ferry_test_receiver_get_address (uploads->receiver);
  gint64 deadline = g_get_monotonic_time () + PATIENCE_US;
  FerryTransfer *transfer;

  ferry_test_uploads_fault (uploads, (FerryTestFault){ .step = FERRY_TEST_INITIATE,
                                                       .kind = FERRY_TEST_ANSWER,
                                                       .status = 401,
                                                       .text = "{}",
                                                       .times = 1 });
  transfer = add (uploads, "a", FERRY_TEST_TOKEN);
  /* The main loop stands still, so nobody has heard of the 401 yet. */
  while (ferry_test_receiver_count (uploads->receiver, FERRY_TEST_INITIATE) == 0)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
    }
  ferry_engine_offer_token (uploads->bed->engine, address, FERRY_TEST_TOKEN);
  ferry_test_uploads_assert_done (uploads, transfer, "a", 5, SIZE);
}

static void
run (FerryTestKeyring **unused, gconstpointer data)
{
  ferry_test_keyring_begin (keyring);
  ((void (*) (void)) data) ();
  ferry_test_keyring_end (keyring);
}

static void
add_test (const char *path, void (*func) (void))
{
  g_test_add (path, FerryTestKeyring *, (gconstpointer) func, NULL, run, NULL);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  keyring = ferry_test_keyring_new ();
  add_test ("/destinations/kept", test_kept);
  add_test ("/destinations/notified", test_notified);
  add_test ("/destinations/names", test_names);
  add_test ("/destinations/name-taken", test_name_taken);
  add_test ("/destinations/addresses", test_addresses);
  add_test ("/destinations/find", test_find);
  add_test ("/destinations/default", test_default);
  add_test ("/destinations/here", test_here);
  add_test ("/destinations/removed-meanwhile", test_removed_meanwhile);
  add_test ("/destinations/cancelled", test_cancelled);
  add_test ("/destinations/token", test_token);
  add_test ("/destinations/token-moves", test_token_moves);
  add_test ("/destinations/no-keyring", test_no_keyring);
  add_test ("/destinations/upload/with-keyring", test_upload_with_keyring);
  add_test ("/destinations/upload/goes-on", test_upload_goes_on);
  add_test ("/destinations/upload/with-offer", test_upload_with_offer);
  add_test ("/destinations/upload/with-its-own", test_upload_with_its_own);
  add_test ("/destinations/upload/offer-for-another", test_offer_for_another);
  add_test ("/destinations/upload/token-comes-meanwhile", test_token_comes_meanwhile);
  status = g_test_run ();
  ferry_test_keyring_free (keyring);
  return status;
}
