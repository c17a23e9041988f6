# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands between a broker and its store, passes on whole requests and answers, and loses some of them on command.

    proxy = StoreProxy(store.endpoint)
    proxy.rule = when('POST', '?uploads', 'lose')

A rule says what becomes of a request: None: it is passed on. 'lose': the store gets it, and the answer is thrown away.
'drop': the store never gets it. 'busy': the same, and the answer is 503. 'hold': the store gets it, and its answer waits for
release () and is thrown away then. 'ok-error': the answer is 200 with an error inside. Bytes: the store never gets it, and they
are the answer. change () is given each whole answer of the store, and gives the one that is passed on. Header fields go
through unchanged, so signatures stay good.
"""

import http.client
import io
import socket
import threading
import urllib.parse

from waiting import PATIENCE, wait_until

BUSY = (b'HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: 45\r\nConnection: close\r\n\r\n'
        b'<Error><Code>SlowDown</Code>%s</Error>' % b'<Message/>')
OK_ERROR = b'<?xml version="1.0"?>\n   <Error><Code>InternalError</Code><Message>x</Message></Error>'


def nothing(_method, _target):
    return None


def when(wanted, text, fate):
    """A rule for requests of that method whose target has the text."""
    return lambda method, target: fate if method == wanted and text in target else None


def answer_of(answer):
    """What a store really said, to be said again."""
    return (b'HTTP/1.1 %d x\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n'
            % (answer.status, len(answer.body)) + answer.body)


class Whole:
    """What http.client takes for a socket."""

    def __init__(self, data):
        self.data = data

    def makefile(self, _mode):
        return io.BytesIO(self.data)


def change_answer(answer, method, change_body=None, fields=()):
    """The same with another body and more header fields; without transfer codings."""
    response = http.client.HTTPResponse(Whole(answer), method=method)
    response.begin()
    body = response.read()
    if change_body is not None:
        body = change_body(body)
    kept = [(n, v) for n, v in response.getheaders() if n.lower() not in ('transfer-encoding', 'content-length')]
    length = response.getheader('content-length') if method == 'HEAD' else len(body)
    lines = [f'HTTP/1.1 {response.status} x', *(f'{n}: {v}' for n, v in [*kept, *fields]), f'Content-Length: {length}', '', '']
    return '\r\n'.join(lines).encode('latin-1') + body


class StoreProxy:
    def __init__(self, endpoint):
        parts = urllib.parse.urlsplit(endpoint)
        self.upstream = (parts.hostname, parts.port)
        self.rule = nothing
        self.change = lambda method, target, answer: answer
        self.seen = []  # (method, target) of each request
        self.n_bytes = 0
        self.held = 0
        self._go = threading.Event()
        self._closed = False
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.endpoint = 'http://127.0.0.1:%d' % self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._closed = True
        self._go.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def wait_held(self, n=1):
        wait_until(lambda: self.held >= n, 'a request is held')

    def release(self):
        self._go.set()

    def count(self, method, text):
        return sum(1 for m, target in self.seen if m == method and text in target)

    def _accept(self):
        while not self._closed:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client:
            client.settimeout(PATIENCE)
            try:
                self._pass_on(client)
            except OSError:
                pass

    def _pass_on(self, client):
        request = self._read_request(client)
        if request is None:
            return
        head, body = request
        method, target, _ = head.split(b'\r\n', 1)[0].decode().split(' ')
        self.seen.append((method, target))
        fate = self.rule(method, target)
        if fate == 'busy':
            client.sendall(BUSY)
        if fate == 'ok-error':
            client.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close\r\nContent-Length: %d\r\n\r\n'
                           % len(OK_ERROR) + OK_ERROR)
        if isinstance(fate, bytes):
            client.sendall(fate)
        if fate in ('busy', 'drop', 'ok-error') or isinstance(fate, bytes):
            return
        answer = self.change(method, target, self._ask(head, body))
        self.n_bytes += len(head) + len(body) + len(answer)
        if fate == 'hold':
            self.held += 1
            self._go.wait(PATIENCE)
        if fate not in ('lose', 'hold'):
            client.sendall(answer)

    @staticmethod
    def _read_request(client):
        data = b''
        while b'\r\n\r\n' not in data:
            block = client.recv(65536)
            if not block:
                return None
            data += block
        head, body = data.split(b'\r\n\r\n', 1)
        lines = [line for line in head.split(b'\r\n') if not line.lower().startswith((b'connection:', b'expect:'))]
        length = sum(int(line.split(b':')[1]) for line in lines if line.lower().startswith(b'content-length:'))
        if b'expect:' in head.lower():
            client.sendall(b'HTTP/1.1 100 Continue\r\n\r\n')
        while len(body) < length:
            block = client.recv(65536)
            if not block:
                return None
            body += block
        return b'\r\n'.join([*lines, b'Connection: close']) + b'\r\n\r\n', body

    def _ask(self, head, body):
        answer = b''
        with socket.create_connection(self.upstream, timeout=PATIENCE) as store:
            store.sendall(head + body)
            while block := store.recv(65536):
                answer += block
        return answer
