# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of uploads to a store stand on: ferryctl put, and a broker and a store that are played."""

import os
import threading

import bed
from broker_fake import BrokerFake

CHUNK = 64 * 1024
N_CHUNKS = 12
SIZE = N_CHUNKS * CHUNK - 1000


class Case(bed.Case):
    chunk_size = CHUNK

    def play(self, **options):
        self.broker = BrokerFake(options.pop('chunk_size', self.chunk_size), **options)
        self.addCleanup(self.broker.close)
        with open(self.path('token'), 'w', encoding='ascii') as file:
            file.write(self.broker.token)
        return self.broker

    def setUp(self):
        super().setUp()
        self.play()
        self.make(SIZE)

    def tearDown(self):
        self.assertEqual(self.broker.violations, [], 'only what was signed goes to the store')
        super().tearDown()

    def make(self, size, name='a.bin'):
        with open(self.file(name), 'wb') as file:
            file.write(os.urandom(size))

    def fault(self, *faults):
        self.broker.faults.extend(faults)

    def put(self, name='a.bin', *arguments):
        return self.start('put', name, '--json', f'--to={self.broker.address}', f'--token-file={self.path("token")}',
                          *arguments)

    def history(self):
        return '\n'.join(self.check(0, 'show', self.queue()[0]['id'])[0])

    def assert_finished(self, process, verified='store-sha256', name='a.bin'):
        """It ends well, and the store has what is here."""
        self.assertEqual(process.wait(), 0, f'{process.lines[-2:]} {process.errors}')
        with open(self.file(name), 'rb') as file:
            content = file.read()
        self.assertTrue(self.broker.objects[name] == content, 'the object is the file')
        last = process.events('finished')[0]
        self.assertEqual((last['verified'], last['received'], last['size']), (verified, len(content), len(content)))
        self.assertEqual(last['sha256'], bed.sha256(self.file(name)) if verified == 'store-sha256' else None)
        self.assertTrue(last['link'].startswith(self.broker.address + '/files/'), last['link'])

    def assert_times(self, times=None):
        """How often each chunk was stored: once, where nothing else is said."""
        self.assertEqual(self.broker.times(N_CHUNKS), [(times or {}).get(n, 1) for n in range(N_CHUNKS)])

    def assert_ends(self, status, *words):
        process = self.put()
        self.assertEqual(process.wait(), status, f'{process.lines[-2:]} {process.errors}')
        self.assert_sentence(process.errors, *words)
        return process

    def assert_waits(self, *words):
        process = self.put()
        event = process.wait_event('waiting')
        for word in words:
            self.assertIn(word, event['error'])
        return process

    def cure(self, process, verified='store-sha256'):
        """What was wrong is over, and it goes on by itself."""
        self.broker.faults.clear()
        self.assert_finished(process, verified)


class Gate:
    """For a fault's act: those who come wait until it is opened."""

    def __init__(self):
        self.open = threading.Event()

    def __call__(self):
        self.open.wait(bed.PATIENCE)
