"""A database, a bucket and the few calls that most tests of Athena make."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from runtime.tests.emulator.conftest import Store

    from batcat_runtime.emulator import LocalAws

DEADLINE = 60.0


@dataclass(frozen=True)
class Queries:
    """Runs queries and waits for them."""

    aws: LocalAws
    store: Store
    database: str

    @property
    def athena(self) -> Any:
        """The client."""
        return self.aws.client("athena")

    def start(self, sql: str, **request: Any) -> str:
        """Start a query; its id."""
        given = {
            "QueryString": sql,
            "QueryExecutionContext": {"Database": self.database},
            "ResultConfiguration": {"OutputLocation": self.store.uri("out/")},
            **request,
        }
        return str(self.athena.start_query_execution(**given)["QueryExecutionId"])

    def end(self, identity: str) -> dict[str, Any]:
        """The query when it has ended."""
        stop = time.monotonic() + DEADLINE
        while time.monotonic() < stop:
            found = self.athena.get_query_execution(QueryExecutionId=identity)["QueryExecution"]
            if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
                return dict(found)
            time.sleep(0.01)
        raise AssertionError(f"waited {DEADLINE:.0f} s for query {identity}")

    def run(self, sql: str, **request: Any) -> dict[str, Any]:
        """Run a query that succeeds."""
        found = self.end(self.start(sql, **request))
        assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
        return found

    def failure(self, sql: str, **request: Any) -> str:
        """Why a query failed."""
        found = self.end(self.start(sql, **request))
        assert found["Status"]["State"] == "FAILED", found["Status"]
        return str(found["Status"]["StateChangeReason"])

    def rows(self, sql: str, **request: Any) -> list[list[str | None]]:
        """A query's rows, without the names."""
        return self.result(self.run(sql, **request)["QueryExecutionId"])[1:]

    def lines(self, sql: str) -> list[str | None]:
        """The one column of a utility statement's result."""
        return [row[0] for row in self.result(self.run(sql)["QueryExecutionId"])]

    def result(self, identity: str) -> list[list[str | None]]:
        """All rows of a result."""
        pages = self.athena.get_paginator("get_query_results").paginate(QueryExecutionId=identity)
        return [
            [one.get("VarCharValue") for one in row["Data"]]
            for page in pages
            for row in page["ResultSet"]["Rows"]
        ]


@pytest.fixture
def queries(aws: LocalAws, store: Store, unique: Callable[[str], str]) -> Queries:
    """A database of this test's own."""
    made = Queries(aws, store, unique("database").replace("-", "_"))
    made.run(f"CREATE DATABASE {made.database}")
    return made
