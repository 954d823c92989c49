"""A local AWS whose clock these tests turn, with alarms and a topic that hears of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from batcat_runtime.emulator import LocalAws

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


EARLY = 15
"""Seconds of a minute in which a test may begin."""


@dataclass
class Watch:
    """CloudWatch as tests use it."""

    aws: LocalAws
    unique: Callable[[str], str]

    @property
    def client(self) -> Any:
        """A CloudWatch client."""
        return self.aws.client("cloudwatch")

    def put(self, name: str, *values: float, **more: Any) -> None:
        """Put values of a metric in the namespace ``test``."""
        data = [{"MetricName": name, "Value": value, **more} for value in values]
        self.client.put_metric_data(Namespace="test", MetricData=data)

    def alarm(self, metric: str, **settings: Any) -> str:
        """An alarm on the sum of a metric being above 0; its name."""
        name = self.unique("alarm")
        wanted = {
            "AlarmName": name,
            "Namespace": "test",
            "MetricName": metric,
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        if "Metrics" in settings:
            for key in ("Namespace", "MetricName", "Statistic", "Period"):
                del wanted[key]
        self.client.put_metric_alarm(**{**wanted, **settings})
        return name

    def described(self, name: str) -> dict[str, Any]:
        """An alarm as it is."""
        found = self.client.describe_alarms(
            AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
        )
        return dict((found["MetricAlarms"] + found["CompositeAlarms"])[0])

    def state(self, name: str, minutes: int = 1) -> str:
        """An alarm's state after so many minutes."""
        self.aws.turn_clock(minutes=minutes)
        return str(self.described(name)["StateValue"])

    def topic(self, **attributes: str) -> tuple[str, str]:
        """A topic and the URL of a queue that hears it."""
        name = self.unique("heard")
        sns, sqs = self.aws.client("sns"), self.aws.client("sqs")
        topic = sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]
        arn = f"arn:aws:sqs:{self.aws.region}:{self.aws.account}:{name}"
        let = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": arn}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [let]})
        url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return topic, url

    def heard(self, url: str, seconds: int = 20) -> list[dict[str, Any]]:
        """Notices that a queue has, each with its subject."""
        sqs = self.aws.client("sqs")
        found = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=seconds, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in found.get("Messages", [])]


@pytest.fixture(scope="session")
def turned_aws() -> Iterator[LocalAws]:
    """One local AWS for all tests that turn its clock."""
    with LocalAws() as aws:
        yield aws


@pytest.fixture
def watch(turned_aws: LocalAws, unique: Callable[[str], str]) -> Watch:
    """CloudWatch, early in a minute: no test shall see one end that it has not ended itself."""
    second = turned_aws.turn_clock(seconds=0).second
    if second > EARLY:
        turned_aws.turn_clock(seconds=60 - second)
    return Watch(turned_aws, unique)
