#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every row of the chunk protocol, each with all its errors."""

import json
import os

import bed
from bed import KIB


class Protocol(bed.Case):
    def setUp(self):
        super().setUp()
        self.receiver = self.start('--chunk-size=4KiB', '--max-size=1MiB')
        self.data = os.urandom(18 * KIB + 5)

    def post(self, body, key='k', **fields):
        return self.receiver.ask('POST', '/uploads', body, {'Idempotency-Key': key, **fields})

    # -- initiate

    def test_initiate(self):
        answer = self.receiver.initiate('a.bin', 10000, key='one', modified='2020-01-02T03:04:05Z', sha256='0' * 64)
        self.assertEqual(answer.status, 201)
        self.assertEqual(answer.fields['content-type'], 'application/json')
        self.assertEqual(answer.json['chunkSize'], 4096)
        self.assertEqual(answer.json['totalChunks'], 3)
        self.assertEqual(answer.json['transport'], 'direct')
        self.assertRegex(answer.json['expires'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
        self.assertEqual(answer.fields['location'], '/uploads/' + answer.json['uploadId'])
        part = os.stat(self.path('inbox', f".{answer.json['uploadId']}.ferry-part"))
        self.assertEqual(part.st_size, 10000, 'room is reserved')
        self.assertEqual(part.st_mode & 0o777, 0o600)

    def test_initiate_again(self):
        first = self.receiver.initiate('a.bin', 10000, key='one')
        again = self.receiver.initiate('a.bin', 10000, key='one')
        self.assertEqual((again.status, again.json['uploadId']), (201, first.json['uploadId']))
        spelled = self.post('{ "size": 10000, "other": [1], "name": "a.bin", "sha256": null }', key='one')
        self.assertEqual((spelled.status, spelled.json['uploadId']), (201, first.json['uploadId']))
        for name, size, members in (('b.bin', 10000, {}), ('a.bin', 10001, {}),
                                    ('a.bin', 10000, {'sha256': '0' * 64}), ('a.bin', 10000, {'modified': 7})):
            self.assert_problem(self.receiver.initiate(name, size, key='one', **members), 409, 'other-upload')
        other = self.receiver.initiate('a.bin', 10000, key='two')
        self.assertNotEqual(other.json['uploadId'], first.json['uploadId'])
        self.assertEqual(len(self.files()), 2)

    def test_initiate_at_once(self):
        answers = []
        bed.Together([lambda: answers.append(self.receiver.initiate('a.bin', 10000, key='one'))] * 8).join()
        self.assertEqual({a.status for a in answers}, {201})
        self.assertEqual(len({a.json['uploadId'] for a in answers}), 1)
        self.assertEqual(len(self.files()), 1)

    def test_initiate_keys(self):
        body = json.dumps({'name': 'a', 'size': 1})
        for key in (None, '', 'x' * 256, 'a b', 'ä'.encode().decode('latin-1')):
            self.assert_problem(self.receiver.ask('POST', '/uploads', body, {'Idempotency-Key': key}), 400)
        self.assertEqual(self.post(body, 'x' * 255).status, 201)

    def test_initiate_bodies(self):
        deep = '{"name":"a","size":1,"x":' + '[' * 8 + ']' * 8 + '}'
        for body in ('', '[]', '"a"', '1', 'null', '{', '{}', '{"name":"a"}', '{"size":1}', '{"name":"","size":1}',
                     '{"name":1,"size":1}', '{"name":"a","size":-1}', '{"name":"a","size":"1"}',
                     '{"name":"a","size":1.5}', '{"name":"a","size":1e3}', '{"name":"a","size":null}',
                     '{"name":"a","size":true}', '{"name":["a"],"size":1}', '{"name":"a","size":1,"sha256":"12"}',
                     '{"name":"a","size":1,"sha256":1}', '{"name":"a","size":1,"modified":"yesterday"}',
                     '{"name":"a","size":1,"modified":[]}', '{"name":"a","size":1,"modified":1.5}',
                     '{"name":"..","size":1}', '{"name":"/","size":1}', '{"name":"a/","size":1}',
                     "{'name':'a','size':1}", '{"name":"a","size":1} // x', '{"name":"a","size":1}}',
                     '{"name":"' + 'n' * 4097 + '","size":1}', deep, '[' * 20000, '{"a":' * 9000, "['\"'," + '[' * 9000,
                     b'{"name":"\xff","size":1}', b'{"name":"a\x00","size":1}'):
            self.assert_problem(self.post(body), 400, 'bad-request')
        self.assertEqual(self.post('{"name":"a","size":1,"x":' + '[' * 7 + ']' * 7 + '}').status, 201)
        self.assert_problem(self.post('{"name":"a","size":1,"x":"' + 'x' * 64 * KIB + '"}'), 413)
        self.assert_problem(self.post(iter([b' ' * KIB] * 65)), 413)

    def test_initiate_sizes(self):
        self.assertEqual(self.receiver.initiate('a', 1 << 20).status, 201)
        for size in ((1 << 20) + 1, 1 << 62, (1 << 63) - 1):
            self.assert_problem(self.receiver.initiate('a', size), 413, 'too-large')
        for size in (1 << 63, 1 << 64, 10**30):
            self.assertIn(self.receiver.initiate('a', size).status, (400, 413))
        self.assertEqual(len(self.files()), 1)

    # -- chunks

    def test_chunk(self):
        upload = self.receiver.start('a', self.data)
        self.assertEqual(upload.n_chunks, 5)
        for n in (4, 0, 2):
            answer = upload.put(n)
            self.assertEqual((answer.status, answer.json), (200, {'chunk': n}))
        self.assertEqual(upload.received(), {0, 2, 4})
        with open(upload.part(), 'rb') as file:
            stored = file.read()
        for n in (0, 2, 4):
            self.assertEqual(stored[n * 4096:(n + 1) * 4096], upload.chunk(n))

    def test_chunk_again(self):
        upload = self.receiver.start('a', self.data)
        other = bytes(4096)
        self.assertEqual(upload.put(1).status, 200)
        self.assertEqual(upload.put(1).status, 200)
        self.assert_problem(upload.put(1, other), 409, 'other-bytes')
        self.assert_problem(upload.put(1, other, checksum=bed.sha256(upload.chunk(1))), 422, 'chunk-digest')
        self.assertEqual(upload.received(), {1})
        upload.put_all()
        self.assertEqual(upload.complete(sha256=bed.sha256(self.data)).status, 200, 'nothing was overwritten')
        self.assertEqual(upload.put(1).status, 200, 'still known')
        self.assert_problem(upload.put(1, other), 409, 'other-bytes')

    def test_chunk_checksum(self):
        upload = self.receiver.start('a', self.data)
        self.assert_problem(upload.put(0, checksum='0' * 64), 422, 'chunk-digest')
        self.assertEqual(upload.received(), set())
        for checksum in ('12', 'x' * 64, '0' * 65, 'sha256:' + '0' * 64, ' '):
            self.assert_problem(upload.put(0, checksum=checksum), 400)
        missing = self.receiver.ask('PUT', upload.path(0), upload.chunk(0))
        self.assert_problem(missing, 400)
        self.assertEqual(upload.put(0, checksum=bed.sha256(upload.chunk(0)).upper()).status, 200)

    def test_chunk_length(self):
        upload = self.receiver.start('a', self.data)
        self.assert_problem(upload.put(0, b''), 400)
        self.assert_problem(upload.put(0, bytes(4095)), 400)
        self.assert_problem(upload.put(0, bytes(4097)), 413, 'too-large')
        self.assert_problem(upload.put(4, bytes(4096)), 400)
        self.assert_problem(upload.put(0, bytes(300 * KIB)), 413, 'too-large')
        self.assert_problem(upload.put(0, iter([upload.chunk(0)]), checksum='0' * 64), 411, 'no-length')
        self.assertEqual(upload.received(), set())

    def test_chunk_length_that_is_none(self):
        """Some of these make the receiver wait for bytes that never come: for a moment only."""
        self.receiver.stop()
        self.receiver = self.start('--chunk-size=4KiB', env={'FERRY_RECEIVER_IDLE_MS': '1000'})
        upload = self.receiver.start('a', self.data)
        for fields in (['Content-Length: x'], ['Content-Length: -1'], ['Content-Length: +5'],
                       ['Content-Length: 5', 'Content-Length: 6'], ['Content-Length: 5', 'Transfer-Encoding: chunked'],
                       ['Transfer-Encoding: gzip'], ['Content-Length: 99999999999999999999']):
            connection = self.receiver.raw()
            connection.sendall(self.receiver.head('PUT', upload.path(0), 'X-Chunk-Checksum: ' + '0' * 64, *fields)
                               + b'0\r\n\r\n')
            answer = self.read_answer(connection)
            self.assertTrue(answer is None or answer.status in (400, 411, 413, 501), fields)
        self.assertEqual(upload.received(), set())

    def test_chunk_coded(self):
        upload = self.receiver.start('a', self.data)
        self.assert_problem(upload.put(0, **{'Content-Encoding': 'gzip'}), 400)
        self.assert_problem(upload.put(0, **{'Content-Range': 'bytes 0-4095/18437'}), 400)

    def test_chunk_numbers(self):
        upload = self.receiver.start('a', self.data)
        for n in (5, 6, 10**17):
            self.assert_problem(upload.put(n, bytes(1)), 404, 'no-such-chunk')
        for n in ('-1', '00', '01', 'x', '1x', '', '1/', '9' * 30):
            self.assert_problem(upload.put(n, bytes(1)), 404, 'not-found')
        empty = self.receiver.start('e', b'')
        self.assert_problem(empty.put(0, b''), 404, 'no-such-chunk')

    def test_chunk_of_nothing(self):
        for upload_id in ('0' * 32, 'f' * 32):
            answer = self.receiver.ask('PUT', f'/uploads/{upload_id}/chunks/0', b'x', {'X-Chunk-Checksum': '0' * 64})
            self.assert_problem(answer, 404, 'no-such-upload')

    def test_chunk_cut_short(self):
        """A body that ends with its connection is no body, also where libsoup takes it for one."""
        upload = self.receiver.start('a', self.data)
        for version in ('1.1', '1.0'):
            head = self.receiver.head('PUT', upload.path(0), 'Connection: close', 'Content-Length: 4096',
                                      'X-Chunk-Checksum: ' + bed.sha256(upload.chunk(0)[:100]))
            connection = self.receiver.raw()
            connection.sendall(head.replace(b'HTTP/1.1', b'HTTP/' + version.encode()) + upload.chunk(0)[:100])
            connection.shutdown(1)
            answer = self.read_answer(connection)
            self.assertTrue(answer is None or answer.status == 400)
        self.assertEqual(upload.received(), set())
        self.assertEqual(upload.put(0).status, 200)

    # -- status

    def test_status(self):
        upload = self.receiver.start('x/y/na\u202eme.bin', self.data)
        self.assertEqual(upload.status()['receivedChunks'], [])
        self.assertEqual(upload.status()['nextExpectedChunk'], 0)
        upload.put_all([0, 1, 3])
        answer = self.receiver.status(upload.id)
        self.assertEqual(answer.fields['cache-control'], 'no-store')
        status = answer.json
        self.assertRegex(status.pop('expires'), r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$')
        self.assertEqual(status, {'uploadId': upload.id, 'name': 'name.bin', 'size': len(self.data), 'chunkSize': 4096,
                                  'totalChunks': 5, 'receivedChunks': [[0, 1], [3, 3]], 'nextExpectedChunk': 2,
                                  'status': 'in_progress'})
        upload.put_all([2, 4])
        self.assertEqual(upload.status()['receivedChunks'], [[0, 4]])
        self.assertIsNone(upload.status()['nextExpectedChunk'])
        upload.complete()
        self.assertEqual((upload.status()['status'], upload.status()['receivedChunks']), ('complete', [[0, 4]]))

    def test_status_errors(self):
        self.assert_problem(self.receiver.status('0' * 32), 404, 'no-such-upload')
        for query in ('', '?', '?id=', '?id=x', '?id=' + '0' * 33, '?id=' + 'F' * 32, '?xid=' + '0' * 32,
                      '?id=' + '0' * 32 + '&id=' + '0' * 32, '?id=' + "0' OR 1=1 --".replace(' ', '%20')):
            self.assert_problem(self.receiver.ask('GET', '/status' + query), 400)

    def test_status_is_not_cut(self):
        upload = self.receiver.start('a', self.data)
        answer = self.receiver.ask('GET', '/status?id=' + upload.id, fields={'Range': 'bytes=0-1'})
        self.assertEqual((answer.status, answer.json['uploadId']), (200, upload.id))

    # -- complete

    def test_complete(self):
        upload = self.receiver.start('a.bin', self.data, modified='2001-09-09T01:46:40Z')
        upload.put_all()
        digest = bed.sha256(self.data)
        answer = upload.complete(sha256=digest.upper())
        self.assertEqual(answer.status, 200, answer.body)
        url = answer.json['url']
        self.assertEqual(answer.json, {'status': 'complete', 'name': 'a.bin', 'size': len(self.data), 'sha256': digest,
                                       'url': url})
        self.assertEqual(url, f'{self.receiver.address}/files/{upload.id}/a.bin')
        self.assertEqual(self.files(), ['a.bin'])
        self.assertEqual(bed.file_sha256(self.path('inbox', 'a.bin')), digest)
        self.assertEqual(os.stat(self.path('inbox', 'a.bin')).st_mtime, 1000000000)
        self.assertEqual(upload.complete().json, answer.json)
        self.assertEqual(self.receiver.ask('POST', f'/uploads/{upload.id}/complete').json, answer.json)
        self.assert_problem(upload.complete(sha256='0' * 64), 422, 'file-digest')

    def test_complete_modified_in_seconds(self):
        upload = self.receiver.start('a', b'x', modified=1000000001)
        upload.put_all()
        self.assertEqual(upload.complete().status, 200)
        self.assertEqual(os.stat(self.path('inbox', 'a')).st_mtime, 1000000001)

    def test_complete_missing(self):
        upload = self.receiver.start('a', self.data)
        for received, missing in (([], [[0, 4]]), ([1], [[0, 0], [2, 4]]), ([0, 4], [[2, 3]])):
            upload.put_all(received)
            answer = upload.complete()
            self.assert_problem(answer, 409, 'missing-chunks')
            self.assertEqual(answer.json['missing'], missing)
        self.assertEqual(len(self.files()), 1)

    def test_complete_wrong_digest(self):
        for first, last in (('0' * 64, None), (None, '0' * 64), ('0' * 64, bed.sha256(self.data))):
            upload = self.receiver.start('a', self.data, sha256=first)
            upload.put_all()
            self.assert_problem(upload.complete(sha256=last), 422, 'file-digest')
            self.assertEqual(upload.received(), {0, 1, 2, 3, 4})
        self.assertFalse([name for name in self.files() if not name.startswith('.')], 'nothing is published')

    def test_complete_bodies(self):
        upload = self.receiver.start('a', b'x')
        upload.put_all()
        for body in ('[]', '{', '{"sha256":1}', '{"sha256":"x"}'):
            self.assert_problem(self.receiver.ask('POST', f'/uploads/{upload.id}/complete', body), 400)
        self.assert_problem(self.receiver.ask('POST', f"/uploads/{'0' * 32}/complete", '{}'), 404, 'no-such-upload')

    def test_complete_at_once(self):
        upload = self.receiver.start('a', self.data)
        upload.put_all()
        answers = []
        bed.Together([lambda: answers.append(upload.complete())] * 8).join()
        self.assertEqual([a.status for a in answers], [200] * 8)
        self.assertEqual(len({a.body for a in answers}), 1)
        self.assertEqual(self.files(), ['a'])

    def test_empty(self):
        upload = self.receiver.start('empty', b'')
        self.assertEqual(upload.n_chunks, 0)
        self.assertEqual((upload.status()['receivedChunks'], upload.status()['nextExpectedChunk']), ([], None))
        answer = upload.complete(sha256=bed.sha256(b''))
        self.assertEqual((answer.status, answer.json['size']), (200, 0))
        self.assertEqual(os.stat(self.path('inbox', 'empty')).st_size, 0)

    def test_never_overwrites(self):
        names = []
        for n in range(3):
            upload = self.receiver.start('a.tar.gz', bytes([n]))
            upload.put_all()
            names.append(upload.complete().json['name'])
        os.symlink(self.path('outside'), self.path('inbox', 'link'))
        upload = self.receiver.start('link', b'new')
        upload.put_all()
        names.append(upload.complete().json['name'])
        self.assertEqual(names, ['a.tar.gz', 'a (1).tar.gz', 'a (2).tar.gz', 'link (1)'])
        self.assertFalse(os.path.exists(self.path('outside')))
        with open(self.path('inbox', 'a.tar.gz'), 'rb') as file:
            self.assertEqual(file.read(), b'\0')

    def test_names(self):
        before = set(os.listdir(self.root))
        for name in ('../../etc/passwd', '/etc/passwd', '..\\..\\x', '.hidden', 'a\nb', 'a\u0000b', '%2e%2e%2fx', '~root',
                     '-rf', 'CON', 'x' * 300, 'ü' * 300, ' a ', 'a/../b', '\u202etxt.exe', '.ferry-part', '$(id)',
                     '....//x', 'a\u2028b', '<script>', "'; DROP TABLE upload; --"):
            answer = self.receiver.initiate(name, 1)
            if '\0' in name or answer.status == 400:
                continue
            self.assertEqual(answer.status, 201, name)
            upload = bed.Upload(self.receiver, answer.json, b'x')
            upload.put_all()
            done = upload.complete()
            self.assertEqual(done.status, 200, name)
            stored = done.json['name']
            self.assertIn(stored, self.files())
            self.assertNotRegex(stored, r'[/\\\x00-\x1f]|^\.')
            self.assertLessEqual(len(stored.encode()), 255)
            path = done.json['url'][len(self.receiver.address):]
            self.assertEqual(self.receiver.ask('GET', path).body, b'x', name)
        self.assertEqual(set(os.listdir(self.root)), before)

    # -- discard

    def test_discard(self):
        upload = self.receiver.start('a', self.data)
        upload.put_all([0])
        answer = upload.discard()
        self.assertEqual((answer.status, answer.body), (204, b''))
        self.assertEqual(self.files(), [])
        for again in (upload.discard(), upload.put(0), upload.put(1), upload.complete(), self.receiver.status(upload.id)):
            self.assert_problem(again, 410, 'gone')
        self.assert_problem(self.receiver.ask('DELETE', '/uploads/' + '0' * 32), 404, 'no-such-upload')

    def test_discard_frees_the_key(self):
        first = self.receiver.initiate('a', 10, key='k')
        self.receiver.ask('DELETE', '/uploads/' + first.json['uploadId'])
        second = self.receiver.initiate('a', 10, key='k')
        self.assertEqual(second.status, 201)
        self.assertNotEqual(second.json['uploadId'], first.json['uploadId'])

    def test_discard_complete(self):
        upload = self.receiver.start('a', b'x')
        upload.put_all()
        upload.complete()
        self.assert_problem(upload.discard(), 409, 'complete')
        self.assertEqual(self.files(), ['a'])

    # -- all the rest

    def test_token(self):
        upload = self.receiver.start('a', b'x')
        upload.put_all()
        path = upload.complete().json['url'][len(self.receiver.address):]
        good = self.receiver.token
        for value in (None, '', 'Bearer', 'Bearer ', 'Bearer x', 'Basic ' + good, good, 'Bearer ' + good[:-1],
                      'Bearer ' + good + 'x', 'Bearer ' + good.swapcase(), 'Bearer ' + good + ' x',
                      'Bearer ' + '\x80' * len(good)):
            for method, target in (('GET', '/status?id=' + upload.id), ('GET', path), ('HEAD', path), ('GET', '/nothing'),
                                   ('POST', '/uploads'), ('PUT', upload.path(0)), ('DELETE', '/uploads/' + upload.id),
                                   ('POST', f'/uploads/{upload.id}/complete'), ('OPTIONS', '/')):
                answer = self.receiver.ask(method, target, None if method in ('GET', 'HEAD') else b'x',
                                           {'Authorization': value})
                self.assertEqual(answer.status, 401, (value, method, target))
                self.assertTrue(answer.fields['www-authenticate'].startswith('Bearer'))
                if method != 'HEAD':
                    self.assert_problem(answer, 401, 'unauthorized')
        self.assertEqual(self.receiver.ask('GET', path, fields={'Authorization': 'bEARER  ' + good}).status, 200)

    def test_paths(self):
        for path in ('/', '/uploads/', '/uploads/x', '/upload', '/status/', '/uploads/' + '0' * 31, '/files/', '/files/x/y',
                     f"/files/{'0' * 32}/", f"/files/{'0' * 32}/../../etc/passwd", f"/files/{'0' * 32}/%2e%2e%2fetc",
                     f"/files/{'0' * 32}/a", '/..', '/%2e%2e/',
                     '//uploads', '/uploads%2f', f"/uploads/{'0' * 32}/chunks/0/", f"/uploads/{'0' * 32}/urls/",
                     f"/uploads/{'0' * 32}/chunks/0/receipts"):
            self.assert_problem(self.receiver.ask('GET', path), 404)
        for path in (f"/files/{'0' * 32}/%00", f"/files/{'0' * 32}/a%zz"):
            self.assertIn(self.receiver.ask('GET', path).status, (400, 404), path)
        for method, path, allow in (('GET', f"/uploads/{'0' * 32}/urls", 'POST'), ('PUT', f"/uploads/{'0' * 32}/chunks/0/receipt", 'POST'),
                                    ('GET', '/uploads', 'POST'), ('POST', '/status', 'GET'), ('HEAD', '/status', 'GET'),
                                    ('GET', f"/uploads/{'0' * 32}", 'DELETE'),
                                    ('GET', f"/uploads/{'0' * 32}/complete", 'POST'),
                                    ('POST', f"/uploads/{'0' * 32}/chunks/0", 'PUT'),
                                    ('PUT', f"/files/{'0' * 32}/a", 'GET, HEAD'), ('PATCH', '/uploads', 'POST')):
            answer = self.receiver.ask(method, path)
            self.assertEqual((answer.status, answer.fields['allow']), (405, allow), (method, path))

    def test_unknown_methods(self):
        for method in ('BREW', 'get', 'X' * 4000):
            self.assert_problem(self.receiver.ask(method, '/uploads'), 501)

    def test_expect_continue(self):
        upload = self.receiver.start('a', self.data)
        fields = ['Content-Length: 4096', 'X-Chunk-Checksum: ' + bed.sha256(upload.chunk(0)), 'Expect: 100-continue']
        connection = self.receiver.raw()
        connection.sendall(self.receiver.head('PUT', upload.path(0), *fields))
        self.assertTrue(connection.recv(4096).startswith(b'HTTP/1.1 100'))
        connection.sendall(upload.chunk(0))
        self.assertEqual(self.read_answer(connection).status, 200)
        for path, extra, status in ((upload.path(9), [], 404), (upload.path(4), [], 400),
                                    (f"/uploads/{'0' * 32}/chunks/0", [], 404), (upload.path(0), ['Authorization: x'], 401)):
            head = self.receiver.head('PUT', path, *fields, *extra)
            if extra:
                head = head.replace(self.receiver.token.encode(), b'x')
            connection = self.receiver.raw()
            connection.sendall(head)
            answer = self.read_answer(connection)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.fields['connection'], 'close')
            self.assert_dropped(connection)

    def test_pipelined(self):
        """What comes behind a request is never taken for a part of it."""
        upload = self.receiver.start('a', self.data)
        chunk = upload.chunk(0)
        connection = self.receiver.raw()
        connection.sendall(self.receiver.head('PUT', upload.path(0), f'Content-Length: {len(chunk)}',
                                              'X-Chunk-Checksum: ' + bed.sha256(chunk)) + chunk
                           + self.receiver.head('DELETE', '/uploads/' + upload.id))
        self.assertEqual(self.read_answer(connection).status, 200)
        self.assert_dropped(connection)
        self.assertEqual(upload.received(), {0})

    def test_bad_http(self):
        for text in (b'\x16\x03\x01\x02\x00', b'NONSENSE\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/1.1\r\n\r\n',
                     b'GET / HTTP/9.9\r\nHost: x\r\n\r\n', b'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n',
                     b'GET / HTTP/1.1\r\nHost: x\r\nX: ' + b'y' * 80 * KIB + b'\r\n\r\n',
                     b'GET /' + b'y' * 80 * KIB + b' HTTP/1.1\r\nHost: x\r\n\r\n', b'\0' * 100 + b'\r\n\r\n'):
            connection = self.receiver.raw()
            try:
                connection.sendall(text)
                connection.shutdown(1)
                answer = self.read_answer(connection)
            except OSError:
                answer = None
            self.assertTrue(answer is None or answer.status in (400, 401, 431, 505), text[:40])
        self.assertEqual(self.receiver.initiate('still', 1).status, 201)

    def test_heads(self):
        """A head that parsers could disagree about is refused before it is parsed, with or without a token."""
        for lines, status in ((['Content-Length: 1', 'Content-Length: 1'], 400), (['Content-Length: 1,1'], 400),
                              (['Content-Length: 0x1'], 400), (['Content-Length : 1'], 400), ([' folded'], 400),
                              (['Content-Length: 1', 'Transfer-Encoding: chunked'], 400), (['no colon'], 400),
                              (['Transfer-Encoding: gzip, chunked'], 501), (['Transfer-Encoding: x'], 501),
                              ([': x'], 400), (['X: a\nContent-Length: 5'], 400), (['X: a\rY: b'], 400),
                              (['X: ' + 'y' * 33 * KIB], 431)):
            connection = self.receiver.raw()
            connection.sendall(self.receiver.head('GET', '/nothing', *lines))
            answer = self.read_answer(connection)
            self.assert_problem(answer, status, 'bad-request')
        self.assertEqual(self.receiver.ask('GET', '/nothing', fields={'X': 'y' * 30 * KIB}).status, 404)


if __name__ == '__main__':
    bed.main()
