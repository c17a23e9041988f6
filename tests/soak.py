#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kills ferryctl again and again in the middle of a download or an upload, and looks at what it cost.

Uploads, where the receiver is killed too, are in soak_upload.py, those to an S3 store in soak_store.py. Downloads: a real
nginx serves the file. `ferryctl get` is killed with SIGKILL at random moments and started again with the same command until
it has finished. Then:

- the file must be the server's, byte for byte (SHA-256);
- after each kill, no more may be fetched again than the checkpoint's worth. What each answer sent and
  where the next one began is read from nginx's log. nginx counts what it handed to its kernel, so
  what stood in the two sockets at the kill counts as sent although nobody has read it. That is
  allowed for, and what ferryctl had told a checkpoint's time before the kill is not: that must stay;
- ferryctl must not have held more memory than the limit.
"""

import argparse
import json
import os
import random
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import radosgw  # noqa: E402
import soak_store  # noqa: E402
import soak_upload  # noqa: E402
from check import Check  # noqa: E402
from measure import (MIB, SOURCE_TREE, PeakMemory, file_sha256, format_size, make_file,  # noqa: E402
                     parse_size, private_environment)
from nginx import Nginx, ServerError, die_with_parent  # noqa: E402

MEMORY_LIMIT = 40 * 1000 * 1000

# A checkpoint is taken once a second of transfer; until it is on disk, the next second has begun.
CHECKPOINT_SECONDS = 1.0

# What is written and waits to be hashed: only what is hashed can be recorded.
IN_HAND = 4 * MIB

# A run that shows no progress for so long has hung.
STALL_SECONDS = 120

# A file that is finished cannot be killed. Between the byte that is waited for and the kill, progress is
# told twice a second, and then there is a delay: stay so many seconds of transfer clear of the end.
CLEAR_OF_END_SECONDS = 2.0


class Moments:
    """When to kill: mostly at random bytes of the file, now and then at a random time after the start,
    which meets the journal being opened, old chunks being checked and the connection being made."""

    def __init__(self, dice, kills, size, rate):
        early = max(1, kills // 5)
        last = max(size // 2, int(size - CLEAR_OF_END_SECONDS * rate)) if rate else size
        offsets = sorted(dice.randrange(last) for _ in range(kills - early))
        self.moments = [(offset, dice.uniform(0, 0.2)) for offset in offsets]
        for _ in range(early):
            # Never last: the file might be finished by then.
            at = dice.randrange(max(1, len(self.moments)))
            self.moments.insert(at, (None, dice.uniform(0, 1.0)))

    def __iter__(self):
        return iter(self.moments)


class Run:
    """One run of the command: when, and what it told of the bytes it had."""

    def __init__(self, started):
        self.started = started
        self.ended = None  # None: it was not killed
        self.told = []

    def held(self, moment):
        """What it had told by then, -1 for nothing."""
        return max((count for at, count in self.told if at <= moment), default=-1)


class Download:
    """One file, fetched by the same command until it is there."""

    def __init__(self, options, env, address, folder):
        self.target = os.path.join(folder, "file.bin")
        self.command = [options.ferryctl, "get", address, f"--output={self.target}",
                        f"--queue={os.path.join(folder, 'queue')}", "--json"]
        self.env = env
        self.peak = 0
        self.kills = 0
        self.runs = []
        self.last = ""

    def run(self, offset=None, delay=None):
        """Runs the command; kills it delay seconds after it has shown offset bytes (None: after its
        start); without a delay lets it end. Returns its exit status."""
        self.runs.append(Run(time.time()))
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(self.command, env=self.env, stdin=subprocess.DEVNULL,
                                       stdout=subprocess.PIPE, stderr=errors,
                                       preexec_fn=die_with_parent)
            memory = PeakMemory(process.pid)
            try:
                self._follow(process, offset, delay, memory)
            finally:
                process.kill()
                process.wait()
                process.stdout.close()
            self.peak = max(self.peak, memory.end())
            errors.seek(0)
            self.last += errors.read()
        if process.returncode == -signal.SIGKILL:
            self.kills += 1
        return process.returncode

    def _follow(self, process, offset, delay, memory):
        deadline = time.monotonic() + delay if delay is not None and offset is None else None
        stalled = time.monotonic() + STALL_SECONDS
        text = b""
        self.last = ""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while True:
                now = time.monotonic()
                if deadline is not None and now >= deadline:
                    memory.sample()
                    process.kill()
                    self.runs[-1].ended = time.time()
                    return
                if now >= stalled:
                    raise RuntimeError(f"no sign of life for {STALL_SECONDS} s: {self.last}")
                if not selector.select((deadline or stalled) - now):
                    continue
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    self._wait(process, deadline, stalled)
                    return
                stalled = time.monotonic() + STALL_SECONDS
                *lines, text = (text + piece).split(b"\n")
                for line in lines:
                    self.last = line.decode(errors="replace")
                    self.runs[-1].told.append((time.time(), received(line)))
                    if offset is not None and deadline is None and received(line) >= offset:
                        deadline = time.monotonic() + delay

    @staticmethod
    def _wait(process, deadline, stalled):
        try:
            process.wait((deadline or stalled) - time.monotonic())
        except subprocess.TimeoutExpired:
            pass


def received(line):
    """The bytes held, in one line of what --json prints; -1 when it says nothing of them."""
    try:
        value = json.loads(line)
    except ValueError:
        return -1
    return value.get("received", -1) if isinstance(value, dict) else -1


def costs(options, requests, runs):
    """For each kill in mid-answer: bytes sent that the next answer sent again, and how many may be."""
    answers = [r for r in requests if r.status in (200, 206)]
    for this, following in zip(answers, answers[1:]):
        killed = [r for r in runs if r.ended and r.started <= this.started <= r.ended]
        if not killed:
            continue
        sent = this.offset + this.body
        kept = killed[0].held(killed[0].ended - CHECKPOINT_SECONDS - options.sync)
        yield max(0, sent - following.offset), sent - max(kept, this.offset) + IN_HAND


def check_refetch(options, check, name, requests, size, download):
    found = list(costs(options, requests, download.runs))
    again = sum(r.body for r in requests if r.status in (200, 206)) - size
    worst, allowed = max(found, default=(0, 0))
    total = sum(most for _, most in found)
    check.say(f"{name}: {len(requests)} requests; {format_size(max(0, again))} were fetched again in all, "
              f"{format_size(worst)} after the worst kill")
    check.say(f"{name}: {format_size(allowed)} may be after that one: what was sent since "
              f"{CHECKPOINT_SECONDS} s (a checkpoint) + {options.sync} s (its sync) before it, "
              f"and {format_size(IN_HAND)} not yet hashed")
    beyond = [cost for cost, most in found if cost > most]
    check.that(found and not beyond,
               f"{name}: no kill cost more than the checkpoint's worth ({len(beyond)} of {len(found)} did)")
    check.that(0 <= again <= total, f"{name}: in all no more than {format_size(total)} were fetched again")


def one_download(options, check, secure, source, sha256, dice):
    name = "HTTPS" if secure else "HTTP"
    size = os.path.getsize(source)
    folder = tempfile.mkdtemp(prefix="soak-", dir=options.folder)
    try:
        with private_environment() as env, Nginx(os.path.dirname(source)) as server:
            env["SSL_CERT_FILE"] = server.ca_file
            address = server.url(os.path.basename(source), secure=secure, rate=options.rate or None)
            download = Download(options, env, address, folder)
            begun = time.monotonic()
            for offset, delay in Moments(dice, options.kills, size, options.rate):
                status = download.run(offset, delay)
                if status not in (-signal.SIGKILL, 0):
                    check.that(False, f"{name}: ended with {status} instead of being killed: {download.last}")
                    return
            kills = download.kills
            status = download.run()
            seconds = time.monotonic() - begun
            server.stop()
        check.say(f"{name}: {format_size(size)}, {kills} kills, {seconds:.0f} s, "
                  f"peak memory {download.peak / 1e6:.1f} MB")
        # At full speed the file may be there before the last of them.
        enough = kills == options.kills or not options.rate and kills > 0
        check.that(enough, f"{name}: killed {kills} of {options.kills} times")
        check.that(status == 0, f"{name}: finished after the last kill (exit status {status})")
        if status != 0:
            check.say(download.last)
            return
        check.that(file_sha256(download.target) == sha256, f"{name}: SHA-256 is the server's")
        check_refetch(options, check, name, server.requests(), size, download)
        check.that(0 < download.peak < options.memory,
                   f"{name}: peak memory {download.peak / 1e6:.1f} MB is under {options.memory / 1e6:.0f} MB")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def rounds(options):
    """Numbers of rounds, until their count or the time is over."""
    end = time.monotonic() + (options.minutes or 0) * 60
    number = 0
    while number < options.rounds if options.minutes is None else time.monotonic() < end:
        number += 1
        yield number


def parse_options():
    parser = argparse.ArgumentParser(prog="./run soak", description="Kills ferryctl in mid-download, and in "
                                     "mid-upload ferry-receiver too, over and over, and checks that nothing was lost. "
                                     "Without --downloads, --uploads or --store: downloads and uploads.")
    parser.add_argument("--downloads", action="store_true", help="downloads only")
    parser.add_argument("--uploads", action="store_true", help="uploads only")
    parser.add_argument("--store", action="store_true",
                        help="uploads through a receiver to a real S3 store, only: needs Ceph, and memory for the file")
    parser.add_argument("--whom", action="append", choices=soak_upload.WHOM,
                        help="of an upload: who is killed (each in turn)")
    parser.add_argument("--size", type=parse_size, help="of the file (2GiB; with --store 1GiB)")
    parser.add_argument("--kills", type=int, help="kills in each download and upload (50; with --store 20)")
    parser.add_argument("--rounds", type=int, default=1, help="of all that over each scheme (1)")
    parser.add_argument("--minutes", type=float, help="go on for so long, instead of --rounds")
    parser.add_argument("--http", action="store_true", help="HTTP only")
    parser.add_argument("--https", action="store_true", help="HTTPS only")
    parser.add_argument("--rate", type=parse_size, default=128 * MIB,
                        help="bytes a second the line carries at most (128MiB)")
    parser.add_argument("--unlimited", dest="rate", action="store_const", const=0,
                        help="as fast as both ends can")
    parser.add_argument("--chunk-size", type=parse_size, default=5 * MIB, help="of an upload (5MiB)")
    parser.add_argument("--sync", type=float, default=0.5,
                        help="seconds the disk may take to sync a second's worth (0.5)")
    parser.add_argument("--seed", type=int, help="of the random moments, to see a run again")
    parser.add_argument("--folder", default=os.path.join(SOURCE_TREE, "_build-soak"),
                        help="where files are written (_build-soak)")
    parser.add_argument("--memory", type=parse_size, default=MEMORY_LIMIT, help=argparse.SUPPRESS)
    parser.add_argument("--tap", action="store_true", help="report as TAP")
    parser.add_argument("--ferryctl", default=os.path.join(SOURCE_TREE, "_build/prefix/bin/ferryctl"),
                        help="the program to kill")
    parser.add_argument("--receiver", default=os.path.join(SOURCE_TREE, "_build/prefix/bin/ferry-receiver"),
                        help="the other end of an upload")
    options = parser.parse_args()
    if options.store and (options.downloads or options.uploads):
        parser.error("--store goes alone")
    if options.store and options.https:
        parser.error("the store of --store speaks HTTP only")
    options.size = options.size or (1 if options.store else 2) << 30
    options.kills = (20 if options.store else 50) if options.kills is None else options.kills
    if options.kills < 1 or options.rounds < 1:
        parser.error("at least one kill and one round")
    if options.store and radosgw.missing():
        sys.exit(f"soak: {radosgw.missing()}")
    return options


def one_round(options, check, source, sha256, seed):
    if options.store:
        soak_store.run(options, check, source, sha256, seed)
        return
    for secure in (s for s, chosen in ((False, options.http), (True, options.https))
                   if chosen or options.http == options.https):
        again = f"{seed} {secure}"
        if options.downloads or not options.uploads:
            one_download(options, check, secure, source, sha256, random.Random(again))
        if options.uploads or not options.downloads:
            soak_upload.run(options, check, secure, source, sha256, again)


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    check = Check(options.tap)
    seed = options.seed if options.seed is not None else random.randrange(1 << 32)
    check.say(f"seed {seed}: --seed={seed} kills at the same moments again")
    os.makedirs(options.folder, exist_ok=True)
    # Beside the downloads, not in /tmp: that may be memory.
    with tempfile.TemporaryDirectory(prefix="served-", dir=options.folder) as served:
        source = os.path.join(served, "file.bin")
        sha256 = make_file(source, options.size)
        for number in rounds(options):
            check.say(f"round {number}")
            one_round(options, check, source, sha256, f"{seed} {number}")
    return check.end()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ServerError as e:
        sys.exit(f"soak: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
