/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-journal.h"

#include <string.h>

#include "ferry-destination-check.h"
#include "ferry-destination-private.h"

#define ID_LENGTH 32

static gboolean
add (FerryDatabase *database, FerryDestination *destination, GError **error)
{
  const char *name = ferry_destination_get_name (destination);
  g_autofree char *key = ferry_destination_name_key (name);
  sqlite3_stmt *statement
      = ferry_database_prepare (database,
                                "INSERT INTO destination "
                                "(id, name, name_key, protocol, address, is_default) "
                                "VALUES (?, ?, ?, ?, ?, ?)",
                                error);

  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, ferry_destination_get_id (destination), -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 2, name, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 3, key, -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 4, ferry_destination_get_protocol (destination), -1, SQLITE_STATIC);
  sqlite3_bind_text (statement, 5, ferry_destination_get_address (destination), -1, SQLITE_STATIC);
  sqlite3_bind_int (statement, 6, ferry_destination_get_is_default (destination) ? 1 : 0);
  return ferry_database_step (database, statement, error);
}

gboolean
ferry_journal_set_destinations (FerryDatabase *database, GPtrArray *destinations, GError **error)
{
  if (!ferry_database_execute (database, "DELETE FROM destination", error))
    return FALSE;
  for (guint i = 0; i < destinations->len; i++)
    {
      FerryDestination *destination = g_ptr_array_index (destinations, i);
      if (!ferry_destination_get_here (destination) && !add (database, destination, error))
        return FALSE;
    }
  return TRUE;
}

/* (nullable): a value that cannot be */
static const char *
get_text (sqlite3_stmt *statement, int column)
{
  const char *text;

  if (sqlite3_column_type (statement, column) != SQLITE_TEXT)
    return NULL;
  text = (const char *) sqlite3_column_text (statement, column);
  return text != NULL && g_utf8_validate (text, -1, NULL) ? text : NULL;
}

/* What is read back is not trusted: it is checked as if it had been typed. (nullable) */
static FerryDestination *
take (sqlite3_stmt *statement)
{
  const char *id = get_text (statement, 0);
  const char *typed_name = get_text (statement, 1);
  const char *protocol = get_text (statement, 2);
  const char *typed_address = get_text (statement, 3);
  g_autofree char *name = NULL;
  g_autofree char *address = NULL;
  FerryDestination *destination;

  if (id == NULL || strlen (id) != ID_LENGTH || strspn (id, "0123456789abcdef") != ID_LENGTH
      || typed_name == NULL || protocol == NULL || typed_address == NULL)
    return NULL;
  name = ferry_destination_check_name (typed_name, NULL);
  address = ferry_destination_check_address (typed_address, NULL);
  if (name == NULL || address == NULL)
    return NULL;
  destination = ferry_destination_new (id, name, protocol, address);
  ferry_destination_set_is_default (destination, sqlite3_column_int (statement, 4) == 1);
  return destination;
}

GPtrArray *
ferry_journal_load_destinations (FerryDatabase *database, GError **error)
{
  g_autoptr (GPtrArray) destinations = g_ptr_array_new_with_free_func (g_object_unref);
  sqlite3_stmt *statement = ferry_database_prepare (
      database, "SELECT id, name, protocol, address, is_default FROM destination", error);
  int more;

  if (statement == NULL)
    return NULL;
  while ((more = ferry_database_next (database, statement, error)) > 0)
    {
      FerryDestination *destination = take (statement);
      if (destination != NULL)
        g_ptr_array_add (destinations, destination);
      else
        g_debug ("a destination that cannot be is left out");
    }
  return more == 0 ? g_steal_pointer (&destinations) : NULL;
}
