"""Alarms and dashboards of a stack: made, changed, removed, and going off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

from .conftest import Stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def turned_aws() -> Iterator[LocalAws]:
    """A local AWS whose clock these tests turn."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def turned(turned_aws: LocalAws, unique: Callable[[str], str]) -> Stacks:
    """Stacks in it."""
    return Stacks(turned_aws, unique)


def template(threshold: int = 0) -> dict[str, Any]:
    """Alarms on a queue, and a dashboard of it."""
    body = {
        "widgets": [
            {
                "type": "metric",
                "properties": {
                    "region": "${AWS::Region}",
                    "metrics": [
                        ["AWS/SQS", "NumberOfMessagesSent", "QueueName", "${Dead.QueueName}"]
                    ],
                },
            }
        ]
    }
    return {
        "Resources": {
            "Dead": {"Type": "AWS::SQS::Queue"},
            "Topic": {"Type": "AWS::SNS::Topic"},
            "Letters": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    "Namespace": "AWS/SQS",
                    "MetricName": "ApproximateNumberOfMessagesVisible",
                    "Dimensions": [
                        {"Name": "QueueName", "Value": {"Fn::GetAtt": ["Dead", "QueueName"]}}
                    ],
                    "Statistic": "Maximum",
                    "Period": 60,
                    "EvaluationPeriods": 1,
                    "Threshold": threshold,
                    "ComparisonOperator": "GreaterThanThreshold",
                    "TreatMissingData": "notBreaching",
                    "AlarmActions": [{"Ref": "Topic"}],
                },
            },
            "Any": {
                "Type": "AWS::CloudWatch::CompositeAlarm",
                "Properties": {"AlarmRule": {"Fn::Sub": "ALARM(${Letters})"}},
            },
            "Board": {
                "Type": "AWS::CloudWatch::Dashboard",
                "Properties": {"DashboardBody": {"Fn::Sub": json.dumps(body)}},
            },
        },
        "Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Letters", "Arn"]}}},
    }


def test_a_stack_of_alarms_and_a_dashboard(turned: Stacks, unique: Callable[[str], str]) -> None:
    name, tags = unique("stack"), [{"Key": "owner", "Value": "me"}]
    made = turned.create(template(), name, Tags=tags)
    assert made["StackStatus"] == "CREATE_COMPLETE", turned.events(name)
    ids, client = turned.physical(name), turned.aws.client("cloudwatch")
    arn = made["Outputs"][0]["OutputValue"]
    assert tags[0] in client.list_tags_for_resource(ResourceARN=arn)["Tags"]
    board = client.get_dashboard(DashboardName=ids["Board"])
    assert ids["Dead"].rpartition("/")[2] in board["DashboardBody"]
    assert tags[0] in client.list_tags_for_resource(ResourceARN=board["DashboardArn"])["Tags"]
    sqs = turned.aws.client("sqs")
    sqs.send_message(QueueUrl=ids["Dead"], MessageBody="letter")
    turned.aws.turn_clock(minutes=2)
    kinds = ["MetricAlarm", "CompositeAlarm"]
    found = client.describe_alarms(AlarmNames=[ids["Letters"], ids["Any"]], AlarmTypes=kinds)
    states = [alarm["StateValue"] for alarm in found["MetricAlarms"] + found["CompositeAlarms"]]
    assert states == ["ALARM", "ALARM"]
    changed = turned.update(template(threshold=5), name, Tags=tags)
    assert changed["StackStatus"] == "UPDATE_COMPLETE", turned.events(name)
    turned.aws.turn_clock(minutes=2)
    found = client.describe_alarms(AlarmNames=[ids["Letters"]])["MetricAlarms"]
    assert (found[0]["Threshold"], found[0]["StateValue"]) == (5, "OK")
    assert turned.delete(name)["StackStatus"] == "DELETE_COMPLETE", turned.events(name)
    assert client.describe_alarms(AlarmNames=[ids["Letters"]])["MetricAlarms"] == []


def test_a_dashboard_that_is_wrong_fails_the_stack(
    turned: Stacks, unique: Callable[[str], str]
) -> None:
    name = unique("wrong")
    body = '{"widgets": [{"type": "pie", "properties": {}}]}'
    entry = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": body}}
    made = turned.create({"Resources": {"R": entry}}, name)
    assert made["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "/widgets/0/type" in json.dumps(turned.events(name))
