# SPDX-License-Identifier: GPL-3.0-or-later
"""Ferry's window from the outside: found through the accessibility tree, moved by a real pointer and keyboard.

Import it only inside a desktop session: the accessibility library looks for its bus at once.
"""

import os
import re
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

PATIENCE = 30


class Missing(Exception):
    """What was waited for did not come."""


def wait(what, condition, seconds=PATIENCE):
    """Until condition () is true; its value. A widget that goes away while it is looked at is no answer."""
    end = time.monotonic() + seconds
    while True:
        try:
            if value := condition():
                return value
        except (GLib.Error, Missing):
            pass
        if time.monotonic() > end:
            raise Missing(f"waited {seconds} s in vain for {what}")
        time.sleep(0.03)


def matches(wanted, found):
    return wanted is None or (wanted.search(found) is not None if isinstance(wanted, re.Pattern) else wanted == found)


class Node:
    """A widget as assistive technology sees it."""

    def __init__(self, accessible, app):
        self.accessible, self.app = accessible, app

    def __repr__(self):
        return f"{self.role} “{self.name}”"

    @property
    def role(self):
        return self.accessible.get_role_name()

    @property
    def name(self):
        # Numbers keep to their units by spaces that do not break.
        name = self.accessible.get_name().replace("\u00a0", " ").replace("\u202f", " ")
        # GTK 4.8 says what labels a button twice: “Undo Undo”.
        half = len(name) // 2
        return name[:half] if name[:half] + " " + name[:half] == name else name

    @property
    def description(self):
        return self.accessible.get_description()

    @property
    def states(self):
        return {state.value_nick for state in self.accessible.get_state_set().get_states()}

    @property
    def n_children(self):
        return self.accessible.get_child_count()

    def child(self, index):
        found = self.accessible.get_child_at_index(index)
        return Node(found, self.app) if found else None

    def children(self):
        for index in range(self.n_children):
            if child := self.child(index):
                yield child

    def walk(self):
        """Itself and all below it that is not hidden."""
        yield self
        for child in self.children():
            if "visible" in child.states:
                yield from child.walk()

    def all(self, role, name=None):
        for node in self.walk():
            if node.role == role and matches(name, node.name):
                yield node

    def look(self, role, name=None):
        """The first match or None; of a menu button, which is there twice, the one that takes the keyboard."""
        found = next(self.all(role, name), None)
        while found:
            inner = next((c for c in found.children() if c.role == role and matches(name, c.name)), None)
            if not inner:
                return found
            found = inner
        return None

    def find(self, role, name=None, seconds=PATIENCE):
        return wait(f"a {role} “{getattr(name, 'pattern', name)}”", lambda: self.look(role, name), seconds)

    @property
    def text(self):
        return Atspi.Text.get_text(self.accessible, 0, Atspi.Text.get_character_count(self.accessible))

    @property
    def value(self):
        return Atspi.Value.get_current_value(self.accessible)

    @property
    def size(self):
        extents = self.accessible.get_extents(Atspi.CoordType.WINDOW)
        return extents.width, extents.height

    def window(self):
        node = self.accessible
        while (parent := node.get_parent()).get_role_name() != "application":
            node = parent
        return Node(node, self.app)

    def place(self, across=0.5):
        """A point of it on the screen. What the tree tells begins inside the shadow of the window."""
        here = self.accessible.get_extents(Atspi.CoordType.WINDOW)
        x, y = here.x + int(here.width * across), here.y + here.height // 2
        if menu := self._menu():
            # A menu is a window of its own on the screen, as large as the tree says.
            there = menu.get_extents(Atspi.CoordType.WINDOW)
            left, top = self.app.popup(there.width, there.height)
            return left + x - there.x, top + y - there.y
        window = self.window()
        width, height = window.size
        left, top, full_width, full_height = self.app.geometry(window.name)
        return left + (full_width - width) // 2 + x, top + (full_height - height) // 2 + y

    def _menu(self):
        node = self.accessible
        while node and node.get_role_name() != "application":
            if node.get_role_name() == "menu":
                return node
            node = node.get_parent()
        return None

    def click(self, button=1, count=1, across=0.5):
        def settled():
            # It may still be on its way to its place.
            before = self.place(across)
            return min(self.size) > 0 and before == self.place(across) and before

        x, y = wait(f"a place for {self}", settled)
        # A hand always moves first; a pointer that waits where a widget appears is not noticed.
        self.app.desktop.tool("mousemove", x - 4, y - 3, "mousemove", x, y,
                              "click", "--repeat", count, "--delay", 60, button)
        return self


class Row:
    """A download in the list: its name and caption are what a screen reader would say."""

    def __init__(self, app, name):
        self.app, self.title = app, name

    def node(self):
        return next((row for row in self.app.rows() if row.name.startswith(f"{self.title}: ")), None)

    @property
    def caption(self):
        node = self.node()
        return node.name[len(self.title) + 2:] if node else ""

    def wait(self, pattern, seconds=PATIENCE):
        """Until the caption matches; the match."""
        try:
            return wait("", lambda: re.search(pattern, self.caption), seconds)
        except Missing:
            raise Missing(f"“{self.title}” says “{self.caption}”, not {pattern}") from None

    def button(self, name):
        return wait(f"the button “{name}” of “{self.title}”", lambda: self.node().look("push button", name))

    def progress(self):
        bar = self.node().look("progress bar")
        return bar.value if bar else None


