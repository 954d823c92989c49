"""A relay between the driver and a server that can break what it passes on."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

# Parameters of the startup message that only Redshift knows.
_OWN = {
    b"client_protocol_version",
    b"driver_version",
    b"os_version",
    b"driver_discovery_version",
}
_SSL, _CANCEL = 80877103, 80877102


class CutError(Exception):
    """Raised by a hook to close both connections at once.

    Args:
        rest: bytes that still go to the client.
    """

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__()
        self.rest = rest


class Relay:
    """Listens on a free port of this machine and passes messages on to a PostgreSQL.

    Args:
        upstream: path of its socket.

    Attributes:
        port: where it listens.
        up: called with each message of a client, ``(kind, body)``; may raise CutError.
        down: called with each message of the server.
        opened: how many clients have come.
    """

    def __init__(self, upstream: str) -> None:
        self._upstream = upstream
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.up: Callable[[bytes, bytes], None] = lambda *_: None
        self.down: Callable[[bytes, bytes], None] = lambda *_: None
        self.opened = 0
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        """Close everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._sockets:
            _close(one)
        for thread in self._threads:
            thread.join(10)

    def _start(self, target: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._sockets.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        server = socket.socket(socket.AF_UNIX)
        self._sockets.append(server)
        try:
            server.connect(self._upstream)
            server.sendall(_startup(client))
            self.opened += 1
            self._start(self._pass_on, server, client, "down")
            self._pass_on(client, server, "up")
        except (OSError, EOFError):
            _close(client)
            _close(server)

    def _pass_on(self, source: socket.socket, target: socket.socket, hook: str) -> None:
        try:
            while True:
                kind, body = _message(source)
                getattr(self, hook)(kind, body)
                if kind == b"S" and body.startswith(b"server_version\0"):
                    body = b"server_version\x008.0.2\0"
                target.sendall(kind + struct.pack("!I", len(body) + 4) + body)
        except CutError as cut:
            with contextlib.suppress(OSError):
                target.sendall(cut.rest)
        except (OSError, EOFError):
            pass
        _close(source)
        _close(target)


def _message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _exactly(source, 5)
    return head[:1], _exactly(source, struct.unpack("!I", head[1:])[0] - 4)


def _startup(client: socket.socket) -> bytes:
    """Read the first message; refuse encryption, and leave out what PostgreSQL does not know."""
    while True:
        body = _exactly(client, struct.unpack("!I", _exactly(client, 4))[0] - 4)
        (code,) = struct.unpack("!I", body[:4])
        if code != _SSL:
            break
        client.sendall(b"N")
    if code != _CANCEL:
        words = body[4:].rstrip(b"\0").split(b"\0")
        pairs = zip(words[::2], words[1::2], strict=True)
        kept = b"".join(key + b"\0" + value + b"\0" for key, value in pairs if key not in _OWN)
        body = body[:4] + kept + b"\0"
    return struct.pack("!I", len(body) + 4) + body


def _exactly(source: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count:
        some = source.recv(count - len(found))
        if not some:
            raise EOFError
        found += some
    return found


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
