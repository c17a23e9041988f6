/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-error.h"

#include <errno.h>
#include <string.h>

static const FerryVerdict verdicts[] = {
  [FERRY_ERROR_FAILED] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_CANCELLED] = FERRY_VERDICT_CANCELLED,
  [FERRY_ERROR_INVALID_ADDRESS] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_UNSUPPORTED_SCHEME] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_INVALID_ARGUMENT] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_NO_SUCH_HOST] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_NETWORK] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_REFUSED] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_TIMED_OUT] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_SHORT_BODY] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_CERTIFICATE] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_UNAUTHORIZED] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_PROXY_UNAUTHORIZED] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_FORBIDDEN] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_NOT_FOUND] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_GONE] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_BUSY] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_SERVER] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_HTTP_STATUS] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_TOO_MANY_REDIRECTS] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_WEB_PAGE] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_CODING] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_PROTOCOL] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_CHECKSUM] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_NO_SPACE] = FERRY_VERDICT_WAIT_SPACE,
  [FERRY_ERROR_NO_FOLDER] = FERRY_VERDICT_WAIT_FOLDER,
  [FERRY_ERROR_NOT_WRITABLE] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_DISK] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_EXISTS] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_STORE] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_STORE_NEWER] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_STORE_BUSY] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_STORE_DAMAGED] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_NOT_FOUND_HERE] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_UNREACHABLE] = FERRY_VERDICT_WAIT_NETWORK,
  [FERRY_ERROR_SOURCE_GONE] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_SOURCE_CHANGED] = FERRY_VERDICT_ASK,
  [FERRY_ERROR_UPLOAD_GONE] = FERRY_VERDICT_TRY_AGAIN,
  [FERRY_ERROR_TOO_LARGE] = FERRY_VERDICT_GIVE_UP,
  [FERRY_ERROR_NO_KEYRING] = FERRY_VERDICT_ASK,
};
G_STATIC_ASSERT (G_N_ELEMENTS (verdicts) == FERRY_N_ERRORS);

static void
test_verdicts (void)
{
  for (int code = 0; code < FERRY_N_ERRORS; code++)
    {
      g_test_message ("code %d", code);
      g_assert_cmpint (ferry_error_verdict (code), ==, verdicts[code]);
    }
  g_assert_cmpint (ferry_error_verdict (-1), ==, FERRY_VERDICT_GIVE_UP);
  g_assert_cmpint (ferry_error_verdict (FERRY_N_ERRORS), ==, FERRY_VERDICT_GIVE_UP);
}

/* They are in journals on people's disks. */
static void
test_numbers_stay (void)
{
  g_assert_cmpint (FERRY_ERROR_FAILED, ==, 0);
  g_assert_cmpint (FERRY_ERROR_NO_SUCH_HOST, ==, 5);
  g_assert_cmpint (FERRY_ERROR_CERTIFICATE, ==, 10);
  g_assert_cmpint (FERRY_ERROR_NOT_FOUND, ==, 14);
  g_assert_cmpint (FERRY_ERROR_WEB_PAGE, ==, 20);
  g_assert_cmpint (FERRY_ERROR_NO_SPACE, ==, 24);
  g_assert_cmpint (FERRY_ERROR_STORE, ==, 29);
  g_assert_cmpint (FERRY_ERROR_UNREACHABLE, ==, 34);
}

static void
test_code (void)
{
  g_autoptr (GError) ours = g_error_new_literal (FERRY_ERROR, FERRY_ERROR_GONE, "x");
  g_autoptr (GError) cancelled = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "x");
  g_autoptr (GError) foreign = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "x");
  g_assert_cmpint (ferry_error_get_code (ours), ==, FERRY_ERROR_GONE);
  g_assert_cmpint (ferry_error_get_code (cancelled), ==, FERRY_ERROR_CANCELLED);
  g_assert_cmpint (ferry_error_get_code (foreign), ==, FERRY_ERROR_FAILED);
  g_assert_cmpint (ferry_error_get_code (NULL), ==, FERRY_ERROR_FAILED);
}

/* A sentence: valid, starts large, ends with a full stop, tells a fact and something to do. What is tried again by itself tells
 * only the fact: the row adds when. */
static void
assert_sentence (int code, const char *message)
{
  g_test_message ("%s", message);
  g_assert_true (g_utf8_validate (message, -1, NULL));
  g_assert_true (g_ascii_isupper (*message) || g_str_has_prefix (message, "“"));
  g_assert_true (g_str_has_suffix (message, "."));
  g_assert_null (strchr (message, '%'));
  if (ferry_error_verdict (code) != FERRY_VERDICT_TRY_AGAIN || code == FERRY_ERROR_DISK)
    g_assert_true (strstr (message, ". ") != NULL || strstr (message, ": ") != NULL);
}

