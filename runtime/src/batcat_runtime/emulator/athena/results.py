"""Results: rows for GetQueryResults, and the file in S3.

Source: Amazon Athena User Guide, "Work with query results and recent queries" ("Query output
files": ``<id>.csv`` for SELECT, ``<id>.txt`` for DDL); precision, scale and the other members of
ColumnInfo are as clients such as PyAthena show them.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.protocol import ServiceError
from batcat_runtime.emulator.sql.values import transport, writers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from batcat_runtime.emulator.sql.engine import Session
    from batcat_runtime.emulator.sql.kinds import Kind

BATCH = 10_000
LONGEST = 2_147_483_647
_NAMES = {
    "real": "float", "hugeint": "bigint", "timestamptz": "timestamp with time zone",
    "null": "unknown",
}  # fmt: skip
_PRECISION = {
    "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "hugeint": 19, "real": 17,
    "double": 17, "varchar": LONGEST, "varbinary": 1073741824, "timestamp": 3, "timestamptz": 3,
}  # fmt: skip


def column_info(name: str, kind: Kind | None = None) -> dict[str, Any]:
    """ColumnInfo of a query's column, or of a DDL statement's, which is a string."""
    told = {"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name}
    if kind is None:
        shape = {"Type": "string", "Precision": 0, "Scale": 0, "CaseSensitive": False}
    else:
        digits = kind.size if kind.name == "decimal" else _PRECISION.get(kind.name, 0)
        shape = {
            "Type": _NAMES.get(kind.name, kind.name),
            "Precision": kind.size if kind.name == "varchar" and kind.size else digits,
            "Scale": kind.scale,
            "CaseSensitive": kind.name in ("varchar", "char"),
        }
    return {**told, **shape, "Nullable": "UNKNOWN"}


def write_query(
    session: Session, sql: str, columns: Sequence[tuple[str, Kind]], rows: Path, file: Path
) -> None:
    """Carry out a query and write its rows, and the CSV file that Athena would.

    Args:
        session: where it runs.
        sql: in DuckDB's words.
        columns: of its result.
        rows: a JSON list in each line.
        file: every value in quotation marks, NULL empty without them.
    """
    write = writers(columns)
    session.execute(transport(columns, sql))
    names = [name for name, _ in columns]
    with (
        rows.open("w", encoding="utf-8") as kept,
        file.open("w", encoding="utf-8", newline="") as csv,
    ):
        kept.write(json.dumps(names) + "\n")
        csv.write(_csv_line(names))
        while batch := session.fetch(BATCH):
            for row in batch:
                texts = [
                    None if value is None else make(value)
                    for make, value in zip(write, row, strict=True)
                ]
                kept.write(json.dumps(texts) + "\n")
                csv.write(_csv_line(texts))


def write_lines(lines: Iterable[str], rows: Path, file: Path) -> None:
    """The result of a DDL or utility statement: one text a row."""
    listed = list(lines)
    rows.write_text("".join(f"{json.dumps([line])}\n" for line in listed), encoding="utf-8")
    file.write_text("".join(f"{line}\n" for line in listed), encoding="utf-8")


def page(rows: Path, size: int, token: str | None) -> tuple[list[dict[str, Any]], str | None]:
    """Some rows, and the token of what follows: the byte where it begins.

    Raises:
        ServiceError: the token was not made here.
    """
    if token is not None and not token.isdigit():
        raise ServiceError("InvalidRequestException", f"Invalid NextToken: {token}")
    found = []
    with rows.open("rb") as lines:
        lines.seek(int(token or 0))
        for line in lines:
            found.append({"Data": [_datum(text) for text in json.loads(line)]})
            if len(found) == size:
                break
        place = lines.tell()
        more = bool(lines.read(1))
    return found, str(place) if more else None


def _datum(text: str | None) -> dict[str, str]:
    return {} if text is None else {"VarCharValue": text}


def _csv_line(texts: Sequence[str | None]) -> str:
    return (
        ",".join("" if text is None else '"' + text.replace('"', '""') + '"' for text in texts)
        + "\n"
    )
