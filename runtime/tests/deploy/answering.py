"""AWS services on loopback that answer what a test tells them to, and note what they are asked."""

from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Answer = Callable[[dict[str, Any]], Any]


class Refusal(Exception):  # noqa: N818 - it is an answer
    """An answer that is an error.

    Args:
        code: as the service names it.
        message: as the service words it.
        status: HTTP status.
    """

    def __init__(self, code: str, message: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Answering:
    """A server.

    Args:
        answers: operation to what it answers: a function of the request that returns a document,
            which goes out as JSON, or text, which goes out as it is.

    Attributes:
        asked: operation and request of each call.
    """

    def __init__(self, answers: dict[str, Answer]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def serving(self) -> Iterator[Answering]:
        """Answer until the end of the block."""
        thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def answer(self, operation: str, request: dict[str, Any]) -> tuple[int, str]:
        """Status and body."""
        self.asked.append((operation, request))
        try:
            told = self.answers[operation](request)
        except Refusal as error:
            return error.status, json.dumps({"__type": error.code, "message": error.message})
        return 200, told if isinstance(told, str) else json.dumps(told)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                target = self.headers.get("X-Amz-Target", "")
                if target:
                    operation, request = target.rpartition(".")[2], json.loads(body)
                else:
                    request = {name: values[0] for name, values in parse_qs(body).items()}
                    operation = request["Action"]
                self._send(*server.answer(operation, request))

            def do_GET(self) -> None:
                self._send(*server.answer(self.path, {}))

            def _send(self, status: int, text: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
