/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* The columns of the table transfer, in the order in which both sides of the journal bind and read them. */

#define MAIN_COLUMNS "wanted, outcome, error_code, error_message, finished, removed, path"
#define SPEC_COLUMNS                                                                               \
  "address, folder, name, sha256, headers, referrer, exact, direction, source, destination"
#define PROGRESS_COLUMNS                                                                           \
  "final_address, file_name, part_name, size, chunk_size, confirmed, etag, last_modified, "        \
  "server_date, coding, media_type, server_sha256, resume, stamp_device, stamp_inode, "            \
  "stamp_size, stamp_mtime, stamp_ctime, publishing, verified, upload_id, upload_key, expires, "   \
  "transport"
#define ALL_COLUMNS "id, position, added, " MAIN_COLUMNS ", " SPEC_COLUMNS ", " PROGRESS_COLUMNS
