"""Task states call any API this server has: times as text, documents as bodies, errors by name."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator.stepfunctions import sdk_task

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

SDK = "arn:aws:states:::aws-sdk:"


@pytest.fixture(scope="module")
def bucket(bench: Workbench) -> str:
    name = f"b-{uuid.uuid4().hex}"
    bench.aws.client("s3").create_bucket(Bucket=name)
    return name


def task(one_state: Callable[..., Any], action: str, **parameters: Any) -> Any:
    return one_state(Type="Task", Resource=SDK + action, Parameters=parameters)


def test_put_object_takes_a_document_and_get_object_gives_text(
    bench: Workbench, one_state: Callable[..., Any], bucket: str
) -> None:
    put = task(one_state, "s3:putObject", Bucket=bucket, Key="k", Body={"x.$": "$.y"})
    assert "ETag" in bench.output(put, {"y": 1})
    stored = bench.aws.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read()
    assert stored == b'{"x":1}'
    got = bench.output(task(one_state, "s3:getObject", Bucket=bucket, Key="k"))
    assert got["Body"] == '{"x":1}'


def test_times_are_text(bench: Workbench, one_state: Callable[..., Any], bucket: str) -> None:
    bench.aws.client("s3").put_object(Bucket=bucket, Key="t", Body=b"")
    output = bench.output(task(one_state, "s3:listObjectsV2", Bucket=bucket, Prefix="t"))
    assert output["Contents"][0]["LastModified"].endswith("Z")


def test_members_begin_with_a_capital_whatever_the_api_says(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    definition = task(one_state, "sfn:listStateMachines", MaxResults=1)
    output = bench.output(definition)
    assert set(output["StateMachines"][0]) == {"StateMachineArn", "Name", "Type", "CreationDate"}


def test_errors_are_named_after_the_service_and_can_be_caught(
    bench: Workbench, one_state: Callable[..., Any], bucket: str
) -> None:
    definition = task(one_state, "s3:getObject", Bucket=bucket, Key="nope")
    described = bench.run(definition)
    assert described["error"] == "S3.NoSuchKeyException"
    assert "Service: S3, Status Code: 404" in described["cause"]


def test_log_groups_go_by_the_name_of_their_sdk(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    name = f"/g/{uuid.uuid4().hex}"
    bench.output(task(one_state, "cloudwatchlogs:createLogGroup", LogGroupName=name))
    found = bench.aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert [group["logGroupName"] for group in found] == [name]


def test_names_of_services_and_errors() -> None:
    class NoSuchBucket(Exception):  # noqa: N818 - boto3 names it so
        pass

    assert sdk_task.service_name("s3") == "S3"
    assert sdk_task.service_name("dynamodb") == "DynamoDb"
    assert sdk_task.error_name("S3", NoSuchBucket()) == "S3.NoSuchBucketException"


def test_a_document_where_text_goes_is_json() -> None:
    class Text:
        type_name = "string"

    assert json.loads(sdk_task.as_request(Text(), {"a": [1]})) == {"a": [1]}
