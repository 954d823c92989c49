"""A state machine that logs writes each event of its executions to its log group."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from .conftest import Workbench

DEFINITION = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Pass", "Next": "F"},
        "F": {"Type": "Fail", "Error": "E", "Cause": "C"},
    },
}


def logged(bench: Workbench, level: str, *, data: bool) -> list[dict[str, Any]]:
    """What an execution of DEFINITION leaves in the log group."""
    logs = bench.aws.client("logs")
    group = f"/machines/{uuid.uuid4().hex}"
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}:*"
    machine = bench.machine(
        DEFINITION,
        loggingConfiguration={
            "level": level,
            "includeExecutionData": data,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}}],
        },
    )
    bench.finish(bench.sfn.start_execution(stateMachineArn=machine)["executionArn"])
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        found = logs.filter_log_events(logGroupName=group)["events"]
        messages = [json.loads(event["message"]) for event in found]
        if messages and messages[-1]["type"] == "ExecutionFailed":
            return messages
        time.sleep(0.05)
    pytest.fail("the end of the execution was not logged")


def test_level_all_logs_every_event_with_its_data(bench: Workbench) -> None:
    messages = logged(bench, "ALL", data=True)
    assert [message["type"] for message in messages] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "FailStateEntered",
        "ExecutionFailed",
    ]
    assert messages[0]["details"]["input"] == "{}"
    assert messages[-1]["details"] == {"error": "E", "cause": "C"}
    assert messages[0]["execution_arn"].startswith("arn:aws:states:us-east-1:")


def test_level_error_logs_failures_without_data(bench: Workbench) -> None:
    messages = logged(bench, "ERROR", data=False)
    assert [message["type"] for message in messages] == ["FailStateEntered", "ExecutionFailed"]
    assert "input" not in messages[0]["details"]


@pytest.mark.parametrize(
    "destinations", [[], ["arn:aws:logs:us-east-1:123456789012:log-group:none:*"]]
)
def test_a_log_group_that_is_not_there_is_refused(
    bench: Workbench, destinations: list[str]
) -> None:
    listed = [{"cloudWatchLogsLogGroup": {"logGroupArn": arn}} for arn in destinations]
    with pytest.raises(ClientError) as raised:
        bench.machine(DEFINITION, loggingConfiguration={"level": "ALL", "destinations": listed})
    assert raised.value.response["Error"]["Code"] == "InvalidLoggingConfiguration"
