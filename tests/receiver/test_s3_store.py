#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs s3-store, the S3 client's test, against a real store that it starts; at the end nothing is left there.

    test_s3_store.py radosgw|swift PROGRAM
"""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
import radosgw  # noqa: E402
import swift_s3  # noqa: E402

BUCKET = 'ferry-test'


def run(store, many, program):
    store.make_bucket(BUCKET)
    settings = {'ENDPOINT': store.endpoint, 'BUCKET': BUCKET, 'REGION': store.region,
                'MANY': str(many), 'ACCESS_KEY': store.access_key, 'SECRET_KEY': store.secret_key}
    env = {**os.environ, **{'FERRY_S3_' + name: value for name, value in settings.items()}}
    status = subprocess.run([program], env=env, check=False).returncode
    left = [*store.list_uploads(BUCKET), *store.client().list_keys(BUCKET)]
    if status == 0 and left:
        print(f'Bail out! left on the store: {left}')
        return 1
    return status


def main():
    kind, program = sys.argv[1:]
    reason = radosgw.missing() if kind == 'radosgw' else swift_s3.missing()
    if reason:
        print('1..0 # SKIP ' + reason)
        return 0
    with radosgw.RadosGW(size=256 << 20) if kind == 'radosgw' else swift_s3.SwiftS3() as store:
        return run(store, 1003 if kind == 'radosgw' else 43, program)


if __name__ == '__main__':
    sys.exit(main())
