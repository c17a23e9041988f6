# SPDX-License-Identifier: GPL-3.0-or-later
"""Another real S3 store on loopback for tests, whose error codes are exactly those of AWS: OpenStack Swift with s3api,
one device in a temporary folder. Slower than radosgw.py to start, and it knows no 10,001st part.

    with SwiftS3() as store:
        store.endpoint, store.access_key, store.secret_key, store.region, store.client()

Debian's packages swift-proxy, swift-account, swift-container and swift-object hold what it needs; missing () says what is
not there. It needs no network and no rights, and a folder for temporary files that knows extended attributes.
"""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from nginx import PR_SET_PDEATHSIG, ServerError, free_ports  # noqa: E402
from s3_client import S3Client  # noqa: E402

KINDS = ("account", "container", "object")
# The distribution's, which has Swift's modules; another one may come first in the PATH.
PYTHON = "/usr/bin/python3"
START_SECONDS = 120

COMMON = """\
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {home}
log_address = {home}/no-log
"""

# The cache is asked for, but nothing listens there: it does without.
PROXY = """
[pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth copy slo dlo symlink proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:s3api]
use = egg:swift#s3api
location = {region}
max_upload_part_num = 10000
# Small, so that a few parts are more than a page.
max_parts_listing = 20
[filter:tempauth]
use = egg:swift#tempauth
user_ferry_test = {secret_key} .admin
[filter:copy]
use = egg:swift#copy
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:dlo]
use = egg:swift#dlo
[filter:symlink]
use = egg:swift#symlink
"""

STORAGE = """\
devices = {home}/disk
mount_check = false
disable_fallocate = true
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

SWIFT = """\
[swift-hash]
swift_hash_path_suffix = {suffix}
swift_hash_path_prefix = ferry
[storage-policy:0]
name = one
default = yes
"""

RINGS = """\
import sys
from swift.common.ring import RingBuilder
for kind, port in zip(sys.argv[2::2], sys.argv[3::2]):
    ring = RingBuilder(1, 1, 1)
    ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": int(port), "device": "d1", "weight": 1.0,
                  "replication_ip": "127.0.0.1", "replication_port": int(port), "meta": ""})
    ring.rebalance()
    ring.get_ring().save(sys.argv[1] + "/" + kind + ".ring.gz")
"""


def missing():
    """A sentence when something is not installed, else an empty text."""
    programs = [f"swift-{kind}-server" for kind in (*KINDS, "proxy")]
    absent = [name for name in programs if not shutil.which(name, path="/usr/bin:/usr/sbin")]
    if absent:
        return f"the S3 store of OpenStack Swift is not installed: {', '.join(absent)} not found"
    with tempfile.NamedTemporaryFile() as file:
        try:
            os.setxattr(file.name, "user.swift.metadata", b"x" * 1024)
        except OSError:
            return f"{tempfile.gettempdir()} knows no extended attributes, which OpenStack Swift needs"
    return ""


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class SwiftS3:
    region = "us-east-1"
    access_key = "ferry:test"

    def __init__(self):
        self.secret_key = secrets.token_hex(20)
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

    def client(self):
        return S3Client(self.endpoint, self.access_key, self.secret_key, self.region)

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
        self.home = tempfile.mkdtemp(prefix="ferry-swift-")
        os.makedirs(self._path("disk/d1"))
        self.port, *ports = free_ports(1 + len(KINDS))
        values = {"home": self.home, "user": pwd.getpwuid(os.geteuid()).pw_name, "region": self.region,
                  "secret_key": self.secret_key, "suffix": secrets.token_hex(8)}
        self._write("swift.conf", SWIFT, values)
        self._write("proxy-server.conf", COMMON + PROXY, {**values, "port": self.port})
        for kind, port in zip(KINDS, ports):
            self._write(f"{kind}-server.conf", COMMON + STORAGE, {**values, "kind": kind, "port": port})
        pairs = [str(value) for pair in zip(KINDS, ports) for value in pair]
        done = subprocess.run([PYTHON, "-c", RINGS, self.home, *pairs], capture_output=True, text=True,
                              timeout=START_SECONDS, check=False)
        if done.returncode != 0:
            raise ServerError(f"the rings cannot be made: {done.stderr[-500:]}")
        for kind in (*KINDS, "proxy"):
            self._spawn(kind)
        self._wait()

    def _path(self, name):
        return os.path.join(self.home, name)

    def _write(self, name, text, values):
        with open(self._path(name), "w") as f:
            f.write(text.format(**values))

    def _spawn(self, kind):
        with open(self._path(kind + ".out"), "wb") as out:
            self._processes[kind] = subprocess.Popen(
                [PYTHON, f"/usr/bin/swift-{kind}-server", self._path(f"{kind}-server.conf")],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, preexec_fn=die_with_parent)

    def _wait(self):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            for kind, process in self._processes.items():
                if process.poll() is not None:
                    with open(self._path(kind + ".out"), errors="replace") as f:
                        raise ServerError(f"swift-{kind}-server ended: {f.read()[-500:]}")
            try:
                # A list of buckets takes all but the object server.
                if self.client().ask("GET", "/").status == 200 and self._answers_objects():
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise ServerError("OpenStack Swift does not answer")

    def _answers_objects(self):
        client = self.client()
        if client.ask("PUT", "/ferry-start").status not in (200, 409):
            return False
        if client.ask("PUT", "/ferry-start/x").status != 200:
            return False
        client.delete("ferry-start", "x")
        client.delete_bucket("ferry-start")
        return True

    def stop(self):
        for process in self._processes.values():
            process.kill()
            process.wait()
        self._processes = {}
        if self.home:
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None

    # ---- what tests ask ----

    def make_bucket(self, name):
        self.client().make_bucket(name)
        return name

    def list_uploads(self, bucket):
        return self.client().list_uploads(bucket)

    def object_sha256(self, bucket, key):
        return self.client().object_sha256(bucket, key)
