/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* What the tests of the journal share. */

#include <string.h>

#include "ferry-error.h"
#include "ferry-journal.h"
#include "ferry-store.h"

#include "../support/ferry-test-child.h"

#define ONE "11111111111111111111111111111111"
#define TWO "22222222222222222222222222222222"

G_BEGIN_DECLS

typedef struct
{
  char *folder;
  char *path;
  FerryStore *store;
} Fixture;

static inline void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->folder = ferry_test_folder_new ();
  fixture->path = g_build_filename (fixture->folder, "queue.db", NULL);
}

static inline void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_clear_pointer (&fixture->store, ferry_store_close);
  g_free (fixture->path);
  ferry_test_folder_free (fixture->folder);
}

static inline void
open_store (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *set_apart = NULL;

  g_clear_pointer (&fixture->store, ferry_store_close);
  fixture->store = ferry_store_open (fixture->folder, &set_apart, &error);
  g_assert_no_error (error);
  g_assert_null (set_apart);
}

static inline void
flush (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;

  ferry_store_flush (fixture->store, &error);
  g_assert_no_error (error);
}

static inline GPtrArray *
load (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *records = ferry_store_load (fixture->store, &error);

  g_assert_no_error (error);
  return records;
}

static inline GArray *
load_chunks (Fixture *fixture, const char *id)
{
  g_autoptr (GError) error = NULL;
  GArray *chunks = ferry_store_load_chunks (fixture->store, id, &error);

  g_assert_no_error (error);
  return chunks;
}

static inline GPtrArray *
load_history (Fixture *fixture, const char *id)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *lines = ferry_store_load_history (fixture->store, id, &error);

  g_assert_no_error (error);
  return lines;
}

/* Runs @sql past Ferry, on a database that is closed. */
static inline void
run_sql (Fixture *fixture, const char *sql)
{
  sqlite3 *handle = NULL;
  char *message = NULL;

  g_assert_cmpint (sqlite3_open (fixture->path, &handle), ==, SQLITE_OK);
  sqlite3_exec (handle, sql, NULL, NULL, &message);
  g_assert_cmpstr (message, ==, NULL);
  g_assert_cmpint (sqlite3_close (handle), ==, SQLITE_OK);
}

static inline char *
read_fixture (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "engine", "fixtures", name, NULL);
  char *sql = NULL;

  g_file_get_contents (path, &sql, NULL, &error);
  g_assert_no_error (error);
  return sql;
}

static inline void
make_from (Fixture *fixture, const char *name)
{
  g_autofree char *sql = read_fixture (name);

  run_sql (fixture, sql);
}

static inline void
make_from_fixture (Fixture *fixture)
{
  make_from (fixture, "queue-v1.sql");
}

static inline GPtrArray *
load_destinations (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  GPtrArray *destinations = ferry_store_load_destinations (fixture->store, &error);

  g_assert_no_error (error);
  return destinations;
}

static inline void
assert_headers (char **headers, const char *expected)
{
  g_autofree char *joined = headers != NULL ? g_strjoinv ("|", headers) : NULL;

  g_assert_cmpstr (joined, ==, expected);
}

static inline void
assert_spec_equal (const FerrySpec *a, const FerrySpec *b)
{
  g_autofree char *headers = b->headers != NULL ? g_strjoinv ("|", b->headers) : NULL;

  g_assert_cmpstr (a->address, ==, b->address);
  g_assert_cmpstr (a->folder, ==, b->folder);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->sha256, ==, b->sha256);
  assert_headers (a->headers, headers);
  g_assert_cmpstr (a->referrer, ==, b->referrer);
  g_assert_cmpint (a->exact, ==, b->exact);
  g_assert_cmpint (a->direction, ==, b->direction);
  g_assert_cmpstr (a->source, ==, b->source);
  g_assert_cmpstr (a->destination, ==, b->destination);
}

