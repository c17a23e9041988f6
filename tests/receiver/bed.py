# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of ferry-receiver stand on: a real process, folders of its own, and clients good and bad.

Every wait is for a condition and bounded; nothing sleeps for time alone.
"""

import hashlib
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'support'))
from measure import peak_memory  # noqa: E402
from waiting import PATIENCE, wait_until  # noqa: E402,F401

RECEIVER = os.environ['FERRY_RECEIVER']
SANITIZED = os.environ.get('FERRY_SANITIZED') == '1'
FOLDER = os.environ.get('FERRY_TEST_FOLDER')
KIB = 1024
MIB = 1024 * 1024
GIB = 1024 * MIB


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def file_sha256(path):
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        for block in iter(lambda: file.read(MIB), b''):
            digest.update(block)
    return digest.hexdigest()


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)


class Receiver:
    """A ferry-receiver that runs."""

    def __init__(self, case, *arguments, state='state', directory='inbox', env=None):
        self.case = case
        self.state = case.path(state)
        self.directory = case.path(directory)
        command = [RECEIVER, f'--directory={self.directory}', f'--state={self.state}', '--listen=127.0.0.1:0']
        self.errors = open(case.path('errors.txt'), 'ab+')
        self.process = subprocess.Popen([*command, *arguments], env={**case.env, **(env or {})},
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors,
                                        text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            self.errors.seek(0)
            raise AssertionError('no start: ' + self.errors.read().decode())
        self.where = self.process.stdout.readline()
        parts = urllib.parse.urlsplit(self.address)
        self.host, self.port = parts.hostname, parts.port
        self.context = None
        if parts.scheme == 'https':
            self.context = ssl.create_default_context(cafile=case.path('cert.pem'))
        with open(case.token_path(self.state), encoding='ascii') as file:
            self.token = file.read().strip()

    def connect(self):
        if self.context is not None:
            return http.client.HTTPSConnection(self.host, self.port, timeout=PATIENCE, context=self.context)
        return http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def ask(self, method, path, body=None, fields=None, token=None, connection=None):
        """fields with a value of None are left out."""
        own = connection or self.connect()
        headers = {'Authorization': 'Bearer ' + (token if token is not None else self.token), **(fields or {})}
        headers = {k: v for k, v in headers.items() if v is not None}
        try:
            own.request(method, path, body=body, headers=headers)
            response = own.getresponse()
            return Answer(response, response.read())
        finally:
            if connection is None:
                own.close()

    def raw(self):
        connection = socket.create_connection((self.host, self.port), timeout=PATIENCE)
        self.case.addCleanup(connection.close)
        return connection

    def head(self, method, path, *lines):
        return '\r\n'.join([f'{method} {path} HTTP/1.1', f'Host: {self.host}:{self.port}',
                            f'Authorization: Bearer {self.token}', *lines, '', '']).encode()

    def initiate(self, name, size, key=None, **members):
        body = json.dumps({'name': name, 'size': size, **members})
        return self.ask('POST', '/uploads', body, {'Idempotency-Key': key or os.urandom(8).hex()})

    def start(self, name, data, **members):
        answer = self.initiate(name, len(data), **members)
        self.case.assertEqual(answer.status, 201, answer.body)
        return Upload(self, answer.json, data)

    def status(self, upload_id):
        return self.ask('GET', '/status?id=' + upload_id)

    def rows(self, sql, *values):
        """Of the stopped or running receiver's database."""
        database = sqlite3.connect(os.path.join(self.state, 'receiver.db'), timeout=PATIENCE)
        try:
            with database:
                return database.execute(sql, values).fetchall()
        finally:
            database.close()

    def peak_memory(self):
        return peak_memory(self.process.pid)

    def n_descriptors(self):
        return len(os.listdir(f'/proc/{self.process.pid}/fd'))

    def kill(self):
        self.process.kill()
        self._end()

    def stop(self, number=signal.SIGTERM):
        """Ends as it should, without a word of complaint by GLib or a sanitizer."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self._end()
        self.case.assertEqual(status, 0, self.complaints())

    def complaints(self):
        with open(self.case.path('errors.txt'), encoding='utf-8') as file:
            return file.read()

    def _end(self):
        status = self.process.wait(timeout=PATIENCE)
        self.process.stdout.close()
        self.errors.close()
        return status

    def clean_up(self):
        if self.process.returncode is None:
            self.stop()


class Upload:
    def __init__(self, receiver, answer, data):
        self.receiver = receiver
        self.id = answer['uploadId']
        self.chunk_size = answer['chunkSize']
        self.n_chunks = answer['totalChunks']
        self.data = data

    def chunk(self, n):
        return self.data[n * self.chunk_size:(n + 1) * self.chunk_size]

    def path(self, n):
        return f'/uploads/{self.id}/chunks/{n}'

    def put(self, n, data=None, checksum=None, connection=None, **fields):
        data = self.chunk(n) if data is None else data
        return self.receiver.ask('PUT', self.path(n), data,
                                 {'X-Chunk-Checksum': checksum or sha256(data), **fields}, connection=connection)

    def put_all(self, chunks=None):
        connection = self.receiver.connect()
        for n in range(self.n_chunks) if chunks is None else chunks:
            answer = self.put(n, connection=connection)
            self.receiver.case.assertEqual(answer.status, 200, answer.body)
        connection.close()

    def status(self):
        answer = self.receiver.status(self.id)
        self.receiver.case.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def received(self):
        return {n for first, last in self.status()['receivedChunks'] for n in range(first, last + 1)}

    def complete(self, **members):
        return self.receiver.ask('POST', f'/uploads/{self.id}/complete', json.dumps(members))

    def discard(self):
        return self.receiver.ask('DELETE', '/uploads/' + self.id)

    def part(self):
        return os.path.join(self.receiver.directory, f'.{self.id}.ferry-part')


class Case(unittest.TestCase):
    longMessage = True
    maxDiff = 2000

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix='ferry-receiver-', dir=FOLDER)
        self.addCleanup(shutil.rmtree, self.root, ignore_errors=True)
        for name in ('home', 'inbox'):
            os.mkdir(self.path(name), 0o700)
        self.env = dict(os.environ, HOME=self.path('home'), XDG_STATE_HOME=self.path('home', 'state'),
                        LC_ALL='C.UTF-8', LANGUAGE='', G_DEBUG='fatal-criticals')
        self.token_file = None

    def path(self, *names):
        return os.path.join(self.root, *names)

    def token_path(self, state):
        return self.token_file or os.path.join(state, 'token')

    def start(self, *arguments, **keys):
        receiver = Receiver(self, *arguments, **keys)
        self.addCleanup(receiver.clean_up)
        return receiver

    def files(self):
        return sorted(os.listdir(self.path('inbox')))

    def assert_problem(self, answer, status, slug=None):
        """All of RFC 9457, and a hint."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.fields['content-type'], 'application/problem+json')
        self.assertEqual(answer.json['status'], status)
        for member in ('type', 'title', 'detail', 'hint'):
            self.assertTrue(answer.json[member], member)
        if slug is not None:
            self.assertEqual(answer.json['type'], 'urn:ferry:problem:' + slug)

    def read_answer(self, connection):
        """Status, fields and body of one answer on a raw connection; None when it just ends."""
        response = http.client.HTTPResponse(connection)
        try:
            response.begin()
        except (http.client.BadStatusLine, ConnectionError):
            return None
        answer = Answer(response, response.read())
        return answer

    def assert_dropped(self, connection):
        """The other end closes without an answer."""
        connection.settimeout(PATIENCE)
        try:
            self.assertEqual(connection.recv(4096), b'')
        except ConnectionError:
            pass


class Together:
    """Functions in threads; what any of them raises is raised by join ()."""

    def __init__(self, functions):
        self.errors = []
        self.threads = [threading.Thread(target=self._run, args=(f,)) for f in functions]
        for thread in self.threads:
            thread.start()

    def _run(self, function):
        try:
            function()
        except BaseException as error:  # pylint: disable=broad-except
            self.errors.append(error)

    def join(self):
        for thread in self.threads:
            thread.join(PATIENCE * 5)
            assert not thread.is_alive(), 'a thread hangs'
        if self.errors:
            raise self.errors[0]


def main():
    unittest.main(verbosity=2)
