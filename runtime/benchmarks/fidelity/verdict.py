"""What became of a table on its way: equal, equal as another type, or wrong."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

EQUAL = "equal"
_LONGEST = 32  # letters of a value in a cell of a table


def verdict(expected: pd.DataFrame, found: pd.DataFrame) -> str:
    """Compare what came back with what must.

    Returns:
        ``equal``: columns in their order, index, dtypes, and each value with its type, NULL, NaN
        and ``''`` apart; ``equal, as …``: the values, in another dtype or Python type that holds
        them; or ``wrong: …`` with the first difference.
    """
    if list(found.columns) != list(expected.columns):
        return f"wrong: columns {list(expected.columns)} → {list(found.columns)}"
    if len(found) != len(expected):
        return f"wrong: {len(expected)} rows → {len(found)}"
    if not found.index.equals(pd.RangeIndex(len(expected))):
        return f"wrong: index {type(found.index).__name__}"
    told = {name: _column(expected[name], found[name]) for name in expected.columns}
    wrong = [name for name, one in told.items() if one.startswith("wrong")]
    if wrong:
        return told[wrong[-1]]  # what is shown comes after the number of the row
    others = sorted({one for name, one in told.items() if one != EQUAL and name != "number"})
    return f"equal, as {', '.join(others)}" if others else EQUAL


def _column(expected: pd.Series[Any], found: pd.Series[Any]) -> str:
    """``equal``, ``wrong: …``, or the type in which it is held instead."""
    pairs = list(zip(_values(expected), _values(found), strict=True))
    if expected.dtype == found.dtype and all(_exact(a) == _exact(b) for a, b in pairs):
        return EQUAL
    for one, other in pairs:
        if _loose(one) != _loose(other, like=one):
            told = (_shown(one), _shown(other))
            if told[0] == told[1]:
                told = (type(one).__name__, type(other).__name__)
            return f"wrong: {told[0]} → {told[1]}"
    if expected.dtype != found.dtype:
        if not _can_hold(found, expected):
            return f"wrong: {expected.dtype} → {found.dtype}"
        return str(found.dtype)
    return next(type(b).__name__ for a, b in pairs if _exact(a) != _exact(b))


def _values(series: pd.Series[Any]) -> list[Any]:
    """Values as they are; NaN is NULL in numpy's columns, which have nothing else for it."""
    values = list(series)
    if isinstance(series.dtype, (pd.Float32Dtype, pd.Float64Dtype, pd.ArrowDtype)):
        return values
    return [None if isinstance(one, float) and math.isnan(one) else one for one in values]


def _is_null(value: Any) -> bool:
    return value is None or value is pd.NA or value is pd.NaT


def _exact(value: Any) -> Any:
    """Something that equals only its like: NaN is itself, and 1 is neither 1.0 nor True."""
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, dict):
        return [(key, _exact(item)) for key, item in value.items()]
    if _is_null(value):
        return None
    if isinstance(value, pd.Timestamp):
        return (value.unit, str(value.tz), value.isoformat())
    return (type(value).__name__, repr(value))


def _loose(value: Any, like: Any = None) -> Any:  # noqa: PLR0911 - one line for each type
    """The same for values of one kind that are equal, whatever holds them."""
    if _is_null(value):
        return None
    if isinstance(value, (list, tuple, np.ndarray)):
        pairs = isinstance(like, dict) and all(isinstance(item, tuple) for item in value)
        return _loose(dict(value)) if pairs else [_loose(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _loose(item) for key, item in value.items()}
    if isinstance(value, (bool, np.bool_)):
        return ("boolean", bool(value))
    if isinstance(value, (int, np.integer)):
        return ("integer", int(value))
    if isinstance(value, (float, np.floating)):
        return ("float", repr(float(value)))
    if isinstance(value, (dt.datetime, np.datetime64)):
        moment = pd.Timestamp(value)
        utc = moment.tz_convert("UTC") if moment.tz else moment
        return ("timestamp", utc.isoformat().rstrip("0").rstrip("."), moment.tz is not None)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return ("binary", bytes(value))
    return (type(value).__name__, value if isinstance(value, Decimal) else str(value))


_FAMILIES = {"Int": "iu", "UInt": "iu", "Float": "f", "boolean": "b", "datetime64": "M"}


def _can_hold(found: pd.Series[Any], expected: pd.Series[Any]) -> bool:
    """Whether a column's dtype is of the family; objects are seen to hold each value."""
    if not expected.isna().all():
        return True
    dtype: Any = found.dtype
    name = str(expected.dtype).rstrip("0123456789").partition("[")[0]
    family = _FAMILIES.get(str(expected.dtype).partition("[")[0], _FAMILIES.get(name, ""))
    if family:
        return dtype.kind in family
    return dtype.kind == "O" or isinstance(dtype, pd.StringDtype)


def _shown(value: Any) -> str:
    if _is_null(value):
        return "NULL"
    plain = value.item() if isinstance(value, np.generic) else value
    told = str(plain) if isinstance(plain, (dt.datetime, Decimal)) else repr(plain)
    told = " ".join(told.split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 1]}…"
