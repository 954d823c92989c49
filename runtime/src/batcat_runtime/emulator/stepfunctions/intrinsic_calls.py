r"""Read a call of an intrinsic function: ``States.Format('a \{{}\}', $.x, 1)``.

Forms, escapes and counts of arguments:
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

ARGUMENTS = {
    "Array": (0, None),
    "ArrayContains": (2, 2),
    "ArrayGetItem": (2, 2),
    "ArrayLength": (1, 1),
    "ArrayPartition": (2, 2),
    "ArrayRange": (3, 3),
    "ArrayUnique": (1, 1),
    "Base64Decode": (1, 1),
    "Base64Encode": (1, 1),
    "Format": (1, None),
    "Hash": (2, 2),
    "JsonMerge": (3, 3),
    "JsonToString": (1, 1),
    "MathAdd": (2, 2),
    "MathRandom": (2, 3),
    "StringSplit": (2, 2),
    "StringToJson": (1, 1),
    "UUID": (0, 0),
}
"""Fewest and most arguments of each function; None when there is no limit."""

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"States\.(\w+)\s*\(")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)
_PLAIN = re.compile(r"true|false|null|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_PATH = re.compile(
    r"""\$(?:[^\s,()'"\[\]]|\[(?:[^\]'"]|'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")*\])*"""
)
_PIECE = re.compile(r"\\(.)|(\{\})|([^\\])", re.DOTALL)
RESERVED = "'{}\\"


@dataclass(frozen=True)
class Text:
    """A text in quotes, its escapes as they are written."""

    written: str


@dataclass(frozen=True)
class Plain:
    """A number, true, false or null."""

    value: Any


@dataclass(frozen=True)
class Path:
    """A path into the input or the context object, or a variable."""

    path: str


@dataclass(frozen=True)
class Call:
    """A call of the function ``States.<name>``."""

    name: str
    arguments: tuple[Text | Plain | Path | Call, ...]


def parse(text: str) -> Call:
    """Read a call.

    Raises:
        ValueError: it is not one; says what is wrong and where.
    """
    call, position = _call(text, 0)
    if position != len(text):
        raise ValueError(f"nothing may follow the call, found {text[position:]!r}")
    return call


def paths(call: Call) -> list[str]:
    """Every path in a call, calls inside it included."""
    found: list[str] = []
    for argument in call.arguments:
        if isinstance(argument, Path):
            found.append(argument.path)
        elif isinstance(argument, Call):
            found += paths(argument)
    return found


def pieces(written: str) -> list[str]:
    r"""A text as it is meant, cut at each ``{}`` that is not escaped.

    Raises:
        ValueError: a backslash escapes none of ``'``, ``{``, ``}`` and ``\``.
    """
    found, position = [""], 0
    while position < len(written):
        match = _PIECE.match(written, position)
        if match is None or (match[1] and match[1] not in RESERVED):
            raise ValueError(f"open escape backslash in '{written}'; write \\\\ for a backslash")
        if match[2]:
            found.append("")
        else:
            found[-1] += match[1] or match[3]
        position = match.end()
    return found


def _call(text: str, position: int) -> tuple[Call, int]:
    match = _NAME.match(text, position)
    if match is None or match[1] not in ARGUMENTS:
        raise ValueError(f"no intrinsic function begins at {text[position:]!r}")
    arguments: list[Text | Plain | Path | Call] = []
    position = _skip(text, match.end())
    while not text.startswith(")", position):
        if arguments:
            if not text.startswith(",", position):
                raise ValueError(f"expected , or ) at {text[position:]!r}")
            position = _skip(text, position + 1)
        argument, position = _argument(text, position)
        arguments.append(argument)
        position = _skip(text, position)
    call = Call(match[1], tuple(arguments))
    _check(call)
    return call, position + 1


def _argument(text: str, position: int) -> tuple[Text | Plain | Path | Call, int]:
    if match := _TEXT.match(text, position):
        return Text(match[1]), match.end()
    if match := _PATH.match(text, position):
        return Path(match[0]), match.end()
    if match := _PLAIN.match(text, position):
        return Plain(json.loads(match[0])), match.end()
    return _call(text, position)


def _check(call: Call) -> None:
    fewest, most = ARGUMENTS[call.name]
    if len(call.arguments) < fewest or (most is not None and len(call.arguments) > most):
        wanted = fewest if fewest == most else f"{fewest} to {most or 'any number of'}"
        raise ValueError(f"States.{call.name} takes {wanted} arguments, not {len(call.arguments)}")
    for index, argument in enumerate(call.arguments):
        if isinstance(argument, Text):
            pieces(argument.written)
            bare = re.sub(r"\\.|\{\}", "", argument.written, flags=re.DOTALL)
            if call.name == "Format" and index == 0 and ("{" in bare or "}" in bare):
                raise ValueError(
                    f"{{ and }} other than {{}} must be escaped in '{argument.written}'"
                )


def _skip(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
