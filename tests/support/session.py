# SPDX-License-Identifier: GPL-3.0-or-later
"""A desktop session for one program: a virtual screen, a D-Bus of its own, and nothing left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nginx import die_with_parent  # noqa: E402

PR_SET_CHILD_SUBREAPER = 36
START_SECONDS = 30


class SessionError(Exception):
    """The session cannot be started; says why."""


def wait_for(what, condition, seconds=60):
    """Asks again and again until condition() is true, and returns that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.05)
    raise SessionError(f"waited {seconds} s in vain for {what}")


def children_of(pid):
    found = set()
    for task in os.listdir("/proc"):
        if not task.isdigit():
            continue
        try:
            with open(f"/proc/{task}/stat") as f:
                parent = int(f.read().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
        if parent == pid:
            found.add(int(task))
    return found


class Session:
    """env is what a program needs to be shown in it. Everything started, however deep, ends with it."""

    def __init__(self, env, size="1100x760x24"):
        self.env = dict(env)
        self.size = size

    def __enter__(self):
        # Orphans of orphans (what D-Bus activates) become ours, so that they can be found at the end.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        try:
            self._start_screen()
            self._start_bus()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        end = time.monotonic() + 5
        while left := children_of(os.getpid()):
            for pid in left:
                how = signal.SIGTERM if time.monotonic() < end else signal.SIGKILL
                try:
                    os.kill(pid, how)
                except ProcessLookupError:
                    pass
            self._reap()
            time.sleep(0.05)

    @staticmethod
    def _reap():
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            pass

    def spawn(self, *arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen(arguments, env=self.env, preexec_fn=die_with_parent, **options)

    def _answer(self, process, read_end):
        """The first line a server says once it is ready."""
        with os.fdopen(read_end) as f:
            line = f.readline().strip()
        if not line:
            process.wait(START_SECONDS)
            raise SessionError(f"{process.args[0]} does not start")
        return line

    def _start_screen(self):
        read_end, write_end = os.pipe()
        server = self.spawn("Xvfb", "-displayfd", str(write_end), "-screen", "0", self.size,
                            "-nolisten", "tcp", pass_fds=[write_end], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)
        os.close(write_end)
        self.env["DISPLAY"] = ":" + self._answer(server, read_end)
        # Software drawing without a graphics driver; no portals, so no dialogs from outside.
        self.env.update(GDK_BACKEND="x11", GSK_RENDERER="cairo", GTK_USE_PORTAL="0",
                        GSETTINGS_BACKEND="keyfile")

    def _start_bus(self):
        read_end, write_end = os.pipe()
        bus = self.spawn("dbus-daemon", "--session", "--nofork", f"--print-address={write_end}",
                         pass_fds=[write_end], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(write_end)
        self.env["DBUS_SESSION_BUS_ADDRESS"] = self._answer(bus, read_end)

    def screenshot(self, path):
        """Writes the screen as a picture, once it stands still."""
        last = [b""]

        def settled():
            before = last[0]
            last[0] = self._import("ppm:-")
            # One colour all over: nothing is drawn yet.
            return before == last[0] and len(set(last[0][64::997])) > 2

        wait_for("the window to be drawn", settled)
        self._import(path)

    def _import(self, target):
        done = subprocess.run(["import", "-window", "root", "-trim", target], env=self.env, capture_output=True)
        if done.returncode != 0:
            raise SessionError(f"no picture of the screen: {done.stderr.decode().strip()}")
        return done.stdout
