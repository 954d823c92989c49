"""Values as text, exactly, for formats that know only text: CSV, and what JSON has no type for.

Dates and times are ISO 8601, binary is base64 (RFC 4648), lists, maps and rows are JSON.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any

from . import scalars
from .series import column

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from .types import Type

_UNREADABLE = (ValueError, ArithmeticError, TypeError, RecursionError)


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
    if kind.kind in scalars.READERS:
        return scalars.READERS[kind.kind]
    if kind.kind in scalars.SIZED:
        return partial(scalars.SIZED[kind.kind], kind=kind)
    return lambda text: from_json(json.loads(text, parse_float=Decimal), kind)


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
        return scalars.decimal(str(value), kind)
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
