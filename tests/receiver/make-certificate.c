/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prints a certificate for a host and its key. */
#include "ferry-test-certificate.h"

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *pem = argc == 2 ? ferry_test_certificate_new_pem (argv[1], &error) : NULL;

  if (pem == NULL)
    {
      g_printerr ("make-certificate: %s\n", error != NULL ? error->message : "give a host");
      return 1;
    }
  g_print ("%s", pem);
  return 0;
}
