"""A Choice state that matches nothing, or looks at what is not there, fails by name.

moto fails the first with ``States.Runtime`` and Python's own words; the second it takes as false.
Only IsPresent may name what is not there (https://states-language.net/spec.html#choice-state).
"""

from __future__ import annotations

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
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_operator_type import (  # noqa: E501 - moto's name
    ComparisonOperatorType,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.comparison_variable import (
    ComparisonVariable,
)
from moto.stepfunctions.parser.asl.component.state.choice.comparison.variable import NoSuchVariable
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

from batcat_runtime.emulator.patching import replace


def patch() -> None:
    """Replace how the engine evaluates a Choice state's rules."""
    replace(StateChoice, _eval_state=_eval_state)
    replace(ComparisonVariable, _eval_body=_eval_comparison)


def _eval_state(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise _no_match(self, env)
    env.stack.append(self.default_state.state_name)


def _eval_comparison(self: Any, env: Any) -> None:
    self.variable.eval(env)
    absent = isinstance(env.stack[-1], NoSuchVariable)
    if absent and self.comparison_function.operator_type != ComparisonOperatorType.IsPresent:
        raise _invalid_path(env, self.variable.string_sampler.literal_value)
    try:
        self.comparison_function.eval(env)
    except NoSuchJsonPathError as error:
        raise _invalid_path(env, error.json_path) from error


def _no_match(self: Any, env: Any) -> Exception:
    cause = f"The choice state '{self.name}' failed: no rule matched and there is no Default."
    return _failure(env, StatesErrorNameType.StatesNoChoiceMatched, cause)


def _invalid_path(env: Any, path: str) -> Exception:
    cause = f"Invalid path '{path}': The choice state's condition path references an invalid value."
    return _failure(env, StatesErrorNameType.StatesRuntime, cause)


def _failure(env: Any, kind: StatesErrorNameType, cause: str) -> Exception:
    details: Any = {"error": kind.to_name(), "cause": cause}
    event: Any = {"executionFailedEventDetails": details}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=event,
        )
    )
