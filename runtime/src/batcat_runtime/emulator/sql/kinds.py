"""Types of values: read from the words of DuckDB, Trino and Hive, and written in each.

Sources: Amazon Athena User Guide, "Data types in Amazon Athena"; Trino documentation, "Data
types"; DuckDB documentation, "Data types".
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import NotEmulatedError, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DIGITS = 38
"""Longest decimal, in digits."""


@dataclass(frozen=True)
class Kind:
    """A type.

    Attributes:
        name: Trino's name without parameters; ``timestamptz`` for one with time zone, ``hugeint``
            for DuckDB's sums of integers, ``null`` for what is only NULL.
        size: length of a varchar or char, digits of a decimal, digits of a second; 0 for none, of
            a timestamp for what is not known and may be 6.
        scale: a decimal's digits after the point.
        items: types inside an array, map or row.
        names: a row's field names; empty for a row without names.
        zone: in which a time with zone is written.
    """

    name: str
    size: int = 0
    scale: int = 0
    items: tuple[Kind, ...] = ()
    names: tuple[str, ...] = ()
    zone: str = "UTC"

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers."""
        return self.name in INTEGER_DIGITS

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return self.is_integer or self.name in ("decimal", "real", "double")

    @property
    def is_time(self) -> bool:
        """Whether it holds days or moments."""
        return self.name in ("date", "timestamp", "timestamptz")

    def as_decimal(self) -> Kind:
        """The decimal that holds an integer, or the decimal itself (Trino's coercion)."""
        if self.name == "decimal":
            return self
        return Kind("decimal", INTEGER_DIGITS[self.name], 0)


INTEGER_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "hugeint": 38}
_DUCKDB = {
    "boolean": "boolean",
    "tinyint": "tinyint",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "utinyint": "smallint",
    "usmallint": "integer",
    "uinteger": "bigint",
    "ubigint": "bigint",
    "hugeint": "hugeint",
    "uhugeint": "hugeint",
    "float": "real",
    "double": "double",
    "decimal": "decimal",
    "varchar": "varchar",
    "blob": "varbinary",
    "date": "date",
    "time": "time",
    "time_ns": "time",
    "timestamp": "timestamp",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
    "timestamp_ns": "timestamp",
    "timestamp with time zone": "timestamptz",
    "timestamptz_ns": "timestamptz",
    "json": "json",
    "interval": "interval",
    "uuid": "uuid",
    "null": "null",
    "integer_literal": "integer",
    "string_literal": "varchar",
}
_HIVE = {
    "int": "integer",
    "float": "real",
    "string": "varchar",
    "binary": "varbinary",
    "text": "varchar",
    "struct": "row",
    "timestamp with time zone": "timestamptz",
}
_TO_DUCKDB = {"varbinary": "BLOB", "real": "FLOAT", "timestamptz": "TIMESTAMPTZ", "null": "INTEGER"}
_TO_HIVE = {"integer": "int", "real": "float", "varbinary": "binary"}
_WORD = re.compile(r"^\s*([^(<\[]+?)\s*(?:[(<](.*)[)>]\s*(.*))?$", re.DOTALL)
_FIELD = re.compile(r'\s*(?:"((?:[^"]|"")*)"|`([^`]*)`|([^\s:"`]+))\s*[:\s]\s*(.+)', re.DOTALL)
_NUMBERED = ("decimal", "varchar", "char", "timestamp", "timestamptz", "time")
KNOWN = frozenset(_DUCKDB.values()) | {"char", "array", "map", "row"}


def from_duckdb(text: str) -> Kind:
    """Read a type as DuckDB writes it, e.g. ``STRUCT(a INTEGER, b DECIMAL(10,2)[])``."""
    text = text.strip()
    if text.endswith("]"):
        return Kind("array", items=(from_duckdb(text[: text.rindex("[")]),))
    name, inside, _ = _taken_apart(text)
    if name in ("map", "tuple"):
        items = tuple(from_duckdb(part) for part in split(inside))
        return Kind("map" if name == "map" else "row", items=items)
    if name == "struct":
        with suppress(NotEmulatedError):  # before DuckDB 2.0 a row without names is a struct, too
            return Kind("row", items=tuple(from_duckdb(part) for part in split(inside)))
        names, kinds = _fields(inside)
        return Kind("row", items=tuple(from_duckdb(kind) for kind in kinds), names=names)
    plain = name.strip('"')
    known = {"timestamptz": "timestamptz", **_DUCKDB}.get(plain)
    if known is None:
        raise NotEmulatedError(f"DuckDB's type {text}")
    if known == "decimal":
        digits, scale = split(inside)
        return Kind("decimal", int(digits), int(scale))
    return Kind(known, 3 if plain in ("timestamp_s", "timestamp_ms") else 0)


