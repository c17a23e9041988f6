/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-answer.h"

#include "ferry-test-content.h"

#include <string.h>

/* Tue, 01 Jul 2025 10:00:00 GMT: long before any Date, so that it guards (RFC 9110 section 8.8.2.2). */
#define MODIFIED 1751364000
#define GZIP_MAX (64 * 1024 * 1024)

/* What is true of the file when the request arrives. */
typedef struct
{
  const FerryTestScript *script;
  GHashTable *headers;
  guint n;
  guint n_ranges;
  guint64 seed;
  guint64 size;
  gboolean patched;
  char *etag;
  char *modified;
  char *date;
} Facts;

static void
facts_clear (Facts *facts)
{
  g_free (facts->etag);
  g_free (facts->modified);
  g_free (facts->date);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Facts, facts_clear)

static char *
format_date (gint64 seconds)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (seconds);
  static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
  static const char *const months[]
      = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

  return g_strdup_printf (
      "%s, %02d %s %04d %02d:%02d:%02d GMT", days[g_date_time_get_day_of_week (time) - 1],
      g_date_time_get_day_of_month (time), months[g_date_time_get_month (time) - 1],
      g_date_time_get_year (time), g_date_time_get_hour (time), g_date_time_get_minute (time),
      g_date_time_get_second (time));
}

static char *
make_etag (const Facts *facts, guint64 seed, guint64 size)
{
  const char *text = ferry_test_script_text (facts->script, "etag");
  const char *weak = g_strcmp0 (text, "weak") == 0 ? "W/" : "";

  if (g_strcmp0 (text, "none") == 0)
    return NULL;
  if (g_strcmp0 (text, "changing") == 0)
    return g_strdup_printf ("\"answer-%u\"", facts->n);
  if (text != NULL && *weak == '\0')
    return g_strdup (text);
  return g_strdup_printf ("%s\"%" G_GINT64_MODIFIER "x-%" G_GINT64_MODIFIER "x\"", weak, seed,
                          size);
}

static void
facts_init (Facts *facts, const FerryTestScript *script)
{
  const char *modified = ferry_test_script_text (script, "lm");
  const char *date = ferry_test_script_text (script, "date");
  gboolean weak = g_strcmp0 (modified, "weak") == 0;
  gboolean changed = ferry_test_script_text (script, "change_after") != NULL
                     && !ferry_test_script_within (script, "change_after", facts->n);
  gboolean shows = changed && !ferry_test_script_is (script, "keep_validators", "1");
  guint64 seed = ferry_test_script_number (script, "seed", 0);
  guint64 size = ferry_test_script_number (script, "size", 0);

  facts->script = script;
  facts->patched = changed && ferry_test_script_text (script, "change_from") != NULL;
  facts->seed = seed + (changed && !facts->patched ? 1 : 0);
  facts->size = changed ? (guint64) ferry_test_script_number (script, "changed_size", size) : size;
  facts->etag = make_etag (facts, shows ? seed + 1 : seed, shows ? facts->size : size);
  if (modified == NULL || weak)
    facts->modified = format_date (MODIFIED + (shows ? 86400 : 0));
  else if (g_strcmp0 (modified, "none") != 0)
    facts->modified = g_strdup (modified);
  if (date == NULL)
    facts->date
        = weak ? g_strdup (facts->modified) : format_date (g_get_real_time () / G_USEC_PER_SEC);
  else if (g_strcmp0 (date, "none") != 0)
    facts->date = g_strdup (date);
}

static const char *
request_header (const Facts *facts, const char *name)
{
  return g_hash_table_lookup (facts->headers, name);
}

static void
add_field (FerryTestAnswer *self, const char *name, const char *value)
{
  if (value != NULL)
    g_string_append_printf (self->fields, "%s: %s\r\n", name, value);
}

static FerryTestAnswer *
answer_new (guint status)
{
  FerryTestAnswer *self = g_new0 (FerryTestAnswer, 1);

  self->status = status;
  self->fields = g_string_new (NULL);
  self->announced = -1;
  self->cut = -1;
  self->stall = -1;
  return self;
}

FerryTestAnswer *
ferry_test_answer_new_text (guint status, const char *type, const char *text, gssize length)
{
  FerryTestAnswer *self = answer_new (status);

  self->bytes = g_bytes_new (text, length < 0 ? strlen (text) : (gsize) length);
  self->length = g_bytes_get_size (self->bytes);
  self->announced = self->length;
  add_field (self, "Content-Type", type);
  return self;
}

