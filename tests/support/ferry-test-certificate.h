/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A fresh self-signed certificate for @host (a name or an IPv4 address), valid for a day, with its key: nobody trusts it.
 * (transfer full) */
GTlsCertificate *ferry_test_certificate_new (const char *host, GError **error);

/* The two PEM blocks it is made of. (transfer full) */
char *ferry_test_certificate_new_pem (const char *host, GError **error);

G_END_DECLS