def from_sql(text: str) -> Kind:
    """Read a type as Athena's DDL or queries write it.

    Args:
        text: e.g. ``array<struct<a:int>>`` or ``row(a bigint, b varchar(3))``.

    Raises:
        QueryError: there is no such type.
    """
    name, inside, rest = _taken_apart(text)
    if name in ("timestamp", "time") and rest == "with time zone":
        name = {"timestamp": "timestamptz", "time": "timetz"}[name]
    name = _HIVE.get(name, name)
    if name not in KNOWN:
        raise QueryError("TYPE_NOT_FOUND", f"Unknown type: {text.strip()}")
    parts = list(split(inside))
    if name in ("array", "map"):
        return Kind(name, items=tuple(from_sql(part) for part in parts))
    if name == "row":
        names, kinds = _fields(inside)
        return Kind(name, items=tuple(from_sql(kind) for kind in kinds), names=names)
    if name == "decimal":
        digits, scale = [*(int(part) for part in parts), 38, 0][:2] if parts else (38, 0)
        return Kind(name, digits, scale if len(parts) > 1 else 0)
    default = 3 if name in ("timestamp", "timestamptz") else 0
    return Kind(name, int(parts[0]) if parts and name in _NUMBERED else default)


def to_duckdb(kind: Kind) -> str:
    """Write a type for DuckDB."""
    if kind.name == "array":
        return f"{to_duckdb(kind.items[0])}[]"
    if kind.name == "map":
        return f"MAP({to_duckdb(kind.items[0])}, {to_duckdb(kind.items[1])})"
    if kind.name == "row":
        pairs = zip(kind.names or _numbers(kind), kind.items, strict=True)
        return f"STRUCT({', '.join(f'{quoted(name)} {to_duckdb(item)}' for name, item in pairs)})"
    if kind.name == "decimal":
        return f"DECIMAL({kind.size}, {kind.scale})"
    if kind.name == "timestamp":
        return "TIMESTAMP_MS" if 0 < kind.size <= 3 else "TIMESTAMP"  # noqa: PLR2004 - milliseconds
    return _TO_DUCKDB.get(kind.name, "VARCHAR" if kind.name == "char" else kind.name.upper())


def to_trino(kind: Kind) -> str:
    """Write a type as Trino does."""
    if kind.name in ("array", "map"):
        return f"{kind.name}({', '.join(to_trino(item) for item in kind.items)})"
    if kind.name == "row":
        names = kind.names or [""] * len(kind.items)
        fields = [
            f"{f'{quoted(name)} ' if name else ''}{to_trino(item)}"
            for name, item in zip(names, kind.items, strict=True)
        ]
        return f"row({', '.join(fields)})"
    if kind.name == "decimal":
        return f"decimal({kind.size},{kind.scale})"
    if kind.name in ("varchar", "char") and kind.size:
        return f"{kind.name}({kind.size})"
    named = {
        "hugeint": "bigint",
        "null": "unknown",
        "timestamp": f"timestamp({kind.size or 3})",
        "timestamptz": f"timestamp({kind.size or 3}) with time zone",
    }
    return named.get(kind.name, kind.name)


def to_hive(kind: Kind) -> str:
    """Write a type as the Glue catalog keeps it."""
    if kind.name in ("array", "map"):
        return f"{kind.name}<{','.join(to_hive(item) for item in kind.items)}>"
    if kind.name == "row":
        pairs = zip(kind.names or _numbers(kind), kind.items, strict=True)
        return f"struct<{','.join(f'{name}:{to_hive(item)}' for name, item in pairs)}>"
    if kind.name == "varchar" and not kind.size:
        return "string"
    if kind.name == "timestamp":
        return "timestamp"
    return _TO_HIVE.get(kind.name, to_trino(kind))


def quoted(name: str) -> str:
    """An identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def split(inside: str) -> Iterator[str]:
    """Split at the commas that are in no bracket or quotation."""
    depth, within, start = 0, "", 0
    for place, sign in enumerate(inside):
        if within:
            within = "" if sign == within else within
        elif sign in "\"'`":
            within = sign
        else:
            depth += (sign in "(<[") - (sign in ")>]")
            if sign == "," and not depth:
                yield inside[start:place].strip()
                start = place + 1
    if inside[start:].strip():
        yield inside[start:].strip()


def _taken_apart(text: str) -> tuple[str, str, str]:
    """The type's name in lower case, what stands in its brackets, and what follows them."""
    found = _WORD.match(text)
    if found is None:
        raise QueryError("TYPE_NOT_FOUND", f"Unknown type: {text.strip()}")
    name = " ".join(found[1].lower().split())
    return name, found[2] or "", " ".join((found[3] or "").lower().split())


def _fields(inside: str) -> tuple[tuple[str, ...], list[str]]:
    names, kinds = [], []
    for part in split(inside):
        found = _FIELD.fullmatch(part)
        if found is None:
            raise QueryError("TYPE_NOT_FOUND", f"Unknown type: row({inside})")
        names.append((found[1] or "").replace('""', '"') or found[2] or found[3])
        kinds.append(found[4])
    return tuple(names), kinds


def _numbers(kind: Kind) -> list[str]:
    return [f"field{number}" for number in range(len(kind.items))]
