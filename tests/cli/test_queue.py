#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queue's commands, alone and while another process owns the queue."""

import json
import os
import socket

import bed

MIB = 1024 * 1024


class Alone(bed.Case):
    def add(self, *arguments):
        lines, _ = self.check(0, 'add', *arguments)
        return lines[-1]

    def test_empty(self):
        lines, _ = self.check(0, 'list')
        self.assertEqual(lines, ['The queue is empty.'])
        self.assertEqual(self.check(0, 'list', '--json')[0], [])
        self.assertEqual(self.check(0, 'remove', '--all')[0], ['There is nothing to do.'])

    def test_add_starts_nothing(self):
        url = self.server.url('/a.bin', size=10)
        first = self.add(url)
        self.assertRegex(first, '^[0-9a-f]{32}$')
        second = self.add(url, '--paused', '--output=b.bin', '--checksum=' + 'A' * 64)
        rows = self.queue()
        self.assertEqual([(r['id'], r['state'], r['name'], r['sha256']) for r in rows],
                         [(first, 'queued', 'a.bin', None), (second, 'paused', 'b.bin', 'a' * 64)])
        self.assertEqual(self.server.requests('/a.bin'), [])
        self.assert_files()
        lines, _ = self.check(0, 'add', '--json', url, '--header=X-Secret: s')
        self.assertEqual(json.loads(lines[0])['event'], 'added')

    def test_secret_headers_are_said_to_be_lost(self):
        _, errors = self.check(0, 'add', self.server.url('/a', size=1), '--header=X-Token: 1', '--header=Referer: http://r/')
        self.assert_sentence(errors, 'X-Token')
        self.assertNotIn('Referer', errors)

    def test_get_takes_what_was_added(self):
        url = self.server.url('/a.bin', size=10)
        one = self.add(url)
        other = self.add(self.server.url('/b.bin', size=10))
        self.check(0, 'get', url)
        self.assertEqual([(r['id'], r['state']) for r in self.queue()], [(one, 'done'), (other, 'queued')])
        self.assertEqual(self.server.requests('/b.bin'), [], 'what was not asked for does not run')

    def test_pause_and_resume(self):
        one = self.add(self.server.url('/a.bin', size=10))
        lines, _ = self.check(0, 'pause', one[:8])
        self.assertEqual(lines, ['a.bin: paused.'])
        self.assertEqual(self.queue()[0]['state'], 'paused')
        lines, _ = self.check(0, 'resume', one[:8].upper())
        self.assertEqual(lines[0], 'a.bin: resumed.')
        self.assertEqual(self.queue()[0]['state'], 'queued')
        self.add(self.server.url('/b.bin', size=10))
        self.check(0, 'pause', '--all')
        self.assertEqual([r['state'] for r in self.queue()], ['paused', 'paused'])
        lines, _ = self.check(0, 'resume', '--all', '--json')
        self.assertEqual([json.loads(line)['event'] for line in lines], ['resumed', 'resumed'])
        self.assertEqual([r['state'] for r in self.queue()], ['queued', 'queued'])

    def test_a_finished_one_stays_finished(self):
        self.check(0, 'get', self.server.url('/a.bin', size=10))
        for command in ('pause', 'resume'):
            lines, _ = self.check(0, command, self.queue()[0]['id'])
            self.assertEqual(lines[0], 'a.bin: finished already.')
        self.assertEqual(self.queue()[0]['state'], 'done')

    def test_ids(self):
        one = self.add(self.server.url('/a.bin', size=10))
        for bad in ('', 'abc', 'zzzzzzzz', one + '0', 'x' * 1000, '\x1b[31m', '*'):
            for command in ('show', 'pause', 'resume', 'remove'):
                _, errors = self.check(1, command, bad)
                self.assert_sentence(errors)
                self.assertNotIn('\x1b', errors)
        status, lines, errors = self.run_it('pause', 'nothing', one)
        self.assertEqual((status, lines), (1, ['a.bin: paused.']))
        self.assert_sentence(errors, 'nothing')

    def test_show(self):
        url = self.server.url('/a.bin', size=1500, digest='good')
        self.check(0, 'get', url)
        one = self.queue()[0]['id']
        lines, _ = self.check(0, 'show', one[:6])
        text = '\n'.join(lines)
        for fact in (one, 'a.bin', url, self.file('a.bin'), 'finished', 'the SHA-256 that the server gave', 'History'):
            self.assertIn(fact, text)
        history = json.loads(self.check(0, 'show', one, '--json')[0][0])['history']
        self.assertGreaterEqual(len(history), 2)
        self.assertTrue(all(line['when'] > 0 and line['sentence'] for line in history))

    def test_remove(self):
        process = self.start('get', '--json', self.server.url('/a.bin', size=9000000, stall=8000000))
        process.wait_received(7 * MIB)
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.check(0, 'get', self.server.url('/b.bin', size=10))
        self.assertEqual(len(os.listdir(self.files)), 2)
        self.check(0, 'remove', '--finished')
        self.assertEqual([r['name'] for r in self.queue()], ['a.bin'])
        self.assertIn('b.bin', os.listdir(self.files), 'a finished file stays')
        lines, _ = self.check(0, 'remove', self.queue()[0]['id'])
        self.assertEqual(lines, ['a.bin: removed from the queue.'])
        self.assertEqual(self.queue(), [])
        self.assert_files('b.bin')
        self.assertEqual(self.journal('SELECT count (*) FROM transfer'), [(0,)])

    def test_another_queue(self):
        queue = '--queue=' + self.path('other', 'queue')
        self.check(0, 'get', self.server.url('/a.bin', size=10), queue)
        self.assertEqual(self.queue(), [])
        self.assertEqual(len(self.check(0, 'list', '--json', queue)[0]), 1)
        self.assertEqual(os.stat(self.path('other', 'queue')).st_mode & 0o777, 0o700)


