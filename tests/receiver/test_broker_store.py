#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A store that is away, that refuses, that loses answers and uploads: each ends with the right object or a clear sentence."""

import base64
import sys
import threading
import time

import bed
import broker_bed
from bed import MIB
from broker_bed import BUCKET
from radosgw import missing
from store_proxy import answer_of, nothing, when

CREATE = ('POST', '?uploads')
LIST = ('GET', 'uploadId=')
COMPLETE = ('POST', 'uploadId=')
ABORT = ('DELETE', 'uploadId=')


def setUpModule():
    broker_bed.start_store()


def tearDownModule():
    broker_bed.stop_store()


class Store(broker_bed.Case):
    def start_between(self, *arguments, **keys):
        proxy = self.proxy()
        return proxy, self.broker(*arguments, endpoint=proxy.endpoint, **keys)

    def assert_away(self, answer):
        self.assert_problem(answer, 503, 'store')
        self.assertEqual(answer.fields['retry-after'], '5')

    def assert_refused(self, answer, word):
        self.assert_problem(answer, 502, 'store')
        self.assertIn(word, answer.json['hint'])
        for secret in (broker_bed.STORE.secret_key, 'Signature'):
            self.assertNotIn(secret, answer.body.decode())

    def sent(self, receiver, n_parts=2):
        upload = self.begin(receiver, self.data(n_parts))
        upload.put_all()
        return upload

    # -- a store that keeps SHA-256

    def test_sha256(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        digests, composite = self.sums(upload)
        self.keep_sha256(proxy, [digests[0], bytes(32)], composite)
        self.assert_missing(upload.complete(), [[1, 1]])
        upload.put(1)
        self.keep_sha256(proxy, digests, composite)
        answer = upload.complete(sha256=bed.sha256(upload.data))
        self.assert_complete(upload, answer, 'sha256')
        self.assertEqual(answer.json['sha256'], bed.sha256(upload.data))
        self.assertEqual(upload.complete().body, answer.body)
        self.assert_problem(upload.complete(sha256='0' * 64), 422, 'file-digest')

    def test_sha256_of_something_else(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        digests, composite = self.sums(upload)
        self.keep_sha256(proxy, digests, base64.b64encode(bytes(32)).decode() + '-2')
        self.assert_refused(upload.complete(), 'Discard')
        self.keep_sha256(proxy, digests, None)
        answer = upload.complete()
        self.assert_complete(upload, answer, 'sha256')
        self.assertIsNone(answer.json['sha256'], 'nobody told one')

    # -- away

    def test_down(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(2))
        upload.put(0)
        broker_bed.STORE.kill_gateway()
        try:
            self.assert_away(receiver.initiate('b', 5, key='later'))
            self.assertEqual(upload.status()['receivedChunks'], [[0, 0]], 'the rows know')
            self.assertEqual(upload.urls([1, 1]).status, 200, 'signing needs no store')
            self.assert_missing(upload.complete(), [[1, 1]])
            self.assertEqual(upload.receipt(1, broker_bed.md5(upload.chunk(1))).status, 200)
            self.assert_away(upload.complete())
            other = self.broker(state='other')
            bed.wait_until(lambda: 'does not answer' in other.complaints(), 'its owner is told')
            self.assert_away(other.initiate('c', 5))
        finally:
            broker_bed.STORE.start_gateway()
        self.assertEqual(receiver.initiate('b', 5, key='later').status, 201)
        self.assert_missing(upload.complete(), [[1, 1]])
        upload.put(1)
        self.assert_complete(upload, upload.complete())

    def test_restarted_half_way(self):
        receiver = self.broker()
        upload = self.begin(receiver, self.data(4))
        upload.put_all([0, 1])
        broker_bed.STORE.restart()
        self.assertEqual(upload.received(), {0, 1})
        upload.put_all([2])
        broker_bed.STORE.restart()
        upload.put_all([3])
        self.assert_complete(upload, upload.complete())

    def test_busy(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        for step in (LIST, COMPLETE):
            proxy.rule = when(*step, 'busy')
            self.assert_away(upload.complete())
        proxy.rule = when('POST', 'uploadId=', 'ok-error')
        answer = upload.complete()
        self.assertIn(answer.status, (502, 503), answer.body)
        self.assertEqual(answer.json['type'], 'urn:ferry:problem:store')
        self.assertEqual(upload.status()['status'], 'in_progress')
        proxy.rule = nothing
        self.assert_complete(upload, upload.complete())

    # -- refusing

    def test_wrong_keys(self):
        self.env['AWS_SECRET_ACCESS_KEY'] = 'x' * 40
        receiver = self.broker()
        bed.wait_until(lambda: 'refuses the keys' in receiver.complaints(), 'its owner is told')
        self.assert_refused(receiver.initiate('a', 5), 'keys')
        self.env['AWS_ACCESS_KEY_ID'] = 'NOBODY'
        other = self.broker(state='other')
        self.assert_refused(other.initiate('a', 5), 'keys')

    def test_no_bucket(self):
        receiver = self.broker(bucket='nowhere')
        bed.wait_until(lambda: 'no such bucket' in receiver.complaints(), 'its owner is told')
        self.assert_refused(receiver.initiate('a', 5), '--s3-bucket')

    def test_clock(self):
        """What the store says to somebody whose clock is two hours off, and what becomes of it."""
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        for at in (-7200, 7200):
            said = broker_bed.STORE.client().ask('GET', f'/{BUCKET}', at=time.time() + at)
            self.assertEqual((said.status, self.code_of(said)), (403, 'RequestTimeTooSkewed'))
            proxy.rule = lambda method, target, said=said: answer_of(said)
            self.assert_refused(upload.complete(), 'clock')
            self.assert_refused(receiver.initiate('b', 5), 'clock')
        proxy.rule = nothing
        self.assert_complete(upload, upload.complete())

    def test_nonsense(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        for body in (b'', b'<html>', b'{}', b'\0' * 100, b'<ListPartsResult>', b'<a/>'):
            proxy.rule = lambda method, target, body=body: (
                b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' % len(body) + body)
            answer = upload.complete()
            self.assertIn(answer.status, (502, 503), answer.body)
            self.assertEqual(answer.json['type'], 'urn:ferry:problem:store')
        proxy.rule = nothing
        self.assert_complete(upload, upload.complete())

    # -- answers that are lost

    def test_lost_answer_to_create(self):
        proxy, receiver = self.start_between()
        proxy.rule = when(*CREATE, 'lose')
        self.assert_away(receiver.initiate('file', 5, key='k'))
        self.assertGreaterEqual(len(self.uploads_at_store()), 1, 'the store has what nobody knows')
        proxy.rule = nothing
        answer = receiver.initiate('file', 5, key='k')
        self.assertEqual(answer.status, 201)
        self.assertEqual(len(self.uploads_at_store()), 1, 'and not any more')
        upload = broker_bed.Upload(receiver, answer.json, b'12345', 'file')
        upload.put(0)
        self.assert_complete(upload, upload.complete())

    def test_lost_answer_to_create_and_discarded(self):
        proxy, receiver = self.start_between()
        proxy.rule = when(*CREATE, 'lose')
        self.assert_away(receiver.initiate('file', 5, key='k'))
        upload_id = receiver.rows('SELECT id FROM upload')[0][0]
        proxy.rule = nothing
        self.assertEqual(receiver.ask('DELETE', '/uploads/' + upload_id).status, 204)
        self.assertEqual(self.uploads_at_store(), [])

    def test_create_at_once_with_a_lost_answer(self):
        proxy, receiver = self.start_between()
        lost = []

        def lose_first(method, target):
            if method == 'POST' and '?uploads' in target and not lost:
                lost.append(target)
                return 'lose'
            return None

        proxy.rule = lose_first
        answers = []
        bed.Together([lambda: answers.append(receiver.initiate('a', 10, key='one'))] * 4).join()
        self.assertEqual(len(lost), 1)
        self.assertEqual(receiver.initiate('a', 10, key='one').status, 201)
        self.assertEqual(len(self.uploads_at_store()), 1)

    def test_lost_answer_to_complete(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = when(*COMPLETE, 'lose')
        answer = upload.complete()
        self.assert_complete(upload, answer)
        proxy.rule = nothing
        self.assertEqual(upload.complete().body, answer.body)

    def test_lost_answers_to_complete_and_head(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = lambda method, target: ('lose' if when(*COMPLETE, 'lose')(method, target)
                                             else 'drop' if method == 'HEAD' else None)
        self.assert_away(upload.complete())
        proxy.rule = nothing
        self.assertEqual(upload.status()['status'], 'in_progress')
        self.assert_complete(upload, upload.complete())

    def test_complete_never_came(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = when(*COMPLETE, 'drop')
        self.assert_away(upload.complete())
        proxy.rule = nothing
        self.assert_complete(upload, upload.complete())

    def test_lost_answer_and_discarded(self):
        """The store completed it, nobody heard of it, and it is not wanted any more: nothing stays."""
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = lambda method, target: ('lose' if when(*COMPLETE, 'lose')(method, target)
                                             else 'drop' if method == 'HEAD' else None)
        self.assert_away(upload.complete())
        self.assertIsNotNone(broker_bed.STORE.client().head(BUCKET, upload.key))
        proxy.rule = nothing
        self.assertEqual(upload.discard().status, 204)
        self.assert_nothing_at_store(upload)

    # -- behind our back

    def test_aborted(self):
        receiver = self.broker()
        upload = self.sent(receiver, 3)
        old = upload.multipart()
        broker_bed.STORE.client().abort(BUCKET, upload.key, old)
        self.assert_missing(upload.complete(), [[0, 2]])
        self.assertNotEqual(upload.multipart(), old)
        self.assertEqual(upload.received(), set())
        upload.put_all()
        self.assert_complete(upload, upload.complete())

    def test_aborted_and_asked(self):
        """A client that the store told "no such upload" asks what is there, and goes on."""
        receiver = self.broker()
        upload = self.begin(receiver, self.data(3))
        upload.put_all([0, 1])
        broker_bed.STORE.client().abort(BUCKET, upload.key, upload.multipart())
        self.assertEqual(self.code_of(upload.send(2)), 'NoSuchUpload')
        self.assertEqual(upload.received(), set())
        upload.put_all()
        self.assert_complete(upload, upload.complete())

    def test_aborted_while_away(self):
        """The new one cannot be made at once: it is made when addresses are asked for."""
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        broker_bed.STORE.client().abort(BUCKET, upload.key, upload.multipart())
        proxy.rule = when(*CREATE, 'busy')
        self.assert_missing(upload.complete(), [[0, 1]])
        self.assert_away(upload.urls([0, 0]))
        self.assertEqual(upload.received(), set())
        proxy.rule = nothing
        upload.put_all()
        self.assert_complete(upload, upload.complete())

    def test_part_replaced_while_completing(self):
        """Between the list of parts and completing, a part becomes another one."""
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        done = []

        def replace(method, target):
            if when(*COMPLETE, True)(method, target) and not done:
                done.append(True)
                broker_bed.STORE.client().put_part(BUCKET, upload.key, upload.multipart(), 1, bytes(5 * MIB))
            return None

        proxy.rule = replace
        answer = upload.complete()
        self.assertEqual(done, [True])
        self.assert_missing(answer, [[0, 0]])
        upload.put(0)
        self.assert_complete(upload, upload.complete())

    def test_object_of_something_else(self):
        """Somebody completed it with other parts: never said to be complete."""
        receiver = self.broker()
        upload = self.sent(receiver)
        client = broker_bed.STORE.client()
        multipart = upload.multipart()
        etags = [client.put_part(BUCKET, upload.key, multipart, n + 1, bytes(len(upload.chunk(n)))) for n in range(2)]
        client.complete(BUCKET, upload.key, multipart, list(zip((1, 2), etags)))
        for _ in range(2):
            self.assert_refused(upload.complete(), 'Discard')
        self.assertEqual(upload.status()['status'], 'in_progress')
        self.assertEqual(upload.discard().status, 204)
        self.assert_nothing_at_store(upload)

    # -- cleaning

    def test_discarded_while_away(self):
        proxy, receiver = self.start_between('--expire=4s')
        upload = self.begin(receiver, self.data(2))
        upload.put(0)
        proxy.rule = lambda method, target: 'busy'
        self.assertEqual(upload.discard().status, 204)
        self.assert_problem(upload.urls([0, 0]), 410, 'gone')
        n = len(proxy.seen)
        bed.wait_until(lambda: len(proxy.seen) > n, 'it tries again')
        self.assertEqual(len(upload.parts()), 1)
        proxy.rule = nothing
        bed.wait_until(lambda: not upload.parts(), 'its parts go')
        self.assert_nothing_at_store(upload)
        bed.wait_until(lambda: receiver.rows('SELECT cleaning FROM upload') == [(1,)], 'and once more, later')
        receiver.rows('UPDATE upload SET touched = touched - 3600')
        bed.wait_until(lambda: receiver.rows('SELECT cleaning FROM upload') == [(0,)], 'that is enough')

    def test_cleaned_at_the_next_start(self):
        proxy, receiver = self.start_between()
        upload = self.begin(receiver, self.data(2))
        upload.put(0)
        proxy.rule = when(*ABORT, 'busy')
        self.assertEqual(upload.discard().status, 204)
        receiver.kill()
        self.assertEqual(len(upload.parts()), 1)
        proxy.rule = nothing
        self.broker(endpoint=proxy.endpoint)
        bed.wait_until(lambda: not upload.parts(), 'its parts go')

    def test_discarded_while_completing(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = when(*COMPLETE, 'hold')
        answers = []
        thread = threading.Thread(target=lambda: answers.append(upload.complete()))
        thread.start()
        proxy.wait_held()
        self.assertIn(upload.discard().status, (204, 409))
        proxy.release()
        thread.join(bed.PATIENCE)
        self.assertEqual(answers[0].status, 503)
        self.assert_nothing_at_store(upload)

    def test_stopped_while_the_store_hangs(self):
        proxy, receiver = self.start_between()
        upload = self.sent(receiver)
        proxy.rule = lambda method, target: 'hold'

        def ask():
            try:
                upload.complete()
            except (OSError, bed.http.client.HTTPException):
                pass

        thread = threading.Thread(target=ask)
        thread.start()
        proxy.wait_held()
        start = time.monotonic()
        receiver.stop()
        self.assertLess(time.monotonic() - start, 10)
        proxy.release()
        thread.join(bed.PATIENCE)
        proxy.rule = nothing
        upload.receiver = self.broker(endpoint=proxy.endpoint)
        self.assert_complete(upload, upload.complete())


if __name__ == '__main__':
    if missing():
        print('SKIP: ' + missing())
        sys.exit(77)
    bed.main()
