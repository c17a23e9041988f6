#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 of the broker between any two steps: it ends with the right object, and nothing is left on the store."""

import http.client
import os
import random
import sys
import threading

import bed
import broker_bed
from bed import MIB
from radosgw import missing
from store_proxy import nothing, when

KILLS = 20
LOST = (OSError, http.client.HTTPException)


def setUpModule():
    broker_bed.start_store()


def tearDownModule():
    broker_bed.stop_store()


def quietly(function):
    """The receiver dies meanwhile."""
    try:
        function()
    except LOST:
        pass


class Crash(broker_bed.Case):
    def setUp(self):
        super().setUp()
        self.between = self.proxy()

    def start_it(self):
        return self.broker(endpoint=self.between.endpoint)

    def kill_while_held(self, receiver, rule, function):
        """The store has done it, and its answer never comes: that is when the broker is killed."""
        held = self.between.held
        self.between.rule = rule
        thread = threading.Thread(target=quietly, args=(function,))
        thread.start()
        self.between.wait_held(held + 1)
        receiver.kill()
        self.between.rule = nothing
        self.between.release()
        thread.join(bed.PATIENCE)

    def test_created_and_not_written(self):
        """The store has an upload that no row knows: found and aborted at the next start, without any request."""
        receiver = self.start_it()
        self.kill_while_held(receiver, when('POST', '?uploads', 'hold'), lambda: receiver.initiate('file', 5, key='k'))
        self.assertEqual(len(self.uploads_at_store()), 1)
        receiver = self.start_it()
        bed.wait_until(lambda: not self.uploads_at_store(), 'it is aborted')
        answer = receiver.initiate('file', 5, key='k')
        upload = broker_bed.Upload(receiver, answer.json, b'12345', 'file')
        self.assertEqual(len(self.uploads_at_store()), 1)
        upload.put(0)
        self.assert_complete(upload, upload.complete())

    def test_written_and_not_created(self):
        receiver = self.start_it()
        self.between.rule = when('POST', '?uploads', 'drop')
        self.assert_problem(receiver.initiate('file', 5, key='k'), 503, 'store')
        receiver.kill()
        self.between.rule = nothing
        receiver = self.start_it()
        answer = receiver.initiate('file', 5, key='k')
        self.assertEqual(answer.status, 201)
        self.assertEqual(receiver.rows('SELECT count (*) FROM upload'), [(1,)])
        upload = broker_bed.Upload(receiver, answer.json, b'12345', 'file')
        upload.put(0)
        self.assert_complete(upload, upload.complete())

    def test_each_step_of_completing(self):
        for step in (when('GET', 'uploadId=', 'hold'), when('POST', 'uploadId=', 'hold'), when('HEAD', '', 'hold')):
            receiver = self.start_it()
            upload = self.begin(receiver, self.data(2))
            upload.put_all()
            self.kill_while_held(receiver, step, upload.complete)
            upload.receiver = self.start_it()
            self.assertEqual(upload.received(), {0, 1})
            answer = upload.complete(sha256=bed.sha256(upload.data))
            self.assert_complete(upload, answer)
            self.assertEqual(upload.complete().body, answer.body)
            upload.receiver.stop()
        self.assertEqual(self.uploads_at_store(), [])

    def test_proof_after_a_crash(self):
        """Only the row knows, after the crash, what the parts had proven."""
        receiver = self.start_it()
        upload = self.begin(receiver, self.data(2))
        upload.put_all(md5=None)
        self.keep_sha256(self.between, self.sums(upload)[0], None)
        self.kill_while_held(receiver, when('POST', 'uploadId=', 'hold'), upload.complete)
        upload.receiver = self.start_it()
        self.assert_complete(upload, upload.complete(), 'sha256')

    def test_completed_at_the_store_and_discarded(self):
        receiver = self.start_it()
        upload = self.begin(receiver, self.data(2))
        upload.put_all()
        self.kill_while_held(receiver, when('POST', 'uploadId=', 'hold'), upload.complete)
        upload.receiver = self.start_it()
        self.assertEqual(upload.discard().status, 204)
        self.assert_nothing_at_store(upload)

    def test_nothing(self):
        """A file of 0 bytes, at each step."""
        for step in (when('PUT', 'partNumber=1', 'hold'), when('GET', 'uploadId=', 'hold'), when('POST', 'uploadId=', 'hold'),
                     when('HEAD', '', 'hold')):
            receiver = self.start_it()
            upload = self.begin(receiver, b'')
            self.kill_while_held(receiver, step, upload.complete)
            upload.receiver = self.start_it()
            self.assert_complete(upload, upload.complete())
            upload.receiver.stop()

    def test_discarding(self):
        for step in (when('GET', 'uploads', 'hold'), when('DELETE', 'uploadId=', 'hold'), when('HEAD', '', 'hold')):
            receiver = self.start_it()
            upload = self.begin(receiver, self.data(2))
            upload.put(0)
            self.kill_while_held(receiver, step, upload.discard)
            receiver = self.start_it()
            bed.wait_until(lambda upload=upload: not upload.parts(), 'its parts go')
            self.assert_problem(receiver.status(upload.id), 410, 'gone')
            self.assert_nothing_at_store(upload)
            receiver.stop()

    def test_random_moments(self):
        """A client that goes on and on, and a broker that is killed again and again."""
        seed = os.environ.get('FERRY_SEED', '42')
        dice = random.Random(seed)
        holder = {'receiver': self.start_it()}
        state = {'done': 0, 'lost': 0, 'end': False}
        surprises = []
        data = os.urandom(5 * MIB + 77)

        def step(number):
            receiver = holder['receiver']
            upload = self.begin(receiver, data, name=f'file-{number}', key=f'key-{number}')
            upload.put_all(sorted({0, 1} - upload.received()))
            if number % 4 == 3:
                self.assertEqual(upload.discard().status, 204)
            else:
                self.assertEqual(upload.complete().status, 200)

        def client():
            while not state['end']:
                try:
                    step(state['done'])
                    state['done'] += 1
                except LOST:
                    # The same from the start, by the same key.
                    state['lost'] += 1
                    bed.wait_until(lambda: state['end'] or holder['receiver'].process.poll() is None, 'it is there again')
                except AssertionError as error:
                    surprises.append(error)
                    return

        thread = threading.Thread(target=client)
        thread.start()
        try:
            for _ in range(KILLS):
                thread.join(dice.uniform(0.02, 0.4))
                holder['receiver'].kill()
                holder['receiver'] = self.start_it()
            bed.wait_until(lambda: state['done'] > KILLS / 2 or surprises, 'it gets on')
        finally:
            state['end'] = True
            thread.join(bed.PATIENCE)
        self.assertEqual(surprises, [])
        self.assertGreater(state['lost'], KILLS / 4, 'kills came in the middle')
        self.finish_all(holder['receiver'], data)

    def finish_all(self, receiver, data):
        """Whatever state each is in, it can be brought to its end; then the store has the finished objects and nothing else."""
        open_ones = receiver.rows('SELECT id, name FROM upload WHERE status = 0')
        for upload_id, name in open_ones:
            status = receiver.status(upload_id).json
            upload = broker_bed.Upload(receiver, {**status}, data, name)
            upload.put_all(sorted({0, 1} - upload.received()))
            self.assert_complete(upload, upload.complete())
        bed.wait_until(lambda: not self.uploads_at_store(), 'nothing is left on the store')
        client = broker_bed.STORE.client()
        complete = {f'{i}/{name}' for i, name in receiver.rows('SELECT id, name FROM upload WHERE status = 1')}
        ours = {f'{i}/{name}' for i, name in receiver.rows('SELECT id, name FROM upload')}
        bed.wait_until(lambda: set(client.list_keys(broker_bed.BUCKET)) & ours == complete, 'the finished objects, and no others')
        self.assertGreater(len(complete), 3)
        for key in complete:
            self.assertEqual(broker_bed.STORE.object_sha256(broker_bed.BUCKET, key), bed.sha256(data), key)


if __name__ == '__main__':
    if missing():
        print('SKIP: ' + missing())
        sys.exit(77)
    bed.main()
