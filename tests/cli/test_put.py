#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ferryctl put against a real receiver: sent whole, interrupted in every way, and never a confirmed chunk twice."""

import json
import os
import sqlite3

import bed
from chunk_proxy import ChunkProxy
from receiver_process import ReceiverProcess

CHUNK = 256 * 1024
N_CHUNKS = 12
SIZE = N_CHUNKS * CHUNK - 1000


class Case(bed.Case):
    def setUp(self):
        super().setUp()
        self.env.pop('FERRY_TOKEN', None)
        self.receiver = ReceiverProcess(os.environ['FERRY_RECEIVER'], self.path('receiver'), self.env,
                                        f'--chunk-size={CHUNK}')
        self.receiver.start()
        self.addCleanup(self.receiver.stop)

    def make(self, name, size=SIZE):
        with open(self.file(name), 'wb') as file:
            file.write(os.urandom(size))
        return name

    def to(self, address=None):
        return [f'--to={address or self.receiver.address}', f'--token-file={self.receiver.token_file}']

    def assert_sent(self, name, there=None):
        self.assertEqual(bed.sha256(self.receiver.path(there or name)), bed.sha256(self.file(name)), name)


class Sending(Case):
    def test_sent(self):
        self.make('a.bin')
        lines, errors = self.check(0, 'put', 'a.bin', *self.to())
        self.assertRegex(lines[-1], r'^a\.bin: sent, 3\.1\sMB: http://127\.0\.0\.1:\d+/files/\S+/a\.bin$')
        self.assertEqual(errors, '')
        self.assert_sent('a.bin')
        self.assert_files('a.bin')
        again, _ = self.check(0, 'put', './a.bin', *self.to())
        self.assertRegex(again[-1], r'^a\.bin: already sent: http')
        self.assertEqual(self.receiver.files(), ['a.bin'])
        link = again[-1].split(': ', 2)[2]
        header = '--header=Authorization: Bearer ' + self.receiver.token
        self.check(0, 'get', link, '--output=back.bin', header)
        self.assertEqual(bed.sha256(self.file('back.bin')), bed.sha256(self.file('a.bin')))

    def test_stopped_while_compared(self):
        """Whether the file is still what was sent takes as long as reading it: Ctrl+C is not kept waiting"""
        self.make('a.bin')
        self.check(0, 'put', 'a.bin', *self.to())
        self.pretend_size('a.bin', 1 << 40)
        process = self.start('put', 'a.bin', '--json', *self.to())
        bed.wait_until(lambda: self.bytes_read(process) > 64 * 1024 * 1024, 'the file is being read')
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertEqual([event['event'] for event in process.events()], ['interrupted'])
        self.assertEqual([t['state'] for t in self.queue()], ['done'])

    def pretend_size(self, name, size):
        """As if a file of that many bytes had been sent."""
        os.truncate(self.file(name), size)
        database = sqlite3.connect(self.path('state', 'ferry', 'queue.db'))
        with database:
            database.execute('UPDATE transfer SET size = ?, confirmed = ?', (size, size))
        database.close()

    @staticmethod
    def bytes_read(process):
        with open(f'/proc/{process.pid}/io') as io:
            return int(io.readline().split()[1])

    def test_several_and_nothing(self):
        names = [self.make('a.bin', 1), self.make('b.bin', CHUNK), self.make('ü ü.bin', CHUNK + 1), self.make('empty', 0)]
        lines, _ = self.check(0, 'put', *names, 'a.bin', *self.to())
        self.assertEqual(len([line for line in lines if ': sent, ' in line]), 4)
        self.assertEqual(self.receiver.files(), sorted(names))
        for name in names:
            self.assert_sent(name)

    def test_json(self):
        self.make('a.bin')
        lines, _ = self.check(0, 'put', 'a.bin', '--json', *self.to())
        events = [json.loads(line) for line in lines]
        self.assertEqual((events[0]['event'], events[-1]['event']), ('added', 'finished'))
        self.assertIsNone(events[0]['link'])
        last = events[-1]
        self.assertEqual((last['direction'], last['source'], last['size'], last['received'], last['sha256']),
                         ('upload', self.file('a.bin'), SIZE, SIZE, bed.sha256(self.file('a.bin'))))
        self.assertTrue(last['link'].startswith(self.receiver.address))

    def test_list_and_show(self):
        self.make('a.bin')
        self.check(0, 'put', 'a.bin', *self.to())
        self.check(0, 'get', self.server.url('/down.bin', size=3))
        lines, _ = self.check(0, 'list')
        self.assertEqual([line.split()[1] for line in lines[1:]], ['↑', '↓'])
        text = '\n'.join(self.check(0, 'show', self.queue()[0]['id'])[0])
        for fact in (self.file('a.bin'), self.receiver.address, self.queue()[0]['link'], 'Receiver', 'Source',
                     'the receiver has the same SHA-256'):
            self.assertIn(fact, text)
        down = self.queue()[1]
        self.assertEqual((down['direction'], down['source'], down['link']),
                         ('download', None, self.server.url('/down.bin', size=3)))

    def test_a_finished_file_that_changed_is_sent_anew(self):
        self.make('a.bin')
        self.check(0, 'put', 'a.bin', *self.to())
        first = bed.sha256(self.file('a.bin'))
        self.make('a.bin')
        self.check(0, 'put', 'a.bin', *self.to())
        self.assertEqual(bed.sha256(self.receiver.path('a.bin')), first, 'what was received stays')
        self.assert_sent('a.bin', 'a (1).bin')

    def test_downloads_and_uploads_do_not_meet(self):
        self.make('a.bin')
        self.check(0, 'put', 'a.bin', *self.to())
        before = self.queue()
        self.check(3, 'get', self.receiver.address)
        self.assertEqual(self.queue()[:1], before)
        self.assertEqual([r['direction'] for r in self.queue()], ['upload', 'download'])
        self.check(0, 'put', 'a.bin', *self.to())
        self.assertEqual(len(self.queue()), 2)


