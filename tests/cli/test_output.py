#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is printed: JSON lines, plain lines, and bars on a terminal. And how much memory it all takes."""

import os
import re
import unittest

import bed
import screen
from measure import MIB, peak_memory

MEMBERS = {'id', 'direction', 'name', 'address', 'source', 'link', 'state', 'folder', 'path', 'size', 'received', 'speed',
           'error', 'sha256', 'verified', 'resume', 'media-type', 'added', 'finished'}


class Lines(bed.Case):
    def test_json(self):
        url = self.server.url('/a b.bin', size=3 * MIB, seed=1, stall=MIB, stalls=1)
        sum_ = self.server.content_sha256(size=3 * MIB, seed=1)
        process = self.start('get', '--json', url, '--checksum=' + sum_)
        process.wait_received(MIB)
        self.server.ask('/_release')
        self.assertEqual(process.wait(), 0)
        events = process.events()
        for event in events:
            self.assertEqual(set(event), MEMBERS | {'event'})
            self.assertEqual((event['name'], event['folder']), ('a b.bin', self.files))
        names = [event['event'] for event in events]
        self.assertEqual((names[0], names[-1]), ('added', 'finished'))
        self.assertEqual(set(names) - {'added', 'state', 'progress', 'finished'}, set())
        received = [event['received'] for event in events]
        self.assertEqual(received, sorted(received))
        last = events[-1]
        self.assertEqual((last['state'], last['path'], last['size'], last['received'], last['sha256'],
                          last['verified'], last['error']),
                         ('done', self.file('a b.bin'), 3 * MIB, 3 * MIB, sum_, 'sha256', None))
        self.assertGreater(last['finished'], 0)

    def test_json_of_errors(self):
        process = self.start('get', '--json', self.server.url('/gone.bin', status=410))
        self.assertEqual(process.wait(), 3)
        event = process.events()[-1]
        self.assertEqual((event['event'], event['state'], event['size']), ('needs-you', 'needs-you', None))
        self.assertIn(event['error'], process.errors)
        with open(self.file('there'), 'w') as file:
            file.write('x')
        process = self.start('get', '--json', self.server.url('/a', size=1), '--output=there')
        self.assertEqual(process.wait(), 1)
        self.assertEqual(set(process.events()[-1]), {'event', 'address', 'error'})

    def test_plain_lines(self):
        url = self.server.url('/a.bin', size=2 * MIB, rate=4 * MIB)
        lines, errors = self.check(0, 'get', url)
        self.assertEqual(errors, '')
        self.assertLessEqual(len(lines), 4, 'few lines for a log')
        self.assertTrue(all(line.startswith('a.bin: ') and line.replace('\xa0', ' ').isprintable()
                            for line in lines), lines)

    def test_a_locale_without_utf8(self):
        self.env.update(LC_ALL='C', LANG='C')
        process = self.start('get', self.server.url('/a.bin', size=3,
                                                    disposition="attachment; filename*=UTF-8''%E2%82%AC.bin"))
        self.assertEqual(process.wait(), 0)
        self.assertTrue(all(line.isascii() for line in process.lines), process.lines)
        self.assert_files('€.bin')


