"""Functions of days and moments whose meaning depends on the types of their arguments.

Source: Trino documentation, "Date and time functions and operators"; the formats of
``date_format`` and ``date_parse`` in its section "MySQL date functions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .casts import REFUSED_ZONE, converted
from .errors import NotEmulatedError, QueryError
from .kinds import INTEGER_DIGITS, Kind, to_trino
from .nodes import call, cast, guard, needs, text, value_of
from .parsing import REFUSED

if TYPE_CHECKING:
    from collections.abc import Sequence

UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
OF_DAYS = UNITS[4:]
FORMATS = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I",
    "I": "%I", "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p",
    "r": "%I:%M:%S %p", "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "x": "%G",
    "Y": "%Y", "y": "%y", "%": "%%",
}  # fmt: skip
"""MySQL's letters in strftime's; any other letter stands for itself."""
UNSUPPORTED = "DUuVwX"
"""Letters of MySQL's that Trino does not support either."""
ISO = r"^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
OTHER_ISO = r"^(\d{4}(-\d{2}|-\d{3}|-W.*)?(T.*)?|T.*)$"
WITH_OFFSET = r"T.*[+-][0:]*[1-9][\d:]*$"


def _unit(node: exp.Expr) -> str:
    unit = value_of(node, "a unit of time").lower()
    if unit not in UNITS:
        raise QueryError("INVALID_FUNCTION_ARGUMENT", f"'{unit}' is not a valid TIMESTAMP field")
    return unit


def _moment(kind: Kind, name: str) -> None:
    if not kind.is_time and kind.name != "null":
        raise QueryError(
            "FUNCTION_NOT_FOUND", f"Unexpected parameters ({to_trino(kind)}) for function {name}"
        )


