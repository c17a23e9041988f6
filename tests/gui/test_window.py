#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window's own business: closing and coming back, filters, search, keyboard, dialogs, names for everybody."""

import re

import bed

HEADER = ("Show Sidebar", "New Download", "Download or Upload", "Search", "Main Menu")


class Window(bed.Case):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()

    def add(self, name, *options, **keys):
        keys = keys or {"size": 2000}
        self.ferryctl("add", *options, "--directory", self.home.downloads, self.server.url(name, **keys))

    def test_closing_asks_nothing(self):
        """Closing the window while bytes move asks nothing; size, filter and downloads come back"""
        from driver import wait
        app = self.launch()
        app.add(self.server.url("long.bin", size=400000, stall=200000, stalls=1))
        row = app.row("long.bin")
        row.wait("of 400")
        app.filter("Active").click()
        wait("the filter", lambda: "selected" in app.filter("Active").states)
        before = app.main.size
        wanted = (before[0] - 120, before[1] - 60)
        _, _, width, height = app.geometry("Ferry")
        bed.bench.desktop.tool("windowsize", app.main_id, width - 120, height - 60)
        wait("the new size", lambda: app.main.size == wanted)
        app.find("push button", "Close").click()
        self.assertEqual(app.wait_end(), 0)

        app = self.launch()
        wait("the size as it was", lambda: app.main.size == wanted)
        wait("the filter as it was", lambda: "selected" in app.filter("Active").states)
        app.filter("All").click()
        app.row("long.bin").wait("^400")
        with open(self.downloaded("long.bin"), "rb") as f:
            self.assertEqual(f.read(), self.server.content(size=400000))

    def test_filters(self):
        """The sidebar filters, and counts"""
        from driver import wait
        self.add("one.bin")
        self.add("two.bin", "--paused")
        self.add("three.bin", "--paused")
        self.add("gone.bin", size=2000, status=404)
        app = self.launch()
        app.row("gone.bin").wait("does not have this file")
        app.row("one.bin").wait("^2.0 kB")
        wait("the counts", lambda: [app.count(n) for n in ("All", "Active", "Paused", "Needs You", "Finished")]
             == [4, 0, 2, 1, 1])
        for name, shown in (("Paused", {"two.bin", "three.bin"}), ("Needs You", {"gone.bin"}),
                            ("Finished", {"one.bin"}), ("All", {"one.bin", "two.bin", "three.bin", "gone.bin"})):
            app.filter(name).click()
            wait(f"what is {name}", lambda: set(app.names()) == shown)
        app.filter("Active").click()
        app.find("label", "Nothing Is Under Way")
        self.assertEqual(app.names(), [])

    def test_search(self):
        """The search shows what matches by name or address, and Escape shows all again"""
        from driver import wait
        for name in ("apple.bin", "pear.bin", "pineapple.bin"):
            self.add(name, "--paused")
        app = self.launch()
        app.row("pear.bin")
        app.key("ctrl+f")
        entry = app.find("entry", "Search names and addresses")
        wait("the keyboard in the search", lambda: "focused" in entry.states)
        app.type("APPLE")
        wait("the apples", lambda: set(app.names()) == {"apple.bin", "pineapple.bin"})
        app.type("zz")
        wait("nothing", lambda: app.names() == [])
        app.find("label", "Nothing Found")
        app.key("Escape")
        wait("all", lambda: len(app.names()) == 3)

    def test_remove_and_undo(self):
        """Delete removes, Undo brings back, to its place and with what it had"""
        from driver import wait
        names = ["a.bin", "b.bin", "c.bin"]
        for name in names:
            self.add(name, "--paused")
        app = self.launch()
        app.row("b.bin").node().click()
        wait("the selection", lambda: "selected" in app.row("b.bin").node().states)
        app.key("Delete")
        wait("the row to go", lambda: app.names() == ["a.bin", "c.bin"])
        app.toast("“b.bin” removed")
        app.find("push button", "Undo").click()
        wait("the row to come back", lambda: app.names() == names)
        app.row("b.bin").wait("^Paused")
        app.key("ctrl+q")
        app.wait_end()
        app = self.launch()
        wait("all rows after a new start", lambda: app.names() == names)

    def test_space_pauses(self):
        """Space pauses and resumes the row that has the keyboard"""
        self.add("slow.bin", size=400000, stall=200000, stalls=9)
        app = self.launch()
        row = app.row("slow.bin")
        row.wait("of 400")
        app.key("Home")
        row.node().click()
        app.key("space")
        row.wait("^Paused")
        app.key("space")
        row.wait("^(?!Paus)")

    def test_header_by_keyboard(self):
        """Every control of the header bar is reached by Tab"""
        from driver import wait
        self.add("one.bin", "--paused")
        app = self.launch()
        app.row("one.bin")
        reached = set()
        wanted = set(HEADER) | {"Resume All"}
        for _ in range(40):
            focused = wait("something with the keyboard", app.focused)
            reached.add(focused.name)
            if wanted <= reached:
                break
            last = focused
            app.key("Tab")
            wait("the keyboard to go on", lambda: (n := app.focused()) and n.accessible != last.accessible)
        self.assertLessEqual(wanted, reached)

    def test_shortcuts_and_about(self):
        """The shortcuts window and About open and close by keyboard"""
        # GTK 4.8 makes labels of that window too narrow by itself.
        self.known = re.compile(r"GtkLabel .* reported min width -\d")
        app = self.launch()
        app.key("ctrl+question")
        app.wait_open("GtkShortcutsWindow")
        app.key("Escape")
        app.wait_closed()
        app.key("F10")
        app.find("menu item", "About Ferry").click()
        about = app.wait_open("About")
        about.find("label", "Ferry")
        app.key("Escape")
        app.wait_closed()

    def test_preferences_persist(self):
        """The number at once is taken over at once, and is there after a new start"""
        from driver import wait
        self.add("slow-1.bin", size=400000, stall=200000, stalls=9)
        self.add("slow-2.bin", size=400000, stall=200000, stalls=9)
        app = self.launch()
        app.row("slow-2.bin").wait("of 400")
        app.key("ctrl+comma")
        number = app.wait_active("Preferences").find("spin button", "Transfers at Once")
        self.assertEqual(number.value, 3)
        # Its number; the rest are buttons.
        number.click(across=0.1)
        app.key("ctrl+a")
        app.type("1")
        app.key("Return")
        wait("the number", lambda: number.value == 1)
        app.key("Escape")
        app.wait_closed()
        app.kill()
        app = self.launch()
        app.row("slow-2.bin").wait("^Waiting for its turn")
        app.key("ctrl+comma")
        self.assertEqual(app.wait_active("Preferences").find("spin button", "Transfers at Once").value, 1)

    def test_names(self):
        """Every control has a name, in the window, in its dialogs and in its menus"""
        self.add("one.bin")
        self.add("two.bin", "--paused")
        self.add("private.bin", size=2000, auth="basic:a:b")
        app = self.launch()
        app.row("private.bin").button("Sign In…")
        app.key("ctrl+f")
        app.find("entry", "Search names and addresses")
        self.assertEqual(self.nameless(app.main), [])
        controls = [n for n in app.main.walk() if n.role in bed.CONTROLS]
        self.assertGreater(len(controls), 15)
        app.key("Escape")

        app.key("ctrl+n")
        dialog = app.wait_active("New Download")
        app.type(self.server.url("x"))
        dialog.find("list item", "More Options")
        self.assertEqual(self.nameless(dialog), [])
        app.key("Escape")
        app.wait_closed()
        app.key("ctrl+comma")
        preferences = app.wait_active("Preferences")
        preferences.find("spin button", "Transfers at Once")
        self.assertEqual(self.nameless(preferences), [])


if __name__ == "__main__":
    bed.main()
