/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Asking the owner of a queue: what the calls do, that errors and their sentences arrive as they were and what is refused. */

#include "ferry-error.h"
#include "ferry-owner.h"
#include "ferry-remote-queue.h"
#include "ferry-remote.h"
#include "ferry-store.h"
#include "ferry-test-util.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Held by the server for the first two requests. */
#define TARGET "/a.bin?size=4000&stall=2000&stalls=2"

/* ---- asking, from a thread: the main one answers ---- */

typedef struct
{
  const char *folder;
  const char *method;
  GVariant *parameters;
  GVariant *answer;
  GError *error;
  char *error_name; /* as it crossed the socket */
  gint done;
} Question;

/* Without what the client makes of it. */
static char *
get_error_name (GDBusConnection *connection, const Question *question)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = g_dbus_connection_call_sync (
      connection, NULL, FERRY_REMOTE_PATH, FERRY_REMOTE_INTERFACE, question->method,
      question->parameters, NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, &error);

  return answer == NULL ? g_dbus_error_get_remote_error (error) : NULL;
}

static gpointer
ask_thread (gpointer data)
{
  Question *question = data;
  g_autoptr (GDBusConnection) connection
      = ferry_remote_connect (question->folder, &question->error);

  if (connection != NULL)
    question->answer
        = ferry_remote_call (connection, question->method, question->parameters, &question->error);
  if (connection != NULL && question->answer == NULL)
    question->error_name = get_error_name (connection, question);
  g_atomic_int_set (&question->done, 1);
  g_main_context_wakeup (NULL);
  return NULL;
}

static char *last_error_name = NULL;

/* Takes a floating @parameters. */
static GVariant *
ask (FerryTestBed *bed, const char *method, GVariant *parameters, GError **error)
{
  Question question = {
    .folder = bed->state_folder,
    .method = method,
    .parameters = parameters != NULL ? g_variant_ref_sink (parameters) : NULL,
  };
  g_autoptr (GThread) thread = g_thread_new ("ask", ask_thread, &question);

  while (!g_atomic_int_get (&question.done))
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (g_steal_pointer (&thread));
  g_clear_pointer (&question.parameters, g_variant_unref);
  g_free (last_error_name);
  last_error_name = question.error_name;
  if (question.error != NULL)
    g_propagate_error (error, question.error);
  return question.answer;
}

static GVariant *
ask_well (FerryTestBed *bed, const char *method, GVariant *parameters)
{
  g_autoptr (GError) error = NULL;
  GVariant *answer = ask (bed, method, parameters, &error);

  g_assert_no_error (error);
  g_assert_nonnull (answer);
  return answer;
}

static void
tell (FerryTestBed *bed, const char *method, GVariant *parameters)
{
  g_variant_unref (ask_well (bed, method, parameters));
}

static void
ask_in_vain (FerryTestBed *bed, const char *method, GVariant *parameters, FerryErrorCode code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) answer = ask (bed, method, parameters, &error);

  g_assert_null (answer);
  g_assert_error (error, FERRY_ERROR, (int) code);
  g_assert_null (strstr (error->message, "GDBus"));
  g_assert_null (strstr (error->message, "io.github"));
  ferry_test_assert_sentence (error->message);
}

static FerryRemoteServer *
serve (FerryTestBed *bed)
{
  g_autoptr (GError) error = NULL;
  FerryRemoteServer *server = ferry_remote_server_new (bed->engine, "test", &error);

  g_assert_no_error (error);
  g_assert_nonnull (server);
  return server;
}

static char *
socket_path (FerryTestBed *bed)
{
  g_autofree char *address = ferry_owner_address (bed->state_folder);
  g_assert_true (g_str_has_prefix (address, "unix:path="));
  return g_uri_unescape_string (address + strlen ("unix:path="), NULL);
}

static GVariant *
spec_variant (FerryTestBed *bed, const char *target)
{
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, target);
  return ferry_remote_spec_to_variant (spec);
}

static char *
only_string (GVariant *answer)
{
  char *text = NULL;
  g_variant_get (answer, "(s)", &text);
  return text;
}

/* ---- nobody ---- */

static void
test_nobody (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *path = socket_path (bed);

  ask_in_vain (bed, "List", NULL, FERRY_ERROR_NOT_FOUND_HERE);
  /* What a killed owner leaves. */
  g_assert_true (g_file_set_contents (path, "", 0, NULL));
  ask_in_vain (bed, "List", NULL, FERRY_ERROR_NOT_FOUND_HERE);
  FerryRemoteServer *server = serve (bed);
  g_autoptr (GVariant) answer = ask_well (bed, "List", NULL);
  g_assert_cmpuint (g_variant_n_children (answer), ==, 1);
  ferry_remote_server_free (server);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  ask_in_vain (bed, "List", NULL, FERRY_ERROR_NOT_FOUND_HERE);
}

