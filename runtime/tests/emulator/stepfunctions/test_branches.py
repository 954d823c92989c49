"""A branch's or an iteration's error is the error of the Parallel or Map state around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Workbench

START: dict[str, Any] = {
    "Type": "Task",
    "Resource": "arn:aws:states:::states:startExecution.sync",
}
CHILD_FAILS = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
NO_PATH = {"Type": "Pass", "Parameters": {"x.$": "$.absent"}, "End": True}
NO_MATCH = {"Type": "Choice", "Choices": [{"Variable": "$.x", "IsPresent": True, "Next": "S"}]}
WHERE = "An error occurred while executing the state 'A'"


def branch(**states: Any) -> dict[str, Any]:
    return {"StartAt": "A", "States": states}


def around(kind: str, inner: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A definition with one Parallel or Map state around a branch."""
    if kind == "Parallel":
        outer = {"Type": "Parallel", "Branches": [inner], **fields}
    else:
        config = {"ProcessorConfig": {"Mode": "INLINE"}}
        outer = {"Type": "Map", "ItemProcessor": {**config, **inner}, "ItemsPath": "$.l", **fields}
    states: dict[str, Any] = {"P": outer}
    if "Next" in fields:
        states["Z"] = {"Type": "Pass", "End": True}
    return {"StartAt": "P", "States": states}


@pytest.fixture
def failing(bench: Workbench) -> dict[str, Any]:
    """A branch whose task fails with States.TaskFailed."""
    parameters = {"StateMachineArn": bench.machine(CHILD_FAILS)}
    return branch(A={**START, "Parameters": parameters, "End": True})


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_the_error_and_its_cause_come_through(
    bench: Workbench, failing: dict[str, Any], kind: str
) -> None:
    described = bench.run(around(kind, failing, End=True), {"l": [1]})
    assert described["error"] == "States.TaskFailed"
    assert '"Error":"E"' in described["cause"]
    described = bench.run(around(kind, branch(A=NO_PATH), End=True), {"l": [{}]})
    assert described["error"] == "States.Runtime"
    assert described["cause"].count(WHERE) == 1
    assert "'$.absent'" in described["cause"]
    no_match = branch(A=NO_MATCH, S={"Type": "Succeed"})
    described = bench.run(around(kind, no_match, End=True), {"l": [{}]})
    assert described["error"] == "States.NoChoiceMatched"


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
@pytest.mark.parametrize("name", ["States.TaskFailed", "States.ALL"])
def test_the_state_around_catches_it(
    bench: Workbench, failing: dict[str, Any], kind: str, name: str
) -> None:
    catch = [{"ErrorEquals": [name], "Next": "Z", "ResultPath": "$.e"}]
    output = bench.output(around(kind, failing, Next="Z", Catch=catch), {"l": [1]})
    assert output["e"]["Error"] == "States.TaskFailed"


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_the_state_around_retries_it(bench: Workbench, failing: dict[str, Any], kind: str) -> None:
    retry = [{"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    execution = bench.start(around(kind, failing, End=True, Retry=retry), {"l": [1]})
    assert bench.finish(execution)["error"] == "States.TaskFailed"
    assert bench.events(execution).count("TaskFailed") == 2


@pytest.mark.parametrize("field", ["ItemProcessor", "Iterator"])
def test_an_item_that_fails_fails_a_distributed_map(bench: Workbench, field: str) -> None:
    definition = around("Map", CHILD_FAILS, Next="Z")
    state = definition["States"]["P"]
    state[field] = state.pop("ItemProcessor")
    state[field]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    described = bench.run(definition, {"l": [1, 2]})
    assert described["error"] == "States.ExceedToleratedFailureThreshold"
    assert "failed with E: c" in described["cause"]
    name = "States.ExceedToleratedFailureThreshold"
    state["Catch"] = [{"ErrorEquals": [name], "Next": "Z"}]
    assert bench.output(definition, {"l": [1, 2]})["Error"] == name


def test_an_item_without_an_input_fails_a_distributed_map(bench: Workbench) -> None:
    succeeds = {"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    definition = around("Map", succeeds, End=True, ItemSelector={"x.$": "$.absent"})
    processor = definition["States"]["P"]["ItemProcessor"]
    processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    described = bench.run(definition, {"l": [1, 2]})
    assert described["error"] == "States.ExceedToleratedFailureThreshold"


def test_a_task_token_may_fail_with_an_error_of_the_language(bench: Workbench) -> None:
    send = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskFailure",
        "Parameters": {"TaskToken.$": "$.t", "Error": "States.Timeout", "Cause": "late"},
        "End": True,
    }
    sender = bench.machine({"StartAt": "A", "States": {"A": send}})
    wait = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken",
        "Parameters": {"StateMachineArn": sender, "Input": {"t.$": "$$.Task.Token"}},
        "End": True,
    }
    described = bench.run({"StartAt": "A", "States": {"A": wait}})
    assert (described["error"], described["cause"]) == ("States.Timeout", "late")
