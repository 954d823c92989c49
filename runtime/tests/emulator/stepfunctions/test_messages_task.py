"""Task states publish and send, in both query languages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Workbench

JSONPATH = {
    "sns": {
        "TopicArn.$": "$.to",
        "Subject": "Failed",
        "Message": {"step": "clean", "cause.$": "$.cause"},
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "failure"}},
    },
    "sqs": {"QueueUrl.$": "$.to", "MessageBody": {"step": "clean", "cause.$": "$.cause"}},
}
JSONATA = {
    "sns": {
        "TopicArn": "{% $states.input.to %}",
        "Subject": "Failed",
        "Message": {"step": "clean", "cause": "{% $states.input.cause %}"},
        "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "failure"}},
    },
    "sqs": {
        "QueueUrl": "{% $states.input.to %}",
        "MessageBody": {"step": "clean", "cause": "{% $states.input.cause %}"},
    },
}


def task(service: str, language: str) -> dict[str, Any]:
    """A Task state that sends a document."""
    action = {"sns": "publish", "sqs": "sendMessage"}[service]
    fields = {"Type": "Task", "Resource": f"arn:aws:states:::{service}:{action}"}
    if language == "JSONata":
        return {**fields, "QueryLanguage": language, "Arguments": JSONATA[service]}
    return {**fields, "Parameters": JSONPATH[service]}


def heard(bench: Workbench, url: str) -> str:
    """The next message of a queue."""
    found = bench.aws.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
    return str(found["Messages"][0]["Body"])


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_a_document_is_published(
    bench: Workbench, one_state: Callable[..., Any], language: str
) -> None:
    sns, sqs = bench.aws.client("sns"), bench.aws.client("sqs")
    topic = sns.create_topic(Name=f"from-{language}")["TopicArn"]
    url = sqs.create_queue(QueueName=f"of-topic-{language}")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{bench.aws.account}:of-topic-{language}"
    let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [let]})}
    sqs.set_queue_attributes(QueueUrl=url, Attributes=policy)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    state = one_state(**task("sns", language))
    output = bench.output(state, {"to": topic, "cause": "größe"})
    notice = json.loads(heard(bench, url))
    assert output["MessageId"] == notice["MessageId"]
    assert json.loads(notice["Message"]) == {"step": "clean", "cause": "größe"}
    assert notice["MessageAttributes"]["kind"]["Value"] == "failure"


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_a_document_is_sent(bench: Workbench, one_state: Callable[..., Any], language: str) -> None:
    made = bench.aws.client("sqs").create_queue(QueueName=f"direct-{language}")
    document = {"to": made["QueueUrl"], "cause": "it broke"}
    output = bench.output(one_state(**task("sqs", language)), document)
    assert output["MessageId"]
    assert json.loads(heard(bench, made["QueueUrl"])) == {"step": "clean", "cause": "it broke"}


def test_a_topic_that_is_not_there_can_be_caught(
    bench: Workbench, one_state: Callable[..., Any]
) -> None:
    state = one_state(
        **task("sns", "JSONPath"), Catch=[{"ErrorEquals": ["SNS.NotFoundException"], "Next": "B"}]
    )
    state["States"]["B"] = {"Type": "Pass", "End": True}
    topic = f"arn:aws:sns:us-east-1:{bench.aws.account}:nowhere"
    output = bench.output(state, {"to": topic, "cause": "x"})
    assert output["Error"] == "SNS.NotFoundException"
