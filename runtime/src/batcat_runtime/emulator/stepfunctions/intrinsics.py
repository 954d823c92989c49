"""Intrinsic functions take the arguments that were written, and fail by name.

moto's grammar loses escapes, knows neither decimal numbers nor ``null``, and its functions refuse
texts that are not ASCII, escape those in JsonToString, take ``true`` for 1, count MathRandom's end
in, and fail with ``States.Runtime`` where AWS says ``States.IntrinsicFailure``:
https://docs.aws.amazon.com/step-functions/latest/dg/intrinsic-functions.html
"""

from __future__ import annotations

import base64
import json
import random
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
from moto.stepfunctions.parser.asl.component.common.string.string_expression import (
    StringIntrinsicFunction,
    StringVariableSample,
)
from moto.stepfunctions.parser.asl.component.intrinsic.argument import argument as engine
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.array import (
    array_contains,
    array_get_item,
    array_unique,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.encoding_decoding import (  # noqa: E501 - moto's name
    base_64_decode,
    base_64_encode,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.factory import (
    StatesFunctionFactory,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.generic.string_format import (  # noqa: E501 - moto's name
    StringFormat,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.json_manipulation.json_to_string import (  # noqa: E501 - moto's name
    JsonToString,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.math_operations.math_random import (  # noqa: E501 - moto's name
    MathRandom,
)
from moto.stepfunctions.parser.asl.component.intrinsic.function.statesfunction.states_function import (  # noqa: E501 - moto's name
    StatesFunction,
)
from moto.stepfunctions.parser.asl.component.intrinsic.functionname.state_function_name_types import (  # noqa: E501 - moto's name
    StatesFunctionNameType,
)
from moto.stepfunctions.parser.asl.component.intrinsic.functionname.states_function_name import (
    StatesFunctionName,
)
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor
from moto.stepfunctions.parser.asl.static_analyser.intrinsic.variable_names_intrinsic_static_analyser import (  # noqa: E501 - moto's name
    VariableNamesIntrinsicStaticAnalyser,
)
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from batcat_runtime.emulator.patching import replace

from . import intrinsic_calls as calls
from .fail import name_of
from .literals import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

VARIABLE = re.compile(r"\$([A-Za-z_]\w*)")
MOST_CHARACTERS = 10_000
"""Longest text that Base64Encode and Base64Decode take."""


@dataclass(frozen=True)
class Template:
    """The first argument of States.Format, cut where the values go."""

    pieces: tuple[str, ...]


def patch() -> None:
    """Replace how the engine reads, calls and fails intrinsic functions."""
    replace(Preprocessor, visitString_intrinsic_function=_visit)
    replace(VariableNamesIntrinsicStaticAnalyser, process_and_get=staticmethod(_variables))
    replace(StringIntrinsicFunction, _eval_body=_evaluate)
    # moto lets no other function make the text that States.Format fills.
    replace(StringFormat, __init__=_format_of)
    for owner, function in (
        (StringFormat, _format),
        (JsonToString, _json_to_string),
        (base_64_encode.Base64Encode, _encode),
        (base_64_decode.Base64Decode, _decode),
        (array_unique.ArrayUnique, _unique),
        (array_contains.ArrayContains, _contains),
        (array_get_item.ArrayGetItem, _get_item),
        (MathRandom, _random),
    ):
        replace(owner, _eval_body=_applying(function))


def _visit(self: Any, ctx: Any) -> Any:
    del self
    text = text_of(ctx.STRINGINTRINSICFUNC()) or ""
    return StringIntrinsicFunction(text, _function(calls.parse(text)))


def _applying(function: Callable[..., Any]) -> Any:
    def eval_body(self: Any, env: Any) -> None:
        self.argument_list.eval(env=env)
        env.stack.append(function(*env.stack.pop()))

    return eval_body


def _function(call: calls.Call) -> Any:
    """The engine's object for a call."""
    arguments = engine.ArgumentList([_argument(inner) for inner in call.arguments])
    if call.name == "Format" and isinstance(call.arguments[0], calls.Text):
        template = Template(tuple(calls.pieces(call.arguments[0].written)))
        arguments.arguments[0] = engine.ArgumentLiteral(template)
    name = StatesFunctionName(function_type=StatesFunctionNameType[call.name])
    return StatesFunctionFactory.from_name(func_name=name, argument_list=arguments)


def _argument(value: Any) -> Any:
    if isinstance(value, calls.Call):
        return engine.ArgumentFunction(_function(value))
    if isinstance(value, calls.Plain):
        return engine.ArgumentLiteral(value.value)
    if isinstance(value, calls.Text):
        return engine.ArgumentLiteral("{}".join(calls.pieces(value.written)))
    return _path(value.path)


def _path(path: str) -> Any:
    if path.startswith("$$"):
        return engine.ArgumentContextPath(path)
    if VARIABLE.match(path):
        return engine.ArgumentVar(StringVariableSample(QueryLanguageMode.JSONPath, path))
    return engine.ArgumentJsonPath(path)


def _variables(definition: str) -> list[str]:
    """Names of the variables in a call, given as it stands in the definition's JSON."""
    found = (
        VARIABLE.match(path) for path in calls.paths(calls.parse(json.loads(f'"{definition}"')))
    )
    return [match[1] for match in found if match]


def _evaluate(self: Any, env: Any) -> None:
    try:
        self.function.eval(env=env)
    except (FailureEventException, NoSuchJsonPathError):
        raise
    except Exception as error:
        raise _failure(env, self.intrinsic_function_derivation, error) from error


def _failure(env: Any, call: str, error: Exception) -> Exception:
    name = "States.IntrinsicFailure"
    details: Any = {"error": name, "cause": f"The function '{call}' failed: {error}"}
    event: Any = {"taskFailedEventDetails": details}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name_of(name),
            event_type=HistoryEventType.TaskFailed,
            event_details=event,
        )
    )


def _format_of(self: Any, argument_list: Any) -> None:
    name = StatesFunctionName(function_type=StatesFunctionNameType.Format)
    StatesFunction.__init__(self, name, argument_list)


def _format(template: Any, *values: Any) -> str:
    if not isinstance(template, Template):
        template = Template(tuple(template.split("{}")))
    first, *others = template.pieces
    if len(others) != len(values):
        raise ValueError(f"there are {len(others)} {{}} for {len(values)} values")
    to_text = StringFormat._to_str_repr  # noqa: SLF001 - the engine's own method
    filled = (to_text(value) + piece for value, piece in zip(values, others, strict=True))
    return str(first + "".join(filled))


def _json_to_string(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _encode(text: str) -> str:
    return base64.b64encode(_short(text).encode()).decode()


def _decode(text: str) -> str:
    return base64.b64decode(_short(text)).decode()


def _short(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise ValueError(f"the text has {len(text)} characters, {MOST_CHARACTERS} are allowed")
    return text


def _unique(array: list[Any]) -> list[Any]:
    return list({_key(item): item for item in reversed(_array(array))}.values())[::-1]


def _contains(array: list[Any], value: Any) -> bool:
    return _key(value) in {_key(item) for item in _array(array)}


def _get_item(array: list[Any], index: int) -> Any:
    if isinstance(index, bool) or not isinstance(index, int) or index < 0:
        raise ValueError(f"{index!r} is not an index")
    return _array(array)[index]


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is not an array")
    return value


def _key(value: Any) -> str:
    """A text that is the same for equal JSON values only: ``true`` is not 1."""
    return json.dumps(value, sort_keys=True)


def _random(start: float, end: float, seed: Any = None) -> int:
    return random.Random(seed).randrange(round(start), round(end))  # noqa: S311 - no secret
