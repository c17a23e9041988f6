# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop that the window is tested on: a virtual screen, a window manager, and Ferry as it is installed."""

import glob
import os
import shutil
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
from measure import private_environment  # noqa: E402
from session import Session, SessionError, wait_for  # noqa: E402

FOLDERS = ("config", "data", "state", "cache", "run")


class Installed:
    """Ferry installed in a folder of its own; environment() is what lets it find its parts there."""

    def __init__(self, prefix):
        self.ferry = os.path.join(prefix, "bin", "ferry")
        self.ferryctl = os.path.join(prefix, "bin", "ferryctl")
        self.share = os.path.join(prefix, "share")

    def environment(self, env):
        others = env.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
        return {"XDG_DATA_DIRS": f"{self.share}:{others}",
                "GSETTINGS_SCHEMA_DIR": os.path.join(self.share, "glib-2.0", "schemas")}


def install(build, folder):
    """Installs what was built into a folder, wherever the build itself would go."""
    done = subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--quiet", "--destdir", folder],
                          capture_output=True, text=True)
    found = glob.glob(os.path.join(folder, "**", "bin", "ferry"), recursive=True)
    if done.returncode != 0 or len(found) != 1:
        sys.exit(f"Ferry could not be installed: {done.stdout}{done.stderr}")
    prefix = os.path.dirname(os.path.dirname(found[0]))
    # A build that is installed into another root leaves this to the package manager.
    subprocess.run(["glib-compile-schemas", os.path.join(prefix, "share/glib-2.0/schemas")], check=True)
    return Installed(prefix)


class Desktop(Session):
    """A session with a window manager. This process becomes a program of it too, to look and to act."""

    def __init__(self, env, size="1280x900x24"):
        super().__init__(env, size)
        self.env["ADW_DISABLE_PORTAL"] = "1"
        self.log = None

    def __enter__(self):
        super().__enter__()
        try:
            self.log = open(os.path.join(self.env["HOME"], "desktop.log"), "w")
            self.start_window_manager()
        except BaseException:
            self.__exit__()
            raise
        # The accessibility library reads them once.
        for name in ("DISPLAY", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "HOME"):
            os.environ[name] = self.env[name]
        return self

    def start_window_manager(self):
        """Mutter does not always come up on a display that is just there: not what is tested here, so it may try again."""
        for tries_left in (2, 1, 0):
            manager = self.spawn("mutter", "--x11", "--sm-disable", stdout=self.log, stderr=self.log)
            try:
                wait_for("the window manager", lambda: self.tool("get_num_desktops"), 25)
                return
            except SessionError as error:
                with open(self.log.name, errors="replace") as log:
                    print(f"# {error}: {log.read()[-2000:]!r}", flush=True)
                manager.kill()
                manager.wait()
                if not tries_left:
                    raise

    def __exit__(self, *arguments):
        super().__exit__(*arguments)
        if self.log:
            self.log.close()

    def tool(self, *arguments):
        """What xdotool answers, None when it fails."""
        command = ["xdotool", *(str(a) for a in arguments)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    def picture(self, path, area=None):
        """Writes the screen, or a part of it: x, y, width, height."""
        crop = []
        if area:
            x, y, width, height = area
            crop = ["-crop", f"{width}x{height}+{x}+{y}", "+repage"]
        subprocess.run(["import", "-window", "root", *crop, path], env=self.env, check=True)


class Home:
    """Folders of one person: what a program leaves there is found again by the next one."""

    def __init__(self, root, env):
        self.root = root
        self.env = dict(env, HOME=root)
        for name in FOLDERS:
            variable = "XDG_RUNTIME_DIR" if name == "run" else f"XDG_{name.upper()}_HOME"
            self.env[variable] = os.path.join(root, name)
            os.mkdir(self.env[variable], 0o700)
        self.downloads = os.path.join(root, "Downloads")
        os.mkdir(self.downloads)
        with open(os.path.join(root, "config", "user-dirs.dirs"), "w") as f:
            f.write('XDG_DOWNLOAD_DIR="$HOME/Downloads"\n')
        # Nothing to wait for but the app itself.
        os.mkdir(os.path.join(root, "config", "gtk-4.0"))
        with open(os.path.join(root, "config", "gtk-4.0", "settings.ini"), "w") as f:
            f.write("[Settings]\ngtk-enable-animations=false\n")

    @property
    def database(self):
        return os.path.join(self.root, "state", "ferry", "queue.db")


class Bench:
    """Desktop and installed app together, for as long as a test program runs."""

    def __init__(self, build=None, prefix=None, size="1280x900x24"):
        self.build, self.prefix, self.size = build, prefix, size
        self.private = private_environment()
        self.folder = None

    def __enter__(self):
        # Whoever ends us wants what we started to end as well.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
        env = self.private.__enter__()
        self.folder = tempfile.mkdtemp(prefix="ferry-gui-")
        try:
            self.installed = (Installed(self.prefix) if self.prefix
                              else install(self.build, os.path.join(self.folder, "root")))
            env.update(self.installed.environment(env))
            env.pop("G_DEBUG", None)
            env["LANGUAGE"] = ""
            self.desktop = Desktop(env, self.size)
            self.desktop.__enter__()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, *arguments):
        self.desktop.__exit__(*arguments)
        self._clean()

    def _clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.private.__exit__(None, None, None)

    def home(self):
        return Home(tempfile.mkdtemp(prefix="home-", dir=self.folder), self.desktop.env)
