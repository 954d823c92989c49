"""Asynchronous invocations: tried again on the clock, and told of when they fail for good."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}
ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
HANGS = "import time\ndef handler(event, context):\n    time.sleep(600)\n"
FAILS = "def handler(event, context):\n    raise ValueError('attempt ' + context.aws_request_id)\n"
WORKS = "def handler(event, context):\n    return {'got': event}\n"


@pytest.fixture(scope="module")
def turned() -> Iterator[LocalAws]:
    """A local AWS whose clock these tests turn, with a role for its functions."""
    with LocalAws() as aws:
        iam = aws.client("iam")
        iam.create_role(RoleName="function", AssumeRolePolicyDocument=json.dumps(TRUST))
        iam.put_role_policy(RoleName="function", PolicyName="all", PolicyDocument=json.dumps(ALL))
        yield aws


@pytest.fixture
def function(turned: LocalAws, unique: Callable[[str], str]) -> Callable[..., str]:
    """Makes a function of a few lines."""

    def make(code: str, **settings: Any) -> str:
        body, name = io.BytesIO(), unique("function")
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("app.py", code)
        role = f"arn:aws:iam::{turned.account}:role/function"
        turned.client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": body.getvalue()},
            **{"Role": role, **settings},
        )
        return name

    return make


@pytest.fixture
def queue(turned: LocalAws, unique: Callable[[str], str]) -> tuple[str, str]:
    """URL and ARN of a queue; the function's role may send to it."""
    name = unique("told")
    made = turned.client("sqs").create_queue(QueueName=name)
    return str(made["QueueUrl"]), f"arn:aws:sqs:{turned.region}:{turned.account}:{name}"


def told(aws: LocalAws, url: str) -> dict[str, Any]:
    """The next message of a queue."""
    found = aws.client("sqs").receive_message(
        QueueUrl=url, WaitTimeSeconds=20, MessageAttributeNames=["All"]
    )
    return dict(found["Messages"][0])


def attempts(aws: LocalAws, name: str) -> int:
    """How often a function has failed."""
    logs = aws.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}")
        return sum("REPORT" in message for message in pages.search("events[].message") if message)
    except logs.exceptions.ResourceNotFoundException:
        return 0


def has_tried(aws: LocalAws, name: str, times: int) -> bool:
    """Whether a function has failed so many times; else some time goes by."""
    return attempts(aws, name) == times or not aws.turn_clock(seconds=10)


def test_a_failure_is_tried_twice_more_and_then_told(
    turned: LocalAws,
    function: Callable[..., str],
    queue: tuple[str, str],
    until: Callable[[Callable[[], Any], str], Any],
) -> None:
    url, arn = queue
    name, begun = function(FAILS, DeadLetterConfig={"TargetArn": arn}), turned.turn_clock(seconds=0)
    client = turned.client("lambda")
    client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 1}')
    until(partial(has_tried, turned, name, 3), "three attempts")
    letter = told(turned, url)
    said = {key: value["StringValue"] for key, value in letter["MessageAttributes"].items()}
    assert json.loads(letter["Body"]) == {"n": 1}
    assert said["ErrorMessage"] == f"attempt {said['RequestID']}"
    assert said["ErrorCode"] == "200"
    assert turned.turn_clock(seconds=0) - begun >= timedelta(minutes=3)


def test_a_function_that_times_out_is_tried_again_and_then_told(
    turned: LocalAws,
    function: Callable[..., str],
    queue: tuple[str, str],
    until: Callable[[Callable[[], Any], str], Any],
) -> None:
    url, arn = queue
    name, client = (
        function(HANGS, DeadLetterConfig={"TargetArn": arn}, Timeout=1),
        turned.client("lambda"),
    )
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 1}')
    until(partial(has_tried, turned, name, 2), "two attempts")
    letter = told(turned, url)
    error = letter["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert json.loads(letter["Body"]) == {"n": 1}
    assert "Task timed out after 1.00 seconds" in error
    assert attempts(turned, name) == 2


@pytest.mark.parametrize(
    ("settings", "condition"),
    [
        ({"MaximumRetryAttempts": 0}, "RetriesExhausted"),
        ({"MaximumEventAgeInSeconds": 60}, "EventAgeExceeded"),
    ],
    ids=["retries", "age"],
)
def test_a_failure_goes_to_its_destination(
    turned: LocalAws,
    function: Callable[..., str],
    queue: tuple[str, str],
    settings: dict[str, int],
    condition: str,
) -> None:
    url, arn = queue
    name, client = function(FAILS), turned.client("lambda")
    made = client.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}}, **settings
    )
    assert made["FunctionArn"].endswith(f"{name}:$LATEST")
    client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 1}')
    if condition == "EventAgeExceeded":
        turned.turn_clock(seconds=30)  # the second attempt would come too late
    record = json.loads(told(turned, url)["Body"])
    assert record["requestContext"]["condition"] == condition
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["requestPayload"] == {"n": 1}
    assert record["responseContext"]["functionError"] == "Unhandled"
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_success_goes_to_its_destination(
    turned: LocalAws, function: Callable[..., str], queue: tuple[str, str]
) -> None:
    url, arn = queue
    name, client = function(WORKS), turned.client("lambda")
    wanted = {"OnSuccess": {"Destination": arn}}
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=wanted)
    client.invoke(FunctionName=name, InvocationType="Event", Payload='{"n": 1}')
    record = json.loads(told(turned, url)["Body"])
    assert record["requestContext"]["condition"] == "Success"
    assert record["responsePayload"] == {"got": {"n": 1}}


def test_the_function_s_own_role_must_be_allowed_to_tell(
    turned: LocalAws, function: Callable[..., str], queue: tuple[str, str]
) -> None:
    """Whatever the queue's policy says: as AWS, when the function is configured."""
    iam, client, (_, arn) = turned.client("iam"), turned.client("lambda"), queue
    bare = iam.create_role(RoleName="bare", AssumeRolePolicyDocument=json.dumps(TRUST))
    settings = {"Role": bare["Role"]["Arn"]}
    name = function(WORKS, **settings)
    refused = pytest.raises(ClientError, match="permissions to call SendMessage on SQS")
    with refused:
        function(WORKS, DeadLetterConfig={"TargetArn": arn}, **settings)
    with refused:
        client.update_function_configuration(FunctionName=name, DeadLetterConfig={"TargetArn": arn})
    with refused:
        client.put_function_event_invoke_config(
            FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}}
        )


def test_settings_are_kept_changed_and_forgotten(
    turned: LocalAws, function: Callable[..., str]
) -> None:
    name, client = function(WORKS), turned.client("lambda")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_event_invoke_config(FunctionName=name)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    client.update_function_event_invoke_config(FunctionName=name, MaximumEventAgeInSeconds=60)
    found = client.get_function_event_invoke_config(FunctionName=name, Qualifier="$LATEST")
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (1, 60)
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=2)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert "MaximumEventAgeInSeconds" not in found
    client.delete_function_event_invoke_config(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_function_event_invoke_config(FunctionName=name)
    bucket = {"OnFailure": {"Destination": "arn:aws:s3:::bucket"}}
    with pytest.raises(ClientError, match=r"NotEmulated.*arn:aws:s3:::bucket"):
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=bucket)
