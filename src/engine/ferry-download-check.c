/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-download-check.h"

#include "ferry-address.h"
#include "ferry-file-name.h"

gboolean
ferry_download_coding_is_identity (const char *coding)
{
  return coding == NULL || *coding == '\0' || g_ascii_strcasecmp (coding, "identity") == 0;
}

static gboolean
etag_differs (const FerryProgress *known, const FerryAnswer *answer)
{
  if (known->etag == NULL || answer->etag == NULL)
    return FALSE;
  if (ferry_http_etag_is_strong (known->etag))
    return !g_str_equal (known->etag, answer->etag);
  return !ferry_http_etag_matches (known->etag, answer->etag);
}

static gboolean
date_differs (const FerryProgress *known, const FerryAnswer *answer)
{
  if (known->last_modified == NULL || answer->last_modified == NULL)
    return FALSE;
  return ferry_http_parse_date (known->last_modified)
         != ferry_http_parse_date (answer->last_modified);
}

static FerryCheck
check_partial (const FerryProgress *known,
               gint64 start,
               gint64 end,
               const FerryAnswer *answer,
               FerryContentRange *range)
{
  if (start < 0 || !ferry_http_parse_content_range (answer->content_range, range))
    return FERRY_CHECK_WRONG_PART;
  if (answer->content_type != NULL
      && g_ascii_strncasecmp (answer->content_type, "multipart/byteranges", 20) == 0)
    return FERRY_CHECK_WRONG_PART;
  if (!ferry_download_coding_is_identity (answer->coding))
    return FERRY_CHECK_WRONG_PART;
  if (range->first != (guint64) start || (end >= 0 && range->last > (guint64) end))
    return FERRY_CHECK_WRONG_PART;
  if (answer->length >= 0 && (guint64) answer->length != range->last - range->first + 1)
    return FERRY_CHECK_WRONG_PART;
  if (range->complete >= 0 && known->size >= 0 && range->complete != known->size)
    return FERRY_CHECK_CHANGED;
  if (known->size >= 0 && range->last >= (guint64) known->size)
    return FERRY_CHECK_CHANGED;
  if (etag_differs (known, answer) || date_differs (known, answer))
    return FERRY_CHECK_CHANGED;
  return FERRY_CHECK_PART;
}

static FerryCheck
check_whole (const FerryProgress *known, gint64 start, const FerryAnswer *answer)
{
  if (start < 0)
    return FERRY_CHECK_WHOLE;
  if (etag_differs (known, answer) || date_differs (known, answer))
    return FERRY_CHECK_CHANGED_WHOLE;
  if (known->size >= 0 && answer->length >= 0 && answer->length != known->size)
    return FERRY_CHECK_CHANGED_WHOLE;
  return FERRY_CHECK_NO_RANGES;
}

FerryCheck
ferry_download_check (const FerryProgress *known,
                      gint64 start,
                      gint64 end,
                      const FerryAnswer *answer,
                      FerryContentRange *range)
{
  if (answer->status == 206)
    return check_partial (known, start, end, answer, range);
  if (answer->status == 200 || answer->status == 203)
    return check_whole (known, start, answer);
  if (answer->status == 412)
    return FERRY_CHECK_CHANGED;
  if (answer->status == 416)
    return FERRY_CHECK_UNSATISFIABLE;
  return FERRY_CHECK_STATUS;
}

gboolean
ferry_download_expects_file (const FerrySpec *spec,
                             const FerryProgress *known,
                             const char *final_address,
                             const char *disposition)
{
  g_autofree char *name = NULL;

  if (known->media_type != NULL)
    return !ferry_http_media_type_is_html (known->media_type);
  if (spec->sha256 != NULL)
    return TRUE;
  if (disposition != NULL && ferry_http_disposition_is_attachment (disposition))
    return FALSE;
  name = ferry_file_name_from_address (spec->address);
  if (name == NULL || ferry_file_name_is_web_page (name))
    return FALSE;
  /* "/download/ubuntu" may well be a page; the same that leads to "/login" may not. */
  if (name[ferry_file_name_suffix (name)] == '\0')
    return !g_str_equal (spec->address, final_address) && strstr (final_address, name) == NULL;
  return TRUE;
}

const char *
ferry_download_if_match (const FerryProgress *known)
{
  return ferry_http_etag_is_strong (known->etag) ? known->etag : NULL;
}

const char *
ferry_download_if_unmodified_since (const FerryProgress *known)
{
  if (ferry_http_etag_is_strong (known->etag))
    return NULL;
  if (!ferry_http_last_modified_is_strong (known->last_modified, known->date))
    return NULL;
  return known->last_modified;
}
