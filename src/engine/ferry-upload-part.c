/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DESIGN. A chunk of an upload to a store. Its bytes go to an address that the receiver signed, with the headers that it signed and
 * nothing else: no token, no cookie, no content type. What the store answers is not the confirmation: its ETag goes to the
 * receiver as the receipt, and only that one's 200 confirms.
 *
 * Addresses do not keep: they are asked for when chunks are hashed, a few in one request, and again when the store does not
 * take one any more. What arrived is compared with what was hashed, by the SHA-256 that the store tells, or by the ETag where it is
 * an MD5.
 *
 * A store that has something against a request may say so before it has read the body, and close; that answer is lost. So what
 * broke off goes out once more with a question first.
 */
#include "ferry-config.h"

#include "ferry-upload-send.h"

#include <glib/gi18n-lib.h>

#include "ferry-address.h"
#include "ferry-bucket-answer.h"
#include "ferry-error.h"

#define MAX_ANSWER (64 * 1024)

typedef struct
{
  FerrySending *sending;
  Upload *upload;
  FerryHttp *http;
  FerryReady *ready;
  FerryLease *lease; /* (nullable) */
  guint n_damaged;
  gboolean renewed; /* another address was tried already */
  gboolean expect;
} Part;

/* ---- addresses ---- */

static int
compare_chunks (gconstpointer a, gconstpointer b)
{
  guint64 first = ((const FerryReady *) a)->index;
  guint64 second = ((const FerryReady *) b)->index;

  return first < second ? -1 : first > second;
}

/* This chunk and those that go out next, ascending. */
static guint
choose_chunks (Part *self, FerryReady *chosen, gint64 now)
{
  FerryAddresses *addresses = self->sending->addresses;
  FerryReady next[FERRY_SENDING_MAX_READY];
  guint room = ferry_addresses_get_room (addresses, now);
  guint n_next = ferry_sending_peek (self->sending, next, G_N_ELEMENTS (next));
  guint n = 0;

  chosen[n++] = *self->ready;
  for (guint i = 0; i < n_next && n <= room; i++)
    {
      if (!ferry_addresses_has (addresses, next[i].index, next[i].sha256, now))
        chosen[n++] = next[i];
    }
  qsort (chosen, n, sizeof *chosen, compare_chunks);
  return n;
}

static char *
urls_body (const FerryReady *chosen, guint n)
{
  guint64 indexes[FERRY_SENDING_MAX_READY + 1];
  g_autoptr (GPtrArray) digests = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      indexes[i] = chosen[i].index;
      g_ptr_array_add (digests, ferry_sha256_to_hex (chosen[i].sha256));
    }
  return ferry_chunk_api_urls_body (indexes, (const char *const *) (void *) digests->pdata, n);
}

static const FerryReady *
find_chosen (const FerryReady *chosen, guint n, guint64 index)
{
  for (guint i = 0; i < n; i++)
    {
      if (chosen[i].index == index)
        return &chosen[i];
    }
  return NULL;
}

/* Of what was answered, this chunk's becomes self->lease and the others are kept. @date: when it was answered, by the clock that
 * the expiry is told in. */
static void
share_out (
    Part *self, GPtrArray *answered, const FerryReady *chosen, guint n, gint64 date, gint64 now)
{
  while (answered->len > 0)
    {
      FerryChunkAddress *address = g_ptr_array_steal_index (answered, answered->len - 1);
      const FerryReady *ready = find_chosen (chosen, n, address->chunk);
      g_autoptr (FerryLease) lease = NULL;

      if (ready == NULL)
        {
          ferry_chunk_address_free (address);
          continue;
        }
      lease = ferry_lease_new (address, ready->sha256, address->expires - date, now);
      if (ready->index != self->ready->index)
        ferry_addresses_put (self->sending->addresses, g_steal_pointer (&lease), now);
      else if (self->lease == NULL)
        self->lease = g_steal_pointer (&lease);
    }
}