class App:
    """A running Ferry. asks: the dialog it begins with."""

    def __init__(self, desktop, installed, home, *arguments, env=None, asks=None):
        self.desktop, self.home = desktop, home
        self.log_path = os.path.join(home.root, "ferry.log")
        self._list = None
        with open(self.log_path, "a") as log:
            self.process = subprocess.Popen([installed.ferry, *arguments], stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, env=dict(home.env, **(env or {})))
        try:
            self._wait_ready(asks)
        except Missing:
            # Or the next one would hand over to it.
            self.end()
            raise

    def _wait_ready(self, asks):
        self.root = self._wait_alive("Ferry in the accessibility tree", self._find_root)
        self.main = self._wait_alive("the window", lambda: self.root.look("frame"))
        # Not “Ferry” in every language.
        self.title = self.main.name
        self.main_id = wait("the window on the screen", lambda: self._x_window(self.title)[0])
        self.wait_active(asks or self.title)

    def _wait_alive(self, what, condition):
        def look():
            if self.process.poll() is not None:
                raise Missing(f"Ferry ended with {self.process.returncode}: {self.log()}")
            return condition()

        return wait(what, look)

    def _find_root(self):
        screen = Atspi.get_desktop(0)
        for index in range(screen.get_child_count()):
            found = screen.get_child_at_index(index)
            # One that was killed may still be listed.
            if found and found.get_process_id() == self.process.pid and found.get_child_count() > 0:
                return Node(found, self)
        return None

    def log(self):
        with open(self.log_path) as f:
            return f.read()

    def find(self, *arguments, **options):
        return self.main.find(*arguments, **options)

    def look(self, *arguments):
        return self.main.look(*arguments)

    # windows

    def top_level(self, name):
        return next((w for w in self.root.children() if w.name == name), None)

    def wait_active(self, name):
        """Until a window has the keyboard; the window."""
        def active():
            focus = self.desktop.tool("getwindowfocus")
            if name == self.title:
                return focus == self.main_id and self.main
            # Only once the window is there for good: GTK 4.8 dies of a question for one that has just gone.
            return self.desktop.tool("getwindowname", focus) == name and self.top_level(name)

        return wait(f"the window “{name}” to have the keyboard", active)

    def wait_open(self, name):
        return wait(f"the window “{name}”", lambda: self.top_level(name))

    def wait_closed(self):
        """Until a dialog has given the keyboard back to the main window."""
        self.wait_active(self.title)

    def geometry(self, name):
        """On the screen, with its shadow: x, y, width, height."""
        # A tooltip that goes away while xdotool looks for windows ends its search.
        return wait(f"the window “{name}” on the screen", lambda: self._x_window(name))[1]

    def popup(self, width, height):
        """Where a menu of that size is on the screen."""
        def found():
            places = map(self._x_geometry, self._x_ids("."))
            return next((place[:2] for place in places if place and place[2:] == (width, height)), None)

        return wait("the menu on the screen", found)

    def _x_window(self, name):
        """The largest of that name: tooltips and menus bear the name of their window too."""
        def area(found):
            return found[1][2] * found[1][3]

        found = [(id, values) for id in self._x_ids(f"^{re.escape(name)}$") if (values := self._x_geometry(id))]
        if not found:
            raise Missing(f"there is no window “{name}” on the screen")
        return max(found, key=area)

    def _x_ids(self, pattern):
        pid = self.process.pid
        return (self.desktop.tool("search", "--all", "--onlyvisible", "--pid", pid, "--name", pattern) or "").split()

    def _x_geometry(self, id):
        told = self.desktop.tool("getwindowgeometry", "--shell", id)
        if told is None:
            return None
        values = dict(line.split("=") for line in told.splitlines())
        return tuple(int(values[k]) for k in ("X", "Y", "WIDTH", "HEIGHT"))

    def picture(self, path, name=None):
        """A window with its shadow; the main one if none is named."""
        self.desktop.picture(path, self.geometry(name or self.title))

    # keyboard

    def key(self, *keys):
        self.desktop.tool("key", "--delay", 40, *keys)

    def type(self, text):
        self.desktop.tool("type", "--delay", 8, text)

    def focused(self):
        """What has the keyboard in the main window."""
        return next((node for node in self.main.walk() if "focused" in node.states), None)

    # the list

    @property
    def list(self):
        if self._list is None:
            self._list = self.find("list", "Downloads and Uploads")
        return self._list

    def rows(self):
        return [row for row in self.list.children() if row.role == "list item"]

    def names(self):
        return [row.name.split(": ")[0] for row in self.rows()]

    def row(self, name):
        row = Row(self, name)
        wait(f"the row “{name}”", row.node)
        return row

    def filter(self, name):
        """A line of the sidebar."""
        return self.find("list", "Show").find("list item", re.compile(f"^{name}, "))

    def count(self, name):
        return int(self.filter(name).name.rsplit(", ", 1)[1])

    def toast(self, pattern):
        return self.find("label", re.compile(pattern))

    def add(self, address):
        """As a person without a pointer would."""
        self.key("ctrl+n")
        dialog = self.wait_active("New Download")
        entry = dialog.find("text", "Links, one on each line")
        wait("the keyboard in the field", lambda: "focused" in entry.states)
        self.key("ctrl+a")
        self.type(address)
        wait("the address in the field", lambda: entry.text == address)
        self.key("Return")
        self.wait_closed()

    # its end

    def kill(self):
        self.process.kill()
        self.process.wait()

    def wait_end(self):
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise Missing("Ferry does not end") from None

    def end(self):
        if self.process.poll() is None:
            self.kill()
