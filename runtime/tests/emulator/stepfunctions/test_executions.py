"""Executions start once, stop at once, and tell how they ended."""

from __future__ import annotations

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

WAIT: dict[str, Any] = {
    "StartAt": "A",
    "States": {"A": {"Type": "Wait", "Seconds": 300, "End": True}},
}
PASS: dict[str, Any] = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}


def code_of(raised: pytest.ExceptionInfo[ClientError]) -> str:
    return str(raised.value.response["Error"]["Code"])


def test_an_unnamed_execution_gets_a_name_that_the_context_object_shows(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    parameters = {
        "name.$": "$$.Execution.Name",
        "id.$": "$$.Execution.Id",
        "start.$": "$$.Execution.StartTime",
        "entered.$": "$$.State.EnteredTime",
        "machine.$": "$$.StateMachine.Name",
        "redriven.$": "$$.Execution.RedriveCount",
        "retried.$": "$$.State.RetryCount",
    }
    described = bench.run(one_state(Type="Pass", Parameters=parameters))
    shown = json.loads(described["output"])
    assert shown["name"] == described["name"] == described["executionArn"].rpartition(":")[2]
    assert shown["id"] == described["executionArn"]
    assert shown["machine"] == described["stateMachineArn"].rpartition(":")[2]
    assert (shown["redriven"], shown["retried"]) == (0, 0)
    for name in ("start", "entered"):
        assert datetime.strptime(shown[name], "%Y-%m-%dT%H:%M:%S.%fZ").replace(
            tzinfo=timezone.utc
        ) <= datetime.now(timezone.utc)


def test_the_same_name_and_input_start_one_execution_while_it_runs(bench: Workbench) -> None:
    request = {"stateMachineArn": bench.machine(WAIT), "name": "once", "input": '{"a": 1}'}
    first = bench.sfn.start_execution(**request)
    again = bench.sfn.start_execution(**request)
    assert again["executionArn"] == first["executionArn"]
    assert again["startDate"] == first["startDate"]
    with pytest.raises(ClientError) as raised:
        bench.sfn.start_execution(**{**request, "input": '{"a": 2}'})
    assert code_of(raised) == "ExecutionAlreadyExists"
    bench.sfn.stop_execution(executionArn=first["executionArn"])
    with pytest.raises(ClientError) as raised:
        bench.sfn.start_execution(**request)
    assert code_of(raised) == "ExecutionAlreadyExists"


def test_many_starts_of_one_name_at_once_start_one_execution(bench: Workbench) -> None:
    request = {"stateMachineArn": bench.machine(WAIT), "name": "race", "input": "{}"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: bench.sfn.start_execution(**request), range(8)))
    assert len({answer["executionArn"] for answer in answers}) == 1
    listed = bench.sfn.list_executions(stateMachineArn=request["stateMachineArn"])["executions"]
    assert len(listed) == 1
    bench.sfn.stop_execution(executionArn=listed[0]["executionArn"])


def test_executions_can_be_listed_while_others_start(bench: Workbench) -> None:
    machine = bench.machine(WAIT)
    with ThreadPoolExecutor(8) as pool:
        started = [
            pool.submit(bench.sfn.start_execution, stateMachineArn=machine) for _ in range(8)
        ]
        listings = [
            pool.submit(bench.sfn.list_executions, stateMachineArn=machine) for _ in range(16)
        ]
        answers = [one.result()["executions"] for one in listings]
    assert {one["status"] for answer in answers for one in answer} <= {"RUNNING"}
    for one in started:
        bench.sfn.stop_execution(executionArn=one.result()["executionArn"])


@pytest.mark.parametrize("name", ["a b", "x" * 81, "a/b", "a#b"])
def test_a_name_that_aws_would_refuse_is_refused(bench: Workbench, name: str) -> None:
    with pytest.raises(ClientError) as raised:
        bench.sfn.start_execution(stateMachineArn=bench.machine(PASS), name=name)
    assert code_of(raised) in ("InvalidName", "ValidationException")


def test_an_input_that_is_not_json_or_too_long_is_refused(bench: Workbench) -> None:
    machine = bench.machine(PASS)
    for text in ("{", '{"a": NaN}', "[" * 100_000):
        with pytest.raises(ClientError) as raised:
            bench.sfn.start_execution(stateMachineArn=machine, input=text)
        assert code_of(raised) == "InvalidExecutionInput"
    with pytest.raises(ClientError) as raised:
        bench.sfn.start_execution(stateMachineArn=machine, input=json.dumps("x" * 262_144))
    assert code_of(raised) == "ValidationException"


