# SPDX-License-Identifier: GPL-3.0-or-later
"""A small S3 client for tests, strict: it signs each request (Signature Version 4, also of the body), and raises
S3Error for everything that did not clearly succeed. Buckets are in the path.

    client = S3Client("http://127.0.0.1:7480", "KEY", "SECRET", "default")
    client.put("bucket", "key", b"…");  client.object_sha256("bucket", "key")
    upload = client.create("bucket", "key")
    etag = client.put_part("bucket", "key", upload, 1, b"…")
    client.complete("bucket", "key", upload, [(1, etag)])
    client.presign("PUT", "bucket", "key", {"partNumber": "1", "uploadId": upload}, at=time.time () - 3600)
"""

import dataclasses
import hashlib
import hmac
import http.client
import time
import urllib.parse
import xml.etree.ElementTree

SECONDS = 60
EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


class S3Error(Exception):
    """The store said no. code: e.g. "NoSuchUpload"; "" where it names none."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code


@dataclasses.dataclass
class Answer:
    status: int
    fields: dict  # names in lower case
    body: bytes

    @property
    def xml(self):
        """Root element, with all namespaces gone."""
        root = xml.etree.ElementTree.fromstring(self.body)
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root

    @property
    def error(self):
        """What it means where it is a failure, else None."""
        code = message = ""
        try:
            root = self.xml if self.body.lstrip().startswith(b"<") else None
        except xml.etree.ElementTree.ParseError:
            root = None
        # A store may find out that it failed when it has already said 200.
        if root is not None and root.tag == "Error":
            code, message = root.findtext("Code", ""), root.findtext("Message", "") or ""
        elif 200 <= self.status < 300:
            return None
        return S3Error(self.status, code, message)


def quote(text, safe=""):
    return urllib.parse.quote(text, safe=safe + "-._~")


def query_text(pairs):
    return "&".join(f"{n}={v}" for n, v in sorted((quote(n), quote(v)) for n, v in pairs.items()))


class S3Client:
    def __init__(self, endpoint, access_key, secret_key, region, session_token=None):
        parts = urllib.parse.urlsplit(endpoint)
        self.endpoint = f"{parts.scheme}://{parts.netloc}"
        self.secure = parts.scheme == "https"
        self.host = parts.netloc
        self.access_key = access_key
        self.secret_key = secret_key
        self.region = region
        self.session_token = session_token

    # ---- signing ----

    def _scope(self, stamp):
        return f"{stamp[:8]}/{self.region}/s3/aws4_request"

    def _signature(self, stamp, canonical):
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        key = ("AWS4" + self.secret_key).encode()
        for piece in (stamp[:8], self.region, "s3", "aws4_request"):
            key = hmac.digest(key, piece.encode(), "sha256")
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{self._scope(stamp)}\n{digest}"
        return hmac.digest(key, text.encode(), "sha256").hex()

    @staticmethod
    def _canonical(method, path, query, headers, payload):
        names = sorted(headers)
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
        return "\n".join([method, quote(path, "/"), query_text(query), lines, ";".join(names), payload])

    @staticmethod
    def _stamp(at):
        return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if at is None else at))

    def presign(self, method, bucket, key, query=None, headers=None, expires=3600, at=None):
        """An address that anybody can use; at: seconds since 1970 that it is signed for, instead of now."""
        stamp = self._stamp(at)
        path = f"/{bucket}/{key}"
        signed = {"host": self.host, **{n.lower(): v for n, v in (headers or {}).items()}}
        pairs = {**(query or {}), "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                 "X-Amz-Credential": f"{self.access_key}/{self._scope(stamp)}", "X-Amz-Date": stamp,
                 "X-Amz-Expires": str(expires), "X-Amz-SignedHeaders": ";".join(sorted(signed))}
        if self.session_token:
            pairs["X-Amz-Security-Token"] = self.session_token
        signature = self._signature(stamp, self._canonical(method, path, pairs, signed, "UNSIGNED-PAYLOAD"))
        return f"{self.endpoint}{quote(path, '/')}?{query_text(pairs)}&X-Amz-Signature={signature}"

    def ask(self, method, path, query=None, body=b"", headers=None, at=None):
        """One signed request; whatever the answer is."""
        stamp = self._stamp(at)
        payload = hashlib.sha256(body).hexdigest() if body else EMPTY_SHA256
        fields = {"host": self.host, "x-amz-date": stamp, "x-amz-content-sha256": payload,
                  **{n.lower(): v for n, v in (headers or {}).items()}}
        if self.session_token:
            fields["x-amz-security-token"] = self.session_token
        signature = self._signature(stamp, self._canonical(method, path, query or {}, fields, payload))
        fields["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.access_key}/{self._scope(stamp)}, "
                                   f"SignedHeaders={';'.join(sorted(set(fields)))}, Signature={signature}")
        target = quote(path, "/") + ("?" + query_text(query) if query else "")
        return send(self.endpoint, method, target, body, fields)

    # ---- what S3 can do ----

    def call(self, method, path, query=None, body=b"", headers=None):
        answer = self.ask(method, path, query, body, headers)
        if answer.error:
            raise answer.error
        return answer

    def make_bucket(self, bucket):
        self.call("PUT", f"/{bucket}")

    def delete_bucket(self, bucket):
        self.call("DELETE", f"/{bucket}")

    def put(self, bucket, key, body, headers=None):
        return self.call("PUT", f"/{bucket}/{key}", body=body, headers=headers).fields["etag"].strip('"')

    def get(self, bucket, key):
        return self.call("GET", f"/{bucket}/{key}").body

    def head(self, bucket, key):
        """Header fields of the object; None where there is none."""
        answer = self.ask("HEAD", f"/{bucket}/{key}")
        if answer.status == 404:
            return None
        if answer.error:
            raise answer.error
        return answer.fields

    def delete(self, bucket, key):
        self.call("DELETE", f"/{bucket}/{key}")

    def object_sha256(self, bucket, key):
        """Read in pieces: an object may be bigger than memory. Raises S3Error where there is none."""
        target = self.presign("GET", bucket, key)[len(self.endpoint):]
        connection = connect(self.endpoint)
        try:
            connection.request("GET", target)
            response = connection.getresponse()
            if response.status != 200:
                raise Answer(response.status, {}, response.read()).error
            digest, length = hashlib.sha256(), 0
            while block := response.read(1 << 20):
                digest.update(block)
                length += len(block)
            if length != int(response.getheader("content-length")):
                raise S3Error(200, "", f"{length} bytes came")
            return digest.hexdigest()
        finally:
            connection.close()

    def list_keys(self, bucket):
        keys, query = [], {"list-type": "2"}
        while True:
            root = self.call("GET", f"/{bucket}", query).xml
            keys += [found.findtext("Key") for found in root.iter("Contents")]
            if root.findtext("IsTruncated") != "true":
                return keys
            query["continuation-token"] = root.findtext("NextContinuationToken")

    def list_uploads(self, bucket):
        """[(key, upload id)] of all that are neither completed nor aborted."""
        uploads, query = [], {"uploads": ""}
        while True:
            root = self.call("GET", f"/{bucket}", query).xml
            uploads += [(found.findtext("Key"), found.findtext("UploadId")) for found in root.iter("Upload")]
            if root.findtext("IsTruncated") != "true":
                return uploads
            query.update({"key-marker": root.findtext("NextKeyMarker"),
                          "upload-id-marker": root.findtext("NextUploadIdMarker")})

    def list_parts(self, bucket, key, upload):
        """[(number, size, ETag)]."""
        parts, query = [], {"uploadId": upload}
        while True:
            root = self.call("GET", f"/{bucket}/{key}", query).xml
            parts += [(int(found.findtext("PartNumber")), int(found.findtext("Size")),
                       found.findtext("ETag").strip('"')) for found in root.iter("Part")]
            if root.findtext("IsTruncated") != "true":
                return parts
            query["part-number-marker"] = root.findtext("NextPartNumberMarker")

    def create(self, bucket, key, headers=None):
        return self.call("POST", f"/{bucket}/{key}", {"uploads": ""}, headers=headers).xml.findtext("UploadId")

    def put_part(self, bucket, key, upload, number, body, headers=None):
        answer = self.call("PUT", f"/{bucket}/{key}", {"partNumber": str(number), "uploadId": upload}, body, headers)
        return answer.fields["etag"].strip('"')

    def complete(self, bucket, key, upload, parts):
        """parts: [(number, ETag)]."""
        named = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>&quot;{etag}&quot;</ETag></Part>"
                        for n, etag in parts)
        body = f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>".encode()
        self.call("POST", f"/{bucket}/{key}", {"uploadId": upload}, body)

    def abort(self, bucket, key, upload):
        self.call("DELETE", f"/{bucket}/{key}", {"uploadId": upload})


def connect(address):
    parts = urllib.parse.urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname, parts.port, timeout=SECONDS)


def send(endpoint, method, target, body=b"", headers=None):
    """One request with these header fields and no others but Content-Length."""
    connection = connect(endpoint)
    try:
        connection.putrequest(method, target, skip_host=bool(headers and "host" in headers), skip_accept_encoding=True)
        if body or method in ("PUT", "POST"):
            connection.putheader("content-length", str(len(body)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        response = connection.getresponse()
        return Answer(response.status, {n.lower(): v for n, v in response.getheaders()}, response.read())
    finally:
        connection.close()


def send_presigned(address, method, body=b"", headers=None):
    """What a client does with an address it was given."""
    parts = urllib.parse.urlsplit(address)
    return send(f"{parts.scheme}://{parts.netloc}", method, f"{parts.path}?{parts.query}", body, headers)
