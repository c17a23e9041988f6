# SPDX-License-Identifier: GPL-3.0-or-later
"""A proxy on loopback before a ferry-receiver: it counts every chunk, and harms what it is asked to harm.

    with ChunkProxy(receiver_port) as proxy:
        proxy.address                         what the client is told instead of the receiver's address
        proxy.on_body = harm                  sees, may change, hold up or cut (raise Cut) what goes up
        proxy.on_answer = harm                the same for the head of each answer
    proxy.puts()                              each chunk that went up, and what the receiver answered

One thread serves a connection, and carries one direction at a time, as the two ends do.
"""

import collections
import dataclasses
import re
import select
import socket
import ssl
import threading
import time

PIECE = 256 << 10
SEND_SECONDS = 60


class Cut(Exception):
    """Raised by a hook: the connection ends here, for both sides."""


@dataclasses.dataclass(eq=False)
class Request:
    method: str
    path: str
    length: int  # of its body
    begun: float  # time.monotonic() when its head came
    sent: int = 0  # bytes of its body handed to the receiver
    status: int = 0  # what the receiver answered, 0 as long as it did not
    ended: float = 0  # when it was answered or cut, 0 while it is under way

    @property
    def chunk(self):
        """Its number, None when this is another request."""
        found = re.search(r"/uploads/[^/]+/chunks/(\d+)$", self.path) if self.method == "PUT" else None
        return int(found[1]) if found else None

    @property
    def completes(self):
        return self.method == "POST" and self.path.endswith("/complete")


class Cutter:
    """Cuts what comes one way on a connection into heads and bodies."""

    def __init__(self, is_answer):
        self.is_answer = is_answer
        self.text = b""
        self.left = 0  # bytes of the body still to come, None: until the end

    def feed(self, data):
        """Yields (head, b"") and (None, piece of a body)."""
        data = self.text + data
        self.text = b""
        while data:
            if self.left != 0:
                piece = data if self.left is None else data[: self.left]
                data = data[len(piece) :]
                if self.left is not None:
                    self.left -= len(piece)
                yield None, piece
                continue
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self.text = data
                return
            head, data = data[: end + 4], data[end + 4 :]
            self.left = self._body_length(head)
            yield head, b""

    def _body_length(self, head):
        if self.is_answer and re.match(rb"HTTP/1\.1 (1\d\d|204|304) ", head):
            return 0
        found = re.search(rb"\r\ncontent-length:\s*(\d+)", head, re.IGNORECASE)
        return int(found[1]) if found else None if self.is_answer else 0


