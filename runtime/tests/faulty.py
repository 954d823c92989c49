"""An S3 that fails: a proxy before the local one that spoils chosen answers on real sockets."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import botocore.endpoint
from botocore.retries.bucket import Clock, TokenBucket

from batcat_runtime.s3 import ranges

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from typing_extensions import Self

FASTER = 50
ERROR = "<Error><Code>{0}</Code><Message>{0} it is</Message></Error>"
LEFT = "<DeleteResult><Error><Key>{1}</Key><Code>{0}</Code></Error></DeleteResult>"


def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass faster for those who wait before they ask again: botocore, and we.

    How often they wait, and how long beside each other, stays as it is.
    """
    begun, delay, wait = time.time(), ranges._delay, TokenBucket._sleep_amount  # noqa: SLF001

    def sleep(seconds: float) -> None:
        time.sleep(seconds / FASTER)

    monkeypatch.setattr(botocore.endpoint, "time", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: sleep(seconds))
    monkeypatch.setattr(Clock, "current_time", lambda _: begun + (time.time() - begun) * FASTER)
    monkeypatch.setattr(
        TokenBucket, "_sleep_amount", lambda bucket, amount: wait(bucket, amount) / FASTER
    )
    monkeypatch.setattr(ranges, "_delay", lambda attempt: delay(attempt) / FASTER)


@dataclass
class Request:
    """What a client asked for.

    Attributes:
        method: HTTP method.
        path: path and query.
        headers: by lower-case name; a fault may change them.
        number: how many came before it.
    """

    method: str
    path: str
    headers: dict[str, str]
    number: int

    @property
    def range(self) -> str:
        """The range it asks for."""
        return self.headers.get("range", "")


@dataclass
class Fault:
    """How an answer is spoiled.

    Attributes:
        status: HTTP status of an error that is answered instead.
        code: its code.
        left: key that the answer to DeleteObjects names as not removed, with that code.
        cut: the connection ends after this share of the body.
        drop: the connection ends before any answer, after the request has been carried out.
        shorter: so many bytes are missing, and the length says so.
        instead: this range is answered, but under its own name.
        spoil: the first byte of the body is another.
    """

    status: int = 0
    code: str = ""
    left: str = ""
    cut: float | None = None
    drop: bool = False
    shorter: int = 0
    instead: str = ""
    spoil: bool = False


@dataclass
class FaultyS3:
    """A proxy; a context manager that starts and stops it.

    Attributes:
        target: the S3 behind it.
        rule: decides how the answer to a request is spoiled, or gives None.
        requests: all that were asked.
        url: where clients find it.
    """

    target: str
    rule: Callable[[Request], Fault | None] = lambda _: None
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        """Start."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except ConnectionError:
                    self.close_connection = True

            def do_GET(self) -> None:
                proxy.answer(self)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET  # noqa: N815 - as http.server asks

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def asked(self, method: str, word: str = "") -> int:
        """How many requests there were of a method, with a word in their path."""
        return sum(one.method == method and word in one.path for one in self.requests)

    def answer(self, client: BaseHTTPRequestHandler) -> None:
        """Pass a request on, and its answer back, spoiled as the rule says."""
        sent = client.rfile.read(int(client.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in client.headers.items()}
        with self.lock:
            request = Request(client.command, client.path, headers, len(self.requests))
            self.requests.append(request)
        fault = self.rule(request) or Fault()
        if fault.status:
            body = (LEFT if fault.left else ERROR).format(fault.code, fault.left).encode()
            send(client, fault.status, {"Content-Type": "application/xml"}, body, len(body))
            return
        if fault.instead:
            request.headers["range"] = fault.instead
        status, answered, body = self.behind(request, sent)
        if fault.drop:
            client.close_connection = True
            return
        body = body[: len(body) - fault.shorter]
        body = bytes([body[0] ^ 1]) + body[1:] if fault.spoil else body
        length = len(body) if client.command != "HEAD" else int(answered["Content-Length"])
        if fault.cut is not None:
            body = body[: int(len(body) * fault.cut)]
            client.close_connection = True
        send(client, status, answered, body, length)

    def behind(self, request: Request, body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Ask the S3 behind the proxy."""
        address = urlsplit(self.target)
        connection = HTTPConnection(address.hostname or "", address.port or 80, timeout=60)
        try:
            headers = {name: value for name, value in request.headers.items() if name != "expect"}
            connection.request(request.method, request.path, body, headers)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()


def send(
    client: BaseHTTPRequestHandler, status: int, headers: dict[str, str], body: bytes, length: int
) -> None:
    """Send an answer under a length that may not be its own."""
    client.send_response_only(status)
    for name, value in headers.items():
        if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
            client.send_header(name, value)
    client.send_header("Content-Length", str(length))
    client.end_headers()
    client.wfile.write(body)
    client.wfile.flush()
