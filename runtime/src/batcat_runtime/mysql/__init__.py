"""MySQL and MariaDB: a query's rows as a DataFrame of exact types, over PyMySQL.

The driver is asked for text and bytes as they come, and the table of types makes values of them.
PyMySQL writes values into the SQL itself, escaped as the server's own library does it; MySQL's
text protocol knows no other way.
"""

from __future__ import annotations

import ssl
from contextlib import closing, suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.series import need_pandas, table
from batcat_runtime.errors import AccessError, ConfigError, ExecutionError, MissingExtraError
from batcat_runtime.hiding import hidden
from batcat_runtime.secrets import login
from batcat_runtime.sql import binding
from batcat_runtime.sql.limit import LIMIT, check_limit

from .cells import column_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    import pandas as pd

    from batcat_runtime.sql.binding import Date, Params

_CONNECT = 10.0  # seconds
# Source: MySQL Reference Manual, "Server Error Message Reference".
_DENIED = frozenset({1044, 1045, 1142, 1143, 1698})
_WRONG_LOGIN = frozenset({1045, 1698})
_NO_DATABASE = 1049
_NO_TLS = 2026
_UNENCRYPTED = "offers no encryption; leave ca out if it need not"
_LOST = frozenset({2003, 2006, 2013})


def read_data_from_bd(  # noqa: PLR0913, PLR0917 - the predecessor's arguments are a contract
    query: str,
    host: str,
    user: str,
    port: int,
    database: str,
    password: str,
    *,
    params: Params | None = None,
    date_start: Date | None = None,
    date_end: Date | None = None,
    timeout: float | None = LIMIT,
    ca: str | None = None,
) -> pd.DataFrame:
    """Run a query on MySQL or MariaDB and read its rows.

    Types are exact, also without rows (``batcat_runtime.columns.types`` lists them). TIME, which
    may be negative or longer than a day, is a duration. FLOAT has the six digits that the server
    prints; add ``0e0`` in the query for all. Ctrl-C ends the query on the server, too.

    Args:
        query: SQL. Values have places: ``'{}'`` for dates, ``:name`` or ``?`` for others.
        host: name or address of the server.
        user: name of the user.
        port: port of the server, usually 3306.
        database: name of the database.
        password: the user's password. One from ``get_secret`` is fetched anew when it is refused.
        params: values of ``:name`` (a dictionary) or ``?`` (a list).
        date_start: fills the first ``'{}'``.
        date_end: fills the next one.
        timeout: seconds after which the query is cancelled; None for no limit.
        ca: file with the certificates that the server's must come from. Without it the
            connection is encrypted if the server can, and nobody checks who the server is.

    Returns:
        The rows in the query's order; an empty DataFrame for a statement without rows.

    Raises:
        ConfigError: values and places do not fit together, or an argument is none that there is.
        AccessError: the server cannot be reached, or user and password are refused.
        ExecutionError: the query failed, or took longer than the limit.
        DataError: a value has no exact counterpart; the message names the column.
        MissingExtraError: PyMySQL or pandas is not installed.
    """
    password = hidden(password)
    need_pandas()
    bound = binding.bind(query, params, date_start, date_end, "mysql")
    check_limit(timeout)
    server = _Server(host, port, database, timeout, ca)
    connection = server.log_in(user, password)
    with closing(connection), connection.cursor() as cursor:
        server.run(connection, cursor, bound, (user, password))
        has_rows = cursor.description is not None
        # The description lacks what tells signs and bytes.
        fields: list[Any] = cursor._result.fields if has_rows else []  # noqa: SLF001
        rows: Sequence[Sequence[Any]] = cursor.fetchall() if has_rows else []
    names = [field.name for field in fields]
    cells = list(zip(*rows, strict=True)) or [()] * len(names)
    found = [column_of(field, values) for field, values in zip(fields, cells, strict=True)]
    return table(names, found)