static inline void
assert_download_equal (const FerryProgress *a, const FerryProgress *b)
{
  g_assert_cmpstr (a->final_address, ==, b->final_address);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->part_name, ==, b->part_name);
  g_assert_cmpint (a->size, ==, b->size);
  g_assert_cmpuint (a->chunk_size, ==, b->chunk_size);
  g_assert_cmpuint (a->confirmed, ==, b->confirmed);
  g_assert_cmpstr (a->etag, ==, b->etag);
  g_assert_cmpstr (a->last_modified, ==, b->last_modified);
  g_assert_cmpstr (a->date, ==, b->date);
  g_assert_cmpstr (a->coding, ==, b->coding);
  g_assert_cmpstr (a->media_type, ==, b->media_type);
  g_assert_cmpstr (a->server_sha256, ==, b->server_sha256);
  g_assert_cmpint (a->resume, ==, b->resume);
  g_assert_true (ferry_part_stamp_equal (&a->stamp, &b->stamp));
  g_assert_cmpstr (a->publishing, ==, b->publishing);
  g_assert_cmpstr (a->verified, ==, b->verified);
  g_assert_cmpstr (a->upload_id, ==, b->upload_id);
  g_assert_cmpstr (a->upload_key, ==, b->upload_key);
  g_assert_cmpint (a->expires, ==, b->expires);
  g_assert_cmpint (a->transport, ==, b->transport);
}

static inline void
assert_record_equal (const FerryRecord *a, const FerryRecord *b)
{
  g_assert_cmpstr (a->id, ==, b->id);
  g_assert_cmpint (a->wanted, ==, b->wanted);
  g_assert_cmpint (a->outcome, ==, b->outcome);
  g_assert_cmpint (a->error_code, ==, b->error_code);
  g_assert_cmpstr (a->error_message, ==, b->error_message);
  g_assert_cmpint (a->position, ==, b->position);
  g_assert_cmpint (a->added, ==, b->added);
  g_assert_cmpint (a->finished, ==, b->finished);
  g_assert_cmpint (a->removed, ==, b->removed);
  g_assert_cmpstr (a->path, ==, b->path);
  assert_spec_equal (a->spec, b->spec);
  assert_download_equal (a->progress, b->progress);
}

static inline FerryRecord *
new_record (const char *name)
{
  FerrySpec *spec = g_new0 (FerrySpec, 1);

  spec->address = g_strconcat ("https://example.org/", name, NULL);
  spec->folder = g_strdup ("/srv");
  return ferry_record_new (spec);
}

static inline FerryRecord *
at (GPtrArray *records, guint i)
{
  g_assert_cmpuint (i, <, records->len);
  return g_ptr_array_index (records, i);
}

static inline FerryChunk
chunk_of (guint64 index, guint64 length, int fill)
{
  FerryChunk chunk = { .index = index, .length = length };

  memset (chunk.sha256, fill, sizeof chunk.sha256);
  return chunk;
}

/* "INDEX:LENGTH:FIRST-BYTE:SETTLED …" */
static inline void
assert_chunks (Fixture *fixture, const char *id, const char *expected)
{
  g_autoptr (GArray) chunks = load_chunks (fixture, id);
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < chunks->len; i++)
    {
      const FerryChunk *chunk = &g_array_index (chunks, FerryChunk, i);

      g_string_append_printf (text, "%s%" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT ":%u:%d",
                              i > 0 ? " " : "", chunk->index, chunk->length, chunk->sha256[31],
                              chunk->settled);
    }
  g_assert_cmpstr (text->str, ==, expected);
}

static inline guint64
confirmed_of (Fixture *fixture, guint i)
{
  g_autoptr (GPtrArray) records = load (fixture);

  return at (records, i)->progress->confirmed;
}

static inline void
add (const char *path, void (*func) (Fixture *, gconstpointer))
{
  g_test_add (path, Fixture, NULL, set_up, func, tear_down);
}

G_END_DECLS
