"""Values of a DataFrame to values of a table's column: the same, or refused by name."""

from __future__ import annotations

import datetime as dt
import json
import math
import struct
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from batcat_runtime.columns import texts
from batcat_runtime.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from batcat_runtime.columns.types import Type

    from .target import Column

_WIDE = 80  # digits; more than any decimal has
_WIDEST = 4  # bytes of a character at most
_REAL = 32  # bits


def cells(series: pd.Series[Any], column: Column) -> list[str | None]:
    """Write the values of a column as texts that the server reads.

    Args:
        series: the values. NaN in a column of numpy's floats is NULL, as pandas users know it; in
            a nullable Float64 it is a value.
        column: of the table.

    Raises:
        DataError: a value is not one of the column's type, or more precise than it; the message
            names the column and the value.
    """
    convert = _super if column.kind.items else _CONVERT[column.kind.kind]
    if column.sql == "timetz":
        convert = _zoned_time
    written = [
        None if value is None else _cell(value, convert, column) for value in present(series)
    ]
    if column.width:
        _check_width(written, column)
    return written


def _check_width(written: Sequence[str | None], column: Column) -> None:
    """Refuse what would be cut: Redshift counts bytes, and a conversion cuts without a word."""
    digits = 2 if column.kind.kind == "binary" else 1  # of a byte
    for text in written:
        if (
            text
            and len(text) * _WIDEST > column.width
            and (len(text.encode()) > column.width * digits)
        ):
            raise DataError(
                f"column {column.name!r} holds {text[:60]!r}…, a value too long for its "
                f"{column.width} bytes: it has {len(text.encode()) // digits}; shorten it, or give "
                "the column more room (Redshift counts bytes)",
            )


def _cell(value: Any, convert: Callable[[Any, Type], str], column: Column) -> str:
    try:
        return convert(value, column.kind)
    except (ValueError, ArithmeticError, TypeError, AttributeError, RecursionError) as error:
        kind = "super" if column.kind.items else column.kind
        raise DataError(
            f"column {column.name!r} holds {str(value)[:60]!r}, which is no {kind}{_why(error)}; "
            "correct it, or give the column another type",
        ) from error


def _why(error: Exception) -> str:
    return f" ({error})" if isinstance(error, _PreciseError) else ""


class _PreciseError(ValueError):
    """A value is more precise than the type; the message says what to do."""


def present(series: pd.Series[Any]) -> list[Any]:
    """Give the values of a column as Python has them; None for NULL."""
    missing = series.isna()
    values = series.astype(object).tolist()
    if not missing.any():
        return values
    return [
        None if absent else value for value, absent in zip(values, missing.tolist(), strict=True)
    ]


def _integer(value: Any, kind: Type) -> str:
    number = _number(value)
    whole = int(number)
    if whole != number:
        raise _PreciseError("it has a fraction; round it first")
    if not -(1 << kind.bits - 1) <= whole < 1 << kind.bits - 1:
        raise _PreciseError("it is too large")
    return str(whole)


def _number(value: Any) -> Any:
    """A number: truth values and texts are none."""
    if isinstance(value, (str, bytes, bool)) or not hasattr(value, "__int__"):
        raise TypeError(value)
    return value


def _float(value: Any, kind: Type) -> str:
    number = float(_number(value))
    if (isinstance(value, (int, Decimal)) and number != value) or not _fits(number, kind):
        raise _PreciseError("it would change its last digits; round it first, .astype('float32')")
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return "NaN" if math.isnan(number) else repr(number)


def _fits(number: float, kind: Type) -> bool:
    """Whether a float of 64 bits is one of the column's, too."""
    if kind.bits != _REAL or not math.isfinite(number):
        return True
    try:
        return bool(struct.unpack("f", struct.pack("f", number))[0] == number)
    except OverflowError:
        return False


def _decimal(value: Any, kind: Type) -> str:
    exact = value if isinstance(value, (Decimal, int)) else Decimal(repr(float(_number(value))))
    exact = Decimal(_number(exact))
    if not kind.precision:
        return format(exact, "f")
    with localcontext() as context:
        context.prec = _WIDE
        rounded = exact.quantize(Decimal(1).scaleb(-kind.scale))
    if rounded != exact:
        raise _PreciseError(f"it has more than {kind.scale} digits after the point; round it first")
    if len(rounded.as_tuple().digits) > kind.precision:
        raise _PreciseError("it is too large")
    return format(rounded, "f")


def _boolean(value: Any, _: Type) -> str:
    if value in (True, False):
        return "true" if value else "false"
    raise ValueError(value)


def _text(value: Any, _: Type) -> str:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise _PreciseError("it is binary; decode it first, or make the column a varbyte")
    text = value if isinstance(value, str) else texts.write(value)
    text.encode()
    if "\0" in text:
        raise _PreciseError("it has a sign NUL, which Redshift's texts cannot have")
    return text


def _nanoseconds(value: Any) -> int:
    """What a pandas timestamp has beyond microseconds."""
    return int(getattr(value, "nanosecond", 0))


def _date(value: Any, _: Type) -> str:
    if isinstance(value, dt.datetime):
        if value.time() != dt.time(0) or _nanoseconds(value):
            raise _PreciseError("it has a time of day; use .dt.normalize()")
        value = value.date()
    if not isinstance(value, dt.date):
        raise TypeError(value)
    return str(value.isoformat())


def _time(value: Any, _: Type) -> str:
    if not isinstance(value, dt.time):
        raise TypeError(value)
    if value.tzinfo:
        raise _PreciseError("it has a time zone, the column none; make the column a timetz")
    return value.isoformat()


def _zoned_time(value: Any, _: Type) -> str:
    if not isinstance(value, dt.time):
        raise TypeError(value)
    if value.utcoffset() is None:
        raise _PreciseError("it has no time zone, the column one; add one with .replace(tzinfo=…)")
    return value.isoformat()


def _timestamp(value: Any, kind: Type) -> str:
    if not isinstance(value, dt.datetime):
        if not isinstance(value, dt.date):
            raise TypeError(value)
        value = dt.datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date has none
    if value.year < 1:
        raise _PreciseError("it is before the year 1")
    if _nanoseconds(value):
        raise _PreciseError("it has nanoseconds, Redshift microseconds; use .dt.floor('us')")
    if bool(value.tzinfo) != bool(kind.zone):
        raise _PreciseError("one has a time zone, the other none; use .dt.tz_localize")
    if value.tzinfo:
        value = value.astimezone(dt.timezone.utc)
    return str(value.isoformat(sep=" "))


def _binary(value: Any, _: Type) -> str:
    return bytes(memoryview(value)).hex()


def _super(value: Any, _: Type) -> str:
    return json.dumps(texts.to_json(value), ensure_ascii=False, allow_nan=False)


_CONVERT: dict[str, Callable[[Any, Type], str]] = {
    "integer": _integer,
    "float": _float,
    "decimal": _decimal,
    "boolean": _boolean,
    "text": _text,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "binary": _binary,
    "struct": _super,
}


def rows_of(columns: Sequence[list[str | None]]) -> list[str | None]:
    """Put columns of texts together row by row, in one list."""
    flat: list[str | None] = [None] * (len(columns) * len(columns[0]))
    for place, column in enumerate(columns):
        flat[place :: len(columns)] = column
    return flat
