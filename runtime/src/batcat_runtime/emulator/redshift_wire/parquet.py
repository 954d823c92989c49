"""Parquet for COPY and UNLOAD, by DuckDB.

Source: Amazon Redshift Database Developer Guide, "COPY from columnar data formats" (columns are
matched by their order and must have the table's types); messages as in public issue trackers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .columns import (
    BOOL,
    BPCHAR,
    BYTEA,
    DATE,
    FLOAT4,
    FLOAT8,
    INT2,
    INT4,
    INT8,
    JSON,
    NUMERIC,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    VARCHAR,
    Target,
    duckdb_type,
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .columns import Field

READ_AS: dict[int, tuple[str, ...]] = {
    BOOL: ("BOOLEAN",), INT2: ("SMALLINT", "TINYINT"), INT4: ("INTEGER",), INT8: ("BIGINT",),
    FLOAT4: ("FLOAT",), FLOAT8: ("DOUBLE",), NUMERIC: ("DECIMAL",), DATE: ("DATE",),
    VARCHAR: ("VARCHAR",), BPCHAR: ("VARCHAR",), TEXT: ("VARCHAR",), BYTEA: ("BLOB", "VARCHAR"),
    TIMESTAMP: ("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
                "TIMESTAMPTZ_NS"),
    TIMESTAMPTZ: ("TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE",
                  "TIMESTAMPTZ_NS"),
}  # fmt: skip
"""Number of a column's type to the types that a file's column may have."""

CSV = "FORMAT csv, HEADER false, FORCE_QUOTE *, NULLSTR '\\N'"


class ParquetError(Exception):
    """A file does not fit the table; the message is Redshift's."""


def literal(value: str) -> str:
    """A string literal."""
    return "'" + value.replace("'", "''") + "'"


def to_csv(files: Sequence[tuple[str, Path]], targets: Sequence[Target], target: Path) -> None:
    """Parquet files as one CSV file for PostgreSQL's COPY.

    Args:
        files: address and file of each object.
        targets: columns that are loaded, in order.
        target: the CSV file.

    Raises:
        ParquetError: a file has other columns than the table.
    """
    import duckdb

    with duckdb.connect(config={"threads": 2}) as engine:
        queries = []
        for uri, file in files:
            source = f"read_parquet({literal(str(file))})"
            try:
                rows = engine.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
            except duckdb.Error:
                raise ParquetError(f"Spectrum Scan Error: {uri} is not a Parquet file") from None
            _check(uri, [(row[0], row[1]) for row in rows], targets)
            values = [_read(place, row[1], one) for place, (row, one) in
                      enumerate(zip(rows, targets, strict=True))]  # fmt: skip
            names = ", ".join(f"c{place}" for place in range(len(rows)))
            _check_lengths(engine, uri, f"{source} AS t({names})", targets)
            queries.append(f"SELECT {', '.join(values)} FROM {source} AS t({names})")  # noqa: S608
        engine.execute(f"COPY ({' UNION ALL '.join(queries)}) TO {literal(str(target))} ({CSV})")


def _check(uri: str, written: Sequence[tuple[str, str]], targets: Sequence[Target]) -> None:
    if len(written) != len(targets):
        raise ParquetError(
            "Spectrum Scan Error: Unmatched number of columns between table and file. "
            f"Table columns: {len(targets)}, Data columns: {len(written)}, File name: {uri}"
        )
    for (name, kind), target in zip(written, targets, strict=True):
        plain = kind.partition("(")[0]
        if plain in READ_AS.get(target.oid, ("VARCHAR",)) or plain == '"NULL"':
            continue
        raise ParquetError(
            f"Spectrum Scan Error: File '{uri}' has an incompatible Parquet schema for column "
            f"'{uri}.{name}'. Column type: {target.duckdb}, Parquet schema: {kind}"
        )


def _read(place: int, kind: str, target: Target) -> str:
    value = f"c{place}"
    if target.oid == BYTEA and kind == "BLOB":
        return f"'\\x' || lower(hex({value}))"
    if kind.startswith("TIMESTAMPTZ") or kind.endswith("TIME ZONE"):
        local = f"timezone('UTC', CAST({value} AS TIMESTAMPTZ))"
        return f"CAST({local} AS VARCHAR)"
    if target.oid in (TIMESTAMP, TIMESTAMPTZ):
        return f"CAST(CAST({value} AS TIMESTAMP) AS VARCHAR)"
    if target.oid == JSON:
        return value
    return f"CAST({value} AS VARCHAR)"


def _check_lengths(engine: Any, uri: str, source: str, targets: Sequence[Target]) -> None:
    limited = [place for place, one in enumerate(targets) if one.length]
    if not limited:
        return
    asked = ", ".join(f"max(strlen(c{place}))" for place in limited)
    longest = engine.execute(f"SELECT {asked} FROM {source}").fetchone()  # noqa: S608
    for place, size in zip(limited, longest, strict=True):
        if size is not None and size > targets[place].length:
            raise ParquetError(
                f"Spectrum Scan Error: The length of the data column {targets[place].name} is "
                "longer than the length defined in the table. "
                f"Table: {targets[place].length}, Data: {size}, File name: {uri}"
            )


def from_csv(source: Path, fields: Sequence[Field], target: Path, keys: Sequence[int]) -> None:
    """PostgreSQL's CSV as Parquet, or one file for each value of the keys.

    Args:
        source: written by COPY … TO STDOUT with every value in quotation marks.
        fields: its columns.
        target: the file, or with keys the folder.
        keys: places of the columns that name folders.
    """
    import duckdb

    columns = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(fields)))
    options = (
        f"header = false, columns = {{{columns}}}, delim = ',', quote = '\"', escape = '\"', "
        "nullstr = '', allow_quoted_nulls = false, auto_detect = false, "
        "new_line = '\\n', max_line_size = 33554432"
    )
    values = ", ".join(
        f"{_typed(f'c{place}', field)} AS {_quoted(field.name)}"
        for place, field in enumerate(fields)
    )
    rows = f"SELECT {values} FROM read_csv({literal(str(source))}, {options})"  # noqa: S608
    parted = ", ".join(_quoted(fields[place].name) for place in keys)
    by = f", PARTITION_BY ({parted})" if keys else ""
    with duckdb.connect(config={"threads": 2}) as engine:
        engine.execute("SET TimeZone = 'UTC'")
        try:
            engine.execute(f"COPY ({rows}) TO {literal(str(target))} (FORMAT parquet{by})")
        except duckdb.Error as error:
            raise ParquetError(f"UNLOAD to Parquet failed: {error}") from None


def _typed(value: str, field: Field) -> str:
    if field.oid == BOOL:
        return f"CASE {value} WHEN 't' THEN true WHEN 'f' THEN false END"
    if field.oid == BYTEA:
        return f"unhex(substr({value}, 3))"
    return f"CAST({value} AS {duckdb_type(field.oid, field.modifier)})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
