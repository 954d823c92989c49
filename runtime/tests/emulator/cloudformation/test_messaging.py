"""Topics and queues of a stack: made, changed, removed, and used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .conftest import Stacks


def policy(principal: str, action: str, resource: Any, source: Any) -> dict[str, Any]:
    """A document that lets a service do one thing for a source."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{principal}.amazonaws.com"},
        "Action": action,
        "Resource": resource,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def arn(name: str) -> dict[str, Any]:
    """The queue's ARN."""
    return {"Fn::GetAtt": [name, "Arn"]}


def template(**topic: Any) -> dict[str, Any]:
    """A topic, a queue that hears it, and that queue's dead letters."""
    return {
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
            "Queue": {
                "Type": "AWS::SQS::Queue",
                "Properties": {
                    "SqsManagedSseEnabled": True,
                    "RedrivePolicy": {"deadLetterTargetArn": arn("Dead"), "maxReceiveCount": 3},
                },
            },
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": topic},
            "Policy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "Queue"}],
                    "PolicyDocument": policy(
                        "sns", "sqs:SendMessage", arn("Queue"), {"Ref": "Topic"}
                    ),
                },
            },
            "TopicPolicy": {
                "Type": "AWS::SNS::TopicPolicy",
                "Properties": {
                    "Topics": [{"Ref": "Topic"}],
                    "PolicyDocument": policy(
                        "events", "sns:Publish", {"Ref": "Topic"}, "arn:aws:x"
                    ),
                },
            },
            "Listener": {
                "Type": "AWS::SNS::Subscription",
                "DependsOn": "Policy",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "sqs",
                    "Endpoint": arn("Queue"),
                    "RawMessageDelivery": True,
                },
            },
            "Mail": {
                "Type": "AWS::SNS::Subscription",
                "Properties": {
                    "TopicArn": {"Ref": "Topic"},
                    "Protocol": "email",
                    "Endpoint": "team@example.com",
                },
            },
        },
        "Outputs": {
            "Url": {"Value": {"Fn::GetAtt": ["Queue", "QueueUrl"]}},
            "Name": {"Value": {"Fn::GetAtt": ["Topic", "TopicName"]}},
        },
    }


def test_a_stack_of_a_topic_and_queues(stacks: Stacks, unique: Callable[[str], str]) -> None:
    name, tags = unique("stack"), [{"Key": "owner", "Value": "me"}]
    made = stacks.create(
        template(DisplayName="Alarms", KmsMasterKeyId="alias/mine"), name, Tags=tags
    )
    assert made["StackStatus"] == "CREATE_COMPLETE", stacks.events(name)
    ids = stacks.physical(name)
    sns, sqs = stacks.aws.client("sns"), stacks.aws.client("sqs")
    assert {"Key": "owner", "Value": "me"} in sns.list_tags_for_resource(ResourceArn=ids["Topic"])[
        "Tags"
    ]
    assert sqs.list_queue_tags(QueueUrl=ids["Queue"])["Tags"]["owner"] == "me"
    sns.publish(TopicArn=ids["Topic"], Message="through the stack")
    got = sqs.receive_message(QueueUrl=ids["Queue"], WaitTimeSeconds=20)["Messages"]
    assert got[0]["Body"] == "through the stack"
    changed = template()
    changed["Resources"]["Queue"]["Properties"] = {"VisibilityTimeout": 60}
    del changed["Resources"]["TopicPolicy"]
    assert stacks.update(changed, name, Tags=tags)["StackStatus"] == "UPDATE_COMPLETE"
    found = sqs.get_queue_attributes(QueueUrl=ids["Queue"], AttributeNames=["All"])["Attributes"]
    assert found["VisibilityTimeout"] == "60"
    assert "RedrivePolicy" not in found
    assert "aws:SourceArn" in found["Policy"]
    topic = sns.get_topic_attributes(TopicArn=ids["Topic"])["Attributes"]
    assert topic["DisplayName"] == ""
    assert "KmsMasterKeyId" not in topic
    assert "AWS:SourceOwner" in topic["Policy"]
    assert stacks.delete(name)["StackStatus"] == "DELETE_COMPLETE", stacks.events(name)
    assert not [t for t in sns.list_topics()["Topics"] if t["TopicArn"] == ids["Topic"]]
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_attributes(QueueUrl=ids["Queue"], AttributeNames=["All"])


def test_a_name_that_is_taken_fails_the_stack(stacks: Stacks, unique: Callable[[str], str]) -> None:
    name = unique("taken")
    stacks.aws.client("sns").create_topic(Name=name)
    stacks.aws.client("sqs").create_queue(QueueName=name)
    for kind, key in (("SNS::Topic", "TopicName"), ("SQS::Queue", "QueueName")):
        stack = unique("stack")
        entry = {"Type": f"AWS::{kind}", "Properties": {key: name}}
        made = stacks.create({"Resources": {"Taken": entry}}, stack)
        assert made["StackStatus"] == "ROLLBACK_COMPLETE"
        assert f"{name} already exists" in json.dumps(stacks.events(stack))


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("SNS::Topic", {"FifoTopic": True}, "FifoTopic true"),
        ("SNS::Topic", {"TracingConfig": "Active"}, "TracingConfig"),
        ("SQS::Queue", {"FifoQueue": True}, "FifoQueue"),
    ],
    ids=["fifo topic", "tracing", "fifo queue"],
)
def test_what_is_not_emulated_is_refused(
    stacks: Stacks, kind: str, properties: dict[str, Any], said: str
) -> None:
    entry = {"Type": f"AWS::{kind}", "Properties": properties}
    assert said in stacks.refusal({"Resources": {"R": entry}})
