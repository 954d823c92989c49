"""A connection to PostgreSQL that asks one thing after the other and reads the answers.

Source: PostgreSQL documentation, "Frontend/Backend Protocol" (3.0).
"""

from __future__ import annotations

import socket
import struct
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .columns import JSON, SUPER, Field
from .messages import CHUNK, VERSION, Messages, fields_of, message, strings

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass
class Result:
    """What one statement gave.

    Attributes:
        fields: description of its columns; None if it gives no table.
        rows: each value as text, or None.
        tag: what was done, e.g. ``INSERT 0 3``.
        notices: fields of each notice.
    """

    fields: list[Field] | None = None
    rows: list[list[str | None]] = field(default_factory=list)
    tag: str = ""
    notices: list[dict[str, str]] = field(default_factory=list)

    def take(self, kind: bytes, body: bytes) -> None:
        """Note a message about it."""
        if kind == b"T":
            self.fields = described_fields(body)
        elif kind == b"D":
            self.rows.append(_values(body))
        elif kind == b"N":
            self.notices.append(fields_of(body))

    @property
    def count(self) -> int:
        """Rows that were touched, as far as the tag tells."""
        last = self.tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0


class PostgresFault(Exception):  # noqa: N818 - it is what the server answered
    """The server answered with an error.

    Args:
        told: its fields by their letter.
    """

    def __init__(self, told: dict[str, str]) -> None:
        super().__init__(told.get("M", ""))
        self.told = told

    @property
    def code(self) -> str:
        """Its SQLSTATE."""
        return self.told.get("C", "")


