/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-receiver.h"

#include "ferry-config.h"

#include <string.h>
#include <unistd.h>

#include <glib/gi18n-lib.h>

#include "ferry-chunk-handler.h"
#include "ferry-error.h"
#include "ferry-exchange.h"
#include "ferry-receiver-private.h"
#include "ferry-token.h"
#include "ferry-upload-handler.h"

#define DEFAULT_LISTEN "127.0.0.1:8470"
#define DEFAULT_CHUNK_SIZE (5 * 1024 * 1024)
#define DEFAULT_EXPIRE (7 * 24 * 60 * 60)
#define DEFAULT_S3_EXPIRE (60 * 60)
#define DEFAULT_MAX_CONNECTIONS 256
#define DEFAULT_MAX_UPLOADS 10000
#define DEFAULT_IDLE_TIMEOUT (60 * 1000)

/* A body that is not wanted is read to this length, so that its sender comes to read the answer. */
#define DRAIN_MAX (16 * 1024 * 1024)

#define KEY "ferry-exchange"

G_DEFINE_FINAL_TYPE (FerryReceiver, ferry_receiver, G_TYPE_OBJECT)

/* ---- requests ---- */

static void
close_exchange (FerryExchange *exchange)
{
  exchange->closed = TRUE;
  g_signal_handlers_disconnect_by_data (exchange->message, exchange);
  g_object_set_data (G_OBJECT (exchange->message), KEY, NULL);
}

static void
finished_cb (SoupServerMessage *message, gpointer user_data)
{
  g_autoptr (FerryExchange) exchange = ferry_exchange_ref (user_data);

  close_exchange (exchange);
  ferry_guarded_set_state (exchange->connection, FERRY_GUARD_WAITING);
  ferry_chunk_handler_closed (exchange);
  g_hash_table_remove (exchange->receiver->exchanges, exchange);
}

static void
got_chunk_cb (SoupServerMessage *message, GBytes *chunk, gpointer user_data)
{
  FerryExchange *exchange = user_data;
  gsize length;
  const void *data = g_bytes_get_data (chunk, &length);
  guint64 limit = MAX (DRAIN_MAX, exchange->receiver->chunk_size);

  exchange->n_body += length;
  ferry_guarded_count (exchange->connection, length);
  if (exchange->stage != FERRY_STAGE_ANSWERED && exchange->route.kind != FERRY_ROUTE_NONE)
    ferry_chunk_handler_got_bytes (exchange, data, length);
  else if (exchange->n_body > limit)
    ferry_exchange_drop (exchange);
}

static void
wrote_body_data_cb (SoupServerMessage *message, guint length, gpointer user_data)
{
  FerryExchange *exchange = user_data;

  ferry_guarded_count (exchange->connection, length);
}

static gboolean
is_authorized (FerryReceiver *self, FerryExchange *exchange)
{
  return ferry_token_matches (self->token, ferry_request_parse_bearer (ferry_exchange_get_field (
                                               exchange, "Authorization")));
}

static FerryExchange *
meet (FerryReceiver *self, SoupServerMessage *message)
{
  FerryGuarded *connection = ferry_guard_find (soup_server_message_get_remote_address (message));

  if (connection == NULL)
    return NULL;

  FerryExchange *exchange = ferry_exchange_new (self, message, connection);

  ferry_guarded_set_state (connection, FERRY_GUARD_READING);
  g_hash_table_add (self->exchanges, exchange);
  g_object_set_data (G_OBJECT (message), KEY, exchange);
  g_signal_connect (message, "got-chunk", G_CALLBACK (got_chunk_cb), exchange);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (wrote_body_data_cb), exchange);
  g_signal_connect (message, "finished", G_CALLBACK (finished_cb), exchange);
  return exchange;
}

