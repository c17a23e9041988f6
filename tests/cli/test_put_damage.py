#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ferryctl put over lines that damage and cut, to disks that lose a byte, and to a receiver that goes away.

Each time the file arrives whole in the end, and what goes up again is what was harmed and nothing else.
"""

import os

import bed
from certificate import make_certificate
from chunk_proxy import ChunkProxy, Cut
from measure import file_sha256
from receiver_process import ReceiverProcess

CHUNK = 256 * 1024
N_CHUNKS = 12
SIZE = N_CHUNKS * CHUNK - 1000
LANES = 4
PAUSE = 0.5  # the shortest before something is tried again, in seconds


class Case(bed.Case):
    chunk_size = CHUNK
    tls = False

    def setUp(self):
        super().setUp()
        files = self.make_certificate() if self.tls else None
        self.receiver = ReceiverProcess(os.environ['FERRY_RECEIVER'], self.root, self.env,
                                        f'--chunk-size={self.chunk_size}', tls=files)
        self.receiver.start()
        self.addCleanup(self.stop_receiver)
        self.proxy = ChunkProxy(self.receiver.port, tls=files)
        self.proxy.start()
        self.addCleanup(self.proxy.stop)
        with open(self.file('a.bin'), 'wb') as file:
            file.write(os.urandom(SIZE))

    def stop_receiver(self):
        """It ends as it should, without a complaint by a sanitizer."""
        self.receiver.stop()
        self.assertEqual(self.receiver.exit_status, 0)

    def make_certificate(self):
        certificate, key = make_certificate(self.root)
        self.env['SSL_CERT_FILE'] = certificate
        return {'cert': certificate, 'key': key, 'ca': certificate}

    def put(self):
        return self.start('put', 'a.bin', '--json', f'--to={self.proxy.address}',
                          f'--token-file={self.receiver.token_file}')

    def wait_confirmed(self, n):
        bed.wait_until(lambda: len(self.proxy.confirmed()) >= n, f'{n} chunks confirmed')

    def upload_id(self):
        return self.proxy.puts()[0].path.split('/')[2]

    def history(self):
        return '\n'.join(self.check(0, 'show', self.queue()[0]['id'])[0])

    def assert_finished(self, process):
        """It ends well, and what is there is what was here, on disk and over HTTP."""
        self.assertEqual(process.wait(), 0, f'{process.lines[-2:]} {process.errors}')
        sha256 = file_sha256(self.file('a.bin'))
        self.assertEqual(self.receiver.files(), ['a.bin'])
        self.assertEqual(file_sha256(self.receiver.path('a.bin')), sha256)
        self.assertEqual(self.receiver.fetched_sha256(process.events('finished')[0]['link']), sha256)

    def assert_times(self, times, n_chunks=N_CHUNKS):
        """How often each chunk went up: once, where nothing else is said."""
        found = {n: len(self.proxy.puts(n)) for n in range(n_chunks)}
        self.assertEqual(found, {n: times.get(n, 1) for n in range(n_chunks)})

    def assert_none_twice(self):
        """What was answered with 200 does not go up again."""
        for put in self.proxy.puts():
            earlier = [r for r in self.proxy.puts(put.chunk) if r.status == 200 and 0 < r.ended < put.begun]
            self.assertEqual(earlier, [], f'chunk {put.chunk}')


class InTransit(Case):
    CHUNK = 4

    def flip(self, times):
        """One bit in the middle of one chunk, as often as said."""
        self.flips = 0

        def harm(request, data):
            at = request.length // 2 - request.sent
            if request.chunk != self.CHUNK or not 0 <= at < len(data) or self.flips >= times:
                return data
            self.flips += 1
            return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1:]
        self.proxy.on_body = harm

    def test_one_bit_once(self):
        self.flip(1)
        self.assert_finished(self.put())
        self.assertEqual([put.status for put in self.proxy.puts(self.CHUNK)], [422, 200])
        self.assert_times({self.CHUNK: 2})
        self.assertIn('Piece 5 arrived damaged: it is sent again', self.history())

    def test_one_bit_for_ever(self):
        """It is not sent on and on: three times, then a person reads why, and there is a pause."""
        self.flip(10 ** 6)
        process = self.put()
        event = process.wait_event('waiting')
        self.assertIn('damaged on the way', event['error'])
        bed.wait_until(lambda: len(process.events('waiting')) >= 2, 'the next pause')
        puts = self.proxy.puts(self.CHUNK)
        self.assertEqual([put.status for put in puts], [422] * 6)
        self.assertGreater(puts[3].begun - puts[2].ended, PAUSE)
        self.assertEqual(self.receiver.files(), [])
        self.proxy.on_body = lambda request, data: data
        self.assert_finished(process)
        self.assert_none_twice()
        self.assertIn('Piece 5 arrived damaged', self.history())


class OnDisk(Case):
    CHUNK = 3

    def flip_on_disk(self):
        path = self.receiver.path(f'.{self.upload_id()}.ferry-part')
        with open(path, 'r+b') as file:
            file.seek(self.CHUNK * CHUNK + 777)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
            os.fsync(file.fileno())

    def test_one_byte(self):
        """Of a chunk that is confirmed, while the last one is still on its way."""
        go_on = []

        def hold(request, data):
            if request.chunk == N_CHUNKS - 1 and not go_on:
                self.proxy.hold(lambda: go_on)
            return data
        self.proxy.on_body = hold
        process = self.put()
        self.wait_confirmed(N_CHUNKS - 1)
        self.flip_on_disk()
        go_on.append(True)
        self.proxy.nudge()
        self.assert_finished(process)
        self.assertEqual([r.status for r in self.proxy.requests() if r.completes], [409, 200])
        self.assert_times({self.CHUNK: 2})
        self.assertIn('The receiver found 1 damaged piece: it is sent again', self.history())


class Cuts(Case):
    def test_in_the_middle_of_a_body(self):
        cuts = []

        def cut(request, data):
            if request.chunk == 5 and not cuts and request.sent + len(data) > CHUNK // 3:
                cuts.append(request.sent)
                raise Cut
            return data
        self.proxy.on_body = cut
        self.assert_finished(self.put())
        self.assertEqual(len(cuts), 1)
        self.assertEqual([put.status for put in self.proxy.puts(5)], [0, 200])
        self.assert_none_twice()

    def test_every_chunk_once(self):
        """A line that lets nothing through the first time: four chunks fail at once, and each is tried again."""
        seen = set()

        def cut(request, data):
            if request.chunk is not None and request.sent == 0 and request.chunk not in seen:
                seen.add(request.chunk)
                if request.chunk % 4 == 3:
                    raise Cut
            return data
        self.proxy.on_body = cut
        self.assert_finished(self.put())
        self.assert_none_twice()
        self.assertEqual(len([put for put in self.proxy.puts() if put.status == 0]), N_CHUNKS // 4)

    def test_answer_lost(self):
        """The receiver has it and nobody hears of it: it is asked, and nothing is sent twice."""
        lost = []

        def lose(request, status):
            if request.chunk == 6 and status == 200 and not lost:
                lost.append(request)
                raise Cut
        self.proxy.on_answer = lose
        self.assert_finished(self.put())
        self.assertEqual(len(lost), 1)
        self.assert_times({})


class Textbook(Case):
    """500 MiB in chunks of 5 MiB, and the line is cut at the 43rd."""

    chunk_size = 5 << 20
    N = 100
    CUT = 42

    def setUp(self):
        super().setUp()
        block = bytearray(os.urandom(self.chunk_size))
        with open(self.file('a.bin'), 'wb') as file:
            for n in range(self.N):
                block[:8] = n.to_bytes(8, 'big')
                file.write(block)

    def test_cut_at_chunk_42(self):
        cut = [True]

        def harm(request, data):
            if cut and request.chunk is not None and request.chunk >= self.CUT and request.sent > 0:
                # The ones before it are under way on other connections, and get through.
                self.proxy.hold(lambda: len(self.proxy.confirmed()) == self.CUT)
                raise Cut
            return data
        self.proxy.on_body = harm
        process = self.put()
        process.wait_event('waiting')
        status = self.receiver.status(self.upload_id())
        self.assertEqual((status['totalChunks'], status['chunkSize']), (self.N, self.chunk_size))
        self.assertEqual((status['receivedChunks'], status['nextExpectedChunk']), ([[0, 41]], 42))
        self.assertEqual((status['status'], self.receiver.files()), ('in_progress', []))
        cut.clear()
        self.assert_finished(process)
        self.assert_none_twice()
        broken = [put for put in self.proxy.puts() if put.status != 200]
        self.assertTrue(all(put.chunk >= self.CUT for put in broken), broken)
        self.assertEqual(sorted(put.chunk for put in self.proxy.puts() if put.status == 200), list(range(self.N)))


class Restarts(Case):
    """On a line slow enough to be met in the middle."""

    def setUp(self):
        super().setUp()
        self.proxy.rate = SIZE

    def assert_little_again(self, n_restarts=1):
        self.assert_none_twice()
        self.assertLessEqual(len(self.proxy.puts()), N_CHUNKS + n_restarts * LANES)

    def restart_receiver(self, end):
        process = self.put()
        self.wait_confirmed(4)
        self.assertLess(len(self.proxy.confirmed()), N_CHUNKS, 'it is still sending')
        confirmed = self.proxy.confirmed()
        end()
        self.receiver.start()
        self.assertLessEqual(confirmed, self.receiver.received(self.upload_id()))
        self.assert_finished(process)
        self.assert_little_again()

    def test_receiver_killed_while_sending(self):
        self.restart_receiver(self.receiver.kill)

    def test_receiver_stopped_while_sending(self):
        self.restart_receiver(self.receiver.stop)

    def kill_and_put_again(self):
        process = self.put()
        self.wait_confirmed(4)
        process.signal(bed.SIGKILL)
        process.wait()
        self.assertLess(len(self.proxy.confirmed()), N_CHUNKS, 'it was in the middle')
        again = self.put()
        self.assert_finished(again)
        self.assert_little_again()
        self.assertGreater(again.events('resumed')[0]['received'], 0)


class Encrypted(Restarts):
    tls = True

    def test_killed_and_resumed(self):
        self.assertTrue(self.receiver.address.startswith('https:'))
        self.kill_and_put_again()

    def test_a_stranger_is_not_trusted(self):
        del self.env['SSL_CERT_FILE']
        process = self.put()
        self.assertEqual(process.wait(), 3)
        self.assert_sentence(process.errors, 'certificate')
        self.assertEqual(self.proxy.puts(), [])


if __name__ == '__main__':
    bed.main()
