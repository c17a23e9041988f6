#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""ferryctl destination, and put by name, against a real receiver; alone and while another process owns the queue."""

import json
import os
import sqlite3

import bed
import keyring
from receiver_process import ReceiverProcess


class Case(bed.Case):
    def setUp(self):
        super().setUp()
        self.env.pop('FERRY_TOKEN', None)
        self.receiver = ReceiverProcess(os.environ['FERRY_RECEIVER'], self.path('receiver'), self.env)
        self.receiver.start()
        self.addCleanup(self.receiver.stop)
        self.use_keyring()

    def use_keyring(self):
        if keyring.is_installed():
            self.env['SECRET_BACKEND'] = 'service'
            keyring.Keyring(self)
        elif bed.SANITIZED:
            self.skipTest('gnome-keyring-daemon is not installed, and libsecret leaks where it keeps secrets in a file')
        else:
            self.env.update(SECRET_BACKEND='file', SECRET_FILE_TEST_PATH=self.path('test.keyring'),
                            SECRET_FILE_TEST_PASSWORD='test-password')

    def use_no_keyring(self):
        self.env.update(SECRET_BACKEND='service', DBUS_SESSION_BUS_ADDRESS='disabled:')

    def add(self, name, *options, address=None, token=True):
        given = [f'--token-file={self.receiver.token_file}'] if token else []
        return self.check(0, 'destination', 'add', name, address or self.receiver.address, *given, *options)

    def list(self):
        lines, errors = self.check(0, 'destination', 'list', '--json')
        self.assertEqual(errors, '')
        return [json.loads(line) for line in lines]

    def names(self):
        """In their order, the default with a star."""
        return [item['name'] + '*' * item['default'] for item in self.list()]

    def write(self, name, content=b'some bytes'):
        with open(self.file(name), 'wb') as file:
            file.write(content)
        return name

    def token_file(self, token):
        with open(self.path('given.token'), 'w', encoding='utf-8') as file:
            file.write(token + '\n')
        return '--token-file=' + self.path('given.token')

    def fail(self, status, *arguments, words=()):
        lines, errors = self.check(status, *arguments)
        self.assertEqual(lines, [])
        self.assert_sentence(errors, *words)
        self.assertNotIn(self.receiver.token, errors)

    def hold(self):
        """Another process owns the queue as long as it runs."""
        owner = self.start('get', '--json', self.server.url('/big.bin', size=9000000, stall=5000000))
        owner.wait_received(4000000)
        return owner


