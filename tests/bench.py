#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measures Ferry against curl, both ways, and against rclone: the same file, server, disk and minute.

Uploads are in bench_upload.py, those to an S3 store in bench_store.py. Downloads: a real nginx on loopback serves a file
out of the page cache. They take turns, so that what else the machine does falls on all; medians are compared. Ferry hashes
every byte, keeps its journal and calls a file finished only when it is on the disk. curl leaves it in the page cache; curl
with `sync` after it has it on the disk too, but has hashed nothing.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
import bench_store  # noqa: E402
import bench_upload  # noqa: E402
import radosgw  # noqa: E402
from contest import PEERS, Contest, Lost, and_sync, print_table  # noqa: E402
from measure import (SOURCE_TREE, file_sha256, file_system_of, format_size, make_file,  # noqa: E402
                     parse_size, private_environment)
from nginx import Nginx, ServerError  # noqa: E402

# File systems that live in memory: writing there says nothing about a disk.
IN_MEMORY = ("tmpfs", "ramfs")


class Downloads(Contest):
    def __init__(self, options, env, address, sha256):
        super().__init__(options, env)
        self.address = address
        self.sha256 = sha256

    def command(self, who, folder):
        target = os.path.join(folder, "file.bin")
        if who not in PEERS:
            return [self.options.ferryctl, "get", self.address, f"--output={target}",
                    f"--queue={os.path.join(folder, 'queue')}"]
        curl = ["curl", "--silent", "--show-error", "--fail", "--cacert", self.env["SSL_CERT_FILE"],
                "--output", target, self.address]
        return curl if who == "curl" else and_sync(curl, target)

    def check(self, who, folder):
        if file_sha256(os.path.join(folder, "file.bin")) != self.sha256:
            raise Lost(f"{who} wrote a file that is not the server's")


def hold_downloads(options, env, source, sha256, schemes):
    with Nginx(os.path.dirname(source)) as server:
        env = dict(env, SSL_CERT_FILE=server.ca_file)
        return {title: Downloads(options, env, server.url("file.bin", secure=secure), sha256).hold()
                for title, secure in schemes}


def parse_options():
    parser = argparse.ArgumentParser(prog="./run bench",
                                     description="Measures ferryctl get against curl -o, and ferryctl put to "
                                     "ferry-receiver against curl -T to nginx; with --store instead, ferryctl put "
                                     "through ferry-receiver to an S3 store against rclone copyto.")
    parser.add_argument("--downloads", action="store_true", help="downloads only")
    parser.add_argument("--uploads", action="store_true", help="uploads only")
    parser.add_argument("--store", action="store_true",
                        help="uploads to a real S3 store, only: needs Ceph, rclone, and memory for the file several times")
    parser.add_argument("--size", type=parse_size, default=1 << 30, help="of the file (1GiB)")
    parser.add_argument("--runs", type=int, default=5, help="turns of each (5)")
    parser.add_argument("--http", action="store_true", help="HTTP only")
    parser.add_argument("--https", action="store_true", help="HTTPS only")
    parser.add_argument("--folder", default=os.path.join(SOURCE_TREE, "_build-bench"),
                        help="where files are written: on the disk to measure (_build-bench)")
    parser.add_argument("--ferryctl", default=os.path.join(SOURCE_TREE, "_build/prefix/bin/ferryctl"),
                        help="the program to measure")
    parser.add_argument("--receiver", default=os.path.join(SOURCE_TREE, "_build/prefix/bin/ferry-receiver"),
                        help="the other end of an upload")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("at least one run")
    if options.store and (options.downloads or options.uploads):
        parser.error("--store goes alone")
    if options.store and options.https:
        parser.error("the store of --store speaks HTTP only")
    return options


def describe_machine(folder, peer):
    version = subprocess.run([peer, "--version"], capture_output=True, text=True).stdout.split()
    print(f"{os.cpu_count()} processors, {file_system_of(folder)}, {peer} {version[1]}, "
          f"Linux {os.uname().release}")
    if file_system_of(folder) in IN_MEMORY:
        print("This folder is in memory: choose one on a disk with --folder for honest numbers.")


def measure_store(options, env, source, sha256, what):
    print(f"Uploads to a store {what}", flush=True)
    results, peak = bench_store.hold(options, env, source, sha256)
    print_table(options.size, results)
    print(f"The receiver held {peak / 1e6:.1f} MB at most; the server's time is its own, not the store's.")
    print("A ratio under 1 means that Ferry needs less.")


def measure_curl(options, env, source, sha256, what):
    schemes = [(title, secure) for title, secure, chosen in (("HTTP", False, options.http), ("HTTPS", True, options.https))
               if chosen or options.http == options.https]
    if options.downloads or not options.uploads:
        print(f"Downloads {what}", flush=True)
        print_table(options.size, hold_downloads(options, env, source, sha256, schemes))
    if options.uploads or not options.downloads:
        print(f"Uploads {what}", flush=True)
        results, peak = bench_upload.hold(options, env, source, sha256, schemes)
        print_table(options.size, results)
        print(f"The receiver held {peak / 1e6:.1f} MB at most.")
    print("A ratio under 1 means that Ferry needs less. After curl alone the file is not yet on the disk.")


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    peer = bench_store.PEER if options.store else "curl"
    if not shutil.which(peer):
        sys.exit(f"bench: {peer} is not installed")
    if options.store and radosgw.missing():
        sys.exit(f"bench: {radosgw.missing()}")
    os.makedirs(options.folder, exist_ok=True)
    describe_machine(options.folder, peer)
    with tempfile.TemporaryDirectory(prefix="served-", dir=options.folder) as served, private_environment() as env:
        # Just written, so it is in the page cache.
        source = os.path.join(served, "file.bin")
        sha256 = make_file(source, options.size)
        what = f"of {format_size(options.size)}, medians of {options.runs} runs each, taking turns"
        (measure_store if options.store else measure_curl)(options, env, source, sha256, what)


if __name__ == "__main__":
    try:
        main()
    except (Lost, ServerError) as e:
        sys.exit(f"bench: {e}")
    except KeyboardInterrupt:
        sys.exit(130)