void
ferry_test_answer_free (FerryTestAnswer *self)
{
  if (self == NULL)
    return;
  g_string_free (self->fields, TRUE);
  g_clear_pointer (&self->bytes, g_bytes_unref);
  g_free (self);
}

static FerryTestAnswer *
plain (guint status)
{
  g_autofree char *text = g_strdup_printf ("Status %u\n", status);

  return ferry_test_answer_new_text (status, "text/plain", text, -1);
}

static gboolean
is_signed_in (const Facts *facts)
{
  const char *wanted = ferry_test_script_text (facts->script, "auth");
  g_autofree char *encoded = NULL;
  g_autofree char *field = NULL;

  if (wanted == NULL || !g_str_has_prefix (wanted, "basic:"))
    return wanted == NULL;
  wanted += strlen ("basic:");
  encoded = g_base64_encode ((const guchar *) wanted, strlen (wanted));
  field = g_strdup_printf ("Basic %s", encoded);
  return g_strcmp0 (request_header (facts, "authorization"), field) == 0;
}

static FerryTestAnswer *
redirect (const Facts *facts, const char *target)
{
  FerryTestAnswer *self = plain (ferry_test_script_number (facts->script, "code", 302));
  const char *to = ferry_test_script_text (facts->script, "redirect");
  g_autofree char *number = g_strdup_printf ("%u", facts->n);
  g_autoptr (GString) location = g_string_new (strcmp (to, "self") == 0 ? target : to);

  g_string_replace (location, "{n}", number, 0);
  add_field (self, "Location", location->str);
  return self;
}

static FerryTestAnswer *
sign_in_page (void)
{
  static const char page[] = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>"
                             "<body><form>Name <input name=user></form></body></html>\n";

  return ferry_test_answer_new_text (200, "text/html; charset=utf-8", page, -1);
}

/* What stands between the request and the file; NULL when nothing does. */
static FerryTestAnswer *
gate (const Facts *facts, const char *target)
{
  const FerryTestScript *script = facts->script;
  gboolean within = ferry_test_script_within (script, "times", facts->n);
  FerryTestAnswer *self;

  if (!is_signed_in (facts))
    {
      self = plain (401);
      add_field (self, "WWW-Authenticate", "Basic realm=\"Test\"");
      return self;
    }
  if (!ferry_test_script_within (script, "expire_after", facts->n))
    return plain (ferry_test_script_number (script, "expired", 403));
  if (ferry_test_script_text (script, "status") != NULL && within)
    {
      self = plain (ferry_test_script_number (script, "status", 500));
      add_field (self, "Retry-After", ferry_test_script_text (script, "retry_after"));
      add_field (self, "WWW-Authenticate", ferry_test_script_text (script, "www"));
      return self;
    }
  if (ferry_test_script_text (script, "redirect") != NULL && within)
    return redirect (facts, target);
  if ((ferry_test_script_is (script, "html", "1") && within)
      || !ferry_test_script_within (script, "html_after", facts->n))
    return sign_in_page ();
  return NULL;
}

/* RFC 9110 section 13.2.2: If-Match by strong comparison, and only without it If-Unmodified-Since. */
static gboolean
precondition_fails (const Facts *facts)
{
  const char *match = request_header (facts, "if-match");
  const char *since = request_header (facts, "if-unmodified-since");

  if (ferry_test_script_is (facts->script, "precond", "ignored"))
    return FALSE;
  if (ferry_test_script_is (facts->script, "precond", "412always"))
    return match != NULL || since != NULL;
  if (match != NULL)
    return strcmp (match, "*") != 0
           && (g_str_has_prefix (match, "W/") || facts->etag == NULL
               || strstr (match, facts->etag) == NULL);
  return since != NULL && g_strcmp0 (since, facts->modified) != 0;
}

/* FALSE: no range that this server honours. */
static gboolean
asked_range (const Facts *facts, guint64 *first, guint64 *last)
{
  const char *range = request_header (facts, "range");
  const char *if_range = request_header (facts, "if-range");
  char *end = NULL;

  if (range == NULL || !g_str_has_prefix (range, "bytes=") || strchr (range, ',') != NULL
      || ferry_test_script_is (facts->script, "ranges", "no")
      || ferry_test_script_is (facts->script, "ranges", "ignore"))
    return FALSE;
  if (if_range != NULL && g_strcmp0 (if_range, facts->etag) != 0
      && g_strcmp0 (if_range, facts->modified) != 0)
    return FALSE;
  *last = facts->size - 1;
  if (range[6] == '-')
    {
      guint64 n = g_ascii_strtoull (range + 7, NULL, 10);

      *first = n < facts->size ? facts->size - n : 0;
      return TRUE;
    }
  *first = g_ascii_strtoull (range + 6, &end, 10);
  if (*end == '-' && g_ascii_isdigit (end[1]))
    *last = MIN (*last, g_ascii_strtoull (end + 1, NULL, 10));
  return *end == '-';
}

