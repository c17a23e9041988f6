#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The window and its queue: ten thousand rows, and a queue that another program has."""

import re
import signal
import sqlite3
import subprocess
import time

import bed

MANY = 10000
START_SECONDS = 20


def first_row(app):
    return next((row for row in app.rows() if row.name.startswith("row-00001.bin: ")), None)


class Queue(bed.Case):
    def setUp(self):
        super().setUp()
        self.server = self.start_server()

    def fill(self):
        """One paused download as Ferry writes it, and copies of it."""
        self.ferryctl("add", "--paused", "--directory", self.home.downloads, self.server.url("x", size=1000))
        database = sqlite3.connect(self.home.database)
        columns = [row[1] for row in database.execute("PRAGMA table_info (transfer)")]
        own = {"number": "number + n", "id": "printf ('%032x', n)", "position": "position + n",
               "address": "printf ('http://127.0.0.1:1/row-%05d.bin', n)"}
        database.execute("WITH RECURSIVE counter (n) AS"
                         f" (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < {MANY})"
                         f" INSERT INTO transfer ({', '.join(columns)})"
                         f" SELECT {', '.join(own.get(c, c) for c in columns)} FROM transfer, counter")
        database.execute("DELETE FROM transfer WHERE address LIKE '%/x?%'")
        database.commit()
        database.close()

    def test_ten_thousand_rows(self):
        """Ten thousand rows are shown soon, and scroll to the last"""
        from driver import wait
        self.fill()
        begun = time.monotonic()
        app = self.launch()
        wait("the first row", lambda: first_row(app), START_SECONDS)
        print(f"# first of {MANY} rows after {time.monotonic() - begun:.1f} s")
        self.assertEqual(app.count("All"), MANY)
        first_row(app).click()
        app.key("End")

        def last_row():
            row = app.list.child(app.list.n_children - 1)
            return row and row.name.startswith(f"row-{MANY:05}.bin: ") and min(row.size) > 0 and "focused" in row.states

        wait("the last row", last_row)
        self.picture("queue-last-of-many")
        with open(f"/proc/{app.process.pid}/status") as f:
            print(f"# memory: {re.search(r'VmRSS:.*', f.read())[0]}")
        app.key("Home")
        wait("the first row again", lambda: (row := first_row(app)) and "focused" in row.states)

    def test_owned_by_another(self):
        """A queue that ferryctl has: the window says who has it, and works once it is free"""
        from driver import wait
        address = self.server.url("held.bin", size=400000, stall=200000, stalls=1)
        other = self.spawn(bed.bench.installed.ferryctl, "get", "--directory", self.home.downloads, address,
                           stdout=subprocess.DEVNULL)
        wait("ferryctl at work", lambda: self.transfers() == 1)
        app = self.launch()
        app.find("label", re.compile(rf"in use by ferryctl \(process {other.pid}\)"))
        self.picture("queue-in-use")
        again = app.find("push button", "Try Again")
        again.click()
        app.find("label", re.compile("in use by ferryctl"))
        other.send_signal(signal.SIGINT)
        self.assertEqual(other.wait(30), 130)
        again.click()
        row = app.row("held.bin")
        if row.caption.startswith("Paused"):
            row.button("Resume").click()
        row.wait("^400")
        with open(self.downloaded("held.bin"), "rb") as f:
            self.assertEqual(f.read(), self.server.content(size=400000))

    def transfers(self):
        """How many are in the journal."""
        try:
            database = sqlite3.connect(f"file:{self.home.database}?mode=ro", uri=True)
        except sqlite3.OperationalError:
            return 0
        try:
            return database.execute("SELECT count (*) FROM transfer").fetchone()[0]
        except sqlite3.OperationalError:
            return 0
        finally:
            database.close()


if __name__ == "__main__":
    bed.main()
