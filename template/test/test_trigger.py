"""The trigger: every event starts the runs it asks for, each of them once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

import lambda_function

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:WORKFLOW"
EXECUTION = "arn:aws:states:us-east-1:123456789012:execution:WORKFLOW"
STARTED = {"executionArn": f"{EXECUTION}:run", "startDate": 0}
NOON = "2026-01-31T12:00:00Z"


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    """Step Functions that answers as told, and fails when asked anything else."""
    monkeypatch.setenv("STATE_MACHINE_ARN", MACHINE)
    monkeypatch.setenv("PROJECT", "2026-domain-topic")
    monkeypatch.setenv("PURPOSE", "purpose")
    monkeypatch.setenv("RESULT_S3_BUCKET", "bucket")
    monkeypatch.setenv("DIGEST_LENGTH", "0")
    client = boto3.client(
        "stepfunctions",
        region_name="us-east-1",
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",  # noqa: S106 - opens nothing
    )
    monkeypatch.setattr(lambda_function, "client", lambda: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def request(second: int = 0, key: str | None = None) -> dict[str, str]:
    """The input of a run."""
    text = {
        "ProcessingJobName": f"2026-domain-topic-purpose-202601311200{second:02}",
        "ResultPath": "s3://bucket/purpose",
    }
    return {**text, "InputPath": f"s3://data/{key}"} if key else text


def expect_start(stub: Stubber, asked: dict[str, str], *, taken_by: Any = None) -> None:
    """Answer one start, with success unless another run has the name."""
    name = asked["ProcessingJobName"]
    sent = {"stateMachineArn": MACHINE, "name": name, "input": json.dumps(asked)}
    if taken_by is None:
        stub.add_response("start_execution", STARTED, sent)
        return
    stub.add_client_error("start_execution", "ExecutionAlreadyExists", expected_params=sent)
    described = {
        "executionArn": f"{EXECUTION}:{name}",
        "stateMachineArn": MACHINE,
        "status": "SUCCEEDED",
        "startDate": 0,
        "input": json.dumps(taken_by),
    }
    asked_for = {"executionArn": f"{EXECUTION}:{name}"}
    stub.add_response("describe_execution", described, asked_for)


def notification(*keys: str) -> dict[str, Any]:
    """What S3 sends."""
    s3 = [{"bucket": {"name": "data"}, "object": {"key": key}} for key in keys]
    return {"Records": [{"eventTime": NOON, "s3": one} for one in s3]}


def test_a_schedule_starts_one_run_on_the_default_input(stub: Stubber) -> None:
    expect_start(stub, request())
    event = {"source": "aws.scheduler", "time": NOON, "detail": "{}"}
    ended = lambda_function.lambda_handler(event, None)
    assert ended == {"executions": ["2026-domain-topic-purpose-20260131120000"]}


def test_an_empty_event_starts_one_run_now(stub: Stubber) -> None:
    stub.add_response("start_execution", STARTED)
    (name,) = lambda_function.lambda_handler({}, None)["executions"]
    assert name.startswith("2026-domain-topic-purpose-2")


def test_a_new_object_is_the_input(stub: Stubber) -> None:
    expect_start(stub, request(key="in/a+b.csv"))
    detail = {"bucket": {"name": "data"}, "object": {"key": "in/a+b.csv"}}
    lambda_function.lambda_handler({"time": NOON, "detail": detail}, None)


def test_each_record_starts_a_run_with_its_key_decoded(stub: Stubber) -> None:
    expect_start(stub, request(0, "in/a b.csv"))
    expect_start(stub, request(0, "in/ü.csv"), taken_by=request(0, "in/a b.csv"))
    expect_start(stub, request(1, "in/ü.csv"))
    event = notification("in/a+b.csv", "in/%C3%BC.csv")
    assert len(lambda_function.lambda_handler(event, None)["executions"]) == 2


def test_an_event_that_comes_twice_runs_once(stub: Stubber) -> None:
    expect_start(stub, request(0, "in/a.csv"), taken_by=request(0, "in/a.csv"))
    ended = lambda_function.lambda_handler(notification("in/a.csv"), None)
    assert ended == {"executions": ["2026-domain-topic-purpose-20260131120000"]}


def test_folders_and_test_events_start_nothing(stub: Stubber) -> None:
    assert lambda_function.lambda_handler(notification("in/"), None) == {"executions": []}
    assert lambda_function.lambda_handler({"Event": "s3:TestEvent"}, None) == {"executions": []}


def test_objects_of_one_second_have_names_of_their_own(
    stub: Stubber, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_LENGTH", "8")
    event = notification("in/a.csv", "in/b.csv")
    for _ in range(4):
        stub.add_response("start_execution", STARTED)
    first, second = lambda_function.lambda_handler(event, None)["executions"]
    event["Records"].reverse()
    assert lambda_function.lambda_handler(event, None)["executions"] == [second, first]
    assert first != second
    assert re.fullmatch(r"2026-domain-topic-purpose-20260131120000-[0-9a-f]{8}", first)


def test_one_that_cannot_be_started_does_not_stop_the_others(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "ThrottlingException")
    expect_start(stub, request(0, "in/b.csv"))
    with pytest.raises(Exception, match="ThrottlingException"):
        lambda_function.lambda_handler(notification("in/a.csv", "in/b.csv"), None)


def test_other_errors_are_raised(stub: Stubber) -> None:
    stub.add_client_error("start_execution", "StateMachineDoesNotExist")
    with pytest.raises(Exception, match="StateMachineDoesNotExist"):
        lambda_function.lambda_handler({}, None)


def test_log_lines_are_json(stub: Stubber, capsys: pytest.CaptureFixture[str]) -> None:
    stub.add_response("start_execution", STARTED)
    lambda_function.lambda_handler({}, None)
    assert json.loads(capsys.readouterr().out)["message"] == "started"
