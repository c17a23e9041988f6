#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""kill -9 at any moment: what /status says is on disk, what was answered with 200 is in /status, and it goes on."""

import os
import random
import threading

import bed
from bed import KIB, MIB

KILLS = 20


class Crash(bed.Case):
    def send_until_killed(self, upload, confirmed, lanes=4):
        """Starts lanes that send what is missing until they are done or the receiver is gone."""
        missing = sorted(set(range(upload.n_chunks)) - upload.received())

        def lane(chunks):
            connection = upload.receiver.connect()
            try:
                for n in chunks:
                    if upload.put(n, connection=connection).status == 200:
                        confirmed.add(n)
            except (OSError, bed.http.client.HTTPException):
                pass
            connection.close()

        threads = [threading.Thread(target=lane, args=(missing[i::lanes],)) for i in range(lanes)]
        for thread in threads:
            thread.start()
        return threads

    def check_after_kill(self, upload, confirmed):
        """In the new receiver: nothing is claimed that is not on disk, nothing is forgotten that was promised."""
        received = upload.received()
        self.assertLessEqual(confirmed, received, 'a 200 was for good')
        with open(upload.part(), 'rb') as file:
            for n in sorted(received):
                file.seek(n * upload.chunk_size)
                self.assertEqual(file.read(len(upload.chunk(n))), upload.chunk(n), f'chunk {n} is on disk')

    def test_uploading(self):
        dice = random.Random(os.environ.get('FERRY_SEED', '42'))
        receiver = self.start('--chunk-size=16KiB')
        kills, uploads, resumed = 0, 0, 0
        while kills < KILLS:
            uploads += 1
            data = os.urandom(4 * MIB)
            upload = receiver.start(f'file {uploads}', data)
            confirmed = set()
            while True:
                threads = self.send_until_killed(upload, confirmed)
                if kills >= KILLS:
                    break
                threads[0].join(dice.uniform(0.01, 0.25))
                receiver.kill()
                kills += 1
                for thread in threads:
                    thread.join(bed.PATIENCE)
                receiver = self.start('--chunk-size=16KiB')
                upload.receiver = receiver
                self.check_after_kill(upload, confirmed)
                resumed += bool(confirmed) and len(confirmed) < upload.n_chunks
                if len(upload.received()) == upload.n_chunks:
                    break
            for thread in threads:
                thread.join(bed.PATIENCE)
            upload.put_all(sorted(set(range(upload.n_chunks)) - upload.received()))
            answer = upload.complete(sha256=bed.sha256(data))
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(bed.file_sha256(self.path('inbox', f'file {uploads}')), bed.sha256(data))
        self.assertGreater(resumed, KILLS / 4, 'kills came in the middle')
        self.assertEqual(len(self.files()), uploads)

    def test_completing(self):
        dice = random.Random(7)
        receiver = self.start('--chunk-size=1MiB')
        data = os.urandom(24 * MIB)
        for n in range(8):
            upload = receiver.start('file', data)
            upload.put_all()

            def ask(upload=upload):
                try:
                    upload.complete()
                except (OSError, bed.http.client.HTTPException):
                    pass

            thread = threading.Thread(target=ask)
            thread.start()
            thread.join(dice.uniform(0, 0.12))
            receiver.kill()
            thread.join(bed.PATIENCE)
            receiver = self.start('--chunk-size=1MiB')
            upload.receiver = receiver
            answer = upload.complete(sha256=bed.sha256(data))
            self.assertEqual(answer.status, 200, answer.body)
            self.assertEqual(answer.json['name'], 'file' if n == 0 else f'file ({n})')
            self.assertEqual(len(self.files()), n + 1, 'each has one name')
            self.assertEqual(upload.complete().body, answer.body)

    def finished(self):
        receiver = self.start('--chunk-size=4KiB')
        upload = receiver.start('a', os.urandom(10 * KIB), modified=1000000000)
        upload.put_all()
        answer = upload.complete()
        self.assertEqual(answer.status, 200)
        return receiver, upload, answer.json

    def assert_same(self, upload, before):
        answer = upload.complete(sha256=bed.sha256(upload.data))
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual({k: v for k, v in answer.json.items() if k != 'url'},
                         {k: v for k, v in before.items() if k != 'url'})
        self.assertEqual(self.files(), ['a'])
        path = before['url'].split('/', 3)[3]
        self.assertEqual(upload.receiver.ask('GET', '/' + path).body, upload.data)

    def test_between_name_and_row(self):
        """The file got its name, the row was not written."""
        receiver, upload, before = self.finished()
        receiver.kill()
        receiver.rows('UPDATE upload SET status = 0')
        upload.receiver = self.start('--chunk-size=4KiB')
        self.assertEqual(upload.status()['status'], 'complete')
        self.assert_same(upload, before)

    def test_between_link_and_unlink(self):
        """Where a file system cannot rename without overwriting, the file has both names for a moment."""
        receiver, upload, before = self.finished()
        receiver.kill()
        receiver.rows('UPDATE upload SET status = 0')
        os.link(self.path('inbox', 'a'), upload.part())
        upload.receiver = self.start('--chunk-size=4KiB')
        self.assertEqual(upload.status()['status'], 'complete')
        self.assert_same(upload, before)

    def test_before_name(self):
        """The row says which name comes, the file does not have it yet."""
        receiver, upload, before = self.finished()
        receiver.kill()
        receiver.rows('UPDATE upload SET status = 0')
        os.rename(self.path('inbox', 'a'), upload.part())
        upload.receiver = self.start('--chunk-size=4KiB')
        self.assertEqual(upload.status()['status'], 'in_progress')
        self.assertEqual(upload.received(), {0, 1, 2})
        self.assert_same(upload, before)

    def test_name_taken_meanwhile(self):
        receiver, upload, before = self.finished()
        receiver.kill()
        receiver.rows('UPDATE upload SET status = 0')
        os.rename(self.path('inbox', 'a'), upload.part())
        with open(self.path('inbox', 'a'), 'wb') as file:
            file.write(b'somebody else')
        upload.receiver = self.start('--chunk-size=4KiB')
        answer = upload.complete()
        self.assertEqual((answer.status, answer.json['name']), (200, 'a (1)'))
        self.assertEqual(os.path.getsize(self.path('inbox', 'a')), 13)
        self.assertNotEqual(answer.json, before)

    def test_after_discard(self):
        """The row is discarded, the data file not removed yet."""
        receiver = self.start('--chunk-size=4KiB')
        upload = receiver.start('a', os.urandom(10 * KIB))
        receiver.kill()
        receiver.rows('UPDATE upload SET status = 2, key = NULL')
        with open(self.path('inbox', '.' + 'e' * 32 + '.ferry-part'), 'wb') as file:
            file.write(b'of another state folder')
        upload.receiver = self.start('--chunk-size=4KiB')
        self.assertEqual(self.files(), ['.' + 'e' * 32 + '.ferry-part'])
        self.assert_problem(upload.put(0), 410, 'gone')

    def test_before_data_file(self):
        """The row is there, the data file not made yet."""
        receiver = self.start('--chunk-size=4KiB')
        upload = receiver.start('a', os.urandom(10 * KIB))
        receiver.kill()
        os.unlink(upload.part())
        upload.receiver = self.start('--chunk-size=4KiB')
        upload.put_all()
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)

    def test_stopped_in_the_middle(self):
        """SIGTERM while chunks and a read-back are under way ends soon and clean, and it goes on after."""
        receiver = self.start('--chunk-size=64KiB')
        big = receiver.start('big', os.urandom(16 * MIB))
        big.put_all()
        upload = receiver.start('small', os.urandom(4 * MIB))
        confirmed = set()

        def ask():
            try:
                big.complete()
            except (OSError, bed.http.client.HTTPException):
                pass

        threads = [*self.send_until_killed(upload, confirmed), threading.Thread(target=ask)]
        threads[-1].start()
        bed.wait_until(lambda: len(confirmed) > 5, 'some chunks are there')
        receiver.stop()
        for thread in threads:
            thread.join(bed.PATIENCE)
        receiver = self.start('--chunk-size=64KiB')
        upload.receiver = big.receiver = receiver
        self.check_after_kill(upload, confirmed)
        self.assertEqual(big.complete(sha256=bed.sha256(big.data)).status, 200)

    def test_settings_changed(self):
        """Another chunk size and another folder are for new uploads."""
        receiver = self.start('--chunk-size=4KiB')
        upload = receiver.start('a', os.urandom(10 * KIB))
        upload.put_all([1])
        receiver.stop()
        os.mkdir(self.path('other'))
        upload.receiver = self.start('--chunk-size=8KiB', directory='other')
        self.assertEqual((upload.status()['chunkSize'], upload.received()), (4 * KIB, {1}))
        upload.put_all([0, 2])
        self.assertEqual(upload.complete(sha256=bed.sha256(upload.data)).status, 200)
        self.assertEqual(self.files(), ['a'])


if __name__ == '__main__':
    bed.main()