static void
add_file_fields (FerryTestAnswer *self, const Facts *facts)
{
  const FerryTestScript *script = facts->script;
  const char *type = ferry_test_script_text (script, "type");
  const char *digest = ferry_test_script_text (script, "digest");

  if (g_strcmp0 (type, "none") != 0)
    add_field (self, "Content-Type", type != NULL ? type : "application/octet-stream");
  add_field (self, "Content-Disposition", ferry_test_script_text (script, "disposition"));
  add_field (self, "ETag", facts->etag);
  add_field (self, "Last-Modified", facts->modified);
  if (ferry_test_script_is (script, "ranges", "no"))
    add_field (self, "Accept-Ranges", "none");
  else if (!ferry_test_script_is (script, "ranges", "none-header"))
    add_field (self, "Accept-Ranges", "bytes");
  if (digest != NULL)
    {
      guint64 seed = facts->seed + (strcmp (digest, "bad") == 0 ? 1 : 0);
      g_autofree char *hex = ferry_test_content_sha256 (seed, facts->size);
      guchar raw[32];
      g_autofree char *encoded = NULL;
      g_autofree char *value = NULL;

      for (gsize i = 0; i < sizeof raw; i++)
        raw[i] = g_ascii_xdigit_value (hex[2 * i]) * 16 + g_ascii_xdigit_value (hex[2 * i + 1]);
      encoded = g_base64_encode (raw, sizeof raw);
      value = g_strdup_printf ("sha-256=:%s:", encoded);
      add_field (self, "Repr-Digest", value);
    }
}

static GBytes *
gzipped (guint64 seed, guint64 first, guint64 length)
{
  g_autoptr (GConverter) converter
      = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 1));
  g_autoptr (GOutputStream) memory = g_memory_output_stream_new_resizable ();
  g_autoptr (GOutputStream) stream = g_converter_output_stream_new (memory, converter);
  g_autofree guint8 *content = NULL;

  g_assert (length <= GZIP_MAX);
  content = g_malloc (length);
  ferry_test_content_fill (seed, first, content, length);
  g_assert (g_output_stream_write_all (stream, content, length, NULL, NULL, NULL));
  g_assert (g_output_stream_close (stream, NULL, NULL));
  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (memory));
}

static void
set_bytes (FerryTestAnswer *self, GBytes *bytes)
{
  g_clear_pointer (&self->bytes, g_bytes_unref);
  self->bytes = bytes;
  self->length = g_bytes_get_size (bytes);
  self->announced = self->length;
}

static void
set_patch (FerryTestAnswer *self, const Facts *facts)
{
  if (!facts->patched)
    return;
  self->patch_from = ferry_test_script_number (facts->script, "change_from", 0);
  self->patch_to = ferry_test_script_number (facts->script, "change_to", facts->size);
}

void
ferry_test_answer_fill (const FerryTestAnswer *self, guint64 at, void *data, gsize length)
{
  guint64 from;
  guint64 to;

  if (self->bytes != NULL)
    {
      memcpy (data, (const guint8 *) g_bytes_get_data (self->bytes, NULL) + at, length);
      return;
    }
  at += self->first;
  ferry_test_content_fill (self->seed, at, data, length);
  from = MAX (self->patch_from, at);
  to = MIN (self->patch_to, at + length);
  if (from < to)
    ferry_test_content_fill (self->seed + 1, from, (guint8 *) data + (from - at), to - from);
}

static FerryTestAnswer *
whole_file (const Facts *facts)
{
  FerryTestAnswer *self = answer_new (200);
  const char *coding = ferry_test_script_text (facts->script, "coding");

  add_file_fields (self, facts);
  add_field (self, "Content-Encoding", coding);
  self->seed = facts->seed;
  self->length = facts->size;
  self->announced = facts->size;
  set_patch (self, facts);
  if (g_strcmp0 (coding, "gzip") == 0)
    set_bytes (self, gzipped (facts->seed, 0, facts->size));
  return self;
}

