"""A table of the catalog as a query over files, and how many bytes reading it takes.

Sources: Amazon Athena User Guide, "Understand how Athena processes partitions", "Handle schema
updates" (Parquet columns are found by name), and messages HIVE_BAD_DATA in its "Troubleshooting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import NotEmulatedError, QueryError
from .hive import LAZY, PARQUET, literal, reader
from .kinds import Kind, from_duckdb, from_sql, quoted, to_duckdb, to_trino

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .engine import Session
    from .objects import Found, Objects

PARQUET_NAMES = {
    "boolean": "BOOLEAN", "integer": "INT32", "bigint": "INT64", "real": "FLOAT",
    "double": "DOUBLE", "varchar": "BINARY", "varbinary": "BINARY", "smallint": "INT32",
    "tinyint": "INT32",
}  # fmt: skip


ORDER = ("tinyint", "smallint", "integer", "bigint")
READ_AS = (
    ("real", "double"), ("timestamptz", "timestamp"), ("varchar", "char"), ("json", "varchar"),
    ("varchar", "varbinary"),
)  # fmt: skip
"""Type in the file, type of the table."""


@dataclass(frozen=True)
class Place:
    """Where a table's rows, or those of one partition, lie.

    Attributes:
        location: the ``s3://`` address.
        values: one for each partition key.
        storage: the storage descriptor to read it with.
    """

    location: str
    values: tuple[str, ...]
    storage: dict[str, Any]


class Scan:
    """Reads one table.

    Args:
        table: as GetTable gives it.
        session: the query's connection.
        objects: the local S3.
    """

    def __init__(self, table: dict[str, Any], session: Session, objects: Objects) -> None:
        self._table, self._session, self._objects = table, session, objects
        parameters = table.get("Parameters") or {}
        if str(parameters.get("projection.enabled", "")).lower() == "true":
            raise NotEmulatedError("partition projection", "Add the partitions to the table.")
        storage = table["StorageDescriptor"]
        self.columns = columns_of(storage.get("Columns", []))
        self.keys = columns_of(table.get("PartitionKeys", []))
        self.skip = int(parameters.get("skip.header.line.count", 0))
        self.bytes = 0

    def sql(self, places: Sequence[Place], used: set[str] | None) -> str:
        """A query for the rows of these places, partition keys last.

        Args:
            places: which to read.
            used: names of the columns that are needed; None for all.
        """
        parts = [part for place in places for part in self._place(place, used)]
        if not parts:
            nothing = [
                f"CAST(NULL AS {to_duckdb(kind)}) AS {quoted(name)}"
                for name, kind in [*self.columns, *self.keys]
            ]
            return f"SELECT {', '.join(nothing)} WHERE false"
        return " UNION ALL ".join(parts)

    def _place(self, place: Place, used: set[str] | None) -> list[str]:
        found = self._objects.listed(place.location)
        if not found:
            return []
        serde = place.storage.get("SerdeInfo") or {}
        name = serde.get("SerializationLibrary") or LAZY
        keys = "".join(
            f", {key_value(value, kind)} AS {quoted(key)}"
            for (key, kind), value in zip(self.keys, place.values, strict=True)
        )
        if name == PARQUET:
            rows = self._parquet(found, used)
        else:
            make = reader(name, serde.get("Parameters") or {}, self.columns)
            self.bytes += sum(one.size for one in found)
            paths = [str(path) for path in self._objects.files(found, plain=True)]
            skip = int((serde.get("Parameters") or {}).get("skip.header.line.count", self.skip))
            rows = [make(paths, skip)]
        return [f"SELECT *{keys} FROM ({row})" for row in rows]  # noqa: S608 - values are quoted

    def _parquet(self, found: Sequence[Found], used: set[str] | None) -> list[str]:
        """One query for all files of the same columns."""
        groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
        for one, path in zip(found, self._objects.files(list(found)), strict=True):
            described = self._session.execute(
                f"DESCRIBE SELECT * FROM read_parquet({literal(str(path))})"  # noqa: S608
            ).fetchall()
            shape = tuple((row[0], row[1]) for row in described)
            self._check(one, shape)
            self.bytes += self._size(path, used)
            groups.setdefault(shape, []).append(str(path))
        queries = []
        for shape, paths in groups.items():
            values = ", ".join(self._value(name, kind, shape) for name, kind in self.columns)
            listed = ", ".join(literal(path) for path in paths)
            queries.append(f"SELECT {values} FROM read_parquet([{listed}])")  # noqa: S608
        return queries

    def _value(self, name: str, kind: Kind, shape: tuple[tuple[str, str], ...]) -> str:
        written = next((one for one in shape if one[0].lower() == name), None)
        if written is None:
            return f"CAST(NULL AS {to_duckdb(kind)}) AS {quoted(name)}"
        value = quoted(written[0])
        if from_duckdb(written[1]).name == "timestamptz":
            value = f"timezone('UTC', CAST({value} AS TIMESTAMPTZ))"
        elif written[1] == "TIMESTAMP_NS":  # DuckDB 1.5 has no cast from it to milliseconds
            value = f"CAST({value} AS TIMESTAMP)"
        return f"CAST({value} AS {to_duckdb(kind)}) AS {quoted(name)}"

    def _check(self, found: Found, shape: tuple[tuple[str, str], ...]) -> None:
        """Columns whose type in the file is not the table's are an error, as in Athena."""
        kinds = {name.lower(): from_duckdb(text) for name, text in shape}
        for name, kind in self.columns:
            if name in kinds and not readable(kinds[name], kind):
                written = PARQUET_NAMES.get(kinds[name].name, to_trino(kinds[name]).upper())
                raise QueryError(
                    "HIVE_BAD_DATA",
                    f"Field {name}'s type {written} in parquet file {found.uri} is incompatible "
                    f"with type {to_trino(kind)} defined in table schema",
                )

    def _size(self, path: Path, used: set[str] | None) -> int:
        """Compressed bytes of the columns that are needed."""
        rows = self._session.execute(
            "SELECT lower(string_split(path_in_schema, ', ')[1]), sum(total_compressed_size) "  # noqa: S608
            f"FROM parquet_metadata({literal(str(path))}) GROUP BY ALL"
        ).fetchall()
        names = {name for name, _ in self.columns}
        return int(
            sum(size for name, size in rows if name in names and (used is None or name in used))
        )


