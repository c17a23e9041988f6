/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-address.h"
#include "ferry-error.h"

#include <string.h>

static void
test_normalize (void)
{
  static const char *const cases[][2] = {
    { "https://example.org/a.iso", "https://example.org/a.iso" },
    { "http://example.org", "http://example.org/" },
    { "  https://example.org/a \n", "https://example.org/a" },
    { "\u00a0https://example.org/\u3000", "https://example.org/" },
    { "\ufeffhttps://example.org/\u200b", "https://example.org/" },
    { "<https://example.org/a>", "https://example.org/a" },
    { "\"https://example.org/a\"", "https://example.org/a" },
    { "https://example.org/long\r\n\tlink", "https://example.org/longlink" },
    { "HTTPS://Example.ORG/Path", "https://example.org/Path" },
    /* no scheme */
    { "example.org", "https://example.org/" },
    { "example.org/a?b", "https://example.org/a?b" },
    { "www.example.org:8080/a", "https://www.example.org:8080/a" },
    { "//example.org/a", "https://example.org/a" },
    { "localhost:8080/a", "https://localhost:8080/a" },
    { "192.0.2.1/a", "https://192.0.2.1/a" },
    { "[2001:DB8:0::1]:81/a", "https://[2001:db8::1]:81/a" },
    /* ports */
    { "http://example.org:80/", "http://example.org/" },
    { "https://example.org:443/", "https://example.org/" },
    { "http://example.org:443/", "http://example.org:443/" },
    { "http://example.org:/", "http://example.org/" },
    { "http://example.org:08080/", "http://example.org:8080/" },
    { "http://example.org:65535/", "http://example.org:65535/" },
    /* hosts */
    { "http://nas/a", "http://nas/a" },
    { "http://my_nas.local./a", "http://my_nas.local./a" },
    { "http://r3---sn-x.example.org/", "http://r3---sn-x.example.org/" },
    { "https://b\u00fccher.example/", "https://xn--bcher-kva.example/" },
    { "https://B%C3%BCcher.example/", "https://xn--bcher-kva.example/" },
    { "https://example\u3002org/", "https://example.org/" },
    { "http://[::1]/", "http://[::1]/" },
    { "http://[::FFFF:192.0.2.1]/", "http://[::ffff:192.0.2.1]/" },
    /* path and query */
    { "https://example.org/a b", "https://example.org/a%20b" },
    { "https://example.org/\u00e4?\u00e4", "https://example.org/%C3%A4?%C3%A4" },
    { "https://example.org/\xe4", "https://example.org/%E4" },
    { "https://example.org/%41%e4%zz%", "https://example.org/%41%e4%25zz%25" },
    { "https://example.org/[a]{b}|\\^`\"<>",
      "https://example.org/%5Ba%5D%7Bb%7D%7C%5C%5E%60%22%3C%3E" },
    { "https://example.org/!$&'()*+,;=:@-._~", "https://example.org/!$&'()*+,;=:@-._~" },
    { "https://example.org?a=b/../c?d", "https://example.org/?a=b/../c?d" },
    { "https://example.org/?", "https://example.org/?" },
    { "https://example.org/a/./b/../c", "https://example.org/a/c" },
    { "https://example.org/a/%2e/b/%2E./c", "https://example.org/a/c" },
    { "https://example.org/../../a", "https://example.org/a" },
    { "https://example.org/a/..", "https://example.org/" },
    { "https://example.org/a/.", "https://example.org/a/" },
    { "https://example.org/a/...", "https://example.org/a/..." },
    { "https://example.org//a//", "https://example.org//a//" },
    /* fragment */
    { "https://example.org/a#b", "https://example.org/a" },
    { "https://example.org/a?b#c?d", "https://example.org/a?b" },
    { "https://example.org#a@b", "https://example.org/" },
    /* @ that is no user information */
    { "https://example.org/@me", "https://example.org/@me" },
    { "https://example.org?me@b", "https://example.org/?me@b" },
    { "https://@example.org/", "https://example.org/" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *credentials = NULL;
      g_autofree char *address = ferry_address_normalize (cases[i][0], &credentials, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (address, ==, cases[i][1]);
      g_assert_null (credentials);
      g_autofree char *again = ferry_address_normalize (address, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (again, ==, address);
    }
}

static void
test_credentials (void)
{
  static const char *const cases[][2] = {
    { "https://me:secret@example.org/a", "me:secret" },
    { "https://me@example.org/a", "me:" },
    { "https://me:@example.org/a", "me:" },
    { "https://:secret@example.org/a", ":secret" },
    { "https://me:a:b@example.org/a", "me:a:b" },
    { "https://me:p%40ss%3A%2F@example.org/a", "me:p@ss:/" },
    { "https://me@mail:p@example.org/a", "me@mail:p" },
    { "https://m%C3%A9:x@example.org/a", "m\u00e9:x" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *credentials = NULL;
      g_autofree char *address = ferry_address_normalize (cases[i][0], &credentials, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (address, ==, "https://example.org/a");
      g_assert_cmpstr (credentials, ==, cases[i][1]);
      g_autofree char *without = ferry_address_normalize (cases[i][0], NULL, &error);
      g_assert_cmpstr (without, ==, "https://example.org/a");
    }
}

static void
test_invalid (void)
{
  static const char *const cases[] = {
    "",
    "   \n",
    "hello",
    "hello world.txt",
    "/home/me/a.iso",
    "~/a.iso",
    "./a.iso",
    "?",
    "#",
    "me@example.org",
    "me:secret@example.org/a.b",
    "http:",
    "http:/",
    "http://",
    "http:///a",
    "http://?a",
    "http://:80/",
    "http:example.org",
    "http:/example.org",
    "https://exa mple.org/",
    "https://exa%20mple.org/",
    "https://exa%2Fmple.org/",
    "https://exa%00mple.org/",
    "https://example.org\\a/",
    "https://.example.org/",
    "https://example..org/",
    "https://./",
    "https://../",
    "https://*.example.org/",
    "https://\xff.example/",
    "https://1.2.3/",
    "https://1.2.3.4.5/",
    "https://1.2.3.256/",
    "https://12345/",
    "https://[::1/",
    "https://[]/",
    "https://[::1]x/",
    "https://[192.0.2.1]/",
    "https://[fe80::1%25eth0]/",
    "https://[::g]/",
    "https://::1/",
    "https://example.org:0/",
    "https://example.org:65536/",
    "https://example.org:99999999999999999999/",
    "https://example.org:8o/",
    "https://example.org:-1/",
    "https://example.org:80:80/",
    "https://example.org/\x01",
    "https://example.org/\x7f",
    "https://m%0Ae:x@example.org/",
    "https://m%3Ae:x@example.org/",
    "https://m%FFe:x@example.org/",
    "https://m%00e:x@example.org/",
    "https://m%e:x@example.org/",
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *credentials = g_strdup ("kept?");
      char *taken = credentials;
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_null (ferry_address_normalize (cases[i], &taken, &error));
      g_assert_null (taken);
      g_assert_nonnull (error);
      g_assert_true (error->domain == FERRY_ERROR);
      if (error->code != FERRY_ERROR_UNSUPPORTED_SCHEME || strncmp (cases[i], "me:", 3) != 0)
        g_assert_cmpint (error->code, ==, FERRY_ERROR_INVALID_ADDRESS);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      g_assert_true (g_str_has_suffix (error->message, "."));
    }
}

static void
test_unsupported (void)
{
  static const char *const cases[][2] = {
    { "ftp://example.org/a", "“ftp:”" },
    { "FTP://example.org/a", "“FTP:”" },
    { "magnet:?xt=urn:btih:x", "“magnet:”" },
    { "mailto:me@example.org", "“mailto:”" },
    { "file:///etc/passwd", "“file:”" },
    { "javascript:alert(1)", "“javascript:”" },
    { "data:text/plain,x", "“data:”" },
    { "tel:5551234", "“tel:”" },
    { "httpx://example.org/", "“httpx:”" },
    { "x.y://example.org/", "“x.y:”" },
    { "C:\\a.iso", "“C:”" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (ferry_address_normalize (cases[i][0], NULL, &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME);
      g_assert_nonnull (strstr (error->message, cases[i][1]));
    }
}

static char *
long_address (gsize length, char c)
{
  g_autofree char *tail = g_strnfill (length, c);
  return g_strconcat ("https://example.org/", tail, NULL);
}

static void
test_length (void)
{
  const gsize prefix = strlen ("https://example.org/");
  g_autoptr (GError) error = NULL;
  g_autofree char *longest = long_address (64 * 1024 - prefix, 'a');
  g_autofree char *address = ferry_address_normalize (longest, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (address, ==, longest);

  g_autofree char *longer = long_address (64 * 1024 - prefix + 1, 'a');
  g_assert_null (ferry_address_normalize (longer, NULL, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ADDRESS);
  g_assert_nonnull (strstr (error->message, "too long"));
  g_clear_error (&error);

  /* Each of these takes three bytes in the end. */
  g_autofree char *growing = long_address (30 * 1024, '{');
  g_assert_null (ferry_address_normalize (growing, NULL, &error));
  g_assert_nonnull (strstr (error->message, "too long"));
  g_clear_error (&error);

  g_autofree char *garbage = g_strnfill (10 * 1000, '{');
  g_assert_null (ferry_address_normalize (garbage, NULL, &error));
  g_assert_cmpuint (strlen (error->message), <, 300);
  g_clear_error (&error);

  g_autofree char *label = g_strnfill (64, 'a');
  g_autofree char *host = g_strdup_printf ("http://%s.org/", label);
  g_assert_null (ferry_address_normalize (host, NULL, &error));
}

static void
test_host (void)
{
  static const char *const cases[][2] = {
    { "https://example.org/a", "example.org" },
    { "https://example.org:8080/a", "example.org:8080" },
    { "https://example.org:443/a", "example.org" },
    { "https://me:secret@EXAMPLE.org/a", "example.org" },
    { "http://[::1]:80/", "[::1]" },
    { "http://[::1]:81/", "[::1]:81" },
    { "ftp://example.org/", "" },
    { "example.org", "" },
    { "https:///a", "" },
    { "https://a b/", "" },
    { "", "" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *host = ferry_address_host (cases[i][0]);
      g_assert_cmpstr (host, ==, cases[i][1]);
    }
  g_autofree char *none = ferry_address_host (NULL);
  g_assert_cmpstr (none, ==, "");
}

static void
test_same_origin (void)
{
  static const struct
  {
    const char *a;
    const char *b;
    gboolean same;
  } cases[] = {
    { "https://example.org/a", "https://example.org/b?c", TRUE },
    { "https://example.org/a", "HTTPS://EXAMPLE.ORG:443", TRUE },
    { "http://example.org:80/", "http://example.org/", TRUE },
    { "http://example.org:8080/", "http://example.org:8080/x", TRUE },
    { "https://me:x@example.org/", "https://example.org/", TRUE },
    { "http://[::1]/", "http://[0:0::1]/", TRUE },
    { "http://example.org/", "https://example.org/", FALSE },
    { "http://example.org:443/", "https://example.org/", FALSE },
    { "https://example.org/", "https://example.org:8443/", FALSE },
    { "https://example.org/", "https://www.example.org/", FALSE },
    { "https://example.org/", "https://example.org.evil.example/", FALSE },
    { "https://example.org/", "https://example.org@evil.example/", FALSE },
    { "https://example.org/", "https://evil.example/#https://example.org/", FALSE },
    { "https://example.org/", "x", FALSE },
    { "x", "x", FALSE },
    { "", "", FALSE },
    { NULL, NULL, FALSE },
    { "https://example.org/", NULL, FALSE },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpint (ferry_address_same_origin (cases[i].a, cases[i].b), ==, cases[i].same);
      g_assert_cmpint (ferry_address_same_origin (cases[i].b, cases[i].a), ==, cases[i].same);
    }
}

static void
test_resolve (void)
{
  const char *base = "https://a.example:81/b/c/d;p?q";
  static const char *const cases[][2] = {
    { "https://b.example/x", "https://b.example/x" },
    { "HTTP://B.example", "http://b.example/" },
    { "g", "https://a.example:81/b/c/g" },
    { "./g", "https://a.example:81/b/c/g" },
    { "g/", "https://a.example:81/b/c/g/" },
    { "/g", "https://a.example:81/g" },
    { "//g.example", "https://g.example/" },
    { "?y", "https://a.example:81/b/c/d;p?y" },
    { "g?y", "https://a.example:81/b/c/g?y" },
    { "#s", "https://a.example:81/b/c/d;p?q" },
    { "g#s", "https://a.example:81/b/c/g" },
    { ";x", "https://a.example:81/b/c/;x" },
    { "", "https://a.example:81/b/c/d;p?q" },
    { ".", "https://a.example:81/b/c/" },
    { "..", "https://a.example:81/b/" },
    { "../g", "https://a.example:81/b/g" },
    { "../../../../g", "https://a.example:81/g" },
    { "g;x=1/../y", "https://a.example:81/b/c/y" },
    { "g?y/../x", "https://a.example:81/b/c/g?y/../x" },
    { "a/b:c", "https://a.example:81/b/c/a/b:c" },
    { " /a b ", "https://a.example:81/a%20b" },
    { "/\xe4\xc3\xa4", "https://a.example:81/%E4%C3%A4" },
    { "https://me:x@b.example/", "https://b.example/" },
    { "https://b.example:443/", "https://b.example/" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char *address = ferry_address_resolve (base, cases[i][0], &error);
      g_assert_no_error (error);
      g_assert_cmpstr (address, ==, cases[i][1]);
    }
}

static void
test_resolve_without_path (void)
{
  g_autofree char *a = ferry_address_resolve ("https://a.example", "g", NULL);
  g_assert_cmpstr (a, ==, "https://a.example/g");
  g_autofree char *b = ferry_address_resolve ("https://me:x@a.example?q", "?r", NULL);
  g_assert_cmpstr (b, ==, "https://a.example/?r");
}

static void
test_resolve_refuses (void)
{
  static const char *const broken[] = { "http:",        "https://", "//",
                                        "https://a b/", "/a\nb: c", "/a\r\nSet-Cookie: x",
                                        "http:g",       "//:80/",   "https://[::1/",
                                        "https://a:0/", "/\x7f",    "///g" };
  static const char *const unsupported[] = { "ftp://b.example/", "file:///etc/passwd",
                                             "javascript:alert(1)", "data:,x", "about:blank" };
  for (gsize i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr (GError) error = NULL;
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_null (ferry_address_resolve ("https://a.example/b", broken[i], &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (unsupported); i++)
    {
      g_autoptr (GError) error = NULL;
      g_assert_null (ferry_address_resolve ("https://a.example/b", unsupported[i], &error));
      g_assert_error (error, FERRY_ERROR, FERRY_ERROR_UNSUPPORTED_SCHEME);
    }
  g_autoptr (GError) error = NULL;
  g_assert_null (ferry_address_resolve ("no base", "/a", &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_autofree char *longest = g_strnfill (65 * 1024, 'a');
  g_assert_null (ferry_address_resolve ("https://a.example/b", longest, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL);
  g_clear_error (&error);
  g_autofree char *growing = g_strnfill (30 * 1024, '{');
  g_assert_null (ferry_address_resolve ("https://a.example/b", growing, &error));
  g_assert_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL);
}

static void
test_extract (void)
{
  static const char *const cases[][2] = {
    { "", "" },
    { " \n \r\n", "" },
    { "https://a.example/x", "https://a.example/x" },
    { "https://a.example/x https://b.example/y", "https://a.example/x|https://b.example/y" },
    { "https://a.example/x\r\nhttps://b.example/y\r\n", "https://a.example/x|https://b.example/y" },
    { "https://a.example/x\nhttps://a.example/x\n", "https://a.example/x" },
    { "# a comment https://c.example/\nhttps://a.example/x", "https://a.example/x" },
    { "ftp://a.example/x magnet:?xt=1", "ftp://a.example/x|magnet:?xt=1" },
    { "http:broken https:/a", "http:broken|https:/a" },
    /* prose */
    { "See https://a.example/x, or (https://b.example/y).",
      "https://a.example/x|https://b.example/y" },
    { "Is it https://a.example/x?", "https://a.example/x" },
    { "<https://a.example/x>", "https://a.example/x" },
    { "<a href=\"https://a.example/x\">here</a>", "https://a.example/x" },
    { "[here](https://a.example/x)", "https://a.example/x" },
    { "read https://a.example/x_(y)", "https://a.example/x_(y)" },
    { "URL:https://a.example/x", "https://a.example/x" },
    { "https://web.example/https://a.example/x", "https://web.example/https://a.example/x" },
    { "nothing here e.g. and/or 1.5/2 i.e. readme.txt", "" },
    { "hello", "" },
    { "int x; //a.example/b is code", "" },
    { "say xhttps://a.example/", "xhttps://a.example/" },
    /* bare hosts */
    { "www.a.example is it", "www.a.example" },
    { "get a.example/x.iso now", "a.example/x.iso" },
    { "a.example", "a.example" },
    { "a.example\nb.example/y", "a.example|b.example/y" },
    /* alone on its line, all of it is meant */
    { "https://a.example/x?", "https://a.example/x?" },
    { "https://a.example/x.", "https://a.example/x." },
    { "https://a.example/\u00e4\u3000https://b.example/",
      "https://a.example/\u00e4|https://b.example/" },
    { "\xff https://a.example/x", "https://a.example/x" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (GStrv) words = ferry_address_extract (cases[i][0]);
      g_autofree char *joined = g_strjoinv ("|", words);
      g_assert_cmpstr (joined, ==, cases[i][1]);
    }
  g_auto (GStrv) none = ferry_address_extract (NULL);
  g_assert_cmpuint (g_strv_length (none), ==, 0);
}

static void
test_extract_many (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  for (guint i = 0; i < 10500; i++)
    g_string_append_printf (text, "https://a.example/%u%c", i, i % 3 == 0 ? ' ' : '\n');
  g_auto (GStrv) words = ferry_address_extract (text->str);
  g_assert_cmpuint (g_strv_length (words), ==, 10000);
  g_assert_cmpstr (words[9999], ==, "https://a.example/9999");
}

/* Hostile clipboards must not take quadratic time: these would take minutes. */
static void
test_extract_huge_words (void)
{
  static const char fills[] = ")].,:(/a<h";
  for (const char *c = fills; *c != '\0'; c++)
    {
      g_autofree char *word = g_strnfill (4 * 1000 * 1000, *c);
      g_autofree char *text = g_strconcat ("x ", word, NULL);
      g_auto (GStrv) words = ferry_address_extract (text);
      g_assert_cmpuint (g_strv_length (words), ==, 0);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/address/normalize", test_normalize);
  g_test_add_func ("/address/credentials", test_credentials);
  g_test_add_func ("/address/invalid", test_invalid);
  g_test_add_func ("/address/unsupported", test_unsupported);
  g_test_add_func ("/address/length", test_length);
  g_test_add_func ("/address/host", test_host);
  g_test_add_func ("/address/same-origin", test_same_origin);
  g_test_add_func ("/address/resolve", test_resolve);
  g_test_add_func ("/address/resolve/without-path", test_resolve_without_path);
  g_test_add_func ("/address/resolve/refuses", test_resolve_refuses);
  g_test_add_func ("/address/extract", test_extract);
  g_test_add_func ("/address/extract/many", test_extract_many);
  g_test_add_func ("/address/extract/huge-words", test_extract_huge_words);
  return g_test_run ();
}
