# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of ferryctl stand on: folders, a server that misbehaves on command, and processes that are waited for.

Every wait is for a condition and bounded; nothing sleeps for time alone.
"""

import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from waiting import PATIENCE, wait_until  # noqa: E402,F401

FERRYCTL = os.environ['FERRYCTL']
SERVER = os.environ['FERRY_TEST_SERVER']
SANITIZED = os.environ.get('FERRYCTL_SANITIZED') == '1'
SIGINT, SIGTERM, SIGHUP = signal.SIGINT, signal.SIGTERM, signal.SIGHUP
SIGKILL, SIGSTOP, SIGCONT = signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT

# What is ignored here stays ignored in ferryctl, as under nohup. What is caught here does not.
if signal.getsignal(SIGHUP) == signal.SIG_IGN:
    signal.signal(SIGHUP, lambda *_: None)


def sha256(path):
    with open(path, 'rb') as file:
        return hashlib.sha256(file.read()).hexdigest()


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([SERVER, '--watch-stdin', *arguments], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        assert self.address, 'the test server did not start'

    def url(self, path, **keys):
        query = urllib.parse.urlencode(keys, quote_via=urllib.parse.quote)
        return f'{self.address}{path}?{query}' if query else self.address + path

    def ask(self, path):
        with urllib.request.urlopen(self.address + path, timeout=PATIENCE) as answer:
            return answer.read()

    def requests(self, path):
        lines = self.ask('/_log').decode().splitlines()
        return [r for r in map(json.loads, lines) if r['path'] == path]

    def sent(self, path):
        return sum(r['sent'] for r in self.requests(path))

    def wait_sent(self, path, n):
        return wait_until(lambda: self.sent(path) >= n, f'{n} bytes sent of {path}')

    def content_sha256(self, **keys):
        wanted = {k: v for k, v in keys.items() if k in ('size', 'seed')}
        with urllib.request.urlopen(self.url('/_reference', **wanted), timeout=PATIENCE) as answer:
            return hashlib.sha256(answer.read()).hexdigest()

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()


class Process:
    """A ferryctl that runs; its output is gathered as it comes."""

    def __init__(self, arguments, env, cwd):
        self.process = subprocess.Popen([FERRYCTL, *arguments], env=env, cwd=cwd, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.lines = []
        self.errors = ''
        self.stop_reading = False
        self.threads = [threading.Thread(target=self._read_lines), threading.Thread(target=self._read_errors)]
        for thread in self.threads:
            thread.start()

    def _read_lines(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip('\n'))
            if self.stop_reading:
                return

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    @property
    def pid(self):
        return self.process.pid

    def events(self, *names):
        events = [json.loads(line) for line in list(self.lines)]
        return [e for e in events if not names or e['event'] in names]

    def wait_event(self, name, condition=lambda event: True):
        def found():
            matching = [e for e in self.events(name) if condition(e)]
            if not matching and self.process.poll() is not None:
                raise AssertionError(f'ferryctl ended before “{name}”: {self.lines} {self.errors}')
            return matching
        return wait_until(found, f'event {name}')[0]

    def wait_received(self, n):
        """Bytes that ferryctl counts: whole buffers of 256 KiB."""
        return self.wait_event('progress', lambda event: event['received'] >= n)

    def end_reading(self):
        """As a pager or `head` that was left."""
        self.stop_reading = True
        self.threads[0].join(PATIENCE)
        self.process.stdout.close()

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self):
        status = self.process.wait(timeout=PATIENCE)
        for thread in self.threads:
            thread.join()
        return status

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()
        self.process.stderr.close()


class Case(unittest.TestCase):
    longMessage = True

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='ferry-cli-')
        os.chmod(self.root, 0o755)
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        for name in ('home', 'run', 'state', 'files'):
            os.mkdir(os.path.join(self.root, name), 0o700)
        self.files = os.path.join(self.root, 'files')
        self.env = dict(os.environ, HOME=self.path('home'), XDG_RUNTIME_DIR=self.path('run'),
                        XDG_STATE_HOME=self.path('state'), LC_ALL='C.UTF-8', LANGUAGE='',
                        GIO_USE_NETWORK_MONITOR='base', GIO_USE_PROXY_RESOLVER='dummy',
                        G_DEBUG='fatal-criticals')
        self.server = self.start_server()

    def path(self, *names):
        return os.path.join(self.root, *names)

    def file(self, name):
        return os.path.join(self.files, name)

    def start_server(self, *arguments):
        server = Server(*arguments)
        self.addCleanup(server.close)
        return server

    def start(self, *arguments):
        process = Process(arguments, self.env, self.files)
        self.addCleanup(process.end)
        return process

    def run_it(self, *arguments):
        """status, lines, errors"""
        process = self.start(*arguments)
        status = process.wait()
        return status, process.lines, process.errors

    def check(self, status, *arguments):
        """Runs ferryctl to its end, wants that status; its lines and errors."""
        found, lines, errors = self.run_it(*arguments)
        self.assertEqual(found, status, f'{arguments}: {lines} {errors}')
        return lines, errors

    def queue(self):
        lines, _ = self.check(0, 'list', '--json')
        return [json.loads(line) for line in lines]

    def journal(self, sql):
        """What is on disk, whoever owns the queue."""
        path = self.path('state', 'ferry', 'queue.db')
        database = sqlite3.connect(f'file:{path}?mode=ro', uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()

    def assert_file(self, name, **keys):
        self.assertEqual(sha256(self.file(name)), self.server.content_sha256(**keys), name)

    def assert_files(self, *names):
        self.assertEqual(sorted(os.listdir(self.files)), sorted(names))

    def assert_sentence(self, errors, *words):
        lines = [line for line in errors.splitlines() if line]
        self.assertTrue(lines, 'an error is told')
        for line in lines:
            self.assertTrue(line.startswith('ferryctl: '), errors)
            self.assertTrue(line.endswith(('.', '?', '!')), errors)
        for word in words:
            self.assertIn(word, errors)


def main():
    unittest.main(verbosity=2)


