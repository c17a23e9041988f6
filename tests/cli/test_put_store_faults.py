#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a store and its broker may say and do at every step of an upload, and what becomes of it.

Each time the right bytes arrive in the end, or a person is told who can help; nothing is taken for stored that is not.
"""

import hashlib
import json
import os

import bed
import store_bed
from broker_fake import Answer, Fault, problem, s3_error
from certificate import make_certificate
from measure import MIB
from store_bed import CHUNK, N_CHUNKS, SIZE

EXPIRED = s3_error(403, 'AccessDenied', 'Request has expired')
OTHER_ETAG = Answer(200, b'', {'ETag': f'"{hashlib.md5(b"other").hexdigest()}"'})
AT = 4


def put(answer=None, **options):
    return Fault('put', answer, **{'chunks': [AT], **options})


class Addresses(store_bed.Case):
    def test_expired_once(self):
        """Every chunk's, as after a pause: new ones for what is missing."""
        for chunk in range(4):
            self.fault(put(EXPIRED, chunks=[chunk], times=1))
        self.assert_finished(self.put())
        self.assert_times()
        self.assertEqual(len(self.broker.requests('put')), N_CHUNKS + 4)

    def test_other_words_for_expired(self):
        for status, code in ((400, 'ExpiredToken'), (403, 'RequestExpired'), (403, 'Whatever')):
            with self.subTest(code=code):
                self.play()
                self.fault(put(s3_error(status, code), times=1))
                self.assert_finished(self.put())

    def test_expired_for_ever(self):
        self.fault(put(EXPIRED))
        process = self.assert_ends(3, 'does not take pieces at the addresses', 'Ask whoever runs the receiver')
        self.assertEqual(len(self.broker.requests('put', AT)), 2, 'one more address, and no third')
        self.assertEqual(process.events()[-1]['state'], 'needs-you')
        self.broker.faults.clear()
        self.assert_finished(self.put())
        self.assert_times()

    def test_signature(self):
        for code in ('SignatureDoesNotMatch', 'InvalidAccessKeyId'):
            with self.subTest(code=code):
                self.play()
                self.fault(put(s3_error(403, code)))
                self.assert_ends(3, 'signature', 'keys and region')
                self.assertEqual(len(self.broker.requests('put', AT)), 1)

    def test_tampered(self):
        """A proxy that adds to addresses: the store itself says what is wrong with that."""
        real = self.broker.presign
        self.broker.presign = lambda *a: {**real(*a), 'url': real(*a)['url'] + '&more=1'}
        self.assert_ends(3, 'signature')
        self.assertEqual(self.broker.upload.receipts, {})

    def test_clock(self):
        self.fault(put(s3_error(403, 'RequestTimeTooSkewed')))
        self.assert_ends(3, 'clocks', 'set its clock')

    def test_what_the_broker_must_not_ask_for(self):
        """No header that is a secret, no address that is none."""
        real = self.broker.presign
        for change in ({'headers': {'Authorization': 'Basic eDp5'}}, {'headers': {'Host': 'other'}},
                       {'headers': {'x': 'a\r\nAuthorization: b'}}, {'headers': [1]}, {'url': 'file:///etc/passwd'},
                       {'url': '/relative'}, {'url': 'http://user:word@127.0.0.1/x'}, {'chunk': 99}, {'url': None}):
            with self.subTest(change=change):
                self.play()
                self.broker.presign = lambda *a, change=change: {**real(*a), **change}
                self.assert_ends(1, 'does not answer like a Ferry receiver')
                self.assertEqual(self.broker.requests('put'), [])


