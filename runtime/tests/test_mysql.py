"""A query's rows come exactly as MySQL holds them.

They run against mysql-mimic, another's implementation of MySQL's wire protocol, with DuckDB behind
it; and against a real server as well when BATCAT_TEST_MYSQL names an empty database there:
``host:port:user:password:database``.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
import uuid
from contextlib import closing
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, NamedTuple

import duckdb
import pandas as pd
import pytest
import rich.console
import rich.traceback
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mysql_mimic import (  # type: ignore[import-untyped]
    IdentityProvider,
    MysqlServer,
    NativePasswordAuthPlugin,
    ResultColumn,
)
from mysql_mimic import Session as MimicSession
from mysql_mimic import User as MimicUser
from mysql_mimic.types import ColumnType  # type: ignore[import-untyped]

import batcat_runtime as bc
from batcat_runtime import mysql
from batcat_runtime.aws import client
from batcat_runtime.mysql import cells

if TYPE_CHECKING:
    from collections.abc import Iterator

REAL = os.environ.get("BATCAT_TEST_MYSQL")
PASSWORDS = {"ada": "secret"}
RUNNING: set[str] = set()

# Type, value as SQL, value, dtype, and whether mysql-mimic tells such a type.
VALUES: dict[str, tuple[str, str, Any, str, bool]] = {
    "tiny": ("TINYINT", "-128", -128, "Int8", True),
    "utiny": ("TINYINT UNSIGNED", "255", 255, "UInt8", False),
    "small": ("SMALLINT", "-32768", -32768, "Int16", True),
    "medium": ("MEDIUMINT", "-8388608", -8388608, "Int32", False),
    "whole": ("INT", "-2147483648", -(2**31), "Int32", True),
    "big": ("BIGINT", "9007199254740993", 2**53 + 1, "Int64", True),
    "ubig": ("BIGINT UNSIGNED", "18446744073709551615", 2**64 - 1, "UInt64", False),
    "real": ("FLOAT", "1.5", 1.5, "Float32", True),
    "precise": ("DOUBLE", "0.1", 0.1, "Float64", True),
    "price": ("DECIMAL(38,9)", "-12345678901234567890123456789.120000000",
              Decimal("-12345678901234567890123456789.120000000"), "object", True),
    "note": ("VARCHAR(99)", "'a ''b'' \"c\" \\\\ 電池'", "a 'b' \"c\" \\ 電池", "string", True),
    "nothing": ("VARCHAR(9)", "''", "", "string", True),
    "raw": ("VARBINARY(9)", "x'00ff27'", b"\x00\xff'", "object", False),
    "day": ("DATE", "'2020-02-29'", dt.date(2020, 2, 29), "object", True),
    "moment": ("DATETIME(6)", "'2020-02-29 23:59:59.123456'",
               pd.Timestamp("2020-02-29 23:59:59.123456"), "datetime64[us]", False),
    "second": ("DATETIME", "'2020-02-29 23:59:59'",
               pd.Timestamp("2020-02-29 23:59:59"), "datetime64[s]", False),
    "span": ("TIME(6)", "'-838:59:58.000001'",
             -pd.Timedelta(hours=838, minutes=59, seconds=58, microseconds=1), "timedelta64[us]",
             False),
    "code": ("JSON", "'{\"a\": 1}'", '{"a": 1}', "string", False),
    "year": ("YEAR", "2026", 2026, "Int16", False),
    "kind": ("ENUM('a','b')", "'b'", "b", "string", False),
}  # fmt: skip
_MIMIC = {
    "TINYINT": ColumnType.TINY,
    "SMALLINT": ColumnType.SHORT,
    "INTEGER": ColumnType.LONG,
    "BIGINT": ColumnType.LONGLONG,
    "HUGEINT": ColumnType.LONGLONG,
    "FLOAT": ColumnType.FLOAT,
    "DOUBLE": ColumnType.DOUBLE,
    "VARCHAR": ColumnType.VAR_STRING,
    "DATE": ColumnType.DATE,
}


class Users(IdentityProvider):  # type: ignore[misc]
    """Users with passwords."""

    def get_plugins(self) -> list[NativePasswordAuthPlugin]:
        """Log in as MySQL has done since 4.1."""
        return [NativePasswordAuthPlugin()]

    async def get_user(self, username: str) -> MimicUser | None:
        """Find one."""
        known = PASSWORDS.get(username)
        if known is None:
            return None
        stored = NativePasswordAuthPlugin.create_auth_string(known)
        return MimicUser(name=username, auth_string=stored, auth_plugin="mysql_native_password")


class Session(MimicSession):  # type: ignore[misc]
    """Carries queries out in DuckDB, or sleeps."""

    database_of_all = duckdb.connect()

    async def query(self, expression: Any, sql: str, attrs: dict[str, str]) -> Any:
        """Answer a query."""
        del attrs
        if "sleep" in sql.lower():
            RUNNING.add("sleep")
            try:
                await asyncio.sleep(60)
            finally:
                RUNNING.discard("sleep")
        found = self.database_of_all.execute(expression.sql(dialect="duckdb"))
        columns = [
            ResultColumn(name, _MIMIC.get(str(kind), ColumnType.NEWDECIMAL))
            for name, kind, *_ in found.description or []
        ]
        return found.fetchall(), columns


class Server(NamedTuple):
    """Where a server is.

    Attributes:
        login: arguments of ``read_data_from_bd`` after the query.
        real: it is one.
    """

    login: tuple[str, str, int, str, str]
    real: bool


@pytest.fixture(scope="module", params=["mimic", *(["real"] if REAL else [])])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with a table that holds everything, NULL, and everything again."""
    if request.param == "real":
        host, port, user, password, database = str(REAL).split(":")
        found = Server((host, user, int(port), database, password), real=True)
        create(found)
        yield found
        bc.read_data_from_bd("drop table everything", *found.login)
        return
    loop = asyncio.new_event_loop()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        mimic = MysqlServer(session_factory=Session, identity_provider=Users())
        loop.run_until_complete(mimic.start_server(sock=listening, port=None))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        port = listening.getsockname()[1]
        found = Server(("127.0.0.1", "ada", port, "main", "secret"), real=False)
        create(found)
        yield found
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.run_until_complete(end(mimic))
        loop.close()