static void
test_unusable_place (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  g_autofree char *path = socket_path (bed);
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_null (ferry_remote_server_new (bed->engine, "test", &error));
  g_assert_cmpuint (error->domain, ==, FERRY_ERROR);
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

/* ---- calls ---- */

static void
test_owner (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autoptr (GVariant) answer = ask_well (bed, "Owner", NULL);
  const char *program;
  guint32 pid;

  g_variant_get (answer, "(&su)", &program, &pid);
  g_assert_cmpstr (program, ==, "test");
  g_assert_cmpuint (pid, ==, (guint32) getpid ());
  ferry_remote_server_free (server);
}

static const char *
text (GVariant *dictionary, const char *key)
{
  const char *value = NULL;
  g_assert_true (g_variant_lookup (dictionary, key, "&s", &value));
  return value;
}

static GVariant *
only_item (GVariant *answer)
{
  g_autoptr (GVariant) list = g_variant_get_child_value (answer, 0);
  g_assert_cmpuint (g_variant_n_children (list), ==, 1);
  return g_variant_get_child_value (list, 0);
}

static void
assert_described (GVariant *item, FerryTransfer *transfer)
{
  static const char *const keys[]
      = { "id",      "name",     "address", "folder",     "path",   "state",
          "caption", "error",    "sha256",  "verified",   "resume", "media-type",
          "size",    "received", "speed",   "error-code", "added",  "finished" };
  gint64 size = 0;
  guint64 received = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr (GVariant) value = g_variant_lookup_value (item, keys[i], NULL);
      g_assert_nonnull (value);
    }
  g_assert_cmpstr (text (item, "id"), ==, ferry_transfer_get_id (transfer));
  g_assert_cmpstr (text (item, "name"), ==, ferry_transfer_get_name (transfer));
  g_assert_cmpstr (text (item, "address"), ==, ferry_transfer_get_address (transfer));
  g_assert_cmpstr (text (item, "folder"), ==, ferry_transfer_get_folder (transfer));
  g_assert_cmpstr (text (item, "state"), ==,
                   ferry_state_to_string (ferry_transfer_get_state (transfer)));
  g_assert_cmpstr (text (item, "caption"), ==, ferry_transfer_get_caption (transfer));
  g_assert_true (g_variant_lookup (item, "size", "x", &size));
  g_assert_true (g_variant_lookup (item, "received", "t", &received));
  g_assert_cmpint (size, ==, ferry_transfer_get_size (transfer));
  g_assert_cmpuint (received, ==, ferry_transfer_get_received (transfer));
}

static void
test_life (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autoptr (GVariant) added
      = ask_well (bed, "Add", g_variant_new ("(@a{sv})", spec_variant (bed, TARGET)));
  g_autofree char *id = only_string (added);
  FerryTransfer *transfer = ferry_test_bed_get (bed, 0);

  g_assert_cmpstr (id, ==, ferry_transfer_get_id (transfer));
  ferry_test_bed_wait_stalled (bed, 1);
  g_autoptr (GVariant) list = ask_well (bed, "List", NULL);
  g_autoptr (GVariant) item = only_item (list);
  assert_described (item, transfer);

  tell (bed, "Pause", g_variant_new ("(s)", id));
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_PAUSED);
  tell (bed, "Resume", g_variant_new ("(s)", id));
  ferry_test_bed_wait_requests (bed, "/a.bin", 2);
  tell (bed, "PauseAll", NULL);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_PAUSED);
  tell (bed, "ResumeAll", NULL);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "a.bin", 0, 4000);

  tell (bed, "Remove", g_variant_new ("(s)", id));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 0);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 1);
  ask_in_vain (bed, "Show", g_variant_new ("(s)", id), FERRY_ERROR_NOT_FOUND_HERE);
  ferry_remote_server_free (server);
}

static void
test_show (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/a.bin?size=10");

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  g_autofree char *beginning = g_strndup (ferry_transfer_get_id (transfer), 6);
  g_autoptr (GVariant) answer = ask_well (bed, "Show", g_variant_new ("(s)", beginning));
  g_assert_true (g_variant_is_of_type (answer, G_VARIANT_TYPE ("(a{sv}a(xs))")));
  g_autoptr (GVariant) item = g_variant_get_child_value (answer, 0);
  g_autoptr (GVariant) history = g_variant_get_child_value (answer, 1);
  assert_described (item, transfer);
  g_assert_cmpstr (text (item, "verified"), ==, "size");
  g_assert_cmpuint (g_variant_n_children (history), >=, 2);
  ferry_remote_server_free (server);
}

