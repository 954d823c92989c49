"""What is published reaches queues and functions that may hear it, and nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Post


def test_a_queue_receives_what_is_published(post: Post) -> None:
    topic = post.topic(KmsMasterKeyId="alias/aws/sns")
    url = post.listener(topic)
    sent = post.sns.publish(TopicArn=topic, Subject="Failed", Message="step clean: größe")
    notice = json.loads(post.receive(url)["Body"])
    assert notice["Type"] == "Notification"
    assert notice["MessageId"] == sent["MessageId"]
    assert (notice["Subject"], notice["Message"]) == ("Failed", "step clean: größe")
    assert notice["TopicArn"] == topic
    assert topic in notice["UnsubscribeURL"]


def test_raw_delivery_filters_and_messages_by_protocol(post: Post) -> None:
    topic = post.topic()
    raw = post.listener(topic, RawMessageDelivery="true", FilterPolicy='{"kind": ["a"]}')
    kind = {"kind": {"DataType": "String", "StringValue": "b"}}
    post.sns.publish(TopicArn=topic, Message="not for it", MessageAttributes=kind)
    kind["kind"]["StringValue"] = "a"
    parts = json.dumps({"default": "for all", "sqs": "for queues"})
    post.sns.publish(TopicArn=topic, Message=parts, MessageStructure="json", MessageAttributes=kind)
    message = post.receive(raw)
    assert message["Body"] == "for queues"
    assert message["MessageAttributes"]["kind"]["StringValue"] == "a"
    assert post.waiting(raw) == 0


@pytest.mark.parametrize("case", ["no policy", "another topic", "denied", "managed key"])
def test_a_queue_that_does_not_let_the_topic_in_receives_nothing(post: Post, case: str) -> None:
    """The message goes to the subscription's own dead letters."""
    topic = post.topic()
    dead, dead_arn = post.mailbox("sns", topic)
    url, arn = post.mailbox("sns", topic if case == "managed key" else f"{topic}-other")
    changed = {}
    if case == "no policy":
        changed["Policy"] = ""
    if case == "managed key":
        changed["KmsMasterKeyId"] = "alias/aws/sqs"
    if case == "denied":
        everyone = {"Principal": "*", "Action": "sqs:*", "Resource": arn}
        rules = [{"Effect": "Allow", **everyone}, {"Effect": "Deny", **everyone}]
        changed["Policy"] = json.dumps({"Version": "2012-10-17", "Statement": rules})
    if changed:
        post.sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn})}
    post.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=redrive)
    post.sns.publish(TopicArn=topic, Message="lost")
    assert json.loads(post.receive(dead)["Body"])["Message"] == "lost"
    assert post.waiting(url) == 0


def test_a_function_receives_records(post: Post, functions: Any) -> None:
    topic = post.topic()
    name = functions.make(functions.handler("print(json.dumps(event))"))
    arn = functions.client.get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    functions.client.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    post.sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    post.sns.publish(TopicArn=topic, Message="to a function", Subject="hello")

    def heard() -> list[str]:
        return [line for line in functions.lines(name) if line.startswith('{"Records"')]

    record = json.loads(post.until(heard, "the function to be called")[0])["Records"][0]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"].startswith(topic)
    assert (record["Sns"]["Message"], record["Sns"]["Subject"]) == ("to a function", "hello")
    assert "UnsubscribeUrl" in record["Sns"]


def test_an_email_address_waits_for_its_owner(post: Post) -> None:
    topic = post.topic()
    wanted = {"TopicArn": topic, "Protocol": "email", "Endpoint": "a@example.com"}
    assert post.sns.subscribe(**wanted)["SubscriptionArn"] == "pending confirmation"
    arn = post.sns.subscribe(**wanted, ReturnSubscriptionArn=True)["SubscriptionArn"]
    listed = post.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert [one["SubscriptionArn"] for one in listed] == ["PendingConfirmation"]
    attributes = post.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]
    assert attributes["PendingConfirmation"] == "true"
    counted = post.sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsPending"], counted["SubscriptionsConfirmed"]) == ("1", "0")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"Message": "m", "Subject": "two\nlines"}, "Subject"),
        ({"Message": "m", "Subject": "x" * 101}, "Subject"),
        ({"Message": "ü" * 131_073}, "too long"),
        (
            {
                "Message": "ü" * 131_070,
                "MessageAttributes": {"name": {"DataType": "String", "StringValue": "x"}},
            },
            "too long",
        ),
        ({"Message": "no json", "MessageStructure": "json"}, "failed to parse"),
        ({"Message": '{"sqs": "x"}', "MessageStructure": "json"}, "No default"),
    ],
    ids=["lines", "length", "bytes", "attributes", "json", "default"],
)
def test_messages_that_aws_would_refuse(post: Post, message: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        post.sns.publish(TopicArn=post.topic(), **message)


@pytest.mark.parametrize(
    ("attributes", "said"),
    [
        ({"Policy": "{}"}, "Policy Error"),
        ({"FifoTopic": "true"}, "NotEmulated.*FifoTopic"),
        ({"DeliveryPolicy": "{}"}, "NotEmulated.*DeliveryPolicy"),
    ],
    ids=["policy", "fifo", "delivery"],
)
def test_settings_of_a_topic_are_checked(post: Post, attributes: dict[str, str], said: str) -> None:
    with pytest.raises(ClientError, match=said):
        post.topic(**attributes)


@pytest.mark.parametrize(
    ("protocol", "endpoint", "said"),
    [
        ("https", "https://example.com", "NotEmulated.*Protocol=https"),
        ("email", "nobody", "Endpoint"),
        ("sqs", "queue", "Endpoint"),
        ("lambda", "function", "Endpoint"),
    ],
    ids=["https", "email", "sqs", "lambda"],
)
def test_endpoints_are_checked(post: Post, protocol: str, endpoint: str, said: str) -> None:
    with pytest.raises(ClientError, match=said):
        post.sns.subscribe(TopicArn=post.topic(), Protocol=protocol, Endpoint=endpoint)


def test_a_topic_is_made_once(post: Post, unique: Callable[[str], str]) -> None:
    name = unique("topic")
    first = post.sns.create_topic(Name=name, Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    assert post.sns.create_topic(Name=name)["TopicArn"] == first
    with pytest.raises(ClientError, match="different attributes"):
        post.sns.create_topic(Name=name, Attributes={"DisplayName": "other"})
    with pytest.raises(ClientError, match="different tags"):
        post.sns.create_topic(Name=name, Tags=[{"Key": "a", "Value": "2"}])
    post.sns.tag_resource(ResourceArn=first, Tags=[{"Key": "b", "Value": "2"}])
    post.sns.untag_resource(ResourceArn=first, TagKeys=["a"])
    assert post.sns.list_tags_for_resource(ResourceArn=first)["Tags"] == [
        {"Key": "b", "Value": "2"}
    ]
    post.sns.delete_topic(TopicArn=first)
    with pytest.raises(post.sns.exceptions.NotFoundException):
        post.sns.publish(TopicArn=first, Message="m")