async def end(mimic: MysqlServer) -> None:
    """Close a server and what is still connected to it."""
    mimic.close()
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def columns_of(server: Server) -> dict[str, tuple[str, str, Any, str, bool]]:
    """The columns that a server can have."""
    return {f"c_{name}": told for name, told in VALUES.items() if server.real or told[4]}


def create(server: Server) -> None:
    """Fill the table, by statements that have no rows."""
    known = columns_of(server)
    kinds = ", ".join(f"{name} {kind}" for name, (kind, *_) in known.items())
    values = ", ".join(sql for _, sql, *_ in known.values())
    if not server.real:
        values = values.replace("\\\\", "\\")
        for statement in (
            f"create table everything (n int, {kinds.replace('FLOAT', 'REAL')})",
            f"insert into everything values (1, {values}), (3, {values})",  # noqa: S608
            "insert into everything (n) values (2)",
        ):
            Session.database_of_all.execute(statement)
        return
    for statement in (
        "drop table if exists everything",
        f"create table everything (n int, {kinds}) character set utf8mb4",
        f"insert into everything values (1, {values}), (3, {values})",  # noqa: S608
        "insert into everything (n) values (2)",
    ):
        assert bc.read_data_from_bd(statement, *server.login).empty


def test_values_are_what_they_are(server: Server) -> None:
    """With NULL between them."""
    found = bc.read_data_from_bd("select * from everything order by n", *server.login)
    for name, (_, _, value, dtype, _) in columns_of(server).items():
        assert found[name].dtype == dtype, name
        assert found[name].isna().tolist() == [False, True, False], name
        assert found[name][0] == found[name][2] == value, name
    assert str(found["c_price"][0]) == "-12345678901234567890123456789.120000000"


def test_no_rows_have_types(server: Server) -> None:
    """The same as with rows."""
    found = bc.read_data_from_bd("select * from everything where n > 5", *server.login)
    assert found.shape == (0, len(columns_of(server)) + 1)
    for name, (_, _, _, dtype, _) in columns_of(server).items():
        assert found[name].dtype == dtype, name


