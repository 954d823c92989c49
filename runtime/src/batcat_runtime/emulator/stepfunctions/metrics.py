"""What Step Functions tells of its executions: metrics, and events of each change of state.

Sources: "Monitoring Step Functions metrics using Amazon CloudWatch" and "Automating Step Functions
event delivery with EventBridge" in the Step Functions developer guide.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from batcat_runtime.emulator.cloudwatch.published import publish
from batcat_runtime.emulator.events.rules import announce
from batcat_runtime.emulator.patching import replace

if TYPE_CHECKING:
    from batcat_runtime.emulator.world import World

NAMESPACE = "AWS/States"
ENDS = {
    "ABORTED": "ExecutionsAborted",
    "FAILED": "ExecutionsFailed",
    "SUCCEEDED": "ExecutionsSucceeded",
    "TIMED_OUT": "ExecutionsTimedOut",
}
LONGEST_TEXT = 248 * 1024
"""Longest input and output in an event, in bytes."""


def patch(world: World) -> None:
    """Tell of each execution that starts and ends.

    Args:
        world: whose metrics and rules they are.
    """
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    start: Any = StepFunctionsParserBackend.start_execution
    end: Any = BaseExecutionWorkerCommunication.terminated

    def start_execution(self: Any, *arguments: Any, **options: Any) -> Any:
        execution = start(self, *arguments, **options)
        if not getattr(execution, "told_of_start", False):  # one name may be asked for twice
            execution.told_of_start = True
            publish(world, *_place(execution), ExecutionsStarted=1)
            _announce(world, execution, "RUNNING")
        return execution

    def terminated(self: Any) -> None:
        end(self)
        execution = self.execution
        status = str(getattr(execution.exec_status, "value", execution.exec_status))
        if status in ENDS and not getattr(execution, "told_of_end", False):
            execution.told_of_end = True
            took = _milliseconds(execution.stop_date) - _milliseconds(execution.start_date)
            region, namespace, dimensions = _place(execution)
            values: dict[str, float] = {ENDS[status]: 1, "ExecutionTime": took}
            publish(world, region, namespace, dimensions, **values)
            _announce(world, execution, status)

    replace(StepFunctionsParserBackend, start_execution=start_execution)
    replace(BaseExecutionWorkerCommunication, terminated=terminated)


def _place(execution: Any) -> tuple[str, str, dict[str, str]]:
    machine = ":".join(str(execution.state_machine_arn).split(":")[:7])
    return machine.split(":")[3], NAMESPACE, {"StateMachineArn": machine}


def _announce(world: World, execution: Any, status: str) -> None:
    region, _, dimensions = _place(execution)
    now = datetime.now(timezone.utc)
    detail: dict[str, Any] = {
        "executionArn": execution.execution_arn,
        "stateMachineArn": dimensions["StateMachineArn"],
        "name": execution.name,
        "status": status,
        "startDate": _milliseconds(execution.start_date or now),
        "stopDate": _milliseconds(execution.stop_date) if execution.stop_date else None,
    }
    described = execution.to_describe_output() if status != "RUNNING" else {}
    for key in ("input", "output", "error", "cause"):
        text = described.get(key)
        fits = text is None or len(str(text).encode()) <= LONGEST_TEXT
        detail[key] = text if fits else None
    announce(
        world,
        region,
        source="aws.states",
        detail_type="Step Functions Execution Status Change",
        resources=[execution.execution_arn],
        detail=detail,
        time=now,
    )


def _milliseconds(when: Any) -> int:
    if isinstance(when, (int, float)):
        return int(when * 1000)
    return int((when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp() * 1000)
