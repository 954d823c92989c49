"""The engine without a server, and a table to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.sql.engine import Engine, Session
from batcat_runtime.emulator.sql.values import transport, writers

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = """
SELECT * FROM (VALUES
  (1, CAST(1.50 AS DECIMAL(10, 2)), 'x', [1, 2], MAP {'a': 1}, DATE '2020-01-31',
   TIMESTAMP_MS '2020-01-31 10:00:00.123', CAST(2.5 AS DOUBLE), CAST(1.5 AS FLOAT)),
  (2, CAST(2.25 AS DECIMAL(10, 2)), 'y', [3], MAP {'b': 2}, DATE '2021-03-01',
   TIMESTAMP_MS '2021-03-01 00:00:00', CAST(-0.5 AS DOUBLE), CAST(2.25 AS FLOAT)),
  (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
) AS t(i, d, s, l, m, dt, ts, f, r)
"""


class Asked:
    """Asks the engine in Athena's words, and shows answers as Athena writes them."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def rows(self, sql: str) -> list[list[str | None]]:
        """Every row as text; NULL is None."""
        made = self.session.translate(sql, lambda _: "numbers")
        columns = self.session.columns(made)
        write = writers(columns)
        found: list[tuple[Any, ...]] = self.session.execute(transport(columns, made)).fetchall()
        return [
            [None if value is None else w(value) for w, value in zip(write, row, strict=True)]
            for row in found
        ]

    def value(self, expression: str) -> str | None:
        """The value of an expression."""
        return self.rows(f"SELECT {expression}")[0][0]

    def names(self, sql: str) -> list[str]:
        """Names of a query's columns."""
        made = self.session.translate(sql, lambda _: "numbers")
        return [name for name, _ in self.session.columns(made)]


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One engine for all tests."""
    made = Engine(tmp_path_factory.mktemp("engine"))
    yield made
    made.close()


@pytest.fixture
def athena(engine: Engine) -> Iterator[Asked]:
    """A session with the table ``numbers``, which every table's name stands for."""
    session = engine.session()
    session.view("numbers", ROWS)
    yield Asked(session)
    session.close()
