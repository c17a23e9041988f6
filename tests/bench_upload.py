# SPDX-License-Identifier: GPL-3.0-or-later
"""The uploads of bench.py: `ferryctl put` to a ferry-receiver against `curl -T` to nginx's WebDAV module.

ferryctl sends chunks on several connections, and both ends hash every byte, twice: each chunk, and the whole file
from their own disk. Its file is on the receiver's disk when it ends. curl's is in nginx's page cache; with `sync` after
it, it is on the disk too, but nobody has hashed it.
"""

import contextlib
import os
import tempfile

from contest import OURS, Contest, Lost, and_sync
from measure import file_sha256
from nginx import Nginx
from receiver_process import ReceiverProcess
from session import children_of


class Uploads(Contest):
    def __init__(self, options, env, source, sha256, nginx, receiver, address):
        super().__init__(options, env)
        self.source = source
        self.sha256 = sha256
        self.nginx = nginx
        self.receiver = receiver
        self.address = address  # where nginx takes the file

    def server(self, who):
        if who == OURS:
            return [self.receiver.process.pid]
        pid = self.nginx.process.pid
        return [pid, *children_of(pid)]

    def target(self, who):
        name = os.path.basename(self.source)
        return self.receiver.path(name) if who == OURS else os.path.join(self.nginx.inbox, name)

    def command(self, who, folder):
        if who == OURS:
            return [self.options.ferryctl, "put", self.source, f"--to={self.receiver.address}",
                    f"--token-file={self.receiver.token_file}", f"--queue={os.path.join(folder, 'queue')}"]
        curl = ["curl", "--silent", "--show-error", "--fail", "--cacert", self.env["SSL_CERT_FILE"],
                "--upload-file", self.source, self.address]
        return curl if who == "curl" else and_sync(curl, self.target(who))

    def check(self, who, folder):
        if file_sha256(self.target(who)) != self.sha256:
            raise Lost(f"what {who} sent is not the file")
        # The next turn finds the disk as this one did.
        os.unlink(self.target(who))


def hold(options, env, source, sha256, schemes):
    """What each took, and the most memory that the receiver held."""
    results, peak = {}, 0
    for title, secure in schemes:
        with contextlib.ExitStack() as stack:
            home = stack.enter_context(tempfile.TemporaryDirectory(prefix="received-", dir=options.folder))
            inbox = os.path.join(home, "dav")
            os.mkdir(inbox)
            nginx = stack.enter_context(Nginx(os.path.dirname(source), inbox=inbox))
            env = dict(env, SSL_CERT_FILE=nginx.ca_file)
            receiver = ReceiverProcess(options.receiver, home, env, tls=nginx.tls if secure else None)
            stack.enter_context(receiver)
            address = nginx.inbox_url(os.path.basename(source), secure=secure)
            results[title] = Uploads(options, env, source, sha256, nginx, receiver, address).hold()
        peak = max(peak, receiver.peak)
    return results, peak
