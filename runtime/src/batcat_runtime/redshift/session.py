"""One connection to Redshift, closed whatever happens, whose errors say what to do."""

from __future__ import annotations

import socket
import time
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import BatCatError, DataError
from batcat_runtime.logs import get_logger

from . import rows, wire
from .answers import LostError, ServerError, explained, translated
from .connecting import connect

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import pandas as pd
    from typing_extensions import Self

    from .login import Login

_CANCEL = 5  # seconds to try to cancel
_LOOKS, _PAUSE = 200, 0.05  # how often, and after how many seconds, to look again
# Messages of the wire protocol; source: PostgreSQL, "Message Formats".
_BOUND, _ROW, _COMPLETE, _READY = b"2", b"D", b"C", b"Z"
_STATES = (b"I", b"T", b"E")
_UNKNOWN = "42704"
_PID = "select cast(pg_backend_pid() as varchar)"
_PID_AND_LIMIT = f"{_PID}, set_config('statement_timeout', ?, false)"  # one way there and back
_SET_CASE = "select set_config('enable_case_sensitive_identifier', ?, false)"


class Session:
    """A connection to Redshift: a transaction begins with the first statement.

    What has not been committed when the block ends is rolled back, and what still runs then is
    cancelled.

    Args:
        login: where to connect and as whom.
        timeout: seconds that one statement may take; None for no limit.
        case_sensitive: whether names in double quotes keep capital letters; None for what the
            server is set to.
        writes: prepare it for statements that are run often, instead of for many rows to read.

    Attributes:
        pid: number of the server's process for this connection.

    Raises:
        AccessError: there is no way in.
    """

    def __init__(
        self,
        login: Login,
        timeout: float | None = None,
        case_sensitive: bool | None = None,
        *,
        writes: bool = False,
    ) -> None:
        self._login, self._busy = login, False
        # The driver's faster way to read rows cannot end statements that it keeps prepared, which
        # it wants to after each CREATE, DROP and ROLLBACK: one or the other.
        self._fast = not writes
        self._rows: list[bytes] = []
        self._tag: list[str] | None = None
        self.pid = 0
        with explained(f"connect to {login}"):
            self._connection = connect(login, timeout, writes)
            try:
                self._prepare()
                self._set(timeout, case_sensitive)
            except BaseException:
                self._close()
                raise

    def _prepare(self) -> None:
        connection = self._connection
        with suppress(AttributeError, OSError):
            # What is left of a large message would wait for an acknowledgement otherwise.
            connection._usock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # noqa: SLF001
        self._packed = connection.redshift_types[wire.NUMERIC][0] == 1
        as_text = (0, str)
        binary = dict.fromkeys(wire.in_binary(self._packed), (1, str))
        connection.redshift_types = defaultdict(lambda: as_text, binary)
        # One kind of parameter for texts and NULL: one prepared statement serves all rows.
        connection.py_types[type(None)] = connection.py_types[str]
        handlers = connection.message_types
        complete, ready = handlers[_COMPLETE], handlers[_READY]

        def bound(*_: Any) -> None:
            self._rows, self._tag = [], None

        def completed(data: bytes, cursor: Any) -> None:
            self._tag = data[:-1].decode().split()
            complete(data, cursor)

        def became_ready(data: bytes, cursor: Any) -> None:
            if data not in _STATES:
                raise LostError("the answer broke off in the middle")
            ready(data, cursor)

        handlers[_BOUND], handlers[_COMPLETE], handlers[_READY] = bound, completed, became_ready
        handlers[_ROW] = lambda data, _: self._rows.append(data)

    def _set(self, timeout: float | None, case_sensitive: bool | None) -> None:
        """Settings of the session; they outlive transactions that are rolled back."""
        self._connection.autocommit = True
        if timeout is None:
            self.run(_PID)
        else:
            self.run(_PID_AND_LIMIT, [str(max(int(timeout * 1000), 1))])
        row = self._rows.pop()  # fields, the length of the first, the first
        self.pid = int(row[6 : 6 + int.from_bytes(row[2:6], "big")])
        if case_sensitive is not None:
            try:
                self.run(_SET_CASE, [str(case_sensitive).lower()])
            except ServerError as error:
                if error.code != _UNKNOWN:  # a server without this setting always keeps letters
                    raise
        self._connection.autocommit = False

    def frame(self, text: str, values: Sequence[Any] = ()) -> pd.DataFrame:
        """Run a query.

        Args:
            text: the query; its places are ``?`` or ``$1``.
            values: what fills them.

        Returns:
            Its result, with exact types.

        Raises:
            ServerError: the server refused it, or could not end it.
            LostError: the connection broke, or the server does not answer any more.
            DataError: it gives no table, or a value has no counterpart in pandas.
        """
        described = self._execute(text, values)
        if not described:
            raise DataError("the query gives no table; begin it with select")
        found, self._rows = self._rows, []
        return rows.frame(wire.fields(described, self._packed), found)

    def fields(self, text: str, values: Sequence[Any] = ()) -> list[wire.Field]:
        """Run a query; gives the description of its result only.

        Raises:
            ServerError, LostError, DataError: as ``frame``.
        """
        return wire.fields(self._execute(text, values), self._packed)

    def run(self, text: str, values: Sequence[Any] = ()) -> int:
        """Run a statement.

        Returns:
            Rows that it touched, as far as the server counts them.

        Raises:
            ServerError, LostError: as ``frame``.
        """
        self._execute(text, values)
        count = (self._tag or [""])[-1]
        return int(count) if count.isdigit() else 0

    def run_often(self, text: str, values: Sequence[Any]) -> int:
        """Run a statement whose places are ``$1``, … and that will be run again; as ``run``.

        The server reads it once. The driver would read it sign by sign to find places, which for
        thousands of them takes longer than to insert the rows: its memory of statements is told
        that there is nothing to find. If that is not where it was, the driver reads on.
        """
        with suppress(AttributeError, KeyError, TypeError, StopIteration):
            caches = self._connection._caches["qmark"]  # noqa: SLF001
            next(iter(caches.values()))["statement"][text] = (text, tuple)
        return self.run(text, values)

    def commit(self) -> None:
        """Make what was done last.

        Raises:
            ServerError: the server refused to; nothing was done.
            LostError: the connection broke; whether it was done is not known.
        """
        self._busy = True
        with translated():
            self._connection.commit()
        self._busy = False

    def beside(self, timeout: float) -> Session:
        """Open another connection to the same server, as the same user.

        Args:
            timeout: seconds that one statement may take there.

        Raises:
            AccessError: there is no way in.
        """
        return Session(self._login, timeout)

    def end(self, pid: int) -> bool:
        """End another process of the server; gives whether it has ended.

        Source: Amazon Redshift Database Developer Guide, PG_TERMINATE_BACKEND.

        Raises:
            ServerError, LostError: as ``frame``.
        """
        for _ in range(_LOOKS):
            if not self.frame("select pg_terminate_backend(?) as there", [pid])["there"].iloc[0]:
                return True
            time.sleep(_PAUSE)
        return False

    def _execute(self, text: str, values: Sequence[Any]) -> list[dict[str, Any]]:
        cursor = self._connection.cursor()
        cursor.paramstyle = "qmark"
        self._busy = True
        try:
            with translated():
                cursor.execute(text, list(values) or None, merge_socket_read=self._fast)
            self._check_complete()
        except ServerError:
            self._busy = False
            raise
        self._busy = False
        return list(cursor.ps["row_desc"])

    def _check_complete(self) -> None:
        """Make sure that the server said that this was all, and that there are as many rows."""
        tag = self._tag
        if tag is None or (tag[0] == "SELECT" and int(tag[-1]) > len(self._rows)):
            raise LostError("the answer broke off in the middle")

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connection; cancel what still runs."""
        busy, self._busy = self._busy, False
        self._close()
        if busy and self.pid:
            self._cancel()

    def _close(self) -> None:
        with suppress(Exception):
            self._connection.close()

    def _cancel(self) -> None:
        """Ask the server to stop what runs; source: Database Developer Guide, CANCEL."""
        log = get_logger("batcat_runtime")
        try:
            with self.beside(_CANCEL) as other:
                other.frame("select pg_cancel_backend(?)", [self.pid])
        except (BatCatError, ServerError, LostError) as error:
            log.warning(
                "%s may still run the statement of process %d, which could not be cancelled: %s",
                self._login,
                self.pid,
                error,
            )
        else:
            log.info("%s: cancelled the statement of process %d", self._login, self.pid)
