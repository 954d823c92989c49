"""Task states that start another state machine: ``states:startExecution``, ``.sync``, ``.sync:2``.

moto puts datetimes into the output, which break the execution, and lets the child run on when
the parent is stopped. With ``.sync`` the output's Input and Output are JSON text, with
``.sync:2`` they are JSON
(https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html).
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
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
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_sfn import (  # noqa: E501 - moto's name
    StateTaskServiceSfn,
)
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str

from batcat_runtime.emulator.patching import replace

from .tasks import pause, service_task

if TYPE_CHECKING:
    from collections.abc import Callable


def patch() -> None:
    """Replace how the engine starts and follows a child execution."""
    wait_for_token = StateTaskServiceSfn._eval_integration_pattern  # noqa: SLF001 - the patch

    def eval_integration_pattern(self: Any, env: Any, **parts: Any) -> None:
        if self.resource.condition == ResourceCondition.WaitForTaskToken:
            wait_for_token(self, env, **parts)
        else:
            region = parts["resource_runtime_part"].region
            client = boto_client.boto_client_for(
                region, "stepfunctions", parts["state_credentials"]
            )
            _follow(self, env, client)

    replace(
        StateTaskServiceSfn,
        _eval_service_task=service_task(_start),
        _eval_integration_pattern=eval_integration_pattern,
    )


def as_output(answer: dict[str, Any], *, parsed: bool) -> dict[str, Any]:
    """An answer of Step Functions' API as a state's output.

    Args:
        answer: of StartExecution or DescribeExecution.
        parsed: whether input and output become JSON.
    """
    shown: dict[str, Any] = {}
    for key, value in answer.items():
        if key == "ResponseMetadata":
            continue
        if isinstance(value, datetime):
            value = int(value.timestamp() * 1000)  # noqa: PLW2901 - the value to show
        elif parsed and key in ("input", "output"):
            value = json.loads(value)  # noqa: PLW2901 - the value to show
        elif isinstance(value, dict):
            value = {"Included": value.get("included", True)}  # noqa: PLW2901 - the value to show
        shown[key[:1].upper() + key[1:]] = value
    return shown


def _start(task: Any, client_of: Callable[[str], Any], parameters: dict[str, Any]) -> Any:
    del task
    client = client_of("stepfunctions")
    names = {"StateMachineArn": "stateMachineArn", "Input": "input", "Name": "name"}
    request = {names[key]: value for key, value in parameters.items() if key in names}
    return as_output(client.start_execution(**request), parsed=False)


def _follow(self: Any, env: Any, client: Any) -> None:
    arn = env.stack.pop()["ExecutionArn"]
    started = time.monotonic()
    parsed = self.resource.condition == ResourceCondition.Sync2
    while env.is_running():
        answer = client.describe_execution(executionArn=arn)
        if answer["status"] == "SUCCEEDED":
            env.stack.append(as_output(answer, parsed=parsed))
            return
        if answer["status"] != "RUNNING":
            raise _failed(self, env, as_output(answer, parsed=parsed))
        pause(env, started)
    with suppress(ClientError, BotoCoreError):
        client.stop_execution(executionArn=arn)
    env.stack.append(None)


def _failed(self: Any, env: Any, description: dict[str, Any]) -> Exception:
    kind = StatesErrorNameType.StatesTaskFailed
    details: Any = {
        "error": kind.to_name(),
        "cause": to_json_str(description, (",", ":")),
        "resource": self._get_sfn_resource(),
        "resourceType": self._get_sfn_resource_type(),
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
