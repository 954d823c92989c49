"""A Choice state that matches nothing fails with ``States.NoChoiceMatched``.

moto fails it with ``States.Runtime``, and with Python's own words.
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
from moto.stepfunctions.parser.asl.component.state.choice.state_choice import StateChoice

from batcat_runtime.emulator.patching import replace


def patch() -> None:
    """Replace how the engine evaluates a Choice state's rules."""
    replace(StateChoice, _eval_state=_eval_state)


def _eval_state(self: Any, env: Any) -> None:
    for rule in self.choices_decl.rules:
        rule.eval(env)
        if env.stack.pop() is True:
            env.stack.append(rule.next_stmt.name)
            return
    if self.default_state is None:
        raise _no_match(self, env)
    env.stack.append(self.default_state.state_name)


def _no_match(self: Any, env: Any) -> Exception:
    kind = StatesErrorNameType.StatesNoChoiceMatched
    details: Any = {
        "error": kind.to_name(),
        "cause": f"The choice state '{self.name}' failed: no rule matched and there is no Default.",
    }
    event: Any = {"executionFailedEventDetails": details}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=kind),
            event_type=HistoryEventType.ExecutionFailed,
            event_details=event,
        )
    )
