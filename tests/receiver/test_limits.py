#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bounds: clients that are slow, silent or many, uploads that are many, big or forgotten."""

import hashlib
import json
import os
import shutil
import subprocess
import time

import bed
from bed import GIB, KIB, MIB

IDLE = {'FERRY_RECEIVER_IDLE_MS': '500'}


class Clients(bed.Case):
    def test_silent(self):
        receiver = self.start(env=IDLE)
        connections = [receiver.raw() for _ in range(5)]
        connections[1].sendall(b'GET /sta')
        connections[2].sendall(receiver.head('POST', '/uploads', 'Content-Length: 10', 'Idempotency-Key: k'))
        connections[3].sendall(receiver.head('GET', '/status?id=' + '0' * 32))
        self.assertEqual(self.read_answer(connections[3]).status, 404)
        upload = receiver.start('a', bytes(100 * KIB))
        connections[4].sendall(receiver.head('PUT', upload.path(0), f'Content-Length: {100 * KIB}',
                                             'X-Chunk-Checksum: ' + '0' * 64) + bytes(50 * KIB))
        for connection in connections:
            self.assert_dropped(connection)
        self.assertEqual(upload.put(0).status, 200, 'a chunk that was left half-way is free again')

    def drip(self, connection, text, seconds):
        """Bytes one by one until the other end has enough; how long that took."""
        start = time.monotonic()
        connection.settimeout(0.05)
        for byte in text:
            try:
                connection.sendall(bytes([byte]))
                if connection.recv(4096) == b'':
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            if time.monotonic() - start > seconds:
                break
        return time.monotonic() - start

    def test_drips(self):
        """A byte now and then is no progress."""
        receiver = self.start(env=IDLE)
        head = receiver.head('POST', '/uploads', 'Content-Length: 10000', 'Idempotency-Key: k')
        self.assertLess(self.drip(receiver.raw(), head + b' ' * 10000, 20), 15)
        connection = receiver.raw()
        connection.sendall(head)
        self.assertLess(self.drip(connection, b' ' * 10000, 20), 15)

    def test_slow_but_steady(self):
        receiver = self.start('--chunk-size=1MiB', env=IDLE)
        upload = receiver.start('a', os.urandom(320 * KIB))
        connection = receiver.raw()
        connection.sendall(receiver.head('PUT', upload.path(0), f'Content-Length: {320 * KIB}',
                                         'X-Chunk-Checksum: ' + bed.sha256(upload.data)))
        for at in range(0, 320 * KIB, 16 * KIB):
            connection.sendall(upload.data[at:at + 16 * KIB])
            time.sleep(0.1)
        self.assertEqual(self.read_answer(connection).status, 200)

    def test_too_many_connections(self):
        receiver = self.start(env={'FERRY_RECEIVER_MAX_CONNECTIONS': '4'})
        held = [receiver.raw() for _ in range(4)]

        def turned_away():
            connection = receiver.raw()
            try:
                connection.sendall(receiver.head('GET', '/status?id=' + '0' * 32))
                answer = self.read_answer(connection)
            except ConnectionError:
                answer = None
            connection.close()
            return answer is None or answer.status == 503

        for _ in range(5):
            self.assertTrue(turned_away())
        held.pop().close()
        bed.wait_until(lambda: not turned_away(), 'a free place is given away again')

    def test_connections_do_not_add_up(self):
        """Whichever way clients leave, their sockets go with them."""
        receiver = self.start('--chunk-size=64KiB')
        upload = receiver.start('a', bytes(64 * KIB))
        head = receiver.head('PUT', upload.path(0), f'Content-Length: {64 * KIB}', 'X-Chunk-Checksum: ' + '0' * 64)
        before = receiver.n_descriptors()
        for _ in range(10):
            for text, wants in ((b'', 0), (b'GET ', 0), (b'x\r\n\r\n', 0), (head, 0), (head + bytes(1000), 0),
                                (head + bytes(64 * KIB), 422), (receiver.head('GET', '/status?id=' + upload.id), 200),
                                (receiver.head('GET', '/nothing'), 404)):
                connection = receiver.raw()
                connection.sendall(text)
                if wants:
                    self.assertEqual(self.read_answer(connection).status, wants)
                connection.close()
        # The data file of a chunk that is being confirmed may still be open.
        bed.wait_until(lambda: receiver.n_descriptors() <= before + 2, 'all sockets are closed')

    def test_body_that_is_not_wanted(self):
        """Read up to a bound, so that the answer is heard; no further."""
        receiver = self.start('--chunk-size=4KiB')
        connection = receiver.raw()
        connection.sendall(receiver.head('POST', '/nothing', f'Content-Length: {1 << 40}'))
        sent = 0
        try:
            while sent < 200 * MIB:
                connection.sendall(bytes(MIB))
                sent += MIB
        except ConnectionError:
            pass
        self.assertLess(sent, 100 * MIB)


