"""Queues keep their settings and their messages, and what fails too often goes aside."""

from __future__ import annotations

import json
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Post


def test_a_message_is_sent_received_and_deleted(post: Post) -> None:
    url, _ = post.queue()
    kind = {"kind": {"DataType": "String", "StringValue": "order"}}
    post.sqs.send_message(QueueUrl=url, MessageBody="grüße + mehr", MessageAttributes=kind)
    message = post.receive(url)
    assert message["Body"] == "grüße + mehr"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "order"
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert post.waiting(url) == 0


def test_what_is_received_too_often_goes_to_the_dead_letters(post: Post) -> None:
    dead, arn = post.queue()
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": "2"})
    url, _ = post.queue(RedrivePolicy=redrive, VisibilityTimeout="0")
    post.sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert post.sqs.receive_message(QueueUrl=url)["Messages"][0]["Body"] == "poison"
    assert "Messages" not in post.sqs.receive_message(QueueUrl=url)
    assert post.receive(dead)["Body"] == "poison"
    listed = post.sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"]
    assert listed == [url]


def test_a_changed_setting_leaves_the_policy_as_it_was(post: Post) -> None:
    url, _ = post.mailbox("sns", "arn:aws:sns:us-east-1:123456789012:any")
    post.sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "7"})
    found = post.attributes(url)
    assert found["VisibilityTimeout"] == "7"
    assert "aws:SourceArn" in found["Policy"]
    post.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "Policy" not in post.attributes(url)


def test_encryption_is_sqs_own_unless_a_key_is_given(post: Post) -> None:
    assert post.attributes(post.queue()[0])["SqsManagedSseEnabled"] == "true"
    found = post.attributes(post.queue(KmsMasterKeyId="alias/mine")[0])
    assert (found["KmsMasterKeyId"], found["SqsManagedSseEnabled"]) == ("alias/mine", "false")
    assert found["CreatedTimestamp"].isdigit()


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"VisibilityTimeout": "43201"}, "VisibilityTimeout"),
        ({"DelaySeconds": "-1"}, "DelaySeconds"),
        ({"Policy": "{}"}, "Policy"),
        ({"RedrivePolicy": "no"}, "Redrive"),
        ({"RedrivePolicy": '{"maxReceiveCount": 3}'}, "deadLetterTargetArn"),
        ({"KmsMasterKeyId": "alias/x", "SqsManagedSseEnabled": "true"}, "one type"),
        ({"Nonsense": "1"}, "Nonsense"),
        ({"FifoQueue": "true"}, "NotEmulated.*FifoQueue"),
        ({"RedriveAllowPolicy": "{}"}, "NotEmulated.*RedriveAllowPolicy"),
    ],
    ids=["number", "negative", "policy", "redrive", "target", "two", "unknown", "fifo", "allow"],
)
def test_wrong_settings_are_refused(post: Post, attributes: dict[str, str], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        post.queue(**attributes)


def test_a_queue_that_is_not_there_is_said_so(post: Post) -> None:
    with pytest.raises(post.sqs.exceptions.QueueDoesNotExist):
        post.sqs.get_queue_url(QueueName="nowhere")
    with pytest.raises(ClientError, match=r"NotEmulated.*queue\.fifo"):
        post.sqs.create_queue(QueueName="queue.fifo")


def test_a_message_has_a_size_with_its_attributes(post: Post) -> None:
    url, _ = post.queue(MaximumMessageSize="1024")
    message: dict[str, Any] = {"QueueUrl": url, "MessageBody": "ü" * 510}
    post.sqs.send_message(**message)
    attributes = {"name": {"DataType": "String", "StringValue": "x"}}
    with pytest.raises(ClientError, match="MaximumMessageSize"):
        post.sqs.send_message(**message, MessageAttributes=attributes)


def test_nothing_is_lost_while_messages_are_deleted(post: Post) -> None:
    """In moto one is forgotten that is added while another is deleted."""
    url, _ = post.queue()

    def send() -> None:
        for number in range(100):
            post.sqs.send_message(QueueUrl=url, MessageBody=str(number))

    sender = Thread(target=send)
    sender.start()
    received = [post.receive(url)["Body"] for _ in range(100)]
    sender.join()
    assert sorted(received, key=int) == [str(number) for number in range(100)]


def test_tags_and_names(post: Post, unique: Callable[[str], str]) -> None:
    name = unique("tagged")
    url = post.sqs.create_queue(QueueName=name, tags={"a": "1", "b": "2"})["QueueUrl"]
    post.sqs.untag_queue(QueueUrl=url, TagKeys=["a"])
    assert post.sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"b": "2"}
    assert post.sqs.list_queues(QueueNamePrefix=name)["QueueUrls"] == [url]
    assert "QueueUrls" not in post.sqs.list_queues(QueueNamePrefix=".*")


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("send_message", {"MessageBody": "x", "MessageGroupId": "g"}),
        ("receive_message", {"ReceiveRequestAttemptId": "r"}),
    ],
    ids=["group", "attempt"],
)
def test_what_has_no_effect_is_refused(
    post: Post, operation: str, parameters: dict[str, Any]
) -> None:
    url, _ = post.queue()
    with pytest.raises(ClientError, match=f"NotEmulated.*{list(parameters)[-1]}"):
        getattr(post.sqs, operation)(QueueUrl=url, **parameters)
