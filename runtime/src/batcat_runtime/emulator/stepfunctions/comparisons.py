"""The comparisons of a Choice rule, as the language defines them.

https://states-language.net/spec.html#choice-state: a comparison of values that are not both of
the operator's type is false; in StringMatches only ``*`` is special, and a backslash escapes; only
IsPresent may name what is not there. moto takes ``?`` and ``[a]`` as special too, reads no
fraction or offset in a timestamp, and goes on to Default when a path leads nowhere.
"""

from __future__ import annotations

import operator
import re
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|([+-])(\d\d):(\d\d))", re.ASCII
)
_PATTERN = re.compile(r"\\(.)|(\*)|([^\\])", re.DOTALL)
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}


def instant(value: Any) -> datetime | None:
    """A time as RFC 3339 has it, with ``T`` and ``Z`` or an offset; None for anything else."""
    match = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    offset = timedelta(hours=int(match[4] or 0), minutes=int(match[5] or 0))
    try:
        zone = timezone(-offset if match[3] == "-" else offset)
        whole = datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return whole + timedelta(microseconds=int((match[2] or "0")[:6].ljust(6, "0")))


def matches(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern of StringMatches.

    Raises:
        ValueError: the pattern ends in a backslash that escapes nothing.
    """
    found = list(_PATTERN.finditer(pattern))
    if sum(len(match[0]) for match in found) != len(pattern):
        raise ValueError(f"The StringMatches pattern {pattern!r} has an open escape backslash")
    parts = [".*" if match[2] else re.escape(match[1] or match[3]) for match in found]
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def patch() -> None:
    """Replace how the engine compares values in a Choice rule and reads a Wait's timestamp."""
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations import (  # noqa: E501 - moto's name
        is_operator,
        numeric,
        string_operators,
        timestamp_operators,
    )
    from moto.stepfunctions.parser.asl.component.state.wait.wait_function.timestamp import Timestamp

    for module, kind, read in (
        (string_operators, "String", _text),
        (numeric, "Numeric", _number),
        (timestamp_operators, "Timestamp", instant),
    ):
        for name, compared in _COMPARED.items():
            replace(getattr(module, kind + name), _compare=staticmethod(_both(read, compared)))
    replace(string_operators.StringMatches, _compare=staticmethod(_string_matches))
    replace(is_operator.IsTimestamp, string_to_timestamp=staticmethod(instant))
    replace(Timestamp, _from_timestamp_string=staticmethod(_local))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _both(read: Callable[[Any], Any], compared: Callable[[Any, Any], bool]) -> Any:
    def compare(variable: Any, comparison_value: Any) -> bool:
        left, right = read(variable), read(comparison_value)
        return left is not None and right is not None and compared(left, right)

    return compare


def _string_matches(variable: Any, comparison_value: Any) -> bool:
    return isinstance(variable, str) and matches(comparison_value, variable)


def _local(timestamp: Any) -> datetime | None:
    """A timestamp as the engine's Wait state counts: local time without a zone."""
    when = instant(timestamp)
    return None if when is None else when.astimezone().replace(tzinfo=None)
