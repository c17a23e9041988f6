/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ferry-test-certificate.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

typedef struct
{
  gnutls_x509_crt_t certificate;
  gnutls_x509_privkey_t key;
} Pair;

static void
pair_clear (Pair *pair)
{
  if (pair->certificate != NULL)
    gnutls_x509_crt_deinit (pair->certificate);
  if (pair->key != NULL)
    gnutls_x509_privkey_deinit (pair->key);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Pair, pair_clear)

static gboolean
check (int code, GError **error)
{
  if (code >= 0)
    return TRUE;
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, gnutls_strerror (code));
  return FALSE;
}

static int
set_host (gnutls_x509_crt_t certificate, const char *host)
{
  struct in_addr address;

  if (inet_pton (AF_INET, host, &address) == 1)
    return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_IPADDRESS, &address,
                                                 sizeof address, GNUTLS_FSAN_SET);
  return gnutls_x509_crt_set_subject_alt_name (certificate, GNUTLS_SAN_DNSNAME, host, strlen (host),
                                               GNUTLS_FSAN_SET);
}

static gboolean
fill (Pair *pair, const char *host, GError **error)
{
  gnutls_x509_crt_t certificate = pair->certificate;
  time_t now = time (NULL);
  const guint8 serial[] = { 1 };

  return check (gnutls_x509_privkey_generate (pair->key, GNUTLS_PK_ECDSA,
                                              GNUTLS_CURVE_TO_BITS (GNUTLS_ECC_CURVE_SECP256R1), 0),
                error)
         && check (gnutls_x509_crt_set_version (certificate, 3), error)
         && check (gnutls_x509_crt_set_serial (certificate, serial, sizeof serial), error)
         && check (gnutls_x509_crt_set_activation_time (certificate, now - 3600), error)
         && check (gnutls_x509_crt_set_expiration_time (certificate, now + 86400), error)
         && check (gnutls_x509_crt_set_dn_by_oid (certificate, GNUTLS_OID_X520_COMMON_NAME, 0, host,
                                                  strlen (host)),
                   error)
         && check (set_host (certificate, host), error)
         && check (gnutls_x509_crt_set_key (certificate, pair->key), error)
         && check (
             gnutls_x509_crt_sign2 (certificate, certificate, pair->key, GNUTLS_DIG_SHA256, 0),
             error);
}

char *
ferry_test_certificate_new_pem (const char *host, GError **error)
{
  g_auto (Pair) pair = { NULL, NULL };
  gnutls_datum_t text = { NULL, 0 };
  g_autofree char *certificate = NULL;
  g_autofree char *key = NULL;

  if (!check (gnutls_x509_crt_init (&pair.certificate), error)
      || !check (gnutls_x509_privkey_init (&pair.key), error) || !fill (&pair, host, error)
      || !check (gnutls_x509_crt_export2 (pair.certificate, GNUTLS_X509_FMT_PEM, &text), error))
    return NULL;
  certificate = g_strndup ((const char *) text.data, text.size);
  gnutls_free (text.data);
  if (!check (gnutls_x509_privkey_export2_pkcs8 (pair.key, GNUTLS_X509_FMT_PEM, NULL, 0, &text),
              error))
    return NULL;
  key = g_strndup ((const char *) text.data, text.size);
  gnutls_free (text.data);
  return g_strconcat (certificate, key, NULL);
}

GTlsCertificate *
ferry_test_certificate_new (const char *host, GError **error)
{
  g_autofree char *pem = ferry_test_certificate_new_pem (host, error);

  return pem != NULL ? g_tls_certificate_new_from_pem (pem, -1, error) : NULL;
}
