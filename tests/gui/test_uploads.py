#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that go out: dropped, chosen, killed in the middle, resumed, and the same at the receiver."""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import tempfile
import time

import bed

from chunk_proxy import ChunkProxy
from measure import file_sha256, make_file
from receiver_process import ReceiverProcess

DIALOG = "Upload Files"
KIB = 1024
MANY = 1000
# A person notices from about a quarter of a second on; a busy machine deserves some more.
PATIENT_SECONDS = 0.75


class Uploads(bed.Case):
    def setUp(self):
        super().setUp()
        # Tokens are kept without the keyring of the desktop, which a test must not touch.
        self.home.env.update(SECRET_BACKEND="file", SECRET_FILE_TEST_PASSWORD="open",
                             SECRET_FILE_TEST_PATH=os.path.join(self.home.root, "keyring"))

    def start_receiver(self, chunk=256 * KIB):
        folder = tempfile.mkdtemp(prefix="ferry-receiver-")
        self.addCleanup(shutil.rmtree, folder)
        receiver = ReceiverProcess(os.environ["FERRY_RECEIVER"], folder, self.home.env, f"--chunk-size={chunk}")
        return self.enterContext(receiver)

    def make(self, name, size):
        """A file of the person's; its path."""
        path = os.path.join(self.home.root, "files", name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        make_file(path, size)
        return path

    def add_destination(self, name, address, token=None):
        token_file = os.path.join(self.home.root, "token")
        with open(token_file, "w") as f:
            f.write(token or "")
        options = [f"--token-file={token_file}"] if token else []
        self.ferryctl("destination", "add", name, address, *options)

    def launch_with(self, receiver, name="Home Server", address=None, arguments=(), **options):
        self.add_destination(name, address or receiver.address, receiver.token)
        return self.launch(*arguments, **options)

    def assert_arrived(self, receiver, path, name=None):
        there = receiver.path(name or os.path.basename(path))
        self.assertEqual(file_sha256(there), file_sha256(path), name)

    def upload_dialog(self, app):
        dialog = app.wait_active(DIALOG)
        dialog.find("status bar", re.compile("file"))
        return dialog

    def confirm(self, app):
        """Enter, as soon as it uploads."""
        from driver import wait
        dialog = self.upload_dialog(app)
        button = dialog.find("push button", re.compile("^Upload"))
        wait("the keyboard on the button", lambda: "focused" in button.states and "sensitive" in button.states)
        app.key("Return")
        app.wait_closed()

    # dropped

    def test_drop_files(self):
        """Files dropped from another program arrive, and the window says before what will happen"""
        from driver import wait
        receiver = self.start_receiver()
        paths = [self.make(name, size) for name, size in (("a.bin", 1), ("b & c <1>.bin", 300 * KIB), ("empty.txt", 0))]
        app = self.launch_with(receiver)
        drop = self.drag(app, "drag-files", *paths)
        app.find("label", "Drop to Upload 3 Files")
        app.find("label", "To Home Server")
        self.picture("uploads-drop-zone")
        drop()
        dialog = self.upload_dialog(app)
        dialog.find("status bar", re.compile(r"^3 files · 307\.2 kB$"))
        self.picture("uploads-dialog")
        self.confirm(app)
        for path in paths:
            app.row(os.path.basename(path)).wait("verified: .*to Home Server")
        self.assertIsNone(app.look("label", re.compile("^Drop to")))
        self.assertEqual(receiver.files(), sorted(os.path.basename(p) for p in paths))
        for path in paths:
            self.assert_arrived(receiver, path)
        wait("the counts", lambda: [app.count(n) for n in ("All", "Downloads", "Uploads", "Finished")] == [3, 0, 3, 3])
        self.assertEqual(app.row("a.bin").node().description, "Upload to Home Server")

    def test_drop_folder(self):
        """A folder is walked to its end, and what cannot be sent is said"""
        receiver = self.start_receiver()
        for name in ("Trip/beach.jpg", "Trip/day 1/boat.jpg", "Trip/day 2/boat.jpg", "Trip/.hidden"):
            self.make(name, 100 + len(name))
        folder = os.path.join(self.home.root, "files", "Trip")
        os.mkfifo(os.path.join(folder, "pipe"))
        os.symlink(folder, os.path.join(folder, "round and round"))
        os.symlink("beach.jpg", os.path.join(folder, "link.jpg"))
        os.mkdir(os.path.join(folder, "nothing"))
        app = self.launch_with(receiver)
        drop = self.drag(app, "drag-files", folder)
        app.find("label", "Drop to Upload 1 Folder")
        drop()
        dialog = self.upload_dialog(app)
        dialog.find("status bar", re.compile("^5 files · .* · from 4 folders$"))
        warning = dialog.find("status bar", re.compile("no file with content")).name
        self.assertIn("“Trip/pipe” is no file with content", warning)
        self.assertIn("“Trip/round and round” is a link to a folder", warning)
        self.picture("uploads-dialog-folder")
        self.confirm(app)
        names = {"beach.jpg": "Trip/beach.jpg", "link.jpg": "Trip/beach.jpg", "hidden": "Trip/.hidden",
                 "Trip - day 1 - boat.jpg": "Trip/day 1/boat.jpg", "Trip - day 2 - boat.jpg": "Trip/day 2/boat.jpg"}
        for name in names:
            app.row(name).wait("verified")
        self.assertEqual(receiver.files(), sorted(names))
        for name, source in names.items():
            self.assert_arrived(receiver, os.path.join(self.home.root, "files", source), name)

    def test_drop_empty_folder(self):
        """A folder without a file is said to be empty, and uploads nothing"""
        receiver = self.start_receiver()
        folder = os.path.join(self.home.root, "files", "Bare")
        os.makedirs(folder)
        app = self.launch_with(receiver)
        self.drag(app, "drag", "text/uri-list", f"file://{folder}\r\n")()
        dialog = app.wait_active(DIALOG)
        dialog.find("status bar", "The folder “Bare” is empty.")
        self.assertNotIn("sensitive", dialog.find("push button", "Upload").states)
        app.key("Return")
        app.key("Escape")
        app.wait_closed()
        self.assertEqual(app.names(), [])

    def test_drop_nothing_there(self):
        """A file that is not there is not promised to be uploaded"""
        from driver import Missing
        app = self.launch()
        drop = self.drag(app, "drag", "text/uri-list", f"file://{self.home.root}/no-such-file\r\n")
        with self.assertRaises(Missing):
            app.find("label", re.compile("^Drop to"), seconds=1)
        drop()
        # The window goes on as if nothing had been.
        app.find("push button", "Download…").click()
        app.wait_active("New Download")
        self.assertIsNone(app.top_level(DIALOG))

    def test_thousand_files(self):
        """A thousand dropped files come into the list while the window goes on answering"""
        from driver import wait
        receiver = self.start_receiver()
        folder = os.path.join(self.home.root, "files", "Many")
        os.makedirs(folder)
        for number in range(MANY):
            with open(os.path.join(folder, f"{number:04}.txt"), "w") as f:
                f.write(str(number))
        self.ferryctl("add", "--paused", "--directory", self.home.downloads, "http://127.0.0.1:1/waiting.bin")
        app = self.launch_with(receiver)
        uploads = app.filter("Uploads")
        self.drag(app, "drag-files", *(os.path.join(folder, name) for name in sorted(os.listdir(folder))))()
        dialog = self.upload_dialog(app)
        dialog.find("status bar", re.compile("^1000 files|^1,000 files"))
        self.picture("uploads-dialog-many")
        button = dialog.find("push button", "Upload")
        wait("the keyboard on the button", lambda: "focused" in button.states)
        app.key("Return")
        slowest, end = 0.0, time.monotonic() + 60
        while uploads.name != f"Uploads, {MANY}":
            begun = time.monotonic()
            # Asked of the window itself, by the thread that draws it.
            self.assertGreater(min(app.main.size), 0)
            slowest = max(slowest, time.monotonic() - begun)
            self.assertLess(begun, end, "not all came into the list")
        print(f"# the slowest answer of the window took {slowest:.3f} s")
        self.assertLess(slowest, PATIENT_SECONDS)
        self.picture("uploads-many")

    # chosen

    def choose(self, app, keys, folder, *names):
        """By keyboard in GTK's own file chooser."""
        title = {"ctrl+o": "Choose Files to Upload", "ctrl+shift+o": "Choose Folders to Upload"}[keys]
        app.key(keys)
        app.wait_active(title)
        app.type(os.path.join(folder, *names))
        app.key("Return")

    def test_choose_kill_resume(self):
        """A chosen file is killed in the middle, goes on where it was, is the same there, and has a link to copy"""
        from driver import wait
        receiver = self.start_receiver()
        path = self.make("Crossing (1).bin", 12 * bed.MIB)
        proxy = self.enterContext(ChunkProxy(receiver.port, rate=3 * bed.MIB))
        app = self.launch_with(receiver, address=proxy.address)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row(os.path.basename(path))
        row.wait(r"of 12\.6 MB · .*/s · .* under way · .*to Home Server")
        self.picture("uploads-running")
        wait("the speed in the title", lambda: app.look("label", re.compile("^↑ .*/s$")))
        self.assertTrue(proxy.wait(lambda: len(proxy.confirmed()) > 12, 60))
        app.kill()
        self.assertTrue(proxy.wait(lambda: all(put.ended for put in proxy.puts()), 60))
        confirmed = proxy.confirmed()
        self.assertLess(len(confirmed), 48)
        before = len(proxy.puts())

        app = self.launch()
        row = app.row(os.path.basename(path))
        row.wait("verified: .*to Home Server")
        self.assert_arrived(receiver, path)
        again = {put.chunk for put in proxy.puts()[before:]}
        self.assertEqual(again & confirmed, set(), "sent although it was confirmed")
        self.picture("uploads-finished")

        row.button("Copy Link").click()
        app.toast("^Link copied")
        link = self.clipboard_text()
        self.assertEqual(receiver.fetched_sha256(link), file_sha256(path))

    def test_choose_folder(self):
        """A folder is chosen by keyboard, too"""
        receiver = self.start_receiver()
        self.make("Box/one.bin", 1000)
        self.make("Box/two.bin", 2000)
        app = self.launch_with(receiver)
        self.choose(app, "ctrl+shift+o", os.path.join(self.home.root, "files", "Box"))
        self.confirm(app)
        for name in ("one.bin", "two.bin"):
            app.row(name).wait("verified")
        self.assertEqual(receiver.files(), ["one.bin", "two.bin"])

    def test_closing_ends_the_search(self):
        """Closing the dialog while it looks for files ends the search"""
        from driver import wait
        app = self.launch()

        def searching():
            for path in glob.glob(f"/proc/{app.process.pid}/task/*/comm"):
                # A thread may end while it is looked at.
                with contextlib.suppress(OSError), open(path) as f:
                    if f.read() == "ferry-walk\n":
                        return True
            return False

        self.choose(app, "ctrl+shift+o", "/usr")
        app.wait_active(DIALOG)
        was_searching = searching()
        app.key("Escape")
        app.wait_closed()
        wait("the search to end", lambda: not searching())
        print(f"# it was searching: {was_searching}")
        self.assertEqual(app.names(), [])

    def test_paste_files(self):
        """Files that were copied in a file manager are pasted"""
        receiver = self.start_receiver()
        path = self.make("pasted.bin", 5000)
        self.helper("clipboard-files", path)
        app = self.launch_with(receiver)
        app.key("ctrl+v")
        self.confirm(app)
        app.row("pasted.bin").wait("verified")
        self.assert_arrived(receiver, path)

    def test_paste_both(self):
        """Of links and files in one list, the links are downloaded and the files asked about"""
        self.assert_both_pasted("clipboard-list")

    def test_paste_both_as_text(self):
        """So they are of a text"""
        self.assert_both_pasted("clipboard")

    def assert_both_pasted(self, how):
        receiver = self.start_receiver()
        server = self.start_server()
        path = self.make("both.bin", 5000)
        addresses = [server.url("link.bin", size=2000), f"file://{path}"]
        self.helper(how, *(addresses if how == "clipboard-list" else ["\n".join(addresses)]))
        app = self.launch_with(receiver)
        app.key("ctrl+v")
        self.confirm(app)
        app.row("both.bin").wait("verified")
        app.row("link.bin").wait("^2.0 kB")
        self.assertEqual(len(app.rows()), 2)
        self.assert_arrived(receiver, path)

    def test_command_line(self):
        """Files on the command line are asked about, links are downloaded"""
        receiver = self.start_receiver()
        server = self.start_server()
        path = self.make("given.bin", 5000)
        self.add_destination("Home Server", receiver.address, receiver.token)
        app = self.launch(path, server.url("link.bin", size=2000), asks=DIALOG)
        self.confirm(app)
        app.row("given.bin").wait("verified")
        app.row("link.bin").wait("^2.0 kB")
        self.assert_arrived(receiver, path)

    def test_command_line_elsewhere(self):
        """A name is one in the folder where Ferry is called, also while the window is open"""
        receiver = self.start_receiver()
        path = self.make("here/given ü.bin", 5000)
        app = self.launch_with(receiver)
        done = subprocess.run([bed.bench.installed.ferry, os.path.basename(path)], cwd=os.path.dirname(path),
                              env=self.home.env, capture_output=True, text=True, timeout=30)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.confirm(app)
        app.row("given ü.bin").wait("verified")
        self.assert_arrived(receiver, path)
        done = subprocess.run([bed.bench.installed.ferry, "no such file"], cwd=os.path.dirname(path),
                              env=self.home.env, capture_output=True, text=True, timeout=30)
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such file", done.stderr)

    # its turn

    def test_waits_for_its_turn(self):
        """An upload counts as one of the transfers at once: it waits for a download, and goes when there is room"""
        from driver import wait
        receiver = self.start_receiver()
        server = self.start_server()
        path = self.make("patient.bin", 3000)
        self.ferryctl("add", "--directory", self.home.downloads,
                      server.url("slow.bin", size=400000, stall=200000, stalls=9))
        app = self.launch_with(receiver)
        app.row("slow.bin").wait("of 400")
        self.set_at_once(app, 1)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("patient.bin")
        row.wait("^Waiting for its turn · .*to Home Server")
        self.picture("uploads-waits-for-its-turn")
        self.assertEqual(receiver.files(), [])
        self.set_at_once(app, 2)
        row.wait("verified")
        self.assert_arrived(receiver, path)
        wait("the download to be there still", lambda: app.count("Downloads") == 1)

    @staticmethod
    def set_at_once(app, wanted):
        from driver import wait
        app.key("ctrl+comma")
        number = app.wait_active("Preferences").find("spin button", "Transfers at Once")
        # Its number; the rest are buttons.
        number.click(across=0.1)
        app.key("ctrl+a")
        app.type(str(wanted))
        app.key("Return")
        wait("the number", lambda: number.value == wanted)
        app.key("Escape")
        app.wait_closed()

    # where to

    def test_no_destination(self):
        """Without any destination the dialog says what to do, and this computer can be one at once"""
        path = self.make("first.bin", 3000)
        app = self.launch()
        self.choose(app, "ctrl+o", path)
        dialog = self.upload_dialog(app)
        dialog.find("label", re.compile("knows no place for your files yet"))
        dialog.find("list item", "Add Destination…")
        self.assertNotIn("sensitive", dialog.find("push button", "Upload").states)
        self.picture("uploads-dialog-no-destination")
        dialog.find("list item", "Receive on This Computer…").click()
        app.wait_active("Receive on This Computer")
        app.wait_active("Receive on This Computer").find("push button", "Turn On").click()
        self.confirm(app)
        app.row("first.bin").wait("verified")
        self.assertEqual(file_sha256(os.path.join(self.home.downloads, "Ferry", "first.bin")), file_sha256(path))

    def test_several_destinations(self):
        """One of several is chosen, and is the first choice the next time"""
        from driver import wait
        first, second = self.start_receiver(), self.start_receiver()
        path = self.make("either.bin", 3000)
        self.add_destination("Attic", first.address, first.token)
        app = self.launch_with(second, "Zoo")
        self.choose(app, "ctrl+o", path)
        dialog = self.upload_dialog(app)
        attic = dialog.find("radio button", "Attic")
        self.assertIn("checked", attic.states)
        self.picture("uploads-dialog-several")
        dialog.find("list item", re.compile("^Zoo")).click()
        wait("the choice", lambda: "checked" in dialog.find("radio button", "Zoo").states)
        app.key("ctrl+Return")
        app.wait_closed()
        app.row("either.bin").wait("verified: .*to Zoo")
        self.assert_arrived(second, path)
        self.assertEqual(first.files(), [])
        self.choose(app, "ctrl+o", self.make("other.bin", 100))
        dialog = self.upload_dialog(app)
        self.assertIn("checked", dialog.find("radio button", "Zoo").states)

    def test_menu(self):
        """The button in the header bar offers to upload, and everything in the dialog has a name"""
        receiver = self.start_receiver()
        app = self.launch_with(receiver)
        app.find("push button", "Download or Upload").click()
        app.find("menu item", "Upload Files…").click()
        app.wait_active("Choose Files to Upload")
        app.type(self.make("named.bin", 100))
        app.key("Return")
        dialog = self.upload_dialog(app)
        dialog.find("list item", "named.bin: 100 bytes")
        self.assertEqual(self.nameless(dialog), [])

    # what may come in between

    def test_same_again(self):
        """The same file for the same receiver goes on instead of being there twice, and is sent again when asked"""
        receiver = self.start_receiver()
        path = self.make("same.bin", 4 * bed.MIB)
        proxy = self.enterContext(ChunkProxy(receiver.port, rate=bed.MIB))
        app = self.launch_with(receiver, address=proxy.address)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("same.bin")
        row.wait("under way")
        row.button("Pause").click()
        row.wait("^Paused")
        self.choose(app, "ctrl+o", path)
        self.upload_dialog(app).find("status bar", "This file is in the list already and goes on where it is.")
        proxy.rate = 0
        self.confirm(app)
        row.wait("verified")
        self.assertEqual(app.names(), ["same.bin"])
        self.choose(app, "ctrl+o", path)
        dialog = self.upload_dialog(app)
        dialog.find("status bar", "This file was sent there already.")
        dialog.find("push button", "Upload Again")
        self.confirm(app)
        row.wait("verified")
        self.assertEqual(app.names(), ["same.bin"])

    def test_source_changed(self):
        """A file that changed in the middle is a question, and is sent as it is now"""
        receiver = self.start_receiver()
        path = self.make("moving.bin", 4 * bed.MIB)
        proxy = self.enterContext(ChunkProxy(receiver.port, rate=bed.MIB))
        app = self.launch_with(receiver, address=proxy.address)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("moving.bin")
        self.assertTrue(proxy.wait(lambda: len(proxy.confirmed()) > 2, 60))
        row.button("Pause").click()
        row.wait("^Paused")
        make_file(path, 3 * bed.MIB)
        proxy.rate = 0
        row.button("Resume").click()
        row.wait("changed after")
        self.picture("uploads-source-changed")
        row.button("Start Again").click()
        row.wait("verified")
        self.assert_arrived(receiver, path)

    def test_start_again(self):
        """Starting again throws away what was sent, so it asks first, and Escape and Enter leave it as it is"""
        from driver import wait
        receiver = self.start_receiver()
        path = self.make("half.bin", 4 * bed.MIB)
        proxy = self.enterContext(ChunkProxy(receiver.port, rate=bed.MIB))
        app = self.launch_with(receiver, address=proxy.address)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("half.bin")
        proxy.wait(lambda: len(proxy.confirmed()) > 2, 60)
        row.button("Pause").click()
        paused = row.wait("^Paused · .* of 4.2 MB.*")[0]
        for answer in ("Escape", "Return", None):
            row.node().click(button=3)
            app.find("menu item", "Start Again").click()
            dialog = wait("the question", lambda: next(
                (w for w in app.root.children() if w.look("label", "Start Again?")), None))
            button = dialog.find("push button", "Start Again")
            self.assertEqual(self.nameless(dialog), [])
            if answer:
                app.key(answer)
            else:
                proxy.rate = 0
                button.click()
            app.wait_closed()
            if answer:
                self.assertEqual(row.caption, paused)
        row.wait("verified")
        self.assert_arrived(receiver, path)

    def test_source_gone(self):
        """A file that is gone is a question, and goes on when it is back"""
        receiver = self.start_receiver()
        path = self.make("gone.bin", 4 * bed.MIB)
        proxy = self.enterContext(ChunkProxy(receiver.port, rate=bed.MIB))
        app = self.launch_with(receiver, address=proxy.address)
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("gone.bin")
        row.wait("under way")
        row.button("Pause").click()
        row.wait("^Paused")
        os.rename(path, path + ".away")
        row.button("Resume").click()
        row.wait("not there any more")
        os.rename(path + ".away", path)
        proxy.rate = 0
        row.button("Try Again").click()
        row.wait("verified")
        self.assert_arrived(receiver, path)

    def test_token(self):
        """A receiver that wants another token: it is asked for in the destination, and the upload goes on"""
        from driver import wait
        receiver = self.start_receiver()
        path = self.make("secret.bin", 3000)
        self.add_destination("Home Server", receiver.address, "not-the-token")
        app = self.launch()
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("secret.bin")
        row.button("Enter Token…").click()
        editor = app.wait_active("Edit Destination")
        self.picture("uploads-token")
        # The keyboard is where the token goes.
        token = editor.find("text", re.compile("^Token"))
        app.type(receiver.token)
        wait("the token where it goes", lambda: token.text == receiver.token)
        app.key("Return")
        row.wait("verified")
        self.assert_arrived(receiver, path)

    def test_token_without_destination(self):
        """Where the receiver is none of the destinations, the token is asked for alone, and not kept"""
        from driver import wait
        receiver = self.start_receiver()
        path = self.make("secret.bin", 3000)
        self.add_destination("Home Server", receiver.address, "not-the-token")
        app = self.launch()
        self.choose(app, "ctrl+o", path)
        self.confirm(app)
        row = app.row("secret.bin")
        row.button("Enter Token…")
        self.ferryctl("destination", "remove", "Home Server")

        for key in ("Escape", "Return"):
            row.button("Enter Token…").click()
            dialog = wait("the question", lambda: next(
                (w for w in app.root.children() if w.look("label", "Enter Token")), None))
            entry = dialog.find("text", "Token")
            wait("the keyboard in the field", lambda: "focused" in entry.states)
            go_on = dialog.find("push button", "Go On")
            self.assertNotIn("sensitive", go_on.states)
            self.assertEqual(self.nameless(dialog), [])
            app.type("two words")
            wait("what was typed", lambda: len(entry.text) == 9)
            self.assertNotIn("sensitive", go_on.states)
            app.key("ctrl+a")
            app.type(receiver.token)
            wait("the button", lambda: "sensitive" in go_on.states)
            self.picture(f"uploads-token-alone-{key.lower()}")
            app.key(key)
            app.wait_active(app.title)
            if key == "Escape":
                self.assertEqual(receiver.files(), [])
        row.wait("verified")
        self.assert_arrived(receiver, path)
        app.key("ctrl+q")
        app.wait_end()
        for folder, _, names in os.walk(self.home.root):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(receiver.token.encode(), f.read(), name)


if __name__ == "__main__":
    bed.main()
