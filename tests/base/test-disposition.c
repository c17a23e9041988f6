/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content-Disposition (RFC 6266, RFC 8187), as servers really send it. */
#include "ferry-http-headers.h"

static void
test_file_name (void)
{
  static const struct
  {
    const char *value;
    const char *name;
  } cases[] = {
    { NULL, NULL },
    { "", NULL },
    { "attachment", NULL },
    { "attachment;", NULL },
    { "attachment; filename", NULL },
    { "attachment; filename=", NULL },
    { "attachment; filename=\"\"", NULL },
    { "attachment; filename=a.iso", "a.iso" },
    { "attachment; filename=\"a.iso\"", "a.iso" },
    { "attachment;filename=\"a.iso\";", "a.iso" },
    { "ATTACHMENT ; FileName = \"a.iso\" ; size=5", "a.iso" },
    { "attachment; size=5; filename=\"a; b.iso\"; x=\"y\"", "a; b.iso" },
    { "inline; filename=a.iso", "a.iso" },
    { "x-unknown; filename=a.iso", "a.iso" },
    /* quoted-string */
    { "attachment; filename=\"a \\\"b\\\" \\\\ c.iso\"", "a \"b\" \\ c.iso" },
    { "attachment; filename=\"a\\.iso\"", "a.iso" },
    { "attachment; filename=\"a.iso\" junk; filename=\"b.iso\"", "a.iso" },
    { "attachment; filename=\"a.iso", "a.iso" },
    { "attachment; filename=\"a.iso\\", "a.iso\\" },
    { "attachment; x=\"filename=b.iso\"; filename=a.iso", "a.iso" },
    /* not a token, but sent all the same */
    { "attachment; filename=my file.iso ; x=y", "my file.iso" },
    { "filename=a.iso", "a.iso" },
    { "filename*=UTF-8''a.iso", "a.iso" },
    { "attachment filename=a.iso", "a.iso" },
    { "attachment; filename='a.iso'", "'a.iso'" },
    /* the first of several */
    { "attachment; filename=a.iso; filename=b.iso", "a.iso" },
    { "attachment; filename*=UTF-8''a.iso; filename*=UTF-8''b.iso", "a.iso" },
    /* other names */
    { "attachment; xfilename=a.iso", NULL },
    { "attachment; filename0=a.iso", NULL },
    { "attachment; filename*0=\"a\"; filename*1=\".iso\"", NULL },
    { "attachment; filename*0*=UTF-8''a; filename=b.iso", "b.iso" },
    { "attachment; name=a.iso", NULL },
    /* left as sent */
    { "attachment; filename=\"%41%2F.iso\"", "%41%2F.iso" },
    { "attachment; filename=\"=?UTF-8?Q?a?=\"", "=?UTF-8?Q?a?=" },
    { "attachment; filename=\"../../etc/passwd\"", "../../etc/passwd" },
    /* bytes */
    { "attachment; filename=\"bl\xc3\xb6"
      "b.bin\"",
      "bl\xc3\xb6"
      "b.bin" },
    { "attachment; filename=\"bl\xf6"
      "b.bin\"",
      "bl\xc3\xb6"
      "b.bin" },
    { "attachment; filename=\xe4", "\xc3\xa4" },
    /* filename* */
    { "attachment; filename*=UTF-8''%e2%82%ac%20rates.txt", "€ rates.txt" },
    { "attachment; filename*=utf-8'en'a.iso", "a.iso" },
    { "attachment; filename*=\"UTF-8''a.iso\"", "a.iso" },
    { "attachment; filename*=iso-8859-1'en'%A3%20rates", "£ rates" },
    { "attachment; filename*=UTF-8''it's", "it's" },
    { "attachment; filename=b.iso; filename*=UTF-8''a.iso", "a.iso" },
    { "attachment; filename*=UTF-8''a.iso; filename=b.iso", "a.iso" },
    { "attachment; FILENAME*=UTF-8''a%2Fb", "a/b" },
    /* a broken filename* gives way */
    { "attachment; filename*=UTF-8''%ff; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''%zz; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''a%; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''a%4; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''a%00b; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8'a.iso; filename=b.iso", "b.iso" },
    { "attachment; filename*=a.iso; filename=b.iso", "b.iso" },
    { "attachment; filename*=''a.iso; filename=b.iso", "b.iso" },
    { "attachment; filename*=Shift_JIS''a.iso; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8X''a.iso; filename=b.iso", "b.iso" },
    { "attachment; filename*=UTF-8''%ff", NULL },
    { "attachment; filename*; filename=b.iso", "b.iso" },
    /* odd bytes where the grammar has none */
    { ";;;filename=a.iso", "a.iso" },
    { "=;=;=filename", NULL },
    { "\"", NULL },
    { "attachment; =x; filename=a.iso", "a.iso" },
    { "\xff\xfe; filename=a.iso", "a.iso" },
  };
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *name = ferry_http_disposition_filename (cases[i].value);
      g_test_message ("case %" G_GSIZE_FORMAT, i);
      g_assert_cmpstr (name, ==, cases[i].name);
    }
}

static void
test_long_value (void)
{
  g_autofree char *dots = g_strnfill (1000 * 1000, '.');
  g_autofree char *value = g_strconcat ("attachment; filename=\"", dots, "\"", NULL);
  g_autofree char *name = ferry_http_disposition_filename (value);
  g_assert_cmpstr (name, ==, dots);
  g_autofree char *separators = g_strnfill (1000 * 1000, ';');
  g_autofree char *none = ferry_http_disposition_filename (separators);
  g_assert_null (none);
}

static void
test_attachment (void)
{
  static const char *const yes[]
      = { "attachment", "attachment; filename=x", "ATTACHMENT", "x-unknown", "inlinex",
          "filename=x", "form-data; name=x" };
  static const char *const no[]
      = { NULL, "", " ", "inline", "INLINE", " inline ; filename=x", "inline;x" };
  for (gsize i = 0; i < G_N_ELEMENTS (yes); i++)
    g_assert_true (ferry_http_disposition_is_attachment (yes[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (no); i++)
    g_assert_false (ferry_http_disposition_is_attachment (no[i]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/disposition/file-name", test_file_name);
  g_test_add_func ("/disposition/long-value", test_long_value);
  g_test_add_func ("/disposition/attachment", test_attachment);
  return g_test_run ();
}
