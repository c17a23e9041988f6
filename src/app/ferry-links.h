/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include "ferry-engine.h"

G_BEGIN_DECLS

/**
 * ferry_links_split:
 * @text: what a person typed or pasted where one line is one link
 *
 * The links in @text, good or bad, in order: a line is one, spaces and all, unless it holds several
 * that look like links. Duplicates are dropped.
 *
 * Returns: (transfer full): NULL-terminated
 */
char **ferry_links_split (const char *text);

/* Whether @word is the address of a file of this computer. */
gboolean ferry_is_file_uri (const char *word);

/* What other programs hand over as text: a list of addresses, or prose with addresses in it. (transfer full): NULL-terminated */
char **ferry_words_of_text (const char *text);

/**
 * ferry_words_split:
 * @words: addresses
 * @files: (out) (transfer full) (element-type GFile): those of files, to upload
 * @links: (out) (transfer full): the others, to download, NULL-terminated
 */
void ferry_words_split (const char *const *words, GPtrArray **files, char ***links);

/**
 * FerryKnown:
 *
 * An index of a queue by address and folder, for many questions in a row.
 */
typedef struct _FerryKnown FerryKnown;

FerryKnown *ferry_known_new (GListModel *queue);
void ferry_known_free (FerryKnown *self);
/* @address: normalized. (nullable) (transfer none) */
FerryTransfer *ferry_known_find (FerryKnown *self, const char *address, const char *folder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryKnown, ferry_known_free)

/**
 * FerryLinksAdded:
 *
 * What became of a handful of links.
 *
 * @added: (element-type FerryTransfer)
 * @known: (element-type FerryTransfer): already in the queue, left out
 * @refused: (element-type utf8): no web addresses
 * @sentence: (nullable): what is wrong with the first one refused
 */
typedef struct
{
  GPtrArray *added;
  GPtrArray *known;
  GPtrArray *refused;
  char *sentence;
} FerryLinksAdded;

/**
 * ferry_links_add:
 * @links: as typed
 * @again: add also what is in the queue already
 *
 * Adds downloads into @folder, a link of a transfer that is there already at most once.
 */
FerryLinksAdded *
ferry_links_add (FerryEngine *engine, const char *const *links, const char *folder, gboolean again);
void ferry_links_added_free (FerryLinksAdded *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (FerryLinksAdded, ferry_links_added_free)

G_END_DECLS
