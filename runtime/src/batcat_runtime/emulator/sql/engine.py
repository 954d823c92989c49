"""DuckDB with Trino's functions: one database, a session for each query."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from .constructs import read
from .errors import NotEmulatedError, QueryError
from .kinds import Kind, from_duckdb, quoted, split
from .native import JSON_RESULTS, native
from .translate import UNNAMED, Translation

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlglot import exp

MEMORY = "1GB"
THREADS = 2
_ASKED = re.compile(r"argument types 'len\((?:TUPLE|STRUCT)\((.*?)\)\)'\. You", re.DOTALL)
_OWN = re.compile(r"Could not convert string 'batcat: (?:([A-Z_]+): )?(.*?)' to BOOL", re.DOTALL)
_PYTHON = re.compile(r"ValueError: ([A-Z_]+): (.*)", re.DOTALL)
_KINDS = (
    (re.compile(r"Division by zero"), "DIVISION_BY_ZERO"),
    (re.compile(r"Table with name"), "TABLE_NOT_FOUND"),
    (re.compile(r"Referenced (?:column|table)|not found in FROM clause"), "COLUMN_NOT_FOUND"),
    (re.compile(r"GROUP BY clause"), "EXPRESSION_NOT_AGGREGATE"),
    (re.compile(r"Overflow|out of range|Out of Range"), "NUMERIC_VALUE_OUT_OF_RANGE"),
    (re.compile(r"Could not (?:convert|parse)|Conversion Error"), "INVALID_CAST_ARGUMENT"),
    (re.compile(r"No function matches"), "FUNCTION_NOT_FOUND"),
    (re.compile(r"Syntax|Parser Error"), "SYNTAX_ERROR"),
    (re.compile(r"INTERRUPT"), "USER_CANCELED"),
)


class Engine:
    """The database that all queries share; it holds functions and no data."""

    def __init__(self, folder: Path) -> None:
        import duckdb

        self._base = duckdb.connect(
            config={
                "threads": THREADS,
                "memory_limit": MEMORY,
                "temp_directory": str(folder / "duckdb"),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        )
        self._base.execute("SET GLOBAL TimeZone = 'UTC'")
        self._lock = RLock()
        special: Any = "special"
        arguments: Any
        for name, function, arguments, result in native():
            kind = "JSON" if name in JSON_RESULTS else result
            self._base.create_function(name, function, arguments, kind, null_handling=special)
        macros = Path(__file__).with_name("trino.sql").read_text(encoding="utf-8")
        self._base.execute(macros)

    def session(self) -> Session:
        """A connection of one query's own: its views are seen by no other."""
        with self._lock:
            return Session(self._base.cursor())

    def close(self) -> None:
        """Let the database go."""
        with suppress(Exception):
            for name, *_ in native():
                self._base.remove_function(name)
        self._base.close()


class Session:
    """One query's connection.

    Args:
        connection: DuckDB's.
    """

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.zone: str | None = None

    def translate(self, sql: str | exp.Expr, relation: Callable[[exp.Table], str]) -> str:
        """Athena's query in DuckDB's words.

        Args:
            sql: the query, or its tree.
            relation: gives the name of a view for each table in it.

        Raises:
            QueryError: the query is wrong, or not emulated.
        """
        tree = read(sql) if isinstance(sql, str) else sql
        translation = Translation(tree, relation, self.types)
        made = translation.sql()
        self.zone = translation.zone
        return made

    def execute(self, sql: str, parameters: list[Any] | None = None) -> Any:
        """Carry out DuckDB's own SQL.

        Raises:
            QueryError: in the words of Trino, as far as there are such.
        """
        import duckdb

        try:
            return self.connection.execute(sql, parameters)
        except duckdb.Error as error:
            raise explained(str(error)) from None

    def fetch(self, count: int) -> list[tuple[Any, ...]]:
        """The next rows of what was carried out last."""
        import duckdb

        try:
            rows: list[tuple[Any, ...]] = self.connection.fetchmany(count)
        except duckdb.Error as error:
            raise explained(str(error)) from None
        return rows

    def view(self, name: str, sql: str) -> None:
        """Make a view that this session alone sees."""
        self.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql}")

    def columns(self, sql: str) -> list[tuple[str, Kind]]:
        """Names, as Trino gives them, and types of a query's columns."""
        rows = self.execute(f"DESCRIBE {sql}").fetchall()
        names = [
            f"_col{place}" if row[0].startswith(UNNAMED) else row[0]
            for place, row in enumerate(rows)
        ]
        # Not DESCRIBE's types: before DuckDB 2.0 it has an integer for what is only NULL.
        kinds = self.types(f"SELECT len(row(*COLUMNS(*))) FROM ({sql}) AS t") or []  # noqa: S608
        return list(zip(names, [self._zoned(kind) for kind in kinds], strict=True))

    def _zoned(self, kind: Kind) -> Kind:
        zoned = self.zone and kind.name == "timestamptz"
        return replace(kind, zone=self.zone) if zoned and self.zone else kind

    def types(self, sql: str) -> list[Kind] | None:
        """The types that a query's ``len(row(…))`` asks for; None if it binds without."""
        import duckdb

        try:
            self.connection.execute(f"EXPLAIN {sql}")
        except duckdb.Error as error:
            found = _ASKED.search(str(error))
            if found is None:
                raise explained(str(error)) from None
            return [from_duckdb(part) for part in split(found[1])]
        return None

    def interrupt(self) -> None:
        """Stop what runs; it fails with USER_CANCELED."""
        self.connection.interrupt()

    def close(self) -> None:
        """Let the connection go."""
        self.connection.close()


def explained(message: str) -> QueryError:
    """DuckDB's error as Trino's."""
    own = _OWN.search(message)
    if own:
        if own[1] == "NOT_EMULATED":
            return NotEmulatedError(own[2])
        return QueryError(own[1] or "INVALID_FUNCTION_ARGUMENT", own[2])
    raised = _PYTHON.search(message)
    if raised:
        if raised[1] == "NOT_EMULATED":
            return NotEmulatedError(raised[2].split(" is not emulated")[0])
        return QueryError(raised[1], raised[2].strip())
    line = message.split("\n\nLINE ", maxsplit=1)[0].strip().replace(UNNAMED, "_col")
    for pattern, kind in _KINDS:
        if pattern.search(message):
            return QueryError(kind, "Division by zero" if kind == "DIVISION_BY_ZERO" else line)
    return QueryError("GENERIC_USER_ERROR", line)
