/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. Runs a fuzz target as an ordinary test: real-life inputs, then mutations of them until the time is over. Every run
 * begins with another seed, which is told, and the clock decides only where it ends: the same seed tries the same inputs
 * in the same order. On an abort or a report of a sanitizer the input is written out in hex.
 *   FERRY_FUZZ_SECONDS=N   how long (5)
 *   FERRY_FUZZ_SEED=N      begins with this one
 *   FERRY_FUZZ_INPUT=HEX   tries this input and no other
 * For a search without an end, build the target with clang instead of this driver:
 *   clang -fsanitize=fuzzer,address,undefined … tests/base/fuzz-headers.c …/libferry-base.a
 */
#include "fuzz-driver.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_SECONDS 5
#define SIZE_MAX_BYTES 4096

static const char *const seeds[] = {
  "",
  "bytes 0-499/1234",
  "bytes 0-499/*",
  "bytes */1234",
  "bytes 9223372036854775807-9223372036854775807/*",
  "9223372036854775807",
  "W/\"5f3c-1a\"",
  "\"5f3c-1a\"",
  "Sun, 06 Nov 1994 08:49:37 GMT",
  "Sunday, 06-Nov-94 08:49:37 GMT",
  "Sun Nov  6 08:49:37 1994",
  "attachment; filename=\"a \\\"b\\\".iso\"; size=5",
  "attachment; filename*=UTF-8''%e2%82%ac%20rates.tar.gz; filename=\"EURO rates\"",
  "inline; filename*=iso-8859-1'en'%A3%20rates",
  "filename=../../etc/passwd",
  "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:, a=(1 \"x\" tok;p=?1);q=-2.5",
  "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "items, bytes, none",
  "text/html; charset=utf-8",
  "https://me:p%40ss@b\303\274cher.example:8080/a/../b%2Fc.tar.gz?q=[1]#f",
  "http://[2001:db8::1]:81/%2e%2e/%ff\\",
  "example.org:8080/a b",
  "//b.example/../x?y",
  "# comment\r\nhttps://a.example/x, (https://b.example/y_(z)).\r\nwww.c.example",
  "..\\.\342\200\256\342\200\213 a\314\210\314\243\r\n\302\240.tar.gz. ",
  "\360\237\221\250\342\200\215\360\237\221\251.png",
  "\341\204\200\341\205\241\341\206\250\343\205\244\357\276\240\330\200",
  "\xff\xfe\xc0\xaf\xed\xa0\x80.7z.001",
  NULL,
};

static const char *const pieces[] = {
  "%2F",
  "%00",
  "%",
  "\"",
  "\\",
  ";",
  "*=",
  "''",
  "/",
  "..",
  ".",
  " ",
  "\t",
  "\n",
  "\r\n",
  ":",
  "@",
  "[",
  "]",
  "?",
  "#",
  "\xff",
  "\x01",
  "\x7f",
  "\302\205",
  "\342\200\256",
  "\342\200\215",
  "\357\277\276",
  "\314\201",
  "http://",
  "https://",
  "9223372036854775808",
  "18446744073709551616",
  "-1",
  "filename",
  "UTF-8''",
  ".tar.gz",
  NULL,
};

static GByteArray *current;
static GPtrArray *all_seeds;
static GPtrArray *all_pieces;

/* Only what a signal handler may do. */
static void
write_input (void)
{
  static const char digits[] = "0123456789abcdef";
  static char line[2 * SIZE_MAX_BYTES + 1];
  gsize n = 0;

  for (guint i = 0; i < current->len && i < SIZE_MAX_BYTES; i++)
    {
      line[n++] = digits[current->data[i] >> 4];
      line[n++] = digits[current->data[i] & 15];
    }
  line[n++] = '\n';

  ssize_t ignored = write (STDERR_FILENO, "# FERRY_FUZZ_INPUT=", 19);

  ignored = write (STDERR_FILENO, line, n);
  (void) ignored;
}

static void
abort_cb (int number)
{
  write_input ();
  signal (number, SIG_DFL);
  raise (number);
}

/* Of the sanitizers' library, where there is one. */
void __sanitizer_set_death_callback (void (*callback) (void)) __attribute__ ((weak));

static guint
below (GRand *random, guint limit)
{
  return limit > 0 ? g_rand_int (random) % limit : 0;
}

static const char *
pick (GRand *random, GPtrArray *strings)
{
  return g_ptr_array_index (strings, below (random, strings->len));
}

static void
insert (guint at, const void *data, gsize length)
{
  g_autofree guint8 *tail = g_memdup2 (current->data + at, current->len - at);
  guint tail_length = current->len - at;

  g_byte_array_set_size (current, at);
  g_byte_array_append (current, data, (guint) length);
  if (tail_length > 0)
    g_byte_array_append (current, tail, tail_length);
}

static void
repeat (GRand *random, guint at, guint length)
{
  for (guint i = below (random, 40) + 1; i > 0 && length > 0; i--)
    {
      g_autofree guint8 *copy = g_memdup2 (current->data + at, length);

      insert (at, copy, length);
    }
}

