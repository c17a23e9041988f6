# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ferry-receiver: started, killed, started again at the same address, asked what it has."""

import json
import os
import signal
import ssl
import subprocess
import sys
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from measure import PeakMemory, sha256_of  # noqa: E402
from nginx import ServerError, die_with_parent  # noqa: E402

STOP_SECONDS = 60
ASK_SECONDS = 60


class ReceiverProcess:
    """home: a folder for what arrives ("inbox") and the receiver's own records ("state").
    tls: files "cert", "key" and "ca"."""

    def __init__(self, program, home, env, *arguments, tls=None):
        self.inbox = os.path.join(home, "inbox")
        self.env = env
        self.peak = 0  # bytes, of the most that one of its processes held
        self.exit_status = None  # of the last one that ended
        self.port = 0
        self.process = None
        self.trust = ssl.create_default_context(cafile=tls["ca"]) if tls else None
        self.state = os.path.join(home, "state")
        self.token_file = os.path.join(self.state, "token")
        self._command = [program, f"--directory={self.inbox}", f"--state={self.state}", *arguments]
        if tls:
            self._command += [f"--tls-certificate={tls['cert']}", f"--tls-key={tls['key']}"]
        os.makedirs(self.inbox, exist_ok=True)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """The first time at a free port, then at the same one again."""
        self.process = subprocess.Popen([*self._command, f"--listen=127.0.0.1:{self.port}"], env=self.env,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                                        preexec_fn=die_with_parent)
        self._memory = PeakMemory(self.process.pid)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            self.kill()
            raise ServerError("ferry-receiver does not start")
        self.port = urllib.parse.urlsplit(self.address).port
        with open(self.token_file, encoding="ascii") as f:
            self.token = f.read().strip()
        return self

    def kill(self):
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    def _end(self, how):
        if self.process is None:
            return
        self._memory.sample()
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.peak = max(self.peak, self._memory.end())
            self.exit_status = self.process.returncode
            self.process = None

    def path(self, name):
        return os.path.join(self.inbox, name)

    def files(self):
        """Names of what is whole."""
        return sorted(name for name in os.listdir(self.inbox) if not name.startswith("."))

    def open(self, path):
        """GET, as anybody with the token may."""
        request = urllib.request.Request(self.address + path, headers={"Authorization": f"Bearer {self.token}"})
        return urllib.request.urlopen(request, timeout=ASK_SECONDS, context=self.trust)

    def status(self, upload_id):
        with self.open(f"/status?id={upload_id}") as answer:
            return json.load(answer)

    def received(self, upload_id):
        """Numbers of the chunks that it says it has."""
        ranges = self.status(upload_id)["receivedChunks"]
        return {n for first, last in ranges for n in range(first, last + 1)}

    def fetched_sha256(self, link):
        """Of what a link gives, whatever proxy it was made for."""
        with self.open(urllib.parse.urlsplit(link).path) as answer:
            return sha256_of(answer)
