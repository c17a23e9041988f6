/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-file-name.h"

#include <string.h>

static void
test_sanitize (void)
{
  static const char *const cases[][2] = {
    { NULL, NULL },
    { "", NULL },
    { "a.iso", "a.iso" },
    { "My file (1).tar.gz", "My file (1).tar.gz" },
    { "a: b? *c* |d| \"e\" <f>", "a: b? *c* |d| \"e\" <f>" },
    { "CON", "CON" },
    { "a.part", "a.part" },
    { "-rf", "-rf" },
    { "a%2Fb", "a%2Fb" },
    /* paths */
    { "/etc/passwd", "passwd" },
    { "../../.bashrc", "bashrc" },
    { "C:\\Windows\\a.exe", "a.exe" },
    { "a/b\\c.iso", "c.iso" },
    { "a/", NULL },
    { "/", NULL },
    { "\\\\", NULL },
    { "..", NULL },
    { ".", NULL },
    { "a/..", NULL },
    { "..\\..", NULL },
    { ".../...", NULL },
    /* ends */
    { ".hidden", "hidden" },
    { "..a", "a" },
    { " a ", "a" },
    { ". . a . .", "a" },
    { "a.", "a" },
    { "a. . ", "a" },
    { "   ", NULL },
    { "\u00a0a\u3000", "a" },
    /* what cannot be seen */
    { "a\x01\x1f\x7f.iso", "a.iso" },
    { "a\xc2\x80\xc2\x9f.iso", "a.iso" },
    { "a\r\nb\tc", "a  b c" },
    { "a\u2028b\u2029c", "a b c" },
    { "\n.a\n", "a" },
    { "invoice\u202efdp.exe", "invoicefdp.exe" },
    { "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u2066\u2067\u2068\u2069x", "x" },
    { "a\u200b\u2060\ufeff\u00ad.iso", "a.iso" },
    { ".\u200b.\u200b", NULL },
    { "\u202e\u200b", NULL },
    { "a\ufdd0\ufffe\uffff\U0010ffff.iso", "a.iso" },
    { "a\U000e0041.iso", "a.iso" },
    { "\u3164\u3164", NULL },
    { "a\ue000.iso", "a\ue000.iso" },
    { "\u0645\u06cc\u200c\u062e\u0648.pdf", "\u0645\u06cc\u200c\u062e\u0648.pdf" },
    { "\U0001f468\u200d\U0001f469.png", "\U0001f468\u200d\U0001f469.png" },
    { "\u200d\u200c", NULL },
    { "a.exe\u200d", "a.exe" },
    { "\u0600\u0661", "\u0600\u0661" },
    /* bytes and forms */
    { "bl\xf6"
      "b.bin",
      "bl\u00f6b.bin" },
    { "\xff\xfe", "\u00ff\u00fe" },
    { "a\xc0\xaf"
      "b",
      "a\u00c0\u00afb" },
    { "a\xed\xa0\x80", "a\u00ed" },
    { "a\u0308.txt", "\u00e4.txt" },
    { "\u212b", "\u00c5" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = ferry_file_name_sanitize (cases[i][0]);
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (name, ==, cases[i][1]);
    }
}

static char *
fill (const char *unit, gsize n, const char *tail)
{
  GString *text = g_string_new (NULL);
  for (gsize i = 0; i < n; i++)
    g_string_append (text, unit);
  g_string_append (text, tail);
  return g_string_free (text, FALSE);
}

static void
assert_sound (const char *name)
{
  g_assert_nonnull (name);
  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_cmpuint (strlen (name), <=, FERRY_FILE_NAME_MAX);
  g_assert_cmpuint (strlen (name), >=, 1);
  g_assert_null (strpbrk (name, "/\\"));
}

static void
test_length (void)
{
  static const struct
  {
    const char *unit;
    gsize n;
    const char *suffix;
    gsize length;
  } cases[] = {
    { "a", 4000, "", 255 },
    { "a", 255, "", 255 },
    { "a", 256, "", 255 },
    { "a", 4000, ".iso", 255 },
    { "a", 4000, ".tar.gz", 255 },
    { "a", 4000, ".7z.001", 255 },
    { "\u00e4", 4000, ".iso", 255 },      /* 2 bytes each: 125 of them and 4 more and one left */
    { "\u20ac", 4000, ".iso", 255 - 2 },  /* 3 bytes each: 83 of them */
    { "\U0001f600", 4000, ".xz", 255 },   /* 4 bytes each: 63 of them */
    { "a\u0301\u0323", 4000, ".iso", 0 }, /* some whole number of letters */
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *raw = fill (cases[i].unit, cases[i].n, cases[i].suffix);
      g_autofree char *name = ferry_file_name_sanitize (raw);
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      assert_sound (name);
      g_assert_true (g_str_has_suffix (name, cases[i].suffix));
      if (cases[i].length > 0)
        g_assert_cmpuint (strlen (name) + 1, >=, cases[i].length);
      g_assert_cmpuint (strlen (name), >, 240);
    }
}

static void
test_cut_leaves_clean_end (void)
{
  g_autofree char *letters = g_strnfill (254, 'a');
  g_autofree char *space = g_strconcat (letters, " b", NULL);
  g_autofree char *name = ferry_file_name_sanitize (space);
  g_assert_cmpstr (name, ==, letters);
  g_autofree char *joined = g_strconcat (letters + 3, "\u200d\U0001f469", NULL);
  g_autofree char *whole = ferry_file_name_sanitize (joined);
  g_assert_cmpstr (whole, ==, letters + 4);
}

/* A letter is not torn from its marks, but marks alone are cut all the same. */
static void
test_cut_between_letters (void)
{
  g_autofree char *letters = fill ("x\u0489", 100, ".iso");
  g_autofree char *name = ferry_file_name_sanitize (letters);
  assert_sound (name);
  gsize stem = strlen (name) - 4;
  g_assert_cmpuint (stem % 3, ==, 0);
  g_autofree char *marks = fill ("\u0489", 4000, ".iso");
  g_autofree char *cut = ferry_file_name_sanitize (marks);
  assert_sound (cut);
  g_assert_true (g_str_has_suffix (cut, ".iso"));
}

/* Ordering combining marks takes quadratic time where it is not bounded. */
static void
test_many_marks (void)
{
  g_autofree char *raw = fill ("\u0301\u0323\u0345\u0315", 200 * 1000, ".iso");
  g_autofree char *name = ferry_file_name_sanitize (raw);
  assert_sound (name);
  g_assert_true (g_str_has_suffix (name, ".iso"));
}

static void
test_from_address (void)
{
  static const char *const cases[][2] = {
    { NULL, NULL },
    { "", NULL },
    { "https://example.org", NULL },
    { "https://example.org/", NULL },
    { "https://example.org/dir/", NULL },
    { "https://example.org?/a", NULL },
    { "https://example.org/a.iso", "a.iso" },
    { "https://example.org/a/b.tar.gz?c=d/e.iso#f/g", "b.tar.gz" },
    { "https://example.org/a.iso#b", "a.iso" },
    { "https://example.org/my%20file.iso", "my file.iso" },
    { "https://example.org/a+b.iso", "a+b.iso" },
    { "https://example.org/%E2%82%AC.txt", "\u20ac.txt" },
    { "https://example.org/bl%F6b.bin", "bl\u00f6b.bin" },
    { "https://example.org/a%2Fb.iso", "b.iso" },
    { "https://example.org/a%5Cb.iso", "b.iso" },
    { "https://example.org/..%2F..%2Fetc%2Fpasswd", "passwd" },
    { "https://example.org/%2e%2e", NULL },
    { "https://example.org/a%2F", NULL },
    { "https://example.org/a%00b", "ab" },
    { "https://example.org/%00", NULL },
    { "https://example.org/%", "%" },
    { "https://example.org/a%4", "a%4" },
    { "https://example.org/a%zz%41", "a%zzA" },
    { "https://example.org/a%0Ab%E2%80%AEc", "a bc" },
    { "https://example.org/%252F", "%2F" },
    { "https://example.org/a?%41/b%", "a" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = ferry_file_name_from_address (cases[i][0]);
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (name, ==, cases[i][1]);
    }
}

static void
test_choose (void)
{
  const char *final_address = "https://cdn.example/final.iso?x";
  const char *address = "https://example.org/first.iso";
  const char *bare = "https://example.org/";
  static const char *const useless[] = { NULL,
                                         "",
                                         "attachment",
                                         "attachment; filename=\"..\"",
                                         "attachment; filename=\"/\"",
                                         "attachment; filename*=UTF-8''%ff" };
  g_autofree char *told
      = ferry_file_name_choose ("attachment; filename=\"../x/told.iso\"", final_address, address);
  g_assert_cmpstr (told, ==, "told.iso");
  for (gsize i = 0; i < G_N_ELEMENTS (useless); i++)
    {
      g_autofree char *second = ferry_file_name_choose (useless[i], final_address, address);
      g_assert_cmpstr (second, ==, "final.iso");
      g_autofree char *third = ferry_file_name_choose (useless[i], bare, address);
      g_assert_cmpstr (third, ==, "first.iso");
      g_autofree char *last = ferry_file_name_choose (useless[i], bare, bare);
      g_assert_cmpstr (last, ==, "download");
    }
  g_autofree char *nothing = ferry_file_name_choose (NULL, NULL, NULL);
  g_assert_cmpstr (nothing, ==, "download");
}

static void
test_suffix (void)
{
  static const char *const cases[][2] = {
    { "", "" },
    { "a", "" },
    { "a.iso", ".iso" },
    { "a.b.iso", ".iso" },
    { ".bashrc", "" },
    { ".a.txt", ".txt" },
    { "a.", "" },
    { ".", "" },
    { "..", "" },
    { "a.tar.gz", ".tar.gz" },
    { "A.TAR.XZ", ".TAR.XZ" },
    { "linux-6.1.tar.xz", ".tar.xz" },
    { "a.iso.zst", ".iso.zst" },
    { "a.iso.zsync", ".iso.zsync" },
    { "a.sql.gz", ".sql.gz" },
    { "a.tar.gz.asc", ".gz.asc" },
    { "ubuntu-22.04.gz", ".gz" },
    { ".tar.gz", ".gz" },
    { "notes.of-the-year.gz", ".gz" },
    { "a.min.js", ".js" },
    { "a.7z", ".7z" },
    { "a.7z.001", ".7z.001" },
    { "a.001", ".001" },
    { "a.0012", "" },
    { "Version 1.5", "" },
    { "libx.so.1", "" },
    { "St. Louis", "" },
    { "a.b (2)", "" },
    { "a.suffix-of-16-let", ".suffix-of-16-let" },
    { "a.suffix-of-17-lett", "" },
    { "a.\u00e4\u00f6", ".\u00e4\u00f6" },
    { "a.\xff", ".\xff" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize at = ferry_file_name_suffix (cases[i][0]);
      g_assert_cmpuint (at, <=, strlen (cases[i][0]));
      g_assert_cmpstr (cases[i][0] + at, ==, cases[i][1]);
    }
}

static void
assert_numbered (const char *name, guint n, const char *expected)
{
  g_autofree char *numbered = ferry_file_name_numbered (name, n);
  g_assert_cmpstr (numbered, ==, expected);
}

static void
test_numbered (void)
{
  assert_numbered ("a.iso", 0, "a.iso");
  assert_numbered ("a.iso", 2, "a (2).iso");
  assert_numbered ("a.tar.gz", 3, "a (3).tar.gz");
  assert_numbered ("a", 4294967295, "a (4294967295)");
  assert_numbered (".bashrc", 2, ".bashrc (2)");
  assert_numbered ("\xff.iso", 2, "\xff (2).iso");
  g_autofree char *longest = fill ("\u00e4", 125, ".iso");
  for (guint n = 0; n < 2000; n += 111)
    {
      g_autofree char *numbered = ferry_file_name_numbered (longest, n);
      g_autofree char *ending = n > 0 ? g_strdup_printf (" (%u).iso", n) : g_strdup (".iso");
      assert_sound (numbered);
      g_assert_cmpuint (strlen (numbered), >=, 253);
      g_assert_true (g_str_has_suffix (numbered, ending));
    }
}

static void
test_part (void)
{
  g_autofree char *part = ferry_file_name_part ("a.iso", "0123456789abcdef0123456789abcdef");
  g_assert_cmpstr (part, ==, "a.iso.01234567.part");
  g_autofree char *longest = fill ("\u20ac", 80, ".tar.gz");
  g_autofree char *cut = ferry_file_name_part (longest, "0123456789abcdef");
  assert_sound (cut);
  g_assert_true (g_str_has_suffix (cut, ".tar.gz.01234567.part"));
  g_autofree char *invalid = g_strnfill (300, '\x80');
  g_autofree char *bytes = ferry_file_name_part (invalid, "0123456789abcdef");
  g_assert_cmpuint (strlen (bytes), ==, FERRY_FILE_NAME_MAX);
  g_assert_true (g_str_has_suffix (bytes, ".01234567.part"));
}

static void
test_web_page (void)
{
  static const char *const pages[] = { "a.html", "a.HTM",  "a.xhtml", "a.php", "index.php5",
                                       "a.asp",  "a.aspx", "a.jsp",   "a.cgi", "a.shtml" };
  static const char *const files[]
      = { "", "a", "html", ".html", "a.iso", "a.html.gz", "a.htmlx", "a.pl", "html.txt" };
  for (gsize i = 0; i < G_N_ELEMENTS (pages); i++)
    g_assert_true (ferry_file_name_is_web_page (pages[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (files); i++)
    g_assert_false (ferry_file_name_is_web_page (files[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/file-name/sanitize", test_sanitize);
  g_test_add_func ("/file-name/length", test_length);
  g_test_add_func ("/file-name/cut-leaves-clean-end", test_cut_leaves_clean_end);
  g_test_add_func ("/file-name/cut-between-letters", test_cut_between_letters);
  g_test_add_func ("/file-name/many-marks", test_many_marks);
  g_test_add_func ("/file-name/from-address", test_from_address);
  g_test_add_func ("/file-name/choose", test_choose);
  g_test_add_func ("/file-name/suffix", test_suffix);
  g_test_add_func ("/file-name/numbered", test_numbered);
  g_test_add_func ("/file-name/part", test_part);
  g_test_add_func ("/file-name/web-page", test_web_page);
  return g_test_run ();
}
