"""Queues and topics for tests, in the local AWS that all these tests share."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from batcat_runtime.emulator import LocalAws


def let_in(service: str, queue: str, source: str, **more: Any) -> str:
    """A queue's policy that lets a service send for a source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
        **more,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Post:
    """Makes queues and topics, and reads what arrives."""

    aws: LocalAws
    unique: Callable[[str], str]
    until: Callable[[Callable[[], Any], str], Any]

    @property
    def sqs(self) -> Any:
        """An SQS client."""
        return self.aws.client("sqs")

    @property
    def sns(self) -> Any:
        """An SNS client."""
        return self.aws.client("sns")

    def queue(self, **attributes: str) -> tuple[str, str]:
        """A new queue's URL and ARN."""
        made = self.sqs.create_queue(QueueName=self.unique("queue"), Attributes=attributes)
        url = made["QueueUrl"]
        return url, self.attributes(url)["QueueArn"]

    def attributes(self, url: str) -> dict[str, str]:
        """Everything SQS tells of a queue."""
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
        return dict(found["Attributes"])

    def topic(self, **attributes: str) -> str:
        """A new topic's ARN."""
        made = self.sns.create_topic(Name=self.unique("topic"), Attributes=attributes)
        return str(made["TopicArn"])

    def mailbox(self, service: str, source: str) -> tuple[str, str]:
        """A queue that a service may send to for a source: its URL and ARN."""
        url, arn = self.queue()
        policy = {"Policy": let_in(service, arn, source)}
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
        return url, arn

    def listener(self, topic: str, **attributes: str) -> str:
        """The URL of a queue that is subscribed to a topic."""
        url, arn = self.mailbox("sns", topic)
        self.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
        return url

    def receive(self, url: str, seconds: int = 20) -> dict[str, Any]:
        """The next message, which is then deleted."""
        found = self.sqs.receive_message(
            QueueUrl=url,
            WaitTimeSeconds=seconds,
            MessageAttributeNames=["All"],
            MessageSystemAttributeNames=["All"],
        ).get("Messages")
        if not found:
            pytest.fail(f"nothing arrived in {url} within {seconds} s")
        self.sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return dict(found[0])

    def waiting(self, url: str) -> int:
        """How many messages can be received."""
        return int(self.attributes(url)["ApproximateNumberOfMessages"])


@pytest.fixture
def post(
    aws: LocalAws,
    unique: Callable[[str], str],
    until: Callable[[Callable[[], Any], str], Any],
) -> Post:
    """Queues and topics."""
    return Post(aws, unique, until)
