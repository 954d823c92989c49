"""S3 tells EventBridge and Lambda what happened, in the documented forms."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Target

KEY = "in/größe a+b.csv"


@pytest.fixture
def bucket(target: Target, new_name: Callable[[], str]) -> str:
    name = new_name()
    target.aws.client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def rule(target: Target, new_name: Callable[[], str], bucket: str) -> str:
    """A rule that sends Object Created under in/ to the target."""
    events, name = target.aws.client("events"), new_name()
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": [{"prefix": "in/"}]}},
    }
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(
        Rule=name, Targets=[{"Id": "m", "Arn": target.machine, "RoleArn": target.role}]
    )
    return name


def test_a_new_object_is_an_event_with_its_key_as_it_is(
    target: Target,
    bucket: str,
    rule: str,  # noqa: ARG001 - it must exist
) -> None:
    s3 = target.aws.client("s3")
    s3.put_object(Bucket=bucket, Key="in/before", Body=b"x")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    shown = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert shown["EventBridgeConfiguration"] == {}
    s3.put_object(Bucket=bucket, Key="out/other", Body=b"x")
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"hello")
    (event,) = target.wait(1)
    assert event["source"] == "aws.s3"
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    detail = event["detail"]
    assert detail["bucket"] == {"name": bucket}
    assert detail["reason"] == "PutObject"
    assert detail["object"]["key"] == KEY
    assert detail["object"]["size"] == 5
    assert detail["object"]["etag"] == hashlib.md5(b"hello", usedforsecurity=False).hexdigest()
    assert int(detail["object"]["sequencer"], 16) > 0


def test_the_reason_tells_how_the_object_came(
    target: Target,
    bucket: str,
    rule: str,  # noqa: ARG001 - it must exist
) -> None:
    s3 = target.aws.client("s3")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    s3.put_object(Bucket=bucket, Key="source", Body=b"x")
    s3.copy_object(Bucket=bucket, Key="in/copy", CopySource=f"{bucket}/source")
    upload = s3.create_multipart_upload(Bucket=bucket, Key="in/parts")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="in/parts", UploadId=upload, PartNumber=1, Body=b"x")
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="in/parts",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    details = [event["detail"] for event in target.wait(2)]
    reasons = {detail["object"]["key"]: detail["reason"] for detail in details}
    assert reasons == {"in/copy": "CopyObject", "in/parts": "CompleteMultipartUpload"}


def test_a_notified_function_receives_records_with_the_key_encoded(
    target: Target, bucket: str
) -> None:
    s3, function = target.aws.client("s3"), target.function()
    wanted = {
        "LambdaFunctionArn": function,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/"}]}},
    }
    request = {
        "Bucket": bucket,
        "NotificationConfiguration": {"LambdaFunctionConfigurations": [wanted]},
    }
    with pytest.raises(ClientError, match="destination configurations"):
        s3.put_bucket_notification_configuration(**request)
    target.allow(function, "s3", f"arn:aws:s3:::{bucket}")
    s3.put_bucket_notification_configuration(**request)
    s3.put_object(Bucket=bucket, Key="out/other", Body=b"x")
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"hello")
    (event,) = target.wait(1)
    (record,) = event["Records"]
    assert record["eventName"] == "ObjectCreated:Put"
    assert record["s3"]["bucket"]["name"] == bucket
    assert record["s3"]["object"]["key"] == "in/gr%C3%B6%C3%9Fe+a%2Bb.csv"
    assert record["s3"]["object"]["size"] == 5


def test_queues_and_topics_are_refused_by_name(target: Target, bucket: str) -> None:
    configuration = {
        "QueueConfigurations": [
            {
                "QueueArn": "arn:aws:sqs:us-east-1:123456789012:q",
                "Events": ["s3:ObjectCreated:*"],
            }
        ]
    }
    with pytest.raises(ClientError) as raised:
        target.aws.client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration=configuration
        )
    assert raised.value.response["Error"]["Code"] == "NotEmulated"
    assert "Queue" in raised.value.response["Error"]["Message"]
