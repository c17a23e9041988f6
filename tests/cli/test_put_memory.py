#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ferryctl put holds does not grow with the file, nor with its pieces."""

import os
import unittest

import bed
from chunk_proxy import ChunkProxy
from measure import MIB, peak_memory
from receiver_process import ReceiverProcess

LANES = 4
N_CHUNKS = 24
LIMIT = 60 * 10 ** 6


class Memory(bed.Case):
    @unittest.skipIf(bed.SANITIZED, 'the sanitizer takes memory of its own')
    def test_four_pieces_of_5_mib_under_way(self):
        receiver = ReceiverProcess(os.environ['FERRY_RECEIVER'], self.root, self.env)
        receiver.start()
        self.addCleanup(receiver.stop)
        proxy = ChunkProxy(receiver.port)
        go_on = []
        # The answers of the last ones stay away until it was looked.
        proxy.on_answer = lambda request, status: (
            proxy.hold(lambda: go_on) if request.chunk is not None and request.chunk >= N_CHUNKS - LANES else None)
        proxy.start()
        self.addCleanup(proxy.stop)
        with open(self.file('a.bin'), 'wb') as file:
            for _ in range(N_CHUNKS):
                file.write(os.urandom(5 * MIB))
        process = self.start('put', 'a.bin', '--json', f'--to={proxy.address}', f'--token-file={receiver.token_file}')
        whole = {n: 5 * MIB for n in range(N_CHUNKS - LANES, N_CHUNKS)}
        bed.wait_until(lambda: {r.chunk: r.sent for r in proxy.puts() if r.chunk in whole} == whole,
                       'four pieces that are sent and not confirmed')
        peak = peak_memory(process.pid)
        print(f'peak {peak // 1024} kB', end=' ', flush=True)
        self.assertLess(peak, LIMIT)
        go_on.append(True)
        proxy.nudge()
        self.assertEqual(process.wait(), 0, process.errors)
        self.assertEqual(receiver.files(), ['a.bin'])


if __name__ == '__main__':
    bed.main()
