/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The texts go to other programs, perhaps in another country: they are in English, whatever this process speaks. */
#include "ferry-problem.h"

#include "ferry-error.h"

G_DEFINE_QUARK (ferry - problem - error - quark, ferry_problem_error)

typedef struct
{
  unsigned status;
  const char *type;
  const char *title;
  const char *hint;
} ProblemText;

static const ProblemText texts[FERRY_N_PROBLEMS] = {
  [FERRY_PROBLEM_BAD_REQUEST] = { 400, "bad-request", "The request cannot be used",
                                  "Correct the request; the same one again would end the same." },
  [FERRY_PROBLEM_UNAUTHORIZED] = { 401, "unauthorized", "The token is missing or wrong",
                                   "Copy the token from the receiver's token file; it goes into "
                                   "“Authorization: Bearer TOKEN”." },
  [FERRY_PROBLEM_NOT_FOUND]
  = { 404, "not-found", "There is nothing at this address", "Check the address." },
  [FERRY_PROBLEM_NO_SUCH_UPLOAD] = { 404, "no-such-upload", "There is no such upload",
                                     "Start the upload again with POST /uploads." },
  [FERRY_PROBLEM_NO_SUCH_CHUNK] = { 404, "no-such-chunk", "The upload has no such chunk",
                                    "Chunks are numbered from 0 to totalChunks - 1." },
  [FERRY_PROBLEM_METHOD]
  = { 405, "method", "This address knows other methods", "Use one of the methods in “Allow”." },
  [FERRY_PROBLEM_OTHER_UPLOAD] = { 409, "other-upload", "The idempotency key is another upload's",
                                   "Use one key for one transfer." },
  [FERRY_PROBLEM_OTHER_BYTES]
  = { 409, "other-bytes", "The chunk is already there with other bytes",
      "The file changed after the chunk was sent: discard the upload and start again." },
  [FERRY_PROBLEM_MISSING] = { 409, "missing-chunks", "Chunks are missing",
                              "Send the chunks in “missing”, then complete again." },
  [FERRY_PROBLEM_COMPLETE] = { 409, "complete", "The upload is complete",
                               "The file is in the receiver's folder: delete it there." },
  [FERRY_PROBLEM_GONE] = { 410, "gone", "The upload was discarded or has expired",
                           "Start the upload again with POST /uploads." },
  [FERRY_PROBLEM_FILE_GONE] = { 410, "file-gone", "The file is no longer as it was received",
                                "It was moved, deleted or changed in the receiver's folder." },
  [FERRY_PROBLEM_NO_LENGTH] = { 411, "no-length", "The length is missing",
                                "Send “Content-Length”, and no “Transfer-Encoding”." },
  [FERRY_PROBLEM_PRECONDITION]
  = { 412, "precondition", "The file is another one", "Start the download again." },
  [FERRY_PROBLEM_TOO_LARGE]
  = { 413, "too-large", "Too large", "Send less, or let the receiver take more with --max-size." },
  [FERRY_PROBLEM_RANGE]
  = { 416, "range", "The range is not within the file", "“Content-Range” tells the file's size." },
  [FERRY_PROBLEM_CHUNK_DIGEST]
  = { 422, "chunk-digest", "The bytes that arrived are not the ones of the checksum",
      "Send the chunk again: something on the way changed it." },
  [FERRY_PROBLEM_FILE_DIGEST]
  = { 422, "file-digest", "The whole file does not have that SHA-256",
      "The file changed while it was sent: discard the upload and start again." },
  [FERRY_PROBLEM_TOO_MANY]
  = { 503, "too-many", "Too many uploads are open", "Complete or discard some, then try again." },
  [FERRY_PROBLEM_STORAGE] = { 500, "storage", "The receiver cannot store it",
                              "Look at the disk and the messages of the receiver." },
  [FERRY_PROBLEM_NO_SPACE] = { 507, "no-space", "The receiver's disk has no room",
                               "Make room on it, then send the same again: nothing is lost." },
  [FERRY_PROBLEM_STOPPING]
  = { 503, "stopping", "The receiver is stopping", "Try again when it runs." },
  [FERRY_PROBLEM_OTHER_TRANSPORT]
  = { 404, "other-transport", "The upload's bytes go another way",
      "“transport” in the answer to POST /uploads says which way they go." },
  [FERRY_PROBLEM_STORE_AWAY]
  = { 503, "store", "The store does not answer", "Try again in a while: nothing is lost." },
  [FERRY_PROBLEM_STORE_REFUSED]
  = { 502, "store", "The store refuses the receiver",
      "The receiver's owner must look at its keys, at --s3-region, and at what they may do in the "
      "bucket." },
  [FERRY_PROBLEM_STORE_CLOCK] = { 502, "store", "The store refuses the receiver",
                                  "The receiver's owner must set the clock of its computer." },
  [FERRY_PROBLEM_STORE_BUCKET]
  = { 502, "store", "The store has no such bucket",
      "The receiver's owner must make the bucket, or give --s3-bucket another." },
  [FERRY_PROBLEM_STORE_ANSWER]
  = { 502, "store", "The store does not do what it is asked",
      "The receiver's owner must look at the messages of the receiver and of the store." },
  [FERRY_PROBLEM_STORE_OBJECT]
  = { 502, "store", "The store made something else of the chunks",
      "Discard the upload and start again; the receiver's owner must look at the store." },
  [FERRY_PROBLEM_OTHER_STORE]
  = { 503, "store", "The receiver has not the upload's store",
      "The receiver's owner must start it with the --s3- options that it had." },
};

void
ferry_problem_set (GError **error, FerryProblem problem, const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_autofree char *detail = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, FERRY_PROBLEM_ERROR, (int) problem, detail);
}

FerryProblem
ferry_problem_of (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return FERRY_PROBLEM_STOPPING;
  if (error != NULL && error->domain == FERRY_PROBLEM_ERROR)
    return (FerryProblem) error->code;
  return ferry_error_get_code (error) == FERRY_ERROR_NO_SPACE ? FERRY_PROBLEM_NO_SPACE
                                                              : FERRY_PROBLEM_STORAGE;
}

unsigned
ferry_problem_status (FerryProblem problem)
{
  g_return_val_if_fail (problem < FERRY_N_PROBLEMS, 500);

  return texts[problem].status;
}

JsonObject *
ferry_problem_to_json (FerryProblem problem, const char *detail)
{
  g_return_val_if_fail (problem < FERRY_N_PROBLEMS, NULL);

  const ProblemText *text = &texts[problem];
  g_autofree char *type = g_strdup_printf ("urn:ferry:problem:%s", text->type);
  JsonObject *object = json_object_new ();

  json_object_set_string_member (object, "type", type);
  json_object_set_string_member (object, "title", text->title);
  json_object_set_int_member (object, "status", text->status);
  json_object_set_string_member (object, "detail", detail != NULL ? detail : text->title);
  json_object_set_string_member (object, "hint", text->hint);
  return object;
}
