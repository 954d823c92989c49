"""Event patterns: which are right, and which events they match.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html.
moto takes an operator it does not know for one that matches everything.
"""

from __future__ import annotations

import ipaddress
import json
import operator
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
ABSENT = object()
OPERATORS = (
    "prefix",
    "suffix",
    "anything-but",
    "numeric",
    "exists",
    "cidr",
    "wildcard",
    "equals-ignore-case",
)
IN_ANYTHING_BUT = ("prefix", "suffix", "wildcard", "equals-ignore-case")
MOST_WILDCARDS = 8


class PatternError(ValueError):
    """A pattern is not right; the text says where and why."""


def parse(text: str) -> dict[str, Any]:
    """Read and check an event pattern.

    Args:
        text: the pattern, as JSON.

    Returns:
        The pattern.

    Raises:
        PatternError: it is not JSON, or not a pattern.
    """
    try:
        pattern = json.loads(text)
    except ValueError as error:
        raise PatternError(f"it is not JSON: {error}") from error
    if not isinstance(pattern, dict) or not pattern:
        raise PatternError("it must be an object with at least one field")
    _check_object(pattern, "")
    return pattern


def matches(pattern: dict[str, Any], event: Any) -> bool:
    """Whether an event matches.

    Args:
        pattern: a checked pattern.
        event: the event, or the part of it that the pattern is for.
    """
    for key, wanted in pattern.items():
        if key == "$or":
            if not any(matches(alternative, event) for alternative in wanted):
                return False
            continue
        value = event.get(key, ABSENT) if isinstance(event, dict) else ABSENT
        if isinstance(wanted, dict):
            if not _matches_inside(wanted, value):
                return False
        elif not any(_fits(rule, value) for rule in wanted):
            return False
    return True


def _matches_inside(wanted: dict[str, Any], value: Any) -> bool:
    """A pattern for an object also fits a list of objects of which one matches."""
    if isinstance(value, list):
        return any(matches(wanted, item) for item in value)
    return matches(wanted, value)


def _check_object(pattern: dict[str, Any], path: str) -> None:
    for key, wanted in pattern.items():
        here = f"{path}.{key}" if path else key
        if key == "$or":
            _check_alternatives(wanted, here)
        elif isinstance(wanted, dict):
            if not wanted:
                raise PatternError(f"{here}: empty objects are not allowed")
            _check_object(wanted, here)
        elif isinstance(wanted, list):
            if not wanted:
                raise PatternError(f"{here}: empty arrays are not allowed")
            for rule in wanted:
                _check_rule(rule, here)
        else:
            raise PatternError(f"{here} must be an object or an array")


def _check_alternatives(wanted: Any, path: str) -> None:
    few = not isinstance(wanted, list) or len(wanted) < 2  # noqa: PLR2004 - an alternative
    if few or not all(isinstance(alternative, dict) for alternative in wanted):
        raise PatternError(f"{path} must be a list of at least two patterns")
    for alternative in wanted:
        _check_object(alternative, path)


def _check_rule(rule: Any, path: str) -> None:
    if isinstance(rule, list):
        raise PatternError(f"{path}: an array in an array is not allowed")
    if not isinstance(rule, dict):
        return
    if len(rule) != 1:
        raise PatternError(f"{path}: one operator per rule, not {sorted(rule)}")
    ((name, value),) = rule.items()
    if name not in OPERATORS:
        raise PatternError(f"{path}: unrecognized match type {name}")
    if not _RIGHT[name](value):
        raise PatternError(f"{path}: {json.dumps(value)} is not right for {name}")


def _is_text(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) == ["equals-ignore-case"] and isinstance(
            value["equals-ignore-case"], str
        )
    return isinstance(value, str)


def _is_wildcard(value: Any) -> bool:
    return isinstance(value, str) and "**" not in value and value.count("*") <= MOST_WILDCARDS


def _is_anything_but(value: Any) -> bool:
    if isinstance(value, dict):
        if len(value) != 1:
            return False
        ((name, inner),) = value.items()
        texts = inner if isinstance(inner, list) else [inner]
        return name in IN_ANYTHING_BUT and bool(texts) and all(isinstance(t, str) for t in texts)
    values = value if isinstance(value, list) else [value]
    return bool(values) and (
        all(isinstance(v, str) for v in values) or all(_is_number(v) for v in values)
    )


def _is_numeric(value: Any) -> bool:
    if not isinstance(value, list) or len(value) not in (2, 4):
        return False
    return all(name in COMPARISONS for name in value[::2] if isinstance(name, str)) and all(
        isinstance(name, str) and _is_number(number)
        for name, number in zip(value[::2], value[1::2], strict=True)
    )


def _is_cidr(value: Any) -> bool:
    try:
        ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_RIGHT: dict[str, Callable[[Any], bool]] = {
    "prefix": _is_text,
    "suffix": _is_text,
    "anything-but": _is_anything_but,
    "numeric": _is_numeric,
    "exists": lambda value: isinstance(value, bool),
    "cidr": _is_cidr,
    "wildcard": _is_wildcard,
    "equals-ignore-case": lambda value: isinstance(value, str),
}


def _fits(rule: Any, value: Any) -> bool:
    """Whether a value, or one of a list of values, fits a rule."""
    if isinstance(rule, dict) and "exists" in rule:
        # "exists" looks at leaves: a field that holds an object does not exist as a value.
        there = value is not ABSENT and not isinstance(value, dict)
        return bool(there == rule["exists"])
    if value is ABSENT:
        return False
    if isinstance(value, list):
        return any(_fits(rule, item) for item in value)
    if not isinstance(rule, dict):
        return (type(rule) is type(value) and rule == value) or (
            _is_number(rule) and _is_number(value) and rule == value
        )
    ((name, wanted),) = rule.items()
    return _operators(name, wanted, value)


def _operators(name: str, wanted: Any, value: Any) -> bool:
    if name == "anything-but":
        return _is_other(wanted, value)
    if name == "numeric":
        pairs = zip(wanted[::2], wanted[1::2], strict=True)
        return _is_number(value) and all(COMPARISONS[sign](value, n) for sign, n in pairs)
    return isinstance(value, str) and _TEXT_OPERATORS[name](wanted, value)


def _begins(wanted: Any, value: str) -> bool:
    if isinstance(wanted, dict):
        return value.lower().startswith(wanted["equals-ignore-case"].lower())
    return value.startswith(wanted)


def _ends(wanted: Any, value: str) -> bool:
    if isinstance(wanted, dict):
        return value.lower().endswith(wanted["equals-ignore-case"].lower())
    return value.endswith(wanted)


def _in_network(wanted: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _wildcard(pattern: str, value: str) -> bool:
    """``*`` stands for any characters; a backslash before ``*`` or itself takes it literally."""
    parts = re.split(r"(\\\\|\\\*|\*)", pattern)
    literal = {"\\\\": "\\", "\\*": "*"}
    regex = "".join(
        ".*" if part == "*" else re.escape(literal.get(part, part)) for part in parts if part
    )
    return re.fullmatch(regex, value, re.DOTALL) is not None


_TEXT_OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "prefix": _begins,
    "suffix": _ends,
    "cidr": _in_network,
    "wildcard": _wildcard,
    "equals-ignore-case": lambda wanted, value: bool(value.lower() == wanted.lower()),
}


def _is_other(wanted: Any, value: Any) -> bool:
    if isinstance(wanted, dict):
        ((name, inner),) = wanted.items()
        texts = inner if isinstance(inner, list) else [inner]
        return not any(_operators(name, text, value) for text in texts)
    return value not in (wanted if isinstance(wanted, list) else [wanted])
