"""What a DataFrame becomes in a table: names and types of columns, and how they are created."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns.series import type_of
from batcat_runtime.columns.types import Type, parse
from batcat_runtime.errors import ConfigError, DataError
from batcat_runtime.sql.binding import quote_identifier

from . import wire

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

# Source: Amazon Redshift Database Developer Guide, "Character types" and "VARBYTE type".
LONGEST_TEXT = 65_535
LONGEST_BINARY = 1_024_000
_LONGEST_CHAR = 4096
_SHORTEST = 256
_MOST_DIGITS = 38
_INTEGERS = {16: "smallint", 32: "integer", 64: "bigint"}
_SIZED = re.compile(
    r"(?P<name>(?:n?var)?char|n?char|bpchar|character(?: varying)?|varbyte|varbinary|"
    r"binary(?: varying)?)\s*\(\s*(?P<size>\d+|max)\s*\)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Column:
    """A column of the table, and where its values come from.

    Attributes:
        name: its name in the table.
        kind: its type, as values are checked and sent.
        sql: its type in the table.
        source: the position of the DataFrame's column.
        casted: how a bound text becomes a value of it; ``{}`` is the text's place.
        width: bytes that a text or binary of it may have; 0 if that is not known.
    """

    name: str
    kind: Type
    sql: str
    source: int
    casted: str
    width: int = 0

    @property
    def quoted(self) -> str:
        """Its name as SQL reads it."""
        return quote_identifier(self.name, style="redshift")


def create(frame: pd.DataFrame, types: Mapping[str, str]) -> list[Column]:
    """Decide the columns of a new table.

    Args:
        frame: what is to be written.
        types: types of some columns, as the caller wrote them.

    Raises:
        ConfigError: there is no such type.
        DataError: a column holds what Redshift has no type for; the message names it.
    """
    return [
        _said(name, types[name], place)
        if name in types
        else _own(name, frame.iloc[:, place], place)
        for place, name in enumerate(map(str, frame.columns))
    ]


def _said(name: str, written: str, place: int) -> Column:
    plain = " ".join(written.lower().split())
    if plain == "super":
        return _super(name, place)
    sized = _SIZED.fullmatch(plain)
    try:
        kind = parse(sized["name"] if sized else _OTHER.get(plain, written), "redshift")
    except ConfigError as error:
        raise ConfigError(f"dtype of column {name!r}: {error}") from error
    if kind.kind == "decimal" and not kind.precision:  # as Redshift has it
        kind = Type("decimal", precision=18)
    if kind.kind in {"text", "binary"}:
        most = LONGEST_TEXT if kind.kind == "text" else LONGEST_BINARY
        size = sized["size"] if sized else str(most)
        width = (_LONGEST_CHAR if plain[0] in "cb" else most) if size == "max" else int(size)
        known = {"text": "varchar", "binary": "varbyte"}[kind.kind]
        sql = f"{sized['name'] if sized else known}({size})"
        return Column(name, kind, sql, place, _casted(kind, sql), width)
    zoned = kind.kind == "time" and ("with time zone" in plain or plain == "timetz")
    sql = "timetz" if zoned else _sql(name, kind, 0)
    return Column(name, kind, sql, place, _casted(kind, sql))


_OTHER = {"datetime": "timestamp"}


def _super(name: str, place: int) -> Column:
    kind = Type("array", items=(Type("null"),))
    return Column(name, kind, "super", place, _JSON, LONGEST_TEXT)


def _own(name: str, series: pd.Series[Any], place: int) -> Column:
    kind, longest = type_of(series, name), 0
    if kind.kind in {"text", "binary"}:
        present = series.array[~series.isna()]
        longest = max((_size(value, name) for value in present), default=0)
    sql = _sql(name, kind, longest)
    if kind.kind == "time" and any(getattr(value, "tzinfo", None) for value in series):
        sql = "timetz"
    kind = _stored(kind)
    width = LONGEST_TEXT if kind.items or kind.kind == "struct" else 0
    return Column(name, kind, sql, place, _casted(kind, sql), width)


def _size(value: Any, name: str) -> int:
    if not isinstance(value, str):
        return len(value)
    try:
        return len(value.encode())
    except UnicodeEncodeError as error:
        raise DataError(
            f"column {name!r} holds {value[:40]!r}, which is no Unicode text"
        ) from error


def _stored(kind: Type) -> Type:
    """The type that the table gives a column: Redshift has no tinyint, and counts microseconds."""
    if kind.kind == "unsigned" and kind.bits == 64:  # noqa: PLR2004 - no integer is as wide
        return Type("decimal", precision=20)
    if kind.kind in {"integer", "unsigned"}:
        wider = kind.bits * (2 if kind.kind == "unsigned" else 1)
        return Type("integer", max(wider, 16))
    if kind.kind == "timestamp":
        return Type("timestamp", unit="us", zone="UTC" if kind.zone else "")
    return Type("text") if kind.kind == "null" else kind


def _sql(name: str, kind: Type, longest: int) -> str:  # noqa: PLR0911 - one line for each type
    stored = _stored(kind)
    if stored.kind == "integer":
        return _INTEGERS[stored.bits]
    if stored.kind == "float":
        return "real" if stored.bits == 32 else "double precision"  # noqa: PLR2004
    if stored.kind == "text":
        return f"varchar({_room(longest, LONGEST_TEXT, name)})"
    if stored.kind == "binary":
        return f"varbyte({_room(longest, LONGEST_BINARY, name)})"
    if stored.kind == "decimal":
        if not 0 < stored.precision <= _MOST_DIGITS:
            raise DataError(
                f"column {name!r} holds {stored.precision or 'undefined'} digits, Redshift's "
                f"decimal up to {_MOST_DIGITS}; round it, or say dtype={{{name!r}: 'double "
                "precision'}",
            )
        return f"decimal({stored.precision},{stored.scale})"
    if stored.kind == "timestamp":
        return "timestamptz" if stored.zone else "timestamp"
    if stored.items or stored.kind == "struct":
        return "super"
    if stored.kind in {"boolean", "date", "time"}:
        return stored.kind
    raise DataError(
        f"column {name!r} is of type {kind}, which Redshift has no column for; convert it, for "
        "example with .dt.total_seconds()",
    )


def _room(longest: int, most: int, name: str) -> int:
    """Room for texts twice as long as the longest, in powers of two."""
    if longest > most:
        raise DataError(
            f"column {name!r} holds a value of {longest} bytes; Redshift's columns hold up to "
            f"{most}; keep it in S3, and its key in the table",
        )
    return min(max(_SHORTEST, 1 << (2 * longest - 1).bit_length()), most) if longest else _SHORTEST


_JSON = f"json_parse({{}}::varchar({LONGEST_TEXT}))"


def _casted(kind: Type, sql: str) -> str:
    """How a bound text becomes a value.

    Every place says its type: where all rows have NULL, Redshift would not know it otherwise, and
    refuse the statement. A varchar without a length would be cut to 256 bytes.
    """
    if kind.kind == "text":
        return f"{{}}::varchar({LONGEST_TEXT})"
    if kind.kind == "binary":
        return f"to_varbyte({{}}::varchar({LONGEST_TEXT}), 'hex')"
    if sql == "super":
        return _JSON
    short = {"smallint": "int2", "integer": "int4", "bigint": "int8"}
    short |= {"real": "float4", "double precision": "float8", "boolean": "bool"}
    return f"{{}}::{short.get(sql, sql)}"


def match(frame: pd.DataFrame, found: Sequence[wire.Field], table: str) -> list[Column]:
    """Find the columns of a table that exists.

    Names match as they are, or else by letters of either case, as Redshift has them.

    Args:
        frame: what is to be written.
        found: columns of the table.
        table: its name, for messages.

    Raises:
        DataError: the table has no such column.
    """
    exact = {one.name: one for one in found}
    folded = {one.name.lower(): one for one in found}
    columns = []
    for place, name in enumerate(map(str, frame.columns)):
        one = exact.get(name) or folded.get(name.lower())
        if one is None:
            raise DataError(
                f"{table} has no column {name!r}; its columns are {list(exact)}. Rename it, leave "
                "it out (index=False for the index), or replace the table",
            )
        columns.append(_existing(one, place))
    return columns


def _existing(one: wire.Field, place: int) -> Column:
    if one.is_super:
        return _super(one.name, place)
    width = one.width or (LONGEST_TEXT if one.kind.kind == "text" else 0)
    if one.kind.kind == "decimal" and not one.kind.precision:  # which only PostgreSQL has
        sql = "decimal"
    elif one.number == wire.TIMETZ:
        sql = "timetz"
    elif width:
        sql = f"{'varchar' if one.kind.kind == 'text' else 'varbyte'}({width})"
    else:
        sql = _sql(one.name, one.kind, 0)
    return Column(one.name, one.kind, sql, place, _casted(one.kind, sql), width)


def create_table(schema: str, table: str, columns: Sequence[Column]) -> str:
    """Write the statement that creates a table."""
    listed = ", ".join(f"{one.quoted} {one.sql}" for one in columns)
    return f"create table {quote_identifier(schema, table, style='redshift')} ({listed})"
