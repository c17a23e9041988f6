# SPDX-License-Identifier: GPL-3.0-or-later
"""A played broker and a played, strict S3 store, on two ports of loopback, that misbehave when they are asked to.

    with BrokerFake(chunk_size) as broker:
        broker.address, broker.token          where uploads are registered, and with what
        broker.faults.append(Fault(...))      what goes wrong, and how often
        broker.requests("put")                what came: steps "create", "urls", "receipt", "status", "complete",
                                              "discard" at the broker, "put" at the store
        broker.violations                     what went to the store and should not have

It is told apart from a real pair by its clock and its keys alone: the broker signs, and the store takes nothing but what was
signed.
"""

import base64
import dataclasses
import datetime
import email.utils
import hashlib
import hmac
import http.server
import json
import re
import secrets
import socket
import ssl
import threading
import time
import typing
import urllib.parse

SECRET = secrets.token_bytes(16)
PIECE = 64 << 10
# What HTTP itself needs, and who it is that asks.
UNSIGNED = {"host", "content-length", "user-agent", "connection", "expect"}


class Cut(Exception):
    """The connection ends here."""


@dataclasses.dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict = dataclasses.field(default_factory=dict)


def s3_error(status, code, message="No."):
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Answer(status, text.encode(), {"Content-Type": "application/xml"})


def problem(status, kind="none", detail="No.", hint="Do something.", **headers):
    body = {"type": f"urn:ferry:problem:{kind}", "title": "A problem", "status": status, "detail": detail, "hint": hint}
    return Answer(status, json.dumps(body).encode(), {"Content-Type": "application/problem+json", **headers})


@dataclasses.dataclass
class Fault:
    """answer: instead of what would be said, and nothing is done; None: nothing is said and the connection ends, before
    it is done or, with done, after. early: it is said, or not, before the body is read. chunks: None: all."""
    step: str
    answer: typing.Optional[Answer] = None
    chunks: typing.Optional[typing.Collection] = None
    times: int = 10 ** 9
    done: bool = False
    early: bool = False
    act: typing.Optional[typing.Callable] = None  # called first; what it returns, if anything, is the answer


@dataclasses.dataclass
class Request:
    step: str
    chunk: typing.Optional[int]
    headers: dict
    body: typing.Optional[dict] = None
    query: dict = dataclasses.field(default_factory=dict)
    status: int = 0
    sent: int = 0  # bytes of a part that arrived


@dataclasses.dataclass
class Part:
    data: bytearray
    md5: str
    sha256: str
    etag: str
    length: int


