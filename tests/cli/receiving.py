# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ferry-receiver, and a proxy before it that counts the chunks and holds answers back on command."""

import os
import re
import socket
import subprocess
import threading
import urllib.parse

import bed

RECEIVER = os.environ['FERRY_RECEIVER']
CHUNK = 256 * 1024


class Receiver:
    def __init__(self, case, listen='127.0.0.1:0'):
        self.case = case
        self.inbox = case.path('inbox')
        self.state = case.path('receiver')
        self.process = subprocess.Popen(
            [RECEIVER, f'--directory={self.inbox}', f'--state={self.state}', f'--listen={listen}',
             f'--chunk-size={CHUNK}'],
            env=case.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        case.addCleanup(self.close)
        self.address = self.process.stdout.readline().strip()
        assert self.address, 'the receiver did not start'
        self.port = urllib.parse.urlsplit(self.address).port
        self.token_file = os.path.join(self.state, 'token')
        with open(self.token_file, encoding='ascii') as file:
            self.token = file.read().strip()

    def path(self, name):
        return os.path.join(self.inbox, name)

    def files(self):
        """What is whole."""
        return sorted(name for name in os.listdir(self.inbox) if not name.startswith('.'))

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=bed.PATIENCE)
        self.process.stdout.close()


class Proxy:
    """Forwards connections. On each a request is answered before the next is sent, so a head begins a block."""

    def __init__(self, case, receiver):
        self.port = receiver.port
        self.lock = threading.Condition()
        self.puts = []  # chunk numbers in the order of their requests
        self.confirmed = []  # those whose 200 the client got
        self.limit = None  # how many are let through
        self.closed = False
        self.connections = []
        self.listener = socket.create_server(('127.0.0.1', 0))
        self.address = f'http://127.0.0.1:{self.listener.getsockname()[1]}'
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()
        case.addCleanup(self.close)

    def hold_after(self, n):
        with self.lock:
            self.limit = None if n is None else len(self.confirmed) + n
            self.lock.notify_all()

    def close(self):
        with self.lock:
            self.closed = True
            self.lock.notify_all()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self.threads:
            thread.join(bed.PATIENCE)
        for connection in self.connections:
            connection.close()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
                server = socket.create_connection(('127.0.0.1', self.port))
            except OSError:
                return
            now = {'chunk': None}
            pair = [threading.Thread(target=self._pump, args=(client, server, now, self._see_request)),
                    threading.Thread(target=self._pump, args=(server, client, now, self._see_answer))]
            self.connections += [client, server]
            self.threads += pair
            for thread in pair:
                thread.start()

    def _pump(self, source, target, now, see):
        try:
            while data := source.recv(65536):
                see(data, now)
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _see_request(self, data, now):
        head = re.match(rb'(GET|POST|PUT|DELETE) (\S+) HTTP/1\.1\r\n', data)
        if head is None:
            return
        chunk = re.search(rb'/chunks/(\d+)$', head[2])
        now['chunk'] = int(chunk[1]) if chunk else None
        if chunk:
            with self.lock:
                self.puts.append(now['chunk'])

    def _see_answer(self, data, now):
        if now['chunk'] is None or not data.startswith(b'HTTP/1.1 200'):
            return
        with self.lock:
            while self.limit is not None and len(self.confirmed) >= self.limit and not self.closed:
                self.lock.wait()
            if self.closed:
                raise OSError('closed')
            self.confirmed.append(now['chunk'])