class Kept(Case):
    def test_add_list_remove(self):
        self.assertEqual(self.check(0, 'destination', 'list')[0], ['There is no destination yet.'])
        self.assertEqual(self.list(), [])
        lines, errors = self.add('Home')
        self.assertEqual((lines, errors), (['Home: saved'], ''))
        self.add('Büro 家', address='work.example/ferry', token=False)
        first, second = self.list()
        self.assertEqual(sorted(first), ['address', 'default', 'here', 'id', 'name', 'protocol'])
        self.assertEqual((first['name'], first['address'], first['default'], first['here']),
                         ('Büro 家', 'https://work.example/ferry', False, False))
        self.assertEqual((second['name'], second['address'], second['default'], second['protocol']),
                         ('Home', self.receiver.address + '/', True, 'ferry-chunks'))
        self.assertEqual(self.check(0, 'destination', 'list')[0],
                         ['Büro 家  https://work.example/ferry',
                          f'Home     {self.receiver.address}/  (default)'])
        self.assertEqual(self.check(0, 'destination', 'default', 'büro 家')[0], ['büro 家: is the default now'])
        self.assertEqual(self.names(), ['Büro 家*', 'Home'])
        self.assertEqual(self.check(0, 'destination', 'remove', 'BÜRO 家')[0], ['BÜRO 家: removed'])
        self.assertEqual(self.names(), ['Home*'])
        self.fail(1, 'destination', 'remove', 'Büro 家', words=['Büro 家'])
        self.fail(1, 'destination', 'default', 'Büro 家', words=['Büro 家'])
        self.assertEqual(self.names(), ['Home*'])

    def test_json(self):
        lines, _ = self.add('Home', '--json', '--default')
        event = json.loads(lines[0])
        self.assertEqual((event['event'], event['name'], event['default']), ('saved', 'Home', True))
        event = json.loads(self.check(0, 'destination', 'test', 'home', '--json')[0][0])
        self.assertEqual((event['event'], event['name']), ('ready', 'Home'))
        lines, _ = self.check(3, 'destination', 'test', 'home', '--json', self.token_file('wrong'))
        event = json.loads(lines[0])
        self.assertEqual((event['event'], event['name']), ('failed', 'Home'))
        self.assertIn('token', event['error'])
        event = json.loads(self.check(0, 'destination', 'default', 'Home', '--json')[0][0])
        self.assertEqual(event, {'event': 'default', 'name': 'Home'})
        event = json.loads(self.check(0, 'destination', 'remove', 'Home', '--json')[0][0])
        self.assertEqual(event, {'event': 'removed', 'name': 'Home'})

    def test_replace(self):
        self.add('Home')
        self.fail(1, 'destination', 'add', 'HOME', 'https://other.example', words=['Home', '--replace'])
        self.assertEqual(self.list()[0]['address'], self.receiver.address + '/')
        # Another path of the same server: the token goes with it. Another server: it does not.
        self.add('home', '--replace', address=self.receiver.address + '/', token=False)
        self.check(0, 'destination', 'test', 'home')
        self.assertEqual(self.names(), ['home*'])
        self.add('home', '--replace', address='https://other.example', token=False)
        self.fail(3, 'destination', 'test', self.receiver.address, words=['asks for its token'])
        self.add('new', '--replace', '--default')
        self.assertEqual(self.names(), ['home', 'new*'])

    def test_queues_of_their_own(self):
        self.add('Home')
        self.assertEqual(self.check(0, 'destination', 'list', f'--queue={self.path("other")}', '--json')[0], [])
        self.add('Other', f'--queue={self.path("other")}')
        self.assertEqual(self.names(), ['Home*'])

    def test_tokens_are_nowhere(self):
        self.add('Home')
        self.write('a')
        self.check(0, 'put', 'a')
        for folder, _, names in os.walk(self.root):
            for name in names:
                path = os.path.join(folder, name)
                if path == self.receiver.token_file or not os.path.isfile(path):
                    continue
                with open(path, 'rb') as file:
                    self.assertNotIn(self.receiver.token.encode(), file.read(), path)

    def test_terminal_is_safe(self):
        self.add('plain')
        self.journal_write("UPDATE destination SET name = 'a' || char (27) || '[2J' WHERE name = 'plain'")
        lines, _ = self.check(0, 'destination', 'list')
        self.assertEqual(lines, ['There is no destination yet.'], 'such a name is not read')

    def journal_write(self, sql):
        database = sqlite3.connect(self.path('state', 'ferry', 'queue.db'))
        database.execute(sql)
        database.commit()
        database.close()


