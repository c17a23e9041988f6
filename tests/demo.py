#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows without a screen what Ferry is for: a download and an upload that survive being paused and killed.

Ferry's window runs on a virtual screen with folders of its own; ferryctl asks it to add, send, pause and
resume, as a person would by hand. The upload goes to a real ferry-receiver, through a proxy that makes the line slow
and counts. Ends with 0 only if every step held.
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
from chunk_proxy import ChunkProxy  # noqa: E402
from measure import (MIB, SOURCE_TREE, file_sha256, make_file, parse_size,  # noqa: E402
                     private_environment)
from nginx import ServerError  # noqa: E402
from receiver_process import ReceiverProcess  # noqa: E402
from session import Session, SessionError, wait_for  # noqa: E402
from slow_server import SlowServer  # noqa: E402

RATE = 8 * MIB

# A checkpoint a second, half a second for its sync, and what is on its way in sockets and buffers.
FETCHED_AGAIN = int(1.5 * RATE) + 8 * MIB

CHUNK = 1 * MIB
IN_FLIGHT = 4


class Broken(Exception):
    """A step did not hold; says which."""


def say(text):
    print(text, flush=True)


def megabytes(count):
    return f"{count / 1e6:.1f} MB"


def answers(path):
    with socket.socket(socket.AF_UNIX) as s:
        return s.connect_ex(path) == 0


class Window:
    """Ferry's window, and ferryctl that asks it."""

    def __init__(self, options, session, folder):
        self.options = options
        self.session = session
        self.folder = folder
        self.app = None

    def program(self, name):
        return os.path.join(self.options.prefix, "bin", name)

    def ferryctl(self, *arguments):
        done = subprocess.run([self.program("ferryctl"), *arguments], env=self.session.env, capture_output=True,
                              text=True, timeout=60)
        if done.returncode != 0:
            raise Broken(f"ferryctl {' '.join(arguments)}: {done.stderr.strip()}")
        return done.stdout

    def row(self, direction):
        """What the app says of its one download, or upload; None when it has none."""
        for line in self.ferryctl("list", "--json").splitlines():
            transfer = json.loads(line)
            if transfer["direction"] == direction:
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
            self.app = self.session.spawn(self.program("ferry"), stdout=log, stderr=log)
        wait_for("Ferry's window", self.is_shown)

    def kill(self):
        self.app.kill()
        self.app.wait()

    def wait_until(self, what, direction, condition, may_ask=False):
        def look():
            row = self.row(direction)
            if row and row["state"] in ("failed", "needs-you") and not may_ask:
                raise Broken(f"the {direction} says: {row.get('error')}")
            return row if row and condition(row) else None

        return wait_for(what, look, 120)

    def pause(self, row):
        self.ferryctl("pause", row["id"])
        paused = self.wait_until("the pause", row["direction"], lambda r: r["state"] == "paused")
        say(f"   {megabytes(paused['received'])} of it are there.")
        return paused

    def kill_and_return(self, paused):
        """Killed and started again, it shows what it had."""
        self.kill()
        self.launch()
        row = self.wait_until("the queue", paused["direction"], lambda r: True)
        if row["state"] != "paused" or row["received"] != paused["received"]:
            raise Broken(f"the queue came back otherwise: {row['state']}, {row['received']} bytes")
        say(f"   The queue came back as it was: paused, {megabytes(row['received'])}.")

    def screenshot(self, name):
        if self.options.pictures:
            path = os.path.join(self.options.pictures, f"screenshot-{name}.png")
            self.session.screenshot(path)
            say(f"   A picture of the window: {path}")


def compare(sha256, *found):
    """Each found: whose it is, and the digest."""
    say(f"   SHA-256 {'of the file:':<24} {sha256}")
    for whose, other in found:
        say(f"   SHA-256 {whose + ':':<24} {other}")
        if other != sha256:
            raise Broken("the files differ")


