#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows without a screen what Ferry is for: a download that survives being paused and killed.

Ferry's window runs on a virtual screen with folders of its own; ferryctl asks it to add, pause and
resume, as a person would by hand. Ends with 0 only if every step held.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "support"))
from measure import (MIB, SOURCE_TREE, file_sha256, make_file, parse_size,  # noqa: E402
                     private_environment)
from session import Session, SessionError, wait_for  # noqa: E402
from slow_server import SlowServer  # noqa: E402

RATE = 8 * MIB

# A checkpoint a second, half a second for its sync, and what is on its way in sockets and buffers.
FETCHED_AGAIN = int(1.5 * RATE) + 8 * MIB


class Broken(Exception):
    """A step did not hold; says which."""


def say(text):
    print(text, flush=True)


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


def answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


class Demo:
    def __init__(self, options, session, server, folder):
        self.options = options
        self.session = session
        self.server = server
        self.folder = folder
        self.app = None
        self.id = None

    def ferryctl(self, *arguments):
        command = [os.path.join(self.options.prefix, "bin", "ferryctl"), *arguments]
        done = subprocess.run(command, env=self.session.env, capture_output=True, text=True,
                              timeout=60)
        if done.returncode != 0:
            raise Broken(f"ferryctl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def row(self):
        """What the app says of the one transfer in its queue, None when it has none."""
        for line in self.ferryctl("list", "--json").splitlines():
            transfer = json.loads(line)
            if self.id in (None, transfer["id"]):
                return transfer
        return None

    def is_shown(self):
        if self.app.poll() is not None:
            raise Broken(f"Ferry ended with {self.app.returncode}:\n{self.complaints()}")
        # It listens once its queue is open. What a killed one left there answers nobody.
        folder = self.session.env["XDG_RUNTIME_DIR"]
        return any(answers(os.path.join(folder, name)) for name in os.listdir(folder)
                   if name.startswith("ferry-"))

    def complaints(self):
        with open(os.path.join(self.folder, "ferry.log")) as f:
            return f.read().strip()

    def launch(self):
        with open(os.path.join(self.folder, "ferry.log"), "w") as log:
            self.app = self.session.spawn(os.path.join(self.options.prefix, "bin", "ferry"),
                                          stdout=log, stderr=log)
        wait_for("Ferry's window", self.is_shown)

    def kill(self):
        self.app.kill()
        self.app.wait()

    def wait_until(self, what, condition):
        def look():
            row = self.row()
            if row and row["state"] in ("failed", "needs-you"):
                raise Broken(f"the download says: {row.get('caption') or row.get('error')}")
            return row if row and condition(row) else None

        return wait_for(what, look, 120)

    def screenshot(self, name):
        if self.options.pictures:
            path = os.path.join(self.options.pictures, f"screenshot-{name}.png")
            self.session.screenshot(path)
            say(f"   A picture of the window: {path}")

    def run(self, sha256):
        size = self.server.size
        say("1. Ferry's window opens on a virtual screen, with an empty queue.")
        self.launch()
        say(f"2. A link is added: {self.server.url} ({megabytes(size)}).")
        self.ferryctl("add", self.server.url, f"--directory={self.folder}/downloads")
        row = self.wait_until("a third of the file", lambda r: r["received"] > size // 3)
        self.id = row["id"]
        say("3. It is paused on the way.")
        self.ferryctl("pause", self.id)
        paused = self.wait_until("the pause", lambda r: r["state"] == "paused")
        say(f"   {megabytes(paused['received'])} of it are here.")
        say("4. Ferry is killed (kill -9) and started again.")
        self.kill()
        self.launch()
        row = self.wait_until("the queue", lambda r: True)
        if row["state"] != "paused" or row["received"] != paused["received"]:
            raise Broken(f"the queue came back otherwise: {row['state']}, {row['received']} bytes")
        say(f"   The queue came back as it was: paused, {megabytes(row['received'])}.")
        self.screenshot("paused")
        say("5. It is resumed, and Ferry is killed once more while bytes arrive.")
        self.ferryctl("resume", self.id)
        self.wait_until("more of the file", lambda r: r["received"] > size * 2 // 3)
        self.kill()
        self.launch()
        say("   Started again, it runs on by itself.")
        done = self.wait_until("the end", lambda r: r["state"] == "done")
        self.check(done, sha256)
        self.screenshot("finished")

    def check(self, done, sha256):
        found = file_sha256(done["path"])
        say(f"6. Finished: {os.path.basename(done['path'])}")
        say(f"   SHA-256 of the server's file: {sha256}")
        say(f"   SHA-256 of what arrived:      {found}")
        if found != sha256:
            raise Broken("the file is not the server's")
        again = max(0, self.server.sent - self.server.size)
        say(f"   The same, byte for byte. {megabytes(again)} were fetched twice.")
        if again > FETCHED_AGAIN:
            raise Broken(f"more than {megabytes(FETCHED_AGAIN)} were fetched twice")


def parse_options():
    parser = argparse.ArgumentParser(description="Ferry's main job, shown without a screen.")
    parser.add_argument("--prefix", default=os.path.join(SOURCE_TREE, "_build/prefix"),
                        help="where Ferry is installed (_build/prefix)")
    parser.add_argument("--size", type=parse_size, default=48 * MIB, help="of the file (48MiB)")
    parser.add_argument("--pictures", help="folder for pictures of the window (none)")
    return parser.parse_args()


def main():
    options = parse_options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    with private_environment() as env, tempfile.TemporaryDirectory(prefix="ferry-demo-") as folder:
        share = os.path.join(options.prefix, "share")
        env["XDG_DATA_DIRS"] = f"{share}:{env.get('XDG_DATA_DIRS') or '/usr/local/share:/usr/share'}"
        env["GSETTINGS_SCHEMA_DIR"] = os.path.join(share, "glib-2.0", "schemas")
        os.mkdir(os.path.join(folder, "downloads"))
        source = os.path.join(folder, "crossing.bin")
        sha256 = make_file(source, options.size)
        with Session(env) as session, SlowServer(source, RATE) as server:
            Demo(options, session, server, folder).run(sha256)
    say(f"All of it held, in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except (Broken, SessionError) as e:
        sys.exit(f"It did not hold: {e}")
    except FileNotFoundError as e:
        sys.exit(f"It cannot be shown: {e.strerror}: {e.filename}")
    except KeyboardInterrupt:
        sys.exit(130)
