"""A JSONPath that can only name one value gives that value.

moto gives a list wherever an index is not the last part of a path: ``$.l[0].a`` is ``[1]``.
Definite and indefinite paths, and what each gives: Jayway's JsonPath, which Step Functions
follows (https://github.com/json-path/JsonPath, "What is Returned When?").
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from batcat_runtime.emulator.patching import replace

Steps = tuple["str | int", ...]

_STEP = re.compile(
    r"""\.(?P<name>[\w@-]+)
    | \.?\['(?P<single>(?:[^'\\]|\\.)*)'\]
    | \.?\["(?P<double>(?:[^"\\]|\\.)*)"\]
    | \.?\[(?P<index>-?\d+)\]""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")


@lru_cache(maxsize=1024)
def steps(path: str) -> Steps | None:
    """Field names and indices of a definite path; None for one that may name many values.

    Args:
        path: a path that begins with ``$``, e.g. ``$.l[0]['a b']``.
    """
    found: list[str | int] = []
    position = 1
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            return None
        if match["index"] is not None:
            found.append(int(match["index"]))
        elif match["name"] is not None:
            found.append(match["name"])
        else:
            found.append(_ESCAPED.sub(r"\1", match[match.lastgroup or 0]))
        position = match.end()
    return tuple(found)


def follow(data: Any, step: str | int) -> Any:
    """One step into a document.

    Raises:
        LookupError: the document has no such field or item.
    """
    if isinstance(data, list) and isinstance(step, int):
        return data[step]
    if isinstance(data, dict) and isinstance(step, str):
        return data[step]
    raise LookupError(step)


def patch() -> None:
    """Replace how the engine follows a JSONPath."""
    from jsonpath_ng.ext.parser import parse
    from moto.stepfunctions.parser.asl.component.common.string import string_expression
    from moto.stepfunctions.parser.asl.component.intrinsic.argument import argument
    from moto.stepfunctions.parser.asl.component.state.choice.comparison.operator.implementations import (  # noqa: E501 - moto's name
        boolean_equals,
        numeric,
        string_operators,
        timestamp_operators,
    )
    from moto.stepfunctions.parser.asl.eval import states
    from moto.stepfunctions.parser.asl.utils import json_path

    many = lru_cache(maxsize=1024)(parse)

    def extract_json(path: str, data: Any) -> Any:
        definite = steps(path)
        if definite is None:
            return [match.value for match in many(path).find(data)]
        try:
            value = data
            for step in definite:
                value = follow(value, step)
        except LookupError:
            raise json_path.NoSuchJsonPathError(json_path=path, data=data) from None
        return value

    operators = (boolean_equals, numeric, string_operators, timestamp_operators)
    for module in (json_path, string_expression, argument, states, *operators):
        replace(module, extract_json=extract_json)
