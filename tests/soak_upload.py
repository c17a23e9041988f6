# SPDX-License-Identifier: GPL-3.0-or-later
"""The uploads of soak.py: `ferryctl put` to a real ferry-receiver, and one or both killed, over and over.

Between them is a proxy that counts what goes up and what is answered. The receiver is told nothing: it runs as anybody
would start it. In the end:

- what the receiver published is the file, byte for byte (SHA-256), and so is what its link gives over HTTP;
- a chunk that was answered with 200 never goes up again, and after a kill of the receiver it is still in /status;
- a chunk goes up again only when a kill caught it on its way, and no kill caught more than go up at once;
- neither end held more memory than its limit.
"""

import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time

from chunk_proxy import ChunkProxy, Cut
from measure import MIB, PeakMemory, file_sha256, format_size, private_environment
from nginx import die_with_parent, make_certificates
from receiver_process import ReceiverProcess

LANES = 4
CLIENT_MEMORY = 60 * 1000 * 1000
RECEIVER_MEMORY = 64 * 1000 * 1000

# Nothing moves for so long: it has hung.
STALL_SECONDS = 120

# Reading a file back and hashing it is faster than that nowhere.
READ_BACK_RATE = 3000 * MIB

WHOM = ("client", "receiver", "both")


class Client:
    """One run of the command, and what it says."""

    def __init__(self, command, env):
        self.process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, preexec_fn=die_with_parent)
        self.memory = PeakMemory(self.process.pid)
        self.events = []
        self.words = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            try:
                self.events.append(json.loads(line))
            except ValueError:
                self.words.append(line.strip())

    @property
    def ended(self):
        return self.process.poll() is not None

    def last_words(self):
        return "; ".join(self.words) or str(self.events[-1:])

    def kill(self):
        self.memory.sample()
        self.process.kill()

    def end(self, kill=True):
        """Returns its exit status and the most memory that it held."""
        if kill:
            self.kill()
        status = self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        return status, self.memory.end()


class Kill:
    """When it began, when the killed ones were up again, and what it caught on its way."""

    def __init__(self, begun):
        self.begun = begun
        self.back = None
        self.caught = []


