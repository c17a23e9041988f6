#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Presigned uploads: every request with all its errors, against a real store."""

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import time

import bed
import broker_bed
from bed import GIB, MIB
from broker_bed import BUCKET, md5
from radosgw import missing
from s3_client import send_presigned

TIB = 1024 * GIB


def setUpModule():
    broker_bed.start_store()


def tearDownModule():
    broker_bed.stop_store()


class Broker(broker_bed.Case):
    def test_whole_way(self):
        proxy = self.proxy()
        receiver = self.broker(endpoint=proxy.endpoint)
        data = self.data()
        upload = self.begin(receiver, data, name='ä b.bin', modified=1000000000)
        self.assertEqual((upload.chunk_size, upload.n_chunks), (5 * MIB, 3))
        self.assertEqual(upload.status()['receivedChunks'], [])
        broker_bytes = proxy.n_bytes
        for n in (2, 0, 1):
            upload.put(n)
        self.assertEqual(upload.status()['receivedChunks'], [[0, 2]])
        sent = proxy.n_bytes - broker_bytes
        self.assertGreater(sent, len(data), 'parts came by the proxy')
        before = proxy.n_bytes
        answer = upload.complete(sha256=bed.sha256(data))
        self.assertLess(proxy.n_bytes - before, 64 * 1024, 'the broker moves no bytes')
        self.assert_complete(upload, answer)
        self.assertIsNone(answer.json['sha256'], 'nobody vouches for it')
        composite = md5(b''.join(hashlib.md5(upload.chunk(n)).digest() for n in range(3))) + '-3'
        self.assertEqual(answer.json['etag'], composite)
        self.assertEqual(self.files(), [], 'nothing is saved here')
        fetched = self.follow(receiver, answer.json['url'])
        self.assertEqual((fetched.status, bed.sha256(fetched.body)), (200, bed.sha256(data)))
        self.assertIn('%C3%A4%20b.bin', fetched.fields['content-disposition'])
        self.assertEqual(receiver.complaints(), '')

    def test_idempotent(self):
        receiver = self.broker()
        data = self.data(2)
        first = receiver.initiate('a', len(data), key='k')
        again = receiver.initiate('a', len(data), key='k')
        self.assertEqual(first.json, again.json)
        self.assertEqual(len(self.uploads_at_store()), 1)
        upload = broker_bed.Upload(receiver, first.json, data, 'a')
        self.assert_problem(receiver.initiate('b', len(data), key='k'), 409, 'other-upload')
        etag = upload.send(0).fields['etag']
        self.assertEqual(upload.receipt(0, etag).status, 200)
        self.assertEqual(upload.receipt(0, etag.strip('"')).status, 200)
        upload.put(1)
        upload.put(1)
        answer = upload.complete()
        self.assert_complete(upload, answer)
        for _ in range(2):
            self.assertEqual(upload.complete().body, answer.body)
        self.assertEqual(upload.receipt(0, etag).status, 200, 'still known')
        self.assert_problem(upload.receipt(0, 'other'), 409, 'complete')
        self.assert_problem(upload.urls([0, 0]), 409, 'complete')
        self.assert_problem(upload.discard(), 409, 'complete')
        self.assertEqual(upload.status()['status'], 'complete')
        receiver.stop()
        upload.receiver = self.broker(f'--listen=127.0.0.1:{receiver.port}')
        self.assertEqual(upload.complete().body, answer.body)

    def test_initiate_at_once(self):
        receiver = self.broker()
        answers = []
        bed.Together([lambda: answers.append(receiver.initiate('a', 10, key='one'))] * 8).join()
        self.assertEqual({a.status for a in answers}, {201})
        self.assertEqual(len({a.json['uploadId'] for a in answers}), 1)
        self.assertEqual(len(self.uploads_at_store()), 1)

    def test_part_sizes(self):
        """10,000 parts suffice, of whole MiB, not below 5 MiB nor above 5 GiB."""
        receiver = self.broker()
        for size, chunk in ((1, 5 * MIB), (50000 * MIB, 5 * MIB), (50000 * MIB + 1, 6 * MIB), (TIB, 105 * MIB),
                            (10000 * 5 * GIB - 1, 5 * GIB), (10000 * 5 * GIB, 5 * GIB)):
            answer = receiver.initiate('a', size)
            self.assertEqual((answer.status, answer.json['chunkSize']), (201, chunk), size)
            self.assertLessEqual(answer.json['totalChunks'], 10000)
            self.assertEqual(answer.json['totalChunks'], -(-size // chunk))
        self.assert_problem(receiver.initiate('a', 10000 * 5 * GIB + 1), 413, 'too-large')
        receiver.stop()
        receiver = self.broker('--chunk-size=7000KiB', '--max-size=1GiB')
        self.assertEqual(receiver.initiate('a', 1).json['chunkSize'], 7 * MIB)
        self.assert_problem(receiver.initiate('a', GIB + 1), 413, 'too-large')

    def test_nothing(self):
        receiver = self.broker()
        upload = self.begin(receiver, b'')
        self.assertEqual(upload.n_chunks, 0)
        self.assert_problem(upload.urls([0, 0]), 404, 'no-such-chunk')
        answer = upload.complete(sha256=bed.sha256(b''))
        self.assert_complete(upload, answer)
        self.assertEqual(upload.complete(sha256=bed.sha256(b'')).body, answer.body)
        self.assertEqual(self.follow(receiver, answer.json['url']).body, b'')

    # -- addresses

    def test_urls(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(4))
        answer = upload.urls([0, 1], [3, 3])
        self.assertEqual(answer.fields['cache-control'], 'no-store')
        urls = answer.json['urls']
        self.assertEqual([u['chunk'] for u in urls], [0, 1, 3])
        for url in urls:
            self.assertEqual(url['headers'], {})
            self.assertIn(f"partNumber={url['chunk'] + 1}", url['url'])
            self.assertTrue(url['url'].startswith(f'{broker_bed.STORE.endpoint}/{BUCKET}/{upload.id}/'))
            expires = time.mktime(time.strptime(url['expires'], '%Y-%m-%dT%H:%M:%SZ')) - time.timezone
            self.assertLess(abs(expires - time.time() - 3600), 30)
        sums = [bed.sha256(upload.chunk(n)) for n in (0, 1, 3)]
        answer = upload.urls([0, 1], [3, 3], sha256=sums)
        for url, checksum in zip(answer.json['urls'], sums):
            self.assertEqual(list(url['headers']), ['x-amz-checksum-sha256'])
            self.assertEqual(base64.b64decode(url['headers']['x-amz-checksum-sha256']).hex(), checksum)

    def test_urls_bodies(self):
        receiver = self.broker()
        upload = self.begin(receiver, bytes(5 * MIB * 120))
        for body in ('', '[]', '{}', '{"chunks":[]}', '{"chunks":null}', '{"chunks":[0]}', '{"chunks":[[0]]}', '{"chunks":[[0,1,2]]}',
                     '{"chunks":[[1,0]]}', '{"chunks":[[-1,0]]}', '{"chunks":[[0,1.5]]}', '{"chunks":[["0","1"]]}',
                     '{"chunks":[[0,100]]}', '{"chunks":[[0,49],[60,110]]}', '{"chunks":[[0,0],[0,0]]}', '{"chunks":[[3,3],[1,1]]}',
                     '{"chunks":[[0,9223372036854775807]]}', '{"chunks":[[0,18446744073709551615]]}', '{"chunks":{"0":1}}',
                     '{"chunks":[[0,0]],"sha256":[]}', '{"chunks":[[0,0]],"sha256":["12"]}', '{"chunks":[[0,0]],"sha256":"x"}',
                     '{"chunks":[[0,0]],"sha256":["%s","%s"]}' % ('0' * 64, '0' * 64), '{"chunks":[[0,0]],"sha256":[1]}'):
            answer = receiver.ask('POST', f'/uploads/{upload.id}/urls', body)
            self.assert_problem(answer, 400, 'bad-request')
        self.assertEqual(len(upload.urls([0, 49], [60, 109], sha256=['0' * 64] * 100).json['urls']), 100)
        self.assert_problem(upload.urls([119, 120]), 404, 'no-such-chunk')
        self.assert_problem(receiver.ask('GET', f'/uploads/{upload.id}/urls'), 405)
        self.assert_problem(receiver.ask('POST', f"/uploads/{'0' * 32}/urls", '{"chunks":[[0,0]]}'), 404, 'no-such-upload')
        self.assert_problem(receiver.ask('POST', f'/uploads/{upload.id}/urls', '{}', token='x'), 401)
        self.assert_problem(receiver.ask('POST', f'/uploads/{upload.id}/chunks/0/receipt', '{}', token='x'), 401)

    def test_address_that_expired(self):
        receiver = self.broker('--s3-expire=1s')
        upload = self.begin(receiver, self.data(2))
        address = upload.url(0)
        bed.wait_until(lambda: upload.send(0, b'x', address).status == 403, 'it expires')
        self.assertEqual(self.code_of(upload.send(0, address=address)), 'AccessDenied')
        receiver.stop()
        upload.receiver = self.broker()
        upload.put_all()
        self.assert_complete(upload, upload.complete())

    def test_address_that_was_changed(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(2))
        url = upload.url(0)['url']
        for changed in (url.replace('partNumber=1', 'partNumber=2'), url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=9999'),
                        url + '&x=1', url.replace('/file', '/elif')):
            self.assertNotEqual(changed, url)
            answer = send_presigned(changed, 'PUT', upload.chunk(0))
            self.assertEqual((answer.status, self.code_of(answer)), (403, 'SignatureDoesNotMatch'))
        self.assertEqual(send_presigned(url, 'GET').status, 403)
        self.assertEqual(list(upload.parts().values()), [[]])

    # -- receipts

    def test_receipt_bodies(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(2))
        good = {'etag': 'x', 'sha256': '0' * 64}
        path = f'/uploads/{upload.id}/chunks/0/receipt'
        for change in ({'etag': ''}, {'etag': '""'}, {'etag': None}, {'etag': 1}, {'etag': 'a b'}, {'etag': 'a\n'}, {'etag': 'ä'},
                       {'etag': 'x' * 257}, {'etag': '<x>'}, {'etag': 'a"b'}, {'etag': '"x'}, {'sha256': None}, {'sha256': '0' * 63},
                       {'sha256': 'g' * 64}, {'md5': '0' * 31}, {'md5': 'g' * 32}, {'md5': 1}, {'md5': '0' * 64}):
            self.assert_problem(receiver.ask('POST', path, json.dumps({**good, **change})), 400, 'bad-request')
        for body in ('', '[]', 'null', '{'):
            self.assert_problem(receiver.ask('POST', path, body), 400, 'bad-request')
        self.assertEqual(upload.received(), set())
        self.assert_problem(receiver.ask('POST', path.replace('/0/', '/2/'), json.dumps(good)), 404, 'no-such-chunk')
        self.assert_problem(receiver.ask('POST', path.replace(upload.id, '0' * 32), json.dumps(good)), 404, 'no-such-upload')
        self.assertEqual(receiver.ask('POST', path, json.dumps({**good, 'etag': 'x' * 256, 'md5': None})).status, 200)
        self.assertEqual(upload.received(), {0})
        self.assert_problem(receiver.ask('PUT', path, json.dumps(good)), 405)

    def test_later_receipt_counts(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(2))
        upload.put(0, os.urandom(5 * MIB))
        upload.put_all()
        self.assert_complete(upload, upload.complete())

    def test_receipt_of_something_else(self):
        """Wrong ETag; an older one; a part that is too small; one that was never sent: all are found at the store."""
        receiver = self.broker()
        upload = self.begin(receiver, self.data(6))
        upload.put_all()
        old = upload.send(1, bytes(5 * MIB)).fields['etag']
        self.assertEqual(upload.receipt(1, old).status, 200)
        upload.send(1)
        self.assertEqual(upload.receipt(0, '0' * 32).status, 200)
        self.assertEqual(upload.receipt(3, upload.send(3, b'small').fields['etag']).status, 200)
        self.assert_missing(upload.complete(), [[0, 1], [3, 3]])
        self.assertEqual(upload.received(), {2, 4, 5})
        self.assert_missing(upload.complete(), [[0, 1], [3, 3]])
        upload.put_all([0, 1, 3])
        self.assert_complete(upload, upload.complete())

    def test_part_that_was_not_sent(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(3))
        self.assert_missing(upload.complete(), [[0, 2]])
        upload.put_all([0, 2])
        self.assert_missing(upload.complete(), [[1, 1]])
        self.assertEqual(upload.receipt(1, md5(upload.chunk(1))).status, 200)
        self.assertEqual(upload.received(), {0, 1, 2})
        self.assert_missing(upload.complete(), [[1, 1]])
        self.assertEqual(upload.received(), {0, 2})
        upload.put(1)
        self.assert_complete(upload, upload.complete())

    # -- proof

    def test_proof(self):
        """Without MD5s the store's own digest over its parts counts; SHA-256 told twice must be the same."""
        receiver = self.broker()
        data = self.data(2)
        upload = self.begin(receiver, data, sha256=bed.sha256(data))
        upload.put_all(md5=None)
        self.assert_problem(upload.complete(sha256='0' * 64), 422, 'file-digest')
        self.assert_complete(upload, upload.complete(sha256=bed.sha256(data)))
        self.assert_problem(upload.complete(sha256='0' * 64), 422, 'file-digest')

    # -- the other transport

    def test_transports_do_not_mix(self):
        receiver = self.start()
        direct = receiver.start('direct', os.urandom(6 * MIB))
        self.assert_problem(receiver.ask('POST', f'/uploads/{direct.id}/urls', '{"chunks":[[0,0]]}'), 404, 'other-transport')
        receipt = json.dumps({'etag': 'x', 'sha256': '0' * 64})
        self.assert_problem(receiver.ask('POST', direct.path(0) + '/receipt', receipt), 404, 'other-transport')
        direct.put_all([0])
        receiver.stop()
        direct.receiver = receiver = self.broker()
        presigned = self.begin(receiver, self.data(2))
        answer = receiver.ask('PUT', presigned.path(0), presigned.chunk(0), {'X-Chunk-Checksum': bed.sha256(presigned.chunk(0))})
        self.assert_problem(answer, 404, 'other-transport')
        self.assertIn('/urls', answer.json['detail'])
        direct.put_all([1])
        answer = direct.complete(sha256=bed.sha256(direct.data))
        self.assertEqual((answer.status, answer.json['sha256']), (200, bed.sha256(direct.data)))
        self.assertNotIn('proof', answer.json)
        self.assertEqual(bed.file_sha256(self.path('inbox', 'direct')), bed.sha256(direct.data))
        presigned.put(0)
        other = self.begin(receiver, b'small', name='small')
        other.put(0)
        done = other.complete()
        self.assert_complete(other, done)
        receiver.stop()
        self.without_store(presigned, other, done)

    def without_store(self, open_one, finished, done):
        """Started without its store: what needs it says so, what does not is answered."""
        receiver = self.start()
        open_one.receiver = finished.receiver = receiver
        self.assertEqual(receiver.start('direct too', b'x').n_chunks, 1)
        for answer in (receiver.status(open_one.id), open_one.urls([0, 0]), open_one.receipt(1, 'x'), open_one.complete(),
                       open_one.discard(), receiver.ask('GET', f'/files/{finished.id}/small')):
            self.assert_problem(answer, 503, 'store')
            self.assertIn('--s3-', answer.json['hint'])
        self.assertEqual(finished.complete().json['etag'], done.json['etag'])
        receiver.stop()
        open_one.receiver = self.broker(bucket='another')
        self.assert_problem(open_one.urls([0, 0]), 503, 'store')
        open_one.receiver.stop()
        open_one.receiver = self.broker()
        self.assertEqual(open_one.received(), {0})
        open_one.put(1)
        self.assert_complete(open_one, open_one.complete())

    def test_files(self):
        receiver = self.broker()
        upload = self.begin(receiver, b'abc')
        path = f'/files/{upload.id}/file'
        self.assert_problem(receiver.ask('GET', path), 404, 'not-found')
        upload.put(0)
        self.assertEqual(upload.complete().status, 200)
        for method in ('GET', 'HEAD'):
            answer = receiver.ask(method, path)
            self.assertEqual((answer.status, answer.body, answer.fields['cache-control']), (302, b'', 'no-store'))
        self.assert_problem(receiver.ask('GET', path, token='x'), 401)
        self.assert_problem(receiver.ask('GET', path + 'x'), 404)

    # -- the end

    def test_discard(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(2))
        upload.put(0)
        address = upload.url(1)
        self.assertEqual(upload.discard().status, 204)
        self.assert_nothing_at_store(upload)
        for answer in (upload.discard(), upload.urls([0, 0]), upload.complete(), upload.receipt(0, 'x'), receiver.status(upload.id)):
            self.assert_problem(answer, 410, 'gone')
        self.assertEqual(self.code_of(upload.send(1, address=address)), 'NoSuchUpload')
        self.assert_nothing_at_store(upload)

    def test_expiry(self):
        receiver = self.broker('--expire=2s')
        upload = self.begin(receiver, self.data(2))
        upload.put(0)
        bed.wait_until(lambda: receiver.status(upload.id).json['status'] == 'expired', 'it expires')
        bed.wait_until(lambda: not upload.parts(), 'its parts go')
        self.assert_nothing_at_store(upload)
        self.assert_problem(upload.urls([0, 0]), 410, 'gone')

    # -- memory

    def test_many_parts(self):
        """10,000 receipts: rows are there, and memory stays."""
        receiver = self.broker()
        answer = receiver.initiate('huge', 10000 * 5 * MIB)
        upload = broker_bed.Upload(receiver, answer.json, b'', 'huge')
        self.assertEqual(upload.n_chunks, 10000)
        before = receiver.peak_memory()
        number = receiver.rows('SELECT number FROM upload')[0][0]
        receiver.rows('WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)'
                      " INSERT INTO chunk (upload, idx, sha256, etag) SELECT ?, i, zeroblob (32), 'x' FROM n", number)
        self.assert_missing(upload.complete(), [[0, 9999]])
        if not bed.SANITIZED:
            self.assertLess(receiver.peak_memory() - before, 24 * MIB)


class Keys(broker_bed.Case):
    def file(self, text, mode=0o600):
        path = self.path('keys')
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def try_start(self, *arguments):
        command = [bed.RECEIVER, f"--directory={self.path('inbox')}", f"--state={self.path('state')}", '--listen=127.0.0.1:0',
                   f'--s3-endpoint={broker_bed.STORE.endpoint}', f'--s3-bucket={BUCKET}', '--s3-region=default', *arguments]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=bed.PATIENCE, check=False)
        self.assertRegex(done.stderr, r'\Aferry-receiver: .*[.?!]\n\Z')
        self.assertNotIn(broker_bed.STORE.secret_key, done.stderr)
        return done.returncode, done.stderr

    def good(self):
        return (f'# a comment\n[other]\naws_access_key_id = wrong\n\n[default]\r\naws_access_key_id = {broker_bed.STORE.access_key}\r\n'
                f'aws_secret_access_key={broker_bed.STORE.secret_key}\nregion = x\n[more]\naws_secret_access_key = wrong\n')

    def test_file(self):
        del self.env['AWS_ACCESS_KEY_ID'], self.env['AWS_SECRET_ACCESS_KEY']
        receiver = self.broker('--s3-keys-file=' + self.file(self.good()))
        upload = self.begin(receiver, b'abc')
        upload.put(0)
        self.assert_complete(upload, upload.complete())

    def test_file_that_others_may_read(self):
        for mode in (0o640, 0o604, 0o644, 0o620, 0o601):
            status, errors = self.try_start('--s3-keys-file=' + self.file(self.good(), mode))
            self.assertEqual(status, 1)
            self.assertIn('chmod 600', errors)

    def test_file_that_has_none(self):
        for text in ('', '[default]', '[default]\naws_access_key_id = a', '[default]\naws_secret_access_key = a',
                     '[other]\naws_access_key_id = a\naws_secret_access_key = b', 'aws_access_key_id = a\naws_secret_access_key = b',
                     '[default]\naws_access_key_id = a\naws_access_key_id = b\naws_secret_access_key = c',
                     '[default]\naws_access_key_id = a b\naws_secret_access_key = c', '[default]\naws_access_key_id =\naws_secret_access_key = c',
                     '[default]\naws_access_key_id = a\0\naws_secret_access_key = c', '[default]\n' + '#' * 70000 + self.good()):
            status, errors = self.try_start('--s3-keys-file=' + self.file(text))
            self.assertEqual(status, 2, text[:60])
            self.assertIn('[default]', errors)
        self.assertEqual(self.try_start('--s3-keys-file=' + self.path())[0], 2)
        self.assertEqual(self.try_start('--s3-keys-file=' + self.path('nothing'))[0], 1)

    def test_environment(self):
        del self.env['AWS_SECRET_ACCESS_KEY']
        status, errors = self.try_start()
        self.assertEqual(status, 2)
        self.assertIn('AWS_SECRET_ACCESS_KEY', errors)
        self.env['AWS_SECRET_ACCESS_KEY'] = ''
        self.assertEqual(self.try_start()[0], 2)

    def test_no_folder_is_needed(self):
        command = [bed.RECEIVER, f"--state={self.path('state')}", '--listen=127.0.0.1:0', '--s3-bucket=b', '--s3-region=r',
                   f'--s3-endpoint={broker_bed.STORE.endpoint}']
        with subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, text=True) as process:
            self.assertRegex(process.stdout.readline(), r'^http://')
            self.assertIn('“b”', process.stdout.readline())
            process.terminate()
            self.assertEqual(process.wait(bed.PATIENCE), 0)

    def test_secrets_stay_secret(self):
        """With all that it can say."""
        receiver = self.broker(env={'G_MESSAGES_DEBUG': 'all'})
        upload = self.begin(receiver, self.data(2))
        upload.put_all()
        answers = [upload.urls([0, 0]), upload.complete(), upload.discard()]
        self.assert_complete(upload, upload.complete())
        receiver.stop()
        for text in (receiver.complaints(), *(a.body.decode() for a in answers)):
            self.assertNotIn(broker_bed.STORE.secret_key, text)
        self.assertNotIn('X-Amz-Signature', receiver.complaints())
        self.assertFalse(re.search(r'Signature=', receiver.complaints()))
        with open(os.path.join(receiver.state, 'receiver.db'), 'rb') as file:
            self.assertNotIn(broker_bed.STORE.secret_key.encode(), file.read())


if __name__ == '__main__':
    if missing():
        print('SKIP: ' + missing())
        sys.exit(77)
    bed.main()