static void
test_describe_and_find (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  FerryTransfer *transfer = ferry_test_bed_add (bed, TARGET);
  const char *ids[] = { ferry_transfer_get_id (transfer), "ffffffffffff", "", NULL };

  g_autoptr (GVariant) described = ask_well (bed, "Describe", g_variant_new ("(^as)", ids));
  g_autoptr (GVariant) item = only_item (described);
  g_assert_cmpstr (text (item, "id"), ==, ids[0]);

  const char *address = ferry_transfer_get_address (transfer);
  g_autoptr (GVariant) found
      = ask_well (bed, "Find", g_variant_new ("(sss)", address, bed->folder, ""));
  g_autoptr (GVariant) same = only_item (found);
  g_assert_cmpstr (text (same, "id"), ==, ids[0]);
  g_autoptr (GVariant) other
      = ask_well (bed, "Find", g_variant_new ("(sss)", address, bed->folder, "other"));
  g_autoptr (GVariant) empty = g_variant_get_child_value (other, 0);
  g_assert_cmpuint (g_variant_n_children (empty), ==, 0);

  g_auto (GStrv) many = g_new0 (char *, FERRY_REMOTE_MAX_IDS + 2);
  for (gsize i = 0; i <= FERRY_REMOTE_MAX_IDS; i++)
    many[i] = g_strdup ("ffff");
  ask_in_vain (bed, "Describe", g_variant_new ("(^as)", many), FERRY_ERROR_INVALID_ARGUMENT);
  ferry_remote_server_free (server);
}

static void
test_get (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);

  ferry_engine_set_selective (bed->engine, TRUE);
  g_autoptr (GVariant) added
      = ask_well (bed, "Add", g_variant_new ("(@a{sv})", spec_variant (bed, "/a.bin?size=10")));
  FerryTransfer *transfer = ferry_test_bed_get (bed, 0);
  g_assert_cmpint (ferry_transfer_get_state (transfer), ==, FERRY_STATE_QUEUED);

  /* The same one, and now it runs. */
  g_autoptr (GVariant) got = ask_well (
      bed, "Get", g_variant_new ("(@a{sv}b)", spec_variant (bed, "/a.bin?size=10"), FALSE));
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 1);
  g_assert_true (g_variant_equal (added, got));
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_test_bed_assert_file (bed, "a.bin", 0, 10);

  g_autoptr (GVariant) again = ask_well (
      bed, "Get", g_variant_new ("(@a{sv}b)", spec_variant (bed, "/a.bin?size=10"), TRUE));
  g_assert_true (g_variant_equal (added, again));
  ferry_test_bed_wait_requests (bed, "/a.bin", 2);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  g_assert_cmpuint (ferry_test_bed_count_files (bed), ==, 2);
  ferry_remote_server_free (server);
}

static void
test_get_with_headers (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  const char *target = "/a.bin?size=10&auth=basic:me:word";

  tell (bed, "Get", g_variant_new ("(@a{sv}b)", spec_variant (bed, target), FALSE));
  FerryTransfer *transfer = ferry_test_bed_get (bed, 0);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_NEEDS_YOU);

  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, target);
  g_assert_true (ferry_spec_add_header (spec, "Authorization: Basic bWU6d29yZA==", NULL));
  tell (bed, "Get", g_variant_new ("(@a{sv}b)", ferry_remote_spec_to_variant (spec), FALSE));
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_remote_server_free (server);
}

static void
test_get_with_another_checksum (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autoptr (FerrySpec) spec = ferry_test_bed_spec (bed, "/a.bin?size=0");

  spec->sha256 = g_strnfill (64, '0');
  tell (bed, "Get", g_variant_new ("(@a{sv}b)", ferry_remote_spec_to_variant (spec), FALSE));
  FerryTransfer *transfer = ferry_test_bed_get (bed, 0);
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_FAILED);
  g_assert_cmpint (ferry_transfer_get_error_code (transfer), ==, FERRY_ERROR_CHECKSUM);
  g_free (spec->sha256);
  spec->sha256 = g_strdup ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  tell (bed, "Get", g_variant_new ("(@a{sv}b)", ferry_remote_spec_to_variant (spec), FALSE));
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  g_assert_cmpstr (ferry_transfer_get_verified (transfer), ==, "sha256");
  ferry_remote_server_free (server);
}