class Together(bed.Case):
    def own(self, name='/own.bin'):
        """A get that owns the queue and is held by the server half-way."""
        owner = self.start('get', '--json', self.server.url(name, size=2 * MIB, seed=1, stall=MIB))
        owner.wait_received(MIB)
        return owner

    def test_commands_ask_the_owner(self):
        owner = self.own()
        row = self.queue()[0]
        self.assertEqual((row['state'], row['received']), ('active', MIB))
        self.assertIn('own.bin', '\n'.join(self.check(0, 'show', row['id'])[0]))
        added = self.check(0, 'add', self.server.url('/more.bin', size=5))[0][0]
        self.assertEqual([r['id'] for r in self.queue()], [row['id'], added])
        self.check(0, 'remove', added)
        self.assertEqual(len(self.queue()), 1)
        _, errors = self.check(1, 'show', 'ffffffff')
        self.assert_sentence(errors, 'ffffffff')
        lines, _ = self.check(0, 'pause', row['id'])
        self.assertEqual(lines, ['own.bin: paused.'])
        self.assertEqual(owner.wait(), 130)
        self.assertEqual(self.queue()[0]['state'], 'paused')
        self.assertEqual(os.listdir(self.path('run')), [], 'no socket is left')

    def test_removed_under_way(self):
        owner = self.own()
        self.check(0, 'remove', self.queue()[0]['id'])
        self.assertEqual(owner.wait(), 1)
        self.assertEqual(owner.events()[-1]['event'], 'removed')
        self.assert_files()

    def test_get_asks_the_owner(self):
        owner = self.own()
        url = self.server.url('/mine.bin', size=3000000, seed=2, auth='basic:me:word')
        follower = self.start('get', '--json', url, '--header=Authorization: Basic bWU6d29yZA==')
        self.assertEqual(follower.wait(), 0, follower.errors)
        self.assertEqual(follower.events()[-1]['event'], 'finished')
        self.assert_file('mine.bin', size=3000000, seed=2)
        self.assertIsNone(owner.process.poll(), 'the owner goes on')
        self.check(3, 'get', self.server.url('/none.bin', status=404))
        _, errors = self.check(1, 'get', self.server.url('/o.bin', size=1), '--output=mine.bin')
        self.assert_sentence(errors, 'not touched')
        lines, _ = self.check(0, 'get', url)
        self.assertIn('already finished', lines[-1])
        owner.signal(bed.SIGINT)
        self.assertEqual(owner.wait(), 130)

    def test_ctrl_c_of_a_follower_pauses_its_own_alone(self):
        owner = self.own()
        follower = self.start('get', '--json', self.server.url('/mine.bin', size=2000, stall=1000))
        self.server.wait_sent('/mine.bin', 1000)
        follower.signal(bed.SIGINT)
        self.assertEqual(follower.wait(), 130)
        self.assertEqual([r['state'] for r in self.queue()], ['active', 'paused'])
        self.server.ask('/_release')
        self.assertEqual(owner.wait(), 0)
        self.assert_file('own.bin', size=2 * MIB, seed=1)

    def taken_over(self, number):
        size, held = 4 * MIB, 2 * MIB
        owner = self.own()
        follower = self.start('get', '--json', self.server.url('/mine.bin', size=size, seed=2, stall=held, stalls=1))
        follower.wait_received(held)
        owner.signal(number)
        owner.wait()
        self.assertEqual(follower.wait(), 0, follower.errors)
        self.assertEqual(follower.events()[-1]['event'], 'finished')
        self.assert_file('mine.bin', size=size, seed=2)
        self.assertEqual([r['state'] for r in self.queue()], [{bed.SIGKILL: 'queued', bed.SIGINT: 'paused'}[number], 'done'])
        return self.server.sent('/mine.bin')

    def test_taken_over_when_the_owner_is_killed(self):
        self.taken_over(bed.SIGKILL)

    def test_taken_over_when_the_owner_ends(self):
        # A clean end keeps every byte.
        self.assertLessEqual(self.taken_over(bed.SIGINT), 4 * MIB + 64 * 1024)

    def test_many_followers_and_a_dead_owner(self):
        owner = self.own()
        followers = [self.start('get', '--json', self.server.url(f'/f{i}.bin', size=20000, seed=i, stall=10000, stalls=1))
                     for i in range(4)]
        for i in range(4):
            self.server.wait_sent(f'/f{i}.bin', 10000)
        owner.signal(bed.SIGKILL)
        for i, follower in enumerate(followers):
            self.assertEqual(follower.wait(), 0, follower.errors)
            self.assert_file(f'f{i}.bin', size=20000, seed=i)

    def test_all_at_once(self):
        processes = [self.start('get', self.server.url(f'/p{i}.bin', size=50000, seed=i)) for i in range(6)]
        for i, process in enumerate(processes):
            self.assertEqual(process.wait(), 0, process.errors)
            self.assert_file(f'p{i}.bin', size=50000, seed=i)
        self.assertEqual(sorted(r['state'] for r in self.queue()), ['done'] * 6)

    def test_the_same_from_two_sides(self):
        url = self.server.url('/same.bin', size=2000, stall=1000, stalls=1)
        one = self.start('get', '--json', url)
        self.server.wait_sent('/same.bin', 1000)
        two = self.start('get', '--json', url)
        two.wait_event('resumed')
        self.server.ask('/_release')
        self.assertEqual((one.wait(), two.wait()), (0, 0))
        self.assertEqual(len(self.queue()), 1)
        self.assert_files('same.bin')

    def test_an_owner_that_does_not_answer(self):
        owner = self.own()
        os.kill(owner.pid, bed.SIGSTOP)
        _, errors = self.check(1, 'list')
        self.assert_sentence(errors, 'ferryctl', str(owner.pid))
        os.kill(owner.pid, bed.SIGCONT)
        self.assertEqual(len(self.queue()), 1)

    def test_a_socket_that_a_killed_owner_left(self):
        owner = self.own()
        owner.signal(bed.SIGKILL)
        owner.wait()
        left = os.listdir(self.path('run'))
        self.assertEqual(len(left), 1)
        # Somebody else's listener there is not believed either.
        os.unlink(self.path('run', left[0]))
        with socket.socket(socket.AF_UNIX) as fake:
            fake.bind(self.path('run', left[0]))
            fake.listen()
            self.check(0, 'get', self.server.url('/b.bin', size=10))
            self.start('get', '--json', self.server.url('/c.bin', size=10, stall=5))
            self.server.wait_sent('/c.bin', 5)
            self.assertEqual(len(self.queue()), 3)


if __name__ == '__main__':
    bed.main()
