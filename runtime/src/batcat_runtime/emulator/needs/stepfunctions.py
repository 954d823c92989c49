"""Step Functions; a state machine is handed the role that it runs with."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .asked import Asked, Need

PREFIX = "states"
PRINCIPAL = "states.amazonaws.com"
_MACHINE, _EXECUTION = "{stateMachineArn}", "{executionArn}"
RESOURCES = {
    "CreateStateMachine": "stateMachine:{name}",
    "UpdateStateMachine": _MACHINE,
    "DeleteStateMachine": _MACHINE,
    "DescribeStateMachine": _MACHINE,
    "ListStateMachines": "stateMachine:*",
    "StartExecution": _MACHINE,
    "StopExecution": _EXECUTION,
    "DescribeExecution": _EXECUTION,
    "ListExecutions": _MACHINE,
    "GetExecutionHistory": _EXECUTION,
    "DescribeStateMachineForExecution": _EXECUTION,
    "TagResource": "{resourceArn}",
    "UntagResource": "{resourceArn}",
    "ListTagsForResource": "{resourceArn}",
    "ValidateStateMachineDefinition": "*",
    "SendTaskSuccess": "*",
    "SendTaskFailure": "*",
    "SendTaskHeartbeat": "*",
    "DescribeMapRun": "{mapRunArn}",
    "ListMapRuns": _EXECUTION,
}


def _pass_role(asked: Asked) -> list[Need]:
    tagging = asked.needs("TagResource", "stateMachine:{name}") if asked.get("tags") else []
    return [*tagging, *asked.pass_role(asked.get("roleArn"), PRINCIPAL)]


MORE = {"CreateStateMachine": _pass_role, "UpdateStateMachine": _pass_role}
