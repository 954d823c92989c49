r"""How Hive's formats read lines of text.

Sources: Amazon Athena User Guide, "Lazy Simple SerDe for CSV, TSV, and custom-delimited files",
"Open CSV SerDe for processing CSV" and "Supported SerDes and data formats" (JSON); Apache Hive's
LazySimpleSerDe: what cannot be read is NULL, ``\N`` is NULL, columns that are missing are NULL.
"""

from __future__ import annotations

import csv
import json
from functools import partial
from typing import TYPE_CHECKING, Any

from .errors import NotEmulatedError
from .kinds import Kind, quoted, to_duckdb, to_hive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Column = tuple[str, Kind]

LAZY = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
OPEN_CSV = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
PARQUET = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
OPENX = "org.openx.data.jsonserde.JsonSerDe"
HCATALOG = "org.apache.hive.hcatalog.data.JsonSerDe"
JSON = (OPENX, HCATALOG)
DEFAULT_DELIMITER, DEFAULT_ITEMS = "\x01", "\x02"
WHOLE = r"^[+-]?\d+$"


def literal(value: str) -> str:
    """A string literal of DuckDB's."""
    return "'" + value.replace("'", "''") + "'"


def lines(paths: Sequence[str], skip: int) -> str:
    """A query for the lines of text files, as column ``line``.

    Args:
        paths: of files on this machine.
        skip: lines at the beginning of each to leave out.
    """
    listed = ", ".join(literal(path) for path in paths)
    content = "string_split(regexp_replace(content, '\\r?\\n$', ''), chr(10))"
    return (
        f"SELECT rtrim(unnest(list_slice(held, {skip + 1}, len(held))), chr(13)) AS line "  # noqa: S608
        f"FROM (SELECT {content} AS held FROM read_text([{listed}]) WHERE content <> '')"
    )


def reader(
    serde: str, parameters: dict[str, str], columns: Sequence[Column]
) -> Callable[[Sequence[str], int], str]:
    """What makes a query for a table's columns out of text files.

    Args:
        serde: the class that Hive reads it with.
        parameters: its properties.
        columns: names and types.

    Raises:
        NotEmulatedError: the class is not emulated, or not for these types.
    """
    if serde in JSON:
        return lambda paths, skip: _json(lines(paths, skip), parameters, columns)
    if serde == OPEN_CSV:
        cell: Callable[[str, Kind], str] = _open_csv_value
        cells = _open_csv_cells(parameters)
    elif serde == LAZY:
        items = parameters.get("collection.delim") or parameters.get("colelction.delim")
        nil = parameters.get("serialization.null.format", "\\N")
        cell = partial(_lazy_value, nil=nil, items=items or DEFAULT_ITEMS)
        cells = _lazy_cells(parameters)
    else:
        raise NotEmulatedError(f"SerDe {serde}", "Parquet, CSV and JSON are.")

    def made(paths: Sequence[str], skip: int) -> str:
        values = [
            f"{cell(f'list_extract(cells, {place})', kind)} AS {quoted(name)}"
            for place, (name, kind) in enumerate(columns, 1)
        ]
        return (
            f"SELECT {', '.join(values)} FROM (SELECT {cells} AS cells FROM ({lines(paths, skip)}))"  # noqa: S608
        )

    return made


def _lazy_cells(parameters: dict[str, str]) -> str:
    given = parameters.get("field.delim") or parameters.get("serialization.format") or ""
    mark = DEFAULT_DELIMITER if given in ("", "1") else given
    escape = parameters.get("escape.delim", "")
    if escape:
        return f"hive_lazy_cells(line, {literal(mark)}, {literal(escape)})"
    return f"string_split(line, {literal(mark)})"


def _open_csv_cells(parameters: dict[str, str]) -> str:
    marks = [
        parameters.get(name, default)
        for name, default in (("separatorChar", ","), ("quoteChar", '"'), ("escapeChar", "\\"))
    ]
    return f"hive_open_csv_cells(line, {', '.join(literal(mark) for mark in marks)})"


