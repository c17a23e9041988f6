#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a get ends: the status, the sentence, and what is on disk then."""

import json
import os
import socket
import time

import bed


class Outcomes(bed.Case):
    def needs_you(self, url, *words):
        _, errors = self.check(3, 'get', url)
        self.assert_sentence(errors, *words)
        self.assertFalse([name for name in os.listdir(self.files) if not name.endswith('.part')])

    def test_done(self):
        lines, errors = self.check(0, 'get', self.server.url('/one.bin', size=300000, seed=4))
        self.assertIn(self.file('one.bin'), lines[-1])
        self.assertEqual(errors, '')
        self.assert_files('one.bin')
        self.assert_file('one.bin', size=300000, seed=4)

    def test_nothing_is_a_file_too(self):
        self.check(0, 'get', self.server.url('/empty.bin', size=0))
        self.assertEqual(os.path.getsize(self.file('empty.bin')), 0)

    def test_the_same_again_is_finished_already(self):
        url = self.server.url('/one.bin', size=3000)
        self.check(0, 'get', url)
        lines, _ = self.check(0, 'get', url)
        self.assertIn('already finished', lines[-1])
        self.assertEqual(len(self.server.requests('/one.bin')), 1)
        self.assert_files('one.bin')
        os.unlink(self.file('one.bin'))
        self.check(0, 'get', url)
        self.assert_file('one.bin', size=3000)
        self.assertEqual(len(self.queue()), 1)

    def test_a_changed_file_is_kept_and_the_new_one_numbered(self):
        url = self.server.url('/one.bin', size=3000)
        self.check(0, 'get', url)
        with open(self.file('one.bin'), 'w') as file:
            file.write('mine')
        self.check(0, 'get', url)
        with open(self.file('one.bin')) as file:
            self.assertEqual(file.read(), 'mine')
        self.assertEqual(len(os.listdir(self.files)), 2)

    def test_output(self):
        url = self.server.url('/one.bin', size=3000, disposition='attachment; filename=theirs.bin')
        self.check(0, 'get', url, '--output=mine.bin')
        self.assert_files('mine.bin')
        lines, _ = self.check(0, 'get', url, '--output=mine.bin')
        self.assertIn('already finished', lines[-1])
        os.mkdir(self.file('below'))
        self.check(0, 'get', url, '--output=.hidden', '--directory=below')
        self.assertEqual(os.listdir(self.file('below')), ['.hidden'])

    def test_output_is_never_overwritten(self):
        with open(self.file('mine.bin'), 'w') as file:
            file.write('precious')
        _, errors = self.check(1, 'get', self.server.url('/one.bin', size=3000), '--output=mine.bin')
        self.assert_sentence(errors, 'mine.bin', 'not touched')
        with open(self.file('mine.bin')) as file:
            self.assertEqual(file.read(), 'precious')
        self.assertEqual(self.server.requests('/one.bin'), [])
        os.symlink('nowhere', self.file('link.bin'))
        self.check(1, 'get', self.server.url('/one.bin', size=3000), '--output=link.bin')

    def test_checksum(self):
        good = self.server.content_sha256(size=5000, seed=1)
        url = self.server.url('/sum.bin', size=5000, seed=1)
        _, errors = self.check(1, 'get', url, '--checksum=sha256:' + '0' * 64)
        self.assert_sentence(errors, good)
        self.assertNotIn('sum.bin', os.listdir(self.files))
        lines, _ = self.check(0, 'get', url, '--checksum=sha256:' + good.upper())
        self.assertIn('checksum right', lines[-1])
        self.assertEqual(len(self.server.requests('/sum.bin')), 1, 'what was there is proven, not fetched again')
        self.assert_files('sum.bin')

    def test_checksum_of_a_file_that_is_there(self):
        good = self.server.content_sha256(size=5000)
        url = self.server.url('/sum.bin', size=5000)
        self.check(0, 'get', url)
        self.check(0, 'get', url, '--checksum=' + good)
        self.check(1, 'get', url, '--checksum=' + '1' * 64)
        with open(self.file('sum.bin'), 'r+b') as file:
            file.write(b'flip')
        self.check(1, 'get', url, '--checksum=' + good)

    def test_wrong_bytes_are_fetched_anew(self):
        good = self.server.content_sha256(size=5000, seed=1)
        url = self.server.url('/other.bin', size=5000, seed=0, change_after=1)
        self.check(1, 'get', url, '--checksum=' + good)
        self.check(0, 'get', url, '--checksum=' + good)
        self.assertEqual(bed.sha256(self.file('other.bin')), good)

    def test_headers_and_credentials(self):
        url = self.server.url('/in.bin', size=100, auth='basic:user:pass word')
        self.needs_you(url, 'password')
        with_user = url.replace('http://', 'http://user:pass%20word@')
        self.check(0, 'get', with_user, '--output=a')
        self.check(0, 'get', url, '--header=Authorization: Basic dXNlcjpwYXNzIHdvcmQ=', '--output=b')
        with open(self.path('state', 'ferry', 'queue.db'), 'rb') as file:
            data = file.read()
        self.assertNotIn(b'dXNlcjpwYXNzIHdvcmQ', data, 'a secret is never stored')
        self.check(0, 'get', self.server.url('/h.bin', size=1), '--header=X-One: 1', '--header=x-two:  2 ')
        headers = self.server.requests('/h.bin')[0]['headers']
        self.assertEqual((headers['x-one'], headers['x-two'].strip()), ('1', '2'))

    def test_no_such_host(self):
        self.needs_you('http://no-such-host.invalid/file', 'no-such-host.invalid')

    def test_wrong_certificate(self):
        tls = self.start_server('--tls')
        self.assertTrue(tls.address.startswith('https://'))
        self.needs_you(tls.url('/file.bin', size=10), '127.0.0.1')
        self.assertEqual(tls.process.poll(), None)

    def test_statuses_that_need_the_person(self):
        for status in (401, 403, 404, 410):
            url = self.server.url(f'/s{status}.bin', size=10, status=status)
            self.needs_you(url, '127.0.0.1')
            self.needs_you(url, '127.0.0.1')
            self.assertEqual(len(self.server.requests(f'/s{status}.bin')), 2, 'asked again when told again')

    def test_redirect_loop(self):
        _, errors = self.check(1, 'get', self.server.url('/round.bin', redirect='self'))
        self.assert_sentence(errors)

    def test_login_page(self):
        url = self.server.url('/file.zip', size=1000, html=1)
        with open(self.file('file.zip'), 'w') as file:
            file.write('precious')
        _, errors = self.check(3, 'get', url)
        self.assert_sentence(errors, 'web page', '--web-page')
        self.assertEqual(sorted(n for n in os.listdir(self.files) if not n.endswith('.part')), ['file.zip'])
        self.check(0, 'get', url, '--web-page')
        with open(self.file('file.zip')) as file:
            self.assertEqual(file.read(), 'precious')
        self.assertEqual(len(os.listdir(self.files)), 2)

    def wait_then_interrupt(self, url, *words):
        process = self.start('get', '--json', url)
        event = process.wait_event('waiting')
        for word in words:
            self.assertIn(word, event['error'])
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        self.assertEqual(process.events()[-1]['event'], 'paused')
        self.assertEqual(self.queue()[-1]['state'], 'paused')

    def test_refused_waits(self):
        with socket.socket() as unused:
            unused.bind(('127.0.0.1', 0))
            port = unused.getsockname()[1]
        self.wait_then_interrupt(f'http://127.0.0.1:{port}/file', '127.0.0.1')

    def test_busy_waits(self):
        for status in (500, 503):
            self.wait_then_interrupt(self.server.url(f'/busy{status}', size=1, status=status), '127.0.0.1')

    def test_a_fault_that_passes(self):
        lines, _ = self.check(0, 'get', self.server.url('/soon.bin', size=2000, status=503, times=1))
        self.assertTrue(any('again' in line for line in lines), lines)
        self.assert_file('soon.bin', size=2000)

    def test_retry_after_is_kept(self):
        url = self.server.url('/later.bin', size=2000, status=429, times=1, retry_after=3)
        begun = time.monotonic()
        self.check(0, 'get', url)
        self.assertGreaterEqual(time.monotonic() - begun, 3)
        self.assertEqual(len(self.server.requests('/later.bin')), 2)

    def test_hostile_names(self):
        names = ['../../escape', '/etc/passwd', '..', '.', '', 'a/../../b', 'C:\\windows\\x', '\x1b[31mred',
                 'line\nbreak', 'n' * 4000 + '.tar.gz', 'invoice\u202egpj.exe', '.bashrc', '-rf', ' ']
        for number, name in enumerate(names):
            url = self.server.url(f'/n{number}', size=number + 1,
                                  disposition='attachment; filename="' + name.replace('\\', '\\\\') + '"')
            process = self.start('get', '--json', url)
            self.assertEqual(process.wait(), 0, (name, process.errors))
            event = process.events('finished')[0]
            self.assertEqual(os.path.dirname(event['path']), self.files, name)
            found = os.path.basename(event['path'])
            self.assertTrue(os.path.isfile(event['path']), name)
            self.assertFalse(found.startswith(('.', ' ')), found)
            self.assertLessEqual(len(os.fsencode(found)), 255)
            self.assertTrue(found.isprintable(), repr(found))
        self.assertEqual(len(os.listdir(self.files)), len(names))
        self.assertEqual(sorted(os.listdir(self.root)), ['files', 'home', 'run', 'state'])
        lines, _ = self.check(0, 'list')
        self.assertTrue(all(line.replace('\xa0', ' ').isprintable() for line in lines))

    def test_the_worst_of_several_counts(self):
        good = self.server.url('/good.bin', size=10)
        missing = self.server.url('/missing.bin', status=404)
        loop = self.server.url('/loop.bin', redirect='self')
        stalled = self.server.url('/stalled.bin', size=1000, stall=500)
        self.check(3, 'get', good, missing)
        self.check(1, 'get', good, missing, loop)
        self.assert_file('good.bin', size=10)
        process = self.start('get', '--json', good, missing, loop, stalled)
        process.wait_event('failed')
        process.wait_event('needs-you')
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)

    def test_the_same_address_twice(self):
        url = self.server.url('/twice.bin', size=10)
        self.check(0, 'get', url, url)
        self.assert_files('twice.bin')
        self.assertEqual(len(self.server.requests('/twice.bin')), 1)

    def test_many(self):
        urls = [self.server.url(f'/m{i}.bin', size=1000 + i) for i in range(40)]
        self.check(0, 'get', *urls)
        for i in range(40):
            self.assertEqual(os.path.getsize(self.file(f'm{i}.bin')), 1000 + i)

    def test_the_queue_cannot_be_used(self):
        _, errors = self.check(1, 'list', '--queue=/dev/null/queue')
        self.assert_sentence(errors)
        os.mkdir(self.path('state', 'ferry'))
        os.mkdir(self.path('state', 'ferry', 'lock'))
        _, errors = self.check(1, 'get', self.server.url('/a', size=1))
        self.assert_sentence(errors)
        self.assert_files()

    def test_a_damaged_list_is_set_apart(self):
        os.mkdir(self.path('state', 'ferry'))
        with open(self.path('state', 'ferry', 'queue.db'), 'wb') as file:
            file.write(b'this is no database' * 1000)
        _, errors = self.check(0, 'get', self.server.url('/a.bin', size=1))
        self.assert_sentence(errors, 'damaged')
        self.assertTrue([n for n in os.listdir(self.path('state', 'ferry')) if 'damaged' in n])
        self.assertEqual(json.loads(self.check(0, 'list', '--json')[0][0])['state'], 'done')


if __name__ == '__main__':
    bed.main()