class Refused(Case):
    def test_usage(self):
        for arguments, word in ((['destination'], 'command'), (['destination', 'fetch'], 'fetch'),
                                (['destination', 'add'], 'NAME ADDRESS'), (['destination', 'add', 'Home'], 'NAME'),
                                (['destination', 'add', 'a', 'b', 'c'], 'arguments'), (['destination', 'test'], 'NAME'),
                                (['destination', 'list', 'more'], 'arguments'), (['destination', 'list', '--default'], 'default'),
                                (['help', 'destination', 'fetch'], 'fetch')):
            with self.subTest(arguments=arguments):
                self.fail(2, *arguments, words=[word])
        self.fail(2, 'destination', 'test', '', words=['address'])
        self.assertFalse(os.path.exists(self.path('state', 'ferry', 'queue.db')), 'no queue is made')

    def test_help(self):
        lines, _ = self.check(0, 'help', 'destination')
        for command in ('add', 'list', 'default', 'test', 'remove'):
            self.assertTrue(any(line.startswith(f'  {command} ') for line in lines), command)
            text = ' '.join(self.check(0, 'help', 'destination', command)[0])
            self.assertIn(f'  ferryctl destination {command} [OPTION…]', text)
            self.assertEqual(' '.join(self.check(0, 'destination', command, '--help')[0]), text)
        self.assertEqual(self.check(0, 'destination', '--help')[0], lines)

    def test_names_and_addresses(self):
        address = self.receiver.address
        for name in ('', '  ', 'x' * 101, 'two\nlines', 'txt.\u202eexe', 'http://a'):
            with self.subTest(name=name):
                self.fail(2, 'destination', 'add', name, address)
        for given in ('', 'no address', 'ftp://h/', 'http://me:word@h/', 'http://h/?a', 'http://h/#a'):
            with self.subTest(address=given):
                self.fail(2, 'destination', 'add', 'Home', given)
        self.fail(2, 'destination', 'add', 'Home', address, '--token-file=nowhere', words=['nowhere'])
        self.fail(2, 'destination', 'add', 'Home', address, self.token_file('two words'))
        self.env['FERRY_TOKEN'] = 'two words'
        self.fail(2, 'destination', 'add', 'Home', address, words=['FERRY_TOKEN'])
        self.fail(2, 'destination', 'test', address, words=['FERRY_TOKEN'])
        del self.env['FERRY_TOKEN']
        self.assertEqual(self.list(), [])


class Tested(Case):
    def test_well_and_wrong(self):
        self.add('Home')
        self.assertEqual(self.check(0, 'destination', 'test', 'HOME')[0], ['HOME: ready to receive'])
        self.check(0, 'destination', 'test', self.receiver.address)
        self.fail(3, 'destination', 'test', 'Home', self.token_file('wrong'), words=['does not accept'])
        self.env['FERRY_TOKEN'] = 'wrong'
        self.fail(3, 'destination', 'test', 'Home', words=['does not accept'])
        del self.env['FERRY_TOKEN']
        self.fail(3, 'destination', 'test', self.receiver.address + '/elsewhere', words=['asks for its token'])
        self.fail(1, 'destination', 'test', self.receiver.address + '/elsewhere',
                  f'--token-file={self.receiver.token_file}', words=['not at this address'])
        self.fail(2, 'destination', 'test', 'nobody', words=['nobody', 'destination list'])
        self.assertEqual(self.receiver.files(), [])

    def test_no_receiver(self):
        self.fail(1, 'destination', 'test', self.server.address, words=['no Ferry receiver'])
        self.fail(1, 'destination', 'test', 'http://host.invalid/', words=['host.invalid'])
        address = self.receiver.address
        self.receiver.stop()
        self.fail(1, 'destination', 'test', address, words=['Nobody listens'])


