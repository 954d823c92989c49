"""PostgreSQL as a warehouse: Redshift's functions, those who may log in, COPY and UNLOAD."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from batcat_runtime.emulator.sql.objects import Objects

from .carrier import Carrier
from .messages import CANCEL_REQUEST
from .postgres import SUPERUSER, Postgres
from .protocol import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batcat_runtime.emulator.world import World

    from .loading import Rejected

DATABASE, ADMIN = "dev", "awsuser"
"""The first database and its owner, as a new cluster has them by default."""


class Backend:
    """A running PostgreSQL.

    Args:
        world: where S3 and IAM are reached.

    Attributes:
        carrier: carries out COPY and UNLOAD.

    Raises:
        PostgresMissingError: PostgreSQL is not installed.
        PostgresError: it does not start.
    """

    def __init__(self, world: World) -> None:
        self._postgres = Postgres()
        self._lock = Lock()
        self._users: set[str] = set()
        try:
            self._admin = self._prepared()
        except BaseException:
            self._postgres.stop()
            raise
        self.carrier = Carrier(world, Objects(world, world.workdir / "redshift"), self._record)

    def stop(self) -> None:
        """Stop it, with all that is connected."""
        self._admin.close()
        self._postgres.stop()

    def upstream(self) -> socket.socket:
        """A new connection to PostgreSQL, on which nothing has been said."""
        sock = socket.socket(socket.AF_UNIX)
        sock.connect(self._postgres.socket)
        return sock

    def send_raw(self, data: bytes) -> None:
        """Send something on a connection of its own, and wait until PostgreSQL has taken it."""
        with self.upstream() as sock:
            sock.sendall(data)
            sock.recv(1)

    def cancel(self, connection: Connection) -> None:
        """Stop what a connection is doing (PostgreSQL's CancelRequest)."""
        self.send_raw(struct.pack("!IIII", 16, CANCEL_REQUEST, *connection.key))

    def connect(self, user: str, database: str) -> Connection:
        """Log in.

        Raises:
            PostgresFault: there is no such database.
        """
        self.ensure_user(user)
        return Connection.open(self._postgres.socket, user, database)

    def ensure_user(self, name: str) -> None:
        """Make a user who logs in for the first time; the admin may do all that users may."""
        with self._lock:
            if name in self._users or not name or name == SUPERUSER:
                return
            quoted = '"' + name.replace('"', '""') + '"'
            with suppress(Exception):  # made by CREATE USER already
                self._admin.query(f"CREATE ROLE {quoted} LOGIN")
            if name != ADMIN:
                self._admin.query(f"GRANT {quoted} TO {ADMIN}")
            self._users.add(name)

    def _prepared(self) -> Connection:
        """PostgreSQL with Redshift's functions, the first database and its owner."""
        flavour = Path(__file__).with_name("flavour.sql").read_text(encoding="utf-8")
        first = Connection.open(self._postgres.socket, SUPERUSER, "template1")
        first.query(flavour)
        first.query(f"CREATE ROLE {ADMIN} LOGIN CREATEDB CREATEROLE")
        first.query(f"GRANT pg_read_all_data, pg_write_all_data, pg_signal_backend TO {ADMIN}")
        first.close()
        again = Connection.open(self._postgres.socket, SUPERUSER, "postgres")
        again.query(f"CREATE DATABASE {DATABASE} OWNER {ADMIN}")
        again.close()
        self._users.add(ADMIN)
        return Connection.open(self._postgres.socket, SUPERUSER, DATABASE)

    def _record(self, pid: int, table: int, rejected: Sequence[Rejected]) -> None:
        """Keep rejected rows, whatever becomes of the transaction that read them."""
        with self._lock:
            for one in rejected:
                self._admin.bound(
                    "INSERT INTO pg_catalog.redshift_load_errors VALUES (100, 0, $2::integer, "
                    "now() AT TIME ZONE 'UTC', $1::integer, 0, $3, $4::bigint, $5, $6, $7, "
                    "$8::integer, $9, $10, $11::integer, $12)",
                    [str(pid), str(table), *one.row()],
                )
