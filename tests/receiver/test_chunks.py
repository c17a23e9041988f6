#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chunks that come at once, twice, damaged or into a full disk."""

import os
import random
import shutil
import subprocess

import bed
from bed import KIB, MIB


class Chunks(bed.Case):
    def test_any_order_in_parallel(self):
        receiver = self.start('--chunk-size=64KiB')
        data = os.urandom(4 * MIB + 77)
        upload = receiver.start('a', data)
        order = list(range(upload.n_chunks))
        random.Random(1).shuffle(order)
        bed.Together([lambda lane=lane: upload.put_all(order[lane::8]) for lane in range(8)]).join()
        answer = upload.complete(sha256=bed.sha256(data))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(bed.file_sha256(self.path('inbox', 'a')), bed.sha256(data))

    def test_two_clients(self):
        """Both send everything: all is well, and nothing is there twice."""
        receiver = self.start('--chunk-size=16KiB')
        data = os.urandom(MIB)
        upload = receiver.start('a', data)

        def send():
            connection = receiver.connect()
            for n in range(upload.n_chunks):
                try:
                    answer = upload.put(n, connection=connection)
                    self.assertEqual(answer.status, 200, answer.body)
                except (ConnectionError, bed.http.client.HTTPException):
                    # The other one took the chunk over.
                    connection.close()
                    connection = receiver.connect()
            connection.close()

        bed.Together([send, send]).join()
        self.assertEqual(upload.complete(sha256=bed.sha256(data)).status, 200)

    def stalled(self, receiver, upload, n, sent):
        """A connection that has sent the first bytes of a chunk, which are on disk, and no more."""
        connection = receiver.raw()
        chunk = upload.chunk(n)
        connection.sendall(receiver.head('PUT', upload.path(n), f'Content-Length: {len(chunk)}',
                                         'X-Chunk-Checksum: ' + bed.sha256(chunk)) + chunk[:sent])

        def written():
            with open(upload.part(), 'rb') as file:
                file.seek(n * upload.chunk_size)
                return file.read(256 * KIB) == chunk[:256 * KIB]

        bed.wait_until(written, 'the first block is written')
        return connection

    def test_newer_takes_over(self):
        receiver = self.start('--chunk-size=1MiB')
        data = os.urandom(3 * MIB)
        upload = receiver.start('a', data)
        older = self.stalled(receiver, upload, 1, 600 * KIB)
        self.assertEqual(upload.received(), set(), 'nothing is confirmed that is half here')
        self.assertEqual(upload.put(1).status, 200)
        self.assert_dropped(older)
        oldest = self.stalled(receiver, upload, 2, 300 * KIB)
        older = self.stalled(receiver, upload, 2, 300 * KIB)
        self.assert_dropped(oldest)
        self.assertEqual(upload.put(2).status, 200)
        self.assert_dropped(older)
        upload.put_all([0])
        self.assertEqual(upload.complete(sha256=bed.sha256(data)).status, 200)

    def test_left_half_way(self):
        receiver = self.start('--chunk-size=1MiB')
        data = os.urandom(MIB)
        upload = receiver.start('a', data)
        self.stalled(receiver, upload, 0, 700 * KIB).close()
        self.assertEqual(upload.received(), set())
        self.assertEqual(upload.put(0).status, 200)
        self.assertEqual(upload.complete(sha256=bed.sha256(data)).status, 200)

    def test_contest(self):
        """Eight at once with two different contents: whoever is told 200 has what is stored."""
        receiver = self.start('--chunk-size=32KiB')
        for _ in range(15):
            contents = [os.urandom(32 * KIB), os.urandom(32 * KIB)]
            upload = receiver.start('a', contents[0])
            won = []

            def send(mine, upload=upload, won=won):
                try:
                    answer = upload.put(0, mine)
                except (ConnectionError, bed.http.client.HTTPException):
                    return
                self.assertIn(answer.status, (200, 409), answer.body)
                if answer.status == 200:
                    won.append(mine)

            bed.Together([lambda i=i: send(contents[i % 2]) for i in range(8)]).join()
            self.assertEqual(len(set(won)), 1)
            answer = upload.complete()
            self.assertEqual((answer.status, answer.json['sha256']), (200, bed.sha256(won[0])))

    def test_same_bytes_of_many_blocks(self):
        """A confirmed chunk that comes again is compared to its end, in blocks."""
        receiver = self.start('--chunk-size=2MiB')
        upload = receiver.start('a', os.urandom(2 * MIB))
        upload.put_all()
        self.assertEqual(upload.put(0).status, 200)
        changed = upload.data[:-1] + bytes([upload.data[-1] ^ 1])
        self.assert_problem(upload.put(0, changed, checksum=bed.sha256(upload.data)), 422, 'chunk-digest')
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_damage_on_disk(self):
        receiver = self.start('--chunk-size=16KiB')
        data = os.urandom(20 * 16 * KIB)
        upload = receiver.start('a', data)
        upload.put_all()
        with open(upload.part(), 'r+b') as file:
            for chunk in (3, 4, 17):
                file.seek(chunk * 16 * KIB + 77)
                byte = file.read(1)[0]
                file.seek(-1, 1)
                file.write(bytes([byte ^ 4]))
        answer = upload.complete(sha256=bed.sha256(data))
        self.assert_problem(answer, 409, 'missing-chunks')
        self.assertEqual(answer.json['missing'], [[3, 4], [17, 17]])
        self.assertEqual(upload.received(), set(range(20)) - {3, 4, 17})
        upload.put_all([3, 4, 17])
        self.assertEqual(upload.complete(sha256=bed.sha256(data)).status, 200)
        self.assertEqual(bed.file_sha256(self.path('inbox', 'a')), bed.sha256(data))

    def test_cut_on_disk(self):
        receiver = self.start('--chunk-size=16KiB')
        upload = receiver.start('a', os.urandom(5 * 16 * KIB))
        upload.put_all()
        os.truncate(upload.part(), 40 * KIB)
        self.assertEqual(upload.complete().json['missing'], [[2, 4]])
        upload.put_all([2, 3, 4])
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_data_file_deleted(self):
        receiver = self.start('--chunk-size=16KiB')
        for ask in ('status', 'put', 'complete'):
            upload = receiver.start('a', os.urandom(3 * 16 * KIB))
            upload.put_all([0, 1] if ask == 'put' else [0, 1, 2])
            os.unlink(upload.part())
            if ask == 'put':
                self.assertEqual(upload.put(2).status, 200)
                self.assertEqual(upload.received(), {2})
            elif ask == 'complete':
                self.assertEqual(upload.complete().json['missing'], [[0, 2]])
            else:
                self.assertEqual(upload.received(), set())
            upload.put_all()
            self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_data_file_deleted_under_way(self):
        """A chunk whose first bytes went with the file is not confirmed, whatever was asked meanwhile."""
        def delete(upload):
            os.unlink(upload.part())

        def move_away(_upload):
            os.rename(self.path('inbox'), self.path('elsewhere'))
            os.mkdir(self.path('inbox'), 0o700)

        receiver = self.start('--chunk-size=1MiB')
        for lose, ask in ((delete, True), (delete, False), (move_away, True), (move_away, False)):
            if os.path.exists(self.path('elsewhere')):
                shutil.rmtree(self.path('elsewhere'))
            upload = receiver.start('a', os.urandom(2 * MIB))
            connection = self.stalled(receiver, upload, 0, 700 * KIB)
            lose(upload)
            if ask:
                self.assertEqual(upload.received(), set())
            connection.sendall(upload.chunk(0)[700 * KIB:])
            self.assert_problem(self.read_answer(connection), 500, 'storage')
            self.assertEqual(upload.received(), set())
            upload.put_all()
            self.assertEqual(upload.received(), {0, 1})
            self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_discard_under_way(self):
        receiver = self.start('--chunk-size=1MiB')
        upload = receiver.start('a', os.urandom(2 * MIB))
        connection = self.stalled(receiver, upload, 0, 700 * KIB)
        self.assertEqual(upload.discard().status, 204)
        connection.sendall(upload.chunk(0)[700 * KIB:])
        self.assertEqual(self.read_answer(connection).status, 410)
        self.assertEqual(self.files(), [])


