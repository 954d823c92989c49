"""The context object as AWS shows it: every field, times as ``2026-11-21T08:00:00.123Z``.

Format and fields: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
moto keeps StartTime as a datetime, which no state can put into its output; it knows no
RedriveCount; and it forgets ``Map`` where a Task, Parallel or Map state inside an iteration opens
a frame of its own. ``RedriveTime`` exists only after a redrive, which is not emulated.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.backend import execution_worker
from moto.stepfunctions.parser.backend.execution import Execution

from batcat_runtime.emulator.patching import replace


def timestamp(when: datetime) -> str:
    """A time in UTC with milliseconds and ``Z``."""
    text = when.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def patch() -> None:
    """Complete ``$$.Execution``, ``$$.State`` and ``$$.Map``."""
    get_details = Execution.get_start_execution_details
    inner_frame = Environment.as_inner_frame_of.__func__  # type: ignore[attr-defined]

    def get_start_execution_details(self: Any) -> Any:
        details = get_details(self)
        replace(details, start_time=timestamp(self.start_date))
        return details

    def execution_data(**fields: Any) -> dict[str, Any]:
        return {**fields, "RedriveCount": 0}

    def state_data(*, EnteredTime: str, Name: str) -> dict[str, Any]:  # noqa: N803 - the fields
        entered = datetime.fromisoformat(EnteredTime)
        return {"EnteredTime": timestamp(entered), "Name": Name, "RetryCount": 0}

    def as_inner_frame_of(cls: Any, env: Any, *args: Any, **options: Any) -> Any:
        frame = inner_frame(cls, env, *args, **options)
        outer = env.states.context_object.context_object_data
        if "Map" in outer:
            frame.states.context_object.context_object_data["Map"] = outer["Map"]
        return frame

    replace(Execution, get_start_execution_details=get_start_execution_details)
    replace(execution_worker, ExecutionData=execution_data)
    replace(state_module, StateData=state_data)
    replace(Environment, as_inner_frame_of=classmethod(as_inner_frame_of))