class Damage(store_bed.Case):
    def check_damage(self, answer, times, done):
        self.play()
        self.fault(put(answer, times=times))
        if done:
            self.assert_finished(self.put())
            self.assertIn('Piece 5 arrived damaged: it is sent again', self.history())
        else:
            process = self.assert_waits('damaged on the way')
            self.assertEqual(len(self.broker.requests('put', AT)), 3)
            self.assertNotIn(AT, self.broker.upload.receipts)
            self.cure(process)
        self.assert_times()

    def test_digest_refused(self):
        for code in ('BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch'):
            with self.subTest(code=code):
                self.check_damage(s3_error(400, code), 2, True)

    def test_digest_refused_for_ever(self):
        self.check_damage(s3_error(400, 'BadDigest'), 3, False)

    def test_other_sha256_told(self):
        answer = Answer(200, b'', {'ETag': '"x-1"', 'x-amz-checksum-sha256': 'AAAA'})
        self.fault(put(answer, times=1))
        self.assert_finished(self.put())
        self.assertEqual(len(self.broker.requests('put', AT)), 2)
        self.assertEqual(len(self.broker.requests('receipt', AT)), 1)

    def test_other_etag(self):
        self.fault(put(OTHER_ETAG, times=2))
        self.assert_finished(self.put())
        self.assertEqual(len(self.broker.requests('put', AT)), 3)

    def test_other_etag_for_ever(self):
        self.fault(put(OTHER_ETAG))
        self.assert_waits('damaged on the way')
        self.assertEqual(len(self.broker.requests('put', AT)), 3)

    def test_no_etag(self):
        self.fault(put(Answer(200, b'<html>Sign in</html>')))
        self.assert_ends(1, 'does not answer like a store')
        self.assertNotIn(AT, self.broker.upload.receipts)

    def test_other_success(self):
        self.fault(put(Answer(204, b'', {'ETag': '"x"'})))
        self.assert_ends(1, 'refuses what Ferry sends (204)')

    def test_written_to_while_it_is_sent(self):
        """The chunk is hashed again, and goes out with the new digest, at an address that is signed for it."""
        def change():
            with open(self.file('a.bin'), 'r+b') as file:
                file.seek(AT * CHUNK + 7)
                file.write(b'changed')
            return s3_error(400, 'BadDigest')
        self.fault(put(act=change, times=1))
        self.assert_finished(self.put())
        asked = [n for r in self.broker.requests('urls') for first, last in r.body['chunks'] for n in range(first, last + 1)]
        self.assertEqual(asked.count(AT), 2)
        self.assertEqual(len(self.broker.requests('put', AT)), 2)


class Lines(store_bed.Case):
    def test_answer_lost(self):
        self.fault(put(done=True, times=1))
        self.assert_finished(self.put())
        self.assert_times({AT: 2})

    def test_cut_before_the_body(self):
        self.fault(put(early=True, times=1))
        self.assert_finished(self.put())
        self.assert_times()

    def test_cut_for_ever(self):
        self.fault(put())
        process = self.assert_waits('broke off')
        # Once, once more by libsoup where the connection was an old one, and once with a question first.
        self.assertIn(len(self.broker.requests('put', AT)), (2, 3))
        self.cure(process)
        self.assert_times()

    def test_receipt_lost_on_the_way_back(self):
        """The broker has it: it is asked, and nothing is sent twice."""
        self.fault(Fault('receipt', chunks=[AT], done=True, times=1))
        self.assert_finished(self.put())
        self.assert_times()

    def test_receipt_lost_on_the_way_there(self):
        """Only the broker's 200 counts: what is not confirmed goes out again."""
        self.fault(Fault('receipt', chunks=[AT], times=1))
        self.assert_finished(self.put())
        self.assert_times({AT: 2})

    def test_busy(self):
        for answer in (s3_error(503, 'SlowDown'), s3_error(500, 'InternalError'), Answer(502), Answer(429),
                       s3_error(400, 'RequestTimeout'), s3_error(409, 'OperationAborted'), s3_error(507, 'QuotaExceeded')):
            with self.subTest(answer=answer):
                self.play()
                self.fault(put(answer))
                self.cure(self.assert_waits('127.0.0.1'))
                self.assert_times()

    def test_proxy(self):
        self.fault(put(Answer(407)))
        self.assert_ends(3, 'proxy')

    def test_retry_after(self):
        self.fault(put(Answer(503, b'', {'Retry-After': '36000'})))
        process = self.put()
        event = process.wait_event('waiting')
        self.assertRegex('\n'.join(self.check(0, 'show', event['id'])[0]), 'again at ')

    def test_refused_before_the_body(self):
        """A store that closes before it has read the body, so that nobody hears why: it is asked first, and says it."""
        self.play(chunk_size=16 * MIB)
        self.make(20 * MIB)
        self.fault(put(s3_error(403, 'SignatureDoesNotMatch'), chunks=[0, 1], early=True))
        self.assert_ends(3, 'signature')
        self.assertTrue([r for r in self.broker.requests('put') if 'expect' in r.headers])

    def test_expired_before_the_body(self):
        self.play(chunk_size=16 * MIB)
        self.make(16 * MIB)
        self.fault(put(EXPIRED, chunks=[0], early=True, times=2))
        self.assert_finished(self.put())
        self.assertEqual(self.broker.times(1), [1])