def show_download(window, server, sha256):
    size = server.size
    say("1. Ferry's window opens on a virtual screen, with an empty queue.")
    window.launch()
    say(f"2. A link is added: {server.url} ({megabytes(size)}).")
    window.ferryctl("add", server.url, f"--directory={window.folder}/downloads")
    row = window.wait_until("a third of the file", "download", lambda r: r["received"] > size // 3)
    say("3. It is paused on the way.")
    paused = window.pause(row)
    say("4. Ferry is killed (kill -9) and started again.")
    window.kill_and_return(paused)
    window.screenshot("paused")
    say("5. It is resumed, and Ferry is killed once more while bytes arrive.")
    window.ferryctl("resume", row["id"])
    window.wait_until("more of the file", "download", lambda r: r["received"] > size * 2 // 3)
    window.kill()
    window.launch()
    say("   Started again, it runs on by itself.")
    done = window.wait_until("the end", "download", lambda r: r["state"] == "done")
    say(f"6. Finished: {os.path.basename(done['path'])}")
    compare(sha256, ("of what arrived", file_sha256(done["path"])))
    again = max(0, server.sent - size)
    say(f"   The same, byte for byte. {megabytes(again)} were fetched twice.")
    if again > FETCHED_AGAIN:
        raise Broken(f"more than {megabytes(FETCHED_AGAIN)} were fetched twice")


def show_upload(window, receiver, proxy, source, sha256):
    size = os.path.getsize(source)
    put = [window.program("ferryctl"), "put", source, f"--to={proxy.address}", f"--token-file={receiver.token_file}"]

    def start():
        return window.session.spawn(*put, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    say(f"7. The other way: a ferry-receiver runs at {receiver.address}, and the file is sent to it.")
    sender = start()
    row = window.wait_until("a third of the file", "upload", lambda r: r["received"] > size // 3)
    say("8. It is paused on the way. Only what the receiver has confirmed counts.")
    paused = window.pause(row)
    sender.wait(60)
    say("9. Ferry is killed (kill -9) and started again.")
    window.kill_and_return(paused)
    say("10. The same command goes on, and Ferry is killed once more while bytes go up, the command with it.")
    sender = start()
    window.wait_until("more of the file", "upload", lambda r: r["received"] > size * 2 // 3)
    sender.kill()
    sender.wait()
    window.kill()
    window.launch()
    say("   Ferry does not write the token down. The same command once more brings it, and it goes on.")
    sender = start()
    done = window.wait_until("the end", "upload", lambda r: r["state"] == "done", may_ask=True)
    if sender.wait(60) != 0:
        raise Broken(f"ferryctl put ended with {sender.returncode}")
    say(f"11. Finished: {done['link']}")
    compare(sha256, ("at the receiver", file_sha256(receiver.path(os.path.basename(source)))),
            ("of what the link gives", receiver.fetched_sha256(done["link"])))
    puts = proxy.puts()
    chunks = -(-size // CHUNK)
    needless = [r.chunk for r in puts if any(o.status == 200 and 0 < o.ended < r.begun for o in proxy.puts(r.chunk))]
    say(f"   The same, byte for byte. {len(puts) - chunks} of {chunks} pieces went up twice; no confirmed one did.")
    if needless:
        raise Broken(f"{len(needless)} pieces went up again although they were confirmed")
    if len(puts) - chunks > 2 * IN_FLIGHT:
        raise Broken("more went up twice than a pause and a kill can have caught")
    window.screenshot("finished")


def parse_options():
    parser = argparse.ArgumentParser(description="Ferry's main job, both ways, shown without a screen.")
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
        with Session(env) as session:
            window = Window(options, session, folder)
            with SlowServer(source, RATE) as server:
                show_download(window, server, sha256)
            receiver = ReceiverProcess(window.program("ferry-receiver"), folder, env, f"--chunk-size={CHUNK}")
            with receiver, ChunkProxy(receiver.port, RATE) as proxy:
                show_upload(window, receiver, proxy, source, sha256)
    say(f"All of it held, in {time.monotonic() - begun:.0f} s.")


if __name__ == "__main__":
    try:
        main()
    except (Broken, ServerError, SessionError) as e:
        sys.exit(f"It did not hold: {e}")
    except FileNotFoundError as e:
        sys.exit(f"It cannot be shown: {e.strerror}: {e.filename}")
    except KeyboardInterrupt:
        sys.exit(130)
