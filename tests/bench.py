#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures `ferryctl get` against `curl -o`: the same file, server, disk and minute.

A real nginx on loopback serves a file out of the page cache. They take turns, so that what else the
machine does falls on all; medians are compared. Ferry hashes every byte, keeps its journal and calls a
file finished only when it is on the disk. curl leaves it in the page cache; curl with `sync` after it
has it on the disk too, but has hashed nothing.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from measure import (SOURCE_TREE, file_sha256, file_system_of, format_size, make_file,  # noqa: E402
                     parse_size, private_environment, run_measured)
from nginx import Nginx, ServerError  # noqa: E402

OURS = "ferryctl"
PEERS = ("curl", "curl, sync")

# File systems that live in memory: writing there says nothing about a disk.
IN_MEMORY = ("tmpfs", "ramfs")


class Contest:
    """One scheme: whose turn it is, and what each took."""

    def __init__(self, options, env, address, sha256):
        self.options = options
        self.env = env
        self.address = address
        self.sha256 = sha256
        self.last_folder = None
        self.runs = {who: [] for who in PEERS + (OURS,)}

    def command(self, who, folder):
        target = os.path.join(folder, "file.bin")
        if who in PEERS:
            curl = ["curl", "--silent", "--show-error", "--fail", "--cacert",
                    self.env["SSL_CERT_FILE"], "--output", target, self.address]
            if who == "curl":
                return curl
            return ["sh", "-c", '"$@" && exec sync "$0" "$(dirname "$0")"', target] + curl
        return [self.options.ferryctl, "get", self.address, f"--output={target}",
                f"--queue={os.path.join(folder, 'queue')}"]

    def turn(self, who):
        folder = tempfile.mkdtemp(prefix="bench-", dir=self.options.folder)
        # What the last one left unwritten is not this one's burden. Its file goes at the last moment: memory that was
        # free for a while may be slow to come back on a virtual machine.
        os.sync()
        self.clean_up()
        self.last_folder = folder
        run = run_measured(self.command(who, folder), self.env)
        if run.status != 0:
            sys.exit(f"bench: {who} ended with {run.status}: {run.output.strip()}")
        if file_sha256(os.path.join(folder, "file.bin")) != self.sha256:
            sys.exit(f"bench: {who} wrote a file that is not the server's")
        self.runs[who].append(run)

    def clean_up(self):
        if self.last_folder is not None:
            shutil.rmtree(self.last_folder, ignore_errors=True)

    def hold(self):
        try:
            # The first turn of each only warms up.
            for number in range(self.options.runs + 1):
                order = PEERS + (OURS,)
                for who in order if number % 2 else reversed(order):
                    self.turn(who)
                    if number == 0:
                        self.runs[who].clear()
        finally:
            self.clean_up()
        return {who: summary(runs) for who, runs in self.runs.items()}


def summary(runs):
    return {"wall": statistics.median(r.seconds for r in runs),
            "cpu": statistics.median(r.cpu for r in runs),
            "peak": max(r.peak for r in runs)}


def print_table(size, results):
    head = ("", "wall", "CPU", "speed", "peak memory")
    row = "{:<24}{:>10}{:>10}{:>14}{:>14}"
    print(row.format(*head))
    for scheme, result in results.items():
        for who, r in result.items():
            print(row.format(f"{scheme} {who}", f"{r['wall']:.3f} s", f"{r['cpu']:.3f} s",
                             f"{size / r['wall'] / (1 << 20):.0f} MiB/s",
                             "" if who == "curl, sync" else f"{r['peak'] / 1e6:.1f} MB"))
        for peer in PEERS:
            ours, theirs = result[OURS], result[peer]
            print(row.format(f"{scheme} ratio to {peer}", f"{ours['wall'] / theirs['wall']:.2f}",
                             f"{ours['cpu'] / theirs['cpu']:.2f}", "", ""))
    print("A ratio under 1 means that Ferry needs less. After curl alone the file is not yet on the disk.")


def parse_options():
    parser = argparse.ArgumentParser(prog="./run bench",
                                     description="Measures ferryctl get against curl -o.")
    parser.add_argument("--size", type=parse_size, default=1 << 30, help="of the file (1GiB)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each (5)")
    parser.add_argument("--http", action="store_true", help="HTTP only")
    parser.add_argument("--https", action="store_true", help="HTTPS only")
    parser.add_argument("--folder", default=os.path.join(SOURCE_TREE, "_build-bench"),
                        help="where files are written: on the disk to measure (_build-bench)")
    parser.add_argument("--ferryctl", default=os.path.join(SOURCE_TREE, "_build/prefix/bin/ferryctl"),
                        help="the program to measure")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("at least one run")
    return options


def describe_machine(folder):
    curl = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout.split()
    print(f"{os.cpu_count()} processors, {file_system_of(folder)}, curl {curl[1]}, "
          f"Linux {os.uname().release}")
    if file_system_of(folder) in IN_MEMORY:
        print("This folder is in memory: choose one on a disk with --folder for honest numbers.")


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if not shutil.which("curl"):
        sys.exit("bench: curl is not installed")
    os.makedirs(options.folder, exist_ok=True)
    describe_machine(options.folder)
    results = {}
    with tempfile.TemporaryDirectory(prefix="served-", dir=options.folder) as served:
        # Just written, so it is in the page cache.
        sha256 = make_file(os.path.join(served, "file.bin"), options.size)
        print(f"{format_size(options.size)} over one connection, medians of {options.runs} runs each, "
              "taking turns", flush=True)
        with private_environment() as env, Nginx(served) as server:
            env["SSL_CERT_FILE"] = server.ca_file
            for scheme, secure in (("HTTP", False), ("HTTPS", True)):
                if options.http != options.https and secure != options.https:
                    continue
                address = server.url("file.bin", secure=secure)
                results[scheme] = Contest(options, env, address, sha256).hold()
    print_table(options.size, results)


if __name__ == "__main__":
    try:
        main()
    except ServerError as e:
        sys.exit(f"bench: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
