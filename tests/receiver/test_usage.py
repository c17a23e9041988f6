#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line, the token file, the state folder, TLS."""

import os
import signal
import sqlite3
import ssl
import stat
import subprocess

import bed
from certificate import make_certificate


class Usage(bed.Case):
    def run_it(self, *arguments, env=None):
        done = subprocess.run([bed.RECEIVER, *arguments], env={**self.env, **(env or {})}, capture_output=True, text=True,
                              timeout=bed.PATIENCE, check=False, cwd=self.root)
        return done.returncode, done.stdout, done.stderr

    def refuse(self, status, *arguments, words=(), env=None):
        found, out, errors = self.run_it(*arguments, env=env)
        self.assertEqual((found, out), (status, ''), errors)
        self.assertRegex(errors, r'\Aferry-receiver: .*[.?!]\n\Z')
        for word in words:
            self.assertIn(word, errors)

    def start_arguments(self):
        return [f"--directory={self.path('inbox')}", f"--state={self.path('state')}", '--listen=127.0.0.1:0']

    def test_help_and_version(self):
        status, out, errors = self.run_it('--help')
        self.assertEqual((status, errors), (0, ''))
        for option in ('--directory=DIR', '--listen=ADDRESS:PORT', '--state=DIR', '--token-file=FILE', '--chunk-size=SIZE',
                       '--max-size=SIZE', '--expire=TIME', '--tls-certificate=FILE', '--tls-key=FILE',
                       '--s3-endpoint=URL', '--s3-bucket=NAME', '--s3-region=NAME', '--s3-keys-file=FILE', '--s3-expire=TIME'):
            self.assertIn(option, out)
        self.assertEqual(self.run_it('-h')[1], out)
        status, out, _ = self.run_it('--version')
        self.assertEqual(status, 0)
        self.assertRegex(out, r'\Aferry-receiver \d+\.\d+')

    def test_wrong_usage(self):
        inbox = '--directory=' + self.path('inbox')
        self.refuse(2, words=['--directory'])
        self.refuse(2, '--directory=', words=['--directory'])
        self.refuse(2, '--directory=nowhere', words=['nowhere'])
        self.refuse(2, '--directory=/etc/hostname', words=['/etc/hostname'])
        self.refuse(2, inbox, 'more', words=['more'])
        self.refuse(2, inbox, '--bogus', words=['bogus'])
        self.refuse(2, inbox, '--presigned')
        for size in ('0', '1023', '2GiB', '5MB5', '-1', 'x', '', '5 0', '99999999999999999999'):
            self.refuse(2, inbox, '--chunk-size=' + size, words=['size'])
        for size in ('0', 'x', '-5', '9999999TiB'):
            self.refuse(2, inbox, '--max-size=' + size, words=['size'])
        for time in ('0s', '7', 'd', '-1d', '1w', '99999d', '1.5h'):
            self.refuse(2, inbox, '--expire=' + time, words=['time'])
        for listen in ('', 'x', '127.0.0.1', '127.0.0.1:', ':8470', '127.0.0.1:65536', '127.0.0.1:x', '[::1', '::1:80', '[]:1',
                       'example.org:80', '127.0.0.1:80:90', '1.2.3:80'):
            self.refuse(2, inbox, '--listen=' + listen, words=['listen'])
        self.refuse(2, inbox, '--tls-certificate=x', words=['--tls-key'])
        self.refuse(2, inbox, '--tls-key=x', words=['--tls-certificate'])
        store = ['--s3-endpoint=http://127.0.0.1:1', '--s3-bucket=b', '--s3-region=r']
        for n in range(3):
            self.refuse(2, inbox, *store[:n], *store[n + 1:], words=[store[n].split('=')[0]])
            self.refuse(2, inbox, *store[:n], store[n].split('=')[0] + '=', *store[n + 1:], words=['--s3-'])
            self.refuse(2, store[n])
        self.refuse(2, inbox, '--s3-keys-file=x', words=['--s3-endpoint'])
        self.refuse(2, inbox, '--s3-expire=1h', words=['--s3-endpoint'])
        for time in ('0s', '8d', 'x', '', '604801s'):
            self.refuse(2, inbox, *store, '--s3-expire=' + time, words=['7d'])
        keys = {'AWS_ACCESS_KEY_ID': 'a', 'AWS_SECRET_ACCESS_KEY': 'b'}
        for url in ('x', 'ftp://x', 'http://', 'http://a/b', 'http://a?x', 'http://u:p@a'):
            self.refuse(2, inbox, '--s3-endpoint=' + url, *store[1:], env=keys)
        self.refuse(2, inbox, '--directory=', *store, env=keys)
        self.assertFalse(os.path.exists(self.path('home', 'state')), 'nothing was touched')

    def test_start_and_end(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            receiver = self.start()
            self.assertRegex(receiver.address, r'^http://127\.0\.0\.1:\d+$')
            self.assertIn(self.path('inbox'), receiver.where)
            self.assertIn(self.path('state', 'token'), receiver.where)
            self.assertNotIn(receiver.token, receiver.where)
            self.assertEqual(receiver.initiate('a', 1).status, 201)
            receiver.stop(number)
            self.assertEqual(receiver.complaints(), '')

    def test_state(self):
        receiver = self.start()
        self.assertEqual(stat.S_IMODE(os.stat(receiver.state).st_mode), 0o700)
        for name in os.listdir(receiver.state):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(receiver.state, name)).st_mode), 0o600, name)
        self.refuse(1, *self.start_arguments(), words=[self.path('state'), '--state'])
        other = self.start(state='other')
        self.assertNotEqual(other.token, receiver.token)
        receiver.kill()
        again = self.start()
        self.assertEqual(again.token, receiver.token, 'a crash leaves no lock')

    def test_default_state(self):
        process = subprocess.Popen([bed.RECEIVER, '--directory=' + self.path('inbox'), '--listen=127.0.0.1:0'],
                                   env=self.env, stdout=subprocess.PIPE, text=True)
        process.stdout.readline()
        process.stdout.readline()
        self.assertTrue(os.path.exists(self.path('home', 'state', 'ferry-receiver', 'token')))
        process.terminate()
        process.wait(bed.PATIENCE)
        process.stdout.close()

    def test_port_taken(self):
        receiver = self.start()
        self.refuse(2, self.start_arguments()[0], f"--state={self.path('other')}", f'--listen=127.0.0.1:{receiver.port}',
                    words=[str(receiver.port)])

    def test_listens_on_loopback_only(self):
        receiver = self.start()
        with open('/proc/net/tcp', encoding='ascii') as file:
            lines = [line.split()[1] for line in file if f':{receiver.port:04X}' in line.split()[1]]
        self.assertTrue(lines)
        self.assertEqual({line.split(':')[0] for line in lines}, {'0100007F'})

    def test_warns_when_exposed(self):
        receiver = self.start('--listen=0.0.0.0:0')
        bed.wait_until(receiver.complaints, 'it warns')
        self.assertIn('Warning', receiver.complaints())
        self.assertIn('--tls-certificate', receiver.complaints())

    # -- the token

    def test_token(self):
        receiver = self.start()
        path = self.path('state', 'token')
        self.assertRegex(receiver.token, r'^[A-Za-z0-9_-]{43}$')
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
        receiver.stop()
        with open(path, 'w', encoding='ascii') as file:
            file.write('  chosen-by-a-person-0123456789\r\n\n')
        again = self.start()
        self.assertEqual(again.status('0' * 32).status, 404)
        self.assertEqual(again.ask('GET', '/status?id=' + '0' * 32, token='x').status, 401)

    def test_token_elsewhere(self):
        self.token_file = self.path('my token')
        receiver = self.start('--token-file=my token') if os.getcwd() == self.root else self.start(
            '--token-file=' + self.token_file)
        self.assertEqual(receiver.status('0' * 32).status, 404)
        self.assertFalse(os.path.exists(self.path('state', 'token')))

    def test_token_that_others_may_use(self):
        path = self.path('token')
        for mode in (0o640, 0o604, 0o620, 0o660, 0o644, 0o666, 0o601):
            with open(path, 'w', encoding='ascii') as file:
                file.write('x' * 43)
            os.chmod(path, mode)
            self.refuse(1, *self.start_arguments(), '--token-file=' + path, words=[path, 'chmod 600'])
            with open(path, encoding='ascii') as file:
                self.assertEqual(file.read(), 'x' * 43, 'left as it is')

    def test_token_that_is_none(self):
        path = self.path('token')
        for content in (b'', b'\n', b'short', b'x' * 19, b'two words that are long enough', b'x' * 5000, b'x' * 30 + b'\0' + b'x',
                        b'\xff' * 43, b'line one that is long\nline two that is long'):
            with open(path, 'wb') as file:
                file.write(content)
            os.chmod(path, 0o600)
            self.refuse(2, *self.start_arguments(), '--token-file=' + path, words=[path])
        os.unlink(path)
        os.mkdir(path)
        self.refuse(2, *self.start_arguments(), '--token-file=' + path, words=[path])
        self.refuse(1, *self.start_arguments(), '--token-file=' + self.path('nowhere', 'token'))
        os.rmdir(path)
        os.mkfifo(path, 0o600)
        self.refuse(2, *self.start_arguments(), '--token-file=' + path, words=[path])

    # -- the records

    def test_damaged_records(self):
        os.mkdir(self.path('state'), 0o700)
        with open(self.path('state', 'receiver.db'), 'wb') as file:
            file.write(b'not a database' * 1000)
        receiver = self.start()
        self.assertEqual(receiver.initiate('a', 1).status, 201)
        self.assertIn('damaged', receiver.complaints())
        kept = [name for name in os.listdir(receiver.state) if '.damaged-' in name]
        self.assertEqual(len(kept), 1)

    def test_newer_records(self):
        self.start().stop()
        database = sqlite3.connect(self.path('state', 'receiver.db'))
        database.execute('PRAGMA user_version = 99')
        database.close()
        self.refuse(1, *self.start_arguments(), words=['newer'])

    # -- TLS

    def certificate(self):
        certificate, key = make_certificate(self.root)
        return f'--tls-certificate={certificate}', f'--tls-key={key}'

    def test_tls(self):
        receiver = self.start('--chunk-size=300KiB', '--listen=127.0.0.1:0', *self.certificate())
        self.assertTrue(receiver.address.startswith('https://127.0.0.1:'))
        data = os.urandom(1000000)
        upload = receiver.start('a', data)
        bed.Together([lambda n=n: upload.put_all(range(n, upload.n_chunks, 2)) for n in range(2)]).join()
        answer = upload.complete(sha256=bed.sha256(data))
        self.assertEqual(answer.status, 200)
        self.assertEqual(answer.json['url'].split('/files')[0], receiver.address)
        path = answer.json['url'][len(receiver.address):]
        self.assertEqual(receiver.ask('GET', path).body, data)
        self.assertEqual(receiver.ask('GET', path, token='x').status, 401)
        self.assertEqual(receiver.complaints(), '')

    def test_tls_takes_nothing_else(self):
        receiver = self.start('--listen=0.0.0.0:0', *self.certificate(), env={'FERRY_RECEIVER_IDLE_MS': '1000'})
        self.assertEqual(receiver.complaints(), '', 'no warning: it is encrypted')
        connection = receiver.raw()
        connection.sendall(receiver.head('GET', '/status?id=' + '0' * 32))
        connection.settimeout(bed.PATIENCE)
        try:
            self.assertNotIn(b'HTTP', connection.recv(4096))
        except ConnectionError:
            pass
        self.assert_dropped(receiver.raw())
        stranger = ssl.create_default_context()
        with self.assertRaises(ssl.SSLError):
            stranger.wrap_socket(receiver.raw(), server_hostname='127.0.0.1')

    def test_tls_files(self):
        certificate, key = self.certificate()
        for files in ((certificate, '--tls-key=/nowhere'), ('--tls-certificate=/nowhere', key), (key.replace('key=', 'certificate='), key),
                      (certificate, certificate.replace('certificate=', 'key='))):
            self.refuse(1, *self.start_arguments(), *files, words=['certificate'])


if __name__ == '__main__':
    bed.main()
