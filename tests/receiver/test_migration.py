#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database that an older receiver left: everything in it goes on as it was."""

import os
import re
import sqlite3
import time

import bed

OPEN = bytes(range(256)) * 40
FINISHED = b'finished' * 1000
FIXTURE = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'fixtures', 'receiver-v1.sql')


class Migration(bed.Case):
    def setUp(self):
        super().setUp()
        with open(FIXTURE, encoding='utf-8') as file:
            script = file.read().replace('@INBOX@', self.path('inbox'))
        self.ids = re.findall(r"VALUES\(\d,'([0-9a-f]{32})'", script)
        os.mkdir(self.path('state'), 0o700)
        with open(self.path('inbox', 'finished'), 'wb') as file:
            file.write(FINISHED)
        with open(self.path('inbox', f'.{self.ids[0]}.ferry-part'), 'wb') as file:
            file.write(OPEN[:4096] + bytes(4096) + OPEN[8192:])
        info = os.stat(self.path('inbox', 'finished'))
        database = sqlite3.connect(self.path('state', 'receiver.db'))
        with database:
            database.executescript(script)
            database.execute('UPDATE upload SET touched = ?', (int(time.time()),))
            database.execute('UPDATE upload SET stamp_inode = ?, stamp_size = ?, stamp_mtime = ? WHERE published IS NOT NULL',
                             (info.st_ino, info.st_size, info.st_mtime_ns))
        self.before = database.execute('SELECT * FROM upload').fetchall()
        database.close()

    def test_goes_on(self):
        receiver = self.start()
        self.assertEqual(receiver.rows('PRAGMA user_version'), [(2,)])
        self.assertEqual(receiver.rows('PRAGMA foreign_key_check'), [])
        self.assertIn('receiver.db.before-v1', os.listdir(receiver.state))
        n = len(self.before[0])
        self.assertEqual([row[:n] for row in receiver.rows('SELECT * FROM upload')], self.before)
        self.assertEqual(receiver.rows('SELECT DISTINCT transport, store, multipart, completing, proof, etag, cleaning FROM upload'),
                         [(0, None, None, 0, 0, None, 0)])
        opened, finished, discarded = self.ids
        answer = receiver.initiate('open', len(OPEN), key='key-open', sha256=bed.sha256(OPEN))
        self.assertEqual((answer.status, answer.json['uploadId'], answer.json['transport']), (201, opened, 'direct'))
        upload = bed.Upload(receiver, answer.json, OPEN)
        self.assertEqual(upload.received(), {0, 2})
        upload.put_all([1])
        answer = upload.complete(sha256=bed.sha256(OPEN))
        self.assertEqual((answer.status, answer.json['sha256']), (200, bed.sha256(OPEN)))
        self.assertEqual(receiver.ask('GET', f'/files/{finished}/finished').body, FINISHED)
        self.assert_problem(receiver.status(discarded), 410, 'gone')
        self.assertEqual(receiver.ask('DELETE', '/uploads/' + finished).status, 409)
        receiver.stop()
        self.assertEqual(receiver.complaints(), '')
        self.assertEqual(self.start().status(opened).json['status'], 'complete')


if __name__ == '__main__':
    bed.main()
