/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* A transfer as its queue describes it: the dictionary of ferry_remote_describe (), ours or another process's. */

/* "" where the owner does not say. (transfer none) while @item lives. */
const char *ferryctl_item_string (GVariant *item, const char *key);
gint64 ferryctl_item_int (GVariant *item, const char *key, gint64 fallback);
gboolean ferryctl_item_is (GVariant *item, const char *state);

/* Percent from 0 to 100, -1 while the size is unknown. */
int ferryctl_item_percent (GVariant *item);

/* "2.4 GB of 3.9 GB". (transfer full) */
char *ferryctl_item_progress (GVariant *item);

/* The finished file: where it is and as long as it was. */
gboolean ferryctl_item_file_is_there (GVariant *item);

/* The file that was sent is as long as it was then. */
gboolean ferryctl_item_source_is_as_long (GVariant *item);

gboolean ferryctl_item_is_upload (GVariant *item);

/* The members of JSON output, added to the object @builder has open. */
void ferryctl_item_to_json (GVariant *item, JsonBuilder *builder);

/* Prints the finished @builder as one line. */
void ferryctl_json_print (JsonBuilder *builder);

/* Adds a string member, made valid UTF-8. NULL and "" become null. */
void ferryctl_json_string (JsonBuilder *builder, const char *name, const char *value);

G_END_DECLS