/* The headers are here: who may not, or asks for what is not there, is told before its body comes. */
static void
headers_cb (SoupServer *server,
            SoupServerMessage *message,
            const char *decoded_path,
            GHashTable *form,
            gpointer user_data)
{
  FerryReceiver *self = user_data;
  FerryExchange *exchange = meet (self, message);
  GUri *uri = soup_server_message_get_uri (message);

  if (exchange == NULL)
    {
      soup_server_message_set_status (message, SOUP_STATUS_SERVICE_UNAVAILABLE, NULL);
      return;
    }
  if (!is_authorized (self, exchange))
    {
      ferry_exchange_answer_problem (exchange, FERRY_PROBLEM_UNAUTHORIZED, NULL);
      return;
    }
  ferry_route_parse (soup_server_message_get_method (message), g_uri_get_path (uri),
                     g_uri_get_query (uri), &exchange->route);
  if (exchange->route.kind != FERRY_ROUTE_NONE)
    ferry_chunk_handler_begin (exchange);
  else
    ferry_exchange_answer_problem (
        exchange, exchange->route.allow != NULL ? FERRY_PROBLEM_METHOD : FERRY_PROBLEM_NOT_FOUND,
        NULL);
}

static void
body_cb (SoupServer *server,
         SoupServerMessage *message,
         const char *decoded_path,
         GHashTable *form,
         gpointer user_data)
{
  FerryExchange *exchange = g_object_get_data (G_OBJECT (message), KEY);

  if (exchange != NULL && exchange->stage != FERRY_STAGE_ANSWERED)
    ferry_chunk_handler_got_body (exchange);
}

static void
connected_cb (GIOStream *stream, GSocketAddress *local, GSocketAddress *remote, gpointer user_data)
{
  FerryReceiver *self = user_data;
  g_autoptr (GError) error = NULL;

  if (!soup_server_accept_iostream (self->server, stream, local, remote, &error))
    g_debug ("accept: %s", error->message);
}

/* ---- expiry ---- */

static void
run_expire (gpointer data)
{
  FerryReceiver *self = data;
  g_autoptr (GError) error = NULL;

  if (!ferry_inbox_expire (self->inbox, &error))
    g_debug ("expiry: %s", error->message);
  g_clear_error (&error);
  if (!ferry_broker_tidy (self->broker, &error))
    g_debug ("store: %s", error->message);
}

static void
expire_done (gpointer data)
{
  FerryReceiver *self = data;

  self->expiring = FALSE;
}

static gboolean
expire_cb (gpointer user_data)
{
  FerryReceiver *self = user_data;

  if (!self->expiring)
    {
      self->expiring = TRUE;
      ferry_workers_push (self->workers,
                          ferry_broker_is_active (self->broker) ? FERRY_WORK_STORE
                                                                : FERRY_WORK_SHORT,
                          run_expire, expire_done, self);
    }
  return G_SOURCE_CONTINUE;
}

static void
start_expiry (FerryReceiver *self)
{
  self->expiry = g_timeout_source_new_seconds ((guint) CLAMP (self->expire / 4, 1, 3600));
  g_source_set_callback (self->expiry, expire_cb, self, NULL);
  g_source_attach (self->expiry, self->context);
  expire_cb (self);
}

/* ---- the store ---- */

static void
run_check (gpointer data)
{
  FerryReceiver *self = data;

  ferry_broker_check (self->broker, &self->store_error);
}

static void
check_done (gpointer data)
{
  FerryReceiver *self = data;
  g_autoptr (GError) error = g_steal_pointer (&self->store_error);

  if (error != NULL && self->notice != NULL && self->running)
    self->notice (error->message, self->notice_data);
}

/* A store that is not there yet may come: no reason not to start. */
static void
check_store (FerryReceiver *self)
{
  if (ferry_broker_is_active (self->broker))
    ferry_workers_push (self->workers, FERRY_WORK_STORE, run_check, check_done, self);
}

/* ---- starting ---- */

static char *
make_address (FerryReceiver *self)
{
  g_autoptr (GSocketAddress) bound = ferry_listener_get_address (self->listener);
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (bound);
  GInetAddress *address = g_inet_socket_address_get_address (inet);
  g_autofree char *host = g_inet_address_to_string (address);
  const char *scheme = self->tls_certificate != NULL ? "https" : "http";
  guint port = g_inet_socket_address_get_port (inet);

  self->exposed = self->tls_certificate == NULL && !g_inet_address_get_is_loopback (address);
  if (g_inet_address_get_family (address) == G_SOCKET_FAMILY_IPV6)
    return g_strdup_printf ("%s://[%s]:%u", scheme, host, port);
  return g_strdup_printf ("%s://%s:%u", scheme, host, port);
}

