#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real receiver is told of an unfinished upload that is removed, and keeps nothing of it."""

import os
import sqlite3

import bed
import test_put


class Removed(test_put.Held):
    DISCARDED = 2

    def rows(self):
        database = sqlite3.connect(os.path.join(self.receiver.state, 'receiver.db'), timeout=bed.PATIENCE)
        try:
            return database.execute('SELECT status FROM upload').fetchall()
        finally:
            database.close()

    def everything(self):
        return os.listdir(self.receiver.inbox)

    def test_by_who_sends(self):
        """The owner of the queue sends it, and knows the token."""
        process = self.start_held()
        self.assertEqual(len(self.everything()), 1)
        self.check(0, 'remove', self.queue()[0]['id'])
        self.assertNotEqual(process.wait(), 0)
        bed.wait_until(lambda: self.rows() == [(self.DISCARDED,)], 'the receiver has heard it')
        bed.wait_until(lambda: self.everything() == [], 'its bytes are gone')
        self.assert_files('a.bin')

    def test_receiver_away(self):
        self.interrupt()
        self.receiver.stop()
        lines, errors = self.check(0, 'remove', self.queue()[0]['id'])
        self.assertEqual(errors, '')
        self.assertEqual(self.queue(), [])
        self.assert_files('a.bin')


if __name__ == '__main__':
    bed.main()
