#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ferryctl put to a store, by addresses that a broker signs: what goes where, what counts, and what goes on where it stopped."""

import base64
import hashlib
import os
import unittest

import bed
import store_bed
from broker_fake import Fault
from measure import MIB, peak_memory
from store_bed import CHUNK, N_CHUNKS, SIZE


class Sending(store_bed.Case):
    def test_sent(self):
        self.assert_finished(self.put())
        self.assert_times()
        self.assertIn('verified by the store (SHA-256)', self.history())

    def test_sizes(self):
        for size in (0, 1, CHUNK - 1, CHUNK, CHUNK + 1):
            with self.subTest(size=size):
                self.make(size, f'{size}.bin')
                self.assert_finished(self.put(f'{size}.bin'), name=f'{size}.bin')

    def test_what_goes_to_the_store(self):
        """Nothing but what was signed: no token, no content type, no cookie, and nothing that names what it accepts."""
        self.assert_finished(self.put())
        puts = self.broker.requests('put')
        self.assertEqual(len(puts), N_CHUNKS)
        for put in puts:
            self.assertLessEqual(set(put.headers), {'host', 'content-length', 'user-agent', 'connection',
                                                    'x-amz-checksum-sha256'})
            self.assertNotIn(self.broker.token, str(put))
        for request in self.broker.requests():
            if request.step != 'put':
                self.assertEqual(request.headers['Authorization'], 'Bearer ' + self.broker.token)

    def test_cookies_of_the_broker_stay_there(self):
        self.broker.cookie = 'session=1; Path=/'
        self.assert_finished(self.put())
        self.assertIn('Cookie', self.broker.requests('complete')[0].headers)

    def test_receipts(self):
        self.assert_finished(self.put())
        with open(self.file('a.bin'), 'rb') as file:
            chunks = [file.read(CHUNK) for _ in range(N_CHUNKS)]
        self.assertEqual({n: (r['etag'], r['sha256'], r['md5']) for n, r in self.broker.upload.receipts.items()},
                         {n: (hashlib.md5(c).hexdigest(), hashlib.sha256(c).hexdigest(), hashlib.md5(c).hexdigest())
                          for n, c in enumerate(chunks)})
        rows = self.journal('SELECT idx, receipt, md5, sha256 FROM chunk ORDER BY idx')
        self.assertEqual(rows, [(n, hashlib.md5(c).hexdigest(), hashlib.md5(c).digest(), hashlib.sha256(c).digest())
                                for n, c in enumerate(chunks)])
        self.assertEqual(self.journal('SELECT transport FROM transfer'), [(1,)])

    def test_addresses_a_few_ahead(self):
        self.make(60 * CHUNK)
        self.assert_finished(self.put())
        unused = most = asked = 0
        for request in self.broker.requests():
            if request.step == 'urls':
                n = sum(last - first + 1 for first, last in request.body['chunks'])
                self.assertEqual(len(request.body['sha256']), n)
                asked += n
                unused += n
            elif request.step == 'put':
                unused -= 1
            most = max(most, unused)
        self.assertEqual(asked, 60)
        # Those that are ahead, and one for each of the four that send.
        self.assertLessEqual(most, 8 + 4)
        self.assertLess(len(self.broker.requests('urls')), 60)

    def test_the_checksum_is_signed(self):
        self.assert_finished(self.put())
        with open(self.file('a.bin'), 'rb') as file:
            first = hashlib.sha256(file.read(CHUNK)).digest()
        self.assertEqual(self.broker.requests('put', 0)[0].headers['x-amz-checksum-sha256'],
                         base64.b64encode(first).decode())


class Proof(store_bed.Case):
    def check_proof(self, verified, caption, fact, **options):
        self.play(**options)
        self.assert_finished(self.put(), verified)
        self.assert_times()
        text = self.history()
        self.assertIn(caption, text)
        self.assertIn(fact, text)

    def test_sha256(self):
        self.check_proof('store-sha256', 'verified by the store (SHA-256)', 'the store has the same SHA-256')

    def test_etag(self):
        self.check_proof('store-etag', 'verified by ETag and size', 'the same ETags and size', tells_sha256=False)

    def test_none(self):
        self.check_proof('none', 'not verifiable here', 'tells no checksum', tells_sha256=False, etags='odd')

    def test_etags_that_are_no_md5s_beside_a_sha256(self):
        self.check_proof('store-sha256', '(SHA-256)', 'SHA-256', etags='opaque')

    def test_etags_of_what_is_encrypted(self):
        self.check_proof('none', 'not verifiable here', 'tells no checksum', tells_sha256=False, etags='encrypted')

    def test_etags_that_are_wrong(self):
        """Hex digits that are not the MD5, and nothing that says why: a line that damages looks like that."""
        self.play(tells_sha256=False, etags='opaque')
        process = self.assert_waits('damaged on the way')
        self.assertEqual(max(self.broker.times(N_CHUNKS)), 3)
        self.assertEqual(self.broker.requests('receipt'), [])
        self.broker.etags = 'md5'
        self.cure(process, 'store-etag')


