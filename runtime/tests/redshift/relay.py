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

_SSL = 80877103


class CutError(Exception):
    """Raised by a hook to close both connections at once.

    Args:
        rest: bytes that still go to the client.
    """

    def __init__(self, rest: bytes = b"") -> None:
        super().__init__()
        self.rest = rest


class Relay:
    """Listens on a free port of this machine and passes messages on to a server there.

    Args:
        upstream: port of the server.

    Attributes:
        port: where it listens.
        up: called with each message of a client, ``(kind, body)``; may raise CutError.
        down: called with each message of the server.
        opened: how many clients have come.
    """

    def __init__(self, upstream: int) -> None:
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
        server = socket.socket()
        self._sockets.append(server)
        try:
            server.connect(("127.0.0.1", self._upstream))
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
    """Read the first message; refuse encryption, and then it goes on as it is."""
    while True:
        body = _exactly(client, struct.unpack("!I", _exactly(client, 4))[0] - 4)
        (code,) = struct.unpack("!I", body[:4])
        if code != _SSL:
            break
        client.sendall(b"N")
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
