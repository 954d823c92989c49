"""An S3 on the loopback interface as slow as the real one: latency, and a rate a connection.

Usage: python runtime/benchmarks/loopback_s3.py FOLDER

Serves the files of a folder as the bucket ``bench``; prints its URL, then runs until its input
ends. Answers GetObject (with ranges), HeadObject and ListObjectsV2, 25 ms after each request, the
body at 80 MB/s a connection. ``GET /_requests`` tells what was asked since the last time.
"""

from __future__ import annotations

import json
import os
import re
import socketserver
import sys
import threading
import time
from email.utils import formatdate
from hashlib import md5
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

LATENCY = 0.025
RATE = 80e6  # bytes a second and connection
_CHUNK = 128 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Store:
    """The objects, and what was asked for."""

    def __init__(self, folder: Path) -> None:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        self.objects = {str(path.relative_to(folder)): path.read_bytes() for path in files}
        self.etags = {key: md5(body).hexdigest() for key, body in self.objects.items()}  # noqa: S324
        self.asked: dict[str, int] = {}
        self.lock = threading.Lock()

    def count(self, what: str) -> None:
        """Remember a request."""
        with self.lock:
            self.asked[what] = self.asked.get(what, 0) + 1

    def taken(self) -> dict[str, int]:
        """What was asked since the last time."""
        with self.lock:
            found, self.asked = self.asked, {}
        return found


class Connection(socketserver.StreamRequestHandler):
    """One connection, kept open for many requests."""

    store: Store
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer until the client has had enough."""
        while line := self.rfile.readline():
            headers = {}
            while (head := self.rfile.readline().strip()) != b"":
                name, _, value = head.decode("latin-1").partition(":")
                headers[name.lower()] = value.strip()
            self.rfile.read(int(headers.get("content-length", 0)))
            method, target, _ = line.decode("latin-1").split(" ", 2)
            self.answer(method, urlsplit(target), headers)

    def answer(self, method: str, url: object, headers: dict[str, str]) -> None:
        """Answer one request."""
        path, query = unquote(url.path), url.query  # type: ignore[attr-defined]
        if path == "/_requests":
            self.send(200, {}, json.dumps(self.store.taken()).encode(), paced=False)
            return
        time.sleep(LATENCY)
        bucket, _, key = path.lstrip("/").partition("/")
        options = {name: values[0] for name, values in parse_qs(query, True).items()}
        if not key:
            self.store.count("ListObjectsV2")
            self.send(200, {"Content-Type": "application/xml"}, self.listing(bucket, options))
            return
        self.store.count("HeadObject" if method == "HEAD" else "GetObject")
        body = self.store.objects.get(key)
        if body is None:
            self.send(404, {}, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        told = {
            "ETag": f'"{self.store.etags[key]}"',
            "Last-Modified": formatdate(0, usegmt=True),
            "Accept-Ranges": "bytes",
        }
        asked = _RANGE.fullmatch(headers.get("range", ""))
        start, stop, status = 0, len(body), 200
        if asked:
            status = 206
            if not asked[1]:
                start = max(0, len(body) - int(asked[2]))
            else:
                start = int(asked[1])
                stop = min(int(asked[2] or len(body)) + 1, len(body))
            told["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        self.send(status, told, memoryview(body)[start:stop], empty=method == "HEAD")

    def listing(self, bucket: str, options: dict[str, str]) -> bytes:
        """One page of all keys."""
        prefix = options.get("prefix", "")
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size><ETag>&quot;"
            f"{self.store.etags[key]}&quot;</ETag><LastModified>2026-01-01T00:00:00.000Z"
            "</LastModified><StorageClass>STANDARD</StorageClass></Contents>"
            for key, body in self.store.objects.items()
            if key.startswith(prefix)
        )
        return (
            f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        ).encode()

    def send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes | memoryview,
        *,
        empty: bool = False,
        paced: bool = True,
    ) -> None:
        """Send an answer at the rate of one connection."""
        headers = {**headers, "Content-Length": str(len(body)), "x-amz-request-id": "bench"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.connection.sendall(f"HTTP/1.1 {status} OK\r\n{lines}\r\n".encode())
        if empty:
            return
        begin = time.perf_counter()
        view = memoryview(body)
        for sent in range(0, len(view), _CHUNK):
            self.connection.sendall(view[sent : sent + _CHUNK])
            ahead = (sent + _CHUNK) / RATE - (time.perf_counter() - begin)
            if paced and ahead > 0:
                time.sleep(ahead)


class Server(socketserver.ThreadingTCPServer):
    """A thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until standard input ends."""
    Connection.store = Store(Path(sys.argv[1]))
    with Server(("127.0.0.1", 0), Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()
    os._exit(0)


if __name__ == "__main__":
    main()
