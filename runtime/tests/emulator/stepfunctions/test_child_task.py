"""A Task state starts another state machine, follows it, and stops it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

RESOURCE = "arn:aws:states:::states:startExecution"
CHILD = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": {"done": 1}, "End": True}}}
WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 300, "End": True}}}


def parent(one_state: Callable[..., Any], machine: str, pattern: str) -> Any:
    parameters = {"StateMachineArn": machine, "Input": {"from.$": "$$.Execution.Name"}}
    return one_state(Type="Task", Resource=RESOURCE + pattern, Parameters=parameters)


@pytest.mark.parametrize(("pattern", "kind"), [(".sync", str), (".sync:2", dict)])
def test_the_output_of_the_child_is_text_or_json(
    bench: Workbench, one_state: Callable[..., Any], pattern: str, kind: type
) -> None:
    output = bench.output(parent(one_state, bench.machine(CHILD), pattern))
    assert output["Status"] == "SUCCEEDED"
    assert isinstance(output["Output"], kind)
    assert isinstance(output["Input"], kind)
    assert isinstance(output["StartDate"], int)


def test_without_sync_the_parent_goes_on(bench: Workbench, one_state: Callable[..., Any]) -> None:
    output = bench.output(parent(one_state, bench.machine(WAIT), ""))
    described = bench.sfn.describe_execution(executionArn=output["ExecutionArn"])
    assert described["status"] == "RUNNING"
    assert "from" in json.loads(described["input"])
    bench.sfn.stop_execution(executionArn=output["ExecutionArn"])


def test_a_child_that_fails_fails_the_parent(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    child = bench.machine({"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "E"}}})
    described = bench.run(parent(one_state, child, ".sync:2"))
    assert described["error"] == "States.TaskFailed"
    assert json.loads(described["cause"])["Error"] == "E"


def test_stopping_the_parent_stops_the_child(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    child = bench.machine(WAIT)
    execution = bench.start(parent(one_state, child, ".sync"))
    request = {"stateMachineArn": child, "statusFilter": "RUNNING"}
    while not (running := bench.sfn.list_executions(**request)["executions"]):
        time.sleep(0.02)
    bench.sfn.stop_execution(executionArn=execution)
    assert bench.finish(running[0]["executionArn"])["status"] == "ABORTED"
