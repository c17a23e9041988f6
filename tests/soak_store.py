# SPDX-License-Identifier: GPL-3.0-or-later
"""The store of soak.py: `ferryctl put` through a real ferry-receiver to a real S3 store (Ceph's), and ferryctl, the receiver
or both killed, over and over.

One proxy is before the receiver and one before the store; they count what goes each way, and tell by its address what
was signed for the client from what the receiver asked itself. In the end:

- the store has the file, byte for byte (SHA-256, asked of the store itself), and no other object;
- no multipart upload is left there;
- what went into and out of the receiver, on both its sides, is under a hundredth of the file;
- no more chunks go up again for each kill than go up at once; one whose receipt was answered with 200 never does, and after
  a kill of the receiver it is still in /status;
- neither end held more memory than its limit.
"""

import contextlib
import os
import random
import re
import shutil
import tempfile
import threading
import time

from chunk_proxy import ChunkProxy, hang_up
from measure import format_size, private_environment
from radosgw import GIB, RadosGW
from receiver_process import ReceiverProcess
from soak_upload import CLIENT_MEMORY, LANES, RECEIVER_MEMORY, WHOM, Upload, moments
from waiting import wait_until

BUCKET = "soak"

# Of the file, what may pass through the receiver.
TRAFFIC = 0.01

# Nothing is read back: the store is asked for its parts, told to join them, and asked what it has then.
COMPLETING_SECONDS = 0.1

CLIENT, RECEIVER = "client", "receiver"


class Line(ChunkProxy):
    """Counts the bytes that go either way, header fields too, by whose they are. One thread serves a connection, and a
    connection is of one program."""

    def __init__(self, port, rate=0):
        super().__init__(port, rate)
        self.moved = {CLIENT: 0, RECEIVER: 0}
        self._servers = {CLIENT: [], RECEIVER: []}
        self._here = threading.local()

    def _ask(self, server, head, piece, request, pending):
        request = super()._ask(server, head, piece, request, pending)
        if not hasattr(self._here, "owner"):
            # Only what the receiver signed for others has its signature in the address.
            self._here.owner = CLIENT if "X-Amz-Signature=" in request.path else RECEIVER
            with self.changed:
                self._servers[self._here.owner].append(server)
        self._count(head or piece)
        return request

    def _answer(self, client, head, piece, pending):
        super()._answer(client, head, piece, pending)
        self._count(head or piece)

    def _count(self, data):
        with self.changed:
            self.moved[self._here.owner] += len(data)

    def cut_those_of(self, owner):
        with self.changed:
            servers = self._servers[owner]
            self._servers[owner] = []
        for server in servers:
            hang_up(server)


def part(request):
    """The number of the chunk that goes to the store, else None."""
    found = re.search(r"[?&]partNumber=(\d+)", request.path) if request.method == "PUT" else None
    return int(found[1]) - 1 if found and "X-Amz-Signature=" in request.path else None


class StoreLine(Line):
    """Before the store. It is the store's address for both, so that the signatures are good."""

    def parts(self):
        """(number of a chunk, request), in order."""
        return [(n, r) for n, r in ((part(r), r) for r in self.requests()) if n is not None]

    def reached(self):
        parts = self.parts()
        whole = {n: r.length for n, r in parts if r.status == 200}
        moving = {n: r.sent for n, r in parts if not r.ended and n not in whole}
        return sum(whole.values()) + sum(moving.values())


class ReceiverLine(Line):
    """Before the receiver, which sees no chunk: only addresses are asked of it, and receipts are given to it."""

    def __init__(self, port, store_line):
        super().__init__(port)
        self._store_line = store_line

    def reached(self):
        return self._store_line.reached()

    def receipts(self):
        """(number of a chunk, request) of those that were answered with 200."""
        found = ((re.search(r"^/uploads/[^/]+/chunks/(\d+)/receipt$", r.path), r) for r in self.requests())
        return [(int(path[1]), r) for path, r in found if path and r.method == "POST" and r.status == 200]

    def confirmed(self):
        return {n for n, _ in self.receipts()}

    def upload_id(self):
        receipts = self.receipts()
        return receipts[0][1].path.split("/")[2] if receipts else None


class StoreUpload(Upload):
    """One file on its way to the store, and all who have to do with it."""

    def __init__(self, options, whom, source, home, env, store):
        self.store = store
        self.line = StoreLine(store.port, options.rate)
        self.line.on_body = self._on_body
        super().__init__(options, whom, source, home, env, None)

    def make_receiver(self, options, home, env, tls):
        env = dict(env, AWS_ACCESS_KEY_ID=self.store.access_key, AWS_SECRET_ACCESS_KEY=self.store.secret_key)
        env.pop("AWS_SESSION_TOKEN", None)
        return ReceiverProcess(options.receiver, home, env, f"--chunk-size={options.chunk_size}",
                               f"--s3-endpoint={self.line.address}", f"--s3-bucket={BUCKET}",
                               f"--s3-region={self.store.region}")

    def make_proxy(self, options, tls):
        return ReceiverLine(self.receiver.port, self.line)

    def __enter__(self):
        self.line.start()
        return super().__enter__()

    def __exit__(self, *_):
        super().__exit__()
        self.line.stop()

    def _on_body(self, _request, data):
        self.proxy.nudge()
        return data

    def cut(self):
        super().cut()
        for owner in (CLIENT, RECEIVER):
            if self.whom in (owner, "both"):
                self.line.cut_those_of(owner)

    def ask_received(self):
        upload_id = self.proxy.upload_id()
        return self.receiver.received(upload_id) if upload_id else set()

    def key(self, source):
        """Of the object that the client was told of."""
        link = self.client.events[-1].get("link") or "//"
        return f"{link.split('/')[-2]}/{os.path.basename(source)}"


