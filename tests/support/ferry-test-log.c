/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-log.h"

#include <string.h>

struct _FerryTestLog
{
  GMutex lock; /* guards all of it, and the requests it holds */
  GPtrArray *requests;
  GHashTable *counters;       /* path -> requests */
  GHashTable *range_counters; /* path -> requests with a Range */
};

FerryTestRequest *
ferry_test_request_new (const char *method, const char *target, GHashTable *headers)
{
  FerryTestRequest *self = g_atomic_rc_box_new0 (FerryTestRequest);

  self->method = g_strdup (method);
  self->target = g_strdup (target);
  self->path = g_strndup (target, strcspn (target, "?"));
  self->headers = g_hash_table_ref (headers);
  return self;
}

static FerryTestRequest *
request_copy (const FerryTestRequest *request)
{
  FerryTestRequest *self
      = ferry_test_request_new (request->method, request->target, request->headers);

  self->n = request->n;
  self->status = request->status;
  self->sent = request->sent;
  return self;
}

static void
request_clear (gpointer data)
{
  FerryTestRequest *self = data;

  g_free (self->method);
  g_free (self->target);
  g_free (self->path);
  g_hash_table_unref (self->headers);
}

void
ferry_test_request_unref (FerryTestRequest *self)
{
  g_atomic_rc_box_release_full (self, request_clear);
}

const char *
ferry_test_request_get (const FerryTestRequest *request, const char *lower_case_name)
{
  return g_hash_table_lookup (request->headers, lower_case_name);
}

static guint
count_up (GHashTable *counters, const char *path)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (counters, path)) + 1;

  g_hash_table_replace (counters, g_strdup (path), GUINT_TO_POINTER (n));
  return n;
}

FerryTestLog *
ferry_test_log_new (void)
{
  FerryTestLog *self = g_new0 (FerryTestLog, 1);

  g_mutex_init (&self->lock);
  self->requests = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_test_request_unref);
  self->counters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->range_counters = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
ferry_test_log_free (FerryTestLog *self)
{
  g_ptr_array_unref (self->requests);
  g_hash_table_unref (self->counters);
  g_hash_table_unref (self->range_counters);
  g_mutex_clear (&self->lock);
  g_free (self);
}

void
ferry_test_log_add (FerryTestLog *self, FerryTestRequest *request, guint *n_ranges)
{
  g_mutex_lock (&self->lock);
  request->n = count_up (self->counters, request->path);
  *n_ranges = ferry_test_request_get (request, "range") != NULL
                  ? count_up (self->range_counters, request->path)
                  : 0;
  g_ptr_array_add (self->requests, g_atomic_rc_box_acquire (request));
  g_mutex_unlock (&self->lock);
}

void
ferry_test_log_answer (FerryTestLog *self, FerryTestRequest *request, guint status, gsize sent)
{
  g_mutex_lock (&self->lock);
  request->status = status;
  request->sent += sent;
  g_mutex_unlock (&self->lock);
}

void
ferry_test_log_reset (FerryTestLog *self)
{
  g_mutex_lock (&self->lock);
  g_ptr_array_set_size (self->requests, 0);
  g_hash_table_remove_all (self->counters);
  g_hash_table_remove_all (self->range_counters);
  g_mutex_unlock (&self->lock);
}

GPtrArray *
ferry_test_log_get (FerryTestLog *self, const char *path)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) ferry_test_request_unref);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->requests->len; i++)
    {
      const FerryTestRequest *request = g_ptr_array_index (self->requests, i);

      if (path == NULL || strcmp (request->path, path) == 0)
        g_ptr_array_add (found, request_copy (request));
    }
  g_mutex_unlock (&self->lock);
  return found;
}

static void
append_json (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *p = text; *p != '\0'; p++)
    {
      if (*p == '"' || *p == '\\')
        g_string_append_printf (out, "\\%c", *p);
      else if ((guchar) *p < 0x20 || (guchar) *p >= 0x7f)
        g_string_append_printf (out, "\\u%04x", (guint) (guchar) *p);
      else
        g_string_append_c (out, *p);
    }
  g_string_append_c (out, '"');
}

static void
append_request (GString *out, const FerryTestRequest *request)
{
  GHashTableIter iter;
  gpointer name;
  gpointer value;
  const char *separator = "";

  g_string_append_printf (out, "{\"n\": %u, \"method\": ", request->n);
  append_json (out, request->method);
  g_string_append (out, ", \"path\": ");
  append_json (out, request->path);
  g_string_append (out, ", \"target\": ");
  append_json (out, request->target);
  g_string_append (out, ", \"headers\": {");
  g_hash_table_iter_init (&iter, request->headers);
  while (g_hash_table_iter_next (&iter, &name, &value))
    {
      g_string_append (out, separator);
      append_json (out, name);
      g_string_append (out, ": ");
      append_json (out, value);
      separator = ", ";
    }
  g_string_append_printf (out, "}, \"status\": %u, \"sent\": %" G_GUINT64_FORMAT "}\n",
                          request->status, request->sent);
}

char *
ferry_test_log_to_json (FerryTestLog *self)
{
  GString *out = g_string_new (NULL);

  g_mutex_lock (&self->lock);
  for (guint i = 0; i < self->requests->len; i++)
    append_request (out, g_ptr_array_index (self->requests, i));
  g_mutex_unlock (&self->lock);
  return g_string_free (out, FALSE);
}
