"""The one warehouse: PostgreSQL, and the port that clients connect to."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

from .backend import Backend
from .postgres import PostgresError, PostgresMissingError
from .session import Session

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

HOST = "127.0.0.1"
WAITING = 64
LEAVE_SECONDS = 5.0
"""How long a session may take to end, in seconds."""

EXTRA = "redshift-local"
SHARED = "redshift"


def warehouse_of(world: World) -> Warehouse:
    """The warehouse of a local AWS, started by the first who asks.

    Raises:
        NotEmulated: PostgreSQL is not installed.
        ServiceError: it does not start.
    """

    def start() -> Warehouse:
        try:
            made = Warehouse(world)
        except PostgresMissingError:
            raise NotEmulated(
                "Redshift without PostgreSQL",
                f"Install it: pip install 'batcat-runtime[{EXTRA}]'.",
            ) from None
        except PostgresError as error:
            raise ServiceError(
                "InternalFailure", f"PostgreSQL does not start: {error}", 501
            ) from None
        world.closing.append(made.close)
        return made

    found: Warehouse = world.shared(SHARED, start)
    return found


class Warehouse:
    """A running warehouse.

    Args:
        world: where S3 and IAM are reached.

    Attributes:
        backend: its PostgreSQL.
        port: on 127.0.0.1.

    Raises:
        PostgresMissingError: PostgreSQL is not installed.
        PostgresError: it does not start.
    """

    def __init__(self, world: World) -> None:
        self.backend = Backend(world)
        self._lock = Lock()
        self._sessions: set[Session] = set()
        self._closed = False
        self._listener = socket.create_server((HOST, 0), backlog=WAITING)
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, name="redshift", daemon=True).start()

    def close(self) -> None:
        """Disconnect everyone and stop; does nothing the second time."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            sessions = list(self._sessions)
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for session in sessions:
            session.close()
        for session in sessions:
            session.join(LEAVE_SECONDS)
        self.backend.stop()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            session = Session(self.backend, client)
            with self._lock:
                if self._closed:
                    client.close()
                    return
                self._sessions = {one for one in self._sessions if one.is_alive()} | {session}
                session.start()
