"""S3 tells EventBridge and Lambda what happened, in the documented forms."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

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


@pytest.fixture
def queue(target: Target, bucket: str, new_name: Callable[[], str]) -> tuple[str, str]:
    """URL and ARN of a queue that lets the bucket in."""
    name = new_name()
    arn = f"arn:aws:sqs:us-east-1:{target.aws.account}:{name}"
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "s3.amazonaws.com"},
                    "Action": "sqs:SendMessage",
                    "Resource": arn,
                    "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:s3:::{bucket}"}},
                }
            ],
        }
    )
    made = target.aws.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    return str(made["QueueUrl"]), arn


def told(target: Target, url: str, seconds: int = 20) -> Any:
    """The next message of a queue, or None."""
    sqs = target.aws.client("sqs")
    found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=seconds).get("Messages")
    return json.loads(found[0]["Body"]) if found else None


def test_a_queue_hears_of_objects_with_their_prefix_and_suffix(
    target: Target, bucket: str, queue: tuple[str, str]
) -> None:
    url, arn = queue
    filters = [{"Name": "prefix", "Value": "in/"}, {"Name": "suffix", "Value": ".csv"}]
    wanted = {
        "Id": "mine",
        "QueueArn": arn,
        "Events": ["s3:ObjectCreated:*"],
        "Filter": {"Key": {"FilterRules": filters}},
    }
    s3 = target.aws.client("s3")
    configuration = {"QueueConfigurations": [wanted], "EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    shown = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert shown["QueueConfigurations"] == [wanted]
    assert told(target, url)["Event"] == "s3:TestEvent"
    for key in ("out/a.csv", "in/a.txt", KEY):
        s3.put_object(Bucket=bucket, Key=key, Body=b"x")
    (record,) = told(target, url)["Records"]
    assert record["s3"]["object"]["key"] == "in/gr%C3%B6%C3%9Fe+a%2Bb.csv"
    assert record["s3"]["configurationId"] == "mine"
    assert told(target, url, seconds=0) is None


def test_a_topic_hears_of_objects(target: Target, bucket: str, new_name: Callable[[], str]) -> None:
    sns, sqs, name = target.aws.client("sns"), target.aws.client("sqs"), new_name()
    topic = sns.create_topic(Name=name)["TopicArn"]
    arn = f"arn:aws:sqs:us-east-1:{target.aws.account}:{name}"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
    wanted = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=wanted)
    s3 = target.aws.client("s3")
    notices = {"TopicConfigurations": [{"TopicArn": topic, "Events": ["s3:ObjectRemoved:*"]}]}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=notices)
    assert told(target, url)["Event"] == "s3:TestEvent"
    s3.put_object(Bucket=bucket, Key="a b", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="a b")
    (record,) = told(target, url)["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectRemoved:Delete", "a+b")


def test_destinations_must_let_the_bucket_in(
    target: Target, bucket: str, queue: tuple[str, str]
) -> None:
    s3 = target.aws.client("s3")

    def refused(*arns: str) -> str:
        wanted = [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]} for arn in arns]
        with pytest.raises(ClientError) as raised:
            s3.put_bucket_notification_configuration(
                Bucket=bucket, NotificationConfiguration={"QueueConfigurations": wanted}
            )
        error = raised.value.response["Error"]
        return f"{error['Code']}: {error['Message']}"

    nowhere = f"arn:aws:sqs:us-east-1:{target.aws.account}:nowhere"
    assert "InvalidArgument: Unable to validate" in refused(nowhere)
    assert "ambiguously defined" in refused(queue[1], queue[1])
    target.aws.client("sqs").set_queue_attributes(QueueUrl=queue[0], Attributes={"Policy": ""})
    assert "must exist in sqs and have a permission" in refused(queue[1])
