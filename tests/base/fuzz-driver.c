/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Runs a fuzz target as an ordinary test: real-life inputs, then a fixed number of mutations of them by a fixed seed, so that
 * every run is the same. On an abort the input is written out in hex. For a search without an end build the
 * target with clang instead of this driver:
 *   clang -fsanitize=fuzzer,address,undefined … tests/base/fuzz-headers.c …/libferry-base.a
 */
#include "fuzz-driver.h"

#include <glib.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define ITERATIONS 20000
#define SIZE_MAX_BYTES 2048

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
};

static GByteArray *current;

/* Only what a signal handler may do. */
static void
abort_cb (int number)
{
  static const char digits[] = "0123456789abcdef";
  char line[2 * SIZE_MAX_BYTES + 1];
  gsize n = 0;
  for (guint i = 0; i < current->len && i < SIZE_MAX_BYTES; i++)
    {
      line[n++] = digits[current->data[i] >> 4];
      line[n++] = digits[current->data[i] & 15];
    }
  line[n++] = '\n';
  ssize_t ignored = write (STDERR_FILENO, "# input in hex: ", 16);
  ignored = write (STDERR_FILENO, line, n);
  (void) ignored;
  signal (number, SIG_DFL);
  raise (number);
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

static guint
below (GRand *random, guint limit)
{
  return limit > 0 ? g_rand_int (random) % limit : 0;
}

static void
mutate (GRand *random)
{
  guint at = below (random, current->len + 1);
  guint8 byte = (guint8) g_rand_int (random);
  const char *piece = pieces[below (random, G_N_ELEMENTS (pieces))];
  const char *seed = seeds[below (random, G_N_ELEMENTS (seeds))];
  guint length = below (random, 16);
  length = MIN (length, current->len - at);
  switch (below (random, 7))
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
      for (guint i = below (random, 40) + 1; i > 0 && length > 0; i--)
        {
          g_autofree guint8 *copy = g_memdup2 (current->data + at, length);
          insert (at, copy, length);
        }
      return;
    case 5:
      insert (at, seed, strlen (seed));
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
test_seeds (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (seeds); i++)
    {
      set_current (seeds[i]);
      g_assert_cmpint (LLVMFuzzerTestOneInput (current->data, current->len), ==, 0);
    }
}

static void
test_mutations (void)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (6266);
  for (guint i = 0; i < ITERATIONS; i++)
    {
      set_current (seeds[below (random, G_N_ELEMENTS (seeds))]);
      for (guint n = below (random, 8) + 1; n > 0; n--)
        mutate (random);
      if (current->len > SIZE_MAX_BYTES)
        g_byte_array_set_size (current, SIZE_MAX_BYTES);
      g_assert_cmpint (LLVMFuzzerTestOneInput (current->data, current->len), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  current = g_byte_array_new ();
  signal (SIGABRT, abort_cb);
  signal (SIGTRAP, abort_cb); /* a GLib critical */
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/fuzz/seeds", test_seeds);
  g_test_add_func ("/fuzz/mutations", test_mutations);
  int status = g_test_run ();
  g_byte_array_unref (current);
  return status;
}
