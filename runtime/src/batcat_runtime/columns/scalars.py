"""Single values from their texts: each reader raises ValueError or ArithmeticError for others."""

from __future__ import annotations

import base64
import datetime as dt
import re
from decimal import Decimal, localcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from .types import UNITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from .types import Type

_DAY = dt.date(1970, 1, 1).toordinal()
_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?", re.ASCII)
_MOST_DIGITS = 38  # of a decimal in Arrow's decimal128, Athena and Redshift


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


def decimal(text: str, kind: Type) -> Decimal:
    """Read a decimal of so many digits; as many as it has where the type says none."""
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


def timestamp(text: str, kind: Type) -> int:
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


def duration(text: str, kind: Type) -> int:
    """Count in the type's unit."""
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


READERS: dict[str, Callable[[str], Any]] = {
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
"""What reads the text of a value, by the kind of its type, where that says all."""

SIZED = {"decimal": decimal, "timestamp": timestamp, "duration": duration}
"""What reads it, given the type, where its digits matter."""
