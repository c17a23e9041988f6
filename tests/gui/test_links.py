#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that come from other programs: pasted and dropped."""

import bed


class Links(bed.Case):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()

    def link(self, name):
        return self.server.url(name, size=2000)

    def paste(self, text):
        self.helper("clipboard", text)
        app = self.launch()
        app.key("ctrl+v")
        return app

    def test_paste_link(self):
        """Ctrl+V downloads the link in the clipboard"""
        app = self.paste(self.link("pasted.bin"))
        app.row("pasted.bin").wait("^2.0 kB")
        app.toast("^1 download added")
        with open(self.downloaded("pasted.bin"), "rb") as f:
            self.assertEqual(f.read(), self.server.content(size=2000))

    def test_paste_several(self):
        """Several links in a text are all downloaded"""
        app = self.paste(f"Look: {self.link('one.bin')}\nand {self.link('two.bin')} .")
        app.row("one.bin").wait("^2.0 kB")
        app.row("two.bin").wait("^2.0 kB")
        self.assertEqual(len(app.rows()), 2)

    def test_paste_nonsense(self):
        """What is no link gives a toast, and adds nothing"""
        app = self.paste("Nothing to see here")
        app.toast("There is no link or file in the clipboard")
        self.assertEqual(self.ferryctl("list", "--json"), [])

    def test_drop_link(self):
        """A link dropped from another program is downloaded"""
        app = self.launch()
        drop = self.drag(app, "drag", "text/uri-list", self.link("dropped.bin") + "\r\n")
        app.find("label", "Drop to Download 1 Link")
        drop()
        app.row("dropped.bin").wait("^2.0 kB")

    def test_drop_text(self):
        """So is a link in dropped text"""
        app = self.launch()
        drop = self.drag(app, "drag", "text/plain;charset=utf-8", f"see {self.link('text.bin')}")
        app.find("label", "Drop to Download 1 Link")
        drop()
        app.row("text.bin").wait("^2.0 kB")


if __name__ == "__main__":
    bed.main()