@dataclass(frozen=True)
class _Server:
    """Where a query runs.

    Attributes:
        host: name or address.
        port: its port.
        database: name of the database.
        timeout: seconds that an answer may take.
        ca: file with certificates to check the server with.
    """

    host: str
    port: int
    database: str
    timeout: float | None
    ca: str | None

    def __str__(self) -> str:
        return f"MySQL at {self.host}:{self.port}, database {self.database!r}"

    def log_in(self, user: str, password: str) -> Any:
        pymysql = _driver()
        with _explained(f"cannot connect to {self} as {user!r}"):
            found = login(
                self._connect,
                [user, password],
                lambda error: (
                    isinstance(error, pymysql.err.OperationalError)
                    and error.args[0] in _WRONG_LOGIN
                ),
            )
        if self.ca and not found._secure:  # noqa: SLF001 - PyMySQL 1.1 goes on without a word
            found.close()
            raise AccessError(f"{self} {_UNENCRYPTED}")
        return found

    def _connect(self, user: str, password: str) -> Any:
        errors = _driver().err
        try:
            return self._open(user, password, ssl=self._tls())
        except errors.OperationalError as error:
            if self.ca or error.args[0] != _NO_TLS:
                raise
        return self._open(user, password, ssl_disabled=True)

    def _open(self, user: str, password: str, **tls: Any) -> Any:
        pymysql = _driver()
        # Without decoders (whose keys are numbers) values come as they are on the wire.
        encoders = {
            key: encode
            for key, encode in pymysql.converters.conversions.items()
            if not isinstance(key, int)
        }
        encoders[Decimal] = lambda value, _: f"{value:f}"  # with an exponent it would be a float
        return pymysql.connect(
            host=self.host,
            port=int(self.port),
            user=user,
            password=password,
            database=self.database,
            charset="utf8mb4",
            conv=encoders,
            connect_timeout=_CONNECT,
            read_timeout=self.timeout,
            autocommit=True,
            **tls,
        )

    def _tls(self) -> ssl.SSLContext:
        try:
            context = ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ConfigError(
                f"ca={self.ca!r} cannot be read as certificates: {error}; give a PEM file",
            ) from error
        if self.ca is None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def run(
        self, connection: Any, cursor: Any, bound: binding.Bound, credentials: tuple[str, str]
    ) -> None:
        """Run the query; end it on the server when nobody waits for it any more."""
        thread = connection.thread_id()
        try:
            with _explained(f"the query on {self} failed", self.timeout):
                cursor.execute(bound.text, bound.arguments or None)
        except BaseException as error:
            if not isinstance(error, Exception) or isinstance(error, TimeoutError):
                with suppress(Exception), closing(self._connect(*credentials)) as other:
                    other.cursor().execute("KILL QUERY %s", [thread])
            if isinstance(error, TimeoutError):
                raise ExecutionError(str(error)) from error
            raise


def _driver() -> Any:
    try:
        import pymysql  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        if error.name != "pymysql":
            raise
        raise MissingExtraError("pymysql", "mysql") from error
    return pymysql


def _explained(doing: str, timeout: float | None = None) -> AbstractContextManager[None]:
    """Turn what the driver raises inside the block into this package's errors."""
    from contextlib import contextmanager

    pymysql = _driver()

    @contextmanager
    def block() -> Iterator[None]:
        try:
            yield
        except pymysql.err.Error as error:
            number = error.args[0] if error.args else 0
            told = error.args[1] if len(error.args) > 1 else error
            if number in _DENIED:
                raise AccessError(
                    f"{doing}: {told} ({number}); check user, password and what is granted",
                ) from error
            if number in _LOST and isinstance(error.__context__, TimeoutError) and timeout:
                raise TimeoutError(
                    f"{doing}: no answer within {timeout:g} s, so it is cancelled; give timeout= "
                    "more seconds, or ask for less",
                ) from error
            if number in _LOST:
                raise AccessError(
                    f"{doing}: {told} ({number}); check host, port and network",
                ) from error
            if number == _NO_TLS:
                raise AccessError(f"{doing}: {told}; it {_UNENCRYPTED}") from error
            if number == _NO_DATABASE:
                raise AccessError(f"{doing}: {told} ({number}); check the database") from error
            raise ExecutionError(f"{doing}: {told} ({number})") from error
        except RuntimeError as error:  # the driver needs a package for this way to log in
            raise AccessError(
                f"{doing}: {error}; install it, or let the server offer encryption",
            ) from error

    return block()