def moments(dice, kills, size, rate):
    """(what is waited for, how long after it): bytes on their way for most; None is the start of who was killed last;
    "complete" is the request to put the file together, which is read back then."""
    late = max(1, kills // 10)
    early = max(1, kills // 10)
    last = max(size // 2, int(size - rate)) if rate else size
    offsets = sorted(dice.randrange(last) for _ in range(max(0, kills - early - late)))
    found = [(offset, dice.uniform(0, 0.1)) for offset in offsets]
    for _ in range(early):
        found.insert(dice.randrange(len(found) + 1), (None, dice.uniform(0, 1)))
    found += [("complete", dice.uniform(0, 2 * size / READ_BACK_RATE)) for _ in range(late)]
    return found[:kills]


class Upload:
    """One file on its way, and both ends of it."""

    def __init__(self, options, whom, source, home, env, tls):
        self.whom = whom
        self.kills = []
        self.lost = set()
        self.peak = 0
        self.client = None
        self.last_words = ""
        self.receiver = self.make_receiver(options, home, env, tls)
        self.receiver.start()
        self.proxy = self.make_proxy(options, tls)
        self.proxy.on_answer = self._hold_completion
        self.holding = True
        self.held = 0
        self.deaths = 0
        self.command = [options.ferryctl, "put", source, f"--to={self.proxy.address}",
                        f"--token-file={self.receiver.token_file}", f"--queue={os.path.join(home, 'queue')}", "--json"]
        self.env = env

    def make_receiver(self, options, home, env, tls):
        return ReceiverProcess(options.receiver, home, env, f"--chunk-size={options.chunk_size}", tls=tls)

    def make_proxy(self, options, tls):
        return ChunkProxy(self.receiver.port, options.rate, tls)

    def cut(self):
        """What is in the line's buffers."""
        self.proxy.cut()

    def __enter__(self):
        self.proxy.start()
        self.start_client()
        return self

    def __exit__(self, *_):
        self.end_client()
        self.proxy.stop()
        self.receiver.stop()

    def start_client(self):
        self.client = Client(self.command, self.env)

    def end_client(self, kill=True):
        """Its exit status."""
        status, peak = self.client.end(kill)
        self.peak = max(self.peak, peak)
        self.last_words = self.client.last_words()
        return status

    def _hold_completion(self, request, status):
        """The file is whole, but as long as there are kills to come its client does not hear of it."""
        if not (request.completes and status == 200 and self.holding):
            return
        n = self.deaths
        self.held += 1
        try:
            self.proxy.hold(lambda: self.deaths > n or not self.holding)
        finally:
            self.held -= 1
        raise Cut

    def is_completing(self):
        return self.held > 0 or any(r.completes and not r.ended for r in self.proxy.requests())

    def wait(self, condition):
        """Until it is true; the client may end meanwhile, or wait to try again, but not hang."""
        moved, seen = time.monotonic(), None
        while not (self.proxy.wait(condition, 0.25) or self.client.ended):
            now = (len(self.proxy.requests()), self.proxy.reached(), len(self.client.events))
            if now != seen:
                moved, seen = time.monotonic(), now
            if time.monotonic() - moved > STALL_SECONDS:
                raise RuntimeError(f"no sign of life for {STALL_SECONDS} s: {self.client.last_words()}")

    def kill_at(self, what, delay, down, cut):
        """cut: what is in the line's buffers is lost, too. FALSE when the client ended before."""
        if what == "complete":
            self.wait(self.is_completing)
        elif what is not None:
            # Chunks whose 200 was lost with a kill never go up again, so the line may never have seen that many.
            self.wait(lambda: self.proxy.reached() >= what or self.is_completing())
        end = time.monotonic() + delay
        while time.monotonic() < end and not self.client.ended:
            time.sleep(min(0.01, delay))
        if self.client.ended:
            return False
        self._kill(down, cut)
        return True

    def let_finish(self):
        self.holding = False
        self.proxy.nudge()
        self.wait(lambda: False)

    def _kill(self, down, cut):
        kill = Kill(time.monotonic())
        if self.whom != "receiver":
            self.client.kill()
        if self.whom != "client":
            self.receiver.kill()
        if cut:
            self.cut()
        self.deaths += 1
        self.proxy.nudge()
        if self.whom != "receiver":
            self.end_client()
        if self.whom != "client":
            confirmed = self.proxy.confirmed()
            time.sleep(down)
            self.receiver.start()
            self.lost |= confirmed - self.ask_received()
        # What was cut is known to be when the proxy let go of both ends.
        if not self.proxy.wait(lambda: not self.held and all(r.ended for r in self.proxy.requests() if r.begun < kill.begun),
                               STALL_SECONDS):
            raise RuntimeError(f"what the kill cut was not let go of for {STALL_SECONDS} s")
        kill.back = time.monotonic()
        self.kills.append(kill)
        if self.whom != "receiver":
            self.start_client()

    def ask_received(self):
        puts = self.proxy.puts()
        return self.receiver.received(puts[0].path.split("/")[2]) if puts else set()

    def judge(self):
        """Sorts what went up without a 200 by the kill that caught it. Returns chunks that had no need to go up
        again, and those that broke off without a kill."""
        needless, unexplained = [], []
        for put in sorted(self.proxy.puts(), key=lambda r: r.begun):
            earlier = [r for r in self.proxy.puts(put.chunk) if r.status == 200 and r.ended < put.begun]
            if earlier:
                needless.append(put.chunk)
            if put.status == 200:
                continue
            causes = [k for k in self.kills if k.begun <= put.ended and put.begun <= k.back]
            if causes:
                causes[-1].caught.append(put)
            else:
                unexplained.append(put.chunk)
        return needless, unexplained


def check_counts(check, name, upload, size, chunk_size):
    needless, unexplained = upload.judge()
    puts = upload.proxy.puts()
    chunks = -(-size // chunk_size)
    caught = [len({put.chunk for put in kill.caught}) for kill in upload.kills]
    last = {put.chunk: put for put in puts}
    unheard = [put for put in last.values() if put.status != 200]
    check.say(f"{name}: {chunks} chunks of {format_size(chunk_size)} went up in {len(puts)} requests; "
              f"{sum(caught)} were caught on their way, and {len(unheard)} of those the receiver had already; "
              f"{format_size(max(0, sum(put.sent for put in puts) - size))} went up again")
    check.that(set(last) == set(range(chunks)) and all(put.sent == put.length for put in unheard),
               f"{name}: each chunk was answered with 200, or its answer was lost with the kill")
    check.that(not needless and not unexplained,
               f"{name}: none that was answered with 200 went up again ({len(needless)} did), "
               f"none broke off by itself ({len(unexplained)} did)")
    check.that(max(caught) <= LANES, f"{name}: no kill caught more than {LANES} chunks (the worst {max(caught)})")
    if upload.whom != "client":
        check.that(not upload.lost, f"{name}: /status kept all after each kill ({len(upload.lost)} chunks were lost)")


def check_file(check, name, upload, source, sha256):
    files = upload.receiver.files()
    check.that(files == [os.path.basename(source)], f"{name}: one file is there: {', '.join(files)}")
    check.that(all(file_sha256(upload.receiver.path(f)) == sha256 for f in files),
               f"{name}: SHA-256 at the receiver is the file's")
    link = upload.client.events[-1].get("link") or ""
    check.that(upload.receiver.fetched_sha256(link) == sha256, f"{name}: SHA-256 of what its link gives, too")


def one_upload(options, check, secure, whom, source, sha256, dice, env, home):
    name = f"{'HTTPS' if secure else 'HTTP'}, {whom} killed"
    size = os.path.getsize(source)
    tls = None
    if secure:
        make_certificates(home)
        tls = {part: os.path.join(home, file) for part, file in
               (("cert", "server.pem"), ("key", "server.key"), ("ca", "ca.pem"))}
        env = dict(env, SSL_CERT_FILE=tls["ca"])
    begun = time.monotonic()
    with Upload(options, whom, source, home, env, tls) as upload:
        for what, delay in moments(dice, options.kills, size, options.rate):
            if not upload.kill_at(what, delay, dice.uniform(0, 0.3), dice.random() < 0.5):
                break
        upload.let_finish()
        status = upload.end_client(kill=False)
        seconds = time.monotonic() - begun
        check.say(f"{name}: {format_size(size)}, {len(upload.kills)} kills, {seconds:.0f} s")
        # At full speed the file may be there before the last of them.
        check.that(len(upload.kills) == options.kills or not options.rate and upload.kills,
                   f"{name}: {len(upload.kills)} of {options.kills} times")
        check.that(status == 0, f"{name}: finished after the last kill (exit status {status})")
        if status != 0:
            check.say(upload.last_words)
            return
        check_file(check, name, upload, source, sha256)
        check_counts(check, name, upload, size, options.chunk_size)
    for who, peak, limit in (("client", upload.peak, CLIENT_MEMORY), ("receiver", upload.receiver.peak, RECEIVER_MEMORY)):
        check.that(0 < peak < limit, f"{name}: peak memory of the {who} {peak / 1e6:.1f} MB is under {limit / 1e6:.0f} MB")


def run(options, check, secure, source, sha256, seed):
    for whom in options.whom or WHOM:
        # Its own dice, so that one of them alone meets the same moments.
        dice = random.Random(f"{seed} {whom}")
        home = tempfile.mkdtemp(prefix="soak-", dir=options.folder)
        try:
            with private_environment() as env:
                one_upload(options, check, secure, whom, source, sha256, dice, env, home)
        finally:
            shutil.rmtree(home, ignore_errors=True)