static gboolean
ask_for_addresses (Part *self, GError **error)
{
  FerryReady chosen[FERRY_SENDING_MAX_READY + 1];
  gint64 now = ferry_addresses_now ();
  guint n = choose_chunks (self, chosen, now);
  g_autofree char *address = ferry_upload_address (self->upload->job, "/urls");
  g_autofree char *body = urls_body (chosen, n);
  const FerryQuestion question = { "POST", address, body, NULL, 200, 0 };
  gint64 date = -1;
  unsigned status;
  g_autoptr (GBytes) answer
      = ferry_upload_ask (self->upload, self->http, &question, &status, &date, error);
  g_autoptr (GPtrArray) answered = NULL;

  if (answer == NULL)
    return FALSE;
  answered = ferry_chunk_api_parse_urls (answer, error);
  if (answered == NULL)
    return FALSE;
  if (date < 0)
    date = g_get_real_time () / G_USEC_PER_SEC;
  share_out (self, answered, chosen, n, date, now);
  if (self->lease != NULL)
    return TRUE;
  ferry_upload_set_no_receiver (error);
  return FALSE;
}

/* An address that this was asked for is tried even when it is not good for long. */
static gboolean
find_address (Part *self, GError **error)
{
  gint64 now = ferry_addresses_now ();
  gboolean found;

  if (self->lease != NULL && ferry_lease_is_good (self->lease, self->ready->sha256, now))
    return TRUE;
  g_clear_pointer (&self->lease, ferry_lease_free);
  self->lease = ferry_addresses_begin (self->sending->addresses, self->ready->index,
                                       self->ready->sha256, now);
  if (self->lease != NULL)
    return TRUE;
  found = ask_for_addresses (self, error);
  ferry_addresses_end (self->sending->addresses);
  return found;
}

/* ---- what the store says ---- */

static FerryResponse *
put_part (Part *self, GError **error)
{
  Upload *upload = self->upload;
  const FerryUpward request = {
    .method = "PUT",
    .address = self->lease->address->url,
    .headers = (const char *const *) self->lease->address->headers,
    .fd = upload->fd,
    .offset = self->ready->index * upload->known->chunk_size,
    .length = ferry_upload_chunk_length (upload, self->ready->index),
    .bare = TRUE,
    .expect = self->expect,
    .sent = &upload->job->under_way,
  };

  return ferry_http_send (self->http, &request, upload->cancellable, error);
}

static void
set_refused (
    FerryBucketVerdict verdict, unsigned status, const char *code, const char *host, GError **error)
{
  g_autofree char *number = g_strdup_printf ("%u", status);

  switch ((int) verdict)
    {
    case FERRY_BUCKET_OLD_ADDRESS:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_FORBIDDEN,
                   _ ("The store %s does not take pieces at the addresses that the receiver hands "
                      "out. Ask whoever runs the receiver to check what its keys may do."),
                   host);
      return;
    case FERRY_BUCKET_BAD_SIGNATURE:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_FORBIDDEN,
                   _ ("The store %s does not accept the receiver’s signature. Ask whoever runs the "
                      "receiver to check its keys and region, and that no proxy changes what is "
                      "sent."),
                   host);
      return;
    case FERRY_BUCKET_CLOCK:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_FORBIDDEN,
                   _ ("The clocks of the receiver and of the store %s are too far apart. Ask "
                      "whoever runs the receiver to set its clock."),
                   host);
      return;
    case FERRY_BUCKET_NO_BUCKET:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NOT_FOUND,
                   _ ("The store %s does not have the bucket that the receiver names. Ask whoever "
                      "runs the receiver."),
                   host);
      return;
    case FERRY_BUCKET_TOO_LARGE:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_TOO_LARGE,
                   _ ("The store %s does not take pieces as large as these. Ask whoever runs the "
                      "receiver."),
                   host);
      return;
    case FERRY_BUCKET_REDIRECT:
      /* What was signed is for this server and no other. */
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
                   _ ("The store %s sends Ferry on to another address. Ask whoever runs the "
                      "receiver to check its endpoint and region."),
                   host);
      return;
    default:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_HTTP_STATUS,
                   /* Translators: the second %s is a word of the store's, or a number */
                   _ ("The store %s refuses what Ferry sends (%s). Ask whoever runs the receiver."),
                   host, code != NULL ? code : number);
    }
}