def test_stop_execution_ends_a_wait_at_once_and_keeps_error_and_cause(bench: Workbench) -> None:
    execution = bench.start(WAIT)
    started = time.monotonic()
    stopped = bench.sfn.stop_execution(executionArn=execution, error="Enough", cause="lunch")
    described = bench.sfn.describe_execution(executionArn=execution)
    assert time.monotonic() - started < 60
    assert described["status"] == "ABORTED"
    assert (described["error"], described["cause"]) == ("Enough", "lunch")
    assert described["stopDate"] == stopped["stopDate"]
    assert "output" not in described
    history = bench.sfn.get_execution_history(executionArn=execution)["events"]
    assert history[-1]["type"] == "ExecutionAborted"
    assert history[-1]["executionAbortedEventDetails"] == {"error": "Enough", "cause": "lunch"}


@pytest.mark.parametrize("kind", ["Parallel", "Map"])
def test_stop_execution_ends_branches_and_items(bench: Workbench, kind: str) -> None:
    inner: dict[str, Any] = {"StartAt": "W", "States": {"W": WAIT["States"]["A"]}}
    fields: dict[str, Any] = {"Branches": [inner]}
    if kind == "Map":
        fields = {"ItemProcessor": inner, "ItemsPath": "$.items"}
    definition = {"StartAt": "A", "States": {"A": {"Type": kind, "End": True, **fields}}}
    execution = bench.start(definition, {"items": [1, 2]})
    while "WaitStateEntered" not in bench.events(execution):
        time.sleep(0.02)
    bench.sfn.stop_execution(executionArn=execution)
    assert bench.sfn.describe_execution(executionArn=execution)["status"] == "ABORTED"
    events = bench.events(execution)
    assert events[-1] == "ExecutionAborted"
    assert not [event for event in events if event.endswith("Succeeded")]


def test_a_stopped_execution_stays_stopped_and_a_finished_one_finished(bench: Workbench) -> None:
    described = bench.run(PASS)
    answer = bench.sfn.stop_execution(executionArn=described["executionArn"])
    assert answer["stopDate"] == described["stopDate"]
    again = bench.sfn.describe_execution(executionArn=described["executionArn"])
    assert again["status"] == "SUCCEEDED"


def test_a_machine_that_takes_too_long_times_out(bench: Workbench) -> None:
    described = bench.run({**WAIT, "TimeoutSeconds": 1})
    assert described["status"] == "TIMED_OUT"
    assert described["stopDate"] > described["startDate"]
    assert bench.events(described["executionArn"])[-1] == "ExecutionTimedOut"


def test_an_output_that_is_text_stays_json(bench: Workbench, one_state: Callable[..., Any]) -> None:
    described = bench.run(one_state(Type="Pass", Result="text"))
    assert described["output"] == '"text"'
    assert described["input"] == "{}"


def test_metadata_only_leaves_input_and_output_out(bench: Workbench) -> None:
    execution = bench.run(PASS)["executionArn"]
    described = bench.sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert "output" not in described
    assert "input" not in described


def test_executions_are_listed_newest_first_filtered_and_paged(bench: Workbench) -> None:
    machine = bench.machine(PASS)
    for number in range(3):
        started = bench.sfn.start_execution(stateMachineArn=machine, name=f"e{number}")
        bench.finish(started["executionArn"])
    listed = bench.sfn.list_executions(stateMachineArn=machine)["executions"]
    assert [each["name"] for each in listed] == ["e2", "e1", "e0"]
    assert all(each["stopDate"] for each in listed)
    request = {"stateMachineArn": machine, "statusFilter": "RUNNING"}
    assert bench.sfn.list_executions(**request)["executions"] == []
    pages = bench.sfn.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 2}
    )
    assert [len(page["executions"]) for page in pages] == [2, 1]


def test_an_execution_that_does_not_exist_is_said_not_to_exist(bench: Workbench) -> None:
    arn = bench.run(PASS)["executionArn"].rpartition(":")[0] + ":" + uuid.uuid4().hex
    for operation in ("describe_execution", "stop_execution", "get_execution_history"):
        with pytest.raises(ClientError) as raised:
            getattr(bench.sfn, operation)(executionArn=arn)
        assert code_of(raised) == "ExecutionDoesNotExist"