static void
test_errno (void)
{
  static const struct
  {
    int number;
    FerryErrorCode code;
  } cases[] = {
    { ENOSPC, FERRY_ERROR_NO_SPACE },
    { EDQUOT, FERRY_ERROR_NO_SPACE },
    { ENOENT, FERRY_ERROR_NO_FOLDER },
    { ENOTDIR, FERRY_ERROR_NO_FOLDER },
    { EACCES, FERRY_ERROR_NOT_WRITABLE },
    { EPERM, FERRY_ERROR_NOT_WRITABLE },
    { EROFS, FERRY_ERROR_NOT_WRITABLE },
    { EEXIST, FERRY_ERROR_EXISTS },
    { EIO, FERRY_ERROR_DISK },
    { ENAMETOOLONG, FERRY_ERROR_DISK },
    { EFBIG, FERRY_ERROR_DISK },
    { 0, FERRY_ERROR_DISK },
    { 99999, FERRY_ERROR_DISK },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      ferry_error_from_errno (&error, cases[i].number, "/home/me/a.iso");
      g_assert_error (error, FERRY_ERROR, (int) cases[i].code);
      g_assert_nonnull (strstr (error->message, "/home/me/a.iso"));
      assert_sentence (error->code, error->message);
    }
}

static void
test_errno_odd_paths (void)
{
  g_autoptr (GError) error = NULL;
  ferry_error_from_errno (&error, ENOSPC, "/tmp/\xff%s%n");
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_nonnull (strstr (error->message, "%s%n"));
  g_clear_error (&error);
  ferry_error_from_errno (&error, ENOSPC, NULL);
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_NO_SPACE);
  ferry_error_from_errno (NULL, ENOSPC, "/x");
}

static FerryErrorCode
expected_code (unsigned status)
{
  switch (status)
    {
    case 401:
      return FERRY_ERROR_UNAUTHORIZED;
    case 403:
      return FERRY_ERROR_FORBIDDEN;
    case 404:
      return FERRY_ERROR_NOT_FOUND;
    case 407:
      return FERRY_ERROR_PROXY_UNAUTHORIZED;
    case 410:
      return FERRY_ERROR_GONE;
    case 408:
    case 425:
    case 429:
    case 503:
      return FERRY_ERROR_BUSY;
    default:
      return status >= 500 && status <= 599 ? FERRY_ERROR_SERVER : FERRY_ERROR_HTTP_STATUS;
    }
}

static void
test_every_status (void)
{
  for (unsigned status = 300; status < 1000; status++)
    {
      g_autoptr (GError) error = NULL;
      ferry_error_from_status (&error, status, "example.org:8080");
      g_assert_error (error, FERRY_ERROR, (int) expected_code (status));
      g_assert_nonnull (strstr (error->message, "example.org:8080"));
      assert_sentence (error->code, error->message);
    }
}

/* Each of these has words of its own, and no number in them. */
static void
test_plain_words_for_known_statuses (void)
{
  static const unsigned known[]
      = { 401, 403, 404, 407, 408, 410, 416, 425, 429, 451, 500, 502, 503, 504, 511 };
  g_autoptr (GHashTable) sentences = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (known); i++)
    {
      g_autoptr (GError) error = NULL;
      ferry_error_from_status (&error, known[i], "example.org");
      g_assert_null (strpbrk (error->message, "0123456789"));
      g_assert_true (g_hash_table_add (sentences, g_strdup (error->message)));
    }
  g_autoptr (GError) other = NULL;
  ferry_error_from_status (&other, 418, "example.org");
  g_assert_nonnull (strstr (other->message, "(418)"));
}

static void
test_status_without_host (void)
{
  g_autoptr (GError) error = NULL;
  ferry_error_from_status (&error, 404, "");
  assert_sentence (error->code, error->message);
  g_assert_null (strstr (error->message, "  "));
  g_clear_error (&error);
  ferry_error_from_status (&error, 418, NULL);
  assert_sentence (error->code, error->message);
  ferry_error_from_status (NULL, 500, "example.org");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/error/verdicts", test_verdicts);
  g_test_add_func ("/error/numbers-stay", test_numbers_stay);
  g_test_add_func ("/error/code", test_code);
  g_test_add_func ("/error/errno", test_errno);
  g_test_add_func ("/error/errno-odd-paths", test_errno_odd_paths);
  g_test_add_func ("/error/every-status", test_every_status);
  g_test_add_func ("/error/plain-words-for-known-statuses", test_plain_words_for_known_statuses);
  g_test_add_func ("/error/status-without-host", test_status_without_host);
  return g_test_run ();
}