static void
set_store_error (Part *self,
                 FerryBucketVerdict verdict,
                 unsigned status,
                 const char *code,
                 const char *host,
                 GError **error)
{
  if (status == 407)
    {
      /* The proxy's, not the store's. */
      ferry_error_from_status (error, status, host);
      return;
    }
  switch ((int) verdict)
    {
    case FERRY_BUCKET_DAMAGED:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK,
                   _ ("What arrives at %s is damaged on the way."), host);
      return;
    case FERRY_BUCKET_NO_UPLOAD:
    case FERRY_BUCKET_BAD_PART:
      /* The receiver is asked what there is. */
      if (verdict == FERRY_BUCKET_NO_UPLOAD)
        __atomic_fetch_add (&self->upload->n_forgotten, 1, __ATOMIC_RELAXED);
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_UPLOAD_GONE,
                   _ ("The store %s no longer knows this upload."), host);
      return;
    case FERRY_BUCKET_NO_ROOM:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_BUSY,
                   _ ("The store %s has no room for this file. It goes on when there is some."),
                   host);
      return;
    case FERRY_BUCKET_BROKEN:
      g_set_error (error, FERRY_ERROR, FERRY_ERROR_NETWORK, _ ("The connection to %s broke off."),
                   host);
      return;
    case FERRY_BUCKET_BUSY:
      ferry_error_from_status (error, status >= 408 && status != 409 ? status : 503, host);
      return;
    default:
      set_refused (verdict, status, code, host, error);
    }
}

/* Its ETag is no MD5 where it encrypts with a key of its own. */
static gboolean
is_encrypted (FerryResponse *response)
{
  const char *how = ferry_response_get_header (response, "x-amz-server-side-encryption");

  return (how != NULL && g_str_has_prefix (how, "aws:kms"))
         || ferry_response_get_header (response, "x-amz-server-side-encryption-customer-algorithm")
                != NULL;
}

/* Whether what the store has is what was hashed, as far as it tells. */
static gboolean
is_intact (Part *self, FerryResponse *response, const char *etag)
{
  const FerryReady *ready = self->ready;
  const char *told = ferry_response_get_header (response, "x-amz-checksum-sha256");
  g_autofree char *sha256 = g_base64_encode (ready->sha256, sizeof ready->sha256);
  guint8 md5[FERRY_MD5_SIZE];
  gboolean differs = ready->has_md5 && ferry_md5_from_hex (etag, md5)
                     && memcmp (md5, ready->md5, sizeof md5) != 0;

  if (told != NULL && !g_str_equal (told, sha256))
    return FALSE;
  /* Its SHA-256 is right: then it is the ETag that is something else. */
  if (differs && (told != NULL || is_encrypted (response)))
    __atomic_store_n (&self->upload->opaque_etags, TRUE, __ATOMIC_RELAXED);
  return !differs || __atomic_load_n (&self->upload->opaque_etags, __ATOMIC_RELAXED);
}

static void
take_retry_after (Part *self, FerryResponse *response)
{
  const char *field = ferry_response_get_header (response, "Retry-After");

  __atomic_store_n (&self->upload->job->retry_after,
                    ferry_http_parse_retry_after (field, g_get_real_time () / G_USEC_PER_SEC),
                    __ATOMIC_RELAXED);
}

static gboolean
send_receipt (Part *self, const char *etag, GError **error)
{
  const FerryReady *ready = self->ready;
  g_autofree char *rest = g_strdup_printf ("/chunks/%" G_GUINT64_FORMAT "/receipt", ready->index);
  g_autofree char *address = ferry_upload_address (self->upload->job, rest);
  g_autofree char *sha256 = ferry_sha256_to_hex (ready->sha256);
  g_autofree char *md5 = ready->has_md5 ? ferry_md5_to_hex (ready->md5) : NULL;
  g_autofree char *body = ferry_chunk_api_receipt_body (etag, sha256, md5);
  const FerryQuestion question = { "POST", address, body, NULL, 200, 0 };
  unsigned status;
  g_autoptr (GBytes) answer
      = ferry_upload_ask (self->upload, self->http, &question, &status, NULL, error);

  return answer != NULL && ferry_chunk_api_parse_chunk (answer, ready->index, error)
         && ferry_sending_confirm (self->sending, ready, etag, error);
}

