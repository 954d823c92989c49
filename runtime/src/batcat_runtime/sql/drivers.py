"""Values as each driver takes them, for ``sql``."""

from __future__ import annotations

import datetime as dt
import math
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from batcat_runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

_YEAR_FIRST = re.compile(
    r"(\d{4})(?:(?P<sep>[-/.]?)(\d\d?)(?:(?P=sep)(\d\d?))?)?"
    r"(?:[ T](\d\d)(?::?(\d\d)(?::?(\d\d)(?:\.\d{1,9})?)?)?\s?(?:Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_DAY_OR_MONTH_FIRST = re.compile(r"(\d\d?)[-/.](\d\d?)[-/.](\d{4})", re.ASCII)
_LONGEST = 1024  # signs; source: botocore, athena, ExecutionParameter
_INT64 = 2**63


def date(name: str, value: Any) -> Any:
    """Check what shall fill a ``'{}'``.

    Args:
        name: of the argument.
        value: a date, a time of a day, a whole number such as 20260301, or how one is written.

    Returns:
        The value, plain.

    Raises:
        ConfigError: it is no date.
    """
    found = plain(name, value)
    if isinstance(found, str):
        sound = _is_date(found)
    else:
        sound = isinstance(found, (dt.date, int)) and not isinstance(found, bool)
    if not sound:
        raise ConfigError(
            f"{name} is {str(value)[:40]!r}, which is no date; give one like '2026-03-01' or "
            "'2026/03/01 12:00', or a datetime.date; params= is for other values",
        )
    return found


def _is_date(text: str) -> bool:
    """Tell whether it is written like a date, and such a day and time exist."""
    told = _YEAR_FIRST.fullmatch(text)
    if told:
        year, _, month, day, *clock = told.groups()
        return _exists(year, month or "1", day or "1", *(part or "0" for part in clock))
    told = _DAY_OR_MONTH_FIRST.fullmatch(text)
    if not told:
        return False
    one, other, year = told.groups()
    return _exists(year, other, one) or _exists(year, one, other)


def _exists(*parts: str) -> bool:
    try:
        dt.datetime(*map(int, parts))  # type: ignore[arg-type]  # noqa: DTZ001 - only whether it can
    except ValueError:
        return False
    return True


def text_of(value: Any) -> str:
    """Write a date as it stands between quotes."""
    return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else str(value)


def number_of(value: Any) -> Any:
    """Give a date as it stands without quotes: digits are a number."""
    return int(value) if isinstance(value, str) and value.isdigit() else value


def plain(name: str, value: Any) -> Any:
    """Give a value as Python has it, whoever made it: numpy and pandas have types of their own.

    Raises:
        ConfigError: SQL has no such type, or Python cannot hold the value exactly.
    """
    if value is None or (not isinstance(value, str) and str(value) in {"<NA>", "NaT"}):
        return None
    exact = _of_pandas(name, value)
    if isinstance(exact, str) and _UNSTORABLE.search(exact):
        raise ConfigError(f"{name} has a sign that no database can hold: {exact[:40]!r}")
    if isinstance(exact, Decimal) and not exact.is_finite():
        raise ConfigError(f"{name} is {exact}, which a decimal of SQL cannot be; use float or None")
    if isinstance(exact, (bool, int, float, Decimal, str, bytes, dt.date, dt.time)):
        return exact
    raise ConfigError(
        f"{name} is a {type(value).__name__}, which SQL has no type for; give text, a number, a "
        "date, a time, bytes, None, or a list of them",
    )


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def _of_pandas(name: str, value: Any) -> Any:
    """Turn a value of numpy or pandas into one of Python."""
    if getattr(value, "nanosecond", 0):
        raise _imprecise(name, value)
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    if type(value).__module__ == "numpy" and hasattr(value, "item"):
        if value.dtype.kind == "M":
            exact = value.astype("datetime64[us]")
            if exact != value:
                raise _imprecise(name, value)
            return exact.item()
        return value if value.dtype.kind == "m" else value.item()
    return bytes(value) if isinstance(value, (bytearray, memoryview)) else value


def _imprecise(name: str, value: Any) -> ConfigError:
    return ConfigError(
        f"{name} is {value}: nanoseconds cannot be bound; give it as text, or round it to "
        "microseconds",
    )


class Writer(Protocol):
    """Writes places in the style of one driver, and collects the values for it."""

    arguments: list[Any]
    types: ClassVar[Mapping[str, str]]  # names of types that the engine calls otherwise in a CAST

    def place(self, key: Any, value: Any) -> str:
        """Give the text of a place, and keep its value."""

    def escape(self, text: str) -> str:
        """Give text that is no place, so that the driver lets it be."""


class _Plain:
    types: ClassVar[Mapping[str, str]] = {}

    def __init__(self) -> None:
        self.arguments: list[Any] = []

    def escape(self, text: str) -> str:
        return text


class _Numbered(_Plain):
    """Places that know their value: one value may fill several."""

    form = "${}"

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[Any, int] = {}

    def place(self, key: Any, value: Any) -> str:
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            self.keep(self.form.format(self._numbers[key]), value)
        return self.form.format(self._numbers[key])

    def keep(self, place: str, value: Any) -> None:
        del place
        self.arguments.append(value)


class _DataApi(_Numbered):
    """All values are text of at least one sign (source: botocore, redshift-data, SqlParameter)."""

    form = ":p{}"

    def place(self, key: Any, value: Any) -> str:
        if value is None or isinstance(value, bool):  # a constant, none of the caller's text
            return _CONSTANTS[value]
        if value in {"", b""}:
            return "''" if value == "" else "FROM_HEX('')"
        place = super().place(key, value)
        if isinstance(value, bytes):
            return f"FROM_HEX({place})"
        kind = _cast(value)
        return f"CAST({place} AS {kind})" if kind else place

    def keep(self, place: str, value: Any) -> None:
        text = value.hex() if isinstance(value, bytes) else text_of(value)
        text = f"{value:f}" if isinstance(value, Decimal) else text
        self.arguments.append({"name": place[1:], "value": text})


_CONSTANTS = {None: "NULL", True: "TRUE", False: "FALSE"}


def _cast(value: Any) -> str:
    """Name the type of a value that is neither text nor a whole number."""
    if isinstance(value, Decimal):
        _, digits, exponent = value.as_tuple()
        scale = max(-int(exponent), 0)
        return f"DECIMAL({max(len(digits) + max(int(exponent), 0), scale)}, {scale})"
    if isinstance(value, dt.datetime):
        return "TIMESTAMPTZ" if value.tzinfo else "TIMESTAMP"
    kinds = {float: "DOUBLE PRECISION", dt.date: "DATE", dt.time: "TIME"}
    return next((name for kind, name in kinds.items() if isinstance(value, kind)), "")


class _Athena(_Plain):
    """Question marks, and literals (source: Athena User Guide, "Use parameterized queries")."""

    def place(self, key: Any, value: Any) -> str:
        literal = athena_literal(value)
        if len(literal) > _LONGEST:
            raise ConfigError(
                f"a value has {len(literal)} signs, Athena takes {_LONGEST} as a parameter; "
                f"put long values into a table and join it ({key[0][-1]})",
            )
        self.arguments.append(literal)
        return "?"


def athena_literal(value: Any) -> str:  # noqa: PLR0911 - one line for each type
    """Write a value as a literal of Trino (source: Trino documentation, "Data types")."""
    if value is None or isinstance(value, bool):
        return _CONSTANTS[value]
    if isinstance(value, int) and -_INT64 <= value < _INT64:
        return str(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, bytes):
        return f"X'{value.hex()}'"
    if isinstance(value, float):
        told = "NaN" if math.isnan(value) else repr(value).replace("inf", "Infinity")
        return f"DOUBLE '{told}'"
    if isinstance(value, (int, Decimal)):
        digits = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return digits if "." in digits else f"{digits}."
    return _athena_time(value)


def _athena_time(value: dt.date | dt.time) -> str:
    if not isinstance(value, dt.datetime):
        return f"{'TIME' if isinstance(value, dt.time) else 'DATE'} '{value.isoformat()}'"
    offset = value.utcoffset() or dt.timedelta()
    if offset % dt.timedelta(minutes=1):
        value = value.astimezone(dt.timezone.utc)
    bare = value.replace(tzinfo=None).isoformat(sep=" ")
    zone = f" {value.isoformat()[-len('+00:00') :]}" if value.tzinfo else ""
    return f"TIMESTAMP '{bare}{zone}'"


class _MySql(_Plain):
    """The driver's own sign, and every other percent sign twice."""

    types: ClassVar[Mapping[str, str]] = {"TIMESTAMP": "DATETIME"}

    def place(self, key: Any, value: Any) -> str:
        if getattr(value, "tzinfo", None) is not None:
            raise ConfigError(
                f"{key[0][-1]} has a time zone, which MySQL's times have not; convert it to the "
                "server's zone and leave the zone out: .astimezone(zone).replace(tzinfo=None)",
            )
        if isinstance(value, float) and not math.isfinite(value):
            raise ConfigError(f"{key[0][-1]} is {value}, which MySQL has not; give None for NULL")
        self.arguments.append(value)
        return "%s"

    def escape(self, text: str) -> str:
        return text.replace("%", "%%")


WRITERS: dict[str, type[Writer]] = {
    "athena": _Athena,
    "redshift": _Numbered,
    "data_api": _DataApi,
    "mysql": _MySql,
}
