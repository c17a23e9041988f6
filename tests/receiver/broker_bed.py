# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of presigned uploads stand on: a real store for each program, and a client that sends parts to it."""

import base64
import hashlib
import json
import os
import urllib.parse

import bed
from bed import MIB
from radosgw import RadosGW
from s3_client import S3Error, send_presigned
from store_proxy import StoreProxy, change_answer

BUCKET = 'inbox'
STORE = None


def start_store():
    """For setUpModule."""
    global STORE  # pylint: disable=global-statement
    STORE = RadosGW().start()
    STORE.make_bucket(BUCKET)


def stop_store():
    STORE.stop()


def md5(data):
    return hashlib.md5(data).hexdigest()


class Upload(bed.Upload):
    """Of presigned transport."""

    def __init__(self, receiver, answer, data, name):
        super().__init__(receiver, answer, data)
        self.key = f'{self.id}/{name}'
        self.case = receiver.case

    def urls(self, *ranges, **members):
        return self.receiver.ask('POST', f'/uploads/{self.id}/urls', json.dumps({'chunks': ranges, **members}))

    def url(self, n, **members):
        answer = self.urls([n, n], **members)
        self.case.assertEqual(answer.status, 200, answer.body)
        return answer.json['urls'][0]

    def send(self, n, data=None, address=None):
        """To the store alone; its answer."""
        data = self.chunk(n) if data is None else data
        address = address or self.url(n, sha256=[bed.sha256(data)])
        return send_presigned(address['url'], 'PUT', data, address['headers'])

    def receipt(self, n, etag, data=None, **members):
        data = self.chunk(n) if data is None else data
        body = {'etag': etag, 'sha256': bed.sha256(data), 'md5': md5(data), **members}
        body = {k: v for k, v in body.items() if v is not None}
        return self.receiver.ask('POST', f'/uploads/{self.id}/chunks/{n}/receipt', json.dumps(body))

    def put(self, n, data=None, **members):  # pylint: disable=arguments-differ
        answer = self.send(n, data)
        self.case.assertEqual(answer.status, 200, answer.body)
        answer = self.receipt(n, answer.fields['etag'], data, **members)
        self.case.assertEqual((answer.status, answer.json), (200, {'chunk': n}))

    def put_all(self, chunks=None, **members):  # pylint: disable=arguments-differ
        for n in range(self.n_chunks) if chunks is None else chunks:
            self.put(n, **members)

    def parts(self):
        """Of every upload that the store has of our key."""
        client = STORE.client()
        found = {}
        for key, upload in client.list_uploads(BUCKET):
            if key != self.key:
                continue
            try:
                found[upload] = client.list_parts(BUCKET, key, upload)
            except S3Error as error:
                # Aborted between the two questions.
                if error.status != 404:
                    raise
        return found

    def multipart(self):
        ids = list(self.parts())
        self.case.assertEqual(len(ids), 1)
        return ids[0]


class Case(bed.Case):
    def setUp(self):
        super().setUp()
        self.env.update(AWS_ACCESS_KEY_ID=STORE.access_key, AWS_SECRET_ACCESS_KEY=STORE.secret_key)
        self.env.pop('AWS_SESSION_TOKEN', None)

    def tearDown(self):
        """Whatever happened, what is left on the store belongs to an upload in progress."""
        left = STORE.client().list_uploads(BUCKET)
        for key, upload in left:
            STORE.client().abort(BUCKET, key, upload)
        super().tearDown()

    def broker(self, *arguments, endpoint=None, bucket=BUCKET, region=None, **keys):
        return self.start(f'--s3-endpoint={endpoint or STORE.endpoint}', f'--s3-bucket={bucket}',
                          f'--s3-region={region or STORE.region}', *arguments, **keys)

    def proxy(self):
        proxy = StoreProxy(STORE.endpoint)
        self.addCleanup(proxy.close)
        return proxy

    def begin(self, receiver, data, name='file', **members):
        answer = receiver.initiate(name, len(data), **members)
        self.assertEqual(answer.status, 201, answer.body)
        self.assertEqual(answer.json['transport'], 'presigned')
        return Upload(receiver, answer.json, data, name)

    def data(self, n_parts=3):
        """The last part is a short one."""
        return os.urandom((n_parts - 1) * 5 * MIB + 1234)

    def uploads_at_store(self):
        return STORE.client().list_uploads(BUCKET)

    def assert_complete(self, upload, answer, proof='etag'):
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json['status'], 'complete')
        self.assertEqual(answer.json['size'], len(upload.data))
        self.assertEqual(answer.json['proof'], proof)
        self.assertEqual(STORE.object_sha256(BUCKET, upload.key), bed.sha256(upload.data))
        self.assertEqual(upload.parts(), {})

    def assert_missing(self, answer, missing):
        self.assert_problem(answer, 409, 'missing-chunks')
        self.assertEqual(answer.json['missing'], missing)

    def assert_nothing_at_store(self, upload):
        self.assertEqual(upload.parts(), {})
        self.assertIsNone(STORE.client().head(BUCKET, upload.key))

    def code_of(self, answer):
        """The reason that the store gives."""
        self.assertIsInstance(answer.error, S3Error)
        return answer.error.code

    def follow(self, receiver, url):
        """What a browser gets that follows the link."""
        path = urllib.parse.urlsplit(url).path
        answer = receiver.ask('GET', path)
        self.assertEqual(answer.status, 302, answer.body)
        self.assertEqual(answer.body, b'')
        return send_presigned(answer.fields['location'], 'GET')

    def keep_sha256(self, proxy, parts, whole):
        """The real store keeps none: its answers are given what a store that does would say."""
        def add_sums(body):
            for n, digest in enumerate(parts, 1):
                number = b'<PartNumber>%d</PartNumber>' % n
                body = body.replace(number, number + b'<ChecksumSHA256>' + base64.b64encode(digest) + b'</ChecksumSHA256>')
            return body

        def change(method, target, answer):
            if method == 'GET' and 'uploadId=' in target:
                return change_answer(answer, method, add_sums)
            if method == 'HEAD' and whole is not None:
                return change_answer(answer, method, fields=[('x-amz-checksum-sha256', whole)])
            return answer

        proxy.change = change

    def sums(self, upload):
        digests = [hashlib.sha256(upload.chunk(n)).digest() for n in range(upload.n_chunks)]
        composite = base64.b64encode(hashlib.sha256(b''.join(digests)).digest()).decode() + f'-{len(digests)}'
        return digests, composite
