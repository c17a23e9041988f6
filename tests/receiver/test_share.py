#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finished files: ranges, preconditions in the order of RFC 9110 section 13.2.2, the digest of the whole."""

import base64
import hashlib
import os
import socket
import time
from email.utils import formatdate

import bed
from bed import KIB, MIB

MODIFIED = 1000000000
SAME, BEFORE, AFTER = (formatdate(MODIFIED + n, usegmt=True) for n in (0, -1, 1))


class Share(bed.Case):
    def setUp(self):
        super().setUp()
        self.receiver = self.start()
        self.data = os.urandom(10 * KIB)
        self.path_of_file = self.upload('a ü.bin', self.data)
        self.etag = f'"{bed.sha256(self.data)}"'

    def upload(self, name, data):
        upload = self.receiver.start(name, data, modified=MODIFIED)
        upload.put_all()
        answer = upload.complete()
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json['url'][len(self.receiver.address):]

    def get(self, method='GET', path=None, **fields):
        return self.receiver.ask(method, path or self.path_of_file,
                                 fields={name.replace('_', '-'): value for name, value in fields.items()})

    def test_whole(self):
        answer = self.get()
        self.assertEqual((answer.status, answer.body), (200, self.data))
        digest = base64.b64encode(hashlib.sha256(self.data).digest()).decode()
        for name, value in {'etag': self.etag, 'last-modified': SAME, 'accept-ranges': 'bytes',
                            'repr-digest': f'sha-256=:{digest}:', 'content-length': str(len(self.data)),
                            'content-type': 'application/octet-stream', 'x-content-type-options': 'nosniff',
                            'content-disposition': "attachment; filename*=UTF-8''a%20%C3%BC.bin"}.items():
            self.assertEqual(answer.fields[name], value)
        self.assertIn('date', answer.fields)
        head = self.get('HEAD')
        self.assertEqual((head.status, head.body), (200, b''))
        drop = ('date',)
        self.assertEqual({k: v for k, v in head.fields.items() if k not in drop},
                         {k: v for k, v in answer.fields.items() if k not in drop})

    def test_ranges(self):
        n = len(self.data)
        for value, first, last in (('bytes=0-0', 0, 0), ('bytes=0-', 0, n - 1), ('bytes=10-19', 10, 19),
                                   (f'bytes={n - 1}-', n - 1, n - 1), (f'bytes={n - 1}-{n}', n - 1, n - 1),
                                   ('bytes=5-99999999999999999999999', 5, n - 1), ('bytes=-1', n - 1, n - 1),
                                   ('bytes=-100', n - 100, n - 1), (f'bytes=-{n + 5}', 0, n - 1),
                                   ('BYTES=1-2', 1, 2), (' bytes=1-2 ', 1, 2)):
            answer = self.get(Range=value)
            self.assertEqual((answer.status, answer.body), (206, self.data[first:last + 1]), value)
            self.assertEqual(answer.fields['content-range'], f'bytes {first}-{last}/{n}')
            self.assertEqual(answer.fields['content-length'], str(last - first + 1))
            self.assertEqual(answer.fields['etag'], self.etag)
            self.assertIn('repr-digest', answer.fields)

    def test_ranges_out_of_reach(self):
        n = len(self.data)
        for value in (f'bytes={n}-', f'bytes={n}-{n + 1}', 'bytes=99999999999999999999999-', 'bytes=-0'):
            answer = self.get(Range=value)
            self.assert_problem(answer, 416, 'range')
            self.assertEqual(answer.fields['content-range'], f'bytes */{n}')

    def test_no_ranges(self):
        for value in ('bytes=0-1,4-5', 'bytes=4-1', 'bytes=', 'bytes=-', 'bytes', 'bytes=a-b', 'bytes=1-2-3', 'items=0-1',
                      'bytes=+1-2', 'bytes=1 -2', 'bytes:0-1', 'bytes=0x1-2', 'bytes=--1', ',', 'bytes=0-1;'):
            answer = self.get(Range=value)
            self.assertEqual((answer.status, answer.body), (200, self.data), value)
            self.assertNotIn('content-range', answer.fields)
        self.assertEqual(self.get('HEAD', Range='bytes=0-1').status, 200)

    def test_empty(self):
        path = self.upload('empty', b'')
        answer = self.get(path=path)
        self.assertEqual((answer.status, answer.body, answer.fields['content-length']), (200, b'', '0'))
        for value in ('bytes=0-', 'bytes=-5'):
            answer = self.get(path=path, Range=value)
            self.assertEqual((answer.status, answer.fields['content-range']), (416, 'bytes */0'))

    def test_preconditions(self):
        good, bad, weak = self.etag, '"other"', 'W/' + self.etag
        for fields, status in (
                ({'If-Match': good}, 200), ({'If-Match': '*'}, 200), ({'If-Match': f'{bad}, {good}'}, 200),
                ({'If-Match': bad}, 412), ({'If-Match': weak}, 412), ({'If-Match': bad, 'Range': 'bytes=0-1'}, 412),
                ({'If-Match': good.strip('"')}, 412), ({'If-Match': ''}, 412),
                ({'If-Match': good, 'If-Unmodified-Since': BEFORE}, 200),
                ({'If-Unmodified-Since': SAME}, 200), ({'If-Unmodified-Since': AFTER}, 200),
                ({'If-Unmodified-Since': BEFORE}, 412), ({'If-Unmodified-Since': 'nonsense'}, 200),
                ({'If-None-Match': good}, 304), ({'If-None-Match': weak}, 304), ({'If-None-Match': '*'}, 304),
                ({'If-None-Match': f'{bad} , {good}'}, 304), ({'If-None-Match': bad}, 200),
                ({'If-None-Match': good, 'Range': 'bytes=0-1'}, 304),
                ({'If-None-Match': bad, 'If-Modified-Since': SAME}, 200),
                ({'If-Modified-Since': SAME}, 304), ({'If-Modified-Since': AFTER}, 304),
                ({'If-Modified-Since': BEFORE}, 200), ({'If-Modified-Since': 'nonsense'}, 200),
                ({'If-Match': bad, 'If-None-Match': good}, 412), ({'If-Match': good, 'If-None-Match': good}, 304),
                ({'If-Range': good, 'Range': 'bytes=0-1'}, 206), ({'If-Range': bad, 'Range': 'bytes=0-1'}, 200),
                ({'If-Range': weak, 'Range': 'bytes=0-1'}, 200), ({'If-Range': SAME, 'Range': 'bytes=0-1'}, 206),
                ({'If-Range': AFTER, 'Range': 'bytes=0-1'}, 200), ({'If-Range': BEFORE, 'Range': 'bytes=0-1'}, 200),
                ({'If-Range': '', 'Range': 'bytes=0-1'}, 200), ({'If-Range': good}, 200),
                ({'If-Range': bad, 'Range': 'bytes=999999-'}, 200), ({'If-Range': good, 'Range': 'bytes=999999-'}, 416),
                ({'If-Match': good, 'If-Range': good, 'Range': 'bytes=0-1'}, 206)):
            answer = self.receiver.ask('GET', self.path_of_file, fields=fields)
            self.assertEqual(answer.status, status, fields)
            if status in (200, 206, 304):
                self.assertEqual(answer.fields['etag'], self.etag)
            if status == 412:
                self.assert_problem(answer, 412, 'precondition')
            self.assertEqual(len(answer.body) if status in (200, 206, 304) else 0,
                             {200: len(self.data), 206: 2}.get(status, 0))
            if not {'Range', 'If-Range'} & fields.keys():
                self.assertEqual(self.receiver.ask('HEAD', self.path_of_file, fields=fields).status, status)

    def test_touched_since(self):
        """What is no longer what was received is not served as if it were."""
        stored = self.path('inbox', 'a ü.bin')
        with open(stored, 'r+b') as file:
            file.write(b'x')
        self.assert_problem(self.get(), 410, 'file-gone')
        with open(stored, 'wb') as file:
            file.write(self.data)
        self.assert_problem(self.get(), 410, 'file-gone')
        os.unlink(stored)
        self.assert_problem(self.get(), 410, 'file-gone')
        os.mkfifo(stored)
        self.assert_problem(self.get(), 410, 'file-gone')
        os.unlink(stored)
        os.symlink('/etc/passwd', stored)
        self.assert_problem(self.get(), 410, 'file-gone')

    def test_only_what_was_received(self):
        with open(self.path('inbox', 'private'), 'wb') as file:
            file.write(b'x')
        folder = os.path.dirname(self.path_of_file)
        for name in ('private', 'a', '..', '.', 'a%20%C3%BC.bin%2f', 'A%20%C3%BC.bin'):
            self.assertIn(self.get(path=f'{folder}/{name}').status, (400, 404), name)
        upload = self.receiver.start('open', b'x')
        upload.put_all()
        self.assert_problem(self.get(path=f'/files/{upload.id}/open'), 404)

    def test_large_and_at_once(self):
        data = os.urandom(7 * MIB + 3)
        path = self.upload('large', data)

        def read(first):
            answer = self.get(path=path, Range=f'bytes={first}-')
            self.assertEqual(answer.status, 206)
            self.assertEqual(bed.sha256(answer.body), bed.sha256(data[first:]))

        bed.Together([lambda n=n: read(n * MIB - n) for n in range(7)]).join()

    def test_slow_reader(self):
        """One that reads a little now and then is served, one that reads nothing is dropped."""
        self.receiver.stop()
        self.receiver = self.start(env={'FERRY_RECEIVER_IDLE_MS': '1000'})
        data = os.urandom(12 * MIB)
        path = self.upload('large', data)

        def ask():
            connection = socket.socket()
            self.addCleanup(connection.close)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * KIB)
            connection.settimeout(bed.PATIENCE)
            connection.connect((self.receiver.host, self.receiver.port))
            connection.sendall(self.receiver.head('GET', path))
            return connection

        idle, slow = ask(), ask()
        got = 0
        deadline = time.monotonic() + 4
        while time.monotonic() < deadline:
            time.sleep(0.1)
            got += len(slow.recv(64 * KIB))

        def read_rest(connection):
            n = 0
            while True:
                try:
                    block = connection.recv(MIB)
                except ConnectionError:
                    return n
                if not block:
                    return n
                n += len(block)

        self.assertLess(read_rest(idle), len(data))
        slow.shutdown(socket.SHUT_WR)
        self.assertGreaterEqual(got + read_rest(slow), len(data))


if __name__ == '__main__':
    bed.main()