def _lazy_value(text: str, kind: Kind, nil: str, items: str) -> str:
    cell = f"nullif({text}, {literal(nil)})"
    if kind.name in ("varchar", "char"):
        return f"left({cell}, {kind.size})" if kind.size else cell
    if kind.is_integer:
        return (
            f"CASE WHEN regexp_matches({cell}, '{WHOLE}') THEN TRY_CAST({cell} AS {kind.name}) END"
        )
    if kind.name == "boolean":
        return f"CASE lower({cell}) WHEN 'true' THEN true WHEN 'false' THEN false END"
    if kind.name == "varbinary":
        return f"from_base64({cell})"
    if kind.name == "array" and kind.items[0].name not in ("array", "map", "row"):
        inner = _lazy_value("hive_item", kind.items[0], nil, items)
        return (
            f"CASE WHEN {cell} = '' THEN [] ELSE list_transform("
            f"string_split({cell}, {literal(items)}), lambda hive_item : {inner}) END"
        )
    if kind.name in ("array", "map", "row"):
        raise NotEmulatedError(
            f"a column of type {to_hive(kind)} in delimited text", "Use Parquet."
        )
    return f"TRY_CAST({cell} AS {to_duckdb(kind)})"


def _open_csv_value(cell: str, kind: Kind) -> str:
    if kind.name in ("varchar", "char"):
        return f"left({cell}, {kind.size})" if kind.size else cell
    if kind.name == "boolean":
        return f"CASE lower({cell}) WHEN 'true' THEN true ELSE false END"
    if kind.name == "date":
        return f"CAST('1970-01-01' AS DATE) + CAST({cell} AS INTEGER)"
    if kind.name == "timestamp":
        return f"CAST(make_timestamp_ms(CAST({cell} AS BIGINT)) AS TIMESTAMP_MS)"
    if kind.name in ("array", "map", "row", "varbinary"):
        raise NotEmulatedError(
            f"a column of type {to_hive(kind)} with OpenCSVSerde", "Use Parquet."
        )
    return f"CAST({cell} AS {to_duckdb(kind)})"


def _json(source: str, parameters: dict[str, str], columns: Sequence[Column]) -> str:
    lenient = parameters.get("ignore.malformed.json", "false").lower() == "true"
    shape = json.dumps({name: _structure(kind) for name, kind in columns})
    values = ", ".join(
        f"struct_extract(fields, {literal(name)}) AS {quoted(name)}" for name, _ in columns
    )
    kinds = ", ".join(f"{quoted(name)} {to_duckdb(kind)}" for name, kind in columns)
    return (
        f"SELECT {values} FROM (SELECT CAST(from_json(hive_json(line, {str(lenient).lower()}), "  # noqa: S608
        f"{literal(shape)}) AS STRUCT({kinds})) AS fields FROM ({source}) WHERE line <> '')"
    )


def _structure(kind: Kind) -> Any:
    """A type as DuckDB's JSON functions want it."""
    if kind.name == "array":
        return [_structure(kind.items[0])]
    if kind.name == "row":
        return {name: _structure(item) for name, item in zip(kind.names, kind.items, strict=True)}
    return to_duckdb(kind)


def lazy_cells(line: str, mark: str, escape: str) -> list[str]:
    """Cells of a line in which a mark may be escaped."""
    cells, cell, signs = [], [], iter(line)
    for sign in signs:
        if sign == escape:
            cell.append(next(signs, ""))
        elif sign == mark:
            cells.append("".join(cell))
            cell = []
        else:
            cell.append(sign)
    return [*cells, "".join(cell)]


def open_csv_cells(line: str, separator: str, quote: str, escape: str) -> list[str]:
    """Cells of a line whose values may be quoted."""
    # A quotation mark is escaped by doubling where both are the same sign.
    other = None if escape in (quote, "") else escape
    rows = csv.reader([line], delimiter=separator, quotechar=quote, escapechar=other)
    return next(rows, [""])


def json_line(line: str, lenient: bool) -> str | None:
    """A line's object with its names in lower case; numbers as text, so that none is rounded."""
    try:
        found = json.loads(line, parse_float=str, parse_int=str)
    except ValueError:
        found = None
    if isinstance(found, dict):
        return json.dumps(_lowered(found))
    if lenient:
        return None
    raise ValueError("HIVE_CURSOR_ERROR: Row is not a valid JSON Object")


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {name.lower(): _lowered(inner) for name, inner in value.items()}
    return [_lowered(inner) for inner in value] if isinstance(value, list) else value


TEXT = "VARCHAR"
HIVE = (
    ("hive_lazy_cells", lazy_cells, [TEXT, TEXT, TEXT], "VARCHAR[]"),
    ("hive_open_csv_cells", open_csv_cells, [TEXT, TEXT, TEXT, TEXT], "VARCHAR[]"),
    ("hive_json", json_line, [TEXT, "BOOLEAN"], TEXT),
)
"""Name, function, types of the arguments, type of the result."""
