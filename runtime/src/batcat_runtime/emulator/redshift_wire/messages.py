"""Messages of PostgreSQL's wire protocol.

Source: PostgreSQL documentation, "Frontend/Backend Protocol" (3.0), which Redshift speaks.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 196608
SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
CHUNK = 1 << 16
HEAD = 5


def message(kind: bytes, body: bytes = b"") -> bytes:
    """A message."""
    return kind + struct.pack("!I", len(body) + 4) + body


def strings(*values: str) -> bytes:
    """Strings, each ended by a zero."""
    return b"".join(value.encode() + b"\0" for value in values)


def problem(told: dict[str, str]) -> bytes:
    """An ErrorResponse."""
    return message(b"E", _fields({"S": "ERROR", **told}))


def notice(text: str) -> bytes:
    """A NoticeResponse as Redshift sends after a load."""
    return message(b"N", _fields({"S": "INFO", "C": "00000", "M": text}))


def _fields(told: dict[str, str]) -> bytes:
    return b"".join(name.encode() + value.encode() + b"\0" for name, value in told.items()) + b"\0"


def fields_of(body: bytes) -> dict[str, str]:
    """Fields of an ErrorResponse or NoticeResponse by their letter."""
    parts = [part for part in body.split(b"\0") if part]
    return {part[:1].decode(): part[1:].decode("utf-8", "replace") for part in parts}


class Messages:
    """Cuts a stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Kind and body of every message that is complete.

        Args:
            data: what has arrived.
        """
        self._buffer += data
        while len(self._buffer) >= HEAD:
            (size,) = struct.unpack_from("!I", self._buffer, 1)
            if len(self._buffer) < size + 1:
                return
            kind = bytes(self._buffer[:1])
            body = bytes(self._buffer[HEAD : size + 1])
            del self._buffer[: size + 1]
            yield kind, body
