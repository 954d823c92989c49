"""How a client's connection begins: no encryption, any password, Redshift's own version.

Source: PostgreSQL documentation, "Message Flow", "Start-up".
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from .messages import (
    CANCEL_REQUEST,
    GSS_REQUEST,
    SSL_REQUEST,
    VERSION,
    message,
    problem,
    strings,
)  # fmt: skip
from .protocol import Connection, with_super

if TYPE_CHECKING:
    import socket

    from .backend import Backend

KEPT = ("user", "database", "application_name", "client_encoding", "options")
"""Parameters of the startup message that PostgreSQL knows, too; Redshift's drivers add others."""

SERVER_VERSION = "8.0.2"
"""What Redshift says, and drivers look at."""


def greet(client: socket.socket, backend: Backend) -> Connection | None:
    """Serve the startup.

    Args:
        client: the client's socket.
        backend: where it has connected to.

    Returns:
        A connection to PostgreSQL as the client's user; None if there is nothing to serve.

    Raises:
        EOFError: the client left.
    """
    while True:
        (size,) = struct.unpack("!I", _exactly(client, 4))
        body = _exactly(client, size - 4)
        (code,) = struct.unpack_from("!I", body)
        if code in (SSL_REQUEST, GSS_REQUEST):
            client.sendall(b"N")
        elif code == CANCEL_REQUEST:
            backend.send_raw(struct.pack("!I", size) + body)
            return None
        elif code == VERSION:
            return _log_in(client, backend, body[4:])
        else:
            client.sendall(problem({"C": "0A000", "M": f"unsupported protocol {code}"}))
            return None


def _log_in(client: socket.socket, backend: Backend, body: bytes) -> Connection | None:
    words = [part.decode() for part in body.rstrip(b"\0").split(b"\0")]
    given = dict(zip(words[::2], words[1::2], strict=False))
    user = given.get("user", "")
    given.setdefault("database", user)
    backend.ensure_user(user)
    server = Connection(backend.upstream())
    kept = [part for name in KEPT if name in given for part in (name, given[name])]
    start = struct.pack("!I", VERSION) + strings(*kept) + b"\0"
    server.socket.sendall(struct.pack("!I", len(start) + 4) + start)
    try:
        while True:
            kind, body = server.next()
            if kind == b"K":
                server.key = struct.unpack("!II", body)
            client.sendall(shown(kind, body))
            if kind == b"Z":
                return server
            if kind == b"E":
                break
    except BaseException:
        server.close()
        raise
    server.close()
    return None


def shown(kind: bytes, body: bytes) -> bytes:
    """Give a message of PostgreSQL's as Redshift would say it."""
    if kind == b"S" and body.startswith(b"server_version\0"):
        body = strings("server_version", SERVER_VERSION)
    if kind == b"T":
        body = with_super(body)
    return message(kind, body)


def _exactly(client: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = client.recv(count - len(data))
        if not more:
            raise EOFError("the client left")
        data += more
    return data
