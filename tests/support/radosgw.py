#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real S3 store on loopback for tests: one Ceph monitor, one storage daemon that keeps everything in memory, and
Ceph's S3 gateway. It refuses what a real store refuses: wrong signatures, expired addresses, parts that are too small.

    with RadosGW() as store:                  about 15 seconds
        store.endpoint                        http://127.0.0.1:PORT
        store.access_key, store.secret_key, store.region
        store.make_bucket("bucket")
        store.list_uploads("bucket")          [(key, upload id)] of what is neither completed nor aborted
        store.object_sha256("bucket", key)
        store.client()                        an S3Client for everything else
        store.restart()                       the gateway is killed and started again; what it stored stays

Debian's packages radosgw, ceph-mon, ceph-osd and ceph-common hold what it needs; missing () says what is not there. It
needs no network and no rights: an ordinary user can run it as well as root.

Run by itself it makes a bucket, prints where it is as one JSON object, and serves until it is told to stop:

    radosgw.py BUCKET
"""

import base64
import ctypes
import json
import os
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nginx import PR_SET_PDEATHSIG, ServerError, free_ports  # noqa: E402
from s3_client import S3Client  # noqa: E402

GIB = 1 << 30
PROGRAMS = ("ceph", "ceph-mon", "ceph-osd", "monmaptool", "radosgw", "radosgw-admin")
# Programs for the system are out of the way of an ordinary user's PATH.
SEARCHED = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"
STEP_SECONDS = 60
# One question to the store; "ceph" itself waits for ever for a monitor that is not there.
ASK_SECONDS = 20

CONFIG = """\
[global]
fsid = {fsid}
mon host = {mon_address}
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
keyring = {home}/keyring
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
run dir = {home}
admin socket = {home}/$name.asok
crash dir = {home}
log file = {home}/$name.log
log to stderr = false
err to stderr = true
mon data = {home}/mon
osd data = {home}/osd
osd objectstore = memstore
memstore device bytes = {size}
mon allow pool size one = true
mon data avail crit = 1
mon data avail warn = 2
# Nobody else is to be asked: each change of the map may take effect at once.
paxos propose interval = 0.02
paxos min wait = 0.01
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
osd heartbeat grace = 120

