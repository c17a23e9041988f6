#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where uploads go: adding, testing, changing and removing destinations, and receiving on this computer."""

import os
import re
import shutil
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import bed
from receiver_process import ReceiverProcess

# A keyring in a file, and a name on the bus that no keyring has.
NO_KEYRING = {"SECRET_SERVICE_BUS_NAME": "io.github.ferryapp.NoSuchKeyring"}
TITLE = "Receive on This Computer"


def answers(address):
    """Whether a receiver is at the address: it lets nobody in who has no token."""
    try:
        urllib.request.urlopen(address + "/status?id=x", timeout=30)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code == 401
    except OSError:
        return False
    return False


class Case(bed.Case):
    def setUp(self):
        super().setUp()
        self.keyring = {"SECRET_BACKEND": "file", "SECRET_FILE_TEST_PASSWORD": "test",
                        "SECRET_FILE_TEST_PATH": os.path.join(self.home.root, "keyring")}
        self.home.env.update(self.keyring)

    def start_receiver(self):
        home = os.path.join(self.home.root, "receiver")
        receiver = ReceiverProcess(os.environ["FERRY_RECEIVER"], home, self.home.env).start()
        self.addCleanup(receiver.stop)
        return receiver

    def file(self, name, size=300000):
        path = os.path.join(self.home.root, name)
        with open(path, "wb") as f:
            f.write(os.urandom(size))
        return path

    def assert_same(self, path, other):
        with open(path, "rb") as a, open(other, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def put(self, path, to, *arguments):
        """ferryctl's exit status and what it says."""
        done = subprocess.run([bed.bench.installed.ferryctl, "put", path, f"--to={to}", *arguments],
                              env=self.home.env, capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def preferences(self, app):
        """The page about uploads, as by keyboard."""
        app.key("ctrl+comma")
        window = app.wait_active("Preferences")
        app.key("alt+u")
        self.wait_shown(window.find("push button", "Add…"))
        return window

    @staticmethod
    def wait_shown(node):
        from driver import wait
        wait(f"{node} to be shown", lambda: min(node.size) > 0)
        return node

    @staticmethod
    def sentence(window, pattern):
        """One that is shown, not one that waits to be."""
        return next((n for n in window.walk() if n.n_children == 0 and re.search(pattern, n.name) and min(n.size) > 0),
                    None)

    def wait_label(self, window, pattern):
        from driver import wait
        return wait(f"“{pattern}”", lambda: self.sentence(window, pattern))

    def shows(self, window, pattern):
        return self.sentence(window, pattern) is not None

    def fill(self, app, editor, *texts):
        """Name, address and token by keyboard alone, the first of them having it."""
        for field, text in zip(("Name", "Address", "Token"), texts):
            if field != "Name":
                app.key("Tab")
            app.key("ctrl+a")
            self.type_into(app, editor, field, text)

    @staticmethod
    def type_into(app, editor, field, text):
        """Where the keyboard is; that it is in this field is what is waited for."""
        from driver import wait
        app.type(text)
        wait(f"{text} in {field}", lambda: editor.find("text", re.compile(f"^{field}")).text.endswith(text))

    def add(self, app, *texts):
        app.key("alt+a")
        editor = app.wait_active("New Destination")
        self.fill(app, editor, *texts)
        return editor

    def settle(self, app, pattern):
        """Until the test of the connection has its result."""
        app.key("alt+e")
        return self.wait_label(app.top_level("New Destination"), pattern)


class Destinations(Case):
    def test_add(self):
        """A destination is added, tested and used by keyboard alone, and is there after a new start"""
        receiver = self.start_receiver()
        app = self.launch()
        window = self.preferences(app)
        self.wait_label(window, "^No destinations yet$")
        self.add(app, "Home server", receiver.address, receiver.token)
        self.settle(app, "takes the token")
        self.picture("destinations-tested")
        # The keyboard is in the last field still.
        app.key("Return")
        app.wait_active("Preferences")
        row = window.find("list item", "Home server")
        self.wait_label(row, re.escape(receiver.address))
        self.wait_label(row, "^Default$")
        self.assertFalse(self.shows(window, "No destinations yet"))

        sent = self.file("one.bin")
        self.assertEqual(self.put(sent, "home server")[0], 0)
        self.assert_same(receiver.path("one.bin"), sent)

        app.key("Escape")
        app.wait_closed()
        app.key("ctrl+q")
        self.assertEqual(app.wait_end(), 0)
        app = self.launch()
        self.preferences(app).find("list item", "Home server")
        sent = self.file("two.bin")
        self.assertEqual(self.put(sent, "Home server")[0], 0)
        self.assert_same(receiver.path("two.bin"), sent)

    def test_connection(self):
        """The test says who is not let in, what is no receiver, and where nobody answers"""
        receiver = self.start_receiver()
        server = self.start_server()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            nobody = f"http://127.0.0.1:{free.getsockname()[1]}"
        app = self.launch()
        self.preferences(app)
        editor = self.add(app, "Home", receiver.address, "wrong-token")
        self.settle(app, "does not accept this token")
        # The result is about what was typed then.
        app.type("x")
        from driver import wait
        wait("the result to go", lambda: not self.shows(editor, "does not accept this token"))
        for address, sentence in ((server.address, "is no Ferry receiver"), (nobody, "127.0.0.1:"),
                                  ("ftp://example.org", "starts with http")):
            app.key("alt+n", "Tab", "ctrl+a")
            self.type_into(app, editor, "Address", address)
            self.settle(app, sentence)
            self.picture(f"destinations-test-{urllib.parse.urlsplit(address).scheme}-{len(sentence)}")

    def test_close_while_testing(self):
        """The editor closes at once while a receiver that says nothing is being asked"""
        with socket.create_server(("127.0.0.1", 0)) as silent:
            app = self.launch()
            self.preferences(app)
            self.add(app, "Silent", f"http://127.0.0.1:{silent.getsockname()[1]}", "abc")
            self.settle(app, "Asking the receiver")
            app.key("Escape")
            app.wait_active("Preferences")
            app.key("Escape")
            app.wait_closed()
            app.key("ctrl+q")
            self.assertEqual(app.wait_end(), 0)

    def test_mistakes(self):
        """What is wrong is said beside the field it is about, and nothing is saved"""
        from driver import wait
        app = self.launch()
        window = self.preferences(app)
        self.add(app, "Home", "http://127.0.0.1:9", "abc")
        app.key("Return")
        app.wait_active("Preferences")
        window.find("list item", "Home")

        for texts, field, sentence in ((("home", "http://127.0.0.1:8", "abc"), "Name", "already"),
                                       (("Other", "ftp://example.org", "abc"), "Address", "starts with http"),
                                       (("Other", "http://127.0.0.1:8/?a", "abc"), "Address", "“\\?”"),
                                       (("Other", "http://127.0.0.1:8", "a b"), "Token", "no token")):
            editor = self.add(app, *texts)
            app.key("Return")
            note = self.wait_label(editor, sentence)
            entry = editor.find("text", field)
            fields = [n for n in editor.walk() if n.role == "text"]
            below = [n for n in fields if n.place()[1] > entry.place()[1]]
            self.assertGreater(note.place()[1], entry.place()[1])
            for other in below:
                self.assertLess(note.place()[1], other.place()[1])
            self.picture(f"destinations-mistake-{field.lower()}")
            # The keyboard is where it is put right, and then it is gone.
            app.key("End")
            self.type_into(app, editor, field, "x")
            wait("the sentence to go", lambda: not self.shows(editor, sentence))
            app.key("Escape")
            app.wait_active("Preferences")
        self.assertEqual([n.name for n in window.walk() if n.role == "push button" and n.name.startswith("Remove ")],
                         ["Remove “Home”"])

    def test_edit_and_remove(self):
        """A destination gets another name and keeps its token; removing it asks first"""
        from driver import wait
        receiver = self.start_receiver()
        app = self.launch()
        window = self.preferences(app)
        self.add(app, "Before", receiver.address, receiver.token)
        app.key("Return")
        app.wait_active("Preferences")
        window.find("list item", "Before").click(across=0.2)
        editor = app.wait_active("Edit Destination")
        editor.find("text", "Token (unchanged)")
        self.picture("destinations-edit")
        # To another server the token does not go.
        self.fill(app, editor, "After", "http://127.0.0.1:9")
        editor.find("text", "Token")
        app.key("ctrl+a")
        self.type_into(app, editor, "Address", receiver.address)
        editor.find("text", "Token (unchanged)")
        app.key("Return")
        app.wait_active("Preferences")
        window.find("list item", "After")
        sent = self.file("one.bin")
        self.assertEqual(self.put(sent, "After")[0], 0)
        self.assert_same(receiver.path("one.bin"), sent)

        window.find("push button", "Remove “After”").click()
        dialog = wait("the question", lambda: next(
            (w for w in app.root.children() if w.look("label", "Remove “After”?")), None))
        self.picture("destinations-remove")
        app.key("Escape")
        app.wait_active("Preferences")
        window.find("list item", "After")
        window.find("push button", "Remove “After”").click()
        dialog = wait("the question", lambda: next(
            (w for w in app.root.children() if w.look("label", "Remove “After”?")), None))
        dialog.find("push button", "Remove").click()
        app.wait_active("Preferences")
        self.wait_label(window, "^No destinations yet$")
        self.assertNotEqual(self.put(self.file("two.bin"), "After")[0], 0)

    def test_default(self):
        """The switch makes another destination the default"""
        from driver import wait
        app = self.launch()
        window = self.preferences(app)
        for name, port in (("One", 8), ("Two", 9)):
            self.add(app, name, f"http://127.0.0.1:{port}", "abc")
            app.key("Return")
            app.wait_active("Preferences")
        self.assertTrue(self.shows(window.find("list item", "One"), "^Default$"))
        self.assertFalse(self.shows(window.find("list item", "Two"), "^Default$"))
        window.find("list item", "Two").click(across=0.2)
        editor = app.wait_active("Edit Destination")
        app.key("alt+d")
        wait("the switch", lambda: "checked" in editor.find("check box", "Default for Uploads").states)
        editor.find("push button", "Save").click()
        app.wait_active("Preferences")
        wait("the mark", lambda: self.shows(window.find("list item", "Two"), "^Default$"))
        self.assertFalse(self.shows(window.find("list item", "One"), "^Default$"))

    def test_no_keyring(self):
        """Where there is no keyring, the token is kept until Ferry is closed, after a question"""
        receiver = self.start_receiver()
        for name in self.keyring:
            del self.home.env[name]
        self.home.env.update(NO_KEYRING)
        app = self.launch()
        window = self.preferences(app)
        editor = self.add(app, "Home", receiver.address, receiver.token)
        app.key("Return")
        self.wait_label(editor, "No keyring took the token")
        self.picture("destinations-no-keyring")
        app.key("alt+k")
        app.wait_active("Preferences")
        window.find("list item", "Home")
        sent = self.file("one.bin")
        self.assertEqual(self.put(sent, "Home")[0], 0)
        self.assert_same(receiver.path("one.bin"), sent)

        app.key("Escape")
        app.wait_closed()
        app.key("ctrl+q")
        app.wait_end()
        for folder, _, names in os.walk(self.home.root):
            for name in names if folder != os.path.dirname(receiver.token_file) else ():
                with open(os.path.join(folder, name), "rb") as f:
                    self.assertNotIn(receiver.token.encode(), f.read(), name)
        app = self.launch()
        self.preferences(app).find("list item", "Home")
        self.assertEqual(self.put(self.file("two.bin"), "Home")[0], 3)

    def test_names(self):
        """Every control of the page and the editor has a name"""
        app = self.launch()
        window = self.preferences(app)
        editor = self.add(app, "Home", "http://127.0.0.1:9", "abc")
        self.assertEqual(self.nameless(editor), [])
        self.assertGreater(len([n for n in editor.walk() if n.role in bed.CONTROLS]), 6)
        app.key("Return")
        app.wait_active("Preferences")
        app.key("alt+r")
        self.wait_shown(window.find("push button", "Copy Token"))
        self.assertEqual(self.nameless(window), [])

    def test_narrow(self):
        """The page and the editor fit a window of 360 pixels"""
        from driver import Atspi, wait
        app = self.launch()
        window = self.preferences(app)
        app.key("alt+r")
        self.wait_shown(window.find("push button", "Copy Token"))
        for name in ("Preferences", "New Destination"):
            if name == "New Destination":
                self.add(app, "A name that is long enough to need more than the line it has, and then some",
                         "https://receiver.a-rather-long-name.example.org/a/path/that/goes/on", "abc")
            shown = app.top_level(name)
            id = app.desktop.tool("getwindowfocus")
            _, _, width, height = app.geometry(name)
            shadow = width - shown.size[0]
            app.desktop.tool("windowsize", id, 360 + shadow, height)
            wait(f"“{name}” to be narrow", lambda: shown.size[0] == 360)
            self.picture_of(app, f"narrow-{name.lower().replace(' ', '-')}", name)
            for control in ("Copy Token", "Add…") if name == "Preferences" else ("Save", "Test"):
                place = shown.find("push button", control).accessible.get_extents(Atspi.CoordType.WINDOW)
                self.assertLessEqual(place.x + place.width, 360)

    @staticmethod
    def picture_of(app, name, window):
        if folder := os.environ.get("FERRY_GUI_PICTURES"):
            os.makedirs(folder, exist_ok=True)
            app.picture(os.path.join(folder, f"{name}.png"), window)


class ReceiveHere(Case):
    def turn_on(self, app, window):
        """The address that it shows then."""
        from driver import wait
        switch = window.find("check box", TITLE)
        app.key("alt+r")
        wait("the switch to be on", lambda: "checked" in switch.states)
        return self.address(window)

    def address(self, window):
        return self.wait_label(window, r"^http://127\.0\.0\.1:\d+$").name

    @property
    def token_file(self):
        return os.path.join(self.home.root, "state", "ferry", "receiver", "token")

    def arrived(self, name):
        return os.path.join(self.home.downloads, "Ferry", name)

    def close(self, app):
        app.key("Escape")
        app.wait_closed()
        app.key("ctrl+q")
        self.assertEqual(app.wait_end(), 0)

    def take_port(self, address):
        """Another program that has it."""
        taken = socket.create_server(("127.0.0.1", urllib.parse.urlsplit(address).port))
        self.addCleanup(taken.close)
        return taken

    def test_receive(self):
        """What is uploaded arrives in the folder; it is on again at the next start, at the same address"""
        from driver import wait
        app = self.launch()
        window = self.preferences(app)
        address = self.turn_on(app, window)
        self.picture("receive-on")
        sent = self.file("by-name.bin")
        self.assertEqual(self.put(sent, "This Computer")[0], 0)
        self.assert_same(self.arrived("by-name.bin"), sent)
        sent = self.file("by-token.bin")
        self.assertEqual(self.put(sent, address, f"--token-file={self.token_file}")[0], 0)
        self.assert_same(self.arrived("by-token.bin"), sent)
        window.find("push button", "Copy Address").click()
        self.wait_label(window, "^Address copied$")
        window.find("push button", "Copy Token").click()
        self.wait_label(window, "^Token copied$")
        # The first Escape is the message's.
        app.key("Escape")
        wait("the message to go", lambda: not self.shows(window, "^Token copied$"))
        self.close(app)
        self.assertFalse(answers(address), "it goes on behind one's back")

        app = self.launch()
        self.assertEqual(self.address(self.preferences(app)), address)
        self.assertTrue(answers(address))
        app.key("alt+r")
        wait("it to end", lambda: not answers(address))
        self.close(app)
        app = self.launch()
        window = self.preferences(app)
        self.assertNotIn("checked", window.find("check box", TITLE).states)
        self.assertFalse(answers(address))

    def test_first_port_taken(self):
        """Where another program has the usual port, another one is taken and kept to"""
        try:
            taken = socket.create_server(("127.0.0.1", 8470))
            self.addCleanup(taken.close)
        except OSError:
            pass
        app = self.launch()
        window = self.preferences(app)
        address = self.turn_on(app, window)
        self.assertNotIn(":8470", address)
        self.assertTrue(answers(address))
        self.close(app)
        app = self.launch()
        self.assertEqual(self.address(self.preferences(app)), address)

    def test_port_taken(self):
        """When another program has the address at the next start, Ferry says so and offers another"""
        from driver import wait
        app = self.launch()
        address = self.turn_on(app, self.preferences(app))
        self.close(app)
        taken = self.take_port(address)
        app = self.launch(asks=TITLE)
        dialog = app.wait_active(TITLE)
        self.wait_label(dialog, f"Another program uses the address {re.escape(address[7:])}")
        self.picture("receive-port-taken")
        app.key("Return")
        wait("to have tried again", lambda: self.shows(dialog, "Another program uses"))
        taken.close()
        app.key("Return")
        app.wait_closed()
        wait("the receiver", lambda: answers(address))
        app.key("ctrl+q")
        app.wait_end()

        self.take_port(address)
        app = self.launch(asks=TITLE)
        dialog = app.wait_active(TITLE)
        self.wait_label(dialog, "Another program uses")
        app.key("alt+a")
        app.wait_closed()
        other = self.address(self.preferences(app))
        self.assertNotEqual(other, address)
        self.assertTrue(answers(other))

    def test_cancelled_trouble(self):
        """Closing the message about a taken address leaves it wanted, and the preferences say why it is not on"""
        app = self.launch()
        address = self.turn_on(app, self.preferences(app))
        self.close(app)
        self.take_port(address)
        app = self.launch(asks=TITLE)
        app.key("Escape")
        app.wait_closed()
        window = self.preferences(app)
        self.wait_label(window, "Another program uses")
        self.picture("receive-trouble")
        self.assertIn("checked", window.find("check box", TITLE).states)
        window.find("push button", "Use Another Address").click()
        self.assertTrue(answers(self.address(window)))

    def test_state_in_use(self):
        """A receiver that has the same records is said to have to end first"""
        app = self.launch()
        state = os.path.dirname(self.token_file)
        inbox = os.path.join(self.home.root, "elsewhere")
        os.mkdir(inbox)
        other = self.spawn(os.environ["FERRY_RECEIVER"], f"--directory={inbox}", f"--state={state}",
                           "--listen=127.0.0.1:0", stdout=subprocess.PIPE, text=True)
        self.assertTrue(other.stdout.readline())
        window = self.preferences(app)
        app.key("alt+r")
        self.wait_label(window, "Another program is receiving")
        other.kill()
        other.wait()
        window.find("push button", "Try Again").click()
        self.assertTrue(answers(self.address(window)))

    def test_folder(self):
        """A folder that is gone is said to be, and comes back by itself"""
        from driver import wait
        app = self.launch()
        window = self.preferences(app)
        self.turn_on(app, window)
        shutil.rmtree(self.arrived(""))
        self.wait_label(window, "is gone")
        self.wait_shown(window.find("push button", "Choose Another Folder…"))
        self.picture("receive-folder-gone")
        os.mkdir(self.arrived(""))
        wait("the sentence to go", lambda: not self.shows(window, "is gone"))
        self.close(app)

        # What the person chose is not made anew: it may be on a drive that is not there.
        missing = os.path.join(self.home.root, "drive", "inbox")
        subprocess.run(["gsettings", "set", "io.github.ferryapp.Ferry", "receive-folder", missing],
                       env=self.home.env, check=True)
        app = self.launch(asks=TITLE)
        dialog = app.wait_active(TITLE)
        self.wait_label(dialog, "There is no folder")
        self.assertFalse(os.path.exists(missing))
        os.makedirs(missing)
        dialog.find("push button", "Turn On").click()
        app.wait_closed()
        sent = self.file("one.bin")
        self.assertEqual(self.put(sent, "This Computer")[0], 0)
        self.assert_same(os.path.join(missing, "one.bin"), sent)

    def choose_folder(self, app, path):
        """In GTK's own chooser, by keyboard."""
        app.wait_active("Choose a Folder")
        app.type(path)
        app.key("Return")

    def test_from_empty_page(self):
        """The button of the empty page turns it on, with a folder of the person's choice"""
        from driver import wait
        inbox = os.path.join(self.home.root, "Where it arrives")
        os.mkdir(inbox)
        app = self.launch()
        app.find("push button", f"{TITLE}…").click()
        dialog = app.wait_active(TITLE)
        self.wait_label(dialog, "Downloads/Ferry$")
        self.assertEqual(self.nameless(dialog), [])
        self.picture("receive-dialog")
        app.key("alt+f")
        self.choose_folder(app, inbox)
        app.wait_active(TITLE)
        self.wait_label(dialog, "^~/Where it arrives$")
        dialog.find("push button", "Turn On").click()
        app.wait_closed()
        sent = self.file("one.bin")
        wait("the destination", lambda: "This Computer" in self.ferryctl("destination", "list"))
        self.assertEqual(self.put(sent, "This Computer")[0], 0)
        self.assert_same(os.path.join(inbox, "one.bin"), sent)
        self.assertFalse(os.path.exists(self.arrived("")))

    def test_cancelled_on_empty_page(self):
        """Cancel turns nothing on, and forgets the folder that was chosen"""
        inbox = os.path.join(self.home.root, "inbox")
        os.mkdir(inbox)
        app = self.launch()
        app.find("push button", f"{TITLE}…").click()
        dialog = app.wait_active(TITLE)
        app.key("alt+f")
        self.choose_folder(app, inbox)
        app.wait_active(TITLE)
        self.wait_label(dialog, "^~/inbox$")
        app.key("Escape")
        app.wait_closed()
        window = self.preferences(app)
        self.assertNotIn("checked", window.find("check box", TITLE).states)
        self.wait_label(window, "Downloads/Ferry$")

    def test_choose_folder(self):
        """Another folder is taken at once while it receives, at the same address"""
        from driver import wait
        inbox = os.path.join(self.home.root, "inbox")
        os.mkdir(inbox)
        app = self.launch()
        window = self.preferences(app)
        address = self.turn_on(app, window)
        app.key("alt+f")
        self.choose_folder(app, inbox)
        app.wait_active("Preferences")
        self.wait_label(window, "^~/inbox$")
        self.assertEqual(self.address(window), address)
        wait("the receiver", lambda: answers(address))
        sent = self.file("one.bin")
        self.assertEqual(self.put(sent, "This Computer")[0], 0)
        self.assert_same(os.path.join(inbox, "one.bin"), sent)
        self.assertFalse(os.path.exists(self.arrived("one.bin")))

    def test_turn_off_asks(self):
        """Turning it off while an upload to it is not finished says that the upload waits"""
        from driver import wait
        app = self.launch()
        window = self.preferences(app)
        address = self.turn_on(app, window)
        wrong = os.path.join(self.home.root, "wrong")
        with open(wrong, "w") as f:
            f.write("wrong-token\n")
        self.assertEqual(self.put(self.file("one.bin"), address, f"--token-file={wrong}")[0], 3)
        switch = window.find("check box", TITLE)
        for key, on in (("Escape", True), ("alt+s", False)):
            app.key("alt+r")
            wait("the question", lambda: any(self.shows(w, "1 upload to this computer is not finished")
                                             for w in app.root.children()))
            self.picture("receive-turn-off")
            app.key(key)
            app.wait_active("Preferences")
            wait("the switch", lambda: ("checked" in switch.states) == on)
            wait("what it says", lambda: answers(address) == on)


if __name__ == "__main__":
    bed.main()
