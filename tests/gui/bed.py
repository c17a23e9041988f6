# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of the window stand on: one desktop for a program, folders of its own for each test, TAP."""

import json
import os
import re
import shutil
import subprocess
import sys
import traceback
import unittest
import urllib.parse
import urllib.request

from desktop import Bench

COMPLAINT = re.compile(r"WARNING|CRITICAL|ERROR")
MIB = 1 << 20
CONTROLS = ("push button", "toggle button", "entry", "text", "spin button", "check box", "radio button", "combo box",
            "switch", "slider", "menu item", "list item", "link")

bench = None


def has_name(node):
    return re.match(r"(?!Gtk|Adw|Ferry[A-Z])\S", node.name) is not None


def is_group(node):
    """A row that folds others away: the keyboard goes to the first of them, which has a name."""
    inner = (n for n in node.walk() if n.role == node.role and n.accessible != node.accessible)
    return has_name(first) if (first := next(inner, None)) else False


class Server:
    """The web server that misbehaves on command."""

    def __init__(self):
        self.process = subprocess.Popen([os.environ["FERRY_TEST_SERVER"], "--watch-stdin"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()

    def url(self, path, **keys):
        query = urllib.parse.urlencode(keys)
        return f"{self.address}/{path}?{query}" if query else f"{self.address}/{path}"

    def content(self, **keys):
        with urllib.request.urlopen(self.url("_reference", **keys)) as answer:
            return answer.read()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


class Case(unittest.TestCase):
    longMessage = True
    # Complaints that are the libraries' own.
    known = re.compile("(?!)")

    def setUp(self):
        self.home = bench.home()
        self.apps = []
        self.addCleanup(self._end_apps)

    def launch(self, *arguments, **options):
        from driver import App
        app = App(bench.desktop, bench.installed, self.home, *arguments, **options)
        self.apps.append(app)
        return app

    def _end_apps(self):
        for app in self.apps:
            app.end()

    def tearDown(self):
        """Nothing was complained about, in any test."""
        if self.apps:
            complaints = [line for line in self.apps[-1].log().splitlines()
                          if COMPLAINT.search(line) and not self.known.search(line)]
            self.assertEqual(complaints, [], "Ferry complained")

    def start_server(self):
        server = Server()
        self.addCleanup(server.close)
        return server

    def spawn(self, *arguments, **options):
        """A program of the person's, ended with the test."""
        process = subprocess.Popen([str(a) for a in arguments], env=self.home.env, stdin=subprocess.DEVNULL, **options)

        def end():
            process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()

        self.addCleanup(end)
        return process

    def helper(self, *arguments):
        """The other program on the desktop, see other_app.py; once it is ready."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_app.py")
        process = self.spawn(sys.executable, path, *arguments, stdout=subprocess.PIPE, text=True)
        self.assertEqual(process.stdout.readline(), "ready\n")
        return process

    def drag(self, app, *what):
        """Has the other program drag something into the window, see other_app.py; what lets go of it there."""
        from driver import wait
        tool = bench.desktop.tool
        self.helper(*what)
        source = wait("the other window", lambda: tool("search", "--onlyvisible", "--name", "^Other$")).split()[-1]
        tool("windowmove", "--sync", source, 0, 0)
        told = dict(line.split("=") for line in tool("getwindowgeometry", "--shell", source).splitlines())
        start = (int(told["X"]) + int(told["WIDTH"]) // 2, int(told["Y"]) + int(told["HEIGHT"]) // 2)
        end = app.main.place()
        steps = [[a + (b - a) * i // 12 for a, b in zip(start, end)] for i in range(1, 13)]
        # A toolkit sees a drag in its movements; all at once they would be one.
        moves = [a for at in steps for a in ("mousemove", *at, "sleep", "0.02")]
        tool("mousemove", start[0] - 3, start[1] - 3, "mousemove", *start, "mousedown", 1, *moves)
        return lambda: tool("mousemove_relative", "--", 2, 2, "mouseup", 1)

    def clipboard_text(self):
        """What another program would paste."""
        path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "other_app.py")
        done = subprocess.run([sys.executable, path, "read-clipboard"], env=self.home.env, capture_output=True,
                              text=True, timeout=30)
        return json.loads(done.stdout)

    def ferryctl(self, *arguments):
        done = subprocess.run([bench.installed.ferryctl, *arguments], env=self.home.env, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()] if "--json" in arguments else done.stdout

    def downloaded(self, name):
        return os.path.join(self.home.downloads, name)

    def nameless(self, window):
        """Controls that a screen reader could say nothing about. A name of a C type is none."""
        return [(node.role, node.name, node.size) for node in window.walk()
                if node.role in CONTROLS and not has_name(node)
                and "focusable" in node.states and min(node.size) > 0 and not is_group(node)]

    def picture(self, name):
        if folder := os.environ.get("FERRY_GUI_PICTURES"):
            os.makedirs(folder, exist_ok=True)
            path = os.path.join(folder, f"{name}.png")
            self.apps[-1].picture(path) if self.apps else bench.desktop.picture(path)


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number = 0

    def _tell(self, test, ok, error=None):
        self.number += 1
        what = test.shortDescription() or test._testMethodName
        print(f"{'ok' if ok else 'not ok'} {self.number} - {what}", flush=True)
        if error:
            self._explain(test, error)

    def _explain(self, test, error):
        lines = "".join(traceback.format_exception(*error)).splitlines()
        for app in getattr(test, "apps", []):
            lines += [f"log: {line}" for line in app.log().splitlines()[-30:]]
        for line in lines:
            print(f"# {line}", flush=True)

    def addSuccess(self, test):
        self._tell(test, True)

    def addFailure(self, test, error):
        super().addFailure(test, error)
        self._shoot(test)
        self._tell(test, False, error)

    addError = addFailure

    @staticmethod
    def _shoot(test):
        """The whole screen: the trouble may be another window."""
        if folder := os.environ.get("FERRY_GUI_PICTURES"):
            os.makedirs(folder, exist_ok=True)
            bench.desktop.picture(os.path.join(folder, f"failed-{test.id().rsplit('.', 1)[-1]}.png"))


def main():
    global bench
    # The test programs import this file by its name; it must be the same one.
    sys.modules["bed"] = sys.modules[__name__]
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    if len(sys.argv) > 1:
        suite = unittest.TestSuite(t for s in suite for t in s if t._testMethodName in sys.argv[1:])
    print(f"1..{suite.countTestCases()}", flush=True)
    if shutil.which("mutter") is None:
        print("Bail out! mutter, the window manager, is not installed")
        sys.exit(1)
    with Bench(os.environ["FERRY_BUILD"]) as bench:
        result = TapResult()
        suite.run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