class Sending(Case):
    def test_by_name_and_by_default(self):
        self.write('a')
        self.fail(2, 'put', 'a', words=['--to'])
        self.fail(2, 'put', 'a', '--to=Home', words=['Home', 'destination list'])
        self.add('Home')
        self.add('Nowhere', address='http://127.0.0.1:1', token=False)
        lines, _ = self.check(0, 'put', 'a')
        self.assertRegex(lines[-1], r'^a: sent, ')
        self.write('b')
        self.check(0, 'put', 'b', '--to=hOME')
        self.write('c')
        self.check(0, 'put', 'c', f'--to={self.receiver.address}')
        self.assertEqual(self.receiver.files(), ['a', 'b', 'c'])
        self.assertEqual(self.journal('SELECT destination FROM transfer ORDER BY position'), [('Home',)] * 3)
        # The same file to the same place is the same transfer, however that is named.
        again, _ = self.check(0, 'put', 'a', 'b', 'c', '--to=home')
        self.assertEqual(len([line for line in again if 'already sent' in line]), 3)

    def test_a_wrong_token_is_replaced(self):
        self.write('a')
        self.check(0, 'destination', 'add', 'Home', self.receiver.address, self.token_file('wrong'))
        status, _, errors = self.run_it('put', 'a')
        self.assertEqual(status, 3)
        self.assertIn('does not accept the token', errors)
        self.assertIn('--token-file', errors)
        self.add('Home', '--replace')
        self.check(0, 'put', 'a')
        self.assertEqual(self.receiver.files(), ['a'])

    def test_given_wins(self):
        self.write('a')
        self.add('Home')
        status, _, errors = self.run_it('put', 'a', self.token_file('wrong'))
        self.assertEqual(status, 3, errors)
        self.check(0, 'put', 'a', f'--token-file={self.receiver.token_file}')

    def test_removed(self):
        self.write('a')
        self.add('Home')
        self.check(0, 'destination', 'remove', 'Home')
        status, _, errors = self.run_it('put', 'a', f'--to={self.receiver.address}')
        self.assertEqual(status, 3)
        self.assertIn('asks for its token', errors)


class WithoutKeyring(Case):
    def test_no_keyring(self):
        self.use_no_keyring()
        self.fail(1, 'destination', 'add', 'Home', self.receiver.address, f'--token-file={self.receiver.token_file}',
                  words=['no keyring', 'FERRY_TOKEN'])
        self.assertEqual(self.list(), [])
        self.env['FERRY_TOKEN'] = self.receiver.token
        lines, errors = self.check(0, 'destination', 'add', 'Home', self.receiver.address)
        self.assertEqual(lines, ['Home: saved'])
        self.assert_sentence(errors, 'no keyring')
        self.check(0, 'destination', 'test', 'Home')
        self.write('a')
        self.check(0, 'put', 'a')
        del self.env['FERRY_TOKEN']
        self.fail(3, 'destination', 'test', 'Home', words=['no keyring'])
        self.write('b')
        status, _, errors = self.run_it('put', 'b')
        self.assertEqual(status, 3)
        self.assertIn('no keyring', errors)
        self.check(0, 'put', 'b', f'--token-file={self.receiver.token_file}')
        lines, errors = self.check(0, 'destination', 'remove', 'Home')
        self.assertEqual((lines, errors), (['Home: removed'], ''))
        self.assertEqual(self.receiver.files(), ['a', 'b'])


class Owned(Case):
    def test_owned_by_another(self):
        owner = self.hold()
        self.add('Home')
        self.add('Work', '--default', address='work.example', token=False)
        self.assertEqual(self.names(), ['Home', 'Work*'])
        self.fail(1, 'destination', 'add', 'home', 'other.example', words=['Home'])
        self.check(0, 'destination', 'default', 'Home')
        self.check(0, 'destination', 'test', 'Home')
        self.write('a')
        self.check(0, 'put', 'a')
        self.check(0, 'destination', 'remove', 'Work')
        self.fail(1, 'destination', 'remove', 'Work', words=['Work'])
        self.assertEqual(self.names(), ['Home*'])
        self.assertEqual(self.receiver.files(), ['a'])
        self.assertIsNone(owner.process.poll(), 'it was the owner who did it')
        owner.signal(bed.SIGKILL)
        owner.wait()
        self.assertEqual(self.names(), ['Home*'], 'on disk')

    def test_a_new_token_wakes_what_waits_for_it(self):
        self.write('a')
        owner = self.hold()
        self.check(0, 'destination', 'add', 'Home', self.receiver.address, self.token_file('wrong'))
        self.assertEqual(self.run_it('put', 'a')[0], 3)
        self.add('Home', '--replace')
        bed.wait_until(lambda: self.receiver.files() == ['a'], 'sent')
        self.assertIsNone(owner.process.poll())


if __name__ == '__main__':
    bed.main()