static FerryTestAnswer *
unsatisfied (const Facts *facts)
{
  FerryTestAnswer *self = plain (416);
  const char *how = ferry_test_script_text (facts->script, "416");
  g_autofree char *range = NULL;

  if (g_strcmp0 (how, "without") == 0 || g_strcmp0 (how, "always") == 0)
    return self;
  if (how != NULL && g_str_has_prefix (how, "always:"))
    range = g_strdup_printf ("bytes */%s", how + strlen ("always:"));
  else
    range = g_strdup_printf ("bytes */%" G_GUINT64_FORMAT, facts->size);
  add_field (self, "Content-Range", range);
  return self;
}

static void
set_multipart (FerryTestAnswer *self, guint64 first, guint64 last, guint64 size)
{
  g_autofree char *head = g_strdup_printf ("--cut\r\nContent-Type: application/octet-stream\r\n"
                                           "Content-Range: bytes %" G_GUINT64_FORMAT
                                           "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT "\r\n\r\n",
                                           first, last, size);
  GByteArray *body = g_byte_array_new ();
  gsize start = strlen (head);

  g_byte_array_append (body, (const guint8 *) head, start);
  g_byte_array_set_size (body, start + self->length);
  ferry_test_content_fill (self->seed, first, body->data + start, self->length);
  g_byte_array_append (body, (const guint8 *) "\r\n--cut--\r\n", 11);
  set_bytes (self, g_byte_array_free_to_bytes (body));
}

static void
replace_field (FerryTestAnswer *self, const char *name, const char *value)
{
  g_autofree char *prefix = g_strdup_printf ("%s: ", name);
  g_auto (GStrv) lines = g_strsplit (self->fields->str, "\r\n", -1);

  g_string_truncate (self->fields, 0);
  for (gsize i = 0; lines[i] != NULL; i++)
    if (*lines[i] != '\0' && !g_str_has_prefix (lines[i], prefix))
      g_string_append_printf (self->fields, "%s\r\n", lines[i]);
  add_field (self, name, value);
}

/* The moved, shortened or renamed slice of range206; what needs another Content-Range is in content_range (). */
static void
spoil_slice (FerryTestAnswer *self, const Facts *facts, const char *kind, guint64 *first)
{
  guint64 by = MIN (100, self->length - 1);

  if (g_strcmp0 (kind, "earlier") == 0)
    {
      by = MIN (100, *first);
      *first -= by;
      self->length += by;
    }
  else if (g_strcmp0 (kind, "later") == 0)
    {
      by = MIN (100000, self->length - 1);
      *first += by;
      self->length -= by;
    }
  else if (g_strcmp0 (kind, "shorter") == 0)
    self->length = MAX (1, self->length / 2);
  else if (g_strcmp0 (kind, "otheretag") == 0)
    replace_field (self, "ETag", "\"quite-another\"");
  else if (g_strcmp0 (kind, "otherlm") == 0)
    replace_field (self, "Last-Modified", "Wed, 02 Jul 2025 10:00:00 GMT");
  else if (g_strcmp0 (kind, "lie") == 0)
    self->seed = facts->seed + 1;
}

static char *
content_range (const char *kind, guint64 first, guint64 last, guint64 size)
{
  if (g_strcmp0 (kind, "nocr") == 0 || g_strcmp0 (kind, "multipart") == 0)
    return NULL;
  if (g_strcmp0 (kind, "badcr") == 0)
    return g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                            last + 1, first, size);
  if (g_strcmp0 (kind, "nototal") == 0)
    return g_strdup_printf ("bytes %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/*", first, last);
  return g_strdup_printf ("%s %" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
                          g_strcmp0 (kind, "unit") == 0 ? "items" : "bytes", first, last,
                          size + (g_strcmp0 (kind, "othertotal") == 0 ? 1 : 0));
}

