"""One client's connection: its messages go to PostgreSQL, but for what is carried out here.

Both protocols are served, simple and extended (PostgreSQL documentation, "Message Flow").
redshift_connector uses the extended one: Parse, Describe, Sync; then Bind, Execute, Sync.
"""

from __future__ import annotations

import select
import socket
import struct
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

from .carrier import failing
from .dialect import FOLDED, translated
from .errors import NotEmulatedError, UnsupportedError
from .messages import CHUNK, Messages, message, notice, problem, strings
from .protocol import Connection, PostgresFault
from .startup import greet, shown
from .statements import Order, StatementError, order_of
from .words import words

if TYPE_CHECKING:
    from .backend import Backend

NO_PARAMETERS = message(b"t", struct.pack("!H", 0))
NO_DATA, PARSED, BOUND, CLOSED = (message(kind) for kind in (b"n", b"1", b"2", b"3"))


@dataclass(frozen=True)
class Own:
    """A statement that is carried out here.

    Attributes:
        order: a COPY or UNLOAD, or None for a TRUNCATE.
        sql: the statement in PostgreSQL's words.
    """

    order: Order | None
    sql: str


class Session(Thread):
    """One client.

    Args:
        backend: where it has connected to.
        client: its socket.
    """

    def __init__(self, backend: Backend, client: socket.socket) -> None:
        super().__init__(name="redshift-session", daemon=True)
        self._backend, self._client = backend, client
        self._server: Connection | None = None
        self._messages = Messages()
        self._expected: deque[bool] = deque()  # of each ReadyForQuery: whether it is the client's
        self._unsynced = self._skipping = self._recheck = False
        self._fold = True
        self._changes = False  # the statement that was read last changes settings
        self._changing: set[str] = set()
        self._statements: dict[str, Own] = {}
        self._portals: dict[str, Own] = {}

    def run(self) -> None:
        """Serve the client until it leaves."""
        with suppress(OSError, EOFError):
            self._server = greet(self._client, self._backend)
            if self._server is not None:
                self._serve()
        self.close()
        for sock in self._sockets():
            sock.close()

    def close(self) -> None:
        """Hang up on both sides; the session's thread then ends."""
        for sock in self._sockets():
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _sockets(self) -> list[socket.socket]:
        return [self._client, *([self._server.socket] if self._server else [])]

    def _serve(self) -> None:
        server = self._upstream()
        while True:
            ready, _, _ = select.select([self._client, server.socket], [], [])
            if server.socket in ready:
                self._relay(server.arrived())
            if self._client in ready:
                data = self._client.recv(CHUNK)
                if not data:
                    return
                for kind, body in self._messages.feed(data):
                    if kind == b"X":
                        return
                    self._handle(kind, body)

    def _handle(self, kind: bytes, body: bytes) -> None:
        """One message of the client's."""
        if kind == b"S":
            self._skipping = False
            self._forward(kind, body)
        elif self._skipping:
            return
        elif kind == b"Q":
            self._simple(body.rstrip(b"\0").decode())
        elif kind == b"P":
            name, _, rest = body.partition(b"\0")
            sql, _, types = rest.partition(b"\0")
            self._parse(name.decode(), sql.decode(), types)
        elif not (kind in _OWN and self._own(kind, body)):
            self._forward(kind, body)

    def _simple(self, sql: str) -> None:
        try:
            own, made = self._understood(sql)
        except PostgresFault as error:
            self._client.sendall(problem(error.told) + self._ready())
            return
        if own is None:
            self._forward(b"Q", strings(made))
            return
        self._settle()
        self._client.sendall(self._carried_out(own) + self._ready())

    def _parse(self, name: str, sql: str, types: bytes) -> None:
        self._statements.pop(name, None)
        try:
            own, made = self._understood(sql)
        except PostgresFault as error:
            self._client.sendall(problem(error.told))
            self._skipping = True
            return
        if own is None:
            self._changing = (self._changing - {name}) | ({name} if self._changes else set())
            self._forward(b"P", strings(name, made) + types)
            return
        self._settle()
        if not self._skipping:
            self._statements[name] = own
            self._client.sendall(PARSED)

    def _own(self, kind: bytes, body: bytes) -> bool:
        """A message about a statement of our own; False if it is about another."""
        if kind == b"B":
            portal, statement = (part.decode() for part in body.split(b"\0", 2)[:2])
            self._portals.pop(portal, None)
            if statement not in self._statements:
                self._recheck = self._recheck or statement in self._changing
                return False
            self._portals[portal] = self._statements[statement]
            answer = BOUND
        else:
            marked = kind in (b"D", b"C")
            name = body[1 if marked else 0 :].partition(b"\0")[0].decode()
            held = self._statements if marked and body[:1] == b"S" else self._portals
            if name not in held:
                return False
            if kind == b"C":
                del held[name]
                answer = CLOSED
            elif kind == b"D":
                answer = (NO_PARAMETERS if held is self._statements else b"") + NO_DATA
            else:
                self._settle()
                answer = self._carried_out(held[name])
                self._skipping = answer[:1] == b"E"
        self._settle()
        self._client.sendall(answer)
        return True

    def _understood(self, sql: str) -> tuple[Own | None, str]:
        """The statement in PostgreSQL's words, and whether it is to be carried out here.

        Raises:
            PostgresFault: it is not emulated.
        """
        try:
            made = translated(sql, fold=self._folds())
            order = order_of(made)
            if order is not None:
                order.query = translated(order.query, fold=self._fold)
        except (NotEmulatedError, UnsupportedError, StatementError) as error:
            self._settle()
            raise failing(self._upstream(), str(error)) from None
        self._changes = any(word in made.lower() for word in (FOLDED, "set_config"))
        self._recheck = self._recheck or self._changes
        first = words(made)[:1]
        if order is None and not (first and first[0].upper == "TRUNCATE"):
            return None, made
        return Own(order, made), made

    def _carried_out(self, own: Own) -> bytes:
        server = self._upstream()
        try:
            if own.order is not None:
                tag, told = self._backend.carrier.carry_out(own.order, server)
                return notice(told) + message(b"C", strings(tag))
            # In Redshift, TRUNCATE commits the transaction that it runs in.
            server.query(own.sql)
            if server.status == "T":
                server.query("COMMIT")
            return message(b"C", strings("TRUNCATE TABLE"))
        except PostgresFault as error:
            return problem(error.told)

    def _folds(self) -> bool:
        """Whether names in double quotes are folded, asked again after it may have changed."""
        server = self._upstream()
        if self._recheck:
            self._settle()
        if self._recheck and server.status != "E":
            self._recheck = False
            asked = f"SELECT pg_catalog.current_setting('batcat.{FOLDED}', true)"
            value = server.query(asked)[0].rows[0][0]
            self._fold = (value or "off").lower() not in ("true", "on", "1", "yes", "t")
        return self._fold

    def _forward(self, kind: bytes, body: bytes) -> None:
        if kind in (b"S", b"Q", b"F"):
            self._expected.append(True)
            self._unsynced = False
        elif kind in (b"P", b"B", b"D", b"E", b"C"):
            self._unsynced = True
        self._upstream().socket.sendall(message(kind, body))

    def _settle(self) -> None:
        """Wait until PostgreSQL has answered all that it was sent."""
        server = self._upstream()
        if self._unsynced:
            server.socket.sendall(message(b"S"))
            self._expected.append(False)
            self._unsynced = False
        while self._expected:
            self._relay([server.next()])

    def _relay(self, arrived: list[tuple[bytes, bytes]]) -> None:
        """Give the client what the server has answered."""
        pieces = []
        for kind, body in arrived:
            if kind == b"Z":
                self._upstream().status = body.decode()
                if self._expected and not self._expected.popleft():
                    continue
            if kind == b"E" and self._expected and not self._expected[0]:
                self._skipping = True
            pieces.append(shown(kind, body))
        if pieces:
            self._client.sendall(b"".join(pieces))

    def _ready(self) -> bytes:
        return message(b"Z", self._upstream().status.encode())

    def _upstream(self) -> Connection:
        if self._server is None:
            raise EOFError("not connected")
        return self._server


_OWN = (b"B", b"D", b"E", b"C")
