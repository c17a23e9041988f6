#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job of Ferry as a person does it: add, watch, pause, be killed, come back, resume, have the file."""

import os
import shutil
import tempfile

import bed

from measure import file_sha256, make_file
from nginx import Nginx

NAME = "crossing.bin"
SIZE = 8 * bed.MIB
RATE = bed.MIB


class Journey(bed.Case):
    def setUp(self):
        super().setUp()
        folder = tempfile.mkdtemp(prefix="ferry-served-")
        self.addCleanup(shutil.rmtree, folder)
        self.sha256 = make_file(os.path.join(folder, NAME), SIZE)
        self.nginx = Nginx(folder)
        self.nginx.start()
        self.addCleanup(self.nginx.stop)

    def url(self, rate=RATE):
        return self.nginx.url(NAME, rate=rate)

    def assert_arrived(self, app):
        from driver import wait
        row = app.row(NAME)
        row.wait(r"^8\.4 MB")
        wait("no progress bar", lambda: row.progress() is None)
        self.assertEqual(file_sha256(self.downloaded(NAME)), self.sha256)
        self.assertEqual(os.listdir(self.home.downloads), [NAME])

    def test_pause_kill_resume(self):
        """A link is added by keyboard, paused by a click, survives kill -9, and is resumed to the very same file"""
        from driver import wait
        app = self.launch()
        self.assertIsNotNone(app.look("push button", "Download…"))
        self.assertEqual(app.names(), [])
        self.picture("journey-1-empty")

        app.add(self.url())
        row = app.row(NAME)
        row.wait(r"of 8\.4 MB · .*/s")
        wait("progress", lambda: (row.progress() or 0) > 0.1)
        self.picture("journey-2-running")

        row.button("Pause").click()
        paused = row.wait(r"^Paused · (.* of 8\.4 MB)")[1]
        self.picture("journey-3-paused")
        app.kill()

        app = self.launch()
        row = app.row(NAME)
        self.assertEqual(row.wait("^Paused · (.*)")[1], paused)
        self.picture("journey-4-back")
        row.button("Resume").click()
        self.assert_arrived(app)
        self.picture("journey-5-finished")
        # Nothing that was there was asked for again: two answers, the second from where the first ended.
        app.key("ctrl+q")
        app.wait_end()
        self.nginx.stop()
        first, second = self.nginx.requests()
        self.assertEqual((first.status, second.status), (200, 206))
        self.assertGreater(second.offset, 0)

    def test_running_comes_back_running(self):
        """A download that ran when Ferry was killed runs on by itself"""
        from driver import wait
        app = self.launch()
        app.add(self.url())
        row = app.row(NAME)
        wait("a third of it", lambda: (row.progress() or 0) > 0.3)
        app.kill()
        app = self.launch()
        app.row(NAME).wait(r"/s|^8\.4 MB")
        self.assert_arrived(app)

    def test_link_on_the_command_line(self):
        """Links given on the command line are downloaded"""
        app = self.launch(self.nginx.url(NAME))
        self.assert_arrived(app)


if __name__ == "__main__":
    bed.main()
