"""Values as text, exactly, for formats that know only text: CSV, and what JSON has no type for.

Dates and times are ISO 8601, binary is base64 (RFC 4648), lists, maps and rows are JSON.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from decimal import Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from .series import column
from .types import UNITS, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

_DAY = dt.date(1970, 1, 1).toordinal()
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_UNREADABLE = (ValueError, ArithmeticError, TypeError, RecursionError)
_MOST_DIGITS = 38  # of a decimal in Arrow's decimal128, Athena and Redshift


class UnreadableError(ValueError):
    """Some cells are not what their column's type says.

    Args:
        places: their rows, counted from 0.
    """

    def __init__(self, places: list[int]) -> None:
        super().__init__(f"{len(places)} cells cannot be read")
        self.places = places


def read(cells: Sequence[str | None], kind: Type) -> pd.Series[Any]:
    """Read a column from its cells.

    Args:
        cells: text of each row; None is NULL.
        kind: the column's type.

    Returns:
        The column, as ``columns.column`` builds it.

    Raises:
        UnreadableError: some cells are not of that type, or more precise than it.
    """
    return _read(cells, kind, reader(kind))


def read_json(values: Sequence[Any], kind: Type) -> pd.Series[Any]:
    """Read a column from what JSON holds of it.

    Args:
        values: of each row, as ``json.loads`` gives them, floats as Decimal where digits matter.
        kind: the column's type.

    Returns:
        The column, as ``columns.column`` builds it.

    Raises:
        UnreadableError: some values are not of that type, or more precise than it.
    """
    to_value = reader(kind)

    def read_one(value: Any) -> Any:
        if isinstance(value, str) and not kind.items:
            return to_value(value)
        return from_json(value, kind)

    return _read(values, kind, read_one)


def _read(cells: Sequence[Any], kind: Type, to_value: Callable[[Any], Any]) -> pd.Series[Any]:
    try:
        return column([None if cell is None else to_value(cell) for cell in cells], kind)
    except _UNREADABLE as error:
        bad = [place for place, cell in enumerate(cells) if not _readable(cell, kind, to_value)]
        if not bad:
            raise
        raise UnreadableError(bad) from error


def _readable(cell: Any, kind: Type, to_value: Callable[[Any], Any]) -> bool:
    try:
        column([None if cell is None else to_value(cell)], kind)
    except _UNREADABLE:
        return False
    return True


def reader(kind: Type) -> Callable[[str], Any]:
    """Give what turns the text of a value of this type into the value.

    Returns:
        A function of a text. It raises ValueError or ArithmeticError for what is no such value.
    """
    if kind.kind in _READERS:
        return _READERS[kind.kind]
    if kind.kind in {"timestamp", "duration"}:
        return partial(_timestamp if kind.kind == "timestamp" else _duration, kind=kind)
    if kind.kind == "decimal":
        return partial(_decimal, kind=kind)
    return lambda text: from_json(json.loads(text, parse_float=Decimal), kind)


def _whole(text: str) -> int:
    if "_" in text:  # which Python reads as 1_000
        raise ValueError(text)
    return int(text)


def _float(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    found = {"true": True, "t": True, "false": False, "f": False}.get(text.lower())
    if found is None:
        raise ValueError(text)
    return found


def _decimal(text: str, kind: Type) -> Decimal:
    value = Decimal(text)
    if "_" in text:
        raise ValueError(text)
    if not kind.precision:
        return value
    with localcontext() as context:
        context.prec = 2 * _MOST_DIGITS
        exact = value.quantize(Decimal(1).scaleb(-kind.scale))
        if exact != value or len(exact.as_tuple().digits) > kind.precision:
            raise ValueError(f"{text} is no {kind}")
    return exact


def _timestamp(text: str, kind: Type) -> int:
    """Count in the type's unit from the beginning of 1970, in UTC if the type has a zone."""
    found = _MOMENT.fullmatch(text)
    if not found:
        raise ValueError(text)
    day, hours, minutes, seconds, fraction, zone = found.groups()
    if bool(zone) > bool(kind.zone):
        raise ValueError(f"{text} has a time zone, {kind} has none")
    clock = dt.time(int(hours or 0), int(minutes or 0), int(seconds or 0))
    days = dt.date.fromisoformat(day).toordinal() - _DAY
    whole = days * 86_400 + clock.hour * 3600 + clock.minute * 60 + clock.second
    return _count(whole - _offset(zone), fraction or "", kind.unit)


