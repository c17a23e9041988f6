# SPDX-License-Identifier: GPL-3.0-or-later
"""A certificate for 127.0.0.1 that nobody but the test trusts."""

import os
import subprocess


def make_certificate(folder):
    """Paths of the certificate, which is its own authority, and of its key."""
    pem = subprocess.run([os.environ['FERRY_MAKE_CERTIFICATE'], '127.0.0.1'], check=True, capture_output=True,
                         text=True).stdout
    at = pem.index('-----BEGIN PRIVATE KEY')
    paths = [os.path.join(folder, name) for name in ('cert.pem', 'key.pem')]
    for path, text in zip(paths, (pem[:at], pem[at:])):
        with open(path, 'w', encoding='ascii') as file:
            file.write(text)
    return paths
