"""AWS services that answer what a test wants, over HTTP on this machine."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

Answer = tuple[int, Any]


class Services:
    """One endpoint for all services.

    Args:
        answer: called with the operation and its parameters; gives the status and what to answer:
            a dictionary for services that speak JSON, text for those that speak XML.

    Attributes:
        url: of the endpoint.
        asked: operations and their parameters, as they came.
    """

    def __init__(self, answer: Callable[[str, dict[str, Any]], Answer]) -> None:
        asked: list[tuple[str, dict[str, Any]]] = []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                target = self.headers.get("X-Amz-Target")
                if target:
                    name, parameters = target.rpartition(".")[2], json.loads(raw)
                else:
                    form = {key: one[0] for key, one in parse_qs(raw.decode()).items()}
                    name, parameters = form.pop("Action"), form
                asked.append((name, parameters))
                status, told = answer(name, parameters)
                body = (told if isinstance(told, str) else json.dumps(told)).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.asked = asked
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )

    def named(self, name: str) -> list[dict[str, Any]]:
        """Parameters of all calls of an operation."""
        return [parameters for one, parameters in self.asked if one == name]

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
