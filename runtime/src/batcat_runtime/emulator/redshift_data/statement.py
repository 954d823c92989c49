"""One statement, or batch of statements, as the API describes it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timezone
from threading import Event, RLock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.redshift_wire.columns import (
    BOOL,
    BYTEA,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    OID,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator.redshift_wire.protocol import Connection, Result

FINAL = ("FINISHED", "FAILED", "ABORTED")
WHERE = ("ClusterIdentifier", "WorkgroupName", "Database", "DbUser", "SecretArn")
PER_SECOND = 1_000_000_000


def now() -> datetime:
    """The present time, UTC, in milliseconds."""
    time = datetime.now(timezone.utc)
    return time.replace(microsecond=time.microsecond // 1000 * 1000)


@dataclass
class Part:
    """One SQL statement.

    Attributes:
        sql: as given.
        result: what it gave.
    """

    sql: str
    status: str = "SUBMITTED"
    error: str = ""
    began: datetime | None = None
    ended: datetime | None = None
    result: Result | None = None

    def described(self) -> dict[str, Any]:
        """What is said of it, alone or in a batch."""
        result = self.result
        has_table = bool(result and result.fields is not None)
        rows = len(result.rows) if result and has_table else (result.count if result else 0)
        size = sum(len(value or "") for row in result.rows for value in row) if result else 0
        told: dict[str, Any] = {
            "Status": self.status,
            "QueryString": self.sql,
            "HasResultSet": has_table,
            "ResultRows": rows if self.status == "FINISHED" else -1,
            "ResultSize": size if self.status == "FINISHED" else -1,
            "Duration": self._duration(),
            "RedshiftQueryId": 0,
        }
        return told | ({"Error": self.error} if self.error else {})

    def _duration(self) -> int:
        if self.began is None:
            return -1
        return int(((self.ended or now()) - self.began).total_seconds() * PER_SECOND)


@dataclass
class Statement:
    """What was submitted.

    Attributes:
        request: as received.
        region: where.
        parts: its statements.
        batch: whether it is a batch, which is one transaction.
        connection: while it runs.
    """

    request: dict[str, Any]
    region: str
    parts: list[Part]
    batch: bool
    identity: str = field(default_factory=lambda: str(uuid4()))
    status: str = "SUBMITTED"
    error: str = ""
    created: datetime = field(default_factory=now)
    updated: datetime = field(default_factory=now)
    pid: int = 0
    connection: Connection | None = None
    done: Event = field(default_factory=Event)
    lock: RLock = field(default_factory=RLock)

    def move(self, status: str, error: str = "") -> bool:
        """Change its state; False if it has ended."""
        with self.lock:
            if self.status in FINAL:
                return False
            self.status, self.error, self.updated = status, error, now()
            if status in FINAL:
                self.done.set()
            return True

    def where(self) -> dict[str, Any]:
        """Which database, and as whom."""
        return {name: self.request[name] for name in WHERE if self.request.get(name)}

    def described(self) -> dict[str, Any]:
        """DescribeStatement's answer."""
        with self.lock:
            told = {
                **self.where(),
                "Id": self.identity,
                "Status": self.status,
                "CreatedAt": self.created,
                "UpdatedAt": self.updated,
                "RedshiftPid": self.pid,
                "ResultFormat": "JSON",
                "RedshiftQueryId": 0,
            }
            if self.request.get("Parameters"):
                told["QueryParameters"] = self.request["Parameters"]
            if not self.batch:
                told = {**self.parts[0].described(), **told}
            else:
                told["SubStatements"] = [
                    {
                        **part.described(),
                        "Id": f"{self.identity}:{number}",
                        "CreatedAt": self.created,
                        "UpdatedAt": part.ended or self.updated,
                    }
                    for number, part in enumerate(self.parts, 1)
                ]
                told["HasResultSet"] = any(one["HasResultSet"] for one in told["SubStatements"])
                told["Duration"] = sum(max(one["Duration"], 0) for one in told["SubStatements"])
            return told | ({"Error": self.error} if self.error else {})

    def summary(self) -> dict[str, Any]:
        """Its entry in ListStatements."""
        with self.lock:
            told = {
                "Id": self.identity,
                "Status": self.status,
                "CreatedAt": self.created,
                "UpdatedAt": self.updated,
                "IsBatchStatement": self.batch,
                "ResultFormat": "JSON",
                "QueryString": self.parts[0].sql,
            }
            if self.batch:
                told["QueryStrings"] = [part.sql for part in self.parts]
            for name in ("StatementName", "SecretArn"):
                if self.request.get(name):
                    told[name] = self.request[name]
            return told


def cell(value: str | None, oid: int) -> dict[str, Any]:
    """A value as the API gives it: numbers as such, everything else as text."""
    if value is None:
        return {"isNull": True}
    name, make = _CELLS.get(oid, ("stringValue", str))
    return {name: make(value)}


_CELLS: dict[int, tuple[str, Callable[[str], Any]]] = {
    **dict.fromkeys((INT2, INT4, INT8, OID), ("longValue", int)),
    **dict.fromkeys((FLOAT4, FLOAT8), ("doubleValue", float)),
    BOOL: ("booleanValue", lambda value: value == "t"),
    BYTEA: ("stringValue", lambda value: value[2:]),
}