@dataclasses.dataclass
class Upload:
    id: str
    key: str
    given: bytes
    name: str
    size: int
    chunk_size: int
    s3_id: str
    receipts: dict = dataclasses.field(default_factory=dict)  # chunk: what was posted
    result: typing.Optional[dict] = None

    @property
    def total(self):
        return -(-self.size // self.chunk_size)

    def length(self, chunk):
        return min(self.chunk_size, self.size - chunk * self.chunk_size)


def pairs(numbers):
    """Inclusive ranges."""
    ranges = []
    for n in sorted(numbers):
        if ranges and ranges[-1][1] == n - 1:
            ranges[-1][1] = n
        else:
            ranges.append([n, n])
    return ranges


class BrokerFake:
    """tells_sha256: the store takes SHA-256s, checks them and tells them; etags: "md5", "opaque" (hex digits that are
    none), "encrypted" (the same, and said so) or "odd"; keep: parts are kept, not just counted; tls: files "cert" and
    "key" for the store; skew: seconds that the broker's clock is ahead."""

    def __init__(self, chunk_size, tells_sha256=True, etags="md5", keep=True, tls=None, expire=3600, skew=0):
        self.chunk_size = chunk_size
        self.tells_sha256 = tells_sha256
        self.etags = etags
        self.keep = keep
        self.expire = expire
        self.skew = skew
        self.token = secrets.token_hex(16)
        self.cookie = None  # that the broker sets
        self.faults = []
        self.violations = []
        self.uploads = {}
        self.parts = {}  # S3 upload id: {chunk: Part}
        self.objects = {}  # name: bytes
        self.lock = threading.Condition()
        self._requests = []
        self._servers = [self._serve(BrokerHandler), self._serve(StoreHandler, tls)]
        self.address = f"http://127.0.0.1:{self._servers[0].server_port}"
        self.store_address = f"{'https' if tls else 'http'}://127.0.0.1:{self._servers[1].server_port}"

    def _serve(self, handler, tls=None):
        server = Server(("127.0.0.1", 0), handler)
        server.fake = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls["cert"], tls["key"])
            server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        for server in self._servers:
            server.shutdown()
            server.server_close()

    # ---- for the test ----

    def requests(self, step=None, chunk=None):
        with self.lock:
            return [r for r in self._requests if step in (None, r.step) and (chunk is None or r.chunk == chunk)]

    def times(self, n):
        """How often each of the first n chunks was stored."""
        return [len([r for r in self.requests("put", chunk) if r.status == 200]) for chunk in range(n)]

    @property
    def upload(self):
        """The newest."""
        return list(self.uploads.values())[-1]

    def forget_parts(self):
        """As if somebody had aborted what is under way."""
        with self.lock:
            self.parts.clear()

    # ---- what both need ----

    def record(self, request):
        with self.lock:
            self._requests.append(request)

    def take_fault(self, request, early):
        with self.lock:
            for fault in self.faults:
                if fault.step == request.step and fault.early == early and fault.times > 0 \
                        and (fault.chunks is None or request.chunk in fault.chunks):
                    fault.times -= 1
                    return fault
        return None

    def now(self):
        return time.time() + self.skew

    def sign(self, path, query, headers):
        text = "\n".join(["PUT", path, urllib.parse.urlencode(sorted(query.items())),
                          json.dumps(sorted(headers.items()))])
        return hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest()

    def presign(self, upload, chunk, sha256):
        headers = {}
        if sha256 and self.tells_sha256:
            headers["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        path = f"/bucket/{upload.id}/{urllib.parse.quote(upload.name)}"
        query = {"partNumber": str(chunk + 1), "uploadId": upload.s3_id, "X-Amz-SignedHeaders": ";".join(["host", *headers]),
                 "until": str(self.now() + self.expire)}
        query["X-Amz-Signature"] = self.sign(path, query, headers)
        until = datetime.datetime.fromtimestamp(self.now() + self.expire, datetime.timezone.utc)
        return {"chunk": chunk, "url": f"{self.store_address}{path}?{urllib.parse.urlencode(query)}", "headers": headers,
                "expires": until.strftime("%Y-%m-%dT%H:%M:%SZ")}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def handle_error(self, request, client_address):
        pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True

    @property
    def fake(self):
        return self.server.fake

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        return email.utils.formatdate(self.fake.now() if timestamp is None else timestamp, usegmt=True)

    def say(self, answer, request):
        request.status = answer.status
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if self.fake.cookie and request.step != "put":
            self.send_header("Set-Cookie", self.fake.cookie)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def hang_up(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def misbehave(self, request, fault, do):
        """What is said in the end, or None."""
        made = fault.act() if fault.act else None
        if fault.done or (fault.act and made is None and fault.answer is None):
            made = do(request)
        return None if fault.done else made or fault.answer

    def go(self, request, do):
        fault = self.fake.take_fault(request, False)
        answer = self.misbehave(request, fault, do) if fault else do(request)
        if answer is None:
            self.hang_up()
        else:
            self.say(answer, request)


class BrokerHandler(Handler):
    ROUTES = (("create", "POST", r"/uploads"), ("urls", "POST", r"/uploads/(\w+)/urls"),
              ("receipt", "POST", r"/uploads/(\w+)/chunks/(\d+)/receipt"),
              ("complete", "POST", r"/uploads/(\w+)/complete"), ("discard", "DELETE", r"/uploads/(\w+)"),
              ("status", "GET", r"/status\?id=(\w+)"))

    def answer_it(self):
        given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        for step, method, path in self.ROUTES:
            found = re.fullmatch(path, self.path) if method == self.command else None
            if found:
                request = Request(step, int(found[2]) if step == "receipt" else None, dict(self.headers.items()),
                                  json.loads(given) if given else None)
                self.fake.record(request)
                self.go(request, lambda r: self.decide(r, found, given))
                return
        self.say(problem(404), Request("none", None, {}))

    do_GET = do_POST = do_DELETE = do_PUT = answer_it

    def decide(self, request, found, given):
        if self.headers.get("Authorization") != "Bearer " + self.fake.token:
            return problem(401)
        with self.fake.lock:
            if request.step == "create":
                return self.create(request, given)
            upload = self.fake.uploads.get(found[1])
            if upload is None:
                return problem(404)
            return getattr(self, request.step)(upload, request)

    @staticmethod
    def ok(value, status=200):
        return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def create(self, request, given):
        key = self.headers["Idempotency-Key"]
        same = [u for u in self.fake.uploads.values() if u.key == key]
        if same and same[0].given != given:
            return problem(409)
        upload = same[0] if same else Upload(secrets.token_hex(16), key, given, request.body["name"], request.body["size"],
                                             self.fake.chunk_size, secrets.token_hex(8))
        self.fake.uploads[upload.id] = upload
        self.fake.parts.setdefault(upload.s3_id, {})
        return self.ok({"uploadId": upload.id, "chunkSize": upload.chunk_size, "totalChunks": upload.total,
                        "transport": "presigned", "expires": "2100-01-01T00:00:00Z"}, 201)

    def status(self, upload, request):
        missing = sorted(set(range(upload.total)) - set(upload.receipts))
        return self.ok({"uploadId": upload.id, "name": upload.name, "size": upload.size, "chunkSize": upload.chunk_size,
                        "totalChunks": upload.total, "receivedChunks": pairs(upload.receipts),
                        "nextExpectedChunk": missing[0] if missing else None, "expires": "2100-01-01T00:00:00Z",
                        "status": "complete" if upload.result else "in_progress"})

    def urls(self, upload, request):
        chunks = [n for first, last in request.body["chunks"] for n in range(first, last + 1)]
        digests = request.body.get("sha256") or [None] * len(chunks)
        if chunks != sorted(set(chunks)) or len(digests) != len(chunks) or not 0 < len(chunks) <= 100 \
                or chunks[-1] >= upload.total:
            return problem(400)
        return self.ok({"urls": [self.fake.presign(upload, n, digest) for n, digest in zip(chunks, digests)]})

    def receipt(self, upload, request):
        etag = request.body["etag"].strip('"')
        if not 0 < len(etag) <= 256 or not re.fullmatch("[0-9a-f]{64}", request.body["sha256"]):
            return problem(400)
        upload.receipts[request.chunk] = {**request.body, "etag": etag}
        return self.ok({"chunk": request.chunk})

    def complete(self, upload, request):
        if upload.result:
            return self.ok(upload.result)
        parts = self.fake.parts.get(upload.s3_id)
        if parts is None:
            upload.receipts.clear()
            upload.s3_id = secrets.token_hex(8)
            parts = self.fake.parts.setdefault(upload.s3_id, {})
        for n in list(upload.receipts):
            part, receipt = parts.get(n), upload.receipts[n]
            if part is None or part.etag != receipt["etag"] or part.length != upload.length(n) \
                    or (self.fake.tells_sha256 and part.sha256 != receipt["sha256"]):
                del upload.receipts[n]
        missing = set(range(upload.total)) - set(upload.receipts)
        if missing:
            return self.ok({"missing": pairs(missing)}, 409)
        ordered = [parts[n] for n in range(upload.total)]
        proof = "sha256" if self.fake.tells_sha256 else "etag" if self.fake.etags == "md5" else "none"
        tags = b"".join(bytes.fromhex(p.md5) for p in ordered)
        self.fake.objects[upload.name] = b"".join(bytes(p.data) for p in ordered)
        upload.result = {"status": "complete", "name": upload.name, "size": upload.size,
                         "sha256": request.body.get("sha256") if proof == "sha256" else None,
                         "url": f"/files/{upload.id}/{urllib.parse.quote(upload.name)}", "proof": proof,
                         "etag": f"{hashlib.md5(tags).hexdigest()}-{max(1, len(ordered))}"}
        return self.ok(upload.result)

    def discard(self, upload, request):
        del self.fake.uploads[upload.id]
        self.fake.parts.pop(upload.s3_id, None)
        return Answer(204)


class StoreHandler(Handler):
    def handle_expect_100(self):
        answer = self.refuse_early(self.read_request())
        if answer is None:
            return super().handle_expect_100()
        self.close_connection = True
        return False

    def read_request(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        return Request("put", int(query.get("partNumber", 0)) - 1, {n.lower(): v for n, v in self.headers.items()},
                       query=query)

    def refuse_early(self, request):
        """Says what there is to say before the body; None: the body may come."""
        fault = self.fake.take_fault(request, True)
        if fault is None:
            return None
        self.fake.record(request)
        if fault.answer is None:
            self.hang_up()
            raise Cut
        self.say(fault.answer, request)
        return fault.answer

    def do_PUT(self):
        request = self.read_request()
        if "expect" not in request.headers and self.refuse_early(request):
            # As servers do that do not want the body: what still comes is met with a reset.
            self.wfile.flush()
            self.close_connection = True
            return
        self.fake.record(request)
        body = self.read_body(request)
        self.go(request, lambda r: self.store(r, body))

    def refuse(self, request, body):
        """What a strict store has against it."""
        query = dict(request.query)
        url = urllib.parse.urlsplit(self.path)
        signature = query.pop("X-Amz-Signature", "")
        signed = set(query.get("X-Amz-SignedHeaders", "").split(";")) - {"host"}
        extra = set(request.headers) - UNSIGNED - signed
        if extra:
            self.fake.violations.append(sorted(extra))
            return s3_error(403, "AccessDenied", "There were headers present in the request which were not signed")
        headers = {name: request.headers.get(name, "") for name in signed}
        if not hmac.compare_digest(signature, self.fake.sign(url.path, query, headers)):
            return s3_error(403, "SignatureDoesNotMatch")
        if float(query["until"]) < self.fake.now():
            return s3_error(403, "AccessDenied", "Request has expired")
        if query["uploadId"] not in self.fake.parts:
            return s3_error(404, "NoSuchUpload")
        told = request.headers.get("x-amz-checksum-sha256")
        if told and base64.b64decode(told) != body.sha256.digest():
            return s3_error(400, "BadDigest")
        return None

    def store(self, request, body):
        refused = self.refuse(request, body)
        if refused:
            return refused
        md5, sha256 = body.md5.hexdigest(), body.sha256.hexdigest()
        etag = {"md5": md5, "odd": f"{md5[:8]}-x"}.get(self.fake.etags, secrets.token_hex(16))
        with self.fake.lock:
            if request.query["uploadId"] not in self.fake.parts:
                return s3_error(404, "NoSuchUpload")
            self.fake.parts[request.query["uploadId"]][request.chunk] = Part(body.data, md5, sha256, etag, body.length)
        request.status = 200
        headers = {"ETag": f'"{etag}"'}
        if self.fake.tells_sha256:
            headers["x-amz-checksum-sha256"] = base64.b64encode(body.sha256.digest()).decode()
        if self.fake.etags == "encrypted":
            headers["x-amz-server-side-encryption"] = "aws:kms"
        return Answer(200, b"", headers)

    def read_body(self, request):
        body = Body()
        left = int(self.headers["Content-Length"])
        while left:
            piece = self.rfile.read(min(left, PIECE))
            if not piece:
                raise Cut
            left -= len(piece)
            request.sent += len(piece)
            body.add(piece, self.fake.keep)
        return body


class Body:
    def __init__(self):
        self.data = bytearray()
        self.length = 0
        self.md5 = hashlib.md5()
        self.sha256 = hashlib.sha256()

    def add(self, piece, keep):
        self.length += len(piece)
        self.md5.update(piece)
        self.sha256.update(piece)
        if keep:
            self.data += piece
