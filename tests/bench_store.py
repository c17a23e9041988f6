# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of bench.py: `ferryctl put` through a ferry-receiver to an S3 store (Ceph's, in memory) against `rclone copyto`
of the same file to the same store, both in parts of 5 MiB, four at once.

Both hash the file: ferryctl each chunk with SHA-256 and MD5 and the whole with SHA-256, keeps its journal, and has the
receiver compare what the store has; rclone the whole with MD5 and each part with MD5. The server's time is the receiver's,
which rclone has none of; what the store used itself is not told. rclone holds the store's keys, ferryctl none.
"""

import os
import tempfile

from contest import OURS, Contest, Lost
from measure import MIB
from radosgw import GIB, RadosGW
from receiver_process import ReceiverProcess
from waiting import wait_until

BUCKET = "bench"
PEER = "rclone"
PART = 5 * MIB
AT_ONCE = 4


class StoreUploads(Contest):
    peers = (PEER,)

    def __init__(self, options, env, source, sha256, store, receiver):
        super().__init__(options, env)
        self.source = source
        self.sha256 = sha256
        self.store = store
        self.receiver = receiver

    def server(self, who):
        return [self.receiver.process.pid] if who == OURS else []

    def command(self, who, folder):
        if who == OURS:
            return [self.options.ferryctl, "put", self.source, f"--to={self.receiver.address}",
                    f"--token-file={self.receiver.token_file}", f"--queue={os.path.join(folder, 'queue')}"]
        return ["rclone", "copyto", self.source, f":s3:{BUCKET}/{os.path.basename(self.source)}",
                "--s3-provider=Ceph", f"--s3-endpoint={self.store.endpoint}", f"--s3-region={self.store.region}",
                f"--s3-chunk-size={PART // MIB}Mi", f"--s3-upload-cutoff={PART // MIB}Mi",
                f"--s3-upload-concurrency={AT_ONCE}", "--s3-no-check-bucket", "--retries=1"]

    def check(self, who, folder):
        client = self.store.client()
        keys = client.list_keys(BUCKET)
        if [os.path.basename(key) for key in keys] != [os.path.basename(self.source)]:
            raise Lost(f"after {who} the store has {keys}")
        if self.store.object_sha256(BUCKET, keys[0]) != self.sha256:
            raise Lost(f"what {who} sent is not the file")
        # The next turn finds the store as this one did.
        client.delete(BUCKET, keys[0])
        wait_until(lambda: not client.list_keys(BUCKET), "the store to be empty")


def hold(options, env, source, sha256):
    """What each took, and the most memory that the receiver held."""
    # What was deleted gives its memory back a little later.
    with RadosGW(6 * options.size + GIB) as store, \
            tempfile.TemporaryDirectory(prefix="received-", dir=options.folder) as home:
        store.make_bucket(BUCKET)
        # What the person has set for a store of theirs is not for this one.
        env = {name: value for name, value in env.items() if not name.startswith(("AWS_", "RCLONE_"))}
        env = dict(env, AWS_ACCESS_KEY_ID=store.access_key, AWS_SECRET_ACCESS_KEY=store.secret_key,
                   RCLONE_S3_ACCESS_KEY_ID=store.access_key, RCLONE_S3_SECRET_ACCESS_KEY=store.secret_key)
        with ReceiverProcess(options.receiver, home, env, f"--chunk-size={PART}", f"--s3-endpoint={store.endpoint}",
                             f"--s3-bucket={BUCKET}", f"--s3-region={store.region}") as receiver:
            results = {"store": StoreUploads(options, env, source, sha256, store, receiver).hold()}
    return results, receiver.peak
