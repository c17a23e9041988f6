#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pictures of the window as people will see it: light, dark, narrow, magnified, right to left, full and empty."""

import argparse
import http.server
import urllib.parse
import json
import os
import re
import subprocess
import sys
import threading
import time

from desktop import Bench

MB = 1000 * 1000
BLOCK = bytes(64 << 10)

# name: size, how much of it comes at once, bytes a second after that
FILES = {
    "debian-12.8.0-amd64-netinst.iso": (663 * MB, 411 * MB, 9 * MB),
    "Sintel (2010) 1080p.mkv": (1180 * MB, 120 * MB, 4 * MB),
    "field recordings, winter.tar.zst": (None, 38 * MB, 1 * MB),
    "gnome-47-wallpapers.zip": (84 * MB, 21 * MB, 1),
    "kernel-6.12.tar.xz": (147 * MB, 0, 1 * MB),
    "annual-report-2024.pdf": (2.4 * MB, 3 * MB, 1),
    "holiday-photos.zip": (61 * MB, 62 * MB, 1),
}
REFUSALS = {
    "members-only-lecture.mp4": (401, {"WWW-Authenticate": 'Basic realm="Members"'}),
    "old-driver.exe": (404, {}),
    "nightly-build.tar.gz": (503, {"Retry-After": "3600"}),
}
RUNNING = ("debian-12.8.0-amd64-netinst.iso", "Sintel (2010) 1080p.mkv", "field recordings, winter.tar.zst")
LONG = ("A very long name that says everything about the file it belongs to, its author, its year, its place, its "
        "edition and even the mood in which it was written, final version 2 (corrected).pdf",
        "дуже-довга-назва-файлу-яку-ніхто-не-прочитає-до-кінця-але-вона-все-одно-має-поміститися-в-рядку.tar.zst",
        "写真と動画のとても長い名前のファイルで誰も最後まで読まないけれどきちんと表示されるべきもの.zip",
        "nospaceatallinthisnamewhichthereforecannotbebrokenanywhereandsimplygoesonandonandon0123456789.bin")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        name = urllib.parse.unquote(name)
        if name in REFUSALS:
            self._refuse(*REFUSALS[name])
        else:
            self._serve(*FILES.get(name, (8 * MB, 3 * MB, 1)))

    def _refuse(self, status, fields):
        self.send_response(status)
        for field, value in fields.items():
            self.send_header(field, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _serve(self, size, at_once, rate):
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        at = int(asked[1]) if asked and size else 0
        self.send_response(206 if at else 200)
        if size:
            self.send_header("Content-Length", str(int(size) - at))
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("ETag", '"a"')
        if at:
            self.send_header("Content-Range", f"bytes {at}-{int(size) - 1}/{int(size)}")
        if not size:
            self.close_connection = True
        self.end_headers()
        try:
            self._body(at, int(size or 10 ** 12), at_once, rate)
        except OSError:
            self.close_connection = True

    def handle(self):
        try:
            super().handle()
        except OSError:
            # The one who asked went away, as it may.
            self.close_connection = True

    def _body(self, at, size, at_once, rate):
        begun, paced = time.monotonic(), max(at, int(at_once))
        while at < size:
            ahead = (at - paced) / rate - (time.monotonic() - begun) if at > paced else 0
            if ahead > 0 and self.server.over.wait(min(ahead, 5)):
                return
            if ahead > 5:
                continue
            if at < paced:
                begun = time.monotonic()
            block = BLOCK[:size - at]
            self.wfile.write(block)
            at += len(block)


class Web:
    def __enter__(self):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.over = threading.Event()
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.over.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, name):
        return f"http://127.0.0.1:{self.server.server_port}/{urllib.parse.quote(name)}"


