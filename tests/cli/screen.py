# SPDX-License-Identifier: GPL-3.0-or-later
"""A program on a pseudo-terminal, and what a person would see on it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
import unicodedata

TOKEN = re.compile(r'\x1b\[(\d*)([A-Za-z])|([\r\n])|([^\x1b])', re.DOTALL)


def width(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in 'WF' else 1


class Screen:
    """As much of a terminal as a plain program needs; anything else is an error."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines = ['']
        self.row = 0
        self.column = 0
        self.widest = 0

    def feed(self, text):
        position = 0
        while position < len(text):
            match = TOKEN.match(text, position)
            assert match, 'an escape sequence that is not understood: ' + repr(text[position:position + 20])
            number, letter, control, character = match.groups()
            if letter:
                self.command(letter, int(number or 1))
            elif control == '\r':
                self.column = 0
            elif control == '\n':
                self.row += 1
                if self.row == len(self.lines):
                    self.lines.append('')
            else:
                assert character.isprintable() or character == '\xa0', 'a control character: ' + repr(character)
                self.put(character)
            position = match.end()

    def command(self, letter, number):
        if letter == 'A':
            assert number <= self.row, 'the cursor goes above what was written'
            assert number < self.rows, 'the cursor goes above the screen'
            self.row -= number
        elif letter == 'K':
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif letter == 'J':
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        else:
            raise AssertionError('an escape sequence that is not understood: ' + letter)

    def put(self, character):
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
        self.column += 1
        self.widest = max(self.widest, sum(map(width, self.lines[self.row])))

    def shown(self):
        return [line for line in self.lines if line]


class Terminal:
    def __init__(self, arguments, env, cwd, columns=80, rows=24):
        self.screen = Screen(columns, rows)
        self.raw = b''
        self.pending = b''
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.process = subprocess.Popen(arguments, env=dict(env, TERM='xterm-256color'), cwd=cwd, stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True)

    def resize(self, columns, rows):
        self.screen.columns, self.screen.rows, self.screen.widest = columns, rows, 0
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def _read(self, seconds):
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return False
        data = os.read(self.master, 65536)
        self.raw += data
        data = self.pending + data
        # A frame may be cut anywhere: feed whole lines, and what ends an escape sequence.
        end = max(data.rfind(b'\n'), data.rfind(b'\x1b[J') + 2 if b'\x1b[J' in data else -1) + 1
        self.screen.feed(data[:end].decode())
        self.pending = data[end:]
        return True

    def wait_for(self, condition, what, patience=60):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if condition(self.screen):
                return
            self._read(0.1)
        raise AssertionError(f'not seen: {what}: {self.screen.lines}')

    def wait(self, patience=60):
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.process.poll() is None:
            self._read(0.1)
        while self._read(0):
            pass
        self.screen.feed(self.pending.decode())
        return self.process.wait(timeout=1)

    def is_as_before(self):
        """The terminal's own settings, and nothing that hides a cursor or changes colours for good."""
        return termios.tcgetattr(self.slave) == self.before and self.screen.column == 0 and b'\x1b[?' not in self.raw

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)