static void
test_accept_web_page (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  FerryTransfer *transfer = ferry_test_bed_add (bed, "/a.bin?size=10&html=1");

  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_NEEDS_YOU);
  tell (bed, "AcceptWebPage", g_variant_new ("(s)", ferry_transfer_get_id (transfer)));
  ferry_test_bed_wait_state (bed, transfer, FERRY_STATE_DONE);
  ferry_remote_server_free (server);
}

/* ---- what is refused ---- */

static void
test_unknown (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  static const char *const methods[] = { "Show", "Pause", "Resume", "Remove", "AcceptWebPage" };
  g_autofree char *long_id = g_strnfill (100000, 'a');

  for (gsize i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      ask_in_vain (bed, methods[i], g_variant_new ("(s)", "ffffffff"), FERRY_ERROR_NOT_FOUND_HERE);
      g_assert_cmpstr (last_error_name, ==, FERRY_REMOTE_ERROR_PREFIX "NotFoundHere");
      ask_in_vain (bed, methods[i], g_variant_new ("(s)", ""), FERRY_ERROR_NOT_FOUND_HERE);
      ask_in_vain (bed, methods[i], g_variant_new ("(s)", long_id), FERRY_ERROR_NOT_FOUND_HERE);
    }
  ask_in_vain (bed, "Explode", NULL, FERRY_ERROR_FAILED);
  ask_in_vain (bed, "Pause", g_variant_new ("(u)", 1), FERRY_ERROR_FAILED);
  ask_in_vain (bed, "List", g_variant_new ("(s)", "more"), FERRY_ERROR_FAILED);
  ferry_remote_server_free (server);
}

/* Each is the good dictionary with one entry more, or another value. */
static void
refuse_spec (FerryTestBed *bed, const char *key, GVariant *value, FerryErrorCode code)
{
  g_autoptr (GVariant) good = g_variant_ref_sink (spec_variant (bed, "/a.bin?size=1"));
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (good);

  if (value != NULL)
    g_variant_dict_insert_value (&dict, key, value);
  else
    g_variant_dict_remove (&dict, key);
  g_autoptr (GVariant) bad = g_variant_ref_sink (g_variant_dict_end (&dict));
  ask_in_vain (bed, "Add", g_variant_new ("(@a{sv})", bad), code);
  ask_in_vain (bed, "Get", g_variant_new ("(@a{sv}b)", bad, FALSE), code);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (bed->engine)), ==, 0);
}

static GVariant *
repeated (const char *string, gsize n)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("as"));
  for (gsize i = 0; i < n; i++)
    g_variant_builder_add (&builder, "s", string);
  return g_variant_builder_end (&builder);
}

static void
test_bad_specs (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  FerryRemoteServer *server = serve (bed);
  g_autofree char *long_text = g_strnfill (70000, 'x');
  g_autofree char *long_header = g_strconcat ("A: ", long_text, NULL);
  const FerryErrorCode bad = FERRY_ERROR_INVALID_ARGUMENT;

  refuse_spec (bed, "address", NULL, bad);
  refuse_spec (bed, "folder", NULL, bad);
  refuse_spec (bed, "address", g_variant_new_string ("not a url"), FERRY_ERROR_INVALID_ADDRESS);
  refuse_spec (bed, "address", g_variant_new_string ("ftp://h/x"), FERRY_ERROR_UNSUPPORTED_SCHEME);
  refuse_spec (bed, "address", g_variant_new_string (long_text), bad);
  refuse_spec (bed, "address", g_variant_new_uint32 (1), bad);
  refuse_spec (bed, "folder", g_variant_new_string ("relative"), bad);
  refuse_spec (bed, "folder", g_variant_new_string (""), bad);
  refuse_spec (bed, "folder", g_variant_new_string (long_text), bad);
  refuse_spec (bed, "name", g_variant_new_string (""), bad);
  refuse_spec (bed, "name", g_variant_new_string (".."), bad);
  refuse_spec (bed, "name", g_variant_new_string ("../x"), bad);
  refuse_spec (bed, "name", g_variant_new_string ("/etc/passwd"), bad);
  refuse_spec (bed, "name", g_variant_new_string (long_text), bad);
  refuse_spec (bed, "name", g_variant_new_bytestring ("x"), bad);
  refuse_spec (bed, "sha256", g_variant_new_string ("12"), bad);
  refuse_spec (bed, "sha256", g_variant_new_boolean (TRUE), bad);
  refuse_spec (bed, "headers", g_variant_new_string ("A: b"), bad);
  refuse_spec (bed, "headers", repeated ("no colon", 1), bad);
  refuse_spec (bed, "headers", repeated ("Host: elsewhere", 1), bad);
  refuse_spec (bed, "headers", repeated ("A: b\r\nC: d", 1), bad);
  refuse_spec (bed, "headers", repeated ("A: b", FERRY_REMOTE_MAX_HEADERS + 1), bad);
  refuse_spec (bed, "headers", repeated (long_header, 1), bad);
  refuse_spec (bed, "paused", g_variant_new_string ("yes"), bad);
  refuse_spec (bed, "exact", g_variant_new_int32 (1), bad);
  refuse_spec (bed, "colour", g_variant_new_string ("red"), bad);
  refuse_spec (bed, "\033[31m", g_variant_new_string ("red"), bad);
  ferry_remote_server_free (server);
}

