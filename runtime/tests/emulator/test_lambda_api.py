"""Lambda: what the API accepts, refuses, keeps and lists."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from runtime.tests.emulator.conftest import Functions, Store

    from batcat_runtime.emulator import LocalAws

KEY = "arn:aws:kms:us-east-1:123456789012:key/12345678-1234-1234-1234-123456789012"


def test_code_can_come_from_s3(functions: Functions, store: Store) -> None:
    """And a key that is not there is an error that names it."""
    package = functions.zipped(functions.handler("return 's3'"))
    store.s3.put_object(Bucket=store.bucket, Key="code.zip", Body=package)
    name = functions.make("", Code={"S3Bucket": store.bucket, "S3Key": "code.zip"})
    assert functions.call(name) == ("s3", None)
    exceptions = functions.client.exceptions
    with pytest.raises(exceptions.InvalidParameterValueException, match="NoSuchKey"):
        functions.make("", Code={"S3Bucket": store.bucket, "S3Key": "other.zip"})


def test_code_and_configuration_can_be_replaced(functions: Functions) -> None:
    """What is not given stays; the hash and the revision change."""
    client = functions.client
    name = functions.make(functions.handler("return 1"), Description="first", Timeout=7)
    before = client.get_function_configuration(FunctionName=name)
    client.update_function_code(
        FunctionName=name,
        ZipFile=functions.zipped(functions.handler("return 2")),
        Architectures=["arm64"],
    )
    client.update_function_configuration(FunctionName=name, Description="second")
    after = client.get_function(FunctionName=name)["Configuration"]
    assert functions.call(name) == (2, None)
    assert (after["Description"], after["Timeout"]) == ("second", 7)
    assert after["Architectures"] == ["arm64"]
    assert after["CodeSha256"] != before["CodeSha256"]
    with pytest.raises(client.exceptions.PreconditionFailedException):
        client.update_function_configuration(
            FunctionName=name, Timeout=1, RevisionId=before["RevisionId"]
        )


def test_functions_are_found_by_name_or_arn_and_can_be_deleted(
    functions: Functions, aws: LocalAws
) -> None:
    """A deleted one is not found, in AWS's words."""
    client, name = functions.client, functions.make(functions.handler("return 1"))
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    for spelling in (arn, f"{aws.account}:function:{name}", f"{arn}:$LATEST"):
        assert functions.call(spelling) == (1, None)
    pages = client.get_paginator("list_functions").paginate()
    assert name in pages.search("Functions[].FunctionName")
    client.delete_function(FunctionName=name)
    with pytest.raises(client.exceptions.ResourceNotFoundException, match="Function not found"):
        client.get_function(FunctionName=name)


def test_a_functions_name_is_used_once(functions: Functions) -> None:
    """ResourceConflictException, as in AWS."""
    name = functions.make("")
    with pytest.raises(functions.client.exceptions.ResourceConflictException):
        functions.make("", FunctionName=name)


def test_permissions_become_a_policy(functions: Functions) -> None:
    """One statement each, with its conditions; a second of the same id is refused."""
    client, name = functions.client, functions.make("")
    source = "arn:aws:events:us-east-1:123456789012:rule/daily"
    permission = {
        "FunctionName": name,
        "StatementId": "daily",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": source,
    }
    client.add_permission(**permission)
    with pytest.raises(client.exceptions.ResourceConflictException):
        client.add_permission(**permission)
    (statement,) = json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnLike": {"AWS:SourceArn": source}}
    client.remove_permission(FunctionName=name, StatementId="daily")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_policy(FunctionName=name)


def test_functions_are_tagged(functions: Functions) -> None:
    """Given at birth, added and removed."""
    client, name = functions.client, functions.make("", Tags={"team": "blue"})
    arn = client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    client.tag_resource(Resource=arn, Tags={"cost": "1"})
    client.untag_resource(Resource=arn, TagKeys=["team"])
    assert client.list_tags(Resource=arn)["Tags"] == {"cost": "1"}


@pytest.mark.parametrize(
    ("parameters", "named"),
    [
        ({"PackageType": "Image", "Code": {"ImageUri": "x"}}, "PackageType=Image"),
        ({"Runtime": "nodejs22.x"}, "Runtime nodejs22.x"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}, "Layers"),
        (
            {"DeadLetterConfig": {"TargetArn": "arn:aws:kinesis:us-east-1:123456789012:x"}},
            "arn:aws:kinesis",
        ),
        ({"Publish": True}, "Publish"),
        ({"Code": {"ZipFile": b"x", "SourceKMSKeyArn": KEY}}, "Code.SourceKMSKeyArn"),
        ({"SnapStart": {"ApplyOn": "PublishedVersions"}}, "SnapStart"),
        ({"LoggingConfig": {"LogFormat": "JSON"}}, "LoggingConfig"),
    ],
)
def test_what_is_not_emulated_is_refused_by_name(
    functions: Functions, parameters: dict[str, Any], named: str
) -> None:
    """Instead of being dropped."""
    with pytest.raises(functions.client.exceptions.ClientError) as caught:
        functions.make("", **parameters)
    assert caught.value.response["Error"]["Code"] == "NotEmulated"
    assert named in caught.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"Role": "arn:aws:iam::123456789012:role/nobody"}, "cannot be assumed by Lambda"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "Reserved keys used"),
        ({"Code": {"ZipFile": b"no zip"}}, "Could not unzip uploaded file"),
        ({"Timeout": 901}, "at most 900 seconds"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "exceeded the 4KB limit"),
    ],
)
def test_what_aws_refuses_is_refused(
    functions: Functions, parameters: dict[str, Any], message: str
) -> None:
    """InvalidParameterValueException, in AWS's words where they are known."""
    exceptions = functions.client.exceptions
    with pytest.raises(exceptions.InvalidParameterValueException, match=message):
        functions.make("", **parameters)
