#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Interrupted in every way, the same command goes on, and what was there is not fetched again."""

import os
import time

import bed

MIB = 1024 * 1024
SIZE = 12 * MIB
HELD = 8 * MIB
# The overlap that is compared before going on.
OVERLAP = 64 * 1024


class Resume(bed.Case):
    def url(self, name='/big.bin', **keys):
        return self.server.url(name, size=SIZE, seed=9, **keys)

    def start_stalled(self, *arguments, **keys):
        """A get of which HELD bytes have arrived; the server holds the rest back, once."""
        process = self.start('get', '--json', self.url(stall=HELD, stalls=1, **keys), *arguments)
        process.wait_received(HELD)
        return process

    def go_on(self, *arguments, **keys):
        return self.check(0, 'get', self.url(stall=HELD, stalls=1, **keys), *arguments)

    def assert_whole(self, name='big.bin', tolerance=OVERLAP):
        self.assert_file(name, size=SIZE, seed=9)
        self.assert_files(name)
        again = self.server.requests('/big.bin')[1:]
        self.assertTrue(all(r['status'] == 206 for r in again), again)
        self.assertLessEqual(sum(r['sent'] for r in again), SIZE - HELD + tolerance)

    def interrupted(self, number):
        process = self.start_stalled()
        process.signal(number)
        self.assertEqual(process.wait(), 130)
        event = process.events()[-1]
        self.assertEqual((event['event'], event['state'], event['received']), ('paused', 'paused', HELD))
        self.assertEqual([(t['state'], t['received']) for t in self.queue()], [('paused', HELD)])
        lines, _ = self.go_on()
        self.assertIn('going on at', lines[0])
        self.assert_whole()

    def test_ctrl_c(self):
        self.interrupted(bed.SIGINT)

    def test_terminated(self):
        self.interrupted(bed.SIGTERM)

    def test_hung_up(self):
        self.interrupted(bed.SIGHUP)

    def test_hung_up_under_nohup(self):
        """Who started it like this wants it to go on."""
        before = bed.signal.signal(bed.SIGHUP, bed.signal.SIG_IGN)
        try:
            process = self.start_stalled()
        finally:
            bed.signal.signal(bed.SIGHUP, before)
        with open(f'/proc/{process.pid}/status') as status:
            ignored = [line.split()[1] for line in status if line.startswith('SigIgn:')]
        self.assertEqual(int(ignored[0], 16) & 1, 1)
        process.signal(bed.SIGHUP)
        process.signal(bed.SIGTERM)
        self.assertEqual(process.wait(), 130)

    def test_plain_words_after_ctrl_c(self):
        process = self.start('get', self.url(stall=HELD, stalls=1))
        bed.wait_until(lambda: self.server.requests('/big.bin') and self.queue()[0]['received'] == HELD, 'it stalls')
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertRegex(process.lines[-2], r'^big\.bin: paused at 8\.4\sMB of 12\.6\sMB\.$')
        self.assertEqual(process.lines[-1], 'Run the same command to go on.')

    def test_with_output(self):
        process = self.start_stalled('--output=mine.bin')
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.go_on('--output=mine.bin')
        self.assert_whole('mine.bin')

    def test_twice(self):
        process = self.start_stalled()
        os.kill(process.pid, bed.SIGSTOP)
        process.signal(bed.SIGINT)
        process.signal(bed.SIGTERM)
        os.kill(process.pid, bed.SIGCONT)
        begun = time.monotonic()
        self.assertEqual(process.wait(), 130)
        self.assertLess(time.monotonic() - begun, 10)
        self.go_on()
        self.assert_file('big.bin', size=SIZE, seed=9)

    def killed(self):
        process = self.start_stalled()
        bed.wait_until(lambda: self.journal('SELECT confirmed FROM transfer') == [(HELD,)], 'the checkpoint')
        process.signal(bed.SIGKILL)
        self.assertEqual(process.wait(), -bed.SIGKILL)
        part = [n for n in os.listdir(self.files)]
        self.assertEqual(len(part), 1)
        self.assertRegex(part[0], r'^big\.bin\.[0-9a-f]{8}\.part$')
        return self.file(part[0])

    def test_killed(self):
        self.killed()
        # The same command has the digest of the whole file proven, too.
        good = self.server.content_sha256(size=SIZE, seed=9)
        lines, _ = self.go_on('--checksum=sha256:' + good)
        self.assertIn('checksum right', lines[-1])
        self.assert_whole()

    def test_killed_before_the_first_checkpoint(self):
        url = self.url(stall=1000, stalls=1)
        process = self.start('get', '--json', url)
        bed.wait_until(lambda: self.server.requests('/big.bin'), 'the request')
        process.signal(bed.SIGKILL)
        process.wait()
        self.check(0, 'get', url)
        self.assert_file('big.bin', size=SIZE, seed=9)
        self.assert_files('big.bin')

    def test_killed_and_flipped_on_disk(self):
        part = self.killed()
        with open(part, 'r+b') as file:
            file.seek(3 * MIB + 17)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        self.go_on()
        self.assert_whole(tolerance=3 * OVERLAP + MIB)

    def test_killed_and_deleted_on_disk(self):
        os.unlink(self.killed())
        self.go_on()
        self.assert_file('big.bin', size=SIZE, seed=9)
        self.assert_files('big.bin')

    def test_killed_many_times(self):
        url = self.server.url('/big.bin', size=SIZE, seed=9, rate=MIB)
        for n in range(1, 5):
            process = self.start('get', '--json', url)
            process.wait_event('progress', lambda event: event['received'] >= n * 2 * MIB)
            process.signal(bed.SIGKILL)
            process.wait()
        self.check(0, 'get', self.server.url('/big.bin', size=SIZE, seed=9, rate=MIB))
        self.assert_file('big.bin', size=SIZE, seed=9)
        self.assert_files('big.bin')

    def test_headers_given_again(self):
        keys = {'auth': 'basic:me:word'}
        header = '--header=Authorization: Basic bWU6d29yZA=='
        process = self.start_stalled(header, **keys)
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.go_on(header, **keys)
        self.assert_whole()

    def test_a_reader_that_goes_away(self):
        process = self.start('get', '--json', self.url(rate=2 * MIB))
        process.wait_event('progress')
        process.end_reading()
        self.assertEqual(process.wait(), 130)
        self.assertEqual(self.queue()[0]['state'], 'paused')


if __name__ == '__main__':
    bed.main()