/* ---- one part ---- */

typedef enum
{
  PART_DONE,
  PART_AGAIN,
  PART_FAILED
} Outcome;

static Outcome
take_broken (Part *self, GError *cause, GError **error)
{
  if (g_error_matches (cause, FERRY_ERROR, FERRY_ERROR_NETWORK) && !self->expect)
    {
      self->expect = TRUE;
      g_error_free (cause);
      return PART_AGAIN;
    }
  g_propagate_error (error, cause);
  return PART_FAILED;
}

static Outcome
take_refusal (Part *self,
              FerryBucketVerdict verdict,
              FerryResponse *response,
              const char *code,
              GError **error)
{
  unsigned status = ferry_response_get_status (response);
  g_autofree char *host = ferry_address_host (self->lease->address->url);

  g_debug ("%s: %u %s", host, status, code != NULL ? code : "");
  if (verdict == FERRY_BUCKET_OLD_ADDRESS && !self->renewed)
    {
      self->renewed = TRUE;
      g_clear_pointer (&self->lease, ferry_lease_free);
      ferry_addresses_clear (self->sending->addresses);
      return PART_AGAIN;
    }
  if (verdict == FERRY_BUCKET_DAMAGED && ++self->n_damaged < FERRY_SENDING_MAX_DAMAGED)
    return ferry_sending_hash_again (self->sending, self->ready, error) ? PART_AGAIN : PART_FAILED;
  take_retry_after (self, response);
  set_store_error (self, verdict, status, code, host, error);
  return PART_FAILED;
}

static Outcome
take_answer (Part *self, FerryResponse *response, GError **error)
{
  unsigned status = ferry_response_get_status (response);
  /* Read to its end, so that the connection can carry the next one. */
  g_autoptr (GBytes) body
      = ferry_response_read_all (response, MAX_ANSWER, self->upload->cancellable, error);
  g_autofree char *code = body != NULL ? ferry_bucket_parse_code (body) : NULL;
  g_autofree char *etag = ferry_bucket_parse_etag (ferry_response_get_header (response, "ETag"));
  FerryBucketVerdict verdict = ferry_bucket_judge (status, code);

  if (body == NULL)
    return PART_FAILED;
  if (verdict != FERRY_BUCKET_STORED)
    return take_refusal (self, verdict, response, code, error);
  if (etag == NULL)
    {
      g_autofree char *host = ferry_address_host (self->lease->address->url);
      g_set_error (
          error, FERRY_ERROR, FERRY_ERROR_PROTOCOL,
          _ ("The server %s does not answer like a store. Ask whoever runs the receiver to "
             "check its endpoint."),
          host);
      return PART_FAILED;
    }
  if (!is_intact (self, response, etag))
    return take_refusal (self, FERRY_BUCKET_DAMAGED, response, NULL, error);
  return send_receipt (self, etag, error) ? PART_DONE : PART_FAILED;
}

static Outcome
try_part (Part *self, GError **error)
{
  g_autoptr (FerryResponse) response = NULL;
  GError *cause = NULL;

  if (!find_address (self, error))
    return PART_FAILED;
  response = put_part (self, &cause);
  return response != NULL ? take_answer (self, response, error) : take_broken (self, cause, error);
}

gboolean
ferry_sending_send_part (FerrySending *sending, FerryHttp *http, FerryReady *ready, GError **error)
{
  Part self = { .sending = sending, .upload = sending->upload, .http = http, .ready = ready };
  Outcome outcome = PART_AGAIN;

  while (outcome == PART_AGAIN)
    outcome = try_part (&self, error);
  ferry_lease_free (self.lease);
  return outcome == PART_DONE;
}