class ChunkProxy:
    """port: the receiver's; rate: bytes a second that go up at most; tls: files "cert", "key" and "ca" to speak
    TLS to both ends with."""

    def __init__(self, port, rate=0, tls=None):
        self.port = port
        self.rate = rate
        self.on_body = lambda request, data: data
        self.on_answer = lambda request, status: None
        self.refused = 0  # connections for which no receiver was there
        self.changed = threading.Condition()
        self._requests = []
        self._due = 0
        self._closed = False
        self._connections = set()
        self._threads = []
        self._ours = self._theirs = None
        if tls:
            self._ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._ours.load_cert_chain(tls["cert"], tls["key"])
            self._theirs = ssl.create_default_context(cafile=tls["ca"])
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"{'https' if tls else 'http'}://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        self._start(self._accept)

    def stop(self):
        with self.changed:
            self._closed = True
            self.changed.notify_all()
        self._listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def cut(self):
        """Every connection, at once, with what is still in its buffers: as when an end loses its power."""
        with self.changed:
            connections = list(self._connections)
        for connection in connections:
            hang_up(connection)

    # ---- what was seen ----

    def requests(self):
        with self.changed:
            return list(self._requests)

    def puts(self, chunk=None):
        return [r for r in self.requests() if (r.chunk is not None if chunk is None else r.chunk == chunk)]

    def confirmed(self):
        """Numbers of the chunks that the receiver answered with 200."""
        return {r.chunk for r in self.puts() if r.status == 200}

    def reached(self):
        """Bytes of chunks that are confirmed or on their way."""
        whole = {r.chunk: r.length for r in self.puts() if r.status == 200}
        moving = {r.chunk: r.sent for r in self.puts() if not r.ended and r.chunk not in whole}
        return sum(whole.values()) + sum(moving.values())

    def wait(self, condition, seconds):
        """Until condition() is true, which is looked at whenever something moves; its value."""
        with self.changed:
            self.changed.wait_for(lambda: condition() or self._closed, seconds)
        return condition()

    def hold(self, released):
        """For a hook: stays until released() is true; a proxy that ends does not wait."""
        with self.changed:
            self.changed.wait_for(lambda: released() or self._closed)
            if self._closed:
                raise Cut

    def nudge(self):
        """After what a condition depends on was changed."""
        with self.changed:
            self.changed.notify_all()

    # ---- connections ----

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            self._threads = [t for t in self._threads if t.is_alive()]
            self._start(self._serve, client)

    def _serve(self, client):
        ends = [client]
        pending = collections.deque()
        try:
            ends.append(self._connect())
            with self.changed:
                self._connections.update(ends)
                if self._closed:
                    return
            if self._ours:
                ends[0] = self._ours.wrap_socket(client, server_side=True)
                with self.changed:
                    self._connections.add(ends[0])
            self._carry(ends[0], ends[1], pending)
        except (OSError, Cut):
            pass
        finally:
            with self.changed:
                self._connections.difference_update([*ends, client])
                for request in pending:
                    request.ended = time.monotonic()
                self.changed.notify_all()
            for end in ends:
                hang_up(end)
                end.close()

    def _connect(self):
        try:
            server = socket.create_connection(("127.0.0.1", self.port), timeout=SEND_SECONDS)
            return self._theirs.wrap_socket(server, server_hostname="127.0.0.1") if self._theirs else server
        except OSError:
            with self.changed:
                self.refused += 1
            raise

    def _carry(self, client, server, pending):
        up, down = Cutter(False), Cutter(True)
        request = None
        while True:
            for source in ready(client, server):
                data = receive(source)
                if data is None:
                    continue
                if source is server:
                    # The head first, as what came after it may be the end of the connection.
                    for head, piece in down.feed(data):
                        self._answer(client, head, piece, pending)
                else:
                    for head, piece in up.feed(data):
                        request = self._ask(server, head, piece, request, pending)
                if not data:
                    return

    def _ask(self, server, head, piece, request, pending):
        """Returns the request that this belongs to. It may have been answered before its body is over."""
        if head:
            method, path = head.split(b" ", 2)[:2]
            found = re.search(rb"\r\ncontent-length:\s*(\d+)", head, re.IGNORECASE)
            request = Request(method.decode(), path.decode(), int(found[1]) if found else 0, time.monotonic())
            with self.changed:
                self._requests.append(request)
                pending.append(request)
                self.changed.notify_all()
            send(server, head)
            return request
        piece = self.on_body(request, piece)
        self._slow(len(piece))
        send(server, piece)
        with self.changed:
            request.sent += len(piece)
            self.changed.notify_all()
        return request

    def _answer(self, client, head, piece, pending):
        status = int(head.split(b" ", 2)[1]) if head else 0
        if status >= 200:
            request = pending[0]
            with self.changed:
                pending.popleft()
                request.status = status
                request.ended = time.monotonic()
                self.changed.notify_all()
            self.on_answer(request, status)
        send(client, head or piece)

    def _slow(self, length):
        if not self.rate:
            return
        with self.changed:
            now = time.monotonic()
            self._due = max(self._due, now) + length / self.rate
            wait = self._due - now
        time.sleep(wait)


def hang_up(connection):
    try:
        # Below TLS, which another thread may be reading.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass


def ready(*ends):
    """Those of which something may be read, once there are any. What TLS has decrypted, select does not know of."""
    decrypted = [end for end in ends if isinstance(end, ssl.SSLSocket) and end.pending()]
    return decrypted or select.select(ends, [], [])[0]


def receive(source):
    """What is there, b"" at the end, None when it was only TLS talking to itself."""
    source.setblocking(False)
    try:
        return source.recv(PIECE)
    except (BlockingIOError, ssl.SSLWantReadError):
        return None


def send(target, data):
    target.settimeout(SEND_SECONDS)
    target.sendall(data)