class Clocks(store_bed.Case):
    def check_clock(self, **options):
        self.play(**options)
        self.assert_finished(self.put())
        self.assert_times()
        return [sum(last - first + 1 for first, last in r.body['chunks']) for r in self.broker.requests('urls')]

    def test_ahead(self):
        """Each is asked for once: by the broker's own clock they are good for an hour."""
        self.assertEqual(sum(self.check_clock(skew=7200)), N_CHUNKS)

    def test_behind(self):
        self.assertEqual(sum(self.check_clock(skew=-7200)), N_CHUNKS)

    def test_addresses_that_do_not_keep(self):
        """Each is asked for when it is needed, but for those of the first request."""
        asked = self.check_clock(expire=30)
        self.assertLessEqual(len([n for n in asked if n > 1]), 1)
        self.assertGreaterEqual(len(asked), N_CHUNKS)

    def test_expired_while_it_waited(self):
        """The first ones are expired when they come to be used, though they were good for long by the clock."""
        self.play(expire=-5)
        real = self.broker.presign

        def presign(upload, chunk, sha256):
            made = real(upload, chunk, sha256)
            made['expires'] = '2100-01-01T00:00:00Z'
            self.broker.expire = 3600
            return made
        self.broker.presign = presign
        self.assert_finished(self.put())
        self.assertIn(403, [r.status for r in self.broker.requests('put')])
        self.assert_times()


class Resume(store_bed.Case):
    HELD = 5

    def start_held(self):
        """A put of which HELD chunks are confirmed; the receipts of the others wait."""
        gate = store_bed.Gate()
        self.fault(Fault('receipt', act=gate, chunks=range(self.HELD, N_CHUNKS)))
        process = self.put()
        held = [(self.HELD * CHUNK,)]
        process.wait_event('added')
        bed.wait_until(lambda: self.journal('SELECT confirmed FROM transfer') == held, 'the journal')
        return process, gate

    def end(self, how, status):
        process, gate = self.start_held()
        process.signal(how)
        process.wait()
        self.assertEqual(process.process.returncode, status)
        self.broker.faults.clear()
        self.confirmed = sorted(self.broker.upload.receipts)
        self.assertEqual(self.confirmed, list(range(self.HELD)))
        self.addCleanup(gate.open.set)

    def assert_goes_on(self, process):
        self.assert_finished(process)
        self.assertEqual(self.broker.times(self.HELD), [1] * self.HELD, 'what was confirmed is not sent again')
        self.assertEqual(len(self.broker.uploads), 1)
        self.assertEqual(process.events('resumed')[0]['received'], self.HELD * CHUNK)

    def test_killed(self):
        self.end(bed.SIGKILL, -bed.SIGKILL)
        self.assert_goes_on(self.put())

    def test_ctrl_c(self):
        self.end(bed.SIGINT, 130)
        self.assert_goes_on(self.put())

    def test_changed(self):
        self.end(bed.SIGINT, 130)
        self.make(SIZE)
        self.assert_ends(3, 'changed')
        self.assertEqual(self.broker.objects, {})

    def test_addresses_are_not_kept(self):
        """Those of yesterday are not tried."""
        self.end(bed.SIGKILL, -bed.SIGKILL)
        before = len(self.broker.requests())
        self.assert_goes_on(self.put())
        steps = [r.step for r in self.broker.requests()[before:]]
        self.assertLess(steps.index('urls'), steps.index('put'))

    def test_removed(self):
        """The broker is told, by who sends it and knows the token."""
        process, gate = self.start_held()
        self.check(0, 'remove', self.queue()[0]['id'])
        gate.open.set()
        self.assertNotEqual(process.wait(), 0)
        bed.wait_until(lambda: not self.broker.parts, 'the broker to give up the parts')
        self.assertEqual(self.broker.objects, {})


class Memory(store_bed.Case):
    LIMIT = 60 * 10 ** 6

    @unittest.skipIf(bed.SANITIZED, 'the sanitizer takes memory of its own')
    def test_pieces_of_16_mib(self):
        """What it holds does not grow with the pieces."""
        self.play(chunk_size=16 * MIB, keep=False)
        with open(self.file('a.bin'), 'wb') as file:
            for _ in range(12):
                file.write(os.urandom(16 * MIB))
        gate = store_bed.Gate()
        self.fault(Fault('receipt', act=gate, chunks=range(8, 12)))
        process = self.put()
        bed.wait_until(lambda: len([r for r in self.broker.requests('put') if r.status == 200]) == 12, 'all at the store')
        peak = peak_memory(process.pid)
        print(f'peak {peak // 1024} kB', end=' ', flush=True)
        gate.open.set()
        self.assertEqual(process.wait(), 0, process.errors)
        self.assertLess(peak, self.LIMIT)


if __name__ == '__main__':
    bed.main()
