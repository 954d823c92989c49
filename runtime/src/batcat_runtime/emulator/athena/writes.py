"""Statements that write objects: UNLOAD, CREATE TABLE AS, INSERT INTO.

Sources: Amazon Athena User Guide, "UNLOAD", "CREATE TABLE AS", "INSERT INTO" and "Considerations
and limitations for CTAS queries" (100 partitions at most; the place must be empty).
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from batcat_runtime.emulator.sql.errors import NotEmulatedError, QueryError
from batcat_runtime.emulator.sql.hive import LAZY, OPENX, PARQUET, literal
from batcat_runtime.emulator.sql.kinds import Kind, quoted, to_duckdb
from batcat_runtime.emulator.sql.objects import folder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from batcat_runtime.emulator.sql.engine import Session
    from batcat_runtime.emulator.sql.objects import Objects

MOST_PARTITIONS = 100
FORMATS = ("PARQUET", "JSON", "TEXTFILE")
SERDES = {"PARQUET": PARQUET, "JSON": OPENX, "TEXTFILE": LAZY}
CODECS = {
    "PARQUET": ("GZIP", "SNAPPY", "ZSTD", "NONE"),
    "JSON": ("GZIP", "NONE"),
    "TEXTFILE": ("GZIP", "NONE"),
}
DEFAULT_CODEC = "GZIP"
"""Of UNLOAD and CTAS in every format ("the default compression is GZIP")."""


PROPERTIES = (
    "format", "compression", "write_compression", "parquet_compression", "partitioned_by",
    "field_delimiter",
)  # fmt: skip


PRECISION = (
    "Incorrect timestamp precision for timestamp({digits}); the configured precision is "
    "MILLISECONDS; column name: {name}"
)
"""What Trino's Hive connector says of timestamps of other digits."""


@dataclass
class Target:
    """Where and how rows are written.

    Attributes:
        location: the ``s3://`` folder.
        format: one of :data:`FORMATS`.
        codec: how it is compressed.
        delimiter: between the values of TEXTFILE.
        keys: columns that name folders instead of being written.
        identity: beginning of the files' names.
    """

    location: str
    format: str
    codec: str = DEFAULT_CODEC
    delimiter: str = "\x01"
    keys: Sequence[str] = ()
    identity: str = ""
    written: list[str] = field(default_factory=list)
    places: dict[tuple[str, ...], str] = field(default_factory=dict)


def target_of(location: str, given: dict[str, Any], identity: str, default: str) -> Target:
    """A target as a statement's properties describe it.

    Raises:
        NotEmulatedError: a property or format is not emulated.
        QueryError: it has a value that it cannot have.
    """
    others = [name for name in given if name not in PROPERTIES]
    if others:
        raise NotEmulatedError(f"the property {', '.join(others)}")
    name = str(given.get("format", default)).upper()
    name = {"TEXT": "TEXTFILE"}.get(name, name)
    if name not in FORMATS:
        raise NotEmulatedError(f"the format {name}", f"{', '.join(FORMATS)} are.")
    codec = DEFAULT_CODEC
    for one in ("compression", "write_compression", "parquet_compression"):
        codec = str(given.get(one, codec)).upper()
    if codec not in CODECS[name]:
        raise NotEmulatedError(f"{codec} for {name}", f"{', '.join(CODECS[name])} are.")
    keys = [str(key).lower() for key in given.get("partitioned_by", [])]
    delimiter = str(given.get("field_delimiter", "\x01"))
    return Target(folder_of(location), name, codec, delimiter, keys, identity)


