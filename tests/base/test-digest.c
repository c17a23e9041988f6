/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ferry-digest.h"
#include "ferry-error.h"

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define MILLION_A "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"

static char *
finish_hex (FerryDigest *digest)
{
  guint8 sha256[FERRY_SHA256_SIZE];

  ferry_digest_finish (digest, sha256);
  return ferry_sha256_to_hex (sha256);
}

static char *
peek_hex (FerryDigest *digest)
{
  guint8 sha256[FERRY_SHA256_SIZE];

  ferry_digest_peek (digest, sha256);
  return ferry_sha256_to_hex (sha256);
}

static void
assert_finish (FerryDigest *digest, const char *expected)
{
  g_autofree char *hex = finish_hex (digest);

  g_assert_cmpstr (hex, ==, expected);
}

static void
assert_peek (FerryDigest *digest, const char *expected)
{
  g_autofree char *hex = peek_hex (digest);

  g_assert_cmpstr (hex, ==, expected);
}

/* FIPS 180-4's examples. */
static void
test_known_answers (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autofree char *letters = g_strnfill (1000, 'a');

  assert_finish (digest, EMPTY);
  ferry_digest_update (digest, "abc", 3);
  assert_finish (digest, ABC);
  for (guint i = 0; i < 1000; i++)
    ferry_digest_update (digest, letters, 1000);
  assert_finish (digest, MILLION_A);
}

/* RFC 1321's examples, beside the SHA-256 of the same bytes. */
static void
test_md5_goes_along (void)
{
  static const char *const answers[][2] = {
    { "", "d41d8cd98f00b204e9800998ecf8427e" },
    { "abc", "900150983cd24fb0d6963f7d28e17f72" },
    { "message digest", "f96b697d7cb7938d525a2f31aaf161d0" },
  };
  g_autoptr (FerryDigest) digest = ferry_digest_new_with_md5 ();

  for (gsize i = 0; i < G_N_ELEMENTS (answers); i++)
    {
      guint8 md5[FERRY_MD5_SIZE];
      guint8 again[FERRY_MD5_SIZE];
      g_autofree char *hex = NULL;
      g_autofree char *upper = g_ascii_strup (answers[i][1], -1);

      for (const char *p = answers[i][0]; *p != '\0'; p++)
        ferry_digest_update (digest, p, 1);
      if (i == 1)
        assert_peek (digest, ABC);
      g_assert_true (ferry_digest_finish_md5 (digest, md5));
      hex = ferry_md5_to_hex (md5);
      g_assert_cmpstr (hex, ==, answers[i][1]);
      g_assert_true (ferry_md5_from_hex (upper, again));
      g_assert_cmpmem (again, sizeof again, md5, sizeof md5);
      if (i == 1)
        assert_finish (digest, ABC);
    }
}

static void
test_no_md5 (void)
{
  static const char *const bad[]
      = { "", "d41d8cd98f00b204e9800998ecf8427", "d41d8cd98f00b204e9800998ecf8427e0",
          "g41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427 " };
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  guint8 md5[FERRY_MD5_SIZE] = { 7 };

  g_assert_false (ferry_digest_finish_md5 (digest, md5));
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (ferry_md5_from_hex (bad[i], md5));
  g_assert_false (ferry_md5_from_hex (NULL, md5));
  g_assert_cmpint (md5[0], ==, 7);
}

static void
test_pieces_of_any_size (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autofree char *letters = g_strnfill (1000000, 'a');
  gsize done = 0;

  for (gsize piece = 0; done < 1000000; piece++)
    {
      gsize n = MIN (piece, 1000000 - done);

      ferry_digest_update (digest, letters + done, n);
      done += n;
    }
  ferry_digest_update (digest, NULL, 0);
  assert_finish (digest, MILLION_A);
}

static void
test_peek_goes_on (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();

  assert_peek (digest, EMPTY);
  ferry_digest_update (digest, "ab", 2);
  assert_peek (digest, "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603");
  assert_peek (digest, "fb8e20fc2e4c3f248c60c39bd652f3c1347298bb977b8b4d5903b85055620603");
  ferry_digest_update (digest, "c", 1);
  assert_finish (digest, ABC);
  assert_peek (digest, EMPTY);
}

static void
test_hex (void)
{
  guint8 bytes[FERRY_SHA256_SIZE];
  guint8 before[FERRY_SHA256_SIZE];
  g_autofree char *too_long = g_strconcat (ABC, "0", NULL);
  g_autofree char *too_short = g_strndup (ABC, 63);
  g_autofree char *upper = g_ascii_strup (ABC, -1);
  g_autofree char *bad = g_strdup (ABC);

  g_assert_true (ferry_sha256_from_hex (ABC, bytes));
  g_assert_cmphex (bytes[0], ==, 0xba);
  g_assert_cmphex (bytes[31], ==, 0xad);

  g_autofree char *again = ferry_sha256_to_hex (bytes);

  g_assert_cmpstr (again, ==, ABC);
  memcpy (before, bytes, sizeof bytes);
  g_assert_true (ferry_sha256_from_hex (upper, bytes));
  g_assert_cmpmem (bytes, sizeof bytes, before, sizeof before);
  g_assert_false (ferry_sha256_from_hex (NULL, bytes));
  g_assert_false (ferry_sha256_from_hex ("", bytes));
  g_assert_false (ferry_sha256_from_hex (too_long, bytes));
  g_assert_false (ferry_sha256_from_hex (too_short, bytes));
  for (guint i = 0; i < 64; i++)
    {
      bad[i] = "g /:@`G\xff"[i % 8];
      g_assert_false (ferry_sha256_from_hex (bad, bytes));
      bad[i] = ABC[i];
    }
  /* What is refused changes nothing. */
  g_assert_cmpmem (bytes, sizeof bytes, before, sizeof before);
}