def date_trunc(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date stays a date."""
    unit, kind = _unit(arguments[0]), kinds[1]
    _moment(kind, "date_trunc")
    if kind.name == "date" and unit not in OF_DAYS:
        raise QueryError("INVALID_FUNCTION_ARGUMENT", f"'{unit}' is not a valid DATE field")
    return cast(call("date_trunc", text(unit), arguments[1]), kind)


def date_add(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date stays a date."""
    unit, kind = _unit(arguments[0]), kinds[2]
    needs(kinds[1], "date_add", *INTEGER_DIGITS)
    _moment(kind, "date_add")
    if kind.name == "date" and unit not in OF_DAYS:
        raise QueryError("INVALID_FUNCTION_ARGUMENT", f"'{unit}' is not a valid DATE field")
    added = exp.Add(this=arguments[2], expression=call("trino_interval", text(unit), arguments[1]))
    return cast(exp.Paren(this=added), kind)


def date_diff(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Whole units between two moments, not boundaries crossed."""
    unit = _unit(arguments[0])
    for kind in kinds[1:]:
        _moment(kind, "date_diff")
    names = {kind.name for kind in kinds[1:]}
    if names == {"date"} and unit not in OF_DAYS:
        raise QueryError("INVALID_FUNCTION_ARGUMENT", f"'{unit}' is not a valid DATE field")
    wide = "TIMESTAMPTZ" if "timestamptz" in names else "TIMESTAMP"
    ends = [cast(argument, wide) for argument in arguments[1:]]
    return call("datesub", text(unit), *ends)


def strftime_format(format_: str) -> str:
    """MySQL's format in strftime's letters.

    Raises:
        QueryError: Trino does not support a letter.
    """
    made = []
    letters = iter(format_)
    for letter in letters:
        if letter != "%":
            made.append(letter)
            continue
        letter = next(letters, "")  # noqa: PLW2901 - the letter after the sign
        if letter in UNSUPPORTED:
            raise QueryError("INVALID_FUNCTION_ARGUMENT", f"%{letter} not supported in date format")
        made.append(FORMATS.get(letter, letter))
    return "".join(made)


def date_format(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A moment as text."""
    _moment(kinds[0], "date_format")
    moment = arguments[0]
    if kinds[0].name == "timestamptz":
        moment = call("timezone", text("UTC"), moment)
    made = strftime_format(value_of(arguments[1], "date_format with a format"))
    # Of microseconds: DuckDB writes nanoseconds otherwise, which begin in 1677.
    return call("strftime", cast(moment, "TIMESTAMP"), text(made))


def date_parse(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Text as a moment of milliseconds."""
    needs(kinds[0], "date_parse", "varchar")
    format_ = value_of(arguments[1], "date_parse with a format")
    strftime_format(format_)
    letters = {format_[place + 1 : place + 2] for place, sign in enumerate(format_) if sign == "%"}
    if letters & REFUSED:
        raise NotEmulatedError(f"date_parse with %{min(letters & REFUSED)}")
    return cast(call("trino_date_parse", *arguments), Kind("timestamp", 3))


def date(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """CAST(x AS date)."""
    return converted(arguments[0], kinds[0], Kind("date"))


def from_iso8601_timestamp(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A moment with zone; without one in the text it is UTC."""
    needs(kinds[0], "from_iso8601_timestamp", "varchar")
    given = arguments[0]
    made: exp.Expr = call("date_trunc", text("millisecond"), cast(given.copy(), "TIMESTAMPTZ"))
    offset = call("coalesce", call("regexp_matches", given.copy(), text(WITH_OFFSET)), exp.false())
    made = guard(exp.Not(this=offset), REFUSED_ZONE, made)
    good = call("coalesce", call("regexp_matches", given.copy(), text(ISO)), exp.true())
    made = guard(good, "INVALID_FUNCTION_ARGUMENT: Invalid format", made)
    other = call("coalesce", call("regexp_matches", given.copy(), text(OTHER_ISO)), exp.false())
    refused = "NOT_EMULATED: from_iso8601_timestamp of other than days and their times"
    return guard(exp.Not(this=other), refused, made)


def from_iso8601_date(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date; calendar dates only."""
    needs(kinds[0], "from_iso8601_date", "varchar")
    return converted(arguments[0], kinds[0], Kind("date"))


def to_iso8601(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date or moment as text."""
    _moment(kinds[0], "to_iso8601")
    if kinds[0].name == "date":
        return cast(arguments[0], "VARCHAR")
    zoned = kinds[0].name == "timestamptz"
    moment = call("timezone", text("UTC"), arguments[0]) if zoned else arguments[0]
    made = call("replace", call("trino_timestamp_text", moment), text(" "), text("T"))
    return call("trino_append", made, text("Z")) if zoned else made


def sequence(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Whole numbers, days or moments from one to the other."""
    kind, step = kinds[0], arguments[2] if len(arguments) > 2 else None  # noqa: PLR2004
    if kind.is_integer or kind.name == "null":
        for one in kinds:
            needs(one, "sequence", *INTEGER_DIGITS)
        return call("trino_sequence", *arguments)
    needs(kind, "sequence", "date", "timestamp")
    needs(kinds[1], "sequence", kind.name)
    if step is None and kind.name == "date":
        step = exp.Interval(this=text("1"), unit=exp.var("DAY"))
    units = ("DAY",) if kind.name == "date" else ("DAY", "HOUR", "MINUTE", "SECOND")
    unit = str(step.args.get("unit")).upper() if isinstance(step, exp.Interval) else ""
    if unit not in units:
        raise NotEmulatedError(
            f"sequence of {kind.name} by {unit or 'no literal'}",
            f"Step by INTERVAL '1' {' or '.join(units)}.",
        )
    ends = [cast(one, "TIMESTAMP") for one in arguments[:2]]
    return cast(call("trino_sequence_in_time", *ends, step), Kind("array", items=(kind,)))


CALLS = {
    "date_trunc": (date_trunc, 2, 2),
    "date_add": (date_add, 3, 3),
    "date_diff": (date_diff, 3, 3),
    "date_format": (date_format, 2, 2),
    "date_parse": (date_parse, 2, 2),
    "date": (date, 1, 1),
    "from_iso8601_timestamp": (from_iso8601_timestamp, 1, 1),
    "from_iso8601_date": (from_iso8601_date, 1, 1),
    "to_iso8601": (to_iso8601, 1, 1),
    "sequence": (sequence, 2, 3),
}
"""Name to what makes the call, fewest and most arguments."""