static void
test_spec_both_ways (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (FerrySpec) spec = ferry_spec_new ("http://h.example/x", "/some/folder", &error);

  g_assert_no_error (error);
  spec->name = g_strdup ("näme");
  spec->sha256 = g_strnfill (64, 'a');
  spec->referrer = g_strdup ("http://r.example/");
  spec->paused = TRUE;
  spec->exact = TRUE;
  g_assert_true (ferry_spec_add_header (spec, "X-One: 1", &error));
  g_autoptr (GVariant) dictionary = g_variant_ref_sink (ferry_remote_spec_to_variant (spec));
  g_autoptr (FerrySpec) copy = ferry_remote_spec_from_variant (dictionary, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (copy->address, ==, spec->address);
  g_assert_cmpstr (copy->folder, ==, spec->folder);
  g_assert_cmpstr (copy->name, ==, spec->name);
  g_assert_cmpstr (copy->sha256, ==, spec->sha256);
  g_assert_cmpstr (copy->referrer, ==, spec->referrer);
  g_assert_true (copy->paused && copy->exact);
  g_assert_cmpstrv (copy->headers, spec->headers);
}

/* ---- the owner goes away ---- */

typedef struct
{
  Question question;
  FerryRemoteServer *server;
} Going;

static gpointer
connect_then_ask_thread (gpointer data)
{
  Going *going = data;
  Question *question = &going->question;
  g_autoptr (GDBusConnection) connection
      = ferry_remote_connect (question->folder, &question->error);

  g_assert_no_error (question->error);
  question->answer = ferry_remote_call (connection, "List", NULL, &question->error);
  g_assert_no_error (question->error);
  g_atomic_int_set (&question->done, 1);
  g_main_context_wakeup (NULL);
  do
    g_clear_pointer (&question->answer, g_variant_unref);
  while ((question->answer = ferry_remote_call (connection, "List", NULL, &question->error))
         != NULL);
  g_atomic_int_set (&question->done, 2);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
test_owner_ends (void)
{
  g_autoptr (FerryTestBed) bed = ferry_test_bed_new ();
  Going going = { .question.folder = bed->state_folder, .server = serve (bed) };
  GThread *thread = g_thread_new ("ask", connect_then_ask_thread, &going);

  while (g_atomic_int_get (&going.question.done) < 1)
    g_main_context_iteration (NULL, TRUE);
  ferry_remote_server_free (going.server);
  while (g_atomic_int_get (&going.question.done) < 2)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  g_assert_error (going.question.error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  g_clear_error (&going.question.error);

  /* The next owner takes the same place. */
  FerryRemoteServer *next = serve (bed);
  tell (bed, "List", NULL);
  ferry_remote_server_free (next);
}

int
main (int argc, char *argv[])
{
  g_autofree char *runtime = g_dir_make_tmp ("ferry-run-XXXXXX", NULL);

  g_assert_nonnull (runtime);
  g_setenv ("XDG_RUNTIME_DIR", runtime, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/remote/nobody", test_nobody);
  g_test_add_func ("/remote/unusable-place", test_unusable_place);
  g_test_add_func ("/remote/owner", test_owner);
  g_test_add_func ("/remote/life", test_life);
  g_test_add_func ("/remote/show", test_show);
  g_test_add_func ("/remote/describe-and-find", test_describe_and_find);
  g_test_add_func ("/remote/get", test_get);
  g_test_add_func ("/remote/get-with-headers", test_get_with_headers);
  g_test_add_func ("/remote/get-with-another-checksum", test_get_with_another_checksum);
  g_test_add_func ("/remote/accept-web-page", test_accept_web_page);
  g_test_add_func ("/remote/unknown", test_unknown);
  g_test_add_func ("/remote/bad-specs", test_bad_specs);
  g_test_add_func ("/remote/spec-both-ways", test_spec_both_ways);
  g_test_add_func ("/remote/owner-ends", test_owner_ends);
  int status = g_test_run ();
  g_clear_pointer (&last_error_name, g_free);
  g_rmdir (runtime);
  return status;
}