static FerryTestAnswer *
slice_of_file (const Facts *facts, guint64 first, guint64 last)
{
  FerryTestAnswer *self = answer_new (206);
  const char *kind = ferry_test_script_within (facts->script, "faults", facts->n_ranges)
                         ? ferry_test_script_text (facts->script, "range206")
                         : NULL;
  g_autofree char *range = NULL;

  add_file_fields (self, facts);
  self->seed = facts->seed;
  self->length = last - first + 1;
  set_patch (self, facts);
  spoil_slice (self, facts, kind, &first);
  self->first = first;
  self->announced = self->length;
  range = content_range (kind, first, first + self->length - 1, facts->size);
  add_field (self, "Content-Range", range);
  if (g_strcmp0 (kind, "empty") == 0)
    set_bytes (self, g_bytes_new_static ("", 0));
  else if (kind != NULL && g_str_has_prefix (kind, "multipart"))
    {
      replace_field (self, "Content-Type", "multipart/byteranges; boundary=cut");
      set_multipart (self, first, last, facts->size);
    }
  else if (g_strcmp0 (kind, "gzipslice") == 0)
    {
      add_field (self, "Content-Encoding", "gzip");
      set_bytes (self, gzipped (facts->seed, first, self->length));
    }
  return self;
}

static FerryTestAnswer *
file (const Facts *facts)
{
  const char *how = ferry_test_script_text (facts->script, "416");
  guint64 first = 0;
  guint64 last = 0;

  if (precondition_fails (facts))
    return plain (412);
  if (how != NULL && g_str_has_prefix (how, "always") && request_header (facts, "range") != NULL)
    return unsatisfied (facts);
  if (ferry_test_script_text (facts->script, "coding") != NULL
      || !asked_range (facts, &first, &last))
    return whole_file (facts);
  if (first >= facts->size || last < first)
    return unsatisfied (facts);
  return slice_of_file (facts, first, last);
}

static void
frame (FerryTestAnswer *self, const Facts *facts)
{
  const FerryTestScript *script = facts->script;
  const char *length = ferry_test_script_text (script, "length");

  /* So that not the length gives away what is wrong. */
  if (self->status == 206 && self->bytes != NULL && length == NULL && self->length > 0)
    length = "chunked";
  self->http10 = ferry_test_script_is (script, "http10", "1");
  self->close = self->http10 || ferry_test_script_is (script, "keepalive", "no");
  self->endless = ferry_test_script_is (script, "body", "endless");
  if (self->endless || g_strcmp0 (length, "none") == 0)
    {
      self->announced = -1;
      self->close = TRUE;
      if (self->endless)
        g_clear_pointer (&self->bytes, g_bytes_unref);
    }
  else if (g_strcmp0 (length, "chunked") == 0)
    {
      self->announced = -1;
      self->chunked = TRUE;
    }
  else if (length != NULL && g_str_has_prefix (length, "wrong:"))
    {
      self->announced = g_ascii_strtoll (length + strlen ("wrong:"), NULL, 10);
      self->close = TRUE;
    }
}

static void
break_off (FerryTestAnswer *self, const Facts *facts)
{
  const FerryTestScript *script = facts->script;

  if (ferry_test_script_within (script, "cuts", facts->n))
    self->cut = ferry_test_script_number (script, "cut", -1);
  if (ferry_test_script_is (script, "cutmode", "reset"))
    self->cut_mode = FERRY_TEST_CUT_RESET;
  else if (ferry_test_script_is (script, "cutmode", "keepalive"))
    self->cut_mode = FERRY_TEST_CUT_KEEPALIVE;
  if (self->cut >= 0 && self->cut_mode == FERRY_TEST_CUT_CLOSE)
    self->close = TRUE;
  if (ferry_test_script_within (script, "stalls", facts->n))
    self->stall = ferry_test_script_number (script, "stall", -1);
  self->rate = ferry_test_script_number (script, "rate", 0);
  self->delay_ms = ferry_test_script_number (script, "slowheader", 0);
  self->endless_head = ferry_test_script_is (script, "headers", "endless");
  self->garbage = ferry_test_script_is (script, "garbage", "1");
  self->drop = ferry_test_script_text (script, "drop") != NULL
               && ferry_test_script_within (script, "drop", facts->n);
}

FerryTestAnswer *
ferry_test_answer_new (
    const FerryTestScript *script, const char *target, GHashTable *headers, guint n, guint n_ranges)
{
  g_auto (Facts) facts = { .headers = headers, .n = n, .n_ranges = n_ranges };
  FerryTestAnswer *self;

  facts_init (&facts, script);
  self = gate (&facts, target);
  if (self == NULL)
    self = file (&facts);
  add_field (self, "Date", facts.date);
  for (gint64 i = 0; i < ferry_test_script_number (script, "headlines", 0); i++)
    g_string_append_printf (self->fields, "X-Line-%05" G_GINT64_FORMAT ": %084d\r\n", i, 0);
  frame (self, &facts);
  break_off (self, &facts);
  return self;
}
