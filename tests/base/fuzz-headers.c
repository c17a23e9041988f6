/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeds foreign bytes to everything that parses them: header fields, file names, addresses, checksums. */
#include "ferry-address.h"
#include "ferry-digest.h"
#include "ferry-error.h"
#include "ferry-file-name.h"
#include "ferry-http-headers.h"
#include "fuzz-driver.h"

#include <string.h>

/* The driver's own are of this kind. */
const char *const *const fuzz_seeds = NULL;
const char *const *const fuzz_pieces = NULL;

#define ADDRESS_MAX (64 * 1024)

static void
check_numbers (const char *text)
{
  FerryContentRange range;
  if (ferry_http_parse_content_range (text, &range))
    {
      g_assert_cmpuint (range.first, <=, range.last);
      g_assert_cmpuint (range.last, <=, G_MAXINT64);
      g_assert_true (range.complete == -1 || (guint64) range.complete > range.last);
    }
  guint64 complete;
  if (ferry_http_parse_unsatisfied_range (text, &complete))
    g_assert_cmpuint (complete, <=, G_MAXINT64);
  g_assert_cmpint (ferry_http_parse_length (text), >=, -1);
  g_assert_cmpint (ferry_http_parse_retry_after (text, 784111777), >=, -1);
}

static void
check_date (const char *text)
{
  gint64 seconds = ferry_http_parse_date (text);
  g_assert_cmpint (seconds, >=, -1);
  g_assert_false (ferry_http_last_modified_is_strong (text, text));
  if (seconds < 0)
    return;
  g_autofree char *again = ferry_http_format_date (seconds);
  /* A leap second at the end of 9999 is past what can be written. */
  g_assert_cmpint (ferry_http_parse_date (again), ==,
                   MIN (seconds, G_GINT64_CONSTANT (253402300799)));
}

static void
check_etag (const char *text)
{
  gsize length = strlen (text);
  g_assert_cmpint (ferry_http_etag_matches (text, text), ==,
                   length > 0 && strcmp (text, "W/") != 0);
  if (!ferry_http_etag_is_strong (text))
    return;
  g_assert_true (length >= 2 && text[0] == '"' && text[length - 1] == '"');
  g_assert_null (strpbrk (text, "\r\n \t"));
}

static void
check_fields (const char *text)
{
  g_autofree char *name = ferry_http_disposition_filename (text);
  if (name != NULL)
    {
      g_assert_cmpuint (strlen (name), >, 0);
      g_assert_cmpuint (strlen (name), <=, 2 * strlen (text));
      g_assert_true (g_utf8_validate (name, -1, NULL));
    }
  ferry_http_disposition_is_attachment (text);
  g_assert_cmpint (ferry_http_parse_accept_ranges (text), <=, FERRY_RESUME_NO);
  if (ferry_http_media_type_is_html (text))
    g_assert_nonnull (strchr (text, '/'));
  guint8 sha256[FERRY_SHA256_SIZE];
  if (ferry_http_parse_repr_digest (text, sha256))
    g_assert_nonnull (strstr (text, "sha-256=:"));
}

static void
check_checksum (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *hex = ferry_checksum_parse (text, &error);
  g_assert_true ((hex == NULL) == (error != NULL));
  if (hex == NULL)
    return;
  g_assert_cmpuint (strlen (hex), ==, 2 * FERRY_SHA256_SIZE);
  g_assert_cmpuint (strspn (hex, "0123456789abcdef"), ==, 2 * FERRY_SHA256_SIZE);
}

static gboolean
may_be_at_end (gunichar c)
{
  return c != '.' && !g_unichar_isspace (c);
}

/* One component that is safe to show and to create. */
static void
assert_safe_name (const char *name)
{
  gsize length = strlen (name);
  g_assert_true (g_utf8_validate (name, -1, NULL));
  g_assert_true (length >= 1 && length <= FERRY_FILE_NAME_MAX);
  g_assert_null (strpbrk (name, "/\\"));
  g_assert_true (may_be_at_end (g_utf8_get_char (name)));
  g_assert_true (may_be_at_end (g_utf8_get_char (g_utf8_prev_char (name + length))));
  for (const char *p = name; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      g_assert_false (g_unichar_iscntrl (c) && c != 0x200c && c != 0x200d);
      g_assert_false ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069));
      g_assert_false (c == 0x200b || c == 0x200e || c == 0x200f || c == 0x61c || c == 0xfeff);
    }
  g_autofree char *normal = g_utf8_normalize (name, -1, G_NORMALIZE_NFC);
  g_assert_cmpstr (normal, ==, name);
  g_autofree char *again = ferry_file_name_sanitize (name);
  g_assert_cmpstr (again, ==, name);
}