def write(
    session: Session,
    sql: str,
    columns: Sequence[tuple[str, Kind]],
    target: Target,
    objects: Objects,
) -> int:
    """Write a query's rows; the number of them.

    Args:
        session: where it runs.
        sql: in DuckDB's words.
        columns: of its result; the keys last.
        target: where to; what was written is noted in it.
        objects: the local S3.
    """
    names = [name for name, _ in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise QueryError(
            "DUPLICATE_COLUMN_NAME", f"Column name '{twice[0]}' specified more than once"
        )
    if target.keys and names[-len(target.keys) :] != list(target.keys):
        raise QueryError(
            "HIVE_COLUMN_ORDER_MISMATCH",
            "Partition keys must be the last columns in the table and in the same order as the "
            f"table properties: [{', '.join(target.keys)}]",
        )
    listed = ", ".join(quoted(f"c{place}") for place in range(len(columns)))
    values = ", ".join(
        f"{_value(quoted(f'c{place}'), kind, name)} AS {quoted(name)}"
        for place, (name, kind) in enumerate(columns)
    )
    rows = f"SELECT {values} FROM ({sql}) AS t({listed})"  # noqa: S608 - names are quoted
    session.execute(f"CREATE OR REPLACE TEMP TABLE athena_written AS {rows}")
    for kept in _partitions(session, target):
        _write_one(
            session, target, kept, [name for name in names if name not in target.keys], objects
        )
    count: int = session.execute("SELECT count(*) FROM athena_written").fetchone()[0]
    session.execute("DROP TABLE athena_written")
    return count


def _value(cell: str, kind: Kind, name: str) -> str:
    """A value as it is stored; a moment finer than milliseconds fails, as Trino's Hive has it."""
    made = f"CAST({cell} AS {to_duckdb(stored(kind))})"
    if not _holds_moments(kind):
        return made
    why = f"NOT_SUPPORTED: {PRECISION.format(digits=6, name=name)}"
    # With a part of the cell, or DuckDB would work it out, and fail, before there is any row.
    fail = f"trino_fail(concat({literal(why)}, left(CAST({cell} AS VARCHAR), 0)))"
    return f"CASE WHEN {made} IS NOT DISTINCT FROM {cell} THEN {made} WHEN {fail} THEN NULL END"


def _holds_moments(kind: Kind) -> bool:
    return kind.name == "timestamp" or any(map(_holds_moments, kind.items))


def refuse_seconds(session: Session, sql: str, columns: Sequence[tuple[str, Kind]]) -> None:
    """Refuse timestamp(0) in a query for new files, as Trino's Hive has it.

    Raises:
        QueryError: a column holds such.
    """
    types = [row[1] for row in session.execute(f"DESCRIBE {sql}").fetchall()]
    for (name, _), kind in zip(columns, types, strict=True):
        if "TIMESTAMP_S" in kind:
            raise QueryError("NOT_SUPPORTED", PRECISION.format(digits=0, name=name))


def refuse_full(objects: Objects, location: str) -> None:
    """Refuse a place that holds objects.

    Raises:
        QueryError: HIVE_PATH_ALREADY_EXISTS.
    """
    if objects.listed(folder_of(location)):
        raise QueryError("HIVE_PATH_ALREADY_EXISTS", f"Target directory already exists: {location}")


def stored(kind: Kind) -> Kind:
    """The type that a column has in the catalog and in files.

    Raises:
        QueryError: Hive has none for it.
    """
    if kind.name in ("timestamptz", "json", "interval", "uuid", "time"):
        raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {kind.name}")
    if kind.name == "null":
        raise QueryError("GENERIC_USER_ERROR", "Column type is unknown; CAST the NULL to a type")
    if kind.name == "hugeint":
        return Kind("bigint")
    if kind.name == "timestamp":
        return Kind("timestamp", 3)
    items = tuple(stored(item) for item in kind.items)
    return Kind(kind.name, kind.size, kind.scale, items, kind.names)


def _partitions(session: Session, target: Target) -> list[tuple[str | None, ...]]:
    if not target.keys:
        return [()]
    keys = ", ".join(f"CAST({quoted(key)} AS VARCHAR)" for key in target.keys)
    rows: list[tuple[str | None, ...]] = session.execute(
        f"SELECT DISTINCT {keys} FROM athena_written ORDER BY ALL"  # noqa: S608 - names are quoted
    ).fetchall()
    if len(rows) > MOST_PARTITIONS:
        raise QueryError(
            "HIVE_TOO_MANY_OPEN_PARTITIONS",
            f"Exceeded limit of {MOST_PARTITIONS} open writers for partitions/buckets",
        )
    return rows


def _write_one(
    session: Session,
    target: Target,
    values: tuple[str | None, ...],
    names: Sequence[str],
    objects: Objects,
) -> None:
    """One file with the rows of one partition."""
    tests = [
        f"{quoted(key)} IS NULL" if value is None
        else f"CAST({quoted(key)} AS VARCHAR) = {literal(value)}"
        for key, value in zip(target.keys, values, strict=True)
    ]  # fmt: skip
    if names:
        chosen = ", ".join(
            _text_value(name) if target.format == "TEXTFILE" else quoted(name) for name in names
        )
    else:
        raise QueryError("GENERIC_USER_ERROR", "Table contains only partition columns")
    rows = f"SELECT {chosen} FROM athena_written WHERE {' AND '.join(tests) or 'true'}"  # noqa: S608
    if not target.keys and not session.execute(f"{rows} LIMIT 1").fetchall():
        return  # no rows, no file
    folders = "".join(
        f"{key}={'__HIVE_DEFAULT_PARTITION__' if value is None else quote(value, safe=' ')}/"
        for key, value in zip(target.keys, values, strict=True)
    )
    suffix = ".gz" if target.codec == "GZIP" and target.format != "PARQUET" else ""
    uri = f"{target.location}{folders}{target.identity}_{uuid4()}{suffix}"
    with tempfile.TemporaryDirectory(prefix="batcat-athena-") as folder:
        file = Path(folder) / "rows"
        session.execute(f"COPY ({rows}) TO {literal(str(file))} ({_options(target)})")
        objects.put(uri, file)
    target.written.append(uri)
    if target.keys:
        kept = tuple("__HIVE_DEFAULT_PARTITION__" if one is None else one for one in values)
        target.places[kept] = f"{target.location}{folders}"


def _text_value(name: str) -> str:
    r"""A value of a delimited text file: NULL is ``\N``."""
    return f"coalesce(CAST({quoted(name)} AS VARCHAR), '\\N') AS {quoted(name)}"


def _options(target: Target) -> str:
    codec = target.codec.lower()
    if target.format == "PARQUET":
        return f"FORMAT parquet, COMPRESSION {'uncompressed' if codec == 'none' else codec}"
    if target.format == "JSON":
        return f"FORMAT json, COMPRESSION {codec}"
    return (
        f"FORMAT csv, HEADER false, DELIMITER {literal(target.delimiter)}, QUOTE '', ESCAPE '', "
        f"COMPRESSION {codec}"
    )