class OnATerminal(bed.Case):
    def open(self, *arguments, columns=80, rows=24, **keys):
        terminal = screen.Terminal([bed.FERRYCTL, *arguments], self.env, self.files, columns, rows)
        self.addCleanup(terminal.close)
        return terminal

    def stalled(self, name='/a.bin', **keys):
        return self.server.url(name, size=4 * MIB, stall=2 * MIB, stalls=1, **keys)

    def test_a_bar(self):
        terminal = self.open('get', self.stalled())
        terminal.wait_for(lambda s: any('50 %' in line for line in s.lines), 'half')
        bar = [line for line in terminal.screen.shown() if '50 %' in line][0]
        self.assertRegex(bar, r'^a\.bin  █+░+  50 %  2\.1\sMB of 4\.2\sMB')
        self.assertEqual(len(terminal.screen.shown()), 1)
        self.server.ask('/_release')
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(terminal.screen.shown()), 1, 'the bar is gone')
        self.assertRegex(terminal.screen.shown()[0], r'^a\.bin: finished, 4\.2\sMB: ' + re.escape(self.file('a.bin')))
        self.assertTrue(terminal.is_as_before())

    def test_ctrl_c(self):
        terminal = self.open('get', self.stalled())
        terminal.wait_for(lambda s: any('50 %' in line for line in s.lines), 'half')
        # The terminal is not its controlling one: the signal stands for the key.
        terminal.process.send_signal(bed.SIGINT)
        self.assertEqual(terminal.wait(), 130)
        shown = terminal.screen.shown()
        self.assertRegex(shown[0], r'^a\.bin: paused at 2\.1\sMB of 4\.2\sMB\.$')
        self.assertEqual(shown[1:], ['Run the same command to go on.'])
        self.assertTrue(terminal.is_as_before())

    def test_several_and_wide_names(self):
        wide = '/%E6%97%A5%E6%9C%AC%E8%AA%9E%E3%81%AE%E9%95%B7%E3%81%84%E5%90%8D%E5%89%8D%E3%83%95%E3%82%A1.bin'
        long = '/' + 'long' * 30 + '.bin'
        for columns in (200, 80, 40, 20, 7, 1):
            with self.subTest(columns=columns):
                self.server.ask('/_reset')
                urls = [self.stalled(name, seed=columns) for name in (wide, long, '/e%CC%81.bin')]
                terminal = self.open('get', *urls, columns=columns)
                if columns > 40:
                    terminal.wait_for(lambda s: sum('50 %' in line for line in s.lines) == 3, 'three bars')
                    bars = [line.index('█') + sum(screen.width(c) - 1 for c in line[:line.index('█')])
                            for line in terminal.screen.shown()]
                    self.assertEqual(len(set(bars)), 1, 'the bars stand one below the other')
                else:
                    frames = terminal.raw.count(b'\x1b[J')
                    terminal.wait_for(lambda s: terminal.raw.count(b'\x1b[J') > frames + 3, 'frames')
                self.assertLess(terminal.screen.widest, max(columns, 2), terminal.screen.lines)
                terminal.process.send_signal(bed.SIGINT)
                self.assertEqual(terminal.wait(), 130)
                self.assertTrue(terminal.is_as_before())

    def test_more_files_than_rows(self):
        urls = [self.stalled(f'/m{i}.bin') for i in range(6)]
        terminal = self.open('get', *urls, rows=5)
        terminal.wait_for(lambda s: any(line.startswith('0 of 6 files ended') for line in s.lines), 'the summary')
        self.assertEqual(len(terminal.screen.shown()), 1)
        terminal.resize(80, 24)
        terminal.process.send_signal(28)  # SIGWINCH: there is no controlling terminal that would send it
        terminal.wait_for(lambda s: sum('m' in line and '%' in line for line in s.lines) == 6, 'six bars')
        self.assertEqual(len(terminal.screen.shown()), 6)
        for _ in range(20):
            self.server.ask('/_release')
            if terminal.process.poll() is None:
                terminal._read(0.1)
        self.assertEqual(terminal.wait(), 0)
        self.assertEqual(len(terminal.screen.shown()), 6)

    def test_errors_do_not_break_the_bars(self):
        terminal = self.open('get', self.stalled(), self.server.url('/none.bin', status=404), columns=100)
        terminal.wait_for(lambda s: any('50 %' in line for line in s.lines), 'half')
        terminal.wait_for(lambda s: any(line.startswith('ferryctl: none.bin') for line in s.lines), 'the error')
        terminal.process.send_signal(bed.SIGTERM)
        self.assertEqual(terminal.wait(), 130)
        self.assertEqual([line.split(':')[0] for line in terminal.screen.shown()],
                         ['ferryctl', 'a.bin', 'Run the same command to go on.'])

    def test_why_it_waits(self):
        terminal = self.open('get', self.server.url('/w.bin', status=503, retry_after=1000), columns=120)
        terminal.wait_for(lambda s: any(line.startswith('w.bin  The server') for line in s.lines), 'the sentence')
        terminal.process.send_signal(bed.SIGINT)
        self.assertEqual(terminal.wait(), 130)

    def test_list_fits(self):
        self.check(0, 'add', self.server.url('/' + 'n' * 200 + '.bin', size=1))
        terminal = self.open('list', columns=60)
        self.assertEqual(terminal.wait(), 0)
        self.assertLessEqual(terminal.screen.widest, 60)
        self.assertIn('n' * 200, '\n'.join(self.check(0, 'list')[0]), 'nothing is cut in a pipe')


class Memory(bed.Case):
    @unittest.skipIf(bed.SANITIZED, 'the sanitizer takes memory of its own')
    def test_of_a_big_file(self):
        size = 400 * MIB
        process = self.start('get', '--json', self.server.url('/big.bin', size=size, stall=size - MIB))
        process.wait_received(size - MIB)
        peak = peak_memory(process.pid)
        print(f'peak {peak // 1024} kB', end=' ')
        self.assertLess(peak, 40 * MIB)
        self.server.ask('/_release')
        self.assertEqual(process.wait(), 0)
        self.assertEqual(os.path.getsize(self.file('big.bin')), size)


if __name__ == '__main__':
    bed.main()
