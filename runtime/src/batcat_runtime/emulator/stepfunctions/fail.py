"""A Fail state may pass on a caught error, ``States.TaskFailed`` included.

moto takes the language's rule for an author's own error names (not ``States.``) as a reason to
fail the execution with ``States.Runtime``; with ErrorPath the name is whatever was caught.
"""

from __future__ import annotations

from typing import Any

from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.fail import state_fail

from batcat_runtime.emulator.patching import replace


def patch() -> None:
    """Replace how the engine's Fail state names its error."""
    replace(state_fail, CustomErrorName=name_of)


def name_of(error_name: str) -> Any:
    """The engine's object for an error's name, whether the language's own or an author's."""
    try:
        return StatesErrorName(typ=StatesErrorNameType.from_name(error_name))
    except ValueError:
        return ErrorName(error_name=error_name)
