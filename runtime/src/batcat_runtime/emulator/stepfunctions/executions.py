"""StartExecution, StopExecution, DescribeExecution and ListExecutions as AWS documents them.

moto names an unnamed execution ``None``, waits for a stopped execution's current task before it
says so, loses StopExecution's error and cause, gives a timed-out execution no stop date, and
returns an output that is a string without its quotes.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timezone
from threading import RLock
from typing import Any
from uuid import uuid4

from batcat_runtime.emulator.patching import replace
from batcat_runtime.emulator.protocol import NotEmulated, ServiceError

STOP_SECONDS = 5
"""How long StopExecution waits for an execution that is just starting or ending, in seconds."""

_lock = RLock()


def patch() -> None:
    """Patch the engine: names, idempotence, and what the end of an execution leaves behind."""
    from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType
    from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
    from moto.stepfunctions.parser.models import StepFunctionsParserBackend

    start: Any = StepFunctionsParserBackend.start_execution
    reflect: Any = BaseExecutionWorkerCommunication._reflect_execution_status  # noqa: SLF001 - the patch

    def start_execution(
        self: Any,
        state_machine_arn: str,
        name: str | None = None,
        execution_input: str | None = None,
        trace_header: str | None = None,
    ) -> Any:
        check_input(execution_input or "{}")
        if name is None:
            name = str(uuid4())
        self._validate_name(name)
        with _lock:  # two requests with one name must not both start
            return start(self, state_machine_arn, name, execution_input or "{}", trace_header)

    def terminated(self: Any) -> None:
        with _lock:
            if self.execution.exec_status != ExecutionStatus.RUNNING:
                return  # StopExecution has said how it ended
            reflect(self)
            if self.execution.exec_status == ExecutionStatus.TIMED_OUT:
                env = self.execution.exec_worker.env
                env.event_manager.add_event(
                    env.event_history_context,
                    HistoryEventType.ExecutionTimedOut,
                    {"executionTimedOutEventDetails": {}},
                )

    replace(StepFunctionsParserBackend, start_execution=start_execution)
    replace(BaseExecutionWorkerCommunication, terminated=terminated)


def patch_api(responses: Any) -> None:
    """Replace moto's answers to the operations on executions.

    Args:
        responses: moto's class that answers Step Functions requests.
    """
    start = responses.start_execution

    def start_execution(self: Any) -> Any:
        if self._get_param("traceHeader"):
            raise NotEmulated("stepfunctions StartExecution parameter traceHeader (X-Ray)")
        return start(self)

    replace(
        responses,
        start_execution=start_execution,
        send_task_failure=_send_task_failure,
        stop_execution=_stop_execution,
        describe_execution=_describe_execution,
        list_executions=_list_executions,
        describe_state_machine_for_execution=_describe_state_machine_for_execution,
    )


def stop(execution: Any, error: str | None = None, cause: str | None = None) -> datetime:
    """Stop an execution now.

    Args:
        execution: one of the engine's executions.
        error: error code to record.
        cause: explanation to record.

    Returns:
        When it stopped; for an execution that had ended before, when it ended.
    """
    from moto.stepfunctions.parser.api import ExecutionStatus, HistoryEventType

    now = datetime.now(timezone.utc)
    details = {"error": error, "cause": cause}
    told = {key: value for key, value in details.items() if value is not None}
    event = {"executionAbortedEventDetails": told}
    deadline = time.monotonic() + STOP_SECONDS
    while execution.exec_status == ExecutionStatus.RUNNING and time.monotonic() < deadline:
        env = execution.exec_worker.env
        if env is None or not env.is_running():
            time.sleep(0.01)  # just starting, or just ending
            continue
        with _lock, env._state_mutex:  # noqa: SLF001 - nothing may end the program meanwhile
            if env.is_running():
                env.event_manager.add_event(
                    env.event_history_context, HistoryEventType.ExecutionAborted, event
                )
                env.set_stop(stop_date=now, cause=cause, error=error)
                execution.exec_status = ExecutionStatus.ABORTED
                execution.stop_date = now
                execution.error = error
                execution.cause = cause
    stopped: datetime = execution.stop_date or now
    return stopped


def _stop_execution(self: Any) -> Any:
    from moto.core.responses import ActionResult

    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    when = stop(execution, self._get_param("error"), self._get_param("cause"))
    return ActionResult({"stopDate": when})


def _send_task_failure(self: Any) -> Any:
    """Moto's own loses the cause."""
    from moto.core.responses import EmptyResult

    self.stepfunction_backend.send_task_failure(
        self._get_param("taskToken"), error=self._get_param("error"), cause=self._get_param("cause")
    )
    return EmptyResult()


def _describe_execution(self: Any) -> Any:
    from moto.core.responses import ActionResult

    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    with _lock:
        answer = {k: v for k, v in execution.to_describe_output().items() if v is not None}
    answer["status"] = answer["status"].value
    answer["stateMachineArn"] = _machine_arn(execution)
    if self._get_param("includedData") == "METADATA_ONLY":
        for name in ("input", "inputDetails", "output", "outputDetails"):
            answer.pop(name, None)
    return ActionResult(answer)


def _list_executions(self: Any) -> Any:
    from moto.core.responses import ActionResult

    for name in ("mapRunArn", "redriveFilter"):
        if self._get_param(name):
            raise NotEmulated(f"stepfunctions ListExecutions parameter {name}")
    with _lock:  # an execution that is just starting has no status yet
        found, token = self.stepfunction_backend.list_executions(
            self._get_param("stateMachineArn"),
            status_filter=self._get_param("statusFilter"),
            max_results=self._get_int_param("maxResults"),
            next_token=self._get_param("nextToken"),
        )
    listed = [
        {
            "executionArn": execution.execution_arn,
            "stateMachineArn": _machine_arn(execution),
            "name": execution.name,
            "status": execution.status,
            "startDate": execution.start_date,
            **({"stopDate": execution.stop_date} if execution.stop_date else {}),
        }
        for execution in found
    ]
    return ActionResult({"executions": listed, **({"nextToken": token} if token else {})})


def _describe_state_machine_for_execution(self: Any) -> Any:
    from moto.core.responses import ActionResult

    execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
    if self._get_param("includedData") == "METADATA_ONLY":
        raise NotEmulated("stepfunctions includedData METADATA_ONLY of a state machine")
    machine = execution.state_machine  # as it was when the execution started
    return ActionResult(
        {
            "stateMachineArn": _machine_arn(execution),
            "name": machine.name,
            "definition": machine.definition,
            "roleArn": machine.roleArn,
            "updateDate": machine.update_date,
            "loggingConfiguration": machine.loggingConfiguration,
        }
    )


def _machine_arn(execution: Any) -> str:
    """ARN of the state machine itself, without the version an execution was started from."""
    parts = str(execution.state_machine_arn).split(":")
    return ":".join(parts[:7])


def _refuse_constant(name: str) -> None:
    """Python takes NaN and Infinity for JSON."""
    raise ValueError(f"{name} is not JSON")


def check_input(text: str) -> None:
    """Refuse an input that AWS would refuse.

    Raises:
        ServiceError: longer than 262,144 bytes (quota "Maximum input or output size",
            https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html), or no JSON.
    """
    try:
        json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ServiceError(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: {error}"
        ) from error
    limit = 262_144
    if len(text.encode()) > limit:
        raise ServiceError(
            "ValidationException",
            "1 validation error detected: Value at 'input' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit}",
        )