def test_two_columns_of_one_name(server: Server) -> None:
    """Which SQL allows."""
    found = bc.read_data_from_bd("select n, n from everything where n = 1", *server.login)
    assert list(found.columns) == ["n", "n"]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    | st.sampled_from(
        ["' or 1=1 --", "\\", "\\'", "%s", "%(a)s", "{}", '"', "\\%", "\x1a", "\u00a5"]
    )
)
def test_text_comes_back_as_it_is(server: Server, text: str) -> None:
    """Whatever it holds: nothing of it becomes SQL."""
    if not server.real:
        text = text.replace("\x1a", "")  # older sqlglot, which mysql-mimic reads with, keeps \\Z
    found = bc.read_data_from_bd(
        "select :text as v, '100 %s' as w", *server.login, params={"text": text}
    )
    assert found.iloc[0].tolist() == [text, "100 %s"]


def test_places_are_filled(server: Server) -> None:
    """Dates, names, lists; percent signs stay."""
    query = """
        select n, '%' as p from everything
        where '2020-02-15' between '{}' and '{}' and n in (:ns) and '100%' = :text -- %s '{}'
        order by n
    """
    found = bc.read_data_from_bd(
        query, *server.login, date_start="2020-02-01", date_end=dt.date(2020, 3, 1),
        params={"ns": [1, 3], "text": "100%"},
    )  # fmt: skip
    assert found["n"].tolist() == [1, 3]
    assert found["p"].tolist() == ["%", "%"]
    with pytest.raises(bc.ConfigError, match=r"date_start is .*, which is no date"):
        bc.read_data_from_bd(query, *server.login, date_start="' or 1=1 --")


def test_a_decimal_is_written_without_an_exponent(server: Server) -> None:
    """To MySQL that would be a float, and compared as one (Reference Manual, "Number Literals")."""
    host, user, port, database, password = server.login
    there = mysql._Server(host, port, database, 9, None)  # noqa: SLF001 - what it writes
    with closing(there.log_in(user, password)) as connection:
        values = [Decimal("0.000000001"), Decimal("1E+3"), Decimal("-1.50")]
        written = connection.cursor().mogrify("%s %s %s", values)
    assert written == "0.000000001 1000 -1.50"


def test_a_wrong_password_is_not_shown(server: Server) -> None:
    """The error says who, and where."""
    host, user, port, database, _ = server.login
    expected = rf"cannot connect to MySQL at .*:{port}, database .* as '{user}': .*\(1045\); check"
    with pytest.raises(bc.AccessError, match=expected) as caught:
        bc.read_data_from_bd("select 1", host, user, port, database, "wrong hunter2")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("kept", ["secret", "text"])
@pytest.mark.parametrize("refused", ["login", "query"])
def test_a_password_is_in_no_traceback(
    server: Server,
    s3_environment: None,  # noqa: ARG001 - it sets the environment
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
    refused: str,
) -> None:
    """With all local variables of the driver, wherever the password comes from."""
    host, user, port, database, _ = server.login
    password = "hunter2" * 20
    if refused == "query" and not server.real:
        monkeypatch.setitem(PASSWORDS, "grace", password)
        user = "grace"
    if kept == "secret":
        secrets_manager, name = client("secretsmanager", "us-east-1"), f"batcat/{uuid.uuid4().hex}"
        secrets_manager.create_secret(Name=name, SecretString=json.dumps({"password": password}))
        password = bc.get_secret(name, "us-east-1")["password"]
    with pytest.raises((bc.AccessError, bc.ExecutionError)) as caught:
        bc.read_data_from_bd("select * from nobody", host, user, port, database, password)
    error = caught.value
    trace = error.__traceback__.tb_next if error.__traceback__ else None
    plain = traceback.TracebackException(type(error), error, trace, capture_locals=True)
    console = rich.console.Console(file=io.StringIO(), width=200, record=True)
    console.print(
        rich.traceback.Traceback.from_exception(type(error), error, trace, show_locals=True)
    )
    for told in ("".join(plain.format()), console.export_text()):
        assert "pymysql" in told
        assert "hunter2" not in told


