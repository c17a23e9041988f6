# SPDX-License-Identifier: GPL-3.0-or-later
"""A small web server on loopback that serves one file, throttled, with ranges (RFC 9110 section 14)."""

import http.server
import os
import re
import threading
import time

BLOCK = 64 << 10


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self._head()

    def do_GET(self):
        start = self._head()
        if start is not None:
            try:
                self._body(start)
            except OSError:
                # The one who asked went away, as it may.
                self.close_connection = True

    def log_message(self, *_):
        pass

    def _head(self):
        """Sends the head; returns where the body starts, or None when there is none to send."""
        size, etag = self.server.size, self.server.etag
        condition = self.headers.get("If-Match") or self.headers.get("If-Range")
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and condition in (None, etag) else 0
        if start >= size:
            self.send_response(416)
            self.send_header("Content-Range", f"bytes */{size}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return None
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        self.send_header("Content-Length", str(size - start))
        self.send_header("Content-Type", "application/octet-stream")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", etag)
        self.end_headers()
        return start

    def _body(self, start):
        due = time.monotonic()
        with open(self.server.path, "rb") as f:
            f.seek(start)
            while block := f.read(BLOCK):
                self.wfile.write(block)
                self.server.count(len(block))
                due = max(due + len(block) / self.server.rate, time.monotonic())
                time.sleep(max(0, due - time.monotonic()))


class SlowServer(http.server.ThreadingHTTPServer):
    """Serves path at rate bytes a second until the with block ends."""

    daemon_threads = True

    def __init__(self, path, rate):
        super().__init__(("127.0.0.1", 0), Handler)
        self.path, self.rate = path, rate
        self.size = os.path.getsize(path)
        self.etag = f'"{self.size:x}-{os.stat(path).st_mtime_ns:x}"'
        self.sent = 0
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/{os.path.basename(self.path)}"

    def count(self, length):
        with self._lock:
            self.sent += length

    def handle_error(self, *_):
        pass

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self._thread.join()
        self.server_close()