/* Also for a name that a person chose, of any bytes. */
static void
check_derived_names (const char *name)
{
  g_assert_cmpuint (ferry_file_name_suffix (name), <=, strlen (name));
  ferry_file_name_is_web_page (name);
  g_autofree char *numbered = ferry_file_name_numbered (name, 12);
  g_assert_cmpuint (strlen (numbered), <=, FERRY_FILE_NAME_MAX);
  g_assert_nonnull (strstr (numbered, " (12)"));
  g_autofree char *part = ferry_file_name_part (name, "0123456789abcdef");
  g_assert_cmpuint (strlen (part), <=, FERRY_FILE_NAME_MAX);
  g_assert_true (g_str_has_suffix (part, ".01234567.part"));
  if (!g_utf8_validate (name, -1, NULL))
    return;
  g_assert_true (g_utf8_validate (numbered, -1, NULL));
  g_assert_true (g_utf8_validate (part, -1, NULL));
}

static void
check_names (const char *text)
{
  g_autofree char *clean = ferry_file_name_sanitize (text);
  g_autofree char *from_address = ferry_file_name_from_address (text);
  g_autofree char *chosen = ferry_file_name_choose (text, text, text);
  if (clean != NULL)
    assert_safe_name (clean);
  if (from_address != NULL)
    assert_safe_name (from_address);
  assert_safe_name (chosen);
  check_derived_names (chosen);
  check_derived_names (text);
}

static void
assert_our_error (const GError *error)
{
  g_assert_nonnull (error);
  g_assert_true (error->domain == FERRY_ERROR);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  g_assert_cmpuint (strlen (error->message), <, 1000);
}

static void
assert_clean_address (const char *address)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (g_str_has_prefix (address, "http://") || g_str_has_prefix (address, "https://"));
  g_assert_cmpuint (strlen (address), <=, ADDRESS_MAX);
  for (const char *p = address; *p != '\0'; p++)
    g_assert_true (g_ascii_isgraph (*p) && *p != '#' && *p != '\\' && *p != '"');
  g_autofree char *credentials = NULL;
  g_autofree char *again = ferry_address_normalize (address, &credentials, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (again, ==, address);
  g_assert_null (credentials);
  g_autofree char *host = ferry_address_host (address);
  g_assert_cmpstr (host, !=, "");
  g_assert_true (ferry_address_same_origin (address, address));
  g_autofree char *resolved = ferry_address_resolve ("http://x.example/y", address, &error);
  g_assert_cmpstr (resolved, ==, address);
  g_assert_true (g_uri_is_valid (address, G_URI_FLAGS_ENCODED, &error));
  g_assert_no_error (error);
}

static void
check_address (const char *text)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *credentials = NULL;
  g_autofree char *address = ferry_address_normalize (text, &credentials, &error);
  if (address != NULL)
    assert_clean_address (address);
  else
    assert_our_error (error);
  if (credentials != NULL)
    {
      g_assert_true (g_utf8_validate (credentials, -1, NULL));
      g_assert_null (strpbrk (credentials, "\r\n"));
    }
  g_autofree char *host = ferry_address_host (text);
  g_assert_null (strpbrk (host, "/@ \r\n"));
  ferry_address_same_origin (text, "https://a.example/");

  g_clear_error (&error);
  g_autofree char *resolved = ferry_address_resolve ("https://a.example/b/../c/d?e", text, &error);
  if (resolved != NULL)
    assert_clean_address (resolved);
  else
    assert_our_error (error);
  g_autofree char *other = ferry_address_resolve (text, "../x", NULL);
  if (other != NULL)
    assert_clean_address (other);
}

static void
check_extract (const char *text)
{
  g_auto (GStrv) words = ferry_address_extract (text);
  for (guint i = 0; words[i] != NULL; i++)
    {
      g_assert_cmpuint (strlen (words[i]), >, 0);
      g_assert_true (g_utf8_validate (words[i], -1, NULL));
      g_assert_null (strpbrk (words[i], " \t\r\n"));
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = g_strndup (size > 0 ? (const char *) data : "", size);
  check_numbers (text);
  check_date (text);
  check_etag (text);
  check_fields (text);
  check_checksum (text);
  check_names (text);
  check_address (text);
  check_extract (text);
  return 0;
}