def _count(seconds: int, fraction: str, unit: str) -> int:
    digits = UNITS.index(unit) * 3
    fraction = fraction.rstrip("0")
    ticks = seconds * int(10**digits) + int(fraction.ljust(digits, "0") or 0)
    if len(fraction) > digits or not -(2**63) < ticks < 2**63:
        raise ValueError(f"outside what {unit} can count")
    return ticks


def _offset(zone: str | None) -> int:
    """Seconds that a zone is ahead of UTC."""
    if not zone or zone in {"Z", "UTC"}:
        return 0
    sign, digits = zone[0], zone[1:].replace(":", "").ljust(6, "0")
    hours, minutes, seconds = (int(digits[place : place + 2]) for place in (0, 2, 4))
    return (-1 if sign == "-" else 1) * (hours * 3600 + minutes * 60 + seconds)


def _duration(text: str, kind: Type) -> int:
    import pandas as pd

    nanoseconds: int = pd.Timedelta(text).as_unit("ns").value
    ticks, rest = divmod(nanoseconds, int(1000 ** (3 - UNITS.index(kind.unit))))
    if rest:
        raise ValueError(f"{text} is more precise than {kind}")
    return ticks


def _time(text: str) -> dt.time:
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError(text)
    hours, minutes, seconds, fraction, zone = found.groups()
    microseconds = _count(0, fraction or "", "us")
    ahead = dt.timezone(dt.timedelta(seconds=_offset(zone))) if zone else None
    return dt.time(int(hours), int(minutes), int(seconds or 0), microseconds, tzinfo=ahead)


def _null(text: str) -> None:
    raise ValueError(f"{text} is not NULL")


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _whole,
    "unsigned": _whole,
    "float": _float,
    "boolean": _boolean,
    "text": str,
    "date": dt.date.fromisoformat,
    "time": _time,
    "binary": partial(base64.b64decode, validate=True),
    "null": _null,
}


def write(value: Any) -> str:
    """Write one value as text.

    Args:
        value: of any type but NULL.

    Returns:
        What ``read`` turns back into it.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(value).decode()
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, (dict, list, tuple)) or getattr(value, "ndim", None):  # an array of numpy
        return json.dumps(to_json(value), ensure_ascii=False)
    return str(value)


_NOT_FINITE = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}


def to_json(value: Any) -> Any:  # noqa: PLR0911 - one line for each type
    """Turn a value into what JSON can hold: what it has no type for becomes text.

    Args:
        value: of any type. NaN and infinities become text, because JSON has none.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else _NOT_FINITE[str(value)]
    if isinstance(value, dict):
        return {write(key): to_json(item) for key, item in value.items()}
    if isinstance(value, memoryview):  # which has a tolist, too
        return write(value)
    if hasattr(value, "tolist"):  # of numpy, one or many
        return to_json(value.tolist())
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if value is _nothing("NA") or value is _nothing("NaT"):
        return None
    return write(value)


def _nothing(name: str) -> Any:
    import pandas as pd

    return getattr(pd, name)


def from_json(value: Any, kind: Type) -> Any:  # noqa: PLR0911 - one line for each type
    """Turn what JSON holds back into a value of the type it had.

    Raises:
        ValueError: it is no value of that type.
    """
    if value is None:
        return None
    if kind.kind == "array" and isinstance(value, list):
        return [from_json(item, kind.items[0]) for item in value]
    if kind.kind == "map" and isinstance(value, dict):
        keys = (from_json(key, kind.items[0]) for key in value)
        return dict(
            zip(keys, (from_json(item, kind.items[1]) for item in value.values()), strict=True)
        )
    if kind.kind == "struct" and isinstance(value, dict) and value.keys() <= set(kind.names):
        fields = zip(kind.names, kind.items, strict=True)
        return {name: from_json(value.get(name), item) for name, item in fields}
    if isinstance(value, str):
        told = reader(kind)(value)
        return _moment(told, kind) if kind.unit else told
    if isinstance(value, _JSON_TYPES.get(kind.kind, ())) and isinstance(value, bool) == (
        kind.kind == "boolean"
    ):
        return float(str(value)) if kind.kind == "float" else value
    if kind.kind == "decimal" and isinstance(value, (int, Decimal)):
        return _decimal(str(value), kind)
    raise ValueError(f"{value!r} is no {kind}")


def _moment(ticks: int, kind: Type) -> Any:
    """Give a time inside a list, map or row as Python holds it; only pandas knows nanoseconds."""
    found = column([ticks], kind)[0]
    return found if kind.unit == "ns" or kind.kind == "duration" else found.to_pydatetime()


_JSON_TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "unsigned": (int,),
    "float": (int, float, Decimal),
    "boolean": (bool,),
}
