"""Functions whose meaning depends on the types of their arguments.

Source: Trino documentation, "Functions and operators"; the formats of ``date_format`` and
``date_parse`` in "Date and time functions and operators", section "MySQL date functions".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from .casts import converted
from .errors import NotEmulatedError, QueryError
from .kinds import Kind, to_trino
from .nodes import call, cast, guard, is_text, text, value_of
from .operators import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Made = Callable[[list[exp.Expr], Sequence[Kind]], exp.Expr]

UNITS = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
OF_DAYS = UNITS[4:]
FORMATS = {
    "a": "%a", "b": "%b", "c": "%-m", "d": "%d", "e": "%-d", "f": "%f", "H": "%H", "h": "%I",
    "I": "%I", "i": "%M", "j": "%j", "k": "%-H", "l": "%-I", "M": "%B", "m": "%m", "p": "%p",
    "r": "%I:%M:%S %p", "S": "%S", "s": "%S", "T": "%H:%M:%S", "v": "%V", "W": "%A", "Y": "%Y",
    "y": "%y", "%": "%%",
}  # fmt: skip
"""MySQL's letters in strftime's; %D %U %u %V %w %X are not supported by Trino either."""


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


def _needs(kind: Kind, name: str, *allowed: str) -> None:
    if kind.name not in (*allowed, "null"):
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


def strftime_format(node: exp.Expr, name: str) -> str:
    """MySQL's format in strftime's letters."""
    given, made = value_of(node, f"{name} with a format"), []
    letters = iter(given)
    for letter in letters:
        if letter != "%":
            made.append(letter)
            continue
        letter = next(letters, "")  # noqa: PLW2901 - the letter after the sign
        if letter not in FORMATS:
            raise QueryError("INVALID_FUNCTION_ARGUMENT", f"%{letter} not supported in date format")
        made.append(FORMATS[letter])
    return "".join(made)


def date_format(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A moment as text."""
    _moment(kinds[0], "date_format")
    moment = arguments[0]
    if kinds[0].name == "timestamptz":
        moment = call("timezone", text("UTC"), moment)
    return call("strftime", moment, text(strftime_format(arguments[1], "date_format")))


