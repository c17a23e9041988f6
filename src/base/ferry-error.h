/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * FERRY_ERROR:
 *
 * The one error domain of Ferry. The message of such an error is a sentence that a person can act
 * on, translated; detail goes to the log.
 */
#define FERRY_ERROR (ferry_error_quark ())
GQuark ferry_error_quark (void);

/* The numbers are stored in the journal: append, never reorder. */
typedef enum
{
  FERRY_ERROR_FAILED,
  FERRY_ERROR_CANCELLED,
  FERRY_ERROR_INVALID_ADDRESS,
  FERRY_ERROR_UNSUPPORTED_SCHEME,
  FERRY_ERROR_INVALID_ARGUMENT,
  FERRY_ERROR_NO_SUCH_HOST,
  FERRY_ERROR_NETWORK, /* no route, reset, broken connection */
  FERRY_ERROR_REFUSED, /* nobody listens there */
  FERRY_ERROR_TIMED_OUT,
  FERRY_ERROR_SHORT_BODY, /* fewer bytes than announced (RFC 9112 section 8) */
  FERRY_ERROR_CERTIFICATE,
  FERRY_ERROR_UNAUTHORIZED,       /* 401 */
  FERRY_ERROR_PROXY_UNAUTHORIZED, /* 407 */
  FERRY_ERROR_FORBIDDEN,          /* 403 */
  FERRY_ERROR_NOT_FOUND,          /* 404 */
  FERRY_ERROR_GONE,               /* 410 */
  FERRY_ERROR_BUSY,               /* 408, 425, 429, 503 */
  FERRY_ERROR_SERVER,             /* other 5xx */
  FERRY_ERROR_HTTP_STATUS,        /* any other status that is not a success */
  FERRY_ERROR_TOO_MANY_REDIRECTS,
  FERRY_ERROR_WEB_PAGE, /* HTML where a file was expected */
  FERRY_ERROR_CODING,   /* a content coding that cannot be undone */
  FERRY_ERROR_PROTOCOL, /* an answer that breaks HTTP */
  FERRY_ERROR_CHECKSUM, /* the whole file's digest is not the expected one */
  FERRY_ERROR_NO_SPACE,
  FERRY_ERROR_NO_FOLDER,
  FERRY_ERROR_NOT_WRITABLE,   /* permission denied or read-only file system */
  FERRY_ERROR_DISK,           /* any other failure of the disk */
  FERRY_ERROR_EXISTS,         /* a file of that name is there and is not touched */
  FERRY_ERROR_STORE,          /* the journal cannot be read or written */
  FERRY_ERROR_STORE_NEWER,    /* the journal was written by a newer Ferry */
  FERRY_ERROR_STORE_BUSY,     /* another process owns the queue */
  FERRY_ERROR_STORE_DAMAGED,  /* the database is not one, or is broken */
  FERRY_ERROR_NOT_FOUND_HERE, /* no such transfer in this queue */
  FERRY_ERROR_UNREACHABLE,    /* no route or no name server: wait for the network where it is off */
  FERRY_ERROR_SOURCE_GONE,    /* the file of an upload is not there or cannot be read */
  FERRY_ERROR_SOURCE_CHANGED, /* it is not the file of which a part was sent */
  FERRY_ERROR_UPLOAD_GONE,    /* the other end no longer knows the upload */
  FERRY_ERROR_TOO_LARGE,      /* 413 */
  FERRY_ERROR_NO_KEYRING,     /* nowhere to keep a secret, or it stays locked */
  FERRY_N_ERRORS
} FerryErrorCode;

/* What policy makes of an error. */
typedef enum
{
  FERRY_VERDICT_TRY_AGAIN,    /* after a back-off */
  FERRY_VERDICT_WAIT_NETWORK, /* like TRY_AGAIN while a network is there, else without a timer */
  FERRY_VERDICT_WAIT_SPACE,   /* until the disk has room */
  FERRY_VERDICT_WAIT_FOLDER,  /* until the folder is back */
  FERRY_VERDICT_ASK,          /* only the person can help: needs you */
  FERRY_VERDICT_GIVE_UP,
  FERRY_VERDICT_CANCELLED
} FerryVerdict;

/**
 * ferry_error_verdict:
 * @code: a code of the domain FERRY_ERROR
 *
 * What to do about an error. Pure; any thread.
 */
FerryVerdict ferry_error_verdict (int code);

/**
 * ferry_error_get_code:
 * @error: (nullable): any error
 *
 * The FERRY_ERROR code of @error; FERRY_ERROR_CANCELLED for G_IO_ERROR_CANCELLED and
 * FERRY_ERROR_FAILED for a foreign domain.
 */
int ferry_error_get_code (const GError *error);

/**
 * ferry_error_from_errno:
 * @error: (out): where to put the error
 * @saved_errno: errno of a failed file operation
 * @path: the file or folder the sentence names
 *
 * Sets a FERRY_ERROR with the sentence for a failed file operation: ENOSPC and EDQUOT become
 * FERRY_ERROR_NO_SPACE, ENOENT and ENOTDIR FERRY_ERROR_NO_FOLDER, EACCES, EPERM and EROFS
 * FERRY_ERROR_NOT_WRITABLE, EEXIST FERRY_ERROR_EXISTS, the rest FERRY_ERROR_DISK.
 */
void ferry_error_from_errno (GError **error, int saved_errno, const char *path);

/**
 * ferry_error_from_status:
 * @error: (out): where to put the error
 * @status: an HTTP status of 300 or more (RFC 9110 section 15)
 * @host: the server the sentence names
 *
 * Sets the FERRY_ERROR for an HTTP status.
 */
void ferry_error_from_status (GError **error, unsigned status, const char *host);

G_END_DECLS