def columns_of(described: Sequence[dict[str, Any]]) -> list[tuple[str, Kind]]:
    """Names and types of a storage descriptor's columns."""
    return [(one["Name"].lower(), from_sql(one.get("Type") or "string")) for one in described]


def key_value(value: str, kind: Kind) -> str:
    """A partition's value as DuckDB's SQL; Hive's name for NULL is NULL."""
    if value == "__HIVE_DEFAULT_PARTITION__":
        return f"CAST(NULL AS {to_duckdb(kind)})"
    return f"CAST({literal(value)} AS {to_duckdb(kind)})"


def readable(written: Kind, wanted: Kind) -> bool:
    """Whether a column of a Parquet file can be read as a table's type."""
    if written.name in ORDER and wanted.name in ORDER:
        narrow = "bigint" not in (written.name, wanted.name)
        return narrow or ORDER.index(written.name) <= ORDER.index(wanted.name)
    if (written.name, wanted.name) in READ_AS or written.name == "null":
        return True
    if written.name != wanted.name:
        return False
    if written.name == "row":
        fields = dict(zip((name.lower() for name in written.names), written.items, strict=True))
        return all(
            readable(fields[name.lower()], item)
            for name, item in zip(wanted.names, wanted.items, strict=True)
            if name.lower() in fields
        )
    return all(readable(a, b) for a, b in zip(written.items, wanted.items, strict=True))