class Refused(Case):
    def refuse(self, *arguments, words=()):
        lines, errors = self.check(2, 'put', *arguments)
        self.assertEqual(lines, [])
        self.assert_sentence(errors, *words)
        self.assertEqual(self.receiver.files(), [])

    def test_usage(self):
        self.make('a.bin', 10)
        os.mkfifo(self.file('pipe'))
        os.mkdir(self.file('folder'))
        self.refuse(words=['FILE'])
        self.refuse('folder', *self.to(), words=['folder'])
        self.refuse('a.bin', 'folder', *self.to(), words=['folder'])
        self.refuse('pipe', *self.to(), words=['pipe'])
        self.refuse('', *self.to())
        self.refuse('a.bin/', *self.to())
        self.refuse('nowhere/a.bin', *self.to(), words=['nowhere'])
        for address in ('ftp://h/', 'http://me:word@127.0.0.1/', 'http://127.0.0.1/?a=b'):
            self.refuse('a.bin', *self.to(address))
        self.refuse('a.bin', '--to=', words=['address'])
        self.assertFalse(os.path.exists(self.path('state', 'ferry')), 'no queue is made')
        self.refuse('a.bin', words=['--to'])
        self.refuse('a.bin', *self.to('not an address'), words=['not an address', 'destination list'])
        self.refuse('missing.bin', *self.to(), words=['missing.bin'])
        self.assertEqual(self.queue(), [])

    def test_token_files(self):
        self.make('a.bin', 10)
        to = f'--to={self.receiver.address}'
        for name, content in (('none', None), ('empty', b''), ('blank', b'  \n' + self.receiver.token.encode()),
                              ('two words', b'to ken\n'), ('long', b'x' * 5000), ('odd', b'\xff\xfe\n')):
            with self.subTest(name=name):
                if content is not None:
                    with open(self.file(name), 'wb') as file:
                        file.write(content)
                self.refuse('a.bin', to, f'--token-file={name}', words=[name])
        self.refuse('a.bin', to, f'--token-file={self.files}', words=[self.files])
        self.env['FERRY_TOKEN'] = 'to ken'
        self.refuse('a.bin', to, words=['FERRY_TOKEN'])

    def test_wrong_token_and_right_one(self):
        self.make('a.bin', 10)
        to = f'--to={self.receiver.address}'
        _, errors = self.check(3, 'put', 'a.bin', to)
        self.assert_sentence(errors, 'token', '--token-file', 'FERRY_TOKEN')
        self.env['FERRY_TOKEN'] = 'wrong'
        self.check(3, 'put', 'a.bin', to)
        self.assertEqual(self.receiver.files(), [])
        self.env['FERRY_TOKEN'] = f' {self.receiver.token}\n'
        self.check(0, 'put', 'a.bin', to)
        with open(self.file('padded'), 'w', encoding='ascii') as file:
            file.write(f'\t{self.receiver.token} \r\nmore\n')
        self.env['FERRY_TOKEN'] = 'wrong'
        self.make('b.bin', 10)
        self.check(0, 'put', 'b.bin', to, '--token-file=padded')
        self.assertEqual(self.receiver.files(), ['a.bin', 'b.bin'])

    def test_no_receiver(self):
        self.make('a.bin')
        self.receiver.stop()
        process = self.start('put', 'a.bin', '--json', *self.to())
        process.wait_event('waiting')
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.receiver.start()
        self.check(0, 'put', 'a.bin', *self.to())
        self.assert_sent('a.bin')

    def test_not_a_receiver(self):
        self.make('a.bin', 10)
        _, errors = self.check(1, 'put', 'a.bin', *self.to(self.server.url('/nothing')))
        self.assert_sentence(errors)