class Studio:
    def __init__(self, bench, web, folder):
        self.bench, self.web, self.folder = bench, web, folder

    def ferryctl(self, home, *arguments):
        done = subprocess.run([self.bench.installed.ferryctl, *arguments], env=home.env, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"ferryctl {arguments}: {done.stderr}")
        return done.stdout

    def add(self, home, name, *options):
        self.ferryctl(home, "add", *options, "--directory", home.downloads, self.web.url(name))

    def queue(self, home):
        lines = self.ferryctl(home, "list", "--json").splitlines()
        return {row["address"].rsplit("/", 1)[1]: row for row in map(json.loads, lines)}

    def row(self, home, name):
        return self.queue(home).get(urllib.parse.quote(name))

    @staticmethod
    def settings(home, **values):
        folder = os.path.join(home.env["XDG_CONFIG_HOME"], "glib-2.0", "settings")
        os.makedirs(folder, exist_ok=True)
        lines = [f"{key.replace('_', '-')}={value}" for key, value in values.items()]
        with open(os.path.join(folder, "keyfile"), "w") as f:
            f.write("\n".join(["[io/github/ferryapp/Ferry]", *lines, ""]))

    def launch(self, home, size=(900, 600), env=None, **settings):
        from driver import App
        self.settings(home, window_width=size[0], window_height=size[1], **settings)
        return App(self.bench.desktop, self.bench.installed, home, env=env)

    def shoot(self, app, name, window=None):
        from driver import wait
        path = os.path.join(self.folder, f"{name}.png")
        size = [None]

        def settled():
            before, size[0] = size[0], app.geometry(window or app.title)
            return before == size[0]

        wait("the window to stand still", settled)
        app.picture(path, window)
        print(path, flush=True)

    def fill(self, home):
        """A queue of everything: it is told by ferryctl, and looked at in the window."""
        from driver import wait
        app = self.launch(home)
        for name in ("annual-report-2024.pdf", "holiday-photos.zip"):
            self.add(home, name)
            wait(name, lambda: (self.row(home, name) or {}).get("state") == "done", 60)
        self.add(home, "gnome-47-wallpapers.zip")
        wait("a quarter", lambda: self.row(home, "gnome-47-wallpapers.zip")["received"] >= 20 * MB, 60)
        self.ferryctl(home, "pause", self.row(home, "gnome-47-wallpapers.zip")["id"])
        for name in REFUSALS:
            self.add(home, name)
            wait(name, lambda: self.row(home, name)["state"] in ("needs-you", "failed", "waiting"), 60)
        for name in RUNNING:
            self.add(home, name)
            wait(name, lambda: self.row(home, name)["received"] >= FILES[name][1], 120)
        self.add(home, "kernel-6.12.tar.xz")
        return app

    def arabic(self):
        """What makes programs speak Arabic: a locale of our own, as few systems have it ready."""
        folder = os.path.join(self.bench.folder, "locales")
        os.makedirs(folder, exist_ok=True)
        done = subprocess.run(["localedef", "-i", "ar_EG", "-f", "UTF-8", os.path.join(folder, "ar_EG.UTF-8")],
                              capture_output=True, text=True)
        if not os.listdir(folder):
            sys.exit(f"no Arabic locale can be made: {done.stderr}")
        return {"LOCPATH": folder, "LC_ALL": "ar_EG.UTF-8", "LANGUAGE": "ar"}

    def steady(self, home):
        """Until all that should run does; told by ferryctl, as the window speaks many languages."""
        from driver import wait

        def running():
            rows = [self.row(home, name) for name in RUNNING]
            return all(row["state"] == "active" and row["speed"] > 0 for row in rows)

        wait("speeds", running, 60)

    def mixed(self):
        home = self.bench.home()
        app = self.fill(home)
        self.steady(home)
        self.shoot(app, "light")
        app.key("ctrl+n")
        app.wait_active("New Download")
        app.type(self.web.url("new-thing.iso"))
        self.shoot(app, "light-add", "New Download")
        app.key("Escape")
        app.wait_closed()
        for keys, name, window in (("ctrl+comma", "light-preferences", "Preferences"),
                                   ("ctrl+question", "light-shortcuts", "GtkShortcutsWindow")):
            app.key(keys)
            app.wait_open(window)
            self.shoot(app, name)
            app.key("Escape")
            app.wait_closed()
        app.key("F10")
        app.find("menu item", "Preferences")
        self.shoot(app, "light-menu")
        app.key("Escape")
        app.kill()
        looks = (("dark", (900, 600), {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}),
                 ("narrow", (360, 640), {}),
                 ("narrow-dark", (360, 640), {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"}),
                 ("contrast", (900, 600), {"ADW_DEBUG_HIGH_CONTRAST": "1"}),
                 ("twice", (600, 400), {"GDK_SCALE": "2"}),
                 ("right-to-left", (900, 600), self.arabic()))
        for name, size, env in looks:
            app = self.launch(home, size, env)
            self.steady(home)
            self.shoot(app, name)
            if name == "narrow":
                app.key("F9")
                self.shoot(app, "narrow-sidebar")
            app.kill()
        app = self.launch(home, filter="'finished'")
        app.row("holiday-photos.zip")
        self.shoot(app, "finished")
        app.kill()
        app = self.launch(home, filter="'paused'")
        app.row("gnome-47-wallpapers.zip")
        app.key("ctrl+f")
        app.type("zzz")
        self.shoot(app, "nothing-found")
        app.kill()

    def empty(self):
        home = self.bench.home()
        for name, size, env in (("empty", (900, 600), {}), ("empty-narrow", (360, 640), {}),
                                ("empty-dark", (900, 600), {"ADW_DEBUG_COLOR_SCHEME": "prefer-dark"})):
            app = self.launch(home, size, env)
            self.shoot(app, name)
            app.kill()

    def long_names(self):
        home = self.bench.home()
        for name in LONG:
            self.add(home, name, "--paused")
        for name, size in (("long-names", (900, 600)), ("long-names-narrow", (360, 640))):
            app = self.launch(home, size)
            app.row(LONG[0])
            self.shoot(app, name)
            app.kill()

    def busy(self):
        from driver import wait
        home = self.bench.home()
        other = subprocess.Popen([self.bench.installed.ferryctl, "get", "--directory", home.downloads,
                                  self.web.url("kernel-6.12.tar.xz")], env=home.env, stdout=subprocess.DEVNULL)
        try:
            wait("the queue", lambda: os.path.exists(home.database))
            app = self.launch(home)
            self.shoot(app, "in-use-elsewhere")
            app.kill()
        finally:
            other.kill()
            other.wait()


def main():
    parser = argparse.ArgumentParser(description="Pictures of Ferry's window.")
    parser.add_argument("--prefix", help="where Ferry is installed", required=True)
    parser.add_argument("--only", help="mixed, empty, long_names or busy (all)")
    parser.add_argument("folder", help="where the pictures go")
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    with Bench(prefix=os.path.abspath(options.prefix)) as bench, Web() as web:
        studio = Studio(bench, web, options.folder)
        for name in [options.only] if options.only else ("empty", "long_names", "busy", "mixed"):
            getattr(studio, name)()


if __name__ == "__main__":
    main()
