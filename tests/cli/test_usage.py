#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line itself: help, and all that ends with status 2 before anything is touched."""

import os
import subprocess

import bed


class Usage(bed.Case):
    def refuse(self, *arguments, words=()):
        lines, errors = self.check(2, *arguments)
        self.assertEqual(lines, [])
        self.assert_sentence(errors, *words)
        self.assert_files()
        self.assertFalse(os.path.exists(self.path('state', 'ferry')), 'no queue is made')

    def test_help(self):
        lines, errors = self.check(0, '--help')
        for command in ('get', 'put', 'list', 'show', 'add', 'pause', 'resume', 'remove', 'help'):
            self.assertTrue(any(line.startswith(f'  {command} ') for line in lines), command)
        self.assertEqual(errors, '')
        self.assertEqual(self.check(0, 'help')[0], lines)
        for command, option in (('get', '--output=FILE'), ('put', '--token-file=FILE'), ('add', '--paused'), ('remove', '--finished')):
            by_help = self.check(0, 'help', command)[0]
            self.assertIn(f'  ferryctl {command} [OPTION…]', ' '.join(by_help))
            self.assertIn(option, ' '.join(by_help))
            self.assertEqual(self.check(0, command, '--help')[0], by_help)

    def test_version(self):
        lines, _ = self.check(0, '--version')
        self.assertRegex(lines[0], r'^ferryctl \d+\.\d+')

    def test_commands(self):
        self.refuse()
        self.refuse('fetch', words=['fetch'])
        self.refuse('help', 'fetch', words=['fetch'])
        self.refuse('list', '--bogus')
        self.refuse('list', 'more')
        self.refuse('get')
        self.refuse('show')
        self.refuse('pause')
        self.refuse('remove', '--all', '--finished')
        self.refuse('remove', '--all', 'abcd')

    def test_addresses(self):
        self.refuse('get', 'not a url', words=['not a url'])
        self.refuse('get', '', words=['address'])
        self.refuse('get', 'http://', words=['http://'])
        self.refuse('get', 'gopher://example.org/x', words=['gopher'])
        self.refuse('get', 'file:///etc/passwd', words=['file'])
        self.refuse('add', 'magnet:?xt=urn:btih:1', words=['magnet'])
        self.refuse('get', self.server.url('/good', size=1), 'not a url')

    def test_options(self):
        url = self.server.url('/a', size=1)
        self.refuse('get', url, '--output=-', words=['standard output'])
        self.refuse('get', url, '--output=')
        self.refuse('get', url, '--output=..')
        self.refuse('get', url, '--output=new/')
        self.refuse('get', url, f'--output={self.root}', words=['folder'])
        self.refuse('get', url, '--output=' + 'n' * 256, words=['255'])
        self.refuse('get', url, '--output=nowhere/file', words=['nowhere'])
        self.refuse('get', url, url + '&seed=1', '--output=one')
        self.refuse('get', url, '--directory=nowhere', words=['nowhere'])
        self.refuse('get', url, '--directory=/etc/hostname', words=['not a folder'])
        self.refuse('get', url, '--checksum=md5:d41d8cd98f00b204e9800998ecf8427e', words=['SHA-256'])
        self.refuse('get', url, '--checksum=sha256:12', words=['SHA-256'])
        self.refuse('get', url, url + '&seed=1', '--checksum=' + '0' * 64)
        self.refuse('get', url, '--header=no colon here')
        self.refuse('get', url, '--header=Range: bytes=0-1')
        self.refuse('get', url, '--header=X-A: b\r\nX-C: d')

    def test_bytes_that_are_not_text(self):
        for arguments in ([b'get', b'http://h/\xff\x1b[31m', b'--output=\xff\xfe'],
                          [b'get', b'\x1b]0;title\x07'],
                          [b'\x1b[2J'],
                          [b'list', b'--queue']):
            done = subprocess.run([bed.FERRYCTL.encode(), *arguments], env=self.env, cwd=self.files,
                                  capture_output=True, timeout=bed.PATIENCE)
            self.assertEqual(done.returncode, 2, done)
            self.assertTrue(done.stderr.startswith(b'ferryctl: '), done.stderr)
            for bad in (b'\x1b', b'\x07', b'\xff'):
                self.assertNotIn(bad, done.stdout + done.stderr)
            (done.stdout + done.stderr).decode('utf-8')


if __name__ == '__main__':
    bed.main()