static void
test_checksum_accepted (void)
{
  static const char *const prefixes[]
      = { "", "sha256:", "sha-256:", "SHA256:", "Sha-256:", "  \n" };

  for (gsize i = 0; i < G_N_ELEMENTS (prefixes); i++)
    for (guint upper = 0; upper < 2; upper++)
      {
        g_autoptr (GError) error = NULL;
        g_autofree char *hex = upper ? g_ascii_strup (ABC, -1) : g_strdup (ABC);
        g_autofree char *text = g_strconcat (prefixes[i], hex, " ", NULL);
        g_autofree char *parsed = ferry_checksum_parse (text, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (parsed, ==, ABC);
      }
}

static void
test_checksum_refused (void)
{
  static const char *const texts[] = {
    "",
    " ",
    "sha256:",
    "sha256:abc",
    "md5:d41d8cd98f00b204e9800998ecf8427e",
    "sha512:" ABC,
    "sha256=" ABC,
    "sha256:sha256:" ABC,
    "sha256: " ABC,
    ABC ABC,
    ABC "0",
    "sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "0x" ABC,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (ferry_checksum_parse (texts[i], &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT);
      g_assert_nonnull (strstr (error->message, "SHA-256"));
    }
}

/* An open file of @size bytes of 'a', without a name. */
static int
file_of_letters (gsize size)
{
  g_autofree char *letters = g_strnfill (size, 'a');
  int fd = memfd_create ("letters", MFD_CLOEXEC);

  g_assert_no_errno (fd);
  g_assert_cmpint (write (fd, letters, size), ==, (gssize) size);
  return fd;
}

static void
test_read (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autoptr (GError) error = NULL;
  int fd = file_of_letters (1000010);

  g_assert_cmpint (ferry_digest_read (digest, fd, 10, 1000000, NULL, &error), ==, 1000000);
  g_assert_no_error (error);
  assert_finish (digest, MILLION_A);
  /* In two pieces, and up to the end of the file only. */
  g_assert_cmpint (ferry_digest_read (digest, fd, 0, 70001, NULL, &error), ==, 70001);
  g_assert_cmpint (ferry_digest_read (digest, fd, 70011, 5000000, NULL, &error), ==, 929999);
  assert_finish (digest, MILLION_A);
  /* Nothing to read is no error. */
  g_assert_cmpint (ferry_digest_read (digest, fd, 0, 0, NULL, &error), ==, 0);
  g_assert_cmpint (ferry_digest_read (digest, fd, 1000010, 1, NULL, &error), ==, 0);
  g_assert_cmpint (ferry_digest_read (digest, fd, G_MAXINT64 - 1, 1, NULL, &error), ==, 0);
  g_assert_no_error (error);
  assert_finish (digest, EMPTY);
  close (fd);
}

static void
assert_read_fails (int fd, guint64 offset, guint64 length)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (ferry_digest_read (digest, fd, offset, length, NULL, &error), ==, -1);
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_DISK);
}

static void
test_read_errors (void)
{
  int fd = file_of_letters (10);
  int folder = open (g_get_tmp_dir (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  assert_read_fails (fd, G_MAXUINT64, 1);
  assert_read_fails (fd, 1, G_MAXUINT64);
  assert_read_fails (fd, 2, G_MAXINT64);
  assert_read_fails (folder, 0, 1);
  close (fd);
  close (folder);
  assert_read_fails (fd, 0, 1);
}

static void
test_read_names_the_file (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autoptr (GError) error = NULL;
  int folder = open ("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  g_assert_cmpint (ferry_digest_read (digest, folder, 0, 1, NULL, &error), ==, -1);
  g_assert_nonnull (strstr (error->message, "“/”"));
  close (folder);
}

static void
test_read_cancelled (void)
{
  g_autoptr (FerryDigest) digest = ferry_digest_new ();
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  int fd = file_of_letters (10);

  g_cancellable_cancel (cancellable);
  g_assert_cmpint (ferry_digest_read (digest, fd, 0, 10, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/digest/known-answers", test_known_answers);
  g_test_add_func ("/digest/md5-goes-along", test_md5_goes_along);
  g_test_add_func ("/digest/no-md5", test_no_md5);
  g_test_add_func ("/digest/pieces-of-any-size", test_pieces_of_any_size);
  g_test_add_func ("/digest/peek-goes-on", test_peek_goes_on);
  g_test_add_func ("/digest/hex", test_hex);
  g_test_add_func ("/digest/checksum/accepted", test_checksum_accepted);
  g_test_add_func ("/digest/checksum/refused", test_checksum_refused);
  g_test_add_func ("/digest/read", test_read);
  g_test_add_func ("/digest/read/errors", test_read_errors);
  g_test_add_func ("/digest/read/names-the-file", test_read_names_the_file);
  g_test_add_func ("/digest/read/cancelled", test_read_cancelled);
  return g_test_run ();
}
