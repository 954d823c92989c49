"""Columns of exact types: built from plain values, and recognised in a DataFrame."""

from __future__ import annotations

import datetime as dt
import operator
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING, Any

from batcat_runtime.errors import ConfigError, DataError, MissingExtraError

from .arrow_types import type_of_arrow
from .frames import dense, own_names
from .types import UNITS, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import pandas as pd

_EPOCH = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - the beginning of ticks, in every zone


def need_pandas() -> None:
    """Make sure that pandas is there before anything is fetched for it.

    Raises:
        MissingExtraError: pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: F401 - only whether it can be imported matters
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise MissingExtraError("pandas", "pandas") from error


def column(values: Sequence[Any], kind: Type) -> pd.Series[Any]:
    """Build a column.

    Args:
        values: one each row; None is NULL. Whole numbers for a timestamp or duration count its
            unit from the beginning of 1970 in UTC (where it has a zone) or without a zone.
        kind: its type.

    Returns:
        The column, of dtype ``kind.dtype`` whatever its values and however many.

    Raises:
        OverflowError: a value is outside what the type holds.
        TypeError: a value is of another type.
        ValueError: a value is more precise than the type.
    """
    import numpy as np
    import pandas as pd

    absent = np.fromiter((value is None for value in values), bool, len(values))
    array: Any
    if kind.kind in {"integer", "unsigned"}:
        array = pd.arrays.IntegerArray(_whole(values, kind), absent)
    elif kind.kind == "float":
        numbers = [0.0 if value is None else float(value) for value in values]
        array = pd.arrays.FloatingArray(np.array(numbers, f"float{kind.bits}"), absent)
    elif kind.kind == "boolean":
        array = pd.arrays.BooleanArray(np.array([bool(value) for value in values], bool), absent)
    elif kind.kind == "text":
        array = pd.array(list(values), dtype="string")
    elif kind.kind in {"timestamp", "duration"}:
        return _in_time(values, kind)
    else:
        array = np.fromiter(values, object, len(values))
    series: pd.Series[Any] = pd.Series(array, dtype=array.dtype, copy=False)
    return series


def _whole(values: Sequence[Any], kind: Type) -> np.ndarray[Any, Any]:
    import numpy as np

    signed = kind.kind == "integer"
    most = 2 ** (kind.bits - signed) - 1
    least = -most - 1 if signed else 0
    numbers = [0 if value is None else operator.index(value) for value in values]
    if numbers and (min(numbers) < least or max(numbers) > most):
        raise OverflowError(f"a value is outside {kind}")
    return np.array(numbers, f"{'int' if signed else 'uint'}{kind.bits}")


def _in_time(values: Sequence[Any], kind: Type) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    base = "datetime64" if kind.kind == "timestamp" else "timedelta64"
    ticks = [_ticks(value, kind.unit) for value in values]
    series: pd.Series[Any] = pd.Series(np.array(ticks, "int64").view(f"{base}[{kind.unit}]"))
    if kind.zone:
        series = series.dt.tz_localize("UTC").dt.tz_convert(kind.zone)
    return series


_NAT = -(2**63)
_PER_SECOND = {unit: 1000**power for power, unit in enumerate(UNITS)}


def _ticks(value: Any, unit: str) -> int:
    """Count a value in units from the beginning of 1970."""
    if value is None:
        return _NAT
    if isinstance(value, int):
        return value
    if isinstance(value, dt.timedelta):
        span, nanoseconds = value, getattr(value, "nanoseconds", 0)
    else:
        plain = value
        if value.tzinfo:
            plain = value.astimezone(dt.timezone.utc).replace(tzinfo=None)
        span, nanoseconds = plain - _EPOCH, getattr(value, "nanosecond", 0)
    microseconds = (span.days * 86_400 + span.seconds) * 10**6 + span.microseconds
    whole: int
    whole, rest = divmod((microseconds * 1000 + nanoseconds) * _PER_SECOND[unit], 10**9)
    if rest:
        raise ValueError(f"{value} is more precise than {unit}")
    return whole


def table(names: Sequence[str], columns: Sequence[pd.Series[Any]]) -> pd.DataFrame:
    """Put columns side by side, also those of one name, which SQL allows.

    Args:
        names: their names.
        columns: as many, all of one length.

    Returns:
        DataFrame of shape ``(len(columns[0]), len(columns))``.
    """
    import pandas as pd

    frame: pd.DataFrame = pd.DataFrame(dict(enumerate(columns)), copy=False)
    frame.columns = pd.Index(list(names), dtype="object" if not names else None)
    return frame


def types_of(df: pd.DataFrame) -> dict[str, str]:
    """Name the exact type of each column, to give as ``types=`` when it is read again.

    Args:
        df: any DataFrame.

    Returns:
        Name of the type by column, for example ``{"id": "bigint", "price": "decimal(10, 2)"}``.

    Raises:
        DataError: a column has no type: it holds values of several, or none that SQL knows; or two
            have one name.
    """
    names = own_names(df)
    return {name: str(type_of(df.iloc[:, place], name)) for place, name in enumerate(names)}


def type_of(series: pd.Series[Any], name: str) -> Type:
    """Recognise the type of a column by its dtype, or by its values if that says nothing.

    Raises:
        DataError: it has none; the message names the column.
    """
    import numpy as np
    import pandas as pd

    if isinstance(series.dtype, pd.CategoricalDtype):
        series = series.dtype.categories.to_series()
    elif isinstance(series.dtype, pd.SparseDtype):
        series = dense(series.to_frame()).iloc[:, 0]
    dtype: Any = series.dtype
    if isinstance(dtype, pd.ArrowDtype):
        return type_of_arrow(dtype.pyarrow_dtype, name)
    if dtype.kind in "iuf":
        kind = {"i": "integer", "u": "unsigned", "f": "float"}[dtype.kind]
        return Type(kind, max(dtype.itemsize * 8, 32 if kind == "float" else 8))
    if dtype.kind in "mM":
        kind = "timestamp" if dtype.kind == "M" else "duration"
        unit = getattr(dtype, "unit", None) or np.datetime_data(dtype)[0]
        return Type(kind, unit=unit, zone=str(getattr(dtype, "tz", "")))
    if isinstance(dtype, pd.StringDtype) or dtype.kind == "b":
        return Type("boolean" if dtype.kind == "b" else "text")
    if dtype.kind != "O" or pd.api.types.is_extension_array_dtype(dtype):
        raise DataError(
            f"column {name!r} is of dtype {dtype}, which has no type in SQL; convert it"
        )
    present = series.array[~series.isna()]
    return _common((_of_value(value, name) for value in present), name)


def _of_value(value: Any, name: str) -> Type:  # noqa: C901, PLR0911 - one line for each type
    import numpy as np

    if isinstance(value, str):
        return Type("text")
    if isinstance(value, (bool, np.bool_)):
        return Type("boolean")
    if isinstance(value, (int, np.integer)):
        return Type("integer", 64) if value < 2**63 else Type("unsigned", 64)
    if isinstance(value, (float, np.floating)):
        return Type("float", 64)
    if isinstance(value, Decimal):
        return _of_decimal(value)
    if isinstance(value, dt.datetime):
        unit = "ns" if getattr(value, "nanosecond", 0) else "us"
        return Type("timestamp", unit=unit, zone="UTC" if value.tzinfo else "")
    if isinstance(value, dt.timedelta):
        return Type("duration", unit="ns" if getattr(value, "nanoseconds", 0) else "us")
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Type("binary")
    if isinstance(value, (dt.date, dt.time)):
        return Type("date" if isinstance(value, dt.date) else "time")
    if isinstance(value, (list, tuple, np.ndarray)):
        return Type("array", items=(_common((_of_value(item, name) for item in value), name),))
    if isinstance(value, dict) and all(isinstance(key, str) for key in value):
        items = tuple(_of_value(item, name) for item in value.values())
        return Type("struct", items=items, names=tuple(value))
    if value is None or str(value) in {"<NA>", "NaT"}:
        return Type("null")
    raise DataError(
        f"column {name!r} holds a {type(value).__name__}, which has no type in SQL; "
        "turn it into text, for example with .astype(str)",
    )


def _of_decimal(value: Decimal) -> Type:
    _, digits, exponent = value.as_tuple()
    if isinstance(exponent, str):  # NaN or Infinity
        return Type("decimal")
    scale = max(-exponent, 0)
    return Type("decimal", precision=max(len(digits) + max(exponent, 0), scale, 1), scale=scale)


def _common(types: Iterable[Type], name: str) -> Type:
    """The narrowest type that holds all."""

    def widen(one: Type, other: Type) -> Type:
        if "null" in {one.kind, other.kind}:
            return one if other.kind == "null" else other
        return one if one == other else _wider(one, other, name)

    return reduce(widen, dict.fromkeys(types), Type("null"))


def _wider(one: Type, other: Type, name: str) -> Type:
    kinds = {one.kind, other.kind}
    if kinds == {"decimal"}:
        scale = max(one.scale, other.scale)
        whole = max(one.precision - one.scale, other.precision - other.scale)
        return Type("decimal", precision=whole + scale, scale=scale)
    if len(kinds) == 1 and one.unit and one.zone == other.zone:
        return Type(one.kind, unit=max(one.unit, other.unit, key=UNITS.index), zone=one.zone)
    if kinds == {"array"}:
        return Type("array", items=(_common((one.items[0], other.items[0]), name),))
    if kinds == {"struct"}:
        names = tuple(dict.fromkeys(one.names + other.names))
        fields: list[Mapping[str, Type]] = [
            dict(zip(struct.names, struct.items, strict=True)) for struct in (one, other)
        ]
        none = Type("null")
        items = (_common((f.get(n, none) for f in fields), name) for n in names)
        return Type("struct", items=tuple(items), names=names)
    raise DataError(
        f"column {name!r} holds values of several types: {one} and {other}; give it one, for "
        "example text with .astype(str)",
    )


def known(types: Mapping[str, str | Type] | None) -> dict[str, Type]:
    """Read what a caller gives as ``types=``.

    Raises:
        ConfigError: one is no type; the message names the column.
    """
    from .types import parse

    def read(name: str, kind: str | Type) -> Type:
        try:
            return kind if isinstance(kind, Type) else parse(str(kind))
        except ConfigError as error:
            raise ConfigError(f"types of column {name!r}: {error}") from error

    return {name: read(name, kind) for name, kind in (types or {}).items()}
