"""Trino's functions that need Python's exactness: JSON, decimals, doubles as text, patterns."""

from __future__ import annotations

import json
import math
import re
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from . import patterns
from .hive import HIVE
from .parsing import date_parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Native = tuple[str, Callable[..., Any], list[str], str]

_STEP = re.compile(r"\.(\w+)|\[(\d+)\]|\[\"((?:[^\"\\]|\\.)*)\"\]")
_EXACT = Context(prec=100)
PLAIN_FROM, PLAIN_TO = 1e-3, 1e7
"""Java writes doubles in this range without an exponent (java.lang.Double.toString)."""


class _Number(str):
    """A JSON number in its own words: 1.50 stays 1.50."""

    __slots__ = ()


def double_text(value: float) -> str:
    """A double as Java writes it, and Trino with it: 1.0, 1.0E20, Infinity."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return shortest_text(repr(value))


def shortest_text(digits: str) -> str:
    """The shortest digits of a number, laid out as Java does."""
    value = Decimal(digits)
    if not value:
        return "-0.0" if digits.startswith("-") else "0.0"
    if PLAIN_FROM <= abs(value) < PLAIN_TO:
        plain = format(value, "f")
        return plain if "." in plain else f"{plain}.0"
    sign, numbers, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return digits
    text = "".join(map(str, numbers)).rstrip("0") or "0"
    power = exponent + len(numbers) - 1
    return f"{'-' if sign else ''}{text[0]}.{text[1:] or '0'}E{power}"


def decimal_divide(left: str, right: str, scale: int) -> str:
    """Divide decimals as Trino does: rounded half up to the larger scale."""
    divisor = Decimal(right)
    if not divisor:
        raise ValueError("DIVISION_BY_ZERO: Division by zero")
    quotient = _EXACT.divide(Decimal(left), divisor)
    return format(quotient.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP, _EXACT), "f")


def json_parse(text: str) -> str:
    """JSON in Trino's own form: no blanks, members in order of their names."""
    return _dumped(_loaded(text), ordered=True)


def json_format(text: str) -> str:
    """JSON as text."""
    return _dumped(_loaded(text))


def json_extract(text: str, path: str) -> str | None:
    """What is found at a path, as JSON."""
    found = _found(text, path)
    return None if found is _NOTHING else _dumped(found)


def json_extract_scalar(text: str, path: str) -> str | None:
    """A string, number or boolean at a path, as text; NULL for anything else."""
    found = _found(text, path)
    if found is _NOTHING or found is None or isinstance(found, (dict, list)):
        return None
    return ("true" if found else "false") if isinstance(found, bool) else str(found)


def json_array_length(text: str) -> int | None:
    """How many elements an array has."""
    found = _tried(text)
    return len(found) if isinstance(found, list) else None


def json_size(text: str, path: str) -> int | None:
    """How many elements or members there are at a path; 0 for a scalar."""
    found = _found(text, path)
    if found is _NOTHING:
        return None
    return len(found) if isinstance(found, (dict, list)) else 0


def json_array_contains(text: str, value: str) -> bool | None:
    """Whether an array holds a string."""
    found = _tried(text)
    if not isinstance(found, list):
        return None
    return any(isinstance(x, str) and not isinstance(x, _Number) and x == value for x in found)


def reverse(text: str) -> str:
    """Code points, back to front."""
    return text[::-1]


def upper(text: str) -> str:
    """Each code point on its own, so that ß stays."""
    return "".join(_alone(sign, sign.upper()) for sign in text)


def lower(text: str) -> str:
    """Each code point on its own."""
    return "".join(_alone(sign, sign.lower()) for sign in text)


def _alone(sign: str, other: str) -> str:
    return other if len(other) == 1 else sign


def levenshtein_distance(one: str, other: str) -> int:
    """How many code points must change."""
    row = list(range(len(other) + 1))
    for place, sign in enumerate(one, 1):
        before, row[0] = row[0], place
        for column, against in enumerate(other, 1):
            cost = before + (sign != against)
            before, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, cost)
    return row[-1]


def hamming_distance(one: str, other: str) -> int:
    """How many code points differ."""
    if len(one) != len(other):
        raise ValueError(
            "INVALID_FUNCTION_ARGUMENT: The input strings to hamming_distance function must have "
            "the same length",
        )
    return sum(a != b for a, b in zip(one, other, strict=True))