class FullDisk(bed.Case):
    def setUp(self):
        super().setUp()
        self.disk = self.path('disk')
        os.mkdir(self.disk)
        mounted = subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=8m', 'none', self.disk], check=False,
                                 capture_output=True)
        if mounted.returncode != 0:
            self.skipTest('only root can mount a small disk')
        self.addCleanup(subprocess.run, ['umount', '-l', self.disk], check=True)
        os.mkdir(self.path('disk', 'files'))

    def fill(self):
        """All but nothing."""
        with open(self.path('disk', 'ballast'), 'wb', buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass

    def empty(self):
        os.unlink(self.path('disk', 'ballast'))

    def test_does_not_fit(self):
        receiver = self.start(directory='disk/files')
        self.assert_problem(receiver.initiate('a', 16 * MIB, key='k'), 507, 'no-space')
        self.assertEqual(os.listdir(receiver.directory), [])
        self.assert_problem(receiver.initiate('a', 16 * MIB, key='k'), 507, 'no-space')
        first = receiver.start('b', os.urandom(5 * MIB))
        self.assert_problem(receiver.initiate('c', 5 * MIB), 507, 'no-space')
        first.put_all()
        self.assertEqual(first.complete(sha256=bed.sha256(first.data)).status, 200, 'its room was kept for it')

    def test_fills_up(self):
        """A data file that is not reserved any more meets a full disk: 507, and what was confirmed stays."""
        receiver = self.start('--chunk-size=1MiB', directory='disk/files')
        upload = receiver.start('a', os.urandom(3 * MIB))
        upload.put_all([0])
        os.truncate(upload.part(), MIB)
        os.truncate(upload.part(), 3 * MIB)
        self.fill()
        self.assert_problem(upload.put(1), 507, 'no-space')
        self.assertEqual(upload.received(), {0})
        self.empty()
        upload.put_all([1, 2])
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_records_fill_up(self):
        receiver = self.start('--chunk-size=4KiB', state='disk/state')
        upload = receiver.start('a', os.urandom(40 * KIB))
        upload.put_all([0])
        self.fill()
        told = set()

        def refused():
            for n in range(1, 10):
                answer = upload.put(n)
                if answer.status != 200:
                    self.assert_problem(answer, 507, 'no-space')
                    return True
                told.add(n)
            return False

        # The log of the database may have some room left.
        for n in range(20):
            if refused():
                break
            upload = receiver.start('a', os.urandom(40 * KIB)) if receiver.initiate('x', 1).status == 201 else upload
        else:
            self.fail('the records never filled up')
        self.empty()
        upload.put_all()
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)


if __name__ == '__main__':
    bed.main()