class Uploads(bed.Case):
    def test_a_thousand_open(self):
        receiver = self.start('--chunk-size=4KiB')
        connection = receiver.connect()
        ids = []
        for n in range(1000):
            answer = receiver.ask('POST', '/uploads', json.dumps({'name': f'file {n}', 'size': 8 * KIB + n}),
                                  {'Idempotency-Key': f'key {n}'.replace(' ', '-')}, connection=connection)
            self.assertEqual(answer.status, 201)
            ids.append(answer.json['uploadId'])
        self.assertEqual(len(set(ids)), 1000)
        data = bytes(range(256)) * 40
        for n in (0, 499, 999):
            upload = bed.Upload(receiver, receiver.status(ids[n]).json, data[:8 * KIB + n])
            upload.put_all()
            self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)
        self.assertLess(receiver.n_descriptors(), 64)
        if not bed.SANITIZED:
            self.assertLess(receiver.peak_memory(), 64 * MIB)
        connection.close()
        receiver.kill()
        again = self.start('--chunk-size=4KiB')
        self.assertEqual(again.status(ids[500]).json['receivedChunks'], [])

    def test_too_many_open(self):
        receiver = self.start(env={'FERRY_RECEIVER_MAX_UPLOADS': '3'})
        answers = [receiver.initiate('a', 1, key=str(n)) for n in range(3)]
        refused = receiver.initiate('a', 1)
        self.assert_problem(refused, 503, 'too-many')
        self.assertIn('retry-after', refused.fields)
        self.assertEqual(receiver.initiate('a', 1, key='1').status, 201, 'one that is there')
        receiver.ask('DELETE', '/uploads/' + answers[0].json['uploadId'])
        self.assertEqual(receiver.initiate('a', 1).status, 201)

    def test_expired(self):
        receiver = self.start('--chunk-size=4KiB', '--expire=2s')
        kept = receiver.start('kept', os.urandom(4 * KIB))
        kept.put_all()
        self.assertEqual(kept.complete().status, 200)
        left = receiver.start('left', os.urandom(12 * KIB), key='k')
        left.put_all([0])
        status = bed.wait_until(lambda: next((s for s in [left.status()] if s['status'] == 'expired'), None), 'it expires')
        self.assertEqual((status['receivedChunks'], status['nextExpectedChunk']), ([], 0))
        bed.wait_until(lambda: self.files() == ['kept'], 'its data file is gone')
        for answer in (left.put(0), left.put(1), left.complete(), left.discard()):
            self.assert_problem(answer, 410, 'gone')
        self.assertEqual(kept.status()['status'], 'complete')
        new = receiver.initiate('left', 12 * KIB, key='k')
        self.assertEqual(new.status, 201)
        self.assertNotEqual(new.json['uploadId'], left.id)
        receiver.kill()
        again = self.start('--chunk-size=4KiB')
        self.assertEqual(again.status(left.id).json['status'], 'expired')

    def test_touched_do_not_expire(self):
        """A chunk gives its upload all of the time again."""
        receiver = self.start('--chunk-size=4KiB')
        saved, left = (receiver.start(name, os.urandom(8 * KIB)) for name in ('saved', 'left'))
        receiver.rows('UPDATE upload SET touched = touched - 8 * 24 * 3600')
        self.assertEqual(saved.put(0).status, 200)
        receiver.stop()
        # It looks for what is stale as it starts, and takes all of it at once.
        again = saved.receiver = self.start('--chunk-size=4KiB')
        bed.wait_until(lambda: again.status(left.id).json['status'] == 'expired', 'the other one expires')
        self.assertEqual(saved.status()['status'], 'in_progress')
        saved.put_all([1])
        self.assertEqual(saved.complete(sha256=bed.sha256(saved.data)).status, 200)

    def test_expired_while_read_back(self):
        """What has no row any more gets no name."""
        receiver = self.start('--chunk-size=32MiB')
        data = os.urandom(8 * MIB) * 16
        for n in range(10):
            upload = receiver.start(f'file {n}', data)
            upload.put_all()
            receiver.rows('UPDATE upload SET touched = 1 WHERE id = ?', upload.id)
            answers = []
            completing = bed.Together([lambda upload=upload, answers=answers: answers.append(upload.complete())])
            bed.wait_until(lambda upload=upload: receiver.rows('SELECT 1 FROM upload WHERE id = ? AND touched > 1',
                                                               upload.id), 'it is being read back')
            receiver.rows('UPDATE upload SET status = 3 WHERE id = ? AND status = 0 AND published IS NULL', upload.id)
            completing.join()
            if receiver.rows('SELECT 1 FROM upload WHERE id = ? AND status = 3', upload.id):
                break
        else:
            self.fail('all were read back before they could expire')
        self.assert_problem(answers[0], 410, 'gone')
        self.assertNotIn(f'file {n}', self.files())

    def test_expired_while_stopped(self):
        receiver = self.start('--chunk-size=4KiB')
        upload = receiver.start('a', os.urandom(8 * KIB))
        receiver.stop()
        receiver.rows('UPDATE upload SET touched = touched - 8 * 24 * 3600')
        again = self.start('--chunk-size=4KiB')
        bed.wait_until(lambda: again.status(upload.id).json['status'] == 'expired', 'it expires')
        bed.wait_until(lambda: self.files() == [], 'its data file is gone')

    def mount_huge(self):
        """A disk of 100 GiB that takes a few MB where there is none; False when this machine does not let us."""
        image, disk = self.path('image'), self.path('disk')
        os.mkdir(disk)
        with open(image, 'wb') as file:
            file.truncate(100 * GIB)
        for command in (['mkfs.ext4', '-q', '-F', '-E', 'lazy_itable_init=1,nodiscard', '-O', '^has_journal', image],
                        ['mount', '-o', 'loop', image, disk]):
            try:
                if subprocess.run(command, check=False, capture_output=True).returncode != 0:
                    return False
            except FileNotFoundError:
                return False
        self.addCleanup(subprocess.run, ['umount', '-l', disk], check=True)
        return True

    def test_memory_with_huge_files(self):
        """Eight files of 10 GiB each at once, four lanes each, chunks from all over them."""
        self.mount_huge()
        os.mkdir(self.path('disk', 'files'))
        size = min(10 * GIB, shutil.disk_usage(self.path('disk')).free // 9)
        receiver = self.start(directory='disk/files')
        block = bytes(5 * MIB)
        fields = {'X-Chunk-Checksum': bed.sha256(block)}
        answers = [receiver.initiate(f'huge {n}', size) for n in range(8)]
        self.assertEqual([a.status for a in answers], [201] * 8, answers[0].body)
        n_chunks = answers[0].json['totalChunks']
        self.assertEqual(n_chunks, -(-size // (5 * MIB)))
        each = 2 if bed.SANITIZED else 6

        def send(upload_id, lane):
            connection = receiver.connect()
            for i in range(each):
                chunk = (n_chunks - 2) * (lane * each + i) // (4 * each)
                answer = receiver.ask('PUT', f'/uploads/{upload_id}/chunks/{chunk}', block, fields, connection=connection)
                self.assertEqual(answer.status, 200, answer.body)
            connection.close()

        bed.Together([lambda a=a, lane=lane: send(a.json['uploadId'], lane) for a in answers for lane in range(4)]).join()
        for answer in answers:
            status = receiver.status(answer.json['uploadId']).json
            self.assertEqual(sum(last - first + 1 for first, last in status['receivedChunks']), 4 * each)
        print(f'{size // MIB} MiB each, peak {receiver.peak_memory() // KIB} KiB', end=' ', flush=True)
        if not bed.SANITIZED:
            self.assertLess(receiver.peak_memory(), 64 * MIB)

    def test_memory_is_flat(self):
        """Eight big uploads at once, two lanes each: what is held does not grow with what is sent."""
        size = 32 * MIB if bed.SANITIZED else 256 * MIB
        receiver = self.start('--chunk-size=5MiB')
        block = bytes(5 * MIB)
        sums = {len(b): bed.sha256(b) for b in (block, bytes(size % (5 * MIB)))}
        whole = hashlib.sha256()
        for _ in range(size // MIB):
            whole.update(bytes(MIB))

        def send(upload_id, chunks):
            connection = receiver.connect()
            for n in chunks:
                length = min(5 * MIB, size - n * 5 * MIB)
                answer = receiver.ask('PUT', f'/uploads/{upload_id}/chunks/{n}', memoryview(block)[:length],
                                      {'X-Chunk-Checksum': sums[length]}, connection=connection)
                self.assertEqual(answer.status, 200, answer.body)
            connection.close()

        def complete(upload_id):
            answer = receiver.ask('POST', f'/uploads/{upload_id}/complete', json.dumps({'sha256': whole.hexdigest()}))
            self.assertEqual(answer.status, 200, answer.body)
            path = answer.json['url'][len(receiver.address):]
            self.assertEqual(receiver.ask('GET', path, fields={'Range': 'bytes=1-1000000'}).body, bytes(10**6))

        answers = [receiver.initiate(f'big {n}', size).json for n in range(8)]
        chunks = range(answers[0]['totalChunks'])
        bed.Together([lambda a=a, lane=lane: send(a['uploadId'], chunks[lane::2])
                      for a in answers for lane in range(2)]).join()
        bed.Together([lambda a=a: complete(a['uploadId']) for a in answers]).join()
        if not bed.SANITIZED:
            print(f'peak {receiver.peak_memory() // KIB} KiB', end=' ', flush=True)
            self.assertLess(receiver.peak_memory(), 64 * MIB)


if __name__ == '__main__':
    bed.main()