def test_a_rotated_password_is_fetched_anew(
    server: Server,
    s3_environment: None,  # noqa: ARG001 - it sets the environment
) -> None:
    """The caller's is the old one."""
    host, user, port, database, password = server.login
    secrets_manager, name = client("secretsmanager", "us-east-1"), f"batcat/{uuid.uuid4().hex}"
    secrets_manager.create_secret(Name=name, SecretString=json.dumps({"password": "old"}))
    known = bc.get_secret(name, "us-east-1")["password"]
    with pytest.raises(bc.AccessError):
        bc.read_data_from_bd("select 1", host, user, port, database, known)
    secrets_manager.put_secret_value(SecretId=name, SecretString=json.dumps({"password": password}))
    found = bc.read_data_from_bd("select 1 as one", host, user, port, database, known)
    assert found["one"].tolist() == [1]


def test_a_query_that_fails_is_explained(server: Server) -> None:
    """In the server's words."""
    with pytest.raises(bc.ExecutionError, match=r"the query on MySQL at .* failed: .*nobody"):
        bc.read_data_from_bd("select * from nobody", *server.login)


def test_a_server_that_is_not_there_is_named() -> None:
    """With what to check."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(bc.AccessError, match=rf"127\.0\.0\.1:{port}, .*check host, port and"):
        bc.read_data_from_bd("select 1", "127.0.0.1", "ada", port, "main", "secret")


def sleeping(server: Server) -> bool:
    """Whether the server is at work on a query that sleeps."""
    if not server.real:
        return "sleep" in RUNNING
    found = bc.read_data_from_bd("show full processlist", *server.login)
    return any("sleep(60)" in str(query) for query in found["Info"])


def test_a_query_that_takes_too_long_is_cancelled(server: Server) -> None:
    """On the server, too."""
    with pytest.raises(bc.ExecutionError, match=r"no answer within 0\.5 s, so it is cancelled"):
        bc.read_data_from_bd("select sleep(60), n from everything", *server.login, timeout=0.5)
    until(lambda: not sleeping(server))


def test_ctrl_c_cancels_the_query(server: Server) -> None:
    """In a process of its own, with a real signal."""
    call = f"bc.read_data_from_bd('select sleep(60), n from everything', *{server.login!r})"  # noqa: S608
    with subprocess.Popen(
        [sys.executable, "-c", f"import batcat_runtime as bc; {call}"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        until(lambda: sleeping(server))
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in error
    until(lambda: not sleeping(server))


def until(condition: Any) -> None:
    """Look again and again, for ten seconds at most."""
    looked = threading.Event()
    for _ in range(200):
        if condition():
            return
        looked.wait(0.05)
    raise AssertionError("it did not happen")


def test_arguments_that_are_none_are_refused(tmp_path: Any) -> None:
    """Before anything is sent: nobody listens there."""
    for wrong in (0, "60"):
        with pytest.raises(bc.ConfigError, match=f"timeout is {wrong!r}; give seconds"):
            bc.read_data_from_bd("select 1", "127.0.0.1", "a", 1, "b", "c", timeout=wrong)  # type: ignore[arg-type]
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(bc.ConfigError, match=r"ca=.*ca\.pem' cannot be read as certificates"):
        bc.read_data_from_bd("select 1", "127.0.0.1", "a", 1, "b", "c", ca=str(tmp_path / "ca.pem"))


def test_a_server_that_cannot_be_checked_is_refused(server: Server) -> None:
    """Where the caller says whose certificate it must have; neither of these has one."""
    import ssl

    known = ssl.get_default_verify_paths().cafile or ssl.get_default_verify_paths().openssl_cafile
    with pytest.raises(bc.AccessError, match="offers no encryption; leave ca out"):
        bc.read_data_from_bd("select 1", *server.login, ca=known)


def test_a_zero_date_is_refused() -> None:
    """MySQL may hold one, and no calendar does."""
    field = SimpleNamespace(name="day", type_code=10, flags=0, scale=0, charsetnr=63)
    expected = r"column 'day', row 1: '0000-00-00' is no date; .* NULLIF\(day, '0000-00-00'\)"
    with pytest.raises(bc.DataError, match=expected):
        cells.column_of(field, ["2020-01-01", "0000-00-00", None])