def date_parse(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Text as a moment of milliseconds."""
    _needs(kinds[0], "date_parse", "varchar")
    pattern = strftime_format(arguments[1], "date_parse")
    return cast(call("strptime", arguments[0], text(pattern)), "TIMESTAMP_MS")


def date(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """CAST(x AS date)."""
    return converted(arguments[0], kinds[0], Kind("date"))


def from_iso8601_timestamp(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A moment with zone; without one in the text it is UTC."""
    _needs(kinds[0], "from_iso8601_timestamp", "varchar")
    pattern = r"^\d{4}-\d{2}-\d{2}(T\d{2}(:\d{2}(:\d{2}(\.\d+)?)?)?(Z|[+-]\d{2}(:?\d{2})?)?)?$"
    good = call("coalesce", call("regexp_matches", arguments[0], text(pattern)), exp.true())
    made = cast(arguments[0].copy(), "TIMESTAMPTZ")
    return guard(good, "INVALID_FUNCTION_ARGUMENT: Invalid format", made)


def from_iso8601_date(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date; calendar dates only."""
    _needs(kinds[0], "from_iso8601_date", "varchar")
    return converted(arguments[0], kinds[0], Kind("date"))


def to_iso8601(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A date or moment as text."""
    _moment(kinds[0], "to_iso8601")
    if kinds[0].name == "date":
        return cast(arguments[0], "VARCHAR")
    zoned = kinds[0].name == "timestamptz"
    moment = call("timezone", text("UTC"), arguments[0]) if zoned else arguments[0]
    return call("strftime", moment, text("%Y-%m-%dT%H:%M:%S.%g" + ("Z" if zoned else "")))


def at(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A subscript, counted from 1; what is not there is an error."""
    kind = kinds[0].name
    if kind == "array":
        return call("trino_at", *arguments)
    if kind == "map":
        return call("trino_key", *arguments)
    if kind == "row" and isinstance(arguments[1], exp.Literal) and not is_text(arguments[1]):
        return call("struct_extract_at", *arguments)
    raise QueryError(
        "TYPE_MISMATCH",
        f"Cannot use {to_trino(kinds[1])} for subscript of {to_trino(kinds[0])}",
    )


def element_at(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """A subscript; what is not there is NULL."""
    if kinds[0].name == "map":
        return call("trino_pending_element_at", *arguments)
    _needs(kinds[0], "element_at", "array")
    return call("trino_element_at", *arguments)


def cardinality(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """How many elements or entries."""
    _needs(kinds[0], "cardinality", "array", "map")
    return cast(call("cardinality", arguments[0]), "BIGINT")


def length(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Characters of text, bytes of bytes."""
    _needs(kinds[0], "length", "varchar", "varbinary")
    return call("octet_length" if kinds[0].name == "varbinary" else "length", arguments[0])


def reverse(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Text or an array, back to front."""
    _needs(kinds[0], "reverse", "varchar", "array")
    return call("list_reverse" if kinds[0].name == "array" else "reverse", arguments[0])


def concat(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """The operator ``||``: NULL with anything is NULL."""
    made = arguments[0]
    for argument in arguments[1:]:
        made = exp.DPipe(this=made, expression=argument)
    return joined(exp.Paren(this=made), kinds)


def rounding(name: str) -> Made:
    """Floor and ceiling: of an integer an integer, of a decimal one without places."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        _needs(kinds[0], name, *NUMBERS)
        return arguments[0] if kinds[0].is_integer else call(name, arguments[0])

    return made


def round_(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Half away from zero, in the argument's type."""
    _needs(kinds[0], "round", *NUMBERS)
    if len(arguments) == 1:
        return arguments[0] if kinds[0].is_integer else call("round", arguments[0])
    if kinds[0].name == "decimal":
        wide = Kind("decimal", min(38, kinds[0].size + 1), kinds[0].scale)
        return cast(call("round", *arguments), wide)
    return cast(call("round", *arguments), kinds[0])


def truncate(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Towards zero."""
    _needs(kinds[0], "truncate", "double", "real", "decimal")
    return call("trunc", arguments[0])


def sign(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """-1, 0 or 1 in the argument's type."""
    _needs(kinds[0], "sign", *NUMBERS)
    kind = Kind("decimal", 1, 0) if kinds[0].name == "decimal" else kinds[0]
    return cast(call("sign", arguments[0]), kind)


def extreme(name: str) -> Made:
    """Greatest and least: NULL if anything is NULL."""

    def made(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
        del kinds
        missing = [exp.Is(this=argument.copy(), expression=exp.null()) for argument in arguments]
        return exp.Case(
            ifs=[exp.If(this=exp.or_(*missing), true=exp.null())],
            default=call(name, *arguments),
        )

    return made


def array_join(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """Elements as text, NULL left out."""
    _needs(kinds[0], "array_join", "array")
    inner = kinds[0].items[0].name if kinds[0].items else "null"
    if inner not in ("varchar", "integer", "bigint", "smallint", "tinyint", "boolean"):
        raise NotEmulatedError(f"array_join of {to_trino(kinds[0])}")
    if len(arguments) > 2:  # noqa: PLR2004 - the third is what stands for NULL
        raise NotEmulatedError("array_join with three arguments")
    return call("array_to_string", cast(arguments[0], "VARCHAR[]"), arguments[1])


def typeof(arguments: list[exp.Expr], kinds: Sequence[Kind]) -> exp.Expr:
    """The type's name."""
    del arguments
    return text(to_trino(kinds[0]))


NUMBERS = ("tinyint", "smallint", "integer", "bigint", "hugeint", "real", "double", "decimal")
CALLS: dict[str, tuple[Made, int, int]] = {
    "at": (at, 2, 2),
    "date_trunc": (date_trunc, 2, 2),
    "date_add": (date_add, 3, 3),
    "date_diff": (date_diff, 3, 3),
    "date_format": (date_format, 2, 2),
    "date_parse": (date_parse, 2, 2),
    "date": (date, 1, 1),
    "from_iso8601_timestamp": (from_iso8601_timestamp, 1, 1),
    "from_iso8601_date": (from_iso8601_date, 1, 1),
    "to_iso8601": (to_iso8601, 1, 1),
    "element_at": (element_at, 2, 2),
    "cardinality": (cardinality, 1, 1),
    "length": (length, 1, 1),
    "reverse": (reverse, 1, 1),
    "concat": (concat, 2, 99),
    "floor": (rounding("floor"), 1, 1),
    "ceil": (rounding("ceil"), 1, 1),
    "ceiling": (rounding("ceil"), 1, 1),
    "round": (round_, 1, 2),
    "truncate": (truncate, 1, 1),
    "sign": (sign, 1, 1),
    "greatest": (extreme("greatest"), 2, 99),
    "least": (extreme("least"), 2, 99),
    "array_join": (array_join, 2, 3),
    "typeof": (typeof, 1, 1),
}
"""Name to what makes the call, fewest and most arguments. ``at`` is a subscript, not a name."""

SUMS = ("sum", "avg", "count_if", "approx_distinct")
"""Aggregates of which the result's type is Trino's own."""
