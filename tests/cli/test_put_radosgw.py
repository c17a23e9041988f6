#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ferryctl put through a real ferry-receiver to a real S3 store: the right object is there in the end, and nothing else."""

import os
import random
import time
import unittest

import bed
import radosgw
from broker_fake import BrokerFake
from measure import MIB, file_sha256
from receiver_process import ReceiverProcess

CHUNK = 5 * MIB
N_CHUNKS = 8
SIZE = N_CHUNKS * CHUNK - 1000
BUCKET = 'ferry'
STORE = None


def setUpModule():
    global STORE  # pylint: disable=global-statement
    if radosgw.missing():
        raise unittest.SkipTest(radosgw.missing())
    STORE = radosgw.RadosGW().start()
    STORE.make_bucket(BUCKET)


def tearDownModule():
    if STORE:
        STORE.stop()


class Case(bed.Case):
    def setUp(self):
        super().setUp()
        self.receiver = None
        self.make(SIZE)

    def make(self, size, name='a.bin'):
        with open(self.file(name), 'wb') as file:
            file.write(os.urandom(size))

    def receive(self, *arguments):
        env = dict(self.env, AWS_ACCESS_KEY_ID=STORE.access_key, AWS_SECRET_ACCESS_KEY=STORE.secret_key)
        self.receiver = ReceiverProcess(os.environ['FERRY_RECEIVER'], self.root, env, f'--s3-endpoint={STORE.endpoint}',
                                        f'--s3-bucket={BUCKET}', f'--s3-region={STORE.region}', *arguments)
        self.receiver.start()
        self.addCleanup(self.receiver.stop)

    def put(self, name='a.bin'):
        return self.start('put', name, '--json', f'--to={self.receiver.address}',
                          f'--token-file={self.receiver.token_file}')

    def wait_confirmed(self, process, n):
        process.wait_event('added')
        bed.wait_until(lambda: self.journal('SELECT count (*) FROM chunk')[0][0] >= n, f'{n} pieces confirmed')

    def assert_stored(self, process, name='a.bin'):
        self.assertEqual(process.wait(), 0, f'{process.lines[-2:]} {process.errors}')
        upload = process.events('finished')[0]['link'].split('/')[-2]
        key = f'{upload}/{name}'
        self.assertEqual(STORE.object_sha256(BUCKET, key), file_sha256(self.file(name)))
        self.assertEqual(STORE.list_uploads(BUCKET), [], 'nothing half sent stays')
        return process.events('finished')[0]


class Sending(Case):
    def test_sizes(self):
        self.receive()
        for size in (0, 1, CHUNK, CHUNK + 1, SIZE):
            with self.subTest(size=size):
                self.make(size, f'{size}.bin')
                last = self.assert_stored(self.put(f'{size}.bin'), f'{size}.bin')
                self.assertIn(last['verified'], ('store-sha256', 'store-etag'))
                self.check(0, 'get', last['link'], f'--output={size}.back',
                           f'--header=Authorization: Bearer {self.receiver.token}')
                self.assertEqual(file_sha256(self.file(f'{size}.back')), file_sha256(self.file(f'{size}.bin')))

    def test_odd_name(self):
        self.receive()
        name = 'a b+ü%&=家.bin'
        self.make(10, name)
        self.assert_stored(self.put(name), name)


class Trouble(Case):
    def test_killed(self):
        """At random moments, the one, the other, or both; what is confirmed goes up once."""
        self.receive()
        for n in range(6):
            process = self.put()
            try:
                time.sleep(random.uniform(0, 1.5))
                if n % 3 != 0:
                    self.receiver.kill()
                if n % 3 != 1:
                    process.signal(bed.SIGKILL)
                    process.wait()
            finally:
                if self.receiver.process is None:
                    self.receiver.start()
            if n % 3 == 1:
                process.signal(bed.SIGINT)
                process.wait()
        self.assert_stored(self.put())

    def test_store_restarted(self):
        self.receive()
        process = self.put()
        self.wait_confirmed(process, 1)
        STORE.restart()
        self.assert_stored(process)

    def test_aborted_behind_our_back(self):
        self.receive()
        process = self.put()
        self.wait_confirmed(process, 1)
        process.signal(bed.SIGSTOP)
        for key, upload in STORE.list_uploads(BUCKET):
            STORE.client().abort(BUCKET, key, upload)
        process.signal(bed.SIGCONT)
        self.assert_stored(process)

    def test_removed(self):
        self.receive()
        process = self.put()
        self.wait_confirmed(process, 1)
        self.check(0, 'remove', self.queue()[0]['id'])
        process.wait()
        bed.wait_until(lambda: not STORE.list_uploads(BUCKET), 'the store to be tidy')


class Addresses(Case):
    """A played broker that signs for the real store, and signs wrongly."""

    def play(self, presign):
        broker = BrokerFake(CHUNK, tells_sha256=False)
        self.addCleanup(broker.close)
        client = STORE.client()

        def sign(upload, chunk, sha256):
            key = f'{upload.id}/{upload.name}'
            if not hasattr(upload, 'real'):
                upload.real = client.create(BUCKET, key)
                self.addCleanup(client.abort, BUCKET, key, upload.real)
            query = {'partNumber': str(chunk + 1), 'uploadId': upload.real}
            url, until = presign(client, key, query)
            return {'chunk': chunk, 'url': url, 'headers': {}, 'expires': until}
        broker.presign = sign
        with open(self.path('token'), 'w', encoding='ascii') as file:
            file.write(broker.token)
        return broker, self.start('put', 'a.bin', '--json', f'--to={broker.address}', f'--token-file={self.path("token")}')

    def test_expired(self):
        """Told by the store, before or after it has read the piece."""
        asked = []

        def presign(client, key, query):
            asked.append(query['partNumber'])
            old = 7200 if asked.count(query['partNumber']) == 1 else 0
            return client.presign('PUT', BUCKET, key, query=query, at=time.time() - old), '2100-01-01T00:00:00Z'
        broker, process = self.play(presign)
        bed.wait_until(lambda: broker.requests('complete') or process.process.poll() is not None, 'all to be sent')
        self.assertEqual({r.chunk for r in broker.requests('receipt')}, set(range(N_CHUNKS)), process.lines[-1:])
        self.assertGreater(len(asked), N_CHUNKS)

    def test_tampered(self):
        _, process = self.play(lambda client, key, query: (
            client.presign('PUT', BUCKET, key, query=query) + '&more=1', '2100-01-01T00:00:00Z'))
        self.assertEqual(process.wait(), 3, process.lines[-1:])
        self.assert_sentence(process.errors, 'signature')


if __name__ == '__main__':
    bed.main()