static gboolean
listen_at (FerryReceiver *self,
           GSocketAddress *wanted,
           GTlsCertificate *certificate,
           GError **error)
{
  g_autoptr (GError) why = NULL;

  self->server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_early_handler (self->server, NULL, headers_cb, self, NULL);
  soup_server_add_handler (self->server, NULL, body_cb, self, NULL);
  self->listener = ferry_listener_new (self->context, wanted, certificate, self->guard,
                                       connected_cb, self, &why);
  if (self->listener != NULL)
    {
      self->address = make_address (self);
      return TRUE;
    }
  g_debug ("listen: %s", why->message);
  if (g_error_matches (why, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 _ ("Another program listens at %s already. Give --listen another port."),
                 self->listen);
  else
    g_set_error (error, FERRY_ERROR, FERRY_ERROR_INVALID_ARGUMENT,
                 _ ("It is not possible to listen at %s: %s."), self->listen, why->message);
  return FALSE;
}

gboolean
ferry_receiver_start (FerryReceiver *self, GError **error)
{
  g_autoptr (GTlsCertificate) certificate = NULL;
  g_autoptr (GSocketAddress) wanted = NULL;

  g_return_val_if_fail (FERRY_IS_RECEIVER (self), FALSE);
  g_return_val_if_fail (!self->running, FALSE);

  wanted = ferry_receiver_parse_listen (self->listen, error);
  if (wanted == NULL || !ferry_receiver_load_certificate (self, &certificate, error)
      || !ferry_receiver_open_inbox (self, error))
    {
      ferry_receiver_stop (self);
      return FALSE;
    }
  self->workers = ferry_workers_new (self->context);
  self->guard = ferry_guard_new (self->context, self->max_connections, self->idle_timeout);
  if (!listen_at (self, wanted, certificate, error))
    {
      ferry_receiver_stop (self);
      return FALSE;
    }
  self->running = TRUE;
  start_expiry (self);
  check_store (self);
  return TRUE;
}

/* ---- stopping ---- */

static void
close_all (FerryReceiver *self)
{
  GHashTableIter iter;
  gpointer value;

  if (self->broker != NULL)
    ferry_broker_cancel (self->broker);
  g_hash_table_iter_init (&iter, self->completions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_cancellable_cancel (((FerryCompletion *) value)->cancellable);
  g_hash_table_iter_init (&iter, self->exchanges);
  while (g_hash_table_iter_next (&iter, &value, NULL))
    close_exchange (value);
}

void
ferry_receiver_stop (FerryReceiver *self)
{
  g_return_if_fail (FERRY_IS_RECEIVER (self));

  self->running = FALSE;
  if (self->expiry != NULL)
    g_source_destroy (self->expiry);
  g_clear_pointer (&self->expiry, g_source_unref);
  close_all (self);
  g_clear_pointer (&self->listener, ferry_listener_close);
  g_clear_pointer (&self->workers, ferry_workers_free);
  if (self->server != NULL)
    soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_clear_pointer (&self->guard, ferry_guard_free);
  g_hash_table_remove_all (self->claims);
  g_hash_table_remove_all (self->completions);
  g_hash_table_remove_all (self->exchanges);
  g_clear_pointer (&self->broker, ferry_broker_free);
  g_clear_pointer (&self->inbox, ferry_inbox_close);
  g_clear_pointer (&self->token, ferry_token_free);
  g_clear_pointer (&self->address, g_free);
  g_clear_pointer (&self->set_apart, g_free);
  if (self->lock >= 0)
    close (self->lock);
  self->lock = -1;
}

static void
ferry_receiver_finalize (GObject *object)
{
  FerryReceiver *self = FERRY_RECEIVER (object);

  ferry_receiver_stop (self);
  g_hash_table_unref (self->exchanges);
  g_hash_table_unref (self->claims);
  g_hash_table_unref (self->completions);
  g_free (self->directory);
  g_free (self->listen);
  g_free (self->state);
  g_free (self->token_file);
  g_free (self->tls_certificate);
  g_free (self->tls_key);
  g_free (self->s3_endpoint);
  g_free (self->s3_bucket);
  g_free (self->s3_region);
  g_free (self->s3_keys_file);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (ferry_receiver_parent_class)->finalize (object);
}

static void
ferry_receiver_class_init (FerryReceiverClass *class)
{
  G_OBJECT_CLASS (class)->finalize = ferry_receiver_finalize;
}

static void
ferry_receiver_init (FerryReceiver *self)
{
  self->lock = -1;
  self->exchanges = g_hash_table_new_full (
      NULL, NULL, (GDestroyNotify) (void (*) (void)) ferry_exchange_unref, NULL);
  self->claims = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
                                        (GDestroyNotify) (void (*) (void)) ferry_exchange_unref);
  self->completions = g_hash_table_new_full (
      g_str_hash, g_str_equal, g_free, (GDestroyNotify) (void (*) (void)) ferry_completion_free);
}

FerryReceiver *
ferry_receiver_new (const FerryReceiverOptions *options)
{
  g_return_val_if_fail (options != NULL, NULL);
  g_return_val_if_fail (options->directory != NULL || options->s3_endpoint != NULL, NULL);
  g_return_val_if_fail ((options->s3_endpoint == NULL) == (options->s3_bucket == NULL), NULL);
  g_return_val_if_fail ((options->s3_endpoint == NULL) == (options->s3_region == NULL), NULL);

  FerryReceiver *self = g_object_new (FERRY_TYPE_RECEIVER, NULL);

  self->directory = g_strdup (options->directory);
  self->listen = g_strdup (options->listen != NULL ? options->listen : DEFAULT_LISTEN);
  self->state = options->state != NULL
                    ? g_canonicalize_filename (options->state, NULL)
                    : g_build_filename (g_get_user_state_dir (), "ferry-receiver", NULL);
  self->token_file = g_strdup (options->token_file);
  self->chunk_size = options->chunk_size > 0 ? options->chunk_size : DEFAULT_CHUNK_SIZE;
  self->max_size = options->max_size;
  self->expire = options->expire > 0 ? MIN (options->expire, G_MAXINT32) : DEFAULT_EXPIRE;
  self->tls_certificate = g_strdup (options->tls_certificate);
  self->tls_key = g_strdup (options->tls_key);
  self->s3_endpoint = g_strdup (options->s3_endpoint);
  self->s3_bucket = g_strdup (options->s3_bucket);
  self->s3_region = g_strdup (options->s3_region);
  self->s3_keys_file = g_strdup (options->s3_keys_file);
  self->s3_expire = options->s3_expire > 0 ? options->s3_expire : DEFAULT_S3_EXPIRE;
  self->context = options->context != NULL ? g_main_context_ref (options->context)
                                           : g_main_context_ref_thread_default ();
  self->max_connections
      = options->max_connections > 0 ? options->max_connections : DEFAULT_MAX_CONNECTIONS;
  self->max_uploads = options->max_uploads > 0 ? options->max_uploads : DEFAULT_MAX_UPLOADS;
  self->idle_timeout = options->idle_timeout > 0 ? options->idle_timeout : DEFAULT_IDLE_TIMEOUT;
  return self;
}

void
ferry_receiver_set_notice_func (FerryReceiver *self,
                                FerryReceiverNoticeFunc func,
                                gpointer user_data)
{
  g_return_if_fail (FERRY_IS_RECEIVER (self));

  self->notice = func;
  self->notice_data = user_data;
}

const char *
ferry_receiver_get_address (FerryReceiver *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVER (self), NULL);

  return self->address;
}

const char *
ferry_receiver_get_token_path (FerryReceiver *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVER (self), NULL);

  return self->running ? self->token_file : NULL;
}

const char *
ferry_receiver_get_token (FerryReceiver *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVER (self), NULL);

  return self->token;
}

gboolean
ferry_receiver_is_exposed (FerryReceiver *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVER (self), FALSE);

  return self->running && self->exposed;
}

const char *
ferry_receiver_get_set_apart (FerryReceiver *self)
{
  g_return_val_if_fail (FERRY_IS_RECEIVER (self), NULL);

  return self->set_apart;
}
