"""The context object's times as AWS writes them: ``2026-11-21T08:00:00.123Z``.

Format and fields: https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html
moto keeps StartTime as a datetime, which no state can put into its output.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from moto.stepfunctions.parser.asl.component.state import state as state_module
from moto.stepfunctions.parser.backend.execution import Execution

from batcat_runtime.emulator.patching import replace


def timestamp(when: datetime) -> str:
    """A time in UTC with milliseconds and ``Z``."""
    text = when.astimezone(timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def patch() -> None:
    """Write ``$$.Execution.StartTime`` and ``$$.State.EnteredTime`` as AWS does."""
    get_details = Execution.get_start_execution_details

    def get_start_execution_details(self: Any) -> Any:
        details = get_details(self)
        replace(details, start_time=timestamp(self.start_date))
        return details

    def state_data(*, EnteredTime: str, Name: str) -> dict[str, Any]:  # noqa: N803 - the fields
        entered = datetime.fromisoformat(EnteredTime)
        return {"EnteredTime": timestamp(entered), "Name": Name, "RetryCount": 0}

    replace(Execution, get_start_execution_details=get_start_execution_details)
    replace(state_module, StateData=state_data)
