#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real nginx on loopback for tests: HTTP and HTTPS, throttled paths, a log that can be asked.

    with Nginx(folder) as server:
        server.url("file.bin")                         http://127.0.0.1:PORT/file.bin
        server.url("file.bin", secure=True)            https://…, trusted through server.ca_file
        server.url("file.bin", rate=1 << 20)           the same bytes at about 1 MiB a second
    server.requests()                                  what was asked and sent, in order of start

Run by itself it serves a folder until it is told to stop, and prints where as one JSON object:

    nginx.py FOLDER
"""

import ctypes
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

START_SECONDS = 20
PR_SET_PDEATHSIG = 1

CONFIG = """\
daemon off;
{user}worker_processes 1;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 256; }}
http {{
  types {{ text/html html; application/pdf pdf; }}
  default_type application/octet-stream;
  client_body_temp_path {home}/body;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  sendfile on;
  tcp_nopush on;
  log_format counted '$msec|$request_time|$status|$body_bytes_sent|$http_range|$request_method|$request_uri';
  access_log {home}/access.log counted;
  server {{
    listen 127.0.0.1:{http};
    listen 127.0.0.1:{https} ssl;
    ssl_certificate {home}/server.pem;
    ssl_certificate_key {home}/server.key;
    location / {{ root {folder}; }}
    location ~ ^/slow/(?<rate>[0-9]+)/(?<file>.*)$ {{
      alias {folder}/$file;
      limit_rate $rate;
    }}
{taking}  }}
}}
"""

# Beside where the files go, so that they are renamed and not copied.
TAKING = """\
    location /inbox/ {{
      alias {inbox}/;
      dav_methods PUT;
      client_max_body_size 0;
      client_body_temp_path {inbox}/.body;
    }}
"""

EXTENSIONS = """\
subjectAltName=IP:127.0.0.1,DNS:localhost
basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=serverAuth
"""


class ServerError(Exception):
    """nginx cannot be started; says why."""


@dataclasses.dataclass
class Request:
    started: float  # seconds since 1970
    seconds: float
    status: int
    body: int  # bytes of the body handed to the kernel
    range: str  # the Range header, "" when there was none
    method: str
    path: str

    @property
    def offset(self):
        """Where in the file the answer began."""
        if self.status != 206 or not self.range.startswith("bytes="):
            return 0
        return int(self.range[len("bytes=") :].split("-")[0])


def find_program():
    # /usr/sbin is not in the PATH of an ordinary user.
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if not found:
        raise ServerError("nginx is not installed")
    return found


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]
    finally:
        for s in sockets:
            s.close()


def die_with_parent():
    """For preexec_fn: the kernel ends this child when the one who started it is gone, even killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise ServerError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")


def make_certificates(home):
    """An authority of its own and a certificate for 127.0.0.1 that it signed."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    extensions = os.path.join(home, "extensions")
    with open(extensions, "w") as f:
        f.write(EXTENSIONS)
    at = {n: os.path.join(home, n) for n in ("ca.pem", "ca.key", "server.pem", "server.key", "csr")}
    openssl("req", "-x509", *key, "-keyout", at["ca.key"], "-out", at["ca.pem"], "-days", "2",
            "-subj", "/CN=Ferry test authority",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", "-new", *key, "-keyout", at["server.key"], "-out", at["csr"],
            "-subj", "/CN=localhost")
    openssl("x509", "-req", "-in", at["csr"], "-CA", at["ca.pem"], "-CAkey", at["ca.key"],
            "-CAcreateserial", "-out", at["server.pem"], "-days", "2",
            "-extfile", extensions)


class Nginx:
    """Serves the files in folder, and takes files into inbox when that is given. Its own files are in a temporary
    folder that goes with it."""

    def __init__(self, folder, inbox=None):
        self.folder = os.path.abspath(folder)
        self.inbox = os.path.abspath(inbox) if inbox else None
        self.process = None
        self.home = None
        self.http = self.https = None
        self._log = ""

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def ca_file(self):
        return os.path.join(self.home, "ca.pem")

    @property
    def tls(self):
        """Its certificate, for another server here."""
        return {"cert": os.path.join(self.home, "server.pem"), "key": os.path.join(self.home, "server.key"),
                "ca": self.ca_file}

    def inbox_url(self, name, secure=False):
        """Where a file is PUT."""
        return self.url(f"inbox/{name}", secure=secure)

    def url(self, path, secure=False, rate=None):
        """The address of a file; rate: bytes a second."""
        scheme, port = ("https", self.https) if secure else ("http", self.http)
        slow = f"slow/{int(rate)}/" if rate else ""
        return f"{scheme}://127.0.0.1:{port}/{slow}{path}"

    def start(self):
        program = find_program()
        self.home = tempfile.mkdtemp(prefix="ferry-nginx-")
        try:
            make_certificates(self.home)
            # Between choosing a port and taking it, another program may have been quicker.
            for _ in range(5):
                if self._try_start(program):
                    return self
            raise ServerError(f"nginx does not start: {self._errors()}")
        except BaseException:
            self.stop()
            raise

    def _try_start(self, program):
        self.http, self.https = free_ports(2)
        config = os.path.join(self.home, "nginx.conf")
        # As root the workers would become another user, who may not read a private folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        taking = TAKING.format(inbox=self.inbox) if self.inbox else ""
        with open(config, "w") as f:
            f.write(CONFIG.format(user=user, home=self.home, folder=self.folder,
                                  http=self.http, https=self.https, taking=taking))
        self.process = subprocess.Popen(
            [program, "-p", self.home, "-e", f"{self.home}/error.log", "-c", config],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=die_with_parent)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            if self._answers(self.http) and self._answers(self.https):
                return True
            time.sleep(0.02)
        self._end(signal.SIGKILL)
        return False

    @staticmethod
    def _answers(port):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0

    def _errors(self):
        try:
            with open(os.path.join(self.home, "error.log")) as f:
                return f.read().strip()
        except OSError:
            return "no error log"

    def _end(self, how):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def stop(self):
        """Ends it once every answer under way is over and logged; the log stays readable."""
        self._end(signal.SIGQUIT)
        if self.home:
            self._log = self._read_log()
            shutil.rmtree(self.home, ignore_errors=True)
            self.home = None

    def _read_log(self):
        try:
            with open(os.path.join(self.home, "access.log")) as f:
                return f.read()
        except OSError:
            return ""

    def requests(self):
        """What was asked, by time of start. An answer still under way is not in it yet."""
        text = self._read_log() if self.home else self._log
        found = []
        for line in text.splitlines():
            ended, seconds, status, body, asked, method, path = line.split("|", 6)
            found.append(Request(float(ended) - float(seconds), float(seconds), int(status), int(body),
                                 "" if asked == "-" else asked, method, path))
        return sorted(found, key=lambda r: r.started)


def main():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        sys.exit("usage: nginx.py FOLDER")
    # The one who asked may just close our standard input: nothing stays behind then either.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Nginx(sys.argv[1]) as server:
            print(json.dumps({"http": server.url(""), "https": server.url("", secure=True),
                              "ca": server.ca_file}), flush=True)
            sys.stdin.read()
    except ServerError as e:
        sys.exit(f"nginx.py: {e}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