def _of_one(function: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda a: None if a is None else function(a)


def _of_two(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: None if None in (a, b) else function(a, b)


def _of_three(function: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    return lambda a, b, c: None if None in (a, b, c) else function(a, b, c)


def _of_four(function: Callable[..., Any]) -> Callable[[Any, Any, Any, Any], Any]:
    return lambda a, b, c, d: None if None in (a, b, c, d) else function(a, b, c, d)


_OF = (_of_one, _of_two, _of_three, _of_four)
"""DuckDB counts a function's parameters; NULL in is NULL out."""


def native() -> Iterator[Native]:
    """Each function as DuckDB takes it: to be called with NULL, too."""
    functions: tuple[Native, ...] = (*NATIVE, *HIVE)
    for name, function, arguments, result in functions:
        yield name, _OF[len(arguments) - 1](function), arguments, result


TEXT, WHOLE, FLAG, LIST = "VARCHAR", "BIGINT", "BOOLEAN", "VARCHAR[]"
NATIVE: tuple[Native, ...] = (
    ("trino_double_text", double_text, ["DOUBLE"], TEXT),
    ("trino_shortest_text", shortest_text, [TEXT], TEXT),
    ("trino_decimal_divide", decimal_divide, [TEXT, TEXT, "INTEGER"], TEXT),
    ("trino_json_parse", json_parse, [TEXT], TEXT),
    ("trino_json_format", json_format, [TEXT], TEXT),
    ("trino_json_extract", json_extract, [TEXT, TEXT], TEXT),
    ("trino_json_extract_scalar", json_extract_scalar, [TEXT, TEXT], TEXT),
    ("trino_json_array_length", json_array_length, [TEXT], WHOLE),
    ("trino_json_size", json_size, [TEXT, TEXT], WHOLE),
    ("trino_json_array_contains", json_array_contains, [TEXT, TEXT], FLAG),
    ("trino_regexp_like", patterns.regexp_like, [TEXT, TEXT], FLAG),
    ("trino_regexp_extract_2", patterns.regexp_extract, [TEXT, TEXT], TEXT),
    ("trino_regexp_extract_3", patterns.regexp_extract, [TEXT, TEXT, "INTEGER"], TEXT),
    ("trino_regexp_extract_all_2", patterns.regexp_extract_all, [TEXT, TEXT], LIST),
    ("trino_regexp_extract_all_3", patterns.regexp_extract_all, [TEXT, TEXT, "INTEGER"], LIST),
    ("trino_regexp_replace_2", patterns.regexp_replace, [TEXT, TEXT], TEXT),
    ("trino_regexp_replace_3", patterns.regexp_replace, [TEXT, TEXT, TEXT], TEXT),
    ("trino_regexp_split", patterns.regexp_split, [TEXT, TEXT], LIST),
    ("trino_date_parse", date_parse, [TEXT, TEXT], "TIMESTAMP"),
    ("trino_wide_reverse", reverse, [TEXT], TEXT),
    ("trino_wide_upper", upper, [TEXT], TEXT),
    ("trino_wide_lower", lower, [TEXT], TEXT),
    ("trino_levenshtein_distance", levenshtein_distance, [TEXT, TEXT], WHOLE),
    ("trino_hamming_distance", hamming_distance, [TEXT, TEXT], WHOLE),
    ("trino_regexp_count", patterns.regexp_count, [TEXT, TEXT], WHOLE),
)
"""Name, function, types of the arguments, type of the result."""

JSON_RESULTS = ("trino_json_parse", "trino_json_extract")
"""Functions whose text is JSON."""


class _Nothing:
    """Nothing is found at the path."""


_NOTHING = _Nothing()


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number)
    except ValueError as error:
        raise ValueError(
            f"INVALID_FUNCTION_ARGUMENT: Cannot convert value to JSON: {error}"
        ) from None


def _tried(text: str) -> Any:
    try:
        return json.loads(text, parse_float=_Number, parse_int=_Number)
    except ValueError:
        return _NOTHING


def _found(text: str, path: str) -> Any:
    here = _tried(text)
    try:
        for step in _steps(path):
            here = here[step]
    except (TypeError, KeyError, IndexError):
        return _NOTHING
    return here


@lru_cache(256)
def _steps(path: str) -> tuple[str | int, ...]:
    if not path.startswith("$"):
        raise ValueError(f"INVALID_FUNCTION_ARGUMENT: Invalid JSON path: '{path}'")
    steps: list[str | int] = []
    place = 1
    while place < len(path):
        found = _STEP.match(path, place)
        if found is None:
            raise ValueError(
                f"NOT_EMULATED: JSON path '{path}' is not emulated by batcat local; names and "
                "numbers are.",
            )
        steps.append(found[1] or (int(found[2]) if found[2] else found[3].replace('\\"', '"')))
        place = found.end()
    return tuple(steps)


def _dumped(value: Any, *, ordered: bool = False) -> str:
    return "".join(_pieces(value, ordered=ordered))


def _pieces(value: Any, *, ordered: bool) -> Iterator[str]:
    if isinstance(value, dict):
        members = sorted(value.items()) if ordered else list(value.items())
        yield "{"
        for number, (name, inner) in enumerate(members):
            yield f"{',' if number else ''}{json.dumps(name, ensure_ascii=False)}:"
            yield from _pieces(inner, ordered=ordered)
        yield "}"
    elif isinstance(value, list):
        yield "["
        for number, inner in enumerate(value):
            yield "," if number else ""
            yield from _pieces(inner, ordered=ordered)
        yield "]"
    else:
        yield value if isinstance(value, _Number) else json.dumps(value, ensure_ascii=False)