def check_store(check, name, upload, source, sha256):
    key, client = upload.key(source), upload.store.client()
    keys = client.list_keys(BUCKET)
    check.that(keys == [key], f"{name}: the store has one object, the one that the link names ({len(keys)} are there)")
    if key in keys:
        check.that(upload.store.object_sha256(BUCKET, key) == sha256,
                   f"{name}: SHA-256 of it, asked of the store, is the file's")
    left = client.list_uploads(BUCKET)
    check.that(not left, f"{name}: no multipart upload is left at the store ({len(left)} are)")


def check_traffic(check, name, upload, size):
    before, behind = upload.proxy.moved[RECEIVER], upload.line.moved[RECEIVER]
    past = upload.line.moved[CLIENT]
    # Without this, nothing would be known of what was counted.
    check.that(past >= size and before > 0 and behind > 0,
               f"{name}: {format_size(past)} went past the receiver, between the client and the store")
    check.that(before + behind < TRAFFIC * size,
               f"{name}: through the receiver {(before + behind) / size:.3%} of the file, under {TRAFFIC:.0%} "
               f"({format_size(before)} with the client, {format_size(behind)} with the store)")


def check_parts(check, name, upload, size, chunk_size):
    parts, receipts = upload.line.parts(), upload.proxy.receipts()
    chunks = -(-size // chunk_size)
    needless = sorted({n for n, r in parts for m, receipt in receipts if n == m and receipt.ended < r.begun})
    again = sum(r.sent for _, r in parts) - size
    check.say(f"{name}: {chunks} chunks of {format_size(chunk_size)} went up in {len(parts)} requests; "
              f"{format_size(max(0, again))} went up again")
    completions = [r for r in upload.proxy.requests() if r.completes]
    cut = sum(r.status == 0 for r in completions)
    check.say(f"{name}: asked {len(completions)} times to complete it, and {cut} times a kill came before the answer")
    check.that({n for n, r in parts if r.sent == r.length} == set(range(chunks)), f"{name}: each chunk went to the store")
    check.that(len(parts) - chunks <= LANES * len(upload.kills),
               f"{name}: no more than {LANES} for each kill went up again ({len(parts) - chunks} in all)")
    check.that(not needless, f"{name}: none whose receipt was taken went up again ({len(needless)} did)")
    if upload.whom != "client":
        check.that(not upload.lost, f"{name}: /status kept all after each kill ({len(upload.lost)} chunks were lost)")


def kill_over_and_over(options, check, name, upload, size, dice):
    """Returns the exit status of the client that was let go to the end."""
    begun = time.monotonic()
    for what, delay in moments(dice, options.kills, size, options.rate):
        if what == "complete":
            delay = dice.uniform(0, COMPLETING_SECONDS)
        if not upload.kill_at(what, delay, dice.uniform(0, 0.3), dice.random() < 0.5):
            break
    upload.let_finish()
    status = upload.end_client(kill=False)
    check.say(f"{name}: {format_size(size)}, {len(upload.kills)} kills, {time.monotonic() - begun:.0f} s")
    # At full speed the file may be there before the last of them.
    check.that(len(upload.kills) == options.kills or not options.rate and upload.kills,
               f"{name}: {len(upload.kills)} of {options.kills} times")
    check.that(status == 0, f"{name}: finished after the last kill (exit status {status})")
    return status


def one_upload(options, check, whom, source, sha256, dice, env, home, store):
    name = f"store, {whom} killed"
    size = os.path.getsize(source)
    with StoreUpload(options, whom, source, home, env, store) as upload:
        if kill_over_and_over(options, check, name, upload, size, dice) != 0:
            check.say(upload.last_words)
            return
        check_store(check, name, upload, source, sha256)
        check_parts(check, name, upload, size, options.chunk_size)
        check_traffic(check, name, upload, size)
    for who, peak, limit in ((CLIENT, upload.peak, CLIENT_MEMORY), (RECEIVER, upload.receiver.peak, RECEIVER_MEMORY)):
        check.that(0 < peak < limit, f"{name}: peak memory of the {who} {peak / 1e6:.1f} MB is under {limit / 1e6:.0f} MB")


def empty(store):
    """The next one finds nothing there."""
    client = store.client()
    for key, upload in client.list_uploads(BUCKET):
        client.abort(BUCKET, key, upload)
    for key in client.list_keys(BUCKET):
        client.delete(BUCKET, key)
    wait_until(lambda: not client.list_keys(BUCKET), "the store to be empty")


def run(options, check, source, sha256, seed):
    # The file, what kills left of it, and what was deleted and has not given its memory back yet.
    with RadosGW(4 * options.size + GIB) as store:
        store.make_bucket(BUCKET)
        for whom in options.whom or WHOM:
            # Its own dice, so that one of them alone meets the same moments.
            dice = random.Random(f"{seed} {whom}")
            home = tempfile.mkdtemp(prefix="soak-", dir=options.folder)
            try:
                with private_environment() as env:
                    one_upload(options, check, whom, source, sha256, dice, env, home, store)
            finally:
                shutil.rmtree(home, ignore_errors=True)
            empty(store)
