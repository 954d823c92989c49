"""MySQL's protocol over DuckDB, and the table of values in it."""

from __future__ import annotations

import asyncio
import datetime as dt
import os
from decimal import Decimal
from typing import Any, NamedTuple

import duckdb
import pandas as pd
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