class Forgotten(store_bed.Case):
    def test_once(self):
        """The broker is asked what there is, and it goes on."""
        for status, code in ((404, 'NoSuchUpload'), (400, 'InvalidPart'), (400, 'EntityTooSmall')):
            with self.subTest(code=code):
                self.play()
                self.fault(put(s3_error(status, code), times=1))
                self.assert_finished(self.put())
                self.assert_times()
                self.assertEqual(len(self.broker.uploads), 1)
                self.assertGreaterEqual(len(self.broker.requests('status')), 2)

    def test_aborted_behind_our_back(self):
        """The broker does not know, and goes on to hand out addresses: it is given up there, and sent anew."""
        self.fault(put(act=self.broker.forget_parts, times=1))
        self.assert_finished(self.put())
        self.assertEqual(len(self.broker.requests('discard')), 1)
        self.assertEqual(len(self.broker.requests('create')), 2)
        self.assertIn('The store no longer knew this upload: started again', self.history())

    def test_aborted_before_it_is_completed(self):
        self.fault(Fault('complete', act=self.broker.forget_parts, times=1))
        self.assert_finished(self.put())
        self.assertIn('The store does not have 12 pieces as they were sent', self.history())
        self.assert_times({n: 2 for n in range(N_CHUNKS)})

    def test_for_ever(self):
        self.fault(put(s3_error(404, 'NoSuchUpload')))
        self.assert_waits('again and again')

    def test_no_bucket(self):
        self.fault(put(s3_error(404, 'NoSuchBucket')))
        self.assert_ends(3, 'bucket')
        self.assertEqual(len(self.broker.requests('create')), 1)

    def test_404_that_is_not_s3s(self):
        """A page of something on the way throws nothing away."""
        self.fault(put(Answer(404, b'<html></html>')))
        self.assert_ends(1, 'refuses', '404')
        self.assertEqual(self.broker.requests('discard'), [])

    def test_too_large(self):
        self.fault(put(s3_error(400, 'EntityTooLarge')))
        self.assert_ends(1, 'as large as these')

    def test_redirects_are_not_followed(self):
        for status in (301, 307, 308):
            with self.subTest(status=status):
                self.play()
                self.fault(put(Answer(status, b'', {'Location': self.server.url('/elsewhere')})))
                self.assert_ends(1, 'another address', 'endpoint')
                self.assertEqual(self.server.requests('/elsewhere'), [])


