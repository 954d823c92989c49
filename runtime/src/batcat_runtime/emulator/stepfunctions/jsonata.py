"""The JSONata query language, evaluated by jsonata-python.

moto hands expressions to an evaluator it does not ship, with every value pasted into the
expression as text. Here values are bound as variables. What Step Functions adds to JSONata, and
how it treats undefined results, follows
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html: ``$states``,
``$partition``, ``$range``, ``$hash``, ``$random([seed])``, ``$uuid``, ``$parse``; no ``$eval``; an
expression that is undefined, fails, or returns a function is ``States.QueryEvaluationError``.
"""

from __future__ import annotations

import hashlib
import json
import random
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from collections.abc import Callable

HASHES = {"MD5": "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-384": "sha384"}
HASHES["SHA-512"] = "sha512"


class QueryError(Exception):
    """An expression has no usable value; the text says why."""


def evaluate(expression: str, variables: dict[str, Any]) -> Any:
    """Value of a JSONata expression.

    Args:
        expression: JSONata, without ``{% %}``.
        variables: names (without ``$``) and JSON values they stand for.

    Returns:
        A JSON value.

    Raises:
        QueryError: it does not parse, fails, is undefined, or is no JSON value.
    """
    from jsonata import Jsonata

    try:
        program = Jsonata(expression)
        program.set_output_convert_nulls(False)  # tells null from undefined
        for name, function in _functions().items():
            program.register_lambda(name, function)
        result = program.evaluate(None, variables)
    except RecursionError:
        raise QueryError(_failed(expression, "Stack overflow error")) from None
    except Exception as error:
        # jsonata-python lets Python's own errors (division by zero) through.
        raise QueryError(_failed(expression, _why(error))) from error
    if result is None:
        raise QueryError(f"The JSONata expression '{expression}' returned nothing (undefined).")
    return _plain(expression, result)


def _failed(expression: str, why: str) -> str:
    return f"The JSONata expression '{expression}' threw an error during evaluation. {why}"


def _why(error: Exception) -> str:
    code = getattr(error, "error", None)
    return f"{code}: {error}" if code else f"{type(error).__name__}: {error}"


def _plain(expression: str, value: Any) -> Any:
    """A result as JSON: the library's lists and null replaced by Python's own."""
    from jsonata.utils import Utils

    if value is None or value is Utils.NULL_VALUE:
        return None
    if isinstance(value, dict):
        return {str(key): _plain(expression, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(expression, inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (str, bool, int, float)):
        return value
    raise QueryError(f"The JSONata expression '{expression}' returned an unsupported result type.")


def _functions() -> dict[str, Callable[..., Any]]:
    return {
        "partition": _partition,
        "range": _range,
        "hash": _hash,
        "random": lambda seed=None: random.Random(seed).random(),  # noqa: S311 - not for secrets
        "uuid": lambda: str(uuid4()),
        "parse": json.loads,
        "eval": _no_eval,
    }


def _partition(array: list[Any], size: float) -> list[list[Any]]:
    step = int(size)
    if step <= 0:
        raise ValueError("$partition: the chunk size must be greater than 0")
    return [list(array[start : start + step]) for start in range(0, len(array), step)]


def _range(first: float, last: float, step: float) -> list[float]:
    if step == 0:
        raise ValueError("$range: the step must not be 0")
    return [first + index * step for index in range(int((last - first) // step) + 1)]


def _hash(text: str, algorithm: str = "SHA-256") -> str:
    if algorithm not in HASHES:
        raise ValueError(f"$hash: unknown algorithm {algorithm}; use one of {', '.join(HASHES)}")
    return hashlib.new(HASHES[algorithm], text.encode()).hexdigest()


def _no_eval(*_: Any) -> Any:
    raise ValueError("$eval is not supported by Step Functions; use $parse")


def patch() -> None:
    """Make the engine evaluate expressions with :func:`evaluate`."""
    from moto.stepfunctions.parser.asl.component.common.query_language import QueryLanguageMode
    from moto.stepfunctions.parser.asl.component.common.string import string_expression
    from moto.stepfunctions.parser.asl.component.state.choice.comparison import comparison

    def eval_expression(self: Any, env: Any) -> None:
        env.stack.append(_evaluate_in(env, self.expression, with_states=True))

    def eval_variable(self: Any, env: Any) -> None:
        with_states = self.query_language_mode == QueryLanguageMode.JSONata
        env.stack.append(_evaluate_in(env, self.expression, with_states=with_states))

    def eval_condition(self: Any, env: Any) -> None:
        self.string_jsonata.eval(env=env)
        if not isinstance(env.stack[-1], bool):
            raise _failure(
                env,
                f"The JSONata expression '{self.string_jsonata.expression}' specified for the "
                "field 'Condition' returned an unexpected result type. Expected 'boolean', but "
                f"was: {json.dumps(env.stack[-1])}",
            )

    replace(comparison.ConditionStringJSONata, _eval_body=eval_condition)
    replace(string_expression.StringJSONata, _eval_body=eval_expression)
    replace(string_expression.StringVariableSample, _eval_body=eval_variable)


def _evaluate_in(env: Any, expression: str, *, with_states: bool) -> Any:
    store = env.variable_store
    variables = {**store._outer_scope, **store._inner_scope}  # noqa: SLF001 - no other way in
    if with_states:
        data = env.states._states_data  # noqa: SLF001 - no other way in
        # The engine sets result and errorOutput to None where AWS leaves them undefined.
        variables["states"] = {
            key: value
            for key, value in data.items()
            if key in ("input", "context") or value is not None
        }
    try:
        return evaluate(expression, variables)
    except QueryError as error:
        raise _failure(env, str(error)) from error


def _failure(env: Any, cause: str) -> Exception:
    from moto.stepfunctions.parser.api import HistoryEventType
    from moto.stepfunctions.parser.asl.component.common.error_name import (
        failure_event,
        states_error_name,
        states_error_name_type,
    )

    kind = states_error_name_type.StatesErrorNameType.StatesQueryEvaluationError
    details: dict[str, Any] = {"error": kind.to_name(), "cause": cause}
    state = env.states.context_object.context_object_data.get("State")
    if state:
        details["state"] = state["Name"]
    event: Any = {"evaluationFailedEventDetails": details}
    env.event_manager.add_event(env.event_history_context, HistoryEventType.EvaluationFailed, event)
    error: Exception = failure_event.FailureEventException(
        failure_event.FailureEvent(
            env=env,
            error_name=states_error_name.StatesErrorName(typ=kind),
            event_type=HistoryEventType.EvaluationFailed,
            event_details=event,
        )
    )
    return error