/* A number becomes another one, as those are what bounds are about. */
static void
change_number (GRand *random, guint at)
{
  static const char *const numbers[] = { "0",
                                         "1",
                                         "-1",
                                         "255",
                                         "65536",
                                         "4294967296",
                                         "2147483648",
                                         "4611686018427387904",
                                         "9223372036854775807",
                                         "9223372036854775808",
                                         "18446744073709551615",
                                         "99999999999999999999",
                                         "1e9",
                                         "007" };
  const char *number = numbers[below (random, G_N_ELEMENTS (numbers))];
  guint end;

  while (at < current->len && !g_ascii_isdigit (current->data[at]))
    at++;
  for (end = at; end < current->len && g_ascii_isdigit (current->data[end]);)
    end++;
  if (end > at)
    g_byte_array_remove_range (current, at, end - at);
  insert (at, number, strlen (number));
}

static void
mutate (GRand *random)
{
  guint at = below (random, current->len + 1);
  guint8 byte = (guint8) g_rand_int (random);
  const char *piece = pick (random, all_pieces);
  const char *seed = pick (random, all_seeds);
  guint length = below (random, 16);

  length = MIN (length, current->len - at);
  switch (below (random, 9))
    {
    case 0:
      if (at < current->len)
        current->data[at] = byte;
      return;
    case 1:
      if (at < current->len)
        current->data[at] ^= (guint8) (1 << (byte & 7));
      return;
    case 2:
      insert (at, &byte, 1);
      return;
    case 3:
      if (length > 0)
        g_byte_array_remove_range (current, at, length);
      return;
    case 4:
      repeat (random, at, length);
      return;
    case 5:
      insert (at, seed, strlen (seed));
      return;
    case 6:
      change_number (random, at);
      return;
    case 7:
      g_byte_array_set_size (current, at);
      insert (at, seed + MIN (at, strlen (seed)), strlen (seed + MIN (at, strlen (seed))));
      return;
    default:
      insert (at, piece, strlen (piece));
    }
}

static void
set_current (const char *seed)
{
  g_byte_array_set_size (current, 0);
  g_byte_array_append (current, (const guint8 *) seed, (guint) strlen (seed));
}

static void
try_current (void)
{
  g_assert_cmpint (LLVMFuzzerTestOneInput (current->data, current->len), ==, 0);
}

static void
test_seeds (void)
{
  for (guint i = 0; i < all_seeds->len; i++)
    {
      set_current (g_ptr_array_index (all_seeds, i));
      try_current ();
    }
}

static guint64
number_from (const char *variable, guint64 otherwise)
{
  const char *text = g_getenv (variable);
  guint64 number = otherwise;

  if (text != NULL && !g_ascii_string_to_unsigned (text, 10, 0, G_MAXUINT32, &number, NULL))
    g_error ("%s is no number: %s", variable, text);
  return number;
}

static void
test_mutations (void)
{
  guint32 seed = (guint32) number_from ("FERRY_FUZZ_SEED", g_random_int ());
  gint64 seconds = (gint64) number_from ("FERRY_FUZZ_SECONDS", DEFAULT_SECONDS);
  gint64 end = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  g_autoptr (GRand) random = g_rand_new_with_seed (seed);
  guint64 n = 0;

  g_print ("# FERRY_FUZZ_SEED=%u\n", seed);
  for (; g_get_monotonic_time () < end; n++)
    {
      set_current (pick (random, all_seeds));
      for (guint i = below (random, 8) + 1; i > 0; i--)
        mutate (random);
      if (current->len > SIZE_MAX_BYTES)
        g_byte_array_set_size (current, SIZE_MAX_BYTES);
      try_current ();
    }
  g_print ("# %" G_GUINT64_FORMAT " inputs in %" G_GINT64_FORMAT " s\n", n, seconds);
}

static void
test_input (gconstpointer data)
{
  const char *hex = data;

  for (gsize i = 0; g_ascii_isxdigit (hex[i]) && g_ascii_isxdigit (hex[i + 1]); i += 2)
    {
      guint8 byte
          = (guint8) (g_ascii_xdigit_value (hex[i]) << 4 | g_ascii_xdigit_value (hex[i + 1]));

      g_byte_array_append (current, &byte, 1);
    }
  try_current ();
}

static void
add_all (GPtrArray *strings, const char *const *more)
{
  for (gsize i = 0; more != NULL && more[i] != NULL; i++)
    g_ptr_array_add (strings, (gpointer) more[i]);
}

int
main (int argc, char **argv)
{
  const char *input = g_getenv ("FERRY_FUZZ_INPUT");

  current = g_byte_array_new ();
  all_seeds = g_ptr_array_new ();
  all_pieces = g_ptr_array_new ();
  add_all (all_seeds, fuzz_seeds);
  add_all (all_pieces, fuzz_pieces);
  /* What the target knows nothing of is tried less often. */
  for (guint i = 0; i < 3 && fuzz_seeds != NULL; i++)
    add_all (all_seeds, fuzz_seeds);
  add_all (all_seeds, seeds);
  add_all (all_pieces, pieces);
  signal (SIGABRT, abort_cb);
  signal (SIGTRAP, abort_cb); /* a GLib critical */
  if (__sanitizer_set_death_callback != NULL)
    __sanitizer_set_death_callback (write_input);
  g_test_init (&argc, &argv, NULL);
  if (input != NULL)
    g_test_add_data_func ("/fuzz/input", input, test_input);
  else
    {
      g_test_add_func ("/fuzz/seeds", test_seeds);
      g_test_add_func ("/fuzz/mutations", test_mutations);
    }

  int status = g_test_run ();

  g_byte_array_unref (current);
  g_ptr_array_unref (all_seeds);
  g_ptr_array_unref (all_pieces);
  return status;
}
