"""Rows as Athena tells them: up to a hundred from its API, more from the CSV in S3.

In both NULL is not the empty text: the API leaves a NULL out, the CSV leaves it without quotes.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from batcat_runtime.columns import texts
from batcat_runtime.columns.series import table
from batcat_runtime.columns.types import UNITS
from batcat_runtime.errors import DataError
from batcat_runtime.logs import get_logger
from batcat_runtime.s3.transfer import fetch

from . import unload
from .told import column_type

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from batcat_runtime.columns.types import Type
    from batcat_runtime.s3.ranges import Object

    from .plan import Wanted
    from .queries import Queries

_FEW = 100  # rows, names included; a page of a thousand takes longer than the CSV of all of them
_NESTED = {"array", "map", "row", "struct"}


def read(queries: Queries, wanted: Wanted) -> pd.DataFrame:
    """Run a query and read its rows in their order.

    Raises:
        ExecutionError: it failed.
        DataError: a column cannot be read exactly from text.
    """
    identity = queries.start(wanted.text, wanted.arguments, wanted.reuse)
    execution = queries.wait(identity)
    queries.check(identity, execution)
    page = queries.results(identity, MaxResults=_FEW)
    told = page["ResultSet"].get("ResultSetMetadata", {}).get("ColumnInfo", [])
    nested = [one["Name"] for one in told if one["Type"] in _NESTED]
    if nested:
        return _read_nested(queries, wanted, nested)
    columns = [(one["Name"], column_type(one)) for one in told]
    has_header = execution.get("StatementType", "DML") == "DML"
    output = execution["ResultConfiguration"].get("OutputLocation", "")
    if page.get("NextToken") and has_header and output.endswith(".csv"):
        return _read_csv(unload.place(output, queries.region), columns)
    rows = list(_rows(queries, identity, page))
    rows = rows[1:] if has_header else [_parted(row, len(columns)) for row in rows]
    return _table(columns, list(zip(*rows, strict=True)) or [()] * len(columns), identity)


def _read_nested(queries: Queries, wanted: Wanted, names: list[str]) -> pd.DataFrame:
    """Read arrays, maps and rows, whose text in CSV says neither types nor where values end."""
    if not wanted.forced and not wanted.ordered and unload.is_possible(wanted):
        get_logger("batcat_runtime").info(
            "column %r cannot be read exactly from text; running the query again as UNLOAD",
            names[0],
        )
        found = unload.read(queries, replace(wanted, unload=True, forced=True))
        if found is not None:
            return found
    raise DataError(
        f"column {names[0]!r} holds arrays, maps or rows, and Athena's CSV tells neither their "
        "types nor where values end; use mode='unload' (rows come in any order then), or "
        "json_format(CAST(… AS JSON)) in the query",
    )


def _rows(queries: Queries, identity: str, page: dict[str, Any]) -> Iterator[list[str | None]]:
    while True:
        for row in page["ResultSet"]["Rows"]:
            yield [cell.get("VarCharValue") for cell in row["Data"]]
        if not page.get("NextToken"):
            return
        page = queries.results(identity, NextToken=page["NextToken"])


def _parted(row: list[str | None], width: int) -> list[str | None]:
    """Make a row of what a DDL or utility statement says.

    Where it has several columns, as DESCRIBE has, a row is one text with tabs between them, and
    blanks fill them up. Source: the examples of Amazon Athena User Guide, "DESCRIBE", and the tests
    of PyAthena.
    """
    if len(row) == 1 and row[0] is not None:
        row = [*row[0].split("\t", width - 1)]
    cells = [None if cell is None else cell.rstrip() for cell in row]
    return [*cells, *[None] * (width - len(cells))]


def _table(
    columns: Sequence[tuple[str, Type]], cells: Sequence[Sequence[str | None]], source: str
) -> pd.DataFrame:
    found = [
        _column(name, kind, values, source)
        for (name, kind), values in zip(columns, cells, strict=True)
    ]
    return table([name for name, _ in columns], found)


def _column(name: str, kind: Type, cells: Sequence[str | None], source: str) -> pd.Series[Any]:
    """Read a column from its text; a time more precise than said is kept, not cut."""
    prepared = _prepared(name, kind, cells)
    finer = [kind]
    if kind.kind == "timestamp":
        finer = [replace(kind, unit=unit) for unit in UNITS[UNITS.index(kind.unit) :]]
    bad = 0
    for one in finer:
        try:
            return texts.read(prepared, one)
        except texts.UnreadableError as error:  # noqa: PERF203 - four at most
            bad = error.places[0]
    raise DataError(f"Athena query {source}, column {name!r}: {cells[bad]!r} is no {kind}")


def _prepared(name: str, kind: Type, cells: Sequence[str | None]) -> Sequence[str | None]:
    if kind.kind == "binary":  # 68 65 6c
        import base64

        return [
            None if cell is None else base64.b64encode(bytes.fromhex(cell)).decode()
            for cell in cells
        ]
    if kind.kind == "timestamp" and kind.zone:
        return [None if cell is None else _with_offset(name, cell) for cell in cells]
    return cells


_REGION = re.compile(r"(.+) ([A-Za-z]\w*(?:/[\w+-]+)+)")


def _with_offset(name: str, cell: str) -> str:
    """Write a time with the offset from UTC instead of the name of its zone."""
    told = _REGION.fullmatch(cell)
    if not told:
        return cell
    moment = dt.datetime.fromisoformat(told[1][: len("2026-01-01 00:00:00")])
    zone = ZoneInfo(told[2])
    offsets = {moment.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1)}
    if len(offsets) > 1:
        raise DataError(
            f"column {name!r}: {cell} was there twice, when clocks were set back, and Athena does "
            "not tell which; write … AT TIME ZONE 'UTC' in the query",
        )
    return f"{told[1]}{moment.replace(tzinfo=zone).strftime('%z')}"


def _read_csv(place: Object, columns: Sequence[tuple[str, Type]]) -> pd.DataFrame:
    buffer = fetch(place)
    try:
        import pyarrow as pa
    except ModuleNotFoundError:
        return _table(columns, _cells(buffer, len(columns)), str(place))
    try:
        return _from_arrow(buffer, columns, str(place))
    except pa.ArrowInvalid:  # a value that its type does not hold: look for it cell by cell
        return _table(columns, _cells(buffer, len(columns)), str(place))


_DIRECT = {"integer", "float", "boolean", "text", "decimal", "date", "timestamp"}


def _from_arrow(
    buffer: io.BytesIO, columns: Sequence[tuple[str, Type]], source: str
) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import csv

    from batcat_runtime.columns.arrow import to_column
    from batcat_runtime.columns.arrow_types import arrow_type

    direct = [kind.kind in _DIRECT and not kind.zone for _, kind in columns]
    places = [str(place) for place in range(len(columns))]
    types = [
        arrow_type(kind) if is_direct else pa.string()
        for (_, kind), is_direct in zip(columns, direct, strict=True)
    ]
    data = csv.read_csv(
        buffer,
        read_options=csv.ReadOptions(column_names=places, skip_rows_after_names=1),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=dict(zip(places, types, strict=True)),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    )
    found = [
        to_column(values, name) if is_direct else _column(name, kind, values.to_pylist(), source)
        for (name, kind), values, is_direct in zip(columns, data.columns, direct, strict=True)
    ]
    return table([name for name, _ in columns], found)


_CELL = re.compile(r'(?:"((?:[^"]|"")*)")?(,|\r?\n|\Z)')


def _cells(buffer: io.BytesIO, width: int) -> list[list[str | None]]:
    """Take a CSV apart, column by column, without its header."""
    text = buffer.getvalue().decode()
    found: list[list[str | None]] = [[] for _ in range(width)]
    place = number = 0
    while place < len(text):
        match = _CELL.match(text, place)
        if match is None:
            line = text.count("\n", 0, place) + 1
            raise DataError(f"Athena's CSV is broken in line {line}; run the query again")
        cell = match[1]
        found[number % width].append(None if cell is None else cell.replace('""', '"'))
        place, number = match.end(), number + 1
    return [column[1:] for column in found]