class Brokers(store_bed.Case):
    def test_wrong_token_at_each_step(self):
        for step in ('urls', 'receipt', 'complete'):
            with self.subTest(step=step):
                self.play()
                self.fault(Fault(step, problem(401)))
                self.assert_ends(3, 'token')
                self.broker.faults.clear()
                self.assert_finished(self.put())

    def test_store_down(self):
        for step in ('create', 'urls', 'receipt', 'complete'):
            with self.subTest(step=step):
                self.play()
                self.fault(Fault(step, problem(503, 'store', **{'Retry-After': '1'})))
                self.cure(self.assert_waits('cannot reach its store'))

    def test_store_refuses_the_broker(self):
        for step in ('create', 'urls', 'complete'):
            with self.subTest(step=step):
                self.play()
                self.fault(Fault(step, problem(502, 'store', hint='Check the keys of the store.')))
                self.cure(self.assert_waits('Check the keys of the store.'))

    def test_nonsense(self):
        for step, text in (('urls', '[]'), ('urls', '{"urls":[]}'), ('urls', '{"urls":{}}'), ('receipt', '{"chunk":99}'),
                           ('complete', '{"status":"complete"}')):
            with self.subTest(step=step, text=text):
                self.play()
                self.fault(Fault(step, Answer(200, text.encode())))
                self.assert_ends(1, 'does not answer like a Ferry receiver')

    def test_forgotten_by_the_broker(self):
        self.fault(Fault('receipt', problem(410), chunks=[AT], times=1))
        self.assert_finished(self.put())


class Completing(store_bed.Case):
    def change_result(self, **changes):
        def act():
            self.broker.upload.result.update(changes)
            return Answer(200, json.dumps(self.broker.upload.result).encode())
        return Fault('complete', act=act)

    def complete_with(self, **changes):
        """The answer to the second asking, as that to the first one got lost."""
        self.fault(Fault('complete', done=True, times=1), self.change_result(**changes))

    def test_answer_lost(self):
        self.fault(Fault('complete', done=True, times=1))
        self.assert_finished(self.put())
        self.assert_times()

    def test_missing(self):
        def lose():
            del self.broker.parts[self.broker.upload.s3_id][AT]
        self.fault(Fault('complete', act=lose, times=1))
        self.assert_finished(self.put())
        self.assert_times({AT: 2})
        self.assertIn('The store does not have 1 piece as it was sent', self.history())

    def test_missing_for_ever(self):
        self.fault(Fault('complete', Answer(409, b'{"missing":[[4,4]]}')))
        self.assert_ends(1, 'does not have them afterwards')

    def test_other_object(self):
        """Whatever the broker says that it proved."""
        for proof in ('sha256', 'etag', 'none'):
            with self.subTest(proof=proof):
                self.play()
                self.complete_with(proof=proof, etag=f'"{hashlib.md5(b"other").hexdigest()}-12"')
                process = self.put()
                self.assertEqual(process.wait(), 1, process.lines)
                self.assert_sentence(process.errors, 'the checksums differ')

    def test_etags_that_cannot_be_compared(self):
        for etag in ('x', None, f'{"0" * 32}-3', 'z' * 32 + '-12', 7):
            with self.subTest(etag=etag):
                self.play()
                self.complete_with(etag=etag, proof='none', sha256=None)
                self.assert_finished(self.put(), 'none')

    def test_other_size(self):
        self.complete_with(size=SIZE - 1)
        self.assert_ends(1, 'the checksums differ')

    def test_other_sha256(self):
        self.complete_with(sha256='0' * 64)
        self.assert_ends(1, 'the checksums differ')

    def test_no_proof_told(self):
        self.complete_with(proof=None)
        self.assert_ends(1, 'does not answer like a Ferry receiver')

    def test_proof_of_tomorrow(self):
        self.complete_with(proof='blake3', sha256=None)
        self.assert_finished(self.put(), 'none')


class Encrypted(store_bed.Case):
    def setUp(self):
        super().setUp()
        certificate, key = make_certificate(self.root)
        self.certificate = certificate
        self.play(tls={'cert': certificate, 'key': key})

    def test_trusted(self):
        self.env['SSL_CERT_FILE'] = self.certificate
        self.assert_finished(self.put())
        self.assertTrue(self.broker.store_address.startswith('https:'))

    def test_a_stranger_is_not_trusted(self):
        self.env.pop('SSL_CERT_FILE', None)
        self.assert_ends(3, 'certificate')
        self.assertEqual(self.broker.requests('put'), [])


if __name__ == '__main__':
    bed.main()