class Held(Case):
    HELD = 5

    def setUp(self):
        super().setUp()
        self.through = []  # chunks whose 200 the client got
        self.limit = None  # how many may get through
        self.proxy = ChunkProxy(self.receiver.port)
        self.proxy.on_answer = self.let_through
        self.proxy.start()
        self.addCleanup(self.proxy.stop)

    def let_through(self, request, status):
        def is_let_through():
            if self.limit is not None and len(self.through) >= self.limit:
                return False
            self.through.append(request.chunk)
            return True
        if request.chunk is not None and status == 200:
            self.proxy.hold(is_let_through)

    def hold_after(self, n):
        self.limit = None if n is None else len(self.through) + n
        self.proxy.nudge()

    def start_held(self, name='a.bin'):
        """A put of which HELD chunks are confirmed; the proxy keeps the other answers to itself."""
        self.make(name)
        self.hold_after(self.HELD)
        process = self.start('put', name, '--json', *self.to(self.proxy.address))
        process.wait_event('added')
        held = [(self.HELD * CHUNK,)]
        bed.wait_until(lambda: self.journal('SELECT confirmed FROM transfer') == held, 'the journal')
        return process

    def interrupt(self, name='a.bin'):
        process = self.start_held(name)
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        last = process.events()[-1]
        self.assertEqual((last['event'], last['state']), ('paused', 'paused'))
        self.assertEqual(last['received'], self.HELD * CHUNK)
        self.hold_after(None)

    def go_on(self, status=0, *arguments):
        return self.check(status, 'put', 'a.bin', *arguments, *self.to(self.proxy.address))

    def assert_none_twice(self):
        """No chunk whose 200 had come is sent again."""
        puts = [put.chunk for put in self.proxy.puts()]
        self.assertEqual(sorted(set(puts)), list(range(N_CHUNKS)))
        for chunk in self.through[:self.HELD]:
            self.assertEqual(puts.count(chunk), 1, f'chunk {chunk} in {puts}')


