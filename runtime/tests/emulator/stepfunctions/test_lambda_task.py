"""Task states run Lambda functions, by integration or by plain ARN."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

CODE = """
import boto3

def handler(event, context):
    machines = boto3.client("stepfunctions")
    if "fail" in event:
        raise ValueError(event["fail"])
    if "token" in event:
        machines.send_task_success(taskToken=event["token"], output='{"via": "token"}')
    if "refuse" in event:
        machines.send_task_failure(taskToken=event["refuse"], error="No", cause="way")
    return {"got": event}
"""


@pytest.fixture(scope="module")
def function(bench: Workbench) -> str:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("app.py", CODE)
    answer = bench.aws.client("lambda").create_function(
        FunctionName="task",
        Runtime="python3.12",
        Role=bench.role,
        Handler="app.handler",
        Timeout=30,
        Code={"ZipFile": body.getvalue()},
    )
    return str(answer["FunctionArn"])


def test_a_plain_arn_gives_the_functions_answer(
    bench: Workbench, one_state: Callable[..., Any], function: str
) -> None:
    assert bench.output(one_state(Type="Task", Resource=function), {"a": 1}) == {"got": {"a": 1}}


def test_lambda_invoke_gives_the_whole_answer(
    bench: Workbench, one_state: Callable[..., Any], function: str
) -> None:
    parameters = {"FunctionName": function, "Payload.$": "$"}
    definition = one_state(
        Type="Task", Resource="arn:aws:states:::lambda:invoke", Parameters=parameters
    )
    output = bench.output(definition, {"a": 1})
    assert output["Payload"] == {"got": {"a": 1}}
    assert output["StatusCode"] == 200


@pytest.mark.parametrize("plain", [True, False])
def test_an_exception_is_an_error_of_its_name(
    bench: Workbench, one_state: Callable[..., Any], function: str, plain: bool
) -> None:
    fields: dict[str, Any] = {"Resource": function}
    if not plain:
        fields = {
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"FunctionName": function, "Payload.$": "$"},
        }
    described = bench.run(one_state(Type="Task", **fields), {"fail": "bad"})
    assert described["error"] == "ValueError"
    assert json.loads(described["cause"])["errorMessage"] == "bad"


def test_a_task_token_ends_the_state(
    bench: Workbench, one_state: Callable[..., Any], function: str
) -> None:
    def waiting(key: str) -> Any:
        parameters = {"FunctionName": function, "Payload": {f"{key}.$": "$$.Task.Token"}}
        return one_state(
            Type="Task",
            Resource="arn:aws:states:::lambda:invoke.waitForTaskToken",
            TimeoutSeconds=60,
            Parameters=parameters,
        )

    assert bench.output(waiting("token")) == {"via": "token"}
    refused = bench.run(waiting("refuse"))
    assert (refused["error"], refused["cause"]) == ("No", "way")