class Connection:
    """A connection that asks one thing after the other.

    Args:
        sock: a connected socket.

    Attributes:
        status: state of the transaction: I, T or E.
        key: process number and secret for cancelling.
    """

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self.status = "I"
        self.key = (0, 0)
        self._messages = Messages()
        self._waiting: deque[tuple[bytes, bytes]] = deque()

    @classmethod
    def open(cls, path: str, user: str, database: str) -> Connection:
        """Log in through a Unix socket.

        Raises:
            PostgresFault: the server refuses.
        """
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(path)
        made = cls(sock)
        start = struct.pack("!I", VERSION) + strings("user", user, "database", database) + b"\0"
        sock.sendall(struct.pack("!I", len(start) + 4) + start)
        try:
            made._collect()
        except BaseException:
            made.close()
            raise
        return made

    def close(self) -> None:
        """Hang up."""
        self.socket.close()

    def query(self, sql: str) -> list[Result]:
        """Ask with the simple protocol.

        Raises:
            PostgresFault: the server answered with an error.
        """
        self.socket.sendall(message(b"Q", strings(sql)))
        return self._collect()

    def bound(self, sql: str, values: Iterable[str | None] = ()) -> Result:
        """Ask with values for ``$1``, ``$2``, …, as text.

        Raises:
            PostgresFault: the server answered with an error.
        """
        given = list(values)
        binding = [struct.pack("!i", -1) if value is None else _sized(value) for value in given]
        self.socket.sendall(
            message(b"P", strings("", sql) + struct.pack("!H", 0))
            + message(
                b"B", b"\0\0" + struct.pack("!HH", 0, len(given)) + b"".join(binding) + b"\0\0"
            )
            + message(b"D", b"P\0")
            + message(b"E", b"\0" + struct.pack("!I", 0))
            + message(b"S")
        )
        results = self._collect()
        return results[-1] if results else Result()

    def described(self, sql: str) -> list[Field]:
        """Columns that a query would give.

        Raises:
            PostgresFault: the server cannot read it.
        """
        asked = strings("", sql) + struct.pack("!H", 0)
        self.socket.sendall(message(b"P", asked) + message(b"D", b"S\0") + message(b"S"))
        results = self._collect()
        return (results[-1].fields if results else None) or []

    def copy_in(self, sql: str, lines: Iterable[bytes]) -> Result:
        """COPY … FROM STDIN.

        Raises:
            PostgresFault: the server answered with an error.
        """
        self.socket.sendall(message(b"Q", strings(sql)))
        kind, _ = self._next_but(b"N")
        if kind != b"G":
            self._waiting.appendleft((kind, _))
            return self._collect()[-1]
        for line in lines:
            self.socket.sendall(message(b"d", line))
        self.socket.sendall(message(b"c"))
        return self._collect()[-1]

    def copy_out(self, sql: str, target: Any) -> Result:
        """COPY … TO STDOUT into a file.

        Raises:
            PostgresFault: the server answered with an error.
        """
        self.socket.sendall(message(b"Q", strings(sql)))
        return self._collect(target)[-1]

    def next(self) -> tuple[bytes, bytes]:
        """The next message.

        Raises:
            EOFError: the server hung up.
        """
        while not self._waiting:
            data = self.socket.recv(CHUNK)
            if not data:
                raise EOFError("PostgreSQL closed the connection")
            self._waiting.extend(self._messages.feed(data))
        return self._waiting.popleft()

    def arrived(self) -> list[tuple[bytes, bytes]]:
        """What has arrived, read at once; waits for one piece of it.

        Raises:
            EOFError: the server hung up.
        """
        first = self.next() if self._waiting or self._readable() else None
        found = [first] if first else []
        found += self._waiting
        self._waiting.clear()
        return found

    def _readable(self) -> bool:
        data = self.socket.recv(CHUNK)
        if not data:
            raise EOFError("PostgreSQL closed the connection")
        self._waiting.extend(self._messages.feed(data))
        return bool(self._waiting)

    def _next_but(self, ignored: bytes) -> tuple[bytes, bytes]:
        while True:
            kind, body = self.next()
            if kind not in ignored:
                return kind, body

    def _collect(self, target: Any = None) -> list[Result]:
        """Everything up to ReadyForQuery."""
        results: list[Result] = []
        open_, fault = Result(), None
        while True:
            try:
                kind, body = self.next()
            except EOFError:
                if fault:  # at login the server says why and hangs up
                    raise PostgresFault(fault) from None
                raise
            if kind == b"Z":
                self.status = body.decode()
                if fault:
                    raise PostgresFault(fault)
                return results or [open_]
            if kind == b"E":
                fault = fault or fields_of(body)
            elif kind == b"K":
                self.key = struct.unpack("!II", body)
            elif kind == b"d" and target is not None:
                target.write(body)
            elif kind in (b"C", b"I"):
                open_.tag = body.rstrip(b"\0").decode()
                results.append(open_)
                open_ = Result()
            else:
                open_.take(kind, body)


def described_fields(body: bytes) -> list[Field]:
    """Columns of a RowDescription."""
    (count,) = struct.unpack_from("!H", body)
    place, fields = 2, []
    for _ in range(count):
        end = body.index(b"\0", place)
        name = body[place:end].decode()
        table, number, oid, _, modifier, _ = struct.unpack_from("!IhIhih", body, end + 1)
        fields.append(Field(name, table, number, oid, modifier))
        place = end + 19
    return fields


def with_super(body: bytes) -> bytes:
    """A RowDescription in which JSON has the number that SUPER has in Redshift."""
    changed, place = bytearray(body), 2
    for one in described_fields(body):
        place += len(one.name.encode()) + 1
        if one.oid == JSON:
            struct.pack_into("!I", changed, place + 6, SUPER)
        place += 18
    return bytes(changed)


def _values(body: bytes) -> list[str | None]:
    (count,) = struct.unpack_from("!H", body)
    place, values = 2, []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", body, place)
        place += 4
        values.append(None if size < 0 else body[place : place + size].decode())
        place += max(size, 0)
    return values


def _sized(value: str) -> bytes:
    data = value.encode()
    return struct.pack("!i", len(data)) + data
