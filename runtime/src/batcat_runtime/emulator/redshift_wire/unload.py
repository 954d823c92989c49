"""UNLOAD: a query's result as objects in the local S3.

Source: Amazon Redshift Database Developer Guide, "UNLOAD".
"""

from __future__ import annotations

import gzip
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from batcat_runtime.emulator.sql.objects import Objects, split

from .columns import TIME, TIMETZ
from .errors import NotEmulatedError
from .parquet import from_csv
from .statements import Order, StatementError
from .words import words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .places import Places
    from .protocol import Connection

# Source: PostgreSQL documentation, "COPY", "Text Format".
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LETTERS = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_TRUE = ("ON", "TRUE")


def unload(order: Order, connection: Connection, objects: Objects, places: Places) -> int:
    """Carry out an UNLOAD.

    Args:
        order: what it asks for.
        connection: in whose transaction.
        objects: the local S3.
        places: finds what lies there already.

    Returns:
        Rows that were unloaded.

    Raises:
        StatementError: Redshift would refuse it.
        NotEmulatedError: the local one does not do it.
        PostgresFault: the query fails.
    """
    _check(order.query)
    fields = connection.described(order.query)
    names = [field.name for field in fields]
    keys = _keys(order, names)
    if order.format == "PARQUET" and any(field.oid in (TIME, TIMETZ) for field in fields):
        raise StatementError("UNLOAD of TIME and TIMETZ to Parquet is not supported")
    if keys and order.format != "PARQUET":
        raise NotEmulatedError("UNLOAD PARTITION BY other than Parquet")
    places.make_ready(order)
    with tempfile.TemporaryDirectory(prefix="batcat-unload-") as folder:
        rows, made = Path(folder) / "rows", Path(folder) / "made"
        form = "FORMAT csv, FORCE_QUOTE *" if order.format == "PARQUET" else "FORMAT text"
        with rows.open("wb") as target:
            count = connection.copy_out(
                f"COPY (\n{order.query}\n) TO STDOUT ({form})", target
            ).count
        if order.format == "PARQUET":
            made.mkdir() if keys else None
            from_csv(rows, fields, made, keys)
        else:
            _write(rows, made, order, names)
        uris = _send(order, made, objects)
    if order.flag("MANIFEST"):
        bucket, prefix = split(order.place)
        body = json.dumps({"entries": [{"url": uri} for uri in uris]})
        objects.client.put_object(Bucket=bucket, Key=f"{prefix}manifest", Body=body)
    return count


def _check(query: str) -> None:
    """Refuse an outermost LIMIT; source: "Unloading data to Amazon S3"."""
    depth = 0
    for word in words(query):
        depth += {"L_PAREN": 1, "R_PAREN": -1}.get(word.kind, 0)
        if not depth and word.upper == "LIMIT":
            raise StatementError(
                "LIMIT is not supported in the outer SELECT of UNLOAD; put it into a nested SELECT"
            )


def _keys(order: Order, names: list[str]) -> list[int]:
    """Places of the columns of PARTITION BY."""
    missing = [key for key in order.keys if key.lower() not in names and key not in names]
    if missing:
        raise StatementError(f'column "{missing[0]}" of PARTITION BY is not in the query')
    return [names.index(key if key in names else key.lower()) for key in order.keys]


def _write(rows: Path, made: Path, order: Order, names: Sequence[str]) -> None:
    """Write lines as Redshift does, from PostgreSQL's text format."""
    mark = order.text("DELIMITER", "," if order.format == "CSV" else "|")
    null = order.text("NULL", "")
    with made.open("w", encoding="utf-8", newline="") as target:
        if order.flag("HEADER"):
            target.write(mark.join(names) + "\n")
        for cells in _rows(rows):
            shown = (null if cell is None else _shown(cell, mark, order) for cell in cells)
            target.write(mark.join(shown) + "\n")


def _rows(source: Path) -> Iterator[list[str | None]]:
    with source.open(encoding="utf-8", newline="\n") as lines:
        for line in lines:
            yield [
                None if cell == "\\N" else _ESCAPED.sub(_unescaped, cell)
                for cell in line.removesuffix("\n").split("\t")
            ]


def _unescaped(found: re.Match[str]) -> str:
    return _LETTERS.get(found[1], found[1])


def _shown(cell: str, mark: str, order: Order) -> str:
    """A value as it stands in a file: quoted, escaped or as it is."""
    if order.format == "CSV":
        quoted = order.flag("ADDQUOTES") or any(sign in cell for sign in (mark, '"', "\n", "\r"))
        return '"' + cell.replace('"', '""') + '"' if quoted else cell
    if order.flag("ESCAPE"):
        cell = re.sub(f"([\\\\\n\r\"'{re.escape(mark)}])", r"\\\1", cell)
    return f'"{cell}"' if order.flag("ADDQUOTES") else cell


def _send(order: Order, made: Path, objects: Objects) -> list[str]:
    """Send files under the names that Redshift gives them; their addresses."""
    number = "0000_part_00" if order.text("PARALLEL", "ON").upper() in _TRUE else "000"
    suffix = ".parquet" if order.format == "PARQUET" else ""
    if "EXTENSION" in order.options:
        suffix = f".{order.options['EXTENSION']}"
    elif order.flag("GZIP"):
        suffix = ".gz"
    files = sorted(made.rglob("*.parquet")) if made.is_dir() else [made]
    uris = []
    for file in files:
        folders = f"{file.parent.relative_to(made).as_posix()}/" if made.is_dir() else ""
        uri = f"{order.place}{folders}{number}{suffix}"
        if order.flag("GZIP"):
            file.write_bytes(gzip.compress(file.read_bytes()))
        objects.put(uri, file)
        uris.append(uri)
    return uris
