"""Check request parameters against botocore's model, in the words AWS uses.

The wording is that of AWS's common request validation, for example ``1 validation error
detected: Value 'x' at 'name' failed to satisfy constraint: Member must have length less than
or equal to 63``.
"""

from __future__ import annotations

import re
from difflib import get_close_matches
from functools import cache
from typing import Any

from .protocol import ServiceError

LONG_LIST = 24
"""From how many values on an enum is shown in part; AWS shows all of several hundred."""


def validate(shape: Any, parameters: dict[str, Any], code: str = "ValidationException") -> None:
    """Raise when parameters break the model's constraints.

    Args:
        shape: botocore's input shape, or None for an operation without input.
        parameters: the request.
        code: error code to raise.

    Raises:
        ServiceError: with every broken constraint in its message.
    """
    if shape is None:
        return
    problems: list[str] = []
    _check(shape, parameters, "", problems)
    if problems:
        plural = "error" if len(problems) == 1 else "errors"
        raise ServiceError(
            code,
            f"{len(problems)} validation {plural} detected: {'; '.join(problems)}",
        )


def _check(shape: Any, value: Any, path: str, problems: list[str]) -> None:
    kind = shape.type_name
    if kind == "structure":
        _structure(shape, value, path, problems)
    elif kind == "list":
        problems += _bounds(shape, value, len(value), path)
        for index, inner in enumerate(value, start=1):
            _check(shape.member, inner, f"{path}.{index}.member", problems)
    elif kind == "map":
        problems += _bounds(shape, value, len(value), path)
        for key, inner in value.items():
            _check(shape.key, key, path, problems)
            _check(shape.value, inner, f"{path}.{key}.member", problems)
    elif kind == "string":
        _string(shape, value, path, problems)
    elif kind in ("integer", "long", "float", "double"):
        problems += _bounds(shape, value, value, path)


def _structure(shape: Any, value: dict[str, Any], path: str, problems: list[str]) -> None:
    problems.extend(
        _problem(None, _join(path, name), "Member must not be null")
        for name in shape.required_members
        if value.get(name) is None
    )
    for name, inner in value.items():
        if inner is not None and name in shape.members:
            _check(shape.members[name], inner, _join(path, name), problems)


def _string(shape: Any, value: str, path: str, problems: list[str]) -> None:
    problems += _bounds(shape, value, len(value), path)
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        constraint = f"Member must satisfy enum value set: [{_shown(value, allowed)}]"
        problems.append(_problem(value, path, constraint))
    pattern = shape.metadata.get("pattern")
    compiled = _compiled(pattern) if pattern else None
    if compiled and not compiled.fullmatch(value):
        constraint = f"Member must satisfy regular expression pattern: {pattern}"
        problems.append(_problem(value, path, constraint))


def _shown(value: str, allowed: list[str]) -> str:
    """All values, or of a long list the nearest ones."""
    if len(allowed) <= LONG_LIST:
        return ", ".join(allowed)
    near = get_close_matches(value, allowed, n=LONG_LIST // 4, cutoff=0)
    return f"{', '.join(near)}, and {len(allowed) - len(near)} more"


def _bounds(shape: Any, value: Any, size: float, path: str) -> list[str]:
    what = "value" if value is size else "length"
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    problems = []
    if least is not None and size < least:
        constraint = f"Member must have {what} greater than or equal to {least}"
        problems.append(_problem(value, path, constraint))
    if most is not None and size > most:
        constraint = f"Member must have {what} less than or equal to {most}"
        problems.append(_problem(value, path, constraint))
    return problems


def _problem(value: Any, path: str, constraint: str) -> str:
    shown = "null" if value is None else f"'{value}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _join(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern, or None where it is Java's syntax and not Python's (Unicode classes)."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
