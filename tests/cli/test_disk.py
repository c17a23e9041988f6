#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that are missing, read-only, full or taken away."""

import os
import shutil
import subprocess

import bed

MIB = 1024 * 1024
NOBODY = 65534


class Disk(bed.Case):
    def as_nobody(self):
        """Root may write anywhere: what shall be forbidden is tried as somebody else."""
        if os.geteuid() != 0:
            return
        if shutil.which('setpriv') is None:
            self.skipTest('root may write anywhere, and setpriv is not there to become somebody else')
        program = self.path('ferryctl')
        shutil.copy(bed.FERRYCTL, program)
        os.chmod(program, 0o755)
        for name in ('home', 'run', 'state', 'files'):
            os.chown(self.path(name), NOBODY, NOBODY)
        original = bed.FERRYCTL
        wrapper = self.path('as-nobody')
        with open(wrapper, 'w') as file:
            file.write(f'#!/bin/sh\nexec setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups {program} "$@"\n')
        os.chmod(wrapper, 0o755)
        bed.FERRYCTL = wrapper
        self.addCleanup(setattr, bed, 'FERRYCTL', original)

    def test_read_only_folder(self):
        self.as_nobody()
        os.chmod(self.files, 0o555)
        url = self.server.url('/a.bin', size=1000)
        _, errors = self.check(3, 'get', url, '--directory=' + self.files)
        self.assert_sentence(errors, self.files)
        self.assert_files()
        os.chmod(self.files, 0o755)
        self.check(0, 'get', url, '--directory=' + self.files)
        self.assert_file('a.bin', size=1000)

    def test_read_only_queue(self):
        self.as_nobody()
        os.chmod(self.path('state'), 0o555)
        _, errors = self.check(1, 'get', self.server.url('/a.bin', size=1000))
        self.assert_sentence(errors)
        self.assert_files()

    def test_no_runtime_folder(self):
        self.as_nobody()
        os.chmod(self.path('run'), 0o555)
        self.check(0, 'get', self.server.url('/a.bin', size=1000))
        self.assert_file('a.bin', size=1000)

    def mount(self, kib):
        place = self.path('small')
        os.mkdir(place)
        if os.geteuid() != 0:
            self.skipTest('only root can mount a small file system to fill')
        done = subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size={kib}k', 'tmpfs', place], capture_output=True)
        if done.returncode != 0:
            self.skipTest('a small file system cannot be mounted here: ' + done.stderr.decode().strip())
        self.addCleanup(subprocess.run, ['umount', '-l', place], check=True)
        return place

    def test_full(self):
        place = self.mount(2048)
        with open(os.path.join(place, 'hog'), 'wb') as file:
            file.write(b'x' * MIB)
        process = self.start('get', '--json', self.server.url('/a.bin', size=3 * MIB // 2), '--directory=' + place)
        event = process.wait_event('waiting')
        self.assertIn('room', event['error'])
        os.unlink(os.path.join(place, 'hog'))
        self.assertEqual(process.wait(), 0, process.errors)
        self.assertEqual(bed.sha256(os.path.join(place, 'a.bin')), self.server.content_sha256(size=3 * MIB // 2))

    def test_full_queue(self):
        place = self.mount(64)
        with open(os.path.join(place, 'hog'), 'wb', buffering=0) as file:
            try:
                while True:
                    file.write(b'x' * 4096)
            except OSError:
                pass
        _, errors = self.check(1, 'get', self.server.url('/a.bin', size=1), '--queue=' + place + '/queue')
        self.assert_sentence(errors)

    def test_folder_taken_away_under_way(self):
        folder = self.file('stick')
        os.mkdir(folder)
        url = self.server.url('/a.bin', size=2 * MIB, stall=MIB, stalls=1)
        process = self.start('get', '--json', url, '--directory=stick')
        process.wait_received(MIB)
        process.signal(bed.SIGINT)
        self.assertEqual(process.wait(), 130)
        os.rename(folder, self.file('elsewhere'))
        _, errors = self.check(2, 'get', url, '--directory=stick')
        self.assert_sentence(errors, 'stick')
        os.rename(self.file('elsewhere'), folder)
        self.check(0, 'get', url, '--directory=stick')
        self.assert_file('stick/a.bin', size=2 * MIB)
        self.assertLessEqual(self.server.sent('/a.bin'), 2 * MIB + 64 * 1024)

    def test_the_same_folder_by_another_way(self):
        os.mkdir(self.file('real'))
        os.symlink('real', self.file('link'))
        url = self.server.url('/a.bin', size=10)
        self.check(0, 'get', url, '--directory=link')
        for way in ('real', 'real/../link/.', self.file('real')):
            lines, _ = self.check(0, 'get', url, '--directory=' + way)
            self.assertIn('already finished', lines[-1])


if __name__ == '__main__':
    bed.main()
