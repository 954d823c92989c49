"""ResultPath puts a result where it says, or fails with ``States.ResultPathMatchFailure``.

https://states-language.net/spec.html ("ResultPath", "Reference Paths", Appendix A): the field it
names is replaced; where fields are missing on the way they are made. moto replaces a scalar that
is in the way, fills a list up with empty objects, or breaks with Python's own words.
"""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.common.path.result_path import ResultPath

from batcat_runtime.emulator.patching import replace

from .paths import Steps, follow, steps


def patch() -> None:
    """Replace how the engine joins a state's result with its input."""
    replace(ResultPath, _eval_body=_eval_body)


def put(document: Any, path: Steps, value: Any) -> Any:
    """A document with a value at a path; the document itself may be changed.

    Args:
        document: the state's input.
        path: field names and indices.
        value: the result.

    Raises:
        LookupError: a step leads into something that has no such field or item.
    """
    if not path:
        return value
    inner = document
    for step, then in itertools.pairwise(path):
        if isinstance(inner, dict) and step not in inner and isinstance(then, str):
            inner[step] = {}
        inner = follow(inner, step)
    last = path[-1]
    if not isinstance(inner, dict) or not isinstance(last, str):
        follow(inner, last)
    inner[last] = value
    return document


def _eval_body(self: Any, env: Any) -> None:
    document = env.states.get_input()
    path = self.result_path_src
    if path is None:
        env.stack.clear()
        env.stack.append(document)
        return
    result = copy.deepcopy(env.stack.pop())
    place = steps(path)
    if place is None:
        raise ValueError(f"ResultPath {path} is not a reference path")
    try:
        env.stack.append(put(document, place, result))
    except LookupError:
        raise _failure(env, path, env.states.get_input()) from None


def _failure(env: Any, path: str, document: Any) -> Exception:
    kind = StatesErrorNameType.StatesResultPathMatchFailure
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    details: Any = {
        "error": kind.to_name(),
        "cause": f"The ResultPath '{path}' cannot be applied to the input '{text}'",
    }
    event: Any = {"taskFailedEventDetails": details}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.TaskFailed,
            event_details=event,
        )
    )
