"""One table of types: what a column is in SQL and Arrow, and how pandas holds it.

Every result has these types, wherever it comes from: Athena, Redshift, Parquet, or a CSV read
with ``types=``. None loses a value, NULL is never taken for something else, and a column without
rows has the same type as one with rows.

=====================================  ==========================================================
in SQL                                 in pandas
=====================================  ==========================================================
tinyint smallint integer bigint        Int8 Int16 Int32 Int64; unsigned: UInt8 … UInt64
real double                            Float32 Float64; NaN is a value, NULL is ``pd.NA``
boolean                                boolean
varchar char string                    string; NULL is ``pd.NA``, ``''`` stays ``''``
decimal(p, s)                          object of ``decimal.Decimal``; NULL is None, as below
date, time                             object of ``datetime.date``, ``datetime.time``
timestamp(p)                           datetime64[s], [ms], [us] or [ns]: the precision it has
timestamp(p) with time zone            the same, in UTC or in the zone that the source keeps
duration(p)                            timedelta64[s], [ms], [us] or [ns]
varbinary                              object of bytes
array(t), map(k, v), row(n t, …)       object of list, dict, dict
=====================================  ==========================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

UNITS = ("s", "ms", "us", "ns")
"""Units of time; each is a thousandth of the one before."""


@dataclass(frozen=True)
class Type:
    """The type of a column, or of what an array, map or row holds.

    Attributes:
        kind: integer, unsigned, float, boolean, text, decimal, date, time, timestamp, duration,
            binary, array, map, struct, or null when nothing but NULL is known of it.
        bits: width of an integer, unsigned or float.
        precision: digits of a decimal; 0 for as many as it takes.
        scale: digits of a decimal after the point.
        unit: of a timestamp or duration: s, ms, us or ns.
        zone: of a timestamp, its time zone; empty when it has none.
        items: types of what it holds: one of an array, key and value of a map, or all of a row.
        names: names of a row's items.
    """

    kind: str
    bits: int = 0
    precision: int = 0
    scale: int = 0
    unit: str = ""
    zone: str = ""
    items: tuple[Type, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def dtype(self) -> str:
        """The pandas dtype that holds it."""
        if self.kind in _SIZED:
            return f"{_SIZED[self.kind][0]}{self.bits}"
        if self.kind == "timestamp":
            return (
                f"datetime64[{self.unit}, {self.zone}]" if self.zone else f"datetime64[{self.unit}]"
            )
        if self.kind == "duration":
            return f"timedelta64[{self.unit}]"
        return {"boolean": "boolean", "text": "string"}.get(self.kind, "object")

    def __str__(self) -> str:
        """Its name in SQL, as ``parse`` reads it."""
        inside = ", ".join(map(str, self.items))
        if self.kind in _SIZED:
            return _SIZED[self.kind][1][self.bits]
        if self.kind == "decimal":
            return f"decimal({self.precision}, {self.scale})" if self.precision else "decimal"
        if self.kind in {"timestamp", "duration"}:
            told = f"{self.kind}({UNITS.index(self.unit) * 3})"
            zone = f" '{self.zone}'" if self.zone not in {"", "UTC"} else ""
            return f"{told} with time zone{zone}" if self.zone else told
        if self.kind == "struct":
            fields = zip(self.names, self.items, strict=True)
            return f"row({', '.join(f'{_quoted(name)} {item}' for name, item in fields)})"
        name = {"text": "varchar", "binary": "varbinary"}.get(self.kind, self.kind)
        return f"{name}({inside})" if self.items else name


_INTEGERS = {8: "tinyint", 16: "smallint", 32: "integer", 64: "bigint"}
_SIZED = {
    "integer": ("Int", _INTEGERS),
    "unsigned": ("UInt", {bits: f"unsigned {name}" for bits, name in _INTEGERS.items()}),
    "float": ("Float", {32: "real", 64: "double"}),
}
_KINDS = {
    "boolean": "boolean bool",
    "text": "varchar string text char character str bpchar nvarchar nchar json uuid super "
    "large_string character\u00a0varying",
    "decimal": "decimal numeric",
    "date": "date date32",
    "time": "time timetz",
    "binary": "varbinary binary bytes varbyte large_binary binary\u00a0varying",
    "null": "null unknown",
}
_NAMES: dict[str, Type] = {
    **{
        name.replace("\u00a0", " "): Type(kind)
        for kind, names in _KINDS.items()
        for name in names.split(" ")
    },
    **{
        name: Type(kind, bits)
        for kind, (_, names) in _SIZED.items()
        for bits, name in names.items()
    },
    **{f"int{bits}": Type("integer", bits) for bits in (16, 32, 64)},
    **{f"uint{bits}": Type("unsigned", bits) for bits in (8, 16, 32, 64)},
    **{f"float{bits}": Type("float", bits) for bits in (32, 64)},
    "int": Type("integer", 32),
    "double precision": Type("float", 64),
    "timestamp": Type("timestamp", unit="us"),
    "timestamptz": Type("timestamp", unit="us", zone="UTC"),
    "duration": Type("duration", unit="us"),
}
# The same word for two types: only who wrote it knows which.
_DIALECTS: dict[str, dict[str, Type]] = {
    "": {f"Int{bits}": Type("integer", bits) for bits in _INTEGERS},
    # Source: Amazon Athena User Guide, "Data types in Amazon Athena": float is 32 bits wide, and
    # a timestamp holds milliseconds.
    "athena": {
        "float": Type("float", 32),
        "timestamp": Type("timestamp", unit="ms"),
    },
    # Source: Amazon Redshift Database Developer Guide, "Data types": int8 is another name of
    # bigint, float of double precision; a timestamp holds microseconds.
    "redshift": {
        "int2": Type("integer", 16),
        "int4": Type("integer", 32),
        "int8": Type("integer", 64),
        "oid": Type("integer", 64),
        "float4": Type("float", 32),
        "float8": Type("float", 64),
        "float": Type("float", 64),
        "name": Type("text"),
    },
}
_TWO_MEANINGS = {
    "int8": "1 byte to Arrow and 8 to Redshift; say tinyint or bigint",
    "float": "4 bytes to Athena and 8 to Redshift; say real or double",
    "object": "no type of its own; say which, for example decimal(10, 2), date or varbinary",
}
_ARROW_TIME = re.compile(r"(datetime64|timedelta64)\[(s|ms|us|ns)(?:, *(.+))?\]")
_CALL = re.compile(r"(?P<name>[^(<]+?)\s*[(<](?P<inside>.*)[)>](?P<rest>[^()<>]*)", re.DOTALL)
_ZONED = re.compile(r"\s+with(?P<local> local)? time zone(?: '(?P<zone>[^']+)')?$")
_NAMED = re.compile(
    r'(?:"(?P<quoted>(?:[^"]|"")*)"|(?P<plain>[^\s:"]+))[\s:]+(?P<type>.+)', re.DOTALL
)


def parse(name: str, dialect: str = "") -> Type:
    """Read the name of a type.

    Args:
        name: as in SQL (``decimal(10, 2)``, ``array(bigint)``, ``struct<a:int,b:string>``), or a
            dtype of pandas (``Int64``, ``datetime64[us, UTC]``). Case does not matter.
        dialect: ``athena`` or ``redshift`` for names that mean something else elsewhere.

    Returns:
        The type. A timestamp whose precision is not said holds microseconds (Athena:
        milliseconds); one with precision 1 to 9 the next of seconds, ms, us and ns.

    Raises:
        ConfigError: there is no such type, or the name has two meanings.
    """
    found = _parse(name.strip(), dialect)
    if found is None:
        meanings = _TWO_MEANINGS.get(name.strip().lower())
        raise ConfigError(
            f"type {name!r} is {meanings}"
            if meanings
            else f"there is no type {name!r}; batcat_runtime.columns.types lists those there are",
        )
    return found


def _parse(name: str, dialect: str) -> Type | None:  # noqa: PLR0911 - one line for each form
    in_time = _ARROW_TIME.fullmatch(name)
    if in_time:
        kind = {"datetime64": "timestamp", "timedelta64": "duration"}[in_time[1]]
        return Type(kind, unit=in_time[2], zone=in_time[3] or "")
    known = {word.lower(): one for word, one in (_NAMES | _DIALECTS[dialect]).items()}
    plain = name.lower()
    if name == "Int8":  # of pandas: a capital letter, and no doubt
        return Type("integer", 8)
    if plain in _TWO_MEANINGS and plain not in _DIALECTS[dialect]:
        return None
    if plain in known:
        return known[plain]
    zoned = _ZONED.search(plain)
    if zoned:
        bare = _parse(name[: zoned.start()], dialect)
        zone = name[slice(*zoned.span("zone"))] if zoned["zone"] else "UTC"
        if bare is None or bare.kind == "time":
            return bare
        return replace(bare, zone=zone) if bare.kind == "timestamp" else None
    if plain.endswith(" without time zone"):
        return _parse(name[: -len(" without time zone")], dialect)
    call = _CALL.fullmatch(name)
    return (
        _parse_call(call["name"].lower(), call["inside"], call["rest"], dialect) if call else None
    )


def _parse_call(name: str, inside: str, rest: str, dialect: str) -> Type | None:
    parts = list(_split(inside))
    if rest.strip():
        return _parse(f"{name}{rest}", dialect) if "(" not in rest else None
    if name in {"array", "list", "map"}:
        items = tuple(parse(part, dialect) for part in parts)
        kind = "map" if name == "map" else "array"
        return Type(kind, items=items) if len(items) == (2 if kind == "map" else 1) else None
    if name in {"row", "struct"}:
        fields = [_NAMED.fullmatch(part) for part in parts]
        if not all(fields):
            return None
        named = [field for field in fields if field]
        return Type(
            "struct",
            items=tuple(parse(field["type"], dialect) for field in named),
            names=tuple(field["plain"] or field["quoted"].replace('""', '"') for field in named),
        )
    base = _parse(name, dialect)
    if base is None or not all(part.isdigit() for part in parts):
        return None
    return _sized(base, [int(part) for part in parts])


def _sized(base: Type, numbers: list[int]) -> Type | None:
    """Give a type its numbers: digits of a decimal or of a second; a text's length is no matter."""
    if base.kind == "decimal":
        precision, scale = [*numbers, 0][:2]
        return replace(base, precision=precision, scale=scale) if scale <= precision else None
    if base.kind in {"timestamp", "duration"}:
        return replace(base, unit=UNITS[-(-numbers[0] // 3)]) if numbers[0] <= 9 else None  # noqa: PLR2004
    return base if base.kind in {"text", "binary", "time"} else None


def _split(inside: str) -> Iterator[str]:
    """Split at the commas that are in no bracket or quotation."""
    depth, quoted, start = 0, False, 0
    for place, sign in enumerate(inside):
        if sign == '"':
            quoted = not quoted
        elif not quoted:
            depth += (sign in "(<[") - (sign in ")>]")
            if sign == "," and not depth:
                yield inside[start:place].strip()
                start = place + 1
    if inside[start:].strip():
        yield inside[start:].strip()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