[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw thread pool size = 64
# What was deleted gives its memory back at once.
rgw gc obj min wait = 1
rgw gc processor period = 2
rgw gc processor max time = 2
"""

KEYS = (
    ("mon.", 'caps mon = "allow *"\n'),
    ("client.admin", 'caps mon = "allow *"\ncaps osd = "allow *"\n'),
    ("client.rgw", 'caps mon = "allow rw"\ncaps osd = "allow rwx"\n'),
    ("osd.0", 'caps mon = "allow profile osd"\ncaps osd = "allow *"\n'),
)


def die_with_parent():
    """For preexec_fn: killed, as stop () does it, when the one who started this child is gone."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def new_key():
    """A key as Ceph writes them: kind (AES), time of birth, length, bytes."""
    return base64.b64encode(struct.pack("<HIIH", 1, int(time.time()), 0, 16) + secrets.token_bytes(16)).decode()


def missing():
    """A sentence when something is not installed, else an empty text."""
    absent = [name for name in PROGRAMS if not shutil.which(name, path=SEARCHED)]
    return f"the S3 store of Ceph is not installed: {', '.join(absent)} not found" if absent else ""


class RadosGW:
    """size: bytes that it can hold, in memory. Its own files are in a temporary folder that goes with it.

    Start and restart it in a thread that lives as long as it: its programs end with the thread that started them."""

    region = "default"

    def __init__(self, size=3 * GIB):
        self.size = size
        self.access_key = "FERRY" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_urlsafe(30)
        self.home = None
        self.port = 0
        self._processes = {}

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def client(self, **keys):
        """Other keys or another region may be given, to be refused."""
        return S3Client(self.endpoint, **{"access_key": self.access_key, "secret_key": self.secret_key,
                                          "region": self.region, **keys})

    # ---- starting and ending ----

    def start(self):
        if missing():
            raise ServerError(missing())
        try:
            # Between choosing a port and taking it, another program may have been quicker.
            for attempt in range(3):
                try:
                    self._try_start()
                    return self
                except ServerError:
                    if attempt == 2:
                        raise
                    self.stop()
        except BaseException:
            self.stop()
            raise

    def _try_start(self):
        self.home = tempfile.mkdtemp(prefix="ferry-radosgw-")
        self.port, v2, v1 = free_ports(3)
        mon = f"[v2:127.0.0.1:{v2},v1:127.0.0.1:{v1}]"
        fsid, osd = str(uuid.uuid4()), str(uuid.uuid4())
        with open(self._path("ceph.conf"), "w") as f:
            f.write(CONFIG.format(fsid=fsid, mon_address=mon, home=self.home, size=self.size, port=self.port))
        with open(self._path("keyring"), "w") as f:
            f.writelines(f"[{name}]\nkey = {new_key()}\n{caps}" for name, caps in KEYS)
        self._run("monmaptool", "--create", "--clobber", "--fsid", fsid, "--addv", "a", mon, self._path("monmap"))
        os.mkdir(self._path("mon"))
        os.mkdir(self._path("osd"))
        self._run("ceph-mon", "--mkfs", "-i", "a", "--monmap", self._path("monmap"),
                  "--keyring", self._path("keyring"))
        self._spawn("ceph-mon", "-i", "a")
        self._ceph("auth", "import", "-i", self._path("keyring"))
        self._ceph("osd", "new", osd)
        self._ceph("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost")
        self._run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd)
        self._spawn("ceph-osd", "-i", "0")
        self._until(self._is_up, "the storage daemon does not start")
        self._run("radosgw-admin", "-n", "client.rgw", "user", "create", "--uid=ferry", "--display-name=Ferry",
                  f"--access-key={self.access_key}", f"--secret-key={self.secret_key}")
        self.start_gateway()

    def stop(self):
        # Without warning: an orderly end writes all that it holds to the disk.
        for name in reversed(list(self._processes)):
            self._kill(name)
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None

    def restart(self):
        self.kill_gateway()
        self.start_gateway()

    def kill_gateway(self):
        """kill -9; the store cannot be reached until start_gateway ()."""
        self._kill("radosgw")

    def start_gateway(self):
        """At the same address as before. Returns when it answers."""
        self._spawn("radosgw", "-n", "client.rgw")
        self._until(self._answers, "the S3 gateway does not answer")

    def _path(self, name):
        return os.path.join(self.home, name)

    @property
    def _environment(self):
        return {**os.environ, "PATH": SEARCHED, "CEPH_CONF": self._path("ceph.conf"), "CEPH_ARGS": "",
                "PYTHONDONTWRITEBYTECODE": "1", "LSAN_OPTIONS": "", "ASAN_OPTIONS": ""}

    def _run(self, *command):
        try:
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                  env=self._environment, timeout=STEP_SECONDS, preexec_fn=die_with_parent)
        except subprocess.TimeoutExpired:
            raise ServerError(f"{command[0]} does not end. {self._logs()}") from None
        if done.returncode != 0:
            raise ServerError(f"{command[0]} failed: {done.stderr.strip()[-500:]}")
        return done.stdout

    def _ceph(self, *arguments):
        return self._run("ceph", "--connect-timeout", str(ASK_SECONDS), *arguments)

    def _spawn(self, name, *arguments):
        with open(self._path(name + ".out"), "ab") as out:
            self._processes[name] = subprocess.Popen([name, *arguments, "-f"], stdin=subprocess.DEVNULL, stdout=out,
                                                     stderr=out, env=self._environment, preexec_fn=die_with_parent)

    def _kill(self, name):
        process = self._processes.pop(name, None)
        if process is not None:
            process.send_signal(signal.SIGKILL)
            process.wait()

    def _until(self, condition, what):
        end = time.monotonic() + STEP_SECONDS
        while time.monotonic() < end:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    raise ServerError(f"{name} ended. {self._logs()}")
            if condition():
                return
            time.sleep(0.05)
        raise ServerError(f"{what}. {self._logs()}")

    def _is_up(self):
        return json.loads(self._ceph("osd", "stat", "--format=json")).get("num_up_osds") == 1

    def _answers(self):
        try:
            return self.client().ask("GET", "/").status == 200
        except OSError:
            return False

    def _logs(self):
        """The end of what each program wrote."""
        found = []
        for name in self._processes:
            with open(self._path(name + ".out"), errors="replace") as f:
                found.append(f"{name}: {f.read()[-300:].strip()}")
        return " ".join(found)

    # ---- what tests ask ----

    def make_bucket(self, name):
        self.client().make_bucket(name)
        return name

    def list_uploads(self, bucket):
        return self.client().list_uploads(bucket)

    def object_sha256(self, bucket, key):
        return self.client().object_sha256(bucket, key)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: radosgw.py BUCKET")
    # The one who asked may just close our standard input: nothing stays behind then either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with RadosGW() as store:
            bucket = store.make_bucket(sys.argv[1])
            print(json.dumps({"endpoint": store.endpoint, "bucket": bucket, "region": store.region,
                              "access_key": store.access_key, "secret_key": store.secret_key}), flush=True)
            sys.stdin.read()
    except ServerError as e:
        sys.exit(f"radosgw.py: {e}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