class Resume(Held):
    def test_ctrl_c(self):
        self.interrupt()
        lines, _ = self.go_on()
        self.assertIn('going on at', lines[0])
        self.assert_sent('a.bin')
        self.assert_none_twice()

    def test_killed(self):
        process = self.start_held()
        process.signal(bed.SIGKILL)
        process.wait()
        self.hold_after(None)
        self.go_on()
        self.assert_sent('a.bin')
        self.assert_none_twice()

    def test_receiver_killed(self):
        process = self.start_held()
        self.receiver.kill()
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.receiver.start()
        self.hold_after(None)
        self.go_on()
        self.assert_sent('a.bin')
        self.assert_none_twice()

    def test_touched_is_not_changed(self):
        self.interrupt()
        os.utime(self.file('a.bin'), (1, 1))
        self.go_on()
        self.assert_sent('a.bin')
        self.assert_none_twice()

    def change(self):
        with open(self.file('a.bin'), 'r+b') as file:
            file.write(os.urandom(SIZE))

    def test_changed(self):
        self.interrupt()
        self.change()
        for _ in range(2):
            _, errors = self.go_on(3)
            self.assert_sentence(errors, 'a.bin', 'changed', '--again')
        self.assertEqual(self.receiver.files(), [])
        self.go_on(0, '--again')
        self.assert_sent('a.bin')
        self.assertEqual(len(self.queue()), 1)

    def test_changed_and_known_to_be(self):
        self.interrupt()
        self.change()
        self.go_on(0, '--again')
        self.assert_sent('a.bin')

    def test_again_goes_on_with_what_did_not_change(self):
        self.interrupt()
        self.go_on(0, '--again')
        self.assert_none_twice()

    def test_gone(self):
        self.interrupt()
        os.rename(self.file('a.bin'), self.path('away'))
        _, errors = self.go_on(3)
        self.assert_sentence(errors, 'a.bin', 'not there')
        os.rename(self.path('away'), self.file('a.bin'))
        self.go_on()
        self.assert_sent('a.bin')
        self.assert_none_twice()

    def test_remove_leaves_the_source(self):
        self.interrupt()
        self.check(0, 'remove', self.queue()[0]['id'])
        self.assert_files('a.bin')
        self.go_on()
        self.check(0, 'remove', '--finished')
        self.assertEqual(self.queue(), [])
        self.assert_files('a.bin')
        self.assert_sent('a.bin')

    def assert_token_is_nowhere(self, process=None):
        token = self.receiver.token.encode()
        for folder, _, names in os.walk(self.path('state')):
            for name in names:
                with open(os.path.join(folder, name), 'rb') as file:
                    self.assertFalse(token in file.read(), name)
        if process is not None:
            with open(f'/proc/{process.pid}/cmdline', 'rb') as file:
                self.assertNotIn(token, file.read())

    def test_the_token_is_stored_nowhere(self):
        process = self.start_held()
        self.assertIn('queue.db-wal', os.listdir(self.path('state', 'ferry')))
        self.assert_token_is_nowhere(process)
        process.signal(bed.SIGKILL)
        process.wait()
        self.assert_token_is_nowhere()
        self.assertEqual(process.errors, '')
        self.assertNotIn(self.receiver.token, '\n'.join(process.lines))
        self.hold_after(None)
        self.go_on()
        self.assert_token_is_nowhere()


class Together(Held):
    """While another ferryctl has the queue."""

    def test_put_asks_a_get(self):
        owner = self.start('get', '--json', self.server.url('/big.bin', size=9000000, stall=5000000))
        owner.wait_received(4000000)
        self.make('b.bin')
        lines, _ = self.check(0, 'put', 'b.bin', *self.to())
        self.assertIn(': sent, ', lines[-1])
        self.assert_sent('b.bin')
        self.check(3, 'put', self.make('c.bin', 3), f'--to={self.receiver.address}')
        self.check(0, 'put', 'c.bin', *self.to())
        self.assertIsNone(owner.process.poll())
        self.server.ask('/_release')
        self.assertEqual(owner.wait(), 0)
        self.assertNotIn('upload', [event['direction'] for event in owner.events()])

    def test_get_and_put_ask_a_put(self):
        owner = self.start_held()
        self.check(0, 'get', self.server.url('/d.bin', size=10))
        self.check(0, 'put', self.make('b.bin'), *self.to())
        follower = self.start('put', 'a.bin', '--json', *self.to(self.proxy.address))
        follower.wait_event('resumed')
        # The owner goes: who follows takes over, with the token it was given.
        owner.signal(bed.SIGKILL)
        owner.wait()
        self.hold_after(None)
        self.assertEqual(follower.wait(), 0, follower.errors)
        self.assert_sent('a.bin')
        self.assert_none_twice()


if __name__ == '__main__':
    bed.main()
